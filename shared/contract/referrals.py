"""Referral (转诊登记): the organisations of the platform, exams sent to another one, and its answer."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.contract.exams import ClinicalEntry, ExamRow, ExamView, ItemEntry, PatientEntry, RequesterEntry
from shared.contract.organisation import CampusView, RoomView
from shared.domain.permissions import Permission
from shared.domain.safety import SafetyAnswer
from shared.domain.states import PatientType, ReferralAction, ReferralState

# ── organisations ────────────────────────────────────────────────────────────────────────────────────


class OrganisationGroupView(msgspec.Struct, frozen=True, kw_only=True):
    """机构组: e.g. a medical consortium."""

    id: int
    name: str
    name_en: str = ""


class OrganisationView(msgspec.Struct, frozen=True, kw_only=True):
    """机构: a hospital or clinic of the platform, with the campuses that are its own."""

    id: int
    version: int
    code: str
    name: str
    name_en: str
    group_ids: tuple[int, ...]
    campus_ids: tuple[int, ...]
    accepts_referrals: bool = True
    publishes_slots: bool = True  # others see and book its slots (RIS-OPN-12)
    exam_types: tuple[str, ...] = ()  # that its rooms do


class NetworkView(msgspec.Struct, frozen=True, kw_only=True):
    """Groups, organisations, and the campuses and rooms of all of them, whatever the account's own limits."""

    groups: tuple[OrganisationGroupView, ...]
    organisations: tuple[OrganisationView, ...]
    campuses: tuple[CampusView, ...] = ()
    rooms: tuple[RoomView, ...] = ()


class GetNetwork(Query[NetworkView], frozen=True, kw_only=True):
    """Everybody that can refer and be referred to."""

    method = "referrals.get_network"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class SaveOrganisationGroup(Command[OrganisationGroupView], frozen=True, kw_only=True):
    """Add (id 0) or rename a group. Refusals: INVALID, NOT_FOUND."""

    method = "referrals.save_group"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    group: OrganisationGroupView


class RemoveOrganisationGroup(Command[Nothing], frozen=True, kw_only=True):
    """Delete a group; its organisations stay. Refusals: NOT_FOUND."""

    method = "referrals.remove_group"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    group_id: int


class SaveOrganisation(Command[OrganisationView], frozen=True, kw_only=True):
    """Add (id 0) or change an organisation; a campus belongs to one organisation. Refusals: INVALID, CONFLICT."""

    method = "referrals.save_organisation"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    organisation: OrganisationView


# ── referrals ────────────────────────────────────────────────────────────────────────────────────────


class ReferralView(msgspec.Struct, frozen=True, kw_only=True):
    """One referral with its exam's row. `is_incoming` from the point of view of `campus_id` that was asked about."""

    id: int
    version: int
    state: ReferralState
    exam: ExamRow
    group_id: int | None
    group_name: str
    to_organisation_id: int
    to_organisation_name: str
    to_campus_id: int
    to_campus_name: str
    from_organisation_name: str
    from_campus_id: int
    from_campus_name: str
    note: str  # to the receiver
    sent_at: datetime
    sent_by: str
    answered_at: datetime | None
    answered_by: str
    reason: str  # of a refusal or cancellation
    has_slot: bool
    allowed: tuple[ReferralAction, ...]


class SubmitReferral(Command[ReferralView], frozen=True, kw_only=True):
    """提交转诊: makes the exam (number, 已登记) and pushes it to the receiving organisation (RIS-ESM-02).

    With a slot of the receiving campus the place is booked at once; without one the receiver chooses the room.
    Refusals: INVALID, SLOT_TAKEN, DUPLICATE, ILLEGAL_ACTION (application already registered).
    """

    method = "referrals.submit"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    patient: PatientEntry
    exam_type: str
    items: tuple[ItemEntry, ...]
    group_id: int | None = None
    to_organisation_id: int
    to_campus_id: int
    from_campus_id: int
    planned_at: datetime | None = None
    slot_id: int | None = None
    patient_type: PatientType = PatientType.ORDINARY
    is_in_arrears: bool = False
    clinical: ClinicalEntry = ClinicalEntry()
    requester: RequesterEntry = RequesterEntry()
    application_id: int | None = None
    accept_duplicate: bool = False
    note: str = ""
    patient_kind: str = ""  # as in RegisterExam
    safety: tuple[SafetyAnswer, ...] = ()


class ReferralList(msgspec.Struct, frozen=True, kw_only=True):
    """Referrals, newest first, and how many wait for an answer."""

    rows: tuple[ReferralView, ...]
    total: int
    waiting: int


class ListReferrals(Query[ReferralList], frozen=True, kw_only=True):
    """Outgoing referrals of a campus, or incoming ones (`incoming`); at most 500 rows."""

    method = "referrals.list"
    permission = Permission.REGISTER
    audit = AuditClass.ROUTINE

    campus_id: int | None = None
    incoming: bool = False
    states: tuple[ReferralState, ...] = ()
    exam_type: str = ""
    patient_name: str = ""
    card_number: str = ""
    today_only: bool = False
    offset: int = 0
    limit: int = 100


class GetReferral(Query[ReferralView], frozen=True, kw_only=True):
    """One referral, by its exam. Refusals: NOT_FOUND."""

    method = "referrals.get"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


class AcceptReferral(Command[ReferralView], frozen=True, kw_only=True):
    """接收: the exam enters the receiver's lists; a room is chosen where no slot was booked.

    Refusals: CONFLICT, ILLEGAL_ACTION, INVALID (no room), SLOT_TAKEN.
    """

    method = "referrals.accept"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    referral_id: int
    version: int
    room_id: int | None = None
    slot_id: int | None = None
    planned_at: datetime | None = None


class RefuseReferral(Command[ReferralView], frozen=True, kw_only=True):
    """退回 with reason: the exam is cancelled, its slot is free. An accepted one too, until the exam begins.

    Refusals: CONFLICT, ILLEGAL_ACTION, INVALID (no reason).
    """

    method = "referrals.refuse"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    referral_id: int
    version: int
    reason: str


class CancelReferral(Command[ReferralView], frozen=True, kw_only=True):
    """撤销转诊 by the sender, until the receiver has accepted (RIS-OPN-11). Refusals: CONFLICT, ILLEGAL_ACTION."""

    method = "referrals.cancel"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    referral_id: int
    version: int
    reason: str = ""


class PushReferral(Command[ReferralView], frozen=True, kw_only=True):
    """推送: tell the receiver again. Refusals: CONFLICT, ILLEGAL_ACTION."""

    method = "referrals.push"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    referral_id: int
    version: int


class ReferralDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A referral with everything of its exam."""

    referral: ReferralView
    exam: ExamView


class GetReferralDetails(Query[ReferralDetails], frozen=True, kw_only=True):
    """Everything of a referral, e.g. for its printed form. Refusals: NOT_FOUND."""

    method = "referrals.get_details"
    permission = Permission.REGISTER
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
