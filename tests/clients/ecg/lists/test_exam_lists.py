"""体检检查 and 院内检查: conditions, one-press ranges, actions by key, live rows, details, collecting, long lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from clients.ecg import pages
from clients.ecg.lists.collecting import CollectDialog
from clients.ecg.lists.details import DetailsDialog
from clients.ecg.lists.query import FIRST, LAST, QUICK, QueryPresenter
from clients.ecg.lists.requests import health_check_request, in_hospital_request
from clients.ecg.lists.trail import TrailDialog
from clients.ecg.shell.dialogs import ReasonDialog
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from shared.contract.base import Changed, Page
from shared.contract.ecg import CancelEcgExam, ChangeEcgExam, CollectExam, EcgList, ListCollected, ListEcgExams
from shared.contract.errors import ErrorCode
from shared.domain.ecg import IN_HOSPITAL_KINDS, ConsultationState, ExamAction, ExamState, QuickRange
from shared.domain.states import VisitKind
from tests.clients.ecg.ecg_rows import a_session, an_exam, refusal
from tests.clients.ecg.ecg_station import FakeReading, Station, use_fake_reading
from tests.clients.ecg.fake_ecg import FakeEcg

TODAY = date(2026, 11, 22)


@pytest.fixture
def station(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    use_fake_reading(monkeypatch)
    hospital = FakeEcg()
    hospital.fill()
    made = Station(qtbot, a_session(), hospital)
    yield made
    made.close()


def a_presenter(hospital: FakeEcg, day: list[date]) -> QueryPresenter:
    return QueryPresenter(
        hospital.connection,
        ImmediateRunner(),
        CollectedMessages(),
        in_hospital_request,
        lambda: day[0],
        key="test",
    )


def test_conditions_become_the_servers_request() -> None:
    typed = {"patient_name": " 张 ", "request_number": "SQ1", "patient_number": "P1", "states": ("acquired",)}
    request = in_hospital_request({**typed, FIRST: TODAY, LAST: TODAY}, Page())
    assert request.visit_kinds == IN_HOSPITAL_KINDS
    assert (request.patient_name, request.request_number, request.patient_number) == ("张", "SQ1", "P1")
    assert request.states == (ExamState.ACQUIRED,)
    assert (request.registered_from, request.registered_to, request.quick) == (TODAY, TODAY, None)
    assert in_hospital_request({"visit_kind": VisitKind.INPATIENT}, Page()).visit_kinds == (VisitKind.INPATIENT,)
    checks = health_check_request({"health_check_number": "TJ1", "exam_item": "心电", "id_number": "33"}, Page())
    assert checks.visit_kinds == (VisitKind.HEALTH_CHECK,)
    assert (checks.health_check_number, checks.exam_item, checks.id_number) == ("TJ1", "心电", "33")


def test_one_press_ranges_show_their_days_and_leave_the_counting_to_the_server() -> None:
    hospital, day = FakeEcg(), [TODAY]
    presenter = a_presenter(hospital, day)
    presenter.press(QuickRange.TWO_WEEKS)
    assert presenter.state.typed[FIRST] == TODAY - timedelta(days=13)
    assert hospital.calls_of(ListEcgExams)[-1].quick is QuickRange.TWO_WEEKS
    presenter.type_condition(FIRST, TODAY - timedelta(days=40))
    presenter.query()
    assert hospital.calls_of(ListEcgExams)[-1].quick is None
    assert hospital.calls_of(ListEcgExams)[-1].registered_from == TODAY - timedelta(days=40)


def test_a_one_press_range_follows_the_calendar_past_midnight() -> None:
    hospital, day = FakeEcg(), [TODAY]
    presenter = a_presenter(hospital, day)
    presenter.press(QuickRange.TODAY)
    day[0] = TODAY + timedelta(days=1)
    presenter.refresh()
    assert presenter.state.applied[FIRST] == day[0] == presenter.state.typed[LAST]
    presenter.type_condition(FIRST, TODAY)
    presenter.query()
    day[0] += timedelta(days=1)
    presenter.refresh()
    assert presenter.state.applied[FIRST] == TODAY


def test_a_range_that_ends_before_it_begins_is_not_asked() -> None:
    hospital = FakeEcg()
    presenter = a_presenter(hospital, [TODAY])
    presenter.type_condition(FIRST, TODAY)
    presenter.type_condition(LAST, TODAY - timedelta(days=1))
    before = len(hospital.connection.calls)
    presenter.query()
    assert presenter.state.wrong_range
    assert len(hospital.connection.calls) == before


def test_typed_conditions_wait_for_query_and_states_do_not(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    calls = len(station.hospital.calls_of(ListEcgExams))
    typed = page.filters.rows["request_number"].editor.focus_target
    typed.setFocus()
    QTest.keyClicks(typed, "SQ20260001")
    assert len(station.hospital.calls_of(ListEcgExams)) == calls
    QTest.keyClick(typed, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    station.settle()
    assert station.hospital.calls_of(ListEcgExams)[-1].request_number == "SQ20260001"
    assert page.list.total == 10
    page.states.choose(1)
    station.settle()
    assert station.hospital.calls_of(ListEcgExams)[-1].states == (ExamState.ACQUIRED,)
    page.presenter.reset()
    station.settle()
    assert page.list.total == 24


def test_what_cannot_be_done_with_a_row_is_disabled(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    enabled = page._place.actions.qt
    for at in range(3):
        page.list.table.selectRow(at)
        row = page.list.selected_row
        assert enabled("in_hospital.view_report").isEnabled() == (row.state is ExamState.REPORTED)
        assert enabled("in_hospital.apply_consultation").isEnabled() == (row.state is ExamState.ACQUIRED)
        assert enabled("in_hospital.cancel").isEnabled() == (row.state is ExamState.AWAITING)
    page.list.clear_selection()
    page._selected(None)
    assert not enabled("in_hospital.read").isEnabled() and not enabled("in_hospital.details").isEnabled()


def test_enter_and_double_click_read(station: Station) -> None:
    page = station.page(pages.HEALTH_CHECK)
    page.list.table.setFocus()
    page.list.table.selectRow(0)
    station.press(Qt.Key.Key_Return)
    assert FakeReading.made[-1].reading.exam_id == page.list.selected_row.id


def test_a_notice_brings_the_new_row_and_keeps_the_selection(station: Station, qtbot: QtBot) -> None:
    page = station.page(pages.IN_HOSPITAL)
    page.list.table.selectRow(3)
    chosen = page.list.selected_row.id
    station.hospital.exams.insert(0, an_exam(900))
    station.hospital.connection.send_notice(Changed(entity="ecg_exam", id=900, version=1))
    qtbot.waitUntil(lambda: page.list.total == 25, timeout=30_000)
    station.settle()
    assert page.list.selected_row.id == chosen


def test_a_list_out_of_sight_is_loaded_when_it_comes_back(station: Station, qtbot: QtBot) -> None:
    page = station.page(pages.IN_HOSPITAL)
    station.page(pages.HOME)
    station.hospital.exams.insert(0, an_exam(900))
    station.hospital.connection.send_notice(Changed(entity="ecg_exam", id=900, version=1))
    qtbot.waitUntil(lambda: page._stale, timeout=30_000)
    station.page(pages.IN_HOSPITAL)
    qtbot.waitUntil(lambda: page.list.total == 25, timeout=30_000)


def test_ten_thousand_rows_are_fetched_in_windows(station: Station) -> None:
    rows = [an_exam(number) for number in range(1, 41)]

    def many(request: ListEcgExams) -> EcgList:
        found = [
            msgspec.structs.replace(rows[at % 40], id=at + 1)
            for at in range(request.page.offset, min(12_000, request.page.offset + request.page.limit))
        ]
        return EcgList(total=12_000, rows=tuple(found))

    station.hospital.replies[ListEcgExams] = many
    page = station.page(pages.IN_HOSPITAL)
    page.presenter.refresh()
    station.settle()
    assert page.list.total == 12_000
    before = len(station.hospital.calls_of(ListEcgExams))
    bar = page.list.table.verticalScrollBar()
    bar.setValue(bar.maximum())
    station.qtbot.waitUntil(lambda: page.list.model.row(11_999) is not None, timeout=30_000)
    assert page.list.model.row(11_999).id == 12_000
    asked = station.hospital.calls_of(ListEcgExams)[before:]
    assert 0 < sum(request.page.limit for request in asked) <= 2000


def test_a_list_that_fails_says_why_and_can_be_tried_again(station: Station) -> None:
    def broken(_request: ListEcgExams) -> EcgList:
        raise refusal(ErrorCode.BUSY)

    page = station.page(pages.IN_HOSPITAL)
    good = station.hospital.replies[ListEcgExams]
    station.hospital.replies[ListEcgExams] = broken
    page.presenter.refresh()
    station.settle()
    assert page.list.error_text
    assert page.list.total == 24
    station.hospital.replies[ListEcgExams] = good
    page.list._on_retry()
    station.settle()
    assert not page.list.error_text


def test_details_change_only_what_may_be_changed(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    page.act("details", station.hospital.exams[1])
    dialog = station.dialog(DetailsDialog)
    assert dialog.facts["病人姓名"].full_text == station.hospital.exams[1].patient_name
    assert set(dialog.form.rows) == {"complaint", "history", "clinical_diagnosis", "phone", "bed", "remark"}
    dialog.form.rows["phone"].editor.set_value("0571-1")
    dialog.save()
    station.settle()
    change = station.hospital.calls_of(ChangeEcgExam)[-1].change
    assert change.phone == "0571-1"
    assert change.complaint is None and change.bed is None


def test_the_trail_tells_who_did_what_newest_first(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    page.act("details", station.hospital.exams[1])
    station.dialog(DetailsDialog).show_trail()
    shown = station.dialog(TrailDialog).list
    texts = [[column.text(shown.model.row(at)) for column in shown.model.columns] for at in range(3)]
    assert [row[2] for row in texts] == ["申请会诊", "修改", "登记"]
    assert texts[1][3] == "床号: 3 → 4"


def test_a_conflict_keeps_what_was_typed(station: Station) -> None:
    def conflict(_request: ChangeEcgExam) -> None:
        raise refusal(ErrorCode.CONFLICT)

    station.hospital.replies[ChangeEcgExam] = conflict
    page = station.page(pages.IN_HOSPITAL)
    page.act("details", station.hospital.exams[1])
    dialog = station.dialog(DetailsDialog)
    dialog.form.rows["remark"].editor.set_value("复查")
    dialog.save()
    station.settle()
    assert dialog.isVisible() and dialog.note.text()
    assert dialog.form.value("remark") == "复查"
    dialog.reject()


def test_collecting_offers_the_categories_that_exist_and_files(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    page.act("collect", station.hospital.exams[3])
    dialog = station.dialog(CollectDialog)
    assert "ST段抬高" in [prompt.text for prompt in dialog._prompts()]
    dialog.collect()
    assert dialog.form.rows["category"].problem
    dialog.form.rows["category"].editor.set_value("教学病例")
    dialog.collect()
    station.settle()
    assert station.hospital.calls_of(CollectExam)[-1].category == "教学病例"
    assert "教学病例" in station.said()[-1]


def test_cancelling_asks_for_a_reason(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    row = next(row for row in station.hospital.exams if row.state is ExamState.AWAITING)
    page.act("cancel", row)
    dialog = station.dialog(ReasonDialog)
    dialog.confirm()
    assert dialog.form.rows["reason"].problem
    dialog.form.rows["reason"].editor.set_value("病人离院")
    dialog.confirm()
    station.settle()
    assert station.hospital.calls_of(CancelEcgExam)[-1].reason == "病人离院"
    assert next(one for one in station.hospital.exams if one.id == row.id).state is ExamState.CANCELLED


def test_an_action_that_the_server_does_not_allow_does_nothing(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    row = msgspec.structs.replace(station.hospital.exams[0], allowed=(ExamAction.EDIT,))
    for action in ("read", "view_report", "collect", "cancel", "apply_consultation"):
        page.act(action, row)
    station.settle()
    assert FakeReading.made == []
    assert page.presenter.state.typed[QUICK] is QuickRange.WEEK


def test_collected_exams_are_seen_by_category(station: Station) -> None:
    page = station.page(pages.COLLECTED)
    assert page.list.total == 3
    page.filters.rows["category"].editor.set_value("")
    page._typed("category")
    station.settle()
    assert station.hospital.calls_of(ListCollected)[-1].category == ""
    assert page.list.total == 0
    page.presenter.reset()
    station.settle()
    page.list.table.selectRow(1)
    page.act_on_selected("read")
    assert FakeReading.made[-1].reading.exam_id == station.hospital.exams[1].id
    page.act_on_selected("file")
    dialog = station.dialog(CollectDialog)
    assert dialog.form.value("category") == "ST段抬高" and dialog.form.value("note") == "典型"
    dialog.reject()


def test_an_exam_at_consultation_is_not_sent_twice(station: Station) -> None:
    page = station.page(pages.IN_HOSPITAL)
    page.list.table.selectRow(0)
    chosen = page.list.selected_row
    enabled = page._place.actions.qt("in_hospital.apply_consultation")
    assert chosen.state is ExamState.ACQUIRED and enabled.isEnabled()
    at = station.hospital.exams.index(chosen)
    for state, may in (
        (ConsultationState.WAITING, False),
        (ConsultationState.ACCEPTED, False),
        (ConsultationState.REFUSED, True),
        (ConsultationState.WITHDRAWN, True),
    ):
        station.hospital.exams[at] = msgspec.structs.replace(chosen, consultation_id=9, consultation_state=state)
        page.presenter.refresh()
        station.settle()
        assert page.list.selected_row.id == chosen.id
        assert enabled.isEnabled() is may, state
