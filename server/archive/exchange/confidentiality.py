"""The table of PS3.15 Annex E as data: what a profile with its options does to an attribute."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from shared.contract.exchange import AnonymiseOption


class Action(StrEnum):
    """What is done to an attribute (PS3.15 E.1.1). Where the table leaves a choice by the attribute's type in its
    IOD (X/Z, X/D …), the choice that is valid for every type is taken."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    KEEP = "K"
    CLEAN = "C"
    UID = "U"


_BASIC = {
    "X": Action.REMOVE,
    "Z": Action.EMPTY,
    "D": Action.DUMMY,
    "U": Action.UID,
    "X/Z": Action.EMPTY,
    "X/D": Action.DUMMY,
    "X/Z/D": Action.DUMMY,
    "Z/D": Action.DUMMY,
    "X/Z/U*": Action.UID,
}
_LETTERS = {
    "F": AnonymiseOption.RETAIN_FULL_DATES,
    "M": AnonymiseOption.RETAIN_MODIFIED_DATES,
    "U": AnonymiseOption.RETAIN_UIDS,
    "D": AnonymiseOption.RETAIN_DEVICE_IDENTITY,
    "I": AnonymiseOption.RETAIN_INSTITUTION_IDENTITY,
    "C": AnonymiseOption.RETAIN_PATIENT_CHARACTERISTICS,
    "P": AnonymiseOption.RETAIN_SAFE_PRIVATE,
    "E": AnonymiseOption.CLEAN_DESCRIPTORS,
    "S": AnonymiseOption.CLEAN_STRUCTURED_CONTENT,
    "G": AnonymiseOption.CLEAN_GRAPHICS,
}

CODES: dict[AnonymiseOption | None, tuple[str, str]] = {
    None: ("113100", "Basic Application Confidentiality Profile"),
    AnonymiseOption.CLEAN_PIXEL_DATA: ("113101", "Clean Pixel Data Option"),
    AnonymiseOption.CLEAN_GRAPHICS: ("113103", "Clean Graphics Option"),
    AnonymiseOption.CLEAN_STRUCTURED_CONTENT: ("113104", "Clean Structured Content Option"),
    AnonymiseOption.CLEAN_DESCRIPTORS: ("113105", "Clean Descriptors Option"),
    AnonymiseOption.RETAIN_FULL_DATES: ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    AnonymiseOption.RETAIN_MODIFIED_DATES: (
        "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
    ),
    AnonymiseOption.RETAIN_PATIENT_CHARACTERISTICS: ("113108", "Retain Patient Characteristics Option"),
    AnonymiseOption.RETAIN_DEVICE_IDENTITY: ("113109", "Retain Device Identity Option"),
    AnonymiseOption.RETAIN_UIDS: ("113110", "Retain UIDs Option"),
    AnonymiseOption.RETAIN_SAFE_PRIVATE: ("113111", "Retain Safe Private Option"),
    AnonymiseOption.RETAIN_INSTITUTION_IDENTITY: ("113112", "Retain Institution Identity Option"),
}
"""Codes of PS3.16 CID 7050 for De-identification Method Code Sequence (0012,0064)."""

SAFE_PRIVATE = frozenset(
    {
        ("Philips PET Private Group", 0x7053, 0x00),
        ("Philips PET Private Group", 0x7053, 0x09),
        ("ELSCINT1", 0x00E1, 0x21),
        ("ELSCINT1", 0x01E1, 0x26),
        ("ELSCINT1", 0x01E1, 0x50),
        ("GEMS_ACQU_01", 0x0019, 0x23),
        ("GEMS_ACQU_01", 0x0019, 0x24),
        ("GEMS_ACQU_01", 0x0019, 0x27),
        ("GEMS_ACQU_01", 0x0019, 0x9E),
        ("GEMS_SERS_01", 0x0025, 0x07),
        ("GEMS_PARM_01", 0x0043, 0x27),
        ("GEMS_PARM_01", 0x0043, 0x39),
        ("GEMS_PARM_01", 0x0043, 0x6F),
        ("GEMS_HELIOS_01", 0x0045, 0x01),
        ("GEMS_HELIOS_01", 0x0045, 0x02),
        ("GEIIS PACS", 0x0903, 0x10),
        ("GEIIS PACS", 0x0903, 0x11),
        ("GEIIS PACS", 0x0903, 0x12),
        ("Philips Imaging DD 001", 0x2001, 0x03),
        ("Philips Imaging DD 001", 0x2001, 0x04),
        ("SIEMENS MR HEADER", 0x0019, 0x0C),
        ("SIEMENS MR HEADER", 0x0019, 0x0D),
        ("SIEMENS MR HEADER", 0x0019, 0x0E),
        ("SIEMENS MR HEADER", 0x0019, 0x27),
    }
)
"""Private creator, group and element byte of numbers that name nobody: the part of PS3.15 Table E.3.10-1 that
concerns dose, uptake and diffusion. What is not listed here is removed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of Table E.1-1."""

    basic: Action
    options: dict[AnonymiseOption, Action]


@cache
def table() -> dict[int, Row]:
    """Every attribute of Table E.1-1 that has a tag of its own (not repeating groups, not private)."""
    found: dict[int, Row] = {}
    text = resources.files("server.archive.exchange").joinpath("confidentiality.txt").read_text(encoding="ascii")
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if not words or words[0].strip("0123456789ABCDEF"):
            continue
        options = {_LETTERS[word[0]]: Action(word[2]) for word in words[2:]}
        found[int(words[0], 16)] = Row(_BASIC[words[1]], options)
    return found


def action_of(tag: int, options: frozenset[AnonymiseOption]) -> Action | None:
    """What is done to a standard attribute, or None when the table does not name it.

    Of several options that speak of the attribute, one that cleans goes before one that keeps.
    """
    row = table().get(tag)
    if row is None:
        return None
    said = {action for option, action in row.options.items() if option in options}
    if Action.CLEAN in said:
        return Action.CLEAN
    return Action.KEEP if said else row.basic
