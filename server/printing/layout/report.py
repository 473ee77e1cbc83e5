"""The exam report (检查报告) on A4."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from server.printing.layout import fonts
from server.printing.layout.barcodes import code128, draw_code128, draw_qr
from server.printing.layout.pictures import KeyImage, Picture, draw_image, opened, picture_rows
from server.printing.layout.rich_text import styled, unstyled
from server.printing.layout.sheet import (
    ACCENT,
    ALARM,
    INK,
    MM,
    MUTED,
    Block,
    Gap,
    Heading,
    Language,
    LayoutError,
    Metadata,
    Pen,
    Placed,
    RenderedDocument,
    Sheet,
    SolidBlock,
    TextBlock,
    flow,
    moment_text,
)
from server.printing.layout.words import Words, words_for
from shared.paper.line_breaking import break_lines, paragraphs_of

WIDTH, HEIGHT = 210 * MM, 297 * MM
MARGIN = 18 * MM
BODY = WIDTH - 2 * MARGIN
FIRST_TOP = HEIGHT - 41 * MM
LATER_TOP = HEIGHT - 27 * MM
BOTTOM = 19 * MM
MAX_KEY_IMAGES = 6


@dataclass(frozen=True)
class Density:
    """How closely a report is set; the first that needs no second page is taken."""

    pictures: float
    leading: float  # times the type size
    gap: float


ROOMY, CLOSE, TIGHT = Density(1.0, 1.62, 3.5 * MM), Density(0.85, 1.5, 2.5 * MM), Density(0.7, 1.4, 1.8 * MM)


@dataclass(frozen=True)
class Hospital:
    """Letterhead."""

    name: str
    department: str = ""
    logo: bytes | None = None  # PNG or JPEG


@dataclass(frozen=True)
class Patient:
    """The patient as the paper shows it: `sex` and `age` are already words ("男", "45岁")."""

    name: str
    sex: str = ""
    age: str = ""
    number: str = ""
    visit_kind: str = ""
    visit_number: str = ""
    department: str = ""
    ward_bed: str = ""


@dataclass(frozen=True)
class ExamFacts:
    """The exam as the paper shows it; times are the hospital's local time."""

    number: str
    kind: str = ""
    items: str = ""
    device: str = ""
    performed_at: dt.datetime | None = None
    clinical_diagnosis: str = ""
    applicant: str = ""


@dataclass(frozen=True)
class Signature:
    """Who signed and when; without a picture the name is printed, without a name the line stays empty."""

    name: str = ""
    picture: bytes | None = None
    at: dt.datetime | None = None


@dataclass(frozen=True)
class ReportDocument:
    """All that the printed report says. `printed_at` is the only clock; equal facts give equal bytes."""

    hospital: Hospital
    patient: Patient
    exam: ExamFacts
    findings: str
    impression: str
    printed_at: dt.datetime
    technique: str = ""
    critical_value: str = ""
    key_images: tuple[KeyImage, ...] = ()
    diagnosing: Signature = Signature()
    auditing: Signature = Signature()
    version: int = 1
    version_note: str = ""  # e.g. "更正报告，替代第 1 版"
    verification: str = ""  # the QR code's text; empty: no QR code
    seal: str = ""  # e.g. the report's hash, printed small
    note: str | None = None  # None: the language's own sentence; empty: none
    watermark: str = ""  # e.g. "草稿 未审核" for a preview
    title: str = ""  # empty: the language's own title
    rich: bool = False  # technique, findings and impression are rich text (shared.domain.rich_text)


def render_report(report: ReportDocument, language: Language = "zh") -> RenderedDocument:
    """Draw the report. Raises LayoutError for unreadable pictures or more than six of them."""
    if len(report.key_images) > MAX_KEY_IMAGES:
        raise LayoutError(f"a report takes at most {MAX_KEY_IMAGES} key images, not {len(report.key_images)}")
    words = words_for(language)
    title = report.title or words.report_title
    sheet = Sheet(
        WIDTH,
        HEIGHT,
        Metadata(
            f"{title} {report.exam.number}",
            report.hospital.name,
            f"{report.exam.kind} {report.exam.items}".strip(),
            report.printed_at,
            language,
        ),
    )
    pages = _paginate(report, words)
    for number, placed in enumerate(pages, 1):
        _draw_page(sheet.pen, report, words, title, placed=placed, number=number, total=len(pages))
        sheet.end_page()
    return sheet.finish()


