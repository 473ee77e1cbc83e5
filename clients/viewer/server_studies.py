"""The server's archive as a source of studies: descriptions by RPC, frames over the bulk channel."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from clients.kit.translations import tr
from clients.viewer.loading import Arrived, SourceFailed
from clients.viewer.sentences import sentence_of
from clients.viewer.study import FrameKey, SeriesDescription, StudyDescription
from shared.contract.archive import GetStudy, InstanceView, SeriesView, StudyView
from shared.contract.base import Changed, Notice, Request
from shared.contract.errors import RpcError
from shared.contract.identity import SessionView
from shared.imaging.codecs import PixelFormat, UndecodableFrame
from shared.imaging.frames import Part10, UnreadableFile
from shared.imaging.geometry import NoPlane, Plane, choose_spacing
from shared.imaging.header import FrameHeader, ImageHeader, image_header
from shared.imaging.lut import Modality, VoiFunction, Window
from shared.rpc.bulk import BulkClient, Wanted
from shared.rpc.client import RpcClient, ZmqTransport
from shared.rpc.connection import Connection

log = logging.getLogger(__name__)

R = TypeVar("R")

WHOLE_OBJECT_BYTES = 256 << 20  # larger multi-frame objects come frame by frame, with the index's facts only
KEPT_OBJECTS = 2
PREPARED = 2  # connections opened ahead, one for each worker thread of the loader
SMALL_SERIES = 4  # series of so few images come as whole objects, header and all


class ArchiveLine(Protocol):
    """What this source needs of the line; safe from any thread."""

    def call(self, request: Request[R]) -> R:
        """Raises RpcError."""

    def open_bulk(self) -> BulkClient:
        """A bulk client for one thread, which closes it."""


class AdoptedLine:
    """A line of the viewer's own over a session that a workstation opened; closing it does not end the session.

    ``on_study_changed`` is called on the line's thread with the id of a study that got more images.
    """

    def __init__(self, server: str, session: SessionView) -> None:
        """``server`` is a connection string. Raises ValueError with a sentence when it is malformed."""
        self._address = Connection.parse(server)
        self._session = session
        self._client = RpcClient(ZmqTransport(self._address), station="viewer")
        self._client.on_notice = self._notice_came
        self.on_study_changed: Callable[[int], None] = lambda _study_id: None
        self._client.adopt(session)

    def _notice_came(self, notice: Notice) -> None:
        if isinstance(notice, Changed) and notice.entity == "study":
            self.on_study_changed(notice.id)

    def call(self, request: Request[R]) -> R:
        return self._client.call(request)

    def open_bulk(self) -> BulkClient:
        return BulkClient(self._address, self._session.token)

    def close(self) -> None:
        self._client.close()


class ServerStudies:
    """Implements :class:`clients.viewer.loading.FrameSource`."""

    batch = 16

    def __init__(self, line: ArchiveLine) -> None:
        self._line = line
        self._lock = threading.Lock()
        self._local = threading.local()
        self._clients: list[BulkClient] = []
        self._spare: list[BulkClient] = []  # of them those that no thread has taken yet
        self._first: dict[str, threading.Lock] = {}  # series UID → held while its first object is on the way
        self._images: dict[str, ImageHeader] = {}
        self._series_of: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._whole: set[str] = set()  # instances to fetch as objects
        self._series_texts: dict[str, ImageHeader] = {}  # series UID → the first full header that came
        self._objects: dict[str, Part10] = {}
        self._fetching: dict[str, threading.Lock] = {}
        self._uids: dict[int, str] = {}
        self._closed = False

    # --- describing

    def study(self, study_uid: str) -> StudyDescription:
        self._prepare()
        try:
            view = self._line.call(GetStudy(study_uid=study_uid))
        except RpcError as error:
            raise SourceFailed(str(error)) from error
        return self._described(view)

    def uid_of(self, study_id: int) -> str:
        """UID of a study that was described before, empty for any other."""
        return self._uids.get(study_id, "")

    def _described(self, view: StudyView) -> StudyDescription:
        row = view.row
        with self._lock:
            self._uids[row.id] = row.study_uid
        series = [self._series(one, view) for one in view.series]
        series.sort(key=lambda one: (one.number is None, one.number or 0, one.series_uid))
        return StudyDescription(
            study_uid=row.study_uid,
            patient_id=row.patient_id,
            patient_name=row.patient_name,
            patient_sex=row.patient_sex,
            patient_birth_date=row.patient_birth_date,
            study_date=row.study_at.astimezone().strftime("%Y%m%d") if row.study_at else "",
            study_time=row.study_at.astimezone().strftime("%H%M%S") if row.study_at else "",
            description=row.description,
            accession_number=row.accession_number,
            institution=view.institution,
            series=tuple(one for one in series if one.images),
        )

    def _series(self, view: SeriesView, study: StudyView) -> SeriesDescription:
        images = []
        for instance in view.instances:
            try:
                image = header_of(instance, view, study)
            except UndecodableFrame:
                continue  # reports, key object selections and the like have no rows and columns
            uid = image.sop_instance_uid
            images.append(image)
            with self._lock:
                self._images.setdefault(uid, image)
                self._series_of[uid] = view.series_uid
                self._sizes[uid] = instance.size_bytes
                if _comes_whole(instance, view):
                    self._whole.add(uid)
        return SeriesDescription(
            series_uid=view.series_uid,
            modality=view.modality,
            number=view.number,
            description=view.description,
            body_part=view.body_part,
            images=tuple(images),
            frame_of_reference_uid=view.frame_of_reference_uid,
        )

    # --- frames

    def frames(self, keys: Sequence[FrameKey]) -> Iterator[Arrived]:
        """Frames in stored syntax. The first image of a series comes as whole object, for the texts of the corners."""
        single: list[FrameKey] = []
        for key in keys:
            arrived = self._as_object(key)
            if arrived is not None:
                yield arrived
            else:
                single.append(key)
        if not single:
            return
        by_name = {(key.sop_instance_uid, key.frame + 1): key for key in single}
        wanted = [Wanted("frame", name, frame) for name, frame in by_name]
        try:
            for received in self._bulk().stream(wanted):
                key = by_name[received.wanted.name, received.wanted.frame]
                if received.error is not None:
                    yield Arrived(key, error=str(received.error))
                    continue
                yield Arrived(key, memoryview(received.data), self._completed(key, received.transfer_syntax_uid))
        except RpcError as error:
            raise SourceFailed(str(error)) from error

    def _as_object(self, key: FrameKey) -> Arrived | None:
        """The frame out of its whole object; None when it is to be asked for as a frame."""
        uid = key.sop_instance_uid
        if uid in self._objects:
            return self._from_object(key)
        if self._sizes.get(uid, 0) > WHOLE_OBJECT_BYTES:
            return None
        if uid in self._whole:
            return self._from_object(key)
        series = self._series_of.get(uid, "")
        if series in self._series_texts:
            return None
        with self._lock:
            first = self._first.setdefault(series, threading.Lock())
        with first:  # a second object would only share the line with the one that somebody waits for
            return None if series in self._series_texts else self._from_object(key)

    def _from_object(self, key: FrameKey) -> Arrived:
        try:
            part10, image = self._object(key.sop_instance_uid)
            data = part10.frame(key.frame, image.pixel_format.native_bytes)
        except (UnreadableFile, UndecodableFrame) as error:
            log.warning("an object cannot be read: %s", error)
            return Arrived(key, error=sentence_of(error))
        return Arrived(key, data, image)

    def _object(self, uid: str) -> tuple[Part10, ImageHeader]:
        """The object, fetched once however many frames are wanted of it by several threads."""
        with self._lock:
            mine = self._fetching.setdefault(uid, threading.Lock())
        with mine:
            part10 = self._objects.get(uid)
            if part10 is None:
                try:
                    part10 = Part10(bytes(self._bulk().fetch("object", uid).data))
                except RpcError as error:
                    raise SourceFailed(str(error)) from error
                image = image_header(part10.header, part10.transfer_syntax)
                with self._lock:
                    self._images[uid] = image
                    self._series_texts.setdefault(self._series_of.get(uid, ""), image)
                    if len(image.frames) > 1:
                        self._objects[uid] = part10
                        while len(self._objects) > KEPT_OBJECTS:
                            self._objects.pop(next(iter(self._objects)))
            return part10, self._images[uid]

    def _completed(self, key: FrameKey, transfer_syntax: str) -> ImageHeader | None:
        """The header as the index knows it, with texts and padding of the series' first object."""
        image = self._images.get(key.sop_instance_uid)
        if image is None:
            return None
        first = self._series_texts.get(self._series_of.get(key.sop_instance_uid, ""))
        if first is not None:
            own = {"SliceThickness": image.texts["SliceThickness"]} if "SliceThickness" in image.texts else {}
            texts = {**first.texts, **own}
            image = replace(image, texts=texts, padding=first.padding, lossy=first.lossy, lossy_ratio=first.lossy_ratio)
        return replace(image, transfer_syntax=transfer_syntax) if transfer_syntax else image

    def _prepare(self) -> None:
        """Connect for the worker threads while the study is being described; once."""
        with self._lock:
            if self._closed or self._clients:
                return
            try:
                self._clients = [self._line.open_bulk() for _ in range(PREPARED)]
            except RpcError:
                return  # whoever wants frames is told
            self._spare = list(self._clients)

    def _bulk(self) -> BulkClient:
        """This thread's client."""
        client: BulkClient | None = getattr(self._local, "client", None)
        if client is None:
            if self._closed:
                raise SourceFailed(tr("正在关闭"))
            with self._lock:
                client = self._spare.pop() if self._spare else None
            if client is None:
                client = self._opened()
            self._local.client = client
        return client

    def _opened(self) -> BulkClient:
        try:
            client = self._line.open_bulk()
        except RpcError as error:
            raise SourceFailed(str(error)) from error
        with self._lock:
            self._clients.append(client)
        return client

    def stop(self) -> None:
        self._closed = True
        with self._lock:
            for client in self._clients:
                client.cancel()

    def close(self) -> None:
        with self._lock:
            clients, self._clients, self._spare = self._clients, [], []
        for client in clients:
            client.close()


