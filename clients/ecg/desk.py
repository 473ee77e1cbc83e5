"""The desk: what every page of the ECG workstation works with. It knows no Qt.

One desk lives as long as a session. It knows whose side the user is on, opens pages and readings, holds the notices and
tells everybody who listens that an exam or a consultation changed. All of it happens in the thread of the screens.

A page is made by ``maker(desk, place) -> QWidget`` (`clients.ecg.pages.PAGES` names it as ``"module:name"``). The
reading page is `clients.ecg.reading.page.ReadingPage`. Its actions (``clients.ecg.reading.page:ACTIONS``, a sequence of
`clients.kit.actions.Action`) may be declared beside it: ``place.actions`` of a reading page is a group of its own, so
that several open readings do not disturb each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from clients.kit.bell import Bell

if TYPE_CHECKING:
    from clients.kit.shell import Workplace


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading tab was opened for."""

    exam_id: int
    acquire: bool = False
    """采集 is to be pressed at once (登记并采集)."""
    consultation_id: int | None = None
    """The consultation that is answered with it; submitting publishes the consultation report (ECG-AMB-07)."""
    read_only: bool = False
    """A record of a running or published consultation seen by the other side: nothing can be edited (ECG-CRP-04)."""


class View(Protocol):
    """What the desk asks of the window; `clients.ecg.shell.window` implements it."""

    def show_reading(self, reading: Reading) -> None:
        """Open a reading in a tab of its own, or bring the tab of its exam to the front."""
        ...

    def close_reading(self, exam_id: int) -> None:
        """Close the tab of an exam; unsaved changes are asked about first."""
        ...

    def retitle_reading(self, exam_id: int, title: str) -> None:
        """Show other words on the tab of an exam."""
        ...

    def show_next(self, exam_id: int) -> None:
        """Open what waits after an exam; its own tab closes when nothing of it is unsaved."""
        ...

    def show_page(self, page: str) -> Any:
        """Bring a page to the front; its widget, or None where the user has no such page."""
        ...

    def show_report(self, exam_id: int, consultation_id: int | None) -> None:
        """Show the PDF of the report."""
        ...


class Desk:
    """The session's desk. Attributes are read; only methods change anything."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        """Connection, session, runner, messages, drafts and settings of the page that was shown first."""
        self.papers: Any = None
        """Hands documents of the server to this computer's printers (`clients.kit.printing.documents`)."""
        self.view: View
        """The window; set before any page is made."""
        self.exam_changed: Bell[int] = Bell()
        """An exam of this id has a new version, 0 if many changed (the line was cut meanwhile)."""
        self.consultation_changed: Bell[int] = Bell()
        """A consultation of this id has a new version, 0 if many changed."""
        self.changed: Bell[tuple[str, int]] = Bell()
        """Something else changed: entity and id of the server's notice (devices, tasks, orphans, notices)."""
        self.notices: Bell[tuple[Any, ...]] = Bell()
        """The unread messages (消息) of the user changed: newest first."""
        self.unread: tuple[Any, ...] = ()

    def may(self, permission: str) -> bool:
        """Say whether the user has a permission."""
        return self.place.may(permission)

    def open_reading(
        self,
        exam_id: int,
        *,
        acquire: bool = False,
        consultation_id: int | None = None,
        read_only: bool = False,
    ) -> None:
        """阅图: open the exam in a tab of its own, so that the list stays where it was (ECG-GEN-04)."""
        self.view.show_reading(Reading(exam_id, acquire, consultation_id, read_only))

    def close_reading(self, exam_id: int) -> None:
        """Close the tab of an exam; unsaved changes are asked about first."""
        self.view.close_reading(exam_id)

    def open_next(self, exam_id: int) -> None:
        """下一份待阅: open what waits after this exam, the most urgent first; its tab closes when all is saved."""
        self.view.show_next(exam_id)

    def retitle_reading(self, exam_id: int, title: str) -> None:
        """A reading page knows its patient now, or became dirty or clean: show it on its tab."""
        self.view.retitle_reading(exam_id, title)

    def open_page(self, page: str) -> Any:
        """Bring a page to the front (`clients.ecg.pages`); its widget, or None where the user has no such page."""
        return self.view.show_page(page)

    def open_report(self, exam_id: int, consultation_id: int | None = None) -> None:
        """报告, 查看报告: show the PDF of the exam's report, or of a consultation's."""
        self.view.show_report(exam_id, consultation_id)

    def tell_exam(self, exam_id: int) -> None:
        """Somebody here changed an exam: lists load it again without waiting for the server's notice."""
        self.exam_changed.ring(exam_id)

    def tell_consultation(self, consultation_id: int) -> None:
        """Somebody here changed a consultation."""
        self.consultation_changed.ring(consultation_id)

    def show_unread(self, notices: tuple[Any, ...]) -> None:
        """The server told which messages the user has not seen."""
        self.unread = notices
        self.notices.ring(notices)
