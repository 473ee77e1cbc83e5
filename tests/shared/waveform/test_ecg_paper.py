"""Printed ECGs: layouts, and the scale measured in the PDF's own coordinates."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from ecg_records import full, twelve_leads
from pypdf import PdfReader

from shared.waveform.filters import FilterSettings
from shared.waveform.formats import Kind, read, write
from shared.waveform.formats.pdf_paths import Drawing, drawings
from shared.waveform.layouts import LAYOUTS, LayoutError, layout_for, pages_of
from shared.waveform.leads import TWELVE
from shared.waveform.paper import GAINS, SPEEDS, Look, Trace, sheets
from shared.waveform.paper_pdf import pdf_of
from shared.waveform.record import EcgRecord

_TENTH = 0.1  # mm, what the scale may be off


def test_three_by_four_goes_on_in_time_from_column_to_column() -> None:
    page = pages_of(LAYOUTS["3x4+1R"], TWELVE, 10.0, 10.0)[0]
    places = {strip.label: (strip.row, strip.start, strip.seconds) for strip in page.strips if not strip.rhythm}
    assert places["I"] == (0, 0.0, 2.5)
    assert places["aVL"] == (1, 2.5, 2.5)
    assert places["V6"] == (2, 7.5, 2.5)
    rhythm = [strip for strip in page.strips if strip.rhythm]
    assert [(strip.lead, strip.row, strip.seconds) for strip in rhythm] == [("II", 3, 10.0)]
    assert page.rows == 4


def test_cabrera_turns_avr_over() -> None:
    page = pages_of(LAYOUTS["cabrera"], TWELVE, 10.0, 10.0)[0]
    assert [strip.label for strip in page.strips[:6]] == ["aVL", "I", "-aVR", "II", "aVF", "III"]
    assert [strip.turned for strip in page.strips[:6]] == [False, False, True, False, False, False]


def test_each_lead_of_each_layout_has_its_row() -> None:
    for layout in LAYOUTS.values():
        page = pages_of(layout, TWELVE, 10.0, 10.0)[0]
        assert {strip.lead for strip in page.strips} == set(TWELVE)
        assert max(strip.row for strip in page.strips) == page.rows - 1
        assert not page.missing


def test_records_of_other_leads_stand_below_one_another() -> None:
    assert layout_for("3x4+1R", ("MLII", "V5")).columns == (("MLII", "V5"),)
    assert layout_for("6x2", TWELVE).name == "6x2"
    with pytest.raises(LayoutError, match="no layout"):
        layout_for("7x7", TWELVE)


def test_long_records_go_over_pages() -> None:
    assert [page.start for page in pages_of(LAYOUTS["12x1"], TWELVE, 35.0, 10.0)] == [0, 10, 20, 30]
    assert len(pages_of(LAYOUTS["12x1"], TWELVE, 10.6, 10.0)) == 1
    assert len(pages_of(LAYOUTS["12x1"], TWELVE, 10.6, 10.0, whole=True)) == 2
    with pytest.raises(LayoutError, match="part of the record"):
        pages_of(LAYOUTS["12x1"], TWELVE, 86_400.0, 10.0)


def _drawn(record: EcgRecord, look: Look) -> Drawing:
    return drawings(pdf_of(record, look))[0][0]


def _spaces(places: list[float]) -> np.ndarray:  # type: ignore[type-arg]
    return np.diff(np.unique(np.round(places, 4)))


def test_the_grid_has_lines_each_millimetre() -> None:
    page = _drawn(full(), Look())
    upright = [line[0][0] for line in page.lines if len(line) == 2 and abs(line[0][1] - line[1][1]) > 100]
    level = [line[0][1] for line in page.lines if len(line) == 2 and abs(line[0][0] - line[1][0]) > 100]
    for places in (upright, level):
        assert len(places) > 100
        assert np.abs(_spaces(places) - 1.0).max() < 0.001
        assert abs(max(places) - min(places) - round(max(places) - min(places))) < 0.01


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("gain", GAINS)
def test_time_and_voltage_are_true_to_a_tenth_of_a_millimetre(speed: float, gain: float) -> None:
    """A square of 1 mV that lasts exactly one second, measured in the coordinates of the PDF."""
    samples = np.zeros((2, 2000), dtype=np.int32)
    samples[:, 500:1000] = 1000
    record = EcgRecord(("I", "II"), samples, (1.0, 1.0), (0.0, 0.0), 500.0)
    page = _drawn(record, Look(speed=speed, gain=gain))
    trace = np.array(max(page.lines, key=len))
    high = trace[trace[:, 1] > trace[:, 1].min() + gain / 2]
    assert abs(high[-1, 0] - high[0, 0] - 499 / 500 * speed) < _TENTH
    assert abs(trace[:, 1].max() - trace[:, 1].min() - gain) < _TENTH
    pulses = [np.array(line) for line in page.lines if len(line) == 6]
    assert len(pulses) == 2
    for pulse in pulses:
        assert abs(np.ptp(pulse[:, 1]) - gain) < _TENTH
        top = pulse[pulse[:, 1] > pulse[:, 1].min() + gain / 2]
        assert abs(np.ptp(top[:, 0]) - 0.2 * speed) < _TENTH


def test_ten_seconds_are_250_mm_wide() -> None:
    page = _drawn(full(), Look("12x1"))
    widest = max(np.ptp(np.array(line)[:, 0]) for line in page.lines if len(line) > 100)
    assert abs(widest - 250.0 * 4999 / 5000) < _TENTH


def test_the_page_says_who_what_and_how() -> None:
    data = pdf_of(full(), Look(filters=FilterSettings(notch_hz=50.0)))
    text = PdfReader(BytesIO(data)).pages[0].extract_text()
    for words in (
        "张三丰",
        "P0001",
        "明镜县医院",
        "25 mm/s",
        "10 mm/mV",
        "0.05–150 Hz",
        "~50 Hz",
        "72 bpm",
        "窦性心律",
        "aVR",
        "V6",
    ):
        assert words in text, words
    english = PdfReader(BytesIO(pdf_of(full(), Look(language="en")))).pages[0].extract_text()
    for words in ("Electrocardiogram", "Name: 张三丰", "filter: none", "page 1/1"):
        assert words in english, words


def test_the_same_record_gives_the_same_bytes() -> None:
    assert pdf_of(full(), Look()) == pdf_of(full(), Look())


def test_a_pdf_is_read_back_with_all_its_samples() -> None:
    record = twelve_leads(10.6)
    back = read(write(record, Kind.PDF).main)
    assert back.leads == record.leads and back.sampling_hz == 500
    assert np.nanmax(np.abs(back.microvolts() - record.microvolts())) <= 0.1


def test_a_pdf_of_another_maker_is_read_by_its_grid_and_words() -> None:
    record = twelve_leads(10.0)
    data = pdf_of(record, Look("12x1", language="en"))
    place = data.find(b"mingjing-ecg")
    assert place > 0
    foreign = data[:place] + b"somebody-ecg" + data[place + 12 :]
    back = read(foreign)
    assert back.leads == record.leads and back.sampling_hz == 500
    for lead in record.leads:
        difference = back.lead(lead)[:4990] - record.lead(lead)[:4990]
        assert np.std(difference) < 1.0


def test_a_trace_far_from_zero_is_drawn_in_its_row() -> None:
    record = twelve_leads(10.0)
    record.samples[0] += 2000  # 10 mV
    sheet = sheets(record, Look("12x1"))[0]
    trace = next(mark for mark in sheet.marks if isinstance(mark, Trace) and mark.strip is not None)
    assert 0 < np.nanmedian(trace.points[:, 1]) < sheet.height / 3
    assert np.nanmax(np.abs(read(pdf_of(record, Look("12x1"))).microvolts() - record.microvolts())) <= 0.1
