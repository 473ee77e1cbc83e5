"""The patient information page: a new case or a stored one, its specimens, its draft; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from clients.kit.messages import message_for
from clients.kit.paging import local_time
from clients.kit.screen import ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.registration import fetching, form
from clients.pathology.registration.state import Mode, PageState, SpecimenLine
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.pathology import (
    BookCase,
    CaseDetails,
    CaseEntry,
    CaseView,
    CheckNumber,
    FetchedPatient,
    NextNumber,
    NumberAnswer,
    RegisterCase,
    SaveCase,
)
from shared.contract.pathology_technique import SpecimenEntry
from shared.domain.identity_documents import IdentityError, read_document
from shared.domain.pathology import CaseAction, FetchBy
from shared.domain.states import Sex

TAB, TITLE = "patient", "病人信息"
NEW_DRAFT = "pathology-patient-new"


def draft_id(case: CaseView | None) -> str:
    """Where the unsaved values of a case, or of a new one, are kept."""
    return f"pathology-patient-{case.id}" if case is not None else NEW_DRAFT


class PatientPresenter(ScreenPresenter[PageState]):
    """Holds the values of the fields, what of them is not stored, and the specimens of a new case."""

    def __init__(
        self,
        desk: Desk,
        show: Callable[[PageState], None],
        fill: Callable[[Mapping[str, Any]], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        place = desk.place
        super().__init__(PageState(), place.connection, place.runner, place.messages, show)
        self.desk = desk
        self._drafts = place.drafts
        self._fill = fill
        self.now = now
        self.check: Callable[[], bool] = lambda: True
        """Looks at all fields and shows what is wrong there; the view sets it."""
        self.values: dict[str, Any] = {}
        self._baseline: dict[str, Any] = {}
        self._entry: CaseEntry | None = None
        self._forget = [
            desk.opened.listen(self._case_opened),
            desk.changed.listen(self._case_changed),
            desk.started.listen(lambda _none: self.start()),
            desk.closed.listen(lambda _none: self._clear()),
            desk.wanted_number.listen(self.use_number),
        ]

    # ── what lies on the desk ────────────────────────────────────────────────────────────────────────

    def open(self) -> None:
        """Show what lies on the desk already."""
        if self.desk.details is not None:
            self._case_opened(self.desk.details)
        elif self.desk.is_new:
            self.start()
        else:
            self._fill(form.values_of(CaseEntry(patient_name="")))
            if self._drafts.restore(NEW_DRAFT):
                self._messages.say(tr("有一份未完成的登记，按 Ctrl+N 继续。"))

    def start(self) -> None:
        """登记病例 or 预约病例: defaults by the settings, the number by the rule, a draft that was left over."""
        entry = CaseEntry(
            patient_name="",
            sending_unit=self.desk.settings.sending_unit,
            sent_at=self.now() if self.desk.settings.dates_today else None,
            received_at=self.now() if self.desk.settings.dates_today and not self.desk.is_appointment else None,
        )
        self._entry = None
        self._baseline = form.values_of(entry)
        self.values = dict(self._baseline)
        mode = Mode.APPOINTMENT if self.desk.is_appointment else Mode.NEW
        self.state = PageState(mode=mode, quick=self.desk.is_quick)
        kept = self._drafts.restore(NEW_DRAFT)
        if kept:
            self._take_draft(kept)
            self._messages.offer_undo(tr("已恢复上次未完成的登记"), self.start_empty)
        self._fill(self.values)
        self._show(self.state)
        if mode is Mode.NEW:
            self._ask(NextNumber(library_id=self.desk.library.id), self._suggest, _silent, key="pathology.next_number")

    def start_empty(self) -> None:
        """Begin anew without the draft."""
        self._drafts.discard(NEW_DRAFT)
        self.start()

    def set_quick(self, quick: bool) -> None:
        """快速登记: ask only the configured fields, or all again."""
        self.desk.is_quick = quick
        self._change(quick=quick)

    def next_registration(self) -> None:
        """病历登记: start the next one (PA-REG-11)."""
        self.desk.new_case(appointment=self.desk.is_appointment and self.desk.is_new)

    # ── Part ─────────────────────────────────────────────────────────────────────────────────────────

    def is_dirty(self) -> bool:
        """Say whether something is not stored."""
        return self.state.mode is not Mode.NOTHING and (
            bool(self._changed()) or self._typed_number() != "" or bool(self.state.is_new and self.state.specimens)
        )

    def discard(self) -> None:
        """Forget the changes and their draft."""
        self._drafts.discard(draft_id(self.desk.case))
        self.values = dict(self._baseline)
        self.state = self.state if not self.state.is_new else PageState(mode=self.state.mode, quick=self.state.quick)
        self._change(dirty=False, problems={}, number_problem="")
        self._fill(self.values)

    def save(self, done: Callable[[], None], failed: Callable[[], None]) -> None:
        """Store the page; what is wrong is told at the fields."""
        if self.state.busy or not self.check() or self.state.number_problem:
            failed()
            return
        entry = form.entry_of(self.values, self._entry)
        self._change(busy=True)

        def refused(error: Exception) -> None:
            self._change(busy=False)
            self._refused(error)
            failed()

        if self.state.is_new:
            self._ask(self._registration(entry), lambda details: self._registered(details, done), refused)
        elif self.desk.case is not None:
            case = self.desk.case
            request = SaveCase(case_id=case.id, version=case.version, entry=entry)
            sent = dict(self.values)
            self._ask(request, lambda view: self._saved(view, sent, done), refused)

    # ── fields ───────────────────────────────────────────────────────────────────────────────────────

    def edit(self, key: str, value: Any) -> None:
        """The user changed a field."""
        self.values[key] = value
        if key == "birth_date" and isinstance(value, date):
            age, unit = form.age_on(self.now().astimezone().date(), value)
            self._put({"age": age, "age_unit": unit})
        elif key == "id_number":
            self._read_identity(str(value or ""))
        self._touched()

    def edit_number(self, text: str) -> None:
        """The user types a case number by hand (PA-NUM-02)."""
        self._change(number=text.strip().upper(), number_problem="")
        self._touched()

    def check_number(self) -> None:
        """The number was typed: a taken one is refused at once (PA-NUM-03)."""
        number = self._typed_number()
        if not number or not self.state.is_new:
            return

        def came(answer: NumberAnswer) -> None:
            if answer.number == self.state.number and not answer.is_free:
                self._change(number_problem=answer.message or tr("病理号 {number} 已存在", number=number))

        self._ask(CheckNumber(number=number), came, self._number_refused, key="pathology.check_number")

    def use_number(self, number: str) -> None:
        """Take a number from the search for gaps."""
        self.edit_number(number)
        self.check_number()

    # ── the hospital's data ──────────────────────────────────────────────────────────────────────────

    def fetch(self, by: FetchBy, number: str) -> None:
        """提取 (PA-REG-12): a failed or empty one leaves everything as it is and says why (PA-REG-13)."""
        if not number.strip():
            self._messages.say(tr("请先填写要提取的号码。"), Tone.WARNING)
            return
        self._change(busy=True)

        def came(found: tuple[FetchedPatient, ...]) -> None:
            self._change(busy=False)
            if len(found) == 1:
                self.take(found[0])
            elif found:
                self._change(found=found)
            else:
                self._messages.say(tr("医院系统中没有找到 {number}，已填写的内容未改动。", number=number), Tone.WARNING)

        def failed(error: Exception) -> None:
            self._change(busy=False)
            reason = message_for(error).text
            self._messages.say(tr("提取失败：{reason}已填写的内容未改动。", reason=reason), Tone.WARNING)

        self._ask(fetching.request(by, number), came, failed, key="pathology.fetch")

    def take(self, found: FetchedPatient) -> None:
        """Fill the fields from what was found; what the user typed is never replaced silently."""
        self._change(found=())
        new, kept = fetching.merge(self.values, self._changed(), form.values_of(found.entry))
        self._entry = msgspec.structs.replace(
            self._entry or CaseEntry(patient_name=""), patient_id=found.entry.patient_id
        )
        self._put(new)
        self._touched()
        if kept:
            labels = tr("、").join(tr(label) for label in fetching.labels(kept))
            self._messages.say(tr("已提取；{fields}与医院系统不同，保留了您填写的内容。", fields=labels), Tone.WARNING)
        else:
            self._messages.say(tr("已提取病人信息"), Tone.SUCCESS)

    # ── specimens of a new case ──────────────────────────────────────────────────────────────────────

    def add_local(self, entry: SpecimenEntry) -> None:
        """A container of a case that is not stored yet."""
        lines = self.state.specimens
        serial = max((line.serial for line in lines), default=0) + 1
        self._change(specimens=(*lines, SpecimenLine(-serial, serial, entry)))
        self._touched()

    def change_local(self, line_id: int, entry: SpecimenEntry | None) -> None:
        """Change a container of a new case, or remove it with None; serials follow on."""
        kept = [
            (line.entry if line.id != line_id else entry)
            for line in self.state.specimens
            if line.id != line_id or entry is not None
        ]
        lines = tuple(SpecimenLine(-n, n, one) for n, one in enumerate(kept, 1) if one is not None)
        self._change(specimens=lines)
        self._touched()

    def close(self) -> None:
        """The tab is gone: late answers are shown to nobody."""
        for forget in self._forget:
            forget()
        self._show = lambda _state: None
        self._fill = lambda _values: None
        self.check = lambda: False

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _case_opened(self, details: CaseDetails) -> None:
        self._show_entry(details, {})
        kept = self._drafts.restore(draft_id(details.case))
        if kept:
            self._take_draft(kept)
            self._change(dirty=self.is_dirty())
            if self.state.dirty:
                self._messages.offer_undo(tr("已恢复这个病例未保存的修改"), self.discard)
        self._fill(self.values)
        self.desk.touched()

    def _case_changed(self, details: CaseDetails) -> None:
        """Another station or a command changed the case: what the user typed stays on top."""
        self._show_entry(details, self._changed() if self.state.mode is Mode.CASE else {})
        self._fill(self.values)
        self.desk.touched()

    def _show_entry(self, details: CaseDetails, typed: Mapping[str, Any]) -> None:
        case = details.case
        self._entry = case.entry
        self._baseline = form.values_of(case.entry)
        self.values = {**self._baseline, **typed}
        who = tr("{name} 于 {time} 登记", name=case.registered_by, time=local_time(case.registered_at))
        self.state = PageState(
            mode=Mode.CASE,
            number=case.number,
            read_only=CaseAction.EDIT not in case.allowed,
            dirty=bool(self._changed()),
            specimens=tuple(SpecimenLine.of(view) for view in details.specimens),
            registered=who if case.registered_by else "",
        )
        self._show(self.state)

    def _clear(self) -> None:
        self._entry = None
        self._baseline = form.values_of(CaseEntry(patient_name=""))
        self.values = dict(self._baseline)
        self._change(**{name: getattr(PageState(), name) for name in PageState.__dataclass_fields__ if name != "quick"})
        self._fill(self.values)

    def _changed(self) -> dict[str, Any]:
        return {key: value for key, value in self.values.items() if _plain(value) != _plain(self._baseline.get(key))}

    def _typed_number(self) -> str:
        if not self.state.is_new or self.state.number == self.state.suggested:
            return ""
        return self.state.number

    def _touched(self) -> None:
        dirty = self.is_dirty()
        name = draft_id(self.desk.case)
        if dirty:
            self._drafts.record(
                name,
                {
                    "changed": form.to_draft(self._changed()),
                    "number": self._typed_number(),
                    "specimens": [msgspec.to_builtins(line.entry) for line in self.state.specimens]
                    if self.state.is_new
                    else [],
                },
            )
        elif self.state.dirty:
            self._drafts.discard(name)
        self._change(dirty=dirty)
        self.desk.touched()

    def _take_draft(self, kept: Mapping[str, Any]) -> None:
        changed = kept.get("changed")
        if isinstance(changed, dict):
            known = form.from_draft({key: value for key, value in changed.items() if key in self._baseline})
            self.values.update(known)
        if not self.state.is_new:
            return
        lines: tuple[SpecimenLine, ...] = ()
        try:
            entries = msgspec.convert(kept.get("specimens", []), list[SpecimenEntry])
            lines = tuple(SpecimenLine(-n, n, entry) for n, entry in enumerate(entries, 1))
        except msgspec.ValidationError:
            pass  # an older version of the suite wrote it
        self._change(number=str(kept.get("number") or ""), specimens=lines, dirty=True)

    def _suggest(self, answer: NumberAnswer) -> None:
        if self.state.mode is Mode.NEW:
            self._change(suggested=answer.number, number=self.state.number or answer.number)

    def _registration(self, entry: CaseEntry) -> RegisterCase | BookCase:
        if self.state.mode is Mode.APPOINTMENT:
            return BookCase(library_id=self.desk.library.id, entry=entry)
        return RegisterCase(
            library_id=self.desk.library.id,
            entry=entry,
            number=self._typed_number(),
            specimens=tuple(line.entry for line in self.state.specimens),
            station=self.desk.station.id.value,
        )

    def _registered(self, details: CaseDetails, done: Callable[[], None]) -> None:
        self._drafts.discard(NEW_DRAFT)
        wanted, given = self.state.suggested, details.case.number
        self._change(busy=False)
        self.desk.adopt(details)
        if not given:
            self._messages.say(tr("已保存到预约库"), Tone.SUCCESS)
        elif wanted and given != wanted and not self._typed_number():
            self._messages.say(
                tr("已登记；{wanted} 已被占用，病理号为 {number}", wanted=wanted, number=given), Tone.WARNING
            )
        else:
            self._messages.say(tr("已登记，病理号 {number}", number=given), Tone.SUCCESS)
        self.desk.refresh_lists()
        done()

    def _saved(self, view: CaseView, sent: dict[str, Any], done: Callable[[], None]) -> None:
        self._drafts.discard(draft_id(view))
        self._baseline = sent  # what was typed meanwhile is not stored yet
        self._change(busy=False)
        if self.desk.details is not None:
            self.desk.adopt(msgspec.structs.replace(self.desk.details, case=view))
        self.desk.refresh_lists()
        done()

    def _refused(self, error: Exception) -> None:
        message = message_for(error)
        if isinstance(error, RpcError) and (error.code is ErrorCode.DUPLICATE or message.field == "number"):
            self._change(number_problem=message.text)
        elif isinstance(error, RpcError) and error.code is ErrorCode.CONFLICT:
            self._messages.say(tr("这个病例刚被别人修改，已载入新内容并保留您的修改；请核对后再次保存。"), Tone.WARNING)
            self.desk.reload()
        elif message.field and message.field.rsplit(".", 1)[-1] in self.values:
            self._change(problems={message.field.rsplit(".", 1)[-1]: message.text})
        else:
            self._messages.report(error)

    def _number_refused(self, error: Exception) -> None:
        if isinstance(error, RpcError) and error.code is ErrorCode.INVALID:
            self._change(number_problem=message_for(error).text)

    def _read_identity(self, text: str) -> None:
        try:
            known = read_document(text, today=self.now().astimezone().date())
        except IdentityError:
            return
        if known.birth_date is not None:
            age, unit = form.age_on(self.now().astimezone().date(), known.birth_date)
            self._put({"birth_date": known.birth_date, "age": age, "age_unit": unit})
        if known.sex is not Sex.UNKNOWN:
            self._put({"sex": known.sex})

    def _put(self, new: Mapping[str, Any]) -> None:
        self.values.update(new)
        self._fill(new)


def _plain(value: Any) -> Any:
    """None and empty are the same; moments compare to the minute, as fields show them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(second=0, microsecond=0)
    return value or None


def _silent(_error: Exception) -> None:
    """Without a suggestion the number is given at saving."""
