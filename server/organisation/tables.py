"""Rows of the master data; small tables that everybody holds in memory."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, String, false, true
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base


class HospitalRow(Base):
    """The one row that names the hospital and counts every change of the master data."""

    __tablename__ = "hospital"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))


class CampusRow(Base):
    """院区 (科室/部门)."""

    __tablename__ = "campuses"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))


class RoomRow(Base):
    """检查室. `queue_letter` begins its queue numbers: A012."""

    __tablename__ = "rooms"

    id: Mapped[int] = mapped_column(primary_key=True)
    campus_id: Mapped[int] = mapped_column(ForeignKey("campuses.id"), index=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    spoken_name: Mapped[str] = mapped_column(String(100))
    spoken_name_en: Mapped[str] = mapped_column(String(100))
    queue_letter: Mapped[str] = mapped_column(String(4))
    exam_types: Mapped[list[str]] = mapped_column(JSON)


class DeviceRow(Base):
    """A modality; `ae_title` is how it calls us and what it asks the worklist for."""

    __tablename__ = "devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    modality: Mapped[str] = mapped_column(String(16))
    ae_title: Mapped[str] = mapped_column(String(16), unique=True)


class ExamTypeRow(Base):
    """检查类型."""

    __tablename__ = "exam_types"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    hp_required: Mapped[bool]
    slot_minutes: Mapped[int]


class ExamItemRow(Base):
    """检查项目 of the dictionary. Price in fen."""

    __tablename__ = "exam_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_type: Mapped[str] = mapped_column(ForeignKey("exam_types.code"), index=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    body_part: Mapped[str] = mapped_column(String(50))
    body_part_dicom: Mapped[str] = mapped_column(String(16))
    price_fen: Mapped[int]
    pinyin: Mapped[str] = mapped_column(String(50))


class PeerRow(Base):
    """A DICOM application entity known to the server."""

    __tablename__ = "peers"

    ae_title: Mapped[str] = mapped_column(String(16), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    port: Mapped[int]
    description: Mapped[str] = mapped_column(String(200))
    may_store: Mapped[bool]
    may_query: Mapped[bool]
    may_retrieve: Mapped[bool]
    may_use_worklist: Mapped[bool] = mapped_column(server_default=true())
    may_report_steps: Mapped[bool] = mapped_column(server_default=true())
    may_request_commitment: Mapped[bool] = mapped_column(server_default=true())
    tls: Mapped[bool] = mapped_column(server_default=false())
    character_set: Mapped[str] = mapped_column(String(64), server_default="")
    ascii_names: Mapped[bool] = mapped_column(server_default=false())
    transfer_syntaxes: Mapped[str] = mapped_column(String(600), server_default="")  # UIDs with backslashes between
