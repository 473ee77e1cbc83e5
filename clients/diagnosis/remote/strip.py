"""The strip above every page while a notice of remote consultation is unread; a click leads to the request."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QApplication

from clients.kit.panels import Banner
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice
from shared.contract.remote import ListNotices, MarkRead, RemoteNoticeView
from shared.domain.permissions import Permission
from shared.domain.remote import NOTICES, RemoteNotice, RemoteUrgency

_BAD = (RemoteNotice.RETURNED, RemoteNotice.REJECTED, RemoteNotice.SENT_BACK, RemoteNotice.WITHDRAWN)
_GOOD = (RemoteNotice.PUBLISHED, RemoteNotice.ACCEPTED, RemoteNotice.CONFIRMED)


class RemoteStrip:
    """Puts the strip into a window; lives as long as the session's window."""

    def __init__(self, place: Workplace, open_request: Callable[[RemoteNoticeView], None]) -> None:
        self._place, self._open = place, open_request
        self._newest = 0
        self.notices: tuple[RemoteNoticeView, ...] = ()
        self.strip = Banner()
        if place.may(Permission.REPORT.value):
            place.shell.add_strip(self.strip)
            place.on_notice(self._heard)
            self.refresh()

    def refresh(self) -> None:
        """Ask what is unread."""
        line = self._place.connection
        self._place.runner.run(lambda: line.call(ListNotices()), self.show, lambda _error: None, key="remote.notices")

    def _heard(self, notice: Notice) -> None:
        me = self._place.session.user_id
        if isinstance(notice, Changed) and notice.entity == "remote_notice" and notice.id == me:
            self.refresh()

    def show(self, notices: tuple[RemoteNoticeView, ...]) -> None:
        """Show the newest, and how many there are."""
        self.notices = notices
        if not notices:
            self.strip.hide()
            return
        first = notices[0]
        words = [tr(NOTICES[first.kind].zh), first.patient_name, first.hospital, first.by, first.text]
        line = "  ".join(one for one in words if one)
        if len(notices) > 1:
            line = tr("{words}（共 {count} 条未读）", words=line, count=len(notices))
        self.strip.show_message(line, _tone(first), glyph="users", action="查看", on_action=self.open_first)
        if first.id > self._newest:
            if self._newest and first.urgency is RemoteUrgency.URGENT:
                QApplication.beep()
            self._newest = first.id

    def open_first(self) -> None:
        """Go to the request that the newest notice speaks of; its notices are read then."""
        if not self.notices:
            return
        first = self.notices[0]
        read = tuple(one.id for one in self.notices if one.request_id == first.request_id)
        self.show(tuple(one for one in self.notices if one.id not in read))
        line = self._place.connection
        self._place.runner.run(
            lambda: line.call(MarkRead(notice_ids=read)), lambda _done: None, lambda _error: self.refresh()
        )
        self._open(first)


def _tone(notice: RemoteNoticeView) -> Tone:
    if notice.kind in _BAD:
        return Tone.DANGER
    if notice.kind in _GOOD:
        return Tone.SUCCESS
    return Tone.DANGER if notice.urgency is RemoteUrgency.URGENT else Tone.WARNING
