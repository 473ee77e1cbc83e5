"""Tasks, scores and figures of quality control."""

from __future__ import annotations

import math
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
from sqlalchemy import func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.organisation.sheets import Cell, write_sheets
from server.quality import eligible
from server.quality.sampling import draw, kappa
from server.quality.sheets import demand_sheet
from server.quality.tables import CaseRow, ScoreRow, TaskRow
from server.reporting.tables import Report, ReportText
from shared.contract import quality as contract
from shared.contract.errors import ErrorCode
from shared.contract.master import SheetView
from shared.contract.quality import QualityGrade, QualityObject, Stratum
from shared.domain.rich_text import spelled

Scorers = Callable[[UnitOfWork], Iterable[contract.Scorer]]
"""Accounts that may score."""

T = TypeVar("T")
_MOST_CASES = 500
_LATEST_TASKS = 50
_NEEDS_COMMENT = 60
_GRADES = ((90, QualityGrade.A), (75, QualityGrade.B), (60, QualityGrade.C), (0, QualityGrade.D))
_OBJECTS = {
    QualityObject.IMAGE: ("影像", "Images"),
    QualityObject.FIRST_REPORT: ("初诊报告", "First report"),
    QualityObject.AUDITED_REPORT: ("审核报告", "Audited report"),
}
_FIGURES = (
    ("设备类型", "Device type"),
    ("对象", "Object"),
    ("评分数", "Scores"),
    ("平均分", "Mean"),
    ("最低分", "Lowest"),
    ("甲", "A"),
    ("乙", "B"),
    ("丙", "C"),
    ("丁", "D"),
    ("甲级率（%）", "Grade A (%)"),
    ("Kappa", "Kappa"),
)
_SCORES = (
    ("任务", "Task"),
    ("序号", "No."),
    ("检查号", "Exam no."),
    ("设备类型", "Device type"),
    ("对象", "Object"),
    ("得分", "Total"),
    ("等级", "Grade"),
    ("评语", "Comment"),
    ("评分人", "Scorer"),
    ("报告医生", "Writer"),
    ("审核医生", "Auditor"),
)


def grade_of(total: int) -> QualityGrade:
    """The grade of a total out of 100."""
    return next(grade for least, grade in _GRADES if total >= least)


