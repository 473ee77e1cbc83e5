"""Menus of reading: presets with the file's own windows, layouts, windows, colours."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.desk import Desk
from clients.viewer.presets import LAYOUTS, WINDOW_PRESETS, WINDOWS, Windows
from clients.viewer.reading import commands
from clients.viewer.reading.numbers import own_text
from clients.viewer.reading.pseudo_colour import SWATCH, swatch
from clients.viewer.settings.store import shortcut_of
from clients.viewer.tool_icons import add_icons, tool_icon
from clients.viewer.viewport.palettes import PALETTES

if TYPE_CHECKING:
    from clients.viewer.reading.feature import ReadingFeature


def _drawn(columns: int, rows: int, parts: tuple[tuple[int, int, int, int], ...]) -> str:
    """A split as an icon on the 24-unit grid."""
    wide, high = 17.0 / columns, 15.0 / rows
    paths = []
    for column, row, across, down in parts:
        x, y = 3.5 + column * wide, 4.5 + row * high
        paths.append(f"M{x:.2f} {y:.2f}h{across * wide:.2f}v{down * high:.2f}h-{across * wide:.2f}z")
    return "".join(paths)


add_icons({f"windows.{each.key}": _drawn(each.columns, each.rows, each.parts) for each in WINDOWS})


class Menus:
    """Fills the menus of the tool bar and keeps their marks true."""

    def __init__(self, desk: Desk, feature: ReadingFeature) -> None:
        self._desk, self._feature = desk, feature
        self._connected: list[QMenu] = []
        self._own: list[QAction] = []
        self._windows: dict[str, QAction] = {}
        self._colours: dict[str, QAction] = {}

    def fill(self, menu_id: str, menu: QMenu) -> bool:
        """Add what belongs into a menu; False for a menu that is none of reading's."""
        fillers: dict[str, Callable[[QMenu], None]] = {
            "menu.presets": self._presets,
            "menu.layouts": self._layouts,
            "menu.windows": self._split,
            "menu.colours": self._palettes,
        }
        if menu_id in fillers:
            fillers[menu_id](menu)
        return menu_id in fillers

    def reflect(self) -> None:
        """Marks of what is chosen now."""
        session = self._desk.session
        cell = session.splits.cell_of(session.active)
        for windows in WINDOWS:
            if windows.key in self._windows:
                self._windows[windows.key].setEnabled(session.can_split(cell, windows))
                self._windows[windows.key].setChecked(session.splits.windows(cell) == windows)
        for key, action in self._colours.items():
            action.setChecked(session.active_viewport.palette == key)

    def _presets(self, menu: QMenu) -> None:
        feature = self._feature
        self._add(menu, tr("默认"), commands.DEFAULT_PRESET_KEY, feature.default_window, "preset.default")
        for preset, key in zip(WINDOW_PRESETS, commands.PRESET_KEYS, strict=True):
            text = f"{tr(preset.label)}   {preset.window.width:g}/{preset.window.centre:g}"
            self._add(menu, text, key, functools.partial(feature.set_window, preset.key), f"preset.{preset.key}")
        menu.addSeparator()
        menu.addAction(self._desk.commands.qt("view.numbers"))
        self._own = []
        self._before(menu, functools.partial(self._renew_own, menu))

    def _renew_own(self, menu: QMenu) -> None:
        """The windows that the selected image brings, when there are several."""
        for action in self._own:
            menu.removeAction(action)
            action.deleteLater()
        self._own = []
        viewport = self._desk.session.active_viewport
        frame = viewport.frame
        if frame is None or len(frame.voi) < 2:
            return
        heading = QAction(tr("文件中的窗"), menu)
        heading.setEnabled(False)
        self._own.append(heading)
        for n, voi in enumerate(frame.voi):
            action = QAction(own_text(voi, n), menu)
            action.setCheckable(True)
            action.setChecked(viewport.voi is voi or (viewport.voi is None and n == 0))
            action.triggered.connect(functools.partial(self._take_own, n))
            self._own.append(action)
        for action in self._own:
            menu.addAction(action)

    def _take_own(self, number: int, _checked: bool = False) -> None:
        viewport = self._desk.session.active_viewport
        frame = viewport.frame
        if frame is not None and number < len(frame.voi):
            viewport.voi = frame.voi[number]

    def _layouts(self, menu: QMenu) -> None:
        for layout, key in zip(LAYOUTS, commands.LAYOUT_KEYS, strict=True):
            text = f"{tr(layout.label)}   {layout.columns}×{layout.rows}"
            self._add(menu, text, key, functools.partial(self._feature.set_layout, layout), f"layout.{layout.key}")
        menu.addSeparator()
        for action_id in ("view.square", "link.grey", "link.size", "view.reference_ends"):
            menu.addAction(self._desk.commands.qt(action_id))

    def _split(self, menu: QMenu) -> None:
        self._windows = {}
        for windows in WINDOWS:
            text = f"{tr(windows.label)}   ({windows.count})"
            action = self._add(menu, text, "", functools.partial(self._feature.set_windows, windows))
            action.setCheckable(True)
            action.setIcon(_icon(windows))
            self._windows[windows.key] = action
        self.reflect()

    def _palettes(self, menu: QMenu) -> None:
        self._colours = {}
        menu.setStyleSheet(f"QMenu {{ icon-size: {SWATCH.width()}px; }}")
        menu.addAction(self._desk.commands.qt("view.colours"))
        menu.addSeparator()
        for palette in PALETTES:
            action = QAction(tr(palette.label), menu)
            action.setCheckable(True)
            action.triggered.connect(functools.partial(self._choose_palette, palette.key))
            menu.addAction(action)
            self._colours[palette.key] = action
        self._before(menu, self._paint_swatches)
        self.reflect()

    def _paint_swatches(self) -> None:
        """Pictures of the palettes, made when they are wanted first: OpenCV is no part of the start."""
        for key, action in self._colours.items():
            if action.icon().isNull():
                action.setIcon(swatch(key))

    def _choose_palette(self, key: str, _checked: bool = False) -> None:
        self._feature.set_palette(key)

    def _before(self, menu: QMenu, call: Callable[[], object]) -> None:
        """Call something before the menu opens; menus are filled anew with each language, but connected once."""
        if menu not in self._connected:
            self._connected.append(menu)
            menu.aboutToShow.connect(call)

    def _add(self, menu: QMenu, text: str, key: str, callback: Callable[[], object], name: str = "") -> QAction:
        """``name`` lets the reader choose another key for the entry."""
        action = QAction(text, menu)
        action.setObjectName(name)
        action.setProperty("standard", key)
        action.triggered.connect(lambda _checked=False: callback())
        menu.addAction(action)
        if name or key:
            action.setShortcut(QKeySequence(shortcut_of(self._desk.settings, name, key)))
            self._desk.window.addAction(action)  # the key works in the whole window
        return action


def _icon(windows: Windows) -> QIcon:
    shade = current_theme().colours
    return tool_icon(f"windows.{windows.key}", 20, shade.text_quiet, shade.accent, shade.border)
