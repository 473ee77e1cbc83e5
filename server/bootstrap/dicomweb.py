"""Adapters between the ports of DICOMweb and the areas."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path

from sqlalchemy import func, select

from server.access.service import AccessService
from server.archive.find import BudgetSpent, FindOptions, UnanswerableQuery, find, ignored_keys
from server.archive.header import DEFLATED, DamagedHeader, inflated, read_header
from server.archive.objects import ArchivedObject, ArchiveObjects
from server.archive.part10 import MAX_META_BYTES, NotPart10, read_meta
from server.archive.receive import ObjectName, Receiver, StoreRefused, file_meta
from server.archive.tables import Instance, Series, Study
from server.audit.service import AuditService
from server.bootstrap.areas import Areas
from server.bootstrap.folders import Folders
from server.doors.dicom.ports import Refused, Transcoder
from server.doors.dicom.recode import recode, targets
from server.doors.web.dicomweb.ports import (
    Answer,
    Client,
    DicomWebPorts,
    Json,
    NotStored,
    Refusal,
    Scope,
    StoredInstance,
)
from server.kernel.audit import AuditEntry
from server.kernel.clock import SystemClock
from server.kernel.database import Database
from server.kernel.metrics import METRICS
from server.settings import Settings
from server.worksteps.rules import StepError
from server.worksteps.service import Worksteps
from shared.contract.base import AuditClass
from shared.dicomkit.charsets import decode_text

logger = logging.getLogger(__name__)

_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_AUDIT_EVERY_S = 0.5
_AUDIT_ONCE_IN_S = 60.0  # a viewer that loads a study frame by frame is one entry a minute, not thousands
_AUDIT_WAITING = 20_000
_REPEATED = frozenset({"web.frames", "web.rendered", "web.thumbnail", "web.bulkdata", "web.retrieve", "web.wado_uri"})
_AT_ONCE = 500  # UIDs of one statement
_PREAMBLE = bytes(128) + b"DICM"
_CANNOT_UNDERSTAND, _WRONG_DATA_SET = 0xC000, 0xA900


class TokenAccess:
    """Access over API tokens and sessions."""

    def __init__(self, access: AccessService) -> None:
        self._access = access

    def client(self, token: str, address: str) -> Client | None:
        holder = self._access.holder(token)
        if holder is None:
            return None
        return Client(holder.user, frozenset(scope.value for scope in holder.scopes), address)


class GatheredAudit:
    """Audit: entries are written in batches, for the main process to chain."""

    def __init__(self, database: Database, sink: AuditService) -> None:
        self._database = database
        self._sink = sink
        self._queue: queue.Queue[AuditEntry] = queue.Queue(_AUDIT_WAITING)
        self._seen: dict[tuple[str, str, str, str], float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="web-audit", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what is gathered and end."""
        self._stopping.set()
        self._thread.join(10)

    def record(self, client: Client, method: str, outcome: str, subject: str, duration_ms: float) -> None:
        if outcome == "ok" and method in _REPEATED:
            key = (client.name, client.address, method, subject)
            now = time.monotonic()
            if now - self._seen.get(key, -_AUDIT_ONCE_IN_S) < _AUDIT_ONCE_IN_S:
                return
            if len(self._seen) > 10_000:
                self._seen.clear()
            self._seen[key] = now
        kind = AuditClass.SECURITY if not client.name else AuditClass.IMAGES
        if method == "web.search":
            kind = AuditClass.PATIENT_RECORD
        elif client.name and method.startswith("fhir."):
            kind = AuditClass.REPORT
        entry = AuditEntry(
            datetime.now(UTC), client.name, "web", client.address, method, kind, outcome, subject, duration_ms
        )
        try:
            self._queue.put_nowait(entry)
        except queue.Full:
            logger.error("web: the audit log cannot be written fast enough; an entry of %s is lost", method)

    def _run(self) -> None:
        while not self._stopping.wait(_AUDIT_EVERY_S):
            self._write()
        self._write()

    def _write(self) -> None:
        entries: list[AuditEntry] = []
        while len(entries) < 1000:
            try:
                entries.append(self._queue.get_nowait())
            except queue.Empty:
                break
        if not entries:
            return
        try:
            with self._database.write() as uow:
                for entry in entries:
                    self._sink.record_in(uow, entry)
        except Exception:  # outermost of the thread: nothing may end it
            logger.exception("web: %d entries of the audit log could not be written; trying again", len(entries))
            for entry in entries:
                try:
                    self._queue.put_nowait(entry)
                except queue.Full:
                    return


