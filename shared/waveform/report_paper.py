"""An ECG report on paper: the traces of shared.waveform.paper on true scale between a head and a conclusion.

Above the ruled area stand hospital, patient and measured values, below it scale and filters, findings, diagnosis and
who read. A text that is too long for its room goes on on a sheet of its own; nothing is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.waveform.paper import PAPERS, QUIET, Line, Look, Sheet, Text, Trace, sheets

if TYPE_CHECKING:
    from shared.waveform.record import EcgRecord

MARGIN = 10.0
_WIDE = 250.0
_PITCH, _ROW = 4.0, 4.2
_BELOW = 42.0
_TITLE = 13.0
_TEXT, _SMALL = 8.5, 7.0
_PT_MM = 25.4 / 72
_SIGNATURE = (32.0, 9.0)
_REMARKS = 3


@dataclass(frozen=True, slots=True)
class Value:
    """A measured value as it is printed; `changed`: the doctor's, not the machine's."""

    label: str
    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class ReportWords:
    """What a report says beside its traces; every text in the paper's language."""

    hospital: str
    title: str
    patient: tuple[tuple[str, str], ...]  # label, value
    values: tuple[Value, ...]
    findings: tuple[str, str]  # label, text
    diagnosis: tuple[str, str]
    signers: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...] = ()  # small lines: what the machine suggested, what the star means
    continued: str = ""  # heading of a sheet that goes on with a text
    watermark: str = ""
    code: str = ""  # that the copy is checked by
    signature: bytes = b""  # PNG of the submitting doctor's handwriting, at the lower right of the first page


def report_sheets(record: EcgRecord, look: Look, words: ReportWords) -> tuple[Sheet, ...]:
    """The pages of a report. Raises shared.waveform.layouts.LayoutError."""
    width, _height = PAPERS[look.paper]
    columns = _columns(width)
    head = 8 + _ROW * (_rows(len(words.patient), columns[0]) + _rows(len(words.values), columns[1])) + 1.5
    drawn = sheets(record, replace(look, bare=True, header=head, footer=_BELOW))
    block, rest = _block(drawn[0], words)
    found = []
    for number, sheet in enumerate(drawn):
        marks: list[Line | Trace | Text] = [*report_head(sheet, words), *(block if number == 0 else ())]
        found.append(replace(sheet, marks=(*watermark_of(sheet, words), *sheet.marks, *marks)))
    return (*found, *_continued(drawn[0], words, rest))


def report_pdf(record: EcgRecord, look: Look, words: ReportWords) -> bytes:
    """The report as PDF; the same facts give the same bytes. Raises shared.waveform.layouts.LayoutError."""
    from shared.waveform.paper_pdf import drawn

    pages = report_sheets(record, look, words)

    def sign(canvas: Any, number: int) -> None:
        if number == 0 and words.signature:
            signed_by(canvas, pages[0], words.signature)

    return drawn(pages, record, look, sign)


def signed_by(canvas: Any, sheet: Sheet, png: bytes) -> None:
    """The handwriting, as large as its box lets it be, with its own proportions."""
    from io import BytesIO

    from reportlab.lib.utils import ImageReader

    picture = ImageReader(BytesIO(png))
    wide, high = picture.getSize()
    scale = min(_SIGNATURE[0] / wide, _SIGNATURE[1] / high) / _PT_MM
    width, height = wide * scale, high * scale
    x = (sheet.width - MARGIN) / _PT_MM - width
    canvas.drawImage(picture, x, (MARGIN - 1) / _PT_MM, width, height, mask="auto")


def _columns(width: float) -> tuple[int, int]:
    """How many facts and how many values stand in a row."""
    return (5, 7) if width > _WIDE else (3, 5)


