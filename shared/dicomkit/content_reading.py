"""Structured reports of any kind as a tree to read: names, values, codes, references (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.imaging.values import code_of, first_of, items_of, numbers_of, text_of

MAX_ITEMS = 100_000
MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Reference:
    """An image, waveform or other object that an item speaks of; frames from 0, empty for all."""

    sop_class_uid: str
    sop_instance_uid: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A shape of SCOORD (pixels: column and row, 0\\0 the corner of the first pixel) or SCOORD3D (mm, LPS)."""

    kind: str
    values: tuple[float, ...]
    is_3d: bool
    frame_of_reference_uid: str = ""


@dataclass(frozen=True, slots=True)
class ContentItem:
    """One content item. ``value`` is its text for people; ``children`` in order."""

    value_type: (
        str  # CONTAINER, TEXT, CODE, NUM, PNAME, DATETIME, DATE, TIME, UIDREF, IMAGE, COMPOSITE, WAVEFORM, SCOORD…
    )
    relationship: str
    name: str
    name_code: tuple[str, str]
    value: str
    unit: str = ""
    unit_meaning: str = ""
    value_code: tuple[str, str] = ("", "")
    reference: Reference | None = None
    coordinates: Coordinates | None = None
    children: tuple[ContentItem, ...] = field(default=())

    def walk(self) -> Iterator[ContentItem]:
        """This item and all below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Report:
    """A structured report or key object document."""

    title: str
    title_code: tuple[str, str]
    sop_class_uid: str
    completion: str  # COMPLETE, PARTIAL
    verification: str  # VERIFIED, UNVERIFIED
    verified_by: tuple[str, ...]
    content_date: str
    content_time: str
    template: str
    root: ContentItem
    is_cut: bool = False  # there were more items than the limit

    @property
    def references(self) -> tuple[Reference, ...]:
        """Objects that items of the document name, each once, in reading order."""
        found: dict[Reference, None] = {}
        for item in self.root.walk():
            if item.reference is not None:
                found.setdefault(item.reference)
        return tuple(found)


def report_of(ds: Any) -> Report:
    """Read a document; items that contradict themselves keep what can be read. Never raises for a parsed data set."""
    budget = [MAX_ITEMS]
    value, scheme, title = code_of(ds, "ConceptNameCodeSequence")
    template = first_of(ds, "ContentTemplateSequence")
    root = ContentItem(
        value_type="CONTAINER",
        relationship="",
        name=title,
        name_code=(value, scheme),
        value="",
        children=_children(ds, budget, 0),
    )
    observers = [
        " ".join(p for p in (text_of(o, "VerifyingObserverName"), text_of(o, "VerifyingOrganization")) if p)
        for o in items_of(ds, "VerifyingObserverSequence")
    ]
    return Report(
        title=title,
        title_code=(value, scheme),
        sop_class_uid=text_of(ds, "SOPClassUID"),
        completion=text_of(ds, "CompletionFlag"),
        verification=text_of(ds, "VerificationFlag"),
        verified_by=tuple(observers),
        content_date=text_of(ds, "ContentDate"),
        content_time=text_of(ds, "ContentTime"),
        template=text_of(template, "TemplateIdentifier") if template is not None else "",
        root=root,
        is_cut=budget[0] <= 0,
    )


def _children(item: Any, budget: list[int], depth: int) -> tuple[ContentItem, ...]:
    if depth >= MAX_DEPTH:
        budget[0] = 0
        return ()
    found = []
    for child in items_of(item, "ContentSequence"):
        if budget[0] <= 0:
            break
        budget[0] -= 1
        found.append(_item(child, budget, depth + 1))
    return tuple(found)


def _item(item: Any, budget: list[int], depth: int) -> ContentItem:
    kind = text_of(item, "ValueType")
    value, scheme, name = code_of(item, "ConceptNameCodeSequence")
    text, unit, unit_meaning, value_code = _value(item, kind)
    return ContentItem(
        value_type=kind,
        relationship=text_of(item, "RelationshipType"),
        name=name or value,
        name_code=(value, scheme),
        value=text,
        unit=unit,
        unit_meaning=unit_meaning,
        value_code=value_code,
        reference=_reference(item),
        coordinates=_coordinates(item, kind),
        children=_children(item, budget, depth),
    )


_TEXT_KEYWORDS = {"TEXT": "TextValue", "PNAME": "PersonName", "DATETIME": "DateTime", "DATE": "Date", "TIME": "Time",
                  "UIDREF": "UID"}  # fmt: skip


def _value(item: Any, kind: str) -> tuple[str, str, str, tuple[str, str]]:
    if kind == "CODE":
        value, scheme, meaning = code_of(item, "ConceptCodeSequence")
        return meaning or value, "", "", (value, scheme)
    if kind == "NUM":
        measured = first_of(item, "MeasuredValueSequence")
        if measured is None:
            _, _, why = code_of(item, "NumericValueQualifierCodeSequence")
            return why, "", "", ("", "")
        unit, scheme, meaning = code_of(measured, "MeasurementUnitsCodeSequence")
        shown = "" if unit in ("1", "{ratio}", "no units") else unit
        return text_of(measured, "NumericValue"), shown, meaning, (unit, scheme)
    keyword = _TEXT_KEYWORDS.get(kind)
    if kind == "TEXT":
        return _lines(item), "", "", ("", "")
    return (text_of(item, keyword) if keyword else ""), "", "", ("", "")


def _lines(item: Any) -> str:
    try:
        value = str(item.get("TextValue") or "")
    except Exception:  # noqa: BLE001 - pydicom raises many classes for wrong values
        return ""
    return value.replace("\r\n", "\n").replace("\r", "\n").strip(" \0")


def _reference(item: Any) -> Reference | None:
    sop = first_of(item, "ReferencedSOPSequence")
    if sop is None:
        return None
    uid = text_of(sop, "ReferencedSOPInstanceUID")
    if not uid:
        return None
    frames = tuple(int(n) - 1 for n in numbers_of(sop, "ReferencedFrameNumber"))
    return Reference(text_of(sop, "ReferencedSOPClassUID"), uid, frames)


def _coordinates(item: Any, kind: str) -> Coordinates | None:
    if kind not in ("SCOORD", "SCOORD3D"):
        return None
    return Coordinates(
        kind=text_of(item, "GraphicType"),
        values=numbers_of(item, "GraphicData"),
        is_3d=kind == "SCOORD3D",
        frame_of_reference_uid=text_of(item, "ReferencedFrameOfReferenceUID"),
    )
