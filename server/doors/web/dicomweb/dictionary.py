"""What the data dictionary (PS3.6) says of a tag: value representation, keyword; private ones by their creator."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

_AMBIGUOUS = {
    "US or SS": ("US", "SS"),
    "US or SS or OW": ("US", "SS"),
    "US or OW": ("OW", "OW"),
    "OB or OW": ("OW", "OW"),
}


def vr_of(tag: int, creators: Mapping[int, str], signed: int) -> str:
    """The VR of an element whose encoding does not say it; UN for an unknown one.

    `creators`: (gggg,00bb) → private creator, `signed`: Pixel Representation (0028,0103).
    """
    if tag >> 16 & 1:
        element = tag & 0xFFFF
        if 0x10 <= element <= 0xFF:
            return "LO"
        creator = creators.get(tag & 0xFFFF0000 | element >> 8)
        return _private(tag, creator) if creator else "UN"
    vr = _public(tag)
    choices = _AMBIGUOUS.get(vr)
    return choices[1 if signed else 0] if choices else vr


@lru_cache(maxsize=20_000)
def _public(tag: int) -> str:
    from pydicom.datadict import dictionary_VR

    if not tag & 0xFFFF:
        return "UL"  # group length
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return "UN"
    return vr if len(vr) == 2 or vr in _AMBIGUOUS else "UN"


@lru_cache(maxsize=20_000)
def _private(tag: int, creator: str) -> str:
    from pydicom.datadict import private_dictionary_VR

    try:
        vr = private_dictionary_VR(tag, creator)
    except KeyError:
        return "UN"
    if vr in _AMBIGUOUS:
        return _AMBIGUOUS[vr][0]
    return vr if len(vr) == 2 else "UN"


@lru_cache(maxsize=20_000)
def keyword_of(tag: int) -> str:
    """The keyword, empty for private and unknown tags."""
    from pydicom.datadict import keyword_for_tag

    return "" if tag >> 16 & 1 else keyword_for_tag(tag)


@lru_cache(maxsize=2000)
def tag_of(keyword: str) -> int | None:
    """The tag of a keyword, or None."""
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword) if keyword.isalnum() and len(keyword) <= 80 else None
