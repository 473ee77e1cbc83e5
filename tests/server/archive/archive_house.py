"""A small archive for tests: receiver, indexer, folder storage and an SQLite index in one temporary folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from server.archive.index import Indexer
from server.archive.receive import ObjectName, Receiver
from server.archive.service import ArchiveService
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import illegal_action
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from shared.dicomkit.synthetic import ct_series
from tests.databases import make_tables

ZONE = ZoneInfo("Asia/Shanghai")


class FakeExams:
    """Exams by accession number; remembers what the archive tells."""

    def __init__(self) -> None:
        self.by_accession: dict[str, int] = {}
        self.by_study: dict[str, int] = {}
        self.arrived: list[tuple[int, str, int, int]] = []
        self.approved: set[int] = set()

    def match(self, uow: UnitOfWork, accession: str, study_uid: str, patient_id: str) -> int | None:
        return self.by_study.get(study_uid) or self.by_accession.get(accession)

    def named(self, uow: UnitOfWork, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        return {pair for pair in pairs if pair[0] in self.by_accession or pair[1] in self.by_study}

    def images_arrived(
        self, uow: UnitOfWork, exam_id: int, study_uid: str, series_count: int, instance_count: int
    ) -> None:
        self.arrived.append((exam_id, study_uid, series_count, instance_count))

    def images_withdrawn(self, uow: UnitOfWork, exam_id: int, study_uid: str) -> None:
        if exam_id in self.approved:
            raise illegal_action("approved", "报告已审核，不能取消匹配。")


class House:
    """Everything between a sender and the index."""

    def __init__(self, folder: Path, database: Database | None = None, **indexer: Any) -> None:
        self.folder = folder
        self.inbox = folder / "inbox"
        self.storage = FolderStorage(folder / "archive", durability=Durability.NONE)
        if database is None:
            database = Database.in_folder(folder)
            make_tables(database)
        self.database = database
        self.exams = FakeExams()
        self.service = ArchiveService(database, self.storage, self.inbox, self.exams, zone=ZONE)
        matching = self.service.matching
        self.indexer = Indexer(
            database, self.storage, self.inbox, settle=self.service.settle, rematch=matching.rematch, **indexer
        )
        self.receiver = self.a_receiver()

    def a_receiver(self, *, direct: bool = True) -> Receiver:
        return Receiver(
            self.inbox,
            self.indexer.submit,
            durability=Durability.NONE,
            reserve_bytes=0,
            is_kept=self.service.objects.holds,
            direct=direct,
        )

    def start(self) -> House:
        self.indexer.start()
        return self

    def stop(self) -> None:
        self.indexer.stop()
        self.database.close()

    def send(self, dataset: Dataset, calling_ae: str = "CT1") -> None:
        """Receive a data set as its file meta names it."""
        meta = dataset.file_meta
        uids = (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID)
        what = ObjectName(*map(str, uids))
        self.receiver.receive(what, calling_ae, memoryview(encoded(dataset)))


def encoded(dataset: Dataset) -> bytes:
    """The bytes of a data set in the transfer syntax of its file meta, as they travel by C-STORE."""
    syntax = dataset.file_meta.TransferSyntaxUID
    out = DicomBytesIO()
    out.is_implicit_VR = syntax.is_implicit_VR
    out.is_little_endian = syntax.is_little_endian
    write_dataset(out, dataset)
    data = out.getvalue()
    if syntax.is_deflated:
        import zlib

        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = deflate.compress(data) + deflate.flush()
    return data


def a_series(slices: int = 3, rows: int = 16, **given: Any) -> list[Dataset]:
    """Small CT slices of one series."""
    return ct_series(None, slices, rows, **given)


def an_object(**attributes: Any) -> Dataset:
    """One small CT slice; keywords set attributes (None removes one)."""
    dataset = a_series(1)[0]
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def uncompressed_slice() -> Dataset:
    """One CT slice of 32x32 pixels in explicit VR little endian."""
    return a_series(1, 32)[0]


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)
