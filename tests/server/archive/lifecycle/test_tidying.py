"""What purged studies leave on media that were away, and how a folder grows into a bucket."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, select

from server.archive.keeping.tables import BinEntry
from server.archive.lifecycle.tables import OfflineObject
from server.archive.lifecycle.tidying import grow
from server.archive.tables import Instance, Series, Study
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.memory import MemoryStorage
from server.kernel.storage.staged import StagedStorage
from tests.server.archive.lifecycle.lifecycle_house import Lifecycle


def purge(cycle: Lifecycle, study_uid: str, *, into_bin: bool = False) -> None:
    """Take a study out of the index as keeping does, and its files out of every store that is here."""
    keys = cycle.keys(study_uid)
    with cycle.database.write() as uow:
        session = uow.session
        pk = select(Study.id).where(Study.uid == study_uid).scalar_subquery()
        series = select(Series.id).where(Series.study_pk == pk)
        session.execute(delete(Instance).where(Instance.series_pk.in_(series)))
        session.execute(delete(Series).where(Series.study_pk == pk))
        session.execute(delete(Study).where(Study.uid == study_uid))
        if into_bin:
            entry = BinEntry(level="study", study_uid=study_uid, reason="r", deleted_by="a", rows=b"")
            entry.deleted_at = datetime.now(UTC)
            session.add(entry)
    if not into_bin:
        for key in keys:
            cycle.storage.delete(key)


def test_a_purged_study_leaves_the_medium_when_it_is_inserted_again(cycle: Lifecycle, tmp_path: Path) -> None:
    gone, stays = cycle.a_study(2), cycle.a_study(2)
    for uid in (gone, stays):
        cycle.mover.settle(uid, {"near", "disk-a"})
    purged = set(cycle.keys(gone))
    (tmp_path / "disk-a").rename(tmp_path / "cupboard")
    purge(cycle, gone)
    assert cycle.jobs.tidy(cycle.context()) == "清理 2 条副本记录，从离线介质删除 0 个文件。"
    assert set(cycle.rows(gone)) == {"disk-a"}
    (tmp_path / "cupboard").rename(tmp_path / "disk-a")
    assert purged < cycle.held("disk-a")
    assert cycle.jobs.tidy(cycle.context()) == "清理 0 条副本记录，从离线介质删除 2 个文件。"
    assert cycle.rows(gone) == {}
    assert cycle.held("disk-a") == cycle.held("near") == set(cycle.keys(stays))
    with cycle.database.read() as uow:
        assert set(uow.session.execute(select(OfflineObject.object_key)).scalars()) == set(cycle.keys(stays))
    assert cycle.check().total_findings == 0


def test_copies_of_a_study_in_the_recycle_bin_stay(cycle: Lifecycle) -> None:
    uid = cycle.a_study(1)
    cycle.mover.settle(uid, {"near"})
    purge(cycle, uid, into_bin=True)
    cycle.jobs.tidy(cycle.context())
    assert cycle.states(uid) == {"near": "verified", "online": "released"}
    assert len(cycle.held("near")) == 1


def test_a_folder_grows_into_a_bucket(tmp_path: Path) -> None:
    older, bucket = FolderStorage(tmp_path / "old"), MemoryStorage()
    online = StagedStorage(bucket, tmp_path / "upload")
    keys = {older.put(str(number).encode()) for number in range(250)}
    steps: list[int] = []
    assert grow(older, online, lambda: steps.append(1)) == 250
    assert list(older.keys()) == []
    assert online.waiting().count == 250
    while online.upload_waiting():
        continue
    assert set(bucket.keys()) == keys
    assert grow(older, online, lambda: None) == 0
    assert len(steps) == 2
