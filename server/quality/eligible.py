"""Which approved reports a task may draw; nobody scores a report that they wrote or audited (CO-QC-02)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.reporting.tables import Report, ReportLog, ReportText
from shared.contract.quality import CaseFilter, Device, Scorer
from shared.domain.states import ReportAction, ReportState

_MOST_DAYS = 800
_MOST_CHOICES = 200
_APPROVED = (ReportState.APPROVED, ReportState.PRINTED)
_AUDITED = (ReportAction.APPROVE, ReportAction.REJECT, ReportAction.ADD)


class Found(NamedTuple):
    """Reports to draw from, in the order of their ids; `own` counts what was left out for the scorers' sake."""

    reports: list[Report]
    own: int


def found(uow: UnitOfWork, caller: Caller, time: HospitalTime, wanted: CaseFilter, scorers: Sequence[Scorer]) -> Found:
    """Return what fits. Raises Refusal: INVALID (days)."""
    if not 0 <= (wanted.last - wanted.first).days <= _MOST_DAYS:
        raise invalid("last", f"请选择不超过 {_MOST_DAYS} 天的时间段。")
    first, last = time.day_bounds(wanted.first, wanted.last)
    query = select(Report).where(*_approved(caller), Report.approved_at >= first, Report.approved_at < last)
    if wanted.exam_types:
        query = query.where(Report.exam_type.in_(wanted.exam_types))
    if wanted.body_part.strip():
        query = query.where(Report.body_part.contains(wanted.body_part.strip(), autoescape=True))
    if wanted.emergency_only:
        query = query.where(Report.priority == 0)
    if wanted.doctor_ids:
        query = query.where(Report.diagnosing_id.in_(wanted.doctor_ids))
    reports = list(uow.session.scalars(query.order_by(Report.id)))
    if wanted.devices:
        reports = [report for report in reports if device_key(report.device_ae, report.room_name) in wanted.devices]
    own = _touched_by(uow, [one.user_id for one in scorers])
    free = [report for report in reports if report.id not in own]
    return Found(free, len(reports) - len(free))


def _touched_by(uow: UnitOfWork, people: Sequence[int]) -> set[int]:
    """Reports of which somebody of `people` wrote a text, is the writer or auditor, or audited at any time."""
    session = uow.session
    return {
        *session.scalars(select(Report.id).where(Report.diagnosing_id.in_(people) | Report.auditing_id.in_(people))),
        *session.scalars(select(ReportText.report_id).where(ReportText.by_id.in_(people))),
        *session.scalars(
            select(ReportLog.report_id).where(ReportLog.by_id.in_(people), ReportLog.action.in_(_AUDITED))
        ),
    }


def doctors(uow: UnitOfWork, caller: Caller) -> tuple[Scorer, ...]:
    """Return who wrote approved reports, by name."""
    query = select(Report.diagnosing_id, Report.diagnosing_doctor).where(*_approved(caller), Report.diagnosing_id > 0)
    names = {row[0]: row[1] for row in uow.session.execute(query.distinct().limit(_MOST_CHOICES))}
    return tuple(Scorer(user_id=key, name=name) for key, name in sorted(names.items(), key=lambda pair: pair[1]))


def devices(uow: UnitOfWork, caller: Caller) -> tuple[Device, ...]:
    """Return the devices that approved reports come from."""
    query = select(Report.device_ae, Report.room_name).where(*_approved(caller))
    names: dict[str, str] = {}
    for ae_title, room in uow.session.execute(query.distinct().limit(_MOST_CHOICES)):
        if key := device_key(ae_title, room):
            names.setdefault(key, f"{ae_title} {room}".strip())
    return tuple(Device(key=key, name=name) for key, name in sorted(names.items(), key=lambda pair: pair[1]))


def device_key(ae_title: str, room: str) -> str:
    """What tells one device from another: its AE title, or the room where none is known."""
    return ae_title or room


def _approved(caller: Caller) -> list[ColumnElement[bool]]:
    approved = Report.state.in_(_APPROVED)
    return [approved, Report.campus_id.in_(caller.campus_ids)] if caller.campus_ids else [approved]
