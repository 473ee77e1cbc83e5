"""The web door on a real socket over a real archive, in one process: no DICOM door, no workstations, no jobs."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
from pydicom.dataset import Dataset

from server.archive.index import Indexer
from server.archive.receive import ObjectName, Receiver
from server.audit.service import AuditService
from server.bootstrap.areas import Areas, build_areas
from server.bootstrap.dicomweb import GatheredAudit, dicomweb_ports
from server.bootstrap.folders import Folders
from server.bootstrap.measuring import Measuring
from server.bootstrap.web import web_app
from server.doors.dicom.transcoding.process import ProcessTranscoder
from server.doors.web.dicomweb.ports import Limits
from server.doors.web.door import WebServer, listening_socket
from server.kernel.database import Database
from server.kernel.dispatch import SYSTEM
from server.kernel.storage.durability import Durability
from server.settings import load
from shared.contract.access import AccessScope
from tests.databases import make_tables


class WebHouse:
    """Everything behind one port. `token` holds all scopes."""

    def __init__(self, folder: Path, limits: Limits | None = None, **settings: Any) -> None:
        self.settings = load(None, {"data": folder, "durability": "none", "time_zone": "Asia/Shanghai", **settings})
        self.folders = Folders(folder)
        self.folders.make()
        self.database = Database.in_folder(folder)
        make_tables(self.database)
        self.areas: Areas = build_areas(self.settings, self.database)
        objects = self.areas.archive.objects
        self.indexer = Indexer(self.database, self.areas.storage, self.folders.inbox)
        self.receiver = Receiver(
            self.folders.inbox,
            self.indexer.submit,
            durability=Durability.NONE,
            reserve_bytes=0,
            is_kept=objects.holds,
        )
        self.transcoder = ProcessTranscoder()
        self.audit = GatheredAudit(self.database, AuditService(self.database))
        self.ports = dicomweb_ports(
            self.settings, self.areas, self.database, self.receiver, self.transcoder, self.audit
        )
        if limits is not None:
            self.ports = replace(self.ports, limits=limits)
        measuring = Measuring(self.database, self.areas, self.folders)
        self.socket: socket.socket = listening_socket("127.0.0.1", 0)
        self.port = int(self.socket.getsockname()[1])
        self.server = WebServer(web_app(self.ports, self.areas, self.database, measuring.text), self.socket)
        self.token = self.new_token("tests", *AccessScope)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        return f"{self.root}/dicom-web"

    def new_token(self, name: str, *scopes: AccessScope, days: int = 1) -> str:
        with self.database.write() as uow:
            return self.areas.access.add(uow, SYSTEM, name, scopes, days).secret

    def session(self, token: str | None = None) -> requests.Session:
        """An HTTP session that shows a token (the house's own unless given; "" for none)."""
        session = requests.Session()
        session.trust_env = False
        token = self.token if token is None else token
        if token:
            session.headers["Authorization"] = f"Bearer {token}"
        return session

    def keep(self, data_sets: Sequence[Dataset]) -> None:
        """Put objects into the archive and wait until they are indexed."""
        from pydicom.filebase import DicomBytesIO
        from pydicom.filewriter import write_dataset

        for one in data_sets:
            out = DicomBytesIO()
            syntax = one.file_meta.TransferSyntaxUID
            out.is_implicit_VR, out.is_little_endian = syntax.is_implicit_VR, syntax.is_little_endian
            write_dataset(out, one)
            self.keep_bytes(str(one.SOPClassUID), str(one.SOPInstanceUID), str(syntax), out.getvalue())
        self.settle()

    def keep_bytes(self, sop_class: str, sop_instance: str, syntax: str, data: bytes | memoryview) -> None:
        what = ObjectName(str(sop_class), str(sop_instance), str(syntax))
        self.receiver.receive(what, "CT1", memoryview(data))

    def keep_file(self, path: Path) -> ObjectName:
        """Put a DICOM file into the archive as it is. Raises StoreRefused, NotPart10."""
        from server.archive.part10 import read_meta

        data = path.read_bytes()
        name, offset = read_meta(data)
        self.receiver.receive(name, "CT1", memoryview(data)[offset:])
        return name

    def settle(self) -> None:
        assert self.indexer.wait_until_idle(30)

    def start(self) -> WebHouse:
        self.indexer.start()
        self.audit.start()
        self.server.start()
        return self

    def stop(self) -> None:
        self.server.stop()
        self.socket.close()
        self.audit.stop()
        self.indexer.stop()
        self.transcoder.close()
        self.database.close()


@contextmanager
def a_web_house(folder: Path, limits: Limits | None = None, **settings: Any) -> Iterator[WebHouse]:
    """A house for the length of a test."""
    house = WebHouse(folder, limits, **settings)
    house.start()
    try:
        yield house
    finally:
        house.stop()
