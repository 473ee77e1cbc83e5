"""What is deleted goes into the bin, comes back as it was, and is destroyed only when all rules allow it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import update

from server.archive.keeping import discards
from server.archive.keeping.tables import BinEntry, BinObject, Discard
from server.kernel.errors import Refusal
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from tests.server.archive.archive_house import a_series, an_object
from tests.server.archive.keeping.keeping_house import Keeping


def send(keeping: Keeping, *datasets: Dataset) -> None:
    for dataset in datasets:
        keeping.house.send(dataset)
    assert keeping.house.indexer.wait_until_idle()


@pytest.fixture
def ct(keeping: Keeping) -> list[Dataset]:
    """Three slices in the archive."""
    slices = a_series(3)
    send(keeping, *slices)
    return slices


def snapshot(keeping: Keeping, study_uid: str) -> dict[str, object]:
    study = keeping.study(study_uid)
    assert study is not None
    kept = {name: value for name, value in vars(study).items() if name not in ("_sa_instance_state", "version")}
    rows = [(one.uid, one.number, one.object_key, one.attributes, one.series_pk) for one in keeping.instances()]
    return kept | {"rows": rows}


def test_a_deleted_study_is_in_no_table_of_the_index_and_its_files_stay(keeping: Keeping, ct: list[Dataset]) -> None:
    files = keeping.files()
    keeping.delete(ct[0].StudyInstanceUID)
    assert keeping.counts() == (0, 0, 0)
    assert keeping.files() == files
    assert keeping.findings() == []
    with keeping.database.read() as uow:
        listed = keeping.service.list_bin(uow, "", Page())
    assert (listed.total, listed.rows[0].instance_count, listed.rows[0].level) == (1, 3, "study")


def test_a_restored_study_is_what_it_was(keeping: Keeping, ct: list[Dataset]) -> None:
    uid = ct[0].StudyInstanceUID
    before = snapshot(keeping, uid)
    keeping.restore(keeping.delete(uid))
    assert snapshot(keeping, uid) == before
    assert keeping.findings() == []


def test_versions_and_corrections_come_back(keeping: Keeping, ct: list[Dataset]) -> None:
    uid = ct[0].StudyInstanceUID
    ct[0].PatientComments = "other bytes"
    send(keeping, ct[0])
    study = keeping.study(uid)
    assert study is not None and study.conflicts == 1
    before = snapshot(keeping, uid)
    keeping.restore(keeping.delete(uid))
    assert snapshot(keeping, uid) == before
    assert keeping.findings() == []


def test_one_instance_and_one_series_can_be_deleted(keeping: Keeping, ct: list[Dataset]) -> None:
    uid = ct[0].StudyInstanceUID
    other = a_series(2)
    for one in other:
        one.StudyInstanceUID = uid
    send(keeping, *other)
    before = snapshot(keeping, uid)
    first = keeping.delete(uid, sop_instance_uid=ct[1].SOPInstanceUID)
    assert keeping.counts() == (1, 2, 4)
    second = keeping.delete(uid, series_uid=other[0].SeriesInstanceUID)
    assert keeping.counts() == (1, 1, 2)
    study = keeping.study(uid)
    assert study is not None and (study.series_count, study.instance_count) == (1, 2)
    assert keeping.findings() == []
    keeping.restore(second)
    keeping.restore(first)
    assert sorted(map(str, snapshot(keeping, uid)["rows"])) == sorted(map(str, before["rows"]))  # type: ignore[call-overload]
    assert snapshot(keeping, uid) | {"rows": 0} == before | {"rows": 0}
    assert keeping.findings() == []


def test_the_last_instance_takes_its_series_and_study_along(keeping: Keeping) -> None:
    alone = an_object()
    send(keeping, alone)
    entry = keeping.delete(alone.StudyInstanceUID, sop_instance_uid=alone.SOPInstanceUID)
    assert keeping.counts() == (0, 0, 0)
    keeping.restore(entry)
    assert keeping.counts() == (1, 1, 1)
    assert keeping.findings() == []


def test_a_reason_is_demanded(keeping: Keeping, ct: list[Dataset]) -> None:
    with pytest.raises(Refusal) as refused:
        keeping.delete(ct[0].StudyInstanceUID, reason="  ")
    assert refused.value.body.code is ErrorCode.INVALID
    assert keeping.counts() == (1, 1, 3)


def test_images_with_an_approved_report_go_only_by_force(keeping: Keeping, ct: list[Dataset]) -> None:
    uid = ct[0].StudyInstanceUID
    keeping.give_exam(uid, 7, is_report_approved=True)
    with pytest.raises(Refusal) as refused:
        keeping.delete(uid)
    assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION
    entry = keeping.delete(uid, force=True)
    assert keeping.entry(entry).forced
    assert keeping.exams.told == []  # the report keeps its exam
    keeping.restore(entry)
    assert keeping.exams.told == [("arrived", 7, "1/3")]


def test_the_exam_is_told_of_what_goes_and_comes_back(keeping: Keeping, ct: list[Dataset]) -> None:
    uid = ct[0].StudyInstanceUID
    keeping.give_exam(uid, 7)
    part = keeping.delete(uid, sop_instance_uid=ct[0].SOPInstanceUID)
    whole = keeping.delete(uid)
    assert keeping.exams.told == [("arrived", 7, "1/2"), ("withdrawn", 7, uid)]
    keeping.restore(whole)
    keeping.restore(part)
    assert keeping.exams.told[2:] == [("arrived", 7, "1/2"), ("arrived", 7, "1/3")]


def test_what_is_sent_again_stays_in_the_bin(keeping: Keeping, ct: list[Dataset]) -> None:
    uid = ct[0].StudyInstanceUID
    entry = keeping.delete(uid)
    files = keeping.files()
    send(keeping, ct[0])
    assert keeping.counts() == (0, 0, 0)
    assert keeping.files() == files
    assert keeping.findings() == []
    ct[1].PatientComments = "other bytes"
    send(keeping, ct[1], ct[1])
    assert keeping.counts() == (0, 0, 0)
    assert len(keeping.files()) == len(files) + 1
    assert keeping.findings() == []
    keeping.restore(entry)
    study = keeping.study(uid)
    assert study is not None and (study.instance_count, study.conflicts) == (3, 1)
    assert keeping.findings() == []


def test_new_images_of_a_deleted_series_are_indexed_and_restoring_merges(keeping: Keeping, ct: list[Dataset]) -> None:
    uid = ct[0].StudyInstanceUID
    entry = keeping.delete(uid)
    new = a_series(1)[0]
    new.StudyInstanceUID, new.SeriesInstanceUID = uid, ct[0].SeriesInstanceUID
    new.WindowCenter = 77
    send(keeping, new)
    assert keeping.counts() == (1, 1, 1)
    keeping.restore(entry)
    assert keeping.counts() == (1, 1, 4)
    study = keeping.study(uid)
    assert study is not None and (study.instance_count, study.series_count) == (4, 1)
    assert keeping.findings() == []


def test_an_object_is_accepted_again_after_the_days_of_the_policy(keeping: Keeping, ct: list[Dataset]) -> None:
    keeping.policy(accept_again_days=3)
    entry = keeping.delete(ct[0].StudyInstanceUID)
    with keeping.database.write() as uow:
        past = datetime.now(UTC) - timedelta(days=1)
        uow.session.execute(update(BinEntry).values(accept_again_at=past))
    send(keeping, ct[0])
    assert keeping.counts() == (1, 1, 1)
    assert keeping.findings() == []
    keeping.restore(entry)
    assert keeping.counts() == (1, 1, 3)
    assert keeping.findings() == []


def test_two_persons_are_needed_to_purge_before_the_time(keeping: Keeping, ct: list[Dataset]) -> None:
    entry = keeping.delete(ct[0].StudyInstanceUID)
    assert keeping.purge(entry, by="wang") == 3
    with pytest.raises(Refusal):
        keeping.purge(entry, by="wang")
    assert keeping.purge(entry, by="li") == 0
    assert keeping.sweep() == 3
    assert keeping.files() == set()
    assert keeping.findings() == []
    with pytest.raises(Refusal) as refused:
        keeping.restore(entry)
    assert refused.value.body.code is ErrorCode.NOT_FOUND


def test_one_person_purges_where_the_policy_says_so(keeping: Keeping, ct: list[Dataset]) -> None:
    keeping.policy(purge_needs_second_person=False)
    assert keeping.purge(keeping.delete(ct[0].StudyInstanceUID), by="wang") == 0


def test_a_purged_object_that_is_sent_again_is_new(keeping: Keeping, ct: list[Dataset]) -> None:
    keeping.policy(purge_needs_second_person=False)
    keeping.purge(keeping.delete(ct[0].StudyInstanceUID))
    send(keeping, ct[0])  # the same bytes, before the files are removed
    keeping.sweep()
    assert keeping.counts() == (1, 1, 1)
    assert len(keeping.files()) == 1
    assert keeping.findings() == []


def test_an_object_that_comes_again_while_its_file_is_removed_survives(
    keeping: Keeping, ct: list[Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the database is free meanwhile: a distant store takes its time."""
    keeping.policy(purge_needs_second_person=False)
    keeping.purge(keeping.delete(ct[0].StudyInstanceUID))
    storage = keeping.house.storage
    remove = storage.delete

    def slowly(key: str) -> None:
        if keeping.counts() == (0, 0, 0):
            send(keeping, ct[0])  # indexed at once: nobody holds the writer's lock
            assert keeping.counts() == (1, 1, 1)
        remove(key)

    monkeypatch.setattr(storage, "delete", slowly)
    assert keeping.sweep() == 3
    assert len(keeping.house.service.objects.part10(ct[0].SOPInstanceUID)) > 512  # read from the inbox
    assert keeping.findings() == []
    keeping.house.indexer.replay()
    assert len(keeping.files()) == 1
    assert keeping.findings() == []


