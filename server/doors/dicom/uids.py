"""The UIDs the door decides by, and the check that a UID from the network is one (PS3.5 9.1)."""

from __future__ import annotations

import re
from typing import Final

from shared.dicomkit.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

IMPLICIT_LE: Final = "1.2.840.10008.1.2"
EXPLICIT_LE: Final = "1.2.840.10008.1.2.1"
DEFLATED_LE: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE: Final = "1.2.840.10008.1.2.2"

RLE: Final = "1.2.840.10008.1.2.5"
JPEG_LOSSLESS_SV1: Final = "1.2.840.10008.1.2.4.70"
JPEG_LS: Final = "1.2.840.10008.1.2.4.80"
JPEG_2000_LOSSLESS: Final = "1.2.840.10008.1.2.4.90"
HTJ2K_LOSSLESS: Final = "1.2.840.10008.1.2.4.201"
WRITTEN_COMPRESSED: Final = (JPEG_LS, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS, JPEG_LOSSLESS_SV1, RLE, DEFLATED_LE)
"""The lossless syntaxes that we can write for a peer that takes no native one, best first."""
COMPRESSED_ANY: Final = (
    *WRITTEN_COMPRESSED,
    *(f"1.2.840.10008.1.2.4.{n}" for n in (57, 202, 110, 91, 81, 50, 51, 203, 111, 112, 53, 55, 92, 93)),
    *(f"1.2.840.10008.1.2.4.{n}" for n in (100, 101, 102, 103, 104, 105, 106, 107, 108)),
)
"""Every compressed syntax that we take from a peer, those without loss first."""

VERIFICATION: Final = "1.2.840.10008.1.1"
PATIENT_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.1.1"
PATIENT_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.1.2"
PATIENT_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.2.3"
WORKLIST_FIND: Final = "1.2.840.10008.5.1.4.31"
MPPS: Final = "1.2.840.10008.3.1.2.3.3"
COMMITMENT: Final = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
AVAILABILITY: Final = "1.2.840.10008.5.1.4.33"
FILM_SESSION: Final = "1.2.840.10008.5.1.1.1"
FILM_BOX: Final = "1.2.840.10008.5.1.1.2"
GRAYSCALE_IMAGE_BOX: Final = "1.2.840.10008.5.1.1.4"
COLOR_IMAGE_BOX: Final = "1.2.840.10008.5.1.1.4.1"
GRAYSCALE_PRINT: Final = "1.2.840.10008.5.1.1.9"
COLOR_PRINT: Final = "1.2.840.10008.5.1.1.18"
PRINTER: Final = "1.2.840.10008.5.1.1.16"
PRINTER_INSTANCE: Final = "1.2.840.10008.5.1.1.17"

USUAL_STORAGE: Final = tuple(
    f"1.2.840.10008.5.1.4.1.1.{n}"
    for n in (
        "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "2", "2.1", "2.2", "3.1", "4", "4.1", "4.2", "4.3", "6.1",
        "6.2", "7", "7.1", "7.2", "7.3", "7.4", "9.1.1", "9.1.2", "9.2.1", "9.4.1", "11.1", "11.2", "12.1", "12.1.1",
        "12.2", "12.2.1", "13.1.1", "13.1.2", "13.1.3", "20", "30", "66", "66.1", "66.4", "66.5", "77.1.1", "77.1.1.1",
        "77.1.2", "77.1.4", "77.1.4.1", "77.1.5.1", "77.1.5.4", "77.1.6", "88.11", "88.22", "88.33", "88.59", "88.67",
        "104.1", "104.2", "128", "128.1", "130", "481.1", "481.2", "481.3", "481.5",
    )
)  # fmt: skip
"""Storage classes that a C-GET is ready for when nobody says which will come: 63, what one association has room for."""

IMPLEMENTATION_CLASS: Final = IMPLEMENTATION_CLASS_UID
IMPLEMENTATION_VERSION: Final = IMPLEMENTATION_VERSION_NAME

_VALID = re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)

_STORAGE_PREFIXES: Final = ("1.2.840.10008.5.1.4.1.1.",)
_OTHER_STORAGE: Final = frozenset(
    (
        "1.2.840.10008.5.1.4.38.1",  # hanging protocol
        "1.2.840.10008.5.1.4.39.1",  # color palette
        "1.2.840.10008.5.1.4.43.1",  # generic implant template
        "1.2.840.10008.5.1.4.44.1",  # implant assembly template
        "1.2.840.10008.5.1.4.45.1",  # implant template group
        "1.2.840.10008.5.1.4.34.1",  # RT beams delivery instruction, trial (retired)
        "1.2.840.10008.5.1.4.34.7",  # RT beams delivery instruction
        "1.2.840.10008.5.1.4.34.10",  # RT brachy application setup delivery instruction
        "1.2.840.10008.5.1.1.27",  # stored print (retired)
        "1.2.840.10008.5.1.1.29",  # hardcopy grayscale image (retired)
        "1.2.840.10008.5.1.1.30",  # hardcopy color image (retired)
    )
)
_NOT_STORAGE: Final = frozenset(
    (
        # query, retrieve and worklist classes that share the prefix of the storage classes
        *(f"1.2.840.10008.5.1.4.1.1.200.{n}" for n in (4, 5, 6)),
        *(f"1.2.840.10008.5.1.4.1.1.201.{n}" for n in (2, 3, 4, 5)),
    )
)


def is_valid(uid: str) -> bool:
    """1 to 64 characters of numbers and dots (PS3.5 9.1); leading zeros, a common fault, are let through."""
    return 0 < len(uid) <= 64 and _VALID.fullmatch(uid) is not None


def is_storage(abstract_syntax: str) -> bool:
    """Whether objects of this class can be stored here: every standard storage class, known or not yet, and private
    ones.

    Standard classes that are no storage classes (print, procedure steps we do not have …) are refused at negotiation.
    """
    if not is_valid(abstract_syntax):
        return False
    if abstract_syntax.startswith("1.2.840.10008."):
        if abstract_syntax in _NOT_STORAGE:
            return False
        return abstract_syntax.startswith(_STORAGE_PREFIXES) or abstract_syntax in _OTHER_STORAGE
    return True
