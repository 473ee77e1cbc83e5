"""The form of a teaching file, and the panel of the report page that makes one."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.collections.teaching.presenter import MakingPresenter, MakingState
from clients.diagnosis.collections.words import DIFFICULTY_LOOKS
from clients.kit.choosing import Switch
from clients.kit.fields import Choice, ChoiceField, LongTextField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from shared.contract.collections import Difficulty, TeachingText
from shared.contract.reporting import ReportView
from shared.domain.states import ReportState

_SECTIONS = (
    Section(
        "",
        (
            TextField(key="title", label="标题", required=True, max_length=60),
            ChoiceField(
                key="difficulty",
                label="难度",
                required=True,
                initial=Difficulty.MEDIUM.value,
                choices=tuple(Choice(key, look.text) for key, look in DIFFICULTY_LOOKS.items()),
            ),
            TextField(key="tags", label="标签", max_length=200, placeholder="用空格或逗号分开"),
            LongTextField(key="points", label="教学要点", max_length=5000, lines=4, span=1),
            LongTextField(key="clinical", label="临床资料", max_length=5000, lines=3, span=1),
            LongTextField(key="findings", label="影像所见", required=True, max_length=20000, lines=6, span=1),
            LongTextField(key="impression", label="诊断意见", required=True, max_length=5000, lines=3, span=1),
        ),
    ),
)


class TeachingForm(FormView):
    """Everything that a teaching file says."""

    def __init__(self) -> None:
        super().__init__(_SECTIONS, columns=1)

    def show_text(self, text: TeachingText) -> None:
        """Fill the form."""
        self.set_values(
            {
                "title": text.title,
                "difficulty": text.difficulty.value,
                "tags": " ".join(text.tags),
                "points": text.points,
                "clinical": text.clinical,
                "findings": text.findings,
                "impression": text.impression,
            }
        )

    def text(self) -> TeachingText:
        """Return what the form says."""
        values = self.values()
        tags = str(values["tags"] or "").replace("，", " ").replace(",", " ").split()
        return TeachingText(
            title=values["title"] or "",
            difficulty=Difficulty(values["difficulty"] or Difficulty.MEDIUM),
            tags=tuple(tags),
            points=values["points"] or "",
            clinical=values["clinical"] or "",
            findings=values["findings"] or "",
            impression=values["impression"] or "",
        )


class MakingPanel(QWidget):
    """加入教学病例: propose the text without the patient, let the author read it, keep it."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self.presenter = MakingPresenter(place.connection, place.runner, place.messages)
        self._draft: object = None
        self._is_approved = False
        self.hint = Label("加入教学病例时去掉姓名、号码、日期和医生；请通读一遍再保存。", "quiet", wrap=True)
        self.propose_button = Button("生成教学病例", "primary", "spark", on_click=self.presenter.propose)
        self.form = TeachingForm()
        self.form.submitted.connect(self._keep)
        self.pictures = Switch("附关键图（已确认图中没有患者信息）")
        self.keep_button = Button("保存教学病例", "primary", on_click=self.form.submit)
        self.trouble = ValueLabel("", "error", wrap=True)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(16, 12, 16, 16)
        box.setSpacing(8)
        box.addWidget(Label("教学病例", "strong"))
        box.addWidget(self.hint)
        box.addWidget(self.trouble)
        box.addWidget(self.propose_button)
        box.addWidget(self.form)
        box.addWidget(self.pictures)
        line = QHBoxLayout()
        line.addWidget(self.keep_button)
        line.addStretch(1)
        box.addLayout(line)
        box.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolling(content))
        self.presenter.show_to(self.render_state)

    def show_report(self, report: ReportView | None) -> None:
        """Another report is on the page, or it changed."""
        approved = (ReportState.APPROVED, ReportState.PRINTED)
        self._is_approved = report is not None and report.row.state in approved
        self.presenter.open(report.row.id if report is not None else 0)
        self.render_state(self.presenter.state)

    def render_state(self, state: MakingState) -> None:
        """Show a state; what is being typed stays."""
        draft = state.draft
        self.trouble.setVisible(bool(state.trouble))
        self.trouble.set_text(state.trouble)
        self.propose_button.setVisible(draft is None)
        self.propose_button.setEnabled(self._is_approved)
        self.propose_button.setToolTip("" if self._is_approved else tr("报告审核通过后才能加入教学病例。"))
        for widget in (self.form, self.keep_button):
            widget.setVisible(draft is not None)
        self.pictures.setVisible(draft is not None and bool(draft.pictures))
        self.keep_button.setEnabled(not state.is_busy)
        if draft is not self._draft:
            self._draft = draft
            if draft is not None:
                self.form.show_text(draft.text)
                self.pictures.setChecked(False)
        self.form.show_problems(state.problems)

    def _keep(self) -> None:
        self.presenter.keep(self.form.text(), with_pictures=self.pictures.isChecked())
