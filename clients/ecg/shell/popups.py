"""Messages on screen: cards at the lower right whose click opens the page, the bell with the number, the list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from clients.ecg.shell.notices import sentence, title, tone
from clients.kit.labels import Button, Glyph, IconButton, Label, ValueLabel
from clients.kit.paging import local_time
from clients.kit.panels import EmptyState
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg_consultations import NoticeView

WIDTH = 340
STAY_MS = 12_000
MOST = 4
_GLYPHS = {Tone.DANGER: "bell", Tone.WARNING: "alert", Tone.SUCCESS: "check_circle"}


class Popup(QFrame):
    """One message; a click (or Enter) opens what it speaks of, the cross only closes it. Danger stays until seen."""

    opened = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget, head: str, words: str, look: Tone) -> None:
        super().__init__(parent)
        self.tone = look
        self.number = 0
        self.setProperty("look", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedWidth(WIDTH)
        across = QHBoxLayout(self)
        across.setContentsMargins(16, 10, 8, 12)
        across.setSpacing(12)
        across.addWidget(Glyph(_GLYPHS.get(look, "bell"), 22, look), 0, Qt.AlignmentFlag.AlignTop)
        box = QVBoxLayout()
        box.setSpacing(2)
        self.head = ValueLabel(head, "strong")
        self.words = ValueLabel(words, wrap=True)
        for label in (self.head, self.words):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            box.addWidget(label)
        box.addWidget(Label("点击查看", "caption"))
        across.addLayout(box, 1)
        across.addWidget(IconButton("close", "关闭", on_click=self._close, small=True), 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(f"{head} {words}")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._close)
        if look is not Tone.DANGER:
            self._timer.start(STAY_MS)

    def open(self) -> None:
        """As a click does."""
        self.opened.emit()
        self._close()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.open()
        elif event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        with QPainter(self) as painter:
            painter.fillRect(0, 0, 4, self.height(), QColor(current_theme().tone(self.tone).text))

    def _close(self) -> None:
        self._timer.stop()
        self.hide()
        self.closed.emit()


class Popups(QObject):
    """Stacks the cards at the lower right of a window, the newest at the bottom; they cover rows, never buttons."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.cards: list[Popup] = []
        window.installEventFilter(self)

    def add(self, head: str, words: str, look: Tone, on_open: Callable[[], object], number: int = 0) -> Popup:
        """Show a message; the oldest goes when there are too many. `number` is the notice that it shows."""
        card = Popup(self._window, head, words, look)
        card.number = number
        card.opened.connect(on_open)
        card.closed.connect(self._tidy)
        self.cards.insert(0, card)
        while len(self.cards) > MOST:
            self._drop(self.cards[-1])
        card.show()
        self._place()
        return card

    def keep(self, numbers: Collection[int]) -> None:
        """Take away the cards of notices that were seen meanwhile."""
        for card in [card for card in self.cards if card.number and card.number not in numbers]:
            self._drop(card)
        self._place()

    def clear(self) -> None:
        """Take all of them away."""
        for card in list(self.cards):
            self._drop(card)

    def _tidy(self) -> None:
        for card in [card for card in self.cards if card.isHidden()]:
            self._drop(card)
        self._place()

    def _drop(self, card: Popup) -> None:
        self.cards.remove(card)
        card.hide()
        card.deleteLater()

    def _place(self) -> None:
        bottom = self._window.height() - current_theme().metrics.status - 12
        for card in self.cards:
            layout = card.layout()
            height = layout.heightForWidth(WIDTH) if layout is not None and layout.hasHeightForWidth() else -1
            card.resize(WIDTH, max(card.sizeHint().height() if height < 0 else height, 64))
            bottom -= card.height()
            card.move(self._window.width() - WIDTH - 16, bottom)
            card.raise_()
            bottom -= 8

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False


class BellButton(IconButton):
    """The bell in the bar with the number of unread messages."""

    def __init__(self, on_click: Callable[[], None]) -> None:
        super().__init__("bell", "消息", on_click=on_click)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.count = 0

    def set_count(self, count: int) -> None:
        """Show how many are unread."""
        self.count = count
        self.setAccessibleName(f"{tr('消息')} {count}" if count else tr("消息"))
        self.update()

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(8, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.count:
            return
        theme = current_theme()
        text = str(self.count) if self.count < 100 else "99+"
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            font = theme.font("caption", bold=True)
            font.setPixelSize(10)
            painter.setFont(font)
            wide = max(16.0, painter.fontMetrics().horizontalAdvance(text) + 8.0)
            area = QRectF(self.width() - wide - 1, 1, wide, 16)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.tone(Tone.DANGER).text))
            painter.drawRoundedRect(area, 8, 8)
            painter.setPen(QColor("#FFFFFF"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)


class NoticeList(QWidget):
    """The messages in the side panel: unread ones in bold, each opens what it speaks of."""

    chosen = Signal(object)
    """NoticeView."""
    all_read = Signal()

    def __init__(self, notices: Sequence[NoticeView]) -> None:
        super().__init__()
        self.rows: list[NoticeRow] = []
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 8)
        box.setSpacing(0)
        if not notices:
            box.addWidget(EmptyState("bell", "没有消息", "新的会诊、会诊报告发布和危急值会在这里。"))
            return
        if any(notice.read_at is None for notice in notices):
            row = QHBoxLayout()
            row.setContentsMargins(8, 4, 8, 4)
            row.addStretch(1)
            row.addWidget(Button("全部已读", "link", on_click=self.all_read.emit))
            box.addLayout(row)
        for notice in notices:
            made = NoticeRow(notice)
            made.opened.connect(self.chosen)
            self.rows.append(made)
            box.addWidget(made)
        box.addStretch(1)


class NoticeRow(QFrame):
    """One message of the list."""

    opened = Signal(object)

    def __init__(self, notice: NoticeView) -> None:
        super().__init__()
        self.notice = notice
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        across = QHBoxLayout(self)
        across.setContentsMargins(16, 8, 16, 8)
        across.setSpacing(12)
        is_new = notice.read_at is None
        glyph = Glyph("bell" if is_new else "check", 16, tone(notice) if is_new else None)
        across.addWidget(glyph, 0, Qt.AlignmentFlag.AlignTop)
        box = QVBoxLayout()
        box.setSpacing(2)
        for words, look, wrap in (
            (title(notice), "strong" if is_new else "", False),
            (sentence(notice), "" if is_new else "quiet", True),
            (local_time(notice.at), "caption", False),
        ):
            label = ValueLabel(words, look, wrap=wrap)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            box.addWidget(label)
        across.addLayout(box, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(self.notice)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self.notice)
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = current_theme()
        with QPainter(self) as painter:
            if self.underMouse() or self.hasFocus():
                painter.fillRect(self.rect(), QColor(theme.colours.hover))
            painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(theme.colours.hairline))

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return super().event(event)