def _comes_whole(instance: InstanceView, series: SeriesView) -> bool:
    """Objects whose facts the index does not hold: several frames, palettes, ultrasound regions, few images."""
    return (
        instance.frames > 1
        or instance.photometric_interpretation == "PALETTE COLOR"
        or series.modality == "US"
        or len(series.instances) <= SMALL_SERIES
    )


def header_of(instance: InstanceView, series: SeriesView, study: StudyView) -> ImageHeader:
    """What the index knows of an image; raises ``UndecodableFrame`` when it has no pixels."""
    fmt = PixelFormat(
        rows=instance.rows,
        columns=instance.columns,
        bits_allocated=instance.bits_allocated,
        bits_stored=instance.bits_stored,
        signed=instance.is_signed,
        samples=instance.samples_per_pixel,
        photometric=instance.photometric_interpretation,
        planar=instance.planar_configuration == 1,
    )
    pixel_spacing = instance.pixel_spacing or ()
    try:
        plane = Plane.of(instance.image_position or (), instance.image_orientation or (), pixel_spacing or (1.0, 1.0))
    except NoPlane:
        plane = None
    unit = instance.rescale_type if instance.rescale_type not in ("US", "UNSPECIFIED") else ""
    if not unit and series.modality == "CT":
        unit = "HU"
    known = VoiFunction.__members__
    function = VoiFunction(instance.voi_function) if instance.voi_function in known else VoiFunction.LINEAR
    names = instance.window_explanation
    windows = tuple(
        Window(centre, width, function, names[n] if n < len(names) else "")
        for n, (centre, width) in enumerate(zip(instance.window_center, instance.window_width, strict=False))
        if width >= 1 or (width > 0 and function is not VoiFunction.LINEAR)
    )
    frame = FrameHeader(
        plane=plane,
        spacing=choose_spacing(
            modality=series.modality,
            pixel_spacing=pixel_spacing,
            imager_spacing=instance.imager_pixel_spacing or (),
        ),
        modality=Modality(instance.rescale_slope or 1.0, instance.rescale_intercept, None, unit),
        voi=windows,
        duration_ms=instance.frame_time_ms,
    )
    texts = {"SliceThickness": f"{instance.slice_thickness:g}"} if instance.slice_thickness else {}
    if study.institution:
        texts["InstitutionName"] = study.institution
    if study.manufacturer:
        texts["Manufacturer"] = study.manufacturer
    return ImageHeader(
        sop_instance_uid=instance.sop_instance_uid,
        sop_class_uid=instance.sop_class_uid,
        transfer_syntax=instance.transfer_syntax_uid,
        modality_code=series.modality,
        pixel_format=fmt,
        frames=(frame,) * max(1, instance.frames),
        instance_number=instance.instance_number or 0,
        inverted=instance.photometric_interpretation == "MONOCHROME1",
        texts=texts,
    )
