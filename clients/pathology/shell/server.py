"""What the shell asks of the server, as blocking calls; knows no Qt."""

from __future__ import annotations

import threading

from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.screen import Caller
from shared.contract.pathology import (
    CaseDetails,
    CaseFilter,
    CaseRow,
    GetNeighbours,
    ListCases,
    Neighbours,
    OpenCase,
)

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

    def __init__(self, caller: Caller, filter: CaseFilter) -> None:
        self._caller = caller
        self._filter = filter
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
                total = max(page.total, len(rows))
                cursor = page.next_cursor or None
            if cursor is None:
                total = len(rows)
            self._rows, self._cursor, self._total = rows, cursor, total
        return PageOfRows(rows[request.offset : wanted], total)
