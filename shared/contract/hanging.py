"""Hanging protocols: how the images of a study, with its priors, are laid out; kept for a reader or for everybody.

The protocol itself follows PS3.3 C.23: a definition of what it fits, image sets, and display sets in presentation
groups, here called steps. It is plain data; `clients/viewer/hanging` applies it, `shared/dicomkit/hanging_protocol.py`
writes it as an object of PS3.3 A.44.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission

SITE, USER = "site", "user"
LEVELS = (USER, "group", SITE, "maker")
"""Whom a protocol is for, the nearest first; `maker` are those that come with the software."""
ATTRIBUTES = (
    "modality", "body_part", "side", "view", "displaced", "spot", "kind", "plane", "sequence", "contrast", "kernel",
    "cine", "thickness", "images", "words",
)  # fmt: skip
"""What a condition can be about; `clients/viewer/hanging/facts.py` says where each comes from."""
RELATIONS = ("is", "not", "least", "most")
"""One of the values; none of them; a number that is at least, or at most, the value."""
MOST_STEPS, MOST_CELLS, MOST_SETS, MOST_CONDITIONS, MOST_VALUES, MOST_TEXT = 32, 9, 64, 32, 64, 64
MOST_STUDIES = 50
"""Studies whose facts are told at once."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute in a relation to values. For `words` a value is a part of the description, whatever its case."""

    attribute: str
    values: tuple[str, ...]
    relation: str = "is"


class ImageSet(msgspec.Struct, frozen=True, kw_only=True):
    """Which images: those that meet all conditions; of several the one that meets most wishes, then the largest.

    `age` 0 is the study that was opened, 1 the newest prior and so on; `within_days` leaves out older priors, 0: none.
    """

    name: str
    conditions: tuple[Condition, ...]
    wishes: tuple[Condition, ...] = ()
    age: int = 0
    within_days: int = 0


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A display set: one place of a step and how it shows its image set.

    `window` is a key of the viewer's presets, or empty for the image's own. `orientation` is the patient orientation
    that the rows and columns shall have on screen (PS3.3 C.7.6.1.1.1), "auto" that of mammography (PS3.3 C.8.11.7).
    `sort`: number, place, time or empty (the largest series first). `link`: cells with the same
    number page together, 0: alone.
    """

    image_set: int  # index in `Protocol.sets`; -1: stays empty
    first: str = "first"  # first, middle, last
    window: str = ""
    inverted: bool = False
    rotation: int = 0  # clockwise: 0, 90, 180, 270
    flipped: bool = False  # left to right
    orientation: tuple[str, str] = ("", "")
    justify: str = ""  # left, right: the edge of the place at which the image lies
    zoom: str = "fit"  # fit, same (as large as the others that say so, in mm), actual
    sort: str = ""
    rank: int = 0  # which of the images that the set finds, in the order of `sort`
    link: int = 0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One screenful: cells row by row; `second` are those of a second screen."""

    name: str
    columns: int
    rows: int
    cells: tuple[Cell, ...]
    second_columns: int = 0
    second_rows: int = 0
    second: tuple[Cell, ...] = ()


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What studies a protocol fits; empty lists do not count. `words` are parts of the description of the study."""

    modalities: tuple[str, ...]
    body_parts: tuple[str, ...] = ()
    side: str = ""
    words: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """A hanging protocol. Names are in the language of whoever made it; `maker` ones are translated by the viewer."""

    uid: str
    name: str
    definitions: tuple[Definition, ...]
    sets: tuple[ImageSet, ...]
    steps: tuple[Step, ...]
    level: str = USER
    group: str = ""
    creator: str = ""
    description: str = ""
    priors: int = 0  # how many it needs
    screens: int = 1
    least: int = 1  # cells of the first step that must be filled
    needs: tuple[int, ...] = ()  # image sets without which it does not fit


class KeptProtocol(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol as the server keeps it."""

    id: int
    version: int
    protocol: Protocol
    owner_name: str
    is_mine: bool
    saved_at: datetime


class ListProtocols(Query[tuple[KeptProtocol, ...]], frozen=True, kw_only=True):
    """The caller's own protocols and those for everybody, by name."""

    method = "hanging.list"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.ROUTINE


class SaveProtocol(Command[KeptProtocol], frozen=True, kw_only=True):
    """Keep a protocol for the caller (level user) or for everybody (level site, needs FINAL_AUDIT or ADMINISTER).

    `version` is the one that the caller has seen, 0 for a new one. A protocol is known by its UID and level: sharing
    one's own makes a second one. Refusals: INVALID, PERMISSION_MISSING, CONFLICT.
    """

    method = "hanging.save"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.ROUTINE

    protocol: Protocol
    version: int


class DeleteProtocol(Command[Nothing], frozen=True, kw_only=True):
    """Forget a protocol: one's own, or one for everybody with the right to keep them.

    Refusals: NOT_FOUND, PERMISSION_MISSING, CONFLICT.
    """

    method = "hanging.delete"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.ROUTINE

    id: int
    version: int


class ImageTexts(msgspec.Struct, frozen=True, kw_only=True):
    """What the header of one image says, by keyword (shared/dicomkit/hanging_facts.py)."""

    sop_instance_uid: str
    texts: dict[str, str]


class SeriesTexts(msgspec.Struct, frozen=True, kw_only=True):
    """A series: all images of projections (at most 64), of others the middle one."""

    series_uid: str
    modality: str
    number: int | None
    count: int
    images: tuple[ImageTexts, ...]


class StudyTexts(msgspec.Struct, frozen=True, kw_only=True):
    """What hanging must know of a study; `named` tells people which one it is."""

    study_uid: str
    study_date: str  # DA
    description: str
    named: str
    series: tuple[SeriesTexts, ...]


class DescribeForHanging(Query[tuple[StudyTexts, ...]], frozen=True, kw_only=True):
    """Facts of these studies (unknown ones are left out), or of the newest `newest` ones of a modality.

    At most 50 studies. Refusals: INVALID.
    """

    method = "hanging.describe"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    study_uids: tuple[str, ...] = ()
    newest: int = 0
    modality: str = ""
