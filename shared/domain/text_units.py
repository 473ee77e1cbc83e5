"""The report's rich text as sentences and words, so that versions can be compared and merged; pure.

A text is a sequence of units: the beginning of a paragraph or list item, or a sentence with its marks. Sentences are
what a merge decides about, because half of a sentence of one doctor and half of another's say what neither meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from shared.domain.rich_text import sanitised

MARKS = ("b", "i", "u", "sup", "sub")
"""From the outermost to the innermost tag, as the editor writes them."""

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)*(?:\s?(?:mm|cm|ml|mL|HU|Hu|%|℃|°))?"  # a number with its unit is one word
    r"|[A-Za-zÀ-ɏΑ-ω]+(?:[-'][A-Za-zÀ-ɏ]+)*"
    r"|\s+|.",
    re.DOTALL,
)
_ENDS = "。；！？;!?\n"


@dataclass(frozen=True, slots=True)
class Run:
    """Words with the same marks."""

    text: str
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of a block: p, or an item of an ol or ul."""

    kind: str = "p"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words up to a full stop, a semicolon, a line break or the end of the block."""

    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        """The words without their marks."""
        return "".join(run.text for run in self.runs)


Unit = Start | Sentence


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[str, list[Run]]] = []
        self._marks: list[str] = []
        self._lists: list[str] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in MARKS:
            self._marks.append(tag)
        elif tag in ("ol", "ul"):
            self._lists.append(tag)
            self._is_inside = False
        elif tag == "li":
            self._begin(self._lists[-1] if self._lists else "ul")
        elif tag == "p" and not (self._is_inside and self._lists and not self.blocks[-1][1]):
            self._begin("p")
        elif tag == "br":
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in MARKS and tag in self._marks:
            self._marks.remove(tag)
        elif tag in ("ol", "ul") and self._lists:
            self._lists.pop()
            self._is_inside = False
        elif tag in ("p", "li"):
            self._is_inside = False

    def handle_data(self, data: str) -> None:
        if self._is_inside or data.strip():
            self._add(data)

    def _begin(self, kind: str) -> None:
        self.blocks.append((kind, []))
        self._is_inside = True

    def _add(self, text: str) -> None:
        if not self._is_inside:
            self._begin("p")
        runs, marks = self.blocks[-1][1], frozenset(self._marks)
        if runs and runs[-1].marks == marks:
            runs[-1] = Run(runs[-1].text + text, marks)
        else:
            runs.append(Run(text, marks))


def units_of(text: str) -> tuple[Unit, ...]:
    """Return rich text as units; `text_of` gives it back."""
    parser = _Parser()
    parser.feed(sanitised(text))
    parser.close()
    found: list[Unit] = []
    for kind, runs in parser.blocks:
        found.append(Start(kind))
        found.extend(_sentences(runs))
    return tuple(found)


def text_of(units: Iterable[Unit]) -> str:
    """Return units as rich text; sentences without a beginning of a block become a paragraph."""
    blocks: list[tuple[str, list[Run]]] = []
    for unit in units:
        if isinstance(unit, Start):
            blocks.append((unit.kind, []))
        else:
            if not blocks:
                blocks.append(("p", []))
            blocks[-1][1].extend(unit.runs)
    parts: list[str] = []
    open_list = ""
    for kind, runs in blocks:
        wanted = "" if kind == "p" else kind
        if wanted != open_list:
            parts.append(f"</{open_list}>" if open_list else "")
            parts.append(f"<{wanted}>" if wanted else "")
            open_list = wanted
        tag = "li" if wanted else "p"
        parts.append(f"<{tag}>{''.join(_html(run) for run in joined_runs(runs))}</{tag}>")
    parts.append(f"</{open_list}>" if open_list else "")
    return "".join(parts)


def words_of(text: str) -> tuple[Run, ...]:
    """Return rich text as words for comparing: Chinese by character, numbers with their unit whole, lines as breaks."""
    found: list[Run] = []
    number = 0
    for unit in units_of(text):
        if isinstance(unit, Start):
            number = number + 1 if unit.kind == "ol" else 0
            if found:
                found.append(Run("\n"))
            if unit.kind != "p":
                found.append(Run(f"{number}. " if unit.kind == "ol" else "• "))
        else:
            found.extend(Run(word, run.marks) for run in unit.runs for word in _TOKEN.findall(run.text))
    return tuple(found)


def joined_runs(runs: Sequence[Run]) -> list[Run]:
    """Return the runs with neighbours of the same marks joined, empty ones left out."""
    found: list[Run] = []
    for run in runs:
        if found and found[-1].marks == run.marks:
            found[-1] = Run(found[-1].text + run.text, run.marks)
        elif run.text:
            found.append(run)
    return found


def _sentences(runs: Sequence[Run]) -> list[Sentence]:
    found: list[Sentence] = []
    present: list[Run] = []
    for run in runs:
        for part in re.findall(rf"[^{_ENDS}]*[{_ENDS}]+|[^{_ENDS}]+", run.text):
            present.append(Run(part, run.marks))
            if part[-1] in _ENDS:
                found.append(Sentence(tuple(joined_runs(present))))
                present = []
    if present:
        found.append(Sentence(tuple(joined_runs(present))))
    return found


def _html(run: Run) -> str:
    text = escape(run.text, quote=False).replace("\n", "<br>")
    for mark in reversed(MARKS):
        if mark in run.marks:
            text = f"<{mark}>{text}</{mark}>"
    return text
