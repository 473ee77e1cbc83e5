"""What patients do at the self-service printer; plain Python: taps, scans and seconds in, states out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Protocol

from clients.kiosk.papers.state import DIGITS, Page, PapersState
from clients.kiosk.presence import Presence, Server
from clients.kit.running import TaskRunner
from clients.kit.translations import Language, language, set_language, tr
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.report_paper import (
    MakeSelfPrint,
    OpenSelfPrint,
    SelfPrintAnswer,
    SelfPrintItem,
    SelfPrintOutcome,
    TellSelfPrint,
)

DONE_SECONDS, TYPING_SECONDS, TROUBLE_SECONDS = 20, 45, 120
ASKING_SECONDS, PRINTING_SECONDS = 20, 180


class PaperPrinter(Protocol):
    """Prints reports."""

    def print(self, pdf: bytes, title: str) -> None:
        """Print (blocking); raises OSError with a sentence when no paper comes."""
        ...


class NoPaper(Exception):
    """The printer did not do it; the argument says why."""


class PapersPresenter(Presence[PapersState]):
    """`clock` gives the present moment with its zone; `leave_code` is what the administrator types to leave."""

    name = "papers"
    waiting = (Page.ASKING, Page.PRINTING)
    needs_line = (Page.START, Page.ASKING, Page.DIGITS)
    empty: ClassVar = {
        "typed": "",
        "sentence": "",
        "head": "",
        "step": "",
        "items": (),
        "number": 0,
        "count": 0,
        "seconds_left": 0,
        "code_length": 0,
        "code_wrong": False,
    }
    state: PapersState

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
        super().__init__(
            PapersState(now=clock()), server, runner, clock, show, leave_code=leave_code, language=language
        )
        self._printer = printer
        self._forget()

    # ── patients ─────────────────────────────────────────────────────────────────────────────────────

    def _forget(self) -> None:
        self._scanned, self._session = "", ""
        self._left: list[SelfPrintItem] = []

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
            self._add_to_code(character)
        elif self.state.page is Page.DIGITS and len(self.state.typed) < DIGITS:
            self._change(typed=self.state.typed + character, sentence="", seconds_left=TYPING_SECONDS)

    def erase(self) -> None:
        """The last character away."""
        if self.state.page is Page.LOCK:
            self._erase_code()
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
