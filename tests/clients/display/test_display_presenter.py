"""The hall display: every call spoken once, in order, and nothing that stays broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from clients.display.board.presenter import LATEST_SECONDS, BoardPresenter, Choice
from clients.display.board.state import BoardState, Line
from clients.display.clock import HallClock
from clients.kit.running import HeldRunner, ImmediateRunner, TaskRunner
from clients.kit.translations import Language, set_language
from shared.contract.base import Changed, Nothing, Request, TicketCalled
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.halls import GetHall, HallRoom, HallSettings, HallView, NewsLine
from shared.contract.queueing import AnnouncementOver, BoardRoom, BoardView, CallView, GetBoard

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)


def a_call(number: int, room_id: int = 11, **changes: Any) -> CallView:
    call = CallView(
        call_id=number,
        ticket_id=900 + number,
        number=f"A{number:03d}",
        masked_name="李*国",
        room_id=room_id,
        room_name="CT 一室",
        spoken_text=f"请 A{number:03d} 号李*国到 CT 一室",
        spoken_text_en=f"Number A{number:03d}, please go to CT room 1",
        called_at=NOW,
        is_over=False,
    )
    return msgspec.structs.replace(call, **changes)


def a_room(room_id: int = 11, **changes: Any) -> BoardRoom:
    room = BoardRoom(room_id=room_id, room_name="CT 一室", now=None, waiting=("A002 王*",), passed=())
    return msgspec.structs.replace(room, **changes)


def a_hall(*room_ids: int, version: int = 1, **settings: Any) -> HallView:
    return HallView(
        id=1,
        version=version,
        settings=HallSettings(**{"name": "一楼", **settings}),
        rooms=tuple(
            HallRoom(room_id=number, name=f"{number}", name_en="", spoken_name=f"{number}", spoken_name_en="")
            for number in room_ids
        ),
        utc_offset_minutes=480,
    )


class FakeHall:
    """The server's side: a board, a session that can end, a line that can break."""

    def __init__(self) -> None:
        self.board = BoardView(
            hospital_name="明镜医院",
            time=NOW,
            rooms=(a_room(),),
            pending_calls=(),
        )
        self.hall = a_hall(11)
        self.halls_asked: list[str] = []
        self.time = NOW
        self.signed_in = False
        self.sign_ins = 0
        self.trouble: Exception | None = None
        self.over: list[int] = []
        self.asked: list[GetBoard] = []

    def sign_in(self) -> None:
        self._line()
        self.sign_ins += 1
        self.signed_in = True

    def call(self, request: Request[Any]) -> Any:
        self._line()
        if not self.signed_in:
            raise error_for(ErrorBody(code=ErrorCode.NOT_SIGNED_IN, message=""))
        if isinstance(request, AnnouncementOver):
            self.over.append(request.call_id)
            left = tuple(call for call in self.board.pending_calls if call.call_id != request.call_id)
            self.board = msgspec.structs.replace(self.board, pending_calls=left)
            return Nothing()
        if isinstance(request, GetHall):
            self.halls_asked.append(request.name)
            return self.hall
        assert isinstance(request, GetBoard)
        self.asked.append(request)
        return msgspec.structs.replace(self.board, time=self.time)

    def add_calls(self, *calls: CallView) -> None:
        self.board = msgspec.structs.replace(self.board, pending_calls=(*self.board.pending_calls, *calls))

    def _line(self) -> None:
        if self.trouble is not None:
            raise self.trouble


class FakeSpeaker:
    """Speaks until the test says that the sentence is over."""

    def __init__(self) -> None:
        self.spoken: list[int] = []
        self.together: list[tuple[int, ...]] = []
        self.hall = a_hall()
        self._over: Callable[[str], None] | None = None

    def speak(self, calls: Sequence[CallView], over: Callable[[str], None]) -> None:
        assert self._over is None, "two calls at once"
        self.together.append(tuple(call.call_id for call in calls))
        self.spoken += self.together[-1]
        self._over = over

    @property
    def is_speaking(self) -> bool:
        return self._over is not None

    def finish(self, trouble: str = "") -> None:
        over, self._over = self._over, None
        assert over is not None
        over(trouble)


class Hall:
    """A display with everything around it and a clock that the test moves."""

    def __init__(self, runner: TaskRunner | None = None, **options: Any) -> None:
        self.server = FakeHall()
        self.speaker = FakeSpeaker()
        self.wall = NOW  # the clock of the display's PC, which may be wrong
        self.counted = 100.0
        self.states: list[BoardState] = []
        self.presenter = BoardPresenter(
            self.server,
            runner or ImmediateRunner(),
            self.speaker,
            HallClock(lambda: self.wall, lambda: self.counted),
            self.states.append,
            **options,
        )

    @property
    def state(self) -> BoardState:
        return self.presenter.state

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.wall += timedelta(seconds=1)
            self.server.time += timedelta(seconds=1)
            self.counted += 1
            self.presenter.tick()


