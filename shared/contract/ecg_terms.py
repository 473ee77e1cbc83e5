"""The dictionary of diagnostic terms (诊断术语词库): a tree by category, searched by text and pinyin initials."""

from __future__ import annotations

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.ecg_reports import TermKind, TermScope
from shared.domain.permissions import Permission


class TermView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the dictionary of diagnostic terms (诊断术语词库)."""

    id: int
    version: int
    category_id: int
    kind: TermKind
    scope: TermScope
    zh: str
    en: str
    initials: str  # of the pinyin: "dxxl"
    code: str = ""  # in `system`; empty: none is known
    system: str = ""
    position: int = 0
    is_editable: bool = False


class CategoryView(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the tree; `parent_id` 0 for the roots."""

    id: int
    parent_id: int
    kind: TermKind
    scope: TermScope
    zh: str
    en: str
    position: int
    is_editable: bool = False


class TermTree(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the caller sees: standard, of his hospitals, his own. Small enough to search on the workstation
    as one types: `initials` and `zh` of each term are there."""

    categories: tuple[CategoryView, ...]
    terms: tuple[TermView, ...]


class ListTerms(Query[TermTree], frozen=True, kw_only=True):
    """The dictionary; `Changed("ecg_terms", …)` says that it is to be asked for again."""

    method = "ecg_terms.list_terms"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    kind: TermKind | None = None


class SearchTerms(Query[tuple[TermView, ...]], frozen=True, kw_only=True):
    """Terms whose text holds the words, or whose pinyin initials begin so; best first, at most 50."""

    method = "ecg_terms.search_terms"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE

    text: str
    kind: TermKind | None = None


class SaveTerm(Command[TermView], frozen=True, kw_only=True):
    """Add (`id` 0) or change a term. Personal ones with the right to report, others with ECG_TERMS.

    Refusals: INVALID, CONFLICT, NOT_FOUND, DUPLICATE, PERMISSION_MISSING.
    """

    method = "ecg_terms.save_term"
    permission = Permission.ECG_REPORT
    audit = AuditClass.SETTINGS

    term: TermView


class RemoveTerm(Command[Nothing], frozen=True, kw_only=True):
    """Take a term out. Refusals: NOT_FOUND, CONFLICT, PERMISSION_MISSING."""

    method = "ecg_terms.remove_term"
    permission = Permission.ECG_REPORT
    audit = AuditClass.SETTINGS

    term_id: int
    version: int


class SaveCategory(Command[CategoryView], frozen=True, kw_only=True):
    """Add (`id` 0) or rename a category. Refusals as SaveTerm."""

    method = "ecg_terms.save_category"
    permission = Permission.ECG_REPORT
    audit = AuditClass.SETTINGS

    category: CategoryView


class RemoveCategory(Command[Nothing], frozen=True, kw_only=True):
    """Take an empty category out. Refusals: NOT_FOUND, ILLEGAL_ACTION (not empty), PERMISSION_MISSING."""

    method = "ecg_terms.remove_category"
    permission = Permission.ECG_REPORT
    audit = AuditClass.SETTINGS

    category_id: int
