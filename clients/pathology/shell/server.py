"""What the shell asks of the server, as blocking calls; knows no Qt."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.screen import Caller
from shared.contract.errors import RpcError
from shared.contract.pathology import (
    CaseDetails,
    CaseFilter,
    CaseRow,
    GetNeighbours,
    ListCases,
    Neighbours,
    OpenCase,
)
from shared.contract.pathology_reports import ClocksOfCases, ClockView

PAGE = 200
"""Rows that one call fetches."""


class CaseServer:
    """Opens cases and finds their neighbours."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def load(self, case_id: int) -> CaseDetails:
        """The case with everything in it; raises RpcError."""
        return self._caller.call(OpenCase(case_id=case_id))

    def neighbours(self, case_id: int, filter: CaseFilter) -> Neighbours:
        """The cases beside it in the list; raises RpcError."""
        return self._caller.call(GetNeighbours(case_id=case_id, filter=filter))


class CaseRows:
    """The rows of one filter for a list that asks for any window: pages are fetched on from the last cursor.

    The server goes on from a cursor only, so a far window fetches what lies before it. Called in worker threads.
    """

    def __init__(self, caller: Caller, filter: CaseFilter, clocks: dict[int, ClockView] | None = None) -> None:
        self._caller = caller
        self._filter = filter
        self._clocks = clocks
        self._gate = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Fetch everything anew from now on."""
        self._rows: list[CaseRow] = []
        self._cursor: str | None = ""
        self._total = 0

    def __call__(self, request: PageRequest) -> PageOfRows[CaseRow]:
        """One window; raises RpcError."""
        with self._gate:
            rows, cursor, total = list(self._rows), self._cursor, self._total
            wanted = request.offset + request.limit
            while cursor is not None and len(rows) < wanted:
                page = self._caller.call(ListCases(filter=self._filter, cursor=cursor, limit=PAGE))
                rows += page.rows
                self._fetch_clocks(page.rows)
                total = max(page.total, len(rows))
                cursor = page.next_cursor or None
            if cursor is None:
                total = len(rows)
            self._rows, self._cursor, self._total = rows, cursor, total
        return PageOfRows(rows[request.offset : wanted], total)

    def _fetch_clocks(self, rows: Sequence[CaseRow]) -> None:
        """The turn-around clocks of these cases; a list without them is still a list."""
        if self._clocks is None or not rows:
            return
        with suppress(RpcError):
            found = self._caller.call(ClocksOfCases(case_ids=tuple(row.id for row in rows)))
            self._clocks.update(found)
