"""Rows of the master data; small tables that everybody holds in memory."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, false, true
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime
from server.kernel.database.kept import Kept


class HospitalRow(Base):
    """The one row that names the hospital and counts every change of the master data."""

    __tablename__ = "hospital"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))


class CampusRow(Kept, Base):
    """院区 (科室/部门)."""

    __tablename__ = "campuses"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))


class DepartmentRow(Kept, Base):
    """科室 of a campus; one that `performs` has exam rooms."""

    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(primary_key=True)
    campus_id: Mapped[int] = mapped_column(ForeignKey("campuses.id"), index=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    performs: Mapped[bool]


class RoomRow(Kept, Base):
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
    department_id: Mapped[int | None] = mapped_column(index=True)
    location: Mapped[str] = mapped_column(String(100), default="", server_default="")


class DeviceRow(Kept, Base):
    """A modality; `ae_title` is how it calls us and what it asks the worklist for."""

    __tablename__ = "devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    modality: Mapped[str] = mapped_column(String(16))
    ae_title: Mapped[str] = mapped_column(String(16), unique=True)
    code: Mapped[str] = mapped_column(String(20), unique=True, index=True)


class ExamTypeRow(Kept, Base):
    """检查类型."""

    __tablename__ = "exam_types"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    id: Mapped[int] = mapped_column(unique=True, index=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    hp_required: Mapped[bool]
    choices: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    slot_minutes: Mapped[int]


class BodyPartRow(Kept, Base):
    """检查部位."""

    __tablename__ = "body_parts"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    name_en: Mapped[str] = mapped_column(String(100))
    dicom: Mapped[str] = mapped_column(String(16))


class ExamItemRow(Kept, Base):
    """检查项目 of the dictionary. Price in fen; the body part's texts are copies of its own row."""

    __tablename__ = "exam_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    exam_type: Mapped[str] = mapped_column(ForeignKey("exam_types.code"), index=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    body_part: Mapped[str] = mapped_column(String(50))
    body_part_dicom: Mapped[str] = mapped_column(String(16))
    price_fen: Mapped[int]
    body_part_code: Mapped[str] = mapped_column(String(20), default="", server_default="", index=True)
    duration_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    preparation: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    preparation_en: Mapped[str] = mapped_column(String(1000), default="", server_default="")


class PatientTypeRow(Kept, Base):
    """患者类型; `priority` is the class of shared.domain.states.PatientType that orders queues."""

    __tablename__ = "patient_types"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    name_en: Mapped[str] = mapped_column(String(100))
    priority: Mapped[str] = mapped_column(String(16))
    colour: Mapped[str] = mapped_column(String(16))


class WordRow(Kept, Base):
    """A word that a form offers."""

    __tablename__ = "words"

    id: Mapped[int] = mapped_column(primary_key=True)
    dictionary: Mapped[str] = mapped_column(String(24), index=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    text: Mapped[str] = mapped_column(String(200))
    text_en: Mapped[str] = mapped_column(String(200))


class MasterChangeRow(Base):
    """One change of a row of the master data, kept for ever: who, when, and the row before and after (msgpack)."""

    __tablename__ = "master_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[int]
    action: Mapped[str] = mapped_column(String(16))
    before: Mapped[bytes] = mapped_column(LargeBinary)
    after: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_master_changes_subject", "kind", "subject_id"),)


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
