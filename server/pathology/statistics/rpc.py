"""Handlers of queries and statistics: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.pathology.statistics.indicators import Indicators
from server.pathology.statistics.lists import Lists
from server.pathology.statistics.pairs import Pairs
from server.pathology.statistics.register import TumourRegister
from server.pathology.statistics.rules import RuleBook
from server.pathology.statistics.saved import Choices, Earlier, SavedQueries
from server.pathology.statistics.service import Statistics
from shared.contract import pathology_statistics as contract
from shared.contract.base import Nothing
from shared.contract.master import SheetView
from shared.contract.printing import DocumentView


class QueriesRpc:
    """Lists of cases, saved queries, earlier cases, comparisons, the tumour register."""

    def __init__(
        self,
        lists: Lists,
        saved: SavedQueries,
        choices: Choices,
        earlier: Earlier,
        pairs: Pairs,
        register: TumourRegister,
    ) -> None:
        self._lists, self._saved, self._choices, self._earlier, self._pairs = lists, saved, choices, earlier, pairs
        self._register = register

    @handles
    def list_cases(self, request: contract.ListCases, caller: Caller, uow: UnitOfWork) -> contract.CaseTable:
        return self._lists.page(
            uow, caller, request.which, request.fields, request.cursor, request.limit, request.language
        )

    @handles
    def tumours(self, request: contract.ExportTumours, caller: Caller, uow: UnitOfWork) -> SheetView:
        return self._register.sheet(uow, request)

    @handles
    def choices(
        self, request: contract.ListChoices, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.FieldChoice, ...]:
        return self._choices.of(uow, request.field)

    @handles
    def queries(
        self, request: contract.ListQueries, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.SavedQuery, ...]:
        return self._saved.listed(uow, caller)

    @handles
    def save_query(self, request: contract.SaveQuery, caller: Caller, uow: UnitOfWork) -> contract.SavedQuery:
        return self._saved.save(uow, caller, request.query)

    @handles
    def delete_query(self, request: contract.DeleteQuery, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._saved.delete(uow, caller, request.query_id)
        return Nothing()

    @handles
    def earlier(
        self, request: contract.ListEarlier, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.EarlierCase, ...]:
        return self._earlier.listed(uow, caller, request.case_id)

    @handles
    def pairs(self, request: contract.ListPairs, caller: Caller, uow: UnitOfWork) -> tuple[contract.PairView, ...]:
        return self._pairs.find(uow, request.pair, request.first, request.last)

    @handles
    def judge(self, request: contract.JudgePair, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._pairs.judge(uow, caller, request)
        return Nothing()


class StatisticsRpc:
    """Tables, indicators, files and papers."""

    def __init__(self, statistics: Statistics, indicators: Indicators, rules: RuleBook) -> None:
        self._statistics, self._indicators, self._rules = statistics, indicators, rules

    @handles
    def table(self, request: contract.GetTable, caller: Caller, uow: UnitOfWork) -> contract.Table:
        return self._statistics.table(uow, caller, request)

    @handles
    def export_table(self, request: contract.ExportTable, caller: Caller, uow: UnitOfWork) -> SheetView:
        return self._statistics.export_table(uow, caller, request)

    @handles_alone
    def draw_table(self, request: contract.DrawTable, caller: Caller) -> DocumentView:
        return self._statistics.draw_table(caller, request)

    @handles
    def export_cases(self, request: contract.ExportCases, caller: Caller, uow: UnitOfWork) -> SheetView:
        return self._statistics.export_cases(uow, caller, request)

    @handles_alone
    def draw_cases(self, request: contract.DrawCases, caller: Caller) -> DocumentView:
        return self._statistics.draw_cases(caller, request)

    @handles
    def indicators(
        self, request: contract.GetIndicators, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.IndicatorView, ...]:
        return self._indicators.views(uow, request.last, request.months)

    @handles
    def export_indicators(self, request: contract.ExportIndicators, caller: Caller, uow: UnitOfWork) -> SheetView:
        return self._statistics.export_indicators(uow, request)

    @handles_alone
    def draw_indicators(self, request: contract.DrawIndicators, caller: Caller) -> DocumentView:
        return self._statistics.draw_indicators(caller, request)

    @handles
    def enter(self, request: contract.EnterIndicator, caller: Caller, uow: UnitOfWork) -> contract.IndicatorMonth:
        return self._indicators.enter(uow, caller, request)

    @handles
    def get_rules(self, request: contract.GetRules, caller: Caller, uow: UnitOfWork) -> contract.StatisticsRules:
        return self._rules.rules(uow)

    @handles
    def save_rules(self, request: contract.SaveRules, caller: Caller, uow: UnitOfWork) -> contract.StatisticsRules:
        return self._rules.save(uow, request.rules)
