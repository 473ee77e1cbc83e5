"""The thin line of a session: one outbox and one sender for the whole workstation, with signals for its screens."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from clients.ecg.line.outbox import Outbox, Waiting
from clients.ecg.line.sending import LineSender, LineStatus
from clients.kit.connection import LineReport as ConnectionReport
from clients.kit.connection import LineState
from clients.kit.kept import Kept
from shared.domain.ecg import Urgency

if TYPE_CHECKING:
    from pathlib import Path

    from clients.ecg.line.sending import Call
    from clients.kit.shell import Workplace
    from shared.contract.ecg_acquisition import UploadFacts

log = logging.getLogger(__name__)


class LineService(QObject):
    """Keeps records and sends them. Signals reach the GUI thread; `keep` blocks on the disk, call it in a task."""

    status_changed = Signal(object)
    """LineStatus."""
    sent = Signal(object)
    """sending.Sent: the server has this record on its disk."""
    refused = Signal(str, str)
    """Key, and the server's sentence why it will not take the record."""

    def __init__(self, user: str, call: Call, folder: Path | None = None) -> None:
        super().__init__()
        self._user, self._call, self._folder = user, call, folder
        self._lock = threading.Lock()
        self._opened: tuple[Outbox, LineSender] | None = None
        self._is_over = False
        self._is_up = True
        self.status = LineStatus()
        self.status_changed.connect(self._remember)

    def open(self) -> None:
        """Read what an earlier session left and go on sending it. Blocks on the disk; OSError passes."""
        self._parts()

    def keep(
        self,
        facts: UploadFacts,
        packed: bytes,
        *,
        key: str,
        original: tuple[str, bytes] | None = None,
        urgency: Urgency = Urgency.ROUTINE,
        label: str = "",
    ) -> str:
        """Put a packed record on the disk and send it as soon as the line allows; gives its key. OSError passes."""
        outbox, sender = self._parts()
        outbox.keep(facts, packed, original=original, urgency=urgency, label=label, key=key)
        sender.wake()
        return key

    def waiting(self) -> tuple[Waiting, ...]:
        """What the server has not confirmed; empty before `open`."""
        with self._lock:
            return () if self._opened is None else self._opened[0].waiting()

    def try_again(self, key: str = "") -> None:
        """Send at once: everything, or a refused record once more. Blocks on the disk."""
        outbox, sender = self._parts()
        if key:
            outbox.try_again(key)
        sender.wake()

    def hear_line(self, report: ConnectionReport) -> None:
        """The connection's state changed (any thread): when it is back nothing waits for its pause."""
        with self._lock:
            opened = self._opened
        self._is_up = report.state is LineState.ONLINE
        if opened is not None:
            opened[1].wake()

    def close(self) -> None:
        """End with the window; what is not sent stays on the disk."""
        with self._lock:
            opened, self._opened, self._is_over = self._opened, None, True
        if opened is not None:
            opened[1].stop()

    def _parts(self) -> tuple[Outbox, LineSender]:
        with self._lock:
            if self._is_over:
                raise OSError("the session is over")
            if self._opened is None:
                outbox = Outbox.for_user(self._user, self._folder)
                sender = LineSender(
                    outbox,
                    self._call,
                    sent=self.sent.emit,
                    refused=self.refused.emit,
                    changed=self.status_changed.emit,
                    is_up=lambda: self._is_up,
                )
                sender.start()
                self._opened = outbox, sender
            return self._opened

    def _remember(self, status: LineStatus) -> None:
        self.status = status


class _Close:
    """Closes the line when its window goes; a callable object, because a lambda would keep the window alive."""

    def __init__(self, service: LineService) -> None:
        self._service = service

    def __call__(self, _gone: QObject | None = None) -> None:
        self._service.close()


_SERVICES: Kept[LineService] = Kept("thin line")


def line_of(place: Workplace) -> LineService:
    """The thin line of this session, made by whoever needs it first; what an earlier session left is sent too."""
    owner: QObject = place.shell
    found = _SERVICES.of(owner)
    if found is None:
        found = LineService(place.session.login, place.connection.call)
        owner.destroyed.connect(_Close(found))
        place.connection.on_line_state(found.hear_line)
        _SERVICES.keep(owner, found)
        place.runner.run(found.open, _nothing, _not_opened, key="ecg.line")
    return found


def _nothing(_result: None) -> None:
    """The sender tells the rest."""


def _not_opened(error: Exception) -> None:
    """It is opened again with the next record."""
    log.warning("the outbox of ECG records cannot be read: %s", type(error).__name__)
