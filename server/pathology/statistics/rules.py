"""How the hospital counts: kept rules, and working days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import msgspec

from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid
from server.pathology.statistics.tables import RulesRow
from shared.contract.base import Changed
from shared.contract.pathology_statistics import StatisticsRules
from shared.domain.pathology_indicators import Indicator

_THE_RULES = 1
_MOST_WORDS = 100
IsWorking = Callable[[date], bool]
"""Whether the department works on a day."""


class RuleBook:
    """The one set of rules."""

    def rules(self, uow: UnitOfWork) -> StatisticsRules:
        """Return the rules in force."""
        row = uow.session.get(RulesRow, _THE_RULES)
        if row is None:
            return StatisticsRules()
        kept = msgspec.json.decode(row.body, type=StatisticsRules)
        return msgspec.structs.replace(kept, version=row.version)

    def save(self, uow: UnitOfWork, rules: StatisticsRules) -> StatisticsRules:
        """Change the rules. Raises INVALID, CONFLICT."""
        check_rules(rules)
        row = uow.session.get(RulesRow, _THE_RULES, with_for_update=True)
        if row is None:
            row = RulesRow(id=_THE_RULES, version=0, body=b"")
            uow.session.add(row)
        row.expect(rules.version)
        row.body = msgspec.json.encode(rules)
        row.touch()
        uow.session.flush()
        uow.publish(Changed("pathology_statistics_rules", row.id, row.version))
        return self.rules(uow)


def check_rules(rules: StatisticsRules) -> None:
    """Raise INVALID for rules that cannot be counted by."""
    for name in ("positive_words", "negative_phrases", "small_words", "formalin_words"):
        words = getattr(rules, name)
        if len(words) > _MOST_WORDS or any(not 0 < len(one.strip()) <= 40 for one in words):
            raise invalid(f"rules.{name}", f"最多 {_MOST_WORDS} 个词，每个 1 到 40 字。")
    if not rules.positive_words:
        raise invalid("rules.positive_words", "请至少填写一个阳性词。")
    for name, most in (("small_days", 30), ("tissue_days", 60), ("cytology_days", 30), ("fixation_minutes", 1440)):
        if not 1 <= getattr(rules, name) <= most:
            raise invalid(f"rules.{name}", f"应在 1 到 {most} 之间。")
    for indicator, target in rules.targets.items():
        most = 1000 if indicator in (Indicator.DOCTORS, Indicator.TECHNICIANS) else 100
        if not 0 <= target <= most:
            raise invalid("rules.targets", f"目标值应在 0 到 {most} 之间。")


def deadline(received: date, days: int, is_working: IsWorking) -> date:
    """The last day in time: the `days`-th working day after the day of reception.

    A year without a working day would be an error of the calendar; the count then ends after a year.
    """
    day = received
    for _ in range(366 + days):
        day += timedelta(days=1)
        if is_working(day):
            days -= 1
            if not days:
                break
    return day


def is_weekday(day: date) -> bool:
    """Monday to Friday: what counts where no calendar is kept."""
    return day.weekday() < 5
