"""The hall display: every call spoken once, in order, and nothing that stays broken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from clients.display.board.presenter import BoardPresenter
from clients.display.board.state import BoardState, Line
from clients.kit.running import HeldRunner, ImmediateRunner, TaskRunner
from shared.contract.base import Changed, Nothing, Request, TicketCalled
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.queueing import AnnouncementOver, BoardRoom, BoardView, CallView, GetBoard

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)


def a_call(number: int, room_id: int = 11) -> CallView:
    return CallView(
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


class FakeHall:
    """The server's side: a board, a session that can end, a line that can break."""

    def __init__(self) -> None:
        self.board = BoardView(
            hospital_name="明镜医院",
            time=NOW,
            rooms=(BoardRoom(room_id=11, room_name="CT 一室", now=None, waiting=("A002 王*",), passed=()),),
            pending_calls=(),
        )
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
        assert isinstance(request, GetBoard)
        self.asked.append(request)
        return self.board

    def add_calls(self, *calls: CallView) -> None:
        self.board = msgspec.structs.replace(self.board, pending_calls=(*self.board.pending_calls, *calls))

    def _line(self) -> None:
        if self.trouble is not None:
            raise self.trouble


class FakeSpeaker:
    """Speaks until the test says that the sentence is over."""

    def __init__(self) -> None:
        self.spoken: list[int] = []
        self._over: Callable[[str], None] | None = None

    def speak(self, call: CallView, over: Callable[[str], None]) -> None:
        assert self._over is None, "two calls at once"
        self.spoken.append(call.call_id)
        self._over = over

    def finish(self, trouble: str = "") -> None:
        over, self._over = self._over, None
        assert over is not None
        over(trouble)


class Hall:
    """A display with everything around it and a clock that the test moves."""

    def __init__(self, runner: TaskRunner | None = None, **options: Any) -> None:
        self.server = FakeHall()
        self.speaker = FakeSpeaker()
        self.now = NOW
        self.states: list[BoardState] = []
        self.presenter = BoardPresenter(
            self.server,
            runner or ImmediateRunner(),
            self.speaker,
            lambda: self.now,
            self.states.append,
            **options,
        )

    @property
    def state(self) -> BoardState:
        return self.presenter.state

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            self.presenter.tick()


OFFLINE = error_for(ErrorBody(code=ErrorCode.OFFLINE, message=""))


def test_the_display_signs_in_and_shows_the_board() -> None:
    hall = Hall(room_ids=(11,), news="请取下金属物品。")
    hall.presenter.start()
    assert [state.line for state in hall.states] == [Line.CONNECTING, Line.ONLINE]
    assert hall.server.sign_ins == 1
    assert hall.server.asked == [GetBoard(room_ids=(11,))]
    assert (hall.state.hospital_name, hall.state.news) == ("明镜医院", "请取下金属物品。")


def test_a_call_is_spoken_and_then_reported() -> None:
    hall = Hall()
    hall.presenter.start()
    hall.server.add_calls(a_call(1))
    hall.presenter.heard(TicketCalled(ticket_id=901, room_id=11, call_id=1))
    assert hall.speaker.spoken == [1]
    assert hall.state.speaking is not None
    assert hall.server.over == []
    hall.speaker.finish()
    assert hall.server.over == [1]
    assert hall.state.speaking is None


def test_calls_made_at_once_are_spoken_one_after_the_other_in_their_order() -> None:
    hall = Hall()
    hall.server.add_calls(a_call(1), a_call(2, 12), a_call(3))
    hall.presenter.start()
    assert hall.speaker.spoken == [1]
    assert [call.call_id for call in hall.state.announced] == [2, 3]
    hall.speaker.finish()
    assert hall.speaker.spoken == [1, 2]
    hall.speaker.finish()
    hall.speaker.finish()
    assert hall.server.over == [1, 2, 3]


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
    hall.server.add_calls(a_call(1), a_call(2))
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
