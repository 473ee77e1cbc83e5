"""Rows of accounts and sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime
from server.kernel.database.kept import Kept


class RoleRow(Kept, Base):
    """A named set of permissions; without own ones (None) those the program comes with (shared.domain.permissions)."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    name_en: Mapped[str] = mapped_column(String(100))
    permissions: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class UserRow(Kept, Base):
    """An account. `roles` is a comma-separated list of role codes; empty lists of ids limit nothing (RIS-EX-12).

    `granted` and `revoked` are permissions of this one account, beside those of its roles (PA-USER-06).
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200))
    roles: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(50), default="", server_default="")
    phone: Mapped[str] = mapped_column(String(32), default="", server_default="")
    campus_ids: Mapped[list[int]] = mapped_column(JSON, default=list, server_default="[]")
    department_ids: Mapped[list[int]] = mapped_column(JSON, default=list, server_default="[]")
    granted: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    revoked: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    must_change_password: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    last_failure: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionRow(Base):
    """An open session, found by the SHA-256 of its token: a stolen database opens no session."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    station: Mapped[str] = mapped_column(String(80), default="")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
