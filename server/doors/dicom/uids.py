"""The UIDs the door decides by, and the check that a UID from the network is one (PS3.5 9.1)."""

from __future__ import annotations

import re
from typing import Final

from shared.dicomkit.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

IMPLICIT_LE: Final = "1.2.840.10008.1.2"
EXPLICIT_LE: Final = "1.2.840.10008.1.2.1"
DEFLATED_LE: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE: Final = "1.2.840.10008.1.2.2"

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
