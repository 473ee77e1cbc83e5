"""The list of marks of the selected viewport: find, jump, rename, delete (VW-LST-01 to -03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.marks.book import NAMES, MarkBook
from clients.viewer.marks.model import Mark, SpacePlane
from clients.viewer.session import ViewerSession
from clients.viewer.viewport.state import Aspect

if TYPE_CHECKING:
    from clients.viewer.marks.values import MeasuredValue

_MARK = Qt.ItemDataRole.UserRole
_DETAIL, _COLOUR = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
_ROW_PX = 46


class _Rows(QStyledItemDelegate):
    """A name, what it measures below it, and its colour at the left edge."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, _ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        palette = current_theme().colours
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(rect, QColor(palette.selected if chosen else palette.window))
        painter.fillRect(rect.left(), rect.top() + 8, 3, rect.height() - 16, QColor(str(index.data(_COLOUR))))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(palette.hairline))
        wide = rect.width() - 18
        for text, font, colour, base in (
            (str(index.data()), text_font(13), palette.text, 19),
            (str(index.data(_DETAIL) or ""), text_font(11), palette.text_quiet, 37),
        ):
            painter.setFont(font)
            painter.setPen(QColor(colour))
            shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(rect.left() + 10, rect.top() + base, shown)

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect: QRect = option.rect
        editor.setGeometry(rect.left() + 6, rect.top() + 2, rect.width() - 12, 26)


