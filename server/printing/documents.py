"""Keeps documents: their bytes in the object storage, what they are in a row."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, not_found
from server.kernel.storage.port import ObjectMissing, ObjectStorage, StorageFull
from server.printing.tables import Document
from shared.contract.errors import ErrorCode
from shared.contract.printing import DocumentView


class DocumentStore:
    """Keeps and opens documents.

    `storage` must be one of its own, not the images': the archive's proof calls every object an orphan that no image
    owns. Bytes are durable before the row is: a rolled-back row leaves an object without owner, never the reverse.
    """

    def __init__(self, storage: ObjectStorage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def keep(self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int = 0) -> int:
        """Keep `data` and return the document's id."""
        return self.keep_view(uow, kind=kind, media_type=media_type, data=data, subject_id=subject_id).id

    def keep_view(
        self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int, warning: str = ""
    ) -> DocumentView:
        """Keep `data` and return the document; raises DISK_FULL."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            self._storage.put(data, digest)
        except StorageFull as full:
            raise Refusal(ErrorCode.DISK_FULL, "服务器磁盘已满，文件没有保存，请联系管理员。") from full
        row = Document(
            kind=kind,
            subject_id=subject_id,
            media_type=media_type,
            sha256=digest,
            size_bytes=len(data),
            created_at=self._clock.now(),
            warning=warning,
        )
        uow.session.add(row)
        uow.session.flush()
        return _view(row)

    def sha256(self, uow: UnitOfWork, document_id: int) -> str:
        """Return the hash of a document."""
        return self._row(uow, document_id).sha256

    def view(self, uow: UnitOfWork, document_id: int) -> DocumentView:
        """Return what a document is."""
        return _view(self._row(uow, document_id))

    def subject(self, uow: UnitOfWork, document_id: int) -> Document:
        """Return the row of a document: its kind and what it belongs to; raises NOT_FOUND."""
        return self._row(uow, document_id)

    def open_document(self, uow: UnitOfWork, caller: Caller, document_id: int) -> bytes:
        """Return the bytes of a document; raises NOT_FOUND."""
        row = self._row(uow, document_id)
        try:
            with self._storage.open(row.sha256) as reader:
                return reader.read()
        except ObjectMissing as missing:
            raise not_found("文件") from missing

    def forget(self, uow: UnitOfWork, *, kind: str, subject_id: int) -> None:
        """Remove the documents of this kind and subject: earlier previews."""
        rows = uow.session.scalars(select(Document).where(Document.kind == kind, Document.subject_id == subject_id))
        for row in list(rows):
            uow.session.delete(row)
            uow.session.flush()
            others = select(func.count()).select_from(Document).where(Document.sha256 == row.sha256)
            if not uow.session.scalar(others) and self._storage.exists(row.sha256):
                self._storage.delete(row.sha256)

    def _row(self, uow: UnitOfWork, document_id: int) -> Document:
        row = uow.session.get(Document, document_id)
        if row is None:
            raise not_found("文件")
        return row


def _view(row: Document) -> DocumentView:
    return DocumentView(
        id=row.id,
        kind=row.kind,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        created_at=row.created_at,
        warning=row.warning,
    )
