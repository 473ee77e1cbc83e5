"""An ECG report without a trace of its own: it speaks of documents that other programs made (Holter, stress)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.waveform.layouts import Page
from shared.waveform.paper import PAPERS, QUIET, Line, Look, Sheet, Text, Trace
from shared.waveform.report_paper import MARGIN, head_rows, lines_of, report_head, signed_by, watermark_of

if TYPE_CHECKING:
    from shared.waveform.report_paper import ReportWords

PAPER = "a4-portrait"
_TEXT, _SMALL, _PITCH = 10.0, 8.0, 5.2
_FOOT = 22.0
_HEAD = 12.0
_ROW = 4.2


def text_report_pdf(words: ReportWords, look: Look, attached: tuple[str, tuple[str, ...]] = ("", ())) -> bytes:
    """The report as PDF on A4 upright; the same facts give the same bytes.

    `attached`: a label and a line for each document that the report speaks of.
    """
    from shared.waveform.paper_pdf import drawn

    pages = text_sheets(words, attached)

    def sign(canvas: Any, number: int) -> None:
        if number == 0 and words.signature:
            signed_by(canvas, pages[0], words.signature)

    return drawn(pages, None, look, sign)


def text_sheets(words: ReportWords, attached: tuple[str, tuple[str, ...]] = ("", ())) -> tuple[Sheet, ...]:
    """The pages: head, findings, diagnosis, documents; whoever read it at the foot of the last one."""
    width, height = PAPERS[PAPER]
    rows: list[tuple[str, bool]] = []
    for label, text in (words.findings, words.diagnosis, (attached[0], "\n".join(attached[1]))):
        if text:
            shown = lines_of(text, width - 2 * MARGIN, _TEXT)
            rows += [(label, True), *((line, False) for line in shown), ("", False)]
    blank = Sheet(width, height, (), Page(1, 0.0, 0.0, 0, ()))
    first_top = MARGIN + _HEAD + _ROW * sum(head_rows(blank, words)) + 4
    found: list[Sheet] = []
    while rows or not found:
        top = first_top if not found else MARGIN + _HEAD + _ROW * head_rows(blank, words)[0] + 4
        room = int((height - MARGIN - _FOOT - top) // _PITCH)
        part, rows = rows[:room], rows[room:]
        said = words if not found else replace(words, values=())
        marks: list[Line | Trace | Text] = [*watermark_of(blank, words), *report_head(blank, said)]
        marks.append(Line(MARGIN, top - 3.5, width - MARGIN, top - 3.5, 0.15, QUIET))
        marks += [
            Text(MARGIN, top + 2 + _PITCH * number, text, _TEXT, bold=bold, most_mm=width - 2 * MARGIN + 1)
            for number, (text, bold) in enumerate(part)
            if text
        ]
        if not rows:
            marks += _foot(width, height, words)
        found.append(replace(blank, marks=tuple(marks)))
    return tuple(found)


def _foot(width: float, height: float, words: ReportWords) -> list[Line | Trace | Text]:
    bottom = height - MARGIN
    marks: list[Line | Trace | Text] = [Line(MARGIN, bottom - 14, width - MARGIN, bottom - 14, 0.15, QUIET)]
    marks += [
        Text(MARGIN, bottom - 10 + 3.4 * number, remark, _SMALL, colour=QUIET, most_mm=width - 2 * MARGIN)
        for number, remark in enumerate(words.remarks[:2])
    ]
    room = (width - 2 * MARGIN) / max(1, len(words.signers))
    marks += [
        Text(MARGIN + number * room, bottom - 0.8, f"{label}{value}", _SMALL, most_mm=room - 2)
        for number, (label, value) in enumerate(words.signers)
    ]
    return marks
