"""The panel beside the picture: tools, look, saved views, output."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clients.kit.labels import Button, hairline
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.vr.look_panel import LookPanel
from clients.viewer.vr.naming import ask_name, titled
from clients.viewer.vr.saved_views import SavedView, SavedViews
from clients.viewer.vr.state import Aspect, Templates, VrModel
from clients.viewer.vr.tool_grid import ToolGrid

WIDTH = 308


class SidePanel(QFrame):
    """Follows the model and changes it."""

    touched = Signal()
    """Something was let go: the full quality may come."""
    save_picture_asked = Signal()
    send_asked = Signal()
    leave_asked = Signal()

    def __init__(self, templates: Templates) -> None:
        super().__init__()
        self.setObjectName("vr.panel")
        self.model: VrModel | None = None
        self._say: Callable[[str], object] = lambda _text: None
        self._saved: SavedViews | None = None
        self.tools = ToolGrid()
        self.tools.asked.connect(self._on_asked)
        self.tools.side_asked.connect(self._on_side)
        self.look = LookPanel(templates)
        self.look.touched.connect(self.touched)
        self.views = QComboBox()
        self.views.setObjectName("vr.views")
        self.views.activated.connect(self._on_view)
        self._keep = Button("保存视角", "link", on_click=self._ask_view)
        self._forget = Button("删除", "link", on_click=self._remove_view)
        self._picture = Button("保存图片", on_click=self.save_picture_asked.emit)
        self._send = Button("送报告", on_click=self.send_asked.emit)
        self._leave = Button("退出 VR", on_click=self.leave_asked.emit)
        self._build()
        self._forget.hide()
        self._set_working(False)
        self._dress()

    def _build(self) -> None:
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(self.tools)
        column.addWidget(hairline())
        column.addWidget(self.look)
        column.addWidget(hairline())
        column.addLayout(titled("已存视角", self._keep, self._forget))
        column.addWidget(self.views)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(self._body)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 8, 12, 8)
        foot.setSpacing(6)
        for button in (self._picture, self._send, self._leave):
            foot.addWidget(button, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(area, 1)
        outer.addWidget(hairline())
        outer.addLayout(foot)
        self.setFixedWidth(current_theme().px(WIDTH))

    def _set_working(self, working: bool) -> None:
        self._body.setEnabled(working)
        self._picture.setEnabled(working)
        self._send.setEnabled(working)

    def speak_through(self, say: Callable[[str], object]) -> None:
        """Where sentences for the reader go."""
        self._say = self.look.say = say

    # --- following

    def follow(self, model: VrModel, saved: SavedViews) -> None:
        """Begin: the volume is there."""
        self.model, self._saved = model, saved
        model.changed.connect(self._on_model)
        model.undo.changed.connect(self._reflect)
        self.look.follow(model)
        self._set_working(True)
        self._fill_views()
        self._reflect()

    def _on_model(self, aspect: Aspect) -> None:
        if aspect is Aspect.SHAPE:
            self._reflect()

    def _reflect(self) -> None:
        model = self.model
        if model is None:
            return
        buttons = self.tools.buttons
        buttons["undo"].setEnabled(bool(model.undo.undo_name))
        buttons["redo"].setEnabled(bool(model.undo.redo_name))
        buttons["bed"].setEnabled(model.facts.has_bed)
        buttons["bed"].setChecked(model.scene.shape.bed_removed)

    def _fill_views(self, current: str = "") -> None:
        if self._saved is None:
            return
        self.views.clear()
        self.views.setPlaceholderText(tr("选择视角") if self._saved.all else tr("没有已存的视角"))
        self.views.setEnabled(bool(self._saved.all))
        for view in self._saved.all:
            self.views.addItem(view.name, view.name)
        self.views.setCurrentIndex(self.views.findData(current) if current else -1)
        self._forget.setVisible(bool(current))

    # --- the reader's wishes

    def _on_asked(self, key: str) -> None:
        model = self.model
        if model is None:
            return
        wishes: dict[str, Callable[[], object]] = {
            "bed": model.remove_bed,
            "undo": model.undo.undo,
            "redo": model.undo.redo,
            "reset": model.reset,
        }
        wishes[key]()
        self._reflect()
        self.touched.emit()

    def _on_side(self, side: str) -> None:
        if self.model is not None:
            self.model.look_from(side)
            self.touched.emit()

    def _ask_view(self) -> None:
        if self._saved is not None:
            ask_name(self, tr("保存视角"), tr("视角名称"), self._saved.free_name(tr("视角")), self.save_view)

    def save_view(self, name: str) -> None:
        """Keep camera, look, crop and cuts of this series under a name."""
        if self.model is None or self._saved is None:
            return
        try:
            self._saved.save(SavedView(name, self.model.scene))
        except OSError:
            self._say(tr("视角没有保存：磁盘拒绝写入"))
            return
        self._fill_views(name)

    def _on_view(self, index: int) -> None:
        name = self.views.itemData(index)
        for view in self._saved.all if self._saved is not None else ():
            if view.name == name and self.model is not None:
                self.model.show_saved(view.scene)
                self._forget.setVisible(True)
                self.touched.emit()

    def _remove_view(self) -> None:
        name = self.views.currentData()
        if self._saved is None or not name:
            return
        try:
            self._saved.remove(str(name))
        except OSError:
            self._say(tr("视角没有删除：磁盘拒绝写入"))
        self._fill_views()

    # --- looks

    def _dress(self) -> None:
        colours = current_theme().colours
        self.setStyleSheet(
            f"SidePanel {{ background: {colours.window}; border: none; border-left: 1px solid {colours.hairline}; }}"
        )

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._fill_views(str(self.views.currentData() or ""))
        super().changeEvent(event)
