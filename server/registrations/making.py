"""The jobs that make Spatial Registration objects and stitched pictures; safe to begin again."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

import msgspec

from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.jobs import JobContext, JobFailed, JobKind, JobRetry
from server.registrations.ports import Archive, NotYet, StudyThere
from server.registrations.service import MAKE_JOB, STITCH_JOB
from server.registrations.tables import RegistrationRow
from shared.contract.base import Changed
from shared.contract.registration import KeptRegistration, RegistrationSide, StoreStitched
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, SeriesFacts
from shared.dicomkit.names import pn_value

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_INDEX_WAIT_S, _POLL_S = 10.0, 0.05
_PAUSES_S = (2.0, 10.0, 60.0, 300.0)
_MOST_SOURCE_PIXELS = 200_000_000


class RegistrationMaker:
    """`kinds` are for the runner of jobs."""

    def __init__(self, database: Database, archive: Archive, time_: HospitalTime) -> None:
        self._database = database
        self._archive = archive
        self._time = time_

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [
            JobKind(MAKE_JOB, self.make, lane="results", max_attempts=1_000),
            JobKind(STITCH_JOB, self.stitch, lane="results", max_attempts=1_000),
        ]

    # --- registrations

    def make(self, context: JobContext) -> str:
        """Store the newest version of a registration; nothing when it is there already or was cleared."""
        with self._database.read() as uow:
            row = uow.session.get(RegistrationRow, int(context.payload["registration"]))
            if row is None or row.archived_version >= row.version or not row.body:
                return "Nothing to do."
            row_id, version, pair = row.id, row.version, row.pair
            kept = msgspec.msgpack.decode(row.body, type=KeptRegistration)
            author, saved_at = row.author_name, row.saved_at
        there = self._archive.study(kept.fixed.study_uid)
        if there is None:
            return "The study is not there any more."
        made = self._object(there, kept, pair, version, author, saved_at.astimezone(self._time.zone))
        self._store(context, there, made)
        with self._database.write() as uow:
            again = uow.session.get(RegistrationRow, row_id, with_for_update=True)
            if again is not None and again.archived_version < version:
                again.archived_version, again.sop_uid = version, str(made.SOPInstanceUID)
                uow.publish(Changed("registration", row_id, again.version))
        return "The registration is stored."

    def _object(
        self, there: StudyThere, kept: KeptRegistration, pair: str, version: int, author: str, at: Any
    ) -> Dataset:
        import numpy as np

        from shared.dicomkit.spatial_registration import Registered, spatial_registration

        to_moving = np.array(kept.matrix, np.float64).reshape(4, 4)
        other = there
        if kept.moving.study_uid != kept.fixed.study_uid:
            other = self._archive.study(kept.moving.study_uid) or there
        space = kept.fixed.frame_of_reference_uid or uid_from(f"space|{kept.fixed.series_uid}")
        items = [
            Registered(space, np.eye(4), there.images.get(kept.fixed.series_uid, ())),
            Registered(_space_of(kept.moving), np.linalg.inv(to_moving), other.images.get(kept.moving.series_uid, ())),
        ]
        how = "by hand" if kept.by_hand else "automatic, rigid, mutual information"
        if kept.disagreement_mm is not None and not kept.by_hand:
            how += f", two runs differ by {kept.disagreement_mm:.2f} mm"
        return spatial_registration(
            there.patient,
            there.study,
            registered_uid=space,
            items=items,
            made_at=at,
            description="Rigid registration",
            creator_name=pn_value(author, ""),
            comment=how,
            series=SeriesFacts(uid_from(f"series|{pair}"), 902, "配准"),
            equipment=EquipmentFacts(),
            sop_uid=uid_from(f"object|{pair}|{version}"),
        )

    # --- stitched pictures

    def stitch(self, context: JobContext) -> str:
        """Compose and store; the same request gives the same object."""
        asked = msgspec.convert(context.payload["asked"], StoreStitched)
        there = self._archive.study(asked.study_uid)
        if there is None:
            return "The study is not there any more."
        known = {one.sop_uid: one for images in there.images.values() for one in images}
        if any(one.sop_instance_uid not in known for one in asked.images):
            raise JobFailed("拼接的图像不都属于这项检查。")
        sources = [known[one.sop_instance_uid] for one in asked.images]
        made = self._picture(there, asked, sources, str(context.payload.get("author", "")))
        self._store(context, there, made)
        return "The stitched picture is stored."

    def _picture(
        self, there: StudyThere, asked: StoreStitched, sources: list[InstanceReference], author: str
    ) -> Dataset:
        from shared.dicomkit.stitched_image import stitched_image
        from shared.imaging.stitching import Blending, NoJoint, Placement, Projection, alike, compose

        read = [self._read(one.sop_uid) for one in sources]
        try:
            images = alike([Projection(values, spacing, inverted) for _, values, spacing, inverted, _ in read])
            places = [Placement(one.row, one.column, one.rotation_deg) for one in asked.images]
            dark = float(images[0].max()) if read[0][3] else float(min(image.min() for image in images))
            picture = compose(images, places, Blending(asked.blending), level=asked.level, background=dark)
            return stitched_image(
                there.patient,
                there.study,
                picture,
                read[0][0],
                sources,
                spacing_mm=read[0][2],
                inverted=read[0][3],
                window=read[0][4],
                made_at=self._time.now().astimezone(self._time.zone),
                residual_mm=asked.residual_mm,
                author=author,
                sop_uid=uid_from("stitched|" + msgspec.json.encode(asked).decode()),
                series=SeriesFacts(uid_from(f"stitched-series|{asked.study_uid}"), 903, "拼接"),
            )
        except (NoJoint, ValueError) as fault:
            raise JobFailed(f"图像无法拼接：{fault}") from fault

    def _read(self, sop_uid: str) -> Any:
        """Header, values, spacing, whether high is dark, (centre, width) of one image. Raises JobFailed."""
        import numpy as np
        from pydicom.errors import InvalidDicomError

        from shared.imaging.codecs import UndecodableFrame, decode_frame
        from shared.imaging.frames import Part10, UnreadableFile
        from shared.imaging.header import image_header
        from shared.imaging.lut import Window

        data = self._archive.file(sop_uid)
        if data is None:
            raise JobFailed("一幅拼接的图像已不在存档中。")
        try:
            part10 = Part10(data)
            header = image_header(part10.header, part10.transfer_syntax)
            fmt = header.pixel_format
            if fmt.is_colour or fmt.rows * fmt.columns > _MOST_SOURCE_PIXELS:
                raise JobFailed("彩色或过大的图像不能拼接。")
            values = np.asarray(
                decode_frame(part10.frame(0, fmt.native_bytes), fmt, part10.transfer_syntax), np.float32
            )
        except (UnreadableFile, UndecodableFrame, InvalidDicomError, ValueError) as fault:
            raise JobFailed("一幅拼接的图像无法读取。") from fault
        frame = header.frames[0]
        first = next((voi for voi in frame.voi if isinstance(voi, Window)), None)
        slope, intercept = frame.modality.slope or 1.0, frame.modality.intercept
        window = ((first.centre - intercept) / slope, first.width / slope) if first is not None else None
        return part10.header, values, (frame.spacing.row_mm, frame.spacing.column_mm), header.inverted, window

    # --- both

    def _store(self, context: JobContext, there: StudyThere, made: Dataset) -> None:
        try:
            for keyword, value in there.fixed.items():
                setattr(made, keyword, value)
            self._archive.store(made)
            end = time.monotonic() + _INDEX_WAIT_S
            while not self._archive.holds([str(made.SOPInstanceUID)]):
                if time.monotonic() > end:
                    raise NotYet("已保存，正在等待编入索引。")
                time.sleep(_POLL_S)
        except NotYet as waits:
            raise JobRetry(str(waits), _PAUSES_S[min(context.attempts, len(_PAUSES_S)) - 1]) from waits


def _space_of(side: RegistrationSide) -> str:
    return side.frame_of_reference_uid or uid_from(f"space|{side.series_uid}")


def uid_from(text: str) -> str:
    """The same UID for the same words, so that a job done twice makes one object (PS3.5 B.2)."""
    return f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])}"
