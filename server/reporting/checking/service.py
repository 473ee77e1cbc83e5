"""Checks a text for its writer, keeps what became of each alarm, and lets administrators tune it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.reporting.checker import Alarm, AlarmKind, Subject, check
from server.reporting.checking.tables import AlarmRow, SwitchRow, WordRow
from server.reporting.ports import ReportStep
from server.reporting.tables import Report
from shared.contract import checking as contract
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportContent
from shared.domain.rich_text import plain
from shared.domain.states import ReportAction
from shared.domain.structured import MOST_ITEMS, MOST_VALUES, FormContent

SubjectOf = Callable[[UnitOfWork, Report, str, str], Subject]
"""Gets a report and its plain texts; returns what the checker reads, with what the hospital knows of the patient."""


class Gap(Protocol):
    """A field of a structured form that must be filled and is not, or holds what it cannot hold."""

    @property
    def sentence(self) -> str: ...

    @property
    def path(self) -> str: ...


Gaps = Callable[[UnitOfWork, ReportContent], Iterable[Gap]]
"""Gets a report's content; returns what its form lacks."""

_MOST_ALARMS = 40
_MOST_CHARACTERS = 200_000
_MOST_WORDS = 5_000
_LONGEST_WORD = 40
_MOST_NOTES = 5
_MOST_DAYS = 800
_OPEN, _CORRECTED, _DISMISSED, _OVERRULED = "open", "corrected", "dismissed", "overruled"
_WORD = re.compile(r"[^\s<>&]{1,40}")


def alarms_of(uow: UnitOfWork, report: Report, subject: Subject, more: Sequence[Alarm] = ()) -> list[Alarm]:
    """The alarms of a text, and `more`, without kinds that are off, words of the house and what was set aside."""
    off = {kind for row in _switches(uow, report.exam_type) for kind in row.off}
    words = uow.session.scalars(select(WordRow)).all()
    aside = {
        (row.kind, row.text_key)
        for row in uow.session.scalars(
            select(AlarmRow).where(AlarmRow.report_id == report.id, AlarmRow.state == _DISMISSED)
        )
    }
    found = [*check(subject), *_house_slips(subject, words), *more]
    known = [row.word for row in words if not row.right]
    return [
        alarm
        for alarm in dict.fromkeys(found)
        if alarm.kind not in off
        and (alarm.kind.value, _key(alarm.text)) not in aside
        and not (alarm.kind.value == "typo" and any(alarm.text in word or word in alarm.text for word in known))
    ][:_MOST_ALARMS]


def set_aside(uow: UnitOfWork, report_id: int) -> frozenset[str]:
    """Return the words of a report's alarms of the kind MISSING that a doctor set aside."""
    query = select(AlarmRow.text).where(
        AlarmRow.report_id == report_id, AlarmRow.kind == AlarmKind.MISSING.value, AlarmRow.state == _DISMISSED
    )
    return frozenset(uow.session.scalars(query))


def _house_slips(subject: Subject, words: Sequence[WordRow]) -> list[Alarm]:
    return [
        Alarm(AlarmKind.TYPO, row.word, f"“{row.word}”应为“{row.right}”（本院词典）。")
        for row in words
        if row.right and row.word in subject.both
    ]


