"""Adapters between the DICOM door's ports and the areas, and the factory that each worker process calls."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

from server.archive.find import Answer, BudgetSpent, FindOptions, UnanswerableQuery, find, ignores_keys
from server.archive.objects import ArchiveObjects
from server.archive.receive import Arriving, ObjectName, Receiver, StoreRefused
from server.bootstrap.areas import Areas, build_areas
from server.bootstrap.folders import Folders
from server.bootstrap.indexing import receiver_of
from server.bootstrap.promises import committed, performed
from server.bootstrap.routing import RoutedCommitments
from server.doors.dicom.ports import (
    Arrival,
    AttributeValue,
    CommitmentFailure,
    DicomPorts,
    ObjectReference,
    Peer,
    QueryRequest,
    ReceivedObject,
    Refused,
    RetrieveRequest,
    StepAlreadyFinal,
    StoredObject,
    StoreOutcome,
    TlsFiles,
)
from server.doors.dicom.transcoding.process import ProcessTranscoder
from server.ecg.exams.worklist import BothWorklists, EcgWorklist
from server.exams.performed import SqlPerformedSteps
from server.exams.worklist import SqlWorklist
from server.kernel.database import Database
from server.kernel.logs import start_logging
from server.kernel.metrics import METRICS, MetricsFile
from server.organisation.peers import SqlPeers
from server.settings import Settings, from_text

_IDENTIFIER_DOES_NOT_MATCH = 0xA900  # PS3.4 C.4.1.1.4
_CANNOT_PERFORM = 0xA702  # PS3.4 C.4.2.1.5: out of resources, unable to perform sub-operations
_OUT_OF_RESOURCES = 0xA700


class ReceiverSink:
    """ObjectSink: hands what came to the archive's receiver."""

    refuses_deep = True  # it reads the header of each data set within bounds

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def begin(self, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> Arrival | None:
        return self._receiver.begin(ObjectName(sop_class_uid, sop_instance_uid, transfer_syntax_uid))

    def receive(self, received: ReceivedObject) -> StoreOutcome:
        name = ObjectName(received.sop_class_uid, received.sop_instance_uid, received.transfer_syntax_uid)
        data = received.data if received.data is not None else received.spool
        assert data is not None
        try:
            arriving = received.arrival if isinstance(received.arrival, Arriving) else None
            self._receiver.receive(name, received.calling_ae, data, arriving)
        except StoreRefused as refused:
            METRICS.count("refused_objects_total", door="dicom")
            return StoreOutcome.refused(refused.status, refused.sentence)
        METRICS.count("stored_objects_total", door="dicom")
        METRICS.count("stored_bytes_total", data.stat().st_size if isinstance(data, Path) else len(data), door="dicom")
        return StoreOutcome.stored()


class ArchiveQueries:
    """QuerySource over the archive's index."""

    def __init__(self, database: Database, zone: tzinfo) -> None:
        self._database = database
        self._zone = zone

    def find(self, request: QueryRequest) -> Iterable[Mapping[int, AttributeValue]]:
        options = FindOptions(
            combined_datetime=request.combined_datetime, fuzzy_names=request.fuzzy_names, zone=self._zone
        )
        try:
            answers = find(self._database, request.level.value, request.keys, options=options)
        except UnanswerableQuery as error:
            raise Refused(_IDENTIFIER_DOES_NOT_MATCH, str(error)) from error
        return _as_attributes(answers, request.level.value)

    def ignores(self, request: QueryRequest) -> bool:
        return ignores_keys(self._database, request.level.value, request.keys)


def _as_attributes(answers: Iterator[Answer], level: str) -> Iterator[Mapping[int, AttributeValue]]:
    started = time.perf_counter()
    try:
        yield from answers
    except BudgetSpent as spent:
        raise Refused(_OUT_OF_RESOURCES, str(spent)) from None
    finally:
        METRICS.count("queries_total", door="dicom", level=level.lower())
        METRICS.observe("query_seconds", time.perf_counter() - started, door="dicom")


class ArchiveRetrievals:
    """RetrieveSource over the archive's objects."""

    def __init__(self, objects: ArchiveObjects, why_away: Callable[[Collection[str]], str] = lambda _uids: "") -> None:
        self._objects = objects
        self._why_away = why_away

    def objects(self, request: RetrieveRequest) -> Sequence[StoredObject]:
        found = self._objects.objects(
            patient_id=request.patient_id,
            study_uids=request.study_uids,
            series_uids=request.series_uids,
            instance_uids=request.instance_uids,
        )
        away = self._why_away({o.study_uid for o in found})
        if away:
            raise Refused(_CANNOT_PERFORM, away)
        return [
            StoredObject(o.sop_class_uid, o.sop_instance_uid, o.transfer_syntax_uid, o.open, o.file, o.length)
            for o in found
        ]


class ArchiveCommitment:
    """CommitmentSource: what the archive holds durably."""

    _REASONS: ClassVar = {"unknown": 0x0112, "class": 0x0119}  # PS3.3 C.14.1.1

    def __init__(
        self, objects: ArchiveObjects, promise: Callable[[Sequence[str], str], None] = lambda _uids, _ae: None
    ) -> None:
        self._objects = objects
        self._promise = promise

    def check(self, references: Sequence[ObjectReference], calling_ae: str) -> Sequence[CommitmentFailure]:
        missing = self._objects.missing([(r.sop_class_uid, r.sop_instance_uid) for r in references])
        self._promise([r.sop_instance_uid for r in references], calling_ae)
        return [
            CommitmentFailure(ObjectReference(sop_class, instance), self._REASONS.get(why, 0x0110))
            for sop_class, instance, why in missing
        ]


def tls_files(settings: Settings) -> TlsFiles:
    """Certificate, key and authorities for DICOM by TLS, as the settings name them."""

    def path(text: str) -> Path | None:
        return Path(text) if text else None

    return TlsFiles(
        path(settings.dicom_tls_certificate),
        path(settings.dicom_tls_key),
        path(settings.dicom_tls_authorities),
        settings.dicom_tls_require_client,
    )


def dicom_ports(options: Mapping[str, str]) -> DicomPorts:
    """Build the ports of one worker process; named in DoorSettings.ports_factory."""
    settings = from_text(options["settings"])
    folders = Folders(settings.data)
    start_logging(folders.logs, multiprocessing.current_process().name, settings.log_level)
    database = Database(options["database"])
    areas = build_areas(settings, database)
    receiver = receiver_of(settings, options["relay_address"], options["relay_token"], areas)
    metrics = MetricsFile(folders.metrics, multiprocessing.current_process().name)
    metrics.start()

    def close() -> None:
        metrics.stop()
        receiver.close()
        database.close()

    return ports_of(areas, receiver, database, settings, close)


def ports_of(
    areas: Areas, receiver: Receiver, database: Database, settings: Settings, close: Callable[[], None]
) -> DicomPorts:
    """Put the ports together over the areas of this process."""
    transcoder = ProcessTranscoder()

    def close_all() -> None:
        transcoder.close()
        close()

    return DicomPorts(
        peers=SqlPeers(database, areas.organisation, Peer, loopback_is_free=settings.dicom_loopback_free),
        objects=ReceiverSink(receiver),
        query=ArchiveQueries(database, areas.time.zone),
        retrieve=ArchiveRetrievals(areas.archive.objects, areas.stores.use.why_away_for_peers),
        worklist=BothWorklists(
            SqlWorklist(database, areas.time, areas.organisation, areas.patients, Refused),
            EcgWorklist(database, areas.time, areas.patients, areas.ecg.traces.devices.campus_of_ae, Refused),
        ),
        mpps=SqlPerformedSteps(
            database, areas.time, areas.exams, Refused, StepAlreadyFinal, performed(areas.archive.completeness)
        ),
        commitment=ArchiveCommitment(areas.archive.objects, committed(database, areas.archive.completeness)),
        commitment_reports=RoutedCommitments(database, areas.routing),
        transcoder=transcoder,
        close=close_all,
    )
