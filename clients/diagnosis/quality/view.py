"""The page of quality control: tasks, their cases, and at the right what is being done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.quality.presenter import QualityPresenter
from clients.diagnosis.quality.state import Pane, QualityState
from clients.diagnosis.quality.words import GRADES, OBJECTS, STRATA, item_title
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.fields import (
    Choice,
    ChoiceField,
    DateField,
    LongTextField,
    NumberField,
    Section,
    SwitchField,
    TextField,
    TicksField,
)
from clients.kit.forms import FormView
from clients.kit.labels import Button, IconButton, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.panels import Banner, EmptyState, scrolling
from clients.kit.shell import Workplace
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.quality import QualityFigures, QualityObject, QualityTaskView

_DONE = {
    "done": StateLook("已完成", Tone.SUCCESS, "check_circle"),
    "left": StateLook("待评分", Tone.NEUTRAL, "edit"),
}
_PANES = tuple(Pane)


def _today() -> date:
    return date.today()


def _task_form() -> tuple[Section, ...]:
    return (
        Section(
            "",
            (
                TextField(key="name", label="任务名称", required=True, max_length=100, span=2),
                TicksField(
                    key="objects",
                    label="质控内容",
                    required=True,
                    columns=3,
                    choices=tuple(Choice(one.value, words) for one, words in OBJECTS.items()),
                    initial=tuple(one.value for one in OBJECTS),
                ),
                DateField(key="first", label="审核日期从", required=True, initial=_today() - timedelta(days=30)),
                DateField(key="last", label="审核日期到", required=True, initial=_today()),
                TicksField(key="exam_types", label="设备类型", columns=4),
                TextField(key="body_part", label="部位含", max_length=40),
                SwitchField(key="emergency_only", label="仅急诊"),
                NumberField(key="count", label="抽样例数", maximum=500, initial=20, hint="与抽样比例二者选一"),
                NumberField(key="percent", label="抽样比例", unit="%", maximum=100, decimals=1),
                ChoiceField(
                    key="stratum",
                    label="分层",
                    initial="",
                    choices=tuple(Choice(one.value, words) for one, words in STRATA.items()),
                ),
                NumberField(
                    key="seed",
                    label="随机种子",
                    maximum=2**31 - 1,
                    hint="留空由系统选择；相同的种子抽到相同的病例",
                ),
                TicksField(key="scorer_ids", label="评分人", columns=3, hint="一名或两名；留空为本人"),
            ),
        ),
    )


class QualityPage(QWidget):
    """质控."""

    def __init__(self, place: Workplace, see: Callable[[tuple[str, ...]], None]) -> None:
        super().__init__()
        self.presenter = QualityPresenter(place.connection, place.runner, place.messages, see)
        self._made = -1
        self._asked: object = None
        self._types: object = None
        self._scorers: object = None
        self._banner = Banner()
        self.tasks = ListView(
            (
                Column("name", "任务名称", 0, strong=True),
                Column("progress", "进度", 76, Align.RIGHT, value=lambda one: f"{one.scored}/{one.cases}"),
            ),
            row_id=lambda one: one.id,
            empty=EmptyWords("还没有质控任务", "新建任务后，系统从已审核的报告中抽样。", "check_circle"),
        )
        self.tasks.selected.connect(self.presenter.choose_task)
        self.cases = ListView(
            (
                Column("number", "序号", 56, Align.RIGHT),
                Column("exam_type", "设备类型", 76),
                Column("body_part", "部位", 0),
                Column("state", "状态", 96, value=lambda row: "done" if row.is_done else "left", looks=_DONE),
            ),
            row_id=lambda row: row.id,
            empty=EmptyWords("没有病例", "先选择一个质控任务。", "list"),
        )
        self.cases.selected.connect(self.presenter.choose_case)
        head = QHBoxLayout()
        head.addWidget(Label("质控任务", "strong"))
        head.addStretch(1)
        head.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        head.addWidget(Button("质控统计", "", on_click=self.presenter.show_figures))
        head.addWidget(Button("新建", "primary", on_click=self.presenter.begin_task))
        left = QVBoxLayout()
        left.setContentsMargins(16, 12, 8, 12)
        left.addLayout(head)
        left.addWidget(self.tasks, 2)
        left.addWidget(self.cases, 3)
        side = QWidget()
        side.setFixedWidth(400)
        side.setLayout(left)
        self.pages = QStackedWidget()
        self.pages.addWidget(EmptyState("check_circle", "质控", "选择任务和病例后在此评分。"))
        self.pages.addWidget(self._new_page())
        self.scoring = ScoringPane(self.presenter)
        self.pages.addWidget(self.scoring)
        self.pages.addWidget(self._figures_page())
        across = QHBoxLayout()
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(side)
        across.addWidget(self.pages, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._banner)
        outer.addLayout(across, 1)
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.presenter.show_to(self.show_state)

    def show_state(self, state: QualityState) -> None:
        """Show a state."""
        if state.error is None:
            self._banner.hide()
        else:
            said = message_for(state.error).text
            self._banner.show_message(said, Tone.DANGER, action="重试", on_action=self.presenter.refresh)
        self.tasks.set_rows(state.tasks)
        if state.task_id:
            self.tasks.select_id(state.task_id)
        self.cases.set_rows(state.cases)
        if state.case is not None:
            self.cases.select_id(state.case.row.id)
        self.pages.setCurrentIndex(_PANES.index(state.pane))
        self._show_form(state)
        self.scoring.show_state(state)
        self._show_figures(state)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.presenter.refresh()

    def _new_page(self) -> QWidget:
        self.form = FormView(_task_form(), columns=2)
        self.form.submitted.connect(self._create)
        self.fitting = ValueLabel("", "quiet")
        self.create_button = Button("抽样并建立", "primary", on_click=self._create)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addWidget(self.create_button)
        foot.addWidget(Button("查看符合条件的份数", "", on_click=self._preview))
        foot.addWidget(self.fitting, 1)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(24, 16, 24, 24)
        box.setSpacing(14)
        box.addWidget(Label("新建质控任务", "headline"))
        box.addWidget(self.form)
        box.addLayout(foot)
        box.addStretch(1)
        return scrolling(content)

    def _figures_page(self) -> QWidget:
        self.figures = ListView(
            (
                Column("exam_type", "设备类型", 110, strong=True, format=lambda kind: kind or tr("全部")),
                Column("object", "对象", 130, format=lambda one: tr(OBJECTS[one])),
                Column("scores", "评分数", 80, Align.RIGHT),
                Column("mean", "平均分", 80, Align.RIGHT, format=lambda mean: f"{mean:.1f}"),
                Column("lowest", "最低分", 80, Align.RIGHT),
                Column("grades", "甲、乙、丙、丁", 0, value=_grades),
                Column("share_a", "甲级率", 80, Align.RIGHT, format=lambda share: f"{share:.0%}"),
                Column("kappa", "一致性", 96, Align.RIGHT, format=lambda one: "—" if one is None else f"κ {one:.2f}"),
            ),
            row_id=lambda one: (one.exam_type, one.object),
            empty=EmptyWords("还没有评分", "评分后在此显示统计。", "check_circle"),
        )
        self.figures_of = ValueLabel("", "quiet")
        head = QHBoxLayout()
        head.addWidget(Label("质控统计", "headline"))
        head.addWidget(self.figures_of, 1)
        head.addWidget(Button("全部任务", "", on_click=self._all_figures))
        head.addWidget(Button("导出 Excel", "", "download", on_click=self._export))
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(24, 16, 24, 16)
        box.addLayout(head)
        box.addWidget(self.figures, 1)
        return content

    def _show_form(self, state: QualityState) -> None:
        if state.exam_types != self._types:
            self._types = state.exam_types
            self.form.set_choices(
                "exam_types", [Choice(code, f"{name}（{code}）", translate=False) for code, name in state.exam_types]
            )
        if state.scorers != self._scorers:
            self._scorers = state.scorers
            self.form.set_choices(
                "scorer_ids", [Choice(one.user_id, one.name, translate=False) for one in state.scorers]
            )
        if state.made != self._made:
            self._made = state.made
            self.form.clear()
        if state.pane is Pane.NEW:
            self.form.show_problems({key: words for key, words in state.problems.items() if key in self.form.rows})
        self.fitting.set_text("" if state.fitting is None else tr("符合条件 {count} 份", count=state.fitting))
        self.create_button.setEnabled(not state.is_busy)

    def _show_figures(self, state: QualityState) -> None:
        self.figures.set_rows(state.figures)
        task = state.task
        self.figures_of.set_text(tr("全部任务") if state.of_all or task is None else task.name)

    def _create(self) -> None:
        if self.form.validate():
            self.presenter.create(self.form.values())

    def _preview(self) -> None:
        values = self.form.values()
        if values["first"] and values["last"]:
            self.presenter.preview(values)

    def _all_figures(self) -> None:
        self.presenter.show_figures(of_all=True)

    def _export(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(self, tr("导出 Excel"), f"{tr('质控统计')}.xlsx", "Excel (*.xlsx)")
        if path:
            self.presenter.export(Path(path))


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
        facts = " · ".join(part for part in (case.row.exam_type, case.row.body_part, case.age) if part)
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


def _grades(one: QualityFigures) -> str:
    return " / ".join(str(one.grades.get(grade.value, 0)) for grade in GRADES)
