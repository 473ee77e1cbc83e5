"""New booking: from the number to the registered exam, as the states a clerk would have seen."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from clients.kit.messages import CollectedMessages
from clients.kit.running import HeldRunner, ImmediateRunner, TaskRunner
from clients.registration.booking.presenter import BookingPresenter
from clients.registration.booking.state import BookingForm, BookingState
from shared.contract.errors import ErrorCode
from shared.contract.exams import FindApplications, ListSlots, RegisterExam, UpdateExam
from shared.contract.patients import FindSimilar
from shared.contract.printing import PrintBarcode
from shared.domain.states import PatientType, Sex
from tests.clients.registration.fake_hospital import (
    NOW,
    TODAY,
    FakeDocuments,
    FakeDrafts,
    FakeHospital,
    FakePreferences,
    a_patient,
    an_application,
    an_exam_row,
    refusal,
)


class Desk:
    """A presenter with everything around it."""

    def __init__(self, runner: TaskRunner | None = None, draft: BookingForm | None = None) -> None:
        self.hospital = FakeHospital()
        self.now = NOW
        self.messages = CollectedMessages()
        self.documents = FakeDocuments()
        self.drafts = FakeDrafts(draft)
        self.preferences = FakePreferences()
        self.states: list[BookingState] = []
        self.registered: list[int] = []
        self.presenter = BookingPresenter(
            self.hospital.connection,
            runner or ImmediateRunner(),
            self.messages,
            self.documents,
            self.drafts,
            self.preferences,
            lambda: self.now.astimezone(),  # noqa: PLW0108 - the clock of the test moves
            self.states.append,
            self.registered.append,
        )
        self.presenter.start(self.hospital.hospital)

    @property
    def state(self) -> BookingState:
        return self.presenter.state

    def item(self, code: str) -> Any:
        return next(item for item in self.hospital.hospital.exam_items if item.code == code)

    def type_patient(self) -> None:
        self.presenter.edit(name="赵敏")
        self.presenter.edit(sex=Sex.FEMALE)
        self.presenter.edit(age="34")
        self.presenter.add_item(self.item("CT002"))


def test_the_form_starts_with_the_first_campus_and_nothing_else() -> None:
    desk = Desk()
    assert desk.state.form == BookingForm(campus_id=1)
    assert desk.state.print_barcode


def test_an_application_fills_everything_and_two_steps_register_it() -> None:
    desk = Desk()
    desk.hospital.applications.append(an_application())
    desk.presenter.type_number("C0086001")
    desk.presenter.query()
    form = desk.state.form
    assert (form.name, form.sex, form.birth_date) == ("李建国", Sex.MALE, date(1968, 3, 12))
    assert form.items[0].name == "胸部平扫"
    assert form.clinical.diagnosis == "肺部感染？"
    assert (form.height_cm, form.weight_kg) == ("172", "70.5")
    assert form.room_id == 11
    desk.presenter.submit()
    assert desk.registered == [1]
    sent = desk.hospital.sent(RegisterExam)[0]
    assert sent.application_id == 71
    assert sent.patient.patient_id == 501
    assert desk.state.form == BookingForm(campus_id=1)
    assert "261121CT0001" in desk.messages.said[0].text


def test_two_applications_let_the_clerk_choose() -> None:
    desk = Desk()
    desk.hospital.applications += [an_application(), an_application(id=72)]
    desk.presenter.type_number("C0086001")
    desk.presenter.query()
    assert [application.id for application in desk.state.applications] == [71, 72]
    assert desk.state.form.is_untouched
    desk.presenter.take_application(desk.state.applications[1])
    assert desk.state.form.application_id == 72
    assert desk.state.applications == ()


def test_without_an_application_the_known_patient_is_filled_in() -> None:
    desk = Desk()
    desk.presenter.type_number("C0086001")
    desk.presenter.query()
    assert desk.state.form.patient_id == 501
    assert "添加检查项目" in desk.state.number_hint
    assert not desk.state.number_failed


def test_an_unknown_number_is_kept_in_the_card_field() -> None:
    desk = Desk()
    desk.presenter.type_number("C999")
    desk.presenter.query()
    assert desk.state.number_failed
    assert desk.state.form.card_number == "C999"


def test_an_unknown_identity_number_fills_birth_date_and_sex() -> None:
    desk = Desk()
    desk.presenter.type_number("11010519491231002X")
    desk.presenter.query()
    form = desk.state.form
    assert (form.id_number, form.birth_date, form.sex) == ("11010519491231002X", date(1949, 12, 31), Sex.FEMALE)


def test_a_registered_application_is_not_offered_again() -> None:
    desk = Desk()
    desk.hospital.applications.append(an_application(exam_id=5))
    desk.presenter.type_number("C0086001")
    desk.presenter.query()
    assert desk.state.form.application_id is None
    assert desk.state.form.patient_id == 501


def test_a_failing_query_says_why_beside_the_box() -> None:
    desk = Desk()
    desk.hospital.refuse(FindApplications, refusal(ErrorCode.TIMEOUT))
    desk.presenter.type_number("C1")
    desk.presenter.query()
    assert desk.state.number_failed
    assert "超时" in desk.state.number_hint
    assert not desk.state.searching


def test_a_known_patient_is_found_while_the_hospital_system_is_away() -> None:
    desk = Desk()
    desk.hospital.refuse(FindApplications, refusal(ErrorCode.UNAVAILABLE))
    desk.presenter.type_number("C0086001")
    desk.presenter.query()
    assert desk.state.form.patient_id == 501
    assert desk.state.number_failed and desk.state.number_hint
    assert "已带出" not in desk.state.number_hint
    assert not desk.state.searching


def test_a_wrong_check_digit_is_said_at_the_field() -> None:
    desk = Desk()
    desk.presenter.edit(id_number="110105194912310021")
    assert "校验位" in desk.state.errors["id_number"]
    desk.presenter.edit(id_number="11010519491231002X")
    assert "id_number" not in desk.state.errors
    assert desk.state.form.sex is Sex.FEMALE


def test_pinyin_follows_the_name_until_the_clerk_writes_it() -> None:
    desk = Desk()
    desk.presenter.edit(name="单田芳")
    assert desk.state.form.pinyin == "Shan^Tianfang"
    desk.presenter.edit(pinyin="Dan^Tianfang")
    desk.presenter.edit(name="单田方")
    assert desk.state.form.pinyin == "Dan^Tianfang"


def test_a_typed_age_gives_a_birth_date_and_the_birth_date_an_age() -> None:
    desk = Desk()
    desk.presenter.edit(age="34")
    assert desk.state.form.birth_date == date(1992, 11, 21)
    desk.presenter.edit(birth_date=date(1990, 1, 1))
    assert desk.state.age_shown == "36岁"


def test_possible_duplicates_appear_and_using_one_links_the_patient() -> None:
    desk = Desk()
    desk.presenter.edit(name="李建国")
    desk.presenter.edit(birth_date=date(1968, 3, 12))
    desk.presenter.leave("birth_date")
    assert [similar.patient.id for similar in desk.state.similar] == [501]
    desk.presenter.use_patient(desk.state.similar[0].patient)
    assert desk.state.form.patient_id == 501
    assert desk.state.similar == ()
    asked = len(desk.hospital.sent(FindSimilar))
    desk.presenter.leave("name")
    assert len(desk.hospital.sent(FindSimilar)) == asked


def test_duplicates_are_not_asked_for_before_there_is_enough_to_compare() -> None:
    desk = Desk()
    desk.presenter.edit(name="李")
    desk.presenter.leave("name")
    assert desk.hospital.sent(FindSimilar) == []


def test_choosing_a_room_brings_the_slots_of_exactly_that_room() -> None:
    desk = Desk()
    desk.presenter.choose_room(13)
    assert {slot.room_id for slot in desk.state.slots} == {13}
    assert desk.hospital.sent(ListSlots)[-1] == ListSlots(room_id=13, day=TODAY, exam_type="MR")
    desk.presenter.choose_room(11)
    assert {slot.room_id for slot in desk.state.slots} == {11}


def test_a_slot_sets_the_planned_time_and_another_changes_it() -> None:
    desk = Desk()
    desk.presenter.choose_room(11)
    free = [slot for slot in desk.state.slots if not slot.taken]
    desk.presenter.choose_slot(free[0].id)
    assert desk.state.form.planned_at == free[0].starts_at
    desk.presenter.choose_slot(free[1].id)
    assert (desk.state.form.slot_id, desk.state.form.planned_at) == (free[1].id, free[1].starts_at)
    desk.presenter.set_planned(NOW + timedelta(hours=3))
    assert desk.state.form.slot_id is None


def test_a_full_slot_cannot_be_chosen() -> None:
    desk = Desk()
    desk.presenter.choose_room(11)
    full = next(slot for slot in desk.state.slots if slot.taken)
    desk.presenter.choose_slot(full.id)
    assert desk.state.form.slot_id is None


def test_slots_of_the_room_chosen_last_win() -> None:
    runner = HeldRunner()
    desk = Desk(runner)
    runner.release()
    desk.presenter.choose_room(11)
    desk.presenter.choose_room(13)
    assert desk.state.slots_loading
    runner.release()
    assert {slot.room_id for slot in desk.state.slots} == {13}
    assert not desk.state.slots_loading


@pytest.mark.parametrize(
    ("typed", "code"), [("xbp", "CT002"), ("mr002", "MR002"), ("左膝", "DR002"), ("tlps", "MR001")]
)
def test_items_are_found_by_initials_code_or_name(typed: str, code: str) -> None:
    desk = Desk()
    desk.presenter.type_item(typed)
    assert desk.state.candidates[0].code == code


def test_only_items_of_the_same_type_are_offered_after_the_first() -> None:
    desk = Desk()
    desk.presenter.add_item(desk.item("CT002"))
    desk.presenter.type_item("ps")
    assert {item.exam_type for item in desk.state.candidates} == {"CT"}
    assert desk.state.form.room_id == 11


def test_the_first_item_chooses_the_room_used_last_for_its_type() -> None:
    desk = Desk()
    desk.preferences["booking/room/CT"] = 12
    desk.presenter.add_item(desk.item("CT001"))
    assert desk.state.form.room_id == 12


def test_a_price_can_be_changed_and_a_wrong_one_is_refused() -> None:
    desk = Desk()
    desk.presenter.add_item(desk.item("CT002"))
    desk.presenter.set_price(0, "299.5")
    assert desk.state.form.total_fen == 29950
    desk.presenter.set_price(0, "viel")
    assert "单价" in desk.state.errors["items"]
    assert desk.state.form.total_fen == 29950


def test_a_deleted_item_comes_back_with_undo() -> None:
    desk = Desk()
    desk.presenter.add_item(desk.item("CT002"))
    desk.presenter.remove_item(0)
    assert desk.state.form.items == ()
    desk.messages.undo_offers[0][1]()
    assert desk.state.form.items[0].code == "CT002"


def test_an_empty_form_is_not_sent_and_every_mistake_is_at_its_field() -> None:
    desk = Desk()
    desk.presenter.submit()
    assert desk.hospital.sent(RegisterExam) == []
    assert list(desk.state.errors) == ["name", "sex", "birth_date", "room_id", "items"]


def test_submitting_by_hand_registers_and_prints_the_barcode() -> None:
    desk = Desk()
    desk.type_patient()
    desk.presenter.edit(patient_type=PatientType.EMERGENCY, is_in_arrears=True)
    desk.presenter.submit()
    sent = desk.hospital.sent(RegisterExam)[0]
    assert (sent.patient.name, sent.patient.pinyin, sent.patient_type, sent.is_in_arrears) == (
        "赵敏",
        "Zhao^Min",
        PatientType.EMERGENCY,
        True,
    )
    assert sent.planned_at is None
    assert desk.hospital.sent(PrintBarcode) == [PrintBarcode(exam_id=1)]
    assert [document.kind for document in desk.documents.handed_out] == ["barcode"]
    assert desk.drafts.form is None


def test_the_barcode_stays_away_when_its_switch_is_off_and_the_switch_is_remembered() -> None:
    desk = Desk()
    desk.presenter.set_print_barcode(False)
    desk.type_patient()
    desk.presenter.submit()
    assert desk.registered == [1]
    assert desk.hospital.sent(PrintBarcode) == []
    assert desk.preferences["booking/print_barcode"] is False


def test_a_second_submission_while_the_first_is_under_way_does_nothing() -> None:
    runner = HeldRunner()
    desk = Desk(runner)
    runner.release()
    desk.type_patient()
    runner.release()
    desk.presenter.submit()
    assert desk.state.submitting
    desk.presenter.submit()
    runner.release()
    assert len(desk.hospital.sent(RegisterExam)) == 1


def test_a_taken_slot_is_said_at_the_time_and_new_slots_are_fetched() -> None:
    desk = Desk()
    desk.type_patient()
    free = next(slot for slot in desk.state.slots if not slot.taken)
    desk.presenter.choose_slot(free.id)
    asked = len(desk.hospital.sent(ListSlots))
    desk.hospital.refuse(RegisterExam, refusal(ErrorCode.SLOT_TAKEN))
    desk.presenter.submit()
    assert "另选时间" in desk.state.errors["planned_at"]
    assert desk.state.form.slot_id is None
    assert desk.state.form.name == "赵敏"
    assert len(desk.hospital.sent(ListSlots)) == asked + 1


def test_the_servers_refusal_of_a_field_stands_at_the_field() -> None:
    desk = Desk()
    desk.type_patient()
    desk.hospital.refuse(RegisterExam, refusal(ErrorCode.INVALID, "手机号不正确", field="patient.phone"))
    desk.presenter.submit()
    assert desk.state.errors == {"phone": "手机号不正确"}


def test_a_repeated_exam_is_registered_only_on_the_second_submission() -> None:
    desk = Desk()
    desk.type_patient()
    desk.hospital.refuse(RegisterExam, refusal(ErrorCode.DUPLICATE, existing_id=9))
    desk.presenter.submit()
    assert desk.state.repeat_of == 9
    assert "再次提交" in desk.state.repeat_hint
    desk.presenter.submit()
    assert [request.accept_duplicate for request in desk.hospital.sent(RegisterExam)] == [False, True]
    assert desk.registered == [1]


def test_a_change_after_the_warning_asks_again() -> None:
    desk = Desk()
    desk.type_patient()
    desk.hospital.refuse(RegisterExam, refusal(ErrorCode.DUPLICATE, existing_id=9))
    desk.presenter.submit()
    desk.presenter.edit(name="赵敏敏")
    desk.presenter.submit()
    assert [request.accept_duplicate for request in desk.hospital.sent(RegisterExam)] == [False, False]


def test_a_lost_line_keeps_the_form() -> None:
    desk = Desk()
    desk.type_patient()
    desk.hospital.refuse(RegisterExam, refusal(ErrorCode.OFFLINE))
    desk.presenter.submit()
    assert desk.state.form.name == "赵敏"
    assert not desk.state.submitting
    assert "不会丢失" in desk.messages.said[-1].text


def test_a_draft_comes_back_after_a_crash() -> None:
    left = BookingForm(name="赵敏", campus_id=2, room_id=21)
    desk = Desk(draft=left)
    assert desk.state.form == left
    assert desk.state.draft_restored
    assert {slot.room_id for slot in desk.state.slots} == {21}


def test_clearing_can_be_undone() -> None:
    desk = Desk()
    desk.type_patient()
    desk.presenter.clear()
    assert desk.state.form.is_untouched
    assert desk.drafts.form is None
    desk.messages.undo_offers[-1][1]()
    assert desk.state.form.name == "赵敏"
    assert desk.drafts.form.name == "赵敏"


def test_editing_puts_the_half_typed_booking_aside_and_brings_it_back() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(5))
    desk.presenter.edit(name="赵敏")
    desk.presenter.edit_exam(5)
    assert desk.state.editing is not None
    assert desk.state.form.name == "李建国"
    desk.presenter.edit(name="李建民")
    desk.presenter.submit()
    sent = desk.hospital.sent(UpdateExam)[0]
    assert (sent.exam_id, sent.version, sent.patient.name) == (5, 1, "李建民")
    assert desk.state.editing is None
    assert desk.state.form.name == "赵敏"
    assert desk.drafts.form.name == "赵敏"


def test_a_stale_edit_is_refused_and_kept_on_screen() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(5))
    desk.presenter.edit_exam(5)
    desk.hospital.add_exam(an_exam_row(5, version=2))
    desk.presenter.edit(name="李建民")
    desk.presenter.submit()
    assert desk.state.editing is not None
    assert desk.state.form.name == "李建民"
    assert "他人修改" in desk.messages.said[-1].text


def test_a_known_patient_of_another_name_is_not_taken_silently() -> None:
    desk = Desk()
    desk.hospital.patients.append(a_patient(id=502, name="李建国", card_number="C0086001"))
    desk.presenter.type_number("C0086001")
    desk.presenter.query()
    assert [patient.id for patient in desk.state.patients] == [501, 502]
    assert desk.state.form.patient_id is None


def test_a_form_that_stays_open_over_midnight_belongs_to_the_new_day() -> None:
    desk = Desk()
    desk.type_patient()
    desk.presenter.set_planned(NOW)
    desk.now = NOW + timedelta(days=1)
    desk.presenter.reload_slots()
    assert desk.hospital.sent(ListSlots)[-1].day == TODAY + timedelta(days=1)
    desk.presenter.submit()
    assert "planned_at" in desk.state.errors
    desk.presenter.set_planned(None)
    desk.presenter.submit()
    assert desk.registered == [1]
