"""Handlers of pictures kept with exams."""

from __future__ import annotations

from server.attachments.service import AttachmentService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract.attachments import (
    AddAttachment,
    AttachmentView,
    ListAttachments,
    RemoveAttachment,
    RestoreAttachment,
)


class AttachmentsRpc:
    """What workstations ask about pictures of exams."""

    def __init__(self, attachments: AttachmentService) -> None:
        self._attachments = attachments

    @handles
    def list_of(self, request: ListAttachments, caller: Caller, uow: UnitOfWork) -> tuple[AttachmentView, ...]:
        return self._attachments.list_of(uow, request.exam_id)

    @handles
    def add(self, request: AddAttachment, caller: Caller, uow: UnitOfWork) -> AttachmentView:
        return self._attachments.add(uow, caller, request)

    @handles
    def remove(self, request: RemoveAttachment, caller: Caller, uow: UnitOfWork) -> tuple[AttachmentView, ...]:
        return self._attachments.remove(uow, caller, request.attachment_id)

    @handles
    def restore(self, request: RestoreAttachment, caller: Caller, uow: UnitOfWork) -> tuple[AttachmentView, ...]:
        return self._attachments.restore(uow, request.attachment_id)
