"""What clerks and doctors do at the page for handing out; plain Python."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import date
from typing import Protocol

from clients.diagnosis.handing_out.state import HandingOutState
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.report_paper import (
    BatchItemState,
    BatchPaper,
    BatchView,
    BeginBatch,
    CopyOutcome,
    CopyView,
    EndBatch,
    HandoutList,
    ListBatches,
    ListCopies,
    ListHandouts,
    NextOfBatch,
    TellCopy,
)

MOST_AT_ONCE = 500


class DeskPrinter(Protocol):
    """Where this desk prints reports."""

    def print(self, pdf: bytes, title: str) -> tuple[str, bool]:
        """Print (blocking); returns the printer and whether it was only kept as a file. Raises OSError with words."""
        ...


class HandingOutPresenter(ScreenPresenter[HandingOutState]):
    """Loads the list, runs jobs one paper after the other, tells what became of each."""

    def __init__(
        self,
        line: Caller,
        fetch: Callable[[int], bytes],
        printer: DeskPrinter,
        runner: TaskRunner,
        messages: Messages,
        today: Callable[[], date],
        show: Callable[[HandingOutState], None] = lambda _state: None,
    ) -> None:
        """`fetch` brings a document's bytes (blocking)."""
        day = today()
        super().__init__(HandingOutState(examined_from=day, examined_to=day), line, runner, messages, show)
        self._fetch = fetch
        self._printer = printer
        self._key = ""

    # ── the list ─────────────────────────────────────────────────────────────────────────────────────

    def open(self) -> None:
        """Load the list, and look for jobs that stand still."""
        self.load()
        self._ask(ListBatches(), self._batches_came, self._failed, key="handing/batches")

    def _batches_came(self, batches: tuple[BatchView, ...]) -> None:
        left = [one for one in batches if one.is_open]
        self._change(open_batches=len(left))
        if left and self.state.batch is None:
            self._change(batch=left[0], stopped_by=tr("上次的打印任务没有完成，可以继续。"))

    def load(self) -> None:
        """Ask for the list under the present conditions."""
        self._change(is_loading=True)
        is_number = self.state.text.isascii() and any(c.isdigit() for c in self.state.text)
        request = ListHandouts(
            examined_from=self.state.examined_from,
            examined_to=self.state.examined_to,
            only_unprinted=self.state.only_unprinted,
            patient_name="" if is_number else self.state.text,
            accession_number=self.state.text if is_number else "",
        )
        self._ask(request, self._came, self._failed, key="handing/list")

    def _came(self, found: HandoutList) -> None:
        there = {row.report_id for row in found.rows}
        self._change(rows=found.rows, total=found.total, is_loading=False, problem="", chosen=self.state.chosen & there)

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, problem=message_for(error).text)

    def filter(
        self,
        *,
        text: str | None = None,
        only_unprinted: bool | None = None,
        days: tuple[date | None, date | None] | None = None,
    ) -> None:
        """Other conditions."""
        changes: dict[str, object] = {}
        if text is not None:
            changes["text"] = text.strip()
        if only_unprinted is not None:
            changes["only_unprinted"] = only_unprinted
        if days is not None:
            changes["examined_from"], changes["examined_to"] = days
        self._change(**changes)
        self.load()

    def choose(self, report_ids: Iterable[int]) -> None:
        """These rows are ticked."""
        there = {row.report_id for row in self.state.rows}
        self._change(chosen=frozenset(report_ids) & there)

    def look_at(self, report_id: int) -> None:
        """Show the print log of a report."""
        self._change(log_of=report_id, log=())

        def came(log: tuple[CopyView, ...]) -> None:
            if self.state.log_of == report_id:
                self._change(log=log)

        self._ask(ListCopies(report_id=report_id), came, key="handing/log")

    # ── jobs ─────────────────────────────────────────────────────────────────────────────────────────

    def print_chosen(self) -> None:
        """Begin a job of the ticked reports, in the order of the list."""
        if self.state.is_printing:
            return
        wanted = tuple(row.report_id for row in self.state.rows if row.report_id in self.state.chosen)
        if not wanted:
            self._messages.say(tr("请先勾选要打印的报告。"), Tone.WARNING)
            return
        if not self._key:
            self._key = uuid.uuid4().hex
        self._change(is_printing=True, stopped_by="")
        self._ask(BeginBatch(report_ids=wanted[:MOST_AT_ONCE], request_key=self._key), self._begun, self._not_begun)

    def _begun(self, batch: BatchView) -> None:
        self._key = ""
        self._change(batch=batch, chosen=frozenset())
        self._next()

    def _not_begun(self, error: Exception) -> None:
        self._change(is_printing=False)
        self._messages.report(error)

    def go_on(self) -> None:
        """继续: what failed is tried again, then what still waits."""
        if self.state.batch is not None and not self.state.is_printing:
            self._change(is_printing=True, stopped_by="")
            self._next(again=True)

    def pause(self) -> None:
        """暂停 after the paper at hand."""
        if self.state.is_printing:
            self._change(is_printing=False, stopped_by=tr("已暂停，可以继续。"))

    def give_up(self) -> None:
        """结束: what is left stays unprinted."""
        batch = self.state.batch
        if batch is None:
            return
        self._change(is_printing=False, stopped_by="")

        def ended(_batch: BatchView) -> None:
            self._change(batch=None, open_batches=max(0, self.state.open_batches - 1))
            self.load()

        self._ask(EndBatch(batch_id=batch.id), ended)

    def _next(self, *, again: bool = False) -> None:
        batch = self.state.batch
        if batch is None or not self.state.is_printing:
            return
        spoken = str(language())

        def work() -> tuple[BatchPaper, str]:
            paper = self._caller.call(NextOfBatch(batch_id=batch.id, again=again, language=spoken))
            document = paper.document
            if document is None:
                return paper, ""
            try:
                printer, is_file = self._printer.print(self._fetch(document.id), f"report-{document.copy_id}")
            except OSError as fault:
                why = str(fault)[:200] or "?"
                self._caller.call(TellCopy(copy_id=document.copy_id, outcome=CopyOutcome.FAILED, reason=why))
                return paper, why
            outcome = CopyOutcome.SAVED if is_file else CopyOutcome.PRINTED
            self._caller.call(TellCopy(copy_id=document.copy_id, outcome=outcome, printer=printer[:200]))
            return paper, ""

        self._runner.run(work, self._one_done, self._broke, key="handing/print")

    def _one_done(self, done: tuple[BatchPaper, str]) -> None:
        paper, why = done
        self._change(batch=_with_outcome(paper, why))
        if why:  # no paper: the next one would fail as well
            words = tr("打印机没有出纸：{why} 处理后按“继续”。", why=why)
            self._change(is_printing=False, stopped_by=words)
            return
        if paper.item_id == 0:
            self._finish()
        elif self.state.is_printing:
            self._next()

    def _broke(self, error: Exception) -> None:
        self._change(is_printing=False, stopped_by=message_for(error).text)

    def _finish(self) -> None:
        printed = self.state.count(BatchItemState.PRINTED)
        bad = self.state.count(BatchItemState.FAILED, BatchItemState.REFUSED)
        self._change(is_printing=False)
        if bad:
            words = tr("已打印 {count} 份，{bad} 份没有打印，原因见列表。", count=printed, bad=bad)
            self._messages.say(words, Tone.WARNING)
        else:
            self._messages.say(tr("已打印 {count} 份报告。", count=printed), Tone.SUCCESS)
        self.load()


def _with_outcome(paper: BatchPaper, why: str) -> BatchView:
    """The job as it stands after what was told of the paper at hand."""
    import msgspec

    if paper.document is None:
        return paper.batch
    state = BatchItemState.FAILED if why else BatchItemState.PRINTED
    items = tuple(
        msgspec.structs.replace(item, state=state, reason=why) if item.id == paper.item_id else item
        for item in paper.batch.items
    )
    return msgspec.structs.replace(paper.batch, items=items)
