"""What tells who somebody is: finds it in an object before, and proves afterwards that nothing of it is left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from server.archive.exchange.cleaning import is_common_word
from shared.contract.exchange import AnonymiseOption

if TYPE_CHECKING:
    from pydicom import Dataset

WELL_KNOWN = "1.2.840.10008."
KEPT_UIDS = frozenset(
    {0x00080016, 0x00081150, 0x0008001A, 0x0008001B, 0x0008010C, 0x00080117, 0x00080118, 0x00080062, 0x00041510}
    | {0x00041512, 0x00020002, 0x00020010, 0x00020012, 0x0008010D}
)
"""UIDs that name a class, a coding scheme or an encoding, private ones too."""
_STRONG = frozenset(
    {0x00100010, 0x00100020, 0x00100021, 0x00100050, 0x00101000, 0x00101001, 0x00101005, 0x00101040, 0x00101060}
    | {0x00101090, 0x00102154, 0x00102155, 0x00080050, 0x00080080, 0x00080081, 0x00380010, 0x00380300, 0x00100030}
    | {0x00081010, 0x00081040, 0x00181000, 0x00402016, 0x00402017, 0x00321032}
)
"""Attributes whose values must not stand anywhere in the output, beside person names and UIDs."""
_INSTITUTION = frozenset({0x00080080, 0x00080081, 0x00081040})
_DEVICE = frozenset({0x00081010, 0x00181000})
_SAYS_NOTHING = frozenset({"anonymous", "anonymised", "anonymized", "unknown", "none", "test", "patient", "name"})
_PICTURES = frozenset({"US", "ES", "GM", "XC", "OT", "SC", "DOC", "ECG", "OP", "IVUS", "DX", "CR", "RF", "XA", "MG"})


class NotAnonymised(Exception):
    """The object cannot be made anonymous with certainty; the text is a sentence without patient data."""


def is_list(value: Any) -> bool:
    """Whether an element has several values. A person name can be iterated too, but over its characters."""
    from pydicom.multival import MultiValue

    return isinstance(value, MultiValue | list | tuple)


def text_of(ds: Dataset, tag: int) -> str:
    return str(ds[tag].value or "").strip() if tag in ds else ""


def fold(text: str) -> str:
    return re.sub(r"[\s^=,.]+", "", text).casefold()


def identifiers_of(ds: Dataset, options: frozenset[AnonymiseOption]) -> frozenset[str]:
    """What must not remain anywhere: names whole and in parts, numbers, addresses, at any depth, and UIDs."""
    kept: frozenset[int] = frozenset()
    if AnonymiseOption.RETAIN_INSTITUTION_IDENTITY in options:
        kept |= _INSTITUTION
    if AnonymiseOption.RETAIN_DEVICE_IDENTITY in options:
        kept |= _DEVICE
    found: set[str] = set()
    for element in ds.iterall():
        number = int(element.tag)
        if element.VR == "PN":
            for name in values_of(element.value):
                found.update(_name_parts(name))
        elif number in _STRONG and number not in kept:
            found.update(values_of(element.value))
        elif element.VR == "UI" and AnonymiseOption.RETAIN_UIDS not in options and number not in KEPT_UIDS:
            found.update(uid for uid in values_of(element.value) if not uid.startswith(WELL_KNOWN))
    if AnonymiseOption.RETAIN_FULL_DATES in options:
        found -= _kept_dates(ds)  # of a newborn the date of birth is the date of the study, which is to be kept
    return frozenset(one for one in found if _is_telling(one))


def _kept_dates(ds: Dataset) -> set[str]:
    return {
        one[:8]
        for element in ds.iterall()
        if element.VR in ("DA", "DT") and int(element.tag) != 0x00100030
        for one in values_of(element.value)
    }


def values_of(value: Any) -> list[str]:
    if value is None or value == "" or isinstance(value, bytes):
        return []
    return [str(one).strip() for one in value] if is_list(value) else [str(value).strip()]


def _name_parts(name: str) -> set[str]:
    groups = [group.strip() for group in name.split("=") if group.strip()]
    parts = set(groups)
    for group in groups:
        components = [part for part in group.split("^") if part]
        parts.update(components)
        parts.add("".join(components))
        parts.add(" ".join(components))
    return parts


def _is_telling(text: str) -> bool:
    """Long enough not to stand in a text by chance; "Li" in "Liver" is no trace."""
    if text.casefold() in _SAYS_NOTHING or is_common_word(text) or not any(c.isalnum() for c in text):
        return False
    if any(c >= "\u3400" for c in text):
        return len(text) >= 2
    return len(text) >= (5 if text.isdecimal() else 4)


def demand_no_trace(data: bytes, ds: Dataset, identifiers: frozenset[str]) -> None:
    """Search the whole output but its pixels for every identifier in every encoding that could hold it."""
    pixels = max((len(ds[tag].value or b"") for tag in (0x7FE00010, 0x7FE00008, 0x7FE00009) if tag in ds), default=0)
    # pixel data stand last but for padding and signatures, which are removed: the head is what can name somebody
    head = data[: len(data) - pixels] if pixels else data
    lowered = head.lower()
    plain = [re.escape(one.lower().encode()) for one in identifiers if one.isascii()]
    # a number inside of a longer one, or a word inside of a longer one, is not that number or word
    found = bool(plain) and bool(
        re.search(rb"(?<![0-9a-z.])(?:" + b"|".join(plain) + rb")(?![0-9a-z]|\.[0-9])", lowered)
    )
    for one in identifiers:
        for encoding in ("utf-16-le",) if one.isascii() else ("utf-8", "gb18030", "utf-16-le", "shift_jis", "euc_kr"):
            try:
                found = found or one.encode(encoding).lower() in lowered
            except UnicodeEncodeError:
                continue
    if found:
        raise NotAnonymised(
            "An identifier is still in the object after anonymising, so it is left out: let an administrator see it."
        )


def warnings_of(ds: Dataset, options: frozenset[AnonymiseOption]) -> list[str]:
    """What a header cannot say: pixels may show names or a face."""
    found: list[str] = []
    modality = text_of(ds, 0x00080060)
    burned = text_of(ds, 0x00280301)
    if AnonymiseOption.CLEAN_PIXEL_DATA not in options and "PixelData" in ds:
        if burned == "YES":
            found.append("Images say that annotation is burned into their pixels (0028,0301): look at them first.")
        elif burned != "NO" and modality in _PICTURES:
            found.append(f"{modality} images may show names in their pixels, which were not cleaned: look at them.")
    if modality in ("CT", "MR", "PT") and text_of(ds, 0x00180015).upper() in ("HEAD", "BRAIN", "FACE", "SKULL", "NECK"):
        found.append("A face can be made visible from slices of the head; visual features were not removed.")
    return found
