"""Puts routing together: DICOM and DICOMweb as ways out, the reports it asks, its jobs, commitment reports."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from server.archive.routing import jobs
from server.archive.routing.anonymising import Anonymising
from server.archive.routing.ports import Destination, Outcome, Outgoing, Unreachable, WayOut
from server.archive.routing.service import RoutingService
from server.archive.routing.stow import StowSender
from server.audit.service import AuditService
from server.doors.dicom import status
from server.doors.dicom.ports import (
    CommitmentFailure,
    ObjectReference,
    Peer,
    Refused,
    StoredObject,
    Transcoder,
)
from server.doors.dicom.scu.commitment import request_commitment
from server.doors.dicom.scu.echo import echo
from server.doors.dicom.scu.ours import Ours, ScuFailed, association
from server.doors.dicom.sending import PeerReceiver, batches, proposals, send_all
from server.doors.dicom.transcoding.process import ProcessTranscoder
from server.kernel.database import Database, UnitOfWork
from server.kernel.jobs import JobKind
from server.organisation.peers import SqlPeers
from server.organisation.service import OrganisationService
from server.settings import Settings
from shared.contract.routing import TargetKind

if TYPE_CHECKING:
    from server.bootstrap.folders import Folders
    from server.bootstrap.jobs import JobsHouse
    from server.exams.service import ExamService

SCHEDULES = jobs.SCHEDULES
_REFUSES_ALL = frozenset({status.STORE_OUT_OF_RESOURCES})
_INVALID_ARGUMENT = 0x0115
_COMMIT_WAIT_S = 10.0


class DicomWayOut:
    """routing.ports.WayOut by C-STORE, over the door's functions as requestor."""

    def __init__(self, find: Callable[[str], Peer | None], settings: Settings) -> None:
        self._find = find
        self._settings = settings
        self._transcoder: Transcoder | None = None

    def send(self, to: Destination, objects: Sequence[Outgoing], told: Callable[[Sequence[Outcome]], bool]) -> None:
        peer, ours = self._peer(to), self._ours()
        stored = [StoredObject(o.sop_class_uid, o.sop_instance_uid, o.transfer_syntax_uid, o.open) for o in objects]
        try:
            for batch in batches(stored):
                with association(peer, ours, proposals(batch, ours.transcoder, to.transfer_syntaxes)) as opened:
                    receiver = PeerReceiver(opened)
                    sending = send_all(batch, receiver, ours.transcoder, peer.ae_title, to.transfer_syntaxes)
                    with contextlib.closing(sending):
                        for sent in sending:
                            if sent.status in _REFUSES_ALL:
                                raise Unreachable(f"{peer.ae_title} has no room at the moment ({sent.status:04X})")
                            sentence = "" if sent.arrived else f"{sent.sentence} ({sent.status:04X})"
                            if not told([Outcome(sent.sop_instance_uid, sent.arrived, sentence)]):
                                return
        except ScuFailed as failed:
            raise Unreachable(failed.sentence) from None

    def test(self, to: Destination) -> str:
        try:
            echo(self._peer(to), self._ours())
        except (ScuFailed, Unreachable) as failed:
            return str(failed)
        return ""

    def commit(
        self, to: Destination, references: Sequence[tuple[str, str]], transaction_uid: str
    ) -> Collection[str] | None:
        named = [ObjectReference(sop_class, instance) for sop_class, instance in references]
        try:
            answer = request_commitment(self._peer(to), named, transaction_uid, self._ours(), wait_s=_COMMIT_WAIT_S)
        except ScuFailed as failed:
            raise Unreachable(failed.sentence) from None
        return None if answer is None else [failure.reference.sop_instance_uid for failure in answer.failed]

    def _peer(self, to: Destination) -> Peer:
        peer = self._find(to.ae_title)
        if peer is None:
            raise Unreachable(f"There is no DICOM peer '{to.ae_title}' any more; enter it in the peers")
        return peer

    def _ours(self) -> Ours:
        if self._transcoder is None:
            self._transcoder = ProcessTranscoder()
        from server.bootstrap.dicom import tls_files  # it imports the areas, which import this module

        return Ours(self._settings.ae_title, transcoder=self._transcoder, tls=tls_files(self._settings))


class RoutedCommitments:
    """The DICOM door's CommitmentReports: what targets say later to commitments that routing asked for."""

    def __init__(self, database: Database, service: RoutingService) -> None:
        self._database = database
        self._service = service

    def reported(
        self,
        peer_ae: str,
        transaction_uid: str,
        committed: Sequence[ObjectReference],
        failed: Sequence[CommitmentFailure],
    ) -> None:
        uids = [failure.reference.sop_instance_uid for failure in failed]
        with self._database.write() as uow:
            known = self._service.commitment_reported(uow, transaction_uid, uids)
        if not known:
            raise Refused(_INVALID_ARGUMENT, "The transaction is not known here")


class ExamReports:
    """routing.ports.Reports over the exams area."""

    def __init__(self, exams: ExamService) -> None:
        self._exams = exams

    def approved(self, uow: UnitOfWork, exam_ids: Collection[int]) -> frozenset[int]:
        return self._exams.approved(uow, exam_ids)


def routing_service(
    database: Database,
    settings: Settings,
    folders: Folders,
    organisation: OrganisationService,
    exams: ExamService,
    zone: tzinfo,
) -> RoutingService:
    """The service over this process's areas."""
    peers = SqlPeers(database, organisation, Peer)
    ways_out: dict[TargetKind, WayOut] = {
        TargetKind.DICOM: DicomWayOut(peers.by_title, settings),
        TargetKind.STOW: StowSender(folders.secrets),
    }

    def peer_exists(uow: UnitOfWork, ae_title: str) -> bool:
        return organisation.find_peer(uow, ae_title) is not None

    def secret() -> bytes:
        from server.bootstrap.exchange import anonymise_key  # it imports the areas, which import this module

        return anonymise_key(folders)

    return RoutingService(database, ExamReports(exams), ways_out, peer_exists, zone, secret)


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """The jobs of routing."""
    from server.bootstrap.exchange import anonymise_key, decoded

    record = AuditService(house.database).record_in
    anonymising = Anonymising(house.database, anonymise_key(house.folders), decoded)
    objects, service = house.areas.archive.objects, house.areas.routing
    return jobs.Forwarding(house.database, objects, service, record, anonymising).kinds()
