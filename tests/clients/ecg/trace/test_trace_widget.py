"""The waveform area in the hands of its user: mouse, wheel, keys, filters, calibration, pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ecg_phantom import Heart, twelve_leads
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget

from clients.ecg.trace.choices import LAYOUT_WORDS, MODE_WORDS, Mark, Mode, Spacing, ViewChoices
from clients.ecg.trace.keys import KEYS
from clients.ecg.trace.live import LiveTraces
from clients.ecg.trace.measurement import PARAMETER_WORDS, Measurement, Parameter
from clients.ecg.trace.points import POINT_WORDS
from clients.ecg.trace.screen_scale import facts_of
from clients.ecg.trace.widget import TraceView
from clients.kit.review import review
from clients.kit.running import HeldRunner, ImmediateRunner
from clients.kit.settings import UserSettings
from clients.kit.tasks import QtTaskRunner
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, has_english, set_language
from clients.viewer.screens.facts import ScreenBook
from shared.waveform.beats import BeatClass, Delineation
from shared.waveform.filters import FilterSettings, filtered
from shared.waveform.measuring import Analysis, analyse
from shared.waveform.paper import Trace, sheets
from shared.waveform.record import EcgRecord

_PITCH = 0.25
_RECORD = twelve_leads(Heart(noise_uv=0.0))[0]
_ANALYSIS = analyse(_RECORD)


def _view(qtbot: Any, tmp_path: Path, runner: Any = None, record: EcgRecord | None = _RECORD) -> TraceView:
    settings = UserSettings(tmp_path / "desk.json")
    view = TraceView(runner or ImmediateRunner(), settings)
    qtbot.addWidget(view)
    facts = facts_of(view.screen(), settings)
    ScreenBook(settings).keep(replace(facts, pitch_mm=_PITCH))
    view._take_screen()
    view.resize(1366, 768)
    view.show()
    view.set_record(record, _ANALYSIS if record is _RECORD else None)
    return view


def _place(view: TraceView, seconds: float, millivolts: float) -> QPoint:
    """Where a place of the rhythm strip stands."""
    scene = view.model.scene()
    assert scene is not None
    curve = next(each for each in scene.curves if each.strip.rhythm)
    x, y = view.model.view.pixel(
        float(scene.ruling.x(curve.strip, seconds)), curve.level - millivolts * scene.ruling.gain
    )
    return QPoint(round(x), round(y))


def _drag(view: TraceView, start: QPoint, end: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    canvas = view.canvas
    QTest.mousePress(canvas, button, Qt.KeyboardModifier.NoModifier, start)
    for share in (0.25, 0.5, 0.75, 1.0):
        at = QPointF(start) + (QPointF(end) - QPointF(start)) * share
        glob = QPointF(canvas.mapToGlobal(at.toPoint()))
        move = QMouseEvent(
            QEvent.Type.MouseMove, at, glob, Qt.MouseButton.NoButton, button, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(canvas, move)
    QTest.mouseRelease(canvas, button, Qt.KeyboardModifier.NoModifier, end)


def _wheel(view: TraceView, at: QPoint, steps: int) -> None:
    place = QPointF(at)
    event = QWheelEvent(
        place,
        QPointF(view.canvas.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.canvas, event)


def _key(view: TraceView, key: Qt.Key, text: str = "") -> None:
    QApplication.sendEvent(view.canvas, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text))


def _pixels(image: QImage) -> np.ndarray:  # type: ignore[type-arg]
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()].copy()


def test_drawn_pixels_stand_where_the_paper_has_them(qtbot: Any, tmp_path: Path) -> None:
    """The picture itself: at each R of the printed rhythm strip there is ink within 0.3 mm (a pixel is 0.25)."""
    view = _view(qtbot, tmp_path)
    view.resize(1366, 800)  # high enough for rows as on paper
    grabbed = _pixels(view.canvas.grab().toImage())
    ink = (grabbed & 0xFF) < 0x60
    sheet = sheets(_RECORD, view.look())[0]
    traces = [mark for mark in sheet.marks if isinstance(mark, Trace) and mark.strip is not None]
    rhythm = next(mark for mark in traces if mark.strip is not None and mark.strip.rhythm)
    zoom_top = view.model.view.top
    for beat in _ANALYSIS.delineation.beats[1:-1]:
        index = round(beat.r_ms / 2)
        index += int(np.argmin(rhythm.points[index - 10 : index + 10, 1])) - 10
        x, y = (rhythm.points[index] - (11.0, 43.0 + zoom_top)) / _PITCH
        rows, columns = np.nonzero(ink[int(y) - 6 : int(y) + 7, int(x) - 6 : int(x) + 7])
        top = rows.min()
        away = (abs(columns[rows == top] + 0.5 - 6 - x % 1).min(), abs(top + 0.5 - 6 - y % 1 + 0.5))
        assert max(away) * _PITCH <= 0.5, (beat.r_ms, away)


def test_the_grid_is_true_to_one_percent_after_calibration(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    grabbed = _pixels(view.canvas.grab().toImage())
    heavy = np.flatnonzero((grabbed == 0xFFEFA0A0).sum(axis=0) > grabbed.shape[0] * 0.6)
    lines = (heavy[-1] - heavy[0]) * _PITCH / 5.0
    assert abs(lines - round(lines)) / lines < 0.01
    assert view.model.calibrated and "未校准" not in view.scale_text()


def test_the_wheel_zooms_at_the_cursor_and_reset_returns(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    with qtbot.waitSignal(view.scale_changed, timeout=30_000):
        view.set_scale(50.0, 20.0)
    view.set_scale(25.0, 10.0)
    at = QPoint(600, 300)
    before = view.model.view.paper(600, 300)
    _wheel(view, at, 3)
    assert view.model.view.zoom == pytest.approx(1.25**3)
    assert view.model.view.paper(600, 300) == pytest.approx(before)
    assert "195%" in view.scale_text() and "48.8 mm/s" in view.scale_text()
    _wheel(view, at, -1)
    assert view.model.view.zoom == pytest.approx(1.25**2)
    view.reset()
    assert view.scale_text().startswith("25 mm/s · 10 mm/mV · 实际大小")
    view.zoom_in()
    view.zoom_out()
    assert view.model.view.is_true


def test_right_drag_pans_and_a_right_click_clears(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    view.set_mode(Mode.MEASURE)
    _drag(view, _place(view, 1.0, 1.0), _place(view, 1.8, 0.0))
    view.zoom_in()
    view.zoom_in()
    left = view.model.view.left
    _drag(view, QPoint(500, 300), QPoint(400, 280), Qt.MouseButton.RightButton)
    assert view.model.view.left == pytest.approx(left + 100 / view.model.view.per_mm)
    assert len(view.measurements) == 1
    with qtbot.waitSignal(view.measurements_cleared, timeout=30_000):
        QTest.mouseClick(view.canvas, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, QPoint(500, 300))
    assert view.measurements == ()


def test_measuring_from_button_to_parameter_area(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    made: list[Measurement] = []
    sent: list[Measurement] = []
    view.measured.connect(made.append)
    view.value_sent.connect(sent.append)
    view.set_mode(Mode.MEASURE)
    window = view.measuring.window
    assert window.isVisible() and not window.send_button.isEnabled()
    for size in ((1700, 900), (1366, 768)):
        view.resize(*size)
        QApplication.processEvents()
        assert window.geometry().bottomRight() == view.canvas.rect().bottomRight() - QPoint(12, 12)
    _drag(view, _place(view, 2.0, 1.0), _place(view, 2.8, 0.5))
    assert made[0].ms == pytest.approx(800, abs=_PITCH / 25 * 1000)
    assert made[0].mv == pytest.approx(-0.5, abs=_PITCH / 10)
    window.parameter.setCurrentIndex(list(Parameter).index(Parameter.QT))
    window.parameter.activated.emit(list(Parameter).index(Parameter.QT))
    assert view.measurements[0].parameter is Parameter.QT and view.measurements[0].rr_ms is not None
    _drag(view, _place(view, 5.0, 1.0), _place(view, 5.1, 0.5))
    assert window.rows.count() == 2
    _key(view, Qt.Key.Key_Up)
    assert view.canvas.chosen == 0
    before = view.measurements[0].ms
    _key(view, Qt.Key.Key_Right)
    assert view.measurements[0].ms == pytest.approx(before + 2)
    window.rows.setCurrentRow(0)
    window.send_button.click()
    assert [each.parameter for each in sent] == [Parameter.QT]
    assert set(sent[0].values()) >= {"qt_ms", "qtc_bazett"}
    _key(view, Qt.Key.Key_Delete)
    assert len(view.measurements) == 1
    _key(view, Qt.Key.Key_Escape)
    assert view.mode is Mode.READ and not window.isVisible()
    assert len(view.measurements) == 1  # what was measured stays for comparison


def test_filters_run_elsewhere_and_leave_the_samples_alone(qtbot: Any, tmp_path: Path) -> None:
    runner = HeldRunner()
    before = _RECORD.samples.copy()
    view = _view(qtbot, tmp_path, runner)
    assert "滤波计算中" in view.scale_text()
    scene = view.model.scene()
    assert scene is not None
    assert np.array_equal(scene.curves[0].values, _RECORD.lead("I")[:1251])
    runner.release()
    assert "滤波 0.05–150 Hz" in view.scale_text()
    view.set_filters(FilterSettings(0.5, 25.0, 50.0))
    view.set_filters(FilterSettings(0.5, 40.0, 60.0))
    assert runner.waiting == 1  # the newest wins
    runner.release()
    assert "0.5–40 Hz, ~60 Hz" in view.scale_text()
    view.set_filters(ViewChoices().filters)
    assert runner.waiting == 0  # kept from before
    view.set_filters(None)
    assert "滤波：无" in view.scale_text()
    assert np.array_equal(_RECORD.samples, before)
    assert view.look().filters is None
    view.set_filters(FilterSettings(0.15, 35.0))
    view.close_view()
    assert runner.waiting == 0


def test_the_paper_knows_nothing_of_zoom_and_spacing(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    view.set_layout("6x2+1R")
    view.set_rhythm(("V1",))
    before = view.look()
    view.set_spacing(Spacing.WIDE)
    view.zoom_in()
    assert view.look() == before
    assert (before.layout, before.rhythm, before.filters) == ("6x2+1R", ("V1",), ViewChoices().filters)


def test_every_layout_and_mode_draws_in_both_themes(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    view.set_marks(frozenset(Mark))
    pictures = set()
    for theme in (ThemeName.LIGHT, ThemeName.DARK):
        apply_theme(theme)
        for name in LAYOUT_WORDS:
            view.set_layout(name)
            pictures.add(_pixels(view.canvas.grab().toImage()).tobytes())
    assert len(pictures) == 2 * (len(LAYOUT_WORDS) - 1)  # all leads of twelve are 12x1
    for mode in Mode:
        view.set_mode(mode)
        _drag(view, QPoint(300, 100), QPoint(420, 140))
        view.grab()
    assert view.mode is list(Mode)[-1]


def test_keys_do_what_the_help_says(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    _key(view, Qt.Key.Key_BracketRight)
    _key(view, Qt.Key.Key_Semicolon)
    _key(view, Qt.Key.Key_W)
    _key(view, Qt.Key.Key_B)
    assert (view.choices.speed, view.choices.gain, view.choices.spacing) == (50.0, 5.0, Spacing.WIDE)
    assert Mark.BEATS in view.choices.marks
    _key(view, Qt.Key.Key_Plus)
    assert not view.model.view.is_true
    _key(view, Qt.Key.Key_0)
    assert view.model.view.is_true
    for key, mode in ((Qt.Key.Key_M, Mode.MEASURE), (Qt.Key.Key_C, Mode.CALIPER), (Qt.Key.Key_C, Mode.READ)):
        _key(view, key)
        assert view.mode is mode
    view.set_mode(Mode.CALIPER)
    _drag(view, _place(view, 0.5, 1.0), _place(view, 0.9, 1.0))
    assert view.model.caliper is not None
    before = view.model.caliper.second
    _key(view, Qt.Key.Key_Right)
    assert view.model.caliper.second == pytest.approx(before + 0.002)


def test_points_dragged_on_paper_are_told(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    view.set_mode(Mode.POINTS)
    told: list[Delineation] = []
    view.points_moved.connect(told.append)
    beat = _ANALYSIS.delineation.beats[2]
    assert beat.t_off_ms is not None
    start = _place(view, beat.t_off_ms / 1000, 0.0)
    _drag(view, start, start + QPoint(8, 0))
    assert len(told) == 1
    moved = told[0].beats[2].t_off_ms
    assert moved is not None and moved - beat.t_off_ms == pytest.approx(80, abs=12)
    again = replace(_ANALYSIS, delineation=told[0])
    view.set_analysis(again)
    assert view.model.beats[2].t_off_ms == moved


def test_the_magnifier_shows_the_beat_that_was_pressed_in_all_leads(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    view.set_mode(Mode.MAGNIFY)
    beat = _ANALYSIS.delineation.beats[4]
    QTest.mouseClick(
        view.canvas,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        _place(view, beat.r_ms / 1000 + 0.1, 0.0),
    )
    assert view.panels.magnifier.isVisible() and view.panels.magnifier.title.startswith("心搏 5")
    shown = view.panels.magnifier._beat
    assert shown is not None and shown.leads == _RECORD.leads
    view.set_average(True)
    view.overlay(_RECORD, None, "2026-01-03")
    view.grab()
    assert view.panels.average.title.startswith("平均心搏")
    assert view.bar.overlay.text() == "叠加：2026-01-03（平均心搏，按R对齐）"
    view.clear_overlay()
    assert not view.bar.overlay.isVisible()


def test_a_long_record_is_paged_and_overviewed(qtbot: Any, tmp_path: Path) -> None:
    samples = np.memmap(tmp_path / "hours.dat", dtype=np.int32, mode="w+", shape=(2, 3 * 3600 * 100))
    samples[:, ::80] = 900
    record = EcgRecord(("II", "V1"), samples, (1.0, 1.0), (0.0, 0.0), 100.0)
    view = _view(qtbot, tmp_path, record=None)
    assert view.model.scene() is None
    view.grab()
    beats = tuple(
        replace(_ANALYSIS.delineation.beats[0], r_ms=800.0 * n, kind=BeatClass.VENTRICULAR if n == 6000 else "N")
        for n in range(13_000)
    )
    view.set_record(record, Analysis(Delineation(beats, ("II",), False), None, _ANALYSIS.measurements))
    assert view.model.pages == 1080
    _key(view, Qt.Key.Key_PageDown)
    assert view.model.page == 1
    view.set_disclosure(True)
    overview = view.disclosure
    assert overview is not None and overview.rows.pyramid is not None
    ink = (_pixels(overview.rows.grab().toImage())[:, 100:] & 0xFF) < 0x60
    assert ink.any()
    overview.forward.click()
    assert overview.rows.marked_s == 4800.0
    overview.forward.click()
    assert overview.told.text() == "没有更多这一类心搏"
    overview.close_button.click()
    assert view.model.page == 480 and view.model.marked_s == 4800.0


def test_scrolled_rows_are_those_drawn_at_once(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    long = EcgRecord(("II",), np.tile(_RECORD.samples[1:2], 200), (1.0,), (0.0,), 500.0)
    view.set_record(long)
    view.set_disclosure(True)
    overview = view.disclosure
    assert overview is not None
    for rows in (3, 1, 40, -2, -13):
        overview._scroll(rows)
        scrolled = _pixels(overview.rows.grab().toImage())
        overview.rows.forget()
        assert np.array_equal(scrolled, _pixels(overview.rows.grab().toImage()))


def test_the_screen_of_the_moment_gives_the_millimetres(qtbot: Any, tmp_path: Path) -> None:
    view = _view(qtbot, tmp_path)
    assert view.model.view.per_mm == pytest.approx(4.0)
    assert view._settings is not None
    facts = facts_of(view.screen(), view._settings)
    ScreenBook(view._settings).keep(replace(facts, pitch_mm=0.125))
    view._take_screen()
    assert view.model.view.per_mm == pytest.approx(8.0)
    bare = TraceView(ImmediateRunner())
    qtbot.addWidget(bare)
    bare.show()
    assert not bare.model.calibrated and bare.bar.mark.isVisible()
    with qtbot.waitSignal(bare.calibration_wanted, timeout=30_000):
        bare.bar.mark.click()


@pytest.mark.parametrize("language", list(Language))
def test_no_word_is_cut(qtbot: Any, tmp_path: Path, language: Language) -> None:
    set_language(language)
    view = _view(qtbot, tmp_path)
    view.set_mode(Mode.MEASURE)
    _drag(view, _place(view, 2.0, 1.0), _place(view, 2.8, 0.5))
    view.set_parameter(Parameter.QT)
    QApplication.processEvents()
    found = [each for each in review(view) if "QListWidget" not in str(each)]
    assert [str(each) for each in found] == []
    assert isinstance(view.measuring.window.rows, QListWidget)


def test_all_words_of_tables_have_english() -> None:
    words = [*MODE_WORDS.values(), *PARAMETER_WORDS.values(), *POINT_WORDS.values(), *(text for _, text in KEYS)]
    chinese = [word for word in words if any("一" <= letter <= "鿿" for letter in word)]
    assert [word for word in chinese if not has_english(word)] == []


def test_live_traces_sweep_and_mark_leads_that_are_off(qtbot: Any, tmp_path: Path) -> None:
    live = LiveTraces()
    qtbot.addWidget(live)
    live.resize(900, 500)
    live.show()
    live.start(_RECORD.leads, 500.0)
    empty = _pixels(live.grab().toImage())
    live.push(_RECORD.microvolts()[:, :900])
    live.set_words("00:02")
    some = _pixels(live.grab().toImage())
    assert (some != empty).sum() > 2000
    live.set_lead_off(["V1"])
    off = _pixels(live.grab().toImage())
    changed = np.nonzero(off != some)
    assert changed[1].min() >= 440  # V1 stands at the top of the right column
    live.freeze(True)
    live.push(_RECORD.microvolts()[:, 900:1200])
    live.resize(700, 500)
    live.set_scale(50.0, 5.0)
    live.grab()
    live.clear()
    live.grab()


def _odd(leads: int, count: int, hertz: float, gain: float = 1.0, fill: int | None = None) -> EcgRecord:
    chance = np.random.default_rng(0)
    shape = (leads, count)
    values = chance.integers(-500, 500, shape) if fill is None else np.full(shape, fill)
    names = tuple(f"L{n}" for n in range(leads))
    return EcgRecord(names, values.astype(np.int32), (gain,) * leads, (0.0,) * leads, hertz)


@pytest.mark.parametrize(
    "record",
    [
        _odd(1, 0, 500.0),
        _odd(1, 1, 500.0),
        _odd(2, 30, 1.0),
        _odd(1, 50_000, 100_000.0),
        _odd(64, 1500, 500.0),
        _odd(12, 2000, 500.0, fill=-(2**31)),
        _odd(12, 2000, 500.0, gain=1e9),
        _odd(12, 2000, 500.0, gain=1e-12),
    ],
    ids=["empty", "one sample", "1 Hz", "100 kHz", "64 leads", "nothing recorded", "volts", "nothing to see"],
)
def test_odd_records_are_shown_as_far_as_they_go(qtbot: Any, tmp_path: Path, record: EcgRecord) -> None:
    view = _view(qtbot, tmp_path, record=record)
    view.overlay(_RECORD, _ANALYSIS)
    for name in ("3x4+1R", "median+3R", "all"):
        view.set_layout(name)
        view.set_scale(25.0, None)
        for mode in (Mode.MEASURE, Mode.CALIPER, Mode.MAGNIFY, Mode.POINTS):
            view.set_mode(mode)
            _drag(view, QPoint(150, 100), QPoint(300, 200))
        view.grab()
    view.fit()
    view.set_disclosure(True)
    view.grab()
    assert "mm/s" in view.scale_text()


def test_a_filter_that_fails_is_said_and_the_trace_stays(qtbot: Any, tmp_path: Path, monkeypatch: Any) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("clients.ecg.trace.signals.filtered_part", broken)
    view = _view(qtbot, tmp_path)
    assert "滤波无法计算" in view.scale_text()
    scene = view.model.scene()
    assert scene is not None and np.array_equal(scene.curves[0].values, _RECORD.lead("I")[:1251])


def test_filters_of_a_real_runner_come_back_and_a_closed_view_gets_none(qtbot: Any, tmp_path: Path) -> None:
    runner = QtTaskRunner()
    view = _view(qtbot, tmp_path, runner)
    qtbot.waitUntil(lambda: "滤波 0.05–150 Hz" in view.scale_text(), timeout=30_000)
    scene = view.model.scene()
    assert scene is not None
    whole = filtered(_RECORD.microvolts(), 500.0)
    assert np.allclose(scene.curves[0].values, whole[0, :1251])
    view.set_filters(FilterSettings(0.5, 25.0))
    view.overlay(_RECORD, None)
    view.set_disclosure(True)
    view.close_view()
    assert runner.close()
    assert view.model.other is None


def test_a_ruler_makes_the_paper_true_and_nonsense_is_refused(qtbot: Any, tmp_path: Path) -> None:
    from clients.viewer.screens.calibration import BAR

    settings = UserSettings(tmp_path / "other-desk.json")
    view = TraceView(ImmediateRunner(), settings)
    qtbot.addWidget(view)
    view.show()
    assert not view.model.calibrated
    view.calibrate()
    dialog = view.dialog
    dialog.length.setValue(0.0)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible() and not dialog.problem.isHidden() and not view.model.calibrated
    dialog.length.setValue(80.0)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert view.model.calibrated
    assert view.model.view.pitch == pytest.approx(80.0 / (BAR * view.devicePixelRatioF()))
