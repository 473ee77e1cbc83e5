"""Follow-up (随访): the department's queue with days, records and results, and how often imaging was right.

The queue is shared by the doctors of the department, because patients come back on days when their doctor is away; an
account that is limited to campuses or departments sees its own ones only. Records are added, never changed.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, select

from server.collections.cases import case_of, facts_of, long, short, words_in
from server.collections.ports import Reports, Rows
from server.collections.tables import FollowUp, FollowUpNote
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from shared.contract.base import Changed
from shared.contract.collections import (
    CloseFollowUp,
    FollowUpList,
    FollowUpOutcome,
    FollowUpProof,
    FollowUpRecord,
    FollowUpScope,
    FollowUpView,
    GetMatchRates,
    ListFollowUps,
    MatchRow,
    NoteFollowUp,
    OpenFollowUp,
    ReopenFollowUp,
)
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportRow
from shared.domain.rich_text import spelled

_MOST_ROWS = 500
_FURTHEST = timedelta(days=3660)
_JUDGED = (FollowUpOutcome.AGREES, FollowUpOutcome.PARTLY, FollowUpOutcome.DISAGREES)
_PROVED = (FollowUpProof.PATHOLOGY, FollowUpProof.SURGERY)


class FollowUps:
    """Leads follow-ups from opening to a result."""

    def __init__(self, reports: Reports, rows: Rows, time: HospitalTime) -> None:
        self._reports = reports
        self._rows = rows
        self._time = time

    def page(self, uow: UnitOfWork, caller: Caller, request: ListFollowUps) -> FollowUpList:
        """Return one page of the queue, and how many there are per scope."""
        page = request.page
        if not 1 <= page.limit <= _MOST_ROWS or page.offset < 0:
            raise invalid("page", f"每页 1 到 {_MOST_ROWS} 行，起始行不能为负。")
        where: list[ColumnElement[bool]] = []
        if request.mine_only or caller.is_limited:
            where.append(FollowUp.owner_id == caller.user_id)
        if request.text.strip():
            columns = (FollowUp.patient_name, FollowUp.accession_number, FollowUp.items, FollowUp.reason)
            where.append(words_in(request.text.strip(), *columns, FollowUp.found))
        scopes = self._scopes()
        counts = {
            str(scope): uow.session.scalar(select(func.count()).select_from(FollowUp).where(*where, *conditions)) or 0
            for scope, conditions in scopes.items()
        }
        statement = select(FollowUp).where(*where, *scopes[request.scope])
        if request.scope is FollowUpScope.CLOSED:
            statement = statement.order_by(FollowUp.closed_at.desc(), FollowUp.id.desc())
        else:
            statement = statement.order_by(FollowUp.is_open.desc(), FollowUp.due_on, FollowUp.id)
        found = list(uow.session.scalars(statement.offset(page.offset).limit(page.limit)))
        now = self._rows.rows_of(uow, caller, {one.report_id for one in found})
        rows = tuple(self._view(one, caller, now.get(one.report_id)) for one in found)
        return FollowUpList(total=counts[request.scope], rows=rows, counts=counts)

    def of_patient(self, uow: UnitOfWork, caller: Caller, report_id: int) -> tuple[FollowUpView, ...]:
        """Return all follow-ups of a report's patient with their records, newest first."""
        patient_id = self._reports.get(uow, caller, report_id).row.patient_id
        statement = select(FollowUp).where(FollowUp.patient_id == patient_id)
        if caller.is_limited:
            statement = statement.where(FollowUp.owner_id == caller.user_id)
        found = list(uow.session.scalars(statement.order_by(FollowUp.id.desc()).limit(50)))
        return tuple(self._whole(uow, caller, one) for one in found)

    def open(self, uow: UnitOfWork, caller: Caller, request: OpenFollowUp) -> FollowUpView:
        """Put a case into the queue; one open follow-up a report and account is enough."""
        row = self._reports.get(uow, caller, request.report_id).row
        self._check_day(request.due_on)
        there = uow.session.scalar(
            select(FollowUp.id).where(
                FollowUp.report_id == row.id, FollowUp.owner_id == caller.user_id, FollowUp.is_open.is_(True)
            )
        )
        if there is not None:
            raise Refusal(ErrorCode.DUPLICATE, "此检查已在您的随访队列中，请在随访中添加记录。", existing_id=there)
        one = FollowUp(
            **facts_of(row),
            version=1,
            reason=short("reason", request.reason, 400),
            due_on=request.due_on,
            is_open=True,
            owner_id=caller.user_id,
            opened_by=caller.name[:80],
            opened_at=self._time.now(),
            imaging_diagnosis="",
            outcome="",
            proof=FollowUpProof.NONE,
            found="",
            closed_by="",
        )
        uow.session.add(one)
        uow.session.flush()
        return self._noted(uow, caller, one, "opened", f"{request.due_on.isoformat()} {one.reason}".strip())

    def note(self, uow: UnitOfWork, caller: Caller, request: NoteFollowUp) -> FollowUpView:
        """Add a record; the next day may be set with it."""
        one = self._expected(uow, caller, request.follow_up_id, request.version, is_open=True)
        text = long("text", request.text, 2000, least=1)
        if request.next_on is not None and request.next_on != one.due_on:
            self._check_day(request.next_on)
            one.due_on = request.next_on
            return self._noted(uow, caller, one, "moved", f"{text}\n→ {request.next_on.isoformat()}")
        return self._noted(uow, caller, one, "noted", text)

    def close(self, uow: UnitOfWork, caller: Caller, request: CloseFollowUp) -> FollowUpView:
        """Close with what was found; the imaging diagnosis of this moment is kept beside it."""
        one = self._expected(uow, caller, request.follow_up_id, request.version, is_open=True)
        found = long("found", request.found, 2000)
        if request.outcome in _JUDGED:
            if request.proof is FollowUpProof.NONE:
                raise invalid("proof", "请选择结果的依据：病理、手术、影像复查或临床。")
            if not found:
                raise invalid("found", "请填写病理、手术或临床的诊断。")
        now = self._rows.rows_of(uow, caller, [one.report_id]).get(one.report_id)
        one.imaging_diagnosis = self._diagnosis(uow, caller, now)
        one.is_open = False
        one.outcome, one.proof, one.found = str(request.outcome), str(request.proof), found
        one.closed_by, one.closed_at = caller.name[:80], self._time.now()
        return self._noted(uow, caller, one, "closed", found)

    def reopen(self, uow: UnitOfWork, caller: Caller, request: ReopenFollowUp) -> FollowUpView:
        """Go on after closing; the result stands in the records."""
        one = self._expected(uow, caller, request.follow_up_id, request.version, is_open=False)
        self._check_day(request.due_on)
        one.is_open, one.due_on = True, request.due_on
        one.outcome, one.proof, one.found = "", str(FollowUpProof.NONE), ""
        one.closed_by, one.closed_at, one.imaging_diagnosis = "", None, ""
        return self._noted(uow, caller, one, "reopened", request.due_on.isoformat())

    def match_rates(self, uow: UnitOfWork, caller: Caller, request: GetMatchRates) -> tuple[MatchRow, ...]:
        """Return agreement by exam type, all together first."""
        if request.last < request.first or request.last - request.first > _FURTHEST:
            raise invalid("last", "结束日期应不早于起始日期，且相隔不超过 10 年。")
        start, end = self._time.day_bounds(request.first, request.last)
        where = [FollowUp.is_open.is_(False), FollowUp.closed_at >= start, FollowUp.closed_at < end]
        where.append(FollowUp.proof.in_(_PROVED) | not_(FollowUp.outcome.in_(_JUDGED)))
        if request.mine_only or caller.is_limited:
            where.append(FollowUp.owner_id == caller.user_id)
        counted = uow.session.execute(
            select(FollowUp.exam_type, FollowUp.outcome, func.count())
            .where(and_(*where))
            .group_by(FollowUp.exam_type, FollowUp.outcome)
        ).all()
        types = sorted({exam_type for exam_type, _, _ in counted})
        return tuple(
            _match_row(exam_type, [(outcome, n) for one, outcome, n in counted if exam_type in ("", one)])
            for exam_type in ("", *types)
        )

    def _scopes(self) -> dict[FollowUpScope, tuple[ColumnElement[bool], ...]]:
        is_open = FollowUp.is_open.is_(True)
        return {
            FollowUpScope.DUE: (is_open, FollowUp.due_on <= self._time.today()),
            FollowUpScope.OPEN: (is_open,),
            FollowUpScope.CLOSED: (FollowUp.is_open.is_(False),),
            FollowUpScope.ALL: (),
        }

    def _check_day(self, day: date) -> None:
        today = self._time.today()
        if not today <= day <= today + _FURTHEST:
            raise invalid("due_on", "随访日期应为今天或以后，且不超过 10 年。")

    def _expected(self, uow: UnitOfWork, caller: Caller, follow_up_id: int, version: int, *, is_open: bool) -> FollowUp:
        one = uow.session.get(FollowUp, follow_up_id, with_for_update=True, populate_existing=True)
        if one is None or (caller.is_limited and one.owner_id != caller.user_id):
            raise not_found("随访")
        one.expect(version)
        if one.is_open is not is_open:
            raise illegal_action("open" if one.is_open else "closed", "随访已结束。" if is_open else "随访尚未结束。")
        return one

    def _noted(self, uow: UnitOfWork, caller: Caller, one: FollowUp, kind: str, text: str) -> FollowUpView:
        if kind != "opened":
            one.touch()
        uow.session.add(
            FollowUpNote(
                follow_up_id=one.id,
                at=self._time.now(),
                by_id=caller.user_id,
                by=caller.name[:80],
                kind=kind,
                text=text,
            )
        )
        uow.session.flush()
        uow.publish(Changed(entity="follow_up", id=one.id, version=one.version))
        return self._whole(uow, caller, one)

    def _whole(self, uow: UnitOfWork, caller: Caller, one: FollowUp) -> FollowUpView:
        notes = uow.session.scalars(
            select(FollowUpNote).where(FollowUpNote.follow_up_id == one.id).order_by(FollowUpNote.id.desc())
        )
        records = tuple(FollowUpRecord(at=note.at, by=note.by, kind=note.kind, text=note.text) for note in notes)
        row = self._rows.rows_of(uow, caller, [one.report_id]).get(one.report_id)
        diagnosis = self._diagnosis(uow, caller, row) if one.is_open else one.imaging_diagnosis
        return self._view(one, caller, row, diagnosis, records)

    def _diagnosis(self, uow: UnitOfWork, caller: Caller, row: ReportRow | None) -> str:
        return "" if row is None else spelled(self._reports.get(uow, caller, row.id).content.impression)

    def _view(
        self,
        one: FollowUp,
        caller: Caller,
        row: ReportRow | None,
        diagnosis: str = "",
        records: tuple[FollowUpRecord, ...] = (),
    ) -> FollowUpView:
        closed_at: datetime | None = one.closed_at
        return FollowUpView(
            id=one.id,
            version=one.version,
            case=case_of(one, row),
            reason=one.reason,
            due_on=one.due_on,
            is_open=one.is_open,
            is_due=one.is_open and one.due_on <= self._time.today(),
            is_mine=one.owner_id == caller.user_id,
            opened_by=one.opened_by,
            opened_at=one.opened_at,
            imaging_diagnosis=diagnosis or one.imaging_diagnosis,
            outcome=FollowUpOutcome(one.outcome) if one.outcome else None,
            proof=FollowUpProof(one.proof),
            found=one.found,
            closed_by=one.closed_by,
            closed_at=closed_at,
            records=records,
        )


def _match_row(exam_type: str, outcomes: list[tuple[Any, int]]) -> MatchRow:
    counts: dict[str, int] = {}
    for outcome, number in outcomes:
        counts[outcome] = counts.get(outcome, 0) + number
    agrees, partly, disagrees = (counts.get(str(one), 0) for one in _JUDGED)
    judged = agrees + partly + disagrees
    return MatchRow(
        exam_type=exam_type,
        agrees=agrees,
        partly=partly,
        disagrees=disagrees,
        unjudged=sum(counts.values()) - judged,
        rate_percent=round(100 * (agrees + partly / 2) / judged, 1) if judged else None,
    )
