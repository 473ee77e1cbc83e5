"""What stands around a control of a stranger's template: words before and after it, its legend, its row and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from server.structured.mrrt.tree import Node, joined

CONTROLS = ("input", "select", "textarea")
_LINES = frozenset({"p", "div", "li", "tr", "td", "th", "table", "section", "fieldset", "br", "hr", "ul", "ol", "dl"})
_LINES_TOO = frozenset({"dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6"})
_NOT_WORDS = frozenset({"option", "optgroup", "datalist", "header", "legend", "script", "style", "button", "output"})
_LONGEST_HEADING = 40
_ASKS = re.compile(r"[:：?？]\s*$")


@dataclass(slots=True)
class Around:
    """Words beside one control; all may be empty."""

    before: str = ""
    after: str = ""
    legend: str = ""  # of the fieldset that it stands in
    heading: str = ""  # of the table that it stands in
    heads: tuple[Node, ...] = ()  # the cells that name its row and its column
    corner: Node | None = None  # the cell above the rows' names


@dataclass(frozen=True, slots=True)
class _Mark:
    """A piece of a line: words, a label's words, a control, the end of the line, or the begin of a table."""

    kind: str
    words: str = ""
    control: Node | None = None


class Surroundings:
    """Looks around the controls of one part of a template."""

    def __init__(self, area: Node, labels: dict[str, str]) -> None:
        self._labels = labels
        self._around: dict[int, Around] = {}
        self._headings: dict[int, str] = {}  # by the table's identity
        self.heads: set[int] = set()
        """Identities of the cells that gave a control its name, so that they are no words of their own."""
        self._lines(area)
        self._legends(area)
        for table in area.walk():
            if table.tag == "table" and not any(one.tag == "table" for one in list(table.walk())[1:]):
                self._table(table)

    def of(self, control: Node) -> Around:
        """Return what stands around a control."""
        return self._around.get(id(control)) or Around()

    def head_of(self, control: Node) -> str:
        """Return the names of the control's row and column, empty outside a table; these cells count as used."""
        around = self.of(control)
        used = [*around.heads, *([around.corner] if around.corner is not None and len(around.heads) > 1 else [])]
        self.heads.update(id(one) for cell in used for one in cell.walk())
        words = [cell.text.rstrip(":： ") for cell in around.heads]
        return " ".join([around.heading.rstrip(":： "), *words] if around.heading and words else words)

    def _at(self, control: Node) -> Around:
        return self._around.setdefault(id(control), Around())

    def _lines(self, area: Node) -> None:
        line: list[_Mark] = []
        carried = ""  # a label alone on its line names the control of the next
        heading = ""  # words alone on their line before a table say what it is about: right, left
        for mark in (*_marks(area, self._labels), _Mark("end")):
            if mark.kind == "table" and mark.control is not None:
                self._headings[id(mark.control)] = heading
            if mark.kind not in ("end", "table"):
                line.append(mark)
                continue
            if any(one.control is not None for one in line):
                carried, heading = "", self._line(line, carried)
            elif text := joined("".join(one.words for one in line)):
                carried = joined("".join(one.words for one in line if one.kind == "label"))
                heading = text if len(text) <= _LONGEST_HEADING else ""
            line = []

    def _line(self, line: list[_Mark], carried: str) -> str:
        """Give each control of a line its words; returns those at the end that ask for what follows on the next."""
        labels = [one for one in line if one.kind == "label" and one.words]
        begun = [one for one in line if one.control is not None or joined(one.words)]
        lead = labels[0].words if len(labels) == 1 and begun[0] is labels[0] else ""  # of all controls of the line
        last: Node | None = None
        is_labelled = False  # the last control by a label before it; otherwise one behind a button is the button's
        words, label = "", carried
        for mark in line:
            if mark.control is None:
                if mark.kind != "label":
                    words += mark.words
                elif last is not None and _is_button(last) and not is_labelled and mark.words and not joined(words):
                    self._give(last, mark.words)
                    last = None
                else:
                    self._give(last, words)
                    words, label, last = "", mark.words, None
                continue
            at = self._at(mark.control)
            text = joined(words)
            if label or last is None or _ASKS.search(text) or not _takes_tail(last):
                at.before = joined(f"{label or lead} {text}")
            else:
                self._give(last, words)
                at.before = lead
            is_labelled = bool(label or lead)
            last, words, label = mark.control, "", ""
        if _ASKS.search(words):
            return joined(words)
        self._give(last, words)
        return ""

    def _give(self, control: Node | None, words: str) -> None:
        if control is not None and joined(words):
            self._at(control).after = joined(words)

    def _legends(self, area: Node) -> None:
        for fieldset in area.walk():
            if fieldset.tag != "fieldset":
                continue
            legend = next((one.text for one in fieldset.children("legend")), "")
            for one in fieldset.walk():
                if one.tag in CONTROLS:
                    self._at(one).legend = legend

    def _table(self, table: Node) -> None:
        rows = [[*row.children("td", "th")] for row in table.walk() if row.tag == "tr"]
        if not rows:
            return
        heading = next((one.text for one in table.children("caption")), "") or self._headings.get(id(table), "")
        top = rows[0] if not any(_holds(cell) for cell in rows[0]) else []
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                controls = [one for one in cell.walk() if one.tag in CONTROLS]
                if not controls:
                    continue
                names = []
                if place and not _holds(row[0]) and row[0].text:
                    names.append(row[0])
                if number and place < len(top) and top[place].text:
                    names.append(top[place])
                for one in controls:
                    at = self._at(one)
                    at.heads, at.heading, at.corner = tuple(names), heading, top[0] if top else None


def _holds(node: Node) -> bool:
    return any(one.tag in CONTROLS for one in node.walk())


def _is_button(control: Node) -> bool:
    return control.get("type").lower() in ("radio", "checkbox")


def _takes_tail(control: Node) -> bool:
    """Say whether words between two controls rather belong to the first: a unit, or a button's own words."""
    return (
        _is_button(control)
        or control.get("type").lower() in ("number", "range")
        or control.get("data-field-type").upper() == "NUMBER"
    )


def _marks(node: Node, labels: dict[str, str]) -> Iterator[_Mark]:
    for part in node.parts:
        if isinstance(part, str):
            yield _Mark("words", part)
        elif part.tag in CONTROLS:
            yield _Mark("control", control=part)
        elif part.tag == "label" and not _holds(part):
            if not labels.get(part.get("for")):  # otherwise its control knows it already
                yield _Mark("label", part.text)
            else:
                yield _Mark("label")
        elif part.tag in _LINES or part.tag in _LINES_TOO:
            yield _Mark("end")
            if part.tag == "table":
                yield _Mark("table", control=part)
            yield from _marks(part, labels)
            yield _Mark("end")
        elif part.tag not in _NOT_WORDS:
            yield from _marks(part, labels)
