"""Quick entry of exam items: pinyin initials, code or name; arrows choose, Enter adds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from clients.kit.theme import current_theme
from clients.kit.translations import Language, language, tr
from clients.registration.measures import yuan
from shared.contract.organisation import ExamItemView


class _Candidate(QStyledItemDelegate):
    """Type, name, body part, code and price in columns, so that the eye can run down each of them."""

    def __init__(self, owner: ItemEntry) -> None:
        super().__init__(owner)
        self._owner = owner

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        item = self._owner.candidate(index.row())
        theme = current_theme()
        area = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(area, theme.colour("selected"))
        name = item.name_en if language() is Language.ENGLISH else item.name
        left, width = area.left() + 12, area.width() - 24
        price_width = 96.0
        rest = width - price_width - 48
        for words, start, room, quiet in (
            (item.exam_type, left, 44.0, True),
            (name, left + 48, rest * 0.52, False),
            (item.body_part, left + 48 + rest * 0.54, rest * 0.2, True),
            (item.code, left + 48 + rest * 0.76, rest * 0.24, True),
        ):
            painter.setFont(theme.font(bold=not quiet))
            painter.setPen(theme.colour("text_quiet" if quiet else "text"))
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(room))
            painter.drawText(QRectF(start, area.top(), room, area.height()), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.setFont(theme.font())
        painter.setPen(theme.colour("text"))
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        price = QRectF(left + width - price_width, area.top(), price_width, area.height())
        painter.drawText(price, right, f"¥{yuan(item.price_fen)}")
        painter.restore()


class ItemEntry(QWidget):
    """A field with its candidates right below, floating over the form while something is typed."""

    typed = Signal(str)
    """the text of the field, with every stroke."""
    chosen = Signal(object)
    """ExamItemView: the user wants this item."""
    done = Signal()
    """Enter in the empty field: there is nothing more to add."""

    def __init__(self) -> None:
        super().__init__()
        self._candidates: tuple[ExamItemView, ...] = ()
        self.field = QLineEdit()
        self.field.setObjectName("item_entry")
        self.field.installEventFilter(self)
        self.field.textEdited.connect(self.typed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.field)
        self.setFocusProxy(self.field)
        self.list = QListWidget()
        self.list.setItemDelegate(_Candidate(self))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._clicked)
        self.list.hide()
        self._show()

    def candidate(self, place: int) -> ExamItemView:
        """The candidate at a place of the list."""
        return self._candidates[place]

    def show_candidates(self, text: str, candidates: Sequence[ExamItemView]) -> None:
        """Show what fits; an empty text closes the list."""
        if self.field.text() != text and not text:
            self.field.clear()
        if tuple(candidates) == self._candidates and self.list.isVisible() == bool(candidates):
            return
        self._candidates = tuple(candidates)
        self.list.clear()
        for item in self._candidates:
            self.list.addItem(QListWidgetItem(f"{item.code} {item.name}"))
        self.list.setCurrentRow(0 if self._candidates else -1)
        self._place()

    def _place(self) -> None:
        window = self.window()
        if not self._candidates or window is None:
            self.list.hide()
            return
        if self.list.parent() is not window:
            self.list.setParent(window)
        row = current_theme().metrics.row
        height = min(len(self._candidates), 8) * row + 4
        below = self.mapTo(window, QPoint(0, self.height() + 2))
        if below.y() + height > window.height():
            below = self.mapTo(window, QPoint(0, -height - 2))
        self.list.setGeometry(below.x(), below.y(), self.width(), height)
        for position in range(self.list.count()):
            self.list.item(position).setSizeHint(QSize(0, row))
        self.list.show()
        self.list.raise_()

    def _clicked(self, line: QListWidgetItem) -> None:
        self.chosen.emit(self._candidates[self.list.row(line)])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.field:
            return False
        if event.type() == QEvent.Type.FocusOut:
            self.list.hide()
        elif event.type() == QEvent.Type.FocusIn:
            self._place()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            row = self.list.currentRow()
            if self._candidates and row >= 0:
                self.chosen.emit(self._candidates[row])
            elif not self.field.text().strip():
                self.done.emit()
            return True
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._candidates:
            step = 1 if key == Qt.Key.Key_Down else -1
            self.list.setCurrentRow((self.list.currentRow() + step) % len(self._candidates))
            return True
        if key == Qt.Key.Key_Escape and self.field.text():
            self.field.clear()
            self.typed.emit("")
            return True
        return False

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)

    def hideEvent(self, event: object) -> None:
        self.list.hide()

    def _show(self) -> None:
        self.field.setPlaceholderText(tr("拼音首字母、编码或名称，回车添加"))
        self.field.setAccessibleName(tr("添加检查项目"))
