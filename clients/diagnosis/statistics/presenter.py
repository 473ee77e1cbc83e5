"""Intentions of the statistics page: choose what, by what, which days; export the same; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from clients.diagnosis.statistics.state import CRITICAL, GROUPS, Span, StatisticsState, days_of
from clients.diagnosis.statistics.words import critical_shown, shown_of
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.base import Request
from shared.contract.critical import CriticalStatistics, ExportCriticalStatistics, GetCriticalStatistics
from shared.contract.master import SheetView
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.statistics import (
    ExportStatistics,
    GetStatistics,
    GroupBy,
    StatisticsFilter,
    StatisticsTable,
    Step,
    Subject,
)


class StatisticsPresenter(ScreenPresenter[StatisticsState]):
    """Holds what was asked; each change asks anew, and an answer that comes late is not shown."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[StatisticsState], None] = lambda _state: None,
        today: Callable[[], date] = date.today,
    ) -> None:
        first, last = days_of(Span.MONTH, today())
        super().__init__(StatisticsState(first=first, last=last), caller, runner, messages, show)
        self._today = today

    def open(self) -> None:
        """Load master data and the first table."""
        self._ask(GetHospital(), self._on_hospital)
        self.refresh()

    def choose_subject(self, subject: str) -> None:
        """Another subject; a grouping that it does not know becomes its usual one."""
        if subject != self.state.subject:
            groups = GROUPS[subject]
            group_by = self.state.group_by if self.state.group_by in groups else groups[0]
            self._change(subject=subject, group_by=group_by)
            self.refresh()

    def choose(self, **parts: Any) -> None:
        """Change grouping, step, campus or exam type."""
        if any(getattr(self.state, key) != value for key, value in parts.items()):
            self._change(**parts)
            self.refresh()

    def choose_span(self, span: Span) -> None:
        """A ready-made range of days."""
        self._change(span=span)
        if span is not Span.CHOSEN:
            first, last = days_of(span, self._today())
            self._change(first=first, last=last)
            self.refresh()

    def choose_days(self, first: date | None, last: date | None) -> None:
        """Any days, both included."""
        self._change(span=Span.CHOSEN)
        self.choose(first=first or self.state.first, last=last or self.state.last)

    def refresh(self) -> None:
        """Ask for what is chosen."""
        self._change(is_loading=True, problems={})
        state = self.state
        done = _Came(self, state.group_by)
        if state.subject == CRITICAL:
            critical = GetCriticalStatistics(first=state.first, last=state.last, campus_id=state.campus_id)
            self._ask(critical, done, self._failed, key="statistics")
            return
        table = GetStatistics(subject=Subject(state.subject), group_by=GroupBy(state.group_by), filter=self._filter())
        self._ask(table, done, self._failed, key="statistics")

    def export(self, path: Path) -> None:
        """Write the same table as a workbook to a file of this computer."""
        state = self.state
        english = language() is Language.ENGLISH
        request: Request[SheetView]
        if state.subject == CRITICAL:
            request = ExportCriticalStatistics(
                first=state.first, last=state.last, campus_id=state.campus_id, english=english
            )
        else:
            request = ExportStatistics(
                subject=Subject(state.subject),
                group_by=GroupBy(state.group_by),
                filter=self._filter(),
                english=english,
            )

        def work() -> Path:
            path.write_bytes(self._caller.call(request).content)
            return path

        self._change(is_exporting=True)
        self._runner.run(work, self._exported, _NotExported(self, path))

    def came(self, group_by: str, found: StatisticsTable | CriticalStatistics) -> None:
        """A table came."""
        shown = shown_of(found) if isinstance(found, StatisticsTable) else critical_shown(found, group_by)
        self._change(shown=shown, is_loading=False, error=None, generation=self.state.generation + 1)

    def not_exported(self, path: Path, error: Exception) -> None:
        """The file or the table could not be had."""
        self._change(is_exporting=False)
        if isinstance(error, OSError):
            why = error.strerror or str(error)
            self._messages.say(tr("无法写入 {path}：{why}", path=path, why=why), Tone.DANGER)
        else:
            self._messages.report(error)

    def _filter(self) -> StatisticsFilter:
        state = self.state
        return StatisticsFilter(
            first=state.first,
            last=state.last,
            campus_id=state.campus_id,
            exam_types=(state.exam_type,) if state.exam_type else (),
            step=Step(state.step),
        )

    def _exported(self, path: Path) -> None:
        self._change(is_exporting=False)
        self._messages.say(tr("已导出：{path}", path=path), Tone.SUCCESS)

    def _on_hospital(self, hospital: HospitalView) -> None:
        self._change(hospital=hospital)

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        problems = {message.field.removeprefix("filter."): message.text} if message.field else {}
        self._change(is_loading=False, error=error, problems=problems)


class _Came:
    def __init__(self, presenter: StatisticsPresenter, group_by: str) -> None:
        self._presenter = presenter
        self._group_by = group_by

    def __call__(self, found: StatisticsTable | CriticalStatistics) -> None:
        self._presenter.came(self._group_by, found)


class _NotExported:
    def __init__(self, presenter: StatisticsPresenter, path: Path) -> None:
        self._presenter = presenter
        self._path = path

    def __call__(self, error: Exception) -> None:
        self._presenter.not_exported(self._path, error)
