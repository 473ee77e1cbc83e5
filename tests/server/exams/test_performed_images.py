"""What procedure steps say they made is handed on to the archive, which waits for it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.archive.completeness import Completeness
from server.archive.tables import Expectation
from server.bootstrap import promises
from server.exams.performed import SqlPerformedSteps, performed_uids
from shared.contract.exams import ExamRow
from tests.hospital import Hospital
from tests.server.exams.test_performed_steps import IMAGES, SERIES, STATUS, DoorSaysNo, Final, SentStep, started

OTHERS, UID = 0x00400220, 0x00081155


def steps_of(hospital: Hospital) -> SqlPerformedSteps:
    promise = promises.performed(Completeness())
    return SqlPerformedSteps(hospital.database, hospital.time, hospital.exams, DoorSaysNo, Final, promise)


def images(*uids: str) -> list[dict[int, Any]]:
    return [{UID: uid} for uid in uids]


def kept(hospital: Hospital) -> list[tuple[str, str, int, bool]]:
    with hospital.database.read() as uow:
        rows = uow.session.execute(select(Expectation)).scalars().all()
        return [(row.study_uid, row.reference, row.expected, row.is_final) for row in rows]


@pytest.fixture
def exam(hospital: Hospital) -> ExamRow:
    return hospital.registered().row


def test_a_step_promises_its_images_as_it_goes_on(hospital: Hospital, exam: ExamRow) -> None:
    steps = steps_of(hospital)
    steps.create(started("1.2.3", exam))
    assert kept(hospital) == []
    steps.set(SentStep("1.2.3", {SERIES: [{IMAGES: images("1.1", "1.2")}]}))
    assert kept(hospital) == [(exam.study_uid, "1.2.3", 2, False)]
    more = [{IMAGES: images("1.1", "1.2")}, {IMAGES: images("2.1"), OTHERS: images("2.2", "2.2")}]
    steps.set(SentStep("1.2.3", {STATUS: "COMPLETED", SERIES: more}))
    assert kept(hospital) == [(exam.study_uid, "1.2.3", 4, True)]


def test_a_step_that_was_broken_off_still_made_what_it_made(hospital: Hospital, exam: ExamRow) -> None:
    steps = steps_of(hospital)
    steps.create(started("1.2.3", exam))
    steps.set(SentStep("1.2.3", {STATUS: "DISCONTINUED", SERIES: [{IMAGES: images("1.1")}]}))
    assert kept(hospital) == [(exam.study_uid, "1.2.3", 1, True)]


def test_a_step_that_names_nothing_promises_nothing(hospital: Hospital, exam: ExamRow) -> None:
    steps = steps_of(hospital)
    steps.create(started("1.2.3", exam))
    steps.set(SentStep("1.2.3", {STATUS: "COMPLETED", SERIES: [{}]}))
    assert kept(hospital) == []


def test_images_are_named_once_and_empty_ones_not_at_all() -> None:
    attributes = {SERIES: [{IMAGES: [{}, {UID: "1.2 "}, {UID: "1.2"}], OTHERS: [{UID: None}, {UID: "1.3"}]}, {}]}
    assert performed_uids(attributes) == ("1.2", "1.3")
    assert performed_uids({}) == ()
