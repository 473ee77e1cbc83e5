"""Consultation in the department: start it with participants and a question, end it with a conclusion."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from clients.kit.choosing import ChipFilter, Option
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.diagnosis.presenter import DiagnosisPresenter
from shared.contract.pathology_reports import (
    CloseConsultation,
    DiagnosisView,
    DoctorView,
    ListDoctors,
    StartConsultation,
)
from shared.domain.pathology import CaseAction

_MOST_SHOWN = 12


class ConsultationBar(QWidget):
    """Shows what can be done: start, follow who has answered, or end."""

    def __init__(self, desk: Desk, presenter: DiagnosisPresenter) -> None:
        super().__init__()
        self._desk, self._presenter = desk, presenter
        self._page: DiagnosisView | None = None
        self.chips: ChipFilter | None = None
        self._stack = QStackedWidget()
        self._start, self._running = QWidget(), QWidget()
        self._make_start()
        self._make_running()
        self._stack.addWidget(self._start)
        self._stack.addWidget(self._running)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._stack)
        self.setMaximumHeight(104)
        place = desk.place
        place.runner.run(
            lambda: place.connection.call(ListDoctors()), self._loaded, place.messages.report, key="pathology.doctors"
        )

    def show_page(self, page: DiagnosisView) -> None:
        """Show a page."""
        self._page = page
        running = next((one for one in page.consultations if one.closed_at is None), None)
        self._stack.setCurrentIndex(0 if running is None else 1)
        may = CaseAction.CONSULT in page.allowed
        self.start_button.setEnabled(may)
        self.close_button.setEnabled(may)
        if running is not None:
            waits = [one.doctor for one in running.participants if not one.has_answered]
            done = [one.doctor for one in running.participants if one.has_answered]
            words = tr("会诊目的：{question}", question=running.question)
            if done:
                words += tr("  已答复：{names}", names="、".join(done))
            if waits:
                words += tr("  待答复：{names}", names="、".join(waits))
            self.running_words.set_text(words)

    def start(self) -> None:
        """发起科内会诊."""
        if self._page is None:
            return
        chosen = tuple(int(key) for key in (self.chips.chosen if self.chips is not None else ()))
        if not chosen:
            self._desk.place.messages.say(tr("请选择会诊医师。"), Tone.WARNING)
            return
        request = StartConsultation(case_id=self._page.case_id, participants=chosen, question=self.question.text())
        self._presenter.do(request, tr("已发起会诊"))

    def close_consultation(self) -> None:
        """结束会诊."""
        running = next((one for one in self._page.consultations if one.closed_at is None), None) if self._page else None
        if running is not None:
            request = CloseConsultation(consultation_id=running.id, conclusion=self.conclusion.text())
            self._presenter.do(request, tr("会诊已结束，结论已形成会诊报告"))

    def _make_start(self) -> None:
        box = QVBoxLayout(self._start)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        self._doctors = QHBoxLayout()
        self._doctors.addWidget(Label("会诊医师", "caption"))
        self._doctors.addStretch(1)
        box.addLayout(self._doctors)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Label("会诊目的", "caption"))
        self.question = QLineEdit()
        self.question.setMaxLength(1000)
        row.addWidget(self.question, 1)
        self.start_button = Button("发起科内会诊", "", "users", on_click=self.start)
        row.addWidget(self.start_button)
        box.addLayout(row)

    def _make_running(self) -> None:
        box = QVBoxLayout(self._running)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        self.running_words = ValueLabel("", wrap=True)
        box.addWidget(self.running_words)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Label("会诊结论", "caption"))
        self.conclusion = QLineEdit()
        row.addWidget(self.conclusion, 1)
        self.close_button = Button("结束会诊", "", "check", on_click=self.close_consultation)
        row.addWidget(self.close_button)
        box.addLayout(row)

    def _loaded(self, doctors: tuple[DoctorView, ...]) -> None:
        me = self._desk.place.session.user_id
        options = [Option(str(one.id), one.name) for one in doctors if one.id != me][:_MOST_SHOWN]
        if options and self.chips is None:
            self.chips = ChipFilter(options)
            self._doctors.insertWidget(1, self.chips)
