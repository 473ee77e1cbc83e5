"""Quality control on SQLite and PostgreSQL: drawing, blinded scores, figures, workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.quality.service import QualityService
from server.quality.tables import CaseRow
from server.reporting.tables import Report
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
    SheetItem,
    Stratum,
    usual_sheet,
)
from shared.domain.states import ReportState
from tests.databases import KINDS, a_database
from tests.server.reporting.reporting_world import AUDITOR_RIGHTS, LI, QIAN, WANG, World, an_exam
from tests.server.reporting.reporting_world import ZHAO as AUDITOR

SUN = Caller(user_id=23, login="sun", name="孙主任", permissions=AUDITOR_RIGHTS)  # who scores

FULL_MARKS = {one: {item.key: item.points for item in usual_sheet() if item.object is one} for one in QualityObject}


class QualityWorld(World):
    quality: QualityService

    def approved(self, count: int) -> None:
        for _ in range(count):
            self.report_in(ReportState.APPROVED)

    def days(self) -> CaseFilter:
        today = self.time.today()
        return CaseFilter(first=today - timedelta(days=3), last=today)

    def a_task(self, caller: Caller = SUN, **more: object) -> QualityTaskView:
        request = CreateQualityTask(**{"name": "三月质控", "filter": self.days(), "count": 3, "seed": 7, **more})
        with self.database.write() as uow:
            return self.quality.create(uow, caller, request)

    def case_ids(self, task_id: int, caller: Caller = SUN) -> list[int]:
        with self.database.read() as uow:
            return [row.id for row in self.quality.cases(uow, caller, task_id)]

    def score(self, case_id: int, caller: Caller = SUN, less: int = 0, **more: object) -> CaseView:
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
        people = tuple(Scorer(user_id=one.user_id, name=one.name) for one in (SUN, QIAN, AUDITOR))
        world.quality = QualityService(world.time, lambda _uow: people)
        yield world


def test_a_task_draws_approved_reports_only(world: QualityWorld) -> None:
    world.approved(4)
    world.report_in(ReportState.SUBMITTED)
    with world.database.read() as uow:
        assert world.quality.preview(uow, SUN, world.days()) == 4
    task = world.a_task()
    assert (task.cases, task.eligible, task.mine_left, task.scored) == (3, 4, 3, 0)
    assert world.a_task(count=0, percent=50.0, stratum=Stratum.EXAM_TYPE).cases == 2
    assert world.a_task(count=400).cases == 4


def test_a_case_names_neither_patient_nor_writer_nor_auditor(world: QualityWorld) -> None:
    world.approved(1)
    (case_id,) = world.case_ids(world.a_task().id)
    with world.database.read() as uow:
        told = msgspec.json.encode(world.quality.case(uow, SUN, case_id)).decode()
    for name in ("张三", LI.name, AUDITOR.name):
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
        closed = world.quality.close(uow, SUN, task.id, task.version)
        assert world.quality.close(uow, SUN, task.id, task.version) == closed  # again: nothing more
    with pytest.raises(Refusal) as refusal:
        world.score(case_id)
    assert refusal.value.body.code is ErrorCode.ILLEGAL_ACTION


def test_two_scorers_do_not_see_each_other_until_the_task_is_closed(world: QualityWorld) -> None:
    world.approved(2)
    task = world.a_task(count=2, scorer_ids=(SUN.user_id, QIAN.user_id), objects=(QualityObject.IMAGE,))
    first, second = world.case_ids(task.id)
    world.score(first)
    seen = world.score(first, QIAN, less=30, comment="重拍")
    assert seen.others == ()
    world.score(second, less=30, comment="重拍")
    world.score(second, QIAN, less=30, comment="重拍")
    with world.database.write() as uow:
        (view,) = world.quality.tasks(uow, QIAN)
        assert (view.scored, view.mine_left) == (2, 0)
        world.quality.close(uow, SUN, view.id, view.version)
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

    assert not {LI.name, AUDITOR.name} & set(rows()[1])
    with world.database.write() as uow:
        world.quality.close(uow, SUN, task.id, task.version)
    assert {LI.name, AUDITOR.name, SUN.name} <= set(rows()[1])


def test_an_exam_type_can_be_chosen(world: QualityWorld) -> None:
    world.approved(1)
    with world.database.read() as uow:
        wanted = msgspec.structs.replace(world.days(), exam_types=("MR",))
        assert world.quality.preview(uow, SUN, wanted) == 0
    assert an_exam().row.exam_type == "CT"


def test_nobody_draws_what_they_wrote_or_audited(world: QualityWorld) -> None:
    for writer, auditor in ((LI, AUDITOR), (LI, QIAN), (QIAN, AUDITOR), (WANG, SUN)):
        world.report_in(ReportState.APPROVED, writer=writer, auditor=auditor)
    with world.database.read() as uow:
        for scorers, fitting in (((), 3), ((QIAN.user_id,), 2), ((QIAN.user_id, SUN.user_id), 1)):
            assert world.quality.preview(uow, SUN, world.days(), scorers) == fitting
    task = world.a_task(count=20, scorer_ids=(QIAN.user_id, SUN.user_id))
    assert (task.cases, task.eligible, task.asked, task.own_left_out) == (1, 1, 20, 3)
    drawn = world.a_task(count=20, scorer_ids=(QIAN.user_id,))
    with world.database.read() as uow:
        ids = uow.session.scalars(select(CaseRow.report_id).where(CaseRow.task_id == drawn.id))
        people = {(one.diagnosing_id, one.auditing_id) for one in (uow.session.get_one(Report, key) for key in ids)}
    assert people == {(LI.user_id, AUDITOR.user_id), (WANG.user_id, SUN.user_id)}


def test_all_reports_being_the_scorers_own_is_said(world: QualityWorld) -> None:
    world.approved(2)
    with pytest.raises(Refusal) as refusal:
        world.a_task(scorer_ids=(AUDITOR.user_id,))
    assert refusal.value.body.field == "filter" and "2 份报告都由评分人本人" in refusal.value.body.message


def test_doctor_and_device_can_be_chosen_and_the_doctor_stays_hidden(world: QualityWorld) -> None:
    world.report_in(ReportState.APPROVED, writer=LI)
    world.report_in(ReportState.APPROVED, writer=WANG)
    with world.database.read() as uow:
        offered = world.quality.choices(uow, SUN)
        assert [one.name for one in offered.doctors] == [LI.name, WANG.name]
        (device,) = offered.devices
        for more, fitting in (
            ({"doctor_ids": (WANG.user_id,)}, 1),
            ({"doctor_ids": (QIAN.user_id,)}, 0),
            ({"devices": (device.key,)}, 2),
            ({"devices": ("NOWHERE",)}, 0),
        ):
            assert world.quality.preview(uow, SUN, msgspec.structs.replace(world.days(), **more)) == fitting
    task = world.a_task(filter=msgspec.structs.replace(world.days(), doctor_ids=(WANG.user_id,)))
    assert (task.cases, task.filter.doctor_ids) == (1, ())
    with world.database.write() as uow:
        assert world.quality.close(uow, SUN, task.id, task.version).filter.doctor_ids == (WANG.user_id,)


def test_the_sheet_used_last_is_offered_again(world: QualityWorld) -> None:
    world.approved(1)
    own = tuple(
        SheetItem(object=QualityObject.IMAGE, key=key, title=title, points=points)
        for key, title, points in (("all", "总体", 70), ("dose", "剂量", 30))
    )
    task = world.a_task(sheet=own, objects=(QualityObject.IMAGE,))
    assert task.sheet == own
    with world.database.read() as uow:
        offered = world.quality.choices(uow, SUN).sheet
    assert offered == own + tuple(item for item in usual_sheet() if item.object is not QualityObject.IMAGE)
    again = world.a_task()
    assert [item.key for item in again.sheet if item.object is QualityObject.IMAGE] == ["all", "dose"]
    for wrong in (
        (own[0],),  # 70 points
        (own[0], msgspec.structs.replace(own[1], key="all")),
        (own[0], msgspec.structs.replace(own[1], title=" ")),
        (own[0], msgspec.structs.replace(own[1], key="comment")),
        (msgspec.structs.replace(own[0], points=100), msgspec.structs.replace(own[1], points=0)),
    ):
        with pytest.raises(Refusal) as refusal:
            world.a_task(sheet=wrong, objects=(QualityObject.IMAGE,))
        assert refusal.value.body.field == "sheet"