class QualityService:
    """Every method works in the caller's unit of work."""

    def __init__(self, time: HospitalTime, scorers: Scorers) -> None:
        self._time = time
        self._scorers = scorers

    def scorers(self, uow: UnitOfWork) -> tuple[contract.Scorer, ...]:
        """Who may score."""
        return tuple(self._scorers(uow))

    def choices(self, uow: UnitOfWork, caller: Caller) -> contract.TaskChoices:
        """What a new task may choose from."""
        return contract.TaskChoices(
            scorers=self.scorers(uow),
            doctors=eligible.doctors(uow, caller),
            devices=eligible.devices(uow, caller),
            sheet=self._sheet_used_last(uow),
        )

    def preview(
        self, uow: UnitOfWork, caller: Caller, wanted: contract.CaseFilter, scorer_ids: tuple[int, ...] = ()
    ) -> int:
        """How many reports a filter finds, the scorers' own left out."""
        scorers = self._chosen(uow, caller, scorer_ids)
        return len(eligible.found(uow, caller, self._time, wanted, scorers).reports)

    def create(self, uow: UnitOfWork, caller: Caller, request: contract.CreateQualityTask) -> contract.QualityTaskView:
        """Draw and keep a task."""
        name = request.name.strip()
        if not name or len(name) > 100:
            raise invalid("name", "请填写任务名称，最多 100 个字。")
        if not request.objects:
            raise invalid("objects", "请至少选择一项质控内容。")
        sheet = request.sheet or self._sheet_used_last(uow)
        demand_sheet(sheet, request.objects)
        scorers = self._chosen(uow, caller, request.scorer_ids)
        reports, own = eligible.found(uow, caller, self._time, request.filter, scorers)
        if not reports:
            sentence = f"符合条件的 {own} 份报告都由评分人本人书写或审核，请换评分人。" if own else ""
            raise invalid("filter", sentence or "没有符合条件的已审核报告，请放宽条件。")
        asked = _count(request, len(reports))
        seed = request.seed or secrets.randbelow(2**31 - 1) + 1
        drawn = draw(reports, asked, seed, _STRATA[request.stratum])
        task = TaskRow(
            name=name,
            filter=msgspec.to_builtins(request.filter),
            objects=[one.value for one in request.objects],
            stratum=request.stratum.value,
            seed=seed,
            sheet=[msgspec.to_builtins(item) for item in sheet if item.object in request.objects],
            scorers=[msgspec.to_builtins(one) for one in scorers],
            eligible=len(reports),
            asked=asked,
            own_left_out=own,
            closed_at=None,
            created_by=caller.name[:80],
            created_at=self._time.now(),
        )
        uow.session.add(task)
        uow.session.flush()
        for number, report in enumerate(drawn, 1):
            uow.session.add(
                CaseRow(
                    task_id=task.id,
                    number=number,
                    report_id=report.id,
                    exam_type=report.exam_type,
                    first_number=report.submitted_number or report.text_number,
                    audited_number=report.text_number,
                )
            )
        uow.session.flush()
        return self._view(uow, caller, task)

    def tasks(self, uow: UnitOfWork, caller: Caller) -> tuple[contract.QualityTaskView, ...]:
        """All tasks, newest first."""
        rows = uow.session.scalars(select(TaskRow).order_by(TaskRow.id.desc())).all()
        return tuple(self._view(uow, caller, row) for row in rows)

    def close(self, uow: UnitOfWork, caller: Caller, task_id: int, version: int) -> contract.QualityTaskView:
        """No more scores."""
        task = self._task(uow, task_id)
        if task.closed_at is None:
            task.expect(version)
            task.closed_at = self._time.now()
            task.touch()
        return self._view(uow, caller, task)

    def cases(self, uow: UnitOfWork, caller: Caller, task_id: int) -> tuple[contract.CaseRow, ...]:
        """The cases of a task as their scorer sees them."""
        task = self._task(uow, task_id)
        done = self._done(uow, task, caller.user_id)
        rows = uow.session.execute(
            select(CaseRow, Report.body_part)
            .join(Report, Report.id == CaseRow.report_id)
            .where(CaseRow.task_id == task.id)
            .order_by(CaseRow.number)
        )
        return tuple(_case_row(case, body_part, done) for case, body_part in rows)

    def case(self, uow: UnitOfWork, caller: Caller, case_id: int) -> contract.CaseView:
        """One case with its texts, blinded."""
        case, task = self._case(uow, caller, case_id)
        report = uow.session.get(Report, case.report_id)
        if report is None:
            raise not_found("报告")
        first, audited = (
            self._text(uow, case.report_id, case.first_number),
            self._text(uow, case.report_id, case.audited_number),
        )
        scores = uow.session.scalars(select(ScoreRow).where(ScoreRow.case_id == case.id)).all()
        mine = tuple(_score_view(one) for one in scores if one.scorer_id == caller.user_id)
        others = tuple(_score_view(one) for one in scores if one.scorer_id != caller.user_id)
        return contract.CaseView(
            row=_case_row(case, report.body_part, self._done(uow, task, caller.user_id)),
            sex=report.sex,
            age=report.age,
            study_uids=tuple(report.study_uids.split()),
            first_findings=first[0],
            first_impression=first[1],
            audited_findings=audited[0],
            audited_impression=audited[1],
            scores=mine,
            others=others if task.closed_at is not None else (),
        )

    def score(self, uow: UnitOfWork, caller: Caller, request: contract.ScoreCase) -> contract.CaseView:
        """Keep my score of one object."""
        case, task = self._case(uow, caller, request.case_id)
        if task.closed_at is not None:
            raise illegal_action("closed", "任务已结束，不能再评分。")
        if request.object.value not in task.objects:
            raise invalid("object", "此任务不评这一项。")
        items = [item for item in _sheet(task) if item.object is request.object]
        if set(request.points) != {item.key for item in items}:
            raise invalid("points", "请给每一项打分。")
        for item in items:
            if not 0 <= request.points[item.key] <= item.points:
                raise invalid("points", f"“{item.title}”应在 0 到 {item.points} 分之间。")
        total = sum(request.points.values())
        comment = request.comment.strip()
        if total < _NEEDS_COMMENT and not comment:
            raise invalid("comment", f"低于 {_NEEDS_COMMENT} 分请写明评语。")
        if len(comment) > 2000:
            raise invalid("comment", "评语最多 2000 字。")
        row = uow.session.scalars(
            select(ScoreRow).where(
                ScoreRow.case_id == case.id,
                ScoreRow.object == request.object.value,
                ScoreRow.scorer_id == caller.user_id,
            )
        ).one_or_none()
        if row is None:
            row = ScoreRow(case_id=case.id, object=request.object.value, scorer_id=caller.user_id)
            uow.session.add(row)
        row.scorer, row.points, row.total = caller.name[:80], dict(request.points), total
        row.comment, row.scored_at = comment, self._time.now()
        uow.session.flush()
        return self.case(uow, caller, case.id)

    def statistics(self, uow: UnitOfWork, task_id: int | None) -> tuple[contract.QualityFigures, ...]:
        """By device type and object, the whole first."""
        groups: dict[tuple[str, QualityObject], list[ScoreRow]] = defaultdict(list)
        for _task, case, score in self._scores(uow, task_id):
            for exam_type in ("", case.exam_type):
                groups[exam_type, QualityObject(score.object)].append(score)
        order = list(QualityObject)
        return tuple(
            _figures(exam_type, one, rows)
            for (exam_type, one), rows in sorted(groups.items(), key=lambda pair: (pair[0][0], order.index(pair[0][1])))
        )

    def export(self, uow: UnitOfWork, task_id: int | None, *, english: bool) -> SheetView:
        """The figures and every score as a workbook."""
        tongue = int(english)
        lines: list[list[Cell]] = []
        for one in self.statistics(uow, task_id):
            lines.append(
                [
                    one.exam_type or ("全部", "All")[tongue],
                    _OBJECTS[one.object][tongue],
                    one.scores,
                    round(one.mean, 1),
                    one.lowest,
                    *(one.grades.get(grade.value, 0) for grade in QualityGrade),
                    round(100 * one.share_a, 1),
                    "" if one.kappa is None else round(one.kappa, 3),
                ]
            )
        scores: list[list[Cell]] = []
        numbers = {
            row.id: row.accession_number for row in uow.session.execute(select(Report.id, Report.accession_number))
        }
        people = {
            row.id: (row.diagnosing_doctor, row.auditing_doctor)
            for row in uow.session.execute(select(Report.id, Report.diagnosing_doctor, Report.auditing_doctor))
        }
        for task, case, score in self._scores(uow, task_id):
            is_open = task.closed_at is None
            writer, auditor = people.get(case.report_id, ("", ""))
            scores.append(
                [
                    task.name,
                    case.number,
                    "" if is_open else numbers.get(case.report_id, ""),
                    case.exam_type,
                    _OBJECTS[QualityObject(score.object)][tongue],
                    score.total,
                    grade_of(score.total).value,
                    score.comment,
                    *(("", "", "") if is_open else (score.scorer, writer, auditor)),
                ]
            )
        content = write_sheets(
            (
                (
                    ("质控统计", "Quality")[tongue],
                    [pair[tongue] for pair in _FIGURES],
                    (14, 16, 10, 10, 10, 8, 8, 8, 8, 14, 10),
                    lines,
                ),
                (
                    ("评分明细", "Scores")[tongue],
                    [pair[tongue] for pair in _SCORES],
                    (24, 8, 18, 10, 14, 8, 8, 50, 12, 12, 12),
                    scores,
                ),
            )
        )
        return SheetView(file_name=("质控统计.xlsx", "quality.xlsx")[tongue], content=content)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────

    def _scores(self, uow: UnitOfWork, task_id: int | None) -> list[tuple[TaskRow, CaseRow, ScoreRow]]:
        query = (
            select(TaskRow, CaseRow, ScoreRow)
            .join(CaseRow, CaseRow.task_id == TaskRow.id)
            .join(ScoreRow, ScoreRow.case_id == CaseRow.id)
            .order_by(TaskRow.id, CaseRow.number, ScoreRow.id)
        )
        if task_id is not None:
            query = query.where(TaskRow.id == self._task(uow, task_id).id)
        return [(task, case, score) for task, case, score in uow.session.execute(query)]

    def _chosen(self, uow: UnitOfWork, caller: Caller, ids: tuple[int, ...]) -> list[contract.Scorer]:
        if not ids:
            return [contract.Scorer(user_id=caller.user_id, name=caller.name)]
        known = {one.user_id: one for one in self._scorers(uow)}
        if len(set(ids)) > 2 or any(one not in known for one in ids):
            raise invalid("scorer_ids", "请选择一名或两名有审核权限的评分人。")
        return [known[one] for one in dict.fromkeys(ids)]

    def _view(self, uow: UnitOfWork, caller: Caller, task: TaskRow) -> contract.QualityTaskView:
        scorers = tuple(msgspec.convert(one, contract.Scorer) for one in task.scorers)
        cases = uow.session.scalar(select(func.count(CaseRow.id)).where(CaseRow.task_id == task.id)) or 0
        done = [self._done(uow, task, one.user_id) for one in scorers]
        scored = set.intersection(*done) if done else set()
        mine = next((found for one, found in zip(scorers, done, strict=True) if one.user_id == caller.user_id), None)
        wanted = msgspec.convert(task.filter, contract.CaseFilter)
        return contract.QualityTaskView(
            id=task.id,
            version=task.version,
            name=task.name,
            filter=wanted if task.closed_at is not None else msgspec.structs.replace(wanted, doctor_ids=()),
            objects=tuple(QualityObject(one) for one in task.objects),
            stratum=Stratum(task.stratum),
            seed=task.seed,
            sheet=tuple(_sheet(task)),
            scorers=scorers,
            cases=cases,
            eligible=task.eligible,
            asked=task.asked,
            own_left_out=task.own_left_out,
            scored=len(scored),
            mine_left=0 if mine is None else cases - len(mine),
            is_closed=task.closed_at is not None,
            created_by=task.created_by,
            created_at=task.created_at,
        )

    def _done(self, uow: UnitOfWork, task: TaskRow, scorer_id: int) -> set[int]:
        """Cases of a task that somebody has scored whole."""
        query = (
            select(ScoreRow.case_id, func.count(ScoreRow.id))
            .join(CaseRow, CaseRow.id == ScoreRow.case_id)
            .where(CaseRow.task_id == task.id, ScoreRow.scorer_id == scorer_id)
            .group_by(ScoreRow.case_id)
        )
        return {case_id for case_id, count in uow.session.execute(query) if count >= len(task.objects)}

    def _case(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[CaseRow, TaskRow]:
        case = uow.session.get(CaseRow, case_id)
        if case is None:
            raise not_found("病例")
        task = self._task(uow, case.task_id)
        if not any(one["user_id"] == caller.user_id for one in task.scorers):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "您不是此任务的评分人。")
        return case, task

    @staticmethod
    def _sheet_used_last(uow: UnitOfWork) -> tuple[contract.SheetItem, ...]:
        """The sheet of each object as it was used last, else the usual one."""
        used: dict[QualityObject, list[contract.SheetItem]] = {}
        for sheet in uow.session.scalars(select(TaskRow.sheet).order_by(TaskRow.id.desc()).limit(_LATEST_TASKS)):
            items = [msgspec.convert(item, contract.SheetItem) for item in sheet]
            for one in {item.object for item in items} - set(used):
                used[one] = [item for item in items if item.object is one]
        usual = contract.usual_sheet()
        return tuple(
            item for one in QualityObject for item in used.get(one) or [item for item in usual if item.object is one]
        )

    def _text(self, uow: UnitOfWork, report_id: int, number: int) -> tuple[str, str]:
        row = uow.session.get(ReportText, (report_id, number))
        return ("", "") if row is None else (spelled(row.findings), spelled(row.impression))

    def _task(self, uow: UnitOfWork, task_id: int) -> TaskRow:
        task = uow.session.get(TaskRow, task_id)
        if task is None:
            raise not_found("质控任务")
        return task


