"""Puts the diagnosis workstation together: two pages, one viewer, presenters that know each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from clients.diagnosis.auditing.batch_view import ACTIONS as BATCH_ACTIONS
from clients.diagnosis.catalogues import CATALOGUES
from clients.diagnosis.comparison.opening import Comparisons
from clients.diagnosis.later import QtLater
from clients.diagnosis.paper import Paper
from clients.diagnosis.ports import Later, Viewer
from clients.diagnosis.report.actions import page_actions
from clients.diagnosis.report.desk import ReportDesk
from clients.diagnosis.report.presenter import ReportPresenter
from clients.diagnosis.report.view import ReportPage
from clients.diagnosis.sides import PANELS, TOOLS, SidePanel, Tool
from clients.diagnosis.worklist.aside import RowAside
from clients.diagnosis.worklist.presenter import WorklistPresenter
from clients.diagnosis.worklist.view import ACTIONS as WORKLIST_ACTIONS
from clients.diagnosis.worklist.view import WorklistView
from clients.kit.actions import Action
from clients.kit.app import run_workstation
from clients.kit.connection import Connector
from clients.kit.shell import PAGE_KEY, Page, Workplace
from clients.kit.tokens import ThemeName
from clients.kit.translations import language, register_catalogue
from clients.kit.viewer_link import ViewerEvent, ViewerLink
from shared.contract.base import Changed, Notice
from shared.domain.permissions import Permission
from shared.domain.states import ReportAction

if TYPE_CHECKING:
    from clients.diagnosis.critical.alarm import Alarm
    from clients.diagnosis.remote.strip import RemoteStrip

REFRESH_AFTER_S = 0.4
"""Notices that come within this time make the list load once."""

PREPARE_AFTER_S = 1.0
"""The report page is built so soon after the list was shown."""

MakeViewer = Callable[[Workplace, Callable[[ViewerEvent], None]], Viewer]
"""Makes the viewer of a session; the callback may be called from any thread."""


def linked_viewer(place: Workplace, on_event: Callable[[ViewerEvent], None]) -> Viewer:
    """Start the viewer's own process, so that the first study opens without waiting for it."""
    server = str(getattr(place.connection, "address", ""))
    link = ViewerLink(server=server, session=place.session, on_event=on_event, language=language().value)
    link.warm_up()
    return link


class _Bridge(QObject):
    """Brings the viewer's events into the GUI thread."""

    came = Signal(object)
    """a ViewerEvent; emitted in the link's thread."""

    def __init__(self, parent: QObject, listener: Callable[[ViewerEvent], None]) -> None:
        super().__init__(parent)
        self._listener = listener
        self.came.connect(self._deliver)

    @Slot(object)
    def _deliver(self, event: ViewerEvent) -> None:
        self._listener(event)


