"""A page that is one form of settings, saved as a whole: the view; what is in it its page declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.fields import Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, IconButton, Label, ValueLabel
from clients.kit.panels import Banner, scrolling
from clients.kit.tokens import Tone

_WIDEST = 760


class FormState(Protocol):
    """The values as they stand on the server (`edition` rises with them), and how saving goes."""

    @property
    def values(self) -> Mapping[str, Any]: ...
    @property
    def edition(self) -> int: ...
    @property
    def about(self) -> str: ...
    @property
    def is_busy(self) -> bool: ...
    @property
    def problems(self) -> Mapping[str, str]: ...
    @property
    def trouble(self) -> str: ...


class FormPage(QWidget):
    """Headline, form, a sentence beside the button; it asks again whenever it is shown or the language changes."""

    def __init__(
        self,
        title: str,
        sections: Sequence[Section],
        *,
        refresh: Callable[[], None],
        save: Callable[[Mapping[str, Any]], None],
        below: QWidget | None = None,
    ) -> None:
        super().__init__()
        self._refresh = refresh
        self._save_values = save
        self._edition = -1
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._banner = Banner()
        outer.addWidget(self._banner)
        content = QWidget()
        across = QHBoxLayout(content)
        across.setContentsMargins(24, 16, 24, 24)
        column = QWidget()
        column.setMaximumWidth(_WIDEST)
        box = QVBoxLayout(column)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(16)
        head = QHBoxLayout()
        head.addWidget(Label(title, "headline"))
        head.addStretch(1)
        head.addWidget(IconButton("refresh", "刷新", on_click=refresh))
        box.addLayout(head)
        self.form = FormView(sections, columns=2)
        self.form.submitted.connect(self._save)
        box.addWidget(self.form)
        if below is not None:
            box.addWidget(below)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        self.save_button = Button("保存", "primary", on_click=self._save)
        foot.addWidget(self.save_button)
        self._about = ValueLabel("", "quiet", wrap=True)
        foot.addWidget(self._about, 1)
        box.addLayout(foot)
        box.addStretch(1)
        across.addWidget(column, 1)
        across.addStretch(0)
        outer.addWidget(scrolling(content), 1)
        self.setFocusProxy(next(iter(self.form.rows.values())).editor)

    def render_form(self, state: FormState) -> None:
        """Show what is on the server; what is being typed stays until there is a newer edition."""
        if state.trouble:
            self._banner.show_message(state.trouble, Tone.DANGER, action="重试", on_action=self._refresh)
        else:
            self._banner.hide()
        if state.edition != self._edition and state.values:
            self._edition = state.edition
            self.form.set_values(state.values)
        if state.problems:
            self.form.show_problems(state.problems)
        self._about.set_text(state.about)
        self.save_button.setEnabled(bool(state.values) and not state.is_busy)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self.isVisible():
            self._refresh()

    def _save(self) -> None:
        if self.form.validate():
            self._save_values(self.form.values())
