"""Marks: what readers measured and annotated on the images of a study, kept for each author, shown to all."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission

MOST_MARKS = 5_000
"""Of one author on one study."""


class MarkPlane(msgspec.Struct, frozen=True, kw_only=True):
    """A plane in the patient (LPS, mm): centre of its first pixel, unit directions along a row and down a column."""

    frame_of_reference_uid: str
    origin: tuple[float, float, float]
    row: tuple[float, float, float]
    column: tuple[float, float, float]
    row_spacing_mm: float
    column_spacing_mm: float


class MarkFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One number that a mark measures: length, angle, area, mean, sd, minimum, maximum or value, with its unit."""

    what: str
    value: float
    unit: str


class StoredMark(msgspec.Struct, frozen=True, kw_only=True):
    """One mark. Points are (column, row) with whole numbers at pixel centres, on a frame or on a plane in space."""

    uid: str
    kind: str
    points: tuple[tuple[float, float], ...]
    sop_instance_uid: str = ""  # empty: on `plane`
    frame: int = 0  # from 0
    plane: MarkPlane | None = None
    name: str = ""
    text: str = ""
    colour: str = ""  # #rrggbb; empty: the standard
    font_px: int = 0  # 0: the standard
    made_at: str = ""  # ISO 8601, UTC
    lines: tuple[str, ...] = ()  # the values as they stood beside it
    figures: tuple[MarkFigure, ...] = ()


class ShownImage(msgspec.Struct, frozen=True, kw_only=True):
    """How the author saw an image when saving: window, inversion, turn, part of the image."""

    sop_instance_uid: str
    frame: int = 0
    window_centre: float | None = None
    window_width: float | None = None
    inverted: bool = False
    rotation: int = 0  # clockwise, before the flip: 0, 90, 180, 270 (PS3.3 C.10.6)
    flipped: bool = False  # left to right
    left: int = 0  # part of the image that was seen: columns and rows from 1, 0: all of it
    top: int = 0
    right: int = 0
    bottom: int = 0


class AuthorMarks(msgspec.Struct, frozen=True, kw_only=True):
    """All marks of one author on one study, the newest version."""

    study_uid: str
    author_id: int
    author_name: str
    is_mine: bool
    version: int
    saved_at: datetime
    marks: tuple[StoredMark, ...]
    shown: tuple[ShownImage, ...] = ()
    archived_version: int = 0  # the newest version that lies in the archive as GSPS and SR


class ListMarks(Query[tuple[AuthorMarks, ...]], frozen=True, kw_only=True):
    """The marks of every author on a study, the oldest author first. Refusals: NOT_FOUND."""

    method = "marks.list"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str


class SaveMarks(Command[AuthorMarks], frozen=True, kw_only=True):
    """Replace the caller's own marks on a study; GSPS and SR of them go into the archive by themselves.

    `version` is the one that the caller has seen, 0 for none. `finished` says that the reader is done: the objects
    are made at once and not after a pause. Refusals: NOT_FOUND, CONFLICT (saved elsewhere meanwhile), INVALID.
    """

    method = "marks.save"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    version: int
    marks: tuple[StoredMark, ...]
    shown: tuple[ShownImage, ...] = ()
    finished: bool = False
