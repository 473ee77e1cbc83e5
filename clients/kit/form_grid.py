"""The grid of a form's section: its fields in reading order over as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QGridLayout, QWidget

_SPACING = 16
_NARROWEST = 96
"""Pixels of a column: two letters fewer and a choice shows no word any more."""


class FormGrid(QGridLayout):
    """Cells that take `span` columns each, placed anew when the number of columns changes."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalSpacing(_SPACING)
        self.setVerticalSpacing(8)
        self._cells: list[tuple[QWidget, int]] = []
        self._columns = 0

    def add_cell(self, cell: QWidget, span: int) -> None:
        """A cell behind the others; `place` puts it on screen."""
        self._cells.append((cell, span))

    def place(self, columns: int) -> None:
        """Put all cells into this many columns of equal stretch."""
        for cell, _ in self._cells:
            self.removeWidget(cell)
        for column in range(max(columns, self._columns)):
            is_used = column < columns
            self.setColumnStretch(column, 1 if is_used else 0)
            self.setColumnMinimumWidth(column, _NARROWEST if is_used else 0)
        self._columns = columns
        for cell, line, column, span in self._places(columns):
            self.addWidget(cell, line, column, 1, span)

    def least_width(self, columns: int) -> int:
        """Pixels that this many columns need so that no cell is cut."""
        widths = [_NARROWEST] * columns
        for cell, _, column, span in self._places(columns):
            own = slice(column, column + span)
            missing = cell.minimumSizeHint().width() - sum(widths[own]) - _SPACING * (span - 1)
            widths[column + span - 1] += max(missing, 0)
        return sum(widths) + _SPACING * (columns - 1)

    def _places(self, columns: int) -> Iterator[tuple[QWidget, int, int, int]]:
        line = column = 0
        for cell, wanted in self._cells:
            span = min(wanted, columns)
            if column + span > columns:
                line, column = line + 1, 0
            yield cell, line, column, span
            column += span
