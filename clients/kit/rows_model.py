"""The table model behind every list: rows arrive in windows, old rows stay until new ones replace them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from clients.kit.messages import Message, message_for
from clients.kit.paging import Align, Column, PageOfRows, PageRequest, RowSource, Sort
from clients.kit.running import TaskRunner
from clients.kit.translations import tr

WINDOW = 200
"""Rows fetched in one request."""
KEPT_WINDOWS = 60
"""Windows kept in memory; the ones looked at longest ago go first."""

_ALIGN = {
    Align.LEFT: Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
    Align.RIGHT: Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
    Align.CENTRE: Qt.AlignmentFlag.AlignCenter,
}

AnyIndex = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractTableModel):
    """Rows by position, fetched in windows of 200 when somebody looks at them.

    A refresh asks again for the windows on screen and marks the others as old: they are shown as they are and fetched
    anew when looked at. So a list never flickers and never grows slow, whatever its length.
    """

    loading_changed = Signal(bool)
    """True while a page is under way."""
    failed = Signal(object)
    """Message: a page could not be fetched; old rows stay."""
    shrinking = Signal()
    """rows at the end are about to go; emitted before Qt's own signal, on which the selection moves by itself."""
    arrived = Signal()
    """rows of a page are in place."""

    def __init__(
        self,
        columns: Sequence[Column],
        row_id: Callable[[Any], object],
        runner: TaskRunner | None,
        parent: QObject | None = None,
        *,
        actions_column: bool = False,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.row_id = row_id
        self._runner = runner
        self._actions_column = actions_column
        self._source: RowSource[Any] | None = None
        self._all: list[Any] | None = None
        self._windows: OrderedDict[int, list[Any]] = OrderedDict()
        self._old: set[int] = set()
        self._wanted: set[int] = set()
        self._under_way: set[int] = set()
        self._total = 0
        self._known = False
        self._generation = 0
        self._sort: Sort | None = None
        self._looked_at = (0, 0)
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.setInterval(15)
        self._ask.timeout.connect(self._fetch_wanted)

    @property
    def total(self) -> int:
        """How many rows the list has."""
        return self._total

    @property
    def known(self) -> bool:
        """False until the first rows (or their absence) are known."""
        return self._known

    @property
    def loading(self) -> bool:
        """True while a page is under way."""
        return bool(self._under_way)

    @property
    def sort_order(self) -> Sort | None:
        """The order in force."""
        return self._sort

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Show these rows, all in memory; the selection stays on the same row id."""
        self._source = None
        self._all = self._in_order(list(rows))
        self._known = True
        self._resize(len(self._all))
        self._touch(0, self._total)
        self.arrived.emit()

    def set_source(self, source: RowSource[Any], *, keep_rows: bool = True) -> None:
        """Fetch rows from `source` from now on; the old rows stay until the first page is there."""
        self._source = source
        self._all = None
        if not keep_rows:
            self._windows.clear()
            self._known = False
        self.refresh()

    def refresh(self) -> None:
        """Ask again for what is on screen; everything else is asked again when looked at."""
        if self._source is None:
            return
        self._generation += 1
        self._under_way.clear()
        self._old = set(self._windows)
        first, last = self._looked_at
        self._wanted = set(range(first // WINDOW, last // WINDOW + 1))
        self._fetch_wanted()

    def look_at(self, first: int, last: int) -> None:
        """The view shows rows `first` to `last`: what is missing or old there, and half a window ahead, is fetched."""
        self._looked_at = (max(0, first), max(0, last))
        if self._source is None or not self._known:
            return
        ahead = WINDOW // 2
        begin, end = max(0, first - ahead) // WINDOW, min(self._total - 1, last + ahead) // WINDOW
        missing = {w for w in range(begin, end + 1) if w not in self._windows or w in self._old} - self._under_way
        if missing:
            self._wanted = missing
            if not self._ask.isActive():
                self._ask.start()

    def row(self, position: int) -> Any | None:
        """The row at `position`, or None while it has not arrived."""
        if self._all is not None:
            return self._all[position] if 0 <= position < len(self._all) else None
        window = self._windows.get(position // WINDOW)
        offset = position % WINDOW
        return window[offset] if window is not None and offset < len(window) else None

    def position_of(self, row_id: object) -> int | None:
        """Where the row with this id stands, among the rows in memory."""
        if self._all is not None:
            return next((i for i, row in enumerate(self._all) if self.row_id(row) == row_id), None)
        for number, window in self._windows.items():
            for offset, row in enumerate(window):
                if self.row_id(row) == row_id:
                    return number * WINDOW + offset
        return None

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self._total

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.columns) + self._actions_column

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, alignment and tooltip; the delegate paints badges and actions from the row itself."""
        if index.column() >= len(self.columns):
            return None
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _ALIGN[column.align]
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = self.row(index.row())
        if row is None:
            return ""
        if column.looks is not None:
            look = column.looks.get(column.raw(row))
            return tr(look.text) if look is not None else ""
        return column.text(row)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(self.columns[section].title) if section < len(self.columns) else tr("操作")
        if role == Qt.ItemDataRole.TextAlignmentRole and section < len(self.columns):
            return _ALIGN[self.columns[section].align]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order by a column; -1 goes back to the source's own order."""
        if column >= len(self.columns) or (column >= 0 and not self.columns[column].sort):
            return
        wanted = None if column < 0 else Sort(self.columns[column].key, order == Qt.SortOrder.DescendingOrder)
        if wanted == self._sort:
            return
        self._sort = wanted
        if self._all is not None:
            self._all = self._in_order(self._all)
            self._touch(0, self._total)
            self.arrived.emit()
        else:
            self.refresh()

    def retranslate(self) -> None:
        """Titles and badges changed their language."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)
        self._touch(0, self._total)

    def _in_order(self, rows: list[Any]) -> list[Any]:
        if self._sort is None:
            return rows
        column = next(c for c in self.columns if c.key == self._sort.key)

        def by_value(row: Any) -> tuple[bool, Any]:
            value = column.raw(row)
            return (value is None, value if value is not None else "")

        return sorted(rows, key=by_value, reverse=self._sort.descending)

    def _fetch_wanted(self) -> None:
        wanted, self._wanted = self._wanted - self._under_way, set()
        source, generation, sort = self._source, self._generation, self._sort
        if source is None or self._runner is None:
            return
        was_loading = self.loading
        self._under_way |= wanted
        if wanted and not was_loading:
            self.loading_changed.emit(True)
        for number in sorted(wanted):
            request = PageRequest(number * WINDOW, WINDOW, sort)
            self._runner.run(
                _Fetch(source, request), _Arrived(self, generation, number), _Failed(self, generation, number)
            )

    def page_arrived(self, generation: int, number: int, page: PageOfRows[Any]) -> None:
        """Put a page in place; pages of an older refresh are dropped."""
        if generation != self._generation:
            return
        self._under_way.discard(number)
        self._old.discard(number)
        self._known = True
        self._windows[number] = list(page.rows)
        self._windows.move_to_end(number)
        self._resize(page.total)
        while len(self._windows) > KEPT_WINDOWS:
            self._windows.popitem(last=False)
        self._touch(number * WINDOW, number * WINDOW + len(page.rows))
        if not self._under_way:
            self.loading_changed.emit(False)
        self.arrived.emit()
        self.look_at(*self._looked_at)

    def page_failed(self, generation: int, number: int, error: Exception) -> None:
        """Keep the old rows and say what went wrong."""
        if generation != self._generation:
            return
        self._under_way.discard(number)
        if not self._under_way:
            self.loading_changed.emit(False)
        message: Message = message_for(error)
        self.failed.emit(message)

    def _resize(self, total: int) -> None:
        if total > self._total:
            self.beginInsertRows(QModelIndex(), self._total, total - 1)
            self._total = total
            self.endInsertRows()
        elif total < self._total:
            self.shrinking.emit()
            self.beginRemoveRows(QModelIndex(), total, self._total - 1)
            self._total = total
            self.endRemoveRows()
            for number in [n for n in self._windows if n * WINDOW >= total]:
                del self._windows[number]

    def _touch(self, first: int, end: int) -> None:
        if end > first:
            self.dataChanged.emit(self.index(first, 0), self.index(min(end, self._total) - 1, self.columnCount() - 1))


class _Fetch:
    def __init__(self, source: RowSource[Any], request: PageRequest) -> None:
        self._source = source
        self._request = request

    def __call__(self) -> PageOfRows[Any]:
        return self._source(self._request)


class _Arrived:
    def __init__(self, model: RowsModel, generation: int, number: int) -> None:
        self._model, self._generation, self._number = model, generation, number

    def __call__(self, page: PageOfRows[Any]) -> None:
        self._model.page_arrived(self._generation, self._number, page)


class _Failed:
    def __init__(self, model: RowsModel, generation: int, number: int) -> None:
        self._model, self._generation, self._number = model, generation, number

    def __call__(self, error: Exception) -> None:
        self._model.page_failed(self._generation, self._number, error)
