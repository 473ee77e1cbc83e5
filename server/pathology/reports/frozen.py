"""The frozen section: its moments to the minute, the target, the read-back, and the comparison afterwards."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid
from server.pathology.reports import rules
from server.pathology.reports.books import Books
from server.pathology.reports.ports import CaseFacts
from server.pathology.reports.tables import FrozenSection, Report
from shared.contract.pathology_reports import FrozenView
from shared.domain.pathology import LibraryKind
from shared.domain.pathology_reports import FROZEN_STEPS, Concordance, FrozenStep, ReportKind

_COLUMNS = {
    FrozenStep.RECEIVED: "received_at",
    FrozenStep.SECTIONED: "sectioned_at",
    FrozenStep.READ: "read_at",
    FrozenStep.REPORTED: "reported_at",
}
_ORDER = tuple(_COLUMNS)


class Frozen:
    """Keeps frozen sections; every method works in the caller's unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def view(self, uow: UnitOfWork, case: CaseFacts) -> FrozenView | None:
        """Return the frozen section of a case; None where there is none and the library is no frozen one."""
        row = uow.session.get(FrozenSection, case.id)
        if row is None and case.library is not LibraryKind.FROZEN:
            return None
        now = self._books.time.now()
        if row is None:
            target = rules.frozen_target(self._books.policy(uow), specimens=case.specimens, earlier_open=False)
            return FrozenView(times={}, clock=rules.clock(None, None, None, now), target_minutes=target)
        due = None if row.received_at is None else row.received_at + timedelta(minutes=row.target_minutes)
        return FrozenView(
            times={step: moment for step in _ORDER if (moment := getattr(row, _COLUMNS[step])) is not None},
            clock=rules.clock(row.received_at, due, row.reported_at, now),
            target_minutes=row.target_minutes,
            read_back_to=row.read_back_to,
            read_back_by=row.read_back_by,
            read_back_at=row.read_back_at,
            concordance=Concordance(row.concordance) if row.concordance else None,
            concordance_note=row.concordance_note,
            judged_by=row.judged_by,
        )

    def note_step(self, uow: UnitOfWork, caller: Caller, case_id: int, step: FrozenStep) -> None:
        """Note a moment; the first one of a step counts. Raises INVALID where the order is wrong."""
        self._books.cases.lock(uow, case_id)
        case = self._books.cases.facts(uow, caller, case_id)
        row = self._row(uow, case)
        if getattr(row, _COLUMNS[step]) is not None:
            return
        for before in _ORDER[: _ORDER.index(step)]:
            if before is FrozenStep.RECEIVED and getattr(row, _COLUMNS[before]) is None:
                raise invalid("step", f"请先记录“{FROZEN_STEPS[before].zh}”。")
        for after in _ORDER[_ORDER.index(step) + 1 :]:
            if getattr(row, _COLUMNS[after]) is not None:
                raise invalid("step", f"已记录“{FROZEN_STEPS[after].zh}”，不能再补记“{FROZEN_STEPS[step].zh}”。")
        if step is FrozenStep.REPORTED and not self._has_report(uow, case_id):
            raise invalid("step", "还没有冰冻报告，请先写冰冻诊断。")
        if step is FrozenStep.RECEIVED:
            row.target_minutes = self._books.frozen_target(uow, case)
        setattr(row, _COLUMNS[step], self._books.time.now())
        uow.session.flush()
        self._books.log(uow, caller, case_id, f"frozen_{step.value}")
        self._books.cases.touch(uow, case_id)

    def scanned_in(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        """The container of a frozen case was scanned at reception: its clock runs from here on."""
        case = self._books.cases.facts(uow, caller, case_id)
        if case.library is LibraryKind.FROZEN:
            row = self._row(uow, case)
            if row.received_at is None and row.reported_at is None:
                self.note_step(uow, caller, case_id, FrozenStep.RECEIVED)

    def read_back(self, uow: UnitOfWork, caller: Caller, case_id: int, to: str) -> None:
        """The result was told by telephone and read back. Raises INVALID, ILLEGAL_ACTION."""
        who = self._books.note("to", to, "请填写接听人（手术间、姓名）。")[:80]
        self._books.cases.lock(uow, case_id)
        self._books.cases.facts(uow, caller, case_id)
        row = uow.session.get(FrozenSection, case_id)
        if row is None or not self._has_report(uow, case_id):
            raise illegal_action("none", "还没有冰冻报告，不能记录回读。")
        row.read_back_to, row.read_back_by, row.read_back_at = who, caller.name[:80], self._books.time.now()
        uow.session.flush()
        self._books.log(uow, caller, case_id, "read_back", note=who)
        self._books.cases.touch(uow, case_id)

    def judge(self, uow: UnitOfWork, caller: Caller, case_id: int, concordance: Concordance, note: str) -> None:
        """Compare with the permanent sections. Raises INVALID, ILLEGAL_ACTION."""
        words = self._books.note("note", note)
        self._books.cases.lock(uow, case_id)
        case = self._books.cases.facts(uow, caller, case_id)
        if not self._has_report(uow, case_id):
            raise illegal_action(case.state, "本病例没有冰冻报告，不能比较。")
        main = self._books.main(uow, case_id)
        if main is None or not main.text_number:
            raise illegal_action(case.state, "还没有石蜡诊断，请在写主诊意见后比较。")
        if concordance in (Concordance.PARTLY, Concordance.DISAGREES) and not words:
            raise invalid("note", "不符合或部分符合时，请写明差异和原因。")
        row = self._row(uow, case)
        row.concordance, row.concordance_note = concordance.value, words
        row.judged_by, row.judged_at = caller.name[:80], self._books.time.now()
        uow.session.flush()
        self._books.log(uow, caller, case_id, "frozen_judged", note=f"{concordance.value} {words}".strip())
        self._books.cases.touch(uow, case_id)

    def _row(self, uow: UnitOfWork, case: CaseFacts) -> FrozenSection:
        row = uow.session.get(FrozenSection, case.id)
        if row is None:
            row = FrozenSection(case_id=case.id, library=case.library.value, target_minutes=0)
            uow.session.add(row)
            uow.session.flush()
        return row

    @staticmethod
    def _has_report(uow: UnitOfWork, case_id: int) -> bool:
        found = select(func.count()).where(Report.case_id == case_id, Report.kind == ReportKind.FROZEN.value)
        return bool(uow.session.scalar(found))
