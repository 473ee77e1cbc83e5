"""Sections of docs/measured-truth.md: each benchmark writes its own and leaves the others."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "measured-truth.md"


def sections(title_start: str) -> str:
    """All sections of the page whose `## ` title begins so, as they stand, with an empty line before."""
    parts = re.split(r"(?m)^(?=## )", PAGE.read_text(encoding="utf-8"))
    return "".join("\n" + part.strip() + "\n" for part in parts if part.startswith(f"## {title_start}"))


def write_section(title: str, text: str) -> None:
    """Put a section `## title` into the page: in its old place, or at the end."""
    page = PAGE.read_text(encoding="utf-8")
    new = f"## {title}\n\n{text.strip()}\n"
    parts = re.split(r"(?m)^(?=## )", page)
    for index, part in enumerate(parts):
        if part.startswith(f"## {title}\n"):
            parts[index] = new + ("\n" if index + 1 < len(parts) else "")
            PAGE.write_text("".join(parts), encoding="utf-8")
            return
    PAGE.write_text(page.rstrip() + "\n\n" + new, encoding="utf-8")


def printed(run: Callable[[], None]) -> str:
    """What ``run`` prints; it is printed too."""
    heard = io.StringIO()
    with redirect_stdout(heard):
        run()
    print(heard.getvalue())
    return heard.getvalue()
