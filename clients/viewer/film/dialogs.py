"""Dialogs of the film page: templates of the head, film printers."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from clients.kit.labels import Button
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.film import header, sending
from clients.viewer.film.controller import FilmDesk
from clients.viewer.film.header import HeaderTemplate
from clients.viewer.film.sheets import size_name
from shared.contract.base import Nothing
from shared.contract.film import FILM_SIZES, MEDIA, FilmPrinter, RemoveFilmPrinter, SaveFilmPrinter


class HeaderDialog(QDialog):
    """One template of the head: three texts with fields, a logo (VW-PRT-10)."""

    def __init__(self, films: FilmDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self._films = films
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("胶片抬头模板设置"))
        self.setMinimumWidth(current_theme().px(520))
        own = films.header not in header.BUILT_IN
        first = films.header if films.header.height_mm else header.STANDARD
        self.name = QLineEdit(first.name if own else tr("我的模板"))
        self.left, self.middle, self.right = (QLineEdit(t) for t in (first.left, first.middle, first.right))
        self.logo = QLineEdit(first.logo)
        self.height_mm = QDoubleSpinBox()
        self.height_mm.setRange(header.LEAST_MM, header.MOST_MM)
        self.height_mm.setDecimals(0)
        self.height_mm.setSuffix(" mm")
        self.height_mm.setValue(first.height_mm)
        self.error = QLabel()
        self.error.setWordWrap(True)
        self.error.setStyleSheet(f"color: {colours.ERROR};")
        form = QFormLayout()
        form.addRow(tr("模板名称"), self.name)
        for text, line in ((tr("左侧"), self.left), (tr("中间"), self.middle), (tr("右侧"), self.right)):
            form.addRow(text, line)
        form.addRow(tr("徽标"), _row(self.logo, Button("选择…", on_click=self._choose_logo), stretched=0))
        form.addRow(tr("高度"), self.height_mm)
        fields = "　".join(f"{{{key}}} {tr(text)}" for key, text in header.FIELDS.items())
        hint = QLabel(tr("可用字段：{fields}。患者姓名和编号总会印在胶片上。", fields=fields))
        hint.setWordWrap(True)
        hint.setProperty("look", "caption")
        buttons = QHBoxLayout()
        if own:
            buttons.addWidget(Button("删除模板", "danger", on_click=self._delete))
        buttons.addStretch(1)
        buttons.addWidget(Button("取消", on_click=self.reject))
        buttons.addWidget(Button("保存", "primary", on_click=self.save))
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(hint)
        column.addWidget(self.error)
        column.addLayout(buttons)

    def save(self) -> None:
        """Keep it, or say what is wrong."""
        template = HeaderTemplate(
            self.name.text().strip(),
            self.left.text(),
            self.middle.text(),
            self.right.text(),
            self.logo.text().strip(),
            self.height_mm.value(),
        )
        fault = self._films.save_header(template)
        self.error.setText(fault)
        if not fault:
            self.accept()

    def _delete(self) -> None:
        self._films.delete_header(self._films.header.name)
        self.accept()

    def _choose_logo(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("徽标"), "", "PNG / JPEG (*.png *.jpg *.jpeg)")
        if name:
            self.logo.setText(name)


class PrintersDialog(QDialog):
    """Film printers of the hospital; only administrators can change them, which the server sees to."""

    def __init__(self, films: FilmDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self._films = films
        self._now = FilmPrinter(id=0, version=0, name="", ae_title="", host="", port=104)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("胶片打印机"))
        self.resize(720, 520)
        self.list = QListWidget()
        self.list.setFixedWidth(current_theme().px(190))
        self.list.currentRowChanged.connect(self._on_row)
        self._make_fields()
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(Button("新增打印机", on_click=lambda: self.list.setCurrentRow(-1)))
        body = QHBoxLayout()
        body.addLayout(left)
        body.addLayout(self._form(), 1)
        column = QVBoxLayout(self)
        column.addLayout(body, 1)
        column.addWidget(self.message)
        column.addLayout(self._buttons())
        films.changed.connect(self._fill)
        self._fill()

    def _make_fields(self) -> None:
        self.name, self.ae_title, self.host = QLineEdit(), QLineEdit(), QLineEdit()
        self.ae_title.setMaxLength(16)
        self.port, self.dpi, self.margin = QSpinBox(), QSpinBox(), QDoubleSpinBox()
        self.port.setRange(1, 65_535)
        self.dpi.setRange(72, 650)
        self.margin.setRange(0, 30)
        self.margin.setDecimals(1)
        self.margin.setSuffix(" mm")
        self.colour, self.tls = QCheckBox(tr("彩色胶片")), QCheckBox("TLS")
        self.sizes, self.media = QListWidget(), QListWidget()
        self.message = QLabel()
        self.message.setWordWrap(True)

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        rows = (
            (tr("名称"), self.name),
            (tr("AE 标题"), self.ae_title),
            (tr("地址"), self.host),
            (tr("端口"), self.port),
            (tr("分辨率 (dpi)"), self.dpi),
            (tr("不可打印的边距"), self.margin),
            ("", _row(self.colour, self.tls, QWidget())),
            (tr("胶片尺寸"), self.sizes),
            (tr("介质"), self.media),
        )
        for text, widget in rows:
            form.addRow(text, widget)
        hint = QLabel(tr("不勾选尺寸或介质表示都可用。"))
        hint.setProperty("look", "caption")
        form.addRow("", hint)
        return form

    def _buttons(self) -> QHBoxLayout:
        buttons = QHBoxLayout()
        self.remove = Button("删除", "danger", on_click=self._remove)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        buttons.addWidget(Button("关闭", on_click=self.accept))
        buttons.addWidget(Button("保存", "primary", on_click=self.save))
        return buttons

    def _fill(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([printer.name for printer in self._films.printers])
        row = next((n for n, p in enumerate(self._films.printers) if p.id == self._now.id), -1)
        self.list.blockSignals(False)
        if row < 0 and self._films.printers and not self._now.id and not self.name.text():
            row = 0
        self.list.setCurrentRow(row)
        self._on_row(row)

    def _on_row(self, row: int) -> None:
        known = self._films.printers
        new = FilmPrinter(id=0, version=0, name="", ae_title="", host="", port=104)
        self._show(known[row] if 0 <= row < len(known) else new)

    def _show(self, printer: FilmPrinter) -> None:
        self._now = printer
        self.name.setText(printer.name)
        self.ae_title.setText(printer.ae_title)
        self.host.setText(printer.host)
        self.port.setValue(printer.port)
        self.dpi.setValue(printer.dpi)
        self.margin.setValue(printer.margin_mm)
        self.colour.setChecked(printer.is_colour)
        self.tls.setChecked(printer.tls)
        _ticks(self.sizes, {size: size_name(size) for size in FILM_SIZES}, printer.sizes)
        _ticks(self.media, {medium: medium for medium in MEDIA}, printer.media)
        self.remove.setEnabled(bool(printer.id))

    def save(self) -> None:
        """Hand it to the server, which says what is wrong."""
        printer = msgspec.structs.replace(
            self._now,
            name=self.name.text().strip(),
            ae_title=self.ae_title.text().strip(),
            host=self.host.text().strip(),
            port=self.port.value(),
            dpi=self.dpi.value(),
            margin_mm=self.margin.value(),
            is_colour=self.colour.isChecked(),
            tls=self.tls.isChecked(),
            sizes=_ticked(self.sizes),
            media=_ticked(self.media),
        )

        def saved(kept: FilmPrinter) -> None:
            self._now = kept
            self._tell(tr("已保存"))
            self._films.load_printers()

        server = sending.server_of(self._films.desk.source)
        if server is not None:
            self._run(lambda: server.call(SaveFilmPrinter(printer=printer)), saved)

    def _remove(self) -> None:
        printer_id = self._now.id
        server = sending.server_of(self._films.desk.source)

        def removed(_nothing: Nothing) -> None:
            self.list.setCurrentRow(-1)
            self._films.load_printers()

        if server is not None and printer_id:
            self._run(lambda: server.call(RemoveFilmPrinter(printer_id=printer_id)), removed)

    def _run(self, work: Callable[[], object], done: Callable[..., object]) -> None:
        from shiboken6 import isValid

        background = self._films.desk.background
        background.run(
            work,
            lambda result: done(result) if isValid(self) else None,
            lambda sentence: self._tell(sentence, wrong=True) if isValid(self) else None,
            "film-printer",
        )

    def _tell(self, text: str, *, wrong: bool = False) -> None:
        self.message.setText(text)
        self.message.setStyleSheet(f"color: {colours.ERROR if wrong else colours.TEXT};")


def _row(*widgets: QWidget, stretched: int = -1) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    for n, widget in enumerate(widgets):
        row.addWidget(widget, 1 if n == (stretched if stretched >= 0 else len(widgets) - 1) else 0)
    return holder


def _ticks(widget: QListWidget, entries: dict[str, str], chosen: tuple[str, ...]) -> None:
    widget.clear()
    widget.setFixedHeight(current_theme().px(92))
    for key, text in entries.items():
        widget.addItem(text)
        item = widget.item(widget.count() - 1)
        item.setData(Qt.ItemDataRole.UserRole, key)
        item.setCheckState(Qt.CheckState.Checked if key in chosen else Qt.CheckState.Unchecked)


def _ticked(widget: QListWidget) -> tuple[str, ...]:
    items = (widget.item(n) for n in range(widget.count()))
    return tuple(
        str(item.data(Qt.ItemDataRole.UserRole)) for item in items if item.checkState() == Qt.CheckState.Checked
    )
