"""The pages of queries and statistics over made-up records: what they ask, show, open, write; how they look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from clients.kit.review import review
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from clients.pathology.menus import ENTRIES
from clients.pathology.statistics import entries
from clients.pathology.statistics.book_page import BookPage
from clients.pathology.statistics.case_list import CaseLinesView
from clients.pathology.statistics.earlier import EarlierPanel, EarlierWatch
from clients.pathology.statistics.files import with_ending
from clients.pathology.statistics.pairs_page import PairsPage
from clients.pathology.statistics.quality_page import QualityPage
from clients.pathology.statistics.query_page import QueryPage
from clients.pathology.statistics.register_panel import RegisterPanel
from clients.pathology.statistics.state import Span, chart_of, days_of, split
from clients.pathology.statistics.table_page import TablePage
from shared.contract.errors import ErrorBody, ErrorCode, RpcError
from shared.contract.pathology_statistics import (
    CasesWhere,
    Condition,
    DrawCases,
    ExportCases,
    Group,
    Joined,
    ListEarlier,
    SaveQuery,
)
from shared.domain.pathology_indicators import Indicator
from shared.domain.pathology_queries import Field, Operator
from shared.domain.pathology_reports import Concordance
from shared.domain.pathology_statistics import GroupBy, Measure, Pair, Subject
from tests.clients.pathology.statistics.statistics_desk import House
from tests.databases import a_database
from tests.server.pathology.statistics.records import StatisticsHouse

TODAY = date(2026, 4, 20)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatisticsHouse]:
    with a_database("sqlite", tmp_path_factory.mktemp("pages")) as database:
        made = StatisticsHouse(database)
        made.fill(150)
        made.world.clock.present = datetime(2026, 4, 20, tzinfo=UTC)
        yield made


@pytest.fixture
def house(records: StatisticsHouse, tmp_path: Path, qtbot: QtBot) -> House:
    apply_theme(ThemeName.LIGHT)
    return House(records, tmp_path)


def _shown(qtbot: QtBot, page: QWidget, size: tuple[int, int] = (1240, 740)) -> Any:
    qtbot.addWidget(page)
    page.resize(*size)
    page.show()
    qtbot.waitExposed(page, timeout=30_000)
    return page


def _total(page: TablePage) -> float:
    table = page.presenter.state.table
    assert table is not None
    return table.total.values[0] or 0.0


def _year(page: TablePage) -> TablePage:
    page.presenter.choose_days(date(2026, 1, 1), date(2026, 4, 30))
    return page


def test_a_table_is_shown_with_its_chart_and_each_figure_opens_its_cases(house: House, qtbot: QtBot) -> None:
    page = _year(_shown(qtbot, TablePage(house.desk, Subject.SOURCES)))
    table = page.presenter.state.table
    assert table is not None and len(table.rows) >= 3
    assert page.table.rowCount() == len(table.rows) + 1
    column = 1 + table.columns.index(Measure.REPORTS)
    page.table.setCurrentCell(0, column)
    assert page.presenter.state.measure is Measure.REPORTS
    chart = chart_of(page.presenter.state)
    assert chart is not None and chart.values == tuple(row.values[column - 1] for row in table.rows)
    page.table.open_current()
    cases = house.view.window
    assert isinstance(cases, CaseLinesView)
    qtbot.waitUntil(lambda: cases.total > 0, timeout=30_000)
    assert cases.total == table.rows[0].values[column - 1]
    page.table.setCurrentCell(len(table.rows), column)
    page.table.open_current()
    assert house.view.window.total == table.total.values[column - 1]  # type: ignore[union-attr]


def test_days_grouping_library_and_words_are_asked(house: House, qtbot: QtBot) -> None:
    page = _year(_shown(qtbot, TablePage(house.desk, Subject.STAFF)))
    page.presenter.choose(group_by=GroupBy.MONTH)
    assert [row.key for row in page.presenter.state.table.rows] == [f"2026-0{one}" for one in range(1, 5)]  # type: ignore[union-attr]
    page.presenter.choose(group_by=GroupBy.PERSON, library_id=house.desk.libraries[0].id)
    page.words.set_value("李医师，赵主任")
    page.query.click()
    assert {row.key for row in page.presenter.state.table.rows} == {"李医师", "赵主任"}  # type: ignore[union-attr]
    page.first.set_value(date(2026, 5, 1))
    page.query.click()
    assert "结束日期" in page.problem.full_text


def test_an_empty_and_a_failed_answer_say_what_to_do(house: House, qtbot: QtBot) -> None:
    page = _shown(qtbot, TablePage(house.desk, Subject.POSITIVE))
    page.presenter.choose_days(date(2020, 1, 1), date(2020, 1, 2))
    assert page.stack.currentIndex() == 0
    assert not page.export_button.isEnabled()
    house.line.broken = RpcError(ErrorBody(code=ErrorCode.PERMISSION_MISSING, message="需要“病理统计”权限。"))
    page.presenter.refresh()
    house.line.broken = None
    page.empty.acted.emit()
    assert page.presenter.state.error is None


def test_a_table_is_exported_and_drawn(house: House, qtbot: QtBot, tmp_path: Path) -> None:
    page = _year(_shown(qtbot, TablePage(house.desk, Subject.CHARGES)))
    page.presenter.export(tmp_path / "charges.xlsx")
    rows = list(load_workbook(tmp_path / "charges.xlsx").active.values)  # type: ignore[union-attr]
    assert rows[-1][0] == "合计"
    page.presenter.export(tmp_path / "no such folder" / "x.xlsx")
    assert "无法写入" in house.messages.said[-1].text
    page.print_button.click()
    assert house.view.panels[-1] == "收费统计"


def test_conditions_are_built_kept_and_asked_again(house: House, qtbot: QtBot) -> None:
    page = _shown(qtbot, QueryPage(house.desk, today=lambda: TODAY))
    page.reset()
    first = page.editor.parts[0]
    first.set_condition(Condition(field=Field.SEX, operator=Operator.IS, values=("F",)))
    page.editor.add_group()
    inner = page.editor.parts[1]
    inner.parts[0].set_condition(Condition(field=Field.DIAGNOSIS, operator=Operator.CONTAINS, values=("癌",)))
    inner.add_condition()
    inner.parts[1].set_condition(Condition(field=Field.AGE, operator=Operator.BETWEEN, values=("30", "60")))
    wanted = Group(
        parts=(
            Condition(field=Field.SEX, operator=Operator.IS, values=("F",)),
            Group(
                joined=Joined.ANY,
                parts=(
                    Condition(field=Field.DIAGNOSIS, operator=Operator.CONTAINS, values=("癌",)),
                    Condition(field=Field.AGE, operator=Operator.BETWEEN, values=("30", "60")),
                ),
            ),
        )
    )
    assert page.editor.group() == wanted
    page.query_button.click()
    qtbot.waitUntil(lambda: page.list.total > 0, timeout=30_000)
    assert page.list.which == CasesWhere(condition=wanted)
    page.name.set_value("女性癌")
    page.save_button.click()
    kept = next(one for one in page.saved if one.name == "女性癌")
    assert kept.condition == wanted
    page.reset()
    page.chosen.set_value(kept.id)
    page.chosen.chosen.emit(kept.id)
    assert page.editor.group() == wanted
    page.delete_button.click()
    assert all(one.name != "女性癌" for one in page.saved)
    assert any(isinstance(one, SaveQuery) for one in house.line.calls)


def test_every_field_can_be_chosen_and_a_missing_value_is_said(house: House, qtbot: QtBot) -> None:
    page = _shown(qtbot, QueryPage(house.desk, today=lambda: TODAY))
    page.reset()
    editor = page.editor.parts[0]
    for field in Field:
        editor.field.set_value(field)
        editor.field.chosen.emit(field)
        assert editor.condition().field is field
    page.editor.set_group(Group(parts=(Condition(field=Field.AGE, operator=Operator.FROM),)))
    page.run()
    qtbot.waitUntil(lambda: "年龄" in page.list.list.error_text, timeout=30_000)


def test_the_register_book_is_listed_drawn_and_exported(house: House, qtbot: QtBot, tmp_path: Path) -> None:
    page = _shown(qtbot, BookPage(house.desk, today=lambda: TODAY))
    page.first.set_value(date(2026, 1, 1))
    page.library.set_value(0)
    page.query_button.click()
    qtbot.waitUntil(lambda: page.list.total > 20, timeout=30_000)
    page.list.export(with_ending(tmp_path / "book.csv"))
    lines = (tmp_path / "book.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == page.list.total + 1
    page.list.preview()
    assert house.view.panels[-1] == "登记薄打印"
    assert {DrawCases, ExportCases} <= {type(one) for one in house.line.calls}


def test_a_double_click_opens_the_case(house: House, qtbot: QtBot) -> None:
    view = _shown(qtbot, CaseLinesView(house.desk))
    view.show_cases(CasesWhere())
    qtbot.waitUntil(lambda: view.total > 0, timeout=30_000)
    qtbot.waitUntil(lambda: view.list.model.rowCount() > 0, timeout=30_000)
    view.list.table.selectRow(0)
    view.open_selected()
    assert len(house.opened) == 1


def test_indicators_show_trend_and_cases_and_take_figures(house: House, qtbot: QtBot, tmp_path: Path) -> None:
    page = _shown(qtbot, QualityPage(house.desk, TODAY))
    assert len(page.views) == 13
    page.list.table.selectRow(list(Indicator).index(Indicator.TISSUE_TIME))
    page.open_cases(only_missed=True)
    cases = house.view.window
    assert isinstance(cases, CaseLinesView)
    view = page.chosen
    assert view is not None
    missed = view.months[-1].denominator - view.months[-1].numerator
    qtbot.waitUntil(lambda: cases.total == missed, timeout=30_000)
    page.list.table.selectRow(list(Indicator).index(Indicator.IMMUNO_EXTERNAL))
    assert page.form.isVisible() and not page.cases_button.isVisible()
    page.form.set_values({"numerator": 9, "denominator": 10, "note": "省质评"})
    page.enter_button.click()
    entered = next(one for one in page.views if one.indicator is Indicator.IMMUNO_EXTERNAL)
    assert entered.months[-1].value == 90.0
    page.form.set_values({"numerator": 11, "denominator": 10, "note": ""})
    page.enter_button.click()
    assert entered.months[-1].numerator == 9
    page.export(tmp_path / "quality.xlsx")
    assert (tmp_path / "quality.xlsx").stat().st_size > 3000


def test_pairs_are_judged(house: House, qtbot: QtBot) -> None:
    page = _shown(qtbot, PairsPage(house.desk, today=lambda: TODAY))
    page.pair.set_current(Pair.FIRST.value)
    page.first.set_value(date(2026, 1, 1))
    page.load()
    row = page.list.model.index(0, 0)
    assert row.isValid()
    page.list.table.selectRow(0)
    chosen = page.list.selected_row
    assert chosen is not None and chosen.result is None
    page.note.set_value("分级不同")
    page.buttons[Concordance.DISAGREES].click()
    page.list.select_id((chosen.case_id, chosen.other_id))
    judged = page.list.selected_row
    assert judged is not None and judged.result is Concordance.DISAGREES and judged.note == "分级不同"


def test_earlier_pathology_is_asked_for_each_opened_case(house: House, qtbot: QtBot) -> None:
    known = [record.case["id"] for record in house.records.records if record.is_counted]
    case_id = max(known, key=lambda one: len(house.line.call(ListEarlier(case_id=one))))
    told: list[int] = []
    watch = EarlierWatch(house.desk, lambda cases: told.append(len(cases)))
    details: Any = type("Details", (), {"case": type("Case", (), {"id": case_id})()})()
    house.desk.opened.ring(details)
    assert told[0] == 0 and told[-1] >= 1
    cases = house.line.call(ListEarlier(case_id=case_id))
    panel = _shown(qtbot, EarlierPanel(house.desk, cases), (440, 600))
    panel.list.activated.emit(cases[0])
    assert house.opened == [cases[0].case_id]
    watch.close()
    house.desk.closed.ring(None)
    assert told[-1] >= 1


def test_every_entry_of_the_menu_opens_its_page(house: House, qtbot: QtBot) -> None:
    from clients.pathology.desk import find_maker

    wanted = [one for one in ENTRIES.values() if one.maker.startswith("clients.pathology.statistics.")]
    assert len(wanted) >= 15
    for entry in wanted:
        maker = find_maker(entry.maker)
        assert maker is not None, entry.id
        if entry.id in ("case.import", "case.export"):
            continue
        house.view.window = house.view.panel = None
        maker(house.desk)
        opened = house.view.window or house.view.panel
        assert opened is not None, entry.id
        qtbot.addWidget(opened)
    entries.pairs(house.desk)
    qtbot.addWidget(house.view.window)


def test_the_tumour_register_is_exported_for_the_days_that_are_typed(
    house: House, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = RegisterPanel(house.desk, today=lambda: date(2026, 3, 5))
    qtbot.addWidget(panel)
    assert panel.form.values() == {"first": date(2026, 2, 1), "last": date(2026, 2, 28)}
    panel.form.set_values({"first": date(2026, 1, 1), "last": date(2026, 4, 30)})
    panel.save_to(tmp_path / "register.csv")
    lines = (tmp_path / "register.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("病理号,姓名") and len(lines) > 5
    panel.form.set_values({"first": date(2020, 1, 1), "last": date(2020, 1, 2)})
    panel.save_to(tmp_path / "nothing.csv")
    assert not (tmp_path / "nothing.csv").exists()
    assert "没有需要登记的肿瘤" in house.messages.said[-1].text


PAGES: dict[str, Callable[[House], QWidget]] = {
    **{subject.value: lambda house, subject=subject: _year(TablePage(house.desk, subject)) for subject in Subject},  # type: ignore[misc]
    "query": lambda house: QueryPage(house.desk, today=lambda: TODAY),
    "book": lambda house: BookPage(house.desk, today=lambda: TODAY),
    "register": lambda house: RegisterPanel(house.desk, today=lambda: TODAY),
    "quality": lambda house: QualityPage(house.desk, TODAY),
    "pairs": lambda house: PairsPage(house.desk, today=lambda: TODAY),
}


@pytest.mark.parametrize("language", list(Language))
def test_no_word_is_cut_on_any_page(house: House, qtbot: QtBot, language: Language) -> None:
    set_language(language)
    try:
        for name, make in PAGES.items():
            page = _shown(qtbot, make(house), (1180, 700))
            assert review(page) == [], name
            page.close()
    finally:
        set_language(Language.CHINESE)


def test_ready_made_spans_and_words() -> None:
    assert days_of(Span.LAST_MONTH, date(2026, 3, 31)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert days_of(Span.WEEK, TODAY) == (date(2026, 4, 14), TODAY)
    assert split("癌，息肉、癌; ,") == ("癌", "息肉")


def test_further_conditions_narrow_a_statistic(house: House, qtbot: QtBot) -> None:
    page = _year(_shown(qtbot, TablePage(house.desk, Subject.POSITIVE)))
    whole = _total(page)
    page.more_button.click()
    condition = Condition(field=Field.DEPARTMENT, operator=Operator.IS, values=("妇科",))
    page.conditions.set_group(Group(parts=(condition,)))
    page.query.click()
    narrowed = _total(page)
    assert 0 < narrowed < whole
    page.more_button.click()
    assert _total(page) == whole


def test_counting_rules_are_changed_in_their_form(house: House, qtbot: QtBot) -> None:
    from clients.pathology.statistics.rules_panel import RulesPanel, show_rules
    from shared.contract.pathology_statistics import GetRules

    show_rules(house.desk)
    panel = house.view.window
    assert isinstance(panel, RulesPanel)
    qtbot.addWidget(panel)
    panel.form.set_values({"positive_words": "癌，肉瘤", "tissue_days": 4})
    panel.save_button.click()
    kept = house.line.call(GetRules())
    assert (kept.positive_words, kept.tissue_days) == (("癌", "肉瘤"), 4)
    panel.form.set_values({"positive_words": ""})
    panel.save_button.click()
    assert house.line.call(GetRules()).version == kept.version
