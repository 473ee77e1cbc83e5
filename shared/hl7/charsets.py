"""Character sets of HL7 v2 messages: the names of MSH-18 (HL7 table 0211), and texts without a name told apart."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NAMES: Final = {
    "": "",
    "ASCII": "ascii",
    "USASCII": "ascii",
    "8859/1": "iso8859-1",
    "8859/2": "iso8859-2",
    "8859/3": "iso8859-3",
    "8859/4": "iso8859-4",
    "8859/5": "iso8859-5",
    "8859/6": "iso8859-6",
    "8859/7": "iso8859-7",
    "8859/8": "iso8859-8",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "UNICODEUTF8": "utf-8",
    "UNICODE": "utf-8",
    "UTF8": "utf-8",
    "GB18030": "gb18030",
    "GB180302000": "gb18030",
    "GB180302005": "gb18030",
    "GB180302022": "gb18030",
    "GBK": "gb18030",
    "CP936": "gb18030",
    "GB2312": "gb18030",
    "GB231280": "gb18030",
    "BIG5": "big5",
    "KSX1001": "euc_kr",
}
"""Name without blanks, hyphens and underscores → codec. GB18030 reads everything that GBK and GB2312 can hold."""

NAMES_WE_WRITE: Final = {"UTF-8": "UNICODE UTF-8", "GBK": "GBK", "GB18030": "GB 18030-2000", "ASCII": "ASCII"}
"""Our names → MSH-18."""
_RAISED: Final = re.compile("[⁰¹²³⁴-⁹⁺⁻]+")
_CODECS: Final = {"UTF-8": "utf-8", "GBK": "gbk", "GB18030": "gb18030", "ASCII": "ascii"}


class CharsetError(ValueError):
    """The character set is not known, or the bytes are not of it; an English sentence."""


def codec_of(name: str) -> str:
    """Return the codec of a name of MSH-18; empty for an empty one. Raises CharsetError."""
    plain = re.sub(r"[\s_-]", "", name).upper().removeprefix("ISO")
    if plain not in _NAMES:
        raise CharsetError(f"the character set {name[:40]!r} is not known")
    return _NAMES[plain]


def decoded(data: bytes, codec: str) -> tuple[str, str]:
    """Return text and codec; without a codec UTF-8 is tried, then GB18030. Raises CharsetError."""
    for one in (codec,) if codec else ("utf-8", "gb18030"):
        try:
            return data.decode(one), one
        except UnicodeDecodeError:
            continue
    raise CharsetError(f"the text is not {codec.upper() or 'UTF-8 or GB18030'}")


def encoded(text: str, name: str) -> bytes:
    """Return a message in one of NAMES_WE_WRITE; what the set lacks becomes a question mark.

    GBK has no raised figures: cm² becomes `cm\\S\\2`, which is read as cm^2.
    """
    codec = _CODECS.get(name, "utf-8")
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        lowered = _RAISED.sub(lambda match: "\\S\\" + unicodedata.normalize("NFKC", match[0]).replace("−", "-"), text)
        return lowered.encode(codec, "replace")