def _paginate(report: ReportDocument, words: Words) -> list[list[Placed]]:
    """A report that nearly fits one page is set closer; one that truly needs more pages is set roomy."""
    pictures = _pictures(report, words)
    for density in (ROOMY, CLOSE, TIGHT):
        pages = flow(_blocks(report, words, pictures, density), FIRST_TOP - BOTTOM, LATER_TOP - BOTTOM)
        if len(pages) == 1:
            return pages
    return flow(_blocks(report, words, pictures, ROOMY), FIRST_TOP - BOTTOM, LATER_TOP - BOTTOM)


def _pictures(report: ReportDocument, words: Words) -> tuple[Picture, ...]:
    return tuple(
        Picture(
            opened(key.data, f"key image {index}"),
            f"{words.key_image.format(number=index)}  {key.caption}".rstrip(),
        )
        for index, key in enumerate(report.key_images, 1)
    )


def _blocks(report: ReportDocument, words: Words, pictures: tuple[Picture, ...], density: Density) -> list[Block]:
    blocks: list[Block] = [FactsGrid.of(_facts(report, words), BODY), Gap(3 * MM)]
    for row in picture_rows(pictures, BODY, density.pictures):
        blocks.append(row)
    if pictures:
        blocks.append(Gap(1 * MM))
    for heading, text in ((words.technique, report.technique), (words.findings, report.findings)):
        if text.strip() or heading == words.findings:
            blocks += [
                Heading(heading, BODY),
                _text(report, text, 10.5, density),
                Gap(density.gap),
            ]
    blocks += [Heading(words.impression, BODY)]
    blocks += _text(report, report.impression, 11, density, bold=True).with_tail()
    if report.critical_value:
        blocks += [Gap(2.5 * MM, keeps=True), CriticalBlock.of(words.critical, report.critical_value, BODY)]
    blocks += [Gap(density.gap, keeps=True), SignatureBlock(report, words, BODY)]
    return blocks


def _text(report: ReportDocument, text: str, size: float, density: Density, *, bold: bool = False) -> TextBlock:
    """A section's text; `bold` sets it bold unless the doctor has chosen what is bold."""
    paragraphs = styled(text) if report.rich else unstyled(paragraphs_of(text.strip("\n")))
    if bold and not any(style.bold for paragraph in paragraphs for style in paragraph.styles):
        paragraphs = tuple(
            replace(paragraph, styles=tuple(replace(style, bold=True) for style in paragraph.styles))
            for paragraph in paragraphs
        )
    return TextBlock.of_paragraphs(paragraphs, BODY, size, leading=size * density.leading)


def _facts(report: ReportDocument, words: Words) -> tuple[tuple[tuple[str, str, int], ...], ...]:
    """Rows of (label, value, columns taken) on a grid of four columns."""
    patient, exam = report.patient, report.exam
    rows: list[tuple[tuple[str, str, int], ...]] = [
        (
            (words.name, patient.name, 1),
            (words.sex, patient.sex, 1),
            (words.age, patient.age, 1),
            (words.patient_number, patient.number, 1),
        ),
        (
            (words.exam_number, exam.number, 1),
            (words.visit_kind, patient.visit_kind, 1),
            (words.visit_number, patient.visit_number, 1),
            (words.ward_bed, patient.ward_bed, 1),
        ),
        (
            (words.department, patient.department, 1),
            (words.applicant, exam.applicant, 1),
            (words.exam_type, exam.kind, 1),
            (words.exam_time, moment_text(exam.performed_at), 1),
        ),
        ((words.exam_items, exam.items, 2), (words.device, exam.device, 2)),
    ]
    if exam.clinical_diagnosis:
        rows.append(((words.clinical, exam.clinical_diagnosis, 4),))
    return tuple(rows)


@dataclass(frozen=True)
class Cell:
    """One value, broken to its room; nothing of a patient's or exam's facts is ever cut off."""

    label: str
    lines: tuple[str, ...]
    size: float
    bold: bool
    left: float  # from the left edge of the grid
    label_room: float


