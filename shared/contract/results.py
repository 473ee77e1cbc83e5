"""Results: how an approved report leaves the department (SR, key images, PDF, CDA, FHIR, HL7), each issue once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Page, Query
from shared.domain.permissions import Permission


class ResultKind(StrEnum):
    """As what a report is given out."""

    SR = "sr"  # DICOM structured report in the archive
    KEY_OBJECTS = "key_objects"  # key images as a DICOM Key Object Selection in the archive
    PDF = "pdf"  # the printed report as DICOM Encapsulated PDF in the archive
    CDA = "cda"  # HL7 CDA R2 document, kept here; goes out inside of MDM
    FHIR = "fhir"  # FHIR R4 transaction to a FHIR connection
    ORU = "oru"  # HL7 v2 ORU^R01 to an HL7 connection
    MDM = "mdm"  # HL7 v2 MDM^T02 or T10 with the CDA document, to an HL7 connection
    CRITICAL = "critical"  # a critical value, its correction, its cancellation: ORU^R01 to an HL7 connection


class ResultEvent(StrEnum):
    """Why results are made."""

    APPROVED = "approved"
    REVISED = "revised"  # approved again after a withdrawal
    ADDED = "added"  # an addendum was approved
    WITHDRAWN = "withdrawn"  # a revision is being written: what was sent does not hold


class ResultState(StrEnum):
    """How far a result came."""

    WAITING = "waiting"  # to be made, or to be taken by the other side
    DONE = "done"  # in the archive, or acknowledged by the other side
    FAILED = "failed"  # refused or impossible: a person must look
    GIVEN_UP = "given_up"  # a person said so, with a reason


class ResultView(msgspec.Struct, frozen=True, kw_only=True):
    """One result of one issue of a report."""

    id: int
    report_id: int
    accession_number: str
    patient_name: str
    exam_type: str
    issue: int  # from 1, counts approvals, addenda, revisions and withdrawals of the report
    edition: int  # which approved edition it speaks of
    event: ResultEvent
    kind: ResultKind
    target: str  # name of the connection; empty: our own archive or document store
    state: ResultState
    made_at: datetime
    finished_at: datetime | None
    attempts: int
    sentence: str  # why it waits or failed; the reason of giving up
    answer: str  # acknowledgement code of the other side
    sop_instance_uid: str  # of what lies in the archive
    document_id: int  # CDA document, for the bulk channel; 0: none
    message_id: int  # in the journal of interfaces; 0: none


class ResultList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, newest first, how many in all, and how many per state under the other conditions."""

    total: int
    rows: tuple[ResultView, ...]
    counts: dict[str, int] = {}


class ListResults(Query[ResultList], frozen=True, kw_only=True):
    """What was given out. Empty conditions match all; `text` is an accession number or a patient's name, exact."""

    method = "results.list"
    permission = Permission.ADMINISTER
    audit = AuditClass.REPORT

    report_id: int = 0
    text: str = ""
    kinds: tuple[ResultKind, ...] = ()
    states: tuple[ResultState, ...] = ()
    page: Page = Page()


class ListReportResults(Query[tuple[ResultView, ...]], frozen=True, kw_only=True):
    """What was given out of one report, newest first. Refusals: NOT_FOUND."""

    method = "results.list_of_report"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    report_id: int


class ResendResult(Command[ResultView], frozen=True, kw_only=True):
    """Make and send a result again, whatever became of it. Refusals: NOT_FOUND, ILLEGAL_ACTION (connection gone)."""

    method = "results.resend"
    permission = Permission.ADMINISTER
    audit = AuditClass.EXPORT

    result_id: int


class GiveUpResult(Command[ResultView], frozen=True, kw_only=True):
    """Send a waiting or failed result no more. Refusals: NOT_FOUND, ILLEGAL_ACTION (it is done), INVALID (reason)."""

    method = "results.give_up"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    result_id: int
    reason: str


class ResultRule(msgspec.Struct, frozen=True, kw_only=True):
    """Which reports become which result. `connection_id` is that of an outgoing connection, 0 where none is needed."""

    kind: ResultKind
    connection_id: int = 0
    enabled: bool = True
    exam_types: tuple[str, ...] = ()  # empty: all
    campus_ids: tuple[int, ...] = ()  # empty: all
    with_pdf: bool = False  # ORU and FHIR: the printed report inside


class ResultSettingsView(msgspec.Struct, frozen=True, kw_only=True):
    """All rules. `version` 0: the defaults stand, nothing was saved yet."""

    version: int
    rules: tuple[ResultRule, ...]


class GetResultSettings(Query[ResultSettingsView], frozen=True, kw_only=True):
    """Which results are made."""

    method = "results.get_settings"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class SaveResultSettings(Command[ResultSettingsView], frozen=True, kw_only=True):
    """Replace all rules; holds for what is approved from now on. Refusals: CONFLICT, INVALID."""

    method = "results.save_settings"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    version: int
    rules: tuple[ResultRule, ...]


class ExportKind(StrEnum):
    """As what a report is exported."""

    SR = "sr"
    PDF = "pdf"
    CDA = "cda"
    FHIR = "fhir"
    ORU = "oru"


class ExportedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report as a file."""

    file_name: str
    media_type: str
    data: bytes


class ExportReport(Query[ExportedReport], frozen=True, kw_only=True):
    """The newest issue of an approved report as a file. Give `report_id`, or `accession_number`.

    Refusals: NOT_FOUND, ILLEGAL_ACTION (not approved).
    """

    method = "results.export"
    permission = Permission.EXPORT_IMAGES
    audit = AuditClass.EXPORT

    kind: ExportKind
    report_id: int = 0
    accession_number: str = ""
