"""Structured reports: templates of coded fields, and what a doctor filled into one. Pure value types.

A field is addressed by its *path*: its key, or ``group.item.field`` inside a repeated group, where ``item`` is a number
that never changes while other items come and go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum

import msgspec

MOST_FIELDS = 400
MOST_SECTIONS = 40
MOST_OPTIONS = 200
MOST_ITEMS = 30
MOST_VALUES = 4000
LONGEST_TEXT = 4000
"""Bounds on one template and one filled form."""

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Part(StrEnum):
    """Which text of the report a section writes into."""

    FINDINGS = "findings"
    IMPRESSION = "impression"
    NONE = "none"  # only kept as values


class FieldKind(StrEnum):
    """What a field takes."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"  # one option
    CHOICES = "choices"  # any number of options
    DATE = "date"
    MEASUREMENT = "measurement"  # a number that the viewer may send
    IMAGE = "image"  # key images of the report
    GROUP = "group"  # fields repeated for each item
    CALCULATED = "calculated"  # a formula; nobody types here


class Quantity(StrEnum):
    """What a measurement slot measures; decides which measurements of the viewer fit."""

    ANY = ""
    LENGTH = "length"
    AREA = "area"
    VOLUME = "volume"
    ANGLE = "angle"
    MEAN = "mean"  # mean value of a region: HU, SUV
    TIME = "time"
    RATIO = "ratio"


class Code(msgspec.Struct, frozen=True):
    """A coded concept. `scheme`: the designator of DICOM PS3.16 chapter 8 (RADLEX, SCT, LN, UCUM, DCM, 99MJ local)."""

    scheme: str
    value: str
    meaning: str


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a choice. `words` stand in the sentence (empty: `text`); `score` counts in formulas."""

    key: str
    text: str
    words: str = ""
    code: Code | None = None
    score: float | None = None
    kept: tuple[str, ...] = ()  # as in Field


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a template. Which members count depends on `kind`.

    `formula` of a CALCULATED field is its value; of another field it is what stands there until somebody fills it.
    `prose` is the sentence that the field writes (shared.domain.structured_prose); empty: it writes none of its own.
    """

    key: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    code: Code | None = None
    hint: str = ""
    unit: str = ""  # UCUM
    low: float | None = None
    high: float | None = None
    decimals: int = 0
    options: tuple[Option, ...] = ()
    quantity: Quantity = Quantity.ANY
    target: str = ""  # label of the measurement that belongs here, as the viewer names it
    required: bool = False
    default: str = ""  # text, number, ISO date, or option keys divided by blanks
    formula: str = ""
    visible_when: str = ""
    prose: str = ""
    own_line: bool = False  # its sentence starts a paragraph
    fields: tuple[Field, ...] = ()  # of a GROUP
    most: int = 10  # items of a GROUP
    kept: tuple[str, ...] = ()  # "name=value" of an imported file's attributes that mean nothing here; given out again

    def option(self, key: str) -> Option | None:
        """Return the option with `key`."""
        return next((option for option in self.options if option.key == key), None)


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Fields under a title. `prose`, if given, is one sentence of the whole section, before those of its fields."""

    key: str
    title: str
    part: Part = Part.FINDINGS
    code: Code | None = None
    visible_when: str = ""
    prose: str = ""
    fields: tuple[Field, ...] = ()
    kept: tuple[str, ...] = ()  # as in Field


class FormTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A structured report's template, version aside. `identifier` stays the same over versions and exports (MRRT)."""

    title: str
    identifier: str = ""
    description: str = ""
    language: str = "zh-CN"
    exam_types: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    creator: str = ""
    publisher: str = ""
    rights: str = ""
    date: str = ""
    sections: tuple[Section, ...] = ()
    kept: tuple[str, ...] = ()  # as in Field; of the file's head

    def fields(self) -> Iterator[tuple[Section, Field]]:
        """Give every field outside and every GROUP itself, in order."""
        for section in self.sections:
            for field in section.fields:
                yield section, field


# ── what was filled in ───────────────────────────────────────────────────────────────────────────────


class FieldValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in a field: the member that its kind says."""

    text: str = ""
    number: float | None = None  # in the field's unit
    options: tuple[str, ...] = ()
    day: date | None = None
    images: tuple[int, ...] = ()  # key image ids of the report
    instance_uid: str = ""  # where a measurement was drawn
    frame: int = 0  # from 1; 0: not measured on an image


class Sentence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sentence that the form wrote into the prose, and what stands there now.

    `start` counts characters of the flat text (one for each end of a paragraph). `proposed`, if not None, is what the
    form would say now while a hand-edited sentence stands: the doctor chooses.
    """

    key: str
    part: Part
    start: int
    written: str
    standing: str
    proposed: str | None = None

    @property
    def is_edited(self) -> bool:
        """A hand changed the sentence."""
        return self.standing != self.written


class FormContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A filled form, kept with each version of the report's text."""

    template_id: int
    template_version: int
    values: dict[str, FieldValue] = {}  # by path
    items: dict[str, tuple[int, ...]] = {}  # items of each group, in order
    sentences: tuple[Sentence, ...] = ()


class CodedValue(msgspec.Struct, frozen=True, kw_only=True):
    """One answer with its codes, ready for SR, CDA and FHIR: the stable form in which results leave the form.

    `codes` has one entry for each chosen option (with the option's own code or a local one). `number` is in `unit`
    (UCUM). `text` is how a reader sees the value. `group` and `item` (from 1, in order) name the repeated item.
    """

    path: str
    section: str  # title
    part: Part
    kind: FieldKind
    label: str
    name: Code  # the field's code, or a local one (scheme 99MJ)
    text: str
    number: float | None = None
    unit: str = ""
    codes: tuple[Code, ...] = ()
    day: date | None = None
    images: tuple[int, ...] = ()
    group: str = ""  # label of the group
    item: int = 0
    instance_uid: str = ""
    frame: int = 0


LOCAL_SCHEME = "99MJ"
"""Designator of codes made here (DICOM PS3.16 8.2: private designators start with 99)."""


def path_of(group: str, item: int, key: str) -> str:
    """Return the path of a field inside an item of a group."""
    return f"{group}.{item}.{key}"


def split_path(path: str) -> tuple[str, int, str]:
    """Return group, item and key; group empty and item 0 outside groups. Raises ValueError."""
    parts = path.split(".")
    if len(parts) == 1:
        return "", 0, parts[0]
    group, item, key = parts
    return group, int(item), key


def field_at(template: FormTemplate, path: str) -> tuple[Section, Field] | None:
    """Return the field that a path names, or None."""
    try:
        group, _item, key = split_path(path)
    except ValueError:
        return None
    for section, field in template.fields():
        if not group and field.key == key:
            return section, field
        if group and field.key == group:
            for inner in field.fields:
                if inner.key == key:
                    return section, inner
    return None
