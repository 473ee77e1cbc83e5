"""The right panel: film, head, printer, what is printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from clients.kit.labels import Button, Label, hairline
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.film import header, sending
from clients.viewer.film.controller import ALL, CURRENT, MARKED, RANGE, FilmDesk
from clients.viewer.film.sheets import LANDSCAPE, LAYOUTS, MOST_CELLS_A_SIDE, PORTRAIT, grid, layout_of, size_name
from shared.contract.film import (
    FILM_SIZES,
    MAGNIFICATIONS,
    MEDIA,
    MOST_COPIES,
    PRIORITIES,
    AskFilmPrinter,
    PrinterState,
)

WIDTH = 316
CUSTOM = "custom"
_MAGNIFICATION = {"": "由打印机决定", "CUBIC": "平滑", "BILINEAR": "线性", "REPLICATE": "复制像素", "NONE": "不缩放"}
_MEDIUM = {
    "": "由打印机决定",
    "BLUE FILM": "蓝基胶片",
    "CLEAR FILM": "透明胶片",
    "PAPER": "纸",
    "MAMMO CLEAR FILM": "乳腺透明胶片",
    "MAMMO BLUE FILM": "乳腺蓝基胶片",
}
_PRIORITY = {"HIGH": "高", "MED": "中", "LOW": "低"}
_WHAT = {ALL: "全部胶片", CURRENT: "当前胶片", MARKED: "标记的胶片", RANGE: "页码范围"}


class SetupPanel(QFrame):
    """Follows the films and changes them."""

    printers_asked = Signal()
    header_asked = Signal()
    export_asked = Signal()
    paper_asked = Signal()
    tasks_asked = Signal()
    leave_asked = Signal()

    def __init__(self, films: FilmDesk) -> None:
        super().__init__()
        self._films = films
        self._filling = False
        self._asked = 0
        self.setObjectName("film.setup")
        self.setFixedWidth(current_theme().px(WIDTH))
        self._make_fields()
        self._build()
        self._forget = films.model.changed.connect(self.take)
        films.changed.connect(self.take)
        self.take()

    def release(self) -> None:
        """Before it goes."""
        self._forget()

    def _make_fields(self) -> None:
        self.sheet_size = self._box(lambda v: self._set_up(size=v))
        self.orientation = self._box(lambda v: self._set_up(orientation=v))
        self.layout_box = self._box(self._on_layout)
        self.across, self.down = QSpinBox(), QSpinBox()
        for spin in (self.across, self.down):
            spin.setRange(1, MOST_CELLS_A_SIDE)
            spin.valueChanged.connect(self._on_grid)
        self.head = self._box(self._films.choose_header)
        self.texts = QCheckBox()
        self.texts.toggled.connect(lambda on: self._option(texts=on))
        self.printer = self._box(lambda v: self._choose_printer(int(v)))
        self.state = _caption()
        self.colour = self._box(lambda v: self._set_up(is_colour=v == "colour"))
        self.what = self._box(lambda v: self._option(what=v))
        self.range = QLineEdit()
        self.range.setPlaceholderText("1-3,5")
        self.range.setMaxLength(100)
        self.range.textEdited.connect(lambda text: self._option(range=text))
        self.copies = QSpinBox()
        self.copies.setRange(1, MOST_COPIES)
        self.copies.valueChanged.connect(lambda n: self._option(copies=n))
        self.medium = self._box(lambda v: self._option(medium=v))
        self.priority = self._box(lambda v: self._option(priority=v))
        self.magnification = self._box(lambda v: self._option(magnification=v))
        self.reverse = QCheckBox()
        self.reverse.toggled.connect(lambda on: self._option(reverse=on))

    def _box(self, chosen: Callable[[str], object]) -> QComboBox:
        box = QComboBox()
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)
        box.activated.connect(lambda _n: None if self._filling else chosen(str(box.currentData())))
        return box

    def _build(self) -> None:
        body = QWidget()
        lines = QGridLayout(body)
        lines.setContentsMargins(12, 10, 12, 10)
        lines.setHorizontalSpacing(8)
        lines.setVerticalSpacing(6)
        lines.setColumnStretch(1, 1)
        own = QHBoxLayout()
        own.setSpacing(4)
        own.addWidget(self.across, 1)
        own.addWidget(QLabel("×"))
        own.addWidget(self.down, 1)
        self._own = QWidget()
        self._own.setLayout(own)
        own.setContentsMargins(0, 0, 0, 0)
        self._head_button = Button("编辑…", "link", on_click=self.header_asked.emit)
        self._printer_button = Button("管理…", "link", on_click=self.printers_asked.emit)
        rows: Sequence[tuple[str, QWidget] | None] = (
            ("胶片尺寸", self.sheet_size),
            ("胶片方向", self.orientation),
            ("布局", self.layout_box),
            ("", self._own),
            ("胶片抬头", _beside(self.head, self._head_button)),
            ("", self.texts),
            None,
            ("打印节点", _beside(self.printer, self._printer_button)),
            ("", self.state),
            ("颜色", self.colour),
            ("打印选择", self.what),
            ("", self.range),
            ("打印份数", self.copies),
            ("介质", self.medium),
            ("优先级", self.priority),
            ("插值", self.magnification),
            ("", self.reverse),
        )
        for n, row in enumerate(rows):
            if row is None:
                lines.addWidget(hairline(), n, 0, 1, 2)
                continue
            text, widget = row
            if text:
                lines.addWidget(Label(text), n, 0)
            lines.addWidget(widget, n, 1)
        lines.setRowStretch(len(rows), 1)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(area, 1)
        outer.addWidget(hairline())
        outer.addLayout(self._foot())

    def _foot(self) -> QVBoxLayout:
        self.busy = _caption()
        self.print = Button("打印胶片", "primary", on_click=self._films.print_films)
        self.stop = Button("停止", on_click=self._films.stop)
        self.export = Button("导出胶片…", on_click=self.export_asked.emit)
        self.paper = Button("纸张打印…", on_click=self.paper_asked.emit)
        self.tasks = Button("打印任务", on_click=self.tasks_asked.emit)
        self.leave = Button("返回阅片", on_click=self.leave_asked.emit)
        foot = QGridLayout()
        foot.setSpacing(6)
        foot.addWidget(self.print, 0, 0, 1, 2)
        foot.addWidget(self.stop, 0, 0, 1, 2)
        foot.addWidget(self.export, 1, 0)
        foot.addWidget(self.paper, 1, 1)
        foot.addWidget(self.tasks, 2, 0)
        foot.addWidget(self.leave, 2, 1)
        column = QVBoxLayout()
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(6)
        column.addWidget(self.busy)
        column.addLayout(foot)
        return column

    # --- from the films

    def take(self) -> None:
        """Show what holds now."""
        self._filling = True
        try:
            self._take_film()
            self._take_printer()
        finally:
            self._filling = False

    def _take_film(self) -> None:
        setup, films = self._films.model.setup, self._films
        printer = films.printer
        sizes = printer.sizes if printer is not None and printer.sizes else tuple(FILM_SIZES)
        _fill(self.sheet_size, {size: size_name(size) for size in sizes}, setup.size)
        _fill(self.orientation, {PORTRAIT: tr("纵向"), LANDSCAPE: tr("横向")}, setup.orientation)
        layouts = {layout.spec: layout.name for layout in LAYOUTS} | {CUSTOM: tr("自定布局")}
        known = setup.layout.spec in layouts and not self._custom
        _fill(self.layout_box, layouts, setup.layout.spec if known else CUSTOM)
        self._own.setVisible(not known)
        self.across.setValue(setup.layout.counts[0])
        self.down.setValue(len(setup.layout.counts))
        _fill(self.head, {t.name: _header_name(t) for t in films.templates}, films.header.name)
        self.texts.setText(tr("图像文字"))
        self.texts.setChecked(films.options.texts)

    _custom = False

    def _take_printer(self) -> None:
        films, options = self._films, self._films.options
        printer = films.printer
        names = {str(p.id): p.name for p in films.printers} or {"0": tr("没有打印节点")}
        _fill(self.printer, names, str(films.printer_id))
        colours = {"grey": tr("灰度胶片")} | (
            {"colour": tr("彩色胶片")} if printer is None or printer.is_colour else {}
        )
        _fill(self.colour, colours, "colour" if films.model.setup.is_colour else "grey")
        _fill(self.what, {key: tr(text) for key, text in _WHAT.items()}, options.what)
        self.range.setVisible(options.what == RANGE)
        self.copies.setValue(options.copies)
        media = ("", *(printer.media if printer is not None and printer.media else MEDIA))
        _fill(self.medium, {m: tr(_MEDIUM[m]) for m in media}, options.medium)
        _fill(self.priority, {p: tr(_PRIORITY[p]) for p in PRIORITIES}, options.priority)
        _fill(self.magnification, {m: tr(_MAGNIFICATION[m]) for m in MAGNIFICATIONS}, options.magnification)
        self.reverse.setText(tr("黑白反转"))
        self.reverse.setChecked(options.reverse)
        is_busy = bool(films.busy)
        self.busy.setVisible(is_busy)
        self.busy.setText(films.busy)
        self.print.setVisible(not is_busy)
        self.stop.setVisible(is_busy)
        some = bool(films.model.used_films())
        for button in (self.print, self.export, self.paper):
            button.setEnabled(some and not is_busy)
        has_server = sending.server_of(films.desk.source) is not None
        if not has_server:
            self.state.setText(tr("未连接服务器：可导出或用纸张打印机"))
        elif not films.printers:
            self.state.setText(tr("服务器上还没有胶片打印机"))
        elif printer is not None and printer.id != self._asked:
            self.ask_state()
        self._printer_button.setVisible(has_server)

    def ask_state(self) -> None:
        """Ask the printer how it is."""
        printer, server = self._films.printer, sending.server_of(self._films.desk.source)
        if printer is None or server is None:
            return
        self._asked = printer.id
        self.state.setText(tr("正在询问打印机…"))

        def done(state: PrinterState) -> None:
            if self._asked == printer.id:
                self.state.setText(sending.printer_text(state))

        def failed(sentence: str) -> None:
            self.state.setText(sentence)

        call = AskFilmPrinter(printer_id=printer.id)
        self._films.desk.background.run(lambda: server.call(call), done, failed, "film-state")

    # --- to the films

    def _set_up(self, **changes: Any) -> None:
        self._films.set_up(replace(self._films.model.setup, **changes))

    def _option(self, **changes: Any) -> None:
        if not self._filling:
            self._films.set_options(**changes)

    def _choose_printer(self, printer_id: int) -> None:
        self._asked = 0
        self._films.choose_printer(printer_id)

    def _on_layout(self, spec: str) -> None:
        self._custom = spec == CUSTOM
        if not self._custom:
            self._set_up(layout=layout_of(spec))
        self.take()

    def _on_grid(self) -> None:
        if not self._filling:
            self._set_up(layout=grid(self.across.value(), self.down.value()))


def _header_name(template: header.HeaderTemplate) -> str:
    return tr(template.name) if template in header.BUILT_IN else template.name


def _fill(box: QComboBox, entries: dict[str, str], current: str) -> None:
    """Entries and the chosen one; touched only where they differ, or an open list would close."""
    if [(box.itemData(n), box.itemText(n)) for n in range(box.count())] != list(entries.items()):
        box.clear()
        for key, text in entries.items():
            box.addItem(text, key)
    box.setCurrentIndex(max(box.findData(current), 0))


def _beside(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    row.addWidget(widgets[0], 1)
    for widget in widgets[1:]:
        row.addWidget(widget)
    return holder


def _caption() -> QLabel:
    label = QLabel()
    label.setProperty("look", "caption")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
