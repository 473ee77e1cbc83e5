"""The reading page: what is loaded and when, history tabs, calls off the screen; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from clients.ecg.reading import parameters, traces
from clients.ecg.reading.state import TEXTS, Drawn, PageState, Past
from clients.kit.messages import message_for
from clients.kit.screen import ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg import EcgExamView, EcgRow, GetEcgExam, ListHistory, UseTrace
from shared.contract.ecg_reports import Open, ReportBody, ReportPage
from shared.contract.errors import ErrorCode, RpcError

if TYPE_CHECKING:
    from clients.kit.shell import Workplace
    from shared.contract.ecg_reports import PaperLook
    from shared.waveform.record import EcgRecord

TEMPLATE_KEY = "ecg/report-template"
"""Setting of this computer: the report template that prints take (ECG-PRN-03)."""
_MOST_UNDO = 100


class View(Protocol):
    """What the presenter asks of the page on screen."""

    def show_state(self, state: PageState) -> None:
        """Show everything but texts and trace."""
        ...

    def fill(self, texts: Mapping[str, str]) -> None:
        """Put texts into the boxes without telling the presenter."""
        ...

    def show_trace(self, drawn: Drawn | None) -> None:
        """Draw a trace, or the empty paper."""
        ...

    def paper_look(self) -> PaperLook:
        """Scale and filters on screen, for the paper."""
        ...


def draft_id(exam_id: int) -> str:
    """Where unsaved words are journaled."""
    return f"ecg-reading-{exam_id}"


class Loading(ScreenPresenter[PageState]):
    """Fetches one exam and what belongs to it; `ReadingPresenter` writes on top of it."""

    def __init__(
        self, place: Workplace, exam_id: int, view: View, *, read_only: bool = False, desk: Any = None
    ) -> None:
        state = PageState(is_read_only=read_only)
        super().__init__(state, place.connection, place.runner, place.messages, view.show_state)
        self.exam_id = exam_id
        self.place = place
        self.desk = desk
        self.view = view
        self._kept = ReportBody()  # what the server has
        self._undo: list[ReportBody] = []
        self._redo: list[ReportBody] = []
        self._typing = ""  # the box that the last undo step belongs to
        self._closed = False
        self.is_telling = False  # the desk is told of a change of this very page

    def close(self) -> None:
        """The page is gone: late answers are dropped."""
        self._closed = True

    # ── loading ──────────────────────────────────────────────────────────────────────────────────────

    def open(self) -> None:
        """Fetch trace, report, exam and history, all at once; the trace is drawn as soon as it is here."""
        self._change(is_loading=True, trouble="")
        self.load_trace()
        self.load_page()
        self._ask_key(GetEcgExam(exam_id=self.exam_id), self._exam_arrived, self._not_opened, "exam")
        self._ask_key(ListHistory(exam_id=self.exam_id), self._history_arrived, self._quietly, "history")

    def reload(self) -> None:
        """Somebody changed the exam or its report: fetch both; what is being typed stays."""
        self.load_page()
        self._ask_key(GetEcgExam(exam_id=self.exam_id), self._exam_arrived, self._quietly, "exam")

    def refresh(self) -> None:
        """刷新: everything again; what is being typed stays."""
        self.load_trace()
        self.reload()
        self._ask_key(ListHistory(exam_id=self.exam_id), self._history_arrived, self._quietly, "history")

    def load_trace(self, trace_id: int | None = None) -> None:
        """Fetch the present trace, or one of the exam's earlier ones."""
        connection, exam_id = self.place.connection, None if trace_id else self.exam_id
        self._run(lambda: traces.fetch(connection, exam_id, trace_id), self._trace_arrived, self._no_trace, "trace")

    def load_page(self) -> None:
        """Fetch the report."""
        request = Open(exam_id=self.exam_id, station_template=self.station_template())
        self._ask_key(request, self._page_arrived, self._not_opened, "page")

    def station_template(self) -> str:
        """The template that this computer remembers."""
        return str(self.place.desk_settings.get(TEMPLATE_KEY, "") or "")

    def take_record(self, record: EcgRecord) -> None:
        """Draw a record that waits on the line; it can be read, not reported, until the server has it."""
        self._run(lambda: traces.measured_here(record), self._trace_arrived, self._messages.report, "trace")

    def trace_acquired(self, trace_id: int | None, record: EcgRecord) -> None:
        """采集成功: show what was recorded and fetch what the server made of it (ECG-ACQ-05)."""
        if trace_id is None:
            self.take_record(record)
            self._messages.say(tr("记录已保存在本机，线路恢复后自动上传；上传后即可提交报告。"), Tone.WARNING)
            return
        self.load_trace()
        self.reload()
        self.tell_changed()

    def use_trace(self, trace_id: int) -> None:
        """Read an earlier recording of this exam again; it becomes the present one."""

        def used(exam: EcgExamView) -> None:
            self._exam_arrived(exam)
            self.load_trace()
            self.load_page()

        self._ask_key(UseTrace(trace_id=trace_id), used, self._messages.report, "use")

    def _trace_arrived(self, drawn: Drawn) -> None:
        self._change(drawn=drawn, no_trace="", is_loading=self.state.page is None)
        if self.state.past is None:
            self.view.show_trace(drawn)
        self._take_machine()

    def _no_trace(self, error: Exception) -> None:
        if isinstance(error, RpcError) and error.code is ErrorCode.NOT_FOUND:
            self._change(drawn=None, no_trace=message_for(error).text, is_loading=self.state.page is None)
            self.view.show_trace(None)
            return
        self._not_opened(error)

    def _exam_arrived(self, exam: EcgExamView) -> None:
        self._change(exam=exam)
        if self.desk is not None:
            self.desk.retitle_reading(self.exam_id, self.title())

    def _history_arrived(self, rows: tuple[EcgRow, ...]) -> None:
        self._change(history=rows)

    def _page_arrived(self, page: ReportPage) -> None:
        """The report is newer. What is being written stays on top of it."""
        first = self.state.page is None
        if first or not self.state.is_dirty:
            self._kept = page.body
            self._change(page=page, body=page.body, is_loading=False, is_busy=False, is_dirty=False, problems={})
            self._fill()
            if first and page.is_editable and not self.state.is_read_only:
                self._restore(page)
        else:
            self._change(page=page, is_loading=False, is_busy=False)
        self._take_machine()

    def _restore(self, page: ReportPage) -> None:
        """Words that were typed before the program ended and never saved."""
        kept = self.place.drafts.restore(draft_id(self.exam_id))
        if not kept or "body" not in kept:
            return
        try:
            body = msgspec.convert(kept["body"], ReportBody)
        except msgspec.ValidationError:  # of another version of the program
            return
        if kept.get("version") != page.version or body == page.body:
            if body.findings == page.body.findings and body.diagnosis == page.body.diagnosis:
                return
            body = msgspec.structs.replace(page.body, findings=body.findings, diagnosis=body.diagnosis)
        self._change(body=body, is_dirty=True)
        self._fill()
        self._messages.offer_undo(tr("已恢复上次未保存的内容"), self.discard)

    def _take_machine(self) -> None:
        """A report that nobody wrote yet begins with the machine's values of the trace on screen; one that speaks of
        an earlier recording gets the values of the new one, what the doctor changed stays."""
        drawn, page, body = self.state.drawn, self.state.page, self.state.body
        if drawn is None or drawn.trace is None or page is None:
            return
        values = parameters.machine_values(drawn.trace.values, body.qtc_formula)
        if not body.parameters:
            body = msgspec.structs.replace(body, parameters=values, trace_id=drawn.trace.id)
            if not self.state.is_dirty:
                self._kept = body
            self._change(body=body)
        elif body.trace_id not in (0, drawn.trace.id) and page.is_editable and not self.state.is_read_only:
            values = parameters.with_machine(body.parameters, values)
            self._change(body=msgspec.structs.replace(body, parameters=values, trace_id=drawn.trace.id), is_dirty=True)
            self._messages.say(tr("已换成新采集的心电图，机测值已更新，请核对后保存。"), Tone.WARNING)

    def _not_opened(self, error: Exception) -> None:
        if self.state.page is None and self.state.drawn is None:
            self._change(is_loading=False, is_busy=False, trouble=message_for(error).text)
        else:
            self._change(is_loading=False, is_busy=False)
            self._messages.report(error)

    def _quietly(self, _error: Exception) -> None:
        """What stands beside the report did not come; the page works without it."""

    # ── history ──────────────────────────────────────────────────────────────────────────────────────

    def show_own(self) -> None:
        """本次检查."""
        if self.state.past is None:
            return
        self._runner.cancel(self._key("past-trace"))
        self._change(past=None)
        self.view.show_trace(self.state.drawn)
        self._fill()

    def show_past(self, exam_id: int) -> None:
        """An earlier exam in front, read-only (ECG-READ-03)."""
        row = next((one for one in self.state.history if one.id == exam_id), None)
        if row is None or row.id == self.exam_id:
            self.show_own()
            return
        self._change(past=Past(row))
        self.view.show_trace(None)
        self._fill()
        connection = self.place.connection
        self._run(
            lambda: traces.fetch(connection, exam_id),
            lambda drawn: self._past_came(row, drawn=drawn),
            lambda error: self._no_past_trace(row, error),
            "past-trace",
        )
        self._ask_key(
            Open(exam_id=exam_id, station_template=""), lambda page: self._past_came(row, page=page), None, "past-page"
        )

    def _no_past_trace(self, row: EcgRow, error: Exception) -> None:
        """An earlier exam that has documents only, or none that could be fetched."""
        self._past_came(row, no_trace=message_for(error).text)
        if not (isinstance(error, RpcError) and error.code is ErrorCode.NOT_FOUND):
            self._messages.report(error)

    def _past_came(
        self, row: EcgRow, page: ReportPage | None = None, drawn: Drawn | None = None, no_trace: str = ""
    ) -> None:
        past = self.state.past
        if past is None or past.row.id != row.id:
            return
        self._change(past=Past(row, page or past.page, drawn or past.drawn, no_trace or past.no_trace))
        if drawn is not None:
            self.view.show_trace(drawn)
        if page is not None:
            self._fill()

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────

    def title(self) -> str:
        """The words of the tab."""
        if self.state.exam is None:
            return tr("心电阅图")
        return self.state.exam.row.patient_name

    def is_dirty(self) -> bool:
        """Say whether something is not stored on the server."""
        return self.state.is_dirty

    def tell_changed(self) -> None:
        """Lists and the tab hear of it; this page knows already."""
        if self.desk is not None:
            self.is_telling = True
            self.desk.tell_exam(self.exam_id)
            self.is_telling = False
            self.desk.retitle_reading(self.exam_id, self.title())

    def discard(self) -> None:
        """Forget what was written since the last save, and its journal."""
        self.place.drafts.discard(draft_id(self.exam_id))
        self._undo.clear()
        self._redo.clear()
        self._change(body=self._kept, is_dirty=False, problems={})
        self._fill()

    def _fill(self) -> None:
        body = self.state.body_in_front
        self.view.fill({box: getattr(body, box) for box in TEXTS})

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────

    def _key(self, what: str) -> str:
        return f"ecg-reading-{self.exam_id}-{what}"

    def _run(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] | None,
        what: str,
    ) -> None:
        """Work in another thread; nothing comes back to a page that was closed."""
        failed = failed or self._messages.report

        def came(result: Any) -> None:
            if not self._closed:
                done(result)

        def went_wrong(error: Exception) -> None:
            if not self._closed:
                failed(error)

        self._runner.run(work, came, went_wrong, key=self._key(what))

    def _ask_key(
        self, request: Any, done: Callable[[Any], None], failed: Callable[[Exception], None] | None, what: str
    ) -> None:
        self._run(lambda: self._caller.call(request), done, failed, what)

    def ask(
        self,
        request: Any,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] | None = None,
        what: str = "",
    ) -> None:
        """Send a request for a part of the page (terms, templates, printing)."""
        self._ask_key(request, done, failed, what or type(request).__name__)

    def run(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None] | None,
        what: str,
    ) -> None:
        """Work for a part of the page, off the GUI thread."""
        self._run(work, done, failed, what)
