"""What reports on paper take from exams, patients, attachments, signatures and forms."""

from __future__ import annotations

from server.attachments.service import AttachmentService
from server.exams.service import ExamService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM
from server.printing.ports import PatientAtKiosk
from server.reporting.service import ReportService
from shared.domain.states import ExamState

_MOST_EXAMS = 40


class KioskPatients:
    """Patients as self-service printing finds them: by the number of one of their exams."""

    def __init__(self, exams: ExamService, reports: ReportService) -> None:
        self._exams = exams
        self._reports = reports

    def of_code(self, uow: UnitOfWork, code: str) -> PatientAtKiosk | None:
        """Return whose exam the number is."""
        named = self._exams.ordered_exam(uow, code, "")
        if named is None:
            return None
        view = self._exams.view(uow, SYSTEM, named)
        ids = dict.fromkeys([named, *self._exams.ids_of_patient(uow, view.row.patient_id)])
        rows = self._exams.rows(uow, SYSTEM, list(ids)[:_MOST_EXAMS])
        there = [row for row in rows.values() if row.state is not ExamState.CANCELLED]
        there.sort(key=lambda row: (row.planned_at, row.id), reverse=True)
        secrets = (view.patient.id_number, view.patient.phone)
        return PatientAtKiosk(secrets, tuple((row, self._reports.report_of(uow, row.id)) for row in there))


class ApplicationPhotographs:
    """The photographed application of an exam."""

    def __init__(self, attachments: AttachmentService) -> None:
        self._attachments = attachments

    def photographs(self, uow: UnitOfWork, exam_id: int) -> tuple[bytes, ...]:
        """Return its pages in order."""
        return tuple(
            self._attachments.open(uow, one.id)
            for one in self._attachments.list_of(uow, exam_id)
            if one.kind == "application"
        )
