"""Two versions of a report brought together on screen: changes of one side are taken, the rest is chosen."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from clients.diagnosis.report.difference import difference_html, legend_html
from clients.diagnosis.report.merging import TEXTS, ContentMerge, Question
from clients.diagnosis.report.state import ReportPageState, asked_choices, choice_name, option_names
from clients.diagnosis.words import CRITICAL_WORDS, HP_WORDS
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.panels import scrolling
from clients.kit.translations import tr
from shared.domain.report_choices import Choice
from shared.domain.text_merge import Agreed, Conflict, Source, Take
from shared.domain.text_units import Sentence, Start, Unit, text_of

_TITLES = {"findings": "影像所见", "impression": "诊断意见"}
_NAMES = {
    "critical_value": "危急值",
    "hp": "HP",
    "image_quality": "影像质量",
    "report_quality": "报告质量",
    "form": "结构化表单",
}
_TAKES = ((Take.MINE, "我的"), (Take.THEIRS, "服务器的"), (Take.BOTH, "两者都保留"), (Take.BASE, "修改前"))
_SOURCES = {Source.MINE: "我改的", Source.THEIRS: "服务器上改的", Source.BOTH: "两边都改成"}


class Intentions(Protocol):
    """What the merge asks of its presenter."""

    def decide(self, question: Question, take: Take) -> None: ...
    def decide_all(self, take: Take) -> None: ...
    def finish_merge(self) -> None: ...
    def close_merge(self) -> None: ...


class MergeView(QWidget):
    """The merge in the place of the editors."""

    def __init__(self) -> None:
        super().__init__()
        self._intentions: Intentions | None = None
        self._shown: ContentMerge | None = None
        self.cards: dict[Question, _Card] = {}
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.left = Label("", "caption")
        self.legend = QLabel()
        self.finish_button = Button("采用合并结果并保存", "primary", "check", on_click=self._finish)
        self.mine_button = Button("其余都用我的", on_click=self._all_mine)
        self.theirs_button = Button("其余都用服务器的", on_click=self._all_theirs)
        head = QHBoxLayout()
        head.setContentsMargins(16, 8, 16, 4)
        head.setSpacing(8)
        head.addWidget(Label("合并两个版本", "title"))
        head.addWidget(self.left)
        head.addStretch(1)
        head.addWidget(self.legend)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.setSpacing(8)
        foot.addWidget(Button("稍后决定", "quiet", on_click=self._close))
        foot.addStretch(1)
        foot.addWidget(self.theirs_button)
        foot.addWidget(self.mine_button)
        foot.addWidget(self.finish_button)
        self._body = QWidget()
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(16, 8, 16, 16)
        self._column.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(hairline())
        layout.addWidget(scrolling(self._body), 1)
        layout.addWidget(hairline())
        layout.addLayout(foot)

    def attach(self, intentions: Intentions) -> None:
        """Report to this presenter from now on."""
        self._intentions = intentions

    def show_state(self, state: ReportPageState) -> None:
        """Show the state's merge."""
        merge = state.merge
        if merge is None:
            self._shown = None
            return
        if self._shown is None or (merge.mine, merge.theirs, merge.base) != (
            self._shown.mine,
            self._shown.theirs,
            self._shown.base,
        ):
            self._build(merge, asked_choices(state.report) if state.report is not None else ())
        self._shown = merge
        for question, card in self.cards.items():
            card.show_take(merge.takes.get(question))
        count = len(merge.open_questions)
        self.left.set_source("还有 {count} 处需要选择", count=count) if count else self.left.set_source("可以保存了")
        for button in (self.mine_button, self.theirs_button):
            button.setVisible(bool(count))
        self.finish_button.setEnabled(not count)

    def choose(self, question: Question, take: Take) -> None:
        """The user chose."""
        if self._intentions is not None:
            self._intentions.decide(question, take)

    def _build(self, merge: ContentMerge, choices: tuple[Choice, ...]) -> None:
        self.cards = {}
        self.legend.setText(legend_html())
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for part in TEXTS:
            self._column.addWidget(Label(_TITLES[part], "strong"))
            number = 0
            for piece in merge.text_merge(part).parts:
                if isinstance(piece, Conflict):
                    question = Question(part, number)
                    number += 1
                    texts = {
                        take: difference_html(text_of(piece.base), text_of(piece.taken(take))) for take, _ in _TAKES
                    }
                    self._add(_Card(self, question, "", texts))
                elif any(isinstance(unit, Sentence) for unit in (*piece.units, *piece.was)):
                    self._column.addWidget(_agreed(piece))
        named = {one.key: one for one in choices}
        for question in merge.questions:
            if question.part not in TEXTS:
                base, mine, theirs = merge.values(question.part)
                choice = named.get(question.part.removeprefix("choices."))
                title = choice_name(choice) if choice else tr(_NAMES.get(question.part, question.part))
                shown = {Take.MINE: mine, Take.THEIRS: theirs, Take.BASE: base}
                self._add(_Card(self, question, title, {take: _word(value, choice) for take, value in shown.items()}))
        self._column.addStretch(1)

    def _add(self, card: _Card) -> None:
        self.cards[card.question] = card
        self._column.addWidget(card)

    def _finish(self) -> None:
        if self._intentions is not None:
            self._intentions.finish_merge()

    def _close(self) -> None:
        if self._intentions is not None:
            self._intentions.close_merge()

    def _all_mine(self) -> None:
        if self._intentions is not None:
            self._intentions.decide_all(Take.MINE)

    def _all_theirs(self) -> None:
        if self._intentions is not None:
            self._intentions.decide_all(Take.THEIRS)


