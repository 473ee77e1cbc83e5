"""Structured reports (结构化报告): templates, their MRRT files, values of the past, search over coded values."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Page, Query
from shared.domain.permissions import Permission
from shared.domain.structured import CodedValue, FormTemplate


class TemplateState(StrEnum):
    """Where a structured template stands."""

    DRAFT = "draft"  # never published: only seen where templates are edited
    PUBLISHED = "published"  # some version may be used
    RETIRED = "retired"  # not offered any more; reports that use it stay readable


class FormTemplateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A template in a list. `version` is the newest, `published_version` the one in use (0: none)."""

    id: int
    owner_id: int  # 0: public
    owner: str
    state: TemplateState
    version: int
    published_version: int
    title: str
    identifier: str
    exam_types: tuple[str, ...]
    body_parts: tuple[str, ...]
    field_count: int
    changed_at: datetime
    changed_by: str
    fit: int = 0  # how well it suits the report asked about; 0: not at all


class FormTemplateView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a template."""

    row: FormTemplateRow
    version: int
    template: FormTemplate


class ListFormTemplates(Query[tuple[FormTemplateRow, ...]], frozen=True, kw_only=True):
    """Published templates for a report, best fitting first (`report_id`), or all public and own ones for editing."""

    method = "structured.list_templates"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    report_id: int | None = None
    for_editing: bool = False  # drafts and retired ones too


class GetFormTemplate(Query[FormTemplateView], frozen=True, kw_only=True):
    """One version; 0 asks for the newest published one, -1 for the newest. Refusals: NOT_FOUND."""

    method = "structured.get_template"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    id: int
    version: int = 0


class SaveFormTemplate(Command[FormTemplateView], frozen=True, kw_only=True):
    """Add (id None) or make a new version. Refusals: INVALID (with the place of the mistake), CONFLICT, NOT_FOUND,
    PERMISSION_MISSING (public ones need the administrator)."""

    method = "structured.save_template"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    id: int | None = None
    version: int = 0  # the one that was edited
    is_public: bool = False
    template: FormTemplate


class PublishFormTemplate(Command[FormTemplateView], frozen=True, kw_only=True):
    """Put a version into use. Refusals: NOT_FOUND, CONFLICT (not the newest), INVALID, PERMISSION_MISSING."""

    method = "structured.publish_template"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    id: int
    version: int


class RetireFormTemplate(Command[FormTemplateView], frozen=True, kw_only=True):
    """Take a template out of use (a draft that nobody used is deleted by DeleteFormTemplate).

    Refusals: NOT_FOUND, ILLEGAL_ACTION (not published), PERMISSION_MISSING.
    """

    method = "structured.retire_template"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    id: int


class DeleteFormTemplate(Command[Nothing], frozen=True, kw_only=True):
    """Delete a draft. Refusals: NOT_FOUND, ILLEGAL_ACTION (was published), PERMISSION_MISSING."""

    method = "structured.delete_template"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    id: int


class TemplateVersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One kept version of a template."""

    version: int
    at: datetime
    by: str
    is_published: bool  # in use now
    field_count: int


class ListFormTemplateVersions(Query[tuple[TemplateVersionRow, ...]], frozen=True, kw_only=True):
    """Every version, newest first. Refusals: NOT_FOUND."""

    method = "structured.list_template_versions"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    id: int


# ── MRRT ─────────────────────────────────────────────────────────────────────────────────────────────


class ImportedTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A draft made of an MRRT file, and what in the file is not understood (one sentence each)."""

    view: FormTemplateView
    unknown: tuple[str, ...]


class ImportMrrt(Command[ImportedTemplate], frozen=True, kw_only=True):
    """Make a draft of an IHE MRRT file (HTML5, at most 2 MB).

    The same identifier as a template that the caller may edit makes a new version of that one.
    Refusals: TOO_LARGE, INVALID, PERMISSION_MISSING.
    """

    method = "structured.import_mrrt"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    html: bytes
    is_public: bool = False


class MrrtFile(msgspec.Struct, frozen=True, kw_only=True):
    """A template as an MRRT file."""

    file_name: str
    html: bytes


class ExportMrrt(Query[MrrtFile], frozen=True, kw_only=True):
    """One version as an IHE MRRT file; 0 and -1 as in GetFormTemplate. Refusals: NOT_FOUND."""

    method = "structured.export_mrrt"
    permission = Permission.REPORT
    audit = AuditClass.EXPORT

    id: int
    version: int = 0


# ── values ───────────────────────────────────────────────────────────────────────────────────────────


class CodedReport(msgspec.Struct, frozen=True, kw_only=True):
    """The coded answers of a report's present text; empty without a form."""

    report_id: int
    text_version: int
    template_id: int = 0
    template_version: int = 0
    template_title: str = ""
    template_identifier: str = ""
    values: tuple[CodedValue, ...] = ()


class GetCodedReport(Query[CodedReport], frozen=True, kw_only=True):
    """What a report says in codes. Refusals: NOT_FOUND."""

    method = "structured.get_coded_report"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int


class PriorValue(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier approved report of the same patient says in the same field."""

    path: str
    text: str
    number: float | None
    unit: str
    report_id: int
    examined_at: datetime | None


class GetPriorValues(Query[tuple[PriorValue, ...]], frozen=True, kw_only=True):
    """The newest earlier value of each field of a template, of the report's patient. Refusals: NOT_FOUND."""

    method = "structured.get_prior_values"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int
    template_id: int
    template_version: int = 0


class CodedCondition(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer must be; empty members do not count. Codes exact; `text` is part of what a reader sees."""

    template_id: int | None = None
    path: str = ""  # field key; inside a group "group.field"
    scheme: str = ""
    code: str = ""  # of the answer
    text: str = ""
    at_least: float | None = None
    at_most: float | None = None


class CodedHit(msgspec.Struct, frozen=True, kw_only=True):
    """A report that fits, with the answer that made it fit."""

    report_id: int
    exam_id: int
    accession_number: str
    patient_name: str
    exam_type: str
    examined_at: datetime | None
    template_title: str
    label: str
    text: str


class CodedHits(msgspec.Struct, frozen=True, kw_only=True):
    """Hits of one page and how many reports fit in all."""

    total: int
    rows: tuple[CodedHit, ...]


class FindCodedReports(Query[CodedHits], frozen=True, kw_only=True):
    """Approved reports that fulfil every condition, newest exam first. Refusals: INVALID (no condition, over eight)."""

    method = "structured.find_reports"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    conditions: tuple[CodedCondition, ...]
    exam_type: str = ""
    examined_from: date | None = None
    examined_to: date | None = None
    page: Page = Page()
