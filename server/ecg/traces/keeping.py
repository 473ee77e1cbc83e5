"""Keeps what was read: files, compact record and analysis in the storage, the trace in its row, the exam's step.

Bytes are durable before rows: a rolled-back row leaves an object without owner, never the reverse.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import func, select, update

from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.service import ExamService
from server.ecg.study import uid_of
from server.ecg.traces.facts import FilePatient, TraceFacts, stored, trace_view
from server.ecg.traces.reading import Taken
from server.ecg.traces.service import TraceService
from server.ecg.traces.tables import EcgTraceFileRow, EcgTraceRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action
from server.kernel.jobs import enqueue
from server.kernel.storage.port import ObjectStorage, StorageFull
from shared.contract.errors import ErrorCode
from shared.dicomkit.names import is_chinese, search_keys
from shared.domain.ecg import ExamAction, ExamState, TraceSource

ARCHIVE_JOB = "ecg_traces.archive"
MEASURE_JOB = "ecg_traces.measure"
DISK_FULL = "服务器磁盘已满，心电图没有保存，请联系管理员；数据保留在本机，稍后再上传。"
MAX_TRACES = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a recording comes from; `sop_uid` that of the DICOM object it was read from."""

    source: TraceSource
    by: str
    device: str = ""
    recorded_at: datetime | None = None
    sop_uid: str = ""
    sop_class: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """Hashes of what lies in the storage."""

    files: tuple[str, ...]
    compact: str
    analysis: str


