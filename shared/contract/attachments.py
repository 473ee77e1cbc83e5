"""Pictures kept with an exam: the photographed paper application (RIS-REG-25, RIS-REF-16)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission

MAX_ATTACHMENT_BYTES = 6 * 1024 * 1024
MAX_PAGES = 20


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of an exam. Its bytes come by the bulk channel: item `attachment`, name the id."""

    id: int
    exam_id: int
    kind: str  # "application": the paper application
    page: int  # 1 is the first
    media_type: str  # image/jpeg or image/png
    size_bytes: int
    width: int
    height: int
    sha256: str
    created_at: datetime
    created_by: str


class ListAttachments(Query[tuple[AttachmentView, ...]], frozen=True, kw_only=True):
    """The pictures of an exam by page. Refusals: NOT_FOUND."""

    method = "attachments.list"
    permission = Permission.SIGNED_IN
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


class AddAttachment(Command[AttachmentView], frozen=True, kw_only=True):
    """Keep a picture with an exam as its last page; it is on disk before the answer.

    The same bytes again give the page that is there already. Refusals: INVALID (no JPEG or PNG, too large, too many
    pages), DISK_FULL, NOT_FOUND, ILLEGAL_ACTION (the exam is cancelled).
    """

    method = "attachments.add"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    data: bytes
    kind: str = "application"


class RemoveAttachment(Command[tuple[AttachmentView, ...]], frozen=True, kw_only=True):
    """Take a picture off an exam; who did it and when stays recorded. Gives what is left. Refusals: NOT_FOUND."""

    method = "attachments.remove"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    attachment_id: int


class RestoreAttachment(Command[tuple[AttachmentView, ...]], frozen=True, kw_only=True):
    """Take a removal back. Refusals: NOT_FOUND."""

    method = "attachments.restore"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    attachment_id: int
