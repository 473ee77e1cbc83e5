"""Handlers of lines."""

from __future__ import annotations

from server.ecg.lines.service import LineService, Originals
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import ecg_lines as contract
from shared.contract.base import Nothing


class LinesRpc:
    """What stations and the centre ask about lines."""

    def __init__(self, lines: LineService, originals: Originals) -> None:
        self._lines = lines
        self._originals = originals

    @handles
    def report(self, request: contract.ReportLine, caller: Caller, uow: UnitOfWork) -> Nothing:
        return self._lines.report(uow, caller, request.report)

    @handles
    def listed(self, _request: contract.ListLines, caller: Caller, uow: UnitOfWork) -> tuple[contract.LineView, ...]:
        return self._lines.listed(uow, caller)

    @handles
    def compare(self, request: contract.CompareLine, _caller: Caller, uow: UnitOfWork) -> tuple[contract.HeldView, ...]:
        return self._lines.compare(uow, request.keys)

    @handles_alone
    def begin_original(self, request: contract.BeginOriginal, _caller: Caller) -> contract.OriginalView:
        return self._originals.begin(request)

    @handles_alone
    def append_original(self, request: contract.AppendOriginal, _caller: Caller) -> contract.OriginalView:
        return self._originals.append(request)

    @handles_alone
    def finish_original(self, request: contract.FinishOriginal, _caller: Caller) -> contract.OriginalView:
        return self._originals.finish(request.key)
