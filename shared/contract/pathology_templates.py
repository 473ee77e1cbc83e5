"""Pathology's report templates (organ → disease → text), field prompts, TBS descriptors, markers and panels.

The template language is `shared.domain.pathology_templates`. Notices: `Changed` with entity `pathology_templates`,
`pathology_prompts`, `pathology_descriptors` or `pathology_markers`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission

MOST_NAME, MOST_TEXT = 60, 20_000
MOST_ENTRIES, MOST_DEPTH = 2_000, 4
"""Entries of one field, and how deep its groups cascade."""


class TemplateKind(StrEnum):
    """What a template writes: findings and diagnosis (诊断模板), or the gross description (检查模板)."""

    DIAGNOSIS = "diagnosis"
    GROSS = "gross"


class FileFormat(StrEnum):
    """How lists travel as files."""

    JSON = "json"
    XLSX = "xlsx"


class FileOut(msgspec.Struct, frozen=True, kw_only=True):
    """A file to save, with how many entries it holds."""

    name: str
    content: bytes
    count: int


class ImportProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong at a line of an imported file (0: the file as a whole)."""

    line: int
    column: str
    text: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import does or did; with problems nothing is kept."""

    added: int
    changed: int
    unchanged: int
    problems: tuple[ImportProblem, ...] = ()


# ── templates ────────────────────────────────────────────────────────────────────────────────────────


class DiseaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A disease (病种) in the tree. `usable`: its text is not empty and passed the check (PA-TPL-08)."""

    id: int
    version: int
    name: str
    initials: str
    usable: bool
    is_empty: bool


class SiteView(msgspec.Struct, frozen=True, kw_only=True):
    """An organ (部位, 脏器) and its diseases; `is_mine` marks the caller's personal ones."""

    id: int
    version: int
    kind: TemplateKind
    name: str
    initials: str
    is_mine: bool
    may_edit: bool
    diseases: tuple[DiseaseRow, ...]


class ListTree(Query[tuple[SiteView, ...]], frozen=True, kw_only=True):
    """The public tree and the caller's own, by position and name."""

    method = "pathology_templates.list_tree"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    kind: TemplateKind = TemplateKind.DIAGNOSIS


