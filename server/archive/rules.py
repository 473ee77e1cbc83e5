"""Pure rules of the archive: keys for searching names, the states of matching a study to an exam."""

from __future__ import annotations

import unicodedata
from enum import StrEnum


class MatchState(StrEnum):
    """How a study stands to the exams."""

    PENDING = "pending"  # not asked yet, or asked again after new images
    MATCHED = "matched"  # found by accession number or worklist UID
    UNMATCHED = "unmatched"  # no exam; asked again from time to time
    BY_HAND = "by_hand"  # matched by a person: never changed by itself
    REFUSED = "refused"  # taken off its exam by a person: never matched by itself
    NOT_OURS = "not_ours"  # objects without patient: no exam is looked for


AUTOMATIC = frozenset({MatchState.PENDING, MatchState.UNMATCHED})
"""States in which the archive looks for an exam by itself."""


NON_PATIENT_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.38.1",  # Hanging Protocol
        "1.2.840.10008.5.1.4.39.1",  # Color Palette
        "1.2.840.10008.5.1.4.43.1",  # Generic Implant Template
        "1.2.840.10008.5.1.4.44.1",  # Implant Assembly Template
        "1.2.840.10008.5.1.4.45.1",  # Implant Template Group
        "1.2.840.10008.5.1.4.1.1.200.1",  # CT Defined Procedure Protocol
        "1.2.840.10008.5.1.4.1.1.200.3",  # Protocol Approval
        "1.2.840.10008.5.1.4.1.1.200.7",  # XA Defined Procedure Protocol
        "1.2.840.10008.5.1.4.1.1.201.1",  # Inventory
    }
)
"""Objects that belong to no patient, study or series (PS3.4 GG, table GG.3-1)."""


def search_key(text: str) -> str:
    """A name folded for comparing: no case, no accents, one width, single spaces, no empty components at the end.

    PS3.4 C.2.2.2.1 leaves case and accents of person names to the archive; being generous finds the patient.
    """
    if text.isascii():
        folded = text.casefold()
    else:
        decomposed = unicodedata.normalize("NFKD", text)
        kept = "".join(c for c in decomposed if not ("\u0300" <= c <= "\u036f"))
        folded = unicodedata.normalize("NFC", kept).casefold()
    return "^".join(" ".join(component.split()) for component in folded.split("^")).rstrip("^")


def joined(values: str, more: str) -> str:
    """A sorted set in a text separated by backslashes, with one more member."""
    found = {value for value in values.split("\\") if value}
    if more:
        found.add(more)
    return "\\".join(sorted(found))


def number_of(text: str) -> int | None:
    """An IS value as a number, None for what is none or too large for a column."""
    try:
        number = int(text.split("\\", maxsplit=1)[0].strip())
    except ValueError:
        return None
    return number if -(2**31) <= number < 2**31 else None
