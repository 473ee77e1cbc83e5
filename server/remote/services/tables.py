"""Rows of assisted reading."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class RemoteServiceRow(Versioned, Base):
    """A service; `body` is JSON of contract.AssistService."""

    __tablename__ = "remote_services"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class RemoteOrderRow(Versioned, Base):
    """A request to a service. `known_id`: the newest object of the archive when it was sent, answers are newer."""

    __tablename__ = "remote_service_orders"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    exam_id: Mapped[int] = mapped_column(Integer, index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("remote_services.id"))
    service: Mapped[str] = mapped_column(String(100))
    fields: Mapped[str] = mapped_column(Text)  # JSON
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    known_id: Mapped[int] = mapped_column(Integer)
    remote_id: Mapped[str] = mapped_column(String(200), default="")
    findings: Mapped[str] = mapped_column(Text, default="")
    impression: Mapped[str] = mapped_column(Text, default="")
    sentence: Mapped[str] = mapped_column(String(1000), default="")
    object_uids: Mapped[str] = mapped_column(Text, default="")  # one per line
