"""References to other objects inside of documents, presentation states and segmentations, after those were moved.

A reference names study, series and instance. Where the index has an instance under another study or series now, the
lists are grouped anew; everything else in them stays. PS3.3 C.17.2.1, C.11.11, C.12.1.2, 10.3 and table 10-4.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Collection, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from server.archive.corrections.elements import Encoding
from server.archive.corrections.rewriting import EXPLICIT_LITTLE
from server.archive.header import DEFLATED, DamagedHeader, inflated

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Whereabouts = Callable[[Collection[str]], Mapping[str, tuple[str, str]]]
"""SOP Instance UIDs → study and series where they are now; unknown ones are left out."""

_BY_STUDY = (0x0040A375, 0x0040A385, 0x0040A525)  # evidence: study, series, instances
_SERIES, _INSTANCES, _ELSEWHERE = 0x00081115, 0x00081199, 0x00081200
_IMAGES = 0x00081140  # Referenced Image Sequence, in presentation states
_TAGS = (*_BY_STUDY, _SERIES, _ELSEWHERE)
_STUDY_UID, _SERIES_UID, _SOP_UID = 0x0020000D, 0x0020000E, 0x00081155


def may_refer(sop_class_uid: str) -> bool:
    """Documents, key objects, presentation states, segmentations, plans: objects that name other series."""
    heads = (
        "1.2.840.10008.5.1.4.1.1.88.",  # structured reports, key objects
        "1.2.840.10008.5.1.4.1.1.11.",  # presentation states
        "1.2.840.10008.5.1.4.1.1.66.",  # registrations, segmentations
        "1.2.840.10008.5.1.4.1.1.104.",  # encapsulated documents
        "1.2.840.10008.5.1.4.1.1.30",  # parametric maps
    )
    return sop_class_uid.startswith(heads)


def moved_references(
    data: memoryview, transfer_syntax_uid: str, study_uid: str, whereabouts: Whereabouts
) -> dict[int, bytes]:
    """The reference sequences of an object of `study_uid` that must change, by tag: their items, encoded as its own.

    Empty when all references are right, or when they cannot be read (then nothing is said wrongly that was not before).
    """
    if transfer_syntax_uid in DEFLATED:
        return moved_references(memoryview(inflated(data)), EXPLICIT_LITTLE, study_uid, whereabouts)
    for encoding in Encoding.candidates(transfer_syntax_uid):
        try:
            found = {e.tag: e for e in encoding.elements(data, 0, len(data)) if e.tag in (*_TAGS, 0x00080005)}
        except (DamagedHeader, struct.error):
            continue
        wanted = [tag for tag in _TAGS if tag in found]
        if not wanted:
            return {}
        cut = b"".join(bytes(data[e.start : e.stop]) for e in sorted(found.values()))
        return _regrouped(_read(cut, encoding), encoding, study_uid, whereabouts)
    return {}


def _read(data: bytes, encoding: Encoding) -> Dataset:
    from pydicom.filereader import read_dataset

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values are kept as they are
        return read_dataset(BytesIO(data), not encoding.explicit, not encoding.big)


def _regrouped(dataset: Dataset, encoding: Encoding, study_uid: str, whereabouts: Whereabouts) -> dict[int, bytes]:
    now = whereabouts(_named(dataset))
    out: dict[int, bytes] = {}
    for tag in _BY_STUDY:
        if tag in dataset:
            items = _studies(list(dataset[tag].value), now)
            if items is not None:
                out[tag] = _written(tag, items, encoding)
    own = list(dataset[_SERIES].value) if _SERIES in dataset else []
    elsewhere = list(dataset[_ELSEWHERE].value) if _ELSEWHERE in dataset else []
    if own or elsewhere:
        here = _study_item(study_uid, own)
        regrouped = _studies([here, *elsewhere], now)
        if regrouped is not None:
            kept = [item for item in regrouped if _uid(item, _STUDY_UID) == study_uid]
            others = [item for item in regrouped if _uid(item, _STUDY_UID) != study_uid]
            series = [one for item in kept for one in _sequence(item, _SERIES)]
            out[_SERIES] = _written(_SERIES, series, encoding)
            out[_ELSEWHERE] = _written(_ELSEWHERE, others, encoding)
            for tag, items in ((_SERIES, series), (_ELSEWHERE, others)):
                if not items and tag not in dataset:
                    del out[tag]
    return out


def _named(dataset: Dataset) -> set[str]:
    found: set[str] = set()

    def look(item: Dataset) -> None:
        for element in item:
            if element.tag == _SOP_UID:
                found.add(str(element.value))
            elif element.VR == "SQ":
                for inner in element.value:
                    look(inner)

    look(dataset)
    return found


def _studies(items: list[Dataset], now: Mapping[str, tuple[str, str]]) -> list[Dataset] | None:
    """Study items grouped by where their instances are; None when they are right as they are."""
    moved = False
    studies: dict[str, Dataset] = {}
    series_of: dict[tuple[str, str], Dataset] = {}
    for item in items:
        study = _uid(item, _STUDY_UID)
        for series in _sequence(item, _SERIES):
            number = _uid(series, _SERIES_UID)
            for tag in (_INSTANCES, _IMAGES):
                for instance in _sequence(series, tag):
                    to_study, to_series = now.get(_uid(instance, _SOP_UID), (study, number))
                    moved = moved or (to_study, to_series) != (study, number)
                    entry = studies.get(to_study)
                    if entry is None:
                        entry = studies[to_study] = _copy_without(item, _SERIES, _STUDY_UID, to_study)
                    target = series_of.get((to_study, to_series))
                    if target is None:
                        target = _copy_without(series, (_INSTANCES, _IMAGES), _SERIES_UID, to_series)
                        series_of[to_study, to_series] = target
                        _append(entry, _SERIES, target)
                    _append(target, tag, instance)
    return list(studies.values()) if moved else None


def _copy_without(item: Dataset, dropped: int | tuple[int, ...], tag: int, uid: str) -> Dataset:
    from pydicom.dataset import Dataset as Made

    tags = dropped if isinstance(dropped, tuple) else (dropped,)
    made = Made()
    for element in item:
        if element.tag not in tags:
            made.add(element)
    made.add_new(tag, "UI", uid)
    return made


def _study_item(uid: str, series: list[Dataset]) -> Dataset:
    from pydicom.dataset import Dataset as Made

    made = Made()
    made.add_new(_STUDY_UID, "UI", uid)
    made.add_new(_SERIES, "SQ", series)
    return made


def _append(item: Dataset, tag: int, child: Dataset) -> None:
    if tag in item:
        item[tag].value.append(child)
    else:
        item.add_new(tag, "SQ", [child])


def _sequence(item: Dataset, tag: int) -> list[Any]:
    return list(item[tag].value or []) if tag in item else []


def _uid(item: Dataset, tag: int) -> str:
    return str(item[tag].value or "") if tag in item else ""


def _written(tag: int, items: list[Dataset], encoding: Encoding) -> bytes:
    """The bytes of the items, without the head of the sequence."""
    from pydicom.dataset import Dataset as Made
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    made = Made()
    made.add_new(tag, "SQ", items)
    made[tag].is_undefined_length = False
    out = DicomBytesIO()
    out.is_implicit_VR = not encoding.explicit
    out.is_little_endian = not encoding.big
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_dataset(out, made)
    return out.getvalue()[12 if encoding.explicit else 8 :]