def _switches(uow: UnitOfWork, exam_type: str) -> list[SwitchRow]:
    return list(uow.session.scalars(select(SwitchRow).where(SwitchRow.exam_type.in_(("", exam_type)))))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class CheckingService:
    """Alarms of the report being written.

    `subject_of` says what is known of its patient, `gaps` what its structured form lacks.
    """

    def __init__(self, time: HospitalTime, subject_of: SubjectOf, gaps: Gaps | None = None) -> None:
        self._time = time
        self._subject_of = subject_of
        self._gaps = gaps

    def check(self, uow: UnitOfWork, caller: Caller, request: contract.CheckText) -> tuple[contract.AlarmView, ...]:
        """Return the alarms with their places."""
        if max(len(request.findings), len(request.impression)) > _MOST_CHARACTERS:
            raise Refusal(ErrorCode.TOO_LARGE, "文字太长，无法检查。")
        report = self._report(uow, caller, request.report_id)
        findings, impression = plain(request.findings), plain(request.impression)
        subject = self._subject_of(uow, report, findings, impression)
        # An empty page is no mistake while it is being written; submitting asks for it.
        gaps = self._form_gaps(uow, request)
        more = [Alarm(AlarmKind.MISSING, sentence, sentence) for sentence in gaps]
        alarms = [one for one in alarms_of(uow, report, subject, more) if one.text]
        return tuple(_view(alarm, findings, impression, gaps.get(alarm.text, "")) for alarm in alarms)

    def _form_gaps(self, uow: UnitOfWork, request: contract.CheckText) -> dict[str, str]:
        """The paths of fields that lack something, by the sentence about each."""
        if request.form is None or self._gaps is None:
            return {}
        _demand_bounds(request.form)
        content = ReportContent(findings=request.findings, impression=request.impression, form=request.form)
        found: dict[str, str] = {}
        for gap in self._gaps(uow, content):
            found.setdefault(gap.sentence, gap.path)
        return found

    def note(self, uow: UnitOfWork, caller: Caller, request: contract.NoteAlarms) -> None:
        """Count what is shown, and what is gone as corrected."""
        if len(request.alarms) > _MOST_ALARMS:
            raise invalid("alarms", f"一次最多 {_MOST_ALARMS} 条提示。")
        report = self._report(uow, caller, request.report_id)
        rows = {
            (row.kind, row.text_key): row
            for row in uow.session.scalars(select(AlarmRow).where(AlarmRow.report_id == report.id))
        }
        # A form that is not filled yet says nothing about how useful the checker is.
        seen = {(alarm.kind.value, _key(alarm.text)): alarm for alarm in request.alarms if not alarm.path}
        for key, alarm in seen.items():
            row = rows.get(key)
            if row is None:
                uow.session.add(self._row(report, caller, alarm.kind.value, alarm.text, alarm.why))
            elif row.state == _CORRECTED:
                row.state, row.settled_at = _OPEN, None
        for key, row in rows.items():
            if row.state == _OPEN and key not in seen:
                row.state, row.settled_at = _CORRECTED, self._time.now()

    def dismiss(self, uow: UnitOfWork, caller: Caller, request: contract.DismissAlarm) -> None:
        """Set an alarm aside."""
        if request.reason is contract.DismissReason.OTHER and not request.note.strip():
            raise invalid("note", "请写明理由。")
        report = self._report(uow, caller, request.report_id)
        row = uow.session.scalars(
            select(AlarmRow).where(
                AlarmRow.report_id == report.id,
                AlarmRow.kind == request.kind.value,
                AlarmRow.text_key == _key(request.text),
            )
        ).one_or_none()
        if row is None:
            row = self._row(report, caller, request.kind.value, request.text, request.why)
            uow.session.add(row)
        row.state, row.settled_at = _DISMISSED, self._time.now()
        row.doctor_id, row.doctor = caller.user_id, caller.name[:80]
        row.reason, row.note = request.reason.value, request.note.strip()[:500]

    def stepped(self, uow: UnitOfWork, caller: Caller, step: ReportStep) -> None:
        """A report was submitted: what is still open was overruled."""
        del caller
        if step.action is not ReportAction.SUBMIT:
            return
        query = select(AlarmRow).where(AlarmRow.report_id == step.report_id, AlarmRow.state == _OPEN)
        for row in uow.session.scalars(query):
            row.state, row.settled_at = _OVERRULED, self._time.now()

    # ── for administrators ──────────────────────────────────────────────────────────────────────────

    def switches(self, uow: UnitOfWork) -> tuple[contract.CheckerSwitches, ...]:
        """Return what is off."""
        rows = uow.session.scalars(select(SwitchRow).order_by(SwitchRow.exam_type))
        return tuple(_switch_view(row) for row in rows)

    def save_switches(self, uow: UnitOfWork, request: contract.SaveCheckerSwitches) -> contract.CheckerSwitches:
        """Replace what is off for one exam type."""
        if len(request.exam_type) > 16:
            raise invalid("exam_type", "检查类型最多 16 个字符。")
        row = uow.session.get(SwitchRow, request.exam_type)
        if row is None:
            row = SwitchRow(exam_type=request.exam_type, off=[])
            uow.session.add(row)
        row.off = [kind.value for kind in contract.AlarmKind if kind in request.off]
        return _switch_view(row)

    def words(self, uow: UnitOfWork) -> tuple[contract.CheckerWord, ...]:
        """Return the words of the house."""
        return tuple(_word_view(row) for row in uow.session.scalars(select(WordRow).order_by(WordRow.word)))

    def save_word(self, uow: UnitOfWork, caller: Caller, request: contract.SaveCheckerWord) -> contract.CheckerWord:
        """Add or change one."""
        word, right = request.word.strip(), request.right.strip()
        _demand_word("word", word)
        if right:
            _demand_word("right", right)
        if word == right:
            raise invalid("right", "正确写法与错误写法相同。")
        other = uow.session.scalars(select(WordRow).where(WordRow.word == word, WordRow.id != request.id)).first()
        if other is not None:
            raise Refusal(ErrorCode.DUPLICATE, f"词典里已有“{word}”。", field="word")
        row = WordRow(word=word, right=right, added_by=caller.name[:80])
        if request.id:
            found = uow.session.get(WordRow, request.id)
            if found is None:
                raise not_found("词条")
            row = found
            row.word, row.right = word, right
        else:
            uow.session.add(row)
        uow.session.flush()
        return _word_view(row)

    def add_words(self, uow: UnitOfWork, caller: Caller, lines: str) -> int:
        """Add many and return how many are new."""
        there = set(uow.session.scalars(select(WordRow.word)))
        before = len(there)
        for number, line in enumerate(lines.splitlines(), 1):
            parts = line.replace("，", " ").replace(",", " ").replace("→", " ").split()
            if not parts:
                continue
            if len(parts) > 2 or not all(_WORD.fullmatch(part) for part in parts) or parts[0] == parts[-1] != parts[0]:
                raise invalid("lines", f"第 {number} 行看不懂：每行写一个词，或错误写法与正确写法，以空格分开。")
            if parts[0] in there:
                continue
            there.add(parts[0])
            right = parts[1] if len(parts) == 2 and parts[1] != parts[0] else ""
            uow.session.add(WordRow(word=parts[0], right=right, added_by=caller.name[:80]))
        if len(there) > _MOST_WORDS:
            raise invalid("lines", f"词典最多 {_MOST_WORDS} 条。")
        return len(there) - before

    def remove_word(self, uow: UnitOfWork, word_id: int) -> None:
        """Take one out."""
        row = uow.session.get(WordRow, word_id)
        if row is None:
            raise not_found("词条")
        uow.session.delete(row)

    def use(self, uow: UnitOfWork, request: contract.GetCheckerUse) -> tuple[contract.KindUse, ...]:
        """Return what became of the alarms, every kind once."""
        query = select(AlarmRow).order_by(AlarmRow.id.desc())
        first, last = request.first, request.last
        if first and last and not 0 <= (last - first).days <= _MOST_DAYS:
            raise invalid("last", f"请选择不超过 {_MOST_DAYS} 天的时间段。")
        if first:
            query = query.where(AlarmRow.shown_at >= self._time.day_bounds(first)[0])
        if last:
            query = query.where(AlarmRow.shown_at < self._time.day_bounds(last)[1])
        if request.exam_type:
            query = query.where(AlarmRow.exam_type == request.exam_type)
        rows = uow.session.scalars(query).all()
        return tuple(_use(kind, [row for row in rows if row.kind == kind.value]) for kind in contract.AlarmKind)

    def _row(self, report: Report, caller: Caller, kind: str, text: str, why: str) -> AlarmRow:
        return AlarmRow(
            report_id=report.id,
            exam_type=report.exam_type,
            kind=kind,
            text_key=_key(text),
            text=text[:500],
            why=why[:1000],
            doctor_id=caller.user_id,
            doctor=caller.name[:80],
            shown_at=self._time.now(),
            state=_OPEN,
            settled_at=None,
            reason="",
            note="",
        )

    def _report(self, uow: UnitOfWork, caller: Caller, report_id: int) -> Report:
        report = uow.session.get(Report, report_id)
        if report is None:
            raise not_found("报告")
        is_elsewhere = caller.campus_ids and report.campus_id not in caller.campus_ids
        if is_elsewhere and not report.is_entrusted_to(caller.user_id):
            raise not_found("报告")
        return report


