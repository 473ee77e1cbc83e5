"""Puts consultations of the ECG network together: accounts, notices, what the reports tell them; and the figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.ecg.consultations.limits import Limits
from server.ecg.consultations.lists import Lists
from server.ecg.consultations.notices import Notices
from server.ecg.consultations.ports import Person
from server.ecg.consultations.rpc import EcgConsultationsRpc
from server.ecg.consultations.service import ConsultationService
from server.ecg.consultations.teams import Teams
from server.ecg.reports.tables import EcgReportEventRow
from server.ecg.statistics.rpc import EcgStatisticsRpc
from server.ecg.statistics.service import Statistics
from server.identity.roles import ADMINISTRATOR, permissions_of_user
from server.identity.tables import UserRow
from server.kernel.dispatch import SYSTEM
from shared.domain.ecg_reports import NoticeKind
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from server.bootstrap.ecg import EcgHouse
    from server.bootstrap.ecg_reports import EcgReports
    from server.ecg.exams.facts import ExamFacts
    from server.ecg.exams.service import ExamService
    from server.ecg.traces.service import TraceService
    from server.kernel.database import UnitOfWork
    from server.kernel.dispatch import Caller

_READERS = ("viewed", "saved", "printed", "read", "submitted", "published", "audited", "exported")


@dataclass(frozen=True, slots=True)
class EcgConsultations:
    """The room, put together."""

    service: ConsultationService
    notices: Notices
    handlers: tuple[object, ...]


class PeopleOfConsultations:
    """ecg.consultations.ports.People over the accounts; whoever only administers is no doctor."""

    def active(self, uow: UnitOfWork) -> tuple[Person, ...]:
        """Return whoever may log in, by name."""
        rows = uow.session.scalars(select(UserRow).where(UserRow.is_active).order_by(UserRow.name, UserRow.id))
        return tuple(
            Person(one.id, one.name, frozenset(one.campus_ids), permissions_of_user(uow, one))
            for one in rows
            if one.roles != ADMINISTRATOR
        )


class TellingOfEcg:
    """Who is told of critical ECGs and of withdrawn reports."""

    def __init__(
        self, notices: Notices, people: PeopleOfConsultations, exams: ExamService, reports: EcgReports
    ) -> None:
        self._notices = notices
        self._people = people
        self._exams = exams
        self._reports = reports

    def critical(self, uow: UnitOfWork, exam: ExamFacts, text: str) -> None:
        """Tell whoever acts on critical values at the exam's hospital."""
        told = [
            one.id
            for one in self._people.active(uow)
            if Permission.ECG_CRITICAL in one.permissions and (not one.campus_ids or exam.campus_id in one.campus_ids)
        ]
        self._tell(uow, SYSTEM, told, NoticeKind.CRITICAL, exam, text)

    def report_withdrawn(self, uow: UnitOfWork, caller: Caller, exam_id: int, reason: str) -> None:
        """Tell who viewed, wrote or printed the report (ECG-SM-EXM-09)."""
        found = select(EcgReportEventRow.by_id).where(
            EcgReportEventRow.exam_id == exam_id, EcgReportEventRow.action.in_(_READERS)
        )
        exam = self._exams.facts(uow, exam_id)
        readers = list(uow.session.scalars(found.distinct()))
        self._tell(uow, caller, readers, NoticeKind.REPORT_WITHDRAWN, exam, reason)

    def _tell(
        self, uow: UnitOfWork, caller: Caller, users: list[int], kind: NoticeKind, exam: ExamFacts, text: str
    ) -> None:
        hospital = self._reports.hospitals.name(uow, exam.campus_id)
        self._notices.tell(
            uow, caller, users, kind, exam_id=exam.id, patient_name=exam.patient_name, hospital=hospital, text=text
        )


def build_ecg_consultations(
    house: EcgHouse, exams: ExamService, traces: TraceService, reports: EcgReports
) -> EcgConsultations:
    """Build the room and let it follow exams, traces and reports."""
    people, notices = PeopleOfConsultations(), Notices(house.time)
    service = ConsultationService(
        exams,
        traces,
        Teams(people, reports.hospitals),
        notices,
        reports.of_consultations,
        reports.critical,
        reports.hospitals,
        house.time,
    )
    exams.also_visible.append(service.opens)
    reports.parts.books.consultations = service
    telling = TellingOfEcg(notices, people, exams, reports)
    reports.parts.writing.notifying = telling
    reports.critical.telling = telling
    reports.critical.followers.append(service.judged)
    limits = Limits()
    statistics = Statistics(reports.hospitals, limits, house.time)
    return EcgConsultations(
        service,
        notices,
        (EcgConsultationsRpc(house.database, service, Lists(service, limits), limits), EcgStatisticsRpc(statistics)),
    )
