"""The intentions of the referral page: the form on the right, the list on the left, and the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Any

import msgspec

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.booking.form_rules import check_form, patient_entry
from clients.registration.booking.presenter import BookingPresenter
from clients.registration.booking.safety_answers import answers_asked
from clients.registration.booking.state import BookingForm
from clients.registration.exam_actions import ExamActions, actions_of
from clients.registration.exam_actions import RowAction as ExamRowAction
from clients.registration.referral.state import ReferralListState
from shared.contract.exams import ExamRow, ExamView
from shared.contract.organisation import HospitalView
from shared.contract.referrals import (
    CancelReferral,
    GetReferral,
    ListReferrals,
    NetworkView,
    OrganisationView,
    PushReferral,
    ReferralList,
    ReferralView,
    RefuseReferral,
    SubmitReferral,
)
from shared.domain.states import ReferralAction, ReferralState

_FROM = "referral/from_campus"
_TO = "referral/organisation"


class ReferralPresenter(BookingPresenter):
    """The booking's form for a referral: campuses and rooms are the receiver's, the room may stay open."""

    network: NetworkView | None = None
    _own: HospitalView | None = None
    _sent_to: str = ""

    def open(self, hospital: HospitalView, network: NetworkView) -> None:
        """Take the master data and the organisations of the platform."""
        first = self.network is None
        self._own, self.network = hospital, network
        self.start(self._seen(self.state.form if not first else self._fresh_form()))
        if first and self.state.form.organisation_id is None and self.state.form.is_untouched:
            self._change(form=self._fresh_form())
            self._load_slots()

    # ── who refers to whom ───────────────────────────────────────────────────────────────────────────

    @property
    def own_campuses(self) -> tuple[Any, ...]:
        """Campuses that this account may refer from."""
        return self._own.campuses if self._own is not None else ()

    def receivers(self, form: BookingForm) -> tuple[OrganisationView, ...]:
        """Organisations that take referrals from the form's campus, of its group where one is chosen."""
        found = self.network.organisations if self.network is not None else ()
        return tuple(
            one
            for one in found
            if one.accepts_referrals
            and form.from_campus_id not in one.campus_ids
            and (form.group_id is None or form.group_id in one.group_ids)
        )

    def edit(self, **fields: Any) -> None:
        """As in a registration; a new receiver brings its own campuses, rooms and slots."""
        if not set(fields) & {"group_id", "organisation_id", "from_campus_id"}:
            super().edit(**fields)
            return
        form = replace(self.state.form, **fields)
        if form.from_campus_id is not None:
            self._preferences.set(_FROM, form.from_campus_id)
        if all(one.id != form.organisation_id for one in self.receivers(form)):
            form = replace(form, organisation_id=None)
        if form.organisation_id != self.state.form.organisation_id:
            form = self._with_receiver(form)
        self._change(hospital=self._seen(form))
        self._put(form, cleared=tuple(fields))
        self._load_slots()
        self._say_slots()

    def _with_receiver(self, form: BookingForm) -> BookingForm:
        """The form with the receiver's first campus and no room of anybody else's."""
        receiver = self._receiver(form)
        campus_id = receiver.campus_ids[0] if receiver is not None and receiver.campus_ids else None
        if receiver is not None:
            self._preferences.set(_TO, receiver.id)
        planned = None if form.slot_id is not None else form.planned_at
        return replace(form, campus_id=campus_id, room_id=None, slot_id=None, planned_at=planned)

    def _receiver(self, form: BookingForm) -> OrganisationView | None:
        found = self.network.organisations if self.network is not None else ()
        return next((one for one in found if one.id == form.organisation_id), None)

    def _seen(self, form: BookingForm) -> HospitalView:
        """The master data as the form needs them: the receiver's campuses, and its rooms where it publishes slots."""
        assert self._own is not None
        assert self.network is not None
        receiver = self._receiver(form)
        ids = set(receiver.campus_ids) if receiver is not None else set()
        rooms = self.network.rooms if receiver is not None and receiver.publishes_slots else ()
        return msgspec.structs.replace(
            self._own,
            campuses=tuple(campus for campus in self.network.campuses if campus.id in ids),
            rooms=tuple(room for room in rooms if room.campus_id in ids),
        )

    def _say_slots(self) -> None:
        receiver = self._receiver(self.state.form)
        words = ""
        if receiver is not None and not receiver.publishes_slots:
            words = tr("接收机构没有开放号源，时间由对方安排。")
        elif receiver is None:
            words = tr("选择转诊机构后，这里显示对方开放的号源。")
        self._change(free_hint=words)

    def choose_campus(self, campus_id: int | None) -> None:
        super().choose_campus(campus_id)
        self._say_slots()

    def _fresh_form(self) -> BookingForm:
        own = {campus.id for campus in self.own_campuses}
        remembered = self._preferences.get(_FROM)
        from_campus = remembered if remembered in own else next(iter(own), None)
        form = BookingForm(from_campus_id=from_campus)
        receivers = self.receivers(form)
        wanted = self._preferences.get(_TO)
        receiver = next((one for one in receivers if one.id == wanted), receivers[0] if len(receivers) == 1 else None)
        if receiver is None:
            return form
        return self._with_receiver(replace(form, organisation_id=receiver.id))

    def _next_form(self) -> BookingForm:
        form = self.state.form
        return BookingForm(
            campus_id=form.campus_id,
            group_id=form.group_id,
            organisation_id=form.organisation_id,
            from_campus_id=form.from_campus_id,
        )

    def _base_form(self) -> BookingForm:
        return replace(
            self._next_form(),
            planned_at=self.state.form.planned_at,
            slot_id=self.state.form.slot_id,
            room_id=self.state.form.room_id,
        )

    def _with_room(self, form: BookingForm) -> BookingForm:
        """A referral's room stays open until a slot is chosen, or the receiver chooses one."""
        return form

    # ── submitting ───────────────────────────────────────────────────────────────────────────────────

    def _form_errors(self) -> dict[str, str]:
        form = self.state.form
        errors = check_form(form, self.state.today, is_change=self.state.editing is not None)
        errors.pop("room_id", None)
        first: dict[str, str] = {}
        if form.from_campus_id is None:
            first["from_campus_id"] = tr("请选择申请院区。")
        if form.organisation_id is None:
            first["organisation_id"] = tr("请选择转诊机构。")
        elif form.campus_id is None:
            first["campus_id"] = tr("请选择转诊院区。")
        if form.room_id is not None and form.slot_id is None and self.state.editing is None:
            first["room_id"] = tr("请在左侧选号，或不选检查室，由对方安排。")
        return first | errors

    def _send(self, *, accepts: bool) -> None:
        form = self.state.form
        assert form.organisation_id is not None
        assert form.campus_id is not None
        assert form.from_campus_id is not None
        request = SubmitReferral(
            patient=patient_entry(form),
            exam_type=form.exam_type,
            items=form.items,
            group_id=form.group_id,
            to_organisation_id=form.organisation_id,
            to_campus_id=form.campus_id,
            from_campus_id=form.from_campus_id,
            planned_at=form.planned_at,
            slot_id=form.slot_id,
            patient_type=form.patient_type,
            is_in_arrears=form.is_in_arrears,
            clinical=form.clinical,
            requester=form.requester,
            application_id=form.application_id,
            accept_duplicate=accepts,
            note=form.note.strip(),
            patient_kind=form.patient_kind,
            safety=answers_asked(self.state),
        )
        self._ask(request, self._sent, self._submit_failed, key="booking/submit")

    def _sent(self, referral: ReferralView) -> None:
        self._sent_to = referral.to_organisation_name
        self._registered(referral.exam)

    def _words_for(self, row: ExamRow) -> str:
        number, name = row.accession_number, self._sent_to
        return tr("检查 {number} 已推送至{name}，等待接收。", number=number, name=name)

    def _exam_came(self, exam: ExamView) -> None:
        super()._exam_came(exam)
        self._ask(GetReferral(exam_id=exam.row.id), self._referral_came, key="referral/edit")

    def _referral_came(self, referral: ReferralView) -> None:
        if self.state.editing is None or self.state.editing.exam_id != referral.exam.id:
            return
        form = replace(
            self.state.form,
            group_id=referral.group_id,
            organisation_id=referral.to_organisation_id,
            from_campus_id=referral.from_campus_id,
            note=referral.note,
        )
        self._change(form=form, hospital=self._seen(form))
        self._load_slots()


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────


