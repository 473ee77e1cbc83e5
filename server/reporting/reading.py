"""Reports for reading: one with everything the page shows, the patient's history, the log with every kept text."""

from __future__ import annotations

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from server.reporting.attachments import Attachments
from server.reporting.auditing_corrections import Corrections
from server.reporting.facts import of_exam, only_reading
from server.reporting.ports import Exams
from server.reporting.settings import ReportingSettings
from server.reporting.surroundings import history_row, medical_record
from server.reporting.tables import Report, ReportLog, ReportReturn, ReportText
from server.reporting.texts import Texts, content_of
from server.reporting.worklist import Worklist
from shared.contract.reporting import (
    HistoryRow,
    HistoryView,
    KeyImageView,
    LogRow,
    MeasurementView,
    ReportContent,
    ReportLogView,
    ReportView,
    ReturnView,
    VersionRow,
)

_MOST_HISTORY = 50


class Reading:
    """Shows reports; changes nothing."""

    def __init__(
        self,
        exams: Exams,
        texts: Texts,
        attachments: Attachments,
        worklist: Worklist,
        corrections: Corrections,
        settings: ReportingSettings,
    ) -> None:
        self._exams = exams
        self._texts = texts
        self._attachments = attachments
        self._worklist = worklist
        self._corrections = corrections
        self._settings = settings

    def history(self, uow: UnitOfWork, exam_id: int, caller: Caller) -> HistoryView:
        """Return the patient's other exams and those of namesakes, newest first (RIS-RPB-01, -02).

        Namesakes are other people: a limited account sees those of its own rooms only (RIS-EX-12).
        """
        report = of_exam(uow, exam_id)
        if report is None:
            raise not_found("报告")
        same = (Report.patient_id == report.patient_id) & (Report.id != report.id)
        namesakes = (Report.patient_name == report.patient_name) & (Report.patient_id != report.patient_id)
        if caller.room_ids is not None:
            namesakes &= Report.room_id.in_(caller.room_ids)
        return HistoryView(
            earlier=self._history_rows(uow, same),
            namesakes=self._history_rows(uow, namesakes),
        )

    def _history_rows(self, uow: UnitOfWork, where: object) -> tuple[HistoryRow, ...]:
        statement = (
            select(Report, ReportText)
            .outerjoin(ReportText, (ReportText.report_id == Report.id) & (ReportText.number == Report.text_number))
            .where(where)  # type: ignore[arg-type]  # a boolean clause of either kind
            .order_by(Report.examined_at.desc())
            .limit(_MOST_HISTORY)
        )
        return tuple(history_row(report, text) for report, text in uow.session.execute(statement))

    def log(self, uow: UnitOfWork, report_id: int) -> ReportLogView:
        """Return the operation log, newest first, and every kept text, oldest first."""
        if uow.session.get(Report, report_id) is None:
            raise not_found("报告")
        rows = uow.session.scalars(
            select(ReportLog).where(ReportLog.report_id == report_id).order_by(ReportLog.id.desc())
        )
        texts = uow.session.scalars(
            select(ReportText).where(ReportText.report_id == report_id).order_by(ReportText.number)
        )
        return ReportLogView(
            rows=tuple(
                LogRow(
                    at=row.at,
                    by=row.by,
                    action=row.action,
                    from_state=row.from_state,
                    to_state=row.to_state,
                    note=row.note,
                )
                for row in rows
            ),
            versions=tuple(
                VersionRow(
                    version=text.number,
                    at=text.at,
                    by=text.by,
                    content=content_of(text),
                    is_automatic=text.is_automatic,
                )
                for text in texts
            ),
        )

    def view(self, uow: UnitOfWork, caller: Caller, report: Report) -> ReportView:
        """Return everything that the page shows of a report."""
        exam = self._exams.view(only_reading(uow), caller, report.exam_id)
        text = self._texts.text(uow, report)
        row = self._worklist.row(report, caller, self._worklist.images_of(uow, [report])[report.id])
        returns = uow.session.scalars(
            select(ReportReturn).where(ReportReturn.report_id == report.id).order_by(ReportReturn.id)
        )
        return ReportView(
            row=row,
            version=report.version,
            allowed=row.allowed,
            exam=exam,
            content=content_of(text) if text else ReportContent(),
            hp_required=self._texts.hp_required(uow, report),
            key_images=tuple(
                KeyImageView(
                    id=image.id,
                    study_uid=image.study_uid,
                    series_uid=image.series_uid,
                    instance_uid=image.instance_uid,
                    frame=image.frame,
                    caption=image.caption,
                    document_id=image.document_id,
                )
                for image in self._attachments.images(uow, report)
            ),
            measurements=tuple(
                MeasurementView(
                    id=m.id, instance_uid=m.instance_uid, frame=m.frame, label=m.label, value=m.value, unit=m.unit
                )
                for m in self._attachments.measurements(uow, report)
            ),
            returns=tuple(ReturnView(at=one.at, by=one.by, reason=one.reason) for one in returns),
            approved_at=report.approved_at,
            print_count=report.print_count,
            unlocked_by=report.unlocked_by,
            seal=report.seal,
            text_version=report.text_number,
            submitted_version=report.submitted_number,
            edition=report.edition,
            revision_reason=report.revision_reason,
            addenda=self._corrections.addenda(uow, report),
            diagnosing_id=report.diagnosing_id,
            auditing_id=report.auditing_id,
            choices=self._texts.choices(uow, report),
            score_scale=self._settings.score_scale,
            medical_record_url=medical_record(self._settings.medical_record_url, report.patient_number),
        )
