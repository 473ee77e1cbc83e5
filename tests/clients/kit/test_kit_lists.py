"""Lists: windows, refresh without flicker, selection and scroll kept, columns remembered, states said in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import (
    Align,
    Column,
    EmptyWords,
    ListDeclarationError,
    PageOfRows,
    PageRequest,
    RowAction,
    Sort,
    check_columns,
    local_time,
    plain_text,
)
from clients.kit.rows_model import WINDOW
from clients.kit.running import HeldRunner, ImmediateRunner, TaskRunner
from clients.kit.settings import UserSettings
from clients.kit.states import EXAM_LOOKS
from clients.kit.translations import Language, set_language
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.domain.states import ExamState


@dataclass(frozen=True)
class Exam:
    id: int
    name: str
    state: ExamState = ExamState.REGISTERED
    price: float = 0.0
    allowed: frozenset[str] = field(default_factory=frozenset)


COLUMNS = (
    Column("id", "检查号", 100, Align.RIGHT),
    Column("name", "姓名", 0),
    Column("state", "检查状态", 110, looks=EXAM_LOOKS),
    Column("price", "单价", 80, Align.RIGHT, visible=False),
)
ACTIONS = (
    RowAction("print", "打印条码", "barcode"),
    RowAction("edit", "编辑登记", "edit"),
    RowAction("cancel", "取消登记", "cross_circle", danger=True),
)


def exams(count: int, **values: object) -> list[Exam]:
    return [Exam(n, f"患者{n:03}", **values) for n in range(count)]  # type: ignore[arg-type]


class Server:
    """A long list behind a source; counts what was asked."""

    def __init__(self, count: int) -> None:
        self.rows = exams(count)
        self.asked: list[PageRequest] = []
        self.trouble: Exception | None = None

    def __call__(self, request: PageRequest) -> PageOfRows[Exam]:
        self.asked.append(request)
        if self.trouble is not None:
            raise self.trouble
        rows = self.rows
        if request.sort is not None:
            rows = sorted(rows, key=lambda row: row.id, reverse=request.sort.descending)
        return PageOfRows(rows[request.offset : request.offset + request.limit], len(rows))


def a_list(qtbot: QtBot, runner: TaskRunner | None = None, **options: object) -> ListView:
    made = ListView(COLUMNS, row_id=lambda row: row.id, runner=runner, **options)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    return made


def text(view: ListView, row: int, column: int) -> str:
    return str(view.model.data(view.model.index(row, column)))


def settle(qtbot: QtBot, view: ListView) -> None:
    """Let the table lay itself out and the model ask for what is looked at."""
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not view.model._ask.isActive(), timeout=30_000)


def test_only_the_windows_that_somebody_looks_at_are_fetched(qtbot: QtBot) -> None:
    server = Server(100_000)
    view = a_list(qtbot, ImmediateRunner())
    view.set_source(server)
    settle(qtbot, view)
    assert view.total == 100_000
    assert [request.offset for request in server.asked] == [0]
    view.table.scrollTo(view.model.index(50_000, 0))
    settle(qtbot, view)
    assert {request.offset // WINDOW for request in server.asked} <= {0, 249, 250}
    assert text(view, 50_000, 1) == "患者50000"


def test_a_refresh_shows_old_rows_until_the_new_ones_are_there(qtbot: QtBot) -> None:
    server, runner = Server(300), HeldRunner()
    view = a_list(qtbot, runner)
    view.set_source(server)
    assert text(view, 0, 1) == "None" or view.total == 0
    runner.release()
    assert text(view, 0, 1) == "患者000"
    server.rows = [Exam(row.id, "改名") for row in server.rows]
    view.refresh()
    assert text(view, 0, 1) == "患者000"
    runner.release()
    assert text(view, 0, 1) == "改名"


def test_a_page_of_an_older_refresh_is_dropped(qtbot: QtBot) -> None:
    server, runner = Server(10), HeldRunner()
    view = a_list(qtbot, runner)
    view.set_source(server)
    view.refresh()
    runner.release()
    assert view.total == 10
    assert text(view, 0, 1) == "患者000"


def test_selection_follows_the_row_and_scroll_stays(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    rows = exams(200)
    view.set_rows(rows)
    assert view.select_id(150)
    view.table.scrollTo(view.model.index(150, 0))
    scroll = view.table.verticalScrollBar().value()
    assert scroll > 0
    view.set_rows([Exam(999, "新来的"), *rows])
    assert view.selected_row == rows[150]
    assert view.table.currentIndex().row() == 151
    assert view.table.verticalScrollBar().value() == scroll


def test_a_cleared_selection_can_be_chosen_again(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    view.set_rows(exams(5))
    told: list[object] = []
    view.selected.connect(told.append)
    view.table.selectRow(2)
    view.clear_selection()
    assert view.selected_row is None
    view.set_rows(exams(5))
    assert len(told) == 1
    view.table.selectRow(2)
    assert len(told) == 2


def test_a_selected_row_that_is_gone_is_no_longer_selected(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    view.set_rows(exams(5))
    view.select_id(4)
    heard: list[object] = []
    view.selected.connect(heard.append)
    view.set_rows(exams(3))
    assert view.selected_row is None
    assert heard[-1] is None


def test_after_a_refresh_the_selected_row_is_told_again_with_its_new_content(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    view.set_rows(exams(3))
    view.select_id(1)
    heard: list[Exam] = []
    view.selected.connect(heard.append)
    view.set_rows([Exam(row.id, "改名") for row in exams(3)])
    assert heard[-1] == Exam(1, "改名")


def test_clicking_a_title_sorts_and_a_third_click_gives_the_own_order_back(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    rows = [Exam(2, "b"), Exam(3, "c"), Exam(1, "a")]
    view.set_rows(rows)
    view.sort_by(Sort("id"))
    assert [text(view, i, 0) for i in range(3)] == ["1", "2", "3"]
    view.sort_by(Sort("id", descending=True))
    assert [text(view, i, 0) for i in range(3)] == ["3", "2", "1"]
    view.set_rows(rows)
    assert text(view, 0, 0) == "3"


def test_a_source_is_asked_for_the_order(qtbot: QtBot) -> None:
    server = Server(500)
    view = a_list(qtbot, ImmediateRunner())
    view.set_source(server)
    view.sort_by(Sort("id", descending=True))
    settle(qtbot, view)
    assert text(view, 0, 0) == "499"
    assert server.asked[-1].sort == Sort("id", True)


def test_columns_are_remembered_per_user(qtbot: QtBot, tmp_path: Path) -> None:
    settings = UserSettings(tmp_path / "s.json")
    view = a_list(qtbot, settings=settings, list_id="today")
    assert view.visible_columns() == ["id", "name", "state"]
    view.set_column_visible("price", True)
    view.set_column_visible("id", False)
    header = view.table.horizontalHeader()
    header.moveSection(header.visualIndex(2), 0)
    header.resizeSection(2, 177)
    again = a_list(qtbot, settings=UserSettings(tmp_path / "s.json"), list_id="today")
    assert again.visible_columns() == ["state", "name", "price"]
    assert again.table.horizontalHeader().sectionSize(2) == 177
    again.reset_columns()
    assert again.visible_columns() == ["id", "name", "state"]


def test_the_last_column_cannot_be_hidden(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    for key in ("id", "name", "state"):
        view.set_column_visible(key, False)
    assert view.visible_columns() == ["state"]


def test_an_empty_list_says_why_and_what_to_do(qtbot: QtBot) -> None:
    view = a_list(qtbot, empty=EmptyWords("今日暂无登记", "在右侧新建预约登记。", action="新建登记"))
    assert view._empty.title == "正在加载…"
    view.set_rows([])
    assert view._empty.isVisible() and view._empty.title == "今日暂无登记"
    with qtbot.waitSignal(view.empty_action, timeout=30_000):
        view._empty.acted.emit()
    view.set_rows(exams(1))
    assert not view._empty.isVisible()


def test_an_error_keeps_the_old_rows_and_offers_another_try(qtbot: QtBot) -> None:
    server = Server(30)
    view = a_list(qtbot, ImmediateRunner())
    view.set_source(server)
    server.trouble = error_for(ErrorBody(code=ErrorCode.TIMEOUT, message="slow"))
    view.refresh()
    assert view.total == 30 and text(view, 0, 1) == "患者000"
    assert view.error_text == "服务器响应超时，请稍候重试。"
    server.trouble = None
    view._banner._act()
    assert view.error_text == ""


def test_an_error_without_rows_is_said_in_the_middle(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    view.show_error(message_for(error_for(ErrorBody(code=ErrorCode.BUSY, message=""))))
    assert view._empty.title == "列表未能加载"


def test_row_actions_are_shown_when_allowed_and_ask_with_the_row(qtbot: QtBot) -> None:
    view = a_list(qtbot, actions=ACTIONS, shown_actions=2)
    rows = [Exam(1, "a", allowed=frozenset({"print", "cancel"})), Exam(2, "b")]
    view.set_rows(rows)
    heard: list[tuple[str, Exam]] = []
    view.action_requested.connect(lambda action, row: heard.append((action, row)))
    index = view.model.index(0, len(COLUMNS))
    rect = view.table.visualRect(index)
    delegate = view.table.cells
    places = {getattr(what, "id", what): place for what, place in delegate._places(rect, rows[0])}
    assert set(places) == {"print", "more"}
    assert delegate._places(rect, rows[1]) == []
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=places["print"].center())
    assert heard == [("print", rows[0])]
    menu = view.table.row_menu(index)
    assert menu is not None
    assert [entry.objectName() for entry in menu.actions()] == ["print", "cancel"]
    menu.actions()[1].trigger()
    assert heard[-1] == ("cancel", rows[0])
    assert delegate.tooltip(index, rect, places["print"].center()) == "打印条码"
    assert delegate.tooltip(index, rect, places["more"].center()) == "更多操作"


def test_enter_and_double_click_open_the_row(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    view.set_rows(exams(3))
    view.select_id(1)
    with qtbot.waitSignal(view.activated, timeout=30_000) as heard:
        qtbot.keyClick(view.table, Qt.Key.Key_Return)
    assert heard.args == [exams(3)[1]]
    point = view.table.visualRect(view.model.index(2, 1)).center()
    with qtbot.waitSignal(view.activated, timeout=30_000) as heard:
        qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=point)
        qtbot.mouseDClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert heard.args == [exams(3)[2]]


def test_titles_and_states_follow_the_language(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    view.set_rows(exams(1))
    assert text(view, 0, 2) == "已登记"
    set_language(Language.ENGLISH)
    assert text(view, 0, 2) == "Registered"


def test_rows_that_have_not_come_are_painted_without_harm(qtbot: QtBot) -> None:
    runner = HeldRunner()
    view = a_list(qtbot, runner, actions=ACTIONS)
    view.set_source(Server(1000))
    runner.release()
    view.table.scrollTo(view.model.index(900, 0))
    assert view.model.row(900) is None
    assert not view.grab().isNull()
    assert view.table.cells.action_at(view.model.index(900, 4), view.table.rect(), QPoint(5, 5)) is None


def test_a_list_that_shrinks_forgets_rows_beyond_its_end(qtbot: QtBot) -> None:
    server = Server(1000)
    view = a_list(qtbot, ImmediateRunner())
    view.set_source(server)
    view.table.scrollToBottom()
    settle(qtbot, view)
    server.rows = server.rows[:10]
    view.refresh()
    settle(qtbot, view)
    assert view.total == 10
    assert text(view, 9, 1) == "患者009"


@pytest.mark.parametrize(
    ("columns", "actions"),
    [
        ((Column("a", "一"), Column("a", "二")), ()),
        ((Column("a", "一", visible=False),), ()),
        ((Column("a", "一"),), (RowAction("x", "一", "edit"), RowAction("x", "二", "edit"))),
    ],
)
def test_wrong_declarations_fail_at_start(columns: tuple[Column, ...], actions: tuple[RowAction, ...]) -> None:
    with pytest.raises(ListDeclarationError):
        check_columns(columns, actions)


def test_plain_texts() -> None:
    from datetime import UTC, date, datetime

    assert plain_text(None) == ""
    assert plain_text(date(2024, 5, 31)) == "2024-05-31"
    moment = datetime(2024, 5, 31, 8, 30, tzinfo=UTC)
    assert plain_text(moment) == local_time(moment) == moment.astimezone().strftime("%Y-%m-%d %H:%M")


def test_the_button_of_the_error_strip_is_not_below_the_column_chooser(qtbot: QtBot) -> None:
    view = a_list(qtbot)
    view.resize(700, 400)
    view.show()
    view.show_error(message_for(error_for(ErrorBody(code=ErrorCode.BUSY, message=""))))
    assert view._chooser_button.geometry().top() >= view._banner.geometry().bottom()
    view.clear_error()
    assert view._chooser_button.geometry().top() < view.table.horizontalHeader().height()
