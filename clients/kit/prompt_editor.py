"""The editor of a PromptField: a line with a button for a cascading menu, and pinyin initials from the keyboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QMenu, QVBoxLayout

from clients.kit import prompting
from clients.kit.editors import Editor
from clients.kit.fields import Prompt, PromptField
from clients.kit.labels import IconButton
from clients.kit.theme import current_theme
from clients.kit.translations import tr

MENU_HEIGHT = 30
"""Entries that one level of the menu shows; more go into parts of their own."""


class PromptEditor(Editor):
    """Typing `GWK` and Enter gives 骨外科; the button opens all prompts; any other text stays as typed.

    While the list below the field is open, arrows move in it, Enter takes the entry, Escape closes it. Without a chosen
    entry Enter or leaving the field takes the entry that the typed letters name as a whole.
    """

    def __init__(self, field: PromptField) -> None:
        super().__init__()
        self._field = field
        self._read_only = False
        self.line = QLineEdit()
        self.line.setMaxLength(field.max_length)
        self._row().addWidget(self.line)
        self.watch(self.line)
        self.button = IconButton("chevron_down", "选择", on_click=self.open_menu, small=True)
        self.button.setParent(self)
        self.button.setProperty("ground", "surface")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.hide()
        self.popup = _Matches(self.line)
        self.popup.taken.connect(self._take)
        self.line.textEdited.connect(self._on_typed)
        self.set_value(field.empty)
        self._show()

    def value(self) -> str:
        return self.line.text().strip()

    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else str(value))
        self.line.setCursorPosition(0)

    def set_read_only(self, read_only: bool) -> None:
        self._read_only = read_only
        self.line.setReadOnly(read_only)
        if read_only:
            self.button.hide()

    def open_menu(self) -> None:
        """The cascading menu of all prompts (PA-GEN-10)."""
        prompts = self._field.source()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if not prompts:
            menu.addAction(tr("没有可选的提示，可在字段提示设置中添加")).setEnabled(False)
        _fill(menu, prompts, self._take)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line:
            kind = event.type()
            if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._on_key(event):
                return True
            if kind == QEvent.Type.FocusOut:
                self.popup.hide()
                self._settle()
                self._show_button(self.underMouse())
            elif kind == QEvent.Type.FocusIn:
                self._show_button(True)
        return super().eventFilter(watched, event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._show_button(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._show_button(self.line.hasFocus())
        super().leaveEvent(event)

    def resizeEvent(self, event: object) -> None:
        side = self.button.sizeHint().width()
        self.button.move(self.width() - side - 2, (self.height() - self.button.sizeHint().height()) // 2)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)

    def hideEvent(self, event: object) -> None:
        self.popup.hide()

    def _show(self) -> None:
        self.line.setPlaceholderText(tr(self._field.placeholder) if self._field.placeholder else "")

    def _show_button(self, wanted: bool) -> None:
        shown = wanted and not self._read_only
        self.button.setVisible(shown)
        self.line.setTextMargins(0, 0, self.button.sizeHint().width() if shown else 0, 0)

    def _on_typed(self, text: str) -> None:
        self.popup.show_prompts(prompting.found(self._field.source(), text))
        self.edited.emit()

    def _on_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.popup.isVisible() and self.popup.take_current():
                return True
            self.popup.hide()
            self._settle()
            self.confirmed.emit()
            return True
        if key == Qt.Key.Key_Down and not self.popup.isVisible():
            if event.modifiers() & Qt.KeyboardModifier.AltModifier or not self.line.text():
                self.open_menu()
                return True
            self.popup.show_prompts(prompting.found(self._field.source(), self.line.text()))
            return True
        if self.popup.isVisible() and key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.popup.move_by(1 if key == Qt.Key.Key_Down else -1)
            return True
        if self.popup.isVisible() and key == Qt.Key.Key_Escape:
            self.popup.hide()
            return True
        return False

    def _settle(self) -> None:
        """Letters that name exactly one entry become its words."""
        typed = self.value()
        if self._read_only or not prompting.looks_like_code(typed):
            return
        prompt = prompting.exact(self._field.source(), typed)
        if prompt is not None and prompt.text != typed:
            self.line.setText(prompt.text)
            self.edited.emit()

    def _take(self, text: str) -> None:
        self.popup.hide()
        self.line.setText(text)
        self.line.setFocus()
        self.edited.emit()


class _Matches(QFrame):
    """The entries that fit, below the field; the keyboard stays in the field."""

    taken = Signal(str)

    def __init__(self, line: QLineEdit) -> None:
        super().__init__(line, Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self._line = line
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.itemClicked.connect(lambda item: self.taken.emit(item.text()))
        box.addWidget(self.list)

    def show_prompts(self, prompts: Sequence[Prompt]) -> None:
        """Show these, the first one chosen; nothing is shown for none, or where they say what is typed already."""
        if not prompts or [prompt.text for prompt in prompts] == [self._line.text()]:
            self.hide()
            return
        self.list.clear()
        self.list.addItems([prompt.text for prompt in prompts])
        self.list.setCurrentRow(0 if prompting.looks_like_code(self._line.text()) else -1)
        height = current_theme().metrics.control - 4
        for at in range(self.list.count()):
            size = self.list.item(at).sizeHint()
            size.setHeight(height)
            self.list.item(at).setSizeHint(size)
        self.resize(max(self._line.width(), 160), min(len(prompts), 8) * height + 4)
        self.move(self._line.mapToGlobal(QPoint(0, self._line.height() + 2)))
        self.show()

    def move_by(self, by: int) -> None:
        """Choose the next or previous entry."""
        self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + by)))

    def take_current(self) -> bool:
        """Take the chosen entry; False if none is chosen."""
        item = self.list.currentItem()
        if self.list.currentRow() < 0:
            return False
        self.taken.emit(item.text())
        return True


def _fill(menu: QMenu, prompts: Sequence[Prompt], take: Any) -> None:
    """Entries level by level; a level with very many is cut into parts named by their first entry."""
    levels: dict[str, list[Prompt]] = {}
    here: list[Prompt] = []
    for prompt in prompts:
        if prompt.path:
            levels.setdefault(prompt.path[0], []).append(Prompt(prompt.text, prompt.path[1:], prompt.code))
        else:
            here.append(prompt)
    for name, below in levels.items():
        _fill(menu.addMenu(name.replace("&", "&&")), below, take)
    if len(here) <= MENU_HEIGHT:
        _add(menu, here, take)
        return
    for part in _parts(here):
        _add(menu.addMenu(f"{part[0].text} … {part[-1].text}".replace("&", "&&")), part, take)


def _parts(prompts: list[Prompt]) -> Iterator[list[Prompt]]:
    for start in range(0, len(prompts), MENU_HEIGHT):
        yield prompts[start : start + MENU_HEIGHT]


def _add(menu: QMenu, prompts: Sequence[Prompt], take: Any) -> None:
    for prompt in prompts:
        menu.addAction(prompt.text.replace("&", "&&")).triggered.connect(_Take(take, prompt.text))


class _Take:
    def __init__(self, take: Any, text: str) -> None:
        self._take, self._text = take, text

    def __call__(self, _checked: bool = False) -> None:
        self._take(self._text)