@dataclass(frozen=True)
class FactsGrid(SolidBlock):
    """Patient and exam: grey labels, dark values, hairlines above and below; long values take more lines."""

    rows: tuple[tuple[Cell, ...], ...]
    width: float
    row_height: float = 6.2 * MM
    line_height: float = 4.4 * MM
    padding: float = 1.6 * MM

    @classmethod
    def of(cls, facts: tuple[tuple[tuple[str, str, int], ...], ...], width: float) -> FactsGrid:
        """Lay rows of (label, value, columns taken) on four columns."""
        shares = (0.29, 0.20, 0.25, 0.26)
        labels = [0.0] * 4
        for row in facts:
            column = 0
            for label, _, span in row:
                labels[column] = max(labels[column], fonts.width_of(label, fonts.REGULAR, 8.5))
                column += span
        rows: list[tuple[Cell, ...]] = []
        for row_index, row in enumerate(facts):
            cells: list[Cell] = []
            left, column = 0.0, 0
            for label, value, span in row:
                share = sum(shares[column : column + span]) * width
                strong = row_index == 0 and column == 0
                lines, size = _fitted_lines(value, share - labels[column] - 12, 11 if strong else 9.5, bold=strong)
                cells.append(Cell(label, lines, size, strong, left, labels[column]))
                left += share
                column += span
            rows.append(tuple(cells))
        return cls(tuple(rows), width)

    def _height_of(self, row: tuple[Cell, ...]) -> float:
        return self.row_height + (max(len(cell.lines) for cell in row) - 1) * self.line_height

    @property
    def height(self) -> float:
        return sum(self._height_of(row) for row in self.rows) + 2 * self.padding

    def draw(self, pen: Pen, x: float, top: float) -> None:
        pen.rule(x, top, x + self.width, weight=1.1, colour=ACCENT)
        pen.rule(x, top - self.height, x + self.width)
        y = top - self.padding
        for row in self.rows:
            base = y - 0.68 * self.row_height
            for cell in row:
                pen.text(x + cell.left, base, cell.label, 8.5, colour=MUTED)
                for index, line in enumerate(cell.lines):
                    pen.text(
                        x + cell.left + cell.label_room + 6,
                        base - index * self.line_height,
                        line,
                        cell.size,
                        bold=cell.bold,
                        colour=INK,
                    )
            y -= self._height_of(row)


def _fitted_lines(value: str, room: float, size: float, *, bold: bool) -> tuple[tuple[str, ...], float]:
    """One line, made smaller down to 85 %; else as many lines of that size as it takes."""
    font = fonts.BOLD if bold else fonts.REGULAR
    natural = fonts.width_of(value, font, size)
    if natural <= room or not value.strip():
        return (value,), size
    if natural * 0.85 <= room:
        return (value,), size * room / natural
    smaller = size * 0.85
    lines = break_lines(value, lambda part: fonts.width_of(part, font, smaller), room)
    return tuple(line.text for line in lines), smaller


@dataclass(frozen=True)
class CriticalBlock(SolidBlock):
    """The critical value, framed in red; it stays with the signatures."""

    label: str
    text: TextBlock
    width: float

    @classmethod
    def of(cls, label: str, text: str, width: float) -> CriticalBlock:
        """Break the text to the frame."""
        return cls(label, TextBlock.of(text, width - 12 - 28 * MM, 10.5, bold=True), width)

    @property
    def height(self) -> float:
        return self.text.height + 8

    @property
    def keep_with_next(self) -> bool:
        return True

    def draw(self, pen: Pen, x: float, top: float) -> None:
        pen.box(x, top - self.height, self.width, self.height, fill=(0.995, 0.95, 0.945), stroke=ALARM)
        base = top - 4 - (self.text.leading + 10.5 * 0.72) / 2
        pen.text(x + 8, base, "▲ " + self.label, 10.5, bold=True, colour=ALARM)
        self.text.draw(pen, x + 28 * MM, top - 4)


@dataclass(frozen=True)
class SignatureBlock(SolidBlock):
    """The two doctors, their times, the version and the note; sinks to the foot of the last page."""

    report: ReportDocument
    words: Words
    width: float

    @property
    def height(self) -> float:
        return 27.5 * MM if self.report.seal else 24 * MM

    @property
    def sinks(self) -> bool:
        return True

    def draw(self, pen: Pen, x: float, top: float) -> None:
        words, report = self.words, self.report
        pen.rule(x, top, x + self.width)
        half = self.width / 2
        signers = (
            (words.diagnosing, words.diagnosed_at, report.diagnosing),
            (words.auditing, words.audited_at, report.auditing),
        )
        for index, (label, time_label, signature) in enumerate(signers):
            left = x + index * half
            used = pen.text(left, top - 9 * MM, label, 9, colour=MUTED)
            slot = left + used + 6
            pen.rule(slot, top - 10.6 * MM, left + half - 8 * MM)
            if signature.picture is not None:
                image = opened(signature.picture, f"the signature of {signature.name or label}")
                draw_image(pen, image, slot + 2, top - 10.4 * MM, width=34 * MM, height=9 * MM)
                pen.fitted(left + half - 8 * MM, top - 9 * MM, signature.name, 8, 20 * MM, colour=MUTED, align="right")
            else:
                pen.fitted(slot + 4, top - 9 * MM, signature.name, 11.5, half - 40 * MM, bold=True)
            used = pen.text(left, top - 15.5 * MM, time_label, 9, colour=MUTED)
            pen.text(left + used + 6, top - 15.5 * MM, moment_text(signature.at), 9.5)
        version = words.version.format(version=report.version)
        if report.version_note:
            version += f"  {report.version_note}"
        note = words.report_note if report.note is None else report.note
        pen.fitted(x, top - 22 * MM, note, 8, self.width * 0.68, colour=MUTED)
        pen.text(x + self.width, top - 22 * MM, version, 8, bold=bool(report.version_note), colour=MUTED, align="right")
        if report.seal:
            pen.fitted(x, top - 26 * MM, report.seal, 6.5, self.width, colour=MUTED)


