"""The case list: what it filters by, its counters, and numbers that are typed or scanned; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from clients.kit.screen import ScreenPresenter
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.shell.server import CaseRows
from shared.contract.base import Changed, Notice
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.pathology import CASE_ENTITY, CaseFilter, CountLists, ListCounts
from shared.contract.pathology_reports import ClockView, Counts, GetCounts
from shared.contract.pathology_trail import Scan, ScanResult
from shared.domain.pathology import GOOD_VERDICTS, CaseFlag, CaseState

SPANS = (1, 7, 30, 90, 0)
"""Days back that can be chosen; 0 for all."""
USUAL_DAYS = 7
"""What the diagnosis stations declare (PA-DX-01); the department may want another number."""


@dataclass(frozen=True)
class ListState:
    """What the left side shows."""

    states: tuple[CaseState, ...] = ()
    days: int = 30
    text: str = ""
    flags: tuple[CaseFlag, ...] = ()
    title: str = ""
    """Name of a special list that is shown instead (Chinese source), empty for the usual one."""
    state_counts: dict[CaseState, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    """Figures of the links by the names of `links.LINKS`."""
    looking_up: str = ""
    """The number that is being looked up."""
    problem: str = ""
    """A finished sentence at the number field."""


class CaseListPresenter(ScreenPresenter[ListState]):
    """Filters, counts, looks numbers up and opens their case."""

    def __init__(
        self,
        desk: Desk,
        show: Callable[[ListState], None],
        today: Callable[[], date] = date.today,
        clocks: dict[int, ClockView] | None = None,
    ) -> None:
        place = desk.place
        super().__init__(
            ListState(states=desk.station.states, days=first_days(desk)),
            place.connection,
            place.runner,
            place.messages,
            show,
        )
        self._desk = desk
        self._today = today
        self.on_source: Callable[[CaseRows], None] = lambda _rows: None
        """Told when the list shows something else."""
        self.on_stale: Callable[[], None] = lambda: None
        """Told when the rows shown are old."""
        self.clocks = clocks if clocks is not None else {}
        """Turn-around clocks of the cases that were listed."""
        self.rows = CaseRows(place.connection, self.filter, self.clocks)

    @property
    def filter(self) -> CaseFilter:
        """The conditions of the list in the contract's words."""
        state = self.state
        first = self._today() - timedelta(days=state.days - 1) if state.days and not state.text else None
        return CaseFilter(
            library_ids=(self._desk.library.id,),
            states=state.states,
            flags=state.flags,
            first=first,
            text=state.text,
        )

    def open(self) -> None:
        """Load for the first time."""
        self._show_rows()
        self.refresh_counts()

    def close(self) -> None:
        """The list is gone: late answers are shown to nobody."""
        self._show = lambda _state: None
        self.on_source = lambda _rows: None
        self.on_stale = lambda: None

    def toggle_state(self, state: CaseState) -> None:
        """Press or release a state button; several may be pressed together (PA-DX-02)."""
        held = self.state.states
        pressed = tuple(one for one in held if one is not state) if state in held else (*held, state)
        self._change(states=pressed, flags=(), title="")
        self._show_rows()

    def set_days(self, days: int) -> None:
        """Show so many days back."""
        self._change(days=days)
        self._show_rows()
        self.refresh_counts()

    def search(self, text: str) -> None:
        """Filter by name, pinyin initials or any number of the patient; days do not count then."""
        if text != self.state.text:
            self._change(text=text)
            self._show_rows()

    def show_special(self, title: str, flags: tuple[CaseFlag, ...] = (), states: tuple[CaseState, ...] = ()) -> None:
        """Show one of the special lists in the place of the usual one."""
        self._change(title=title, flags=flags, states=states, text="")
        self._show_rows()

    def leave_special(self) -> None:
        """Back to the usual list of the station."""
        self._change(title="", flags=(), states=self._desk.station.states, text="")
        self._show_rows()

    def refresh(self) -> None:
        """Load rows and counters again; the old ones stay on screen meanwhile."""
        self.rows.forget()
        self.on_stale()
        self.refresh_counts()

    def refresh_counts(self) -> None:
        """Load the counters of states and links."""
        first = self._today() - timedelta(days=self.state.days - 1) if self.state.days else None
        ask = CountLists(library_ids=(self._desk.library.id,), first=first)
        self._ask(ask, self._counted, _silent, key="pathology.counts")
        self._ask(GetCounts(), self._counted_more, _silent, key="pathology.more_counts")

    def heard(self, notice: Notice) -> bool:
        """Say whether a notice makes the list old."""
        return isinstance(notice, Changed) and notice.entity == CASE_ENTITY

    def look_up(self, code: str) -> None:
        """A number was typed or a barcode scanned: open its case (PA-GRS-02, PA-GRS-03, PA-DX-03)."""
        code = code.strip()
        if not code:
            return
        self._change(looking_up=code, problem="")
        self._ask(
            Scan(code=code[:64], station=self._desk.station.id),
            lambda result: self._found(code, result),
            lambda error: self._not_found(code, error),
            key="pathology.scan",
        )

    def forget_problem(self) -> None:
        """Somebody types on."""
        if self.state.problem:
            self._change(problem="")

    def _found(self, code: str, result: ScanResult) -> None:
        found = result.found
        if found is None or result.verdict not in GOOD_VERDICTS:
            self._change(looking_up="", problem=result.message or tr("没有找到 {code}，请核对后再试。", code=code))
            return
        self._change(looking_up="", problem="")
        self._desk.open_case(found.case_id)

    def _not_found(self, code: str, error: Exception) -> None:
        if isinstance(error, RpcError) and error.code is ErrorCode.NOT_FOUND:
            self._change(looking_up="", problem=tr("没有找到 {code}，请核对后再试。", code=code))
            return
        self._change(looking_up="")
        self._messages.report(error)

    def _show_rows(self) -> None:
        self._desk.filter = self.filter
        self.rows = CaseRows(self._caller, self._desk.filter, self.clocks)
        self.on_source(self.rows)

    def _counted(self, counts: ListCounts) -> None:
        links = {"bookings": counts.bookings, "regrossing": counts.flags.get(CaseFlag.REGROSSING, 0)}
        self._change(state_counts=dict(counts.states), counts={**self.state.counts, **links})

    def _counted_more(self, counts: Counts) -> None:
        links = {
            "consultations": counts.consultations,
            "follow_ups_due": counts.follow_ups_due,
            "follow_ups": counts.follow_ups,
            "favourites": counts.favourites,
            "overdue": counts.overdue,
        }
        self.state = replace(self.state, counts={**self.state.counts, **links})
        self._show(self.state)


def first_days(desk: Desk) -> int:
    """How many days a list shows at first: the department's choice where the list is that of a diagnosis station."""
    return desk.settings.list_days if desk.station.days == USUAL_DAYS else desk.station.days


def _silent(_error: Exception) -> None:
    """Counters that cannot be had are told by the strip of the line; a toast each minute would help nobody."""
