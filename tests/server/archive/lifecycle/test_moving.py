"""Studies move between stores: verified before anything goes, found wherever they lie, safe when something fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from server.archive.lifecycle.moving import StudyBusy, StudyGone
from server.archive.lifecycle.tables import CopyState, OfflineObject
from server.archive.objects import ObjectAway
from server.archive.tables import Instance, Series, Study
from server.kernel.errors import Refusal
from server.kernel.storage.definition import StoreDefinition
from server.kernel.storage.medium import MediumAbsent
from server.kernel.storage.port import StorageError
from server.kernel.storage.tiers import Role
from tests.fakes.s3_server import s3_settings
from tests.server.archive.archive_house import House, a_series
from tests.server.archive.lifecycle.lifecycle_house import Lifecycle


class Killed(BaseException):
    """Stands in for a kill: nothing of ours catches it."""


def after(steps: int) -> Callable[[], None]:
    """A step that is the last one after so many."""
    left = [steps]

    def step() -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise Killed

    return step


def s3_definition(name: str = "s3") -> StoreDefinition:
    of = s3_settings()
    return StoreDefinition(
        name,
        "s3",
        Role.ARCHIVE,
        endpoint=of.endpoint,
        bucket=of.bucket,
        prefix=of.prefix,
        access_key=of.access_key,
        secret_key=of.secret_key,
    )


def test_a_study_moves_to_two_stores_and_is_read_byte_for_byte(house: House, tmp_path: Path) -> None:
    cycle = Lifecycle(house, tmp_path, s3_definition())
    uid, stays = cycle.a_study(), cycle.a_study()
    before = cycle.read_all(uid)
    done = cycle.mover.settle(uid, {"near", "s3"})
    assert done.is_settled
    assert done.removed == 3
    assert cycle.study(uid).availability == "NEARLINE"
    assert cycle.study(stays).availability == "ONLINE"
    keys = set(cycle.keys(uid))
    assert cycle.held("near") == cycle.held("s3") == keys
    assert cycle.held("online") == set(cycle.keys(stays))
    assert cycle.states(uid) == {"near": "verified", "s3": "verified", "online": "released"}
    assert cycle.read_all(uid) == before
    with cycle.database.read() as uow:
        assert cycle.copies.verified_copies(uow, uid) == ("near", "s3")
        assert cycle.copies.verified(uow, cycle.study(uid).id) == 2
    assert cycle.check().total_findings == 0
    (tmp_path / "near").rename(tmp_path / "gone")
    assert cycle.read_all(uid) == before, "the other copy is read, through the cache"
    assert cycle.objects._storage is cycle.storage
    (tmp_path / "gone").rename(tmp_path / "near")
    again = cycle.mover.settle(uid, {"near", "s3"})
    assert (again.copied_bytes, again.removed) == (0, 0)


def test_a_study_comes_back(cycle: Lifecycle) -> None:
    uid = cycle.a_study()
    before = cycle.read_all(uid)
    cycle.mover.settle(uid, {"near"})
    cycle.mover.recall(uid)
    assert cycle.study(uid).availability == "ONLINE"
    assert cycle.study(uid).last_used_at is not None
    assert cycle.held("online") == set(cycle.keys(uid))
    assert cycle.states(uid) == {"near": "verified"}, "the copy stays: the next move needs no copying"
    assert cycle.read_all(uid) == before
    assert cycle.mover.settle(uid, {"near"}).copied_bytes == 0
    cycle.mover.settle(uid, {"online"})
    assert cycle.states(uid) == {}
    assert cycle.held("near") == set()
    assert cycle.check().total_findings == 0


def test_images_that_come_later_are_copied_too(cycle: Lifecycle) -> None:
    uid = cycle.a_study(2)
    cycle.mover.settle(uid, {"near"})
    (late,) = a_series(1)
    late.StudyInstanceUID = uid
    cycle.house.send(late)
    assert cycle.house.indexer.wait_until_idle()
    with cycle.database.read() as uow:
        assert cycle.copies.verified_copies(uow, uid) == (), "the copy is no longer whole"
        copies = cycle.copies.study_copies(uow, uid)
    assert [copy.is_current for copy in copies.copies] == [False]
    assert len(cycle.read_all(uid)) == 3
    cycle.mover.settle(uid, {"near"})
    assert cycle.held("near") == set(cycle.keys(uid))
    assert cycle.held("online") == set()
    assert len(cycle.read_all(uid)) == 3
    assert cycle.check().total_findings == 0


def test_nothing_goes_while_one_copy_cannot_be_made(cycle: Lifecycle, tmp_path: Path) -> None:
    uid = cycle.a_study()
    (tmp_path / "disk-b").rename(tmp_path / "cupboard")
    with pytest.raises(MediumAbsent, match="DISK-B"):
        cycle.mover.settle(uid, {"disk-a", "disk-b"})
    assert cycle.held("online") == set(cycle.keys(uid))
    assert cycle.study(uid).availability == "ONLINE"
    rows = cycle.rows(uid)
    assert rows["disk-a"].state == "verified"
    assert rows["disk-b"].trouble
    assert rows["disk-b"].not_before is not None
    with cycle.database.read() as uow:
        assert "DISK-B" in cycle.copies.moved(uow, "", True, _page()).rows[0].sentence
    (tmp_path / "cupboard").rename(tmp_path / "disk-b")
    cycle.mover.settle(uid, {"disk-a", "disk-b"})
    assert cycle.study(uid).availability == "OFFLINE"
    assert cycle.rows(uid)["disk-b"].trouble == ""


def test_an_offline_study_names_its_medium_and_counts_as_kept(cycle: Lifecycle, tmp_path: Path) -> None:
    uid = cycle.a_study()
    before = cycle.read_all(uid)
    cycle.mover.settle(uid, {"disk-a", "disk-b"})
    for name in ("disk-a", "disk-b"):
        (tmp_path / name).rename(tmp_path / f"{name} in the cupboard")
    first = cycle.objects.objects(study_uids=[uid])[0]
    with pytest.raises(ObjectAway, match="“DISK-A” is not inserted"), first.open():
        pass
    with pytest.raises(Refusal, match="离线介质“DISK-A”"):
        cycle.objects.part10(first.sop_instance_uid)
    assert cycle.use.why_away_for_peers([uid]) == "Insert medium DISK-A or DISK-B: study is off-line"
    with cycle.database.read() as uow:
        assert "DISK-A”或“DISK-B" in cycle.copies.study_copies(uow, uid).sentence
        with pytest.raises(Refusal, match="DISK-A"):
            cycle.copies.recall(uow, uid, "admin")
    references = [(first.sop_class_uid, first.sop_instance_uid)]
    assert cycle.objects.missing(references) == [], "storage commitment: it is safely kept"
    assert cycle.check().total_findings == 0
    (tmp_path / "disk-b in the cupboard").rename(tmp_path / "disk-b")
    assert cycle.read_all(uid) == before
    assert cycle.use.why_away_for_peers([uid]) == ""
    cycle.mover.recall(uid)
    (tmp_path / "disk-a in the cupboard").rename(tmp_path / "disk-a")
    cycle.mover.settle(uid, {"online"})
    with cycle.database.read() as uow:
        assert uow.session.execute(select(OfflineObject)).first() is None
    assert cycle.held("disk-a") == cycle.held("disk-b") == set()


def test_a_damaged_copy_is_made_anew_from_a_good_one(cycle: Lifecycle) -> None:
    uid = cycle.a_study()
    before = cycle.read_all(uid)
    cycle.mover.settle(uid, {"near", "disk-a"})
    key = cycle.keys(uid)[1]
    cycle.place("near", key).write_bytes(b"rot" * 100)
    assert cycle.mover.verify(uid).repaired == 1
    assert cycle.read_all(uid) == before
    assert cycle.states(uid) == {"near": "verified", "disk-a": "verified", "online": "released"}
    for name in ("near", "disk-a"):
        cycle.place(name, key).write_bytes(b"rot everywhere")
    with pytest.raises(StorageError, match="damaged"):
        cycle.mover.verify(uid)
    with cycle.database.read() as uow:
        assert len(cycle.copies.verified_copies(uow, uid)) < 2
    assert cycle.place("near", key).read_bytes() == b"rot everywhere", "without a good one nothing is thrown away"


def test_a_damaged_online_object_is_never_copied_and_nothing_is_removed(cycle: Lifecycle) -> None:
    uid = cycle.a_study()
    key = cycle.keys(uid)[0]
    cycle.online.path_of(key).write_bytes(b"rot")
    with pytest.raises(StorageError, match="damaged"):
        cycle.mover.settle(uid, {"near"})
    assert cycle.held("online") == set(cycle.keys(uid))
    assert key not in cycle.held("near")


def test_an_object_that_vanished_from_its_copy_stops_the_removal(cycle: Lifecycle, monkeypatch: Any) -> None:
    uid = cycle.a_study()
    key = cycle.keys(uid)[0]
    original = cycle.mover._release

    def vanish(*arguments: Any) -> bool:
        cycle.store("near").delete(key)
        return original(*arguments)

    monkeypatch.setattr(cycle.mover, "_release", vanish)
    with pytest.raises(StorageError, match="was not removed"):
        cycle.mover.settle(uid, {"near"})
    assert key in cycle.held("online")
    monkeypatch.undo()
    cycle.mover.verify(uid)
    cycle.mover.settle(uid, {"near"})
    assert cycle.held("near") == set(cycle.keys(uid))
    assert cycle.held("online") == set()


@pytest.mark.parametrize("steps", range(1, 14))
def test_a_move_that_dies_at_any_step_is_finished(small_cycle: Lifecycle, steps: int) -> None:
    cycle = small_cycle
    uid = cycle.a_study()
    before = cycle.read_all(uid)
    step = after(steps)
    try:
        cycle.mover.settle(uid, {"near", "disk-a"}, step)
    except Killed:
        assert cycle.read_all(uid) == before
    cycle.mover.resume()
    assert all(state in ("verified", "released") for state in cycle.states(uid).values())
    assert cycle.read_all(uid) == before
    assert cycle.check().total_findings == 0
    cycle.mover.settle(uid, {"near", "disk-a"})
    assert cycle.held("near") == cycle.held("disk-a") == set(cycle.keys(uid))
    assert cycle.held("online") == set()


@pytest.mark.parametrize("steps", range(1, 4))
def test_a_study_that_left_the_index_during_a_move_leaves_no_half_copy(small_cycle: Lifecycle, steps: int) -> None:
    cycle = small_cycle
    uid = cycle.a_study()
    keys = set(cycle.keys(uid))
    with pytest.raises(Killed):
        cycle.mover.settle(uid, {"near"}, after(steps))
    _leave_the_index(cycle, uid)
    cycle.mover.resume()
    assert cycle.held("near") == set()
    assert cycle.held("online") == keys, "what lies nowhere else stays: the recycle bin may name it"
    assert cycle.rows(uid) == {}
    with pytest.raises(StudyGone):
        cycle.mover.settle(uid, {"near"})


def test_one_study_is_worked_on_by_one_job(cycle: Lifecycle) -> None:
    uid = cycle.a_study()

    def meanwhile() -> None:
        with pytest.raises(StudyBusy):
            cycle.mover.recall(uid)

    cycle.mover.settle(uid, {"near"}, meanwhile)
    assert cycle.states(uid)["near"] == CopyState.VERIFIED


def _page() -> Any:
    from shared.contract.base import Page

    return Page()


def _leave_the_index(cycle: Lifecycle, study_uid: str) -> None:
    with cycle.database.write() as uow:
        pk = select(Study.id).where(Study.uid == study_uid).scalar_subquery()
        series = select(Series.id).where(Series.study_pk == pk)
        uow.session.execute(delete(Instance).where(Instance.series_pk.in_(series)))
        uow.session.execute(delete(Series).where(Series.study_pk == pk))
        uow.session.execute(delete(Study).where(Study.uid == study_uid))