def _draw_page(
    pen: Pen, report: ReportDocument, words: Words, title: str, *, placed: list[Placed], number: int, total: int
) -> None:
    body_top = FIRST_TOP if number == 1 else LATER_TOP
    if number == 1:
        _draw_letterhead(pen, report, words, title)
    else:
        _draw_running_head(pen, report, words, title)
    for item in placed:
        item.block.draw(pen, MARGIN, body_top - item.offset)
    base = 12 * MM
    pen.rule(MARGIN, base + 5 * MM, WIDTH - MARGIN)
    pen.text(MARGIN, base, f"{words.printed_at} {moment_text(report.printed_at)}", 8, colour=MUTED)
    pen.text(WIDTH / 2, base, words.page.format(page=number, pages=total), 8, colour=MUTED, align="centre")
    pen.text(WIDTH - MARGIN, base, f"{words.exam_number} {report.exam.number}", 8, colour=MUTED, align="right")
    if report.watermark:
        _draw_watermark(pen, report.watermark)


def _draw_letterhead(pen: Pen, report: ReportDocument, words: Words, title: str) -> None:
    top = HEIGHT - 14 * MM
    side = 20 * MM
    if report.verification:
        draw_qr(pen.canvas, report.verification, WIDTH - MARGIN - side, top - side, side)
        pen.text(WIDTH - MARGIN - side / 2, top - side - 8.5, words.verify, 6.5, colour=MUTED, align="centre")
    if report.hospital.logo is not None:
        draw_image(pen, opened(report.hospital.logo, "the logo"), MARGIN, top - side, width=side, height=side)
    elif report.exam.number.isascii() and report.exam.number:
        bars = code128(report.exam.number)
        module = min(0.25 * MM, 36 * MM / bars.modules)
        draw_code128(pen.canvas, bars, MARGIN, top - 9 * MM, module=module, height=9 * MM)
        pen.text(MARGIN, top - 9 * MM - 8.5, report.exam.number, 7, colour=MUTED)
    room = BODY - 2 * 40 * MM
    pen.fitted(WIDTH / 2, top - 6.5 * MM, report.hospital.name, 19, room, bold=True, align="centre")
    if report.hospital.department:
        pen.fitted(WIDTH / 2, top - 12.5 * MM, report.hospital.department, 9, room, colour=MUTED, align="centre")
    wide = title.isascii()
    pen.text(
        WIDTH / 2, top - 21.5 * MM, title, 14.5, bold=True, colour=ACCENT, align="centre", letter_space=0 if wide else 3
    )


def _draw_running_head(pen: Pen, report: ReportDocument, words: Words, title: str) -> None:
    base = HEIGHT - 19 * MM
    pen.text(MARGIN, base, f"{report.hospital.name}  {title}{words.continued}", 10, bold=True, colour=ACCENT)
    who = "  ".join(part for part in (report.patient.name, report.patient.sex, report.patient.age) if part)
    pen.text(WIDTH - MARGIN, base, who, 9.5, align="right")
    pen.rule(MARGIN, base - 2.5 * MM, WIDTH - MARGIN, weight=1.1, colour=ACCENT)


def _draw_watermark(pen: Pen, text: str) -> None:
    canvas = pen.canvas
    size = min(64.0, 64.0 * 430 / (fonts.width_of(text, fonts.BOLD, 64) + 6 * len(text)))
    canvas.saveState()
    canvas.translate(WIDTH / 2, HEIGHT / 2)
    canvas.rotate(35)
    canvas.setFillAlpha(0.2)  # over everything, so that no picture hides it and every word stays readable
    pen.text(0, -size / 3, text, size, bold=True, colour=(0.5, 0.5, 0.52), align="centre", letter_space=size / 11)
    canvas.restoreState()


__all__ = [
    "ExamFacts",
    "Hospital",
    "KeyImage",
    "Patient",
    "ReportDocument",
    "Signature",
    "render_report",
]
