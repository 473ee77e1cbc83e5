"""The follow-ups of one patient: state, imaging diagnosis, result, records, and the forms for the next step."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.collections.follow_ups.presenter import CasePresenter, CaseState
from clients.diagnosis.collections.words import OUTCOME_WORDS, PROOF_WORDS, RECORD_WORDS, case_words, follow_up_look
from clients.kit.badges import StateBadge
from clients.kit.fields import Choice, ChoiceField, DateField, LongTextField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from shared.contract.collections import FollowUpOutcome, FollowUpProof, FollowUpRecord, FollowUpView
from shared.contract.reporting import ReportView

_ADD = (
    Section(
        "加入随访队列",
        (
            DateField(key="due_on", label="随访日期", required=True),
            LongTextField(key="reason", label="随访原因", max_length=400, lines=2, span=1),
        ),
    ),
)
_NOTE = (
    Section(
        "添加随访记录",
        (
            LongTextField(key="text", label="记录", required=True, max_length=2000, lines=3, span=1),
            DateField(key="next_on", label="下次随访", hint="空为不改期"),
        ),
    ),
)
_CLOSE = (
    Section(
        "结束随访",
        (
            ChoiceField(
                key="outcome",
                label="与影像诊断",
                required=True,
                choices=tuple(Choice(key, words) for key, words in OUTCOME_WORDS.items()),
            ),
            ChoiceField(
                key="proof",
                label="结果依据",
                initial=FollowUpProof.NONE.value,
                choices=tuple(Choice(key, words) for key, words in PROOF_WORDS.items()),
            ),
            LongTextField(key="found", label="病理、手术或临床诊断", max_length=2000, lines=3, span=1),
        ),
    ),
)
_AGAIN = (Section("", (DateField(key="due_on", label="重新随访日期", required=True),)),)
_PRESETS = ((30, "1 个月"), (91, "3 个月"), (182, "6 个月"), (365, "1 年"))


class FollowUpCase(QWidget):
    """One patient's follow-ups; a panel of the report page, and the right part of the queue's page."""

    def __init__(self, place: Workplace, *, may_add: bool) -> None:
        super().__init__()
        self.presenter = CasePresenter(place.connection, place.runner, place.messages)
        self._may_add = may_add
        self._shown: tuple[object, ...] = ()
        self.trouble = ValueLabel("", "error", wrap=True)
        self.others = QVBoxLayout()
        self.head = QVBoxLayout()
        self.head.setSpacing(2)
        self.records = QVBoxLayout()
        self.add_form, self.note_form = FormView(_ADD, columns=1), FormView(_NOTE, columns=1)
        self.close_form, self.again_form = FormView(_CLOSE, columns=1), FormView(_AGAIN, columns=1)
        self.add_part = self._part(self.add_form, "加入随访", self._add, presets=True)
        self.note_part = self._part(self.note_form, "添加记录", self._note)
        self.close_part = self._part(self.close_form, "结束随访", self._close)
        self.again_part = self._part(self.again_form, "重新开始", self._again)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(16, 12, 16, 16)
        box.setSpacing(12)
        box.addWidget(self.trouble)
        box.addLayout(self.others)
        box.addLayout(self.head)
        for part in (self.add_part, self.note_part, self.close_part, self.again_part):
            box.addWidget(part)
        box.addLayout(self.records)
        box.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolling(content))
        place.on_notice(self.presenter.heard)
        self.presenter.show_to(self.render_state)

    def show_report(self, report: ReportView | None) -> None:
        """Another report is on the page, or it changed."""
        report_id = report.row.id if report is not None else 0
        if report_id != self.presenter.state.report_id:
            self.presenter.open_report(report_id)

    def render_state(self, state: CaseState) -> None:
        """Show a state; what is being typed stays."""
        shown = state.shown
        self.trouble.setVisible(bool(state.trouble))
        self.trouble.set_text(state.trouble)
        present = (state.report_id, state.found, state.shown_id)
        if present != self._shown:
            if present[::2] != self._shown[::2]:
                for form in (self.add_form, self.note_form, self.close_form, self.again_form):
                    form.clear()
            self._shown = present
            self._show_others(state)
            self._show_head(state, shown)
            self._show_records(shown.records if shown is not None else ())
        self.add_part.setVisible(self._may_add and state.found is not None and not state.has_open_here)
        self.note_part.setVisible(shown is not None and shown.is_open)
        self.close_part.setVisible(shown is not None and shown.is_open)
        self.again_part.setVisible(shown is not None and not shown.is_open)
        for form in (self.add_form, self.note_form, self.close_form, self.again_form):
            form.show_problems({key: words for key, words in state.problems.items() if key in form.rows})

    def _part(self, form: FormView, words: str, act: object, *, presets: bool = False) -> QWidget:
        part = QWidget()
        box = QVBoxLayout(part)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addWidget(form)
        form.submitted.connect(act)
        line = QHBoxLayout()
        line.addWidget(Button(words, "", on_click=form.submit))
        if presets:
            for days, name in _PRESETS:
                line.addWidget(Button(name, "link", on_click=_Preset(form, days)))
        line.addStretch(1)
        box.addLayout(line)
        return part

    def _show_others(self, state: CaseState) -> None:
        _empty(self.others)
        found = state.found or ()
        if len(found) > 1:
            for one in found:
                words = f"{local_time(one.opened_at)[:10]}  {one.case.exam_type}  {tr(follow_up_look(one).text)}"
                look = "primary" if one.id == state.shown_id else "link"
                self.others.addWidget(Button(words, look, on_click=_Show(self.presenter, one.id)))

    def _show_head(self, state: CaseState, one: FollowUpView | None) -> None:
        _empty(self.head)
        if one is None:
            words = "正在加载…" if state.found is None else "这位患者还没有随访。"
            if state.report_id and not state.trouble:
                self.head.addWidget(Label(words, "quiet", wrap=True))
            return
        first = QWidget()
        line = QHBoxLayout(first)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(ValueLabel(case_words(one.case), "strong"), 1)
        line.addWidget(StateBadge(follow_up_look(one)))
        self.head.addWidget(first)
        facts = [("随访日期", one.due_on.isoformat()), ("发起", f"{one.opened_by}  {local_time(one.opened_at)}")]
        if one.reason:
            facts.append(("随访原因", one.reason))
        facts.append(("影像诊断", one.imaging_diagnosis or "–"))
        if one.outcome is not None:
            facts.append(("结果", f"{tr(OUTCOME_WORDS[one.outcome])}（{tr(PROOF_WORDS[one.proof])}）"))
            facts.append(("病理、手术或临床诊断", one.found or "–"))
        for label, value in facts:
            self.head.addWidget(Label(label, "caption"))
            self.head.addWidget(ValueLabel(value, wrap=True))

    def _show_records(self, records: tuple[FollowUpRecord, ...]) -> None:
        _empty(self.records)
        if records:
            self.records.addWidget(hairline())
            self.records.addWidget(Label("随访历史", "strong"))
        for record in records:
            card = QFrame()
            box = QVBoxLayout(card)
            box.setContentsMargins(0, 2, 0, 2)
            box.setSpacing(0)
            kind = tr(RECORD_WORDS.get(record.kind, record.kind))
            box.addWidget(ValueLabel(f"{local_time(record.at)}  {record.by}  {kind}", "caption"))
            if record.text:
                box.addWidget(ValueLabel(record.text, wrap=True))
            self.records.addWidget(card)

    def _add(self) -> None:
        values = self.add_form.values()
        if isinstance(values["due_on"], date):
            self.presenter.add(values["due_on"], values["reason"] or "")

    def _note(self) -> None:
        values = self.note_form.values()
        next_on = values["next_on"] if isinstance(values["next_on"], date) else None
        self.presenter.note(values["text"] or "", next_on)

    def _close(self) -> None:
        values = self.close_form.values()
        proof = FollowUpProof(values["proof"] or FollowUpProof.NONE)
        self.presenter.close(FollowUpOutcome(values["outcome"]), proof, values["found"] or "")

    def _again(self) -> None:
        day = self.again_form.value("due_on")
        if isinstance(day, date):
            self.presenter.reopen(day)


class _Preset:
    def __init__(self, form: FormView, days: int) -> None:
        self._form, self._days = form, days

    def __call__(self) -> None:
        self._form.set_values({"due_on": date.today() + timedelta(days=self._days)})


class _Show:
    def __init__(self, presenter: CasePresenter, follow_up_id: int) -> None:
        self._presenter, self._id = presenter, follow_up_id

    def __call__(self) -> None:
        self._presenter.show_one(self._id)


def _empty(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
