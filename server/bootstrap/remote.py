"""Puts remote consultation together: exams, reports and accounts as it sees them, and what it opens elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.bootstrap.ecg_consultations import PeopleOfConsultations
from server.kernel.dispatch import SYSTEM
from server.remote.access import RemoteAccess
from server.remote.desk import Desk
from server.remote.following import FollowsReports
from server.remote.limits import Limits
from server.remote.lists import Lists
from server.remote.notices import Notices
from server.remote.ports import ReportFacts
from server.remote.rpc import RemoteRpc
from server.remote.service import RequestService
from server.remote.teams import Teams
from server.remote.writing import OpinionWriting
from server.reporting.facts import of_exam, only_reading
from server.reporting.tables import Report
from shared.contract.remote import MOST_PRIORS, PriorExam

if TYPE_CHECKING:
    from server.exams.service import ExamService
    from server.kernel.clock import HospitalTime
    from server.kernel.database import UnitOfWork
    from server.kernel.dispatch import Caller
    from server.remote.ports import Hospitals
    from server.reporting.service import ReportService
    from shared.contract.exams import ExamView


@dataclass(frozen=True, slots=True)
class Remote:
    """The area, put together."""

    desk: Desk
    access: RemoteAccess
    handlers: tuple[object, ...]


class ReportsOfRemote:
    """remote.ports.Reports over the exams and reporting areas."""

    def __init__(self, exams: ExamService, reports: ReportService) -> None:
        self._exams = exams
        self._reports = reports

    def facts(self, uow: UnitOfWork, exam_id: int) -> ReportFacts | None:
        report = of_exam(uow, exam_id)
        if report is None:
            return None
        content = self._reports.get(only_reading(uow), SYSTEM, report.id).content
        return ReportFacts(
            report_id=report.id,
            patient_id=report.patient_id,
            campus_id=report.campus_id,
            accession_number=report.accession_number,
            patient_number=report.patient_number,
            patient_name=report.patient_name,
            sex=report.sex,
            age=report.age,
            exam_type=report.exam_type,
            items=report.items,
            body_part=report.body_part,
            examined_at=report.examined_at,
            study_uids=tuple(report.study_uids.split()),
            image_count=report.image_count,
            findings=content.findings,
            impression=content.impression,
            obstacle=self._reports.away.obstacle(report),
        )

    def exam(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView:
        return self._exams.view(only_reading(uow), caller, exam_id)

    def lock_exam(self, uow: UnitOfWork, exam_id: int) -> None:
        self._exams.lock(uow, exam_id)

    def priors(self, uow: UnitOfWork, exam_id: int) -> tuple[PriorExam, ...]:
        report = of_exam(uow, exam_id)
        if report is None:
            return ()
        found = (
            select(Report)
            .where(
                Report.patient_id == report.patient_id,
                Report.id != report.id,
                Report.campus_id == report.campus_id,
                Report.study_uids != "",
            )
            .order_by(Report.examined_at.desc())
            .limit(MOST_PRIORS)
        )
        return tuple(
            PriorExam(
                exam_id=one.exam_id,
                exam_type=one.exam_type,
                items=one.items,
                examined_at=one.examined_at,
                study_uids=tuple(one.study_uids.split()),
            )
            for one in uow.session.scalars(found)
        )

    def send(self, uow: UnitOfWork, caller: Caller, report_id: int, to: str) -> None:
        self._reports.away.send(uow, caller, report_id, to)

    def entrust(self, uow: UnitOfWork, report_id: int, to: str, user_ids: Collection[int]) -> None:
        self._reports.away.entrust(uow, report_id, to, user_ids)

    def bring_home(self, uow: UnitOfWork, caller: Caller, report_id: int, note: str) -> None:
        self._reports.away.bring_home(uow, caller, report_id, note)


def build_remote(exams: ExamService, reports: ReportService, hospitals: Hospitals, time: HospitalTime) -> Remote:
    """Build the area and let it follow the reports."""
    teams = Teams(PeopleOfConsultations(), hospitals)
    desk = Desk(ReportsOfRemote(exams, reports), teams, Notices(time), hospitals, time)
    limits = Limits()
    reports.follow(FollowsReports(desk))
    handlers = RemoteRpc(desk, RequestService(desk), OpinionWriting(desk), Lists(desk, limits), limits)
    return Remote(desk, RemoteAccess(desk), (handlers,))
