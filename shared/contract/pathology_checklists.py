"""Synoptic checklists of tumours (结构化报告, EX-PA-05): required elements, computed pTNM, text for the report.

A checklist is a form of shared.domain.structured; its stage is computed by shared.domain.pathology_checklists from what
is filled in, by workstation and server alike.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission
from shared.domain.structured import FormContent


class ChecklistRow(msgspec.Struct, frozen=True, kw_only=True):
    """A checklist that may be filled; its form is shared.domain.pathology_checklists.checklist(key, version)."""

    key: str
    version: int
    name: str
    name_en: str
    words: tuple[str, ...]  # a diagnosis that names one of these asks for it
    staging: str  # the edition, and what is not computed


class ListChecklists(Query[tuple[ChecklistRow, ...]], frozen=True, kw_only=True):
    """Every checklist in its newest version."""

    method = "pathology_checklists.list_checklists"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class FilledChecklist(msgspec.Struct, frozen=True, kw_only=True):
    """What is filled in for a case. `missing` are labels of required elements without answer."""

    case_id: int
    version: int  # of this row; 0: nothing is kept yet
    key: str
    checklist_version: int
    content: FormContent
    text: str = ""
    stage: str = ""
    stage_notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    by: str = ""
    at: datetime | None = None


class GetFilled(Query[FilledChecklist | None], frozen=True, kw_only=True):
    """The checklist of a case, None where none was begun."""

    method = "pathology_checklists.get_filled"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int


class SaveFilled(Command[FilledChecklist], frozen=True, kw_only=True):
    """Keep answers, complete or not; the version before stays. Refusals: INVALID, CONFLICT, ILLEGAL_ACTION (locked)."""

    method = "pathology_checklists.save_filled"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    case_id: int
    key: str
    content: FormContent
    version: int = 0


class RemoveFilled(Command[Nothing], frozen=True, kw_only=True):
    """Take the checklist off a case; its versions stay in the log. Refusals: NOT_FOUND, ILLEGAL_ACTION (locked)."""

    method = "pathology_checklists.remove_filled"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    case_id: int


class OldAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier version of a case's answers."""

    version: int
    key: str
    by: str
    at: datetime
    text: str
    stage: str


class ListOldAnswers(Query[tuple[OldAnswers, ...]], frozen=True, kw_only=True):
    """The kept versions of a case's checklist, newest first."""

    method = "pathology_checklists.list_old_answers"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.REPORT

    case_id: int