def _demand_bounds(form: FormContent) -> None:
    most = max((len(items) for items in form.items.values()), default=0)
    if len(form.values) > MOST_VALUES or len(form.items) > MOST_VALUES or most > MOST_ITEMS:
        raise Refusal(ErrorCode.TOO_LARGE, "结构化表单内容太多，无法检查。")


def _view(alarm: Alarm, findings: str, impression: str, path: str = "") -> contract.AlarmView:
    if path:
        return contract.AlarmView(
            kind=contract.AlarmKind(alarm.kind.value), text=alarm.text, why=alarm.why, field="findings", path=path
        )
    for field, text in (("impression", impression), ("findings", findings)):
        place = text.find(alarm.text) if alarm.text else -1
        if place >= 0 and not (field == "impression" and "影像所见" in alarm.why[:6]):
            return contract.AlarmView(
                kind=contract.AlarmKind(alarm.kind.value),
                text=alarm.text,
                why=alarm.why,
                field=field,
                start=place,
                end=place + len(alarm.text),
            )
    return contract.AlarmView(
        kind=contract.AlarmKind(alarm.kind.value), text=alarm.text, why=alarm.why, field="findings"
    )


def _switch_view(row: SwitchRow) -> contract.CheckerSwitches:
    return contract.CheckerSwitches(exam_type=row.exam_type, off=tuple(contract.AlarmKind(kind) for kind in row.off))


def _word_view(row: WordRow) -> contract.CheckerWord:
    return contract.CheckerWord(id=row.id, word=row.word, right=row.right, added_by=row.added_by)


def _demand_word(field: str, word: str) -> None:
    if not _WORD.fullmatch(word):
        raise invalid(field, f"请填写一个词，1 到 {_LONGEST_WORD} 个字符，不含空格。")


def _use(kind: contract.AlarmKind, rows: list[AlarmRow]) -> contract.KindUse:
    states = Counter(row.state for row in rows)
    aside = [row for row in rows if row.state == _DISMISSED]
    return contract.KindUse(
        kind=kind,
        shown=len(rows),
        corrected=states[_CORRECTED],
        dismissed=states[_DISMISSED],
        overruled=states[_OVERRULED],
        still_open=states[_OPEN],
        reasons=dict(Counter(row.reason for row in aside)),
        doctors=dict(Counter(row.doctor for row in aside)),
        notes=tuple(row.note for row in aside if row.note)[:_MOST_NOTES],
    )
