"""Reports standing on the real exams area: the report appears, the exam follows, corrections reach the list."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.kernel.database import UnitOfWork
from server.kernel.errors import Refusal
from server.reporting.service import ReportService
from server.reporting.settings import ReportingSettings
from server.reporting.worklist import Worklist
from shared.contract.archive import StudyRow
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportFilter
from shared.domain.states import ExamState, RegistrationState, ReportState
from tests.databases import KINDS, a_database
from tests.hospital import TECHNICIAN, Hospital
from tests.server.reporting.reporting_world import (
    FULL,
    LI,
    WANG,
    ZHAO,
    FakeDocuments,
    FakeStudies,
    World,
    an_exam,
)


class Studies(FakeStudies):
    """Studies that the test says have come."""

    def __init__(self) -> None:
        super().__init__()
        self.there: dict[int, tuple[StudyRow, ...]] = {}

    def list_exam_studies(self, uow: UnitOfWork, exam_id: int) -> tuple[StudyRow, ...]:
        return self.there.get(exam_id, ())


class ReadingRoom(Hospital):
    """A hospital with reports."""

    studies: Studies
    reports: ReportService
    worklist: Worklist

    def add_reports(self) -> None:
        settings = ReportingSettings()
        self.studies = Studies()
        self.worklist = Worklist(self.time, settings)
        self.reports = ReportService(
            self.exams, self.studies, self.organisation, FakeDocuments(), self.worklist, self.time, settings
        )
        self.exams.bind(reports=self.reports)

    def images_come(self, exam_id: int) -> None:
        self.studies.there[exam_id] = FakeStudies().list_exam_studies(None, exam_id)  # type: ignore[arg-type]
        with self.write() as uow:
            self.exams.images_arrived(uow, exam_id, f"1.2.3.{exam_id}", 1, 3)

    def listed(self) -> list[str]:
        with self.read() as uow:
            page = self.worklist.page(uow, LI, ReportFilter(), Page())
        return [f"{row.patient_name} {row.state} {row.image_count}" for row in page.rows]


@pytest.fixture(params=KINDS)
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadingRoom]:
    with a_database(request.param, tmp_path) as database:
        room = ReadingRoom(database)
        room.add_reports()
        yield room


@pytest.mark.parametrize("images_first", [True, False])
def test_the_report_appears_when_the_exam_is_finished_and_images_are_there(
    room: ReadingRoom, images_first: bool
) -> None:
    exam_id = room.registered().row.id
    steps: list[Callable[[], None]] = [lambda: room.images_come(exam_id), lambda: finish(room, exam_id)]
    for step in steps if images_first else reversed(steps):
        assert room.listed() == []
        step()
    assert room.listed() == ["张三 awaiting 3"]
    room.images_come(exam_id)
    assert len(room.listed()) == 1


def test_the_exam_follows_its_report(room: ReadingRoom) -> None:
    exam_id = room.registered().row.id
    finish(room, exam_id)
    room.images_come(exam_id)
    with room.write() as uow:
        report_id = room.reports.report_of(uow, exam_id)
        assert report_id is not None
        version = room.reports.write(uow, LI, report_id).version
        room.reports.submit(uow, LI, report_id, version, FULL)
        version = room.reports.audit(uow, ZHAO, report_id).version
        room.reports.approve(uow, ZHAO, report_id, version, FULL)
    with room.read() as uow:
        row = room.exams.view(uow, LI, exam_id).row
    assert row.report_id == report_id
    assert row.report_state is ReportState.APPROVED
    assert row.registration_state is RegistrationState.COMPLETED
    assert row.state is ExamState.EXAMINED


def finish(room: ReadingRoom, exam_id: int) -> None:
    with room.write() as uow:
        room.exams.begin(uow, TECHNICIAN, exam_id)
    with room.write() as uow:
        room.exams.finish(uow, TECHNICIAN, exam_id)


def race(work: Callable[[int], None]) -> list[BaseException | None]:
    """Do `work(0)` and `work(1)` at the same moment and return what each raised."""
    start = threading.Barrier(2)
    outcomes: list[BaseException | None] = [None, None]

    def run(number: int) -> None:
        start.wait(10)
        try:
            work(number)
        except Refusal as refusal:
            outcomes[number] = refusal

    threads = [threading.Thread(target=run, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_of_two_doctors_entering_at_once_one_gets_the_report(world: World) -> None:
    report_id = world.a_report()

    def enter(number: int) -> None:
        with world.database.write() as uow:
            world.reports.write(uow, (LI, WANG)[number], report_id)

    outcomes = race(enter)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert [refusal.body.code for refusal in refused] == [ErrorCode.HELD_BY_OTHER]


def test_an_exam_told_twice_at_once_gets_one_report(world: World) -> None:
    world.exams.exams[1] = an_exam(1)

    def tell(_number: int) -> None:
        with world.database.write() as uow:
            world.reports.ensure_report(uow, 1)

    assert race(tell) == [None, None]
    with world.database.read() as uow:
        assert world.worklist.page(uow, LI, ReportFilter(), Page()).total == 1
