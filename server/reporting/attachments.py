"""Pictures and measurements that a report carries; an auditor who gives up finds them as they were submitted."""

from __future__ import annotations

from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.reporting.png import why_not_png
from server.reporting.ports import Documents
from server.reporting.settings import ReportingSettings
from server.reporting.steps import Steps
from server.reporting.tables import KeyImage, Measurement, Report
from shared.contract.errors import ErrorCode
from shared.contract.reporting import AddKeyImage, AddMeasurement
from shared.domain.rich_text import readable
from shared.domain.states import ReportAction, ReportState


class Attachments:
    """Adds and removes pictures and measurements of the report that the caller holds."""

    def __init__(self, steps: Steps, documents: Documents, time: HospitalTime, settings: ReportingSettings) -> None:
        self._steps = steps
        self._documents = documents
        self._time = time
        self._settings = settings

    def add_key_image(self, uow: UnitOfWork, caller: Caller, request: AddKeyImage) -> Report:
        """Keep a picture with the report that the caller holds."""
        report = self._steps.for_action(uow, caller, request.report_id, ReportAction.SAVE)
        limit = self._settings.key_image_limit_bytes
        if len(request.png) > limit:
            raise Refusal(ErrorCode.TOO_LARGE, f"关键图不能超过 {limit // (1024 * 1024)} MB，请缩小后再发送。")
        why = why_not_png(request.png)
        if why:
            raise invalid("png", why)
        if request.frame < 1 or not all(
            0 < len(uid) <= 64 for uid in (request.study_uid, request.series_uid, request.instance_uid)
        ):
            raise invalid("instance_uid", "关键图必须说明来自哪一幅影像。")
        if len(self.images(uow, report)) >= self._settings.key_images_per_report:
            raise invalid("png", f"一份报告最多 {self._settings.key_images_per_report} 幅关键图，请先移除几幅。")
        document_id = self._documents.keep(
            uow, kind="key_image", media_type="image/png", data=request.png, subject_id=report.id
        )
        image = KeyImage(
            report_id=report.id,
            study_uid=request.study_uid,
            series_uid=request.series_uid,
            instance_uid=request.instance_uid,
            frame=request.frame,
            caption=readable(request.caption)[:400],
            document_id=document_id,
            is_audit_addition=report.state == ReportState.AUDITING,
        )
        uow.session.add(image)
        return self._attached_changed(uow, caller, report, "key_image_added", image.caption)

    def remove_key_image(self, uow: UnitOfWork, caller: Caller, report_id: int, key_image_id: int) -> Report:
        """Take a picture out of the report that the caller holds."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.SAVE)
        image = uow.session.get(KeyImage, key_image_id)
        if image is None or image.report_id != report.id or image.is_removed:
            raise not_found("关键图")
        image.is_removed = True
        image.is_audit_removal = report.state == ReportState.AUDITING
        return self._attached_changed(uow, caller, report, "key_image_removed", image.caption)

    def add_measurement(self, uow: UnitOfWork, caller: Caller, request: AddMeasurement) -> Report:
        """Keep a measurement with the report that the caller holds."""
        report = self._steps.for_action(uow, caller, request.report_id, ReportAction.SAVE)
        if not abs(request.value) < 1e12:  # also refuses NaN
            raise invalid("value", "测量值必须是有限的数。")
        uow.session.add(
            Measurement(
                report_id=report.id,
                instance_uid=request.instance_uid[:64],
                frame=request.frame,
                label=readable(request.label)[:200],
                value=request.value,
                unit=readable(request.unit)[:16],
                is_audit_addition=report.state == ReportState.AUDITING,
            )
        )
        return self._attached_changed(uow, caller, report, "measurement_added", readable(request.label)[:200])

    def _attached_changed(self, uow: UnitOfWork, caller: Caller, report: Report, action: str, note: str) -> Report:
        report.lock_seen_at = self._time.now()
        self._steps.log(uow, report, caller, action, report.state, note)
        self._steps.tell(uow, report)
        uow.session.flush()
        return report

    def images(self, uow: UnitOfWork, report: Report) -> list[KeyImage]:
        """Return the pictures in the order of their coming."""
        return list(
            uow.session.scalars(
                select(KeyImage)
                .where(KeyImage.report_id == report.id, KeyImage.is_removed.is_(False))
                .order_by(KeyImage.id)
            )
        )

    def measurements(self, uow: UnitOfWork, report: Report) -> list[Measurement]:
        """Return the measurements in the order of their coming."""
        return list(
            uow.session.scalars(
                select(Measurement)
                .where(Measurement.report_id == report.id, Measurement.is_removed.is_(False))
                .order_by(Measurement.id)
            )
        )

    def _attached(self, uow: UnitOfWork, report: Report, *, with_removed: bool = False) -> list[KeyImage | Measurement]:
        found: list[KeyImage | Measurement] = []
        for table in (KeyImage, Measurement):
            statement = select(table).where(table.report_id == report.id)
            if not with_removed:
                statement = statement.where(table.is_removed.is_(False))
            found += uow.session.scalars(statement)
        return found

    def settle(self, uow: UnitOfWork, report: Report) -> None:
        """What is attached now is what a later auditor finds."""
        for attached in self._attached(uow, report, with_removed=True):
            attached.is_audit_addition = attached.is_audit_removal = False

    def restore_submitted(self, uow: UnitOfWork, report: Report) -> None:
        """Undo what the auditor added and removed."""
        for attached in self._attached(uow, report, with_removed=True):
            if attached.is_audit_addition:
                attached.is_removed = True
            elif attached.is_audit_removal:
                attached.is_removed = False
            attached.is_audit_addition = attached.is_audit_removal = False

    def remove_all(self, uow: UnitOfWork, report: Report) -> None:
        """Take everything out of the report."""
        for attached in self._attached(uow, report):
            attached.is_removed = True
