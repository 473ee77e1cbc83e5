"""Rows of specimens, blocks and slides. Every object has one case and at most one parent in the same case.

The pairs (parent, case) are foreign keys of two columns, so that the database itself refuses a block of another case's
specimen or a slide of another case's block; and a trigger (migration 0035) refuses to change a parent once it is set.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned
from server.kernel.database.text import ordered_text
from server.pathology.cases.tables import NUMBER


class Placed(Versioned):
    """Where an object was last: an archive's place, a workplace, a person who took it."""

    place: Mapped[str] = mapped_column(String(120), default="")
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    placed_by: Mapped[str] = mapped_column(String(80), default="")
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)


class SpecimenRow(Placed, Base):
    """标本: a container."""

    __tablename__ = "pathology_specimens"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"))
    library_id: Mapped[int]
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(ordered_text(NUMBER + 8), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    entry: Mapped[dict[str, object]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(12))
    tissue: Mapped[str] = mapped_column(String(12))
    registered_by: Mapped[str] = mapped_column(String(80))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500), default="")
    handling: Mapped[str] = mapped_column(String(500), default="")
    recorder: Mapped[str] = mapped_column(String(80), default="")
    stored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handed_over_by: Mapped[str] = mapped_column(String(80), default="")
    handed_over_to: Mapped[str] = mapped_column(String(80), default="")
    handed_over_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    disposed_by: Mapped[str] = mapped_column(String(80), default="")
    witness: Mapped[str] = mapped_column(String(80), default="")
    disposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("case_id", "serial"),
        UniqueConstraint("id", "case_id"),
        Index("ix_pathology_specimens_states", "state", "state_since"),
    )


class BlockRow(Placed, Base):
    """蜡块: one row of the grossing table. A deleted row sets its label free; embedding makes it the number."""

    __tablename__ = "pathology_blocks"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"))
    library_id: Mapped[int]
    specimen_id: Mapped[int | None]
    order_id: Mapped[int | None] = mapped_column(Integer, index=True)
    serial: Mapped[str] = mapped_column(String(4))
    label: Mapped[str] = mapped_column(ordered_text(NUMBER + 8))
    number: Mapped[str] = mapped_column(String(NUMBER + 8), default="")
    source: Mapped[str] = mapped_column(String(16))
    source_note: Mapped[str] = mapped_column(String(40), default="")
    site: Mapped[str] = mapped_column(String(200))
    pieces: Mapped[int]
    unit: Mapped[str] = mapped_column(String(16))
    grosser_id: Mapped[int | None]
    grosser: Mapped[str] = mapped_column(String(80))
    grossed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    recorder_id: Mapped[int]
    recorder: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(12))
    label_prints: Mapped[int] = mapped_column(default=0)
    verified_by_id: Mapped[int | None]
    verified_by: Mapped[str] = mapped_column(String(80), default="")
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    embedded_by_id: Mapped[int | None]
    embedded_by: Mapped[str] = mapped_column(String(80), default="")
    embedded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sectioned_by: Mapped[str] = mapped_column(String(80), default="")
    sectioned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("id", "case_id"),
        ForeignKeyConstraint(["specimen_id", "case_id"], ["pathology_specimens.id", "pathology_specimens.case_id"]),
        Index(
            "uq_pathology_blocks_living_label",
            "label",
            unique=True,
            sqlite_where=text("state != 'deleted'"),
            postgresql_where=text("state != 'deleted'"),
        ),
        Index("ix_pathology_blocks_label", "label"),  # the one above serves only questions that repeat its condition
        Index("ix_pathology_blocks_case", "case_id", "serial"),
        Index("ix_pathology_blocks_states", "library_id", "state", "label"),
        Index("ix_pathology_blocks_sources", "library_id", "source", "label"),
        Index("ix_pathology_blocks_since", "state", "state_since"),
    )


class StemRow(Base):
    """The last serial of the slides that share a block's (or a smear's specimen's) number (PA-NUM-09)."""

    __tablename__ = "pathology_slide_stems"

    stem: Mapped[str] = mapped_column(String(NUMBER + 8), primary_key=True)
    last: Mapped[int]


class MissingRow(Base):
    """Something that somebody looked for and did not find (报缺), until it is found."""

    __tablename__ = "pathology_missing"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    object_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(500))


class SlideRow(Placed, Base):
    """玻片. Numbers are never given twice: a deleted slide keeps its own."""

    __tablename__ = "pathology_slides"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("pathology_cases.id"), index=True)
    library_id: Mapped[int]
    specimen_id: Mapped[int | None]
    block_id: Mapped[int | None] = mapped_column(Integer, index=True)
    order_id: Mapped[int | None] = mapped_column(Integer, index=True)
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(ordered_text(NUMBER + 16), unique=True)
    source: Mapped[str] = mapped_column(String(16))
    stain: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(12))
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    label_prints: Mapped[int] = mapped_column(default=0)
    label_printed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_by: Mapped[str] = mapped_column(String(80), default="")
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handed_over_by: Mapped[str] = mapped_column(String(80), default="")
    handed_over_to: Mapped[str] = mapped_column(String(80), default="")
    handed_over_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    grade: Mapped[str] = mapped_column(String(2), default="")
    grade_note: Mapped[str] = mapped_column(String(200), default="")
    graded_by: Mapped[str] = mapped_column(String(80), default="")
    graded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        ForeignKeyConstraint(["specimen_id", "case_id"], ["pathology_specimens.id", "pathology_specimens.case_id"]),
        ForeignKeyConstraint(["block_id", "case_id"], ["pathology_blocks.id", "pathology_blocks.case_id"]),
        Index("ix_pathology_slides_states", "library_id", "state", "number"),
        Index("ix_pathology_slides_sources", "library_id", "source", "number"),
        Index("ix_pathology_slides_since", "state", "state_since"),
    )
