"""What the panel of alarms shows; frozen, without Qt."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.checking import AlarmView


@dataclass(frozen=True)
class CheckingState:
    """The alarms of the report on the page. `is_unsure`: the last check failed, the alarms are of an older text."""

    report_id: int = 0
    alarms: tuple[AlarmView, ...] = ()
    is_checking: bool = False
    is_checked: bool = False
    is_unsure: bool = False
    dismissing: AlarmView | None = None
    may_dismiss: bool = False

    def words(self, field: str) -> tuple[str, ...]:
        """The words of alarms in one of the texts, to be underlined."""
        return tuple(alarm.text for alarm in self.alarms if alarm.field == field and alarm.end > alarm.start)
