"""A case to score: its texts, blinded, and the sheet of the object in hand."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from clients.diagnosis.quality.presenter import QualityPresenter
from clients.diagnosis.quality.state import QualityState
from clients.diagnosis.quality.words import GRADES, OBJECTS, item_title
from clients.kit.ages import age_for_reader
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.fields import LongTextField, NumberField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.panels import scrolling
from clients.kit.translations import tr
from shared.contract.quality import QualityObject, QualityTaskView


class ScoringPane(QWidget):
    """A case, blinded: its texts and the sheet of the object in hand."""

    def __init__(self, presenter: QualityPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._sheet: object = None
        self._filled: object = None
        self.form: FormView | None = None
        self.objects: SegmentedControl | None = None
        self._title = ValueLabel("", "headline")
        self._about = ValueLabel("", "quiet", wrap=True)
        self._images = Button("查看影像", "", "image", on_click=presenter.see_images)
        self.close_button = Button("结束任务", "", on_click=presenter.close_task)
        self.close_button.setToolTip(tr("结束后不能再评分，并显示评分人与医生姓名。"))
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self._title, 1)
        head.addWidget(self._images)
        head.addWidget(self.close_button)
        self.findings, self.impression = _text(), _text()
        self._text_title = ValueLabel("", "strong")
        texts = QVBoxLayout()
        texts.addWidget(self._text_title)
        texts.addWidget(Label("影像所见", "quiet"))
        texts.addWidget(self.findings, 3)
        texts.addWidget(Label("诊断意见", "quiet"))
        texts.addWidget(self.impression, 2)
        self._choice_place = QHBoxLayout()
        self._form_place = QVBoxLayout()
        self.save_button = Button("保存评分", "primary", on_click=self._save)
        self._said = ValueLabel("", "quiet", wrap=True)
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addLayout(self._choice_place)
        column.addLayout(self._form_place)
        foot = QHBoxLayout()
        foot.addWidget(self.save_button)
        foot.addWidget(self._said, 1)
        column.addLayout(foot)
        column.addStretch(1)
        sheet = QWidget()
        sheet.setLayout(column)
        area = scrolling(sheet)
        area.setMinimumWidth(330)
        area.setMaximumWidth(460)
        across = QHBoxLayout()
        across.setSpacing(20)
        across.addLayout(texts, 1)
        across.addWidget(area)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 16, 24, 16)
        box.setSpacing(10)
        box.addLayout(head)
        box.addWidget(self._about)
        box.addWidget(hairline())
        box.addLayout(across, 1)

    def show_state(self, state: QualityState) -> None:
        """Show the case and the sheet of the object in hand."""
        case, task = state.case, state.task
        if case is None or task is None:
            return
        self._title.set_text(tr("第 {number} 例", number=case.row.number))
        facts = " · ".join(part for part in (case.row.exam_type, case.row.body_part, age_for_reader(case.age)) if part)
        self._about.set_text(f"{facts}　{tr('评分时不显示患者、报告医生和审核医生。')}")
        is_audited = state.object is QualityObject.AUDITED_REPORT
        self._text_title.set_text(
            tr(OBJECTS[QualityObject.AUDITED_REPORT if is_audited else QualityObject.FIRST_REPORT])
        )
        self.findings.setPlainText(case.audited_findings if is_audited else case.first_findings)
        self.impression.setPlainText(case.audited_impression if is_audited else case.first_impression)
        self._images.setEnabled(bool(case.study_uids))
        self.close_button.setEnabled(not task.is_closed and not state.is_busy)
        self._make_sheet(task, state.object)
        assert self.form is not None and self.objects is not None
        self.objects.set_current(state.object.value)
        score = state.score
        filled = (case.row.id, state.object, score)
        if filled != self._filled:
            self._filled = filled
            self.form.clear()
            if score is not None:
                self.form.set_values({**score.points, "comment": score.comment})
        self.form.show_problems({key: words for key, words in state.problems.items() if key in self.form.rows})
        self.form.set_read_only(task.is_closed)
        self.save_button.setEnabled(not task.is_closed and not state.is_busy)
        words = []
        if score is not None:
            words.append(tr("已评 {total} 分（{grade}）", total=score.total, grade=tr(GRADES[score.grade])))
        words += [tr("另一评分人：{total} 分", total=one.total) for one in case.others if one.object is state.object]
        if task.is_closed:
            words.append(tr("任务已结束"))
        self._said.set_text("　".join(words))

    def _make_sheet(self, task: QualityTaskView, one: QualityObject) -> None:
        wanted = (task.id, one)
        if wanted == self._sheet:
            return
        if self.objects is None or self._sheet is None or self._sheet_task() != task.id:
            _empty(self._choice_place)
            self.objects = SegmentedControl([Option(each.value, OBJECTS[each]) for each in task.objects], one.value)
            self.objects.chosen.connect(self._on_object)
            self._choice_place.addWidget(self.objects)
            self._choice_place.addStretch(1)
        self._sheet = wanted
        self._filled = None
        _empty(self._form_place)
        items = [item for item in task.sheet if item.object is one]
        fields = [
            NumberField(
                key=item.key,
                label=item_title(item),
                unit=f"/ {item.points}",
                maximum=item.points,
                initial=item.points,
                required=True,
            )
            for item in items
        ]
        self.form = FormView(
            (
                Section(
                    "",
                    (
                        *fields,
                        LongTextField(key="comment", label="评语", max_length=2000, span=1, hint="低于 60 分须写评语"),
                    ),
                ),
            ),
            columns=1,
        )
        self.form.submitted.connect(self._save)
        self._form_place.addWidget(self.form)

    def _sheet_task(self) -> int:
        return self._sheet[0] if isinstance(self._sheet, tuple) else 0

    def _on_object(self, key: str) -> None:
        self._presenter.choose_object(QualityObject(key))

    def _save(self) -> None:
        if self.form is not None and self.form.validate():
            self._presenter.score(self.form.values())


def _text() -> QPlainTextEdit:
    box = QPlainTextEdit()
    box.setReadOnly(True)
    return box


def _empty(layout: QHBoxLayout | QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
