"""Handlers of traces and documents."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from server.ecg.exams.service import ExamService
from server.ecg.exams.views import ExamViews
from server.ecg.traces.documents import Documents
from server.ecg.traces.facts import trace_view
from server.ecg.traces.keeping import TraceKeeping
from server.ecg.traces.service import TraceService
from server.ecg.traces.tables import EcgTraceFileRow, EcgTraceRow
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.kernel.errors import Refusal, not_found
from shared.contract.ecg import (
    MAX_INLINE_BYTES,
    AttachDocument,
    DocumentView,
    EcgExamView,
    GetDocument,
    GetOriginal,
    GetTrace,
    OriginalFile,
    TraceData,
    UseTrace,
)
from shared.contract.errors import ErrorCode

_MOST_ORIGINAL = 16 * 1024 * 1024


class TracesRpc:
    """What workstations ask about traces."""

    def __init__(
        self,
        traces: TraceService,
        keeping: TraceKeeping,
        documents: Documents,
        exams: ExamService,
        views: ExamViews,
    ) -> None:
        self._traces = traces
        self._keeping = keeping
        self._documents = documents
        self._exams = exams
        self._views = views
        self.sees_orphan: Callable[[UnitOfWork, Caller, int], bool] = lambda _uow, _caller, _trace_id: False
        """Whether the caller may see a trace that has no exam; acquisition binds it."""

    @handles
    def get_trace(self, request: GetTrace, caller: Caller, uow: UnitOfWork) -> TraceData:
        if request.trace_id is not None:
            row = self.demand(uow, caller, request.trace_id)
        else:
            facts = self._exams.demand(uow, caller, request.exam_id or 0)
            present = next((one for one in self._traces.rows_of(uow, facts.id) if one.is_current), None)
            if present is None:
                raise Refusal(ErrorCode.NOT_FOUND, "该检查还没有心电图，请先采集。", state="no_trace")
            row = present
        is_long = row.compact_bytes > MAX_INLINE_BYTES
        return TraceData(
            trace=trace_view(row),
            data=b"" if is_long else self._traces.packed(uow, row.id),
            analysis=b"" if is_long else self._traces.packed_analysis(uow, row.id),
        )

    @handles
    def get_original(self, request: GetOriginal, caller: Caller, uow: UnitOfWork) -> tuple[OriginalFile, ...]:
        row = self.demand(uow, caller, request.trace_id)
        if row.size_bytes > _MOST_ORIGINAL:
            raise Refusal(ErrorCode.TOO_LARGE, "原始文件太大，请由管理员从存档导出。")
        files = uow.session.scalars(
            select(EcgTraceFileRow).where(EcgTraceFileRow.trace_id == row.id).order_by(EcgTraceFileRow.place)
        )
        return tuple(OriginalFile(name=one.name, data=self._documents.data(one.sha256)) for one in files)

    @handles
    def use_trace(self, request: UseTrace, caller: Caller, uow: UnitOfWork) -> EcgExamView:
        self.demand(uow, caller, request.trace_id)
        return self._views.details(uow, caller, self._keeping.use(uow, caller, request.trace_id))

    @handles
    def attach_document(self, request: AttachDocument, caller: Caller, uow: UnitOfWork) -> DocumentView:
        return self._documents.attach(uow, caller, request)

    @handles
    def get_document(self, request: GetDocument, caller: Caller, uow: UnitOfWork) -> OriginalFile:
        return self._documents.open(uow, caller, request.document_id)

    def demand(self, uow: UnitOfWork, caller: Caller, trace_id: int) -> EcgTraceRow:
        """Return the row of a trace that the caller may see; an orphan is for those who match. Raises NOT_FOUND."""
        row = self._traces.row(uow, trace_id)
        if row.exam_id is not None:
            self._exams.demand(uow, caller, row.exam_id)
        elif not self.sees_orphan(uow, caller, trace_id):
            raise not_found("心电图")
        return row

    def packed(self, uow: UnitOfWork, caller: Caller, trace_id: int) -> bytes:
        """Return the compact record for the bulk channel. Raises NOT_FOUND."""
        return self._traces.packed(uow, self.demand(uow, caller, trace_id).id)

    def analysis(self, uow: UnitOfWork, caller: Caller, trace_id: int) -> bytes:
        """Return the packed analysis for the bulk channel. Raises NOT_FOUND."""
        return self._traces.packed_analysis(uow, self.demand(uow, caller, trace_id).id)
