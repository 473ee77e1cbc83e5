"""The frozen section's bar: running clock, moments, read-back, comparison with the permanent sections."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.translations import tr
from clients.pathology.diagnosis.clocks import ClockChip
from clients.pathology.diagnosis.presenter import DiagnosisPresenter
from shared.contract.pathology_reports import DiagnosisView, JudgeFrozen, NoteFrozenStep, NoteReadBack
from shared.domain.pathology_reports import CONCORDANCES, FROZEN_STEPS, Concordance, FrozenStep

_BUTTONS = (FrozenStep.RECEIVED, FrozenStep.SECTIONED, FrozenStep.READ)


class FrozenBar(QWidget):
    """Two rows: the clock with its moments, then read-back and comparison."""

    def __init__(self, presenter: DiagnosisPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._page: DiagnosisView | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        first = QHBoxLayout()
        first.setSpacing(8)
        self.clock = ClockChip("冰冻", "spark")
        first.addWidget(self.clock)
        self.steps: dict[FrozenStep, Button] = {}
        for step in _BUTTONS:
            button = Button(FROZEN_STEPS[step].zh, "quiet", on_click=_Notes(self, step))
            self.steps[step] = button
            first.addWidget(button)
        self.target = ValueLabel("", "caption")
        first.addWidget(self.target, 1)
        box.addLayout(first)
        second = QHBoxLayout()
        second.setSpacing(8)
        second.addWidget(Label("回读", "caption"))
        self.to = QLineEdit()
        self.to.setMaxLength(80)
        self.to.setMaximumWidth(240)
        self.to.returnPressed.connect(self.read_back)
        second.addWidget(self.to, 1)
        self.read_button = Button("记录回读", "", "call", on_click=self.read_back)
        second.addWidget(self.read_button)
        second.addSpacing(16)
        second.addWidget(Label("冰冻与石蜡", "caption"))
        choices = [Choice(one, word.zh) for one, word in CONCORDANCES.items()]
        self.concordance = ChoiceEditor(ChoiceField(key="concordance", label="冰冻与石蜡", choices=choices))
        self.concordance.setMinimumWidth(150)
        second.addWidget(self.concordance)
        self.note = QLineEdit()
        self.note.setMaxLength(400)
        second.addWidget(self.note, 1)
        self.judge_button = Button("记录对照", "", "compare", on_click=self.judge)
        second.addWidget(self.judge_button)
        box.addLayout(second)
        self._words()

    def show_page(self, page: DiagnosisView) -> None:
        """Show a page."""
        self._page = page
        frozen = page.frozen
        self.clock.setVisible(frozen is not None and frozen.clock.started_at is not None)
        for step, button in self.steps.items():
            at = frozen.times.get(step) if frozen is not None else None
            words = FROZEN_STEPS[step].zh
            button.set_source(f"{words} {{at}}" if at else words, at=f"{at.astimezone():%H:%M}" if at else "")
            button.setEnabled(at is None)
        if frozen is None:
            self.target.set_text("")
            return
        self.clock.show_clock(frozen.clock)
        reported = frozen.times.get(FrozenStep.REPORTED)
        words = tr("时限 {minutes} 分钟", minutes=frozen.target_minutes)
        if reported is not None:
            words += tr("；结果发出 {at}", at=f"{reported.astimezone():%H:%M}")
        if frozen.read_back_at is not None:
            words += tr("；{to} {at} 已回读", to=frozen.read_back_to, at=f"{frozen.read_back_at.astimezone():%H:%M}")
        self.target.set_text(words)
        if frozen.concordance is not None:
            self.concordance.set_value(frozen.concordance)
            self.note.setText(frozen.concordance_note)

    def note_step(self, step: FrozenStep) -> None:
        """Note a moment now."""
        if self._page is not None:
            self._presenter.do(NoteFrozenStep(case_id=self._page.case_id, step=step))

    def read_back(self) -> None:
        """The result was read to the theatre and read back."""
        if self._page is not None:
            self._presenter.do(NoteReadBack(case_id=self._page.case_id, to=self.to.text()), tr("已记录回读"))

    def judge(self) -> None:
        """Compare with the permanent sections."""
        value = self.concordance.value()
        if self._page is not None and isinstance(value, Concordance):
            request = JudgeFrozen(case_id=self._page.case_id, concordance=value, note=self.note.text())
            self._presenter.do(request, tr("已记录对照"))

    def _words(self) -> None:
        self.to.setPlaceholderText(tr("手术间、接听人"))
        self.note.setPlaceholderText(tr("差异和原因"))


class _Notes:
    def __init__(self, bar: FrozenBar, step: FrozenStep) -> None:
        self._bar, self._step = bar, step

    def __call__(self) -> None:
        self._bar.note_step(self._step)
