"""The job that makes the results of a report: each at most once, in the order of its issues, safe to begin again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.kernel.jobs import JobContext, JobKind, JobRetry, Schedule
from server.kernel.metrics import METRICS
from server.results import rules
from server.results.documents import cda, dicom, fhir, hl7
from server.results.ports import Archive, Connection, Documents, Letter, NotYet, Paper, Post, StudyOfReport
from server.results.service import MAKE_JOB, ask
from server.results.snapshot import ECG, Snapshot, unpacked
from server.results.tables import Result, ResultIssue
from shared.contract.base import Changed
from shared.contract.results import ResultKind, ResultState
from shared.dicomkit.headers import InstanceReference

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

logger = logging.getLogger(__name__)

LOOK_JOB = "results.look_after"
SCHEDULES = (Schedule(LOOK_JOB, timedelta(minutes=10)),)
_INDEX_WAIT_S, _POLL_S = 10.0, 0.05
_PAUSES_S = (2.0, 5.0, 15.0, 60.0, 300.0, 900.0)
_TRACE_WAIT = timedelta(minutes=10)
_DOCUMENT = "report_cda"


class _Impossible(Exception):
    """The result cannot be made, trying again is no use; the text is a Chinese sentence."""


class _Work:
    """One issue while its results are made: what they share is gathered once."""

    def __init__(self, issue: ResultIssue, archive: Archive, paper: Paper) -> None:
        self.id, self.number, self.at = issue.id, issue.number, issue.at
        self.report_id, self.exam_id = issue.report_id, issue.exam_id
        self.snapshot: Snapshot = unpacked(issue.body)
        self._archive = archive
        self._paper = paper
        self._place: StudyOfReport | None = None
        self._pdf: bytes | None = None

    @property
    def place(self) -> StudyOfReport:
        if self._place is None:
            self._place = self._archive.study(self.snapshot.view)
        return self._place

    @property
    def pdf(self) -> bytes:
        """The printed report; of a withdrawn one nothing. Raises NotYet, Refusal."""
        if self.snapshot.is_withdrawn:
            return b""
        if self._pdf is None:
            self._pdf = self._paper.pdf(self.snapshot.view, self.snapshot.edition)
        return self._pdf


class ResultMaker:
    """The handlers of jobs; `kinds` and SCHEDULES are for the runner."""

    def __init__(
        self, database: Database, archive: Archive, paper: Paper, post: Post, documents: Documents, time_: HospitalTime
    ) -> None:
        self._database = database
        self._archive = archive
        self._paper = paper
        self._post = post
        self._documents = documents
        self._time = time_

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [
            JobKind(MAKE_JOB, self.make, lane="results", max_attempts=1_000_000),
            JobKind(LOOK_JOB, self.look_after, lane="house"),
        ]

    @property
    def _zone(self) -> tzinfo:
        return self._time.zone

    def make(self, context: JobContext) -> str:
        """Make what waits for a report. One result that cannot be made now holds up only its own successors."""
        report_id = int(context.payload["report"])
        held: set[tuple[str, int]] = set()
        later, count, work = "", 0, None
        for result_id, issue_id, kind, connection_id in self._waiting(report_id):
            context.step()
            if (kind, connection_id) in held:
                continue
            if work is None or work.id != issue_id:
                work = self._work(issue_id)
            try:
                self._make(work, result_id, ResultKind(kind), connection_id)
                count += 1
            except NotYet as waits:
                later = str(waits)
                held.add((kind, connection_id))
                self._note(result_id, ResultState.WAITING, later)
            except (_Impossible, Refusal, ValueError) as fault:
                said = fault.body.message if isinstance(fault, Refusal) else str(fault)
                logger.warning("results: %s of report %d cannot be made: %s", kind, report_id, type(fault).__name__)
                self._note(result_id, ResultState.FAILED, said)
                METRICS.count("results_total", kind=kind, outcome="failed")
        if later:
            raise JobRetry(later, _PAUSES_S[min(context.attempts, len(_PAUSES_S)) - 1])
        return f"{count} results made."

    def look_after(self, _context: JobContext) -> str:
        """Ask again for the work of results that wait: their job may have been cancelled by hand."""
        with self._database.write() as uow:
            waiting = select(Result.report_id).where(Result.state == ResultState.WAITING.value, Result.message_id == 0)
            reports = set(uow.session.scalars(waiting.distinct().limit(1000)))
            for report_id in reports:
                ask(uow, report_id)
        return f"{len(reports)} reports with waiting results."

    def _waiting(self, report_id: int) -> list[tuple[int, int, str, int]]:
        statement = (
            select(Result.id, Result.issue_id, Result.kind, Result.connection_id)
            .join(ResultIssue, ResultIssue.id == Result.issue_id)
            .where(
                Result.report_id == report_id,
                Result.state == ResultState.WAITING.value,
                Result.message_id == 0,
            )
            .order_by(ResultIssue.number, Result.id)
        )
        with self._database.read() as uow:
            return [(row[0], row[1], row[2], row[3]) for row in uow.session.execute(statement)]

    def _work(self, issue_id: int) -> _Work:
        with self._database.read() as uow:
            return _Work(uow.session.get_one(ResultIssue, issue_id), self._archive, self._paper)

    def _make(self, work: _Work, result_id: int, kind: ResultKind, connection_id: int) -> None:
        if kind in rules.IN_ARCHIVE:
            self._archived(work, result_id, kind)
        elif kind is ResultKind.CDA:
            self._kept(work, result_id)
        else:
            self._queued(work, result_id, kind, connection_id)

    # ── objects of the archive ───────────────────────────────────────────────────────────────────────

    def _archived(self, work: _Work, result_id: int, kind: ResultKind) -> None:
        with self._database.read() as uow:
            row = uow.session.get_one(Result, result_id)
            occasion = dicom.Occasion(
                at=work.at.astimezone(self._zone),
                approved_at=(work.snapshot.view.approved_at or work.at).astimezone(self._zone),
                number=work.number,
                series_uid=row.series_uid,
                sop_uid=row.sop_uid,
                predecessor=self._predecessor(uow, work, row),
            )
        made = self._object(work, kind, occasion)
        if made is None:
            self._note(result_id, ResultState.DONE, "关键图像不在本院存档中，没有可引用的图像。")
            return
        self._archive.store(made)
        end = time.monotonic() + _INDEX_WAIT_S
        while not self._archive.holds([occasion.sop_uid]):
            if time.monotonic() > end:
                raise NotYet("已保存，正在等待编入索引。")
            time.sleep(_POLL_S)
        self._done(work, result_id, kind)

    def _object(self, work: _Work, kind: ResultKind, occasion: dicom.Occasion) -> Dataset | None:
        if kind is ResultKind.SR:
            fresh = self._time.now() - work.at < _TRACE_WAIT
            has_trace = work.snapshot.view.row.exam_type == ECG and work.snapshot.view.exam.row.has_images
            if has_trace and not work.place.images and fresh:
                raise NotYet("正在等待心电图存入存档。")  # the report names the waveform that it speaks of
            return dicom.structured_report(work.snapshot, work.place, occasion)
        if kind is ResultKind.KEY_OBJECTS:
            return dicom.key_objects(work.snapshot, work.place, occasion)
        return dicom.printed_report(work.snapshot, work.place, occasion, work.pdf)

    def _predecessor(self, uow: UnitOfWork, work: _Work, row: Result) -> InstanceReference | None:
        """The document of the same kind that this one replaces: the newest earlier one that came to be."""
        if row.kind != ResultKind.SR.value:
            return None
        statement = (
            select(Result.series_uid, Result.sop_uid, ResultIssue.body)
            .join(ResultIssue, ResultIssue.id == Result.issue_id)
            .where(
                Result.report_id == row.report_id,
                Result.kind == row.kind,
                Result.state == ResultState.DONE.value,
                ResultIssue.number < work.number,
            )
            .order_by(ResultIssue.number.desc())
            .limit(1)
        )
        found = uow.session.execute(statement).first()
        if found is None:
            return None
        study_uid = work.place.study.study_uid
        sop_class = dicom.sr_class(unpacked(found.body), work.place)
        return InstanceReference(study_uid, found.series_uid, sop_class, found.sop_uid)

    # ── CDA ──────────────────────────────────────────────────────────────────────────────────────────

    def _cda(self, work: _Work) -> bytes:
        images = {one.sop_uid: one for one in work.place.images}
        return cda.clinical_document(work.snapshot, work.number, work.at, self._zone, images)

    def _kept(self, work: _Work, result_id: int) -> None:
        data = self._cda(work)
        with self._database.write() as uow:
            row = self._open(uow, result_id)
            if row is None:
                return
            row.document_id = self._documents.keep(
                uow, kind=_DOCUMENT, media_type="text/xml", data=data, subject_id=work.report_id
            )
        self._done(work, result_id, ResultKind.CDA)

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────

    def _queued(self, work: _Work, result_id: int, kind: ResultKind, connection_id: int) -> None:
        with self._database.read() as uow:
            to = self._post.connections(uow).get(connection_id)
            with_pdf = uow.session.get_one(Result, result_id).with_pdf
        if to is None:
            raise _Impossible("接口连接已删除，请在结果设置中另选连接。")
        write = self._writer(work, kind, to, with_pdf=with_pdf)
        row_of_exam = work.snapshot.view.row
        letter = Letter(
            connection_id=connection_id,
            exam_id=work.exam_id,
            message_type={ResultKind.ORU: "ORU^R01", ResultKind.MDM: "MDM"}.get(kind, "Bundle"),
            write=write,
            character_set="utf-8" if to.is_fhir else hl7.CODECS.get(to.character_set, "utf-8"),
            order_number=work.snapshot.view.exam.requester.his_number,
            accession_number=row_of_exam.accession_number,
            patient_name=row_of_exam.patient_name,
        )
        with self._database.write() as uow:
            row = self._open(uow, result_id)
            if row is None:
                return
            row.message_id = self._post.put(uow, letter)
            row.attempts += 1
            row.sentence = ""
            uow.publish(Changed("result", row.id, 0))
        METRICS.count("results_total", kind=kind.value, outcome="queued")

    def _writer(self, work: _Work, kind: ResultKind, to: Connection, *, with_pdf: bool) -> Callable[[str], bytes]:
        """What writes the message once its control id is known; everything slow is done before."""
        pdf = work.pdf if with_pdf else b""
        if kind is ResultKind.FHIR:
            facts = fhir.Bundling(work.number, work.at, to.identifier_system, to.patient_system, pdf)
            bundle = msgspec.json.encode(fhir.transaction(work.snapshot, facts))
            return lambda _control_id: bundle
        study_uid = work.snapshot.view.exam.row.study_uid
        set_oid = cda.set_oid(study_uid, work.report_id)

        def envelope(control_id: str) -> hl7.Envelope:
            return hl7.Envelope(to, control_id, work.at, self._zone, set_oid, work.number)

        if kind is ResultKind.ORU:
            return lambda control_id: hl7.result_message(work.snapshot, envelope(control_id), pdf)
        document = self._cda(work)
        replaces = f"{set_oid}.{work.number - 1}" if work.number > 1 else ""
        return lambda control_id: hl7.document_message(work.snapshot, envelope(control_id), document, replaces)

    # ── what became of it ────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _open(uow: UnitOfWork, result_id: int) -> Result | None:
        """The row, locked, if it still waits: nothing is made twice."""
        row = uow.session.get(Result, result_id, with_for_update=True, populate_existing=True)
        waits = row is not None and row.state == ResultState.WAITING.value and row.message_id == 0
        return row if waits else None

    def _done(self, work: _Work, result_id: int, kind: ResultKind) -> None:
        self._note(result_id, ResultState.DONE, "")
        METRICS.count("results_total", kind=kind.value, outcome="done")
        waited = max(0.0, (self._time.now() - work.at).total_seconds())
        METRICS.observe("result_ready_seconds", waited, kind=kind.value)

    def _note(self, result_id: int, state: ResultState, sentence: str) -> None:
        with self._database.write() as uow:
            row = self._open(uow, result_id)
            if row is None:
                return
            row.attempts += 1
            row.state, row.sentence = state.value, sentence[:400]
            row.finished_at = None if state is ResultState.WAITING else self._time.now()
            uow.publish(Changed("result", row.id, 0))


def counts_by_state(uow: UnitOfWork) -> dict[str, int]:
    """How many results stand in each state, for the measurements of the server."""
    statement = select(Result.state, func.count()).group_by(Result.state)
    return {str(row[0]): int(row[1]) for row in uow.session.execute(statement)}
