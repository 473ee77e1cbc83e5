"""Moved to shared.dicomkit."""

from shared.dicomkit.charsets import GB18030, CharacterSet, answer_sets, character_set
from shared.dicomkit.charsets import UTF8 as UTF_8

__all__ = ["GB18030", "UTF_8", "CharacterSet", "answer_sets", "character_set"]