OFFLINE = error_for(ErrorBody(code=ErrorCode.OFFLINE, message=""))


def test_the_display_signs_in_and_shows_the_board() -> None:
    hall = Hall(choice=Choice(room_ids=(11,), news="请取下金属物品。"))
    hall.presenter.start()
    assert [hall.states[0].line, hall.state.line] == [Line.CONNECTING, Line.ONLINE]
    assert hall.server.sign_ins == 1
    assert hall.server.asked == [GetBoard(room_ids=(11,))]
    assert (hall.state.hospital_name, hall.state.news) == ("明镜医院", "请取下金属物品。")


def test_a_call_is_spoken_and_then_reported() -> None:
    hall = Hall()
    hall.presenter.start()
    hall.server.add_calls(a_call(1))
    hall.presenter.heard(TicketCalled(ticket_id=901, room_id=11, call_id=1))
    assert hall.speaker.spoken == [1]
    assert [call.call_id for call in hall.state.speaking] == [1]
    assert hall.server.over == []
    hall.speaker.finish()
    assert hall.server.over == [1]
    assert hall.state.speaking == ()
    assert [call.call_id for call in hall.state.latest] == [1]  # it stays to be read
    hall.pass_seconds(round(LATEST_SECONDS) + 1)
    assert hall.state.latest == ()


def test_calls_made_at_once_are_spoken_one_after_the_other_in_their_order() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1), a_call(2, 12), a_call(3, 13))
    hall.presenter.start()
    assert hall.speaker.spoken == [1]
    assert [call.call_id for call in hall.state.announced] == [2, 3]
    hall.speaker.finish()
    assert hall.speaker.spoken == [1, 2]
    hall.speaker.finish()
    hall.speaker.finish()
    assert hall.server.over == [1, 2, 3]


def test_patients_called_to_one_room_meanwhile_are_called_together_and_all_reported() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1, 12))
    hall.presenter.start()
    hall.server.add_calls(a_call(2), a_call(3, 13), a_call(4))
    hall.presenter.heard(TicketCalled(ticket_id=902, room_id=11, call_id=2))
    hall.speaker.finish()
    assert hall.speaker.together == [(1,), (2, 4)]
    assert [call.number for call in hall.state.speaking] == ["A002", "A004"]
    hall.speaker.finish()
    assert hall.server.over == [1, 2, 4]
    assert hall.speaker.together[-1] == (3,)


def test_an_emergency_is_called_before_who_waits_to_be_called() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1), a_call(2, 12), a_call(3, 13, is_urgent=True))
    hall.presenter.start()
    assert hall.speaker.together == [(3,)]
    hall.speaker.finish()
    hall.speaker.finish()
    hall.speaker.finish()
    assert hall.speaker.together == [(3,), (1,), (2,)]


def test_a_call_is_spoken_once_however_often_the_board_comes() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1))
    hall.presenter.start()
    hall.pass_seconds(12)
    assert len(hall.server.asked) >= 3
    assert hall.speaker.spoken == [1]


def test_calling_again_speaks_again() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1))
    hall.presenter.start()
    hall.speaker.finish()
    hall.server.add_calls(msgspec.structs.replace(a_call(1), call_id=2))
    hall.presenter.heard(TicketCalled(ticket_id=901, room_id=11, call_id=2))
    assert hall.speaker.spoken == [1, 2]


def test_without_a_notice_the_board_is_fetched_every_five_seconds() -> None:
    hall = Hall()
    hall.presenter.start()
    hall.pass_seconds(4)
    assert len(hall.server.asked) == 1
    hall.pass_seconds(1)
    assert len(hall.server.asked) == 2
    hall.presenter.heard(Changed(entity="report", id=1, version=1))
    assert len(hall.server.asked) == 2


def test_the_clock_moves_with_the_minute_and_nothing_is_drawn_in_between() -> None:
    hall = Hall()
    hall.presenter.start()
    drawn = len(hall.states)
    hall.pass_seconds(4)
    assert len(hall.states) == drawn
    hall.pass_seconds(57)
    assert hall.state.now >= NOW + timedelta(minutes=1)


