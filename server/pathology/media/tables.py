"""Rows of pictures, video and voice of cases, of uploads on their way, and of calibrations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class MediaRow(Base):
    """One capture. A deleted one keeps its row, so that who deleted what and when can be answered; nobody sees it."""

    __tablename__ = "pathology_media"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    case_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(16))
    media_type: Mapped[str] = mapped_column(String(32))
    specimen_id: Mapped[int | None]
    block_id: Mapped[int | None]
    slide_id: Mapped[int | None]
    station: Mapped[str] = mapped_column(String(64), default="")
    camera: Mapped[str] = mapped_column(String(80), default="")
    objective: Mapped[str] = mapped_column(String(16), default="")
    calibration_id: Mapped[int | None]
    calibration_expired: Mapped[bool] = mapped_column(default=False)
    um_per_pixel: Mapped[float] = mapped_column(default=0.0)
    frame_rate: Mapped[float] = mapped_column(default=0.0)
    caption: Mapped[str] = mapped_column(String(200), default="")
    parent_id: Mapped[int | None]
    steps: Mapped[list[str]] = mapped_column(JSON, default=list)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_by: Mapped[str] = mapped_column(String(64))
    taken_by_id: Mapped[int]
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    duration_s: Mapped[float] = mapped_column(default=0.0)
    position: Mapped[int]
    marked: Mapped[bool] = mapped_column(default=False)
    sop_uid: Mapped[str] = mapped_column(String(64), default="")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_by: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (Index("ix_pathology_media_case", "case_id", "position"),)


class UploadRow(Base):
    """An upload that is not finished. `facts` is msgpack of MediaFacts; the bytes lie in the folder of uploads."""

    __tablename__ = "pathology_media_uploads"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int]
    case_id: Mapped[int]
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalibrationRow(Base):
    """The scale of a camera on an objective; never changed, only followed by a newer one or withdrawn."""

    __tablename__ = "pathology_calibrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    camera: Mapped[str] = mapped_column(String(80), index=True)
    objective: Mapped[str] = mapped_column(String(16))
    width: Mapped[int]
    known_um: Mapped[float]
    pixels: Mapped[float]
    um_per_pixel: Mapped[float]
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str] = mapped_column(String(64), default="")
