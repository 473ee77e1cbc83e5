"""The optional attributes of studies and series that only queries ask for, packed into one column."""

from __future__ import annotations

from typing import Any

import msgspec

from server.archive.header import EXPLICIT_BIG, IMPLICIT_LITTLE
from server.archive.query_keys import SERIES_DETAILS, STUDY_DETAILS
from server.archive.receive import Received
from server.archive.sequences import items_of
from shared.dicomkit.charsets import decode_text

_MAX_TEXT = 1024
_encode = msgspec.msgpack.Encoder().encode


def of_study(tags: dict[int, bytes], record: Received) -> bytes | None:
    """What the study's first object says beyond the study's columns; None if nothing."""
    return _packed(STUDY_DETAILS, tags, record)


def of_series(tags: dict[int, bytes], record: Received) -> bytes | None:
    """The same for a series."""
    return _packed(SERIES_DETAILS, tags, record)


def _packed(kinds: dict[int, str], tags: dict[int, bytes], record: Received) -> bytes | None:
    character_set = tags.get(0x00080005, b"")
    found: dict[int, Any] = {}
    for tag, kind in kinds.items():
        raw = tags.get(tag)
        if not raw:
            continue
        if kind == "sequence":
            found[tag] = items_of(
                raw,
                explicit=record.transfer_syntax_uid != IMPLICIT_LITTLE,
                big_endian=record.transfer_syntax_uid == EXPLICIT_BIG,
                decode=lambda value: decode_text(value, character_set),
            )
        else:
            found[tag] = decode_text(raw, character_set).strip().replace("\0", "")[:_MAX_TEXT]
    found = {tag: value for tag, value in found.items() if value}
    return _encode(found) if found else None
