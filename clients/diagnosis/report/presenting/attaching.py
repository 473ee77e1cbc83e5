"""Pictures and measurements that the viewer sends into the report."""

from __future__ import annotations

from clients.diagnosis.report.presenting.base import MOST_OFFERED
from clients.diagnosis.report.presenting.obstacles import Obstacles
from clients.diagnosis.report.state import (
    OfferedMeasurement,
)
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.kit.viewer_link import KeyImage, MeasurementDrawn, ViewerEvent, ViewerFailed
from shared.contract.reporting import (
    AddKeyImage,
    AddMeasurement,
    KeyImageView,
    RemoveKeyImage,
    ReportView,
)


class Attaching(Obstacles):
    """Takes pictures and measurements in, and out again."""

    def viewer_sent(self, event: ViewerEvent) -> None:
        """The viewer sends a picture, a measurement or bad news."""
        if isinstance(event, KeyImage):
            self._add_key_image(event)
        elif isinstance(event, MeasurementDrawn):
            offered = OfferedMeasurement(event.text, event.value, event.unit, event.sop_instance_uid)
            others = tuple(one for one in self.state.offered if one.text != offered.text)
            self._change(offered=(offered, *others)[:MOST_OFFERED])
        elif isinstance(event, ViewerFailed):
            self._messages.say(event.sentence, Tone.DANGER)

    def insert_measurement(self, offered: OfferedMeasurement) -> None:
        """Keep a measurement with the report; the view has put its words into the findings."""
        self._simple(
            lambda report: AddMeasurement(
                report_id=report.row.id,
                instance_uid=offered.instance_uid,
                frame=1,
                label=offered.text,
                value=offered.value,
                unit=offered.unit,
            ),
            self._on_attached,
        )
        self._change(offered=tuple(one for one in self.state.offered if one != offered))

    def remove_key_image(self, image_id: int) -> None:
        """Take a picture out; it can be put back for some seconds."""
        report = self.state.report
        image = next((one for one in report.key_images if one.id == image_id), None) if report else None
        if report is None or image is None:
            return
        png = self.state.pictures.get(image.document_id)

        def done(view: ReportView) -> None:
            self._on_attached(view)
            if png is not None:
                self._messages.offer_undo(tr("关键图已移除"), lambda: self._put_back(view.row.id, image, png))

        self._simple(lambda present: RemoveKeyImage(report_id=present.row.id, key_image_id=image_id), done)

    def _put_back(self, report_id: int, image: KeyImageView, png: bytes) -> None:
        self._enqueue(
            lambda: AddKeyImage(
                report_id=report_id,
                study_uid=image.study_uid,
                series_uid=image.series_uid,
                instance_uid=image.instance_uid,
                frame=image.frame,
                caption=image.caption,
                png=png,
            ),
            self._on_attached,
            self._on_refused,
        )

    def _add_key_image(self, event: KeyImage) -> None:
        if not self.state.may_edit:
            self._messages.say(tr("请先进入报告，再发送关键图。"), Tone.WARNING)
            return

        def done(view: ReportView) -> None:
            self._on_attached(view)
            self._messages.say(tr("关键图已加入报告"), Tone.SUCCESS)

        self._simple(
            lambda report: AddKeyImage(
                report_id=report.row.id,
                study_uid=event.study_uid,
                series_uid=event.series_uid,
                instance_uid=event.sop_instance_uid,
                frame=event.frame + 1,
                caption="  ".join(event.measurements),
                png=event.png,
            ),
            done,
        )

    def _on_attached(self, view: ReportView) -> None:
        self._change(report=view)
        self._load_pictures()
