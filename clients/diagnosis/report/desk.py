"""The report page as panels and tools see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from clients.diagnosis.ports import Viewer
from clients.diagnosis.report.state import joined
from clients.diagnosis.sides import Part
from clients.kit.viewer_link import ViewerEvent
from shared.contract.reporting import ReportContent, ReportView

if TYPE_CHECKING:
    from clients.diagnosis.report.presenter import ReportPresenter
    from clients.diagnosis.report.view import ReportPage


class ReportDesk:
    """Implements clients.diagnosis.sides.Desk over the page and its presenter."""

    def __init__(self, page: ReportPage, presenter: ReportPresenter, viewer: Viewer) -> None:
        self._page = page
        self._presenter = presenter
        self._viewer = viewer
        self._text_listeners: list[Callable[[ReportContent], None]] = []
        self._viewer_listeners: list[Callable[[ViewerEvent], bool]] = []

    @property
    def report(self) -> ReportView | None:
        return self._presenter.state.report

    @property
    def content(self) -> ReportContent:
        return self._presenter.state.content

    @property
    def may_type(self) -> bool:
        return self._presenter.state.may_type

    @property
    def viewer(self) -> Viewer:
        return self._viewer

    def insert(self, text: str) -> bool:
        return self.may_type and self._page.writing.insert_words(text)

    def replace(self, *, findings: str | None = None, impression: str | None = None) -> bool:
        present = self.content
        return self._put(
            present.findings if findings is None else findings, present.impression if impression is None else impression
        )

    def append(self, *, findings: str = "", impression: str = "") -> bool:
        present = self.content
        return self._put(
            joined(present.findings, findings) if findings else present.findings,
            joined(present.impression, impression) if impression else present.impression,
        )

    def edit(self, content: ReportContent) -> bool:
        if self.may_type:
            self._presenter.put_content(content)
        return self.may_type

    def show_words(self, part: Part, words: str) -> bool:
        return self._page.writing.show_words(part, words)

    def underline(self, part: Part, words: Sequence[str]) -> None:
        self._page.writing.underline(part, words)

    def save(self) -> None:
        self._presenter.save()

    def look_again(self) -> None:
        self._presenter.look_again()

    def open_panel(self, key: str) -> None:
        self._page.open_panel(key)

    def on_text(self, listener: Callable[[ReportContent], None]) -> None:
        self._text_listeners.append(listener)

    def on_viewer(self, listener: Callable[[ViewerEvent], bool]) -> None:
        self._viewer_listeners.append(listener)

    def tell_text(self, content: ReportContent) -> None:
        """The content changed."""
        for listener in self._text_listeners:
            listener(content)

    def takes(self, event: ViewerEvent) -> bool:
        """Offer what the viewer sent to the panels; True when one took it."""
        return any(listener(event) for listener in self._viewer_listeners)

    def _put(self, findings: str, impression: str) -> bool:
        if not self.may_type:
            return False
        self._presenter.put_text(findings, impression)
        return True
