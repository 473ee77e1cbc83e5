"""What the server's index says of studies, as the viewer's headers; knows no line and fetches nothing."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from clients.viewer.cache import Item
from clients.viewer.objects.registry import Kind, class_name, kind_of
from clients.viewer.study import ObjectDescription, SeriesDescription, StudyDescription
from shared.contract.archive import FramesView, FrameView, InstanceView, SeriesView, StudyView
from shared.imaging.codecs import PixelFormat, UndecodableFrame
from shared.imaging.geometry import NoPlane, Plane, choose_spacing
from shared.imaging.header import FrameHeader, ImageHeader
from shared.imaging.lut import LookupTable, Modality, VoiFunction, Window
from shared.imaging.slides import WHOLE_SLIDE

WHOLE_OBJECT_BYTES = 256 << 20  # larger multi-frame objects come frame by frame, with the index's facts only
SMALL_SERIES = 4  # series of so few images come as whole objects, header and all
KNOWN_STUDIES = 64  # facts of studies described earlier are forgotten


class SeriesFacts:
    """One series: what its first full header told goes to its other images."""

    def __init__(self, view: SeriesView, study: StudyView) -> None:
        self.uid = view.series_uid
        self.study_uid = study.row.study_uid
        self.first = threading.Lock()  # held while the first object of the series is on the way
        self.texts: ImageHeader | None = None
        versions = "\0".join(sorted(instance.version for instance in view.instances))
        known = all(instance.version for instance in view.instances)
        self.version = hashlib.blake2b(versions.encode(), digest_size=12).hexdigest() if known else ""

    @property
    def header_item(self) -> Item:
        """Where the first full header is kept."""
        return Item(self.study_uid, self.uid, -1, self.version)


class InstanceFacts:
    """One image object: ``header`` as known so far, ``comes_whole`` when it is to be fetched as an object."""

    def __init__(self, instance: InstanceView, view: SeriesView, header: ImageHeader, series: SeriesFacts) -> None:
        self.header = header
        self.series = series
        self.version = instance.version
        self.is_large = instance.size_bytes > WHOLE_OBJECT_BYTES
        self.comes_whole = _comes_whole(instance, view) and not self.is_large
        self.plain_syntax = ""
        """Transfer syntax in which its frame came and is to be kept later, from the pixels that are its bytes."""

    def item(self, frame: int) -> Item:
        """Where frame ``frame`` (from 1; 0 the whole object) is kept."""
        return Item(self.series.study_uid, self.header.sop_instance_uid, frame, self.version)


class KnownStudies:
    """Facts of the studies described last, by SOP Instance UID. Safe from any thread."""

    def __init__(self, limit: int = KNOWN_STUDIES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._studies: OrderedDict[str, dict[str, InstanceFacts]] = OrderedDict()
        self._instances: dict[str, InstanceFacts] = {}
        self._uids: dict[int, str] = {}

    def find(self, sop_instance_uid: str) -> InstanceFacts | None:
        return self._instances.get(sop_instance_uid)

    def uid_of(self, study_id: int) -> str:
        """UID of a study that was described before, empty for any other."""
        return self._uids.get(study_id, "")

    def take(self, view: StudyView, frames: Mapping[str, FramesView] | None = None) -> StudyDescription:
        """Remember a study in the place of what was known of it, and describe it.

        ``frames`` tells of multi-frame objects, by SOP Instance UID, what differs from frame to frame.
        """
        facts: dict[str, InstanceFacts] = {}
        series = [self._series(one, view, facts, frames or {}) for one in view.series]
        series.sort(key=lambda one: (one.number is None, one.number or 0, one.series_uid))
        row = view.row
        with self._lock:
            self._uids[row.id] = row.study_uid
            self._drop(row.study_uid)
            self._studies[row.study_uid] = facts
            self._instances.update(facts)
            while len(self._studies) > self._limit:
                self._drop(next(iter(self._studies)))
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
            objects=tuple(_objects_of(view)),
        )

    def fetch_whole(self, series: SeriesFacts) -> None:
        """All images of a series come as objects from now on: their headers hold more than the index knows."""
        for known in self.instances(series.study_uid):
            if known.series is series and not known.is_large:
                known.comes_whole = True

    def items(self, study_uid: str) -> Iterator[Item]:
        """Everything of a study that may be kept."""
        for known in self.instances(study_uid):
            yield known.item(0)
            yield known.series.header_item
            if not known.comes_whole:
                yield from (known.item(n + 1) for n in range(len(known.header.frames)))

    def instances(self, study_uid: str) -> tuple[InstanceFacts, ...]:
        """All images of a study, in the order of the index."""
        return tuple(self._studies.get(study_uid, {}).values())

    def _drop(self, study_uid: str) -> None:
        for uid, known in self._studies.pop(study_uid, {}).items():
            if self._instances.get(uid) is known:
                del self._instances[uid]

    def _series(
        self, view: SeriesView, study: StudyView, facts: dict[str, InstanceFacts], frames: Mapping[str, FramesView]
    ) -> SeriesDescription:
        series = SeriesFacts(view, study)
        images = []
        for instance in view.instances:
            try:
                image = header_of(instance, view, study)
            except UndecodableFrame:
                continue  # reports, key object selections and the like have no rows and columns
            told = frames.get(instance.sop_instance_uid)
            if told is not None:
                image = replace(image, frames=_frames_of(told, image.frames[0], view.modality, len(image.frames)))
            images.append(image)
            before = self._instances.get(image.sop_instance_uid)
            if before is not None and before.version == instance.version != "" and before.series.uid == series.uid:
                image = before.header  # what the object itself told is more than the index knows
                series.texts = series.texts or before.series.texts
            facts[image.sop_instance_uid] = InstanceFacts(instance, view, image, series)
        return SeriesDescription(
            series_uid=view.series_uid,
            modality=view.modality,
            number=view.number,
            description=view.description,
            body_part=view.body_part,
            images=tuple(images),
            frame_of_reference_uid=view.frame_of_reference_uid,
        )


# Cines and tiles have no places in space; what they are is told when they come.
_FLAT = frozenset({"US", "XA", "RF", "IVUS", "ES", "XC", "OP", "GM", "SM", "SC", "OT", "MG", "CR", "DX"})
MOST_ASKED = 64


def many_frames(view: StudyView) -> list[str]:
    """UIDs of objects whose frames may be slices of several stacks."""
    found = [
        instance.sop_instance_uid
        for series in view.series
        if series.modality not in _FLAT
        for instance in series.instances
        if instance.frames > 1
    ]
    return found[:MOST_ASKED]


def _frames_of(told: FramesView, like: FrameHeader, modality: str, count: int) -> tuple[FrameHeader, ...]:
    views = told.frames * count if len(told.frames) == 1 else told.frames
    return tuple(_frame_of(view, like, modality) for view in views) if len(views) == count else (like,) * count


def _frame_of(view: FrameView, like: FrameHeader, modality: str) -> FrameHeader:
    spacing = view.pixel_spacing or ()
    try:
        plane = Plane.of(view.image_position or (), view.image_orientation or (), spacing or (1.0, 1.0))
    except NoPlane:
        plane = None
    windows = tuple(Window(c, w) for c, w in zip(view.window_center, view.window_width, strict=False) if w >= 1)
    return FrameHeader(
        plane=plane,
        spacing=choose_spacing(modality=modality, pixel_spacing=spacing) if spacing else like.spacing,
        modality=Modality(view.rescale_slope or 1.0, view.rescale_intercept, None, view.rescale_type),
        voi=windows or like.voi,
        duration_ms=view.frame_time_ms,
        group=view.group,
        label=view.label,
        thickness_mm=view.thickness_mm,
    )


def _objects_of(study: StudyView) -> Iterator[ObjectDescription]:
    """What is no stack of images, or is one that belongs over others."""
    for series in study.series:
        for instance in series.instances:
            if kind_of(instance.sop_class_uid) is Kind.OTHER and _is_image(instance, series, study):
                continue
            yield ObjectDescription(
                sop_instance_uid=instance.sop_instance_uid,
                sop_class_uid=instance.sop_class_uid,
                series_uid=series.series_uid,
                modality=series.modality,
                title=series.description or class_name(instance.sop_class_uid),
                number=instance.instance_number,
                study_uid=study.row.study_uid,
            )


def _is_image(instance: InstanceView, series: SeriesView, study: StudyView) -> bool:
    try:
        header_of(instance, series, study)
    except UndecodableFrame:
        return False
    return True


def says_more(header: ImageHeader) -> bool:
    """True for headers with facts of their own image that the index does not hold."""
    frame = header.frames[0]
    tables = frame.modality.table is not None or any(isinstance(voi, LookupTable) for voi in frame.voi)
    return bool(header.overlays) or header.shutter is not None or tables


def _comes_whole(instance: InstanceView, series: SeriesView) -> bool:
    """Objects whose facts the index does not hold: several frames, palettes, ultrasound regions, few images."""
    return (
        instance.frames > 1
        or instance.photometric_interpretation == "PALETTE COLOR"
        or series.modality in ("US", "XA", "RF")
        or len(series.instances) <= SMALL_SERIES
    )


def header_of(instance: InstanceView, series: SeriesView, study: StudyView) -> ImageHeader:
    """What the index knows of an image; raises ``UndecodableFrame`` when it has no pixels."""
    fmt = PixelFormat(
        rows=instance.rows,
        columns=instance.columns,
        bits_allocated=instance.bits_allocated,
        bits_stored=instance.bits_stored or instance.bits_allocated,
        # Float and Double Float Pixel Data have no Bits Stored (PS3.3 C.7.6.24).
        floating=instance.bits_stored == 0 and instance.bits_allocated in (32, 64),
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
        frame_of_reference_uid=series.frame_of_reference_uid,
        is_tiled=instance.sop_class_uid == WHOLE_SLIDE,
    )
