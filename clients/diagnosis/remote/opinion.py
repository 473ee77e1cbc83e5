"""The opinion of a request: findings and impression, typed by who has it, read by everybody else."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.remote.presenter import RequestPresenter, RequestState
from clients.diagnosis.report.editor import RichEditor
from clients.kit.choosing import Switch
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.translations import tr
from shared.contract.remote import OpinionContent, RemoteView
from shared.domain.remote import RemoteKind
from shared.domain.rich_text import plain


class OpinionArea(QWidget):
    """影像所见 and 诊断意见 of the expert: typed by its holder or auditor, read by everybody else."""

    keep_wanted = Signal()
    """The text is to be kept as a template."""

    def __init__(self, presenter: RequestPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self.question = ValueLabel("", "", wrap=True)
        self.findings = RichEditor("影像所见", "请描述影像所见")
        self.impression = RichEditor("诊断意见", "请填写诊断意见")
        self.problems = {key: ValueLabel("", "error", wrap=True) for key in ("findings", "impression")}
        self.critical = Switch("危急值")
        self.critical.toggled.connect(self._typed)
        self.saved = ValueLabel("", "quiet")
        self.keep_button = Button("存为模板", "quiet", "template", on_click=self.keep_wanted.emit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.question)
        for editor, key, title, stretch in (
            (self.findings, "findings", "影像所见", 3),
            (self.impression, "impression", "诊断意见", 2),
        ):
            column.addWidget(Label(title, "strong"))
            column.addWidget(editor, stretch)
            column.addWidget(self.problems[key])
            editor.edited.connect(self._typed)
            editor.cursorPositionChanged.connect(partial(self._used, editor))
        self._last = self.findings
        foot = QHBoxLayout()
        foot.addWidget(self.critical)
        foot.addSpacing(16)
        foot.addWidget(self.saved, 1)
        foot.addWidget(self.keep_button)
        column.addLayout(foot)

    def settle(self) -> None:
        """What stands in the editors counts now."""
        self._typed()

    def insert_words(self, text: str) -> None:
        """Put a phrase at the cursor of the text that was used last."""
        if not self._last.isReadOnly():
            self._last.insert_words(text)

    def _used(self, editor: RichEditor) -> None:
        if editor.hasFocus():
            self._last = editor

    def _typed(self, *_: object) -> None:
        self._presenter.typed(
            OpinionContent(
                findings=self.findings.subset, impression=self.impression.subset, is_critical=self.critical.isChecked()
            )
        )

    def show_state(self, state: RequestState) -> None:
        """Show the text, what is asked, whether it is kept."""
        view = state.view
        assert view is not None
        asked = (tr("会诊目的：{text}", text=view.question) if view.question else "", view.history)
        self.question.set_text("\n".join(part for part in asked if part))
        self.question.setVisible(any(asked))
        for editor, text in ((self.findings, state.content.findings), (self.impression, state.content.impression)):
            if editor.subset != text:
                editor.fill(text)
            editor.setReadOnly(not state.may_type)
        if self.critical.isChecked() != state.content.is_critical:
            self.critical.blockSignals(True)
            self.critical.setChecked(state.content.is_critical)
            self.critical.blockSignals(False)
        self.critical.setEnabled(state.may_type)
        is_elsewhere = view.row.kind is RemoteKind.REPORT
        for part in (self.findings, self.impression, self.critical):
            part.setVisible(not is_elsewhere)
        has_text = bool(plain(state.content.findings) or plain(state.content.impression))
        self.keep_button.setVisible(state.may_type and has_text and not is_elsewhere)
        for key, label in self.problems.items():
            label.set_text(state.problems.get(key, ""))
            label.setVisible(key in state.problems)
        self.saved.set_text(self._saved_words(state, view))

    @staticmethod
    def _saved_words(state: RequestState, view: RemoteView) -> str:
        if view.row.kind is RemoteKind.REPORT:
            return tr("报告在报告页书写，版本与锁以报告为准。")
        if not state.may_type:
            waits = view.row.is_asking_side and not view.texts
            return tr("专家发布后，意见显示在这里。") if waits else tr("只读")
        if state.is_adjusting:
            return tr("修改后点“调整内容”并说明原因")
        return tr("正在书写，稍后自动保存") if state.is_dirty else tr("已保存")
