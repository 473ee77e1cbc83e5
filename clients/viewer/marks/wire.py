"""Marks of the viewer as those of the contract, and back. No Qt."""

from __future__ import annotations

import math
from dataclasses import replace

from clients.viewer.marks.model import Kind, Mark, SpacePlane
from clients.viewer.marks.values import MeasuredValue
from clients.viewer.study import FrameKey
from clients.viewer.viewport.state import ViewportState, as_window
from clients.viewer.viewport.transform import Projection
from shared.contract.marks import AuthorMarks, MarkFigure, MarkPlane, ShownImage, StoredMark
from shared.imaging.geometry import PixelPoint, Plane, PointMm, VectorMm
from shared.imaging.lut import LookupTable, Window


def stored(mark: Mark, value: MeasuredValue) -> StoredMark:
    """A mark with what it measures now."""
    figures = tuple(
        MarkFigure(what=one.what, value=one.value, unit=one.unit) for one in value.figures if math.isfinite(one.value)
    )
    return StoredMark(
        uid=mark.uid,
        kind=mark.kind.value,
        points=tuple((float(p.column), float(p.row)) for p in mark.points),
        sop_instance_uid=mark.key.sop_instance_uid if isinstance(mark.key, FrameKey) else "",
        frame=mark.key.frame if isinstance(mark.key, FrameKey) else 0,
        plane=_plane(mark.key) if isinstance(mark.key, SpacePlane) else None,
        name=mark.name,
        text=mark.text,
        colour=mark.colour,
        font_px=mark.font_px,
        made_at=mark.made_at,
        lines=value.lines,
        figures=figures,
    )


def _plane(space: SpacePlane) -> MarkPlane:
    plane = space.plane
    return MarkPlane(
        frame_of_reference_uid=space.frame_of_reference_uid,
        origin=(plane.origin.x, plane.origin.y, plane.origin.z),
        row=(plane.row_direction.x, plane.row_direction.y, plane.row_direction.z),
        column=(plane.column_direction.x, plane.column_direction.y, plane.column_direction.z),
        row_spacing_mm=plane.row_spacing_mm,
        column_spacing_mm=plane.column_spacing_mm,
    )


def drawn(mark: StoredMark) -> Mark | None:
    """A mark as it was stored, as one's own; None for a kind that this program does not know."""
    if mark.kind not in Kind.__members__.values():
        return None
    kind = Kind(mark.kind)
    points = tuple(PixelPoint(*point) for point in mark.points)
    if kind.points is not None and len(points) != kind.points:
        return None
    key: FrameKey | SpacePlane = FrameKey(mark.sop_instance_uid, mark.frame)
    if mark.plane is not None:
        plane = mark.plane
        key = SpacePlane(
            plane.frame_of_reference_uid,
            Plane(
                PointMm(*plane.origin),
                VectorMm(*plane.row),
                VectorMm(*plane.column),
                plane.row_spacing_mm,
                plane.column_spacing_mm,
            ),
        )
    return Mark(
        0,
        kind,
        key,
        points,
        name=mark.name,
        text=mark.text,
        colour=mark.colour,
        font_px=mark.font_px,
        made_at=mark.made_at,
        uid=mark.uid,
    )


def of_author(said: AuthorMarks) -> list[Mark]:
    """Everything an author drew; another's are foreign."""
    found = [mark for one in said.marks if (mark := drawn(one)) is not None]
    if said.is_mine:
        return found
    return [replace(mark, author=said.author_name, foreign=True) for mark in found]


def shown(state: ViewportState, voi: Window | LookupTable | None, projection: Projection | None) -> ShownImage | None:
    """How a viewport shows its image; None in an empty one.

    DICOM turns first and flips then (PS3.3 C.10.6), the viewer flips first: a turn changes its sign under a flip, and
    upside down is left to right and half a turn.
    """
    key = state.key
    if key is None:
        return None
    geometry = state.geometry
    quarter = round(geometry.rotation_deg / 90) * 90
    turn = quarter + (180 if geometry.flip_vertical else 0)
    flipped = geometry.flip_horizontal != geometry.flip_vertical
    window = as_window(voi) if voi is not None else None
    left, top, right, bottom = _seen(projection) if projection is not None else (0, 0, 0, 0)
    return ShownImage(
        sop_instance_uid=key.sop_instance_uid,
        frame=key.frame,
        window_centre=window.centre if window is not None else None,
        window_width=window.width if window is not None else None,
        inverted=state.inverted,
        rotation=(-turn if flipped else turn) % 360,
        flipped=flipped,
        left=left,
        top=top,
        right=right,
        bottom=bottom,
    )


def _seen(projection: Projection) -> tuple[int, int, int, int]:
    """Columns and rows (from 1) of the image that are in the viewport."""
    from clients.viewer.viewport.transform import Place

    wide, high = projection.width, projection.height
    corners = [projection.image(Place(x, y)) for x, y in ((0, 0), (wide, 0), (wide, high), (0, high))]
    columns, rows = [p.column for p in corners], [p.row for p in corners]
    left, right = max(math.floor(min(columns) + 0.5), 0), min(math.ceil(max(columns) - 0.5), projection.columns - 1)
    top, bottom = max(math.floor(min(rows) + 0.5), 0), min(math.ceil(max(rows) - 0.5), projection.rows - 1)
    if left >= right or top >= bottom:
        return (0, 0, 0, 0)
    return left + 1, top + 1, right + 1, bottom + 1
