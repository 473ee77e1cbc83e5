"""Counts on a real database: kept with the picture, one for each marker, never past the audit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import cv2
import numpy as np
import pytest

from server.kernel.errors import Refusal
from shared.contract import pathology_counts as contract
from shared.contract.errors import ErrorCode
from shared.contract.pathology_counts import Cell, CountEntry, Grade, Origin, figures_of
from shared.contract.pathology_media import AddMedia, DeleteMedia, MediaFacts, MediaView
from shared.domain.pathology import CaseState
from shared.domain.pathology_media import MediaKind, MediaSubject
from tests.server.pathology.reports.report_room import Room

CELLS = (
    Cell(10, 12, Grade.NEGATIVE),
    Cell(20, 12, Grade.WEAK),
    Cell(30, 12, Grade.STRONG, Origin.CORRECTED),
    Cell(40, 12, Grade.MODERATE, Origin.ADDED),
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("counts"))
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    yield made
    made.close()


def a_picture(room: Room, case_id: int) -> MediaView:
    data = bytes(cv2.imencode(".png", np.full((60, 80, 3), 200, np.uint8))[1])
    facts = MediaFacts(
        case_id=case_id,
        kind=MediaKind.IMAGE,
        subject=MediaSubject.MICROSCOPE,
        media_type="image/png",
        taken_at=datetime.now(UTC),
        objective="40x",
    )
    made: MediaView = room.ask(room.user("pathology_chief"), AddMedia(key=uuid4().hex, facts=facts, data=data))
    return made


def save(room: Room, media_id: int, version: int = 0, marker: str = "Ki-67", **more: object) -> contract.CountView:
    entry = CountEntry(marker=marker, cells=CELLS, **more)  # type: ignore[arg-type]
    request = contract.SaveCount(media_id=media_id, version=version, entry=entry)
    made: contract.CountView = room.ask(room.user("pathology_chief"), request)
    return made


def test_figures_follow_from_the_cells() -> None:
    figures = figures_of(CELLS)
    assert (figures.total, figures.positive, figures.rate) == (4, 3, 75.0)
    assert figures.h_score == 150 and figures.grades == (1, 1, 1, 1)
    assert figures_of(()).rate == 0.0


def test_a_count_stays_with_its_picture_and_a_second_one_replaces_it(room: Room) -> None:
    case_id, chief = room.case(), room.user("pathology_chief")
    media = a_picture(room, case_id)
    first = save(room, media.id, method="LoG", area_mm2=0.1)
    assert first.figures.rate == 75.0 and first.is_corrected and first.counted_by == "pathology_chief"
    other = save(room, media.id, marker="ER")
    with pytest.raises(Refusal) as stale:
        save(room, media.id)
    assert stale.value.body.code is ErrorCode.CONFLICT
    second = save(room, media.id, version=first.version, removed=2)
    assert second.id == first.id and second.entry.removed == 2
    listed = room.ask(chief, contract.ListCounts(case_id=case_id, media_id=media.id))
    assert {one.id for one in listed} == {second.id, other.id}
    room.ask(chief, contract.DeleteCount(count_id=other.id, version=other.version))
    assert [one.id for one in room.ask(chief, contract.ListCounts(case_id=case_id))] == [second.id]
    room.ask(chief, DeleteMedia(case_id=case_id, media_ids=(media.id,)))
    assert room.ask(chief, contract.ListCounts(case_id=case_id)) == ()


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (CountEntry(marker=" ", cells=CELLS), "marker"),
        (CountEntry(marker="ER", cells=(Cell(200, 5, Grade.WEAK),)), "cells"),
        (CountEntry(marker="ER", cells=(Cell(float("nan"), 5, Grade.WEAK),)), "cells"),
        (CountEntry(marker="ER", cells=CELLS, region=((0, 0), (5, 5))), "region"),
        (CountEntry(marker="ER", cells=CELLS, area_mm2=-1), "area_mm2"),
    ],
)
def test_what_cannot_be_a_count_is_refused_at_its_field(room: Room, entry: CountEntry, field: str) -> None:
    media = a_picture(room, room.case())
    with pytest.raises(Refusal) as refused:
        room.ask(room.user("pathology_chief"), contract.SaveCount(media_id=media.id, entry=entry))
    assert refused.value.body.field == field


def test_an_audited_case_takes_no_count(room: Room) -> None:
    case_id = room.case()
    media = a_picture(room, case_id)
    kept = save(room, media.id)
    room.put_state(case_id, CaseState.AUDITED)
    for act in (lambda: save(room, media.id, version=kept.version), lambda: save(room, media.id, marker="PR")):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION
