"""Tags that the administrator adds while images are there and more come."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import func, select

from server.archive.custom_filling import JOB
from server.archive.find import find
from server.archive.tables import CustomValue
from server.kernel.dispatch import SYSTEM
from server.kernel.errors import Refusal
from server.kernel.jobs import JobContext, JobKind, JobRunner
from shared.contract.archive import CustomTagView, ListStudies
from shared.contract.errors import ErrorCode
from tests.server.archive.archive_house import House, a_series, an_object

STUDY, SERIES, IMAGE = 0x0020000D, 0x0020000E, 0x00080018
KVP, PRIVATE, MATRIX = 0x00180060, 0x00191008, 0x00281199


def add(house: House, tag: int, level: str = "STUDY", creator: str = "") -> CustomTagView:
    with house.database.write() as uow:
        return house.service.custom_tags.add(uow, tag, creator, "", level, SYSTEM.login)


def work(house: House) -> None:
    JobRunner(house.database, [JobKind(JOB, house.service.custom_tags.fill)]).run_one(JOB)


def listed(house: House) -> tuple[CustomTagView, ...]:
    with house.database.read() as uow:
        return house.service.custom_tags.listed(uow)


def sent(house: House, objects: list[Dataset]) -> list[str]:
    for one in objects:
        house.send(one)
    assert house.indexer.wait_until_idle()
    return [str(one.SOPInstanceUID) for one in objects]


def with_private(block: int, creator: str, value: str) -> Dataset:
    made = an_object()
    made.add_new(0x00190000 | block, "LO", creator)
    made.add_new(0x00190000 | block << 8 | 0x08, "LO", value)
    return made


def test_what_was_here_before_and_what_comes_later_is_found(house: House) -> None:
    first = an_object(KVP="120")
    sent(house, [first, an_object(KVP="80")])
    made = add(house, KVP)
    assert (made.name, made.filled, made.total, made.is_ready) == ("KVP", 0, 2, False)
    work(house)
    assert [(one.filled, one.total, one.is_ready) for one in listed(house)] == [(2, 2, True)]
    (answer,) = find(house.database, "STUDY", {KVP: "120"})
    assert answer == {KVP: "120", STUDY: str(first.StudyInstanceUID)}
    later = an_object(KVP="140")
    sent(house, [later])
    (answer,) = find(house.database, "STUDY", {KVP: "14*", 0x00100020: ""})
    assert answer[STUDY] == str(later.StudyInstanceUID)
    assert [answer[KVP] for answer in find(house.database, "SERIES", {KVP: ""})] == ["120", "80", "140"]
    found = house.service.list_studies(ListStudies(custom={KVP: "140"}))
    assert [row.study_uid for row in found.rows] == [str(later.StudyInstanceUID)]


def test_private_tags_are_found_by_their_creator_whatever_block_they_use(house: House) -> None:
    sent(house, [with_private(0x10, "ACME 1.0", "alpha"), with_private(0x12, "ACME 1.0", "beta")])
    sent(house, [with_private(0x10, "OTHER", "gamma")])
    add(house, PRIVATE, creator="ACME 1.0")
    work(house)
    keys = {0x00190011: "ACME 1.0", 0x00191108: ""}  # the query uses a block of its own
    assert sorted(str(a[0x00191108] or "") for a in find(house.database, "STUDY", keys)) == ["", "alpha", "beta"]
    assert len(list(find(house.database, "STUDY", {**keys, 0x00191108: "beta"}))) == 1
    assert len(list(find(house.database, "STUDY", {0x00190011: "NOBODY", 0x00191108: "beta"}))) == 3


def test_each_instance_has_a_value_of_its_own(house: House) -> None:
    slices = a_series(3)
    for number, one in enumerate(slices):
        one.ExposureTime = str(100 + number)
    uids = sent(house, slices)
    add(house, 0x00181150, "IMAGE")
    work(house)
    study = str(slices[0].StudyInstanceUID)
    assert [a[IMAGE] for a in find(house.database, "IMAGE", {STUDY: study, 0x00181150: "101"})] == [uids[1]]
    assert len(list(find(house.database, "STUDY", {0x00181150: "101"}))) == 1  # no key of this level: not compared


def test_filling_goes_on_where_it_was_cut(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.archive.custom_filling.CHUNK", 2)
    sent(house, [an_object(KVP=str(100 + n)) for n in range(5)])
    made = add(house, KVP)
    tags = house.service.custom_tags
    context = JobContext(house.database, 1, {"custom_tag_id": made.id}, threading.Event())
    steps = []

    class Killed(BaseException):
        pass

    def step(*args: Any, **_more: Any) -> None:
        steps.append(args[:2])
        if len(steps) == 2:
            raise Killed

    monkeypatch.setattr(context, "step", step)
    with pytest.raises(Killed):
        tags.fill(context)
    work(house)
    assert steps == [(0, 5), (2, 5)]
    assert [(one.filled, one.is_ready) for one in listed(house)] == [(5, True)]
    assert len(list(find(house.database, "STUDY", {KVP: "10?"}))) == 5


def test_a_removed_tag_leaves_nothing(house: House) -> None:
    sent(house, [an_object(KVP="120")])
    made = add(house, KVP)
    work(house)
    with house.database.write() as uow:
        house.service.custom_tags.remove(uow, made.id)
    with house.database.read() as uow:
        assert uow.session.execute(select(func.count()).select_from(CustomValue)).scalar_one() == 0
    assert len(list(find(house.database, "STUDY", {KVP: "80"}))) == 1


@pytest.mark.parametrize(
    ("tag", "level", "creator", "code"),
    [
        (KVP, "WORLD", "", ErrorCode.INVALID),
        (0x00100010, "STUDY", "", ErrorCode.INVALID),  # in the index already
        (0x7FE00010, "IMAGE", "", ErrorCode.INVALID),
        (0x00081140, "IMAGE", "", ErrorCode.INVALID),  # a sequence
        (0x00020010, "IMAGE", "", ErrorCode.INVALID),
        (PRIVATE, "STUDY", "", ErrorCode.INVALID),
        (0x00190010, "STUDY", "ACME", ErrorCode.INVALID),
    ],
)
def test_tags_that_cannot_be_indexed_are_refused(
    house: House, tag: int, level: str, creator: str, code: ErrorCode
) -> None:
    with pytest.raises(Refusal) as refused:
        add(house, tag, level, creator)
    assert refused.value.body.code is code


def test_the_same_tag_twice_is_refused(house: House) -> None:
    add(house, KVP)
    with pytest.raises(Refusal) as refused:
        add(house, KVP)
    assert refused.value.body.code is ErrorCode.DUPLICATE
    add(house, KVP, "SERIES")
