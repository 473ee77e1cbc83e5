"""The tools above the sheet: what the mouse does, on which cells, and what works at once (VW-PRT-03, -04)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from clients.kit.labels import hairline
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.film.controller import FilmDesk
from clients.viewer.film.model import Cell, Scope, as_came, flipped, in_true_size, inverted, turned
from clients.viewer.film.sheet_view import PAN, ROTATE, SELECT, WINDOW, ZOOM, SheetView
from clients.viewer.film.sheets import Box
from clients.viewer.presets import WINDOW_PRESETS
from clients.viewer.tool_icons import add_icons, tool_icon
from shared.imaging.lut import LookupTable, Window

ICON = 20
add_icons({
    "film_select": "M6 4l11 9-5 .8-2.800 4.700z",
    "film_true": "M3.500 8.500h17v7h-17zM7 8.500V12M10.500 8.500v2M14 8.500V12M17.500 8.500v2",
    "film_gone": "M5 3.500h14v17H5zM9 9l6 6M15 9l-6 6",
    "film_delete": "M5 7h14M9 7V4.500h6V7M7 7l1 13h8l1-13",
})  # fmt: skip
_SCOPES = {Scope.PAGE: "当页全部", Scope.ALL: "全部胶片", Scope.SELECTED: "选中图像"}


class ToolRow(QFrame):
    """Works on the model through the scope."""

    def __init__(self, films: FilmDesk, sheet: SheetView) -> None:
        super().__init__()
        self._films, self._model, self._sheet = films, films.model, sheet
        self.setObjectName("film.tools")
        self.buttons: dict[str, tuple[QToolButton, str, str]] = {}
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(8, 4, 8, 4)
        self._lines.setSpacing(2)
        self._lines.setSizeConstraint(QBoxLayout.SizeConstraint.SetNoConstraint)
        row = self._group()
        for tool, icon, text in (
            (SELECT, "film_select", "选择和移动图像"),
            (WINDOW, "window", "调窗"),
            (PAN, "pan", "平移"),
            (ZOOM, "zoom", "缩放"),
            (ROTATE, "rotate", "旋转"),
        ):
            self._add(row, tool, icon, text, partial(self.choose, tool), is_switch=True)
        self.scope = QComboBox()
        self.scope.setFixedWidth(current_theme().px(104))
        self.scope.activated.connect(self._on_scope)
        row.addSpacing(6)
        row.addWidget(self.scope)
        row.addStretch(1)
        row = self._group()
        self.presets = self._add(row, "presets", "presets", "预设窗宽窗位", None)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_presets)
        self.presets.setMenu(self._menu)
        self.presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for key, icon, text, call in (
            ("invert", "invert", "反色", self._step("反色", lambda c, _b: inverted(c))),
            ("left90", "left90", "左旋 90°", self._step("旋转", lambda c, _b: turned(c, -90))),
            ("right90", "right90", "右旋 90°", self._step("旋转", lambda c, _b: turned(c, 90))),
            ("flip_h", "flip_h", "水平翻转", self._step("翻转", lambda c, _b: flipped(c, horizontal=True))),
            ("flip_v", "flip_v", "垂直翻转", self._step("翻转", lambda c, _b: flipped(c, horizontal=False))),
            ("true", "film_true", "真实尺寸：患者的 1 毫米在胶片上也是 1 毫米", self.toggle_true_size),
            ("reset", "reset", "复位", self._step("复位", lambda c, _b: as_came(c))),
            ("delete", "film_delete", "删除选中的图像", self.delete),
            ("delete_film", "film_gone", "删除当前胶片", lambda: self._model.delete_film(self._model.current)),
        ):
            self._add(row, key, icon, text, call, is_switch=key == "true")
        row.addWidget(_line())
        self._add(row, "undo", "undo", "撤销", self._model.undo.undo)
        self._add(row, "redo", "redo", "重做", self._model.undo.redo)
        row.addStretch(1)
        self._lines.setStretch(1, 1)
        self._forget = self._model.changed.connect(self.take)
        self._dress()
        self.take()

    def release(self) -> None:
        """Before it goes."""
        self._forget()

    def _group(self) -> QHBoxLayout:
        """A group of buttons: beside the other one, or below it where there is less room."""
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._lines.addWidget(holder)
        return row

    def _widths(self) -> list[int]:
        holders = [item.widget() for n in range(self._lines.count()) if (item := self._lines.itemAt(n)) is not None]
        return [holder.minimumSizeHint().width() for holder in holders if holder is not None]

    def minimumSizeHint(self) -> QSize:
        margins = self._lines.contentsMargins()
        return QSize(max(self._widths()) + margins.left() + margins.right(), self._lines.minimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        margins = self._lines.contentsMargins()
        needed = sum(self._widths()) + margins.left() + margins.right() + self._lines.spacing()
        directions = QBoxLayout.Direction
        wanted = directions.LeftToRight if needed <= event.size().width() else directions.TopToBottom
        if wanted is not self._lines.direction():
            self._lines.setDirection(wanted)
            self.updateGeometry()

    def _add(
        self,
        row: QHBoxLayout,
        key: str,
        icon: str,
        text: str,
        call: Callable[[], object] | None,
        *,
        is_switch: bool = False,
    ) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"film.{key}")
        button.setCheckable(is_switch)
        button.setAutoRaise(True)
        button.setIconSize(QSize(*(2 * [current_theme().px(ICON)])))
        if call is not None:
            button.clicked.connect(partial(self._do, call))
        self.buttons[key] = (button, icon, text)
        row.addWidget(button)
        return button

    def _do(self, call: Callable[[], object], _on: bool = False) -> None:
        call()
        self.take()

    # --- from the model

    def take(self) -> None:
        """Checked and enabled states."""
        for tool in (SELECT, WINDOW, PAN, ZOOM, ROTATE):
            self.buttons[tool][0].setChecked(self._sheet.tool == tool)
        self.scope.setCurrentIndex(list(_SCOPES).index(self._model.scope))
        cells = [cell for n in self._model.in_scope() if (cell := self._model.cells[n]) is not None]
        self.buttons["true"][0].setChecked(bool(cells) and all(cell.true_size for cell in cells))
        some = any(self._model.cells)
        for key in ("presets", "invert", "left90", "right90", "flip_h", "flip_v", "true", "reset", "delete_film"):
            self.buttons[key][0].setEnabled(some)
        self.buttons["delete"][0].setEnabled(bool(self._model.selected))
        self.buttons["undo"][0].setEnabled(bool(self._model.undo.undo_name))
        self.buttons["redo"][0].setEnabled(bool(self._model.undo.redo_name))

    # --- to the model

    def choose(self, tool: str) -> None:
        """What the left button does on the sheet."""
        self._sheet.tool = tool
        self.take()

    def delete(self) -> None:
        """The selected images go."""
        self._model.delete(self._model.selected)

    def toggle_true_size(self) -> None:
        """On for all in the scope, or off where all are; images without millimetres are refused with a sentence."""
        cells = [cell for n in self._model.in_scope() if (cell := self._model.cells[n]) is not None]
        if not cells:
            self._films.desk.say(tr("请先选中图像"))
            return
        on = not all(cell.true_size for cell in cells)
        known = [cell for cell in cells if cell.spacing().is_known]
        if on and not known:
            self._films.desk.say(tr("这些图像没有像素间距，无法按真实尺寸打印"))
            return
        self._model.adjust("真实尺寸", lambda cell, _box: in_true_size(cell, on))
        unknown, cut = len(cells) - len(known), self._cut() if on else 0
        if on and unknown:
            self._films.desk.say(tr("{n} 幅图像没有像素间距，保持适应格子的大小", n=unknown))
        elif cut:
            self._films.desk.say(tr("{n} 幅图像按真实尺寸大于格子，边缘被裁去；可选更大的胶片或更少的格子", n=cut))

    def _cut(self) -> int:
        """How many images in the scope are larger than their cells."""
        count = 0
        for n in self._model.in_scope():
            cell, box = self._model.cells[n], self._model.box_of(n)
            if cell is None or not cell.true_size:
                continue
            corners = cell.projection(round(box.width * 10), round(box.height * 10), 10.0).corners()
            wide = max(p.x for p in corners) - min(p.x for p in corners)
            high = max(p.y for p in corners) - min(p.y for p in corners)
            count += wide > box.width * 10 + 1 or high > box.height * 10 + 1
        return count

    def set_window(self, voi: Window | LookupTable | None) -> None:
        """A preset, or None for the image's own."""
        self._model.adjust("调窗", lambda cell, _box: replace(cell, shown=replace(cell.shown, voi=voi)))

    def _step(self, name: str, change: Callable[[Cell, Box], Cell]) -> Callable[[], object]:
        return lambda: self._model.adjust(name, change)

    def _on_scope(self, index: int) -> None:
        self._model.scope = list(_SCOPES)[index]
        self.take()

    def _fill_presets(self) -> None:
        self._menu.clear()
        self._menu.addAction(tr("图像自带"), lambda: self.set_window(None))
        for preset in WINDOW_PRESETS:
            self._menu.addAction(tr(preset.label), partial(self.set_window, preset.window))

    # --- looks

    def _dress(self) -> None:
        shade = current_theme().colours
        for button, icon, text in self.buttons.values():
            button.setIcon(tool_icon(icon, current_theme().px(ICON), shade.text_quiet, shade.accent, shade.border))
            button.setToolTip(tr(text))
        index = max(self.scope.currentIndex(), 0)
        self.scope.clear()
        for text in _SCOPES.values():
            self.scope.addItem(tr(text))
        self.scope.setCurrentIndex(index)
        self.scope.setToolTip(tr("调整的范围"))
        self.setStyleSheet(
            f"QFrame#film\\.tools {{ background: {shade.window}; border: none;"
            f" border-bottom: 1px solid {shade.hairline}; }}"
            "QToolButton { min-width: 28px; min-height: 30px; border: none; border-radius: 4px; padding: 0; }"
            f"QToolButton:hover {{ background: {shade.hover}; }}"
            f"QToolButton:checked {{ background: {shade.selected}; }}"
            "QToolButton::menu-indicator { image: none; }"
        )

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._dress()
        super().changeEvent(event)


def _line() -> QWidget:
    return hairline(vertical=True)
