"""The diagnosis list without a screen: what it shows on opening, filters, saved queries, entering."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest

from clients.diagnosis.ports import NoViewer
from clients.diagnosis.worklist.clocks import ServerTime
from clients.diagnosis.worklist.presenter import WorklistPresenter
from clients.diagnosis.worklist.state import Span, WorklistState, entering_action, more_count
from clients.kit.connection import LineState
from clients.kit.messages import CollectedMessages
from clients.kit.paging import PageRequest, Sort
from clients.kit.running import ImmediateRunner
from shared.contract.base import Changed
from shared.contract.organisation import GetHospital
from shared.contract.reporting import ListReports, ReportClock, ReportFilter, ReportOrder, SavedQueryView
from shared.contract.worklist import GetBreachForecast
from shared.domain.states import PatientType, ReportAction, ReportState
from tests.clients.diagnosis.fake_reading_room import A_FORECAST, FULL, ME, NOON, TODAY, ReadingRoom

S, A = ReportState, ReportAction


@dataclass
class List:
    """A presenter with everything around it."""

    room: ReadingRoom = field(default_factory=ReadingRoom)
    states: list[WorklistState] = field(default_factory=list)
    entered: list[tuple[int, ReportAction | None]] = field(default_factory=list)
    compared: list[tuple[int, ...]] = field(default_factory=list)
    beside: list[tuple[str, int]] = field(default_factory=list)
    moment: datetime = NOON
    today: date = TODAY

    def __post_init__(self) -> None:
        self.messages = CollectedMessages()
        self.viewer = NoViewer()
        self.presenter = WorklistPresenter(
            self.room.line,
            ImmediateRunner(),
            self.messages,
            self.viewer,
            lambda report_id, action: self.entered.append((report_id, action)),
            self.states.append,
            lambda: self.today,
            time=ServerTime(lambda: self.moment),
            compare=self.compared.append,
            aside=lambda action, row: self.beside.append((action, row.id)),
        )

    @property
    def state(self) -> WorklistState:
        return self.presenter.state

    @property
    def asked(self) -> list[ReportFilter]:
        return [call.filter for call in self.room.line.calls if isinstance(call, ListReports)]


@pytest.fixture
def a_list() -> List:
    made = List()
    made.room.add(1)
    made.room.add(2, FULL, holder="王医生", state=S.WRITING, patient_name="李四")
    made.room.add(3, FULL, state=S.SUBMITTED, patient_type=PatientType.EMERGENCY)
    made.room.add(4, FULL, state=S.APPROVED)
    made.presenter.open()
    return made


def test_opening_shows_todays_exams_that_wait(a_list: List) -> None:
    assert a_list.asked == [ReportFilter(states=(S.AWAITING,), examined_from=TODAY, examined_to=TODAY)]
    assert [row.id for row in a_list.state.rows] == [1]
    assert a_list.state.counts["submitted"] == 1
    assert a_list.state.hospital is not None


def test_filters_offer_what_the_master_data_hold_now(a_list: List) -> None:
    asked = [call for call in a_list.room.line.calls if isinstance(call, GetHospital)]
    a_list.presenter.heard(Changed("hospital", 1, 2))
    assert len([call for call in a_list.room.line.calls if isinstance(call, GetHospital)]) == len(asked) + 1


def test_several_states_or_all_can_be_chosen(a_list: List) -> None:
    a_list.presenter.choose_states(("awaiting", "submitted"))
    assert [row.id for row in a_list.state.rows] == [1, 3]
    a_list.presenter.choose_states(())
    assert len(a_list.state.rows) == 4


def test_spans_of_days(a_list: List) -> None:
    a_list.presenter.choose_span(Span.WEEK)
    assert a_list.asked[-1].examined_from == TODAY - timedelta(days=6)
    a_list.presenter.choose_span(Span.ALL)
    assert (a_list.asked[-1].examined_from, a_list.asked[-1].examined_to) == (None, None)
    a_list.presenter.choose_days(date(2026, 1, 1), date(2026, 1, 31))
    assert a_list.state.span is Span.CHOSEN
    assert a_list.asked[-1].examined_to == date(2026, 1, 31)


def test_todays_list_stays_todays_after_midnight(a_list: List) -> None:
    a_list.today = TODAY + timedelta(days=1)
    a_list.presenter.refresh()
    assert a_list.asked[-1].examined_from == TODAY + timedelta(days=1)


def test_an_unchanged_condition_asks_nothing(a_list: List) -> None:
    before = len(a_list.asked)
    a_list.presenter.filter(patient_name="")
    assert len(a_list.asked) == before
    a_list.presenter.filter(patient_name="李")
    assert len(a_list.asked) == before + 1


def test_resetting_goes_back_to_the_opening(a_list: List) -> None:
    a_list.presenter.filter(patient_name="李", body_part="胸", states=())
    assert more_count(a_list.state.conditions) == 1
    a_list.presenter.reset()
    assert a_list.state.conditions == a_list.states[0].conditions


def test_windows_beyond_the_first_come_from_the_server(a_list: List) -> None:
    before = len(a_list.asked)
    page = a_list.presenter.fetch(PageRequest(0, 200))
    assert [row.id for row in page.rows] == [1]
    assert len(a_list.asked) == before
    a_list.presenter.fetch(PageRequest(200, 200))
    assert len(a_list.asked) == before + 1


def test_a_saved_default_query_replaces_the_opening(a_list: List) -> None:
    again = List(room=a_list.room)
    again.room.queries.append(
        SavedQueryView(id=1, name="CT 全部", filter=ReportFilter(exam_types=("CT",)), today_only=False, is_default=True)
    )
    again.presenter.open()
    assert again.state.conditions.exam_types == ("CT",)
    assert again.state.span is Span.ALL
    assert again.state.query_id == 1


def test_queries_are_saved_used_and_deleted_with_undo(a_list: List) -> None:
    a_list.presenter.choose_states(("submitted",))
    a_list.presenter.save_query("我的待审")
    assert [query.name for query in a_list.state.queries] == ["我的待审"]
    assert a_list.state.queries[0].today_only
    a_list.presenter.reset()
    a_list.presenter.use_query(a_list.state.queries[0])
    assert a_list.state.conditions.states == (S.SUBMITTED,)
    assert a_list.state.conditions.examined_from == TODAY
    a_list.presenter.delete_query(a_list.state.queries[0].id)
    assert a_list.state.queries == ()
    a_list.messages.undo_offers[-1][1]()
    assert [query.name for query in a_list.state.queries] == ["我的待审"]


def test_a_double_click_does_what_is_allowed(a_list: List) -> None:
    a_list.presenter.choose_states(())
    for row in a_list.state.rows:
        a_list.presenter.enter(row)
    assert a_list.entered == [(1, A.WRITE), (2, None), (3, A.AUDIT), (4, None)]
    assert entering_action(a_list.state.rows[0]) is A.WRITE


def test_row_actions(a_list: List) -> None:
    a_list.presenter.choose_states(())
    rows = {row.id: row for row in a_list.state.rows}
    a_list.presenter.act(A.VIEW_IMAGES, rows[1])
    assert a_list.viewer.asked == [("open", ("1.2.826.1",))]
    a_list.presenter.act(A.UNLOCK, rows[2])
    assert a_list.room.reports[2].holder == ""
    assert a_list.messages.said[-1].text == "已解锁：李四"
    a_list.presenter.act("application", rows[2])
    a_list.presenter.act("favourite", rows[2])
    assert a_list.beside == [("application", 2), ("favourite", 2)]
    a_list.presenter.act(A.PRINT, rows[4])
    assert a_list.entered == [(4, A.PRINT)]
    a_list.presenter.select(rows[3])
    a_list.presenter.compare_selected()
    assert a_list.viewer.asked[-1] == ("compare", ("1.2.826.3",))


def test_a_notice_loads_the_list_again_and_keeps_the_selection(a_list: List) -> None:
    a_list.presenter.select(a_list.state.rows[0])
    a_list.room.reports[1].holder = ME
    before = a_list.state.generation
    a_list.presenter.heard(Changed("report", 1, 2))
    assert a_list.state.generation == before + 1
    assert a_list.state.selected is not None and a_list.state.selected.is_locked_by_me
    a_list.presenter.heard(Changed("user", 1, 2))
    assert a_list.state.generation == before + 1


def test_a_broken_line_keeps_the_old_rows(a_list: List) -> None:
    a_list.room.line.set_line(LineState.OFFLINE)
    a_list.presenter.refresh()
    assert a_list.state.error is not None
    assert [row.id for row in a_list.state.rows] == [1]
    a_list.room.line.set_line(LineState.ONLINE)
    a_list.presenter.refresh()
    assert a_list.state.error is None


def test_the_next_waiting_report_follows_the_present_one(a_list: List) -> None:
    a_list.presenter.choose_states(())
    a_list.presenter.enter_next(1)
    a_list.presenter.enter_next(3)
    assert a_list.entered == [(3, A.AUDIT), (1, A.WRITE)]
    a_list.room.reports = {4: a_list.room.reports[4]}
    a_list.presenter.refresh()
    a_list.presenter.enter_next(4)
    assert len(a_list.entered) == 2
    assert "没有下一位" in a_list.messages.said[-1].text


def test_the_viewer_is_told_whose_images_come_next(a_list: List) -> None:
    a_list.presenter.choose_states(())
    rows = {row.id: row for row in a_list.state.rows}
    a_list.presenter.prepare_next(1)
    a_list.presenter.prepare_next(3)
    a_list.room.reports = {4: a_list.room.reports[4]}
    a_list.presenter.refresh()
    a_list.presenter.prepare_next(4)

    assert rows[3].study_uids and rows[1].study_uids
    assert a_list.viewer.asked == [("prepare", rows[3].study_uids), ("prepare", rows[1].study_uids)]


def test_ticks_are_at_most_four_and_stay_through_filters_and_refreshes(a_list: List) -> None:
    for number in (5, 6, 7):
        a_list.room.add(number)
    a_list.presenter.choose_states(())
    rows = {row.id: row for row in a_list.state.rows}
    for number in (1, 2, 3, 5, 6):
        a_list.presenter.toggle_tick(rows[number])
    assert [row.id for row in a_list.state.ticked] == [1, 2, 3, 5]
    assert "最多同时对比 4 份" in a_list.messages.said[-1].text
    a_list.presenter.toggle_tick(rows[2])
    a_list.presenter.filter(patient_name="谁也不是")
    a_list.presenter.heard(Changed("report", 1, 2))
    assert [row.id for row in a_list.state.ticked] == [1, 3, 5]
    a_list.presenter.compare_ticked()
    assert a_list.compared == [(1, 3, 5)]
    a_list.presenter.clear_ticks()
    a_list.presenter.select(rows[6])
    a_list.presenter.compare_ticked()
    assert a_list.compared[-1] == (6,)


def test_nothing_is_asked_by_the_clock_while_notices_come(a_list: List) -> None:
    before = len(a_list.asked)
    for _ in range(5):
        a_list.moment += timedelta(seconds=5)
        a_list.presenter.tick()
    assert len(a_list.asked) == before
    a_list.moment += timedelta(seconds=60)
    a_list.presenter.tick()
    assert len(a_list.asked) == before + 1, "a lost notice is made up for after a minute"


def test_switched_off_it_says_that_rows_are_old_and_catches_up_when_switched_on(a_list: List) -> None:
    a_list.presenter.switch_refresh(False)
    before = len(a_list.asked)
    a_list.presenter.heard(Changed("report", 1, 2))
    assert len(a_list.asked) == before
    assert a_list.state.is_outdated
    a_list.presenter.switch_refresh(True)
    assert len(a_list.asked) == before + 1
    assert not a_list.state.is_outdated


def test_the_order_chosen_in_the_title_is_the_servers_and_stays(a_list: List) -> None:
    a_list.presenter.fetch(PageRequest(0, 200, Sort("printed_at", descending=True)))
    a_list.presenter.refresh()
    asked = [call for call in a_list.room.line.calls if isinstance(call, ListReports)]
    assert [(call.order, call.descending) for call in asked[-2:]] == [(ReportOrder.PRINTED, True)] * 2
    before = len(asked)
    a_list.presenter.fetch(PageRequest(0, 200, Sort("printed_at", descending=True)))
    assert len(a_list.asked) == before, "the first window is there in this order already"


def test_the_forecast_comes_with_the_list_but_not_with_each_notice(a_list: List) -> None:
    assert a_list.state.forecast == A_FORECAST
    asked = lambda: len([call for call in a_list.room.line.calls if isinstance(call, GetBreachForecast)])  # noqa: E731
    before = asked()
    a_list.presenter.heard(Changed("report", 1, 2))
    assert asked() == before
    a_list.moment += timedelta(seconds=21)
    a_list.presenter.heard(Changed("report", 1, 2))
    assert asked() == before + 1


def test_overdue_reports_of_all_days_are_one_click_away(a_list: List) -> None:
    a_list.presenter.show_clock(ReportClock.OVERDUE)
    assert a_list.asked[-1] == ReportFilter(clock=ReportClock.OVERDUE)
    assert a_list.state.span is Span.ALL
