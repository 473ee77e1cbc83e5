"""Intentions of a statistic's page: which days, by what, whose; open the cases behind a figure; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from clients.kit.messages import message_for
from clients.kit.screen import ScreenPresenter
from clients.pathology.desk import Desk
from clients.pathology.statistics.files import format_of, tongue, write_sheet
from clients.pathology.statistics.state import Span, TableState, begin, days_of
from shared.contract.pathology_statistics import DrawTable, ExportTable, FigureOf, GetTable, Table
from shared.domain.pathology_statistics import Measure, Subject


class TablePresenter(ScreenPresenter[TableState]):
    """Each change asks anew; an answer that comes late is not shown."""

    def __init__(
        self,
        desk: Desk,
        subject: Subject,
        show: Callable[[TableState], None] = lambda _state: None,
        today: Callable[[], date] = date.today,
    ) -> None:
        place = desk.place
        super().__init__(begin(subject, today()), place.connection, place.runner, place.messages, show)
        self._desk, self._today = desk, today

    def choose(self, **parts: Any) -> None:
        """Change what is asked."""
        if any(getattr(self.state, key) != value for key, value in parts.items()):
            self._change(**parts)
            self.refresh()

    def choose_span(self, span: Span) -> None:
        """A ready-made range of days."""
        self._change(span=span)
        if span is not Span.CHOSEN:
            first, last = days_of(span, self._today())
            self.choose(first=first, last=last)

    def choose_days(self, first: date | None, last: date | None) -> None:
        """Any days, both included."""
        self._change(span=Span.CHOSEN)
        self.choose(first=first or self.state.first, last=last or self.state.last)

    def choose_measure(self, measure: Measure) -> None:
        """Which column the chart shows."""
        self._change(measure=measure)

    def refresh(self) -> None:
        """Ask for what is chosen."""
        self._change(is_loading=True, problems={}, error=None)
        state = self.state
        ask = GetTable(subject=state.subject, group_by=state.group_by, filter=state.filter, language=tongue())
        self._ask(ask, self._came, self._failed, key=f"pathology.statistics.{state.subject}")

    def close(self) -> None:
        """The page is gone: late answers are shown to nobody."""
        self._show = lambda _state: None

    def figure(self, key: str, measure: Measure, *, of_row: bool = True) -> FigureOf:
        """The cases behind a figure."""
        state = self.state
        return FigureOf(
            subject=state.subject,
            group_by=state.group_by,
            filter=state.filter,
            measure=measure,
            key=key,
            of_row=of_row,
        )

    def export(self, path: Path) -> None:
        """Write the table to a file of this computer."""
        state = self.state
        ask = ExportTable(
            subject=state.subject,
            group_by=state.group_by,
            filter=state.filter,
            format=format_of(path),
            language=tongue(),
        )
        write_sheet(self._desk, ask, path)

    def paper(self, language: str) -> DrawTable:
        """The table as a paper."""
        state = self.state
        return DrawTable(subject=state.subject, group_by=state.group_by, filter=state.filter, language=language)

    def _came(self, table: Table) -> None:
        self._change(table=table, is_loading=False)

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        problems = {message.field.removeprefix("filter."): message.text} if message.field else {}
        self._change(is_loading=False, error=error, problems=problems)
