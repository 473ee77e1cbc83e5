"""Patients as the hospital knows them."""

from __future__ import annotations

from datetime import date

import msgspec

from shared.contract.base import AuditClass, Command, Page, Query
from shared.domain.permissions import Permission
from shared.domain.states import Sex


class PatientView(msgspec.Struct, frozen=True, kw_only=True):
    """A patient. `patient_number` is made here and is the DICOM Patient ID."""

    id: int
    version: int
    patient_number: str
    name: str  # 姓名
    pinyin: str  # "Zhang^San"
    sex: Sex
    birth_date: date | None
    card_number: str  # 就诊卡号
    id_number: str  # 身份证号
    inpatient_number: str  # 住院号
    health_check_number: str  # 体检号
    phone: str
    address: str


class PatientList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and how many there are in all."""

    total: int
    rows: tuple[PatientView, ...]


class SearchPatients(Query[PatientList], frozen=True, kw_only=True):
    """Find by any text: name (Chinese, pinyin or its initials), card, identity, inpatient or patient number."""

    method = "patients.search"
    permission = Permission.SIGNED_IN
    audit = AuditClass.PATIENT_RECORD

    text: str
    page: Page = Page(limit=50)


class GetPatient(Query[PatientView], frozen=True, kw_only=True):
    """One patient. Refusals: NOT_FOUND."""

    method = "patients.get"
    permission = Permission.SIGNED_IN
    audit = AuditClass.PATIENT_RECORD

    patient_id: int


class FindDuplicates(Query[PatientList], frozen=True, kw_only=True):
    """Patients that may be the same person: same identity or card number, or same name and birth date."""

    method = "patients.find_duplicates"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    name: str = ""
    birth_date: date | None = None
    id_number: str = ""
    card_number: str = ""


class LinkPatient(Command[PatientView], frozen=True, kw_only=True):
    """合并: the record `into_id` stands for `patient_id` too; the exams of both are one history (RIS-EX-05).

    Refusals: CONFLICT, INVALID (same record, already linked, no reason), NOT_FOUND.
    """

    method = "patients.link"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    patient_id: int
    version: int
    into_id: int
    reason: str


class SeparatePatient(Command[PatientView], frozen=True, kw_only=True):
    """拆分: take a link back. Refusals: CONFLICT, INVALID (not linked, no reason), NOT_FOUND."""

    method = "patients.separate"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    patient_id: int
    version: int
    reason: str
