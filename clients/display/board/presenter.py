"""Keeps the board fresh, speaks calls one after the other, and comes back by itself whatever happens to the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from clients.display.board.state import BoardState, Line
from clients.kit.messages import message_for
from clients.kit.running import TaskRunner
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice, Request, TicketCalled
from shared.contract.errors import EnvironmentTrouble, ErrorCode, RpcError
from shared.contract.queueing import AnnouncementOver, BoardView, CallView, GetBoard

R = TypeVar("R")

REFRESH_SECONDS = 5.0
"""How often the board is fetched without a notice."""
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0)
"""Pauses between tries after a lost line; the last one repeats."""


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

    def speak(self, call: CallView, over: Callable[[str], None]) -> None:
        """Begin to speak; `over` is called once on the caller's thread, with a sentence if nothing could be heard."""
        ...


class BoardPresenter:
    """Plain Python: the view gives it time (`tick`), notices (`heard`) and a place to show states.

    `clock` gives the present moment with its zone. A call is spoken once per `call_id`: a call again is a new one.
    """

    def __init__(
        self,
        hall: Hall,
        runner: TaskRunner,
        speaker: Speaker,
        clock: Callable[[], datetime],
        show: Callable[[BoardState], None],
        *,
        room_ids: tuple[int, ...] = (),
        news: str = "",
    ) -> None:
        self.state = BoardState(now=clock(), news=news)
        self._hall = hall
        self._runner = runner
        self._speaker = speaker
        self._clock = clock
        self._show = show
        self._room_ids = room_ids
        self._signed_in = False
        self._asking = False
        self._ask_again = False
        self._next_try: float = 0.0
        self._failures = 0
        self._spoken: set[int] = set()
        self._unreported: list[int] = []
        self._stopped = False

    def start(self) -> None:
        """Fetch the board for the first time."""
        self._show(self.state)
        self.refresh()

    def tick(self) -> None:
        """About once a second: move the clock with the minute it shows, and fetch the board when it is time."""
        now = self._clock()
        if (now.minute, now.hour) != (self.state.now.minute, self.state.now.hour):
            self._change(now=now)
        if now.timestamp() >= self._next_try:
            self.refresh()

    def heard(self, notice: Notice) -> None:
        """A call or another change of a ticket: nobody in the hall waits for the next round."""
        if isinstance(notice, TicketCalled) or (isinstance(notice, Changed) and notice.entity == "ticket"):
            self.refresh()

    def line_came_back(self) -> None:
        """The connection says that the server answers again: try now instead of at the next round."""
        if self.state.line is not Line.ONLINE:
            self.refresh()

    def line_lost(self) -> None:
        """The connection hears nothing more from the server: say at once that the board may be old."""
        if self.state.line is Line.ONLINE:
            self._change(line=Line.LOST)

    def refresh(self) -> None:
        """Fetch the board; while a fetch is under way, one more follows it."""
        if self._stopped:
            return
        if self._asking:
            self._ask_again = True
            return
        self._asking = True
        self._runner.run(self._fetch, self._came, self._failed, key="display/board")

    def _fetch(self) -> BoardView:
        """Sign in if needed, report what was spoken meanwhile, and ask (blocking; runs in a worker)."""
        if not self._signed_in:
            self._hall.sign_in()
            self._signed_in = True
        for call_id in tuple(self._unreported):
            self._hall.call(AnnouncementOver(call_id=call_id))
            self._unreported.remove(call_id)
        return self._hall.call(GetBoard(room_ids=self._room_ids))

    def _came(self, board: BoardView) -> None:
        self._asking = False
        self._failures = 0
        now = self._clock()
        self._next_try = now.timestamp() + REFRESH_SECONDS
        known = {call.call_id for call in self.state.announced} | self._spoken
        fresh = tuple(call for call in board.pending_calls if call.call_id not in known)
        self._change(
            now=now,
            line=Line.ONLINE,
            last_contact=now,
            trouble="",
            hospital_name=board.hospital_name,
            rooms=board.rooms,
            announced=self.state.announced + fresh,
        )
        self._speak_next()
        self._follow_up()

    def _failed(self, error: Exception) -> None:
        self._asking = False
        self._ask_again = False
        pause = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        self._failures += 1
        self._next_try = self._clock().timestamp() + pause
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
        return message_for(error).text

    def _follow_up(self) -> None:
        if self._ask_again:
            self._ask_again = False
            self.refresh()

    # ── speaking ─────────────────────────────────────────────────────────────────────────────────────

    def _speak_next(self) -> None:
        if self._stopped or self.state.speaking is not None or not self.state.announced:
            return
        call, rest = self.state.announced[0], self.state.announced[1:]
        self._spoken.add(call.call_id)
        self._change(speaking=call, announced=rest)
        self._speaker.speak(call, lambda trouble: self._spoken_out(call, trouble))

    def _spoken_out(self, call: CallView, trouble: str) -> None:
        self._unreported.append(call.call_id)
        self._change(speaking=None, voice_trouble=trouble)
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
