"""Rows of shared links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class SharedLink(Base):
    """A link. `token_hash` is SHA-256 of its secret, `password_hash` Argon2 or empty."""

    __tablename__ = "shared_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    study_uid: Mapped[str] = mapped_column(String(64), index=True)
    created_by_id: Mapped[int]
    created_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    most_views: Mapped[int]
    views: Mapped[int] = mapped_column(default=0)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    is_anonymous: Mapped[bool] = mapped_column(default=False)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class SharedLinkOpening(Base):
    """A use of a link; `visit_hash` is SHA-256 of the visitor's cookie where it was let in, else empty."""

    __tablename__ = "shared_link_openings"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(20))
    visit_hash: Mapped[str] = mapped_column(String(64), default="", index=True)
