"""A comparison opens from the list's side bar, area B and area G of the report page (RIS-CMP-04)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from clients.diagnosis import translations
from clients.diagnosis.comparison.presenter import ComparisonPresenter
from clients.kit.app import make_application
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import register_catalogue
from shared.contract.reporting import GetHistory
from tests.clients.diagnosis.test_diagnosis_screens import Window


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    make_application()
    register_catalogue(translations.ENTRIES)
    apply_theme(ThemeName.DARK)
    made = Window(qtbot)
    yield made
    made.window.close()


def opened(window: Window) -> ComparisonPresenter:
    comparisons = window.diagnosis._comparisons
    assert comparisons is not None and comparisons.presenter is not None and comparisons.window is not None
    assert comparisons.window.isVisible()
    window.settle()
    return comparisons.presenter


def test_from_the_lists_side_bar_with_ticks(window: Window) -> None:
    assert window.diagnosis.worklist is not None
    window.diagnosis.worklist.choose_states(())
    window.until(lambda: window.list.list.total == 3)
    for place in (0, 2):
        window.list._on_cell(window.list.list.model.index(place, 0))
    ticked = tuple(row.id for row in window.diagnosis.worklist.state.ticked)
    assert len(ticked) == 2
    window.press("worklist.compare")
    assert [one.row.id for one in opened(window).state.compared] == list(ticked)


def test_from_area_g_with_the_patient_selected_at_the_left(window: Window) -> None:
    window.enter(3, None)
    assert window.diagnosis.patients is not None
    window.diagnosis.patients.choose_states(())
    window.settle()
    window.diagnosis.patients.select(next(row for row in window.diagnosis.patients.state.rows if row.id == 2))
    window.press("report.compare")
    assert opened(window).state.ticked == (3, 2)


def test_from_area_b_with_an_earlier_exam(window: Window) -> None:
    window.enter(3, None)
    earlier = window.room.line.call(GetHistory(exam_id=3)).earlier
    window.page.history.compare_wanted.emit(earlier[:1])
    assert opened(window).state.ticked == (3, earlier[0].report_id)
