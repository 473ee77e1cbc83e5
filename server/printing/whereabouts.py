"""Which exam or report a document is about, for those who limit access by the exam's place."""

from __future__ import annotations

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.printing.tables import Document, ReportCopy

_OF_REPORTS = frozenset({"report", "report_preview", "key_image"})


def subject_of_document(uow: UnitOfWork, document_id: int) -> tuple[int, bool] | None:
    """Return the subject of a document and whether it is a report (else an exam), or None; test pages have none."""
    found = uow.session.execute(select(Document.kind, Document.subject_id).where(Document.id == document_id)).first()
    if found is None or not found.subject_id:
        return None
    return found.subject_id, found.kind in _OF_REPORTS


def report_of_copy(uow: UnitOfWork, copy_id: int) -> int | None:
    """Return the report of a copy, or None."""
    return uow.session.scalar(select(ReportCopy.report_id).where(ReportCopy.id == copy_id))
