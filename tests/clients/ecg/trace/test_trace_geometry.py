"""Where everything stands: screen and paper by one ruling, zoom about the cursor, layouts of any leads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ecg_phantom import Heart, twelve_leads

from clients.ecg.trace import scene as scenes
from clients.ecg.trace.choices import LAYOUT_WORDS, Spacing, ViewChoices
from clients.ecg.trace.scene import ROOM, Scene
from clients.ecg.trace.signals import SignalStore
from clients.ecg.trace.viewport import MOST, STEP, Viewport
from shared.waveform.formats.pdf_paths import drawings
from shared.waveform.leads import TWELVE
from shared.waveform.measuring import analyse
from shared.waveform.paper import GAINS, SPEEDS, Look, Trace, sheets
from shared.waveform.paper_pdf import pdf_of
from shared.waveform.record import EcgRecord, record_from_microvolts

_HIGH = 1000.0  # mm of window, so that rows stand as on paper


def _scene(record: EcgRecord, choices: ViewChoices, number: int = 0, window: float = _HIGH) -> Scene:
    page = scenes.laid_out(record, choices, number)
    piece = SignalStore(record).work(choices.filters, page.start, page.start + page.seconds)()
    median = analyse(record).median if choices.layout.startswith("median") else None
    return scenes.build(record, choices, page, piece, median, window)


@pytest.mark.parametrize("layout", [name for name in LAYOUT_WORDS if name != "all"])
@pytest.mark.parametrize("speed", [25.0, 12.5])
def test_a_sample_stands_on_the_screen_where_it_stands_on_paper(layout: str, speed: float) -> None:
    """Every vertex of every strip, within a tenth of a millimetre."""
    record = twelve_leads(Heart(seconds=21.0))[0]
    choices = ViewChoices(layout=layout, speed=speed, rhythm=("V1", "II"))
    scene = _scene(record, choices)
    look = Look(layout=layout, speed=speed, filters=choices.filters, rhythm=choices.rhythm)
    sheet = sheets(record, look)[0]
    printed = [mark for mark in sheet.marks if isinstance(mark, Trace) and mark.strip is not None]
    assert len(printed) == len(scene.curves) > 11
    for mark, curve in zip(printed, scene.curves, strict=True):
        seconds = curve.start + np.arange(curve.values.size) / curve.sampling_hz
        x = scene.ruling.x(curve.strip, seconds) + ROOM.left
        y = curve.level - curve.values / 1000 * scene.ruling.gain + ROOM.top
        assert mark.strip == curve.strip
        assert np.abs(mark.points[:, 0] - x).max() < 0.1
        assert np.abs(mark.points[:, 1] - y).max() < 0.1


def test_r_peaks_stand_where_the_pdf_itself_has_them() -> None:
    record = twelve_leads()[0]
    scene = _scene(record, ViewChoices(filters=None))
    page = drawings(pdf_of(record, Look()))[0][0]
    long = [np.array(line) for line in page.lines if len(line) > 4000]
    rhythm = next(curve for curve in scene.curves if curve.strip.rhythm)
    top = int(np.argmax(rhythm.values))
    x = ROOM.left + float(scene.ruling.x(rhythm.strip, rhythm.start + top / rhythm.sampling_hz))
    y = ROOM.top + rhythm.level - rhythm.values[top] / 1000 * scene.ruling.gain
    assert len(long) == 1
    in_pdf = long[0][top]
    assert abs(in_pdf[0] - x) < 0.1
    assert abs(210.0 - in_pdf[1] - y) < 0.1


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("gain", GAINS)
def test_scale_is_that_of_the_choice(speed: float, gain: float) -> None:
    scene = _scene(twelve_leads()[0], ViewChoices(speed=speed, gain=gain, layout="12x1"))
    curve = scene.curves[3]
    assert scene.ruling.x(curve.strip, 2.0) - scene.ruling.x(curve.strip, 1.0) == pytest.approx(speed)
    ruling = scene.ruling
    assert ruling.y(curve.strip, curve.level, 0.0) - ruling.y(curve.strip, curve.level, 1000.0) == pytest.approx(gain)
    assert ruling.seconds(curve.strip, float(ruling.x(curve.strip, 3.25))) == pytest.approx(3.25)


def test_spacing_moves_rows_and_nothing_else() -> None:
    record = twelve_leads()[0]
    normal, wide = (_scene(record, ViewChoices(spacing=each)) for each in Spacing)
    assert wide.ruling.pitch == pytest.approx(1.6 * normal.ruling.pitch)
    assert (wide.ruling.speed, wide.ruling.gain, wide.width) == (
        normal.ruling.speed,
        normal.ruling.gain,
        normal.width,
    )
    assert Look() == Look(layout=ViewChoices().layout)  # nothing about spacing reaches the paper


def test_rows_move_together_in_a_low_window_but_not_without_end() -> None:
    record = twelve_leads()[0]
    printed = ROOM.height / 4
    assert _scene(record, ViewChoices(), window=110.0).ruling.pitch == pytest.approx(27.5)
    assert _scene(record, ViewChoices(), window=10.0).ruling.pitch == pytest.approx(0.55 * printed)


def test_cabrera_draws_avr_turned_over() -> None:
    record = twelve_leads()[0]
    scene = _scene(record, ViewChoices(layout="cabrera", filters=None))
    curve = next(each for each in scene.curves if each.strip.label == "-aVR")
    assert np.array_equal(curve.values, -record.lead("aVR")[: curve.values.size])
    assert [each.strip.label for each in scene.curves[:6]] == ["aVL", "I", "-aVR", "II", "aVF", "III"]


def test_eighteen_leads_and_two_leads_have_their_rows() -> None:
    twelve = twelve_leads()[0]
    more = ("V7", "V8", "V9", "V3R", "V4R", "V5R")
    values = np.vstack([twelve.microvolts(), twelve.microvolts()[6:]])
    eighteen = record_from_microvolts(TWELVE + more, values, 500.0)
    scene = _scene(eighteen, ViewChoices(layout="all"))
    assert [curve.strip.lead for curve in scene.curves] == list(TWELVE + more)
    assert _scene(eighteen, ViewChoices()).page.rows == 4
    two = record_from_microvolts(("MLII", "V5"), values[:2], 500.0)
    assert [curve.strip.row for curve in _scene(two, ViewChoices()).curves] == [0, 1]


def test_median_beats_stand_apart_from_rhythm() -> None:
    record = twelve_leads()[0]
    scene = _scene(record, ViewChoices(layout="median+3R", rhythm=("V2",)))
    beats = [curve for curve in scene.curves if curve.strip.beat]
    assert len(beats) == 12
    assert [curve.strip.lead for curve in scene.curves if curve.strip.rhythm] == ["V2", "II", "V1"]
    for curve in beats:
        r = float(scene.ruling.x(curve.strip, 0.0)) - scene.ruling.begin(curve.strip)
        assert r == pytest.approx(10.0)  # 0.4 s before R


def test_automatic_gain_takes_the_largest_that_stays_in_the_row() -> None:
    def gain(mv: float) -> float:
        values = np.zeros((1, 5000))
        values[0, 100] = mv * 1000
        return scenes.automatic_gain(list(values), 37.5)

    assert [gain(mv) for mv in (0.4, 1.5, 4.0, 8.0, 30.0)] == [20.0, 10.0, 5.0, 2.5, 2.5]
    assert scenes.automatic_gain([], 37.5) == 10.0


def test_leads_that_leave_their_row_are_named() -> None:
    values = np.zeros((12, 5000))
    values[7, 3000] = 9000.0
    record = record_from_microvolts(TWELVE, values, 500.0)
    assert _scene(record, ViewChoices(filters=None)).cut == ("V2",)
    assert _scene(record, ViewChoices(filters=None, gain=None)).cut == ()


def test_pages_of_a_day_are_laid_out_one_by_one() -> None:
    day = EcgRecord(("II",), np.zeros((1, 86_400 * 100), dtype=np.int32), (1.0,), (0.0,), 100.0)
    assert scenes.page_count(day, 25.0) == 8640
    page = scenes.laid_out(day, ViewChoices(), 8639)
    assert (page.start, page.seconds) == (86_390.0, 10.0)
    assert scenes.page_count(day, 12.5) == 4320


def test_choices_that_cannot_be_become_the_defaults() -> None:
    wild = ViewChoices(layout="7x7", speed=33.0, gain=11.0)
    assert scenes.possible(wild) == ViewChoices()


def test_zoom_keeps_what_lies_under_the_cursor() -> None:
    view = Viewport(1000, 600, 0.25, 1.0, 3.0, 5.0)
    place = view.paper(700, 200)
    for _ in range(4):
        view = view.zoomed(STEP, 700, 200)
    assert view.paper(700, 200) == pytest.approx(place)
    assert view.zoom == pytest.approx(STEP**4)
    for _ in range(4):
        view = view.zoomed(1 / STEP, 700, 200)
    assert view.is_true
    assert view.zoomed(1000, 0, 0).zoom == MOST


def test_true_size_means_a_millimetre_of_screen() -> None:
    view = Viewport(1000, 600, pitch=0.18)
    assert view.per_mm * 0.18 == pytest.approx(1.0)
    assert replace(view, zoom=1.6).per_mm * 0.18 == pytest.approx(1.6)


def test_paper_cannot_be_lost() -> None:
    view = Viewport(1000, 600, 0.25).moved(1e6, -1e6).kept(270.0, 0.0, 150.0)
    wide, high = view.size_mm
    assert view.left >= -wide / 2 and view.left <= 270.0
    assert view.top + high > 0 and view.top < 150.0
    whole = Viewport(1000, 600, 0.25).fitted(270.0, -5.0, 155.0)
    assert whole.size_mm[0] >= 270.0 - 1e-9 and whole.size_mm[1] >= 160.0 - 1e-9
