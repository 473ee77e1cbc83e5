"""The rows of a list of cases for a list view that asks for any window; knows no Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.screen import Caller
from clients.pathology.statistics.files import tongue
from shared.contract.pathology_statistics import CaseLine, ListCases, Which
from shared.domain.pathology_queries import Field

PAGE = 200


class CaseLines:
    """Pages are fetched on from the last cursor. Called in worker threads; `counted` is told the total there."""

    def __init__(self, caller: Caller, which: Which, fields: Sequence[Field]) -> None:
        self._caller = caller
        self.which = which
        self.fields = tuple(fields)
        self._gate = threading.Lock()
        self._lines: list[CaseLine] = []
        self._cursor: str | None = ""
        self._total = 0
        self.counted: Callable[[int], None] = lambda _total: None

    def __call__(self, request: PageRequest) -> PageOfRows[CaseLine]:
        """One window; raises RpcError."""
        with self._gate:
            wanted = request.offset + request.limit
            while self._cursor is not None and len(self._lines) < wanted:
                asked = ListCases(
                    which=self.which, fields=self.fields, cursor=self._cursor, limit=PAGE, language=tongue()
                )
                page = self._caller.call(asked)
                self._lines += page.lines
                self._total = max(self._total, page.total, len(self._lines))
                self._cursor = page.next_cursor or None
            if self._cursor is None:
                self._total = len(self._lines)
            self.counted(self._total)
            return PageOfRows(self._lines[request.offset : wanted], self._total)