class MarkList(QWidget):
    """Rows of the selected viewport's stack. ``value_of`` gives what a mark measures."""

    def __init__(self, session: ViewerSession, value_of: Callable[[Mark], MeasuredValue]) -> None:
        super().__init__()
        self._session = session
        self._value_of = value_of
        self._filling = False
        self.rows = QListWidget()
        self.rows.setObjectName("marks.list")
        self.rows.setItemDelegate(_Rows(self.rows))
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed | QListWidget.EditTrigger.SelectedClicked)
        self.rows.currentItemChanged.connect(lambda item, _before: self._on_chosen(item))
        self.rows.itemDoubleClicked.connect(self.rows.editItem)
        self.rows.itemChanged.connect(self._on_renamed)
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.rename, self.delete = QPushButton(), QPushButton()
        self.rename.setObjectName("marks.rename")
        self.delete.setObjectName("marks.delete")
        self.rename.clicked.connect(self._rename)
        self.delete.clicked.connect(self._delete)
        buttons = QHBoxLayout()
        buttons.addWidget(self.rename)
        buttons.addWidget(self.delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 8, 8)
        column.addWidget(self.empty, 1)
        column.addWidget(self.rows, 1)
        column.addLayout(buttons)
        # A drag changes marks at every move: the list follows at the end of the turn.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self.refresh)
        book = session.marks
        self._forget = [
            book.changed.connect(lambda _sheet: self._later.start(60)),
            book.selected_changed.connect(self._show_selected),
            session.active_changed.connect(lambda: self._later.start(0)),
            *(viewport.changed.connect(self._on_viewport) for viewport in session.viewports),
        ]
        self.destroyed.connect(lambda: [forget() for forget in self._forget])
        self._dress()
        self.refresh()

    def _on_viewport(self, aspect: Aspect) -> None:
        if aspect is Aspect.STACK:
            self._later.start(0)

    def release(self) -> None:
        """Stop following the model; before the panel goes."""
        self._later.stop()
        for forget in self._forget:
            forget()
        self._forget.clear()

    @property
    def _book(self) -> MarkBook:
        return self._session.marks

    def marks(self) -> list[Mark]:
        """The marks of the selected viewport, by image and then by age."""
        stack = self._session.active_viewport.stack
        if stack is None:
            return []
        places = {key: n for n, key in enumerate(stack.frames)}
        found = [(places[m.key], m) for m in self._book if not isinstance(m.key, SpacePlane) and m.key in places]
        space = stack.series.frame_of_reference_uid
        found += [
            (len(places), m)
            for m in self._book
            if isinstance(m.key, SpacePlane) and space and m.key.frame_of_reference_uid == space
        ]
        return [mark for _, mark in sorted(found, key=lambda pair: (pair[0], pair[1].id))]

    def refresh(self) -> None:
        """Build the rows anew; the chosen one and the place of scrolling stay."""
        if self.rows.state() == QListWidget.State.EditingState:
            self._later.start(200)
            return
        marks = self.marks()
        stack = self._session.active_viewport.stack
        self._filling = True
        at = self.rows.verticalScrollBar().value()
        self.rows.clear()
        for mark in marks:
            row = QListWidgetItem(mark.name or tr(NAMES[mark.kind]))
            row.setData(_MARK, mark.id)
            index = stack.index_of(mark.key) if stack is not None and not isinstance(mark.key, SpacePlane) else None
            where = tr("重建平面") if index is None else tr("图像 {n}", n=index + 1)
            value = "  ".join(self._value_of(mark).lines) or mark.text.replace("\n", " ")
            row.setToolTip("\n".join(part for part in (mark.name, where, value, mark.author, mark.made_at) if part))
            if not mark.foreign:
                row.setFlags(row.flags() | Qt.ItemFlag.ItemIsEditable)
            self.rows.addItem(row)
            row.setData(_DETAIL, f"{where}  {value}" + (f"  · {mark.author}" if mark.foreign else ""))
            row.setData(_COLOUR, mark.colour or colours.MEASURE)
        self.rows.verticalScrollBar().setValue(at)
        self._filling = False
        self.rows.setVisible(bool(marks))
        self.empty.setVisible(not marks)
        self._show_selected()

    def _show_selected(self) -> None:
        selected = self._book.selected
        self._filling = True
        for n in range(self.rows.count()):
            row = self.rows.item(n)
            if selected is not None and row.data(_MARK) == selected.id:
                self.rows.setCurrentItem(row)
                break
        else:
            self.rows.setCurrentRow(-1)
        self._filling = False
        mine = selected is not None and not selected.foreign
        self.rename.setEnabled(mine)
        self.delete.setEnabled(mine)

    def _mark_of(self, row: QListWidgetItem | None) -> Mark | None:
        number = row.data(_MARK) if row is not None else None
        return next((mark for mark in self._book if mark.id == number), None)

    def _on_chosen(self, row: QListWidgetItem | None) -> None:
        mark = self._mark_of(row)
        if self._filling or mark is None:
            return
        self._book.select(mark.id)
        viewport = self._session.active_viewport
        stack, frame = viewport.stack, mark.frame
        index = stack.index_of(frame) if stack is not None and frame is not None else None
        if index is not None:
            viewport.index = index

    def _on_renamed(self, row: QListWidgetItem) -> None:
        mark = self._mark_of(row)
        if not self._filling and mark is not None and row.text() != mark.name:
            self._book.rename(mark, row.text())
            self._later.start(0)

    def _rename(self) -> None:
        row = self.rows.currentItem()
        if row is not None:
            self.rows.editItem(row)

    def _delete(self) -> None:
        mark = self._mark_of(self.rows.currentItem())
        if mark is not None:
            self._book.delete(mark)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self._delete()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._dress()
            self.refresh()
        super().changeEvent(event)

    def _dress(self) -> None:
        palette = current_theme().colours
        self.rename.setText(tr("重命名"))
        self.delete.setText(tr("删除"))
        self.empty.setText(tr("选中的视口还没有测量和标注。\n用“测量”或“标注”中的工具画在图像上，它们会列在这里。"))
        self.empty.setStyleSheet(f"color: {palette.text_quiet}; padding: 16px;")
        self.rows.setStyleSheet(f"QListWidget {{ background: {palette.window}; border: none; outline: none; }}")
