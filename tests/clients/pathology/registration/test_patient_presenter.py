"""The patient information page without a window: new and stored cases, numbers, fetching, drafts, conflicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clients.kit.running import HeldRunner
from clients.pathology.desk import Desk
from clients.pathology.registration import form
from clients.pathology.registration.money import fen_of, yuan_of
from clients.pathology.registration.presenter import NEW_DRAFT, PatientPresenter
from clients.pathology.registration.specimen_actions import SpecimenActions, print_case_barcode
from clients.pathology.registration.state import Mode
from shared.contract.errors import ErrorBody, ErrorCode, RpcError
from shared.contract.pathology import BookCase, CaseEntry, FetchedPatient, RegisterCase, SaveCase
from shared.contract.pathology_stations import PrintCaseBarcode, PrintSlip
from shared.contract.pathology_technique import BatchLine, BatchReport, RejectSpecimens, SpecimenEntry
from shared.domain.pathology import CaseState, FetchBy, SpecimenState
from shared.domain.states import Sex
from tests.clients.pathology.desk_fakes import a_desk
from tests.clients.pathology.fake_pathology import FakePathology, refusal

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


class Page:
    """A presenter with what it showed."""

    def __init__(self, folder: Path, house: FakePathology | None = None, runner: Any = None) -> None:
        self.desk, self.house = a_desk(folder, house, runner)
        self.filled: dict[str, Any] = {}
        self.presenter = PatientPresenter(self.desk, lambda _state: None, self._fill, now=lambda: NOW)
        self.desk.add_part("patient", "病人信息", self.presenter)
        self.presenter.open()

    def _fill(self, values: Mapping[str, Any]) -> None:
        self.filled.update(values)

    @property
    def said(self) -> list[str]:
        return [message.text for message in self.desk.place.messages.said]  # type: ignore[attr-defined]

    def type(self, **values: Any) -> None:
        for key, value in values.items():
            self.presenter.edit(key, value)

    def sent(self, kind: type[Any]) -> Any:
        return next(call for call in reversed(self.house.connection.calls) if isinstance(call, kind))


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(tmp_path)


def test_a_registration_begins_with_unit_dates_and_the_number_by_the_rule(page: Page) -> None:
    page.desk.new_case()
    state = page.presenter.state
    assert (state.mode, state.number, state.dirty) == (Mode.NEW, "2600001", False)
    assert page.filled["sending_unit"] == "本院" and page.filled["sent_at"] == page.filled["received_at"] == NOW


def test_an_untouched_number_is_left_to_the_server_which_may_give_another(page: Page) -> None:
    page.desk.new_case()
    page.house.add("别人")  # takes 2600001 meanwhile
    page.type(patient_name="陈静", sex=Sex.FEMALE, age=45)
    page.desk.save_all()
    assert page.sent(RegisterCase).number == ""
    assert page.desk.case is not None and page.desk.case.number == "2600002"
    assert page.said[-1] == "已登记；2600001 已被占用，病理号为 2600002"
    assert page.desk.case.entry.age == "45岁" and not page.presenter.is_dirty()
    assert page.desk.place.drafts.restore(NEW_DRAFT) is None


def test_a_taken_number_is_refused_at_entry_and_again_at_saving(page: Page) -> None:
    taken = page.house.add().case.number
    page.desk.new_case()
    page.presenter.edit_number(taken)
    page.presenter.check_number()
    assert page.presenter.state.number_problem == f"病理号 {taken} 已存在"
    page.type(patient_name="王芳")
    page.desk.save_all()
    assert page.desk.is_new  # not even asked
    page.presenter.edit_number("2600777")
    page.presenter.check_number()
    assert page.presenter.state.number_problem == ""
    page.house.fails[RegisterCase] = refusal(ErrorCode.DUPLICATE, "病理号 2600777 已存在", "number")
    page.desk.save_all()  # another station was faster
    assert page.presenter.state.number_problem == "病理号 2600777 已存在" and page.desk.is_new
    del page.house.fails[RegisterCase]
    page.presenter.edit_number("2600778")
    page.desk.save_all()
    assert page.desk.case is not None and page.desk.case.number == "2600778"


def test_an_appointment_asks_for_no_number_and_gets_none(page: Page) -> None:
    page.desk.new_case(appointment=True)
    assert page.presenter.state.mode is Mode.APPOINTMENT and page.presenter.state.number == ""
    page.type(patient_name="陈静")
    page.desk.save_all()
    assert page.sent(BookCase).entry.patient_name == "陈静"
    assert page.desk.case is not None and page.desk.case.state is CaseState.APPOINTED
    assert page.said[-1] == "已保存到预约库"


def test_specimens_of_a_new_case_travel_with_it_in_their_order(page: Page) -> None:
    page.desk.new_case()
    page.type(patient_name="陈静")
    for name in ("胃窦", "胃体", "胃角"):
        page.presenter.add_local(SpecimenEntry(name=name))
    page.presenter.change_local(-2, None)
    page.presenter.change_local(-1, SpecimenEntry(name="胃窦大弯", quantity=2))
    assert [(line.serial, line.entry.name) for line in page.presenter.state.specimens] == [(1, "胃窦大弯"), (2, "胃角")]
    page.desk.save_all()
    assert page.desk.details is not None
    assert [one.entry.name for one in page.desk.details.specimens] == ["胃窦大弯", "胃角"]
    assert page.presenter.state.specimens[0].allowed == ("edit", "accept", "reject")


def test_a_new_registration_survives_a_crash_of_the_program(tmp_path: Path) -> None:
    first = Page(tmp_path)
    first.desk.new_case()
    first.type(patient_name="欧阳𠮷祥", birth_date=date(1980, 5, 1), is_urgent=True, sex=Sex.MALE)
    first.presenter.edit_number("2600900")
    first.presenter.add_local(SpecimenEntry(name="胃窦", quantity=2))
    assert first.desk.place.drafts.flush()
    second = Page(tmp_path)  # nothing was closed
    assert second.said == ["有一份未完成的登记，按 Ctrl+N 继续。"]
    second.desk.new_case()
    state = second.presenter.state
    assert second.filled["patient_name"] == "欧阳𠮷祥" and second.filled["birth_date"] == date(1980, 5, 1)
    assert second.filled["sex"] is Sex.MALE and second.filled["age"] == 46 and second.filled["is_urgent"] is True
    assert state.number == "2600900" and state.specimens[0].entry == SpecimenEntry(name="胃窦", quantity=2)
    offers = second.desk.place.messages.undo_offers  # type: ignore[attr-defined]
    offers[-1][1]()
    assert second.filled["patient_name"] == "" and second.presenter.state.specimens == ()
    assert second.desk.place.drafts.restore(NEW_DRAFT) is None


def test_unsaved_changes_of_a_stored_case_come_back_and_lie_on_top_of_what_others_saved(tmp_path: Path) -> None:
    house = FakePathology()
    case_id = house.add("陈静", phone="1").case.id
    first = Page(tmp_path, house)
    first.desk.open_case(case_id)
    first.type(clinical_diagnosis="胃溃疡")
    assert first.desk.place.drafts.flush()
    case = house.cases[case_id].case
    house.change(case_id, entry=msgspec.structs.replace(case.entry, phone="2"), version=case.version + 1)
    second = Page(tmp_path, house)
    second.desk.open_case(case_id)
    assert second.filled["clinical_diagnosis"] == "胃溃疡" and second.filled["phone"] == "2"
    assert second.presenter.is_dirty()
    second.desk.save_all()
    stored = house.cases[case_id].case.entry
    assert (stored.clinical_diagnosis, stored.phone) == ("胃溃疡", "2")


def test_a_conflict_loads_the_new_content_keeps_the_typed_and_saves_at_the_second_try(page: Page) -> None:
    case_id = page.house.add("陈静").case.id
    page.desk.open_case(case_id)
    page.type(phone="13800000000")
    case = page.house.cases[case_id].case
    page.house.change(case_id, entry=msgspec.structs.replace(case.entry, bed="12"), version=case.version + 1)
    page.desk.save_all()
    assert page.presenter.is_dirty() and page.filled["bed"] == "12" and page.filled["phone"] == "13800000000"
    assert any("刚被别人修改" in words for words in page.said)
    page.desk.save_all()
    stored = page.house.cases[case_id].case.entry
    assert (stored.bed, stored.phone) == ("12", "13800000000") and not page.presenter.is_dirty()


def test_what_is_typed_while_a_save_is_under_way_is_not_lost(tmp_path: Path) -> None:
    runner = HeldRunner()
    page = Page(tmp_path, runner=runner)
    case_id = page.house.add("陈静").case.id
    page.desk.open_case(case_id)
    runner.release()
    page.type(phone="1")
    page.desk.save_part("patient")
    page.type(bed="9")
    runner.release()
    assert page.house.cases[case_id].case.entry.phone == "1"
    assert page.presenter.values["bed"] == "9" and page.presenter.is_dirty()


def test_a_refused_field_is_named_and_nothing_is_lost(page: Page) -> None:
    page.desk.open_case(page.house.add("陈静").case.id)
    page.type(id_number="123")
    page.house.fails[SaveCase] = refusal(ErrorCode.INVALID, "身份证号不正确", "entry.id_number")
    page.desk.save_all()
    assert page.presenter.state.problems == {"id_number": "身份证号不正确"} and page.presenter.is_dirty()


def test_a_locked_case_is_shown_but_cannot_be_changed(page: Page) -> None:
    case_id = page.house.add("陈静", state=CaseState.AUDITED).case.id
    page.house.change(case_id, allowed=())
    page.desk.open_case(case_id)
    assert page.presenter.state.read_only


def test_another_station_s_change_is_shown_while_nothing_is_typed(page: Page) -> None:
    case_id = page.house.add("陈静").case.id
    page.desk.open_case(case_id)
    case = page.house.cases[case_id].case
    page.house.change(case_id, entry=msgspec.structs.replace(case.entry, ward="三病区"))
    page.desk.reload()
    assert page.filled["ward"] == "三病区" and not page.presenter.is_dirty()


# ── the hospital's data ──


def found(**entry: Any) -> FetchedPatient:
    return FetchedPatient(entry=CaseEntry(**entry), source="申请单 A1")


def test_fetched_data_fill_the_page_and_never_what_was_typed(page: Page) -> None:
    page.house.patients = [found(patient_name="陈静", sex=Sex.FEMALE, age="3月", phone="2", patient_id=7)]
    page.desk.new_case()
    page.type(phone="1")
    page.presenter.fetch(FetchBy.APPLICATION, " A1 ")
    assert page.filled["patient_name"] == "陈静" and (page.filled["age"], page.filled["age_unit"]) == (3, "月")
    assert page.presenter.values["phone"] == "1" and "联系电话" in page.said[-1]
    page.desk.save_all()
    assert page.sent(RegisterCase).entry.patient_id == 7


def test_an_empty_or_failed_fetch_says_why_and_touches_nothing(page: Page) -> None:
    page.desk.new_case()
    page.type(patient_name="陈静")
    page.presenter.fetch(FetchBy.INPATIENT, "Z9")
    assert "未改动" in page.said[-1] and page.presenter.values["patient_name"] == "陈静"
    page.presenter.fetch(FetchBy.INPATIENT, "  ")
    assert page.said[-1] == "请先填写要提取的号码。" and not page.presenter.state.busy


def test_several_records_are_offered_and_one_is_taken(page: Page) -> None:
    page.house.patients = [found(patient_name="陈静"), found(patient_name="陈敬")]
    page.desk.new_case()
    page.presenter.fetch(FetchBy.PATIENT, "P1")
    assert len(page.presenter.state.found) == 2 and page.presenter.values["patient_name"] == ""
    page.presenter.take(page.presenter.state.found[1])
    assert page.presenter.values["patient_name"] == "陈敬" and page.presenter.state.found == ()


def test_an_identity_number_fills_birth_date_sex_and_age(page: Page) -> None:
    page.desk.new_case()
    page.type(id_number="11010519491231002X")
    assert page.filled["birth_date"] == date(1949, 12, 31) and page.filled["sex"] is Sex.FEMALE
    assert (page.filled["age"], page.filled["age_unit"]) == (76, "岁")
    page.type(birth_date=date(2026, 11, 10))
    assert (page.filled["age"], page.filled["age_unit"]) == (12, "天")


def test_a_number_from_the_search_for_gaps_is_taken_and_checked(page: Page) -> None:
    page.desk.new_case()
    page.desk.wanted_number.ring("2600555")
    assert page.presenter.state.number == "2600555" and page.presenter.state.number_problem == ""
    page.type(patient_name="陈静")
    page.desk.save_all()
    assert page.sent(RegisterCase).number == "2600555"


# ── specimens of stored cases, papers ──


def test_specimens_of_a_stored_case_are_accepted_and_rejected_at_once(page: Page) -> None:
    details = page.house.add("陈静", specimens=(SpecimenEntry(name="胃窦"), SpecimenEntry(name="胃体")))
    page.desk.open_case(details.case.id)
    actions = SpecimenActions(page.desk)
    first, second = page.presenter.state.specimens
    actions.accept([first.id])
    actions.reject([second.id], "固定液不足")
    assert [line.state for line in page.presenter.state.specimens] == [SpecimenState.ACCEPTED, SpecimenState.REJECTED]
    assert page.presenter.state.specimens[1].reason == "固定液不足"
    actions.add(SpecimenEntry(name="胃角"), lambda: None, lambda error: pytest.fail(str(error)))
    assert len(page.presenter.state.specimens) == 3


def test_what_could_not_be_rejected_is_named_with_its_reason(page: Page) -> None:
    details = page.house.add("陈静")
    page.desk.open_case(details.case.id)
    line = BatchLine(id=1, number="2600001/1", is_done=False, message="已取材，不能拒收")
    replies = dict(page.house.connection.replies)
    replies[RejectSpecimens] = lambda _request: BatchReport(lines=(line,))
    page.house.connection.replies = replies
    SpecimenActions(page.desk).reject([1], "破损")
    assert page.said[-1] == "2600001/1：已取材，不能拒收"


def test_papers_go_to_the_printer_of_this_desk(page: Page) -> None:
    details = page.house.add("陈静")
    page.desk.open_case(details.case.id)
    SpecimenActions(page.desk).print_slip(rejected=True)
    assert page.sent(PrintSlip).rejected and page.said[-1] == "printed pathology_slip"
    print_case_barcode(page.desk, details.case.id, lambda *_question: pytest.fail("asked without a reason"))
    assert page.said[-1] == "printed pathology_barcode"


def test_a_second_barcode_is_printed_after_a_question_only(page: Page) -> None:
    details = page.house.add("陈静")
    body = ErrorBody(code=ErrorCode.DUPLICATE, message="病理条码已打印过 1 张，重打请先确认。")
    document = page.house.connection.replies[PrintCaseBarcode]

    def answer(request: PrintCaseBarcode) -> object:
        if not request.reprint:
            raise RpcError(body)
        return document(request)

    page.house.connection.replies = {**page.house.connection.replies, PrintCaseBarcode: answer}
    asked: list[str] = []

    def ask(sentence: str, _choices: object, answered: Callable[[str], None]) -> None:
        asked.append(sentence)
        answered("again" if len(asked) == 2 else "stay")

    print_case_barcode(page.desk, details.case.id, ask)
    assert asked == [body.message] and "printed pathology_barcode" not in page.said
    print_case_barcode(page.desk, details.case.id, ask)
    assert page.said[-1] == "printed pathology_barcode"


# ── words and values ──


@pytest.mark.parametrize(
    ("text", "fen"),
    [("30", 3000), ("30.5", 3050), ("0.05", 5), ("85。50", 8550), ("", None), ("1.234", None), ("-3", None)],
)
def test_amounts_are_read_as_fen(text: str, fen: int | None) -> None:
    assert fen_of(text) == fen
    if fen is not None:
        assert fen_of(yuan_of(fen)) == fen


@pytest.mark.parametrize(
    ("age", "parts"),
    [("45岁", (45, "岁")), ("3月", (3, "月")), ("12", (12, "岁")), ("", (None, "岁")), ("老年", (None, "岁"))],
)
def test_ages_are_split_into_number_and_unit(age: str, parts: tuple[int | None, str]) -> None:
    assert form.split_age(age) == parts


def test_values_and_entries_are_each_other_s_mirror_and_survive_a_draft() -> None:
    entry = CaseEntry(
        patient_name="欧阳𠮷祥", patient_id=3, sex=Sex.MALE, age="6周", birth_date=date(2026, 10, 1), is_urgent=True,
        sent_at=NOW, marital_state="已婚", history="第一行\n第二行",
    )  # fmt: skip
    values = form.values_of(entry)
    assert form.entry_of(values, entry) == entry
    assert form.from_draft(form.to_draft(values)) == values
    assert form.from_draft({"sent_at": "no date", "sex": "?"}) == {"sent_at": None, "sex": Sex.UNKNOWN}


def test_every_field_of_the_row_stands_on_the_page() -> None:
    keys = {field.key for part in form.sections(lambda _key: tuple, lambda: NOW) for field in part.fields}
    assert set(CaseEntry.__struct_fields__) - {"patient_id"} <= keys
    quick = form.quick_sections(("age", "department"), lambda _key: tuple, lambda: NOW)
    assert [field.key for field in quick[0].fields] == ["patient_name", "age", "age_unit", "department"]


def test_the_desk_knows_of_the_page(page: Page) -> None:
    desk: Desk = page.desk
    desk.new_case()
    assert desk.dirty_tabs() == ()
    page.type(patient_name="陈静")
    assert desk.dirty_tabs() == ("病人信息",)
    page.type(patient_name="")
    assert desk.dirty_tabs() == ()
