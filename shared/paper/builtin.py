"""The templates that the suite brings, one for each document; a hospital changes copies of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from shared.paper.checking import read
from shared.paper.kinds import DocumentKind
from shared.paper.template import Template

_FOLDER = Path(__file__).resolve().parent / "defaults"


def builtin_text(kind: DocumentKind) -> str:
    """The text of the suite's own template."""
    return (_FOLDER / f"{kind.value}.json").read_text(encoding="utf-8")


@cache
def builtin(kind: DocumentKind) -> Template:
    """The suite's own template."""
    return read(builtin_text(kind), kind)
