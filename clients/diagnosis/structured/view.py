"""The form panel of the report page; builds rows, reports intentions, shows states."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.sides import Desk
from clients.diagnosis.structured.presenter import FormPresenter
from clients.kit.labels import Button, IconButton, Label, ValueLabel, hairline
from clients.kit.panels import EmptyState, scrolling
from clients.kit.shell import Workplace
from clients.kit.structured.body import FormBody
from clients.kit.structured.rows import FieldRow
from clients.kit.structured.state import FormState
from clients.kit.translations import tr
from shared.contract.reporting import ReportView
from shared.contract.structured import FormTemplateRow
from shared.domain.structured import Sentence
from shared.domain.structured_document import Choice


class FormPanel(QWidget):
    """Form and prose are one document: this side is the form."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._state = FormState()
        self.presenter = FormPresenter(
            place.connection, place.runner, place.messages, desk, self.show_state, self.isVisible
        )
        self._arrange()
        self.show_state(self.presenter.state)

    def show_report(self, report: ReportView | None) -> None:
        """Show what belongs to this report."""
        self.presenter.show_report(report)

    def row(self, path: str) -> FieldRow:
        """The row of a field that is shown."""
        return self.body.rows[path]

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the fields shown, in order."""
        return tuple(self.body.rows)

    # ── layout ───────────────────────────────────────────────────────────────────────────────────────

    def _arrange(self) -> None:
        self._pages = QStackedWidget()
        self._empty = EmptyState("template", "没有合适的结构化模板", "请管理员在“结构化模板”里添加并发布。")
        self._empty.acted.connect(self.presenter.reload)
        self._offers = QWidget()
        self._offer_column = QVBoxLayout(self._offers)
        self._offer_column.setContentsMargins(12, 12, 12, 12)
        self._offer_column.setSpacing(4)
        self._nothing = EmptyState("template", "没有打开的报告", "从左侧列表双击一位患者，打开报告。")
        self._form = QWidget()
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(hairline())
        self._conflict_box = QWidget()
        self._conflict_column = QVBoxLayout(self._conflict_box)
        self._conflict_column.setContentsMargins(12, 6, 12, 6)
        self._conflict_column.setSpacing(6)
        column.addWidget(self._conflict_box)
        self.body = FormBody(self.presenter)
        column.addWidget(self.body, 1)
        for page in (self._nothing, self._empty, scrolling(self._offers), self._form):
            self._pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)

    def _head(self) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(12, 6, 8, 6)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(4)
        self._title = ValueLabel("", "strong")
        self._progress = Label("", "caption")
        self._remove = IconButton("clear", "去掉表单", on_click=self.presenter.ask_removal)
        row.addWidget(self._title, 1)
        row.addWidget(self._progress)
        row.addWidget(self._remove)
        column.addLayout(row)
        self._removal = QWidget()
        asking = QVBoxLayout(self._removal)
        asking.setContentsMargins(0, 0, 0, 4)
        asking.addWidget(Label("去掉表单后，手改过的句子会留在报告里。", "quiet", wrap=True))
        buttons = QHBoxLayout()
        buttons.addWidget(Button("连同表单的句子", "", on_click=self._remove_all))
        buttons.addWidget(Button("只去掉表单", "", on_click=self._remove_form))
        buttons.addWidget(Button("取消", "quiet", on_click=self.presenter.ask_removal))
        buttons.addStretch(1)
        asking.addLayout(buttons)
        column.addWidget(self._removal)
        return head

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def show_state(self, state: FormState) -> None:
        """Show a state; rows are made anew only when other fields are to be seen."""
        before, self._state = self._state, state
        if not state.report_id:
            self._pages.setCurrentIndex(0)
            return
        if state.template is None or state.filled is None:
            if state.offered != before.offered or state.may_type != before.may_type or not self._offer_column.count():
                self._show_offers(state)
            self._pages.setCurrentIndex(2 if state.offered else 1)
            return
        self._pages.setCurrentIndex(3)
        self._title.set_text(state.template.title)
        done, needed = state.filled_count()
        self._progress.set_source("必填 {done}/{needed}", done=done, needed=needed)
        self._progress.setVisible(needed > 0)
        self._remove.setVisible(state.may_type)
        self._removal.setVisible(state.is_asking_removal and state.may_type)
        if (state.conflicts, state.edited) != (before.conflicts, before.edited) or state.may_type != before.may_type:
            self._show_conflicts(state)
        self.body.show_state(state)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "body"):
            state, self._state = self._state, FormState()
            self.show_state(state)
            self._show_conflicts(state)
            if state.template is None:
                self._show_offers(state)
        super().changeEvent(event)

    def _show_offers(self, state: FormState) -> None:
        _clear(self._offer_column)
        self._offer_column.addWidget(Label("选择一个模板，边填表单边写报告", "strong", wrap=True))
        fitting = [row for row in state.offered if row.fit > 0]
        others = [row for row in state.offered if row.fit <= 0]
        if fitting:
            self._offer_column.addWidget(Label("适合本次检查", "caption"))
        for row in fitting:
            self._offer_column.addWidget(_Offer(self, row, "primary" if row is fitting[0] else "", state.may_type))
        if others:
            self._offer_column.addSpacing(8)
            self._offer_column.addWidget(Label("其他模板", "caption"))
        for row in others:
            self._offer_column.addWidget(_Offer(self, row, "quiet", state.may_type))
        if not state.may_type:
            self._offer_column.addWidget(Label("进入报告后可以使用。", "quiet", wrap=True))
        self._offer_column.addStretch(1)

    def _show_conflicts(self, state: FormState) -> None:
        _clear(self._conflict_column)
        for sentence in state.conflicts:
            self._conflict_column.addWidget(_Conflict(self, sentence, may_type=state.may_type))
        for sentence in state.edited:
            self._conflict_column.addWidget(_Edited(self, sentence, may_type=state.may_type))
        self._conflict_box.setVisible(bool(state.conflicts or state.edited))

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _remove_all(self) -> None:
        self.presenter.remove(with_sentences=True)

    def _remove_form(self) -> None:
        self.presenter.remove(with_sentences=False)


class _Offer(QWidget):
    """One template to begin with."""

    def __init__(self, panel: FormPanel, row: FormTemplateRow, look: str, may_type: bool) -> None:
        super().__init__()
        self._panel, self.row = panel, row
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        self.button = Button("", look, on_click=self._on_click)
        self.button.set_source("{name}", name=row.title)
        self.button.setEnabled(may_type)
        line.addWidget(self.button)
        line.addStretch(1)

    def _on_click(self) -> None:
        self._panel.presenter.begin(self.row)


class _Conflict(QWidget):
    """A sentence that a hand changed and that the form would write differently now: three choices."""

    def __init__(self, panel: FormPanel, sentence: Sentence, *, may_type: bool) -> None:
        super().__init__()
        self._panel, self._key = panel, sentence.key
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(2)
        column.addWidget(Label("这句话已手改，表单现在有不同的内容：", "strong", wrap=True))
        for source, words in (("报告里：{words}", sentence.standing), ("表单：{words}", sentence.proposed or "")):
            shown = QLabel(tr(source, words=words or tr("（没有这句话）")))
            shown.setWordWrap(True)
            shown.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(shown)
        if may_type:
            buttons = QHBoxLayout()
            buttons.setSpacing(4)
            self.mine = Button("保留手改", "primary", on_click=self._mine)
            self.form = Button("用表单的", "", on_click=self._form)
            self.both = Button("两句都留", "", on_click=self._both)
            for button in (self.mine, self.form, self.both):
                buttons.addWidget(button)
            buttons.addStretch(1)
            column.addLayout(buttons)

    def _mine(self) -> None:
        self._panel.presenter.choose(self._key, Choice.MINE)

    def _form(self) -> None:
        self._panel.presenter.choose(self._key, Choice.FORM)

    def _both(self) -> None:
        self._panel.presenter.choose(self._key, Choice.BOTH)


class _Edited(QWidget):
    """A sentence that a hand changed; it can be given back to the form."""

    def __init__(self, panel: FormPanel, sentence: Sentence, *, may_type: bool) -> None:
        super().__init__()
        self._panel, self._key = panel, sentence.key
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        words = sentence.standing or tr("（已删除：{words}）", words=sentence.written)
        row.addWidget(Label("已手改", "caption"))
        row.addWidget(ValueLabel(words, "caption"), 1)
        back = IconButton("undo", "恢复为表单的句子", on_click=self._back)
        back.setVisible(may_type)
        back.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        row.addWidget(back)

    def _back(self) -> None:
        self._panel.presenter.give_back(self._key)


def _clear(layout: QVBoxLayout) -> None:
    """Take everything out of a layout."""
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def build(place: Workplace, desk: Desk) -> QWidget:
    """Make the panel (clients.diagnosis.sides)."""
    return FormPanel(place, desk)
