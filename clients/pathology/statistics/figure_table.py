"""The table of a statistic: figures at the right of their columns, the total at the foot; each figure can be opened."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr
from clients.pathology.statistics.state import shown
from shared.contract.pathology_statistics import Table
from shared.domain.pathology_statistics import GROUPINGS, MEASURES, Measure


class FigureTable(QTableWidget):
    """Rows of one table. A double click or Enter on a figure asks for its cases."""

    opened = Signal(str, object, bool)
    """key of the row, measure, and whether it is of a row (False: of the total)"""
    measure_chosen = Signal(object)
    """the column under the cursor: what the chart shows"""

    def __init__(self) -> None:
        super().__init__()
        self.table: Table | None = None
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(False)
        self.setShowGrid(False)
        self.setFrameShape(self.Shape.NoFrame)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.setStyleSheet("QTableWidget::item { padding: 0 8px; }")
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.cellDoubleClicked.connect(self._open)
        self.currentCellChanged.connect(self._moved)

    def show_table(self, table: Table | None) -> None:
        """Draw; the cursor stays where it was where that row is still there."""
        self.table = table
        self.setRowCount(0)
        self.setColumnCount(0)
        if table is None:
            return
        head = GROUPINGS[table.group_by].zh
        self.setColumnCount(1 + len(table.columns))
        self.setHorizontalHeaderLabels([tr(head), *(tr(MEASURES[one][0].zh) for one in table.columns)])
        first = self.horizontalHeaderItem(0)
        if first is not None:
            first.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        rows = (*table.rows, table.total)
        self.setRowCount(len(rows))
        for place, row in enumerate(rows):
            is_total = place == len(rows) - 1
            self.setItem(place, 0, self._item(row.name, is_total, left=True))
            for column, (measure, value) in enumerate(zip(table.columns, row.values, strict=True), 1):
                self.setItem(place, column, self._item(shown(measure, value), is_total))
        self._fit()

    def open_current(self) -> None:
        """Ask for the cases of the figure under the cursor."""
        if self.currentRow() >= 0:
            self._open(self.currentRow(), self.currentColumn())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_current()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if is_look_change(event):
            self._fit()
        super().changeEvent(event)

    @staticmethod
    def _item(words: str, is_total: bool, *, left: bool = False) -> QTableWidgetItem:
        item = QTableWidgetItem(words)
        side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        if is_total:
            font = QFont(current_theme().font(bold=True))
            item.setFont(font)
        if left:
            item.setToolTip(words)
        return item

    def _fit(self) -> None:
        self.verticalHeader().setDefaultSectionSize(current_theme().metrics.control)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(72)
        if self.columnCount():
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def _measure(self, column: int) -> Measure | None:
        return self.table.columns[column - 1] if self.table is not None and column > 0 else None

    def _open(self, row: int, column: int) -> None:
        table = self.table
        if table is None or row < 0:
            return
        measure = self._measure(column) or table.columns[0]
        if row < len(table.rows):
            self.opened.emit(table.rows[row].key, measure, True)
        else:
            self.opened.emit("", measure, False)

    def _moved(self, _row: int, column: int, _old_row: int, _old_column: int) -> None:
        measure = self._measure(column)
        if measure is not None:
            self.measure_chosen.emit(measure)
