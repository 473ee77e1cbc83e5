"""What a fact of a document is: its name in templates, its words, and what the designer shows for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One fact: its name in templates, its words, and what the designer shows for it."""

    name: str
    zh: str
    en: str
    sample: str
    sample_en: str = ""


@dataclass(frozen=True)
class ListFact:
    """A list of rows; `rows` are the designer's samples in the order of `facts`."""

    name: str
    zh: str
    en: str
    facts: tuple[Fact, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class PictureFact:
    """A picture of a document, `@name` in templates."""

    name: str
    zh: str
    en: str
