"""The registration form (检查登记单) on A4 or A5 and the queue ticket (排队小票) on an 80 mm roll."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from server.printing.layout.barcodes import draw_qr
from server.printing.layout.labels import draw_number
from server.printing.layout.sheet import (
    ACCENT,
    MM,
    MUTED,
    Language,
    LayoutError,
    Metadata,
    Pen,
    RenderedDocument,
    Sheet,
    TextBlock,
    moment_text,
)
from server.printing.layout.words import Words, words_for

PAPERS_MM = {"A4": (210.0, 297.0), "A5": (148.0, 210.0)}


@dataclass(frozen=True)
class FormItem:
    """One exam item; the amount is in yuan."""

    name: str
    amount: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class RegistrationForm:
    """What the registration form says; words and local times, as on the report."""

    hospital: str
    department: str
    exam_number: str
    name: str
    sex: str
    age: str
    items: tuple[FormItem, ...]
    printed_at: dt.datetime
    birth_date: dt.date | None = None
    patient_number: str = ""
    phone: str = ""
    identity: str = ""
    address: str = ""
    visit_kind: str = ""
    visit_number: str = ""
    applying_department: str = ""
    applicant: str = ""
    clinical_diagnosis: str = ""
    kind: str = ""
    room: str = ""
    appointment: str = ""  # e.g. "2026-11-21 09:00–09:30"
    ticket_number: str = ""
    registered_at: dt.datetime | None = None
    registered_by: str = ""
    remarks: str = ""  # what the patient should mind; several lines allowed
    title: str = ""  # empty: the language's own; the referral form (转诊单) is the same sheet with another title


@dataclass(frozen=True)
class QueueTicket:
    """What the ticket says. `name` is already masked where the hospital wants it."""

    hospital: str
    number: str
    name: str
    room: str
    item: str
    exam_number: str
    printed_at: dt.datetime
    waiting: int | None = None
    appointment: str = ""
    note: str = ""  # empty: the language's own sentence


def render_registration_form(
    form: RegistrationForm, paper: Literal["A4", "A5"] = "A4", language: Language = "zh"
) -> RenderedDocument:
    """Draw the form on one page. Raises LayoutError if the items and remarks do not fit on it."""
    words = words_for(language)
    title = form.title or words.registration_title
    width, height = (side * MM for side in PAPERS_MM[paper])
    big = paper == "A4"
    margin = (18 if big else 11) * MM
    right, body = width - margin, width - 2 * margin
    sheet = Sheet(
        width,
        height,
        Metadata(f"{title} {form.exam_number}", form.hospital, form.kind, form.printed_at, language),
    )
    pen = sheet.pen
    y = height - (20 if big else 14) * MM
    number_room = (38 if big else 36) * MM
    pen.fitted(margin, y, form.hospital, 17 if big else 13, body - number_room - 12, bold=True)
    pen.text(margin, y - 8 * MM, title, 13 if big else 11, bold=True, colour=ACCENT)
    if form.department:
        pen.fitted(margin, y - 13 * MM, form.department, 8.5, body - number_room - 12, colour=MUTED)
    draw_number(pen, form.exam_number, right, y - 5 * MM, room=number_room, height=9.5 * MM)
    y -= 17 * MM
    y = _facts(pen, form, words, margin, y, body)
    y = _items(pen, form, words, margin, y - 4 * MM, body)
    if form.remarks:
        pen.text(margin, y - 7 * MM, words.remark, 10, bold=True, colour=ACCENT)
        block = TextBlock.of(form.remarks, body, 9.5 if big else 8.5)
        block.draw(pen, margin, y - 9 * MM)
        y -= 9 * MM + block.height
    foot = (28 if big else 21) * MM
    if y < foot + 4 * MM:
        raise LayoutError(
            f"the form does not fit on {paper}: {len(form.items)} items and the remarks are too long; "
            "print it on A4 or shorten the remarks"
        )
    used = pen.text(margin, foot, words.signature_of_patient, 9, colour=MUTED)
    pen.rule(margin + used + 6, foot - 2, margin + used + 6 + 38 * MM)
    base = foot - 9 * MM
    pen.rule(margin, base + 4.5 * MM, right)
    by = "  ".join(
        part
        for part in (
            f"{words.registered_by} {form.registered_by}" if form.registered_by else "",
            f"{words.registered_at} {moment_text(form.registered_at)}" if form.registered_at else "",
        )
        if part
    )
    pen.text(margin, base, by, 8, colour=MUTED)
    pen.text(right, base, f"{words.printed_at} {moment_text(form.printed_at)}", 8, colour=MUTED, align="right")
    sheet.end_page()
    return sheet.finish()


def _facts(pen: Pen, form: RegistrationForm, words: Words, x: float, top: float, body: float) -> float:
    """Two columns of label and value; returns the bottom."""
    pairs = [
        (words.name, form.name),
        (words.ticket_number, form.ticket_number),
        (words.sex, form.sex),
        (words.age, form.age),
        (words.birth_date, form.birth_date.isoformat() if form.birth_date else ""),
        (words.patient_number, form.patient_number),
        (words.phone, form.phone),
        (words.identity, form.identity),
        (words.visit_kind, form.visit_kind),
        (words.visit_number, form.visit_number),
        (words.department, form.applying_department),
        (words.applicant, form.applicant),
        (words.exam_type, form.kind),
        (words.room, form.room),
        (words.appointment, form.appointment),
    ]
    wide = [(words.address, form.address), (words.clinical, form.clinical_diagnosis)]
    step, label_room = 6.6 * MM, 21 * MM
    pen.rule(x, top, x + body, weight=1.1, colour=ACCENT)
    y = top - 1.5 * MM
    filled = [pair for pair in pairs if pair[1]]
    for index, (label, value) in enumerate(filled):
        left = x + (index % 2) * body / 2
        base = y - (index // 2 + 0.7) * step
        strong = label in (words.name, words.ticket_number)
        pen.fitted(left, base, label, 8.5, label_room - 4, colour=MUTED)
        pen.fitted(left + label_room, base, value, 11 if strong else 9.5, body / 2 - label_room - 6, bold=strong)
    y -= (len(filled) + 1) // 2 * step
    for label, value in wide:
        if value:
            pen.fitted(x, y - 0.7 * step, label, 8.5, label_room - 4, colour=MUTED)
            pen.fitted(x + label_room, y - 0.7 * step, value, 9.5, body - label_room)
            y -= step
    y -= 1.5 * MM
    pen.rule(x, y, x + body)
    return y


def _items(pen: Pen, form: RegistrationForm, words: Words, x: float, top: float, body: float) -> float:
    """The table of items with amounts and their sum; returns the bottom."""
    step = 7 * MM
    pen.box(x, top - step, body, step, fill=(0.95, 0.96, 0.975))
    pen.text(x + 6, top - 0.66 * step, words.item, 9, bold=True)
    priced = [item.amount for item in form.items if item.amount is not None]
    if priced:
        pen.text(x + body - 6, top - 0.66 * step, words.amount, 9, bold=True, align="right")
    y = top - step
    for index, item in enumerate(form.items, 1):
        base = y - 0.66 * step
        label = f"{index}. {item.name}" + (f"（{item.note}）" if item.note else "")
        pen.fitted(x + 6, base, label, 9.5, body - 34 * MM)
        if item.amount is not None:
            pen.text(x + body - 6, base, f"{item.amount:.2f}", 9.5, align="right")
        y -= step
        pen.rule(x, y, x + body)
    if priced:
        total = sum(priced, Decimal(0))
        pen.text(x + body - 6, y - 0.7 * step, f"{words.fee}  {total:.2f}", 10, bold=True, align="right")
        y -= step
    return y


def render_ticket(ticket: QueueTicket, language: Language = "zh") -> RenderedDocument:
    """The ticket, 80 mm wide and as long as it must be; printable width 72 mm."""
    words = words_for(language)
    width = 80 * MM
    note = TextBlock.of(ticket.note or words.queue_note, 68 * MM, 8.5)
    rows = [
        (label, value)
        for label, value in (
            (words.name, ticket.name),
            (words.room, ticket.room),
            (words.item, ticket.item),
            (words.appointment, ticket.appointment),
        )
        if value
    ]
    waiting = 6 * MM if ticket.waiting is not None else 0.0
    height = 41 * MM + len(rows) * 6 * MM + waiting + 20 * MM + note.height + 5 * MM
    sheet = Sheet(
        width,
        height,
        Metadata(f"{words.ticket_title} {ticket.number}", ticket.hospital, ticket.item, ticket.printed_at, language),
    )
    pen, middle, left = sheet.pen, width / 2, 6 * MM
    black = (0.0, 0.0, 0.0)
    pen.fitted(middle, height - 9 * MM, ticket.hospital, 12, 68 * MM, bold=True, align="centre", colour=black)
    pen.text(middle, height - 14.5 * MM, words.ticket_number, 9, align="centre", colour=black)
    pen.fitted(middle, height - 30 * MM, ticket.number, 44, 68 * MM, bold=True, align="centre", colour=black)
    pen.rule(left, height - 35 * MM, width - left, dash=True, colour=black)
    y = height - 41 * MM
    for label, value in rows:
        pen.fitted(left, y, label, 9, 19 * MM, colour=black)
        pen.fitted(left + 20 * MM, y, value, 11, 48 * MM, bold=True, colour=black)
        y -= 6 * MM
    if ticket.waiting is not None:
        pen.text(left, y, words.waiting.format(count=ticket.waiting), 10, bold=True, colour=black)
        y -= waiting
    y += 2 * MM
    pen.rule(left, y, width - left, dash=True, colour=black)
    draw_qr(pen.canvas, ticket.exam_number, left, y - 18 * MM, 15 * MM)
    pen.text(left + 18 * MM, y - 9 * MM, ticket.exam_number, 10, bold=True, colour=black)
    pen.text(left + 18 * MM, y - 15 * MM, moment_text(ticket.printed_at), 9, colour=black)
    note.draw(pen, left, y - 20 * MM)
    sheet.end_page()
    return sheet.finish()