def test_a_lost_line_keeps_the_board_and_comes_back_by_itself() -> None:
    hall = Hall()
    hall.presenter.start()
    hall.server.trouble = OFFLINE
    hall.pass_seconds(5)
    assert hall.state.line is Line.LOST
    assert hall.state.rooms[0].waiting == ("A002 王*",)
    assert hall.state.last_contact == NOW
    assert hall.state.last_contact.utcoffset() == timedelta(hours=8)
    assert hall.state.trouble == ""
    hall.pass_seconds(60)
    hall.server.trouble = None
    hall.pass_seconds(8)
    assert hall.state.line is Line.ONLINE


def test_tries_grow_rarer_but_never_stop() -> None:
    hall = Hall()
    tries = 0

    def broken() -> None:
        nonlocal tries
        tries += 1
        raise OFFLINE

    hall.server.sign_in = broken  # type: ignore[method-assign]
    hall.presenter.start()
    hall.pass_seconds(7)
    assert tries == 4
    hall.pass_seconds(80)
    assert tries == 4 + 10


def test_the_line_coming_back_is_used_at_once() -> None:
    hall = Hall()
    hall.presenter.start()
    hall.server.trouble = OFFLINE
    hall.pass_seconds(30)
    hall.server.trouble = None
    hall.presenter.line_came_back()
    assert hall.state.line is Line.ONLINE


def test_silence_on_the_line_is_shown_before_any_request_times_out() -> None:
    hall = Hall()
    hall.presenter.line_lost()
    assert hall.state.line is Line.CONNECTING
    hall.presenter.start()
    hall.presenter.line_lost()
    assert (hall.state.line, hall.state.last_contact) == (Line.LOST, NOW)
    hall.presenter.line_came_back()
    assert hall.state.line is Line.ONLINE


def test_a_restarted_server_is_signed_in_to_again() -> None:
    hall = Hall()
    hall.presenter.start()
    hall.server.signed_in = False
    hall.pass_seconds(5)
    assert hall.server.sign_ins == 2
    assert hall.state.line is Line.ONLINE
    assert Line.LOST not in [state.line for state in hall.states]


def test_a_call_spoken_while_the_line_was_lost_is_reported_later() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1))
    hall.presenter.start()
    hall.server.trouble = OFFLINE
    hall.speaker.finish()
    assert hall.server.over == []
    hall.server.trouble = None
    hall.pass_seconds(10)
    assert hall.server.over == [1]
    assert hall.speaker.spoken == [1]


def test_a_wrong_password_is_said_and_tried_again_in_case_it_is_mended() -> None:
    hall = Hall()
    hall.server.trouble = error_for(ErrorBody(code=ErrorCode.WRONG_PASSWORD, message=""))
    hall.presenter.start()
    assert "密码文件" in hall.state.trouble
    hall.server.trouble = None
    hall.pass_seconds(10)
    assert (hall.state.line, hall.state.trouble) == (Line.ONLINE, "")


def test_a_voice_that_fails_is_shown_and_the_calls_go_on() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1), a_call(2, 12))
    hall.presenter.start()
    hall.speaker.finish("没有可用的扬声器")
    assert hall.state.voice_trouble == "没有可用的扬声器"
    assert hall.server.over == [1]
    hall.speaker.finish()
    assert hall.state.voice_trouble == ""


def test_notices_during_a_fetch_lead_to_exactly_one_more() -> None:
    runner = HeldRunner()
    hall = Hall(runner)
    hall.presenter.start()
    for _ in range(5):
        hall.presenter.heard(TicketCalled(ticket_id=1, room_id=11, call_id=1))
    runner.release()
    assert runner.waiting == 1
    runner.release()
    assert len(hall.server.asked) == 2
    assert runner.waiting == 0


def test_a_stopped_display_neither_speaks_nor_asks() -> None:
    runner = HeldRunner()
    hall = Hall(runner)
    hall.server.add_calls(a_call(1))
    hall.presenter.start()
    hall.presenter.stop()
    runner.release()
    hall.presenter.refresh()
    assert hall.speaker.spoken == []
    assert runner.waiting == 0


def test_a_call_missed_while_the_line_was_away_for_long_is_still_spoken() -> None:
    hall = Hall()
    hall.presenter.start()
    hall.server.trouble = OFFLINE
    hall.pass_seconds(120)
    missed = a_call(5, called_at=NOW + timedelta(seconds=60), is_over=True)  # the server waits 45 s for no display
    hall.server.board = msgspec.structs.replace(hall.server.board, rooms=(a_room(now=missed),))
    hall.server.trouble = None
    hall.pass_seconds(10)
    assert hall.speaker.spoken == [5]
    hall.speaker.finish()
    hall.pass_seconds(60)
    assert hall.speaker.spoken == [5]
    assert hall.server.over == [5]


