"""Small widgets do what their users expect with mouse and keyboard."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.badges import StateBadge
from clients.kit.choosing import AutoRefresh, ChipFilter, Option, SearchBox, SegmentedControl, Switch
from clients.kit.gallery import sample_pdf
from clients.kit.icons import UnknownIcon, icon_names, icon_pixmap, require_icon
from clients.kit.image_strip import ImageStrip, StripImage
from clients.kit.incidents import start_log
from clients.kit.labels import Label, ValueLabel
from clients.kit.messages import CollectedMessages, message_for
from clients.kit.panels import Banner, EmptyState, ProgressRow, SidePanel, Toast, ToastArea, scrolling
from clients.kit.pdf_preview import PdfPreview
from clients.kit.slots import Slot, SlotGrid
from clients.kit.states import EXAM_LOOKS, UNKNOWN_LOOK, look_of
from clients.kit.theme import apply_theme, current_theme
from clients.kit.tokens import Density, ThemeName, Tone
from clients.kit.translations import Language, set_language
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.domain.states import ExamState, PatientType, RegistrationState, ReportState, TicketState


def shown(qtbot: QtBot, widget: QWidget) -> QWidget:
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget, timeout=30_000)
    return widget


OPTIONS = (Option("a", "已登记"), Option("b", "检查中"), Option("c", "已检查"))


def test_a_segmented_control_has_exactly_one_choice(qtbot: QtBot) -> None:
    control = SegmentedControl(OPTIONS)
    shown(qtbot, control)
    heard: list[str] = []
    control.chosen.connect(heard.append)
    qtbot.mouseClick(control, Qt.MouseButton.LeftButton, pos=control.area(1).center().toPoint())
    qtbot.mouseClick(control, Qt.MouseButton.LeftButton, pos=control.area(1).center().toPoint())
    qtbot.keyClick(control, Qt.Key.Key_Right)
    qtbot.keyClick(control, Qt.Key.Key_Right)
    assert heard == ["b", "c", "a"]
    control.set_current("b")
    assert control.current == "b" and heard == ["b", "c", "a"]


def test_chips_choose_any_number_in_the_order_of_the_options(qtbot: QtBot) -> None:
    chips = ChipFilter(OPTIONS, ["c"])
    shown(qtbot, chips)
    heard: list[tuple[str, ...]] = []
    chips.changed.connect(heard.append)
    qtbot.mouseClick(chips, Qt.MouseButton.LeftButton, pos=chips.area(0).center().toPoint())
    qtbot.keyClick(chips, Qt.Key.Key_Right)
    qtbot.keyClick(chips, Qt.Key.Key_Space)
    qtbot.keyClick(chips, Qt.Key.Key_Space)
    assert heard == [("a", "c"), ("a", "b", "c"), ("a", "c")]


def test_chips_grow_with_counts_and_wrap_when_narrow(qtbot: QtBot) -> None:
    chips = ChipFilter(OPTIONS)
    shown(qtbot, chips)
    before = chips.sizeHint().width()
    chips.set_counts({"a": 120})
    assert chips.sizeHint().width() > before
    one = chips.heightForWidth(1000)
    assert chips.heightForWidth(chips.minimumSizeHint().width()) > 2 * one


def test_a_switch_follows_space_and_click(qtbot: QtBot) -> None:
    switch = Switch("自动刷新")
    shown(qtbot, switch)
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert switch.isChecked()
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert not switch.isChecked()
    wide = switch.sizeHint().width()
    set_language(Language.ENGLISH)
    assert switch.sizeHint().width() != wide


def test_auto_refresh_ticks_only_while_on_and_visible(qtbot: QtBot) -> None:
    auto = AutoRefresh(0.02)
    ticks: list[int] = []
    auto.due.connect(lambda: ticks.append(1))
    qtbot.wait(60)
    assert ticks == []
    shown(qtbot, auto)
    qtbot.waitUntil(lambda: len(ticks) >= 2, timeout=30_000)
    auto.setChecked(False)
    seen = len(ticks)
    qtbot.wait(80)
    assert len(ticks) == seen
    auto.setChecked(True)
    auto.hide()
    qtbot.wait(10)
    seen = len(ticks)
    qtbot.wait(80)
    assert len(ticks) == seen


def test_search_fires_after_a_pause_at_enter_and_when_the_mode_changes(qtbot: QtBot) -> None:
    box = SearchBox([Option("name", "姓名"), Option("card", "就诊卡号")], pause_ms=20)
    shown(qtbot, box)
    heard: list[tuple[str, str]] = []
    box.searched.connect(lambda mode, text: heard.append((mode, text)))
    qtbot.keyClicks(box.field, " li")
    qtbot.waitUntil(lambda: heard == [("name", "li")], timeout=30_000)
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    assert heard == [("name", "li")]
    box.toggle.click()
    assert heard[-1] == ("card", "li")
    assert box.field.placeholderText() == "就诊卡号"


def test_slots_that_are_full_or_past_cannot_be_chosen(qtbot: QtBot) -> None:
    grid = SlotGrid(
        [
            Slot("p", "08:00", 3, 8, past=True),
            Slot("f", "08:30", 0, 8),
            Slot("a", "09:00", 2, 8),
            Slot("b", "09:30", 5, 8),
        ]
    )
    shown(qtbot, grid)
    grid.resize(430, 100)
    heard: list[str] = []
    grid.chosen.connect(heard.append)
    for index in range(3):
        qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid._area(index).center().toPoint())
    assert heard == ["a"] and grid.current == "a"
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert heard == ["a", "b"]
    grid.set_slots([Slot("a", "09:00", 2, 8)])
    assert grid.current == ""


def test_slots_wrap_to_the_width(qtbot: QtBot) -> None:
    grid = SlotGrid([Slot(str(n), "08:00", 1, 1) for n in range(8)])
    assert grid.heightForWidth(4 * 104) == 2 * 48 - 8
    assert grid.heightForWidth(104) == 8 * 48 - 8


def test_the_picture_strip_opens_and_takes_out(qtbot: QtBot) -> None:
    strip = ImageStrip()
    image = QImage(20, 40, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.gray)
    strip.set_images([StripImage("a", image), StripImage("b", image, "S1 I2")])
    shown(qtbot, strip)
    opened: list[str] = []
    removed: list[str] = []
    strip.opened.connect(opened.append)
    strip.removed.connect(removed.append)
    qtbot.mouseDClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(30, 50))
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    qtbot.keyClick(strip, Qt.Key.Key_Delete)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip._cross(0).center().toPoint())
    assert opened == ["a", "b"] and removed == ["b", "a"]
    assert not strip.grab().isNull()


def test_the_pdf_preview_fits_the_width_and_zooms(qtbot: QtBot) -> None:
    preview = PdfPreview()
    preview.resize(400, 500)
    shown(qtbot, preview)
    assert preview.show_pdf(sample_pdf())
    assert preview.page_count == 2
    width = preview._area.viewport().width()
    assert preview._pages.width() == width
    assert preview._area.horizontalScrollBar().maximum() == 0
    preview.set_zoom(2)
    assert preview._pages.width() == 2 * width
    preview.set_zoom(99)
    assert preview.zoom == 4
    image = preview.grab().toImage()
    assert image.pixelColor(200, 60) == Qt.GlobalColor.white


@pytest.mark.parametrize("content", [b"", b"not a pdf", b"%PDF-1.7\n%%EOF", b"\x00" * 1000])
def test_a_broken_document_is_said_and_harms_nothing(qtbot: QtBot, content: bytes) -> None:
    preview = PdfPreview()
    shown(qtbot, preview)
    assert not preview.show_pdf(content)
    assert preview._empty.title == "文档无法打开"
    assert preview.show_pdf(sample_pdf())


def test_the_banner_offers_its_action(qtbot: QtBot) -> None:
    banner = Banner()
    shown(qtbot, banner)
    done: list[int] = []
    banner.show_message("句子", Tone.WARNING, action="重试", on_action=lambda: done.append(1))
    banner._action.click()
    assert done == [1] and banner.text == "句子"


def test_toasts_go_by_themselves(qtbot: QtBot) -> None:
    window = QWidget()
    window.resize(800, 600)
    shown(qtbot, window)
    area = ToastArea(window)
    area.add(Toast("一句话", Tone.SUCCESS, 0.02))
    assert area.toasts[0].geometry().bottom() < 600
    qtbot.waitUntil(lambda: area.toasts == (), timeout=30_000)


def test_progress_says_what_is_left_and_can_be_cancelled(qtbot: QtBot) -> None:
    row = ProgressRow("正在加载…")
    shown(qtbot, row)
    row.set_progress(30, 100, 12.4)
    assert row._left.text() == "30 / 100，约剩 12 秒"
    row.set_progress(30, 100)
    assert row._left.text() == "30 / 100，剩余 70"
    with qtbot.waitSignal(row.cancelled, timeout=30_000):
        row._cancel.click()
    row.set_progress(100, 100)
    assert row._left.text() == "完成" and not row._cancel.isVisible()


def test_the_side_panel_owns_its_content(qtbot: QtBot) -> None:
    panel = SidePanel()
    qtbot.addWidget(panel)
    first, second = QLabel("1"), QLabel("2")
    panel.show_content("登录", first)
    panel.show_content("登录", second)
    assert panel.content is second
    with qtbot.waitSignal(panel.closed, timeout=30_000):
        panel.close_panel()
    assert panel.content is None and not panel.isVisible()


def test_an_empty_state_shows_a_button_only_when_there_is_something_to_do(qtbot: QtBot) -> None:
    state = EmptyState("empty", "暂无记录")
    shown(qtbot, state)
    assert not state._button.isVisible()
    state.show_words("empty", "暂无记录", "调整上方的查询条件后再试。", "重试")
    assert state._button.isVisible()
    with qtbot.waitSignal(state.acted, timeout=30_000):
        state._button.click()


def test_long_values_are_cut_with_a_tooltip_and_selectable(qtbot: QtBot) -> None:
    label = ValueLabel("一个非常长的名字" * 5)
    shown(qtbot, label)
    label.resize(80, 20)
    assert label.text().endswith("…") and label.toolTip() == label.full_text
    label.resize(2000, 20)
    assert label.text() == label.full_text and label.toolTip() == ""


def test_labels_fill_in_values_and_follow_the_language(qtbot: QtBot) -> None:
    label = Label("请等待 {seconds} 秒", seconds=5)
    shown(qtbot, label)
    assert label.text() == "请等待 5 秒"
    set_language(Language.ENGLISH)
    assert label.text() == "Wait 5 s"


def test_forms_scroll_instead_of_being_squeezed(qtbot: QtBot) -> None:
    content = QWidget()
    content.setMinimumHeight(900)
    area = scrolling(content)
    area.resize(200, 300)
    shown(qtbot, area)
    assert area.verticalScrollBar().maximum() > 0
    assert area.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("states", [ExamState, RegistrationState, TicketState, ReportState, PatientType])
def test_every_state_has_a_look_with_an_icon_and_a_word(states: type) -> None:
    from clients.kit import states as looks

    table = {
        ExamState: looks.EXAM_LOOKS,
        RegistrationState: looks.REGISTRATION_LOOKS,
        TicketState: looks.TICKET_LOOKS,
        ReportState: looks.REPORT_LOOKS,
        PatientType: looks.PATIENT_TYPE_LOOKS,
    }[states]
    for state in states:  # type: ignore[attr-defined]
        require_icon(table[state].glyph)
    told_apart = [(look.glyph, look.text) for look in table.values()]
    assert len(set(told_apart)) == len(told_apart)


def test_a_state_of_a_newer_server_is_shown_as_unknown(qtbot: QtBot) -> None:
    assert look_of(EXAM_LOOKS, "teleported") is UNKNOWN_LOOK
    badge = StateBadge(UNKNOWN_LOOK)
    shown(qtbot, badge)
    assert badge.accessibleName() == "未知状态"


@pytest.mark.parametrize("name", icon_names())
def test_every_icon_draws_something_in_its_colour(qtbot: QtBot, name: str) -> None:
    image = icon_pixmap(name, 24, "#0a6674", 2.0).toImage()
    assert image.width() == 48
    drawn = [image.pixelColor(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() > 200]
    assert len(drawn) >= 20
    assert max(abs(drawn[0].green() - 0x66), abs(drawn[0].blue() - 0x74)) <= 4


def test_an_unknown_icon_is_refused() -> None:
    with pytest.raises(UnknownIcon):
        require_icon("no such icon")


def test_the_theme_dresses_what_is_already_on_screen(qtbot: QtBot) -> None:
    label = Label("登录")
    shown(qtbot, label)
    apply_theme(ThemeName.DARK, Density.LARGE)
    assert current_theme().dark
    assert label.palette().windowText().color().name() == current_theme().colours.text
    assert label.font().pixelSize() == 16


@pytest.mark.parametrize("code", list(ErrorCode))
@pytest.mark.parametrize("language", list(Language))
def test_every_error_becomes_a_sentence(code: ErrorCode, language: Language) -> None:
    set_language(language)
    body = ErrorBody(
        code=code, message="SELECT secret FROM t", incident="A17", holder="李", retry_after_s=120, field="name"
    )
    message = message_for(error_for(body))
    assert message.text.endswith((".", "。"))
    assert "SELECT" not in message.text
    if code is ErrorCode.INCIDENT:
        assert "A17" in message.text
    if code is ErrorCode.INVALID:
        assert message.field == "name"


def test_a_defect_of_the_workstation_gets_a_number_and_neither_screen_nor_log_quotes_it(tmp_path: Path) -> None:
    path = start_log("test", tmp_path)
    collected = CollectedMessages()
    try:
        raise KeyError("patient 张三")
    except KeyError as error:
        collected.report(error)
    logging.getLogger("mingjing").handlers.pop().close()
    logged = path.read_text(encoding="utf-8")
    number = re.search(r"incident (\w+)", logged)
    assert number is not None and number[1] in collected.said[0].text
    assert "KeyError" in logged and "test_kit_widgets.py" in logged
    assert "张三" not in logged + collected.said[0].text
