"""Quality control on SQLite and PostgreSQL: drawing, blinded scores, figures, workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from openpyxl import load_workbook

from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.quality.service import QualityService
from shared.contract.errors import ErrorCode
from shared.contract.quality import (
    CaseFilter,
    CaseView,
    CreateQualityTask,
    QualityGrade,
    QualityObject,
    QualityTaskView,
    ScoreCase,
    Scorer,
    Stratum,
    usual_sheet,
)
from shared.domain.states import ReportState
from tests.databases import KINDS, a_database
from tests.server.reporting.reporting_world import LI, QIAN, ZHAO, World, an_exam

FULL_MARKS = {one: {item.key: item.points for item in usual_sheet() if item.object is one} for one in QualityObject}


class QualityWorld(World):
    quality: QualityService

    def approved(self, count: int) -> None:
        for _ in range(count):
            self.report_in(ReportState.APPROVED)

    def days(self) -> CaseFilter:
        today = self.time.today()
        return CaseFilter(first=today - timedelta(days=3), last=today)

    def a_task(self, caller: Caller = ZHAO, **more: object) -> QualityTaskView:
        request = CreateQualityTask(**{"name": "三月质控", "filter": self.days(), "count": 3, "seed": 7, **more})
        with self.database.write() as uow:
            return self.quality.create(uow, caller, request)

    def case_ids(self, task_id: int, caller: Caller = ZHAO) -> list[int]:
        with self.database.read() as uow:
            return [row.id for row in self.quality.cases(uow, caller, task_id)]

    def score(self, case_id: int, caller: Caller = ZHAO, less: int = 0, **more: object) -> CaseView:
        one = more.pop("object", QualityObject.IMAGE)
        assert isinstance(one, QualityObject)
        points = dict(FULL_MARKS[one])
        key = next(iter(points))
        points[key] -= less
        request = ScoreCase(**{"case_id": case_id, "object": one, "points": points, **more})
        with self.database.write() as uow:
            return self.quality.score(uow, caller, request)


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[QualityWorld]:
    with a_database(request.param, tmp_path) as database:
        world = QualityWorld(database)
        people = tuple(Scorer(user_id=one.user_id, name=one.name) for one in (ZHAO, QIAN))
        world.quality = QualityService(world.time, lambda _uow: people)
        yield world


def test_a_task_draws_approved_reports_only(world: QualityWorld) -> None:
    world.approved(4)
    world.report_in(ReportState.SUBMITTED)
    with world.database.read() as uow:
        assert world.quality.preview(uow, ZHAO, world.days()) == 4
    task = world.a_task()
    assert (task.cases, task.eligible, task.mine_left, task.scored) == (3, 4, 3, 0)
    assert world.a_task(count=0, percent=50.0, stratum=Stratum.EXAM_TYPE).cases == 2
    assert world.a_task(count=400).cases == 4


def test_a_case_names_neither_patient_nor_writer_nor_auditor(world: QualityWorld) -> None:
    world.approved(1)
    (case_id,) = world.case_ids(world.a_task().id)
    with world.database.read() as uow:
        told = msgspec.json.encode(world.quality.case(uow, ZHAO, case_id)).decode()
    for name in ("张三", LI.name, ZHAO.name):
        assert name not in told
    assert "first_findings" in told


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": " "}, "name"),
        ({"count": 0}, "count"),
        ({"percent": 10.0}, "count"),
        ({"count": 0, "percent": 101.0}, "percent"),
        ({"objects": ()}, "objects"),
        ({"scorer_ids": (1, 2, 3)}, "scorer_ids"),
        ({"scorer_ids": (LI.user_id,)}, "scorer_ids"),
        ({"sheet": usual_sheet()[:2]}, "sheet"),
        ({"filter": CaseFilter(first=date(2020, 1, 1), last=date(2020, 1, 2))}, "filter"),
        ({"filter": CaseFilter(first=date(2020, 1, 2), last=date(2020, 1, 1))}, "last"),
    ],
)
def test_a_task_that_makes_no_sense_is_refused(world: QualityWorld, more: dict[str, object], field: str) -> None:
    world.approved(1)
    with pytest.raises(Refusal) as refusal:
        world.a_task(**more)
    assert refusal.value.body.field == field


def test_scores_are_kept_replaced_and_refused_when_wrong(world: QualityWorld) -> None:
    world.approved(1)
    task = world.a_task()
    (case_id,) = world.case_ids(task.id)
    seen = world.score(case_id, less=12, comment="体位偏斜")
    assert [(one.total, one.grade, one.comment) for one in seen.scores] == [(88, QualityGrade.B, "体位偏斜")]
    assert not seen.row.is_done
    world.score(case_id)
    for one in (QualityObject.FIRST_REPORT, QualityObject.AUDITED_REPORT):
        seen = world.score(case_id, object=one)
    assert seen.row.is_done and len(seen.scores) == 3
    assert {one.total for one in seen.scores} == {100}
    for more, field in (
        ({"points": {"position": 30}}, "points"),
        ({"points": {**FULL_MARKS[QualityObject.IMAGE], "position": 31}}, "points"),
        ({"points": {**FULL_MARKS[QualityObject.IMAGE], "position": -1}}, "points"),
        ({"points": dict.fromkeys(FULL_MARKS[QualityObject.IMAGE], 0)}, "comment"),
    ):
        with pytest.raises(Refusal) as refusal:
            world.score(case_id, **more)
        assert refusal.value.body.field == field


def test_only_scorers_score_and_a_closed_task_takes_none(world: QualityWorld) -> None:
    world.approved(1)
    task = world.a_task()
    (case_id,) = world.case_ids(task.id)
    with pytest.raises(Refusal) as refusal:
        world.score(case_id, QIAN)
    assert refusal.value.body.code is ErrorCode.PERMISSION_MISSING
    with world.database.write() as uow:
        closed = world.quality.close(uow, ZHAO, task.id, task.version)
        assert world.quality.close(uow, ZHAO, task.id, task.version) == closed  # again: nothing more
    with pytest.raises(Refusal) as refusal:
        world.score(case_id)
    assert refusal.value.body.code is ErrorCode.ILLEGAL_ACTION


def test_two_scorers_do_not_see_each_other_until_the_task_is_closed(world: QualityWorld) -> None:
    world.approved(2)
    task = world.a_task(count=2, scorer_ids=(ZHAO.user_id, QIAN.user_id), objects=(QualityObject.IMAGE,))
    first, second = world.case_ids(task.id)
    world.score(first)
    seen = world.score(first, QIAN, less=30, comment="重拍")
    assert seen.others == ()
    world.score(second, less=30, comment="重拍")
    world.score(second, QIAN, less=30, comment="重拍")
    with world.database.write() as uow:
        (view,) = world.quality.tasks(uow, QIAN)
        assert (view.scored, view.mine_left) == (2, 0)
        world.quality.close(uow, ZHAO, view.id, view.version)
        assert [one.total for one in world.quality.case(uow, QIAN, first).others] == [100]
        every = world.quality.statistics(uow, task.id)
        assert [(one.exam_type, one.scores, one.lowest) for one in every] == [("", 4, 70), ("CT", 4, 70)]
        assert every[0].mean == pytest.approx(77.5)
        assert every[0].grades == {"A": 1, "C": 3}
        assert every[0].kappa == pytest.approx(0.0)


def test_the_workbook_names_people_only_when_the_task_is_closed(world: QualityWorld) -> None:
    world.approved(1)
    task = world.a_task()
    (case_id,) = world.case_ids(task.id)
    world.score(case_id, comment="=1+1")

    def rows() -> list[tuple[object, ...]]:
        with world.database.read() as uow:
            book = load_workbook(io.BytesIO(world.quality.export(uow, task.id, english=False).content))
        assert book.sheetnames == ["质控统计", "评分明细"]
        return list(book["评分明细"].iter_rows(values_only=True))

    assert not {LI.name, ZHAO.name} & set(rows()[1])
    with world.database.write() as uow:
        world.quality.close(uow, ZHAO, task.id, task.version)
    assert {LI.name, ZHAO.name} <= set(rows()[1])


def test_an_exam_type_can_be_chosen(world: QualityWorld) -> None:
    world.approved(1)
    with world.database.read() as uow:
        wanted = msgspec.structs.replace(world.days(), exam_types=("MR",))
        assert world.quality.preview(uow, ZHAO, wanted) == 0
    assert an_exam().row.exam_type == "CT"