class TraceKeeping:
    """`put` may be called anywhere and takes long; the others work in the caller's unit of work."""

    def __init__(self, storage: ObjectStorage, traces: TraceService, exams: ExamService, time: HospitalTime) -> None:
        self._storage = storage
        self._traces = traces
        self._exams = exams
        self._time = time

    def put(self, taken: Taken) -> Stored:
        """Bring the bytes to the disk. Raises DISK_FULL."""
        files = tuple(self._put(one.data) for one in taken.files)
        put = Stored(files, self._put(taken.packed), self._put(taken.analysis) if taken.analysis else "")
        self._traces.remember(put.compact, taken.record)
        return put

    def known(self, uow: UnitOfWork, taken: Taken) -> EcgTraceRow | None:
        """Return the trace that this recording is already; None for a new one."""
        return uow.session.scalars(
            select(EcgTraceRow).where(EcgTraceRow.digest == taken.digest).order_by(EcgTraceRow.id).limit(1)
        ).first()

    def keep(self, uow: UnitOfWork, taken: Taken, put: Stored, origin: Origin) -> EcgTraceRow:
        """Make the row of a new recording, of no exam yet."""
        device = taken.record.device
        words = " ".join(part for part in (device.manufacturer, device.model, device.serial) if part)
        recorded = taken.recorded_at or origin.recorded_at
        if recorded is not None and recorded.tzinfo is None:
            recorded = recorded.replace(tzinfo=self._time.zone)
        row = EcgTraceRow(
            number=0,
            is_current=False,
            source=origin.source.value,
            format=taken.format,
            file_name=taken.name,
            device=(words or origin.device)[:200],
            recorded_at=recorded,
            received_at=self._time.now(),
            received_by=origin.by[:64],
            digest=taken.digest,
            size_bytes=sum(len(one.data) for one in taken.files),
            sha256=put.files[0],
            compact_sha256=put.compact,
            compact_bytes=len(taken.packed),
            analysis_sha256=put.analysis,
            sampling_hz=taken.record.sampling_hz,
            seconds=taken.record.seconds,
            leads=list(taken.record.leads),
            facts=msgspec.msgpack.encode(taken.facts),
            quality_passed=taken.facts.quality.passed if taken.is_measured else None,
            sop_class=origin.sop_class,
            sop_uid=origin.sop_uid,
            object_uid=origin.sop_uid,
        )
        uow.session.add(row)
        uow.session.flush()
        if not row.object_uid:
            row.object_uid = uid_of("trace", str(row.id), taken.digest, row.received_at.isoformat())
        for place, (file, digest) in enumerate(zip(taken.files, put.files, strict=True)):
            uow.session.add(
                EcgTraceFileRow(
                    trace_id=row.id, place=place, name=file.name[:200], size_bytes=len(file.data), sha256=digest
                )
            )
        uow.session.flush()
        if not taken.is_measured:
            enqueue(uow, MEASURE_JOB, {"trace": row.id}, key=str(row.id), title="长程心电图测量", by=origin.by)
        return row

    def attach(
        self, uow: UnitOfWork, caller: Caller, row: EcgTraceRow, exam_id: int, *, right_is_checked: bool = True
    ) -> ExamFacts:
        """Make a trace the present one of an exam; earlier ones stay (ECG-SM-EXM-03/04). Raises ILLEGAL_ACTION."""
        facts = self._exams.facts(uow, exam_id)
        count = int(
            uow.session.execute(
                select(func.count()).select_from(EcgTraceRow).where(EcgTraceRow.exam_id == exam_id)
            ).scalar_one()
        )
        if count >= MAX_TRACES:
            raise illegal_action("full", f"一个检查最多保存 {MAX_TRACES} 份心电图。")
        uow.session.execute(
            update(EcgTraceRow).where(EcgTraceRow.exam_id == exam_id, EcgTraceRow.id != row.id).values(is_current=False)
        )
        known = stored(row)
        differs = differs_from(known.patient, facts)
        row.exam_id, row.number, row.is_current = exam_id, count + 1, True
        row.facts = msgspec.msgpack.encode(msgspec.structs.replace(known, patient_differs=differs))
        uow.session.flush()
        after = self._exams.step(
            uow,
            caller,
            exam_id,
            ExamAction.STORE_TRACE,
            note=f"{row.file_name} #{row.number}",
            right_is_checked=right_is_checked,
            acquired_at=self._time.now(),
            trace_count=count + 1,
            quality_passed=row.quality_passed,
        )
        if not row.sop_uid:
            enqueue(uow, ARCHIVE_JOB, {"trace": row.id}, key=str(row.id), title="心电图存档", by=caller.login)
        self.tell(uow, caller, row)
        return after

    def measure_again(self, uow: UnitOfWork, row: EcgTraceRow) -> None:
        """Let a trace be judged by the patient that it was found to be of: rules go by sex and age."""
        enqueue(uow, MEASURE_JOB, {"trace": row.id, "again": True}, key=str(row.id), title="心电图重新评估")

    def tell(self, uow: UnitOfWork, caller: Caller, row: EcgTraceRow) -> None:
        """Tell those who follow traces, once there is something measured to tell."""
        if row.exam_id is not None and row.analysis_sha256:
            for watcher in self._traces.watchers:
                watcher(uow, caller, row.exam_id, trace_view(row))

    def use(self, uow: UnitOfWork, caller: Caller, trace_id: int) -> ExamFacts:
        """Make an earlier trace the present one again. Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = self._traces.row(uow, trace_id)
        if row.exam_id is None:
            raise illegal_action("orphan", "这份心电图还没有匹配检查，请先匹配。")
        facts = self._exams.demand(uow, caller, row.exam_id)
        if facts.state is ExamState.REPORTED:
            raise illegal_action(facts.state.value, "该检查已报告，不能更换心电图；如需更换请先撤回报告。")
        self._exams.check(uow, caller, row.exam_id, ExamAction.ACQUIRE)
        uow.session.execute(
            update(EcgTraceRow).where(EcgTraceRow.exam_id == row.exam_id).values(is_current=EcgTraceRow.id == row.id)
        )
        exam = self._exams.lock(uow, row.exam_id)
        exam.quality_passed = row.quality_passed
        self._exams.note(uow, caller, row.exam_id, "use_trace", new=f"{row.file_name} #{row.number}")
        self._exams.changed(uow, exam)
        return self._exams.facts(uow, row.exam_id)

    def note_measured(self, uow: UnitOfWork, caller: Caller, trace_id: int, analysis: str, facts: TraceFacts) -> None:
        """Write what a job measured."""
        row = self._traces.row(uow, trace_id)
        row.analysis_sha256, row.quality_passed = analysis, facts.quality.passed
        row.facts = msgspec.msgpack.encode(facts)
        uow.session.flush()
        if row.exam_id is not None:
            exam = self._exams.lock(uow, row.exam_id)
            if row.is_current:
                exam.quality_passed = row.quality_passed
            self._exams.changed(uow, exam)
            self.tell(uow, caller, row)

    def put_bytes(self, data: bytes) -> str:
        """Bring bytes to the disk and return their hash. Raises DISK_FULL."""
        return self._put(data)

    def _put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        try:
            self._storage.put(data, digest)
        except StorageFull as full:
            raise Refusal(ErrorCode.DISK_FULL, DISK_FULL) from full
        return digest


def differs_from(patient: FilePatient, exam: ExamFacts) -> bool:
    """Whether a file names somebody else: a warning, never a reason to refuse (ECG-ACQ-07)."""
    numbers = {
        exam.patient_number, exam.outpatient_number, exam.inpatient_number, exam.health_check_number, exam.id_number,
        exam.request_number, exam.accession_number,
    }  # fmt: skip
    if patient.number and patient.number in numbers:
        return False
    if patient.name and not same_name(patient.name, exam.patient_name):
        return True
    if patient.birth_date and exam.birth_date is not None and patient.birth_date != exam.birth_date.isoformat():
        return True
    return patient.sex in ("M", "F") and exam.sex.value in ("M", "F") and patient.sex != exam.sex.value


def same_name(one: str, other: str) -> bool:
    """Whether two names are written alike, or one is the pinyin of the other, in either order of its parts."""
    if is_chinese(one) and is_chinese(other):
        return "".join(one.split()) == "".join(other.split())
    first, second = search_keys(one)[0], search_keys(other)[0]
    return bool(first) and (first == second or sorted(first) == sorted(second))
