"""Rows of devices, bindings, tasks, uploads and orphans. A crash leaves a task open: it lies here, not in memory."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned


class EcgDeviceRow(Versioned, Base):
    """A recorder."""

    __tablename__ = "ecg_devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(64), unique=True)
    model: Mapped[str] = mapped_column(String(80))
    manufacturer: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    campus_id: Mapped[int]
    adapter: Mapped[str] = mapped_column(String(12))
    settings: Mapped[dict[str, str]] = mapped_column(JSON)
    ae_title: Mapped[str] = mapped_column(String(16), index=True)
    task_minutes: Mapped[int]
    is_active: Mapped[bool]


class EcgBindingRow(Base):
    """A workstation and its device (ECG-AMB-11)."""

    __tablename__ = "ecg_bindings"

    station: Mapped[str] = mapped_column(String(64), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("ecg_devices.id"), index=True)
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)
    bound_by: Mapped[str] = mapped_column(String(64))


class EcgTaskRow(Versioned, Base):
    """An acquisition. Of one device at most one is open: the database refuses a second."""

    __tablename__ = "ecg_tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("ecg_devices.id"))
    exam_id: Mapped[int] = mapped_column(ForeignKey("ecg_exams.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    error: Mapped[str] = mapped_column(String(300), default="")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_by: Mapped[str] = mapped_column(String(64))
    started_by_id: Mapped[int]
    station: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str] = mapped_column(String(64), default="")
    end_reason: Mapped[str] = mapped_column(String(200), default="")
    trace_id: Mapped[int | None] = mapped_column(ForeignKey("ecg_traces.id"))

    __table_args__ = (
        Index(
            "uq_ecg_tasks_open",
            "device_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_ecg_tasks_device_id", "device_id", "id"),
    )


class EcgUploadRow(Base):
    """An upload by its key. `result_trace_id` is set when it is complete: the same key then gives the same answer."""

    __tablename__ = "ecg_uploads"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int]
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    size_bytes: Mapped[int]
    trace_id: Mapped[int | None] = mapped_column(ForeignKey("ecg_traces.id"))
    task_id: Mapped[int | None]
    existed: Mapped[bool] = mapped_column(default=False)


class EcgOrphanRow(Versioned, Base):
    """A trace that found no exam (EX-ECG-13)."""

    __tablename__ = "ecg_orphans"

    id: Mapped[int] = mapped_column(primary_key=True)
    trace_id: Mapped[int] = mapped_column(ForeignKey("ecg_traces.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    campus_id: Mapped[int | None]
    device_serial: Mapped[str] = mapped_column(String(64), default="")
    came_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_exam_id: Mapped[int | None]
    proposed_by: Mapped[str] = mapped_column(String(64), default="")
    proposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str] = mapped_column(String(64), default="")
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    discard_reason: Mapped[str] = mapped_column(String(200), default="")
