"""The page of quality control: tasks, their cases, and at the right what is being done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.quality.presenter import QualityPresenter
from clients.diagnosis.quality.scoring import ScoringPane
from clients.diagnosis.quality.sheet import SheetEditor
from clients.diagnosis.quality.state import Pane, QualityState
from clients.diagnosis.quality.words import GRADES, OBJECTS, STRATA, drawn_words
from clients.kit.fields import (
    Choice,
    ChoiceField,
    DateField,
    NumberField,
    Section,
    SwitchField,
    TextField,
    TicksField,
)
from clients.kit.forms import FormView
from clients.kit.labels import Button, IconButton, Label, ValueLabel
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.panels import Banner, EmptyState, scrolling
from clients.kit.shell import Workplace
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.quality import QualityFigures, QualityObject

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
                TicksField(key="devices", label="设备", columns=3, hint="不选则全部"),
                TicksField(key="doctor_ids", label="报告医生", columns=4, hint="不选则全部"),
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
                TicksField(
                    key="scorer_ids",
                    label="评分人",
                    columns=3,
                    hint="一名或两名；留空为本人。不抽评分人本人书写或审核的报告",
                ),
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
        self._choices: object = None
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
        self.drawn = ValueLabel("", "quiet", wrap=True)
        left.addWidget(self.drawn)
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
        drawn = "" if state.task is None else drawn_words(state.task)
        self.drawn.set_text(drawn)
        self.drawn.setVisible(bool(drawn))
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
        self.sheet = SheetEditor()
        box.addWidget(self.sheet)
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
        if state.choices is not None and state.choices != self._choices:
            self._choices = state.choices
            for key, people in (("scorer_ids", state.choices.scorers), ("doctor_ids", state.choices.doctors)):
                self.form.set_choices(key, [Choice(one.user_id, one.name, translate=False) for one in people])
            devices = [Choice(one.key, one.name, translate=False) for one in state.choices.devices]
            self.form.set_choices("devices", devices)
            self.sheet.set_sheet(state.choices.sheet)
        if state.made != self._made:
            self._made = state.made
            self.form.clear()
        if state.pane is Pane.NEW:
            if "sheet" in state.problems:
                self.sheet.show_problem(state.problems["sheet"])
            self.form.show_problems({key: words for key, words in state.problems.items() if key in self.form.rows})
        self.fitting.set_text("" if state.fitting is None else tr("符合条件 {count} 份", count=state.fitting))
        self.create_button.setEnabled(not state.is_busy)

    def _show_figures(self, state: QualityState) -> None:
        self.figures.set_rows(state.figures)
        task = state.task
        self.figures_of.set_text(tr("全部任务") if state.of_all or task is None else task.name)

    def _create(self) -> None:
        if not self.form.validate():
            return
        values = self.form.values()
        objects = [QualityObject(one) for one in values["objects"]]
        if self.sheet.is_whole(objects):
            self.presenter.create(values, self.sheet.sheet(objects))

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


def _grades(one: QualityFigures) -> str:
    return " / ".join(str(one.grades.get(grade.value, 0)) for grade in GRADES)
