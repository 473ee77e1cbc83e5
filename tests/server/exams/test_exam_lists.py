"""Lists of ten thousand exams: right order, right counts, right pages, and from an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import and_, select, text
from sqlalchemy.dialects import sqlite

from server.exams.listing import condition_of, page_of
from server.exams.tables import ExamTableRow
from shared.contract.base import Page
from shared.contract.exams import ExamList, ListExams
from shared.domain.states import ExamState, RegistrationState
from tests.crowd import crowd
from tests.databases import KINDS, a_database
from tests.hospital import CLERK, Hospital

TODAY = date(2026, 11, 21)
COUNT = 10_000


@pytest.fixture(scope="module", params=KINDS)
def busy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with a_database(request.param, tmp_path_factory.mktemp("busy")) as database:
        hospital = Hospital(database)
        crowd(hospital, COUNT, days=100)
        yield hospital


@pytest.fixture(scope="module")
def rows(busy: Hospital) -> list[ExamTableRow]:
    with busy.read() as uow:
        return list(uow.session.scalars(select(ExamTableRow)))


def listed(hospital: Hospital, **filters: Any) -> ExamList:
    found: ExamList = hospital.call(ListExams(**filters), CLERK)
    return found


def ids(found: ExamList) -> list[int]:
    return [row.id for row in found.rows]


def in_order(rows: list[ExamTableRow]) -> list[int]:
    return [row.id for row in sorted(rows, key=lambda row: (row.priority, row.planned_at, row.id))]


def test_today_is_complete_and_in_order(busy: Hospital, rows: list[ExamTableRow]) -> None:
    today = [row for row in rows if busy.time.local(row.planned_at).date() == TODAY]
    found = listed(busy, planned_from=TODAY, planned_to=TODAY, page=Page(limit=500))
    assert 50 < found.total == len(today)
    assert ids(found) == in_order(today)
    assert {state: n for state, n in found.counts.items() if n} == Counter(row.registration_state for row in today)


def test_counts_ignore_the_state_filter_and_total_follows_it(busy: Hospital, rows: list[ExamTableRow]) -> None:
    found = listed(busy, states=(RegistrationState.CANCELLED,), page=Page(limit=10))
    assert sum(found.counts.values()) == COUNT
    assert found.total == found.counts["cancelled"] == sum(row.state == ExamState.CANCELLED.value for row in rows)
    assert {row.registration_state for row in found.rows} == {RegistrationState.CANCELLED}


def test_pages_join_without_gap_or_overlap(busy: Hospital, rows: list[ExamTableRow]) -> None:
    expected = in_order(rows)
    pages = [ids(listed(busy, page=Page(offset=offset, limit=300))) for offset in range(0, 1200, 300)]
    assert [one for page in pages for one in page] == expected[:1200]
    assert ids(listed(busy, page=Page(offset=COUNT - 5, limit=500))) == expected[-5:]
    assert listed(busy, page=Page(offset=COUNT + 5)).rows == ()


def test_names_pinyin_and_initials_combine_with_days(busy: Hospital, rows: list[ExamTableRow]) -> None:
    first = TODAY - timedelta(days=30)
    expected = [
        row for row in rows if row.pinyin_flat.startswith("wang") and busy.time.local(row.planned_at).date() >= first
    ]
    found = listed(busy, patient_name="Wang", planned_from=first, page=Page(limit=500))
    assert found.total == len(expected) > 0
    assert ids(found) == in_order(expected)[:500]
    inside = listed(busy, patient_name="伟", planned_from=TODAY, planned_to=TODAY, page=Page(limit=500))
    assert all("伟" in row.patient_name for row in inside.rows) and inside.total > 0
    assert listed(busy, patient_name="王伟").total == sum(row.patient_name.startswith("王伟") for row in rows)


@pytest.mark.parametrize(
    "filters",
    [
        {"accession_number": " x000000777 "},
        {"his_number": "H777"},
        {"card_number": "K00000777"},
    ],
)
def test_numbers_find_exactly_one(busy: Hospital, filters: dict[str, str]) -> None:
    assert ids(listed(busy, **filters)) == [777]


def test_room_state_type_and_part_combine(busy: Hospital, rows: list[ExamTableRow]) -> None:
    room = busy.rooms["CT1"]
    expected = [
        row
        for row in rows
        if row.room_id == room and row.state == "registered" and row.body_part == "胸部" and row.exam_type == "CT"
    ]
    found = listed(busy, room_id=room, exam_states=(ExamState.REGISTERED,), body_part="胸", exam_types=("CT", "MR"))
    assert found.total == len(expected) > 0
    assert listed(busy, exam_types=("MR",)).total == 0
    assert listed(busy, body_part="%").total == 0


@pytest.mark.parametrize("busy", ["sqlite"], indirect=True)  # PostgreSQL plans by its statistics
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({"planned_from": TODAY, "planned_to": TODAY}, "ix_exams_planned"),
        ({"registered_from": TODAY, "registered_to": TODAY}, "ix_exams_registered"),
        ({}, "ix_exams_order"),
        ({"card_number": "K1"}, "ix_exams_card_number"),
        ({"his_number": "H1"}, "ix_exams_his_number"),
        ({"patient_name": "王"}, "ix_exams_patient_name"),
        ({"patient_name": "wang"}, "ix_exams_pinyin_flat"),
    ],
)
def test_every_usual_list_is_read_from_an_index(busy: Hospital, filters: dict[str, Any], index: str) -> None:
    condition = condition_of(busy.time, ListExams(**filters))
    statement = page_of(and_(condition), Page()).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    with busy.read() as uow:
        plan = " ".join(str(row[3]) for row in uow.session.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
    assert index in plan