def test_files_whose_remover_died_are_removed_by_the_next(keeping: Keeping, ct: list[Dataset]) -> None:
    """What was named again meanwhile stays."""
    keeping.policy(purge_needs_second_person=False)
    keeping.purge(keeping.delete(ct[0].StudyInstanceUID))
    now = datetime.now(UTC)
    with keeping.database.write() as uow:
        uow.session.execute(update(Discard).values(going_at=now))
    send(keeping, ct[0])
    assert discards.sweep(keeping.database, keeping.house.storage, now=now + timedelta(minutes=1)) == 0
    assert discards.sweep(keeping.database, keeping.house.storage, now=now + timedelta(hours=1)) == 2
    keeping.house.indexer.replay()
    assert (keeping.counts(), len(keeping.files()), keeping.findings()) == ((1, 1, 1), 1, [])


def test_what_has_lain_long_enough_is_purged_unless_it_is_held(keeping: Keeping, ct: list[Dataset]) -> None:
    other = a_series(1)
    send(keeping, *other)
    for one in (ct[0], other[0]):
        keeping.delete(one.StudyInstanceUID)
    with keeping.database.write() as uow:
        keeping.service.hold(uow, ct[0].StudyInstanceUID, "诉讼", "wang")
    now = datetime.now(UTC)
    with keeping.database.write() as uow:
        assert keeping.service.bin.purge_due(uow, now) == []
    with keeping.database.write() as uow:
        purged = keeping.service.bin.purge_due(uow, now + timedelta(days=31), limit=10)
        assert [one.study_uid for one in purged] == [other[0].StudyInstanceUID]
    assert keeping.sweep() == 1


