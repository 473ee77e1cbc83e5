"""Rows of routing: targets, rules, studies on their way, and which of their instances have arrived."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database.base import Base, UtcDateTime, Versioned


class RoutingTarget(Base, Versioned):
    """A place that images are sent to, and whether it answers at present."""

    __tablename__ = "routing_targets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(8))  # contract.TargetKind
    enabled: Mapped[bool] = mapped_column(default=True)
    ae_title: Mapped[str] = mapped_column(String(16), default="")
    url: Mapped[str] = mapped_column(String(400), default="")
    token_file: Mapped[str] = mapped_column(String(64), default="")
    concurrency: Mapped[int] = mapped_column(default=1)
    transfer_syntaxes: Mapped[list[str]] = mapped_column(JSON)
    commitment: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)  # tries in a row at which it did not answer
    down_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    last_error: Mapped[str] = mapped_column(String(400), default="")

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's; ids of removed targets never come again


class RoutingRule(Base, Versioned):
    """What is sent where, when, and changed how."""

    __tablename__ = "routing_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    enabled: Mapped[bool] = mapped_column(default=True)
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON)
    target_id: Mapped[int] = mapped_column(ForeignKey("routing_targets.id"))
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    delay_s: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    days_back: Mapped[int] = mapped_column(default=7)
    anonymise: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), default=None)  # AnonymisePlan
    resend_after_correction: Mapped[bool] = mapped_column(default=False)

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's


class CoercionRule(Base, Versioned):
    """How attributes of images from some senders are kept in the index."""

    __tablename__ = "coercion_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    enabled: Mapped[bool] = mapped_column(default=True)
    sender_aes: Mapped[list[str]] = mapped_column(JSON)
    modalities: Mapped[list[str]] = mapped_column(JSON)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's


class Forward(Base):
    """A study on its way to a target: one row, however often it grows or is sent again."""

    __tablename__ = "forwards"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_uid: Mapped[str] = mapped_column(String(64))
    target_id: Mapped[int] = mapped_column(ForeignKey("routing_targets.id"))
    rule_id: Mapped[int | None] = mapped_column(default=None)
    rule_name: Mapped[str] = mapped_column(String(64), default="")
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10))  # contract.ForwardState
    priority: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    sent: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)  # instances that the study had when it was looked at
    attempts: Mapped[int] = mapped_column(default=0)
    sentence: Mapped[str] = mapped_column(String(400), default="")
    anonymise: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), default=None)
    why: Mapped[str] = mapped_column(String(400), default="")  # it was sent again
    generation: Mapped[int] = mapped_column(default=0)  # grows when everything shall be sent again
    job_id: Mapped[int | None] = mapped_column(default=None)  # the job that sends it now
    transaction_uid: Mapped[str] = mapped_column(String(64), default="", index=True)  # of storage commitment
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)

    __table_args__ = (
        UniqueConstraint("study_uid", "target_id", name="uq_forwards_study_uid_target_id"),
        Index("ix_forwards_due", "target_id", "state", "not_before"),
        {"sqlite_autoincrement": True},
    )


class SentInstance(Base):
    """An instance that a target has acknowledged: it is not sent there again by itself."""

    __tablename__ = "sent_instances"

    forward_id: Mapped[int] = mapped_column(ForeignKey("forwards.id"), primary_key=True)
    instance_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
