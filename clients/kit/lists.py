"""The list of the suite: a table that stays fast with 100,000 rows and never looks empty, frozen or lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from clients.kit.badges import badge_width, paint_badge
from clients.kit.choosing import Switch
from clients.kit.column_widths import ColumnRoom, lay_out
from clients.kit.labels import IconButton, Label
from clients.kit.messages import Message
from clients.kit.paging import Align, Column, EmptyWords, RowAction, RowSource, Sort, check_columns
from clients.kit.panels import Banner, EmptyState
from clients.kit.rows_model import RowsModel
from clients.kit.running import TaskRunner
from clients.kit.settings import UserSettings
from clients.kit.states import look_of
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import REGULAR, Tone
from clients.kit.translations import tr

AnyIndex = QModelIndex | QPersistentModelIndex

_PAD = 8
_INSET = 16
"""Pixels before the first column: lists go to the edge of their page, and their text stands in line with the rest."""
_BUTTON = 28
_CHOOSER = 24
"""Pixels at the right end of the titles that the button of the column chooser takes."""
_FLEXIBLE_LEAST = 120
_FLEXIBLE_MOST = 360
"""What a flexible column takes at most, in pixels, before other columns get spare room too."""


def _text_scale() -> float:
    """How much bigger text is than at the regular size."""
    return current_theme().metrics.body / REGULAR.body


class ListView(QWidget):
    """A list declared as data: columns, row actions, empty words.

    Give it rows with `set_rows` (all in memory) or `set_source` (windows of a long list, needs `runner`). `list_id`
    and `settings` make it remember columns, widths and order per user. `row_id` names rows across refreshes.
    """

    selected = Signal(object)
    """the row now selected, or None."""
    activated = Signal(object)
    """a row was double-clicked, or Enter was pressed on it."""
    action_requested = Signal(str, object)
    """a row action's id and the row."""
    empty_action = Signal()
    """the button of the empty state was pressed."""
    retry = Signal()
    """the user wants another try after an error; a list with a source has already begun it."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        row_id: Callable[[Any], object],
        actions: Sequence[RowAction] = (),
        shown_actions: int = 4,
        empty: EmptyWords = EmptyWords(),  # noqa: B008 - a frozen value
        runner: TaskRunner | None = None,
        settings: UserSettings | None = None,
        list_id: str = "",
        sort: Sort | None = None,
    ) -> None:
        super().__init__()
        check_columns(columns, actions)
        self._columns = tuple(columns)
        self._actions = tuple(actions)
        self._empty_words = empty
        self._settings = settings if list_id else None
        self._settings_key = f"lists/{list_id}"
        self._selected_id: object | None = None
        self._selected_position = -1
        self._restoring = False
        self.model = RowsModel(columns, row_id, runner, self, actions_column=bool(actions))
        self.table = _Table(self.model, self._actions, min(shown_actions, len(actions)))
        self._banner = Banner()
        self._empty = EmptyState()
        self._line = _LoadingLine(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._banner)
        layout.addWidget(self.table, 1)
        self._empty.setParent(self.table.viewport())
        self._empty.acted.connect(self._on_empty_action)
        self._chooser_button = IconButton("columns", "自定义表头", on_click=self.open_column_chooser, small=True)
        self._chooser_button.setProperty("ground", "surface")
        self._chooser_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._chooser_button.setParent(self)
        self.table.action_requested.connect(self.action_requested)
        self.table.doubleClicked.connect(self._on_double_click)
        self.table.enter_pressed.connect(self._activate_current)
        self.table.looked_at.connect(self.model.look_at)
        self.table.selectionModel().currentRowChanged.connect(self._on_current)
        self.table.column_resized.connect(self._remember)
        self.table.horizontalHeader().sectionMoved.connect(self._remember)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._on_sort)
        self.model.shrinking.connect(self._on_rows_leave)
        self.model.rowsRemoved.connect(self._on_rows_left)
        self.model.arrived.connect(self._on_arrived)
        self.model.loading_changed.connect(self._on_loading)
        self.model.failed.connect(self._on_failed)
        self._apply_columns()
        if sort is not None and self.model.sort_order is None:
            self.sort_by(sort)
        self._show_emptiness()

    @property
    def selected_row(self) -> Any | None:
        """The row that is selected, or None."""
        index = self.table.currentIndex()
        return self.model.row(index.row()) if index.isValid() else None

    @property
    def total(self) -> int:
        """How many rows the list has."""
        return self.model.total

    @property
    def error_text(self) -> str:
        """The sentence of the error strip, empty when there is none."""
        return self._banner.text if not self._banner.isHidden() else ""

    def set_least_row_height(self, pixels: int) -> None:
        """Make rows at least so high, for rooms where people work with gloves."""
        self.table.least_row = pixels
        self.table.dress()

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Show these rows; selection and scroll position stay."""
        self.clear_error()
        self.model.set_rows(rows)

    def set_source(self, source: RowSource[Any]) -> None:
        """Show the rows of a long list, fetched in windows as somebody looks at them."""
        self.model.set_source(source)

    def refresh(self) -> None:
        """Ask the source again; old rows stay on screen meanwhile."""
        self.model.refresh()

    def set_loading(self, loading: bool) -> None:
        """For lists fed by `set_rows`: show that new rows are under way."""
        self._on_loading(loading)

    def show_error(self, message: Message) -> None:
        """Show why rows could not be loaded, above the old rows, with a way to try again."""
        self._banner.show_message(message.text, message.tone, action="重试", on_action=self._on_retry)
        self._settle_banner()
        self._show_emptiness()

    def clear_error(self) -> None:
        """Take the error strip away."""
        if not self._banner.isHidden():
            self._banner.hide()
            self._settle_banner()

    def set_empty_words(self, words: EmptyWords) -> None:
        """Say something else when there are no rows (another filter, another reason)."""
        self._empty_words = words
        self._show_emptiness()

    def set_menu_filler(self, fill: Callable[[QMenu, Any | None], object]) -> None:
        """Let somebody add entries to the menu of a row, below its actions; the row is None beside all rows."""
        self.table.fill_menu = fill

    def select_id(self, row_id: object) -> bool:
        """Select the row with this id if it is in memory; False if it is not."""
        position = self.model.position_of(row_id)
        if position is None:
            return False
        self._select(position)
        return True

    def clear_selection(self) -> None:
        """Select nothing, so that a click on the same row chooses it again; nobody is told."""
        self._selected_id, self._selected_position = None, -1
        self.table.clearSelection()
        self.table.setCurrentIndex(QModelIndex())

    def sort_by(self, sort: Sort) -> None:
        """Order the list as if the user had clicked the title."""
        position = next(i for i, column in enumerate(self._columns) if column.key == sort.key)
        order = Qt.SortOrder.DescendingOrder if sort.descending else Qt.SortOrder.AscendingOrder
        self.table.horizontalHeader().setSortIndicator(position, order)

    def visible_columns(self) -> list[str]:
        """Keys of the columns now shown, in their order on screen."""
        header = self.table.horizontalHeader()
        order = sorted(range(len(self._columns)), key=header.visualIndex)
        return [self._columns[i].key for i in order if not header.isSectionHidden(i)]

    def set_column_visible(self, key: str, visible: bool) -> None:
        """Show or hide a column and remember it; the last visible column stays."""
        if not visible and self.visible_columns() == [key]:
            return
        position = next(i for i, column in enumerate(self._columns) if column.key == key)
        self.table.horizontalHeader().setSectionHidden(position, not visible)
        self.table.fit_columns()
        self._remember()

    def open_column_chooser(self) -> None:
        """Open the list of columns with their switches below the button (自定义表头)."""
        chooser = ColumnChooser(self._columns, set(self.visible_columns()), self)
        chooser.toggled.connect(self.set_column_visible)
        chooser.reset.connect(self.reset_columns)
        corner = self._chooser_button.mapToGlobal(
            QPoint(self._chooser_button.width(), self._chooser_button.height() + 4)
        )
        chooser.adjustSize()
        chooser.move(corner - QPoint(chooser.width(), 0))
        chooser.show()

    def reset_columns(self) -> None:
        """Bring the declared columns, widths and order back."""
        if self._settings is not None:
            self._settings.remove(self._settings_key)
        header = self.table.horizontalHeader()
        self._restoring = True
        for i in range(len(self._columns)):
            header.moveSection(header.visualIndex(i), i)
        self._apply_columns()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.model.retranslate()
            self.table.fit_columns()
            self._show_emptiness()
        elif is_look_change(event):
            self.table.dress()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_overlays()

    def showEvent(self, event: object) -> None:
        self._place_overlays()

    def _settle_banner(self) -> None:
        """The table moved: what lies over its titles moves with it, or it would hide the strip's button."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self._place_overlays()

    def _place_overlays(self) -> None:
        # A list at the edge of its page keeps the page's margin inside; one that stands in a panel needs none.
        self.table.inset = _INSET if self.x() < _PAD else _PAD
        top = self.table.y()
        header = self.table.horizontalHeader().height()
        button = self._chooser_button
        button.move(self.width() - button.sizeHint().width() - 4, top + (header - button.sizeHint().height()) // 2)
        button.raise_()
        self._line.setGeometry(0, top + header - 2, self.width(), 2)
        self._line.raise_()
        self._empty.setGeometry(self.table.viewport().rect())

    def _apply_columns(self) -> None:
        stored = self._settings.get(self._settings_key, {}) if self._settings is not None else {}
        stored = stored if isinstance(stored, dict) else {}
        header = self.table.horizontalHeader()
        self._restoring = True
        hidden, widths = stored.get("hidden"), stored.get("widths", {})
        for i, column in enumerate(self._columns):
            known = isinstance(hidden, list) and column.key in stored.get("order", [])
            header.setSectionHidden(i, column.key in hidden if known and hidden is not None else not column.visible)
            self.table.set_width(i, column.width or _FLEXIBLE_LEAST, int(widths.get(column.key, 0)))
        for place, key in enumerate(stored.get("order", [])):
            position = next((i for i, column in enumerate(self._columns) if column.key == key), None)
            if position is not None:
                header.moveSection(header.visualIndex(position), place)
        self.table.flexible = {i for i, column in enumerate(self._columns) if column.width == 0}
        sort = stored.get("sort")
        if isinstance(sort, list) and len(sort) == 2 and any(c.key == sort[0] for c in self._columns):
            self.sort_by(Sort(str(sort[0]), bool(sort[1])))
        self._restoring = False
        self.table.fit_columns()

    def _remember(self, *_: object) -> None:
        if self._settings is None or self._restoring or self.table.fitting:
            return
        header = self.table.horizontalHeader()
        order = sorted(range(len(self._columns)), key=header.visualIndex)
        sort = self.model.sort_order
        resized = {self._columns[i].key: width for i, width in self.table.dragged.items()}
        self._settings.set(
            self._settings_key,
            {
                "order": [self._columns[i].key for i in order],
                "hidden": [c.key for i, c in enumerate(self._columns) if header.isSectionHidden(i)],
                "widths": resized,
                "sort": [sort.key, sort.descending] if sort is not None else None,
            },
        )

    def _on_sort(self, section: int, order: Qt.SortOrder) -> None:
        self.model.sort(section, order)
        self._remember()

    def _on_current(self, current: QModelIndex) -> None:
        row = self.model.row(current.row()) if current.isValid() else None
        if row is None or self._restoring:
            return
        self._selected_position = current.row()
        row_id = self.model.row_id(row)
        if row_id != self._selected_id:
            self._selected_id = row_id
            self.selected.emit(row)

    def _on_rows_leave(self) -> None:
        # Qt now moves the current row to a neighbour; that is not the user's choice.
        self._restoring = True

    def _on_rows_left(self, *_: object) -> None:
        self._restoring = False

    def _on_arrived(self) -> None:
        self.clear_error()
        self._show_emptiness()
        if self._selected_id is None:
            return
        position = self.model.position_of(self._selected_id)
        if position is not None:
            self._select(position)
            row = self.model.row(position)
            self.selected.emit(row)
        elif self.model.row(self._selected_position) is not None or self._selected_position >= self.model.total:
            self._selected_id = None
            self.table.clearSelection()
            self.table.setCurrentIndex(QModelIndex())
            self.selected.emit(None)

    def _select(self, position: int) -> None:
        if self.table.currentIndex().row() == position:
            self._selected_position = position
            return
        scroll = self.table.verticalScrollBar().value()
        self._restoring = self._selected_id is not None
        self.table.selectRow(position)
        self._restoring = False
        self.table.verticalScrollBar().setValue(scroll)
        row = self.model.row(position)
        if row is not None:
            self._selected_id, self._selected_position = self.model.row_id(row), position

    def _on_loading(self, loading: bool) -> None:
        self._line.set_running(loading)
        self._show_emptiness()

    def _on_failed(self, message: Message) -> None:
        self.show_error(message)

    def _on_retry(self) -> None:
        self.clear_error()
        self.model.refresh()
        self.retry.emit()

    def _on_empty_action(self) -> None:
        if self.error_text:
            self._on_retry()
        else:
            self.empty_action.emit()

    def _on_double_click(self, index: QModelIndex) -> None:
        if index.column() < len(self._columns):
            self._activate_current()

    def _activate_current(self) -> None:
        row = self.selected_row
        if row is not None:
            self.activated.emit(row)

    def _show_emptiness(self) -> None:
        self._empty.setVisible(self.model.total == 0)
        if self.model.total:
            return
        if self.error_text:
            self._empty.show_words("alert", "列表未能加载", "原因见上方提示。", "重试", Tone.WARNING)
        elif not self.model.known:
            self._empty.show_words("hourglass", "正在加载…")
        else:
            words = self._empty_words
            self._empty.show_words(words.glyph, words.title, words.hint, words.action)
        self._empty.setGeometry(self.table.viewport().rect())


class _Table(QTableView):
    action_requested = Signal(str, object)
    enter_pressed = Signal()
    looked_at = Signal(int, int)
    column_resized = Signal()

    def __init__(self, model: RowsModel, actions: tuple[RowAction, ...], shown: int) -> None:
        super().__init__()
        self._rows = model
        self.actions_shown = actions
        self.inset = _INSET
        self.flexible: set[int] = set()
        self.widths: dict[int, int] = {}
        self.dragged: dict[int, int] = {}
        self.fitting = False
        self.least_row = 0
        self.hovered = -1
        self.hover_point = QPoint(-1, -1)
        self.fill_menu: Callable[[QMenu, Any | None], object] | None = None
        self.setModel(model)
        self.cells = _CellDelegate(self, model, actions, shown)
        self.setItemDelegate(self.cells)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = _Header(model, self)
        self.setHorizontalHeader(header)
        header.sectionResized.connect(self._on_resized)
        self.verticalScrollBar().valueChanged.connect(self._look)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._look)
        model.rowsInserted.connect(self._later.start)
        self.dress()

    def dress(self) -> None:
        metrics = current_theme().metrics
        self.verticalHeader().setMinimumSectionSize(metrics.row)
        self.verticalHeader().setDefaultSectionSize(max(metrics.row, self.least_row))
        self.horizontalHeader().setFixedHeight(metrics.header)
        self.fit_columns()
        self.viewport().update()

    def set_width(self, section: int, declared: int, dragged: int = 0) -> None:
        """Give a column its widths in pixels at the regular size: as declared, and as dragged (0: never)."""
        self.widths[section] = declared
        if dragged:
            self.dragged[section] = dragged
        else:
            self.dragged.pop(section, None)

    def _on_resized(self, section: int, _old: int, new: int) -> None:
        if self.fitting or section >= len(self._rows.columns) or new == 0:
            return
        self.dragged[section] = round(new / _text_scale())
        self.column_resized.emit()

    def fit_columns(self) -> None:
        """Give all columns their widths for the room there is."""
        header = self.horizontalHeader()
        scale = _text_scale()
        shown = [i for i in range(len(self._rows.columns)) if not header.isSectionHidden(i)]
        wanted = [
            ColumnRoom(
                wanted=round(self.dragged.get(i, self.widths.get(i, _FLEXIBLE_LEAST)) * scale),
                needed=self._needed(i),
                flexible=i in self.flexible and i not in self.dragged,
                dragged=i in self.dragged,
            )
            for i in shown
        ]
        aside = self.cells.actions_width() if self.actions_shown else 0
        sizes = lay_out(wanted, self.viewport().width() - aside, flexible_most=round(_FLEXIBLE_MOST * scale))
        self.fitting = True
        for i, size in zip(shown, sizes, strict=True):
            header.resizeSection(i, size)
        if self.actions_shown:
            header.resizeSection(len(self._rows.columns), self.cells.actions_width())
        self.fitting = False

    def _needed(self, section: int) -> int:
        """Pixels for the title and the widest badge in the language of the moment."""
        theme = current_theme()
        column = self._rows.columns[section]
        title = QFontMetricsF(theme.font("caption", bold=True)).horizontalAdvance(tr(column.title)) + 2
        badge = max((badge_width(look, theme) - 4 for look in (column.looks or {}).values()), default=0.0)
        header = self.horizontalHeader()
        inset = self.inset if header.visualIndex(section) == _first_visible(header) else _PAD
        last = not self.actions_shown and header.visualIndex(section) == _last_visible(header)
        least = round(max(title + (_CHOOSER if last else 0), badge) + inset + _PAD)
        return max(least, round(column.width * _text_scale())) if column.firm else least

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_columns()
        self._look()

    def _look(self, *_: object) -> None:
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        if last < 0:
            last = max(first, self._rows.total - 1) if self._rows.total else 0
            last = min(last, first + self.viewport().height() // max(1, self.verticalHeader().defaultSectionSize()) + 1)
        self.looked_at.emit(first, last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(event.position().toPoint())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(QPoint(-1, -1))

    def _hover(self, point: QPoint) -> None:
        row = self.rowAt(point.y()) if point.y() >= 0 else -1
        self.hover_point = point
        for changed in {self.hovered, row}:
            if changed >= 0:
                self.viewport().update(
                    0, self.rowViewportPosition(changed), self.viewport().width(), self.rowHeight(changed)
                )
        self.hovered = row

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        index = self.indexAt(event.position().toPoint())
        row = self._rows.row(index.row()) if index.isValid() else None
        if row is None:
            return
        hit = self.cells.action_at(index, self.visualRect(index), event.position().toPoint())
        if hit == "more":
            self.open_menu(index, event.globalPosition().toPoint())
        elif isinstance(hit, RowAction):
            self.action_requested.emit(hit.id, row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        keyboard = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if keyboard else self.indexAt(event.pos())
        if not index.isValid() and self.fill_menu is None:
            return
        place = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft()) if keyboard else event.globalPos()
        self.open_menu(index, place)

    def row_menu(self, index: QModelIndex) -> QMenu | None:
        """The menu of all allowed actions of a row; None if there is none."""
        row = self._rows.row(index.row()) if index.isValid() else None
        allowed = [a for a in self.actions_shown if row is not None and a.is_allowed(row)]
        if not allowed and self.fill_menu is None:
            return None
        theme = current_theme()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in allowed:
            colour = theme.tone(Tone.DANGER).text if action.danger else None
            entry = menu.addAction(theme.icon(action.icon, colour=colour), tr(action.text))
            entry.setObjectName(action.id)
            entry.triggered.connect(_Emit(self, action.id, row))
        if self.fill_menu is not None:
            self.fill_menu(menu, row)
        return menu

    def open_menu(self, index: QModelIndex, place: QPoint) -> None:
        menu = self.row_menu(index)
        if menu is not None:
            menu.popup(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ):
            self.enter_pressed.emit()
            return
        super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.indexAt(event.pos())
            words = self.cells.tooltip(index, self.visualRect(index), event.pos()) if index.isValid() else ""
            if words:
                QToolTip.showText(event.globalPos(), words, self)
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)


class _Emit:
    def __init__(self, table: _Table, action_id: str, row: Any) -> None:
        self._table, self._action_id, self._row = table, action_id, row

    def __call__(self, _checked: bool = False) -> None:
        self._table.action_requested.emit(self._action_id, self._row)


class _Header(QHeaderView):
    """Titles with a small arrow for the order in force; titles can be dragged to another place."""

    def __init__(self, model: RowsModel, table: _Table) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._rows = model
        self._table = table
        self.setSectionsMovable(True)
        self.setSectionsClickable(True)
        self.setSortIndicatorShown(True)
        self.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortIndicatorClearable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(48)

    def paintSection(self, painter: QPainter, rect: QRect, logical: int) -> None:
        theme = current_theme()
        colours = theme.colours
        painter.save()
        painter.fillRect(rect, QColor(colours.surface))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(colours.hairline))
        if logical < len(self._rows.columns):
            column = self._rows.columns[logical]
            sorted_by = self._rows.sort_order is not None and self._rows.sort_order.key == column.key
            inset = self._table.inset if self.visualIndex(logical) == _first_visible(self) else _PAD
            last = not self._table.actions_shown and self.visualIndex(logical) == _last_visible(self)
            words = QRectF(rect.adjusted(inset, 0, -_PAD - (_CHOOSER if last else 0), -1))
            font = theme.font("caption", bold=sorted_by)
            painter.setFont(font)
            painter.setPen(QColor(colours.text if sorted_by else colours.text_quiet))
            arrow = 14 if sorted_by else 0
            text = painter.fontMetrics().elidedText(
                tr(column.title), Qt.TextElideMode.ElideRight, int(words.width()) - arrow
            )
            right = column.align is Align.RIGHT
            flag = {Align.RIGHT: Qt.AlignmentFlag.AlignRight, Align.CENTRE: Qt.AlignmentFlag.AlignHCenter}.get(
                column.align, Qt.AlignmentFlag.AlignLeft
            )
            painter.drawText(words, flag | Qt.AlignmentFlag.AlignVCenter, text)
            if sorted_by and self._rows.sort_order is not None:
                width = painter.fontMetrics().horizontalAdvance(text)
                left = words.right() - width - 14 if right else words.left() + width + 2
                name = "arrow_down" if self._rows.sort_order.descending else "arrow_up"
                theme.paint_icon(painter, name, QRectF(left, words.center().y() - 6, 12, 12), colours.text)
        painter.restore()


class _CellDelegate(QStyledItemDelegate):
    """Paints cells: text, badges, marks, skeletons of rows that have not come, and the row actions."""

    def __init__(self, table: _Table, model: RowsModel, actions: tuple[RowAction, ...], shown: int) -> None:
        super().__init__(table)
        self._table = table
        self._rows = model
        self._actions = actions
        self._shown = shown

    def actions_width(self) -> int:
        """Width of the actions column."""
        more = 1 if len(self._actions) > self._shown else 0
        return max(72, (self._shown + more) * _BUTTON + 2 * _PAD + 28)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: AnyIndex) -> QSize:
        return QSize(80, current_theme().metrics.row)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        theme = current_theme()
        colours = theme.colours
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, QColor(colours.selected))
        elif index.row() == self._table.hovered:
            painter.fillRect(rect, QColor(colours.hover))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(colours.hairline))
        header = self._table.horizontalHeader()
        first = header.visualIndex(index.column()) == _first_visible(header)
        if chosen and first:
            painter.fillRect(rect.left(), rect.top(), 2, rect.height(), QColor(colours.accent))
        if first:
            rect = rect.adjusted(self._table.inset - _PAD, 0, 0, 0)
        row = self._rows.row(index.row())
        if row is None:
            self._paint_skeleton(painter, rect, index)
        elif index.column() >= len(self._rows.columns):
            self._paint_actions(painter, rect, row, index, chosen)
        else:
            self._paint_cell(painter, rect, row, self._rows.columns[index.column()])
        painter.restore()

    def _paint_cell(self, painter: QPainter, rect: QRect, row: Any, column: Column) -> None:
        theme = current_theme()
        area = QRectF(rect.adjusted(_PAD, 0, -_PAD, -1))
        if column.looks is not None:
            value = column.raw(row)
            if value is not None and value != "":
                paint_badge(painter, area.adjusted(-2, 0, 2, 0), look_of(column.looks, value))
            return
        if column.marks is not None:
            marks = list(column.marks(row))
            needed = current_theme_text_width(column.text(row)) + sum(badge_width(look, theme) + 4 for look in marks)
            for look in marks:
                area.setLeft(area.left() + paint_badge(painter, area, look, glyph_only=needed > area.width()) + 4)
        painter.setFont(theme.font(bold=column.strong))
        painter.setPen(QColor(theme.colours.text_quiet if column.quiet else theme.colours.text))
        text = painter.fontMetrics().elidedText(column.text(row), Qt.TextElideMode.ElideRight, int(area.width()))
        flag = {Align.RIGHT: Qt.AlignmentFlag.AlignRight, Align.CENTRE: Qt.AlignmentFlag.AlignHCenter}.get(
            column.align, Qt.AlignmentFlag.AlignLeft
        )
        painter.drawText(area, flag | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_skeleton(self, painter: QPainter, rect: QRect, index: AnyIndex) -> None:
        width = max(24, (rect.width() - 2 * _PAD) * (55 + (index.row() * 7 + index.column() * 13) % 35) // 100)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current_theme().colours.skeleton))
        painter.drawRoundedRect(QRectF(rect.left() + _PAD, rect.center().y() - 5, width, 10), 3, 3)

    def _places(self, rect: QRect, row: Any) -> list[tuple[RowAction | str, QRect]]:
        """Which button stands where: the allowed ones in the order of their declaration, without gaps."""
        shown: list[RowAction | str] = [a for a in self._actions[: self._shown] if a.is_allowed(row)]
        if any(action.is_allowed(row) for action in self._actions[self._shown :]):
            shown.append("more")
        left = rect.left() + _PAD - 4
        top = rect.top() + (rect.height() - _BUTTON) // 2
        return [(what, QRect(left + i * _BUTTON, top, _BUTTON, _BUTTON)) for i, what in enumerate(shown)]

    def _paint_actions(self, painter: QPainter, rect: QRect, row: Any, index: AnyIndex, chosen: bool) -> None:
        theme = current_theme()
        colours = theme.colours
        live = chosen or index.row() == self._table.hovered
        for what, place in self._places(rect, row):
            hot = index.row() == self._table.hovered and place.contains(self._table.hover_point)
            if hot:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.selected if not chosen else colours.surface))
                painter.drawRoundedRect(QRectF(place).adjusted(1, 1, -1, -1), 4, 4)
            danger = isinstance(what, RowAction) and what.danger
            colour = (
                theme.tone(Tone.DANGER).text
                if danger and hot
                else (colours.accent if hot else colours.text if live else colours.text_quiet)
            )
            name = what.icon if isinstance(what, RowAction) else "more"
            middle = QRectF(place).center()
            theme.paint_icon(painter, name, QRectF(middle.x() - 8, middle.y() - 8, 16, 16), colour)

    def action_at(self, index: AnyIndex, rect: QRect, point: QPoint) -> RowAction | str | None:
        """The button under the mouse."""
        row = self._rows.row(index.row())
        if index.column() < len(self._rows.columns) or row is None:
            return None
        return next((what for what, place in self._places(rect, row) if place.contains(point)), None)

    def tooltip(self, index: AnyIndex, rect: QRect, point: QPoint) -> str:
        """Words of the button under the mouse, or the whole text of a cell that is cut."""
        hit = self.action_at(index, rect, point)
        if hit is not None:
            return tr(hit.text) if isinstance(hit, RowAction) else tr("更多操作")
        text = str(self._rows.data(index) or "")
        row = self._rows.row(index.row())
        column = self._rows.columns[index.column()] if index.column() < len(self._rows.columns) else None
        if column is not None and column.marks is not None and row is not None:
            text = "  ".join([*(tr(look.text) for look in column.marks(row)), text])
        return text if current_theme_text_width(text) > rect.width() - 2 * _PAD - 24 else ""


def current_theme_text_width(text: str) -> int:
    """Width in pixels of body text."""
    from PySide6.QtGui import QFontMetrics

    return QFontMetrics(current_theme().font()).horizontalAdvance(text)


def _first_visible(header: QHeaderView) -> int:
    return next((v for v in range(header.count()) if not header.isSectionHidden(header.logicalIndex(v))), 0)


def _last_visible(header: QHeaderView) -> int:
    places = (v for v in reversed(range(header.count())) if not header.isSectionHidden(header.logicalIndex(v)))
    return next(places, 0)


class _LoadingLine(QWidget):
    """A thin line that runs below the titles while rows are under way, if that takes longer than a blink."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setInterval(40)
        self._timer.timeout.connect(self._tick)
        self._begin = QTimer(self)
        self._begin.setSingleShot(True)
        self._begin.setInterval(200)
        self._begin.timeout.connect(self._start)
        self.hide()

    def set_running(self, running: bool) -> None:
        if running:
            if not self._timer.isActive():
                self._begin.start()
        else:
            self._begin.stop()
            self._timer.stop()
            self.hide()

    def _start(self) -> None:
        self._timer.start()
        self.show()

    def _tick(self) -> None:
        self._step = (self._step + 1) % 50
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = current_theme().colours
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.selected))
            length = self.width() * 0.25
            left = (self.width() + length) * self._step / 50 - length
            painter.fillRect(QRectF(left, 0, length, self.height()), QColor(colours.accent))


class ColumnChooser(QFrame):
    """All columns of a list with a switch each (自定义表头)."""

    toggled = Signal(str, bool)
    """column key and whether it is shown."""
    reset = Signal()
    """the declared columns are wanted back."""

    def __init__(self, columns: Sequence[Column], visible: set[str], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("look", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(0)
        layout.addWidget(Label("自定义表头", "strong"))
        layout.addSpacing(4)
        self.switches: dict[str, Switch] = {}
        for column in columns:
            switch = Switch(column.title, checked=column.key in visible)
            switch.toggled.connect(_Toggle(self, column.key))
            self.switches[column.key] = switch
            layout.addWidget(switch)
        from clients.kit.labels import Button

        layout.addSpacing(4)
        layout.addWidget(Button("恢复默认", "link", on_click=self._on_reset), 0, Qt.AlignmentFlag.AlignLeft)

    def _on_reset(self) -> None:
        self.reset.emit()
        self.close()


class _Toggle:
    def __init__(self, chooser: ColumnChooser, key: str) -> None:
        self._chooser, self._key = chooser, key

    def __call__(self, checked: bool) -> None:
        self._chooser.toggled.emit(self._key, checked)
