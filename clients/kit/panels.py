"""Areas that tell and show: side panel for details, banner, toast, empty state, progress rows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from clients.kit.labels import Button, Glyph, IconButton, Label, ValueLabel
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone

TONE_GLYPHS = {
    Tone.NEUTRAL: "details",
    Tone.INFO: "details",
    Tone.ACTIVE: "details",
    Tone.WARNING: "alert",
    Tone.SUCCESS: "check_circle",
    Tone.DANGER: "cross_circle",
}


class SidePanel(QFrame):
    """Details at the right edge instead of a pop-up; Escape or the cross closes it and gives the focus back."""

    closed = Signal()
    """the user closed the panel."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "panel")
        self.setFixedWidth(current_theme().metrics.side_panel)
        self._wanted_width: int | None = None
        self._content: QWidget | None = None
        self._came_from: QWidget | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 0, 0)
        outer.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 8, 8, 8)
        self._title = Label("", "strong")
        head.addWidget(self._title, 1)
        head.addWidget(IconButton("close", "关闭", on_click=self.close_panel))
        outer.addLayout(head)
        line = QFrame()
        line.setProperty("look", "hairline")
        outer.addWidget(line)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer.addWidget(self._scroll, 1)
        self.hide()

    @property
    def content(self) -> QWidget | None:
        """What is shown now."""
        return self._content

    def show_content(self, title: str, content: QWidget, *, width: int | None = None) -> None:
        """Open with a title (Chinese source) and a widget, which the panel now owns; older content is deleted."""
        from PySide6.QtWidgets import QApplication

        if not self.isVisible():
            self._came_from = QApplication.focusWidget()
        self._title.set_source(title)
        self._content = content
        self._scroll.setWidget(content)
        self._wanted_width = width
        self.setFixedWidth(width or current_theme().metrics.side_panel)
        self.show()

    def close_panel(self) -> None:
        """Close, delete the content and give the focus back to where it came from."""
        if self.isHidden():
            return
        self.hide()
        old = self._scroll.takeWidget()
        if old is not None:
            old.deleteLater()
        self._content = None
        if self._came_from is not None:
            with contextlib.suppress(RuntimeError):  # the widget was deleted meanwhile
                self._came_from.setFocus()
        self._came_from = None
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if is_look_change(event):
            self.setFixedWidth(self._wanted_width or current_theme().metrics.side_panel)
        super().changeEvent(event)


