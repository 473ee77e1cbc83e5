"""收藏报告: file an exam under a category for teaching and figures (ECG-PE-11, ECG-IN-12, ECG-ACC-07)."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from clients.ecg.desk import Desk
from clients.ecg.shell.dialogs import EcgDialog
from clients.kit.fields import LongTextField, Prompt, PromptField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Page
from shared.contract.ecg import CollectedList, CollectedView, CollectExam, ListCollected, UncollectExam

USUAL = ("教学病例", "疑难病例", "典型病例", "学术统计", "随访")
"""Categories that are offered before anybody made some."""


class CollectDialog(EcgDialog):
    """Category (existing ones are offered while one types) and note; an exam is filed once."""

    def __init__(self, desk: Desk, parent: QWidget, exam_id: int, patient_name: str) -> None:
        super().__init__(desk, parent, "收藏报告", width=480)
        self._exam_id = exam_id
        self._categories: list[str] = []
        self.body.addWidget(ValueLabel(patient_name, "strong"))
        self.put_form(
            FormView(
                [
                    Section(
                        "",
                        [
                            PromptField(
                                key="category", label="分类", required=True, max_length=40, source=self._prompts
                            ),
                            LongTextField(key="note", label="说明", lines=3, max_length=500, span=1),
                        ],
                    )
                ],
                columns=1,
            ),
            height=190,
        )
        self._hint = Label("已有分类会在输入时提示，也可输入新的分类。", "caption", wrap=True)
        self.body.addWidget(self._hint)
        self.remove: Button = self.add_button("remove", "取消收藏", "danger", self.uncollect)
        self.remove.hide()
        self.add_button("close", "取消")
        self.add_button("collect", "收藏", "primary", self.collect)
        assert self.form is not None
        self.form.submitted.connect(self.collect)
        self.form.focus("category")
        line = desk.place.connection
        self.call(lambda: line.call(ListCollected(page=Page(limit=500))), self._arrived, lambda _error: None)

    def _prompts(self) -> list[Prompt]:
        names = self._categories or [tr(name) for name in USUAL]
        return [Prompt(name) for name in names]

    def _arrived(self, found: CollectedList) -> None:
        self._categories = [name for name in found.categories if name]
        self._categories += [tr(name) for name in USUAL if tr(name) not in self._categories]
        own = next((one for one in found.rows if one.exam.id == self._exam_id), None)
        if own is not None and self.form is not None:
            self.form.set_values({"category": own.category, "note": own.note})
            self.remove.show()

    def collect(self) -> None:
        """收藏."""
        if self.form is None or not self.form.validate():
            return
        request = CollectExam(
            exam_id=self._exam_id,
            category=str(self.form.value("category")).strip(),
            note=str(self.form.value("note") or "").strip(),
        )
        line = self._desk.place.connection
        self.ask(lambda: line.call(request), self._collected)

    def uncollect(self) -> None:
        """取消收藏."""
        request, line = UncollectExam(exam_id=self._exam_id), self._desk.place.connection
        self.ask(lambda: line.call(request), lambda _nothing: self._done(tr("已取消收藏")))

    def _collected(self, view: CollectedView) -> None:
        self._done(tr("已收藏到“{category}”", category=view.category))

    def _done(self, sentence: str) -> None:
        self._desk.place.messages.say(sentence, Tone.SUCCESS)
        self._desk.tell_exam(self._exam_id)
        self.accept()
