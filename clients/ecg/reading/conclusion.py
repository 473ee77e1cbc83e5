"""诊断结论区: 检查所见, 心电诊断, and above them what rules suggest, taken or refused one by one (EX-ECG-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from clients.ecg.reading.rules import rule_of
from clients.ecg.reading.state import TEXTS, verdict_of
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Glyph, IconButton, Label, ValueLabel
from clients.kit.panels import scrolling
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.ecg_reports import LONGEST_TEXT, ReportBody, SuggestionView
from shared.domain.ecg_reports import Agreement, Verdict

HEADS = {"findings": "检查所见", "diagnosis": "心电诊断"}
_AGREEMENT_WORDS = {
    Agreement.AGREES: "符合",
    Agreement.PARTLY: "部分符合",
    Agreement.DISAGREES: "不符合",
    Agreement.NONE: "未评价",
}
_JOINS = "\n\t ，、；。：（(,;:."
_MOST_ROWS, _FEW_ROWS, _TALL = 4, 2, 720
_ROW = 24


class ConclusionEdit(QPlainTextEdit):
    """One box. Undo belongs to the page, so that a text, a value and a suggestion are taken back in their order."""

    focused = Signal(str)
    """the box has the cursor."""
    escaped = Signal()
    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(self, box: str) -> None:
        super().__init__()
        self._box = box
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setObjectName(f"reading.{box}")

    def insert_term(self, text: str) -> None:
        """Insert a term at the cursor; after other words it begins a new line, in 检查所见 after a comma."""
        cursor = self.textCursor()
        before = self.toPlainText()[: cursor.selectionStart()]
        if before and before[-1] not in _JOINS:
            text = ("\n" if self._box == "diagnosis" else "，") + text
        self._insert(cursor, text)

    def insert_symbol(self, symbol: str) -> None:
        """Insert a symbol exactly at the cursor."""
        self._insert(self.textCursor(), symbol)

    def show_text(self, text: str) -> None:
        """Show another text without telling anybody; the cursor stays where it can."""
        if text == self.toPlainText():
            return
        place = min(self.textCursor().position(), len(text))
        at_end = self.textCursor().position() >= len(self.toPlainText())
        self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(False)
        cursor = self.textCursor()
        cursor.setPosition(len(text) if at_end else place)
        self.setTextCursor(cursor)

    def _insert(self, cursor: QTextCursor, text: str) -> None:
        if not self.isReadOnly() and len(self.toPlainText()) + len(text) <= LONGEST_TEXT:
            cursor.insertText(text)
            self.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_wanted.emit()
            return
        if event.matches(QKeySequence.StandardKey.Redo):
            self.redo_wanted.emit()
            return
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.isReadOnly():
            self.focused.emit(self._box)


class SuggestionRow(QWidget):
    """A suggested statement with its reason in the tooltip, ✓ and ✗."""

    def __init__(self, area: ConclusionArea, suggestion: SuggestionView) -> None:
        super().__init__()
        self.suggestion = suggestion
        self._area = area
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 4, 0)
        row.setSpacing(2)
        self._glyph = Glyph("spark", 14)
        row.addWidget(self._glyph)
        row.addSpacing(4)
        self._text = ValueLabel("")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        row.addWidget(self._text, 1)
        self.accept_button = IconButton("check", "采纳建议", on_click=self.accept, small=True)
        self.reject_button = IconButton("close", "不采纳", on_click=self.reject, small=True)
        self.again_button = IconButton("undo", "重新考虑", on_click=self.again, small=True)
        for button in (self.accept_button, self.reject_button, self.again_button):
            row.addWidget(button)
        self.setFixedHeight(_ROW)

    def show_verdict(self, verdict: Verdict, *, editable: bool) -> None:
        """Show what the doctor made of it."""
        english = language() is Language.ENGLISH
        text = self.suggestion.en if english else self.suggestion.zh
        reason = self.suggestion.reason_en if english else self.suggestion.reason_zh
        looks = {
            Verdict.OPEN: ("spark", None),
            Verdict.CONFIRMED: ("check_circle", Tone.SUCCESS),
            Verdict.REJECTED: ("cross_circle", Tone.NEUTRAL),
        }
        self._glyph.set_glyph(*looks[verdict])
        font = self._text.font()
        font.setStrikeOut(verdict is Verdict.REJECTED)
        self._text.setFont(font)
        self._text.set_text(text)
        tip = tr("机器建议，需医生确认：{text}", text=text)
        tip = f"{tip}\n{tr('建议依据')}：{reason}" if reason else tip
        tip += "\n" + tr("规则：{rule}", rule=rule_of(self.suggestion.code))
        self.setToolTip(tip)
        self._text.setToolTip(tip)
        open_ = verdict is Verdict.OPEN
        self.accept_button.setVisible(editable and open_)
        self.reject_button.setVisible(editable and open_)
        self.again_button.setVisible(editable and not open_)

    def accept(self) -> None:
        """采纳建议."""
        self._area.accepted.emit(self.suggestion)

    def reject(self) -> None:
        """不采纳."""
        self._area.rejected.emit(self.suggestion)

    def again(self) -> None:
        """重新考虑."""
        self._area.reopened.emit(self.suggestion)


class ConclusionArea(QWidget):
    """Suggestions, the two boxes, and in a consultation how the opinion stands to the first one."""

    typed = Signal(str, str)
    """box, text."""
    accepted = Signal(object)
    rejected = Signal(object)
    reopened = Signal(object)
    """SuggestionView."""
    agreement_chosen = Signal(object)
    """Agreement."""
    undo_wanted = Signal()
    redo_wanted = Signal()
    focused = Signal(str)
    """box that has the cursor."""
    escaped = Signal()
    """Escape in a box: the helper goes."""

    def __init__(self) -> None:
        super().__init__()
        self.editors: dict[str, ConclusionEdit] = {}
        self.problems: dict[str, ValueLabel] = {}
        self.rows: list[SuggestionRow] = []
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(self._make_head())
        self._suggested = QWidget()
        self._list = QVBoxLayout(self._suggested)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._scroll: QScrollArea = scrolling(self._suggested)
        self._scroll.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._scroll.hide()
        box.addWidget(self._scroll)
        for key, words in HEADS.items():
            self._add_box(box, key, words)
        self._add_agreement(box)

    # ── shown ────────────────────────────────────────────────────────────────────────────────────────

    def show_texts(self, texts: Mapping[str, str]) -> None:
        """Fill the boxes without telling anybody."""
        for key, editor in self.editors.items():
            editor.show_text(texts.get(key, ""))

    def show_body(
        self, body: ReportBody, suggestions: Sequence[SuggestionView], problems: Mapping[str, str], *, editable: bool
    ) -> None:
        """Show verdicts, problems and whether anything can be written."""
        if [row.suggestion for row in self.rows] != list(suggestions):
            self._make_rows(suggestions)
        for row in self.rows:
            row.show_verdict(verdict_of(body, row.suggestion), editable=editable)
        open_ones = sum(verdict_of(body, one) is Verdict.OPEN for one in suggestions)
        waits = open_ones if editable else 0
        self._count.set_source("机器建议 {count} 条待确认" if waits else "", count=waits)
        for key, editor in self.editors.items():
            editor.setReadOnly(not editable)
            wrong = problems.get(key, "")
            if editor.property("wrong") != ("true" if wrong else "false"):
                editor.setProperty("wrong", "true" if wrong else "false")
                editor.style().unpolish(editor)
                editor.style().polish(editor)
            self.problems[key].set_text(wrong)
            self.problems[key].setVisible(bool(wrong))
        self.undo_button.setEnabled(editable)
        self.redo_button.setEnabled(editable)

    def show_first_opinion(self, text: str, agreement: Agreement, *, visible: bool, editable: bool) -> None:
        """In a consultation: what the lower hospital wrote, and whether this opinion agrees with it."""
        self._first.setVisible(visible and bool(text))
        self._first_text.set_text(text)
        self._agreement_row.setVisible(visible and bool(text))
        self.agreement.setEnabled(editable)
        self.agreement.set_value(agreement.value)

    def accept_first(self) -> None:
        """Take the first suggestion that is still open."""
        row = next((row for row in self.rows if not row.accept_button.isHidden()), None)
        if row is not None:
            row.accept()

    def reject_first(self) -> None:
        """Refuse the first suggestion that is still open."""
        row = next((row for row in self.rows if not row.reject_button.isHidden()), None)
        if row is not None:
            row.reject()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(4, 0, 4, 0)
        head.setSpacing(4)
        head.addWidget(Label("诊断结论区", "strong"))
        self._count = Label("", "caption")
        head.addWidget(self._count)
        head.addStretch(1)
        self.undo_button = IconButton("undo", "撤销上一步", on_click=self.undo_wanted.emit, small=True)
        self.redo_button = IconButton("redo", "恢复撤销", on_click=self.redo_wanted.emit, small=True)
        head.addWidget(self.undo_button)
        head.addWidget(self.redo_button)
        return head

    def _add_box(self, box: QVBoxLayout, key: str, words: str) -> None:
        caption = Label(words, "caption")
        caption.setContentsMargins(8, 0, 0, 0)
        box.addWidget(caption)
        holder = QHBoxLayout()
        holder.setContentsMargins(6, 0, 6, 0)
        editor = ConclusionEdit(key)
        editor.setMinimumHeight(40)
        editor.setAccessibleName(tr(words))
        editor.textChanged.connect(_Typed(self, key))
        editor.focused.connect(self.focused)
        editor.escaped.connect(self.escaped)
        editor.undo_wanted.connect(self.undo_wanted)
        editor.redo_wanted.connect(self.redo_wanted)
        self.editors[key] = editor
        holder.addWidget(editor)
        box.addLayout(holder, 2 if key == "diagnosis" else 1)
        problem = ValueLabel("", "error")
        problem.setContentsMargins(8, 0, 8, 0)
        problem.setFixedHeight(18)
        problem.hide()
        self.problems[key] = problem
        box.addWidget(problem)

    def _add_agreement(self, box: QVBoxLayout) -> None:
        self._first = QFrame()
        first = QHBoxLayout(self._first)
        first.setContentsMargins(8, 2, 8, 0)
        first.setSpacing(6)
        first.addWidget(Label("初诊意见", "caption"))
        self._first_text = ValueLabel("")
        first.addWidget(self._first_text, 1)
        self._first.hide()
        box.addWidget(self._first)
        self._agreement_row = QWidget()
        row = QHBoxLayout(self._agreement_row)
        row.setContentsMargins(8, 2, 8, 0)
        choices = [Choice(one.value, _AGREEMENT_WORDS[one]) for one in Agreement]
        self.agreement = ChoiceEditor(ChoiceField(key="agreement", label="与初诊比较", choices=choices))
        self.agreement.chosen.connect(self._on_agreement)
        row.addWidget(Label("与初诊比较", "caption"))
        row.addWidget(self.agreement, 1)
        self._agreement_row.hide()
        box.addWidget(self._agreement_row)

    def _make_rows(self, suggestions: Sequence[SuggestionView]) -> None:
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [SuggestionRow(self, one) for one in suggestions]
        for row in self.rows:
            self._list.addWidget(row)
        self._scroll.setVisible(bool(self.rows))
        self._fit_rows()

    def _fit_rows(self) -> None:
        """A low window shows fewer suggestions at once, so that the boxes keep their room."""
        most = _MOST_ROWS if self.window().height() > _TALL + _ROW else _FEW_ROWS
        self._scroll.setFixedHeight(min(len(self.rows), most) * _ROW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_rows()

    def _on_agreement(self, key: object) -> None:
        self.agreement_chosen.emit(Agreement(str(key or Agreement.NONE.value)))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            for key in TEXTS:
                self.editors[key].setAccessibleName(tr(HEADS[key]))
        super().changeEvent(event)


class _Typed(QObject):
    def __init__(self, area: ConclusionArea, box: str) -> None:
        super().__init__(area)
        self._area, self._box = area, box

    def __call__(self) -> None:
        editor = self._area.editors[self._box]
        text = editor.toPlainText()
        if len(text) > LONGEST_TEXT:  # a paste of more than a report holds
            text = text[:LONGEST_TEXT]
            editor.show_text(text)
        self._area.typed.emit(self._box, text)
