"""What every kiosk's presenter does: sign in, beat, notice a lost line, count down, let the administrator out."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from clients.kit.messages import message_for
from clients.kit.running import TaskRunner
from clients.kit.translations import Language, set_language
from shared.contract.base import Request
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.queueing import GetKiosk, KioskView

HEARTBEAT_SECONDS = 15.0
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0)
LOCK_SECONDS = 15
TAPS_TO_LOCK, TAPPING_SECONDS = 5, 4.0
LONGEST_CODE = 16

R = TypeVar("R")
S = TypeVar("S")
_SIGN_IN = (ErrorCode.NOT_SIGNED_IN, ErrorCode.SESSION_EXPIRED)


class Server(Protocol):
    """The line of a kiosk: it signs in by itself, with the account of the kiosk."""

    def sign_in(self) -> None:
        """Open a session (blocking)."""

    def call(self, request: Request[R]) -> R:
        """Ask (blocking)."""
        ...


class Presence(Generic[S]):
    """Base of the kiosks' presenters.

    The state is a frozen dataclass with `now`, `page`, `hospital_name`, `hospital_name_en`, `typed`, `seconds_left`,
    `code_length`, `code_wrong`, `may_leave` and `trouble`; its pages are called "connecting", "closed", "start" and
    "lock" among others. `empty` are the values of a state in which nothing of the last person is left.
    """

    name = ""
    """Begins the keys of the tasks."""
    waiting: tuple[str, ...] = ()
    """Pages on which a server is waited for: when their time is up, the line is taken as lost."""
    needs_line: tuple[str, ...] = ()
    """Pages that make no sense without a server."""
    empty: ClassVar[Mapping[str, Any]] = {}

    state: Any

    def __init__(
        self,
        state: S,
        server: Server,
        runner: TaskRunner,
        clock: Callable[[], datetime],
        show: Callable[[S], None],
        *,
        leave_code: str,
        language: Language,
    ) -> None:
        self.state = state
        self._server, self._runner, self._clock, self._show = server, runner, clock, show
        self._leave_code = leave_code
        self._first_language = language
        self._signed_in = self._beating = self._stopped = False
        self._next_beat = 0.0
        self._failures = 0
        self._asked = 0  # an answer to an older question is dropped
        self._code = ""
        self._taps: list[float] = []

    # ── time and line ────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Look for the server."""
        self._show(self.state)
        self._beat()

    def stop(self) -> None:
        """The kiosk closes: what still comes is dropped."""
        self._stopped = True
        self._show = lambda _state: None

    def tick(self) -> None:
        """A second has passed."""
        now = self._clock()
        if (now.minute, now.hour) != (self.state.now.minute, self.state.now.hour):
            self._change(now=now)
        if now.timestamp() >= self._next_beat:
            self._beat()
        if self.state.seconds_left:
            left = self.state.seconds_left - 1
            if left:
                self._change(seconds_left=left)
            elif self.state.page in self.waiting:
                self._line_fails()
            else:
                self.to_start()

    def line_lost(self) -> None:
        """The connection hears nothing more from the server."""
        if self.state.page in self.needs_line:
            self._line_fails()

    def line_came_back(self) -> None:
        """The connection says that the server answers again."""
        if self.state.page in ("closed", "connecting"):
            self._beat()

    def _beat(self) -> None:
        if self._beating or self._stopped:
            return
        self._beating = True
        self._next_beat = self._clock().timestamp() + HEARTBEAT_SECONDS
        self._runner.run(lambda: self._signed(GetKiosk()), self._beaten, self._missed, key=f"{self.name}/beat")

    def _signed(self, request: Request[R]) -> R:
        """Sign in if needed, and again if the server has forgotten us, and ask (blocking; runs in a worker)."""
        if not self._signed_in:
            self._server.sign_in()
            self._signed_in = True
        try:
            return self._server.call(request)
        except RpcError as error:
            if error.code not in _SIGN_IN:
                raise
            self._server.sign_in()
            return self._server.call(request)

    def _beaten(self, view: KioskView) -> None:
        self._beating = False
        self._failures = 0
        self._change(hospital_name=view.hospital_name, hospital_name_en=view.hospital_name_en, trouble="")
        if self.state.page in ("closed", "connecting"):
            self.to_start()

    def _missed(self, error: Exception) -> None:
        self._beating = False
        pause = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        self._failures += 1
        self._next_beat = self._clock().timestamp() + pause
        code = error.code if isinstance(error, RpcError) else None
        self._signed_in = self._signed_in and code not in _SIGN_IN
        is_setting = code in (ErrorCode.WRONG_PASSWORD, ErrorCode.PERMISSION_MISSING) or not isinstance(error, RpcError)
        self._change(trouble=message_for(error).text if is_setting else "")
        if self.state.page in ("start", "connecting"):
            self._line_fails()

    def _missed_answer(self, error: Exception) -> None:
        """A question of a patient was not answered."""
        self._signed_in = self._signed_in and not (isinstance(error, RpcError) and error.code in _SIGN_IN)
        self._line_fails()

    def _line_fails(self) -> None:
        self._asked += 1
        self._forget()
        self._change(**{**self.empty, "page": self._page("closed"), "trouble": self.state.trouble})
        self._next_beat = min(self._next_beat, self._clock().timestamp() + RETRY_SECONDS[0])

    # ── patients ─────────────────────────────────────────────────────────────────────────────────────

    def to_start(self) -> None:
        """Back to the beginning, in the kiosk's own language: the next person must find nothing of the last one."""
        self._asked += 1
        self._code, self._taps = "", []
        self._forget()
        set_language(self._first_language)
        self._change(**{**self.empty, "page": self._page("start")})

    def _forget(self) -> None:
        """Drop what is known of the person beside the state."""

    # ── the administrator ────────────────────────────────────────────────────────────────────────────

    def corner_tapped(self) -> None:
        """The corner that nobody knows: five taps within a few seconds ask for the code."""
        now = self._clock().timestamp()
        self._taps = [moment for moment in self._taps if now - moment < TAPPING_SECONDS] + [now]
        if len(self._taps) >= TAPS_TO_LOCK:
            self._asked += 1
            self._forget()
            self._code, self._taps = "", []
            self._change(**{**self.empty, "page": self._page("lock"), "seconds_left": LOCK_SECONDS})

    def cancel(self) -> None:
        """返回."""
        self.to_start()
        if self._failures:
            self._line_fails()

    def _add_to_code(self, character: str) -> None:
        self._code = (self._code + character)[:LONGEST_CODE]
        self._change(code_length=len(self._code), code_wrong=False, seconds_left=LOCK_SECONDS)

    def _erase_code(self) -> None:
        self._code = self._code[:-1]
        self._change(code_length=len(self._code), code_wrong=False)

    def _try_code(self) -> None:
        typed, self._code = self._code, ""
        if hmac.compare_digest(typed.encode(), self._leave_code.encode()):
            self._change(may_leave=True, code_length=0)
        else:
            self._change(code_wrong=True, code_length=0, seconds_left=LOCK_SECONDS)

    # ── state ────────────────────────────────────────────────────────────────────────────────────────

    def _page(self, name: str) -> Any:
        return type(self.state.page)(name)

    def _change(self, **changes: Any) -> None:
        new = replace(self.state, **changes)
        if new != self.state:
            self.state = new
            self._show(new)