class RowAction(StrEnum):
    """The actions of a referral's row, in the order of the requirements."""

    ACCEPT = "accept"
    PRINT_BARCODE = "print_barcode"
    PREVIEW = "preview"
    VIEW_IMAGES = "view_images"
    DETAILS = "details"
    APPLICATION = "application"
    PRINT_REFERRAL = "print_referral"
    EDIT = "edit"
    PUSH = "push"
    REFUSE = "refuse"
    CANCEL = "cancel"
    SIGN_IN_AGAIN = "sign_in_again"


_OF_EXAM = {
    RowAction.PRINT_BARCODE: ExamRowAction.PRINT_BARCODE,
    RowAction.PREVIEW: ExamRowAction.PREVIEW,
    RowAction.VIEW_IMAGES: ExamRowAction.VIEW_IMAGES,
    RowAction.DETAILS: ExamRowAction.DETAILS,
    RowAction.SIGN_IN_AGAIN: ExamRowAction.SIGN_IN_AGAIN,
}
_OF_REFERRAL = {
    RowAction.ACCEPT: ReferralAction.ACCEPT,
    RowAction.REFUSE: ReferralAction.REFUSE,
    RowAction.CANCEL: ReferralAction.CANCEL,
    RowAction.PUSH: ReferralAction.PUSH,
    RowAction.PRINT_REFERRAL: ReferralAction.PRINT_FORM,
}
_SENDERS = (RowAction.CANCEL, RowAction.PUSH, RowAction.EDIT)
_RECEIVERS = (RowAction.ACCEPT, RowAction.REFUSE)


