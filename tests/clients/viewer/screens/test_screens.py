"""Screens: the display function, what is kept of a screen, the dialog, true size, the second window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.settings import UserSettings
from clients.viewer.pane_board import PaneBoard
from clients.viewer.screens.calibration import BAR, CalibrationDialog
from clients.viewer.screens.facts import ScreenBook, ScreenFacts
from clients.viewer.screens.feature import ScreensFeature
from clients.viewer.screens.gsdf import LEVELS, deviation, driving_levels, jnd_of, luminance
from clients.viewer.screens.pattern import LuminancePage, PatternPage, paint_pattern
from clients.viewer.session import SECOND_SCREEN
from clients.viewer.window import ViewerWindow
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_study

DAY = date(2026, 11, 22)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ViewerWindow]:
    monkeypatch.setenv("MINGJING_HOME", str(tmp_path))
    source = MemorySource(a_study(a_series(5), a_series(4, series="2")))
    made = ViewerWindow(source)
    made.resize(1000, 700)
    made.show()
    with qtbot.waitSignal(made.first_image, timeout=30_000):
        made.open_study(next(iter(source.known)))
    yield made
    made.close()
    made.deleteLater()
    QApplication.processEvents()


def the_feature(window: ViewerWindow) -> ScreensFeature:
    return next(f for f in window.features if isinstance(f, ScreensFeature))


@pytest.mark.parametrize(("jnd", "cd"), [(1, 0.0500), (2, 0.0547), (3, 0.0594), (1023, 3993.404)])
def test_the_display_function_has_the_values_of_the_standard(jnd: int, cd: float) -> None:
    # PS3.14 table B-1
    assert luminance(jnd) == pytest.approx(cd, rel=0.001)
    assert jnd_of(luminance(jnd)) == pytest.approx(jnd, abs=0.01)


def test_a_screen_that_follows_the_standard_has_no_deviation_and_a_gamma_screen_has_one() -> None:
    first, last = jnd_of(0.4), jnd_of(400)
    good = [luminance(first + (last - first) * n / (LEVELS - 1)) for n in range(LEVELS)]
    gamma = [0.4 + 399.6 * (grey / 255) ** 2.2 for grey in driving_levels()]

    assert deviation(good) < 1e-6
    assert deviation(gamma) > 0.2
    with pytest.raises(ValueError, match="rise"):
        deviation([1, 2, 2])


def test_a_screen_is_for_diagnosis_when_it_is_large_measured_and_tested_within_a_year() -> None:
    facts = ScreenFacts("k", "S", 2048, 1536, 0.2115, "2026-05-01", True)

    assert facts.warnings(DAY) == () and facts.warnings(DAY, "DX") == ()
    assert len(facts.warnings(DAY, "MG")) == 1
    assert len(ScreenFacts("k", "S", 1366, 768).warnings(DAY)) == 3
    assert len(ScreenFacts("k", "S", 2048, 1536, 0.2, "2024-05-01", True).warnings(DAY)) == 1
    assert len(ScreenFacts("k", "S", 2048, 1536, 0.2, "2026-05-01", False).warnings(DAY)) == 1


def test_facts_are_kept_per_screen_and_nonsense_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    book = ScreenBook(UserSettings(path))
    book.keep(ScreenFacts("a", "A", 2000, 1500, 0.21, "2026-05-01", True))
    with pytest.raises(ValueError):
        book.keep(ScreenFacts("a", "A", 2000, 1500, 55.0))

    again = ScreenBook(UserSettings(path))
    assert again.of("a", "A", 2000, 1500).pitch_mm == 0.21
    assert again.of("b", "B", 2000, 1500).pitch_mm is None
    wrongs: tuple[object, ...] = ({"a": 5}, {"a": {"pitch_mm": "x", "tested_on": 7, "passed": "yes"}}, [])
    for wrong in wrongs:
        path.write_text(json.dumps({"screens": wrong}))
        facts = ScreenBook(UserSettings(path)).of("a", "A", 2000, 1500)
        assert facts.pitch_mm is None and not facts.passed and facts.age_days(DAY) is None


def test_a_measured_screen_shows_a_millimetre_as_a_millimetre(window: ViewerWindow) -> None:
    feature, view = the_feature(window), window.viewports[0]
    window.perform("view.true_size")
    assert view.state.geometry.scale is None and not window.banner.isHidden()

    dialog = feature.dialog
    dialog.length.setValue(BAR * 0.25 * dialog.devicePixelRatioF())
    dialog._keep_length()
    window.perform("view.true_size")

    projection = view.projection()
    assert projection is not None and projection.scale == pytest.approx(0.5 / 0.25)  # 0.5 mm a row, 0.25 mm a pixel
    window.perform("view.fit")
    assert view.state.geometry.scale is None


def test_a_length_that_cannot_be_true_is_refused_with_a_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    from PySide6.QtWidgets import QWidget

    parent = QWidget()
    qtbot.addWidget(parent)
    book = ScreenBook(UserSettings(tmp_path / "s.json"))
    dialog = CalibrationDialog(book, ScreenFacts("a", "A", 2000, 1500), lambda: None, parent)

    dialog.length.setValue(1.0)
    dialog._keep_length()

    assert "重新测量" in dialog.verdict.text() and book.of("a", "A", 2000, 1500).pitch_mm is None


def test_the_check_passes_only_when_everything_is_seen(qtbot: QtBot) -> None:
    answers: list[bool] = []
    page = PatternPage(QApplication.primaryScreen(), answers.append)
    page.show()
    assert not page.passed.isEnabled()
    for tick in page.ticks:
        tick.setChecked(True)
    page.passed.click()

    assert answers == [True]


def test_a_meter_reads_every_patch(qtbot: QtBot) -> None:
    got: list[list[float]] = []
    page = LuminancePage(QApplication.primaryScreen(), got.append)
    page.show()
    for n in range(LEVELS):
        page.value.setValue(0.5 * 1.5**n)
        page.on.click()

    assert len(got) == 1 and len(got[0]) == LEVELS and got[0][0] == 0.5


def test_the_pattern_holds_every_grey_and_the_small_squares() -> None:
    image = QImage(1920, 1080, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        paint_pattern(painter, 1920, 1080)
    greys = {QColor(image.pixel(x, y)).red() for x in range(0, 1920, 3) for y in range(0, 1080, 3)}

    assert set(driving_levels()) <= greys and {0, 13, 242, 255} <= greys


def test_screens_that_must_not_serve_for_diagnosis_are_marked(window: ViewerWindow) -> None:
    feature = the_feature(window)
    feature._mark()
    assert feature.chip is not None and not feature.chip.isHidden()

    facts = feature.facts_of(window)
    feature.book.keep(ScreenFacts(facts.key, "", 9, 9, 0.2, date.today().isoformat(), True))
    feature._mark()
    small = facts.width_px * facts.height_px < 2_000_000
    assert feature.chip.isHidden() is not small


def test_a_second_window_takes_a_series_and_gives_its_viewports_back(window: ViewerWindow, qtbot: QtBot) -> None:
    window.perform("screens.second.2")
    feature = the_feature(window)
    assert feature.second is not None
    view = window.viewports[SECOND_SCREEN]
    assert isinstance(view.parent(), PaneBoard) and view.window() is feature.second and view.isVisible()

    view.stack_dropped.emit(SECOND_SCREEN, 1)
    qtbot.waitUntil(lambda: view.last_painted is not None, timeout=30_000)
    assert window.session.active == SECOND_SCREEN
    feature.second.close()

    assert window.session.second is None and window.session.active == 0 and feature.second is None
    window.perform("screens.second")
    assert view.isVisible() and view.state.stack is window.session.stacks[1]
