"""The process that writes the index: fed from another process, replaced when it dies, never two at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import select

from server.archive.receive import ObjectName, Receiver
from server.archive.tables import Instance, Study
from server.bootstrap import indexing, load_tables
from server.bootstrap.areas import build_areas
from server.bootstrap.folders import Folders
from server.kernel.database import Database, migrate
from server.kernel.folderlock import FolderInUse
from server.settings import Settings
from tests.server.archive.archive_house import a_series, encoded, eventually


class Place:
    """A data folder whose index is written by a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data=folder, durability="none", reserve_mb=0)
        self.folders = Folders(folder)
        self.folders.make()
        load_tables()
        self.database = Database.in_folder(folder)
        migrate.upgrade(self.database)
        self.process = indexing.IndexingProcess(self.settings, self.database.url)
        self.receiver: Receiver

    def start(self) -> None:
        self.process.start()
        areas = build_areas(self.settings, self.database)
        self.receiver = indexing.receiver_of(self.settings, self.process.address, self.process.token, areas)

    def send(self, dataset: Dataset) -> None:
        meta = dataset.file_meta
        uids = (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID)
        self.receiver.receive(ObjectName(*map(str, uids)), "CT1", memoryview(encoded(dataset)))

    def count(self) -> int:
        with self.database.read() as uow:
            return len(uow.session.execute(select(Instance.id)).all())

    def state(self) -> str:
        with self.database.read() as uow:
            return str(uow.session.execute(select(Study.match_state)).scalar_one())


@contextmanager
def a_place(folder: Path) -> Iterator[Place]:
    place = Place(folder)
    place.start()
    try:
        yield place
    finally:
        place.receiver.close()
        place.process.stop()
        place.database.close()


def test_objects_are_indexed_and_settled_by_another_process_which_is_replaced_when_it_dies(tmp_path: Path) -> None:
    slices = a_series(6)
    with a_place(tmp_path) as place:
        for sent in slices[:3]:
            place.send(sent)
        eventually(lambda: place.count() == 3)
        eventually(lambda: place.state() != "pending")
        first = place.process.pid
        assert first is not None and first != os.getpid()
        os.kill(first, getattr(signal, "SIGKILL", signal.SIGTERM))
        for sent in slices[3:]:
            place.send(sent)  # the inbox keeps them meanwhile
        eventually(lambda: place.count() == 6, 40)
        assert place.process.pid not in (None, first)
        eventually(lambda: place.process.backlog == 0)
    assert not Path(place.process.address).exists()
    assert list(place.folders.inbox.glob("*.dcm")) == []


def test_what_was_accepted_before_the_end_is_found_at_the_next_start(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (sent,) = a_series(1)
    areas = build_areas(place.settings, place.database)
    place.receiver = indexing.receiver_of(place.settings, place.process.address, place.process.token, areas)
    place.send(sent)  # nobody listens
    place.receiver.close()
    (place.folders.inbox / "half.part").write_bytes(b"half")
    place.start()
    try:
        eventually(lambda: place.count() == 1, 20)
        assert not (place.folders.inbox / "half.part").exists()
    finally:
        place.receiver.close()
        place.process.stop()
        place.database.close()


def test_two_do_not_write_the_index_of_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = Folders(tmp_path)
    folders.make()
    monkeypatch.setattr(indexing, "_LOCK_WAIT_S", 0.2)
    lock = indexing.exclusive(folders)
    with pytest.raises(FolderInUse):
        indexing.exclusive(folders)
    lock.close()
    indexing.exclusive(folders).close()
