"""Pixels of stitched pictures: joints, previews, the full picture as a stack of the viewer or as a file. No Qt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clients.viewer.stitching.model import Item
from clients.viewer.study import FrameKey, Stack
from clients.viewer.volume.views import DERIVED
from shared.imaging.codecs import EXPLICIT_LE, PixelFormat
from shared.imaging.geometry import SliceOrder, Spacing
from shared.imaging.header import FrameHeader
from shared.imaging.lut import Modality, Window
from shared.imaging.stitching import (
    Blending,
    Direction,
    Joint,
    Placement,
    Projection,
    alike,
    compose,
    find_joint,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from clients.viewer.pixels import PixelStore

PREVIEW_SIDE = 1400


@dataclass(frozen=True, eq=False)
class Sources:
    """The images of a state as float32 on the pixels of the first, by their UIDs."""

    images: dict[str, NDArray[Any]]
    spacing_mm: tuple[float, float]
    inverted: bool

    def small(self, scale: float) -> dict[str, NDArray[Any]]:
        """The same on coarser pixels, for previews."""
        import cv2

        made = {}
        for uid, image in self.images.items():
            size = (max(8, round(image.shape[1] * scale)), max(8, round(image.shape[0] * scale)))
            made[uid] = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        return made


def sources_of(items: Sequence[Item], store: PixelStore) -> Sources:
    """The pixels of all images; raises ``NoJoint`` or ValueError while they are missing."""
    read = []
    for item in items:
        pixels = store.of(item.stack)
        frame = pixels.copy_of(item.index)
        if frame is None or frame.ndim != 2:
            raise ValueError("The images are not there yet.")
        read.append(Projection(frame, item.spacing_mm, item.stack.image(item.index).inverted))
    images = alike(read)
    uids = [item.uid for item in items]
    return Sources(dict(zip(uids, images, strict=True)), read[0].spacing_mm, read[0].inverted)


def joints_of(items: Sequence[Item], sources: Sources, direction: Direction) -> tuple[list[Joint], bool]:
    """The joints in this order or, where that fails and the other way round is better, in the reverse: (joints, is)."""
    images = [sources.images[item.uid] for item in items]

    def found(order: Sequence[NDArray[Any]]) -> list[Joint]:
        return [find_joint(order[n], order[n + 1], sources.spacing_mm, direction) for n in range(len(order) - 1)]

    forward = found(images)
    if not any(joint.refused for joint in forward):
        return forward, False
    backward = found(images[::-1])
    if sum(bool(joint.refused) for joint in backward) < sum(bool(joint.refused) for joint in forward):
        return backward, True
    return forward, False


def picture(
    images: dict[str, NDArray[Any]], items: Sequence[Item], blending: Blending, level: bool, scale: float, dark: float
) -> NDArray[Any]:
    """The composed picture at ``scale``."""
    places = [Placement(item.place.row * scale, item.place.column * scale, item.place.rotation_deg) for item in items]
    return compose([images[item.uid] for item in items], places, blending, level=level, background=dark)


def dark_of(sources: Sources) -> float:
    """The value that is shown black where there is no image."""
    if sources.inverted:
        return max(float(image.max()) for image in sources.images.values())
    return min(float(image.min()) for image in sources.images.values())


@dataclass(frozen=True, eq=False)
class Stitched:
    """A picture as a stack of the viewer, and its pixels."""

    stack: Stack
    pixels: NDArray[Any]
    modality: Modality


def stitched_stack(values: NDArray[Any], items: Sequence[Item], name: str, serial: int) -> Stitched:
    """A stack of one image with the pixel size of the first; measurements in mm hold."""
    import numpy as np

    first = items[0]
    model, header = first.stack.image(first.index), first.stack.frame_header(first.index)
    low = min(0.0, float(np.floor(values.min())))
    stored = np.clip(np.rint(values - low), 0, 65535).astype(np.uint16)
    modality = header.modality
    if low:
        modality = replace(modality, intercept=modality.intercept + low * modality.slope)
    rows, columns = stored.shape
    label = f"{name} {serial}" if serial > 1 else name
    uid = f"{DERIVED}stitched:stored:{first.stack.series.series_uid}:{label}"
    spacing: Spacing = header.spacing
    frame = FrameHeader(plane=None, spacing=spacing, modality=modality, voi=header.voi)
    image = replace(
        model,
        sop_instance_uid=uid,
        transfer_syntax=EXPLICIT_LE,
        pixel_format=PixelFormat(rows, columns, 16, 16),
        frames=(frame,),
        padding=None,
        padding_limit=None,
        overlays=(),
        shutter=None,
        regions=(),
        lossy=any(item.stack.image(item.index).lossy for item in items),
    )
    series = replace(first.stack.series, images=(image,))
    stack = Stack(
        study=first.stack.study,
        series=series,
        frames=(FrameKey(uid, 0),),
        order=SliceOrder((0,), None, frozenset()),
        label=label,
        _images={uid: image},
    )
    return Stitched(stack, stored, modality)


def as_object(
    values: NDArray[Any],
    items: Sequence[Item],
    sources: Sources,
    first_header: Dataset,
    *,
    residual_mm: float | None,
    made_at: dt.datetime,
    author: str = "",
) -> Dataset:
    """The derived image for a file. Raises ValueError when it is too large."""
    from clients.viewer.marks.files import _date
    from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts
    from shared.dicomkit.stitched_image import stitched_image

    study = items[0].stack.study
    references = [
        InstanceReference(
            item.stack.study.study_uid,
            item.stack.series.series_uid,
            item.stack.image(item.index).sop_class_uid,
            item.uid,
        )
        for item in items
    ]
    header = items[0].stack.frame_header(items[0].index)
    slope, intercept = header.modality.slope or 1.0, header.modality.intercept
    window = next((voi for voi in header.voi if isinstance(voi, Window)), None)
    made = stitched_image(
        PatientFacts(
            study.patient_id,
            study.patient_name,
            _date(study.patient_birth_date),
            study.patient_sex if study.patient_sex in ("M", "F", "O") else "",
        ),
        StudyFacts(study.study_uid, study.accession_number, "", None, study.description),
        values,
        first_header,
        references,
        spacing_mm=sources.spacing_mm,
        inverted=sources.inverted,
        window=((window.centre - intercept) / slope, window.width / slope) if window is not None else None,
        made_at=made_at,
        residual_mm=residual_mm,
        author=author,
    )
    made.StudyDate, made.StudyTime = study.study_date, study.study_time
    return made