def test_a_call_of_long_ago_or_one_that_was_spoken_is_not_spoken_after_an_outage() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1))
    hall.presenter.start()
    hall.speaker.finish()
    spoken = a_call(1, is_over=True)
    old = a_call(3, 12, called_at=NOW + timedelta(seconds=10), is_over=True)
    hall.server.trouble = OFFLINE
    hall.pass_seconds(1200)
    hall.server.board = msgspec.structs.replace(
        hall.server.board, rooms=(a_room(now=spoken), a_room(12, now=old)), pending_calls=()
    )
    hall.server.trouble = None
    hall.pass_seconds(20)
    assert hall.speaker.spoken == [1]


def test_a_display_that_starts_speaks_only_what_is_still_pending() -> None:
    hall = Hall()
    hall.server.board = msgspec.structs.replace(hall.server.board, rooms=(a_room(now=a_call(4, is_over=True)),))
    hall.presenter.start()
    assert hall.speaker.spoken == []


def test_a_call_that_the_server_forgot_does_not_stop_the_reports() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1), a_call(2, 12))
    hall.presenter.start()
    answer = hall.server.call

    def forgetful(request: Request[Any]) -> Any:
        if request == AnnouncementOver(call_id=1):
            raise error_for(ErrorBody(code=ErrorCode.NOT_FOUND, message=""))
        return answer(request)

    hall.server.call = forgetful  # type: ignore[method-assign]
    hall.speaker.finish()
    hall.speaker.finish()
    assert hall.server.over == [2]
    assert hall.state.line is Line.ONLINE


def test_a_wrong_clock_of_the_pc_changes_neither_the_time_shown_nor_the_pauses() -> None:
    hall = Hall()
    hall.wall = NOW + timedelta(days=900)
    hall.presenter.start()
    assert hall.state.now.strftime("%Y-%m-%d %H:%M") == "2026-11-21 17:40"  # the hospital is 8 hours before UTC
    hall.wall -= timedelta(days=2000)
    hall.pass_seconds(61)
    assert hall.state.now.strftime("%H:%M") == "17:41"
    assert len(hall.server.asked) == 1 + 61 // 5
    hall.server.trouble = OFFLINE
    hall.wall += timedelta(days=5000)
    hall.pass_seconds(3600)
    assert hall.state.now.strftime("%H:%M") == "18:41"


def test_the_hall_says_which_rooms_in_which_order_and_how_it_speaks() -> None:
    hall = Hall(choice=Choice(hall_name="一楼"))
    hall.server.hall = a_hall(12, 11, repetitions=3, shows_passed=False)
    hall.server.board = msgspec.structs.replace(hall.server.board, rooms=(a_room(11), a_room(12)))
    hall.presenter.start()
    assert hall.server.halls_asked == ["一楼"]
    assert hall.server.asked == [GetBoard(room_ids=(12, 11))]
    assert [room.room_id for room in hall.state.rooms] == [12, 11]
    assert hall.speaker.hall.settings.repetitions == 3
    assert (hall.state.hall_name, hall.state.shows_passed) == ("一楼", False)


def test_a_changed_hall_is_taken_over_at_once_and_asked_for_now_and_then() -> None:
    hall = Hall()
    hall.presenter.start()
    hall.pass_seconds(30)
    assert len(hall.server.halls_asked) == 1
    hall.server.hall = a_hall(11, version=2, news=(NewsLine(text="请取下金属物品。"),))
    hall.presenter.heard(Changed(entity="hall", id=1, version=2))
    assert len(hall.server.halls_asked) == 2
    assert hall.state.news == "请取下金属物品。"
    hall.pass_seconds(60)
    assert len(hall.server.halls_asked) == 3


def test_a_hall_that_does_not_exist_is_named_in_a_sentence() -> None:
    hall = Hall(choice=Choice(hall_name="三楼"))
    hall.server.trouble = error_for(ErrorBody(code=ErrorCode.NOT_FOUND, message="大厅不存在"))
    hall.presenter.start()
    assert "三楼" in hall.state.trouble
    hall.server.trouble = None
    hall.pass_seconds(10)
    assert (hall.state.line, hall.state.trouble) == (Line.ONLINE, "")


