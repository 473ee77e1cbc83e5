"""What patients do at the self-service printer; plain Python: taps, scans and seconds in, states out."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from clients.kiosk.papers.state import DIGITS, Page, PapersState
from clients.kit.messages import message_for
from clients.kit.running import TaskRunner
from clients.kit.translations import Language, language, set_language, tr
from shared.contract.base import Request
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.queueing import GetKiosk, KioskView
from shared.contract.report_paper import (
    MakeSelfPrint,
    OpenSelfPrint,
    SelfPrintAnswer,
    SelfPrintItem,
    SelfPrintOutcome,
    TellSelfPrint,
)

R = TypeVar("R")

DONE_SECONDS, TYPING_SECONDS, LOCK_SECONDS, TROUBLE_SECONDS = 20, 45, 15, 120
ASKING_SECONDS, PRINTING_SECONDS = 20, 180
HEARTBEAT_SECONDS, RETRY_SECONDS = 15.0, 4.0
TAPS_TO_LOCK, TAPPING_SECONDS = 5, 4.0
_SIGN_IN = (ErrorCode.NOT_SIGNED_IN, ErrorCode.SESSION_EXPIRED)


class Server(Protocol):
    """The line of the kiosk: it signs in by itself."""

    def sign_in(self) -> None:
        """Open a session (blocking); raises RpcError."""
        ...

    def call(self, request: Request[R]) -> R:
        """Send and wait (blocking); raises RpcError."""
        ...


class PaperPrinter(Protocol):
    """Prints reports."""

    def print(self, pdf: bytes, title: str) -> None:
        """Print (blocking); raises OSError with a sentence when no paper comes."""
        ...


class NoPaper(Exception):
    """The printer did not do it; the argument says why."""


class PapersPresenter:
    """`clock` gives the present moment with its zone; `leave_code` is what the administrator types to leave."""

    def __init__(
        self,
        server: Server,
        runner: TaskRunner,
        printer: PaperPrinter,
        clock: Callable[[], datetime],
        show: Callable[[PapersState], None],
        *,
        leave_code: str,
        language: Language = Language.CHINESE,
    ) -> None:
        self.state = PapersState(now=clock())
        self._server, self._runner, self._printer, self._clock = server, runner, printer, clock
        self._show = show
        self._leave_code = leave_code
        self._first_language = language
        self._signed_in = self._beating = self._stopped = False
        self._next_beat = 0.0
        self._asked = 0
        self._scanned = ""
        self._session = ""
        self._left: list[SelfPrintItem] = []
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
            elif self.state.page in (Page.ASKING, Page.PRINTING):
                self._line_fails()
            else:
                self.to_start()

    def line_lost(self) -> None:
        """The connection hears nothing more from the server."""
        if self.state.page in (Page.START, Page.ASKING, Page.DIGITS):
            self._line_fails()

    def line_came_back(self) -> None:
        """The server answers again."""
        if self.state.page in (Page.CLOSED, Page.CONNECTING):
            self._beat()

    def _beat(self) -> None:
        if self._beating or self._stopped:
            return
        self._beating = True
        self._next_beat = self._clock().timestamp() + HEARTBEAT_SECONDS
        self._runner.run(lambda: self._signed(GetKiosk()), self._beaten, self._missed, key="papers/beat")

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
        self._change(hospital_name=view.hospital_name, hospital_name_en=view.hospital_name_en, trouble="")
        if self.state.page in (Page.CONNECTING, Page.CLOSED):
            self.to_start()

    def _missed(self, error: Exception) -> None:
        self._beating = False
        self._next_beat = self._clock().timestamp() + RETRY_SECONDS
        code = error.code if isinstance(error, RpcError) else None
        self._signed_in = self._signed_in and code not in _SIGN_IN
        is_setting = code in (ErrorCode.WRONG_PASSWORD, ErrorCode.PERMISSION_MISSING) or not isinstance(error, RpcError)
        self._change(trouble=message_for(error).text if is_setting else "")
        if self.state.page in (Page.START, Page.CONNECTING):
            self._line_fails()

    def _line_fails(self) -> None:
        self._asked += 1
        self._forget()
        self._change(page=Page.CLOSED, typed="", sentence="", items=(), seconds_left=0)
        self._next_beat = min(self._next_beat, self._clock().timestamp() + RETRY_SECONDS)

    # ── patients ─────────────────────────────────────────────────────────────────────────────────────

    def _forget(self) -> None:
        self._scanned, self._session, self._left = "", "", []

    def to_start(self) -> None:
        """Back to the beginning: the next person must find nothing of the last one."""
        self._asked += 1
        self._forget()
        self._code, self._taps = "", []
        set_language(self._first_language)
        self._change(
            page=Page.START, typed="", sentence="", head="", step="", items=(), number=0, count=0,
            seconds_left=0, code_length=0, code_wrong=False,
        )  # fmt: skip

    def choose_language(self, chosen: Language) -> None:
        """中文 or English, until the next return to the start."""
        set_language(chosen)
        self._change(seconds_left=self.state.seconds_left or TYPING_SECONDS)

    def scanned(self, code: str) -> None:
        """A code was scanned: also while the last answer still stands there."""
        if self.state.page in (Page.START, Page.DONE, Page.DIGITS):
            self._asked += 1
            self._forget()
            self._scanned = code.strip()
            self._change(page=Page.DIGITS, typed="", sentence="", items=(), seconds_left=TYPING_SECONDS)

    def key(self, character: str) -> None:
        """A digit or X of the on-screen keys."""
        if self.state.page is Page.LOCK:
            self._code = (self._code + character)[:16]
            self._change(code_length=len(self._code), code_wrong=False, seconds_left=LOCK_SECONDS)
        elif self.state.page is Page.DIGITS and len(self.state.typed) < DIGITS:
            self._change(typed=self.state.typed + character, sentence="", seconds_left=TYPING_SECONDS)

    def erase(self) -> None:
        """The last character away."""
        if self.state.page is Page.LOCK:
            self._code = self._code[:-1]
            self._change(code_length=len(self._code), code_wrong=False)
        elif self.state.page is Page.DIGITS:
            self._change(typed=self.state.typed[:-1], sentence="", seconds_left=TYPING_SECONDS)

    def confirm(self) -> None:
        """确定: ask for the papers, or try the administrator's code."""
        if self.state.page is Page.LOCK:
            self._try_code()
        elif self.state.page is Page.DIGITS:
            if len(self.state.typed) < DIGITS:
                self._change(sentence=tr("请输入四位。"), seconds_left=TYPING_SECONDS)
            else:
                self._open()

    def cancel(self) -> None:
        """返回, 结束."""
        self.to_start()

    def _open(self) -> None:
        request = OpenSelfPrint(code=self._scanned, last_four=self.state.typed)
        self._change(page=Page.ASKING, typed="", sentence="", seconds_left=ASKING_SECONDS)
        self._asked += 1
        asked = self._asked

        def came(answer: SelfPrintAnswer) -> None:
            if asked == self._asked:
                self._answered(answer)

        def failed(error: Exception) -> None:
            if asked != self._asked:
                return
            if isinstance(error, RpcError) and error.code is ErrorCode.INVALID:
                self._end(tr("这不是登记条码"), tr("请扫描小票、登记单或腕带上的条码，或到窗口领取。"))
            else:
                self._missed_answer(error)

        self._runner.run(lambda: self._signed(request), came, failed, key="papers/open")

    def _missed_answer(self, error: Exception) -> None:
        self._signed_in = self._signed_in and not (isinstance(error, RpcError) and error.code in _SIGN_IN)
        self._line_fails()

    def _answered(self, answer: SelfPrintAnswer) -> None:
        if answer.outcome is SelfPrintOutcome.WRONG:
            self._change(
                page=Page.DIGITS,
                typed="",
                sentence=tr("与登记的号码不符，还可以试 {count} 次。", count=answer.tries_left),
                seconds_left=TYPING_SECONDS,
            )
            return
        if answer.outcome is SelfPrintOutcome.PAUSED:
            minutes = max(1, -(-answer.try_again_s // 60))
            self._end(tr("输入错误次数过多"), tr("请 {minutes} 分钟后再试，或到窗口领取。", minutes=minutes))
            return
        self._change(items=tuple(item for item in answer.items if not item.is_ready))
        if answer.outcome is SelfPrintOutcome.READY:
            self._session = answer.session
            self._left = [item for item in answer.items if item.is_ready]
            self._change(page=Page.PRINTING, number=1, count=len(self._left), seconds_left=PRINTING_SECONDS)
            self._print_next()
        elif answer.outcome is SelfPrintOutcome.NOT_READY:
            self._end(tr("报告还没有完成"), tr("医生审核后才能打印，请稍后再来。"))
        else:
            self._end(tr("没有可打印的报告"), tr("已打印过的报告，请到窗口办理补打。"))

    # ── papers ───────────────────────────────────────────────────────────────────────────────────────

    def _print_next(self) -> None:
        if not self._left:
            printed = self.state.count
            self._end(tr("已打印 {count} 份报告", count=printed), tr("请取走报告，带好随身物品。"), is_good=True)
            return
        item, session, spoken = self._left[0], self._session, language()
        asked = self._asked
        self._change(number=self.state.count - len(self._left) + 1, seconds_left=PRINTING_SECONDS)

        def work() -> None:
            paper = self._signed(MakeSelfPrint(session=session, number=item.number, language=spoken))
            try:
                self._printer.print(paper.pdf, f"report-{paper.copy_id}")
            except OSError as fault:
                why = str(fault)[:200]
                self._signed(TellSelfPrint(session=session, copy_id=paper.copy_id, is_printed=False, reason=why))
                raise NoPaper(why) from fault
            self._signed(TellSelfPrint(session=session, copy_id=paper.copy_id, is_printed=True))

        def done(_nothing: None) -> None:
            if asked == self._asked:
                self._left = self._left[1:]
                self._print_next()

        def failed(error: Exception) -> None:
            if asked == self._asked:
                self._not_printed(error)

        self._runner.run(work, done, failed, key="papers/print")

    def _not_printed(self, error: Exception) -> None:
        if isinstance(error, NoPaper):
            self._change(
                page=Page.TROUBLE,
                head=tr("打印机没有出纸"),
                step=tr("可能缺纸或卡纸，请联系工作人员处理后按“重试”。"),
                trouble=str(error),
                seconds_left=TROUBLE_SECONDS,
            )
        elif isinstance(error, RpcError) and error.code in (ErrorCode.NOT_FOUND, ErrorCode.ILLEGAL_ACTION):
            self._end(tr("打印没有完成"), tr("请重新扫描条码，或到窗口领取。"))
        else:
            self._missed_answer(error)

    def again(self) -> None:
        """重试 after the printer was mended."""
        if self.state.page is Page.TROUBLE and self._left:
            self._change(page=Page.PRINTING, head="", step="", trouble="", seconds_left=PRINTING_SECONDS)
            self._print_next()

    def _end(self, head: str, step: str, *, is_good: bool = False) -> None:
        self._session, self._left = "", []
        self._change(page=Page.DONE, head=head, step=step, is_good=is_good, typed="", seconds_left=DONE_SECONDS)

    # ── the administrator ────────────────────────────────────────────────────────────────────────────

    def corner_tapped(self) -> None:
        """The corner that nobody knows: five taps within a few seconds ask for the code."""
        now = self._clock().timestamp()
        self._taps = [moment for moment in self._taps if now - moment < TAPPING_SECONDS] + [now]
        if len(self._taps) >= TAPS_TO_LOCK:
            self._asked += 1
            self._forget()
            self._code, self._taps = "", []
            self._change(page=Page.LOCK, seconds_left=LOCK_SECONDS, items=(), typed="", code_length=0)

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
