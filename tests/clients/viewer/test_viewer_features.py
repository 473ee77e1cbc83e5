"""What every feature can rely on: stage, side, background work, and declarations that fit together."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from clients.viewer import commands, tool_icons
from clients.viewer.desk import Background
from clients.viewer.features import load_features
from clients.viewer.stage import Side, Stage
from clients.viewer.tool_icons import tool_icon
from clients.viewer.window import ViewerWindow


def test_a_page_stands_in_the_place_of_the_viewports_and_goes(qtbot: QtBot) -> None:
    stage, told, left = Stage(QWidget()), [], []
    qtbot.addWidget(stage)
    stage.changed.connect(told.append)

    stage.enter("mpr", QLabel("MPR"), lambda: left.append("mpr"))
    stage.enter("vr", QLabel("VR"), lambda: left.append("vr"))
    stage.leave()
    stage.leave()

    assert left == ["mpr", "vr"] and told == ["mpr", "", "vr", ""]
    assert stage.key == "" and stage.count() == 1


def test_one_panel_at_a_time_stands_at_the_side(qtbot: QtBot) -> None:
    side, told = Side(), []
    qtbot.addWidget(side)
    side.changed.connect(told.append)

    side.show_panel("tags", QLabel("a"), "元信息")
    second = QLabel("b")
    side.show_panel("marks", second, "标注列表", 280)

    assert side.panel is second and not side.isHidden() and side.width() == 280
    side.close_panel()
    assert side.panel is None and side.isHidden() and told == ["tags", "marks", ""]


def test_background_work_answers_in_the_gui_thread(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    background, answers = Background(parent), []

    def broken() -> int:
        raise ValueError("the file is cut off")

    background.run(lambda: 6 * 7, answers.append)
    background.run(broken, answers.append, answers.append)

    qtbot.waitUntil(lambda: len(answers) == 2, timeout=30_000)
    assert set(answers) == {42, "the file is cut off"}


def test_nobody_is_called_after_the_window_closed(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    background, answers = Background(parent), []

    background.later(lambda: answers.append("late"))
    background.close()
    qtbot.wait(10)

    assert answers == []


def test_buttons_and_menus_name_declared_actions_and_icons_that_exist(qtbot: QtBot) -> None:
    window = ViewerWindow()
    qtbot.addWidget(window)
    declared = {action.id for action in window.commands.declared}
    groups, menus = set(commands.GROUPS), {menu.id for menu in commands.MENUS}
    for feature in load_features():
        assert set(feature.slots) <= groups and set(feature.entries) <= menus
        assert {slot.action for slots in feature.slots.values() for slot in slots} <= declared
        assert {entry for entries in feature.entries.values() for entry in entries} <= declared
        assert feature.switches | feature.needs_image <= declared
        for slots in feature.slots.values():
            for slot in slots:
                tool_icon(slot.icon, 20, "#fff", "#fff", "#fff")
    for menu in commands.MENUS:
        assert menu.group in groups
        tool_icon(menu.icon, 20, "#fff", "#fff", "#fff")


def test_the_tool_bar_draws_no_icon_twice(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is fitted anew while a study is being opened, whenever the mark of the screen comes or goes."""
    window = ViewerWindow()
    qtbot.addWidget(window)
    drawn = []
    monkeypatch.setattr(tool_icons, "QSvgRenderer", lambda *_: drawn.append(1))

    window.tool_bar.refit()

    assert drawn == []


def test_every_tool_of_every_feature_is_known_to_every_viewport(qtbot: QtBot) -> None:
    window = ViewerWindow()
    qtbot.addWidget(window)
    wanted = {tool for feature in window.features for tool, _ in feature.tools}

    for viewport in window.viewports:
        assert wanted <= set(viewport.tools)
