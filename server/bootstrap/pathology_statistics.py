"""Puts queries and statistics of pathology together: what they take from the calendar, cases and documents."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.bootstrap.pathology_stations import NameOfHospital
from server.exams.scheduling.tables import CalendarRow
from server.pathology.statistics.figures import Figures
from server.pathology.statistics.indicators import Indicators
from server.pathology.statistics.lists import Lists
from server.pathology.statistics.pairs import Pairs
from server.pathology.statistics.register import TumourRegister
from server.pathology.statistics.rpc import QueriesRpc, StatisticsRpc
from server.pathology.statistics.rules import IsWorking, RuleBook, is_weekday
from server.pathology.statistics.saved import Choices, Earlier, SavedQueries
from server.pathology.statistics.service import Statistics
from server.pathology.statistics.wording import Wording
from shared.contract.scheduling import CalendarKind

if TYPE_CHECKING:
    from server.bootstrap.pathology import PathologyHouse
    from server.kernel.database import UnitOfWork
    from server.pathology.cases.service import CaseService


class CalendarOfHouse:
    """statistics.indicators.Calendar over the hospital's closures and special working days."""

    def working(self, uow: UnitOfWork, first: date, last: date) -> IsWorking:
        entries = uow.session.scalars(
            select(CalendarRow).where(
                CalendarRow.room_id.is_(None), CalendarRow.last_day >= first, CalendarRow.first_day <= last
            )
        ).all()
        # part of a day closed is a working day all the same
        closed = [(one.first_day, one.last_day) for one in entries if _is_closed_all_day(one)]
        special = [(one.first_day, one.last_day) for one in entries if one.kind == CalendarKind.WORKING.value]

        def is_working(day: date) -> bool:
            if any(begin <= day <= end for begin, end in special):
                return True
            return is_weekday(day) and not any(begin <= day <= end for begin, end in closed)

        return is_working


def _is_closed_all_day(row: CalendarRow) -> bool:
    return row.kind == CalendarKind.CLOSED.value and (row.from_minute, row.to_minute) in ((0, 0), (0, 1440))


def build_pathology_statistics(house: PathologyHouse, cases: CaseService) -> tuple[object, ...]:
    """The handlers."""
    wording, rules = Wording(house.time), RuleBook()
    figures = Figures(house.time, wording)
    indicators = Indicators(house.time, rules, CalendarOfHouse())
    lists = Lists(house.time, figures, indicators, rules, wording)
    hospital = NameOfHospital(house.organisation)
    statistics = Statistics(house.database, house.time, figures, lists, indicators, rules, hospital, house.documents)
    pairs, register = Pairs(house.time, cases), TumourRegister(house.time)
    queries = QueriesRpc(lists, SavedQueries(), Choices(house.time), Earlier(cases), pairs, register)
    return queries, StatisticsRpc(statistics, indicators, rules)
