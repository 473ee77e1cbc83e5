"""The diagnosis list's intentions: filter, refresh, save a query, enter a report, unlock it, see its images."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from clients.diagnosis.ports import Viewer
from clients.diagnosis.worklist.clocks import ServerTime
from clients.diagnosis.worklist.state import (
    FIRST_WINDOW,
    MOST_TICKED,
    SPAN_DAYS,
    Span,
    WorklistState,
    entering_action,
    usual_conditions,
    with_parts,
)
from clients.kit.connection import Connection
from clients.kit.messages import Messages
from clients.kit.paging import PageOfRows, PageRequest, Sort
from clients.kit.running import TaskRunner
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice, Page
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.reporting import (
    DeleteQuery,
    ListReports,
    ListSavedQueries,
    ReportClock,
    ReportFilter,
    ReportList,
    ReportOrder,
    ReportRow,
    ReportView,
    SavedQueryView,
    SaveQuery,
    UnlockReport,
)
from shared.contract.worklist import BreachForecast, GetBreachForecast
from shared.domain.states import ReportAction, ReportState

LONGEST_SILENCE = timedelta(seconds=60)
"""A list on screen asks again after this time even if no notice came: a notice can be lost, a clock cannot."""
ASIDE_ACTIONS = ("application", "favourite", "cloud")
"""What is shown beside the list (RIS-LCK-09, -11)."""
FORECAST_EVERY = timedelta(seconds=20)

Enter = Callable[[int, ReportAction | None], None]
"""Opens a report by id: to write, to audit, to print (after a preview), or (None) to read."""


class WorklistPresenter:
    """Holds the list's state; `show` gets every new one. The same presenter serves the page and area A of a report."""

    def __init__(
        self,
        line: Connection,
        runner: TaskRunner,
        messages: Messages,
        viewer: Viewer,
        enter: Enter,
        show: Callable[[WorklistState], None],
        today: Callable[[], date] = date.today,
        key: str = "worklist",
        time: ServerTime | None = None,
        compare: Callable[[tuple[int, ...]], None] | None = None,
        aside: Callable[[str, ReportRow], None] | None = None,
    ) -> None:
        self._line = line
        self._runner = runner
        self._messages = messages
        self._viewer = viewer
        self._enter = enter
        self._show = show
        self._today = today
        self._key = key
        self._lock = threading.Lock()
        self._first: tuple[ReportFilter, Sort | None, ReportList] | None = None
        self._sort: Sort | None = None
        self._compare = compare
        self._aside = aside
        self._asked_at: datetime | None = None
        self._forecast_at: datetime | None = None
        self.time = time or ServerTime()
        self.refreshes_itself = True
        self.state = WorklistState(usual_conditions(today()))

    def open(self) -> None:
        """Load master data, saved queries and the list; a default query replaces the usual conditions."""
        self._runner.run(lambda: self._line.call(GetHospital()), self._on_hospital, self._messages.report)
        self._runner.run(lambda: self._line.call(ListSavedQueries()), self._on_first_queries, self._on_no_queries)

    def open_beside(self) -> None:
        """Load master data and the list with the conditions there are: area A of a report."""
        self._runner.run(lambda: self._line.call(GetHospital()), self._on_hospital, self._messages.report)
        self.refresh()

    def refresh(self) -> None:
        """Load the list again; the old rows stay meanwhile."""
        conditions = self._present(self.state.conditions)
        sort = self._sort
        request = _request(conditions, sort, Page(offset=0, limit=FIRST_WINDOW))
        self._asked_at = self.time.now()
        self._change(is_loading=True, is_outdated=False)
        self._runner.run(
            lambda: self._line.call(request), _Arrived(self, conditions, sort), self._on_failed, key=f"{self._key}.list"
        )
        self._foretell()

    def renew(self) -> None:
        """Something changed: load again, or only say so where the user switched auto-refresh off (RIS-DX-20)."""
        if self.refreshes_itself:
            self.refresh()
        elif not self.state.is_outdated:
            self._change(is_outdated=True)

    def switch_refresh(self, on: bool) -> None:
        """The auto-refresh switch; what was missed meanwhile is loaded at once."""
        self.refreshes_itself = on
        if on and self.state.is_outdated:
            self.refresh()

    def tick(self) -> None:
        """Some seconds passed: notices renew the list, and this only makes up for a lost one."""
        if self._asked_at is not None and self.time.now() - self._asked_at >= LONGEST_SILENCE:
            self.refresh()

    def _foretell(self) -> None:
        if self._key != "worklist":
            return
        now = self.time.now()
        if self._forecast_at is None or now - self._forecast_at >= FORECAST_EVERY:
            self._forecast_at = now
            self._runner.run(
                lambda: self._line.call(GetBreachForecast()),
                self._on_forecast,
                lambda _error: self._change(forecast=None),
                key=f"{self._key}.forecast",
            )

    def _on_forecast(self, forecast: BreachForecast) -> None:
        self.time.told(forecast.at)
        self._change(forecast=forecast)

    def fetch(self, request: PageRequest) -> PageOfRows[ReportRow]:
        """Give a window of the list (called in a worker thread); the first one is there already."""
        with self._lock:
            first = self._first
            self._sort = request.sort
        conditions = self.state.conditions if first is None else first[0]
        if first is not None and request.sort == first[1] and request.offset + request.limit <= FIRST_WINDOW:
            rows = first[2].rows[request.offset : request.offset + request.limit]
            return PageOfRows(rows, first[2].total)
        page = Page(offset=request.offset, limit=request.limit)
        found = self._line.call(_request(conditions, request.sort, page))
        return PageOfRows(found.rows, found.total)

    # ── conditions ───────────────────────────────────────────────────────────────────────────────────

    def choose_states(self, states: tuple[str, ...]) -> None:
        """Show reports in these states; none means all (RIS-DX-06)."""
        self.filter(states=tuple(ReportState(state) for state in states))

    def choose_span(self, span: Span) -> None:
        """Show exams of today, of the last days, or of all days."""
        today = self._today()
        days = SPAN_DAYS.get(span)
        first = None if days is None else today - timedelta(days=days)
        self._change(span=span)
        if span is not Span.CHOSEN:
            self.filter(examined_from=first, examined_to=None if days is None else today)

    def choose_days(self, first: date | None, last: date | None) -> None:
        """Show exams of these days, both included."""
        self._change(span=Span.CHOSEN)
        self.filter(examined_from=first, examined_to=last)

    def filter(self, **parts: Any) -> None:
        """Change some conditions and load."""
        conditions = with_parts(self.state.conditions, **parts)
        if conditions != self.state.conditions:
            self._change(conditions=conditions, query_id=None)
            self.refresh()

    def take_conditions(self, conditions: ReportFilter, span: Span) -> None:
        """Start with the conditions of another list (RIS-RPA-01)."""
        self._change(conditions=conditions, span=span)
        self.refresh()

    def reset(self) -> None:
        """Back to what the list shows on opening."""
        self._change(conditions=usual_conditions(self._today()), span=Span.TODAY, query_id=None)
        self.refresh()

    # ── saved queries ────────────────────────────────────────────────────────────────────────────────

    def use_query(self, query: SavedQueryView) -> None:
        """Use a saved query with one click (RIS-DX-14)."""
        self._use(query)
        self.refresh()

    def save_query(self, name: str, *, is_default: bool = False, query_id: int | None = None) -> None:
        """Keep the present conditions under a name."""
        request = SaveQuery(
            id=query_id,
            name=name,
            filter=self.state.conditions,
            today_only=self.state.span is Span.TODAY,
            is_default=is_default,
        )
        self._runner.run(lambda: self._line.call(request), self._on_query_saved, self._messages.report)

    def delete_query(self, query_id: int) -> None:
        """Delete a saved query; it can be taken back for some seconds."""
        gone = next((query for query in self.state.queries if query.id == query_id), None)
        if gone is None:
            return
        request = DeleteQuery(id=query_id)
        self._runner.run(lambda: self._line.call(request), _QueryDeleted(self, gone), self._messages.report)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────

    def select(self, row: ReportRow | None) -> None:
        """Remember the row that the page's actions mean."""
        self._change(selected=row)

    def enter(self, row: ReportRow | None = None) -> None:
        """Go into a report: to write or audit where that is allowed, else to read."""
        row = row or self.state.selected
        if row is not None:
            self._enter(row.id, entering_action(row))

    def enter_next(self, after_id: int) -> None:
        """Go into the next report of the list that waits for me, after the one with this id, or from the top."""
        waiting = self._next_waiting(after_id)
        if waiting is not None:
            self._enter(waiting.id, entering_action(waiting))
        else:
            self._messages.say(tr("列表中没有下一位等待的患者。"))

    def prepare_next(self, after_id: int) -> None:
        """Let the viewer fetch the images of the report that `enter_next` would open."""
        waiting = self._next_waiting(after_id)
        if waiting is not None and waiting.study_uids:
            self._viewer.prepare(waiting.study_uids)

    def _next_waiting(self, after_id: int) -> ReportRow | None:
        rows = self.state.rows
        at = next((i for i, row in enumerate(rows) if row.id == after_id), -1)
        around = (*rows[at + 1 :], *rows[: max(at, 0)])
        return next((row for row in around if entering_action(row) is not None), None)

    def act(self, action: str, row: ReportRow | None = None) -> None:
        """Do a row action."""
        row = row or self.state.selected
        if row is None:
            return
        if action == ReportAction.VIEW_IMAGES:
            self._viewer.open(row.study_uids)
        elif action == ReportAction.UNLOCK:
            self._unlock(row)
        elif action in ASIDE_ACTIONS:
            if self._aside is not None:
                self._aside(action, row)
        else:
            self._enter(row.id, ReportAction(action))

    def toggle_tick(self, row: ReportRow | None = None) -> None:
        """Tick a row for a comparison, or take its tick away."""
        row = row or self.state.selected
        if row is None:
            return
        others = tuple(one for one in self.state.ticked if one.id != row.id)
        if len(others) == len(self.state.ticked) == MOST_TICKED:
            self._messages.say(tr("最多同时对比 {count} 份检查，请先取消一份。", count=MOST_TICKED), Tone.WARNING)
            return
        self._change(ticked=others if len(others) < len(self.state.ticked) else (*others, row))

    def clear_ticks(self) -> None:
        """Take all ticks away."""
        self._change(ticked=())

    def compare_ticked(self) -> None:
        """多人对比: compare what is ticked, else the selected exam with what is chosen there (RIS-DX-19)."""
        rows = self.state.ticked or ((self.state.selected,) if self.state.selected is not None else ())
        if self._compare is not None and rows:
            self._compare(tuple(row.id for row in rows))

    def show_clock(self, clock: ReportClock) -> None:
        """Show what is overdue (or soon will be) in all states and of all days."""
        self._change(span=Span.ALL)
        self.filter(clock=clock, states=(), examined_from=None, examined_to=None)

    def compare_selected(self) -> None:
        """Put the selected patient's images beside what the viewer shows."""
        row = self.state.selected
        if row is None or not row.study_uids:
            self._messages.say(tr("所选检查没有影像。"), Tone.WARNING)
            return
        for uid in row.study_uids:
            self._viewer.compare(uid)

    def _unlock(self, row: ReportRow) -> None:
        request = UnlockReport(report_id=row.id)
        self._runner.run(lambda: self._line.call(request), self._on_unlocked, self._on_action_failed)

    def heard(self, notice: Notice) -> None:
        """Load again when some report or exam has changed, and what filters offer when the master data have."""
        if isinstance(notice, Changed) and notice.entity in ("report", "study"):
            self.renew()
        elif isinstance(notice, Changed) and notice.entity == "hospital":
            self._runner.run(
                lambda: self._line.call(GetHospital()), self._on_hospital, self._messages.report, key="hospital"
            )

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────

    def arrived(self, conditions: ReportFilter, sort: Sort | None, found: ReportList) -> None:
        """The first window came."""
        with self._lock:
            self._first = (conditions, sort, found)
        selected = self.state.selected
        by_id = {row.id: row for row in found.rows}
        if selected is not None:
            selected = by_id.get(selected.id, selected)
        self._change(
            ticked=tuple(by_id.get(row.id, row) for row in self.state.ticked),
            rows=found.rows,
            total=found.total,
            counts=found.counts,
            selected=selected,
            is_loading=False,
            error=None,
            generation=self.state.generation + 1,
        )

    def _on_failed(self, error: Exception) -> None:
        self._change(is_loading=False, error=error)

    def _on_hospital(self, hospital: HospitalView) -> None:
        self._change(hospital=hospital)

    def _on_first_queries(self, queries: tuple[SavedQueryView, ...]) -> None:
        self._change(queries=queries)
        usual = next((query for query in queries if query.is_default), None)
        if usual is not None:
            self._use(usual)
        self.refresh()

    def _on_no_queries(self, error: Exception) -> None:
        self._messages.report(error)
        self.refresh()

    def _use(self, query: SavedQueryView) -> None:
        conditions, span = query.filter, Span.CHOSEN
        if query.today_only:
            conditions, span = self._present(conditions, is_today=True), Span.TODAY
        elif not (conditions.examined_from or conditions.examined_to):
            span = Span.ALL
        self._change(conditions=conditions, span=span, query_id=query.id)

    def _on_query_saved(self, query: SavedQueryView) -> None:
        self._messages.say(tr("查询条件已保存：{name}", name=query.name), Tone.SUCCESS)
        self._change(query_id=query.id)
        self.load_queries()

    def load_queries(self) -> None:
        """Fetch the saved queries again."""
        self._runner.run(
            lambda: self._line.call(ListSavedQueries()), lambda all_: self._change(queries=all_), self._messages.report
        )

    def query_deleted(self, gone: SavedQueryView) -> None:
        """A saved query is gone: say so and offer it back."""

        def undo() -> None:
            request = SaveQuery(
                name=gone.name, filter=gone.filter, today_only=gone.today_only, is_default=gone.is_default
            )
            self._runner.run(lambda: self._line.call(request), self._on_query_saved, self._messages.report)

        self._messages.offer_undo(tr("查询条件已删除：{name}", name=gone.name), undo)
        self._change(query_id=None if self.state.query_id == gone.id else self.state.query_id)
        self.load_queries()

    def _on_unlocked(self, view: ReportView) -> None:
        self._messages.say(tr("已解锁：{name}", name=view.row.patient_name), Tone.SUCCESS)
        self.refresh()

    def _on_action_failed(self, error: Exception) -> None:
        self._messages.report(error)
        self.refresh()

    def _present(self, conditions: ReportFilter, *, is_today: bool = False) -> ReportFilter:
        """Today's list stays today's after midnight."""
        if not (is_today or self.state.span is Span.TODAY):
            return conditions
        today = self._today()
        return with_parts(conditions, examined_from=today, examined_to=today)

    def _change(self, **parts: Any) -> None:
        self.state = replace(self.state, **parts)
        self._show(self.state)


def _request(conditions: ReportFilter, sort: Sort | None, page: Page) -> ListReports:
    if sort is None or sort.key not in set(ReportOrder):
        return ListReports(filter=conditions, page=page)
    return ListReports(filter=conditions, page=page, order=ReportOrder(sort.key), descending=sort.descending)


class _Arrived:
    def __init__(self, presenter: WorklistPresenter, conditions: ReportFilter, sort: Sort | None) -> None:
        self._presenter = presenter
        self._conditions = conditions
        self._sort = sort

    def __call__(self, found: ReportList) -> None:
        self._presenter.arrived(self._conditions, self._sort, found)


class _QueryDeleted:
    def __init__(self, presenter: WorklistPresenter, gone: SavedQueryView) -> None:
        self._presenter = presenter
        self._gone = gone

    def __call__(self, _nothing: object) -> None:
        self._presenter.query_deleted(self._gone)
