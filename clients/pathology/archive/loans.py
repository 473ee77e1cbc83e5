"""What 归还管理 and 借阅信息浏览 do: find loans, take items back, extend, report losses. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.base import Request
from shared.contract.pathology_keeping import (
    ExtendLoan,
    ListLoans,
    LoanFilter,
    LoanItemView,
    LoanView,
    ReportLost,
    ReturnItems,
)
from shared.domain.pathology import LoanState

OUT = (LoanState.LENT, LoanState.OVERDUE)
LIMIT = 200


@dataclass(frozen=True)
class LoansState:
    """Loans that were found, the one that is looked at, and the items of it that are ticked."""

    filter: LoanFilter = LoanFilter()  # noqa: RUF009 - a frozen value
    loans: tuple[LoanView, ...] = ()
    loan: LoanView | None = None
    ticked: frozenset[int] = frozenset()  # ids of items
    loading: bool = False
    trouble: Exception | None = None


def overdue_days(loan: LoanView, today: date) -> int:
    """Days since the due day of a loan that is overdue; 0 for every other."""
    return max((today - loan.due_day).days, 0) if loan.state is LoanState.OVERDUE else 0


def items_out(loan: LoanView) -> tuple[LoanItemView, ...]:
    """What has not come back."""
    return tuple(item for item in loan.items if item.state is LoanState.LENT)


class LoansPresenter:
    """One for each page; `only_out` for the page of returns."""

    def __init__(self, desk: Desk, render: Callable[[LoansState], None], *, only_out: bool = False) -> None:
        self._desk, self._render = desk, render
        self._base = OUT if only_out else ()
        self.state = LoansState(filter=LoanFilter(states=self._base))
        self._open = True

    def close(self) -> None:
        """The page goes; late answers are dropped."""
        self._open = False

    @property
    def is_open(self) -> bool:
        """Whether the page is still there."""
        return self._open

    def find(self, wanted: LoanFilter) -> None:
        """Search; all conditions that are given must hold."""
        if not wanted.states:
            wanted = LoanFilter(**{**_fields(wanted), "states": self._base})  # type: ignore[arg-type]
        self._set(filter=wanted)
        self.load()

    def find_text(self, text: str) -> None:
        """A loan's number, scanned or typed, or a part of the borrower's name."""
        word = text.strip()
        is_number = bool(word) and word[0] in "Jj" and word[1:].replace("-", "").isdigit()
        self.find(LoanFilter(loan_number=word.upper()) if is_number else LoanFilter(borrower=word))

    def scanned(self, code: str) -> bool:
        """A loan's number from its receipt."""
        self.find_text(code)
        return True

    def load(self) -> None:
        """Search again; the loan that is looked at stays."""
        place, request = self._desk.place, ListLoans(filter=self.state.filter, limit=LIMIT)

        def came(loans: tuple[LoanView, ...]) -> None:
            now = self.state.loan
            same = next((one for one in loans if now is not None and one.id == now.id), None)
            only = loans[0] if len(loans) == 1 else None
            self._set(loans=loans, loading=False, trouble=None)
            self.select(same or only)

        def failed(error: Exception) -> None:
            self._set(loading=False, trouble=error)

        self._set(loading=True)
        place.runner.run(lambda: place.connection.call(request), came, failed, key=f"pathology.loans.{id(self)}")

    def select(self, loan: LoanView | None) -> None:
        """Look at a loan; what is out of it is ticked."""
        was, now = self.state.loan, loan
        if was is not None and now is not None and (was.id, was.version) == (now.id, now.version):
            self._set(loan=now)
        else:
            self._set(loan=now, ticked=frozenset(item.id for item in items_out(now)) if now else frozenset())

    def tick(self, item_id: int) -> None:
        """Tick an item that is out, or untick it."""
        if self.state.loan is not None and item_id in {item.id for item in items_out(self.state.loan)}:
            self._set(ticked=self.state.ticked ^ {item_id})

    def give_back(self, outside_diagnosis: str, refund_fen: int, note: str, done: Callable[[], None]) -> None:
        """归还 of the ticked items."""
        if (chosen := self._chosen()) is not None:
            loan, ids = chosen
            request = ReturnItems(
                loan_id=loan.id,
                version=loan.version,
                item_ids=ids,
                outside_diagnosis=outside_diagnosis,
                refund_fen=refund_fen,
                note=note,
                station=self._desk.station.id,
            )
            self._command(request, "已归还 {count} 件", len(ids), done)

    def report_lost(self, reason: str, done: Callable[[], None]) -> None:
        """遗失 of the ticked items."""
        if (chosen := self._chosen()) is not None:
            loan, ids = chosen
            request = ReportLost(loan_id=loan.id, version=loan.version, item_ids=ids, reason=reason)
            self._command(request, "已登记遗失 {count} 件", len(ids), done)

    def extend(self, day: date, note: str, done: Callable[[], None]) -> None:
        """延期 to a later day."""
        loan = self.state.loan
        if loan is not None:
            request = ExtendLoan(loan_id=loan.id, version=loan.version, due_day=day, note=note)
            self._command(request, "已延期", 0, done)

    def _chosen(self) -> tuple[LoanView, tuple[int, ...]] | None:
        loan = self.state.loan
        ids = tuple(item.id for item in loan.items if item.id in self.state.ticked) if loan is not None else ()
        if loan is None or not ids:
            self._desk.place.messages.say(tr("请先选择借阅记录并勾选材料。"), Tone.WARNING)
            return None
        return loan, ids

    def _command(self, request: Request[LoanView], words: str, count: int, done: Callable[[], None]) -> None:
        place = self._desk.place

        def came(loan: LoanView) -> None:
            place.messages.say(tr(words, count=count), Tone.SUCCESS)
            self.select(loan)
            if self._open:
                done()
                self.load()

        place.runner.run(lambda: place.connection.call(request), came, place.messages.report, key="pathology.loan")

    def _set(self, **changes: object) -> None:
        if self._open:
            self.state = replace(self.state, **changes)  # type: ignore[arg-type]
            self._render(self.state)


def _fields(wanted: LoanFilter) -> dict[str, object]:
    return {name: getattr(wanted, name) for name in wanted.__struct_fields__}
