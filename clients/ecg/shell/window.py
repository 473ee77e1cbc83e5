"""What the desk asks of the window: reading tabs, pages, report windows; and who leaves with unsaved changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout

from clients.ecg.desk import Desk, Reading
from clients.ecg.line.status import LineStrip
from clients.ecg.pages import HOME, READING
from clients.ecg.shell.next_record import NextRecord
from clients.ecg.shell.notices import NoticeKeeper, sentence, title, tone
from clients.ecg.shell.popups import BellButton, NoticeList, Popups
from clients.ecg.shell.readings import ReadingArea, ReadingStrip
from clients.kit.connection import LineReport, LineState
from clients.kit.dialogs import ContentWindow
from clients.kit.printing.documents import ServerDocuments
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice
from shared.contract.ecg_consultations import ListNotices, NoticeView
from shared.domain.permissions import Permission


def furnish(desk: Desk) -> EcgWindow:
    """Give a new desk its window: strip of readings, notices, bell."""
    return EcgWindow(desk)


class EcgWindow(QObject):
    """The parts of the shell that belong to no page; lives as long as the shell."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.place.shell)
        self._desk = desk
        self._place = desk.place
        self._shell = desk.place.shell
        self._left = HOME
        self._area: ReadingArea | None = None
        self._had_tabs = False
        self._was_cut = False
        self._next = NextRecord(desk.place, self._go_on)
        desk.view = self
        desk.papers = ServerDocuments(desk.place.connection, desk.place.desk_settings)
        self.strip = ReadingStrip()
        self.strip.back.connect(self._go_back)
        self.strip.chosen.connect(self._show_exam)
        self.strip.closing.connect(self.close_reading)
        self._shell.add_strip(self.strip)
        self._shell.page_shown.connect(self._on_page)
        self._shell.guard = self.may_leave
        self.popups = Popups(self._shell.centralWidget() or self._shell)
        self.keeper = NoticeKeeper(desk, self._pop, self._pop_many)
        self._shell.destroyed.connect(self.keeper.close)
        self.bell = BellButton(self.show_notices)
        bar = self._shell.bar.layout()
        if isinstance(bar, QHBoxLayout):
            bar.insertWidget(bar.count() - 1, self.bell)
        if desk.may(Permission.ECG_ACQUIRE):
            self._shell.add_status(LineStrip(self._place))  # what waits on this computer goes out from now on
        desk.notices.listen(self._count_notices)
        self._place.on_notice(self._heard)
        self._shell.line.changed.connect(self._line_changed)
        self.keeper.fetch()
        QTimer.singleShot(600, self, self._warm_up)

    def _warm_up(self) -> None:
        """Load what the first reading needs, so that its doctor does not wait for libraries."""
        import clients.ecg.reading.page  # noqa: F401 - widgets are imported in this thread
        from clients.ecg.reading.traces import warm_up

        warm_up(self._place.runner)

    # ── the desk's view ──────────────────────────────────────────────────────────────────────────────

    def show_reading(self, reading: Reading) -> None:
        """Open a reading in a tab of its own, or bring the tab of its exam to the front."""
        self.area().show_reading(reading)
        self._shell.go_to(READING)
        self._show_tabs()
        self.keeper.seen(reading.exam_id, reading.consultation_id)

    def show_next(self, exam_id: int) -> None:
        """Open what waits after an exam; its own tab closes when nothing of it is unsaved."""
        tab = self.area().open.get(exam_id)
        if tab is None:
            return
        self._next.look(exam_id, tuple(self.area().open), consults=tab.reading.consultation_id is not None)

    def _go_on(self, left: int, reading: Reading) -> None:
        self.show_reading(reading)
        tab = self.area().open.get(left)
        if tab is not None and left != reading.exam_id and not tab.is_dirty():
            self.area().drop(left)

    @Slot(int)
    def close_reading(self, exam_id: int) -> None:
        """Close the tab of an exam; unsaved changes are asked about first."""
        if self._area is not None:
            self._area.close_reading(exam_id)

    def retitle_reading(self, exam_id: int, title: str) -> None:
        """Show other words on the tab of an exam."""
        if self._area is not None:
            self._area.retitle(exam_id, title)

    def show_page(self, page: str) -> Any:
        """Bring a page to the front; its widget, or None where the user has no such page."""
        if not any(one.id == page for one in self._shell.pages):
            return None
        return self._shell.go_to(page)

    def show_report(self, exam_id: int, consultation_id: int | None) -> None:
        """Show the PDF of the report in a window of its own."""
        from clients.ecg.shell.report_window import ReportView

        view = ReportView(self._desk, exam_id, consultation_id)
        self.report = ContentWindow(self._shell, "报告", view, (1000, 760))
        self.report.show()

    def area(self) -> ReadingArea:
        """The page of the readings; made when the first is opened."""
        if self._area is None:
            self._shell.prepare(READING)
            made = self._shell.page_widget(READING)
            assert isinstance(made, ReadingArea)
            self._area = made
            made.tabs_changed.connect(self._show_tabs)
        return self._area

    def may_leave(self, leave: Callable[[], object]) -> bool:
        """Asked before the program closes."""
        return self._area is None or self._area.may_leave(leave)

    # ── tabs and pages ───────────────────────────────────────────────────────────────────────────────

    @Slot(str)
    def _on_page(self, page_id: str) -> None:
        if page_id != READING:
            self._left = page_id
        self._show_tabs()

    @Slot()
    def _go_back(self) -> None:
        self.show_page(self._left)

    @Slot(int)
    def _show_exam(self, exam_id: int) -> None:
        self.area().show_exam(exam_id)
        self._shell.go_to(READING)

    @Slot()
    def _show_tabs(self) -> None:
        if self._area is None:
            return
        if not self._area.open and self._had_tabs and self._shell.current_page == READING:
            self._had_tabs = False
            self._go_back()
            return
        self._had_tabs = bool(self._area.open)
        title = next((page.title for page in self._shell.pages if page.id == self._left), "")
        front = self._area.front if self._shell.current_page == READING else None
        self.strip.show_tabs(title, self._area.titles(), front)

    # ── what the server tells ────────────────────────────────────────────────────────────────────────

    def _heard(self, notice: Notice) -> None:
        if not isinstance(notice, Changed):
            return
        if notice.entity == "ecg_notice":
            if notice.id in (0, self._place.session.user_id):
                self.keeper.fetch()
        elif notice.entity in ("ecg_exam", "ecg_report"):
            self._desk.tell_exam(notice.id)
        elif notice.entity == "ecg_consultation":
            self._desk.tell_consultation(notice.id)
        else:
            self._desk.changed.ring((notice.entity, notice.id))

    @Slot(object)
    def _line_changed(self, report: LineReport) -> None:
        """The line was cut: what was told meanwhile nobody heard."""
        if report.state is LineState.ONLINE:
            if self._was_cut:
                self._was_cut = False
                self.keeper.fetch()
        else:
            self._was_cut = True

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────

    def _pop(self, notice: NoticeView) -> None:
        self.popups.add(title(notice), sentence(notice), tone(notice), lambda: self.keeper.open(notice), notice.id)
        QApplication.alert(self._shell.window())

    def _pop_many(self, count: int) -> None:
        self.popups.add(tr("未读消息"), tr("您有 {count} 条未读消息", count=count), Tone.INFO, self.show_notices)

    def _count_notices(self, notices: tuple[NoticeView, ...]) -> None:
        self.bell.set_count(len(notices))
        self.popups.keep({notice.id for notice in notices})

    def show_notices(self) -> None:
        """Show the messages, read ones too, in the side panel."""
        line = self._place.connection
        self._place.runner.run(
            lambda: line.call(ListNotices(unread_only=False)),
            self._show_list,
            self._place.messages.report,
            key="ecg.notice_list",
        )

    def _show_list(self, notices: tuple[NoticeView, ...]) -> None:
        if self.keeper.is_closed:
            return
        self.popups.clear()
        shown = NoticeList(notices)
        shown.chosen.connect(self._open_notice)
        shown.all_read.connect(self._mark_all)
        self._shell.side_panel.show_content("消息", shown)

    @Slot(object)
    def _open_notice(self, notice: NoticeView) -> None:
        self._shell.side_panel.close_panel()
        self.keeper.open(notice)

    @Slot()
    def _mark_all(self) -> None:
        self._shell.side_panel.close_panel()
        self.keeper.mark_read(())
