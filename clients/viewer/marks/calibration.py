"""Calibration by hand: a length of known size on an image whose own millimetres are not those of the patient. No Qt."""

from __future__ import annotations

from dataclasses import replace

from clients.kit.translations import tr
from clients.viewer.marks.model import Kind, Mark
from clients.viewer.session import ViewerSession
from clients.viewer.study import Stack
from clients.viewer.undo import Step
from shared.imaging.geometry import Spacing, SpacingSource
from shared.imaging.header import ImageHeader
from shared.imaging.shapes import in_mm, length

TRUE = (SpacingSource.PATIENT, SpacingSource.REGION)
"""Millimetres that a reader must not change."""


def _selected(session: ViewerSession) -> tuple[Mark, Stack, ImageHeader] | None:
    mark = session.marks.selected
    if mark is None or mark.kind is not Kind.LENGTH or mark.frame is None or mark.foreign:
        return None
    for stack in session.stacks:
        index = stack.index_of(mark.frame)
        if index is not None:
            return mark, stack, stack.image(index)
    return None


def _spacing(mark: Mark, image: ImageHeader) -> Spacing:
    frame = min(mark.frame.frame if mark.frame is not None else 0, len(image.frames) - 1)
    return image.spacing_at(frame, mark.points[0])


def problem_of(session: ViewerSession) -> str:
    """Why the selected length cannot calibrate its image, a translated sentence; empty when it can."""
    found = _selected(session)
    if found is None:
        return tr("请先画一段已知长度，并选中它")
    mark, _, image = found
    if _spacing(mark, image).source in TRUE:
        return tr("这幅图像的毫米数来自设备，是患者体内的真实尺寸，不需要校准")
    return ""


def calibrate(session: ViewerSession, mm: float) -> None:
    """Scale the spacing of the image so that the selected length has ``mm``; one step to undo.

    The spacing becomes `SpacingSource.CALIBRATED`, which every length says. Nothing happens where `problem_of` speaks.
    """
    found = _selected(session)
    if found is None or problem_of(session) or not mm > 0:
        return
    mark, stack, image = found
    now = _spacing(mark, image)
    drawn = length(*in_mm(mark.points, now))
    if drawn <= 0:
        return
    factor = mm / drawn

    def scaled(spacing: Spacing) -> Spacing:
        return Spacing(spacing.row_mm * factor, spacing.column_mm * factor, SpacingSource.CALIBRATED)

    frames = tuple(replace(frame, spacing=scaled(frame.spacing)) for frame in image.frames)
    session.undo.run(
        Step("校准", lambda: _put(session, stack, replace(image, frames=frames)), lambda: _put(session, stack, image))
    )


def _put(session: ViewerSession, stack: Stack, image: ImageHeader) -> None:
    stack.refine(image)
    for key in stack.frames:
        if key.sop_instance_uid == image.sop_instance_uid:
            session.marks.changed.emit(key)
