"""Places for features in the window: the stage (a page instead of the viewports) and the side (a panel beside them)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from clients.kit.theme import current_theme
from clients.kit.translations import tr


class Stage(QStackedWidget):
    """The viewports, or one page of a feature in their place (MPR, CPR, VR, films)."""

    changed = Signal(str)
    """Key of the page that is shown now, empty for the viewports."""

    def __init__(self, viewports: QWidget) -> None:
        super().__init__()
        self.addWidget(viewports)
        self.key = ""
        """Key of the page on the stage; empty while the viewports are shown."""
        self._left: Callable[[], object] | None = None

    @property
    def page(self) -> QWidget | None:
        """The page that is shown; None while the viewports are."""
        return self.currentWidget() if self.key else None

    def enter(self, key: str, page: QWidget, left: Callable[[], object] | None = None) -> None:
        """Show ``page`` instead of the viewports; a page that is shown already is left first.

        ``left`` is called when the page goes, by whatever way; the page is deleted after it.
        """
        self.leave()
        self.key, self._left = key, left
        self.addWidget(page)
        self.setCurrentWidget(page)
        page.setFocus()
        self.changed.emit(key)

    def leave(self) -> None:
        """Back to the viewports, as they were."""
        if not self.key:
            return
        page, left = self.widget(self.count() - 1), self._left
        self.key, self._left = "", None
        self.setCurrentIndex(0)
        if page is not None:
            self.removeWidget(page)
        if left is not None:
            left()
        if page is not None:
            page.deleteLater()
        self.changed.emit("")


class Side(QFrame):
    """One panel at a time at the right of the viewports, with a title and a cross to close it."""

    changed = Signal(str)
    """Key of the panel that is shown now, empty for none."""

    def __init__(self) -> None:
        super().__init__()
        self.key = ""
        self._title_text = ""
        self._width = 300
        self._again: Callable[[], object] | None = None
        self._panel: QWidget | None = None
        self._title = QLabel()
        self._close = QToolButton()
        self._close.setObjectName("side.close")
        self._close.setText("✕")
        self._close.setAutoRaise(True)
        self._close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close.clicked.connect(self.close_panel)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 6, 6)
        head.addWidget(self._title, 1)
        head.addWidget(self._close)
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(0)
        self._body.addLayout(head)
        self.hide()
        self.dress()

    def show_panel(
        self, key: str, panel: QWidget, title: str, width: int = 300, again: Callable[[], object] | None = None
    ) -> None:
        """Show ``panel`` below ``title`` (Chinese source text); the panel before it is deleted.

        ``again`` opens a panel anew whose words are those of the language it was made in.
        """
        self._drop()
        self._again = again
        self.key, self._panel, self._title_text = key, panel, title
        self._body.addWidget(panel, 1)
        self._width = width
        self.dress()
        self.show()
        self.changed.emit(key)

    def close_panel(self) -> None:
        """Hide the side and delete its panel."""
        if self._panel is not None:
            self._drop()
            self.hide()
            self.changed.emit("")

    @property
    def panel(self) -> QWidget | None:
        """The panel on show."""
        return self._panel

    def _drop(self) -> None:
        if self._panel is not None:
            self._body.removeWidget(self._panel)
            self._panel.hide()
            self._panel.deleteLater()
        self.key, self._panel = "", None

    def dress(self) -> None:
        """Words, colours and sizes of today."""
        colours = current_theme().colours
        self.setFixedWidth(current_theme().px(self._width))
        self._title.setText(tr(self._title_text) if self._title_text else "")
        self._title.setStyleSheet(f"color: {colours.text}; font-weight: 600;")
        self._close.setToolTip(tr("关闭"))
        self.setStyleSheet(
            f"Side {{ background: {colours.window}; border: none; border-left: 1px solid {colours.hairline}; }}"
        )

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.dress()
            if self._panel is not None and self._again is not None:
                again = self._again
                self.close_panel()
                again()
        super().changeEvent(event)
