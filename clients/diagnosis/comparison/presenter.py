"""The comparison's intentions: offer exams, tick, compare, look at the images of all (RIS-CMP-01 to -04)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from clients.diagnosis.comparison.state import LEAST, MOST, Candidate, ComparisonState, of_history, of_row
from clients.diagnosis.ports import Viewer
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Page
from shared.contract.reporting import (
    GetHistory,
    GetReport,
    HistoryView,
    ListReports,
    ReportFilter,
    ReportList,
    ReportView,
)

_FOUND = 50


class Line(Caller, Protocol):
    """What the comparison needs from the connection."""

    def fetch_document(self, document_id: int) -> bytes:
        """Fetch a key image (blocking)."""
        ...


class ComparisonPresenter(ScreenPresenter[ComparisonState]):
    """Opened with some reports; the first is what candidates and differences refer to."""

    def __init__(
        self,
        line: Line,
        runner: TaskRunner,
        messages: Messages,
        viewer: Callable[[], Viewer | None],
        show: Callable[[ComparisonState], None] = lambda _state: None,
    ) -> None:
        super().__init__(ComparisonState(), line, runner, messages, show)
        self._line = line
        self._viewer = viewer
        self._wanted: tuple[int, ...] = ()

    def start(self, report_ids: tuple[int, ...]) -> None:
        """Tick these reports, compare them if there are enough, and offer the first patient's other exams."""
        wanted = tuple(dict.fromkeys(report_ids))[:MOST]
        self._wanted = wanted
        self._change(ticked=wanted, compared=(), candidates=(), trouble="", search="")
        if wanted:
            self._load(wanted)

    def toggle(self, report_id: int) -> None:
        """Tick an exam or take its tick away; a fifth is refused."""
        ticked = self.state.ticked
        if report_id in ticked:
            self._change(ticked=tuple(one for one in ticked if one != report_id))
        elif len(ticked) == MOST:
            self._messages.say(tr("最多同时对比 {count} 份检查，请先取消一份。", count=MOST), Tone.WARNING)
            self._change()
        else:
            self._change(ticked=(*ticked, report_id))

    def compare(self) -> None:
        """Show what is ticked side by side (RIS-CMP-03)."""
        if len(self.state.ticked) >= LEAST:
            self._load(self.state.ticked)
        else:
            self._messages.say(tr("请至少选择 {count} 份检查。", count=LEAST), Tone.WARNING)

    def retry(self) -> None:
        """Try again what could not be loaded."""
        self._load(self.state.ticked or self._wanted)

    def find(self, text: str) -> None:
        """Look for exams by name, or by exam number where the text has digits; empty takes the found ones away."""
        text = text.strip()
        self._change(search=text)
        if not text:
            self._change(candidates=tuple(one for one in self.state.candidates if one.group != "found"))
            return
        by_number = any(letter.isdigit() for letter in text)
        conditions = ReportFilter(accession_number=text) if by_number else ReportFilter(patient_name=text)
        self._ask(ListReports(filter=conditions, page=Page(limit=_FOUND)), self._on_found, key="comparison.find")

    def switch_differences(self, on: bool) -> None:
        """Mark what differs, or show the texts as they were written."""
        self._change(shows_differences=on)

    def open_images(self) -> None:
        """Open the images of all compared exams beside each other in the viewer."""
        studies = [one.row.study_uids for one in self.state.compared if one.row.study_uids]
        viewer = self._viewer()
        if not studies or viewer is None:
            self._messages.say(tr("所选检查没有影像。"), Tone.WARNING)
            return
        viewer.open(studies[0])
        for uids in studies[1:]:
            for uid in uids:
                viewer.compare(uid)

    def _load(self, report_ids: tuple[int, ...]) -> None:
        self._change(is_loading=True, trouble="")
        self._runner.run(
            lambda: tuple(self._caller.call(GetReport(report_id=one)) for one in report_ids),
            self._on_reports,
            self._on_failed,
            key="comparison.load",
        )

    def _on_reports(self, reports: tuple[ReportView, ...]) -> None:
        first = reports[0].row
        compared = reports if len(reports) >= LEAST else ()
        chosen = [of_row(one.row, "chosen", first.patient_id) for one in reports]
        self._change(is_loading=False, compared=compared)
        self._offer(chosen)
        self._ask(GetHistory(exam_id=first.exam_id), self._on_history, key="comparison.history")
        self._load_pictures(compared)

    def _on_history(self, history: HistoryView) -> None:
        patient = self._patient()
        offered = [of_history(row, "history", patient) for row in history.earlier]
        offered += [of_history(row, "namesakes", patient) for row in history.namesakes]
        self._offer(one for one in offered if one is not None)

    def _on_found(self, found: ReportList) -> None:
        others = tuple(one for one in self.state.candidates if one.group != "found")
        self._change(candidates=others)
        self._offer(of_row(row, "found", self._patient()) for row in found.rows)

    def _patient(self) -> int:
        return self.state.candidates[0].patient_id if self.state.candidates else 0

    def _offer(self, more: Iterable[Candidate]) -> None:
        there = {one.report_id: one for one in self.state.candidates}
        for one in more:
            there.setdefault(one.report_id, one)
        self._change(candidates=tuple(there.values()))

    def _on_failed(self, error: Exception) -> None:
        self._change(is_loading=False, trouble=message_for(error).text)

    def _load_pictures(self, reports: tuple[ReportView, ...]) -> None:
        wanted = [image.document_id for one in reports for image in one.key_images]
        wanted = [one for one in wanted if one not in self.state.pictures]
        if wanted:
            self._runner.run(
                lambda: {one: self._line.fetch_document(one) for one in wanted},
                lambda found: self._change(pictures={**self.state.pictures, **found}),
                self._messages.report,
                key="comparison.pictures",
            )
