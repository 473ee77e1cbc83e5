"""What 借出管理 does: collect archived items, check the borrower's form, lend, the receipt. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.archive.items import KIND_WORDS, OBJECT_KINDS, Item, Search, kept
from clients.pathology.desk import Desk
from clients.pathology.registration.money import fen_of
from shared.contract.pathology_keeping import MOST_ITEMS, Borrower, KeptKind, Lend, LoanItemEntry, LoanView
from shared.contract.pathology_trail import Scan, ScanResult

LOAN_DAYS = 14


@dataclass(frozen=True)
class LendingState:
    """What is collected, and the loan that was made last."""

    items: tuple[Item, ...] = ()
    found: tuple[Item, ...] = ()  # archived and not lent, of the case number that was asked for
    asked: str = ""
    loan: LoanView | None = None
    busy: bool = False


def due_day(today: date) -> date:
    """The usual day of return."""
    return today + timedelta(days=LOAN_DAYS)


class LendingPresenter:
    """One for each page. `made` is called with a loan that was just made."""

    def __init__(
        self, desk: Desk, render: Callable[[LendingState], None], made: Callable[[LoanView], None] = lambda _loan: None
    ) -> None:
        self._desk, self._render, self._made = desk, render, made
        self.state = LendingState()
        self._open = True

    def close(self) -> None:
        """The page goes; late answers are dropped."""
        self._open = False

    def find(self, case_number: str) -> None:
        """What of a case lies in the archive."""
        number = case_number.strip()
        if not number:
            self._set(found=(), asked="")
            return
        place = self._desk.place

        def came(items: tuple[Item, ...]) -> None:
            self._set(found=tuple(one for one in items if one.loan_id is None), asked=number)

        place.runner.run(lambda: self._of_case(number), came, place.messages.report, key="pathology.lend.find")

    def scanned(self, code: str) -> bool:
        """Collect a scanned block, slide, or the papers of a scanned case."""
        place = self._desk.place
        call = place.connection.call
        request = Scan(code=code[:64], station=self._desk.station.id)

        def work() -> tuple[ScanResult, tuple[Item, ...]]:
            result: ScanResult = call(request)
            kind = OBJECT_KINDS.get(result.found.kind) if result.found is not None else None
            if result.found is None or kind is None:
                return result, ()
            wanted = result.found.case_id if kind is KeptKind.PAPER else result.found.id
            items = kept(call, kind, Search(number=result.found.case_number))
            return result, tuple(one for one in items if one.object_id == wanted)

        def came(answer: tuple[ScanResult, tuple[Item, ...]]) -> None:
            result, items = answer
            if items and items[0].loan_id is None:
                self.add(items[0])
            elif items:
                place.messages.say(tr("{number} 已经借出。", number=items[0].number), Tone.WARNING)
            elif result.found is None:
                place.messages.say(result.message, Tone.DANGER)
            else:
                place.messages.say(tr("{number} 没有归档，请先归档。", number=result.found.number), Tone.WARNING)

        place.runner.run(work, came, place.messages.report, key="pathology.lend.scan")
        return True

    def add(self, item: Item) -> None:
        """Collect an item; once is enough."""
        if item.key not in {one.key for one in self.state.items} and len(self.state.items) < MOST_ITEMS:
            self._set(items=(*self.state.items, item))

    def add_found(self) -> None:
        """Collect everything that was found."""
        for one in self.state.found:
            self.add(one)

    def remove(self, item: Item) -> None:
        """Take an item out of the collection."""
        self._set(items=tuple(one for one in self.state.items if one.key != item.key))

    def lend(self, values: Mapping[str, Any]) -> None:
        """借出 of everything that is collected, or of nothing. `values` of the borrower's form, already checked."""
        if not self.state.items:
            self._desk.place.messages.say(tr("请先扫描或添加要借出的材料。"), Tone.WARNING)
            return
        if self.state.busy:
            return
        request = Lend(
            items=tuple(LoanItemEntry(kind=one.kind, object_id=one.object_id) for one in self.state.items),
            purpose=values["purpose"],
            borrower=Borrower(
                name=values["name"],
                id_number=values["id_number"],
                phone=values["phone"],
                unit=values["unit"],
                relation=values["relation"],
            ),
            deposit_fen=fen_of(values["deposit"]) or 0,
            due_day=values["due_day"],
            note=values["note"],
            station=self._desk.station.id,
        )
        place = self._desk.place

        def came(loan: LoanView) -> None:
            self._set(items=(), found=(), asked="", loan=loan, busy=False)
            place.messages.say(tr("已借出，借阅登记号 {number}", number=loan.number), Tone.SUCCESS)
            if self._open:
                self._made(loan)

        def failed(error: Exception) -> None:
            self._set(busy=False)
            place.messages.report(error)

        self._set(busy=True)
        place.runner.run(lambda: place.connection.call(request), came, failed, key="pathology.lend")

    def _of_case(self, number: str) -> tuple[Item, ...]:
        call = self._desk.place.connection.call
        return tuple(item for kind in KIND_WORDS for item in kept(call, kind, Search(number=number)))

    def _set(self, **changes: object) -> None:
        if self._open:
            self.state = replace(self.state, **changes)  # type: ignore[arg-type]
            self._render(self.state)
