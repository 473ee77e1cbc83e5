"""Patients as the hospital knows them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Page, Query
from shared.domain.identity_documents import DocumentKind
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
    id_kind: DocumentKind | None = None  # 证件类型; None: as the number looks
    linked_to: int | None = None  # the record that stands for this one too


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


# ── the same person twice ────────────────────────────────────────────────────────────────────────────


class Likeness(StrEnum):
    """Why a record may be the same person, strongest first."""

    ID_NUMBER = "id_number"  # 证件号相同, also an old number of 15 digits and its new one of 18
    CARD_NUMBER = "card_number"  # 就诊卡号相同
    NAME_AND_BIRTH = "name_and_birth"  # 姓名和出生日期相同
    PINYIN_AND_BIRTH = "pinyin_and_birth"  # 同音姓名, 出生日期相同
    PHONE_AND_PINYIN = "phone_and_pinyin"  # 电话和姓名拼音相同
    NAME_AND_PHONE = "name_and_phone"  # 姓名和电话相同


class SimilarPatient(msgspec.Struct, frozen=True, kw_only=True):
    """A record that may be the same person. `score` is 1 to 100; `differs` names fields that speak against it."""

    patient: PatientView
    likenesses: tuple[Likeness, ...]
    score: int
    differs: tuple[str, ...] = ()  # name, sex, birth_date, id_number


class FindSimilar(Query[tuple[SimilarPatient, ...]], frozen=True, kw_only=True):
    """Records that may be the person being typed, the likeliest first, at most 20."""

    method = "patients.find_similar"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    name: str = ""
    pinyin: str = ""
    sex: Sex = Sex.UNKNOWN
    birth_date: date | None = None
    id_number: str = ""
    card_number: str = ""
    phone: str = ""
    except_id: int | None = None


class PatientLinkView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the trace: who linked or separated which records, when and why."""

    patient_id: int
    into_id: int
    is_linked: bool
    reason: str
    user_name: str
    at: datetime


class PatientRecords(msgspec.Struct, frozen=True, kw_only=True):
    """All records of one person: the one that stands for the others first, and the whole trace, latest first."""

    records: tuple[PatientView, ...]
    trace: tuple[PatientLinkView, ...]


class GetRecords(Query[PatientRecords], frozen=True, kw_only=True):
    """The records linked with this one and their trace. Refusals: NOT_FOUND."""

    method = "patients.get_records"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    patient_id: int


class LikePair(msgspec.Struct, frozen=True, kw_only=True):
    """Two records that may be one person."""

    first: PatientView
    second: PatientView
    likenesses: tuple[Likeness, ...]
    score: int


class ListLikePairs(Query[tuple[LikePair, ...]], frozen=True, kw_only=True):
    """Pairs of records that may be one person, the likeliest first, at most `limit` (1 to 200)."""

    method = "patients.list_like_pairs"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    limit: int = 100


class ListLinks(Query[tuple[PatientLinkView, ...]], frozen=True, kw_only=True):
    """The latest links and separations of the whole hospital, latest first, at most `limit` (1 to 200)."""

    method = "patients.list_links"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    limit: int = 50