def _rows(count: int, columns: int) -> int:
    return -(-count // columns)


def head_rows(sheet: Sheet, words: ReportWords) -> tuple[int, int]:
    """How many rows the head has for facts, and how many for values."""
    facts, values = _columns(sheet.width)
    return _rows(len(words.patient), facts), _rows(len(words.values), values)


def report_head(sheet: Sheet, words: ReportWords) -> list[Text]:
    """Hospital, title, code, patient and values."""
    left, right = MARGIN, sheet.width - MARGIN
    title = " ".join(part for part in (words.hospital, words.title) if part)
    begin = max(left, (sheet.width - _width(title, _TITLE, bold=True)) / 2)
    rows = [Text(begin, MARGIN + 5, title, _TITLE, bold=True, most_mm=right - begin)]
    if words.code:
        rows.append(Text(right, MARGIN + 1.5, words.code, 6, colour=QUIET, align="right"))
    facts, values = _columns(sheet.width)
    y = MARGIN + 11
    room = (right - left) / facts
    for number, (label, value) in enumerate(words.patient):
        x = left + (number % facts) * room
        is_last = number == len(words.patient) - 1  # the longest text stands there and has the rest of the row
        most = right - x if is_last else room - 2
        rows.append(Text(x, y + _ROW * (number // facts), f"{label}{value}", _TEXT, most_mm=most))
    y += _ROW * _rows(len(words.patient), facts)
    room = (right - left) / values
    for number, one in enumerate(words.values):
        x, line = left + (number % values) * room, y + _ROW * (number // values)
        rows.append(Text(x, line, one.label, _TEXT, colour=QUIET, most_mm=room * 0.5))
        written = x + min(_width(one.label, _TEXT), room * 0.5) + 1.5
        text = f"{one.text} *" if one.changed else one.text
        rows.append(Text(written, line, text, _TEXT, bold=one.changed, most_mm=x + room - 1 - written))
    return rows


def _block(sheet: Sheet, words: ReportWords) -> tuple[list[Line | Trace | Text], list[tuple[str, str]]]:
    """Findings, diagnosis, remarks, signers; and the texts that did not fit."""
    left, right, bottom = MARGIN, sheet.width - MARGIN, sheet.height - MARGIN
    top = bottom - _BELOW + 11.5
    marks: list[Line | Trace | Text] = [Line(left, top - 2.5, right, top - 2.5, 0.15, QUIET)]
    split = left + (right - left) * (0.42 if words.findings[1] else 0.0)
    parts = [(words.diagnosis, split, right)]
    if words.findings[1]:
        parts.insert(0, (words.findings, left, split - 4))
    last = bottom - 5.5 - 3.2 * len(words.remarks[:_REMARKS])
    fits = max(1, int((last - top - 3.5) // _PITCH) + 1)
    rest = []
    for (label, text), begin, end in parts:
        marks.append(Text(begin, top + 1, label, _TEXT, bold=True))
        lines = lines_of(text, end - begin)
        shown = lines if len(lines) <= fits else lines[: fits - 1]
        y = top + 1 + _PITCH
        marks += [Text(begin, y + _PITCH * n, line, _TEXT, most_mm=end - begin + 1) for n, line in enumerate(shown)]
        if len(lines) > fits:
            marks.append(Text(begin, y + _PITCH * (fits - 1), f"…… {words.continued}", _TEXT, colour=QUIET))
            rest.append((label, text))
    for number, remark in enumerate(words.remarks[:_REMARKS]):
        y = bottom - 5.2 - 3.2 * (len(words.remarks[:_REMARKS]) - 1 - number)
        marks.append(Text(left, y, remark, _SMALL, colour=QUIET, most_mm=right - left))
    room = (right - left) / max(1, len(words.signers))
    for number, (label, value) in enumerate(words.signers):
        marks.append(Text(left + number * room, bottom - 0.8, f"{label}{value}", _TEXT, most_mm=room - 2))
    return marks, rest


def _continued(first: Sheet, words: ReportWords, rest: list[tuple[str, str]]) -> list[Sheet]:
    """Sheets of text alone, for what did not fit."""
    if not rest:
        return []
    width = first.width - 2 * MARGIN
    lines: list[tuple[str, bool]] = []
    for label, text in rest:
        lines += [(label, True), *((line, False) for line in lines_of(text, width)), ("", False)]
    room = int((first.height - 2 * MARGIN - 24) // 5)
    found = []
    for start in range(0, len(lines), room):
        blank = replace(first, marks=())
        marks: list[Line | Trace | Text] = [*report_head(blank, replace(words, values=()))]
        top = MARGIN + 24
        part = lines[start : start + room]
        marks += [Text(MARGIN, top + 5 * n, text, 9, bold=bold) for n, (text, bold) in enumerate(part) if text]
        found.append(replace(blank, marks=(*watermark_of(blank, words), *marks)))
    return found


def watermark_of(sheet: Sheet, words: ReportWords) -> list[Text]:
    """The word across a page that was not submitted."""
    if not words.watermark:
        return []
    size = 60.0
    x = (sheet.width - _width(words.watermark, size, bold=True)) / 2
    return [Text(max(0.0, x), sheet.height / 2, words.watermark, size, bold=True, colour="#E4E7EB")]


def lines_of(text: str, width_mm: float, size: float = _TEXT) -> list[str]:
    """A text broken into lines of a width."""
    from shared.paper import faces
    from shared.paper.line_breaking import break_lines

    shown = "\n".join(faces.printable(line) for line in text.split("\n"))
    found = break_lines(shown, lambda one: faces.width_of(one, False, size) * _PT_MM, width_mm)
    return [line.text for line in found]


def _width(text: str, size: float, *, bold: bool = False) -> float:
    from shared.paper import faces

    return faces.width_of(faces.printable(text), bold, size) * _PT_MM
