"""消息: what the user should know, fetched at log-in and at every notice of the server; knows no Qt (ECG-MSG)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clients.ecg.looks import URGENCY_LOOKS
from clients.ecg.pages import ACCEPTANCE, CONSULTATION_REPORTS
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg_consultations import ListNotices, MarkRead, NoticeView
from shared.domain.ecg import Urgency
from shared.domain.ecg_reports import NOTICE_KINDS, NoticeKind, NoticePage

if TYPE_CHECKING:
    from clients.ecg.desk import Desk

POPUPS_AT_ONCE = 3
"""More missed messages than these are told in one sentence."""
PAGES = {NoticePage.INCOMING: ACCEPTANCE, NoticePage.OUTGOING: CONSULTATION_REPORTS}
TONES = {
    NoticeKind.CRITICAL: Tone.DANGER,
    NoticeKind.REFUSED: Tone.WARNING,
    NoticeKind.WITHDRAWN: Tone.WARNING,
    NoticeKind.REPORT_WITHDRAWN: Tone.WARNING,
    NoticeKind.GIVEN_BACK: Tone.WARNING,
    NoticeKind.PUBLISHED: Tone.SUCCESS,
}


def title(notice: NoticeView) -> str:
    """What happened: 新的会诊, 会诊报告发布 …, with the urgency where it is not the usual."""
    words = tr(NOTICE_KINDS[notice.kind].zh)
    if notice.urgency is not None and notice.urgency is not Urgency.ROUTINE:
        words = f"{words} · {tr(URGENCY_LOOKS[notice.urgency].text)}"
    return words


def sentence(notice: NoticeView) -> str:
    """Whom it concerns, who did it, and what was said."""
    who = "　".join(part for part in (notice.patient_name, notice.hospital, notice.by) if part)
    return f"{who}\n{notice.text}" if notice.text else who


def tone(notice: NoticeView) -> Tone:
    """How it is shown."""
    if notice.urgency is Urgency.EMERGENCY:
        return Tone.DANGER
    return TONES.get(notice.kind, Tone.INFO)


class NoticeKeeper:
    """Fetches the unread messages and tells which are new. `pop` shows one, `pop_many` that there are several."""

    def __init__(self, desk: Desk, pop: Callable[[NoticeView], object], pop_many: Callable[[int], object]) -> None:
        self._desk = desk
        self._pop = pop
        self._pop_many = pop_many
        self._known: set[int] = set()
        self.is_first = True
        self.is_closed = False

    def close(self, _window: object = None) -> None:
        """The window is gone: what still comes is for nobody."""
        self.is_closed = True

    def fetch(self) -> None:
        """Ask for the unread messages."""
        place = self._desk.place
        place.runner.run(
            lambda: place.connection.call(ListNotices(unread_only=True)),
            self._arrived,
            lambda _error: None,
            key="ecg.notices",
        )

    def _arrived(self, notices: tuple[NoticeView, ...]) -> None:
        if self.is_closed:
            return
        new = [notice for notice in notices if notice.id not in self._known]
        self._known = {notice.id for notice in notices} | self._known
        self._desk.show_unread(notices)
        if self.is_first and len(new) > POPUPS_AT_ONCE:
            self._pop_many(len(new))
        else:
            for notice in reversed(new[:POPUPS_AT_ONCE]):
                self._pop(notice)
        self.is_first = False

    def open(self, notice: NoticeView) -> None:
        """Open what a message speaks of, and note that it was seen (ECG-GEN-03)."""
        self.mark_read((notice.id,))
        if notice.page is NoticePage.READING:
            self._desk.open_reading(notice.exam_id)
            return
        page = self._desk.open_page(PAGES[notice.page])
        if page is not None:
            page.list.select_id(notice.consultation_id)
            page.presenter.refresh()

    def seen(self, exam_id: int, consultation_id: int | None) -> None:
        """A reading was opened: what was told of it is known now."""
        known = tuple(
            notice.id
            for notice in self._desk.unread
            if (notice.page is NoticePage.READING and notice.exam_id == exam_id)
            or (consultation_id is not None and notice.consultation_id == consultation_id)
        )
        if known:
            self.mark_read(known)

    def mark_read(self, numbers: tuple[int, ...]) -> None:
        """Note that messages were seen; without numbers, all of them."""
        place, desk = self._desk.place, self._desk
        left = tuple(one for one in desk.unread if numbers and one.id not in numbers)
        desk.show_unread(left)
        place.runner.run(
            lambda: place.connection.call(MarkRead(notice_ids=numbers)), lambda _nothing: None, place.messages.report
        )
