"""What a report speaks of: a trace, documents that other programs made of the exam, or both (EX-ECG-14)."""

from __future__ import annotations

from dataclasses import dataclass

from server.ecg.exams.facts import ExamFacts
from server.ecg.traces.service import TraceService
from server.kernel.database import UnitOfWork
from server.kernel.errors import illegal_action, invalid, not_found
from shared.contract.ecg import DocumentView, TraceValues, TraceView
from shared.contract.ecg_reports import ReportBody

NOTHING_YET = "还没有心电图，采集后才能书写报告。"


@dataclass(frozen=True, slots=True)
class Basis:
    """The trace, None where the exam came as documents, and the documents that follow the report."""

    trace: TraceView | None
    documents: tuple[DocumentView, ...]

    @property
    def trace_id(self) -> int:
        """The trace's id, 0 without one."""
        return 0 if self.trace is None else self.trace.id

    @property
    def document_ids(self) -> tuple[int, ...]:
        """The documents' ids, in the order in which they follow."""
        return tuple(one.id for one in self.documents)

    @property
    def values(self) -> TraceValues | None:
        """What the machine measured; None without a trace."""
        return None if self.trace is None else self.trace.values


def trace_of(traces: TraceService, uow: UnitOfWork, exam_id: int, trace_id: int = 0) -> TraceView | None:
    """Return a trace of the exam, the present one without an id. Raises NOT_FOUND for another exam's."""
    if not trace_id:
        return traces.current(uow, exam_id)
    found = traces.view(uow, trace_id)
    if found.exam_id != exam_id:
        raise not_found("心电图")
    return found


def basis_of(traces: TraceService, uow: UnitOfWork, exam: ExamFacts, body: ReportBody) -> Basis:
    """Return what a body speaks of. Raises ILLEGAL_ACTION before there is anything, INVALID, NOT_FOUND."""
    trace = trace_of(traces, uow, exam.id, body.trace_id)
    there = {one.id: one for one in traces.documents(uow, exam.id)}
    if trace is None and not there:
        raise illegal_action(exam.state.value, NOTHING_YET)
    wanted = tuple(dict.fromkeys(body.documents)) or (tuple(there) if trace is None else ())
    if not set(wanted) <= set(there):
        raise invalid("documents", "所选的文件不属于该检查，请刷新后再试。")
    return Basis(trace, tuple(there[one] for one in wanted))
