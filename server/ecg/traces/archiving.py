"""The jobs that make DICOM objects of traces and documents, and measure long records; safe to begin again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.ecg.exams.rules import years_of
from server.ecg.exams.service import ExamService
from server.ecg.study import uid_of
from server.ecg.traces.documents import DOCUMENT_JOB, Documents
from server.ecg.traces.facts import stored
from server.ecg.traces.keeping import ARCHIVE_JOB, MEASURE_JOB, TraceKeeping
from server.ecg.traces.ports import Archive, NotYet, Studies
from server.ecg.traces.reading import Subject, measured
from server.ecg.traces.service import TraceService
from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.dispatch import SYSTEM
from server.kernel.errors import Refusal
from server.kernel.jobs import JobContext, JobFailed, JobKind, JobRetry

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from shared.waveform.record import EcgRecord

_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 60.0, 300.0)
SERIES_TRACE, SERIES_DOCUMENT = 961, 969


class TraceMaker:
    """`kinds` are for the runner of jobs."""

    def __init__(
        self,
        database: Database,
        traces: TraceService,
        keeping: TraceKeeping,
        documents: Documents,
        exams: ExamService,
        studies: Studies,
        archive: Archive,
        time: HospitalTime,
    ) -> None:
        self._database = database
        self._traces = traces
        self._keeping = keeping
        self._documents = documents
        self._exams = exams
        self._studies = studies
        self._archive = archive
        self._time = time

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [
            JobKind(ARCHIVE_JOB, self.make, lane="results", max_attempts=1_000),
            JobKind(DOCUMENT_JOB, self.make_document, lane="results", max_attempts=1_000),
            JobKind(MEASURE_JOB, self.measure, lane="work", max_attempts=3),
        ]

    def make(self, context: JobContext) -> str:
        """Bring a trace of an exam to the archive as a waveform object (EX-ECG-06)."""
        trace_id = int(context.payload["trace"])
        with self._database.read() as uow:
            row = self._traces.row(uow, trace_id)
            if row.exam_id is None or row.sop_uid:
                return "Nothing to do."
            exam_id, sop_uid = row.exam_id, row.object_uid
            record = self._traces.record(uow, trace_id)
        made = self._made(record, exam_id, trace_id, sop_uid)
        self._store(context, made, sop_uid)
        with self._database.write() as uow:
            row = self._traces.row(uow, trace_id)
            row.sop_uid, row.sop_class = sop_uid, str(made.SOPClassUID)
            self._exams.changed(uow, self._exams.lock(uow, exam_id))
        return "One object made."

    def _made(self, record: EcgRecord, exam_id: int, trace_id: int, sop_uid: str) -> Dataset:
        from shared.dicomkit.headers import SeriesFacts
        from shared.waveform.formats.base import EcgFormatError
        from shared.waveform.formats.dicom_writing import dataset_of

        with self._database.read() as uow:
            patient, study = self._studies.patient_and_study(uow, exam_id)
            row = self._traces.row(uow, trace_id)
            number, received, recorded = row.number, row.received_at, row.recorded_at
        if record.started is None:  # the moment that is known: of the task, else of the upload
            record = replace(record, started=(recorded or received).astimezone(self._time.zone).replace(tzinfo=None))
        series = SeriesFacts(uid_of("series", study.study_uid, str(trace_id)), SERIES_TRACE + number - 1, "ECG")
        try:
            return dataset_of(record, patient=patient, study=study, series=series, sop_uid=sop_uid)
        except EcgFormatError as error:
            raise JobFailed(f"The record cannot be made into a DICOM object: {error}") from error

    def make_document(self, context: JobContext) -> str:
        """Bring an attached document to the archive as an encapsulated PDF."""
        from shared.dicomkit.encapsulated_pdf import encapsulated_pdf
        from shared.dicomkit.headers import SeriesFacts

        document_id = int(context.payload["document"])
        with self._database.read() as uow:
            row = self._documents.row(uow, document_id)
            if row is None or row.sop_uid:
                return "Nothing to do."
            exam_id, title, stored_at = row.exam_id, row.title, row.stored_at
            data = self._documents.data(row.sha256)
            patient, study = self._studies.patient_and_study(uow, exam_id)
        sop_uid = uid_of("document", study.study_uid, str(document_id))
        series = SeriesFacts(uid_of("documents", study.study_uid, str(document_id)), SERIES_DOCUMENT, title[:64])
        made = encapsulated_pdf(
            patient,
            study,
            data,
            title=title,
            verified=False,
            series=series,
            made_at=stored_at.astimezone(self._time.zone).replace(tzinfo=None),
            sop_uid=sop_uid,
        )
        self._store(context, made, sop_uid)
        with self._database.write() as uow:
            row = self._documents.row(uow, document_id)
            if row is not None:
                row.sop_uid = sop_uid
                self._exams.changed(uow, self._exams.lock(uow, exam_id))
        return "One object made."

    def measure(self, context: JobContext) -> str:
        """Measure a long record, which nobody waited for."""
        trace_id = int(context.payload["trace"])
        with self._database.read() as uow:
            row = self._traces.row(uow, trace_id)
            if row.analysis_sha256 and not context.payload.get("again"):
                return "Nothing to do."
            facts = stored(row)
            subject = None
            if row.exam_id is not None:
                exam = self._exams.facts(uow, row.exam_id)
                subject = Subject(exam.sex, years_of(exam.age))
            record = self._traces.record(uow, trace_id)
        try:
            analysis, facts = measured(record, facts, subject, self._time.now())
        except MemoryError as error:
            raise JobFailed("The record is too long to be measured with the memory of this machine.") from error
        digest = self._keeping.put_bytes(analysis)
        with self._database.write() as uow:
            self._keeping.note_measured(uow, SYSTEM, trace_id, digest, facts)
        return "Measured."

    def _store(self, context: JobContext, made: Dataset, sop_uid: str) -> None:
        try:
            if not self._archive.holds([sop_uid]):
                self._archive.store(made)
                if not self._archive.holds([sop_uid]):
                    raise NotYet("已保存，正在等待编入索引。")
        except NotYet as waits:
            raise JobRetry(str(waits), _PAUSES_S[min(max(context.attempts, 1), len(_PAUSES_S)) - 1]) from waits
        except Refusal as refusal:
            raise JobRetry(str(refusal)) from refusal
