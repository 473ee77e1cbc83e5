"""The search over coded values: in a real window over the server's own use cases, and its state alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from clients.diagnosis.app import make_pages
from clients.diagnosis.collections.coded.state import CodedSearchState, offers_of, problem_of
from clients.diagnosis.collections.coded.view import NOTHING_ASKED, NOTHING_FOUND, CodedSearchView
from clients.kit.app import make_application
from clients.kit.connection import LineState
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language, tr
from shared.contract.structured import CodedHit, RetireFormTemplate
from tests.clients.diagnosis.collections.collecting_window import Window, words
from tests.structured_samples import nodule_template


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[Window]:
    make_application()
    make_pages()
    apply_theme(ThemeName.DARK)
    made = Window(qtbot, tmp_path)
    yield made
    made.window.close()
    made.room.close()
    set_language(Language.CHINESE)


def opened(window: Window) -> CodedSearchView:
    view = window.tab("coded", CodedSearchView)
    window.until(lambda: bool(view.presenter.state.templates))
    return view


def chosen(window: Window, path: str = "") -> CodedSearchView:
    """Open the tab and choose the nodules, then a field of theirs, as the boxes say."""
    view = opened(window)
    view.template.chosen.emit(window.room.nodules.row.id)
    window.until(lambda: view.presenter.state.template is not None)
    window.settle()
    if path:
        view.field.chosen.emit(path)
        window.settle()
    return view


def first_row(window: Window, view: CodedSearchView) -> CodedHit:
    window.settle()
    window.until(lambda: view.list.model.row(0) is not None)
    row = view.list.model.row(0)
    assert isinstance(row, CodedHit)
    return row


def hits(view: CodedSearchView) -> list[tuple[int, str]]:
    rows = [view.list.model.row(number) for number in range(view.list.total)]
    return [(row.report_id, row.text) for row in rows if row is not None]


def test_nothing_is_listed_before_a_template_is_chosen(window: Window) -> None:
    view = opened(window)
    assert view.list.total == 0 and tr(NOTHING_ASKED.title) in words(view)
    assert not view.field.isEnabled()
    assert [one.text for one in view.template.choices[:1]] == ["选择模板"] and len(view.template.choices) == 12


def test_an_option_a_range_and_words_find_their_reports(window: Window) -> None:
    view = chosen(window)
    window.until(lambda: view.list.total == 2)
    assert [one.text for one in view.field.choices][:4] == ["全部字段", "方式", "结节 · 部位", "结节 · 长径"]
    view.field.chosen.emit("nodules.lobe")
    window.until(lambda: sorted(hits(view)) == [(1, "右肺上叶"), (3, "左肺下叶")])
    assert view.option.isVisibleTo(view) and not view.low.isVisibleTo(view) and not view.text.isVisibleTo(view)
    view.option.chosen.emit("rul")
    window.until(lambda: hits(view) == [(1, "右肺上叶")])
    view.field.chosen.emit("nodules.size")
    window.until(lambda: view.list.total == 2)
    assert view.presenter.state.option == "" and view.low.isVisibleTo(view)
    view.low.line.setText("10")
    view.low.confirmed.emit()
    window.until(lambda: hits(view) == [(3, "12 mm")])
    assert first_row(window, view).patient_name == "欧阳娜娜"
    view.field.chosen.emit("*")
    window.until(lambda: view.list.total == 2)
    view.text.setText("左肺")
    view.text.editingFinished.emit()
    window.until(lambda: hits(view) == [(3, "左肺下叶")])


def test_exam_type_and_days_narrow_the_hits(window: Window) -> None:
    view = chosen(window, "nodules.size")
    window.until(lambda: view.list.total == 2)
    view.exam_type.chosen.emit("US")
    window.until(lambda: view.list.total == 0 and tr(NOTHING_FOUND.title) in words(view))
    view.exam_type.chosen.emit("CT")
    window.until(lambda: view.list.total == 2)
    row = first_row(window, view)
    assert row.examined_at is not None
    day = row.examined_at.astimezone(window.room.world.time.zone).date()
    view.first.set_value(day.replace(year=day.year + 1))
    view.first.settled.emit()
    window.until(lambda: view.list.total == 0)
    view.last.set_value(day)
    view.last.settled.emit()
    assert view.problem.full_text == "起始日期晚于结束日期，请改正。"
    view.first.set_value(day)
    view.first.settled.emit()
    window.until(lambda: view.list.total == 2)
    assert not view.problem.isVisibleTo(view)


def test_what_is_no_number_and_a_range_upside_down_are_said_beside_it(window: Window) -> None:
    view = chosen(window, "nodules.size")
    view.low.line.setText("大")
    view.low.left.emit()
    assert view.problem.full_text == "请填写数字。"
    view.low.line.setText("9")
    view.high.line.setText("8")
    view.high.left.emit()
    assert view.problem.full_text == "数值的下限大于上限，请改正。"
    view.high.line.setText("12")
    view.high.left.emit()
    window.until(lambda: hits(view) == [(3, "12 mm")])


def test_double_click_opens_the_report(window: Window) -> None:
    view = chosen(window, "nodules.size")
    window.until(lambda: view.list.total == 2)
    row = first_row(window, view)
    view.list.activated.emit(row)
    window.settle()
    assert window.diagnosis.report is not None
    window.until(lambda: window.diagnosis.report.state.report is not None)  # type: ignore[union-attr]
    report = window.diagnosis.report.state.report
    assert report is not None and report.row.id == row.report_id


def test_a_template_out_of_use_is_still_searched(window: Window) -> None:
    window.call(RetireFormTemplate(id=window.room.nodules.row.id))
    view = chosen(window, "nodules.lobe")
    window.until(lambda: view.list.total == 2)


def test_a_broken_line_is_said_and_tried_again(window: Window) -> None:
    view = chosen(window, "nodules.lobe")
    window.until(lambda: view.list.total == 2)
    window.room.line.set_line(LineState.OFFLINE)
    view.refresh()
    window.until(lambda: view.list.error_text != "")
    window.settle()
    window.room.line.set_line(LineState.ONLINE)
    view.list._on_retry()
    window.until(lambda: view.list.error_text == "" and view.list.total == 2)


def test_fields_are_offered_with_their_group_and_without_pictures() -> None:
    offers = {one.path: one for one in offers_of(nodule_template())}
    assert offers["nodules.size"].label == "结节 · 长径" and offers["nodules.size"].has_number
    assert offers["contrast"].has_options and not offers["contrast"].has_text
    assert "nodules" not in offers


def test_an_option_without_a_code_is_asked_for_with_the_local_one() -> None:
    state = CodedSearchState(template_id=7, template=nodule_template(), path="contrast", option="ce", text="无关")
    condition = state.condition()
    assert condition is not None
    assert (condition.scheme, condition.code, condition.path, condition.text) == (
        "99MJ",
        "contrast:ce",
        "contrast",
        "",
    )
    assert CodedSearchState().condition() is None
    assert problem_of(CodedSearchState(at_least=1, at_most=1)) == ""


@pytest.mark.parametrize("language", [Language.CHINESE, Language.ENGLISH])
def test_everything_has_room_in_both_languages(window: Window, language: Language) -> None:
    set_language(language)
    view = chosen(window, "nodules.size")
    window.until(lambda: view.list.total == 2)
    view.low.line.setText("5")
    view.low.confirmed.emit()
    window.settle()
    for part in (view.template, view.field, view.low, view.high, view.exam_type, view.first, view.last):
        right = part.mapTo(view, part.rect().topRight()).x()
        assert part.isVisibleTo(view) and right <= view.width()
    if folder := os.environ.get("MINGJING_PICTURES"):
        window.window.grab().save(str(Path(folder) / f"structured-search-{language.value}.png"))
        view.exam_type.chosen.emit("US")
        view.field.chosen.emit("*")
        window.settle()
        window.window.grab().save(str(Path(folder) / f"structured-search-empty-{language.value}.png"))
