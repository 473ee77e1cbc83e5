"""Use cases of shared links: making, revoking, and letting visitors in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.sharing.tables import SharedLink, SharedLinkOpening
from shared.contract import sharing as contract
from shared.contract.sharing import ShareState

VISIT = timedelta(hours=2)
"""So long a visitor may look after one opening."""
WRONG_AN_HOUR = 10
MOST_OPENINGS = 200
TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Link:
    """What a visitor may see."""

    id: int
    study_uid: str
    is_anonymous: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """To a visitor: ``link`` where it is open to him; else ``outcome`` says why not. ``visit`` goes into a cookie."""

    outcome: str
    link: Link | None = None
    visit: str = ""


class SharingService:
    """Every method works in a unit of work that it is given."""

    def __init__(self, knows: Callable[[UnitOfWork, str], bool], time: HospitalTime, base: str) -> None:
        """``base`` is where links begin, such as ``https://host/s``."""
        self._knows, self._time, self._base = knows, time, base.rstrip("/")
        self._hasher = PasswordHasher()

    # --- for workstations

    def create(self, uow: UnitOfWork, caller: Caller, request: contract.CreateShare) -> contract.CreatedShare:
        """Raises NOT_FOUND, INVALID."""
        if not 1 <= request.hours <= contract.LONGEST_HOURS:
            raise invalid("hours", f"有效期应在 1 小时到 {contract.LONGEST_HOURS // 24} 天之间。")
        if not 0 <= request.most_views <= contract.MOST_VIEWS:
            raise invalid("most_views", f"查看次数最多 {contract.MOST_VIEWS} 次。")
        if request.password and not contract.LEAST_PASSWORD <= len(request.password) <= contract.MOST_LETTERS:
            raise invalid("password", f"密码至少 {contract.LEAST_PASSWORD} 个字符。")
        if not self._knows(uow, request.study_uid):
            raise not_found("该影像")
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._time.now()
        row = SharedLink(
            token_hash=_hash(token),
            study_uid=request.study_uid,
            created_by_id=caller.user_id,
            created_by=caller.name[:120],
            created_at=now,
            expires_at=now + timedelta(hours=request.hours),
            most_views=request.most_views,
            views=0,
            password_hash=self._hasher.hash(request.password) if request.password else "",
            is_anonymous=request.is_anonymous,
        )
        uow.session.add(row)
        uow.session.flush()
        return contract.CreatedShare(share=self._view(row), url=f"{self._base}/{token}")

    def listed(self, uow: UnitOfWork, study_uid: str) -> tuple[contract.ShareView, ...]:
        """Newest first."""
        statement = select(SharedLink).where(SharedLink.study_uid == study_uid).order_by(SharedLink.id.desc())
        return tuple(self._view(row) for row in uow.session.scalars(statement))

    def revoke(self, uow: UnitOfWork, link_id: int) -> contract.ShareView:
        """Raises NOT_FOUND; a second time changes nothing."""
        row = uow.session.get(SharedLink, link_id)
        if row is None:
            raise not_found("该分享")
        row.revoked_at = row.revoked_at or self._time.now()
        uow.session.flush()
        return self._view(row)

    def openings(self, uow: UnitOfWork, link_id: int) -> tuple[contract.OpeningView, ...]:
        """Raises NOT_FOUND."""
        if uow.session.get(SharedLink, link_id) is None:
            raise not_found("该分享")
        statement = (
            select(SharedLinkOpening)
            .where(SharedLinkOpening.link_id == link_id)
            .order_by(SharedLinkOpening.id.desc())
            .limit(MOST_OPENINGS)
        )
        return tuple(
            contract.OpeningView(at=row.at, address=row.address, outcome=row.outcome)
            for row in uow.session.scalars(statement)
        )

    # --- for visitors

    def find(self, uow: UnitOfWork, token: str, visit: str) -> Answer:
        """Who comes with a link, perhaps with the cookie of an earlier opening; counts and logs nothing."""
        row = self._by_token(uow, token)
        if row is None:
            return Answer("unknown")
        state = self._state(row)
        if visit and state in (ShareState.OPEN, ShareState.USED_UP) and self._is_visiting(uow, row, visit):
            return Answer("opened", Link(row.id, row.study_uid, row.is_anonymous))
        if state is not ShareState.OPEN:
            return Answer(state.value)
        return Answer("password" if row.password_hash else "ready")

    def open(self, uow: UnitOfWork, token: str, password: str, address: str) -> Answer:
        """Use a link once: counted and logged, whatever comes of it."""
        statement = select(SharedLink).where(SharedLink.token_hash == _hash(token)).with_for_update()
        row = uow.session.scalars(statement).one_or_none()
        if row is None:
            return Answer("unknown")
        outcome, visit = self._state(row).value, ""
        if outcome == ShareState.OPEN:
            outcome = self._admitted(uow, row, password)
        if outcome == "opened":
            row.views += 1
            visit = secrets.token_urlsafe(TOKEN_BYTES)
        opening = SharedLinkOpening(
            link_id=row.id,
            at=self._time.now(),
            address=address[:64],
            outcome=outcome,
            visit_hash=_hash(visit) if visit else "",
        )
        uow.session.add(opening)
        uow.session.flush()
        link = Link(row.id, row.study_uid, row.is_anonymous) if visit else None
        return Answer(outcome, link, visit)

    def _admitted(self, uow: UnitOfWork, row: SharedLink, password: str) -> str:
        if not row.password_hash:
            return "opened"
        recent = select(func.count(SharedLinkOpening.id)).where(
            SharedLinkOpening.link_id == row.id,
            SharedLinkOpening.outcome == "wrong_password",
            SharedLinkOpening.at > self._time.now() - timedelta(hours=1),
        )
        if (uow.session.scalar(recent) or 0) >= WRONG_AN_HOUR:
            return "locked"
        try:
            self._hasher.verify(row.password_hash, password[: contract.MOST_LETTERS])
        except (VerificationError, InvalidHashError):
            return "wrong_password"
        return "opened"

    def _is_visiting(self, uow: UnitOfWork, row: SharedLink, visit: str) -> bool:
        statement = select(SharedLinkOpening.at).where(
            SharedLinkOpening.visit_hash == _hash(visit), SharedLinkOpening.link_id == row.id
        )
        at: datetime | None = uow.session.scalar(statement)
        return at is not None and self._time.now() - at < VISIT

    def _by_token(self, uow: UnitOfWork, token: str) -> SharedLink | None:
        statement = select(SharedLink).where(SharedLink.token_hash == _hash(token))
        return uow.session.scalars(statement).one_or_none()

    def _state(self, row: SharedLink) -> ShareState:
        if row.revoked_at is not None:
            return ShareState.REVOKED
        if self._time.now() >= row.expires_at:
            return ShareState.EXPIRED
        return ShareState.USED_UP if row.most_views and row.views >= row.most_views else ShareState.OPEN

    def _view(self, row: SharedLink) -> contract.ShareView:
        return contract.ShareView(
            id=row.id,
            study_uid=row.study_uid,
            created_by=row.created_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            most_views=row.most_views,
            views=row.views,
            has_password=bool(row.password_hash),
            is_anonymous=row.is_anonymous,
            state=self._state(row),
        )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
