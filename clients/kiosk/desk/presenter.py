"""What patients do at a kiosk, and how it comes back by itself: from an answer, and from a lost line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Protocol

from clients.kiosk.desk.state import LONGEST_NUMBER, PRINTED, KioskState, Page, Printing
from clients.kiosk.presence import Presence, Server
from clients.kiosk.slip import Slip, slips_of
from clients.kit.running import TaskRunner
from clients.kit.translations import Language, set_language, tr
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.queueing import KioskAnswer, KioskCheckIn, KioskOutcome

ANSWER_SECONDS = 25
TYPING_SECONDS = 30
ASKING_SECONDS = 20
SHORTEST_NUMBER = 6

_PRINTED_BY_ITSELF = (KioskOutcome.CHECKED_IN, KioskOutcome.LATE)


class SlipPrinter(Protocol):
    """Prints tickets."""

    def print(self, slips: tuple[Slip, ...]) -> None:
        """Print (blocking); raises OSError when the printer does not do it."""
        ...


class KioskPresenter(Presence[KioskState]):
    """Plain Python: the view gives it taps, scans and seconds, and a place to show states.

    `clock` gives the present moment with its zone. `leave_code` is what the administrator types to close the kiosk.
    """

    name = "kiosk"
    waiting = (Page.ASKING,)
    needs_line = (Page.START, Page.ASKING)
    empty: ClassVar = {
        "typed": "",
        "answer": None,
        "sentence": "",
        "printing": Printing.NONE,
        "seconds_left": 0,
        "code_length": 0,
        "code_wrong": False,
    }
    state: KioskState

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
        super().__init__(KioskState(now=clock()), server, runner, clock, show, leave_code=leave_code, language=language)
        self._printer = printer

    # ── patients ─────────────────────────────────────────────────────────────────────────────────────

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
            self._add_to_code(character)
        elif self.state.page is Page.START and len(self.state.typed) < LONGEST_NUMBER:
            self._change(typed=self.state.typed + character, sentence="", seconds_left=TYPING_SECONDS)

    def erase(self) -> None:
        """The last character away."""
        if self.state.page is Page.LOCK:
            self._erase_code()
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