def scrolling(content: QWidget) -> QScrollArea:
    """A vertical scroll area around `content`: forms go into one, so that a small screen never squeezes them."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area


class Banner(QWidget):
    """A strip across the page for what lasts: the state of the line, a warning. Words are finished sentences."""

    def __init__(self) -> None:
        super().__init__()
        self._tone = Tone.WARNING
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 1, 8, 3)
        layout.setSpacing(8)
        self._glyph = Glyph("alert", 16)
        self._text = ValueLabel()
        self._action = Button("重试", "link")
        self._callback: Callable[[], None] | None = None
        self._action.clicked.connect(self._act)
        layout.addWidget(self._glyph)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._action)
        self.setFixedHeight(current_theme().metrics.control + 4)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.full_text

    def show_message(
        self, text: str, tone: Tone, *, glyph: str = "", action: str = "", on_action: Callable[[], None] | None = None
    ) -> None:
        """Show a translated sentence; `action` is a Chinese source string for a link at the right."""
        self._tone = tone
        self._glyph.set_glyph(glyph or TONE_GLYPHS[tone], tone)
        self._text.set_text(text)
        self._callback = on_action
        self._action.setVisible(on_action is not None)
        if action:
            self._action.set_source(action)
        self.show()
        self.update()

    def _act(self) -> None:
        if self._callback is not None:
            self._callback()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = current_theme().tone(self._tone)
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.ground))
            painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(current_theme().colours.hairline))


class Toast(QFrame):
    """One message for some seconds, with an undo link if there is something to take back."""

    gone = Signal(object)
    """the toast itself, when its time is over or its link was used."""

    def __init__(
        self, text: str, tone: Tone, seconds: float, *, action: str = "", on_action: Callable[[], None] | None = None
    ) -> None:
        super().__init__()
        self._tone = tone
        self._callback = on_action
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 6, 8, 6)
        layout.setSpacing(8)
        layout.addWidget(Glyph(TONE_GLYPHS[tone], 16, tone))
        self._text = ValueLabel(text, wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        layout.addWidget(self._text, 1)
        if on_action is not None:
            layout.addWidget(Button(action, "link", on_click=self._act))
        layout.addWidget(IconButton("close", "关闭", on_click=self._end, small=True))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(round(seconds * 1000))
        self._timer.timeout.connect(self._end)
        self._timer.start()
        wanted = self._text.fontMetrics().horizontalAdvance(text) + 120 + (80 if on_action is not None else 0)
        self.setFixedWidth(max(280, min(560, wanted)))

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.full_text

    def trigger(self) -> None:
        """Use the link, as the user would."""
        self._act()

    def _act(self) -> None:
        callback, self._callback = self._callback, None
        self._end()
        if callback is not None:
            callback()

    def _end(self) -> None:
        self._timer.stop()
        self.gone.emit(self)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.colours.border))
            painter.setBrush(QColor(theme.colours.raised))
            painter.drawRoundedRect(
                self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), theme.metrics.radius, theme.metrics.radius
            )
            painter.fillRect(
                1,
                theme.metrics.radius,
                3,
                self.height() - 2 * theme.metrics.radius,
                QColor(theme.tone(self._tone).text),
            )


class ToastArea(QObject):
    """Stacks toasts at the lower middle of a window without taking focus or clicks elsewhere."""

    def __init__(self, window: QWidget, *, bottom: int = 40) -> None:
        super().__init__(window)
        self._window = window
        self._bottom = bottom
        self._toasts: list[Toast] = []
        window.installEventFilter(self)

    @property
    def toasts(self) -> tuple[Toast, ...]:
        """What is shown now, newest last."""
        return tuple(self._toasts)

    def add(self, toast: Toast) -> None:
        """Show a toast; at most three stay."""
        while len(self._toasts) >= 3:
            self._remove(self._toasts[0])
        toast.setParent(self._window)
        toast.gone.connect(self._remove)
        self._toasts.append(toast)
        toast.show()
        self._place()

    def clear(self) -> None:
        """Remove all toasts."""
        for toast in tuple(self._toasts):
            self._remove(toast)

    def _remove(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._place()

    def _place(self) -> None:
        bottom = self._window.height() - self._bottom
        for toast in reversed(self._toasts):
            toast.setFixedHeight(max(44, toast.layout().heightForWidth(toast.width())))  # type: ignore[union-attr]
            toast.move(QPoint((self._window.width() - toast.width()) // 2, bottom - toast.height()))
            toast.raise_()
            bottom -= toast.height() + 8

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False


class EmptyState(QWidget):
    """Says why there is nothing and what to do; one glyph, one line, one sentence, one button."""

    acted = Signal()
    """the button was pressed."""

    def __init__(self, glyph: str = "empty", title: str = "", hint: str = "", action: str = "") -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(8)
        layout.addStretch(2)
        self._glyph = Glyph(glyph, 40)
        self._title = Label(title, "strong")
        self._hint = Label(hint, "quiet", wrap=True)
        self._button = Button(action or "重试")
        self._button.clicked.connect(self.acted)
        for label in (self._title, self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(4)
        layout.addWidget(self._title)
        layout.addWidget(self._hint)
        layout.addSpacing(8)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self._button.setVisible(bool(action))

    @property
    def title(self) -> str:
        """The words shown, in the language of the moment."""
        return self._title.text()

    def show_words(self, glyph: str, title: str, hint: str = "", action: str = "", tone: Tone | None = None) -> None:
        """Show other words (Chinese source strings)."""
        self._glyph.set_glyph(glyph, tone)
        self._title.set_source(title)
        self._hint.set_source(hint)
        self._hint.setVisible(bool(hint))
        self._button.setVisible(bool(action))
        if action:
            self._button.set_source(action)


class ProgressRow(QWidget):
    """Long work: what it is, how far, what is left, and a way to stop it."""

    cancelled = Signal()
    """the user wants it to stop."""

    def __init__(self, what: str) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(8)
        self._what = Label(what)
        self._left = Label("", "caption")
        line.addWidget(self._what)
        line.addStretch(1)
        line.addWidget(self._left)
        self._cancel = IconButton("close", "取消", on_click=self.cancelled.emit, small=True)
        line.addWidget(self._cancel)
        layout.addLayout(line)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        layout.addWidget(self._bar)

    def set_progress(self, done: int, total: int, seconds_left: float | None = None) -> None:
        """Show `done` of `total` units; `seconds_left` is the estimate, if there is one."""
        self._bar.setRange(0, max(1, total))
        self._bar.setValue(done)
        if done >= total:
            self._left.set_source("完成")
            self._cancel.setVisible(False)
        elif seconds_left is None:
            self._left.set_source("{done} / {total}，剩余 {left}", done=done, total=total, left=total - done)
        else:
            self._left.set_source(
                "{done} / {total}，约剩 {seconds} 秒", done=done, total=total, seconds=max(1, round(seconds_left))
            )
