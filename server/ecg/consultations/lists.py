"""受理记录 and 会诊报告, and the view of one consultation; works in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from server.ecg.consultations import rules
from server.ecg.consultations.limits import Limits
from server.ecg.consultations.ports import ReportOfExam
from server.ecg.consultations.service import ConsultationService
from server.ecg.consultations.tables import EcgConsultationEventRow, EcgConsultationRow
from server.ecg.exams.facts import ExamFacts
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from shared.contract.base import Page
from shared.contract.ecg_consultations import (
    ConsultationDetails,
    ConsultationFilter,
    ConsultationLine,
    ConsultationList,
    ConsultationPolicy,
    ConsultationView,
)
from shared.domain.ecg import (
    QUICK_RANGE_DAYS,
    RUNNING_CONSULTATIONS,
    ConsultationState,
    QuickRange,
    Urgency,
)
from shared.domain.ecg_reports import Agreement, Danger

_ROW = EcgConsultationRow
_MOST = 500
_WAITING = ConsultationState.WAITING.value
_OPEN = tuple(one.value for one in RUNNING_CONSULTATIONS)

_AS_KEPT = (
    "id", "version", "exam_id", "accession_number", "patient_name", "patient_number", "team_id", "team",
    "to_campus_id", "from_campus_id", "applicant_id", "applicant", "phone", "applied_at", "complaint", "history",
    "clinical_diagnosis", "question", "accepted_by_id", "accepted_by", "accepted_at", "refused_by", "refused_at",
    "reason", "published_at", "published_by", "signed_at", "signed_by",
)  # fmt: skip
"""Fields of a view that stand so in the row."""


class Lists:
    """Finds and shows consultations."""

    def __init__(self, service: ConsultationService, limits: Limits) -> None:
        self._service = service
        self._limits = limits

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────

    def incoming(self, uow: UnitOfWork, caller: Caller, wanted: ConsultationFilter, page: Page) -> ConsultationList:
        """受理记录: waiting ones first, by urgency, suspected danger, waiting time. Raises INVALID (dates)."""
        teams = sorted(self._service.teams.of_user(uow, caller.user_id))
        scope: ColumnElement[bool] = _ROW.team_id.in_(teams)
        scope = or_(scope, _ROW.to_campus_id.in_(sorted(caller.campus_ids))) if caller.campus_ids else true()
        waiting = _ROW.state == _WAITING
        group = case((waiting, 0), (_ROW.state == ConsultationState.ACCEPTED.value, 1), else_=2)
        order = (
            group,
            case((waiting, _ROW.urgency_rank), else_=0),
            case((waiting, _ROW.danger_rank), else_=0),
            case((waiting, _ROW.applied_at), else_=None),
            _ROW.applied_at.desc(),
            _ROW.id.desc(),
        )
        mine = _ROW.accepted_by_id == caller.user_id
        other = _ROW.from_campus_id
        return self._listed(uow, caller, wanted, page, [scope], order, mine, other)

    def outgoing(self, uow: UnitOfWork, caller: Caller, wanted: ConsultationFilter, page: Page) -> ConsultationList:
        """会诊报告: published and not yet signed for first, then the newest. Raises INVALID (dates)."""
        scope = [_ROW.from_campus_id.in_(sorted(caller.campus_ids))] if caller.campus_ids else []
        first = case((_ROW.state == ConsultationState.PUBLISHED.value, 0), else_=1)
        order = (first, _ROW.applied_at.desc(), _ROW.id.desc())
        mine = _ROW.applicant_id == caller.user_id
        return self._listed(uow, caller, wanted, page, scope, order, mine, _ROW.to_campus_id)

    def _listed(
        self,
        uow: UnitOfWork,
        caller: Caller,
        wanted: ConsultationFilter,
        page: Page,
        scope: Sequence[ColumnElement[bool]],
        order: Sequence[Any],
        mine: ColumnElement[bool],
        other: InstrumentedAttribute[int],
    ) -> ConsultationList:
        conditions = [*scope, *self._conditions(wanted)]
        if wanted.mine:
            conditions.append(mine)
        if wanted.hospital_campus_id:
            conditions.append(other == wanted.hospital_campus_id)
        counted = select(_ROW.state, func.count()).where(*conditions).group_by(_ROW.state)
        counts = {ConsultationState(row[0]): int(row[1]) for row in uow.session.execute(counted)}
        policy = self._limits.policy(uow)
        late = select(func.count()).select_from(_ROW).where(*conditions, self._overdue(policy))
        if wanted.states:
            conditions.append(_ROW.state.in_([one.value for one in wanted.states]))
        found = uow.session.scalars(
            select(_ROW)
            .where(*conditions)
            .order_by(*order)
            .offset(min(max(page.offset, 0), 10**9))
            .limit(min(max(page.limit, 1), _MOST))
        )
        return ConsultationList(
            total=sum(number for state, number in counts.items() if not wanted.states or state in wanted.states),
            rows=self.views(uow, caller, list(found), policy),
            counts=counts,
            overdue=uow.session.scalar(late) or 0,
        )

    def _conditions(self, wanted: ConsultationFilter) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if wanted.urgencies:
            found.append(_ROW.urgency.in_([one.value for one in wanted.urgencies]))
        if wanted.patient_name.strip():
            found.append(_ROW.patient_name.contains(wanted.patient_name.strip()[:60], autoescape=True))
        if wanted.number.strip():
            number = wanted.number.strip()[:64]
            found.append(
                or_(
                    _ROW.accession_number == number.upper(),
                    _ROW.request_number == number,
                    _ROW.patient_number == number,
                )
            )
        if wanted.team_id:
            found.append(_ROW.team_id == wanted.team_id)
        first, last = self._days(wanted)
        if first is not None:
            found.append(_ROW.applied_at >= first)
        if last is not None:
            found.append(_ROW.applied_at < last)
        return found

    def _days(self, wanted: ConsultationFilter) -> tuple[datetime | None, datetime | None]:
        time = self._service.time
        if wanted.quick is not None:
            today = time.today()
            days = QUICK_RANGE_DAYS[QuickRange(wanted.quick)]
            return time.day_bounds(today.fromordinal(today.toordinal() - days + 1), today)
        if wanted.first is not None and wanted.last is not None and wanted.first > wanted.last:
            raise invalid("first", "开始日期不能晚于结束日期。")
        first = None if wanted.first is None else time.day_bounds(wanted.first)[0]
        last = None if wanted.last is None else time.day_bounds(wanted.last)[1]
        return first, last

    def _overdue(self, policy: ConsultationPolicy) -> ColumnElement[bool]:
        now = self._service.time.now()
        return or_(
            *(
                and_(
                    _ROW.state == state.value,
                    _ROW.urgency == urgency.value,
                    _ROW.applied_at < rules.overdue_since(policy, urgency, state, now),
                )
                for urgency in Urgency
                for state in RUNNING_CONSULTATIONS
            )
        )

    # ── views ────────────────────────────────────────────────────────────────────────────────────────

    def view(self, uow: UnitOfWork, caller: Caller, row: EcgConsultationRow) -> ConsultationView:
        """Return one consultation."""
        return self.views(uow, caller, [row], self._limits.policy(uow), whole=True)[0]

    def of_exam(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> tuple[ConsultationView, ...]:
        """Return the consultations of an exam, newest first. Raises NOT_FOUND."""
        self._service.exams.demand(uow, caller, exam_id)
        found = select(_ROW).where(_ROW.exam_id == exam_id).order_by(_ROW.id.desc()).limit(_MOST)
        return self.views(uow, caller, list(uow.session.scalars(found)), self._limits.policy(uow))

    def details(self, uow: UnitOfWork, caller: Caller, consultation_id: int) -> ConsultationDetails:
        """详情. Raises NOT_FOUND."""
        row = self._service.demand(uow, caller, consultation_id)
        found = (
            select(EcgConsultationEventRow)
            .where(EcgConsultationEventRow.consultation_id == row.id)
            .order_by(EcgConsultationEventRow.id)
            .limit(_MOST)
        )
        lines = tuple(
            ConsultationLine(at=one.at, by=one.by, station=one.station, action=one.action, note=one.note)
            for one in uow.session.scalars(found)
        )
        return ConsultationDetails(consultation=self.view(uow, caller, row), lines=lines)

    def views(
        self,
        uow: UnitOfWork,
        caller: Caller,
        rows: Sequence[EcgConsultationRow],
        policy: ConsultationPolicy,
        *,
        whole: bool = False,
    ) -> tuple[ConsultationView, ...]:
        """Return rows as pages show them; reasons and quality only of those that run, or of all with `whole`."""
        service = self._service
        ids = {one.exam_id for one in rows}
        exams, reports = service.exams.facts_of(uow, ids), service.reports.of_exams(uow, ids)
        campuses = {one for row in rows for one in (row.to_campus_id, row.from_campus_id)}
        names = {one: service.hospitals.name(uow, one) for one in campuses}
        teams = service.teams.of_user(uow, caller.user_id)
        found = []
        for row in rows:
            allowed = rules.allowed(service.standing(uow, caller, row, teams))
            view = self._view(uow, row, policy, exams[row.exam_id], reports.get(row.exam_id), names, whole=whole)
            found.append(msgspec.structs.replace(view, allowed=allowed))
        return tuple(found)

    def _view(
        self,
        uow: UnitOfWork,
        row: EcgConsultationRow,
        policy: ConsultationPolicy,
        exam: ExamFacts,
        report: ReportOfExam | None,
        names: dict[int, str],
        *,
        whole: bool,
    ) -> ConsultationView:
        state, urgency = ConsultationState(row.state), Urgency(row.urgency)
        reasons, quality = self._judged(uow, row) if whole or row.state in _OPEN else ((), ("", ""))
        is_out = state in (ConsultationState.PUBLISHED, ConsultationState.COMPLETED)
        stopped = row.published_at or row.refused_at or row.withdrawn_at
        return ConsultationView(
            **{name: getattr(row, name) for name in _AS_KEPT},
            state=state,
            sex=exam.sex,
            age=exam.age,
            visit_kind=exam.visit_kind.value,
            exam_item=exam.exam_item,
            acquired_at=exam.acquired_at,
            urgency=urgency,
            to_hospital=names[row.to_campus_id],
            from_hospital=names[row.from_campus_id],
            document_id=report.document_id if report is not None and is_out else 0,
            print_count=report.print_count if report is not None and is_out else 0,
            agreement=Agreement(row.agreement),
            danger=Danger(row.danger),
            danger_reasons=tuple(zh for zh, _en in reasons),
            danger_reasons_en=tuple(en for _zh, en in reasons),
            quality=quality[0],
            quality_en=quality[1],
            clock=rules.clock(policy, urgency, state, row.applied_at, stopped, self._service.time.now()),
            allowed=(),
        )

    def _judged(self, uow: UnitOfWork, row: EcgConsultationRow) -> tuple[tuple[tuple[str, str], ...], tuple[str, str]]:
        """Return why the present trace looks dangerous and what the gate says, each in Chinese and English."""
        trace = self._service.traces.current(uow, row.exam_id)
        if trace is None:
            return (), ("", "")
        reasons = self._service.dangers.of_trace(uow, trace.id)[1]
        if trace.quality.passed:
            return reasons, ("", "")
        findings = trace.quality.findings[:3]
        return reasons, ("；".join(one.zh for one in findings), "; ".join(one.en for one in findings))
