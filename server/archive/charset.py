"""Moved to shared.dicomkit."""

from shared.dicomkit.charsets import decode_text
from shared.dicomkit.names import PersonNameParts, name_parts
from shared.dicomkit.names import is_chinese as has_ideographs

__all__ = ["PersonNameParts", "decode_text", "has_ideographs", "name_parts"]
