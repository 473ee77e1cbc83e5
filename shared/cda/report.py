"""What an imaging report says, as the CDA writer wants it; plain values only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import InstanceReference
from shared.dicomkit.structured_report_values import ReportedValue


class Relation(StrEnum):
    """How a document stands to the one before it (relatedDocument/@typeCode)."""

    REPLACES = "RPLC"
    ADDS_TO = "APND"


@dataclass(frozen=True, slots=True)
class Parent:
    """The document before this one."""

    document_oid: str
    version: int
    relation: Relation


@dataclass(frozen=True, slots=True)
class Person:
    """A doctor: `number` is what the hospital knows him by; empty: unknown."""

    name: str
    number: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class PatientOfReport:
    """Record target. Numbers are empty where the patient has none; `sex` is M, F, O or empty."""

    number: str
    name: str
    sex: str = ""
    birth_date: dt.date | None = None
    identity_number: str = ""  # 居民身份证
    card_number: str = ""
    inpatient_number: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class OrderOfReport:
    """What was asked for and done. Times are aware."""

    accession: str
    study_uid: str
    placer_number: str = ""
    code: Code = field(default=Code("363679005", "SCT", "Imaging"))
    description: str = ""
    department: str = ""
    doctor: str = ""
    started: dt.datetime | None = None
    finished: dt.datetime | None = None
    is_inpatient: bool = False


@dataclass(frozen=True, slots=True)
class ImagingReport:
    """One version of a report. Texts are plain, one line for each paragraph; times are aware."""

    document_oid: str
    set_oid: str
    version: int
    title: str
    hospital: str
    made_at: dt.datetime
    patient: PatientOfReport
    order: OrderOfReport
    author: Person
    authenticator: Person
    findings: str
    impression: str
    indication: str = ""
    history: str = ""
    is_critical: bool = False
    addenda: tuple[str, ...] = ()
    values: tuple[ReportedValue, ...] = ()
    key_images: tuple[InstanceReference, ...] = ()
    parent: Parent | None = None
    withdrawn: str = ""  # why it holds no more; then only that is said
    confidentiality: str = "N"  # HL7 Confidentiality
    language: str = "zh-CN"
