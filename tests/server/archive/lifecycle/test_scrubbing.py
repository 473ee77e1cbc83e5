"""Copies are read again, the oldest proof first; what is damaged is made anew, what cannot be is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from server.archive.lifecycle.scrubbing import HOURS_OF_A_NIGHT, Scrubbing, ScrubPlan
from server.archive.lifecycle.tables import StudyCopy
from server.kernel.jobs import JobFailed
from tests.server.archive.lifecycle.lifecycle_house import Lifecycle

LONG_AGO = datetime.now(UTC) - timedelta(days=100)


def copied(cycle: Lifecycle, days: int = 0) -> str:
    """A study on-line and in the near-line store, proven long ago."""
    uid = cycle.a_study()
    cycle.mover.settle(uid, ("online", "near"))
    with cycle.database.write() as uow:
        proven = update(StudyCopy).where(StudyCopy.study_uid == uid)
        uow.session.execute(proven.values(verified_at=LONG_AGO - timedelta(days=days)))
    return uid


def scrubbing(cycle: Lifecycle, night_bytes: int = 1 << 30) -> Scrubbing:
    return Scrubbing(cycle.database, cycle.mover, cycle.registry, ScrubPlan(night_bytes, 90))


def damage(cycle: Lifecycle, key: str) -> None:
    place = cycle.place("near", key)
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:-1] + b"?")


def is_proven(cycle: Lifecycle, uid: str) -> bool:
    verified_at = cycle.rows(uid)["near"].verified_at
    return verified_at is not None and verified_at > datetime.now(UTC) - timedelta(minutes=5)


def test_a_damaged_copy_is_found_and_made_anew(cycle: Lifecycle) -> None:
    good, bad = copied(cycle), copied(cycle)
    key = cycle.keys(bad)[1]
    before = cycle.place("near", key).read_bytes()
    damage(cycle, key)
    cycle.place("near", cycle.keys(bad)[0]).unlink()
    sentence = scrubbing(cycle).run(cycle.context())
    assert "校验了 2 份副本" in sentence and "修复 1 份" in sentence and "“NEAR”的副本有损坏" in sentence
    assert cycle.place("near", key).read_bytes() == before
    assert set(cycle.keys(bad)) <= cycle.held("near")
    assert is_proven(cycle, good) and is_proven(cycle, bad)
    assert scrubbing(cycle).run(cycle.context()).startswith("校验了 0 份副本")  # read lately


def test_the_oldest_proof_comes_first_and_the_bytes_of_a_night_are_kept(cycle: Lifecycle) -> None:
    younger, older = copied(cycle), copied(cycle, days=5)
    sentence = scrubbing(cycle, night_bytes=HOURS_OF_A_NIGHT).run(cycle.context())
    assert is_proven(cycle, older) and not is_proven(cycle, younger)
    assert "1 份副本已超过 90 天没有校验" in sentence and "scrub_gb_per_night" in sentence


def test_damage_that_cannot_be_made_good_is_said(cycle: Lifecycle) -> None:
    uid = copied(cycle)
    cycle.mover.settle(uid, ("near",))
    with cycle.database.write() as uow:
        uow.session.execute(update(StudyCopy).where(StudyCopy.store == "near").values(verified_at=LONG_AGO))
    damage(cycle, cycle.keys(uid)[0])
    with pytest.raises(JobFailed, match="NEAR"):
        scrubbing(cycle).run(cycle.context())
    assert cycle.rows(uid)["near"].trouble
    assert set(cycle.keys(uid)) <= cycle.held("near")  # nothing was thrown away


def test_nothing_is_read_by_day(cycle: Lifecycle) -> None:
    uid = copied(cycle)
    by_day = Scrubbing(cycle.database, cycle.mover, cycle.registry, ScrubPlan(), lambda: False)
    assert by_day.run(cycle.context()) == "只在夜间校验副本。"
    assert not is_proven(cycle, uid)
