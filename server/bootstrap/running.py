"""Starts the server in the right order and ends it in the reverse one."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import zmq
from zmq.utils import z85

from server import __version__
from server.audit.rpc import AuditHandlers
from server.audit.service import AuditService
from server.bootstrap import ecg_traces, jobs, load_tables, pathology_media, web
from server.bootstrap.areas import Areas, build_areas
from server.bootstrap.dicom import tls_files
from server.bootstrap.folders import Folders
from server.bootstrap.hl7 import hl7_door
from server.bootstrap.indexing import IndexingProcess
from server.bootstrap.limits import CampusLimits
from server.bootstrap.readiness import missing_for_the_network
from server.doors.dicom.door import Door
from server.doors.dicom.ports import DoorSettings
from server.doors.rpc.bulk import BulkAnswers, BulkItem, BulkSource
from server.doors.rpc.router import Router
from server.doors.rpc.sockets import KeyPair, RpcDoor
from server.doors.web.dicomweb.stow import SPOOL_PATTERN
from server.doors.web.door import WebDoor
from server.identity.captcha import Captchas
from server.identity.rpc import IdentityHandlers
from server.kernel import idempotency, metrics, secretfiles
from server.kernel.clock import SystemClock
from server.kernel.database import Database, migrate
from server.kernel.dispatch import Caller, Handler, collect
from server.kernel.errors import not_found
from server.kernel.folderlock import FolderLock
from server.kernel.outbox import OutboxReader
from server.kernel.processes import ChildProcess
from server.settings import Settings, to_text
from shared.contract.base import PROTOCOL_VERSION, AuditClass
from shared.contract.identity import ServerView
from shared.domain.permissions import Permission
from shared.rpc.connection import Connection

logger = logging.getLogger(__name__)

_HOUSEKEEPING_S = 3600.0
_WARN_FREE_MB = 2000


class NotReadyForNetwork(RuntimeError):
    """The settings ask to listen beyond this machine, but something that protects patients is missing."""


class RunningServer:
    """Everything between `start` and `stop`. One per data folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folders = Folders(settings.data)
        self._closers: list[Callable[[], Any]] = []
        self.connection: Connection | None = None
        self.dicom_port = 0
        self.dicom_tls_port = 0  # 0: none is open
        self.http_port = 0
        self.hl7_port = -1  # -1: none is open
        self.hl7_tls_port = -1
        self._stopping = threading.Event()

    def start(self) -> Connection:
        """Open everything; on a failure nothing stays open.

        Raises FolderInUse, migrate.NewerDatabase, NotReadyForNetwork, OSError (a port is taken).
        """
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Close all doors, finish what was accepted, close the database. Safe to call twice."""
        self._stopping.set()
        while self._closers:
            self._closers.pop()()

    def _start(self) -> Connection:
        self.folders.make()
        lock = FolderLock(self.folders.data)
        self._closers.append(lock.close)
        database = self._open_database()
        areas = build_areas(self.settings, database)
        self._first_start(database, areas)
        if not self.settings.is_loopback:
            self._require_readiness(database, areas)
        audit = AuditService(database)
        audit.start()
        self._closers.append(audit.stop)
        areas.storage.sweep()
        areas.stores.start()
        self._closers.append(areas.stores.stop)
        indexing = IndexingProcess(self.settings, jobs.database_url(self.settings, self.folders.data))
        self._closers.append(indexing.stop)
        worker = self._jobs_process(indexing)
        self._closers.append(worker.stop)
        with ThreadPoolExecutor(3, "starting") as starting:  # each takes a second, mostly to import
            index_ready, jobs_ready = starting.submit(indexing.start), starting.submit(worker.start)
            self._open_rpc(database, areas, audit)
            index_ready.result()
            metrics.forget(self.folders.metrics)
            web_ready = starting.submit(self._open_web, indexing)
            self._open_dicom(indexing)
            self._open_hl7(areas)
            jobs_ready.result()
            web_ready.result()
        housekeeping = threading.Thread(target=self._keep_house, args=(database,), name="housekeeping", daemon=True)
        housekeeping.start()
        assert self.connection is not None
        self.folders.connection_file.write_text(str(self.connection) + "\n", encoding="utf-8")
        logger.info("ready: rpc %s, dicom %s, http %s", self.connection.requests, self.dicom_port, self.http_port)
        return self.connection

    def _open_database(self) -> Database:
        load_tables()
        url = self.settings.database
        database = Database(url) if url else Database.in_folder(self.folders.data)
        self._closers.append(database.close)
        migrate.upgrade(database)
        return database

    def _first_start(self, database: Database, areas: Areas) -> None:
        password = areas.identity.ensure_administrator()
        if password:
            secretfiles.write(self.folders.admin_password_file, password.encode() + b"\n")
        with database.write() as uow:
            if areas.organisation.seed_defaults(uow):
                areas.scheduling.seed_defaults(uow)
            areas.templates.install(uow)
            areas.structured.templates.install(uow)
            areas.critical.seed(uow)
            areas.pathology.seed(uow)
            areas.ecg.seed(uow)

    def _require_readiness(self, database: Database, areas: Areas) -> None:
        with database.read() as uow:
            missing = missing_for_the_network(uow, areas, self.folders, self.settings)
        if missing:
            listing = "\n".join(f"  - {sentence}" for sentence in missing)
            raise NotReadyForNetwork(f"The server does not listen on {self.settings.listen} yet, because:\n{listing}")

    def _open_rpc(self, database: Database, areas: Areas, audit: AuditService) -> None:
        clock = SystemClock()
        captchas = Captchas(clock, self.settings.captcha_after)
        handlers = all_handlers(areas, audit, self._describe, captchas)
        router = Router(handlers, database, areas.identity, audit, clock, _limits(areas))
        bulk = BulkAnswers(_bulk_sources(areas, database), areas.identity, audit, clock)
        topic = self.folders.notice_topic_file.read_text(encoding="utf-8")
        door = RpcDoor(router, bulk.answer, self._keys(), self.settings.listen, self.settings.rpc_port, topic)
        self._closers.append(door.stop)
        self.connection = door.start()
        outbox = OutboxReader(database, door.publish)
        outbox.start()
        self._closers.append(outbox.stop)

    def _keys(self) -> KeyPair:
        public, secret = zmq.curve_keypair()
        kept = secretfiles.read_or_make(self.folders.curve_key_file, public + secret)
        return KeyPair(z85.decode(kept[:40]), z85.decode(kept[40:80]))

    def _jobs_process(self, indexing: IndexingProcess) -> ChildProcess:
        url = jobs.database_url(self.settings, self.folders.data)
        arguments = (to_text(self.settings), url, indexing.address, indexing.token)
        return ChildProcess("jobs", jobs.run, arguments)

    def _open_dicom(self, indexing: IndexingProcess) -> None:
        door = Door(
            DoorSettings(
                ports_factory="server.bootstrap.dicom:dicom_ports",
                ports_options={
                    "settings": to_text(self.settings),
                    "database": jobs.database_url(self.settings, self.folders.data),
                    "relay_address": indexing.address,
                    "relay_token": indexing.token,
                },
                host=self.settings.listen,
                port=self.settings.dicom_port,
                tls_port=self.settings.dicom_tls_port,
                tls=tls_files(self.settings),
                outgoing_tls=tls_files(self.settings),
                ae_title=self.settings.ae_title,
                workers=self.settings.dicom_workers,
                spool_directory=self.folders.spool,
            )
        )
        self._closers.append(door.stop)
        door.start()
        self.dicom_port = door.port
        self.dicom_tls_port = door.tls_port

    def _open_hl7(self, areas: Areas) -> None:
        door = hl7_door(self.settings, areas.interfaces.intake)
        self._closers.append(door.stop)
        door.start()
        self.hl7_port, self.hl7_tls_port = door.port, door.tls_port

    def _open_web(self, indexing: IndexingProcess) -> None:
        for left in self.folders.spool.glob(SPOOL_PATTERN):
            left.unlink(missing_ok=True)
        url = jobs.database_url(self.settings, self.folders.data)
        door = WebDoor(
            web.run,
            (to_text(self.settings), url, indexing.address, indexing.token),
            self.settings.listen,
            self.settings.http_port,
            self.settings.web_workers,
        )
        self._closers.append(door.stop)
        self.http_port = door.start()

    def _describe(self) -> ServerView:
        free_mb = shutil.disk_usage(self.folders.data).free >> 20
        warning = ""
        if free_mb < self.settings.reserve_mb:
            warning = f"服务器磁盘空间不足（剩余 {free_mb} MB），已停止接收影像，请立即联系管理员。"
        elif free_mb < _WARN_FREE_MB:
            warning = f"服务器磁盘空间即将用完（剩余 {free_mb} MB），请联系管理员。"
        return ServerView(
            name="Mingjing",
            version=__version__,
            protocol=PROTOCOL_VERSION,
            time=datetime.now(UTC),
            disk_free_mb=free_mb,
            disk_warning=warning,
        )

    def _keep_house(self, database: Database) -> None:
        while not self._stopping.wait(_HOUSEKEEPING_S):
            try:
                with database.write() as uow:
                    idempotency.forget_old(uow, datetime.now(UTC))
            except Exception:  # outermost loop of the thread
                logger.exception("housekeeping failed; trying again in an hour")


def all_handlers(
    areas: Areas, audit: AuditService, describe: Callable[[], ServerView], captchas: Captchas | None = None
) -> dict[str, Handler]:
    """Return the handler of every method of the contract."""
    return collect(IdentityHandlers(areas.identity, describe, captchas), AuditHandlers(audit), *areas.handlers)


def _limits(areas: Areas) -> CampusLimits:
    limits = CampusLimits(areas.organisation)
    limits.sees_ecg = areas.ecg.reports.sees
    limits.opens = areas.remote.access.opens
    return limits


def _bulk_sources(areas: Areas, database: Database) -> dict[str, BulkSource]:
    limits = _limits(areas)

    def check_image(caller: Caller, name: str) -> None:
        if caller.is_limited:
            with database.read() as uow:
                limits.check_image(uow, caller, name)

    def frame(caller: Caller, name: str, number: int) -> BulkItem:
        check_image(caller, name)
        data, transfer_syntax_uid = areas.archive.objects.frame(name, number)
        return BulkItem(data, transfer_syntax_uid)

    def whole_object(caller: Caller, name: str, _number: int) -> BulkItem:
        check_image(caller, name)
        return BulkItem(areas.archive.objects.part10(name))

    def header(caller: Caller, name: str, _number: int) -> BulkItem:
        check_image(caller, name)
        return BulkItem(areas.archive.objects.header(name))

    def document(caller: Caller, name: str, _number: int) -> BulkItem:
        if not name.isdecimal():
            raise not_found("文件")
        with database.read() as uow:
            limits.check_document(uow, caller, int(name))
            return BulkItem(areas.printing.open_document(uow, caller, int(name)))

    def attachment(caller: Caller, name: str, _number: int) -> BulkItem:
        if not name.isdecimal():
            raise not_found("照片")
        with database.read() as uow:
            limits.check_attachment(uow, caller, int(name))
            return BulkItem(areas.attachments.open(uow, int(name)))

    def export(_caller: Caller, name: str, piece: int) -> BulkItem:
        return BulkItem(areas.exchange.export_piece(name, piece))

    return {
        "frame": BulkSource(Permission.VIEW_IMAGES, AuditClass.IMAGES, frame),
        "object": BulkSource(Permission.VIEW_IMAGES, AuditClass.IMAGES, whole_object),
        "header": BulkSource(Permission.VIEW_IMAGES, AuditClass.IMAGES, header),
        "document": BulkSource(Permission.SIGNED_IN, AuditClass.EXPORT, document),
        "attachment": BulkSource(Permission.SIGNED_IN, AuditClass.PATIENT_RECORD, attachment),
        "export": BulkSource(Permission.EXPORT_IMAGES, AuditClass.EXPORT, export),
        **pathology_media.bulk_sources(areas.pathology.media, database),
        **ecg_traces.bulk_sources(areas.ecg.traces, database),
    }
