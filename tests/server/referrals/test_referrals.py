"""Referral on both databases: sent, seen by the receiver, accepted or refused, cancelled until then (RIS-REF)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from server.kernel.errors import Refusal
from server.organisation.tables import CampusRow, RoomRow
from server.referrals.rules import NotAllowed, step
from shared.contract.errors import ErrorCode
from shared.contract.exams import CancelExam, GetExam, ListExams, ListSlots
from shared.contract.queueing import SignInAgain
from shared.contract.referrals import (
    AcceptReferral,
    CancelReferral,
    GetNetwork,
    GetReferralDetails,
    ListReferrals,
    OrganisationGroupView,
    OrganisationView,
    PushReferral,
    ReferralView,
    RefuseReferral,
    SaveOrganisation,
    SaveOrganisationGroup,
    SubmitReferral,
)
from shared.domain.states import ExamState, ReferralAction, ReferralState, RegistrationState
from tests.hospital import ADMINISTRATOR, CLERK, HEAD, OTHER_CLERK, Hospital, a_patient
from tests.server.exams.test_exam_registration import edited

TODAY = date(2026, 11, 21)
S, A = ReferralState, ReferralAction


class Region:
    """The hospital of the tests with a second organisation: a county hospital with one CT room."""

    def __init__(self, hospital: Hospital, *, publishes_slots: bool = True) -> None:
        self.hospital = hospital
        with hospital.write() as uow:
            campus = CampusRow(code="XRM", name="县医院影像科", name_en="County hospital imaging")
            uow.session.add(campus)
            uow.session.flush()
            room = RoomRow(
                campus_id=campus.id,
                code="XCT1",
                name="县医院 CT 室",
                name_en="County CT",
                spoken_name="县医院CT室",
                spoken_name_en="County CT",
                queue_letter="X",
                exam_types=["CT"],
            )
            uow.session.add(room)
            uow.session.flush()
            hospital.organisation.count_change(uow)
            self.campus_id, self.room_id = campus.id, room.id
        group = hospital.call(SaveOrganisationGroup(group=OrganisationGroupView(id=0, name="城南医联体")))
        self.group_id = group.id
        self.own = self.save("OUR", "明镜示范医院", hospital.campus_id, publishes_slots=True)
        self.county = self.save("XIAN", "县人民医院", self.campus_id, publishes_slots=publishes_slots)

    def save(self, code: str, name: str, campus_id: int, *, publishes_slots: bool) -> OrganisationView:
        wanted = OrganisationView(
            id=0,
            version=0,
            code=code,
            name=name,
            name_en="",
            group_ids=(self.group_id,),
            campus_ids=(campus_id,),
            publishes_slots=publishes_slots,
        )
        saved: OrganisationView = self.hospital.call(SaveOrganisation(organisation=wanted), ADMINISTRATOR)
        return saved

    def request(self, name: str = "张三", **changes: Any) -> SubmitReferral:
        values: dict[str, Any] = {
            "patient": a_patient(name),
            "exam_type": "CT",
            "items": (HEAD,),
            "group_id": self.group_id,
            "to_organisation_id": self.county.id,
            "to_campus_id": self.campus_id,
            "from_campus_id": self.hospital.campus_id,
        }
        return SubmitReferral(**(values | changes))

    def sent(self, name: str = "张三", **changes: Any) -> ReferralView:
        view: ReferralView = self.hospital.call(self.request(name, **changes), CLERK)
        return view

    def slots(self) -> Any:
        return self.hospital.call(ListSlots(room_id=self.room_id, day=TODAY))


@pytest.fixture
def region(hospital: Hospital) -> Region:
    return Region(hospital)


def incoming(region: Region, **more: Any) -> Any:
    return region.hospital.call(ListReferrals(campus_id=region.campus_id, incoming=True, **more), OTHER_CLERK)


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("action", A)
def test_every_pair_of_state_and_action(state: ReferralState, action: ReferralAction) -> None:
    expected = {
        (S.SENT, A.ACCEPT): S.ACCEPTED,
        (S.SENT, A.REFUSE): S.REFUSED,
        (S.SENT, A.CANCEL): S.CANCELLED,
        (S.SENT, A.PUSH): S.SENT,
        (S.SENT, A.PRINT_FORM): S.SENT,
        (S.ACCEPTED, A.REFUSE): S.REFUSED,
        (S.ACCEPTED, A.PUSH): S.ACCEPTED,
        (S.ACCEPTED, A.PRINT_FORM): S.ACCEPTED,
        (S.REFUSED, A.PRINT_FORM): S.REFUSED,
    }.get((state, action))
    if expected is None:
        with pytest.raises(NotAllowed):
            step(state, action, ExamState.REGISTERED)
        return
    assert step(state, action, ExamState.REGISTERED).next_state is expected


def test_a_referral_makes_an_exam_and_waits_at_the_receiver(region: Region) -> None:
    view = region.sent(note="患者下午到")
    assert (view.state, view.exam.state, view.exam.accession_number) == (
        S.SENT,
        ExamState.REGISTERED,
        "261121CT0001",
    )
    assert (view.to_organisation_name, view.from_organisation_name) == ("县人民医院", "明镜示范医院")
    assert not view.exam.ticket_number  # in no queue before it is accepted
    found = incoming(region)
    assert (found.total, found.waiting, found.rows[0].id) == (1, 1, view.id)
    assert incoming(region, exam_type="MR").total == 0
    assert incoming(region, patient_name="zhangsan", today_only=True).total == 1
    sent = region.hospital.call(ListReferrals(campus_id=region.hospital.campus_id), CLERK)
    assert [row.id for row in sent.rows] == [view.id]
    listed = region.hospital.call(ListExams(is_referral=True, referral_states=(S.SENT,)), CLERK)
    assert [row.referral_state for row in listed.rows] == [S.SENT]  # RIS-REF-23
    assert region.hospital.call(ListExams(is_referral=False), CLERK).total == 0


def test_accepting_needs_a_room_and_gives_a_ticket(region: Region) -> None:
    view = region.sent()
    accept = AcceptReferral(referral_id=view.id, version=view.version)
    with pytest.raises(Refusal) as refusal:
        region.hospital.call(accept, OTHER_CLERK)
    assert refusal.value.body.field == "room_id"
    accept = AcceptReferral(referral_id=view.id, version=view.version, room_id=region.room_id)
    accepted = region.hospital.call(accept, OTHER_CLERK)
    assert (accepted.state, accepted.exam.room_name) == (S.ACCEPTED, "县医院 CT 室")
    assert accepted.exam.ticket_number
    assert A.CANCEL not in accepted.allowed
    with pytest.raises(Refusal) as stale:
        region.hospital.call(accept, OTHER_CLERK)
    assert stale.value.body.code is ErrorCode.CONFLICT


def test_a_published_slot_is_booked_at_once_and_freed_by_a_refusal(region: Region) -> None:
    slot = region.slots()[10]
    view = region.sent(slot_id=slot.id)
    assert (view.has_slot, view.exam.planned_at, view.exam.room_id) == (True, slot.starts_at, region.room_id)
    assert region.slots()[10].taken == 1
    with pytest.raises(Refusal, match="原因"):
        region.hospital.call(RefuseReferral(referral_id=view.id, version=view.version, reason=" "), OTHER_CLERK)
    refused = region.hospital.call(
        RefuseReferral(referral_id=view.id, version=view.version, reason="设备检修"), OTHER_CLERK
    )
    assert (refused.state, refused.reason, refused.exam.state) == (S.REFUSED, "设备检修", ExamState.CANCELLED)
    assert refused.exam.registration_state is RegistrationState.CANCELLED
    assert region.slots()[10].taken == 0
    sent = region.hospital.call(ListReferrals(campus_id=region.hospital.campus_id, states=(S.REFUSED,)), CLERK)
    assert sent.rows[0].reason == "设备检修"  # the sender sees why


def test_slots_that_are_not_published_cannot_be_taken(hospital: Hospital) -> None:
    region = Region(hospital, publishes_slots=False)
    slot = region.slots()[0]
    with pytest.raises(Refusal, match="没有开放号源"):
        region.sent(slot_id=slot.id)
    assert region.slots()[0].taken == 0


def test_the_sender_may_cancel_until_the_receiver_has_accepted(region: Region) -> None:
    view = region.sent()
    pushed = region.hospital.call(PushReferral(referral_id=view.id, version=view.version), CLERK)
    cancelled = region.hospital.call(
        CancelReferral(referral_id=view.id, version=pushed.version, reason="患者改去市医院"), CLERK
    )
    assert (cancelled.state, cancelled.exam.state) == (S.CANCELLED, ExamState.CANCELLED)
    other = region.sent("李四")
    accept = AcceptReferral(referral_id=other.id, version=other.version, room_id=region.room_id)
    accepted = region.hospital.call(accept, OTHER_CLERK)
    with pytest.raises(Refusal, match="已经接收"):
        region.hospital.call(CancelReferral(referral_id=other.id, version=accepted.version), CLERK)
    exam = region.hospital.call(GetExam(exam_id=other.exam.id))
    with pytest.raises(Refusal, match="转诊"):
        region.hospital.call(CancelExam(exam_id=exam.row.id, version=exam.version), CLERK)
    sent_back = region.hospital.call(
        RefuseReferral(referral_id=other.id, version=accepted.version, reason="患者未到"), OTHER_CLERK
    )
    assert sent_back.exam.ticket_state is None or sent_back.exam.ticket_state.value == "withdrawn"


def test_a_referral_that_waits_can_be_edited_but_not_begun(region: Region) -> None:
    view = region.sent()
    exam = region.hospital.call(GetExam(exam_id=view.exam.id))
    changed = region.hospital.call(edited(exam, is_in_arrears=True), CLERK)
    assert changed.row.is_in_arrears
    assert not changed.row.ticket_number
    with pytest.raises(Refusal):
        region.hospital.call(SignInAgain(exam_id=view.exam.id), CLERK)
    details = region.hospital.call(GetReferralDetails(exam_id=view.exam.id), CLERK)
    assert (details.referral.id, details.exam.row.id) == (view.id, view.exam.id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to_organisation_id": 999}, "to_organisation_id"),
        ({"to_campus_id": 1}, "to_campus_id"),
        ({"from_campus_id": 999}, "from_campus_id"),
        ({"exam_type": "MR"}, "exam_type"),
        ({"group_id": 999}, "to_organisation_id"),
    ],
)
def test_a_referral_to_nowhere_is_refused_at_its_field(hospital: Hospital, changes: dict[str, Any], field: str) -> None:
    region = Region(hospital)
    with pytest.raises(Refusal) as refusal:
        region.sent(**changes)
    assert refusal.value.body.field == field


def test_an_account_of_one_campus_answers_only_for_it(region: Region) -> None:
    view = region.sent()
    ours = replace(CLERK, campus_ids=frozenset({region.hospital.campus_id}))
    theirs = replace(OTHER_CLERK, campus_ids=frozenset({region.campus_id}))
    accept = AcceptReferral(referral_id=view.id, version=view.version, room_id=region.room_id)
    with pytest.raises(Refusal, match="其它院区"):
        region.hospital.call(accept, ours)
    assert region.hospital.call(ListReferrals(incoming=True), ours).total == 0
    assert region.hospital.call(ListReferrals(incoming=True), theirs).total == 1
    assert region.hospital.call(accept, theirs).state is S.ACCEPTED


def test_an_organisation_keeps_its_campuses_to_itself(region: Region) -> None:
    network = region.hospital.call(GetNetwork())
    assert {one.code: one.exam_types for one in network.organisations}["XIAN"] == ("CT",)
    with pytest.raises(Refusal, match="只能属于一个机构"):
        region.save("X", "别家", region.campus_id, publishes_slots=True)
    with pytest.raises(Refusal, match="编码"):
        region.save("XIAN", "别家", 99, publishes_slots=True)
    with pytest.raises(Refusal, match="同一机构"):
        region.sent(from_campus_id=region.campus_id)
