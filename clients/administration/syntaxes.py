"""Transfer syntaxes (PS3.5 A) that can be asked for, in words; knows no Qt."""

from __future__ import annotations

from clients.kit.fields import Choice
from clients.kit.translations import verbatim

SYNTAXES = {
    "1.2.840.10008.1.2.1": "不压缩（Explicit VR Little Endian）",
    "1.2.840.10008.1.2": "不压缩（Implicit VR Little Endian）",
    "1.2.840.10008.1.2.4.201": verbatim("HTJ2K lossless"),
    "1.2.840.10008.1.2.4.90": verbatim("JPEG 2000 lossless"),
    "1.2.840.10008.1.2.4.80": verbatim("JPEG-LS lossless"),
    "1.2.840.10008.1.2.4.70": verbatim("JPEG lossless"),
    "1.2.840.10008.1.2.5": verbatim("RLE"),
}
"""UID → name (Chinese source, or the same in all languages)."""

SYNTAX_CHOICES = tuple(Choice(uid, text, translate="（" in text) for uid, text in SYNTAXES.items())
