"""Shared links: a patient or a colleague sees an exam's pictures in any browser, for a while."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission

LONGEST_HOURS, MOST_VIEWS, LEAST_PASSWORD, MOST_LETTERS = 24 * 90, 1000, 6, 64


class ShareState(StrEnum):
    """Whether a link still leads anywhere."""

    OPEN = "open"
    EXPIRED = "expired"
    USED_UP = "used_up"
    REVOKED = "revoked"


class ShareView(msgspec.Struct, frozen=True, kw_only=True):
    """A link without its secret. `most_views` 0: without limit."""

    id: int
    study_uid: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    most_views: int
    views: int
    has_password: bool
    is_anonymous: bool
    state: ShareState


class CreatedShare(msgspec.Struct, frozen=True, kw_only=True):
    """A new link; `url` is told this once only, the server keeps no more than its hash."""

    share: ShareView
    url: str


class CreateShare(Command[CreatedShare], frozen=True, kw_only=True):
    """Make a link. Refusals: NOT_FOUND, INVALID (hours, views, password too short)."""

    method = "sharing.create"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    study_uid: str
    hours: int = 72
    password: str = ""  # empty: none
    most_views: int = 0
    is_anonymous: bool = False


class ListShares(Query[tuple[ShareView, ...]], frozen=True, kw_only=True):
    """The links of a study, newest first. Refusals: none."""

    method = "sharing.list"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.ROUTINE

    study_uid: str


class RevokeShare(Command[ShareView], frozen=True, kw_only=True):
    """End a link at once, also for those who look at it now. Refusals: NOT_FOUND."""

    method = "sharing.revoke"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    id: int


class OpeningView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody used a link. `outcome`: opened, wrong_password, expired, used_up, revoked, locked."""

    at: datetime
    address: str
    outcome: str


class ListOpenings(Query[tuple[OpeningView, ...]], frozen=True, kw_only=True):
    """The last 200 uses of a link, newest first. Refusals: NOT_FOUND."""

    method = "sharing.openings"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.ROUTINE

    id: int
