"""Answering a template with the keyboard: the page, the answer bar, the live preview, what has to be confirmed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QUrl
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from clients.kit.labels import Button, Label, hairline
from clients.kit.theme import is_look_change
from clients.kit.translations import tr
from clients.pathology.templates.picking_page import page_html, place_of
from clients.pathology.templates.picking_state import Moved, Picking
from clients.pathology.templates.trouble import TroubleLine
from clients.pathology.templates.words import problem_words, warning_words
from shared.domain.pathology_templates import JOIN, Multi, Numeric, Single

Taken = Callable[[str, str], None]
"""Gets the findings (or the gross description) and the diagnosis."""
_ACROSS = 3
GLOVE = 44
"""Least height of a target in the grossing room, in pixels."""
_KEYS = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class PickingSheet(QWidget):
    """Shows one `Picking`; `taken` is called once with the finished texts. All keys are taken here."""

    def __init__(self, taken: Taken, *, gross: bool = False, join: str = JOIN) -> None:
        super().__init__()
        self._taken = taken
        self._gross, self._join = gross, join
        self._confirming = False
        self.picking: Picking | None = None
        self.page = QTextBrowser()
        self.page.setOpenLinks(False)
        self.page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.page.anchorClicked.connect(self._clicked)
        self.question = Label("", "strong", wrap=True)
        self.value = QLineEdit()
        self.value.setMaxLength(40)
        self.value.setMaximumWidth(220)
        self.value.textEdited.connect(self._typed)
        self.value.installEventFilter(self)
        self.options: list[QPushButton] = []
        self._option_grid = QGridLayout()
        self._option_grid.setSpacing(6)
        self.trouble = TroubleLine()
        self.preview = QPlainTextEdit()
        self.preview.setReadOnly(True)
        self.preview.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.insert_button = Button("插入", "primary", "check", on_click=self.finish)
        self.insert_button.setToolTip("Ctrl+Enter")
        self.insert_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if gross:
            height = f"min-height: {GLOVE - 2}px; max-height: {GLOVE - 2}px"  # two pixels are the frame
            self.setStyleSheet(f"QPushButton, QLineEdit {{ {height} }}")
        self._arrange()
        self.clear()

    def open(self, findings: str, diagnosis: str) -> None:
        """Begin with a template that passed the check."""
        self.picking = Picking(findings, diagnosis, self._join)
        self._confirming = False
        self._draw()
        self._focus()

    def clear(self) -> None:
        """No template is chosen."""
        self.picking = None
        self._draw()

    def finish(self) -> None:
        """Hand the text over; what blocks is shown, what has to be confirmed is asked once."""
        picking = self.picking
        if picking is None:
            return
        blocked = picking.unanswered()
        if blocked is not None:
            picking.go(blocked)
            self._confirming = False
            self._draw(self._why_blocked())
            self._focus()
            return
        if not picking.is_complete:
            self._draw(tr("请至少选一句。"))
            return
        warnings = [words for _pane, line in picking.line_results() for words in map(warning_words, line.warnings)]
        if warnings and not self._confirming:
            self._confirming = True
            self._draw("\n".join([*warnings, tr("确认无误请再按一次 Ctrl+Enter。")]))
            return
        self._confirming = False
        self._taken(picking.text(0), picking.text(1))

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._on_key(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.value and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in _KEYS or key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
                return self._on_key(event)
            if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                return self._on_key(event)
        return super().eventFilter(watched, event)

    def focusNextPrevChild(self, _forward: bool) -> bool:
        return False  # Tab steps through the template

    def _on_key(self, event: QKeyEvent) -> bool:
        picking = self.picking
        if picking is None or picking.place is None:
            return False
        key = event.key()
        if key in _KEYS and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.finish()
            return True
        return self._do_key(picking, key, event.text())

    def _do_key(self, picking: Picking, key: int, text: str) -> bool:
        moved: Moved | None = None
        element = picking.element
        if key in _KEYS or key == Qt.Key.Key_Tab:
            moved = picking.enter()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Backtab):
            picking.back()
        elif key == Qt.Key.Key_PageDown or (key == Qt.Key.Key_Down and element is None):
            picking.go_line(1)
        elif key == Qt.Key.Key_PageUp:
            picking.go_line(-1)
        elif element is None:
            moved = self._key_of_sentence(picking, key, text)
            if moved is None:
                return False
        elif isinstance(element, (Multi, Single)):
            moved = self._key_of_choice(picking, key, text)
            if moved is None:
                return False
        else:
            return False
        self._after(moved)
        return True

    def _key_of_sentence(self, picking: Picking, key: int, text: str) -> Moved | None:
        if key == Qt.Key.Key_Space or text in ("1", "y"):
            return picking.take(True)
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) or text in ("0", "n", "-"):
            return picking.take(False)
        return None

    def _key_of_choice(self, picking: Picking, key: int, text: str) -> Moved | None:
        if text.isascii() and text.isdigit() and text != "0":
            return picking.toggle(int(text) - 1)
        if key == Qt.Key.Key_Space:
            return picking.toggle(picking.option)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down):
            picking.move_option(-1 if key == Qt.Key.Key_Left else 1)
            return Moved.STAYED
        return None

    def _typed(self, text: str) -> None:
        if self.picking is not None:
            self._confirming = False
            self.picking.type_value(text)
            self._draw(keep_value=True)

    def _clicked(self, url: QUrl) -> None:
        picking = self.picking
        if picking is None:
            return
        place = place_of(url.toString())
        if place.element is None:
            sheet = picking.sheets[place.pane][place.line]
            picking.go(place)
            self._after(picking.take(not sheet.taken))
            return
        picking.go(place)
        self._after(None)

    def choose(self, option: int) -> None:
        """Take an option, as its digit does."""
        if self.picking is not None:
            self._after(self.picking.toggle(option))

    def _after(self, moved: Moved | None) -> None:
        picking = self.picking
        assert picking is not None
        self._confirming = False
        if moved is Moved.STAYED and not isinstance(picking.element, Multi):
            self._draw(self._why_blocked())
        elif moved is Moved.DONE:
            self._draw(tr("已到最后一句，按 Ctrl+Enter 插入。") if picking.is_complete else "")
        else:
            self._draw()
        self._focus()

    def _why_blocked(self) -> str:
        picking = self.picking
        if picking is None or picking.sheet is None or picking.place is None or picking.element is None:
            return ""
        element = picking.element
        columns = {element.column, *(slot.column for slot in element.slots)} if isinstance(element, Numeric) else set()
        for problem in picking.sheet.filled().problems:
            if problem.column == element.column or problem.column in columns:
                return problem_words(problem)
        return ""

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._draw()
        super().changeEvent(event)

    def _draw(self, trouble: str = "", *, keep_value: bool = False) -> None:
        picking = self.picking
        self.trouble.set_text(trouble)
        self.insert_button.setEnabled(picking is not None)
        if picking is None:
            self.page.setPlainText(tr("在左侧选择一个模板。"))
            self.question.set_source("")
            self.preview.clear()
            self.value.hide()
            self._show_options(())
            return
        self.page.setHtml(page_html(picking, "大体所见" if self._gross else ""))
        self.page.scrollToAnchor("now")
        texts = [text for text in (picking.text(0), picking.text(1)) if text]
        self.preview.setPlainText("\n\n".join(texts))
        element = picking.element
        self.value.setVisible(isinstance(element, Numeric))
        if isinstance(element, Numeric) and not keep_value:
            self.value.setText(picking.shown_value)
            self.value.selectAll()
        self.question.set_source(_question(element))
        self._show_options(element.options if isinstance(element, (Multi, Single)) else ())

    def _show_options(self, options: tuple[str, ...]) -> None:
        for button in self.options:
            self._option_grid.removeWidget(button)
            button.hide()
            button.deleteLater()
        picked = self.picking.picked if self.picking is not None else frozenset()
        self.options = []
        for index, option in enumerate(options):
            button = QPushButton(f"{index + 1}  {option}"[:60].replace("&", "&&"))
            button.setProperty("look", "primary" if index in picked else "")
            button.clicked.connect(_Option(self, index))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            if self.picking is not None and index == self.picking.option:
                font = button.font()
                font.setUnderline(True)
                button.setFont(font)
            self._option_grid.addWidget(button, index // _ACROSS, index % _ACROSS)
            self.options.append(button)

    def _focus(self) -> None:
        if self.picking is not None and isinstance(self.picking.element, Numeric):
            self.value.setFocus()
        else:
            self.setFocus()

    def _arrange(self) -> None:
        bar = QVBoxLayout()
        bar.setContentsMargins(16, 8, 16, 8)
        bar.setSpacing(8)
        bar.addWidget(self.question)
        bar.addWidget(self.value)
        bar.addLayout(self._option_grid)
        bar.addWidget(self.trouble)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 12)
        foot.addWidget(
            Label("空格选句，0 不选；数字选项；回车下一步；↑ 上一步；Ctrl+Enter 插入", "caption", wrap=True), 1
        )
        foot.addWidget(self.insert_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.page, 3)
        box.addWidget(hairline())
        box.addLayout(bar)
        box.addWidget(hairline())
        title = Label("预览", "caption")
        title.setContentsMargins(16, 6, 16, 2)
        box.addWidget(title)
        box.addWidget(self.preview, 1)
        box.addLayout(foot)
        self.preview.setMinimumHeight(72)


def _question(element: object) -> str:
    if isinstance(element, Multi):
        return "可选多项：按数字选或取消，回车下一步"
    if isinstance(element, Single):
        return "只选一项：按数字选"
    if isinstance(element, Numeric):
        return "输入数值后回车；不填直接回车，这一项不出现在报告里"
    return "要这一句吗？空格或回车：要；0：不要"


class _Option:
    def __init__(self, sheet: PickingSheet, index: int) -> None:
        self._sheet, self._index = sheet, index

    def __call__(self, _checked: bool = False) -> None:
        self._sheet.choose(self._index)
