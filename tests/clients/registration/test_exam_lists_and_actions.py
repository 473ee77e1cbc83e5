"""Today's list, registration management, details and the actions of a row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from clients.kit.messages import CollectedMessages
from clients.kit.paging import PageRequest
from clients.kit.running import HeldRunner, ImmediateRunner, TaskRunner
from clients.registration.details.presenter import DetailsPresenter
from clients.registration.exam_actions import ExamActions, RowAction, ViewerMissing, actions_of
from clients.registration.management.presenter import ManagementPresenter
from clients.registration.screen import concerns_exams, concerns_queue
from clients.registration.today.presenter import TodayPresenter
from clients.registration.today.state import TodayState
from shared.contract.base import Changed, TicketCalled
from shared.contract.errors import ErrorCode
from shared.contract.exams import CancelExam, ListExams, PushExam
from shared.contract.printing import PreviewReport, PrintRegistrationForm
from shared.contract.queueing import SignInAgain
from shared.domain.states import ExamAction, PatientType, RegistrationState, ReportState, TicketState
from tests.clients.registration.fake_hospital import (
    NOW,
    TODAY,
    FakeDocuments,
    FakeHospital,
    FakeTimer,
    FakeViewer,
    an_exam_row,
    refusal,
)


class Desk:
    """Everything that lists stand on."""

    def __init__(self, runner: TaskRunner | None = None) -> None:
        self.hospital = FakeHospital()
        self.messages = CollectedMessages()
        self.documents = FakeDocuments()
        self.viewer: Any = FakeViewer()
        self.timer = FakeTimer()
        self.runner = runner or ImmediateRunner()
        self.actions = ExamActions(
            self.hospital.connection, self.runner, self.messages, self.documents, self.viewer, self.timer
        )
        self.states: list[TodayState] = []

    def today(self) -> TodayPresenter:
        return TodayPresenter(
            self.hospital.connection,
            self.runner,
            self.messages,
            self.actions,
            NOW.astimezone,
            self.states.append,
        )

    def management(self) -> ManagementPresenter:
        return ManagementPresenter(self.hospital.connection, self.runner, self.messages, self.actions, NOW.astimezone)

    def details(self) -> DetailsPresenter:
        return DetailsPresenter(self.hospital.connection, self.runner, self.messages, self.actions)


def test_today_asks_for_what_was_registered_today_and_shows_it() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    desk.hospital.add_exam(an_exam_row(2, patient_type=PatientType.EMERGENCY))
    today = desk.today()
    today.refresh()
    request = desk.hospital.sent(ListExams)[0]
    assert (request.registered_from, request.registered_to) == (TODAY, TODAY)
    assert [row.id for row in today.state.rows] == [2, 1]
    assert [state.loading for state in desk.states] == [True, False]


def test_type_and_search_apply_together_and_the_toggle_changes_the_meaning() -> None:
    desk = Desk()
    today = desk.today()
    today.choose_type("CT")
    today.search("李", by_card=False)
    request = desk.hospital.sent(ListExams)[-1]
    assert (request.exam_types, request.patient_name, request.card_number) == (("CT",), "李", "")
    today.search("C0086001", by_card=True)
    request = desk.hospital.sent(ListExams)[-1]
    assert (request.exam_types, request.patient_name, request.card_number) == (("CT",), "", "C0086001")


def test_long_days_are_fetched_to_the_end() -> None:
    desk = Desk()
    for number in range(1, 1203):
        desk.hospital.add_exam(an_exam_row(number))
    today = desk.today()
    today.refresh()
    assert len(today.state.rows) == 1202
    assert len({row.id for row in today.state.rows}) == 1202


def test_old_rows_stay_while_newer_ones_load_and_when_they_fail() -> None:
    runner = HeldRunner()
    desk = Desk(runner)
    desk.hospital.add_exam(an_exam_row(1))
    today = desk.today()
    today.refresh()
    runner.release()
    desk.hospital.refuse(ListExams, refusal(ErrorCode.OFFLINE))
    today.refresh()
    assert today.state.loading
    assert len(today.state.rows) == 1
    runner.release()
    assert len(today.state.rows) == 1
    assert "断开" in today.state.trouble


def test_a_new_exam_is_highlighted_even_if_the_filter_would_hide_it() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    today = desk.today()
    today.choose_type("MR")
    assert today.state.rows == ()
    today.highlight(1)
    assert today.state.highlighted == 1
    assert [row.id for row in today.state.rows] == [1]


def test_only_some_notices_concern_a_list() -> None:
    exam, user = Changed(entity="exam", id=1, version=2), Changed(entity="user", id=1, version=2)
    call = TicketCalled(ticket_id=1, room_id=11, call_id=1)
    assert [concerns_exams(notice) for notice in (exam, user, call)] == [True, False, False]
    assert [concerns_queue(notice) for notice in (exam, user, call)] == [True, False, True]


def test_row_actions_come_from_what_the_server_allows() -> None:
    registered = an_exam_row(1)
    assert actions_of(registered) == (
        RowAction.PRINT_BARCODE,
        RowAction.PREVIEW,
        RowAction.DETAILS,
        RowAction.PRINT_FORM,
        RowAction.EDIT,
        RowAction.PUSH,
        RowAction.CANCEL,
    )
    assert RowAction.CANCEL not in actions_of(an_exam_row(1, allowed=(ExamAction.VIEW_IMAGES,)))
    assert RowAction.SIGN_IN_AGAIN in actions_of(an_exam_row(1, ticket_state=TicketState.PASSED))


def test_an_action_that_is_not_offered_is_not_done() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    desk.actions.do(RowAction.CANCEL, an_exam_row(1, allowed=()))
    desk.timer.pass_time()
    assert desk.hospital.sent(CancelExam) == []


def test_cancelling_can_be_undone_for_some_seconds() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    today = desk.today()
    today.refresh()
    today.do(RowAction.CANCEL, today.state.rows[0])
    assert today.state.pending_cancel == {1}
    desk.messages.undo_offers[0][1]()
    assert today.state.pending_cancel == frozenset()
    desk.timer.pass_time()
    assert desk.hospital.sent(CancelExam) == []


def test_cancelling_is_sent_when_nobody_took_it_back() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    today = desk.today()
    today.refresh()
    today.do(RowAction.CANCEL, today.state.rows[0])
    desk.timer.pass_time()
    assert desk.hospital.sent(CancelExam) == [CancelExam(exam_id=1, version=1)]
    assert today.state.rows[0].registration_state is RegistrationState.CANCELLED
    desk.messages.undo_offers[0][1]()
    assert "无法撤销" in desk.messages.said[-1].text


def test_closing_the_window_sends_what_waits_for_its_undo() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    desk.actions.do(RowAction.CANCEL, an_exam_row(1))
    desk.actions.flush()
    assert desk.hospital.sent(CancelExam) == [CancelExam(exam_id=1, version=1)]
    desk.timer.pass_time()
    assert len(desk.hospital.sent(CancelExam)) == 1


def test_a_refused_cancellation_brings_the_row_back() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    today = desk.today()
    today.refresh()
    desk.hospital.refuse(CancelExam, refusal(ErrorCode.ILLEGAL_ACTION))
    today.do(RowAction.CANCEL, today.state.rows[0])
    desk.timer.pass_time()
    assert today.state.pending_cancel == frozenset()
    assert today.state.rows[0].registration_state is RegistrationState.REGISTERED
    assert desk.messages.errors


@pytest.mark.parametrize(
    ("report_state", "kind"),
    [
        (None, PrintRegistrationForm),
        (ReportState.WRITING, PrintRegistrationForm),
        (ReportState.APPROVED, PreviewReport),
    ],
)
def test_preview_shows_the_report_once_it_is_approved(report_state: ReportState | None, kind: type[Any]) -> None:
    desk = Desk()
    desk.actions.do(RowAction.PREVIEW, an_exam_row(1, report_id=3, report_state=report_state))
    assert len(desk.hospital.sent(kind)) == 1
    assert len(desk.documents.opened) == 1


def test_images_open_in_the_viewer_or_a_sentence_says_that_there_are_none() -> None:
    desk = Desk()
    allowed = (ExamAction.VIEW_IMAGES,)
    desk.actions.do(RowAction.VIEW_IMAGES, an_exam_row(1, allowed=allowed))
    assert "影像尚未上传" in desk.messages.said[-1].text
    desk.actions.do(RowAction.VIEW_IMAGES, an_exam_row(1, allowed=allowed, has_images=True, study_uid="1.2.3"))
    assert desk.viewer.opened == ["1.2.3"]


def test_a_missing_viewer_is_said_calmly() -> None:
    class NoViewer:
        def open_study(self, study_uid: str) -> None:
            raise ViewerMissing("影像浏览器未安装，请联系管理员。")

    desk = Desk()
    desk.actions = ExamActions(
        desk.hospital.connection, desk.runner, desk.messages, desk.documents, NoViewer(), desk.timer
    )
    desk.actions.view_images(an_exam_row(1, has_images=True, study_uid="1.2.3"))
    assert desk.messages.said[-1].text == "影像浏览器未安装，请联系管理员。"
    assert desk.messages.errors == []


def test_push_and_sign_in_again() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    desk.actions.do(RowAction.PUSH, an_exam_row(1))
    assert desk.hospital.sent(PushExam) == [PushExam(exam_id=1, version=1)]
    from tests.clients.registration.fake_hospital import a_ticket

    desk.hospital.tickets.append(a_ticket(1))
    desk.actions.do(RowAction.SIGN_IN_AGAIN, an_exam_row(1, ticket_state=TicketState.PASSED))
    assert desk.hospital.sent(SignInAgain) == [SignInAgain(exam_id=1)]


def test_management_opens_with_todays_registrations() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    management = desk.management()
    management.refresh()
    page = management.fetch(PageRequest(0, 200))
    assert (page.total, [row.id for row in page.rows]) == (1, [1])
    assert desk.hospital.sent(ListExams)[-1].registered_from == TODAY
    assert management.state.counts["registered"] == 1


def test_filters_wait_for_query_and_reset_brings_today_back() -> None:
    desk = Desk()
    management = desk.management()
    management.type_filter(patient_name="王", body_part="胸部", exam_type="CT", registered_from=None, planned_to=TODAY)
    assert management.state.has_unapplied
    assert desk.hospital.sent(ListExams) == []
    management.query()
    request = desk.hospital.sent(ListExams)[-1]
    assert (request.patient_name, request.body_part, request.exam_types) == ("王", "胸部", ("CT",))
    assert (request.registered_from, request.planned_to) == (None, TODAY)
    management.reset()
    assert management.state.typed == management.state.applied
    assert desk.hospital.sent(ListExams)[-1].registered_from == TODAY


def test_the_default_of_management_follows_the_calendar() -> None:
    desk = Desk()
    now = NOW

    def clock() -> datetime:
        return now.astimezone()

    management = ManagementPresenter(desk.hospital.connection, desk.runner, desk.messages, desk.actions, clock)
    management.refresh()
    now = NOW + timedelta(days=1)
    management.refresh()
    assert desk.hospital.sent(ListExams)[-1].registered_from == TODAY + timedelta(days=1)
    management.type_filter(registered_from=TODAY)
    management.query()
    now = NOW + timedelta(days=2)
    management.refresh()
    assert desk.hospital.sent(ListExams)[-1].registered_from == TODAY


def test_the_five_states_of_management() -> None:
    desk = Desk()
    management = desk.management()
    for state in RegistrationState:
        management.choose_state(state)
        assert desk.hospital.sent(ListExams)[-1].states == (state,)
    management.choose_state(None)
    assert desk.hospital.sent(ListExams)[-1].states == ()


def test_a_his_number_is_exact_and_stands_alone() -> None:
    desk = Desk()
    management = desk.management()
    management.type_filter(his_number=" HIS1 ", patient_name="王")
    management.query()
    request = desk.hospital.sent(ListExams)[-1]
    assert (request.his_number, request.patient_name, request.registered_from) == ("HIS1", "", None)


def test_a_range_that_ends_before_it_begins_is_said_and_not_sent() -> None:
    desk = Desk()
    management = desk.management()
    management.type_filter(planned_from=TODAY, planned_to=TODAY - timedelta(days=1))
    management.query()
    assert "早于" in management.state.wrong_range
    assert desk.hospital.sent(ListExams) == []


def test_details_show_the_exam_and_follow_its_changes() -> None:
    desk = Desk()
    desk.hospital.add_exam(an_exam_row(1))
    details = desk.details()
    details.open(1)
    assert details.state.exam is not None
    assert RowAction.CANCEL in details.state.actions
    assert RowAction.DETAILS not in details.state.actions
    details.do(RowAction.CANCEL)
    assert details.state.cancel_pending
    assert details.state.actions == ()
    desk.timer.pass_time()
    assert details.state.exam.row.registration_state is RegistrationState.CANCELLED
    details.close()
    assert details.state.exam_id is None


def test_details_of_a_vanished_exam_say_so() -> None:
    desk = Desk()
    details = desk.details()
    details.open(404)
    assert details.state.exam is None
    assert "不存在" in details.state.trouble
