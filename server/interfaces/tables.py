"""Rows of connections to hospital systems, of the journal that is the queue too, and of patients as they told them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class InterfaceConnection(Versioned, Base):
    """A connection; see contract.ConnectionView. While the job `sender_job` runs, no other sends for it."""

    __tablename__ = "interface_connections"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    enabled: Mapped[bool] = mapped_column(default=True)
    host: Mapped[str] = mapped_column(String(255), default="")
    port: Mapped[int] = mapped_column(default=0)
    tls: Mapped[bool] = mapped_column(default=False)
    url: Mapped[str] = mapped_column(String(400), default="")
    token_file: Mapped[str] = mapped_column(String(64), default="")
    application: Mapped[str] = mapped_column(String(180), default="")
    facility: Mapped[str] = mapped_column(String(180), default="")
    own_application: Mapped[str] = mapped_column(String(180), default="")
    own_facility: Mapped[str] = mapped_column(String(180), default="")
    hl7_version: Mapped[str] = mapped_column(String(8), default="2.5.1")
    character_set: Mapped[str] = mapped_column(String(16), default="")
    form: Mapped[str] = mapped_column(String(16), default="orm")
    happenings: Mapped[list[str]] = mapped_column(JSON)
    codes: Mapped[dict[str, str]] = mapped_column(JSON)
    identifiers: Mapped[dict[str, str]] = mapped_column(JSON)
    identifier_system: Mapped[str] = mapped_column(String(200), default="")
    patient_system: Mapped[str] = mapped_column(String(200), default="")
    allows_tests: Mapped[bool] = mapped_column(default=False)
    timeout_s: Mapped[float] = mapped_column(default=5.0)
    failures: Mapped[int] = mapped_column(default=0)
    down_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    last_error: Mapped[str] = mapped_column(String(400), default="")
    sender_job: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's; ids of removed ones never come again


class InterfaceMessage(Base):
    """A message in the journal. `identity` makes a message known that comes or goes out again."""

    __tablename__ = "interface_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    direction: Mapped[str] = mapped_column(String(4))
    connection_id: Mapped[int]
    connection_name: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    message_type: Mapped[str] = mapped_column(String(32), default="")
    control_id: Mapped[str] = mapped_column(String(64), default="")
    identity: Mapped[str | None] = mapped_column(String(64), unique=True, default=None)
    state: Mapped[str] = mapped_column(String(12))
    ack_code: Mapped[str] = mapped_column(String(4), default="")
    sentence: Mapped[str] = mapped_column(String(400), default="")
    patient_name: Mapped[str] = mapped_column(String(64), default="")
    order_number: Mapped[str] = mapped_column(String(64), default="")
    accession_number: Mapped[str] = mapped_column(String(16), default="")
    exam_id: Mapped[int | None] = mapped_column(default=None)
    happening: Mapped[str] = mapped_column(String(20), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    repeats: Mapped[int] = mapped_column(default=0)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    character_set: Mapped[str] = mapped_column(String(16), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    body: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    answer: Mapped[bytes] = mapped_column(LargeBinary, default=b"")

    __table_args__ = (
        Index("ix_interface_messages_queue", "connection_id", "state", "id"),
        Index("ix_interface_messages_state", "state", "id"),
        Index("ix_interface_messages_order", "order_number"),
        Index("ix_interface_messages_exam", "exam_id", "id"),
        Index("ix_interface_messages_at", "at"),
    )


class HospitalPatient(Base):
    """A patient as hospital systems told of (ADT, PID). `number` is the first of PID-3; `body` a PatientEntry."""

    __tablename__ = "hospital_patients"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    merged_into: Mapped[str] = mapped_column(String(64), default="", index=True)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[bytes] = mapped_column(LargeBinary)
