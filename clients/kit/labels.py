"""Words, buttons and lines that translate and re-tint themselves: pass Chinese source strings and forget about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from clients.kit.actions import tooltip
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr


class Label(QLabel):
    """A label of a Chinese source string; looks: "", caption, quiet, strong, title, headline, display, error."""

    def __init__(self, source: str = "", look: str = "", *, wrap: bool = False, **values: object) -> None:
        super().__init__()
        self._source = source
        self._values = values
        self.setProperty("look", look)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self._show()

    def set_source(self, source: str, **values: object) -> None:
        """Show another source string."""
        self._source, self._values = source, values
        self._show()

    def _show(self) -> None:
        self.setText(tr(self._source, **self._values) if self._source else "")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self._source:
            self._show()
        super().changeEvent(event)


class ValueLabel(QLabel):
    """Data (a name, a number): shown as it is, never translated, selectable, cut with … when too long."""

    def __init__(self, text: str = "", look: str = "", *, wrap: bool = False) -> None:
        super().__init__()
        self._full = text
        self._wrap = wrap
        self.setProperty("look", look)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if not wrap:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self.setMinimumWidth(0)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another value."""
        self._full = text
        self._fit()
        self.setToolTip(text if self.text() != text else "")

    @property
    def full_text(self) -> str:
        """The whole value, however much of it fits."""
        return self._full

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.set_text(self._full)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        if not self._wrap:
            hint.setWidth(self.fontMetrics().horizontalAdvance(self._full) + 2)
        return hint

    def _fit(self) -> None:
        if self._wrap or self.width() <= 0:
            self.setText(self._full)
            return
        self.setText(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, self.width()))


class Button(QPushButton):
    """A push button of a Chinese source string; looks: "" plain, "primary", "quiet", "danger", "link"."""

    def __init__(
        self,
        source: str,
        look: str = "",
        icon: str = "",
        *,
        on_click: Callable[[], object] | None = None,
        shortcut: str = "",
    ) -> None:
        super().__init__()
        self._source = source
        self._values: dict[str, object] = {}
        self._look = look
        self._icon_name = icon
        self._shortcut_text = shortcut
        self.setProperty("look", look)
        if shortcut:
            self.setShortcut(shortcut)
        if on_click is not None:
            self.clicked.connect(on_click)
        self._show()

    def set_source(self, source: str, **values: object) -> None:
        """Show another text."""
        self._source, self._values = source, values
        self._show()

    def _show(self) -> None:
        theme = current_theme()
        self.setText(tr(self._source, **self._values))
        if self._shortcut_text:
            self.setToolTip(tooltip(self._source, self._shortcut_text))
            self.setShortcut(self._shortcut_text)
        if self._icon_name:
            colour = {
                "primary": theme.colours.on_accent,
                "danger": theme.tone(Tone.DANGER).text,
                "link": theme.colours.accent,
            }.get(self._look)
            self.setIcon(theme.icon(self._icon_name, colour=colour))
            self.setIconSize(QSize(theme.metrics.icon, theme.metrics.icon))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._show()
        super().changeEvent(event)


class IconButton(QToolButton):
    """A square button with an icon; its words stand in the tooltip and are read by screen readers."""

    def __init__(
        self,
        icon: str,
        source: str,
        *,
        on_click: Callable[[], object] | None = None,
        shortcut: str = "",
        checkable: bool = False,
        small: bool = False,
    ) -> None:
        super().__init__()
        self._icon_name = icon
        self._source = source
        self._shortcut_text = shortcut
        self._small = small
        self.setCheckable(checkable)
        self.setProperty("small", "true" if small else "false")
        self.setProperty("square", "true")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if shortcut:
            self.setShortcut(shortcut)
        if on_click is not None:
            self.clicked.connect(on_click)
        self._show()

    def sizeHint(self) -> QSize:
        # The style adds room for a focus frame that the style sheet then cuts off; what is drawn is this square.
        control = current_theme().metrics.control
        side = control - 6 if self._small else control
        return QSize(side, side)

    def set_icon(self, icon: str, source: str | None = None) -> None:
        """Show another icon, and other words if `source` is given."""
        self._icon_name = icon
        if source is not None:
            self._source = source
        self._show()

    def _show(self) -> None:
        theme = current_theme()
        self.setIcon(theme.icon(self._icon_name, on=theme.colours.accent))
        self.setIconSize(QSize(theme.metrics.icon, theme.metrics.icon))
        self.setToolTip(tooltip(self._source, self._shortcut_text))
        self.setAccessibleName(tr(self._source))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._show()
        super().changeEvent(event)


class Glyph(QWidget):
    """One icon as a picture, in a palette colour or the colour of a tone."""

    def __init__(self, name: str, size: int = 16, tone: Tone | None = None) -> None:
        super().__init__()
        self._name = name
        self._tone = tone
        self.setFixedSize(size, size)

    def set_glyph(self, name: str, tone: Tone | None = None) -> None:
        """Show another icon."""
        self._name, self._tone = name, tone
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colour = theme.tone(self._tone).text if self._tone is not None else theme.colours.text_quiet
        with QPainter(self) as painter:
            theme.paint_icon(painter, self._name, self.rect().toRectF(), colour)


def hairline(*, vertical: bool = False) -> QFrame:
    """A one-pixel line between areas."""
    line = QFrame()
    line.setProperty("look", "vertical" if vertical else "hairline")
    return line