class TemplateText(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of a disease; a gross template uses `findings` alone. `revision` counts the savings of the texts."""

    id: int
    version: int
    site_id: int
    kind: TemplateKind
    site: str
    name: str
    findings: str
    diagnosis: str
    usable: bool
    revision: int
    is_mine: bool
    may_edit: bool
    saved_by: str = ""
    saved_at: datetime | None = None


class GetTemplate(Query[TemplateText], frozen=True, kw_only=True):
    """The texts of a disease. Refusals: NOT_FOUND."""

    method = "pathology_templates.get_template"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    template_id: int


class SaveSite(Command[SiteView], frozen=True, kw_only=True):
    """增加部位 (no id), or rename. Public ones need the right to edit templates; personal ones are the caller's own.

    Refusals: INVALID (empty, too long, name taken), NOT_FOUND, CONFLICT, PERMISSION_MISSING.
    """

    method = "pathology_templates.save_site"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.SETTINGS

    name: str
    kind: TemplateKind = TemplateKind.DIAGNOSIS
    personal: bool = False
    site_id: int | None = None
    version: int = 0


class DeleteSite(Command[Nothing], frozen=True, kw_only=True):
    """删除部位. Refusals: NOT_FOUND, CONFLICT, PERMISSION_MISSING, ILLEGAL_ACTION (diseases below, not confirmed)."""

    method = "pathology_templates.delete_site"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.SETTINGS

    site_id: int
    version: int
    with_diseases: bool = False


class SaveDisease(Command[TemplateText], frozen=True, kw_only=True):
    """增加病种 (no id), or rename. Refusals as SaveSite."""

    method = "pathology_templates.save_disease"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.SETTINGS

    site_id: int
    name: str
    template_id: int | None = None
    version: int = 0


class DeleteDisease(Command[Nothing], frozen=True, kw_only=True):
    """删除病种. Refusals: NOT_FOUND, CONFLICT, PERMISSION_MISSING."""

    method = "pathology_templates.delete_disease"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.SETTINGS

    template_id: int
    version: int


class SaveTexts(Command[TemplateText], frozen=True, kw_only=True):
    """修改诊断模板: keep the texts as a new revision. A text with errors is kept too, and cannot be used.

    Refusals: INVALID (too long), NOT_FOUND, CONFLICT, PERMISSION_MISSING.
    """

    method = "pathology_templates.save_texts"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.SETTINGS

    template_id: int
    version: int
    findings: str
    diagnosis: str = ""


class TextRevision(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier state of the texts."""

    revision: int
    findings: str
    diagnosis: str
    saved_by: str
    saved_at: datetime


class ListRevisions(Query[tuple[TextRevision, ...]], frozen=True, kw_only=True):
    """All kept states of a template's texts, newest first. Refusals: NOT_FOUND."""

    method = "pathology_templates.list_revisions"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    template_id: int


class ExportTemplates(Query[FileOut], frozen=True, kw_only=True):
    """导出 what the caller sees of a kind, or the sites named. Refusals: NOT_FOUND."""

    method = "pathology_templates.export_templates"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    kind: TemplateKind = TemplateKind.DIAGNOSIS
    format: FileFormat = FileFormat.XLSX
    site_ids: tuple[int, ...] = ()


class ImportTemplates(Command[ImportReport], frozen=True, kw_only=True):
    """导入: same organ and disease change, others are added. `check_only` tries and keeps nothing.

    The file's name tells its format (.json, .xlsx, .csv). Refusals: INVALID, TOO_LARGE, PERMISSION_MISSING.
    """

    method = "pathology_templates.import_templates"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.SETTINGS

    file_name: str
    content: bytes
    kind: TemplateKind = TemplateKind.DIAGNOSIS
    personal: bool = False
    check_only: bool = True


# ── field prompts ────────────────────────────────────────────────────────────────────────────────────


class PromptEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One choice of a field, or a group with choices below it. `initials` are of its pinyin (骨外科: GWK)."""

    text: str
    initials: str = ""
    entries: tuple[PromptEntry, ...] = ()


class PromptField(msgspec.Struct, frozen=True, kw_only=True):
    """The choices of one input box; `key` is a key of `shared.domain.pathology_templates.prompt_fields`."""

    key: str
    version: int
    entries: tuple[PromptEntry, ...]


class ListPrompts(Query[tuple[PromptField, ...]], frozen=True, kw_only=True):
    """The choices of every field, or of those named."""

    method = "pathology_templates.list_prompts"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    keys: tuple[str, ...] = ()


class SavePrompts(Command[PromptField], frozen=True, kw_only=True):
    """字段提示设置: keep all choices of a field; the server works out initials. Refusals: INVALID, CONFLICT."""

    method = "pathology_templates.save_prompts"
    permission = Permission.PATHOLOGY_DICTIONARIES
    audit = AuditClass.SETTINGS

    key: str
    version: int
    entries: tuple[PromptEntry, ...]


class ExportPrompts(Query[FileOut], frozen=True, kw_only=True):
    """导出 the choices of a field. Refusals: INVALID."""

    method = "pathology_templates.export_prompts"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    key: str
    format: FileFormat = FileFormat.XLSX


class ImportPrompts(Command[ImportReport], frozen=True, kw_only=True):
    """导入 choices into a field: known ones stay, others are added. Refusals: INVALID, TOO_LARGE."""

    method = "pathology_templates.import_prompts"
    permission = Permission.PATHOLOGY_DICTIONARIES
    audit = AuditClass.SETTINGS

    key: str
    file_name: str
    content: bytes
    check_only: bool = True


# ── TBS descriptors ──────────────────────────────────────────────────────────────────────────────────


class Descriptor(msgspec.Struct, frozen=True, kw_only=True):
    """One item to tick: its code for statistics, its words on screen and in the report (empty: the same words)."""

    code: str
    text: str
    report_text: str = ""


class DescriptorGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Items under a heading; of an exclusive group only one is ticked. `to_diagnosis`: composed into the diagnosis."""

    title: str
    items: tuple[Descriptor, ...]
    exclusive: bool = False
    to_diagnosis: bool = False


class DescriptorSet(msgspec.Struct, frozen=True, kw_only=True):
    """The descriptors of a specimen type (妇科宫颈, 体液 …). `id` 0: new. `words` find it by the specimen's name."""

    id: int
    version: int
    specimen_type: str
    words: tuple[str, ...] = ()
    groups: tuple[DescriptorGroup, ...] = ()


class ListDescriptors(Query[tuple[DescriptorSet, ...]], frozen=True, kw_only=True):
    """All sets."""

    method = "pathology_templates.list_descriptors"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SaveDescriptors(Command[DescriptorSet], frozen=True, kw_only=True):
    """ＴＣＴ描述项目设置: keep a set. Refusals: INVALID (codes twice, empty words), NOT_FOUND, CONFLICT."""

    method = "pathology_templates.save_descriptors"
    permission = Permission.PATHOLOGY_DICTIONARIES
    audit = AuditClass.SETTINGS

    descriptors: DescriptorSet


class DeleteDescriptors(Command[Nothing], frozen=True, kw_only=True):
    """Forget a set. Refusals: NOT_FOUND, CONFLICT."""

    method = "pathology_templates.delete_descriptors"
    permission = Permission.PATHOLOGY_DICTIONARIES
    audit = AuditClass.SETTINGS

    set_id: int
    version: int


# ── markers and panels ───────────────────────────────────────────────────────────────────────────────


class MarkerKind(StrEnum):
    """What a marker is ordered as."""

    IHC = "ihc"  # 免疫组化
    SPECIAL_STAIN = "special_stain"  # 特殊染色
    MOLECULAR = "molecular"  # 分子病理


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """A marker. `letter` is its place in the list: its first letter, of the pinyin for Chinese names. `id` 0: new."""

    id: int
    version: int
    kind: MarkerKind
    name: str
    note: str = ""
    letter: str = ""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A panel (套餐) of markers in the order of the paper. `id` 0: new."""

    id: int
    version: int
    name: str
    marker_ids: tuple[int, ...]
    initials: str = ""


class MarkerBook(msgspec.Struct, frozen=True, kw_only=True):
    """All markers by letter and name, and all panels by name."""

    markers: tuple[Marker, ...]
    panels: tuple[Panel, ...]


class ListMarkers(Query[MarkerBook], frozen=True, kw_only=True):
    """The markers and panels of the department."""

    method = "pathology_templates.list_markers"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SaveMarker(Command[Marker], frozen=True, kw_only=True):
    """Add or change a marker; it is placed by its first letter. Refusals: INVALID (name taken), NOT_FOUND, CONFLICT."""

    method = "pathology_templates.save_marker"
    permission = Permission.PATHOLOGY_DICTIONARIES
    audit = AuditClass.SETTINGS

    marker: Marker


class DeleteMarker(Command[Nothing], frozen=True, kw_only=True):
    """Delete a marker; panels lose it. Refusals: NOT_FOUND, CONFLICT."""

    method = "pathology_templates.delete_marker"
    permission = Permission.PATHOLOGY_DICTIONARIES
    audit = AuditClass.SETTINGS

    marker_id: int
    version: int


class SavePanel(Command[Panel], frozen=True, kw_only=True):
    """Add or change a panel. Refusals: INVALID (name taken, no or unknown marker), NOT_FOUND, CONFLICT."""

    method = "pathology_templates.save_panel"
    permission = Permission.PATHOLOGY_DICTIONARIES
    audit = AuditClass.SETTINGS

    panel: Panel


class DeletePanel(Command[Nothing], frozen=True, kw_only=True):
    """Delete a panel. Refusals: NOT_FOUND, CONFLICT."""

    method = "pathology_templates.delete_panel"
    permission = Permission.PATHOLOGY_DICTIONARIES
    audit = AuditClass.SETTINGS

    panel_id: int
    version: int
