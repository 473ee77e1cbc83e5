"""Intentions of quality control: make tasks, score, look at figures; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clients.diagnosis.quality.state import Pane, QualityState
from clients.diagnosis.quality.words import GRADES, drawn_words
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.master import SheetView
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.quality import (
    CaseFilter,
    CaseRow,
    CaseView,
    CloseQualityTask,
    CreateQualityTask,
    ExportQualityStatistics,
    GetCase,
    GetQualityStatistics,
    GetTaskChoices,
    ListCases,
    ListQualityTasks,
    PreviewSample,
    QualityFigures,
    QualityObject,
    QualityTaskView,
    ScoreCase,
    SheetItem,
    Stratum,
    TaskChoices,
)


class QualityPresenter(ScreenPresenter[QualityState]):
    """The page of quality control."""

    def __init__(
        self, caller: Caller, runner: TaskRunner, messages: Messages, see: Callable[[tuple[str, ...]], None]
    ) -> None:
        super().__init__(QualityState(), caller, runner, messages, lambda _state: None)
        self._see = see

    def refresh(self) -> None:
        """Load the tasks again, and the cases of the chosen one."""
        self._change(is_loading=True)
        self._ask(ListQualityTasks(), self._on_tasks, self._failed, key="quality.tasks")
        if not self.state.exam_types:
            self._ask(GetHospital(), self._on_hospital, self._failed, key="quality.hospital")
        if self.state.task_id:
            self._load_cases()

    def choose_task(self, task: QualityTaskView | None) -> None:
        """Look at a task."""
        task_id = 0 if task is None else task.id
        if task_id == self.state.task_id:
            return
        pane = self.state.pane if self.state.pane is Pane.FIGURES else Pane.NOTHING
        first = QualityObject.IMAGE if task is None else task.objects[0]
        self._change(task_id=task_id, cases=(), case=None, pane=pane, object=first, problems={})
        if task_id:
            self._load_cases()
        if pane is Pane.FIGURES:
            self.show_figures(of_all=not task_id)

    def choose_case(self, row: CaseRow | None) -> None:
        """Look at a case."""
        if row is None or (self.state.case is not None and self.state.case.row.id == row.id):
            return
        self._ask(GetCase(case_id=row.id), self._on_case, self._messages.report, key="quality.case")

    def choose_object(self, one: QualityObject) -> None:
        """Score another thing of the case."""
        self._change(object=one, problems={})

    def see_images(self) -> None:
        """Open the images of the case."""
        if self.state.case is not None:
            self._see(self.state.case.study_uids)

    def begin_task(self) -> None:
        """Show the form of a new task."""
        self._change(pane=Pane.NEW, problems={}, fitting=None)
        self._ask(GetTaskChoices(), self._on_choices, self._messages.report, key="quality.choices")

    def preview(self, values: Mapping[str, Any]) -> None:
        """Count the reports that the conditions find."""
        request = PreviewSample(filter=_filter(values), scorer_ids=tuple(values["scorer_ids"]))
        self._ask(request, self._on_preview, self._refused, key="quality.preview")

    def create(self, values: Mapping[str, Any], sheet: tuple[SheetItem, ...] = ()) -> None:
        """抽样并建立; without a sheet the one used last holds."""
        if self.state.is_busy:
            return
        self._change(is_busy=True, problems={})
        request = CreateQualityTask(
            name=values["name"],
            filter=_filter(values),
            count=int(values["count"] or 0),
            percent=float(values["percent"] or 0),
            stratum=Stratum(values["stratum"] or ""),
            seed=int(values["seed"] or 0),
            objects=tuple(QualityObject(one) for one in values["objects"]),
            sheet=sheet,
            scorer_ids=tuple(values["scorer_ids"]),
        )
        self._ask(request, self._on_created, self._refused)

    def score(self, values: Mapping[str, Any]) -> None:
        """Keep my score of the object in hand."""
        case = self.state.case
        if case is None or self.state.is_busy:
            return
        self._change(is_busy=True, problems={})
        points = {key: int(value or 0) for key, value in values.items() if key != "comment"}
        request = ScoreCase(
            case_id=case.row.id, object=self.state.object, points=points, comment=values["comment"] or ""
        )
        self._ask(request, self._on_scored, self._refused)

    def close_task(self) -> None:
        """结束任务."""
        task = self.state.task
        if task is not None and not self.state.is_busy:
            self._change(is_busy=True)
            self._ask(CloseQualityTask(task_id=task.id, version=task.version), self._on_closed, self._refused)

    def show_figures(self, *, of_all: bool = False) -> None:
        """Show the figures of the chosen task, or of all."""
        of_all = of_all or not self.state.task_id
        self._change(pane=Pane.FIGURES, of_all=of_all)
        task_id = None if of_all else self.state.task_id
        self._ask(GetQualityStatistics(task_id=task_id), self._on_figures, self._messages.report, key="quality.figures")

    def export(self, path: Path) -> None:
        """Write the figures and every score to a workbook."""
        request = ExportQualityStatistics(
            task_id=None if self.state.of_all else self.state.task_id, english=language() is Language.ENGLISH
        )
        self._runner.run(lambda: _written(self._caller.call(request), path), self._on_exported, self._messages.report)

    def _load_cases(self) -> None:
        request = ListCases(task_id=self.state.task_id)
        self._ask(request, self._on_cases, self._messages.report, key="quality.cases")

    def _on_tasks(self, tasks: tuple[QualityTaskView, ...]) -> None:
        self._change(tasks=tasks, is_loading=False, error=None, generation=self.state.generation + 1)

    def _on_hospital(self, hospital: HospitalView) -> None:
        english = language() is Language.ENGLISH
        self._change(
            exam_types=tuple(
                (one.code, (one.name_en or one.name) if english else one.name) for one in hospital.exam_types
            )
        )

    def _on_cases(self, cases: tuple[CaseRow, ...]) -> None:
        self._change(cases=cases)

    def _on_case(self, case: CaseView) -> None:
        self._change(case=case, pane=Pane.CASE, problems={})

    def _on_choices(self, choices: TaskChoices) -> None:
        self._change(choices=choices)

    def _on_preview(self, count: int) -> None:
        self._change(fitting=count, problems={})

    def _on_created(self, task: QualityTaskView) -> None:
        self._messages.say(drawn_words(task) or tr("已抽取 {count} 例", count=task.cases), Tone.SUCCESS)
        self._change(is_busy=False, tasks=(task, *self.state.tasks), made=self.state.made + 1, pane=Pane.NOTHING)
        self.choose_task(task)

    def _on_scored(self, case: CaseView) -> None:
        self._change(is_busy=False, case=case)
        score = self.state.score
        if score is not None:
            self._messages.say(
                tr("已评 {total} 分（{grade}）", total=score.total, grade=tr(GRADES[score.grade])), Tone.SUCCESS
            )
        self._go_on(case)
        self.refresh()

    def _go_on(self, case: CaseView) -> None:
        """To the next thing of the case that has no score, else to the next case that is not done."""
        task = self.state.task
        done = {one.object for one in case.scores}
        left = [one for one in (() if task is None else task.objects) if one not in done]
        if left:
            self.choose_object(left[0])
            return
        rest = [row for row in self.state.cases if not row.is_done and row.id != case.row.id]
        after = [row for row in rest if row.number > case.row.number] or rest
        if after and task is not None:
            self.choose_object(task.objects[0])
            self.choose_case(after[0])

    def _on_closed(self, task: QualityTaskView) -> None:
        self._change(is_busy=False, tasks=tuple(task if one.id == task.id else one for one in self.state.tasks))
        self._messages.say(tr("任务已结束"), Tone.SUCCESS)

    def _on_figures(self, figures: tuple[QualityFigures, ...]) -> None:
        self._change(figures=figures)

    def _on_exported(self, path: Path) -> None:
        self._messages.say(tr("已导出到 {path}", path=path), Tone.SUCCESS)

    def _refused(self, error: Exception) -> None:
        said = message_for(error)
        self._change(is_busy=False, problems={said.field.split(".")[-1]: said.text} if said.field else {})
        if not said.field or said.field.split(".")[-1] not in _FORM_FIELDS:
            self._messages.report(error)

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, error=error)


_FORM_FIELDS = frozenset(
    {"name", "count", "percent", "objects", "scorer_ids", "last", "first", "comment", "seed", "sheet"}
)


def _filter(values: Mapping[str, Any]) -> CaseFilter:
    return CaseFilter(
        first=values["first"],
        last=values["last"],
        exam_types=tuple(values["exam_types"]),
        body_part=values["body_part"] or "",
        emergency_only=bool(values["emergency_only"]),
        doctor_ids=tuple(values["doctor_ids"]),
        devices=tuple(values["devices"]),
    )


def _written(sheet: SheetView, path: Path) -> Path:
    path.write_bytes(sheet.content)
    return path
