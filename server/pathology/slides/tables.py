"""Rows of whole-slide images and of what readers drew on them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class SlideImageRow(Base):
    """A scanner's file on its way into the archive, or there."""

    __tablename__ = "pathology_slide_images"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(index=True)
    slide_id: Mapped[int | None]
    slide_number: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))
    sentence: Mapped[str] = mapped_column(String(500), default="")
    file_name: Mapped[str] = mapped_column(String(200))
    study_uid: Mapped[str] = mapped_column(String(64))
    series_uid: Mapped[str] = mapped_column(String(64), unique=True)
    with_label: Mapped[bool]
    given_mpp: Mapped[float] = mapped_column(Float, default=0.0)
    columns: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(default=0)
    mpp: Mapped[float] = mapped_column(Float, default=0.0)
    objective: Mapped[float] = mapped_column(Float, default=0.0)
    vendor: Mapped[str] = mapped_column(String(32), default="")
    stain: Mapped[str] = mapped_column(String(80), default="")
    done: Mapped[int] = mapped_column(default=0)
    of: Mapped[int] = mapped_column(default=0)
    imported_by: Mapped[str] = mapped_column(String(80))
    imported_by_id: Mapped[int]
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AnnotationRow(Base):
    """A drawing. Rows are added, and ended once (corrected or withdrawn), but never changed otherwise or removed."""

    __tablename__ = "pathology_slide_annotations"

    id: Mapped[int] = mapped_column(primary_key=True)
    series_uid: Mapped[str] = mapped_column(String(64))
    mark: Mapped[dict[str, object]] = mapped_column(JSON)
    author: Mapped[str] = mapped_column(String(80))
    author_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaces: Mapped[int | None] = mapped_column(ForeignKey("pathology_slide_annotations.id"), unique=True)
    is_withdrawn: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (Index("ix_pathology_slide_annotations_series", "series_uid", "id"),)