class _Card(QFrame):
    """One place to decide, with what each choice makes of it."""

    def __init__(self, view: MergeView, question: Question, title: str, texts: dict[Take, str]) -> None:
        super().__init__()
        self.question = question
        self._view = view
        self.setProperty("look", "card")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.buttons: dict[Take, QPushButton] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label("请选择", "strong"))
        head.addWidget(ValueLabel(title), 1)
        column.addLayout(head)
        for take, word in _TAKES:
            if take not in texts:
                continue
            button = Button(word)
            button.setCheckable(True)
            button.setMinimumWidth(112)
            button.toggled.connect(_Toggled(self, take))
            self._group.addButton(button)
            self.buttons[take] = button
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(_text(texts[take] or tr("（空）")), 1)
            column.addLayout(line)

    def show_take(self, take: Take | None) -> None:
        """Show a decision without telling anybody."""
        for one, button in self.buttons.items():
            if button.isChecked() != (one is take):
                button.blockSignals(True)
                self._group.setExclusive(False)
                button.setChecked(one is take)
                self._group.setExclusive(True)
                button.blockSignals(False)

    def pressed(self, take: Take) -> None:
        """A button was pressed."""
        self._view.choose(self.question, take)


class _Toggled:
    def __init__(self, card: _Card, take: Take) -> None:
        self._card, self._take = card, take

    def __call__(self, is_on: bool) -> None:
        if is_on:
            self._card.pressed(self._take)


def _agreed(piece: Agreed) -> QWidget:
    if piece.source is Source.BASE:
        return _text(_html(piece.units))
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    caption = Label(_SOURCES[piece.source], "caption")
    caption.setMinimumWidth(80)
    row.addWidget(caption, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(_text(difference_html(_html(piece.was), _html(piece.units))), 1)
    return holder


def _html(units: tuple[Unit, ...]) -> str:
    """Return units as rich text without the beginning of a paragraph whose words stand in the next piece."""
    shown = list(units)
    while shown and isinstance(shown[-1], Start):
        shown.pop()
    return text_of(shown)


def _text(html: str) -> QLabel:
    label = QLabel(html)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _word(value: object, choice: Choice | None) -> str:
    """Return how a chosen value is called."""
    if value is None or value in ("", "unset"):
        return ""
    if choice is not None:
        return option_names(choice).get(str(value), str(value))
    word = {**CRITICAL_WORDS, **HP_WORDS}.get(str(value))
    return tr(word) if word else (str(value) if isinstance(value, str) else tr("已填写"))