class Diagnosis:
    """The presenters and views of one session; a new log-in starts anew."""

    def __init__(
        self,
        make_viewer: MakeViewer = linked_viewer,
        panels: Sequence[SidePanel] = PANELS,
        tools: Sequence[Tool] = TOOLS,
    ) -> None:
        self._make_viewer = make_viewer
        self._panels = tuple(panels)
        self._tools = tuple(tools)
        self._desk: ReportDesk | None = None
        self.viewer: Viewer | None = None
        self.worklist: WorklistPresenter | None = None
        self.report: ReportPresenter | None = None
        self.patients: WorklistPresenter | None = None
        self._comparisons: Comparisons | None = None
        self._alarm: Alarm | None = None
        self._strip: RemoteStrip | None = None
        self._place: Workplace | None = None
        self._later: Later | None = None
        self._undo_refresh: Callable[[], None] | None = None

    def pages(self) -> tuple[Page, ...]:
        """Return the pages of the workstation."""
        may = Permission.REPORT.value
        on_report = page_actions(self._panels, self._tools)
        return (
            Page("worklist", "诊断", "list", self.build_worklist, actions=WORKLIST_ACTIONS, permission=may),
            Page("report", "报告", "document", self.build_report, actions=on_report, permission=may),
            Page(
                "batch",
                "批量审核",
                "check_circle",
                self.build_batch,
                actions=BATCH_ACTIONS,
                permission=Permission.FINAL_AUDIT.value,
            ),
            Page(
                "handing_out",
                "报告发放",
                "print",
                self.build_handing_out,
                permission=Permission.PRINT_REPORT.value,
            ),
            Page("remote", "远程会诊", "cloud", self.build_remote, permission=may),
            Page("quality", "质控", "flag", self.build_quality, permission=Permission.FINAL_AUDIT.value),
            Page("collections", "收藏与随访", "star", self.build_collections, permission=may),
            Page("signature", "我的签名", "edit", self.build_signature, permission=may),
            Page(
                "critical",
                "危急值",
                "bell",
                self.build_critical,
                actions=(Action("critical.refresh", "刷新", "F5", "refresh"),),
                permission=Permission.CRITICAL_VALUES.value,
            ),
            Page("statistics", "统计", "chart", self.build_statistics, permission=Permission.STATISTICS.value),
        )

    def build_worklist(self, place: Workplace) -> QWidget:
        """Make the page of the list."""
        if self.viewer is None:
            self._start_viewer(place)
        assert self.viewer is not None
        self._place = place
        view = WorklistView(place)
        presenter = WorklistPresenter(
            place.connection,
            place.runner,
            place.messages,
            self.viewer,
            self.enter,
            view.show_state,
            compare=self.compare,
            aside=RowAside(place),
        )
        self.worklist = presenter
        view.attach(presenter)
        view.closing.connect(self._end)
        place.on_notice(self._heard)
        place.shell.page_shown.connect(self._on_page_shown)
        presenter.open()
        assert self._later is not None
        self._later(PREPARE_AFTER_S, self._prepare)
        return view

    def build_collections(self, place: Workplace) -> QWidget:
        """Make the page of favourites, follow-up, teaching files and the phrase library."""
        from clients.diagnosis.collections.page import CollectionsPage

        self._place = place
        return CollectionsPage(place, lambda report_id: self.enter(report_id, None), self._open_images)

    def _open_images(self, study_uids: Sequence[str]) -> None:
        if self.viewer is None and self._place is not None:
            self._start_viewer(self._place)
        if self.viewer is not None:
            self.viewer.open(study_uids)

    @staticmethod
    def build_handing_out(place: Workplace) -> QWidget:
        """Make the page for handing out reports."""
        from clients.diagnosis.handing_out.view import HandingOutPage

        return HandingOutPage(place)

    def build_report(self, place: Workplace) -> QWidget:
        """Make the report page; the list's page exists by then, because it is the first."""
        if self.viewer is None:  # settings may bring this page to the front first
            self._start_viewer(place)
        assert self.viewer is not None
        view = ReportPage(place, self._panels, self._tools)
        presenter = ReportPresenter(
            place.connection,
            place.runner,
            place.messages,
            place.drafts,
            self.viewer,
            QtLater(view),
            view.show_state,
            lambda: self._show("worklist"),
            Paper(place.messages).hand_out,
        )
        patients = WorklistPresenter(
            place.connection,
            place.runner,
            place.messages,
            self.viewer,
            self.enter,
            view.patients.show_state,
            key="patients",
        )
        self.report, self.patients = presenter, patients
        self._desk = ReportDesk(view, presenter, self.viewer)
        view.attach(presenter, patients, self._desk)
        view.comparison_wanted.connect(self.compare)
        self._tag_critical(view, place)
        self._tag_alarms(view, place)
        view.closing.connect(presenter.close)
        view.closing.connect(self._end)
        place.on_notice(presenter.heard)
        if self.worklist is not None:
            patients.state = self.worklist.state
        patients.open_beside()
        view.show_state(presenter.state)
        return view

    def build_quality(self, place: Workplace) -> QWidget:
        """Make the page of quality control."""
        from clients.diagnosis.quality.view import QualityPage

        self._place = place
        return QualityPage(place, self._open_images)

    def build_remote(self, place: Workplace) -> QWidget:
        """Make the page of remote consultation."""
        from clients.diagnosis.remote.opening import page

        self._place = place
        return page(place, self.enter, self._open_images)

    def build_critical(self, place: Workplace) -> QWidget:
        """Make the page of critical values, the only one of a ward."""
        from clients.diagnosis.critical.opening import overview

        self._place = place
        self._watch_critical(place)
        return overview(place, lambda report_id: self.enter(report_id, None))

    def build_statistics(self, place: Workplace) -> QWidget:
        """Make the page of statistics."""
        from clients.diagnosis.statistics.view import build

        self._place = place
        self._watch_critical(place)
        return build(place)

    def _tag_critical(self, view: ReportPage, place: Workplace) -> None:
        from clients.diagnosis.critical.panel import CriticalTag

        assert self._desk is not None
        view.marks.addWidget(CriticalTag(place, self._desk))

    def _tag_alarms(self, view: ReportPage, place: Workplace) -> None:
        from clients.diagnosis.checking.panel import CheckingTag

        assert self._desk is not None
        view.marks.addWidget(CheckingTag(place, self._desk))

    def _watch_critical(self, place: Workplace) -> None:
        """Put critical values and what other hospitals say above the pages of this window, once."""
        if self._alarm is None:
            from clients.diagnosis.critical.alarm import Alarm

            self._alarm = Alarm(place)
        if self._strip is None:
            from clients.diagnosis.remote.opening import strip

            self._strip = strip(place)

    def build_batch(self, place: Workplace) -> QWidget:
        """Make the page of many reports that wait for audit."""
        from clients.diagnosis.auditing.batch_view import build

        return build(place, self.enter)

    @staticmethod
    def build_signature(place: Workplace) -> QWidget:
        """Make the page of one's own signature."""
        from clients.diagnosis.auditing.signature_view import build

        return build(place)

    def _start_viewer(self, place: Workplace) -> None:
        self._place = place
        self._later = QtLater(place.shell)
        self._watch_critical(place)
        bridge = _Bridge(place.shell, self._on_viewer_event)
        self.viewer = self._make_viewer(place, bridge.came.emit)

    def _end(self) -> None:
        """The session's window closes; the next one starts with the list again."""
        if self._place is not None:
            self._place.settings.set(PAGE_KEY, "worklist")
        viewer, self.viewer = self.viewer, None
        if self._comparisons is not None:
            self._comparisons.close()
            self._comparisons = None
        if self._undo_refresh is not None:
            self._undo_refresh()
            self._undo_refresh = None
        self.worklist = self.report = self.patients = self._desk = self._alarm = self._strip = None
        if viewer is not None:
            viewer.close()

    def enter(self, report_id: int, action: ReportAction | None) -> None:
        """Go to the report page with this report (RIS-RPA-01: its patient list starts like the diagnosis list)."""
        assert self._place is not None
        from_list = self._place.shell.current_page == "worklist"
        self._show("report")
        assert self.report is not None and self.patients is not None
        if from_list and self.worklist is not None:
            self.patients.take_conditions(self.worklist.state.conditions, self.worklist.state.span)
        self.report.open(report_id, action)

    def compare(self, report_ids: tuple[int, ...]) -> None:
        """Open these reports side by side in their own window (RIS-CMP-04)."""
        assert self._place is not None
        if self._comparisons is None:
            self._comparisons = Comparisons(self._place, lambda: self.viewer)
        self._comparisons.open(report_ids)

    def _prepare(self) -> None:
        """Build the report page while the doctor reads the list: the first exam opens as fast as the others."""
        if self._place is not None and self.viewer is not None:
            self._place.shell.prepare("report")

    def _show(self, page_id: str) -> None:
        assert self._place is not None
        self._place.go_to(page_id)

    def _heard(self, notice: Notice) -> None:
        """Lists load again soon after a notice: once for all that come together, and only the one on screen."""
        if isinstance(notice, Changed) and notice.entity in ("report", "study") and self._undo_refresh is None:
            assert self._later is not None
            self._undo_refresh = self._later(REFRESH_AFTER_S, self._refresh_shown)

    def _refresh_shown(self) -> None:
        self._undo_refresh = None
        shown = self._list_of(self._place.shell.current_page) if self._place is not None else None
        if shown is not None:
            shown.renew()

    def _on_page_shown(self, page_id: str) -> None:
        shown = self._list_of(page_id)
        if shown is not None:
            shown.refresh()

    def _list_of(self, page_id: str) -> WorklistPresenter | None:
        return {"worklist": self.worklist, "report": self.patients}.get(page_id)

    def _on_viewer_event(self, event: ViewerEvent) -> None:
        if self.report is not None and not (self._desk is not None and self._desk.takes(event)):
            self.report.viewer_sent(event)


TITLE = "诊断工作站"


def make_pages(make_viewer: MakeViewer = linked_viewer) -> tuple[Page, ...]:
    """Return the pages of one workstation window; registers the English words."""
    for entries in CATALOGUES:
        register_catalogue(entries)
    return Diagnosis(make_viewer).pages()


def run(argv: Sequence[str], connector: Connector, make_viewer: MakeViewer = linked_viewer) -> int:
    """Run the workstation until its window is closed; the exit status."""
    return run_workstation(
        TITLE,
        make_pages(make_viewer),
        argv,
        connector,
        prog="mingjing diagnosis",
        usual_theme=ThemeName.DARK,
    )
