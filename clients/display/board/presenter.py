"""Keeps the board fresh, speaks calls one after the other, and comes back by itself whatever happens to the line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace as replace_fields

from clients.display.board.state import BoardState, Line
from clients.display.clock import HallClock
from clients.kit.messages import message_for
from clients.kit.running import TaskRunner
from clients.kit.translations import Language, language, tr
from clients.kit.voice.calls import next_calls, spoken_patients
from shared.contract.base import Changed, Notice, Request, TicketCalled
from shared.contract.errors import EnvironmentTrouble, ErrorCode, RpcError
from shared.contract.halls import GetHall, HallSettings, HallView
from shared.contract.queueing import AnnouncementOver, BoardRoom, BoardView, CallView, GetBoard

R = TypeVar("R")

REFRESH_SECONDS = 5.0
"""How often the board is fetched without a notice."""
HALL_SECONDS = 60.0
"""How often the settings of the hall are fetched without a notice."""
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0)
"""Pauses between tries after a lost line; the last one repeats."""
LATEST_SECONDS = 45.0
"""How long the last call stays in the big field after it was spoken."""
TURN_SECONDS = 8.0
"""How long each of two things that share a place is shown."""
LATE_CALL = timedelta(minutes=10)
"""A call that the display missed is still spoken when it is not older than this."""
SHIFT_SECONDS = 60.0
SHIFTS = ((0, 0), (2, 0), (4, 2), (4, 4), (2, 4), (0, 4), (-2, 2), (-2, 0))
"""Where the picture moves, a step a minute, so that nothing burns in; small enough that nobody sees it move."""


class Hall(Protocol):
    """The line of the display: it signs in by itself, with the account of the display."""

    def sign_in(self) -> None:
        """Open a session (blocking); raises RpcError."""
        ...

    def call(self, request: Request[R]) -> R:
        """Send and wait (blocking); raises RpcError."""
        ...


class Speaker(Protocol):
    """Speaks an announcement."""

    hall: HallView
    """How this hall speaks; set by the presenter."""

    def speak(self, calls: Sequence[CallView], over: Callable[[str], None]) -> None:
        """Begin to speak; `over` is called once on the caller's thread, with a sentence if nothing could be heard."""
        ...


@dataclass(frozen=True)
class Choice:
    """What the start of the program chose: the hall's name, or rooms and a text by hand."""

    hall_name: str = ""
    room_ids: tuple[int, ...] = ()
    news: str = ""
    changes: Callable[[HallSettings], HallSettings] = lambda settings: settings


@dataclass(frozen=True)
class _Fetched:
    hall: HallView | None
    board: BoardView