def test_more_rooms_than_are_legible_take_turns_and_a_call_brings_its_page() -> None:
    rooms = range(1, 8)
    hall = Hall(capacity=lambda: 3)
    hall.server.hall = a_hall(*rooms, page_seconds=10)
    hall.server.board = msgspec.structs.replace(hall.server.board, rooms=tuple(a_room(number) for number in rooms))
    hall.presenter.start()
    assert (hall.state.pages, hall.state.page) == (3, 0)
    shown = []
    for _ in range(3):
        shown.append([room.room_id for room in hall.state.shown_rooms])
        hall.pass_seconds(10)
    assert sorted(number for page in shown for number in page) == list(rooms)
    assert all(len(page) <= 3 for page in shown)
    hall.server.add_calls(a_call(9, 7))
    hall.presenter.heard(TicketCalled(ticket_id=909, room_id=7, call_id=9))
    assert 7 in [room.room_id for room in hall.state.shown_rooms]
    page = hall.state.page
    hall.pass_seconds(60)
    assert hall.state.page == page  # it stays while the call is spoken
    hall.speaker.finish()
    hall.pass_seconds(11)
    assert hall.state.page != page


def test_a_smaller_screen_gets_more_pages_and_never_an_empty_one() -> None:
    fits = [6]
    hall = Hall(capacity=lambda: fits[0])
    hall.server.hall = a_hall(*range(1, 7))
    hall.server.board = msgspec.structs.replace(hall.server.board, rooms=tuple(a_room(n) for n in range(1, 7)))
    hall.presenter.start()
    assert hall.state.pages == 1
    fits[0] = 2
    hall.presenter.screen_changed()
    assert hall.state.pages == 3
    hall.pass_seconds(30)
    fits[0] = 6
    hall.presenter.screen_changed()
    assert (hall.state.pages, hall.state.page) == (1, 0)
    assert len(hall.state.shown_rooms) == 6


def test_lines_of_news_take_turns() -> None:
    hall = Hall(choice=Choice(news="停车场已满"))
    hall.server.hall = a_hall(11, news=(NewsLine(text="请保持安静"), NewsLine(text="请取下金属物品")))
    hall.presenter.start()
    seen: list[str] = []
    for _ in range(60):
        hall.pass_seconds(1)
        if not seen or seen[-1] != hall.state.news:
            seen.append(hall.state.news)
    assert set(seen[:4]) == {"停车场已满", "请保持安静", "请取下金属物品"}


def test_the_picture_moves_a_little_every_minute_so_that_nothing_burns_in() -> None:
    hall = Hall()
    hall.presenter.start()
    shifts = set()
    for _ in range(600):
        hall.pass_seconds(1)
        shifts.add(hall.state.shift)
    assert len(shifts) >= 6
    assert all(abs(x) <= 4 and abs(y) <= 4 for x, y in shifts)


def test_ten_thousand_calls_leave_nothing_behind_and_none_is_lost_or_doubled() -> None:
    hall = Hall()
    hall.presenter.start()
    for number in range(1, 10_001):
        hall.server.time += timedelta(seconds=20)
        hall.counted += 20
        hall.server.add_calls(a_call(number, 11 + number % 7, called_at=hall.server.time))
        if number % 50 == 0:  # now and then the line is away while somebody calls
            hall.server.trouble = OFFLINE
            hall.presenter.tick()
            hall.server.trouble = None
        hall.presenter.heard(TicketCalled(ticket_id=1, room_id=11, call_id=number))
        if number % 3 == 0:
            while hall.speaker.is_speaking:
                hall.speaker.finish()
        hall.states.clear()
    while hall.speaker.is_speaking:
        hall.speaker.finish()
    assert sorted(hall.speaker.spoken) == list(range(1, 10_001))
    assert sorted(hall.server.over) == list(range(1, 10_001))
    assert len(hall.presenter._taken) < 20
    assert hall.presenter._unreported == []
    assert hall.state.announced == ()


def test_an_english_screen_shows_the_english_names_of_the_rooms_that_have_one() -> None:
    hall = Hall()
    named = HallRoom(room_id=11, name="CT 一室", name_en="CT 1", spoken_name="", spoken_name_en="")
    hall.server.hall = msgspec.structs.replace(
        a_hall(11, 12, name_en="Ground floor", news=(NewsLine(text="请保持安静", text_en="Quiet, please"),)),
        rooms=(named, *a_hall(12).rooms),
    )
    hall.server.board = msgspec.structs.replace(hall.server.board, rooms=(a_room(11, now=a_call(1)), a_room(12)))
    hall.server.add_calls(a_call(2))
    set_language(Language.ENGLISH)
    try:
        hall.presenter.start()
    finally:
        set_language(Language.CHINESE)
    assert [room.room_name for room in hall.state.rooms] == ["CT 1", "CT 一室"]
    assert hall.state.rooms[0].now is not None
    assert hall.state.rooms[0].now.room_name == hall.state.speaking[0].room_name == "CT 1"
    assert (hall.state.hall_name, hall.state.news) == ("Ground floor", "Quiet, please")
