"""What patients do at a kiosk, and how it comes back by itself: from an answer, and from a lost line."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from clients.kiosk.desk.state import LONGEST_NUMBER, PRINTED, KioskState, Page, Printing
from clients.kiosk.slip import Slip, slips_of
from clients.kit.messages import message_for
from clients.kit.running import TaskRunner
from clients.kit.translations import Language, set_language, tr
from shared.contract.base import Request
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.queueing import GetKiosk, KioskAnswer, KioskCheckIn, KioskOutcome, KioskView

R = TypeVar("R")

ANSWER_SECONDS = 25
TYPING_SECONDS = 30
LOCK_SECONDS = 15
ASKING_SECONDS = 20
HEARTBEAT_SECONDS = 15.0
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0)
SHORTEST_NUMBER = 6
TAPS_TO_LOCK = 5
TAPPING_SECONDS = 4.0

_PRINTED_BY_ITSELF = (KioskOutcome.CHECKED_IN, KioskOutcome.LATE)
_SIGN_IN = (ErrorCode.NOT_SIGNED_IN, ErrorCode.SESSION_EXPIRED)


class Server(Protocol):
    """The line of the kiosk: it signs in by itself, with the account of the kiosk."""

    def sign_in(self) -> None:
        """Open a session (blocking); raises RpcError."""
        ...

    def call(self, request: Request[R]) -> R:
        """Send and wait (blocking); raises RpcError."""
        ...


class SlipPrinter(Protocol):
    """Prints tickets."""

    def print(self, slips: tuple[Slip, ...]) -> None:
        """Print (blocking); raises OSError when the printer does not do it."""
        ...


class KioskPresenter:
    """Plain Python: the view gives it taps, scans and seconds, and a place to show states.

    `clock` gives the present moment with its zone. `leave_code` is what the administrator types to close the kiosk.
    """

    def __init__(
        self,
        server: Server,
        runner: TaskRunner,
        printer: SlipPrinter,
        clock: Callable[[], datetime],
        show: Callable[[KioskState], None],
        *,
        leave_code: str,
        language: Language = Language.CHINESE,
    ) -> None:
        self.state = KioskState(now=clock())
        self._server = server
        self._runner = runner
        self._printer = printer
        self._clock = clock
        self._show = show
        self._leave_code = leave_code
        self._first_language = language
        self._signed_in = False
        self._beating = False
        self._next_beat = 0.0
        self._failures = 0
        self._asked = 0  # an answer to an older question is dropped
        self._code = ""
        self._taps: list[float] = []
        self._stopped = False

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
            elif self.state.page is Page.ASKING:
                self._line_fails()
            else:
                self.to_start()

    def line_lost(self) -> None:
        """The connection hears nothing more from the server."""
        if self.state.page in (Page.START, Page.ASKING):
            self._line_fails()

    def line_came_back(self) -> None:
        """The connection says that the server answers again."""
        if self.state.page in (Page.CLOSED, Page.CONNECTING):
            self._beat()

    def _beat(self) -> None:
        if self._beating or self._stopped:
            return
        self._beating = True
        self._next_beat = self._clock().timestamp() + HEARTBEAT_SECONDS
        self._runner.run(lambda: self._signed(GetKiosk()), self._beaten, self._missed, key="kiosk/beat")

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
        if self.state.page in (Page.CONNECTING, Page.CLOSED):
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
        if self.state.page in (Page.START, Page.CONNECTING):
            self._line_fails()

    def _line_fails(self) -> None:
        self._asked += 1
        self._change(page=Page.CLOSED, typed="", answer=None, sentence="", seconds_left=0)
        self._next_beat = min(self._next_beat, self._clock().timestamp() + RETRY_SECONDS[0])

    # ── patients ─────────────────────────────────────────────────────────────────────────────────────

    def to_start(self) -> None:
        """Back to the beginning, in the kiosk's own language: the next person must find nothing of the last one."""
        self._asked += 1
        self._code, self._taps = "", []
        set_language(self._first_language)
        self._change(
            page=Page.START,
            typed="",
            answer=None,
            sentence="",
            printing=Printing.NONE,
            seconds_left=0,
            code_length=0,
            code_wrong=False,
        )

    def choose_language(self, language: Language) -> None:
        """中文 or English, until the next return to the start."""
        set_language(language)
        left = self.state.seconds_left or (TYPING_SECONDS if language is not self._first_language else 0)
        self._change(seconds_left=left)

    def scanned(self, code: str) -> None:
        """A code was scanned: also while the last answer still stands there."""
        if self.state.page in (Page.START, Page.ANSWER):
            self._check_in(code)

    def key(self, character: str) -> None:
        """A digit or X of the on-screen keys."""
        if self.state.page is Page.LOCK:
            self._code = (self._code + character)[:16]
            self._change(code_length=len(self._code), code_wrong=False, seconds_left=LOCK_SECONDS)
        elif self.state.page is Page.START and len(self.state.typed) < LONGEST_NUMBER:
            self._change(typed=self.state.typed + character, sentence="", seconds_left=TYPING_SECONDS)

    def erase(self) -> None:
        """The last character away."""
        if self.state.page is Page.LOCK:
            self._code = self._code[:-1]
            self._change(code_length=len(self._code), code_wrong=False)
        elif self.state.page is Page.START:
            typed = self.state.typed[:-1]
            self._change(typed=typed, sentence="", seconds_left=TYPING_SECONDS if typed else 0)

    def confirm(self) -> None:
        """确定: look the typed number up, or try the administrator's code."""
        if self.state.page is Page.LOCK:
            self._try_code()
        elif self.state.page is Page.START:
            if len(self.state.typed) < SHORTEST_NUMBER:
                self._change(sentence=tr("号码太短，请输入完整的号码。"), seconds_left=TYPING_SECONDS)
            else:
                self._check_in(self.state.typed)

    def print_again(self) -> None:
        """打印小票 of what is shown."""
        if self.state.page is Page.ANSWER and self.state.printing in (Printing.NONE, Printing.FAILED):
            self._print(self.state.answer, every=True)

    def _check_in(self, code: str) -> None:
        self._asked += 1
        asked = self._asked
        self._change(
            page=Page.ASKING, answer=None, sentence="", printing=Printing.NONE, seconds_left=ASKING_SECONDS, typed=code
        )

        def came(answer: KioskAnswer) -> None:
            if asked == self._asked:
                self._answered(answer)

        def failed(error: Exception) -> None:
            if asked == self._asked:
                self._refused(error)

        self._runner.run(lambda: self._signed(KioskCheckIn(code=code)), came, failed, key="kiosk/check-in")

    def _answered(self, answer: KioskAnswer) -> None:
        self._change(page=Page.ANSWER, answer=answer, typed="", seconds_left=ANSWER_SECONDS)
        self._print(answer, every=False)

    def _refused(self, error: Exception) -> None:
        if isinstance(error, RpcError) and error.code is ErrorCode.INVALID:
            sentence = tr("这个号码不能签到，请扫描登记条码，或到登记窗口办理。")
            self._change(page=Page.START, typed="", sentence=sentence, seconds_left=TYPING_SECONDS)
        else:
            self._missed_answer(error)

    def _missed_answer(self, error: Exception) -> None:
        self._signed_in = self._signed_in and not (isinstance(error, RpcError) and error.code in _SIGN_IN)
        self._line_fails()

    def _print(self, answer: KioskAnswer | None, *, every: bool) -> None:
        exams = () if answer is None else answer.exams
        slips = slips_of(
            tuple(exam for exam in exams if exam.number and exam.outcome in (PRINTED if every else _PRINTED_BY_ITSELF)),
            self.state.hospital_name,
            self.state.hospital_name_en,
            self._clock(),
        )
        if not slips:
            return
        asked = self._asked
        self._change(printing=Printing.BUSY)

        def shown(printing: Printing) -> None:
            if asked == self._asked:
                self._change(printing=printing)

        self._runner.run(
            lambda: self._printer.print(slips),
            lambda _nothing: shown(Printing.DONE),
            lambda _error: shown(Printing.FAILED),
            key="kiosk/print",
        )

    # ── the administrator ────────────────────────────────────────────────────────────────────────────

    def corner_tapped(self) -> None:
        """The corner that nobody knows: five taps within a few seconds ask for the code."""
        now = self._clock().timestamp()
        self._taps = [moment for moment in self._taps if now - moment < TAPPING_SECONDS] + [now]
        if len(self._taps) >= TAPS_TO_LOCK:
            self._asked += 1
            self._code, self._taps = "", []
            self._change(page=Page.LOCK, seconds_left=LOCK_SECONDS, answer=None, typed="", code_length=0)

    def cancel(self) -> None:
        """返回."""
        self.to_start()
        if self._failures:
            self._line_fails()

    def _try_code(self) -> None:
        typed, self._code = self._code, ""
        if hmac.compare_digest(typed.encode(), self._leave_code.encode()):
            self._change(may_leave=True, code_length=0)
        else:
            self._change(code_wrong=True, code_length=0, seconds_left=LOCK_SECONDS)

    def _change(self, **changes: Any) -> None:
        new = replace(self.state, **changes)
        if new != self.state:
            self.state = new
            self._show(new)
