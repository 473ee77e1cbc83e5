"""The pop-up of settings in the real window: every page acts at once, and again after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from clients.kit.settings import HOME_VARIABLE
from clients.kit.theme import apply_theme, current_theme
from clients.kit.translations import Language, language
from clients.viewer import colours
from clients.viewer.film.feature import FilmFeature
from clients.viewer.session import Tool
from clients.viewer.settings.dialog import PAGES, SettingsDialog
from clients.viewer.settings.feature import SettingsFeature
from clients.viewer.settings.page_information import InformationPage
from clients.viewer.settings.page_presets import PresetsPage
from clients.viewer.settings.page_shortcuts import ShortcutsPage
from clients.viewer.settings.pages import DisplayPage, LanguagePage, LayoutsPage, MousePage, ThemePage
from clients.viewer.window import ViewerWindow
from shared.imaging.lut import Window
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_study

Make = Callable[[], ViewerWindow]


@pytest.fixture
def make(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    before = {name: getattr(colours, name) for name in dir(colours) if name.isupper()}
    windows: list[ViewerWindow] = []

    def made() -> ViewerWindow:
        window = ViewerWindow(MemorySource(a_study(a_series(20), a_series(8, series="2"))))
        windows.append(window)
        window.resize(1366, 768)
        return window

    yield made
    for window in windows:
        window.close()
        window.deleteLater()
    QApplication.processEvents()
    for name, colour in before.items():
        setattr(colours, name, colour)


def dialog_of(window: ViewerWindow, page: str) -> SettingsDialog:
    assert window.perform(f"settings.{page}")
    feature = next(feature for feature in window.features if isinstance(feature, SettingsFeature))
    assert feature.dialog is not None
    return feature.dialog


def test_every_page_of_the_requirements_is_there(make: Make) -> None:
    dialog = dialog_of(make(), "mouse")

    assert [page.title for page in PAGES] == [
        "信息显示", "快捷键设置", "鼠标设置", "预设窗宽窗位", "预设布局", "主题", "语言", "缓存", "显示方式",
    ]  # fmt: skip
    assert isinstance(dialog.page, MousePage)
    assert not dialog.open_page("nonsense")


def test_keys_change_at_once_conflicts_are_named_and_all_comes_back(make: Make) -> None:
    window = make()
    dialog = dialog_of(window, "shortcuts")
    page = dialog.page
    assert isinstance(page, ShortcutsPage)

    assert not page.give("view.invert", "W")  # windowing has it
    assert "窗宽窗位" in dialog._note.text()
    assert not page.give("view.invert", "F2") or window.commands.shortcut("view.invert") == "F2"
    assert page.give("view.invert", "Ctrl+Alt+I")
    assert window.commands.shortcut("view.invert") == "Ctrl+Alt+I"
    assert "Ctrl+Alt+I" in window.commands.qt("view.invert").toolTip()
    assert page.give("view.reset", "")
    assert page.give("preset.lung", "Ctrl+Alt+L")

    again = make()
    assert again.commands.shortcut("view.invert") == "Ctrl+Alt+I" and again.commands.shortcut("view.reset") == ""
    lung = next(action for action in again.actions() if action.objectName() == "preset.lung")
    assert lung.shortcut().toString() == "Ctrl+Alt+L"
    page.reset()
    assert window.commands.shortcut("view.invert") == "I" and window.commands.shortcut("view.reset") == "R"


def test_mouse_buttons_take_their_tools_and_keep_them(make: Make) -> None:
    window = make()
    page = dialog_of(window, "mouse").page
    assert isinstance(page, MousePage)

    page._bind("left", Tool.PAGE)
    page._bind("middle", Tool.ZOOM)

    assert [window.session.tool_of_button(b) for b in ("left", "middle", "right")] == ["page", "zoom", "window"]
    again = make()
    assert [again.session.tool_of_button(b) for b in ("left", "middle")] == ["page", "zoom"]


def test_a_typed_or_picked_window_acts_on_the_selected_viewport(make: Make, qtbot: QtBot) -> None:
    window = make()
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(a_study().study_uid)
    page = dialog_of(window, "presets").page
    assert isinstance(page, PresetsPage)

    page.width_box.setValue(321)
    voi = window.session.active_viewport.voi
    assert isinstance(voi, Window) and voi.width == 321 and voi.centre == 40
    page._pick(Window(-700, 1500))
    assert window.session.active_viewport.voi == Window(-700, 1500)

    page.name.setText("肺窗二")
    page.add()
    menu = window._menus["menu.presets"]
    menu.aboutToShow.emit()
    own = next(action for action in menu.actions() if action.text().startswith("肺窗二"))
    window.session.active_viewport.voi = None
    own.trigger()
    assert window.session.active_viewport.voi == Window(-700, 1500)


def test_a_modality_opens_in_its_layout(make: Make, qtbot: QtBot) -> None:
    window = make()
    page = dialog_of(window, "layouts").page
    assert isinstance(page, LayoutsPage)
    page._choose("CT", "2x2")

    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(a_study().study_uid)

    assert window.session.layout.key == "2x2"
    assert window.session.viewports[1].stack is window.session.stacks[1]


def test_look_place_words_and_language_change_at_once(make: Make, qtbot: QtBot) -> None:
    window = make()
    window.show()
    page = dialog_of(window, "theme").page
    assert isinstance(page, ThemePage)

    page._set_look("white")
    assert colours.BACKGROUND == "#ffffff" and not current_theme().dark
    page._set_look("blue")
    assert colours.BACKGROUND == "#0b2340" and current_theme().dark
    page._set_look("black")
    assert colours.BACKGROUND == "#000000"
    page._set_strip("below")
    QApplication.processEvents()
    assert window.strip.y() > window.stage.y() and window.strip.width() > window.width() // 2
    page._set_strip("left")
    QApplication.processEvents()
    assert window.strip.x() < window.stage.x()
    page._set_words(False)
    assert not window.tool_bar.words

    dialog = dialog_of(window, "language")
    assert isinstance(dialog.page, LanguagePage)
    dialog.page._choose("en")
    assert language() is Language.ENGLISH
    qtbot.waitUntil(lambda: dialog.windowTitle() == "Settings", timeout=30_000)


def test_the_size_of_the_interface_changes_at_once_and_comes_back_after_a_restart(make: Make, qtbot: QtBot) -> None:
    window = make()
    window.show()
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(a_study().study_uid)
    window.perform("objects.panel")
    dialog = dialog_of(window, "theme")
    page = dialog.page
    assert isinstance(page, ThemePage)

    def sizes() -> list[int]:
        button = window.tool_bar.findChild(QToolButton, "tool.page")
        assert button is not None
        parts = [window.tool_bar.height(), window.strip.width(), window.side.width(), button.iconSize().width()]
        return [*parts, QApplication.font().pixelSize(), current_theme().metrics.control]

    QApplication.processEvents()
    before = sizes()
    try:
        page.scale.setCurrentIndex(page.scale.findData("200"))
        page.scale.activated.emit(page.scale.currentIndex())
        qtbot.waitUntil(lambda: sizes() == [2 * size for size in before], timeout=30_000)
        qtbot.waitUntil(lambda: dialog.page is not page, timeout=30_000)  # built anew in the new size
        second = window.strip.widget()
        assert second is not None
        with qtbot.waitSignal(window.strip.chosen, timeout=30_000) as chosen:
            qtbot.mouseClick(second, Qt.MouseButton.LeftButton, pos=QPoint(150, 2 * (40 + 164 + 80)))
        assert chosen.args == [1]

        restarted = make()  # Qt itself begins with 200 % then
        assert current_theme().factor == 2.0
        page = dialog_of(restarted, "theme").page
        assert isinstance(page, ThemePage) and page.scale.currentData() == "200"
    finally:
        apply_theme(current_theme().name)
    QApplication.processEvents()


def test_films_take_the_corner_texts_over_when_they_are_told_to(make: Make) -> None:
    window = make()
    page = dialog_of(window, "information").page
    assert isinstance(page, InformationPage)
    films = next(feature for feature in window.features if isinstance(feature, FilmFeature)).films

    page.film.setChecked(False)
    assert not films.page(0).same_texts
    page.film.setChecked(True)
    assert films.page(0).same_texts


def test_series_open_at_the_chosen_image(make: Make, qtbot: QtBot) -> None:
    window = make()
    page = dialog_of(window, "display").page
    assert isinstance(page, DisplayPage)
    page._set_first("middle")

    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(a_study().study_uid)

    assert window.session.active_viewport.index == 10
    page._trigger("load.all", False)
    assert not window.opening.load_all


def test_items_of_the_corners_move_and_the_name_stays(make: Make) -> None:
    window = make()
    dialog = dialog_of(window, "information")
    page = dialog.page
    assert isinstance(page, InformationPage)

    page.add("top_right", "dicom:PatientWeight")
    assert window.session.information.elements == ("PatientWeight",)
    page.lists["top_left"].setCurrentRow(0)
    page._remove("top_left")
    assert "name" in window.session.information.corners["top_left"] and dialog._note.text()
    page.lists["top_left"].setCurrentRow(1)
    page._remove("top_left")
    assert window.session.information.corners["top_left"] == ("name", "person")
    page.size_box.setValue(22)
    page.set_colour("#ff8800")
    assert (window.session.information.font_px, window.session.information.colour) == (22, "#ff8800")
    page.film.setChecked(True)
    assert window.desk.settings.get("information.film") is True
