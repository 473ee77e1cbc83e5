"""Use cases of API tokens, and the question of the web door: who is this?"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from server.access.rules import MAX_DAYS, NAME, PREFIX, digest, is_live
from server.access.tables import ApiToken
from server.identity.service import IdentityService
from server.kernel.clock import Clock
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from shared.contract.access import AccessScope, NewTokenView, TokenView
from shared.contract.errors import ErrorCode
from shared.domain.permissions import Permission

_REMEMBER_S = 5.0  # a revoked token works for no longer than this
_REMEMBER = 2000
_TOUCH_EVERY = timedelta(minutes=5)  # how stale `last_used_at` may be


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a token: a program (`user` is "token:name") or a signed-in person, and what is open to them."""

    user: str
    scopes: frozenset[AccessScope]


class AccessService:
    """Tokens in the database; `holder` is asked at every web request and remembers its answers for seconds."""

    def __init__(self, database: Database, identity: IdentityService, clock: Clock) -> None:
        self._database = database
        self._identity = identity
        self._clock = clock
        self._known: dict[str, tuple[Holder | None, float]] = {}
        self._lock = threading.Lock()

    def add(
        self, uow: UnitOfWork, caller: Caller, name: str, scopes: tuple[AccessScope, ...], days: int
    ) -> NewTokenView:
        """Make a token. Raises Refusal: INVALID, DUPLICATE."""
        name = name.strip()
        if not NAME.match(name):
            raise invalid("name", "令牌名称为 1–39 个字母、数字、空格或 . _ @ -，以字母或数字开头。")
        if not scopes:
            raise invalid("scopes", "请至少选择一项权限：read、store、ups。")
        if not 0 <= days <= MAX_DAYS:
            raise invalid("days", f"有效天数为 1 到 {MAX_DAYS}，0 表示永久有效。")
        now = self._clock.now()
        for row in uow.session.scalars(select(ApiToken).where(ApiToken.name == name)):
            if is_live(now, row.expires_at, row.revoked_at):
                raise Refusal(ErrorCode.DUPLICATE, f"已有名为“{name}”的有效令牌。", field="name", existing_id=row.id)
        secret = PREFIX + secrets.token_urlsafe(32)
        row = ApiToken(
            token_hash=digest(secret),
            name=name,
            scopes=",".join(sorted(set(scopes))),
            hint=secret[:8],
            created_by=caller.login,
            created_at=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
        uow.session.add(row)
        uow.session.flush()
        return NewTokenView(token=_view(row, now), secret=secret)

    def list(self, uow: UnitOfWork) -> tuple[TokenView, ...]:
        """All tokens by name."""
        now = self._clock.now()
        return tuple(
            _view(row, now) for row in uow.session.scalars(select(ApiToken).order_by(ApiToken.name, ApiToken.id))
        )

    def revoke(self, uow: UnitOfWork, token_id: int) -> TokenView:
        """End a token; ending it twice is no error. Raises Refusal: NOT_FOUND."""
        row = uow.session.get(ApiToken, token_id)
        if row is None:
            raise not_found("令牌")
        now = self._clock.now()
        row.revoked_at = row.revoked_at or now
        with self._lock:
            self._known.pop(row.token_hash, None)
        return _view(row, now)

    def holder(self, secret: str) -> Holder | None:
        """Who holds `secret`, an API token or a session's token; None for everything else."""
        if not secret or len(secret) > 200:
            return None
        key = digest(secret)
        now = time.monotonic()
        known = self._known.get(key)
        if known is not None and now < known[1]:
            return known[0]
        found = self._token(key) if secret.startswith(PREFIX) else self._session(secret)
        with self._lock:
            if len(self._known) >= _REMEMBER:
                self._known.clear()
            self._known[key] = (found, now + _REMEMBER_S)
        return found

    def _token(self, key: str) -> Holder | None:
        now = self._clock.now()
        with self._database.read() as uow:
            row = uow.session.scalar(select(ApiToken).where(ApiToken.token_hash == key))
        if row is None or not is_live(now, row.expires_at, row.revoked_at):
            return None
        if row.last_used_at is None or now - row.last_used_at > _TOUCH_EVERY:
            with self._database.write() as uow:
                uow.session.execute(update(ApiToken).where(ApiToken.id == row.id).values(last_used_at=now))
        return Holder(f"token:{row.name}", frozenset(AccessScope(scope) for scope in row.scopes.split(",")))

    def _session(self, secret: str) -> Holder | None:
        try:
            caller = self._identity.look_up(secret)
        except Refusal:
            return None
        scopes: set[AccessScope] = set()
        if caller.may(Permission.VIEW_IMAGES):
            scopes.add(AccessScope.READ)
        if caller.may(Permission.REPORT):
            scopes.add(AccessScope.REPORTS)
        if caller.may(Permission.ADMINISTER):
            scopes.update(AccessScope)
        return Holder(caller.login, frozenset(scopes))


def _view(row: ApiToken, now: datetime) -> TokenView:
    return TokenView(
        id=row.id,
        name=row.name,
        scopes=tuple(AccessScope(scope) for scope in row.scopes.split(",")),
        hint=row.hint,
        created_by=row.created_by,
        created_at=row.created_at.astimezone(UTC),
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        is_active=is_live(now, row.expires_at, row.revoked_at),
    )
