"""A list of cases that a query or a figure found: open one, choose columns, export, print."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.states import StateLook
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.shell.looks import case_look
from clients.pathology.statistics.files import format_of, show_paper, tongue, with_ending, write_sheet
from clients.pathology.statistics.rows import CaseLines
from shared.contract.pathology_statistics import CaseLine, DrawCases, ExportCases, Which
from shared.domain.pathology_queries import BOOK_FIELDS, FIELDS, LIST_FIELDS, Field, FieldKind
from shared.domain.permissions import Permission

_WIDTHS = {
    Field.NUMBER: 118,
    Field.NAME: 84,
    Field.SEX: 64,
    Field.AGE: 66,
    Field.STATE: 92,
    Field.BED: 56,
    Field.RECEIVED: 92,
    Field.REGISTERED: 92,
    Field.REPORTED: 92,
    Field.DIAGNOSIS: 260,
    Field.FINDINGS: 260,
    Field.GROSS: 260,
    Field.BLOCKS: 64,
    Field.SLIDES: 64,
}
_EMPTY = EmptyWords("没有符合条件的病例", "请放宽查询条件或换一个日期范围。", "search")
ALL_FIELDS = tuple(dict.fromkeys((*LIST_FIELDS, *BOOK_FIELDS, *FIELDS)))
MOST_SHOWN = 14


class CaseLinesView(QWidget):
    """The list with its buttons. A double click or Enter opens the case."""

    counted = Signal(int)
    """how many cases there are; emitted in a worker's thread, received in the screens'"""

    def __init__(self, desk: Desk, fields: Sequence[Field] = LIST_FIELDS, *, title: str = "病例列表") -> None:
        super().__init__()
        self._desk, self.fields, self._title = desk, tuple(fields), title
        self.which: Which | None = None
        self.total = 0
        self.count = Label("", "quiet")
        self.open_button = Button("打开病例", "", "folder", on_click=self.open_selected)
        self.export_button = Button("导出", "", "download", on_click=self._export)
        self.export_button.setVisible(desk.may(Permission.PATHOLOGY_EXPORT.value))
        self.print_button = Button("打印预览", "", "print", on_click=self.preview)
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 8, 16, 8)
        bar.setSpacing(8)
        bar.addWidget(self.count)
        bar.addStretch(1)
        for button in (self.open_button, self.export_button, self.print_button):
            button.setEnabled(False)
            bar.addWidget(button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(bar)
        self.list = ListView(
            tuple(_column(field, place) for place, field in enumerate(self.fields)),
            row_id=lambda line: line.case_id,
            empty=_EMPTY,
            runner=desk.place.runner,
        )
        self.list.activated.connect(self._open)
        self.list.selected.connect(self._selected)
        self.list.retry.connect(self.refresh)
        self.counted.connect(self._counted)
        box.addWidget(self.list, 1)

    def show_cases(self, which: Which) -> None:
        """List the cases of a question."""
        self.which = which
        self.refresh()

    def refresh(self) -> None:
        """Ask anew."""
        if self.which is None:
            return
        source = CaseLines(self._desk.place.connection, self.which, self.fields)
        source.counted = self.counted.emit
        self.list.set_source(source)

    def open_selected(self) -> None:
        """Open the case under the cursor."""
        line = self.list.selected_row
        if line is not None:
            self._open(line)

    def export(self, path: Path) -> None:
        """Write the list to a file."""
        if self.which is not None:
            ask = ExportCases(which=self.which, fields=self.fields, format=format_of(path), language=tongue())
            write_sheet(self._desk, ask, path)

    def preview(self) -> None:
        """Show the list as a paper."""
        which = self.which
        if which is not None:
            show_paper(
                self._desk, self._title, lambda spoken: DrawCases(which=which, fields=self.fields, language=spoken)
            )

    def _export(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        path, _kind = QFileDialog.getSaveFileName(
            self,
            tr("导出"),
            str(Path(folder) / f"{tr(self._title)}.xlsx"),
            tr("Excel 工作簿 (*.xlsx);;CSV 文件 (*.csv)"),
        )
        if path:
            self.export(with_ending(Path(path)))

    def _open(self, line: CaseLine) -> None:
        self._desk.open_case(line.case_id)

    def _selected(self, line: CaseLine | None) -> None:
        self.open_button.setEnabled(line is not None)

    def _counted(self, total: int) -> None:
        self.total = total
        self.count.set_source("共 {count} 例", count=f"{total:,}")
        self.export_button.setEnabled(total > 0)
        self.print_button.setEnabled(total > 0)


def _column(field: Field, place: int) -> Column:
    word, kind = FIELDS[field]
    is_count = kind is FieldKind.NUMBER and field is not Field.AGE
    return Column(
        field.value,
        word.zh,
        _WIDTHS.get(field, 104),
        Align.RIGHT if is_count else Align.LEFT,
        value=partial(_day if kind is FieldKind.DAY else _cell, place),
        marks=_mark if field is Field.NUMBER else None,
        strong=field is Field.NUMBER,
        firm=field in (Field.NUMBER, Field.NAME, Field.SEX) or kind is FieldKind.DAY,
        quiet=kind is FieldKind.DAY,
        visible=place < MOST_SHOWN,
        sort=False,
    )


def _cell(place: int, line: CaseLine) -> str:
    return line.cells[place].replace("\n", " ")


def _day(place: int, line: CaseLine) -> str:
    return line.cells[place][:10]


def _mark(line: CaseLine) -> list[StateLook]:
    return [case_look(line.state)]


def show_list(desk: Desk, title: str, which: Which) -> CaseLinesView:
    """The cases behind a figure in a window of their own."""
    made = CaseLinesView(desk, title=title)
    desk.show_window(title, made, (1180, 680))
    made.show_cases(which)
    return made
