"""Bar code scanners that type like a keyboard: a fast burst ended by Enter is a scan, wherever the focus is."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

PREFIX_KEY = "scanner/prefix"
SUFFIX_KEY = "scanner/suffix"
GAP_KEY = "scanner/gap_ms"
"""What a desk remembers of its scanner."""

_PLAIN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


class DeskSettings(Protocol):
    """What a desk remembers."""

    def get(self, key: str, default: object = None) -> object:
        """The value of a key."""
        ...


class ScannerInput(QObject):
    """Watches the keys of one window while somebody wants scans.

    At least `shortest` printable ASCII characters, each at most `gap_ms` after the one before, and then Enter or Tab
    are a scan. Keys are held back for `gap_ms`; what turns out to be typing goes to the focused field in order, so
    people notice nothing and a scan never ends up in a field.
    """

    scanned = Signal(str)
    """the code that was scanned."""
    garbled = Signal()
    """a scan came, but a Chinese input method made other characters of it."""

    def __init__(
        self, window: QWidget, *, shortest: int = 5, gap_ms: int = 35, clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(window)
        self._window = window
        self._shortest = shortest
        self._gap_s = gap_ms / 1000
        self._clock = clock
        self._prefix = self._suffix = ""
        self._composed, self._last_composed = 0, 0.0
        self._held: list[QKeyEvent] = []
        self._target: QObject | None = None
        self._last = 0.0
        self._replaying = False
        self._listeners: list[Callable[[str], object]] = []
        self._watched: list[QWidget] = []
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(gap_ms)
        self._timer.timeout.connect(self.let_go)

    def follow(self, settings: DeskSettings) -> None:
        """Do as the desk's scanner settings say; what is not a setting leaves the usual."""
        self._prefix = str(settings.get(PREFIX_KEY, "") or "")
        self._suffix = str(settings.get(SUFFIX_KEY, "") or "")
        gap = settings.get(GAP_KEY, 0)
        if isinstance(gap, int | float) and 10 <= gap <= 200:
            self._gap_s = gap / 1000
            self._timer.setInterval(round(gap))

    def listen(self, listener: Callable[[str], object]) -> Callable[[], None]:
        """Give scans to `listener`, the newest listener first in line; the function returned ends that."""
        self._listeners.append(listener)
        if len(self._listeners) == 1:
            self._watch(QApplication.focusWidget())

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
            if not self._listeners:
                self._watch(None)

        return forget

    @Slot("QWidget*", "QWidget*")
    def _on_focus(self, _old: QWidget | None, now: QWidget | None) -> None:
        if self._listeners:
            self._watch(now)

    def _watch(self, focused: QWidget | None) -> None:
        """Filter the keys of the window and of the widget that has the keyboard, and of nothing else.

        Not of the application: its filter sees every event of every object, also of those being destroyed.
        """
        wanted: list[QWidget] = []
        if self._listeners:
            top = self._window.window()  # keys go there while nothing has the keyboard
            wanted = [top]
            if focused is not None and focused is not top and focused.window() is top:
                wanted.append(focused)
        for widget in self._watched:
            if widget not in wanted and isValid(widget):
                widget.removeEventFilter(self)
        for widget in wanted:
            if widget not in self._watched:
                widget.installEventFilter(self)
        self._watched = wanted

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._replaying:
            return False
        if isinstance(event, QInputMethodEvent):
            return self._composing(watched, event)
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            self._before_shortcut(event)
            return False
        if event.type() != QEvent.Type.KeyPress:
            return False
        if not isinstance(watched, QWidget) or watched.window() is not self._window.window():
            return False
        if event.key() == Qt.Key.Key_Shift:  # scanners press it for capitals in the middle of a code
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            if self._was_composed_fast():
                self._held, self._composed = [], 0
                self._timer.stop()
                self.garbled.emit()
                return True
            if self._held:
                return self._end()
        text = event.text()
        plain = len(text) == 1 and text.isascii() and text.isprintable() and not event.modifiers() & ~_PLAIN
        if not plain or event.isAutoRepeat():
            self.let_go()
            return False
        now = self._clock()
        if self._held and now - self._last > self._gap_s:
            self.let_go()
        self._last = now
        self._target = watched
        self._held.append(
            QKeyEvent(QEvent.Type.KeyPress, event.key(), event.modifiers(), text, event.isAutoRepeat(), event.count())
        )
        self._timer.start()
        return True

    def _composing(self, watched: QObject, event: QInputMethodEvent) -> bool:
        """With an input method on, a scanner's keys come as texts: single full-width or half-width characters are
        taken like keys; what became syllables or ideographs cannot be read back, but a burst of it is noticed."""
        text, now = event.commitString(), self._clock()
        plain = unicodedata.normalize("NFKC", text)
        if len(text) == 1 and not event.preeditString() and plain.isascii() and plain.isprintable():
            if self._held and now - self._last > self._gap_s:
                self.let_go()
            self._target = watched
            self._held.append(QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, text))
            self._last = now
            self._timer.start()
            return True
        if not text and not event.preeditString():
            return False
        self._composed = self._composed + 1 if now - self._last_composed <= self._gap_s else 1
        self._last_composed = now
        self.let_go()
        return False

    def _was_composed_fast(self) -> bool:
        """Nobody composes so many syllables so fast and ends them with Enter."""
        return (
            self._composed + len(self._held) >= self._shortest
            and self._composed > 2
            and (self._clock() - max(self._last_composed, self._last) <= self._gap_s)
        )

    def _before_shortcut(self, event: QKeyEvent) -> None:
        """A shortcut may move the keyboard elsewhere: what was typed before it goes to its field first."""
        ends = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Shift)
        combined = bool(event.modifiers() & ~_PLAIN)
        if self._held and (combined or (not event.text() and event.key() not in ends)):
            self.let_go()

    def let_go(self) -> None:
        """It was typing: hand the held keys to the widget they were meant for."""
        self._timer.stop()
        held, self._held = self._held, []
        if not held:
            return
        target = QApplication.focusWidget() or self._target
        if target is None:
            return
        self._replaying = True
        try:
            for event in held:
                QCoreApplication.sendEvent(target, event)
        finally:
            self._replaying = False

    def _end(self) -> bool:
        fast = self._clock() - self._last <= self._gap_s
        if len(self._held) < self._shortest or not fast:
            self.let_go()
            return False
        code = unicodedata.normalize("NFKC", "".join(event.text() for event in self._held))
        self._timer.stop()
        self._held = []
        if self._prefix and code.startswith(self._prefix):
            code = code[len(self._prefix) :]
        if self._suffix and code.endswith(self._suffix):
            code = code[: -len(self._suffix)]
        self.scanned.emit(code)
        if self._listeners:
            self._listeners[-1](code)
        return True
