"""SOP Class Extended Negotiation of query and retrieve (PS3.4 C.5): what a peer asks for, and what we grant.

Application information of C-FIND, byte by byte: 1 relational queries, 2 combined date-time matching, 3 fuzzy semantic
matching of names, 4 timezone query adjustment, 5 enhanced multi-frame image conversion. Of C-MOVE and C-GET: 1
relational retrieval, 2 enhanced multi-frame image conversion.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from server.doors.dicom import pdu, uids

_FIND: Final = frozenset((uids.PATIENT_ROOT_FIND, uids.STUDY_ROOT_FIND))
_RETRIEVE: Final = frozenset((uids.PATIENT_ROOT_MOVE, uids.STUDY_ROOT_MOVE, uids.PATIENT_ROOT_GET, uids.STUDY_ROOT_GET))


@dataclass(frozen=True, slots=True)
class Options:
    """What was agreed for one SOP class."""

    relational: bool = False
    combined_datetime: bool = False
    fuzzy_names: bool = False
    timezone: bool = False


NONE: Final = Options()

_GRANTED: Final = {
    **dict.fromkeys(_FIND, (1, 1, 1, 1, 0)),
    **dict.fromkeys(_RETRIEVE, (1, 0)),
}
"""What we can do, by SOP class and byte: relational queries, combined date-time matching, fuzzy names and timezone
adjustment; relational retrieval. The conversion of enhanced multi-frame images is refused."""


def answer(
    proposed: Collection[pdu.ExtendedNegotiation], accepted: Collection[str]
) -> tuple[tuple[pdu.ExtendedNegotiation, ...], Mapping[str, Options]]:
    """The items for the A-ASSOCIATE-AC and the options by SOP class.

    Items of classes that were not accepted, or that have no extended negotiation here, stay unanswered (PS3.7
    D.3.3.5.2); so do empty ones. Bytes that we do not know are answered with 0, at most as many as the standard has.
    """
    items: dict[str, pdu.ExtendedNegotiation] = {}
    options: dict[str, Options] = {}
    for item in proposed:
        granted = _GRANTED.get(item.sop_class_uid)
        if granted is None or item.sop_class_uid not in accepted or not item.information:
            continue
        agreed = bytes(
            asked & 1 & ours if asked == 1 else 0 for asked, ours in zip(item.information, granted, strict=False)
        )
        items[item.sop_class_uid] = pdu.ExtendedNegotiation(item.sop_class_uid, agreed)
        options[item.sop_class_uid] = _options(item.sop_class_uid, agreed)
    return tuple(items.values()), options


def _options(sop_class: str, agreed: bytes) -> Options:
    padded = agreed.ljust(4, b"\0")
    if sop_class in _FIND:
        return Options(padded[0] == 1, padded[1] == 1, padded[2] == 1, padded[3] == 1)
    return Options(relational=padded[0] == 1 and sop_class in _RETRIEVE)
