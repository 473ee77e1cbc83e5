"""Reading Hanging Protocol objects: our own exactly, those of others as far as they are understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from shared.contract.hanging import MOST_CELLS, MOST_SETS, Cell, Condition, Definition, ImageSet, Protocol, Step
from shared.dicomkit import uids
from shared.dicomkit.hanging_protocol import (
    PLANES,
    PRIVATE_CREATOR,
    PRIVATE_GROUP,
    SELECTORS,
    STORAGE,
    VOI_TYPES,
    fault_of,
)
from shared.imaging.values import first_of, items_of, number_of, numbers_of, strings_of, text_of

_LEVELS = {"SINGLE_USER": "user", "USER_GROUP": "group", "SITE": "site", "MANUFACTURER": "site"}
_MOST_DISPLAYS = 512
_IGNORED = (
    "ReformattingOperationType", "ThreeDRenderingType", "BlendingOperationType", "PseudoColorType",
    "DisplaySetVerticalJustification", "ShowGraphicAnnotationFlag",
)  # fmt: skip


class NotHanging(ValueError):
    """The object is no hanging protocol that can be used; the text is a Chinese source sentence."""


@dataclass(frozen=True, slots=True)
class ReadProtocol:
    """A protocol, and what of its object was not understood: DICOM keywords with their values, each once."""

    protocol: Protocol
    not_understood: tuple[str, ...] = ()


def read_protocol(ds: Any, *, use_private: bool = True) -> ReadProtocol:
    """The protocol of an object. Raises :class:`NotHanging`."""
    if text_of(ds, "SOPClassUID") != STORAGE:
        raise NotHanging("这个文件不是 DICOM 挂片方案。")
    own = _own(ds) if use_private else None
    if own is not None:
        return ReadProtocol(own)
    return _Foreign(ds).read()


def _own(ds: Any) -> Protocol | None:
    """What our private block says; None when there is none, or none that can be trusted."""
    try:
        text = ds.private_block(PRIVATE_GROUP, PRIVATE_CREATOR)[1].value
        protocol = msgspec.json.decode(str(text), type=Protocol)
    except (KeyError, msgspec.DecodeError, TypeError, AttributeError):
        return None
    return protocol if not fault_of(protocol) and uids.is_valid(protocol.uid) else None


class _Foreign:
    """Reads the standard attributes; notes what has no counterpart here."""

    def __init__(self, ds: Any) -> None:
        self._ds = ds
        self._notes: dict[str, None] = {}
        self._sets: list[ImageSet] = []

    def read(self) -> ReadProtocol:
        ds = self._ds
        sets, places = self._image_sets()
        self._sets = sets
        steps = self._steps(places)
        uid = text_of(ds, "SOPInstanceUID")
        protocol = Protocol(
            uid=uid if uids.is_valid(uid) else uids.new_uid(),
            name=(text_of(ds, "HangingProtocolDescription") or text_of(ds, "HangingProtocolName"))[:64] or "—",
            definitions=self._definitions(),
            sets=tuple(self._sets),
            steps=tuple(steps),
            level=_LEVELS.get(text_of(ds, "HangingProtocolLevel"), "user"),
            group=text_of(ds, "HangingProtocolUserGroupName")[:64],
            creator=text_of(ds, "HangingProtocolCreator")[:64],
            description=text_of(ds, "HangingProtocolDescription")[:256],
            priors=min(max((one.age for one in self._sets), default=0), 9),
            screens=2 if len(items_of(ds, "NominalScreenDefinitionSequence")) > 1 else 1,
        )
        fault = fault_of(protocol)
        if fault:
            raise NotHanging(fault)
        return ReadProtocol(protocol, tuple(self._notes))

    def _note(self, words: str) -> None:
        if len(self._notes) < 64:
            self._notes[words[:80]] = None

    def _definitions(self) -> tuple[Definition, ...]:
        found = []
        for item in items_of(self._ds, "HangingProtocolDefinitionSequence")[:32]:
            regions = [text_of(one, "CodeMeaning").lower()[:64] for one in items_of(item, "AnatomicRegionSequence")[:8]]
            words = [text_of(one, "CodeMeaning")[:64] for one in items_of(item, "ProcedureCodeSequence")[:8]]
            if items_of(item, "ReasonForRequestedProcedureCodeSequence"):
                self._note("ReasonForRequestedProcedureCodeSequence")
            modality = text_of(item, "Modality")
            found.append(
                Definition(
                    modalities=(modality,) if modality else (),
                    body_parts=tuple(filter(None, regions)),
                    side=text_of(item, "Laterality"),
                    words=tuple(filter(None, words)),
                )
            )
        return tuple(found)

    def _image_sets(self) -> tuple[list[ImageSet], dict[int, int]]:
        """Our image sets, and their indices by Image Set Number."""
        sets: list[ImageSet] = []
        places: dict[int, int] = {}
        for item in items_of(self._ds, "ImageSetsSequence")[:64]:
            conditions = [
                condition
                for one in items_of(item, "ImageSetSelectorSequence")[:32]
                if (condition := self._condition(one)) is not None
            ]
            for time in items_of(item, "TimeBasedImageSetsSequence")[:8]:
                if len(sets) < 64:
                    places[int(number_of(time, "ImageSetNumber") or 0)] = len(sets)
                    name = text_of(time, "ImageSetLabel")[:64] or f"{len(sets) + 1}"
                    sets.append(ImageSet(name=name, conditions=tuple(conditions), age=self._age(time)))
        return sets, places

    def _age(self, time: Any) -> int:
        prior = numbers_of(time, "AbstractPriorValue")
        if prior:
            return 9 if prior[0] < 0 else min(int(prior[0]), 9)
        span = numbers_of(time, "RelativeTime")
        if span and any(span):
            self._note(f"RelativeTime={text_of(time, 'RelativeTime')} {text_of(time, 'RelativeTimeUnits')}")
            return 1
        return 0

    def _condition(self, item: Any) -> Condition | None:
        tag = _tag(item, "SelectorAttribute")
        for attribute, (known, _, keyword) in SELECTORS.items():
            values = tuple(value[:64] for value in strings_of(item, keyword)[:64] if value)
            if tag == known and values:
                return Condition(attribute=attribute, values=values)
        self._note(f"SelectorAttribute={_tag_words(item)}")
        return None

    def _steps(self, places: dict[int, int]) -> list[Step]:
        groups: dict[int, list[Any]] = {}
        for item in items_of(self._ds, "DisplaySetsSequence")[:_MOST_DISPLAYS]:
            groups.setdefault(int(number_of(item, "DisplaySetPresentationGroup") or 1), []).append(item)
        linked = self._linked()
        steps = []
        for group in sorted(groups)[:32]:
            step = self._step(groups[group], places, linked)
            if step is not None:
                steps.append(step)
        return steps

    def _step(self, items: list[Any], places: dict[int, int], linked: dict[int, int]) -> Step | None:
        placed: list[tuple[float, float, Cell]] = []
        for item in items:
            box = first_of(item, "ImageBoxesSequence")
            position = numbers_of(box, "DisplayEnvironmentSpatialPosition") if box is not None else ()
            image_set = places.get(int(number_of(item, "ImageSetNumber") or 0), -1)
            if len(position) != 4 or image_set < 0:
                self._note("ImageBoxesSequence")
                continue
            if text_of(box, "ImageBoxLayoutType") not in ("STACK", "SINGLE", ""):
                self._note(f"ImageBoxLayoutType={text_of(box, 'ImageBoxLayoutType')}")
            placed.append((position[0], position[1], self._cell(item, image_set, linked)))
        if not placed:
            return None
        lefts = sorted({round(x, 3) for x, _, _ in placed})
        tops = sorted({round(y, 3) for _, y, _ in placed}, reverse=True)
        name = next((t for item in items if (t := text_of(item, "DisplaySetPresentationGroupDescription"))), "")
        if len(lefts) * len(tops) > MOST_CELLS:  # an uneven wall: as many as fit, in the order of reading
            if len(placed) > MOST_CELLS:
                self._note(f"DisplaySetsSequence: {len(placed)} > {MOST_CELLS}")
            kept = [cell for _, _, cell in sorted(placed, key=lambda one: (-one[1], one[0]))][:MOST_CELLS]
            columns = 3 if len(kept) > 4 else 2
            rows = -(-len(kept) // columns)
            kept += [Cell(image_set=-1)] * (columns * rows - len(kept))
            return Step(name=name[:64], columns=columns, rows=rows, cells=tuple(kept))
        cells = [Cell(image_set=-1)] * (len(lefts) * len(tops))
        for x, y, cell in placed:
            cells[tops.index(round(y, 3)) * len(lefts) + lefts.index(round(x, 3))] = cell
        return Step(name=name[:64], columns=len(lefts), rows=len(tops), cells=tuple(cells))

    def _cell(self, item: Any, image_set: int, linked: dict[int, int]) -> Cell:
        for keyword in _IGNORED:
            if text_of(item, keyword):
                self._note(f"{keyword}={text_of(item, keyword)}")
        image_set = self._filtered(item, image_set)
        orientation = strings_of(item, "DisplaySetPatientOrientation")
        justify = text_of(item, "DisplaySetHorizontalJustification").lower()
        voi = text_of(item, "VOIType")
        window = next((key for key, word in VOI_TYPES.items() if word == voi), "")
        if voi and not window:
            self._note(f"VOIType={voi}")
        return Cell(
            image_set=image_set,
            window=window,
            inverted=text_of(item, "ShowGrayscaleInverted") == "YES",
            orientation=(orientation[0], orientation[1]) if len(orientation) == 2 else ("", ""),
            justify=justify if justify in ("left", "right") else "",
            zoom="actual" if text_of(item, "ShowImageTrueSizeFlag") == "YES" else "fit",
            sort=self._sort(item),
            link=linked.get(int(number_of(item, "DisplaySetNumber") or 0), 0),
        )

    def _filtered(self, item: Any, image_set: int) -> int:
        """The image set narrowed by the filters of a display set: an index of one that may be new."""
        known = {word: plane for plane, word in PLANES.items()}
        base = self._sets[image_set]
        conditions = list(base.conditions)
        for one in items_of(item, "FilterOperationsSequence")[:16]:
            values = [known[word] for word in strings_of(one, "SelectorCSValue") if word in known]
            if text_of(one, "FilterByCategory") == "IMAGE_PLANE" and values:
                conditions.append(Condition(attribute="plane", values=tuple(values)))
            else:
                words = text_of(one, "FilterByCategory") or _tag_words(one)
                self._note(f"FilterOperationsSequence: {words} {text_of(one, 'SelectorCSValue')}".rstrip())
        narrowed = msgspec.structs.replace(base, conditions=tuple(dict.fromkeys(conditions)))
        if narrowed in self._sets:
            return self._sets.index(narrowed)
        if len(self._sets) >= MOST_SETS:
            return image_set
        self._sets.append(narrowed)
        return len(self._sets) - 1

    def _sort(self, item: Any) -> str:
        sorting = first_of(item, "SortingOperationsSequence")
        if sorting is None:
            return ""
        category = text_of(sorting, "SortByCategory")
        if text_of(sorting, "SortingDirection") == "DECREASING":
            self._note("SortingDirection=DECREASING")
        if _tag(sorting, "SelectorAttribute") == 0x00200013:
            return "number"
        return {"ALONG_AXIS": "place", "BY_ACQ_TIME": "time"}.get(category, "")

    def _linked(self) -> dict[int, int]:
        """Number of the linked group by Display Set Number."""
        found: dict[int, int] = {}
        for n, item in enumerate(items_of(self._ds, "SynchronizedScrollingSequence")[:64], 1):
            for number in numbers_of(item, "DisplaySetScrollingGroup")[:_MOST_DISPLAYS]:
                found[int(number)] = n
        return found


def _tag(item: Any, keyword: str) -> int:
    """An attribute tag (AT) as number; 0 where there is none."""
    try:
        return int(item.get(keyword) or 0)
    except (TypeError, ValueError, AttributeError):
        return 0


def _tag_words(item: Any) -> str:
    from pydicom.datadict import keyword_for_tag

    tag = _tag(item, "SelectorAttribute")
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
