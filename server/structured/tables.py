"""Rows of structured reports; a filled form itself stands with the report's text (reporting)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class FormTemplateEntry(Base):
    """A template; what is listed and searched. Lists are divided by line feeds."""

    __tablename__ = "form_templates"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    owner_id: Mapped[int] = mapped_column(Integer)  # 0: public
    owner: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(16))
    identifier: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))
    exam_types: Mapped[str] = mapped_column(String(400))
    body_parts: Mapped[str] = mapped_column(String(1000))
    newest: Mapped[int] = mapped_column(Integer)
    published: Mapped[int] = mapped_column(Integer)  # 0: none
    field_count: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(80))

    __table_args__ = (UniqueConstraint("owner_id", "identifier", name="uq_form_templates_owner_identifier"),)


class FormTemplateVersion(Base):
    """One version of a template as JSON; never changed, because reports were written with it."""

    __tablename__ = "form_template_versions"

    template_id: Mapped[int] = mapped_column(ForeignKey("form_templates.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    field_count: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text)


class CodedReportEntry(Base):
    """An approved report that was written with a form; the facts that search filters and shows."""

    __tablename__ = "coded_reports"

    report_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    exam_id: Mapped[int] = mapped_column(Integer)
    campus_id: Mapped[int] = mapped_column(Integer)
    room_id: Mapped[int] = mapped_column(Integer)
    accession_number: Mapped[str] = mapped_column(String(32))
    patient_name: Mapped[str] = mapped_column(String(120))
    exam_type: Mapped[str] = mapped_column(String(16))
    examined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    text_version: Mapped[int] = mapped_column(Integer)
    template_id: Mapped[int] = mapped_column(Integer)
    identifier: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index("ix_coded_reports_examined", "examined_at", "report_id"),)


class CodedAnswer(Base):
    """One answer of such a report; all are made anew at each approval.

    `place` is the path without the item's number. A choice of several options has one row for each.
    """

    __tablename__ = "coded_values"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("coded_reports.report_id"))
    template_id: Mapped[int] = mapped_column(Integer)
    path: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(String(100))
    label: Mapped[str] = mapped_column(String(200))
    name_scheme: Mapped[str] = mapped_column(String(16))
    name_code: Mapped[str] = mapped_column(String(100))
    scheme: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(String(400))
    number: Mapped[float | None] = mapped_column(Double)
    unit: Mapped[str] = mapped_column(String(32))

    __table_args__ = (
        Index("ix_coded_values_report", "report_id"),
        Index("ix_coded_values_code", "scheme", "code"),
        Index("ix_coded_values_place", "template_id", "place"),
    )
