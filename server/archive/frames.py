"""Geometry and values of each frame of a multi-frame object, out of its header (PS3.3 C.7.6.16)."""

from __future__ import annotations

from typing import Any

from server.kernel.errors import Refusal
from shared.contract.archive import FramesView, FrameView
from shared.contract.errors import ErrorCode


def frames_of(header: bytes, sop_instance_uid: str) -> FramesView:
    """What each frame says; one entry when all say the same. Raises the NO_IMAGES refusal.

    `header` is the DICOM file up to its pixel data.
    """
    import warnings
    from io import BytesIO

    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    from shared.imaging.codecs import ImpossibleFormat
    from shared.imaging.header import image_header

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = image_header(dcmread(BytesIO(header), force=True))
    except (ImpossibleFormat, InvalidDicomError, ValueError, KeyError, AttributeError) as fault:
        raise Refusal(ErrorCode.NO_IMAGES, "该对象不含图像，或其头信息已损坏。") from fault
    views = tuple(_frame(one) for one in read.frames)
    alike = all(view == views[0] for view in views)
    return FramesView(sop_instance_uid=sop_instance_uid, count=len(views), frames=views[:1] if alike else views)


def _frame(frame: Any) -> FrameView:
    from shared.imaging.lut import Window

    plane, modality = frame.plane, frame.modality
    windows = [one for one in frame.voi if isinstance(one, Window)]
    spacing = None
    if frame.spacing.is_known:
        spacing = (float(frame.spacing.row_mm), float(frame.spacing.column_mm))
    return FrameView(
        pixel_spacing=spacing,
        image_position=None if plane is None else _three(plane.origin),
        image_orientation=None if plane is None else (*_three(plane.row_direction), *_three(plane.column_direction)),
        rescale_slope=modality.slope,
        rescale_intercept=modality.intercept,
        rescale_type=modality.unit,
        has_modality_table=modality.table is not None,
        window_center=tuple(one.centre for one in windows),
        window_width=tuple(one.width for one in windows),
        frame_time_ms=frame.duration_ms,
        group=frame.group,
        label=frame.label,
        thickness_mm=frame.thickness_mm,
    )


def _three(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return (x, y, z)
