"""Writes the record as PDF: all its leads below one another on true scale, as recorded, without a filter."""

from __future__ import annotations

from shared.waveform import layouts
from shared.waveform.formats.base import CannotHold, Written
from shared.waveform.paper import Look
from shared.waveform.paper_pdf import pdf_of
from shared.waveform.record import EcgRecord


def write(record: EcgRecord, name: str = "ecg") -> Written:
    """The record as vector PDF, 25 mm/s and 10 mm/mV. Raises CannotHold for records of more than 500 pages."""
    try:
        made = pdf_of(record, Look("12x1", language="en", whole=True))
    except layouts.LayoutError as error:
        raise CannotHold(f"PDF: {error}") from error
    said = "a PDF holds drawn traces: values come back rounded to 0.1 µV, without the file's resolution and marks"
    return Written({f"{name}.pdf": made}, (said,))
