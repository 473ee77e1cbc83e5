"""Who may use the web services of the archive (DICOMweb): API tokens of programs, made by an administrator."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission


class AccessScope(StrEnum):
    """What a token opens."""

    READ = "read"  # QIDO-RS, WADO-RS, WADO-URI
    STORE = "store"  # STOW-RS
    UPS = "ups"  # UPS-RS: workitems
    REPORTS = "reports"  # FHIR: approved reports


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token as lists show it; the secret itself is never shown again."""

    id: int
    name: str
    scopes: tuple[AccessScope, ...]
    hint: str  # the first characters of the secret, to tell tokens apart
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    is_active: bool  # neither revoked nor expired


class NewTokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token that was made just now: `secret` is told this one time."""

    token: TokenView
    secret: str


class ListTokens(Query[tuple[TokenView, ...]], frozen=True, kw_only=True):
    """All tokens by name, revoked and expired ones too."""

    method = "access.list_tokens"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY


class AddToken(Command[NewTokenView], frozen=True, kw_only=True):
    """Make a token. Refusals: INVALID (name, scopes, days), DUPLICATE (an active token has this name)."""

    method = "access.add_token"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    name: str
    scopes: tuple[AccessScope, ...]
    days: int = 365  # until it expires; 0: never


class RevokeToken(Command[TokenView], frozen=True, kw_only=True):
    """End a token; it stops working within seconds, everywhere. Refusals: NOT_FOUND."""

    method = "access.revoke_token"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    token_id: int
