"""What the clerk can intend with slots: choose and hold one, take the first free one, see what speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from clients.kit.messages import message_for
from clients.kit.screen import ScreenPresenter
from clients.kit.translations import tr
from clients.registration.booking.state import BookingForm, BookingState
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.exams import HoldSlot, ListSlots, PatientEntry, ReleaseSlot, SlotOffer, SlotView
from shared.contract.scheduling import BookingWarning, CheckBooking, FindFreeSlots, FreeSlot
from shared.domain.states import VisitKind
from shared.domain.visits import visit_kind_of

MOST_FREE = 3
"""How many first free slots are offered at once."""

_OPEN = (SlotOffer.FREE, SlotOffer.OVERBOOK)


def visit_kind(form: BookingForm) -> VisitKind:
    """By which way the patient of a form comes."""
    return visit_kind_of(form.patient_type, form.inpatient_number, form.health_check_number)


def is_bookable(slot: SlotView) -> bool:
    """True if the booking being typed can begin in a slot."""
    return slot.offer is SlotOffer.OVERBOOK or (slot.offer is SlotOffer.FREE and slot.taken < slot.capacity)


class SlotIntentions(ScreenPresenter[BookingState]):
    """The part of the booking's presenter that deals with slots.

    A chosen slot is held at the server while the clerk types, so that nobody else gets it; the hold goes when another
    slot is chosen or the form is given up, and expires by itself.
    """

    _clock: Callable[[], datetime]
    _asked_for: tuple[Any, ...] = ()  # what the slots shown were asked for
    _checked: tuple[Any, ...] = ()  # what the warnings shown were asked for
    _held: int | None = None

    def _put(self, form: BookingForm, *, cleared: tuple[str, ...] = ()) -> None:
        raise NotImplementedError

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────────

    def choose_day(self, day: date) -> None:
        """Show the slots of another day."""
        if day != self.state.slot_day:
            self._change(day=day)
            self._load_slots()

    def choose_slot(self, slot_id: int) -> None:
        """选号: the slot's time becomes the planned time at once (RIS-SLT-03); the chosen slot again gives it back."""
        slot = next((slot for slot in self.state.slots if slot.id == slot_id), None)
        if slot is None:
            return
        if self.state.form.slot_id == slot_id:
            self._put(replace(self.state.form, slot_id=None, planned_at=None), cleared=("planned_at",))
            return
        if is_bookable(slot):
            self._take(slot)

    def set_planned(self, planned_at: datetime | None) -> None:
        """预检时间 by hand; None means the moment of submitting."""
        form = self.state.form
        if planned_at != form.planned_at:
            self._put(replace(form, planned_at=planned_at, slot_id=None), cleared=("planned_at",))

    def _take(self, slot: SlotView) -> None:
        form = replace(self.state.form, slot_id=slot.id, planned_at=slot.starts_at)
        self._put(form, cleared=("planned_at",))
        self._hold(slot.id)

    def _hold(self, slot_id: int) -> None:
        form = self.state.form
        codes = tuple(item.code for item in form.items)
        self._held = slot_id

        def failed(error: Exception) -> None:
            """Somebody was faster; a lost line is told by the submission, which books in any case."""
            self._held = None
            if isinstance(error, RpcError) and error.code is ErrorCode.SLOT_TAKEN:
                if self.state.form.slot_id == slot_id:
                    self._put(replace(self.state.form, slot_id=None, planned_at=None))
                    self._change(errors={**self.state.errors, "planned_at": message_for(error).text})
                self._load_slots()

        request = HoldSlot(
            slot_id=slot_id, kind=visit_kind(form), exam_type=form.exam_type, item_codes=codes, only=True
        )
        self._ask(request, lambda _slot: None, failed, key="booking/hold")

    def _release(self) -> None:
        """Give the held place back when it is no longer wanted."""
        held, self._held = self._held, None
        if held is not None:
            self._ask(ReleaseSlot(slot_id=held), lambda _done: None, lambda _error: None)

    # ── the list ─────────────────────────────────────────────────────────────────────────────────────

    def reload_slots(self) -> None:
        """Fetch the slots again, e.g. after a notice that an exam changed; after midnight those of the new day."""
        today = self._clock().date()
        if today != self.state.today:
            day = self.state.day
            self._change(today=today, day=None if day is not None and day < today else day)
        self._load_slots()

    def _load_slots(self) -> None:
        form = self.state.form
        self._follow_hold(form)
        self._asked_for = self._demand(form)
        if form.room_id is None:
            self._runner.cancel("booking/slots")
            self._change(slots=(), slots_loading=False, slots_hint="")
            return
        same_room = bool(self.state.slots) and self.state.slots[0].room_id == form.room_id
        self._change(slots_loading=True, slots_hint="", slots=self.state.slots if same_room else ())
        editing = self.state.editing
        request = ListSlots(
            room_id=form.room_id,
            day=self.state.slot_day,
            kind=visit_kind(form),
            exam_type=form.exam_type,
            item_codes=tuple(item.code for item in form.items),
            exam_id=editing.exam_id if editing is not None else None,
        )
        self._ask(request, self._slots_came, self._slots_failed, key="booking/slots")

    def _slots_came(self, slots: tuple[SlotView, ...]) -> None:
        self._change(slots=slots, slots_loading=False)

    def _slots_failed(self, error: Exception) -> None:
        self._change(slots_loading=False, slots_hint=message_for(error).text)

    def _follow_form(self) -> None:
        """The form changed: a longer exam or another kind of visit may begin in other slots, and clash with others."""
        form = self.state.form
        self._follow_hold(form)
        if self.state.free and form.slot_id is not None:
            self._change(free=(), free_hint="")
        if form.room_id is not None and self._asked_for and self._demand(form)[1:] != self._asked_for[1:]:
            self._load_slots()
            if form.slot_id is not None and self.state.editing is None:
                self._hold(form.slot_id)
        self.check_booking()

    def _follow_hold(self, form: BookingForm) -> None:
        if self._held is not None and self._held != form.slot_id:
            self._release()

    def _demand(self, form: BookingForm) -> tuple[Any, ...]:
        return form.room_id, visit_kind(form), form.exam_type, tuple(item.code for item in form.items)

    # ── the first free one ───────────────────────────────────────────────────────────────────────────

    def find_free(self) -> None:
        """最早可约: the first free slots over all rooms that can do the exam."""
        form = self.state.form
        if not form.exam_type:
            self._change(free=(), free_hint=tr("请先添加检查项目，再查找最早可约的时段。"))
            return
        request = FindFreeSlots(
            exam_type=form.exam_type,
            item_codes=tuple(item.code for item in form.items),
            kind=visit_kind(form),
            campus_id=form.campus_id,
            limit=MOST_FREE,
        )
        self._change(free_searching=True, free_hint="")
        self._ask(request, self._free_came, self._free_failed, key="booking/free")

    def _free_came(self, found: tuple[FreeSlot, ...]) -> None:
        hint = "" if found else tr("可预约的日期内没有空闲时段，请选择其它院区或直接填写预检时间。")
        self._change(free=found, free_searching=False, free_hint=hint)

    def _free_failed(self, error: Exception) -> None:
        self._change(free=(), free_searching=False, free_hint=message_for(error).text)

    def take_free(self, found: FreeSlot) -> None:
        """Take one of the first free slots: room, day and slot follow."""
        form = replace(self.state.form, room_id=found.slot.room_id, campus_id=found.campus_id)
        self._change(free=(), free_hint="", day=found.slot.starts_at.astimezone().date())
        self._put(form, cleared=("room_id", "planned_at"))
        self._take(found.slot)
        self._load_slots()

    def dismiss_free(self) -> None:
        """Put the offers away."""
        self._change(free=(), free_hint="")

    # ── what speaks against it ───────────────────────────────────────────────────────────────────────

    def check_booking(self) -> None:
        """Ask for conflicts with the patient's other exams, once there are a person, items and a time."""
        form = self.state.form
        is_known = form.patient_id is not None or bool(form.card_number.strip())
        is_known = is_known or bool(form.name.strip() and form.birth_date)
        codes = tuple(item.code for item in form.items)
        exam_id = self.state.editing.exam_id if self.state.editing is not None else None
        who = (form.patient_id, form.name.strip(), form.birth_date, form.card_number.strip())
        wanted = (who, form.exam_type, codes, form.planned_at, exam_id) if is_known and codes else ()
        if wanted == self._checked:
            return
        self._checked = wanted
        if not wanted:
            self._runner.cancel("booking/check")
            if self.state.warnings:
                self._change(warnings=())
            return
        request = CheckBooking(
            patient=PatientEntry(
                patient_id=form.patient_id,
                name=form.name.strip(),
                birth_date=form.birth_date,
                card_number=form.card_number.strip(),
            ),
            exam_type=form.exam_type,
            item_codes=codes,
            item_names=tuple(item.name for item in form.items),
            planned_at=form.planned_at or self._clock(),
            exam_id=exam_id,
        )
        self._ask(request, self._warnings_came, lambda _error: None, key="booking/check")

    def _warnings_came(self, warnings: tuple[BookingWarning, ...]) -> None:
        if warnings != self.state.warnings:
            self._change(warnings=warnings)
