"""Rows of traces, of their files and of attached documents. The bytes lie in the object storage of documents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Float, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class EcgTraceRow(Base):
    """One recording. `facts` is the msgpack of traces.facts.TraceFacts: values, verdict, what the file said.

    `digest` is that of the samples with gains, leads and rate: the same recording in another file is found by it.
    """

    __tablename__ = "ecg_traces"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int | None] = mapped_column(ForeignKey("ecg_exams.id"), index=True)  # None: an orphan
    number: Mapped[int] = mapped_column(default=0)
    is_current: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(8))
    format: Mapped[str] = mapped_column(String(16))
    file_name: Mapped[str] = mapped_column(String(200))
    device: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_by: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    compact_sha256: Mapped[str] = mapped_column(String(64))
    compact_bytes: Mapped[int]
    analysis_sha256: Mapped[str] = mapped_column(String(64), default="")
    sampling_hz: Mapped[float] = mapped_column(Float)
    seconds: Mapped[float] = mapped_column(Float)
    leads: Mapped[list[str]] = mapped_column(JSON)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    quality_passed: Mapped[bool | None]
    sop_class: Mapped[str] = mapped_column(String(64), default="")
    sop_uid: Mapped[str] = mapped_column(String(64), default="")
    object_uid: Mapped[str] = mapped_column(
        String(64), index=True
    )  # of the DICOM object it came from, or will be made into


class EcgTraceFileRow(Base):
    """A file of a trace as it was received, in order."""

    __tablename__ = "ecg_trace_files"

    trace_id: Mapped[int] = mapped_column(ForeignKey("ecg_traces.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))


class EcgDocumentRow(Base):
    """A PDF of another program attached to an exam (EX-ECG-14)."""

    __tablename__ = "ecg_documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("ecg_exams.id"))
    title: Mapped[str] = mapped_column(String(120))
    file_name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_by: Mapped[str] = mapped_column(String(64))
    sop_uid: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (Index("ix_ecg_documents_exam_id", "exam_id", "sha256"),)