class ArchiveHoldings:
    """Holdings over the archive's index and objects."""

    def __init__(self, database: Database, objects: ArchiveObjects, zone: tzinfo, transcoder: Transcoder) -> None:
        self._database = database
        self._objects = objects
        self._zone = zone
        self._transcoder = transcoder
        self._heads: dict[tuple[str, str, int], tuple[bytes, bytes]] = {}

    def find(
        self, level: str, keys: Mapping[int, object], offset: int, limit: int, fuzzy: bool
    ) -> tuple[Sequence[Answer], str]:
        options = FindOptions(combined_datetime=True, fuzzy_names=fuzzy, zone=self._zone)
        found: list[Answer] = []
        try:
            answers = find(self._database, level, keys, offset + limit, options)
            try:
                for answer in islice(answers, offset, offset + limit):
                    found.append(answer)
            finally:
                close = getattr(answers, "close", None)
                if close is not None:
                    close()
        except UnanswerableQuery as error:
            raise Refusal(400, str(error)) from None
        except BudgetSpent as spent:
            return found, str(spent)
        return found, ""

    def ignored(self, level: str, keys: Mapping[int, object]) -> Sequence[int]:
        return ignored_keys(self._database, level, keys)

    def instances(self, study_uid: str, series_uid: str = "", instance_uid: str = "") -> Sequence[StoredInstance]:
        found = self._objects.below(study_uid, series_uid, instance_uid)
        return [_stored(one) for one in found]

    def part10_head(self, instance: StoredInstance, transfer_syntax_uid: str) -> bytes:
        uid = instance.sop_instance_uid
        if len(uid) < 12:
            return file_meta(ObjectName(instance.sop_class_uid, uid, transfer_syntax_uid))
        kind = (instance.sop_class_uid, transfer_syntax_uid, len(uid))
        around = self._heads.get(kind)
        if around is None:  # only the UID differs between the instances of a series
            if len(self._heads) > 1000:
                self._heads.clear()
            mark = "9" * len(uid)
            before, _, after = file_meta(ObjectName(kind[0], mark, kind[1])).rpartition(mark.encode())
            around = self._heads[kind] = (before, after)
        return around[0] + uid.encode("ascii", "replace") + around[1]

    def recode(self, instance: StoredInstance, transfer_syntax_uid: str) -> bytes | bytearray | memoryview:
        stored = instance.transfer_syntax_uid
        if transfer_syntax_uid not in targets(stored, self._transcoder):
            raise Refusal(406, f"An object stored in {stored} cannot be given in {transfer_syntax_uid}.")
        with instance.open() as data:
            try:
                made = recode(data, instance.transfer_syntax_uid, transfer_syntax_uid, self._transcoder)
            except Refused as refused:
                raise Refusal(
                    406, f"The object cannot be given in transfer syntax {transfer_syntax_uid}: {refused}."
                ) from None
            return bytes(made) if isinstance(made, memoryview) else made

    def inflated(self, data: memoryview, transfer_syntax_uid: str) -> tuple[memoryview, str]:
        if transfer_syntax_uid not in DEFLATED:
            return data, transfer_syntax_uid
        try:
            return memoryview(inflated(data)), _EXPLICIT_LITTLE
        except DamagedHeader as damaged:
            raise Refusal(500, f"The stored object is damaged: {damaged}") from None

    def text(self, value: bytes, character_set: bytes) -> str:
        return decode_text(value, character_set)


def _stored(one: ArchivedObject) -> StoredInstance:
    return StoredInstance(
        study_uid=one.study_uid,
        series_uid=one.series_uid,
        sop_class_uid=one.sop_class_uid,
        sop_instance_uid=one.sop_instance_uid,
        transfer_syntax_uid=one.transfer_syntax_uid,
        stamp=one.stamp,
        length=one.length,
        open=one.open,
        file=one.file,
    )