def actions_of_referral(row: ReferralView, *, incoming: bool) -> tuple[RowAction, ...]:
    """What a row offers now, to the side that looks at it."""
    offered = {action for action, of in _OF_EXAM.items() if of in actions_of(row.exam)}
    offered |= {action for action, of in _OF_REFERRAL.items() if of in row.allowed}
    offered.add(RowAction.APPLICATION)
    if row.state is ReferralState.SENT and ExamRowAction.EDIT in actions_of(row.exam):
        offered.add(RowAction.EDIT)
    offered -= set(_SENDERS if incoming else _RECEIVERS)
    return tuple(action for action in RowAction if action in offered)


class ReferralListPresenter(ScreenPresenter[ReferralListState]):
    """Sent and incoming referrals. `pick` opens the panel that accepts, `ask_reason` the one that sends back."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        actions: ExamActions,
        show: Callable[[ReferralListState], None] = lambda _state: None,
    ) -> None:
        super().__init__(ReferralListState(), caller, runner, messages, show)
        self._actions = actions
        self.pick: Callable[[ReferralView], None] = lambda _row: None
        self.ask_reason: Callable[[ReferralView, RowAction], None] = lambda _row, _action: None
        self.edit: Callable[[int], None] = lambda _exam_id: None

    def refresh(self) -> None:
        """Fetch the rows again; filter, selection and scroll position stay."""
        state = self.state
        text = state.search.strip()
        request = ListReferrals(
            incoming=state.incoming,
            exam_type=state.exam_type,
            patient_name="" if state.by_card else text,
            card_number=text if state.by_card else "",
            limit=500,
        )
        self._change(loading=True)
        self._ask(request, self._came, self._failed, key="referral/rows")

    def _came(self, found: ReferralList) -> None:
        if self.state.loaded_once:
            self._tell_answers(found)
        self._change(
            rows=found.rows, total=found.total, waiting=found.waiting, loading=False, loaded_once=True, trouble=""
        )

    def _tell_answers(self, found: ReferralList) -> None:
        """Say what the other side did meanwhile: an answer to what was sent, or something new to answer."""
        if self.state.incoming:
            if found.waiting > self.state.waiting:
                self._messages.say(tr("有新的转诊等待接收。"), Tone.INFO)
            return
        waited = {row.id for row in self.state.rows if row.state is ReferralState.SENT}
        for row in found.rows:
            if row.id not in waited:
                continue
            name, receiver = row.exam.patient_name, row.to_organisation_name
            if row.state is ReferralState.ACCEPTED:
                self._messages.say(tr("{receiver}已接收 {name} 的转诊。", receiver=receiver, name=name), Tone.SUCCESS)
            elif row.state is ReferralState.REFUSED:
                words = tr("{receiver}退回了 {name} 的转诊：{reason}", receiver=receiver, name=name, reason=row.reason)
                self._messages.say(words, Tone.WARNING)

    def _failed(self, error: Exception) -> None:
        self._change(loading=False, trouble=message_for(error).text)

    def choose_side(self, *, incoming: bool) -> None:
        """已转出 or 转入."""
        if incoming != self.state.incoming:
            self._change(incoming=incoming, rows=(), loaded_once=False)
            self.refresh()

    def choose_type(self, exam_type: str) -> None:
        """检查类型; empty for all."""
        if exam_type != self.state.exam_type:
            self._change(exam_type=exam_type)
            self.refresh()

    def search(self, text: str, *, by_card: bool) -> None:
        """The text of the box and what it means: 患者姓名 ⇄ 就诊卡号."""
        if (text, by_card) != (self.state.search, self.state.by_card):
            self._change(search=text, by_card=by_card)
            self.refresh()

    def clear_filters(self) -> None:
        """Back to the whole list."""
        self._change(exam_type="", search="")
        self.refresh()

    def highlight(self, exam_id: int) -> None:
        """A new referral: show it among the sent ones."""
        self._change(highlighted=exam_id, incoming=False, exam_type="", search="")
        self.refresh()

    def do(self, action: RowAction, row: ReferralView) -> None:
        """Do an action of a row; one that the row does not offer is not done."""
        if action not in actions_of_referral(row, incoming=self.state.incoming):
            return
        if action in _OF_EXAM:
            self._actions.do(_OF_EXAM[action], row.exam)
        elif action is RowAction.APPLICATION:
            self._actions.preview_paper("application", row.exam)
        elif action is RowAction.ACCEPT:
            self.pick(row)
        elif action in (RowAction.REFUSE, RowAction.CANCEL):
            self.ask_reason(row, action)
        elif action is RowAction.EDIT:
            self.edit(row.exam.id)
        elif action is RowAction.PUSH:
            request = PushReferral(referral_id=row.id, version=row.version)
            self._runner.run(lambda: self._caller.call(request), self._pushed, self._answer_failed)
        elif action is RowAction.PRINT_REFERRAL:
            self._actions.print_referral(row.id)

    def answer(self, row: ReferralView, action: RowAction, reason: str) -> None:
        """退回 or 撤销 with its reason."""
        request: RefuseReferral | CancelReferral
        if action is RowAction.REFUSE:
            request = RefuseReferral(referral_id=row.id, version=row.version, reason=reason)
        else:
            request = CancelReferral(referral_id=row.id, version=row.version, reason=reason)

        def done(changed: ReferralView) -> None:
            words = {
                RowAction.REFUSE: tr("{name} 的转诊已退回，申请机构会看到原因。", name=changed.exam.patient_name),
                RowAction.CANCEL: tr("{name} 的转诊已撤销。", name=changed.exam.patient_name),
            }[action]
            self._messages.say(words, Tone.SUCCESS)
            self.refresh()

        self._runner.run(lambda: self._caller.call(request), done, self._answer_failed)

    def accepted(self, changed: ReferralView) -> None:
        """A referral was accepted in the panel."""
        name, number = changed.exam.patient_name, changed.exam.accession_number
        self._messages.say(tr("{name} 的转诊已接收，检查号 {number}。", name=name, number=number), Tone.SUCCESS)
        self.refresh()

    def _pushed(self, changed: ReferralView) -> None:
        self._messages.say(tr("已再次推送至{name}。", name=changed.to_organisation_name), Tone.SUCCESS)
        self.refresh()

    def _answer_failed(self, error: Exception) -> None:
        self._messages.report(error)
        self.refresh()
