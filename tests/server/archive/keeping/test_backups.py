"""Backups on both databases: consistent, incremental, verified, pruned, and restored to the last row."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select, text

from server.archive.keeping import backup, snapshots
from server.archive.keeping import vault as vault_module
from server.archive.keeping.backup import Sources
from server.archive.keeping.tables import BackupRun
from server.archive.keeping.vault import BackupError, Vault
from server.archive.tables import Instance, Study
from server.kernel.database import Database, migrate
from server.kernel.folderlock import FolderInUse
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.port import ObjectStorage
from tests.databases import KINDS, an_empty_database
from tests.server.archive.archive_house import House, a_series
from tests.server.archive.keeping.keeping_house import Keeping


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database."""
    return str(request.param)


@pytest.fixture
def kept(kind: str, tmp_path: Path) -> Iterator[Keeping]:
    """An archive with three images over a migrated database, as a server has it."""
    with an_empty_database(kind, tmp_path) as database:
        migrate.upgrade(database)
        house = House(tmp_path, database).start()
        made = Keeping(house, tmp_path)
        send(made, 3)
        yield made
        house.stop()


def send(keeping: Keeping, count: int) -> list[Any]:
    slices = a_series(count)
    for one in slices:
        keeping.house.send(one)
    assert keeping.house.indexer.wait_until_idle()
    return slices


@pytest.fixture
def sources(kept: Keeping, tmp_path: Path) -> Sources:
    documents = FolderStorage(tmp_path / "documents", durability=Durability.NONE)
    documents.put(b"a report")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "curve-key").write_bytes(b"secret")
    return Sources(kept.database, kept.house.storage, documents, kept.house.inbox, secrets, '{"data": "x"}')


def silent(_done: int, _total: int) -> None:
    return


