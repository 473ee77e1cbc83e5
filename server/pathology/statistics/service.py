"""Use cases that join the parts of this room: tables and lists shown, exported, drawn and kept as documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.pathology.papers.ports import Documents, HospitalName
from server.pathology.statistics import sheets
from server.pathology.statistics.figures import Figures
from server.pathology.statistics.indicators import Indicators
from server.pathology.statistics.lists import Lists, demand, right_of
from server.pathology.statistics.papers import Drawn, StatisticsPapers
from server.pathology.statistics.rules import RuleBook
from server.pathology.statistics.wording import word_of
from server.printing.drawing import MEDIA
from server.printing.layout.sheet import Language
from shared.contract import pathology_statistics as contract
from shared.contract.master import SheetView
from shared.contract.printing import DocumentView
from shared.domain.pathology_indicators import INDICATORS
from shared.domain.pathology_queries import Field
from shared.domain.pathology_statistics import MEASURES, SUBJECTS

_TITLES = {True: ("登记薄", "Register book"), False: ("病例列表", "List of cases")}


class Statistics:
    """Tables and lists in all their forms."""

    def __init__(
        self,
        database: Database,
        time: HospitalTime,
        figures: Figures,
        lists: Lists,
        indicators: Indicators,
        rules: RuleBook,
        hospital: HospitalName,
        documents: Documents,
    ) -> None:
        self._database, self._time = database, time
        self._figures, self._lists, self._indicators, self._rules = figures, lists, indicators, rules
        self._hospital, self._documents = hospital, documents
        self._papers = StatisticsPapers(time)

    def table(self, uow: UnitOfWork, caller: Caller, request: contract.GetTable) -> contract.Table:
        """One statistic. Raises INVALID, PERMISSION_MISSING."""
        demand(caller, right_of(request.subject))
        return self._table(uow, request)

    def export_table(self, uow: UnitOfWork, caller: Caller, request: contract.ExportTable) -> SheetView:
        """The same as a file. Raises INVALID, PERMISSION_MISSING."""
        demand(caller, right_of(request.subject))
        return sheets.table_sheet(self._table(uow, request), request.filter, request.format, request.language)

    def draw_table(self, caller: Caller, request: contract.DrawTable) -> DocumentView:
        """The same on paper. Raises INVALID, PERMISSION_MISSING."""
        demand(caller, right_of(request.subject))
        spoken = _spoken(request.language)
        with self._database.read() as uow:
            table, hospital = self._table(uow, request), self._hospital.name(uow, spoken)
        return self._keep(
            contract.TABLE_PAPER, lambda: self._papers.table(table, request.filter, hospital, caller.name, spoken)
        )

    def export_cases(self, uow: UnitOfWork, caller: Caller, request: contract.ExportCases) -> SheetView:
        """A list as a file. Raises INVALID, PERMISSION_MISSING."""
        lines = self._lists.every(uow, caller, request.which, request.fields, contract.MOST_EXPORTED, request.language)
        title, about = self._titles(request.which, request.language)
        stem = f"{title}_{about}".replace(" ", "").replace("/", "-").rstrip("_")[:80]
        return sheets.cases_sheet(lines, _once(request.fields), stem, request.format, request.language)

    def draw_cases(self, caller: Caller, request: contract.DrawCases) -> DocumentView:
        """A list, or the register book, on paper. Raises INVALID, PERMISSION_MISSING."""
        spoken = _spoken(request.language)
        with self._database.read() as uow:
            lines = self._lists.every(uow, caller, request.which, request.fields, contract.MOST_DRAWN, spoken)
            hospital = self._hospital.name(uow, spoken)
        title, about = self._titles(request.which, spoken)
        counted = f"{about}    {len(lines)} cases" if spoken == "en" else f"{about}    共 {len(lines)} 例"
        kind = contract.BOOK_PAPER if isinstance(request.which, contract.BookOf) else contract.LIST_PAPER
        fields = _once(request.fields)
        return self._keep(
            kind, lambda: self._papers.cases(title, counted.strip(), lines, fields, hospital, caller.name, spoken)
        )

    def export_indicators(self, uow: UnitOfWork, request: contract.ExportIndicators) -> SheetView:
        """All indicators over some months as a file. Raises INVALID."""
        views = self._indicators.views(uow, request.last, request.months)
        return sheets.indicators_sheet(views, request.format, request.language)

    def draw_indicators(self, caller: Caller, request: contract.DrawIndicators) -> DocumentView:
        """The indicators of a month on paper. Raises INVALID."""
        spoken = _spoken(request.language)
        with self._database.read() as uow:
            views, hospital = self._indicators.views(uow, request.month, 1), self._hospital.name(uow, spoken)
        return self._keep(contract.TABLE_PAPER, lambda: self._papers.indicators(views, hospital, caller.name, spoken))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _table(
        self, uow: UnitOfWork, request: contract.GetTable | contract.ExportTable | contract.DrawTable
    ) -> contract.Table:
        rules = self._rules.rules(uow)
        return self._figures.table(uow, request.subject, request.group_by, request.filter, rules, request.language)

    def _titles(self, which: contract.Which, language: str) -> tuple[str, str]:
        """The title of a list, and what it holds."""
        title = _TITLES[isinstance(which, contract.BookOf)][1 if language == "en" else 0]
        if isinstance(which, contract.BookOf):
            return title, sheets.days_of(which.filter)
        if isinstance(which, contract.FigureOf):
            words = (word_of(SUBJECTS[which.subject], language), word_of(MEASURES[which.measure][0], language))
            return words[0], "  ".join(one for one in (which.key, words[1], sheets.days_of(which.filter)) if one)
        if isinstance(which, contract.IndicatorOf):
            return word_of(INDICATORS[which.indicator][0], language), which.month
        return title, ""

    def _keep(self, kind: str, draw: Callable[[], Drawn]) -> DocumentView:
        data, warning = draw()
        with self._database.write() as uow:
            return self._documents.keep_view(
                uow, kind=kind, media_type=MEDIA["pdf"], data=data, subject_id=0, warning=warning
            )


def _once(fields: Sequence[Field]) -> tuple[Field, ...]:
    return tuple(dict.fromkeys(fields))


def _spoken(language: str) -> Language:
    return "en" if language == "en" else "zh"
