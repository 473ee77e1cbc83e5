"""Registration of ECG exams, lists, changes, cancelling, favourites, who sees what."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from server.ecg.exams import rules
from server.kernel.dispatch import SYSTEM
from server.kernel.errors import Refusal
from shared.contract import ecg
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.patients import LinkPatient
from shared.domain.ecg import (
    EXAM_TRANSITIONS,
    IN_HOSPITAL_KINDS,
    EcgKind,
    ExamAction,
    ExamState,
    QuickRange,
    RequestState,
    exam_actions,
)
from shared.domain.states import Sex, VisitKind
from tests.server.ecg.ecg_world import ADMIN, DOCTOR, OPERATOR, REGISTRAR, EcgWorld, caller


def refused(world: EcgWorld, who: Any, request: Any) -> Any:
    with pytest.raises(Refusal) as caught:
        world.ask(who, request)
    return caught.value.body


def test_ages_are_written_out() -> None:
    for typed, shown in (
        ("45", "45岁"),
        ("45 岁", "45岁"),
        ("3个月", "3月"),
        ("2周", "14天"),
        ("003M", "3月"),
        ("12d", "12天"),
    ):
        assert rules.age_of(typed) == shown
    for typed in ("", "abc", "151", "4五", "-3"):
        with pytest.raises(rules.Wrong):
            rules.age_of(typed)
    assert (rules.dicom_age("45岁"), rules.dicom_age("3月"), rules.dicom_age("")) == ("045Y", "003M", "")
    assert rules.years_of("6月") == 0.5 and rules.years_of("") is None


def test_what_is_to_be_recorded_follows_from_the_item() -> None:
    for words, kind in (
        ("常规心电图", EcgKind.TWELVE_LEAD),
        ("18导联心电图", EcgKind.EIGHTEEN_LEAD),
        ("24小时动态心电图", EcgKind.HOLTER),
        ("平板运动试验", EcgKind.STRESS),
        ("节律图", EcgKind.RHYTHM),
    ):
        assert rules.kind_of_item(words) is kind


def test_the_machine_of_exams_is_that_of_the_requirements() -> None:
    assert exam_actions(ExamState.CANCELLED) == ()
    assert (ExamState.AWAITING, ExamAction.SUBMIT_REPORT) not in EXAM_TRANSITIONS
    assert (ExamState.REPORTED, ExamAction.STORE_TRACE) not in EXAM_TRANSITIONS
    assert (ExamState.AWAITING, ExamAction.APPLY_CONSULTATION) not in EXAM_TRANSITIONS
    assert EXAM_TRANSITIONS[ExamState.REPORTED, ExamAction.WITHDRAW_REPORT] is ExamState.ACQUIRED


def test_a_consultation_patient_needs_name_sex_and_age(world: EcgWorld) -> None:
    for entry, field in (
        ({"sex": Sex.MALE, "age": "40"}, "patient_name"),
        ({"patient_name": "张三", "age": "40"}, "sex"),
        ({"patient_name": "张三", "sex": Sex.MALE}, "age"),
        ({"patient_name": "张三", "sex": Sex.MALE, "age": "很老"}, "age"),
        ({"patient_name": "张三", "sex": Sex.MALE, "age": "40", "id_number": "110105194912310021"}, "id_number"),
        ({"patient_name": "张三", "sex": Sex.MALE, "age": "40", "campus_id": 99}, "campus_id"),
    ):
        body = refused(world, REGISTRAR, ecg.RegisterEcg(entry=ecg.EcgEntry(**entry)))
        assert (body.code, body.field) == (ErrorCode.INVALID, field)
    assert world.ask(DOCTOR, ecg.ListEcgExams()).total == 0
    exam = world.registered("张三", sex=Sex.MALE, age="40", phone="138")
    assert (exam.row.state, exam.row.age, exam.row.exam_item) == (ExamState.AWAITING, "40岁", "12导联心电图")
    assert exam.row.accession_number == "260302ECG0001" and exam.entry.phone == "138"
    assert ExamAction.CANCEL in exam.row.allowed and ExamAction.ACQUIRE not in exam.row.allowed  # a registrar
    assert ExamAction.ACQUIRE in world.ask(OPERATOR, ecg.GetEcgExam(exam_id=exam.row.id)).row.allowed


def test_a_request_is_found_and_registered_once(world_of_kind: EcgWorld) -> None:
    world = world_of_kind
    application = world.order("REQ1", inpatient_number="ZY7", birth_date=date(1980, 5, 1))
    world.order("CT1", name="别人", code="CT001")
    (row,) = (
        world.ask(REGISTRAR, ecg.SearchRequests(patient_name="xm")).rows
        or world.ask(REGISTRAR, ecg.SearchRequests(patient_name="wxm")).rows
    )
    assert (row.state, row.can_register, row.entry.visit_kind) == (RequestState.OPEN, True, VisitKind.INPATIENT)
    assert (row.entry.ward, row.entry.bed, row.entry.department) == ("内一", "12", "内科")
    found = world.ask(REGISTRAR, ecg.FindRequest(request_number="REQ1"))
    assert [one.application_id for one in found] == [application.id]
    dialog = ecg.EcgEntry(patient_name="改名", sex=Sex.MALE, complaint="胸闷三天", request_number="X")
    order = ecg.RegisterRequest(application_id=application.id, version=row.version, entry=dialog)
    first = world.ask(REGISTRAR, order)
    assert not first.existed and first.exam.row.patient_name == "王小明", "what the other system says stands"
    assert first.exam.row.request_number == "REQ1" and first.exam.entry.complaint == "胸闷三天"
    second = world.ask(REGISTRAR, order)
    assert second.existed and second.exam.row.id == first.exam.row.id
    (row,) = world.ask(REGISTRAR, ecg.SearchRequests(request_number="REQ1")).rows
    assert (row.state, row.exam_id, row.can_register) == (RequestState.REGISTERED, first.exam.row.id, False)
    listed = world.ask(DOCTOR, ecg.ListEcgExams(visit_kinds=IN_HOSPITAL_KINDS, patient_number="PREQ1"))
    assert [one.id for one in listed.rows] == [first.exam.row.id]
    assert world.ask(DOCTOR, ecg.ListEcgExams(visit_kinds=(VisitKind.HEALTH_CHECK,))).total == 0


def test_requests_are_marked_by_how_they_stand(world: EcgWorld) -> None:
    one, two, three, four = (world.order(f"R{number}", name=f"病人{number}") for number in range(4))
    exam = world.ask(REGISTRAR, ecg.RegisterRequest(application_id=two.id, version=two.version, entry=dialog())).exam
    done = world.ask(REGISTRAR, ecg.RegisterRequest(application_id=three.id, version=three.version, entry=dialog()))
    world.upload(exam_id=done.exam.row.id)
    world.write(lambda uow: world.applications.cancel(uow, "R3"))
    for state, application in zip(
        (RequestState.OPEN, RequestState.REGISTERED, RequestState.EXAMINED, RequestState.CANCELLED),
        (one, two, three, four),
        strict=True,
    ):
        (row,) = world.ask(REGISTRAR, ecg.SearchRequests(states=(state,))).rows
        assert (row.application_id, row.state) == (application.id, state)
    assert world.ask(REGISTRAR, ecg.SearchRequests(states=(RequestState.OPEN, RequestState.EXAMINED))).total == 2
    body = refused(
        world, REGISTRAR, ecg.RegisterRequest(application_id=four.id, version=four.version + 1, entry=dialog())
    )
    assert (body.code, body.state) == (ErrorCode.ILLEGAL_ACTION, "cancelled")
    with pytest.raises(Refusal, match="心电图室"):
        world.write(lambda uow: world.applications.cancel(uow, "R1"))
    world.ask(REGISTRAR, ecg.CancelEcgExam(exam_id=exam.row.id, version=exam.row.version, reason="患者要求"))
    (row,) = world.ask(REGISTRAR, ecg.SearchRequests(request_number="R1")).rows
    assert row.state is RequestState.OPEN, "after a cancelled registration the request is free again"


def dialog(**entry: Any) -> ecg.EcgEntry:
    return ecg.EcgEntry(**{"sex": Sex.FEMALE, "age": "45", **entry})


def test_a_number_not_found_says_so(world: EcgWorld) -> None:
    world.order("T1", health_check_number="TJ0001")
    world.order("CT9", code="CT001", health_check_number="TJ0002")
    world.order("OWN1", code="ECG-X")
    assert not world.ask(REGISTRAR, ecg.FindRequest(request_number="OWN1"))[0].known, "an item of their own"
    (row,) = world.ask(REGISTRAR, ecg.FindRequest(health_check_number="TJ0001"))
    assert row.known
    assert row.entry.visit_kind is VisitKind.HEALTH_CHECK and row.entry.request_number == "T1"
    for request in (ecg.FindRequest(health_check_number="TJ0002"), ecg.FindRequest(request_number="TJ0001")):
        body = refused(world, REGISTRAR, request)
        assert body.code is ErrorCode.NOT_FOUND and "没有查到" in body.message
    assert refused(world, REGISTRAR, ecg.FindRequest()).code is ErrorCode.INVALID


def test_the_hospital_system_is_asked_for_a_number_that_waits_nowhere(world: EcgWorld) -> None:
    def answer(number: str) -> bool:
        world.order(number, name="李小红")
        return True

    world.hospital_system.answer = answer
    (row,) = world.ask(REGISTRAR, ecg.FindRequest(request_number=" FO1 "))
    assert (row.entry.patient_name, world.hospital_system.asked) == ("李小红", ["FO1"])
    assert world.ask(REGISTRAR, ecg.FindRequest(request_number="FO1")) == (row,)
    assert world.hospital_system.asked == ["FO1"], "what waits here is not asked for again"


def test_a_request_that_changed_meanwhile_is_compared_again(world: EcgWorld) -> None:
    application = world.order("R1")
    world.order("R1", name="王小敏")
    body = refused(
        world,
        REGISTRAR,
        ecg.RegisterRequest(application_id=application.id, version=application.version, entry=dialog()),
    )
    assert body.code is ErrorCode.CONFLICT


def test_lists_filter_by_what_the_rows_say(world: EcgWorld) -> None:
    old = world.registered("旧病人", visit_kind=VisitKind.INPATIENT, inpatient_number="ZY1")
    world.clock.forward(days=10)
    check = world.registered(
        "体检人", visit_kind=VisitKind.HEALTH_CHECK, health_check_number="TJ1", exam_item="入职心电图"
    )
    new = world.registered("单田芳", request_number="REQ9", id_number="11010519491231002X")
    assert new.row.age == "76岁", "the identity number knows better than who typed"
    ask = lambda **filters: [row.id for row in world.ask(DOCTOR, ecg.ListEcgExams(**filters)).rows]  # noqa: E731
    assert ask() == [new.row.id, check.row.id, old.row.id]
    assert ask(quick=QuickRange.TODAY) == ask(quick=QuickRange.WEEK) == [new.row.id, check.row.id]
    assert len(ask(quick=QuickRange.TWO_WEEKS)) == 3
    assert ask(registered_to=date(2026, 3, 2)) == [old.row.id]
    assert ask(patient_name="shan") == ask(patient_name="stf") == ask(patient_name="田芳") == [new.row.id]
    assert ask(patient_number="ZY1") == [old.row.id] and ask(health_check_number="TJ1") == [check.row.id]
    assert ask(id_number="11010519491231002X") == ask(request_number="REQ9") == [new.row.id]
    assert ask(exam_item="入职") == [check.row.id] and ask(states=(ExamState.ACQUIRED,)) == []
    world.upload(exam_id=new.row.id)
    page = world.ask(DOCTOR, ecg.ListEcgExams(page=Page(offset=1, limit=1)))
    assert (page.total, [row.id for row in page.rows]) == (3, [check.row.id])
    assert page.counts == {"awaiting": 2, "acquired": 1}
    body = refused(world, DOCTOR, ecg.ListEcgExams(registered_from=date(2026, 3, 5), registered_to=date(2026, 3, 1)))
    assert body.field == "registered_from"


def test_some_fields_change_and_the_trail_keeps_old_and_new(world: EcgWorld) -> None:
    exam = world.registered("张三", complaint="胸闷")
    change = ecg.EcgChange(complaint="胸痛", bed="3")
    after = world.ask(REGISTRAR, ecg.ChangeEcgExam(exam_id=exam.row.id, version=exam.row.version, change=change))
    assert (after.entry.complaint, after.row.bed, after.entry.patient_name) == ("胸痛", "3", "张三")
    lines = world.ask(DOCTOR, ecg.GetTrail(exam_id=exam.row.id))
    assert [(one.action, one.field, one.old, one.new) for one in lines][1:] == [
        ("edit", "complaint", "胸闷", "胸痛"),
        ("edit", "bed", "", "3"),
    ]
    stale = ecg.ChangeEcgExam(exam_id=exam.row.id, version=exam.row.version, change=change)
    assert refused(world, REGISTRAR, stale).code is ErrorCode.CONFLICT
    long = ecg.ChangeEcgExam(exam_id=exam.row.id, version=after.row.version, change=ecg.EcgChange(bed="x" * 40))
    assert refused(world, REGISTRAR, long).field == "bed"
    assert set(ecg.EcgChange.__struct_fields__) == set(rules.CHANGEABLE)


def test_cancelling_needs_a_reason_and_no_trace(world: EcgWorld) -> None:
    exam = world.registered()
    order = ecg.CancelEcgExam(exam_id=exam.row.id, version=exam.row.version, reason=" ")
    assert refused(world, REGISTRAR, order).field == "reason"
    world.upload(exam_id=exam.row.id)
    version = world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id)).row.version
    order = ecg.CancelEcgExam(exam_id=exam.row.id, version=version, reason="错")
    assert refused(world, REGISTRAR, order).code is ErrorCode.ILLEGAL_ACTION
    other = world.registered("李四")
    gone = world.ask(REGISTRAR, ecg.CancelEcgExam(exam_id=other.row.id, version=other.row.version, reason="登错"))
    assert (gone.row.state, gone.cancel_reason, gone.row.allowed) == (ExamState.CANCELLED, "登错", ())
    assert [row.id for row in world.ask(DOCTOR, ecg.ListEcgExams()).rows] == [exam.row.id]
    assert world.ask(DOCTOR, ecg.ListEcgExams(states=(ExamState.CANCELLED,))).total == 1


def test_a_hospital_sees_its_own_exams_only(world: EcgWorld) -> None:
    clinic = world.second_campus()
    nurse = caller(20, "卫生院护士", "ecg_operator", campus_ids=(clinic,))
    own = world.registered("乡亲", nurse)
    other = world.registered("县城人")
    assert (own.row.campus_id, own.row.campus_name, other.row.campus_id) == (clinic, "乡镇卫生院", world.campus_id)
    assert [row.id for row in world.ask(nurse, ecg.ListEcgExams()).rows] == [own.row.id]
    assert refused(world, nurse, ecg.GetEcgExam(exam_id=other.row.id)).code is ErrorCode.NOT_FOUND
    elsewhere = ecg.RegisterEcg(entry=dialog(patient_name="甲", campus_id=world.campus_id))
    assert refused(world, nurse, elsewhere).field == "campus_id"
    assert world.ask(DOCTOR, ecg.ListEcgExams()).total == 2
    world.service.also_visible.append(lambda _uow, who, facts: who.user_id == 20 and facts.id == other.row.id)
    assert world.ask(nurse, ecg.GetEcgExam(exam_id=other.row.id)).row.id == other.row.id, "a room opened it"


def test_history_is_that_of_the_person_across_linked_records(world: EcgWorld) -> None:
    first, second = world.acquired("王小明"), world.acquired("王小明")
    world.registered("王小明")
    assert first.row.patient_id != second.row.patient_id, "nothing but the name is alike"
    assert [row.id for row in world.ask(DOCTOR, ecg.ListHistory(exam_id=second.row.id))] == [second.row.id]

    def link(uow: Any) -> None:
        patient = world.patients.get(uow, first.row.patient_id)
        request = LinkPatient(
            patient_id=patient.id, version=patient.version, into_id=second.row.patient_id, reason="同一人"
        )
        world.patients.link(uow, SYSTEM, request)

    world.write(link)
    history = world.ask(DOCTOR, ecg.ListHistory(exam_id=second.row.id))
    assert {row.id for row in history} == {first.row.id, second.row.id}


def test_favourites_are_filed_by_class(world: EcgWorld) -> None:
    exam, other = world.acquired("甲"), world.acquired("乙")
    waiting = world.registered("丙")
    assert refused(world, DOCTOR, ecg.CollectExam(exam_id=waiting.row.id)).code is ErrorCode.ILLEGAL_ACTION
    world.ask(DOCTOR, ecg.CollectExam(exam_id=exam.row.id, category="房颤", note="典型"))
    world.ask(DOCTOR, ecg.CollectExam(exam_id=other.row.id, category="房颤"))
    world.ask(DOCTOR, ecg.CollectExam(exam_id=other.row.id, category="教学"))
    found = world.ask(DOCTOR, ecg.ListCollected())
    assert (found.total, found.categories) == (2, {"房颤": 1, "教学": 1})
    assert all(one.exam.collected for one in found.rows)
    assert [one.exam.id for one in world.ask(DOCTOR, ecg.ListCollected(category="房颤")).rows] == [exam.row.id]
    assert [one.exam.id for one in world.ask(DOCTOR, ecg.ListCollected(text="典型")).rows] == [exam.row.id]
    assert world.ask(ADMIN, ecg.ListCollected()).total == 0, "everybody has favourites of their own"
    world.ask(DOCTOR, ecg.UncollectExam(exam_id=exam.row.id))
    world.ask(DOCTOR, ecg.UncollectExam(exam_id=exam.row.id))
    assert world.ask(DOCTOR, ecg.ListCollected()).total == 1


def test_an_entry_survives_its_row(world: EcgWorld) -> None:
    exam = world.registered("张三", kind=EcgKind.HOLTER, height_cm=170.5, requested_at=world.clock.now())
    again = world.ask(DOCTOR, ecg.FindEcgExam(accession_number=exam.row.accession_number.lower()))
    assert msgspec.to_builtins(again.entry) == msgspec.to_builtins(exam.entry)
    assert again.row.study_uid == world.ask(DOCTOR, ecg.FindEcgExam(study_uid=exam.row.study_uid)).row.study_uid


def test_the_hospital_learns_what_an_ecg_is_and_keeps_what_it_made_of_it(world: EcgWorld) -> None:
    hospital = world.read(world.organisation.hospital)
    assert hospital.exam_types["ECG"].name == "心电图"
    kinds = {code: rules.kind_of_item(item.name) for code, item in hospital.items.items() if item.exam_type == "ECG"}
    assert kinds["ECG001"] is EcgKind.TWELVE_LEAD and set(kinds.values()) == set(EcgKind)
    version = hospital.view.version
    world.write(world.exams.seed)
    assert world.read(world.organisation.hospital).view.version == version, "a later start changes nothing"