_STRATA: dict[Stratum, Callable[[Report], str] | None] = {
    Stratum.NONE: None,
    Stratum.EXAM_TYPE: lambda report: report.exam_type,
    Stratum.DEVICE: lambda report: report.device_ae or report.room_name,
    Stratum.DOCTOR: lambda report: report.diagnosing_doctor,
}


def _count(request: contract.CreateQualityTask, fitting: int) -> int:
    """How many cases are wanted; may be more than fit."""
    if (request.count > 0) == (request.percent > 0):
        raise invalid("count", "请填写抽样例数或抽样比例，二者选一。")
    if request.percent > 100 or request.count < 0 or request.percent < 0:
        raise invalid("percent", "抽样比例应在 0 到 100 之间。")
    count = request.count or max(1, math.ceil(fitting * request.percent / 100))
    if count > _MOST_CASES:
        raise invalid("count", f"一个任务最多 {_MOST_CASES} 例。")
    return count


def _sheet(task: TaskRow) -> list[contract.SheetItem]:
    return [msgspec.convert(item, contract.SheetItem) for item in task.sheet]


def _case_row(case: CaseRow, body_part: str, done: set[int]) -> contract.CaseRow:
    return contract.CaseRow(
        id=case.id, number=case.number, exam_type=case.exam_type, body_part=body_part, is_done=case.id in done
    )


def _score_view(row: ScoreRow) -> contract.ScoreView:
    return contract.ScoreView(
        object=QualityObject(row.object),
        points=row.points,
        total=row.total,
        grade=grade_of(row.total),
        comment=row.comment,
    )


def _figures(exam_type: str, one: QualityObject, rows: list[ScoreRow]) -> contract.QualityFigures:
    grades = Counter(grade_of(row.total).value for row in rows)
    by_case: dict[int, list[ScoreRow]] = defaultdict(list)
    for row in rows:
        by_case[row.case_id].append(row)
    pairs = [
        (grade_of(two[0].total).value, grade_of(two[1].total).value)
        for two in (sorted(found, key=lambda row: row.scorer_id) for found in by_case.values())
        if len(two) == 2
    ]
    return contract.QualityFigures(
        exam_type=exam_type,
        object=one,
        scores=len(rows),
        mean=sum(row.total for row in rows) / len(rows),
        lowest=min(row.total for row in rows),
        grades=dict(grades),
        share_a=grades[QualityGrade.A.value] / len(rows),
        kappa=kappa(pairs),
    )
