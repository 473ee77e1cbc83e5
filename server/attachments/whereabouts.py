"""Which exam a picture belongs to, for those who limit access by the exam's place."""

from __future__ import annotations

from sqlalchemy import select

from server.attachments.tables import AttachmentRow
from server.kernel.database import UnitOfWork


def exam_of_attachment(uow: UnitOfWork, attachment_id: int) -> int | None:
    """Return the exam of a picture, or None when there is no such picture."""
    return uow.session.scalar(select(AttachmentRow.exam_id).where(AttachmentRow.id == attachment_id))