class BoardPresenter:
    """Plain Python: the view gives it time (`tick`), notices (`heard`) and a place to show states.

    A call is spoken once per `call_id`: a call again is a new one. Pauses are counted, never read from a clock.
    """

    def __init__(
        self,
        hall: Hall,
        runner: TaskRunner,
        speaker: Speaker,
        clock: HallClock,
        show: Callable[[BoardState], None],
        *,
        choice: Choice | None = None,
        capacity: Callable[[], int] = lambda: 12,
    ) -> None:
        """`capacity` says how many rooms are legible on one page of the screen."""
        self._choice = choice or Choice()
        self.state = BoardState(now=clock.now(), news=self._choice.news)
        self._hall = hall
        self._runner = runner
        self._speaker = speaker
        self._clock = clock
        self._show = show
        self._capacity = capacity
        self._view = HallView(id=0, version=0, settings=HallSettings(name=""))
        self._signed_in = False
        self._asking = False
        self._ask_again = False
        self._failures = 0
        self._next_try = 0.0
        self._next_hall = 0.0
        counted = clock.seconds()
        self._next_turn, self._next_page = counted + TURN_SECONDS, counted + self._view.settings.page_seconds
        self._next_news, self._next_shift = counted, counted + SHIFT_SECONDS
        self._latest_until = 0.0
        self._news_place = self._shift_place = 0
        self._board_time: datetime | None = None
        self._taken: set[int] = set()
        self._unreported: list[int] = []
        self._stopped = False

    def start(self) -> None:
        """Fetch the board for the first time."""
        self._show(self.state)
        self.refresh()

    def tick(self) -> None:
        """About once a second: the clock, what takes turns, and the board when it is time."""
        now, counted = self._clock.now(), self._clock.seconds()
        if (now.minute, now.hour, now.day) != (self.state.now.minute, self.state.now.hour, self.state.now.day):
            self._change(now=now)
        self._take_turns(counted)
        if counted >= self._next_try:
            self.refresh()

    def heard(self, notice: Notice) -> None:
        """A call or another change: nobody in the hall waits for the next round."""
        if isinstance(notice, TicketCalled):
            self.refresh()
        elif isinstance(notice, Changed) and notice.entity in ("ticket", "ticket_room", "hall", "hospital"):
            if notice.entity in ("hall", "hospital"):
                self._next_hall = 0.0
            self.refresh()

    def line_came_back(self) -> None:
        """The connection says that the server answers again: try now instead of at the next round."""
        if self.state.line is not Line.ONLINE:
            self.refresh()

    def line_lost(self) -> None:
        """The connection hears nothing more from the server: say at once that the board may be old."""
        if self.state.line is Line.ONLINE:
            self._change(line=Line.LOST)

    def screen_changed(self) -> None:
        """The window has another size: perhaps other rooms are legible on one page."""
        self._change(per_page=self._per_page())
        self._change(page=min(self.state.page, self.state.pages - 1))

    def refresh(self) -> None:
        """Fetch the board; while a fetch is under way, one more follows it."""
        if self._stopped:
            return
        if self._asking:
            self._ask_again = True
            return
        self._asking = True
        wants_hall = self._clock.seconds() >= self._next_hall
        known = self._view
        self._runner.run(lambda: self._fetch(wants_hall, known), self._came, self._failed, key="display/board")

    def _fetch(self, wants_hall: bool, known: HallView) -> _Fetched:
        """Sign in if needed, report what was spoken meanwhile, and ask (blocking; runs in a worker)."""
        if not self._signed_in:
            self._hall.sign_in()
            self._signed_in = True
        for call_id in tuple(self._unreported):
            self._report(call_id)
            self._unreported.remove(call_id)
        hall = self._hall.call(GetHall(name=self._choice.hall_name)) if wants_hall else None
        rooms = self._choice.room_ids or tuple(room.room_id for room in (hall or known).rooms)
        return _Fetched(hall, self._hall.call(GetBoard(room_ids=rooms)))

    def _report(self, call_id: int) -> None:
        try:
            self._hall.call(AnnouncementOver(call_id=call_id))
        except RpcError as error:
            if error.code not in (ErrorCode.NOT_FOUND, ErrorCode.ILLEGAL_ACTION):
                raise  # else the call is no longer known: nothing is left to report

    def _came(self, fetched: _Fetched) -> None:
        self._asking = False
        self._failures = 0
        counted = self._clock.seconds()
        self._next_try = counted + REFRESH_SECONDS
        if fetched.hall is not None:
            self._next_hall = counted + HALL_SECONDS
            self._hall_came(fetched.hall)
        board = self._in_language(fetched.board)
        self._clock.set(board.time, self._view.utc_offset_minutes)
        now = self._clock.now()
        fresh = self._fresh(board)
        self._board_time = board.time
        self._change(
            now=now,
            line=Line.ONLINE,
            last_contact=now,
            trouble="",
            hospital_name=board.hospital_name,
            rooms=self._ordered(board.rooms),
            announced=self.state.announced + fresh,
        )
        self._change(page=min(self.state.page, self.state.pages - 1))
        self._speak_next()
        if self._ask_again:
            self._ask_again = False
            self.refresh()

    def _hall_came(self, hall: HallView) -> None:
        hall = HallView(
            id=hall.id,
            version=hall.version,
            settings=self._choice.changes(hall.settings),
            rooms=hall.rooms,
            utc_offset_minutes=hall.utc_offset_minutes,
            time=hall.time,
        )
        if hall.settings.page_seconds != self._view.settings.page_seconds:
            self._next_page = self._clock.seconds() + hall.settings.page_seconds
        self._view = self._speaker.hall = hall
        english = language() is Language.ENGLISH
        self._change(
            hall_name=(hall.settings.name_en if english else "") or hall.settings.name,
            shows_passed=hall.settings.shows_passed,
            shows_forecast=hall.settings.shows_forecast,
            per_page=self._per_page(),
        )
        self._show_news()

    def _in_language(self, board: BoardView) -> BoardView:
        """The board with the rooms' English names where the screen speaks English and they have one."""
        if language() is not Language.ENGLISH:
            return board
        english = {room.room_id: room.name_en for room in self._view.rooms if room.name_en}

        def of_call(call: CallView) -> CallView:
            return replace_fields(call, room_name=english.get(call.room_id, call.room_name))

        return replace_fields(
            board,
            rooms=tuple(
                replace_fields(
                    room,
                    room_name=english.get(room.room_id, room.room_name),
                    now=None if room.now is None else of_call(room.now),
                )
                for room in board.rooms
            ),
            pending_calls=tuple(of_call(call) for call in board.pending_calls),
        )

    def _per_page(self) -> int:
        return self._view.settings.rooms_per_page or max(1, self._capacity())

    def _ordered(self, rooms: tuple[BoardRoom, ...]) -> tuple[BoardRoom, ...]:
        order = self._choice.room_ids or tuple(room.room_id for room in self._view.rooms)
        place = {room_id: number for number, room_id in enumerate(order)}
        return tuple(sorted(rooms, key=lambda room: place.get(room.room_id, len(place))))

    def _failed(self, error: Exception) -> None:
        self._asking = False
        self._ask_again = False
        pause = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        self._failures += 1
        self._next_try = self._clock.seconds() + pause
        self._next_hall = 0.0
        code = error.code if isinstance(error, RpcError) else None
        if code in (ErrorCode.NOT_SIGNED_IN, ErrorCode.SESSION_EXPIRED):
            self._signed_in = False
            if self._failures == 1:
                self.refresh()
                return
        waiting_helps = isinstance(error, EnvironmentTrouble) or code in (
            ErrorCode.NOT_SIGNED_IN,
            ErrorCode.SESSION_EXPIRED,
        )
        self._change(line=Line.LOST, trouble="" if waiting_helps else self._sentence(error))

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, RpcError) and error.code is ErrorCode.WRONG_PASSWORD:
            return tr("大屏账号或密码不正确，请管理员检查密码文件。")
        if isinstance(error, RpcError) and error.code is ErrorCode.NOT_FOUND and self._choice.hall_name:
            return tr("没有名为“{name}”的大厅，请管理员在“大厅”页建立，或更改 --hall。", name=self._choice.hall_name)
        return message_for(error).text

    # ── what takes turns ─────────────────────────────────────────────────────────────────────────────

    def _take_turns(self, counted: float) -> None:
        if counted >= self._next_turn:
            self._next_turn = counted + TURN_SECONDS
            self._change(turn=self.state.turn + 1)
        if counted >= self._next_page:
            self._next_page = counted + self._view.settings.page_seconds
            if self.state.pages > 1 and not self.state.speaking:
                self._change(page=(self.state.page + 1) % self.state.pages)
        if counted >= self._next_shift:
            self._next_shift = counted + SHIFT_SECONDS
            self._shift_place = (self._shift_place + 1) % len(SHIFTS)
            self._change(shift=SHIFTS[self._shift_place])
        if counted >= self._next_news:
            self._news_place += 1
            self._show_news()
        if self.state.latest and not self.state.speaking and counted >= self._latest_until:
            self._change(latest=())

    def _show_news(self) -> None:
        english = language() is Language.ENGLISH
        lines = [(line.text_en if english else "") or line.text for line in self._view.settings.news]
        if self._choice.news:
            lines.insert(0, self._choice.news)
        text = lines[self._news_place % len(lines)] if lines else ""
        self._next_news = self._clock.seconds() + max(10.0, 0.4 * len(text))
        self._change(news=text)

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────────

    def _fresh(self, board: BoardView) -> tuple[CallView, ...]:
        """The calls that this display has not taken up yet: pending ones, and those it missed while the line was away.

        What the board no longer names is forgotten, so that nothing grows.
        """
        calls = {call.call_id: call for call in board.pending_calls}
        if self._board_time is not None:
            since = max(self._board_time, board.time - LATE_CALL)
            missed = [room.now for room in board.rooms if room.now is not None and room.now.called_at > since]
            calls |= {call.call_id: call for call in missed}
        fresh = tuple(calls[call_id] for call_id in sorted(calls) if call_id not in self._taken)
        in_hand = {call.call_id for call in (*self.state.announced, *self.state.speaking)}
        named = set(calls) | {room.now.call_id for room in board.rooms if room.now is not None}
        self._taken = (self._taken & (named | in_hand | set(self._unreported))) | {call.call_id for call in fresh}
        return fresh

    def _speak_next(self) -> None:
        if self._stopped or self.state.speaking or not self.state.announced:
            return
        calls = next_calls(self.state.announced)
        rest = tuple(call for call in self.state.announced if call not in calls)
        shown = spoken_patients(calls)
        self._change(speaking=shown, latest=shown, announced=rest)
        self._change(page=self.state.page_of(shown[0].room_id))
        self._speaker.speak(calls, lambda trouble: self._spoken_out(calls, trouble))

    def _spoken_out(self, calls: Sequence[CallView], trouble: str) -> None:
        self._unreported += [call.call_id for call in calls]
        counted = self._clock.seconds()
        self._latest_until = counted + LATEST_SECONDS
        self._next_page = counted + self._view.settings.page_seconds
        self._change(speaking=(), voice_trouble=trouble)
        self.refresh()
        self._speak_next()

    def stop(self) -> None:
        """The display closes: what still comes is dropped."""
        self._show = lambda _state: None
        self._stopped = True

    def _change(self, **changes: Any) -> None:
        new = replace(self.state, **changes)
        if new != self.state:
            self.state = new
            self._show(new)