class ReceiverSink:
    """Sink: DICOM files go through the archive's receiver, as those of C-STORE do."""

    def __init__(self, receiver: Receiver, database: Database, spool: Path) -> None:
        self._receiver = receiver
        self._database = database
        self.spool = spool

    def store(self, part10: memoryview, client: Client, study_uid: str) -> StoredInstance:
        try:
            if bytes(part10[:2]) == b"\2\0":  # some clients leave the preamble out
                name, offset = read_meta(_PREAMBLE + bytes(part10[: 2 * MAX_META_BYTES]))
                offset -= len(_PREAMBLE)
            else:
                name, offset = read_meta(part10)
        except NotPart10 as fault:
            METRICS.count("refused_objects_total", door="web")
            raise NotStored(_CANNOT_UNDERSTAND, str(fault)) from None
        data = part10[offset:]
        try:
            tags = read_header(data, name.transfer_syntax_uid).tags
            study, series, sop_class, instance = (
                tags.get(tag, b"").rstrip(b"\0 ").decode("ascii", "replace")
                for tag in (0x0020000D, 0x0020000E, 0x00080016, 0x00080018)
            )
            if not sop_class or not instance:
                raise NotStored(_WRONG_DATA_SET, "The data set has no SOP Class UID or no SOP Instance UID.")
            # the data set says what an object is; its file may carry meta information that was copied from another
            name = ObjectName(sop_class, instance, name.transfer_syntax_uid)
            if study_uid and study != study_uid:
                raise NotStored(_WRONG_DATA_SET, "An object belongs to another study than the address names.")
            self._receiver.receive(name, _sender(client), data)
        except (StoreRefused, DamagedHeader, NotStored) as fault:
            METRICS.count("refused_objects_total", door="web")
            reason = fault.status if isinstance(fault, StoreRefused) else _CANNOT_UNDERSTAND
            failure = fault if isinstance(fault, NotStored) else NotStored(reason, str(fault))
            failure.sop_class_uid, failure.sop_instance_uid = name.sop_class_uid, name.sop_instance_uid
            raise failure from None
        METRICS.count("stored_objects_total", door="web")
        METRICS.count("stored_bytes_total", len(data), door="web")
        return StoredInstance(
            study, series, name.sop_class_uid, name.sop_instance_uid, name.transfer_syntax_uid, "", None, _never
        )

    def settled(self, instance_uids: Sequence[str], patience_s: float) -> Mapping[str, tuple[str, str]]:
        end = time.monotonic() + patience_s
        wanted = list(instance_uids)[-_AT_ONCE:]
        counted = select(func.count()).select_from(Instance).where(Instance.uid.in_(wanted))
        self._receiver.hurry()
        while wanted and time.monotonic() < end:
            with self._database.read() as uow:
                if uow.session.execute(counted).scalar_one() >= len(set(wanted)):
                    break
            time.sleep(0.003)
        return self._places(instance_uids)

    def _places(self, instance_uids: Sequence[str]) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        placed = (
            select(Instance.uid, Study.uid, Series.uid)
            .join(Series, Instance.series_pk == Series.id)
            .join(Study, Series.study_pk == Study.id)
        )
        with self._database.read() as uow:
            for start in range(0, len(instance_uids), _AT_ONCE):
                some = placed.where(Instance.uid.in_(instance_uids[start : start + _AT_ONCE]))
                for uid, study, series in uow.session.execute(some):
                    found[uid] = (study, series)
        return found


def _never() -> AbstractContextManager[memoryview]:
    raise OSError("an object that was stored just now is read through the archive")


def _sender(client: Client) -> str:
    """Who sent it, as an AE title: 16 characters of ASCII."""
    name = client.name.removeprefix("token:")
    return "".join(c if c.isascii() and c.isprintable() and c != "\\" else "?" for c in name)[:16] or "WEB"


class StepWorkitems:
    """Workitems over the area of work steps."""

    def __init__(self, steps: Worksteps) -> None:
        self._steps = steps

    def create(self, uid: str, body: Json, client: Client) -> tuple[str, list[str]]:
        with _refusing():
            return self._steps.create(uid, body, client.name)

    def retrieve(self, uid: str) -> Json:
        with _refusing():
            return self._steps.retrieve(uid)

    def update(self, uid: str, transaction_uid: str, body: Json, client: Client) -> None:
        with _refusing():
            self._steps.update(uid, transaction_uid, body, client.name)

    def change_state(self, uid: str, state: str, transaction_uid: str, client: Client) -> None:
        with _refusing():
            self._steps.change_state(uid, state, transaction_uid, client.name)

    def request_cancel(self, uid: str, body: Json, client: Client) -> None:
        with _refusing():
            self._steps.request_cancel(uid, body, client.name)

    def search(self, keys: Mapping[int, str], offset: int, limit: int) -> Sequence[Json]:
        with _refusing():
            return self._steps.search(keys, offset, limit)


class _refusing:
    """Turn an error of a work step into a refusal."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, StepError):
            raise Refusal(error.status, error.sentence) from None


def dicomweb_ports(
    settings: Settings,
    areas: Areas,
    database: Database,
    receiver: Receiver,
    transcoder: Transcoder,
    audit: GatheredAudit,
) -> DicomWebPorts:
    """Put the ports together over the areas of this process."""
    folders = Folders(settings.data)
    anonymous = (
        Client("this machine", frozenset({Scope.READ.value}), "loopback") if settings.web_loopback_free else None
    )
    return DicomWebPorts(
        access=TokenAccess(areas.access),
        audit=audit,
        holdings=ArchiveHoldings(database, areas.archive.objects, areas.time.zone, transcoder),
        sink=ReceiverSink(receiver, database, folders.spool),
        workitems=StepWorkitems(Worksteps(database, SystemClock())),
        cache=folders.web_cache,
        cache_bytes=settings.web_cache_mb << 20,
        base_url=settings.web_url,
        origins=tuple(settings.web_origins.split()),
        anonymous=anonymous,
    )
