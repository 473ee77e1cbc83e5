"""PDFs of other programs attached to an exam: Holter reports, stress protocols (EX-ECG-14)."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from server.ecg.exams.service import ExamService
from server.ecg.traces.keeping import DISK_FULL
from server.ecg.traces.service import TraceService
from server.ecg.traces.tables import EcgDocumentRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.kernel.jobs import enqueue
from server.kernel.storage.port import ObjectMissing, StorageFull
from shared.contract.ecg import AttachDocument, DocumentView, OriginalFile
from shared.contract.errors import ErrorCode
from shared.domain.ecg import EcgKind, ExamAction, ExamState

MAX_BYTES = 6 * 1024 * 1024
MAX_DOCUMENTS = 50
DOCUMENT_JOB = "ecg_traces.document"
_BY_DOCUMENT = frozenset({EcgKind.HOLTER, EcgKind.STRESS})
"""Kinds that are carried out when their document is there, without any trace."""


class Documents:
    """Methods work in the caller's unit of work."""

    def __init__(self, traces: TraceService, exams: ExamService, time: HospitalTime) -> None:
        self._traces = traces
        self._exams = exams
        self._time = time

    def attach(self, uow: UnitOfWork, caller: Caller, request: AttachDocument) -> DocumentView:
        """Keep a PDF; the same bytes again give the same view. Raises Refusal."""
        facts = self._exams.demand(uow, caller, request.exam_id)
        if len(request.data) > MAX_BYTES:
            raise Refusal(ErrorCode.TOO_LARGE, f"文件太大，最多 {MAX_BYTES >> 20} MB。")
        if not request.data.startswith(b"%PDF-") or b"%%EOF" not in request.data[-2048:]:
            raise invalid("data", "文件不是完整的 PDF，请重新导出。")
        if facts.state is ExamState.CANCELLED:
            self._exams.check(uow, caller, request.exam_id, ExamAction.ACQUIRE)
        digest = hashlib.sha256(request.data).hexdigest()
        rows = self._rows(uow, facts.id)
        if there := next((row for row in rows if row.sha256 == digest), None):
            return _view(there)
        if len(rows) >= MAX_DOCUMENTS:
            raise invalid("data", f"一个检查最多附 {MAX_DOCUMENTS} 份文件。")
        try:
            self._traces.storage.put(request.data, digest)
        except StorageFull as full:
            raise Refusal(ErrorCode.DISK_FULL, DISK_FULL) from full
        title = request.title.strip() or request.file_name.strip() or "心电文件"
        row = EcgDocumentRow(
            exam_id=facts.id,
            title=title[:120],
            file_name=request.file_name.strip()[:200],
            size_bytes=len(request.data),
            sha256=digest,
            stored_at=self._time.now(),
            stored_by=caller.name[:64],
            sop_uid="",
        )
        uow.session.add(row)
        uow.session.flush()
        if facts.state is ExamState.AWAITING and facts.kind in _BY_DOCUMENT:
            self._exams.step(
                uow, caller, facts.id, ExamAction.STORE_TRACE, note=title[:200], acquired_at=self._time.now()
            )
        else:
            self._exams.note(uow, caller, facts.id, "attach_document", new=title[:200])
            self._exams.changed(uow, self._exams.lock(uow, facts.id))
        enqueue(uow, DOCUMENT_JOB, {"document": row.id}, key=str(row.id), title="心电文件存档", by=caller.login)
        return _view(row)

    def of_exam(self, uow: UnitOfWork, exam_id: int) -> tuple[DocumentView, ...]:
        """Return what is attached to an exam, oldest first."""
        return tuple(_view(row) for row in self._rows(uow, exam_id))

    def open(self, uow: UnitOfWork, caller: Caller, document_id: int) -> OriginalFile:
        """Return the bytes of a document. Raises NOT_FOUND."""
        row = uow.session.get(EcgDocumentRow, document_id)
        if row is None:
            raise not_found("心电文件")
        self._exams.demand(uow, caller, row.exam_id)
        return OriginalFile(name=row.file_name or f"{row.title}.pdf", data=self.data(row.sha256))

    def data(self, digest: str) -> bytes:
        """Return bytes by their hash. Raises NOT_FOUND."""
        try:
            with self._traces.storage.open(digest) as reader:
                return reader.read()
        except ObjectMissing as missing:
            raise not_found("心电文件") from missing

    def row(self, uow: UnitOfWork, document_id: int) -> EcgDocumentRow | None:
        """Return the row, None when it is gone; for the job of this room."""
        return uow.session.get(EcgDocumentRow, document_id)

    def _rows(self, uow: UnitOfWork, exam_id: int) -> list[EcgDocumentRow]:
        statement = select(EcgDocumentRow).where(EcgDocumentRow.exam_id == exam_id).order_by(EcgDocumentRow.id)
        return list(uow.session.scalars(statement))


def _view(row: EcgDocumentRow) -> DocumentView:
    return DocumentView(
        id=row.id,
        exam_id=row.exam_id,
        title=row.title,
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        stored_at=row.stored_at,
        stored_by=row.stored_by,
        sop_uid=row.sop_uid,
    )
