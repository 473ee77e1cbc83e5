"""Coded and measured values of a report as content items: answers of forms, measurements of the viewer (TID 300)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.dicomkit import content_items as items
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import InstanceReference

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

COMMENT = Code("121106", "DCM", "Comment")
SOURCE_OF_MEASUREMENT = Code("121112", "DCM", "Source of Measurement")
LOCAL_SCHEME = "99MJ"
_LENGTH = Code("410668003", "SCT", "Length")
_AREA = Code("42798000", "SCT", "Area")
_VOLUME = Code("118565006", "SCT", "Volume")
_QUANTITIES = {
    "mm": _LENGTH,
    "cm": _LENGTH,
    "mm2": _AREA,
    "cm2": _AREA,
    "mm3": _VOLUME,
    "cm3": _VOLUME,
    "ml": _VOLUME,
    "mL": _VOLUME,
    "deg": Code("1483009", "SCT", "Angle"),
    "[hnsf'U]": Code("112031", "DCM", "Attenuation Coefficient"),
}
_UNITS = {
    "mm": "millimeter",
    "cm": "centimeter",
    "mm2": "square millimeter",
    "cm2": "square centimeter",
    "mm3": "cubic millimeter",
    "cm3": "cubic centimeter",
    "deg": "degree",
    "[hnsf'U]": "Hounsfield unit",
    "%": "percent",
    "1": "no units",
}
_SPELLED = {"HU": "[hnsf'U]", "°": "deg", "": "1"}


@dataclass(frozen=True)
class ReportedValue:
    """One value: `number` in `unit` (UCUM), or `codes`, or only `text`, which is how a reader sees it.

    `part` is "findings" or "impression". `group` names what it belongs to ("结节 1"). `image` is where it was measured.
    """

    name: Code
    label: str
    text: str = ""
    number: float | None = None
    unit: str = ""
    codes: tuple[Code, ...] = ()
    part: str = "findings"
    group: str = ""
    image: InstanceReference | None = None


def local_code(words: str) -> Code:
    """A code of our own for words that have none: the same for the same words (PS3.16 8.2)."""
    digest = hashlib.sha256(words.encode()).hexdigest()[:12].upper()
    return Code(f"MJ{digest}", LOCAL_SCHEME, words[:64] or "-")


def local_scheme() -> Dataset:
    """What our own codes are (Coding Scheme Identification Sequence, PS3.3 C.12.1.1.6)."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodingSchemeDesignator = LOCAL_SCHEME
    item.CodingSchemeName = "Mingjing local codes"
    item.CodingSchemeResponsibleOrganization = "Mingjing"
    return item


def quantity(unit: str, label: str) -> Code:
    """What a number in `unit` measures, where that is known; else a local code of the label."""
    return _QUANTITIES.get(ucum(unit)) or local_code(label)


def ucum(unit: str) -> str:
    """The UCUM code of a unit as viewers spell it; no unit is 1."""
    return _SPELLED.get(unit, unit)


def unit_code(unit: str) -> Code:
    """The unit as a concept (PS3.16 CID 82)."""
    value = ucum(unit)
    return Code(value[:16], "UCUM", _UNITS.get(value, value))


def values_in(values: Iterable[ReportedValue], part: str) -> list[Dataset]:
    """Content items of one part of the report, in order; a value without code, number and text gives none."""
    return [made for value in values if value.part == part for made in _value(value)]


def _value(value: ReportedValue) -> list[Dataset]:
    label = f"{value.group} {value.label}".strip()
    notes = [items.text(COMMENT, label, items.HAS_PROPERTIES)] if label and label != value.name.meaning else []
    source = [items.image(value.image, items.INFERRED_FROM, SOURCE_OF_MEASUREMENT)] if value.image is not None else []
    if value.number is not None:
        return [items.number(value.name, value.number, unit_code(value.unit), [*notes, *source])]
    if value.codes:
        return [items.coded(value.name, code, children=[*notes, *source]) for code in value.codes]
    return [items.text(value.name, value.text, children=[*notes, *source])] if value.text else []
