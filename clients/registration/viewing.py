"""Opening images: asks the viewer's own process over the kit's viewer link."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from clients.kit.connection import Connection
from clients.kit.messages import Messages
from clients.kit.tokens import Tone
from clients.kit.translations import language
from clients.kit.viewer_link import ViewerEvent, ViewerFailed, ViewerLink
from clients.registration.exam_actions import ViewerMissing
from shared.contract.identity import SessionView


class LinkedViewer(QObject):
    """Steers this workstation's viewer; what goes wrong there becomes a sentence here."""

    _came = Signal(object)
    """ViewerEvent, emitted in the link's thread."""

    def __init__(self, connection: Connection, session: SessionView, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._server = str(getattr(connection, "address", ""))
        self._session = session
        self._messages = messages
        self._link: ViewerLink | None = None
        self._came.connect(self._on_event)

    def open_study(self, study_uid: str) -> None:
        """Show a study (called in a worker; returns at once). Raises ViewerMissing when there is no server to ask."""
        if not self._server:
            raise ViewerMissing("影像浏览器未安装，请联系管理员。")
        if self._link is None:
            self._link = ViewerLink(
                server=self._server, session=self._session, on_event=self._came.emit, language=language().value
            )
        self._link.open([study_uid])

    def close(self) -> None:
        """End the viewer with the workstation."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    @Slot(object)
    def _on_event(self, event: Any) -> None:
        heard: ViewerEvent = event
        if isinstance(heard, ViewerFailed):
            self._messages.say(heard.sentence, Tone.WARNING)