def test_a_generation_holds_everything_and_is_verified(kept: Keeping, sources: Sources, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    done = backup.run(sources, vault, silent)
    assert (done.manifest.objects, done.copied, done.manifest.documents) == (3, 3, 1)
    folder = vault.generation_folder(done.manifest.generation)
    assert (folder / "secrets" / "curve-key").read_bytes() == b"secret"
    if os.name == "posix":
        assert (folder / "secrets" / "curve-key").stat().st_mode & 0o077 == 0
        assert (folder / "settings.json").stat().st_mode & 0o077 == 0
    assert vault.verify(done.manifest.generation, silent) == []
    with kept.database.read() as uow:
        run = uow.session.execute(select(BackupRun)).scalar_one()
        assert (run.state, run.objects_copied) == ("complete", 3)


def test_only_new_objects_are_copied_and_what_went_is_forgotten_with_its_generation(
    kept: Keeping, sources: Sources, tmp_path: Path
) -> None:
    vault = Vault(tmp_path / "vault")
    first = backup.run(sources, vault, silent).manifest.generation
    kept.policy(purge_needs_second_person=False)
    with kept.database.read() as uow:
        uid = uow.session.execute(select(Study.uid)).scalar_one()
    kept.purge(kept.delete(uid))
    kept.sweep()
    send(kept, 2)
    second = backup.run(sources, vault, silent)
    assert (second.manifest.objects, second.copied) == (2, 2)
    assert vault.verify(first, silent) == []
    assert vault.prune(1, silent) == (1, 3)
    assert vault.generations() == [second.manifest.generation]
    assert vault.verify(second.manifest.generation, silent) == []


def test_a_generation_never_takes_the_name_of_another(
    kept: Keeping, sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several in one second with the oldest of them pruned, and a clock that is put back: the newest stays."""
    vault = Vault(tmp_path / "vault")
    now = datetime(2026, 11, 22, 9, 48, 3, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return now

    monkeypatch.setattr(vault_module, "datetime", Clock)
    for _ in range(4):
        newest = backup.run(sources, vault, silent).manifest.generation
        vault.prune(2, silent)
    assert vault.generations() == ["20261122T094803Z-003", "20261122T094803Z-004"]
    now -= timedelta(days=400)
    newest = backup.run(sources, vault, silent).manifest.generation
    vault.prune(1, silent)
    assert vault.generations() == [newest] and vault.verify(newest, silent) == []


def test_what_a_file_manager_leaves_in_the_folder_is_no_generation(
    kept: Keeping, sources: Sources, tmp_path: Path
) -> None:
    vault = Vault(tmp_path / "vault")
    name = backup.run(sources, vault, silent).manifest.generation
    for place in (vault.folder / "generations", vault.path_of("0" * 64).parent):
        place.mkdir(parents=True, exist_ok=True)
        (place / ".DS_Store").write_bytes(b"x")
        (place / "Thumbs.db").write_bytes(b"x")
    (vault.folder / "generations" / "copy of an old one").mkdir()
    assert vault.generations() == [name] and vault.choose(at=datetime.now(UTC)) == name
    newest = backup.run(sources, vault, silent).manifest.generation
    assert vault.prune(1, silent) == (1, 0)
    assert vault.generations() == [newest]


def test_what_lies_in_the_bin_and_in_the_inbox_is_backed_up(kept: Keeping, sources: Sources, tmp_path: Path) -> None:
    with kept.database.read() as uow:
        uid = uow.session.execute(select(Study.uid)).scalar_one()
    kept.delete(uid)
    kept.house.indexer.stop()
    kept.house.send(a_series(1)[0])
    done = backup.run(sources, Vault(tmp_path / "vault"), silent)
    assert (done.manifest.objects, done.manifest.inbox) == (3, 1)


def test_a_damaged_object_is_not_taken_and_is_told(kept: Keeping, sources: Sources, tmp_path: Path) -> None:
    keys = sorted(kept.files())
    path = kept.house.storage.path_of(keys[0])
    path.chmod(0o640)
    path.write_bytes(b"x" * path.stat().st_size)
    kept.house.storage.delete(keys[1])
    done = backup.run(sources, Vault(tmp_path / "vault"), silent)
    assert (done.manifest.damaged, done.manifest.missing) == ((keys[0],), (keys[1],))
    assert "2 objects are missing or damaged" in done.sentence


def test_an_interrupted_backup_is_gone_on_with(kept: Keeping, sources: Sources, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")

    def stop_at_two(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup.run(sources, vault, stop_at_two)
    assert vault.generations() == []
    with kept.database.read() as uow:
        assert uow.session.execute(select(BackupRun.state)).scalar_one() == "failed"
    done = backup.run(sources, vault, silent)
    assert done.copied == 1
    assert [one.name for one in (vault.folder / "generations").iterdir()] == [done.manifest.generation]


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "rights"), (errno.EIO, "Check the disk"), (errno.ESTALE, "again")],
)
def test_what_a_disk_says_becomes_a_sentence(
    kept: Keeping, sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    vault = Vault(tmp_path / "vault")
    good = backup.run(sources, vault, silent).manifest.generation

    def fails(_folder: Path) -> bool:
        raise OSError(number, os.strerror(number), str(vault.folder))

    monkeypatch.setattr(vault_module, "sync_disk_of", fails)
    with pytest.raises(BackupError, match=said):
        backup.run(sources, vault, silent)
    with kept.database.read() as uow:
        rows = uow.session.execute(select(BackupRun.state, BackupRun.sentence).order_by(BackupRun.id)).all()
    assert rows[1].state == "failed" and said in rows[1].sentence and "Errno" not in rows[1].sentence
    assert vault.generations() == [good]


def test_a_document_that_goes_meanwhile_is_no_trouble(kept: Keeping, sources: Sources, tmp_path: Path) -> None:
    """A preview is replaced while the others are copied."""
    documents = sources.documents
    gone = documents.put(b"a preview")
    listed = list(documents.keys())
    documents.delete(gone)

    class Listed:
        keys = staticmethod(lambda: iter(listed))
        open = staticmethod(documents.open)

    changed = replace(sources, documents=cast(ObjectStorage, Listed))
    assert backup.run(changed, Vault(tmp_path / "vault"), silent).manifest.documents == 1


def test_an_empty_name_that_a_loss_of_power_left_is_copied_again(
    kept: Keeping, sources: Sources, tmp_path: Path
) -> None:
    vault = Vault(tmp_path / "vault")
    backup.run(sources, vault, silent)
    vault.path_of(min(kept.files())).write_bytes(b"")
    assert backup.run(sources, vault, silent).copied == 1


def test_two_backups_do_not_write_into_one_folder(kept: Keeping, sources: Sources, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    lock = vault.lock()
    with pytest.raises(FolderInUse):
        backup.run(sources, vault, silent)
    lock.close()


def test_changed_bytes_are_found_wherever_they_are(kept: Keeping, sources: Sources, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    name = backup.run(sources, vault, silent).manifest.generation
    folder = vault.generation_folder(name)
    secret, listing = folder / "secrets" / "curve-key", vault.path_of(min(kept.files()))
    for path in (secret, listing):
        good = path.read_bytes()
        path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        assert len(vault.verify(name, silent)) == 1
        path.write_bytes(good)
    (folder / "manifest.json").write_text(
        (folder / "manifest.json").read_text().replace('"objects": 3', '"objects": 2')
    )
    with pytest.raises(BackupError, match="changed or damaged"):
        vault.manifest(name)


def test_a_generation_is_chosen_by_time(kept: Keeping, sources: Sources, tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    first = backup.run(sources, vault, silent).manifest
    between = datetime.now(UTC)
    second = backup.run(sources, vault, silent).manifest
    assert vault.choose() == second.generation
    assert vault.choose(at=between) == first.generation
    with pytest.raises(BackupError, match="before that time"):
        vault.choose(at=between - timedelta(days=1))
    with pytest.raises(BackupError, match="no generation"):
        vault.choose(generation="../../etc")


def test_a_snapshot_goes_back_into_an_empty_database(kept: Keeping, kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    folder.mkdir()
    revision = snapshots.take(kept.database, folder)
    assert [key for key, _ in snapshots.objects_in(folder / "objects.txt")] == sorted(kept.files())
    with an_empty_database(kind, tmp_path / "again") as other:
        if kind == "postgresql":
            snapshots.load(folder, other, revision)
            with pytest.raises(snapshots.SnapshotError, match="not empty"):
                snapshots.load(folder, other, revision)
        else:
            other.close()
            (tmp_path / "again" / "mingjing.db").write_bytes((folder / "mingjing.db").read_bytes())
        restored = Database(other.url)
        _same(kept.database, restored)
        with restored.write() as uow:  # numbers go on where they were
            uow.session.add(_an_instance(uow.session))
        restored.close()


def _same(one: Database, other: Database) -> None:
    with one.read() as a, other.read() as b:
        for table in ("studies", "series", "instances", "image_patients", "keeping_policy", "alembic_version"):
            statement = text(f"select * from {table} order by 1")
            assert [tuple(row) for row in a.session.execute(statement)] == [
                tuple(row) for row in b.session.execute(statement)
            ]


def _an_instance(session: Any) -> Instance:
    old = session.execute(select(Instance)).scalars().first()
    return Instance(
        uid="1.2.3.4",
        series_pk=old.series_pk,
        sop_class_uid="1",
        transfer_syntax_uid="1",
        object_key="0" * 64,
        size_bytes=1,
        data_offset=1,
    )
