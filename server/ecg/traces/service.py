"""Traces for all rooms: which an exam has, their samples, their analysis, their files."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.service import ExamService
from server.ecg.traces.facts import trace_view
from server.ecg.traces.tables import EcgTraceRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, not_found
from server.kernel.storage.port import ObjectMissing, ObjectStorage
from shared.contract.ecg import DocumentView, TraceView

if TYPE_CHECKING:
    from shared.waveform.measuring import Analysis
    from shared.waveform.median_beat import MedianBeat
    from shared.waveform.record import EcgRecord

logger = logging.getLogger(__name__)

_TWELVE = 12
_EARLIER = 5
"""So many of a patient's records are looked through for one to compare with."""
_RECENT = 8
_SHORT = 1_000_000
"""Samples of all leads of the records that are kept at hand, and how many."""
_LONG_S = 120.0
"""Nobody compares with a longer record: reading it would take too long."""


class TraceService:
    """What rooms and clients ask of traces. Methods work in the caller's unit of work and never commit."""

    def __init__(self, storage: ObjectStorage, exams: ExamService, time: HospitalTime) -> None:
        self.storage = storage
        self.exams = exams
        self.time = time
        self._recent: OrderedDict[str, EcgRecord] = OrderedDict()
        self._lock = threading.Lock()
        self.watchers: list[Callable[[UnitOfWork, Caller, int, TraceView], None]] = []
        """Told in the same transaction when a trace of an exam was kept and measured: exam id and trace."""

    def of_exam(self, uow: UnitOfWork, exam_id: int) -> tuple[TraceView, ...]:
        """Return the traces of an exam, oldest first."""
        rows = uow.session.scalars(
            select(EcgTraceRow).where(EcgTraceRow.exam_id == exam_id).order_by(EcgTraceRow.number)
        )
        return tuple(trace_view(row) for row in rows)

    def current(self, uow: UnitOfWork, exam_id: int) -> TraceView | None:
        """Return the present trace of an exam; None before one was acquired."""
        row = uow.session.scalars(
            select(EcgTraceRow).where(EcgTraceRow.exam_id == exam_id, EcgTraceRow.is_current)
        ).one_or_none()
        return None if row is None else trace_view(row)

    def documents(self, uow: UnitOfWork, exam_id: int) -> tuple[DocumentView, ...]:
        """Return what is attached to an exam, oldest first."""
        from server.ecg.traces.documents import Documents  # it stands on this service

        return Documents(self, self.exams, self.time).of_exam(uow, exam_id)

    def view(self, uow: UnitOfWork, trace_id: int) -> TraceView:
        """Return one trace. Raises NOT_FOUND."""
        return trace_view(self.row(uow, trace_id))

    def record(self, uow: UnitOfWork, trace_id: int) -> EcgRecord:
        """Return the record of a trace with all its samples, as the file had it. Raises NOT_FOUND."""
        from shared.waveform.compact import unpack

        digest = self.row(uow, trace_id).compact_sha256
        with self._lock:
            known = self._recent.get(digest)
        if known is not None:
            return known
        record = unpack(self._bytes(digest))
        self.remember(digest, record)
        return record

    def remember(self, digest: str, record: EcgRecord) -> None:
        """Keep a short record at hand: what just came is looked at by several rooms, and unpacking takes a while."""
        if record.samples.size > _SHORT:
            return
        record.samples.setflags(write=False)  # it is shared by threads
        with self._lock:
            self._recent[digest] = record
            self._recent.move_to_end(digest)
            while len(self._recent) > _RECENT:
                self._recent.popitem(last=False)

    def earlier_beat(self, uow: UnitOfWork, exam: ExamFacts) -> MedianBeat | None:
        """Return the median beat of the last 12-lead record of the patient's other exams; None where there is none."""
        others = [one.id for one in self.exams.of_patients(uow, [exam.patient_id]) if one.id != exam.id]
        rows = uow.session.scalars(
            select(EcgTraceRow)
            .where(
                EcgTraceRow.exam_id.in_(others),
                EcgTraceRow.is_current,
                EcgTraceRow.analysis_sha256 != "",
                EcgTraceRow.seconds <= _LONG_S,
            )
            .order_by(EcgTraceRow.received_at.desc(), EcgTraceRow.id.desc())
            .limit(_EARLIER)
        )
        for row in rows:
            if len(row.leads) < _TWELVE:
                continue
            try:
                analysis = self.analysis(uow, row.id)
            except (Refusal, ValueError) as fault:
                logger.warning("ecg: the trace %d cannot be compared with: %s", row.id, type(fault).__name__)
                continue
            if analysis is not None and analysis.median is not None:
                return analysis.median
        return None

    def packed(self, uow: UnitOfWork, trace_id: int) -> bytes:
        """Return the record of a trace packed by shared.waveform.compact. Raises NOT_FOUND."""
        return self._bytes(self.row(uow, trace_id).compact_sha256)

    def analysis(self, uow: UnitOfWork, trace_id: int) -> Analysis | None:
        """Return what was measured when the trace came, median beat included; None where it was not yet measured."""
        from shared.waveform import kept

        row = self.row(uow, trace_id)
        if not row.analysis_sha256:
            return None
        return kept.unpack(self._bytes(row.analysis_sha256), self.record(uow, trace_id))

    def packed_analysis(self, uow: UnitOfWork, trace_id: int) -> bytes:
        """Return the analysis packed by shared.waveform.kept; empty where it was not yet measured."""
        digest = self.row(uow, trace_id).analysis_sha256
        return self._bytes(digest) if digest else b""

    def row(self, uow: UnitOfWork, trace_id: int) -> EcgTraceRow:
        """Return the row of a trace; for this room and acquisition only. Raises NOT_FOUND."""
        row = uow.session.get(EcgTraceRow, trace_id)
        if row is None:
            raise not_found("心电图")
        return row

    def rows_of(self, uow: UnitOfWork, exam_id: int) -> Sequence[EcgTraceRow]:
        """Return the rows of an exam's traces, oldest first."""
        return uow.session.scalars(
            select(EcgTraceRow).where(EcgTraceRow.exam_id == exam_id).order_by(EcgTraceRow.number)
        ).all()

    def bytes_of(self, digest: str) -> bytes:
        """Return the bytes of a document by their hash. Raises NOT_FOUND."""
        return self._bytes(digest)

    def _bytes(self, digest: str) -> bytes:
        try:
            with self.storage.open(digest) as reader:
                return reader.read()
        except ObjectMissing as missing:
            raise not_found("心电图数据") from missing
