"""Handlers of the bench's papers: each calls one use case."""

from __future__ import annotations

from server.kernel.dispatch import Caller, handles_alone
from server.pathology.papers.service import BenchPapers
from shared.contract import pathology_papers as contract
from shared.contract.printing import DocumentView


class PapersRpc:
    """What the grossing bench and the technical room print."""

    def __init__(self, papers: BenchPapers) -> None:
        self._papers = papers

    @handles_alone
    def cassettes(self, request: contract.DrawCassetteLabels, caller: Caller) -> DocumentView:
        return self._papers.cassettes(caller, request)

    @handles_alone
    def slides(self, request: contract.DrawSlideLabels, caller: Caller) -> DocumentView:
        return self._papers.slides(caller, request)

    @handles_alone
    def grossing_sheet(self, request: contract.DrawGrossingSheet, caller: Caller) -> DocumentView:
        return self._papers.grossing_sheet(caller, request.case_id, request.language)

    @handles_alone
    def specimen_sheet(self, request: contract.DrawSpecimenSheet, caller: Caller) -> DocumentView:
        return self._papers.specimen_sheet(caller, request.filter, request.language)

    @handles_alone
    def slide_sheet(self, request: contract.DrawSlideSheet, caller: Caller) -> DocumentView:
        return self._papers.slide_sheet(caller, request.filter, request.language)
