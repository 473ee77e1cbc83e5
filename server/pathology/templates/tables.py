"""Rows of templates, prompts, descriptors, markers and panels."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned

EVERYBODY = 0
"""Owner of what is public."""


class TemplateSite(Base, Versioned):
    """An organ (部位) of one account, or of everybody."""

    __tablename__ = "pathology_organs"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]

    __table_args__ = (UniqueConstraint("owner_id", "kind", "name"),)


class TemplateDisease(Base, Versioned):
    """A disease (病种) with its texts; `usable` is what the check said when they were saved."""

    __tablename__ = "pathology_diseases"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("pathology_organs.id"))
    name: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    findings: Mapped[str] = mapped_column(Text)
    diagnosis: Mapped[str] = mapped_column(Text)
    usable: Mapped[bool]
    revision: Mapped[int]
    saved_by: Mapped[str] = mapped_column(String(120))
    saved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("site_id", "name"),)


class TemplateRevision(Base):
    """An earlier or the present state of a disease's texts."""

    __tablename__ = "pathology_disease_texts"

    id: Mapped[int] = mapped_column(primary_key=True)
    disease_id: Mapped[int] = mapped_column(ForeignKey("pathology_diseases.id"))
    revision: Mapped[int]
    findings: Mapped[str] = mapped_column(Text)
    diagnosis: Mapped[str] = mapped_column(Text)
    saved_by: Mapped[str] = mapped_column(String(120))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("disease_id", "revision"),)


class PromptFieldRow(Base, Versioned):
    """The choices of one field; `body` is the msgpack of its entries."""

    __tablename__ = "pathology_prompts"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class DescriptorSetRow(Base, Versioned):
    """The descriptors of a specimen type; `body` is the msgpack of a DescriptorSet."""

    __tablename__ = "pathology_descriptors"

    id: Mapped[int] = mapped_column(primary_key=True)
    specimen_type: Mapped[str] = mapped_column(String(60), unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class MarkerRow(Base, Versioned):
    """A marker; `letter` is its place."""

    __tablename__ = "pathology_markers"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(200))
    letter: Mapped[str] = mapped_column(String(1))

    __table_args__ = (UniqueConstraint("kind", "name"),)


class PanelRow(Base, Versioned):
    """A panel; `body` is the msgpack of its marker ids in order."""

    __tablename__ = "pathology_panels"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