def test_a_held_study_cannot_be_deleted(keeping: Keeping, ct: list[Dataset]) -> None:
    uid = ct[0].StudyInstanceUID
    with keeping.database.write() as uow:
        keeping.service.hold(uow, uid, "诉讼", "wang")
    with pytest.raises(Refusal):
        keeping.delete(uid, force=True)
    with keeping.database.write() as uow:
        keeping.service.release(uow, uid, "结案", "li")
    keeping.delete(uid)


def test_no_file_goes_while_a_backup_reads(keeping: Keeping, ct: list[Dataset]) -> None:
    from server.archive.keeping.tables import BackupRun

    keeping.policy(purge_needs_second_person=False)
    keeping.purge(keeping.delete(ct[0].StudyInstanceUID))
    now = datetime.now(UTC)
    with keeping.database.write() as uow:
        uow.session.add(BackupRun(state="running", started_at=now, alive_at=now))
    assert keeping.sweep() == 0
    with keeping.database.write() as uow:
        uow.session.execute(update(BackupRun).values(alive_at=now - timedelta(hours=1)))  # it died
    assert keeping.sweep() == 3


def test_the_bin_is_searched(keeping: Keeping, ct: list[Dataset]) -> None:
    keeping.delete(ct[0].StudyInstanceUID)
    with keeping.database.read() as uow:
        for text, count in ((str(ct[0].PatientID).lower(), 1), ("100%", 0), ("_", 0)):
            assert keeping.service.list_bin(uow, text, Page()).total == count
        assert uow.session.query(BinObject).count() == 3
