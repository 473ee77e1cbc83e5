"""The thin line without a window: watches a folder, keeps what comes, sends it when the server can be reached.

`mingjing ecg line` runs it beside a vendor's program. A record is first kept in the outbox on this computer and only
then is its file moved away; the log-in is tried again as long as it takes.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients.ecg.acquisition.folder_device import Inbox, moved, parts_of
from clients.ecg.line.originals import one_original
from clients.ecg.line.outbox import Outbox
from clients.ecg.line.sending import LineSender, LineStatus
from clients.kit.connection import LineReport, LineState
from clients.kit.server_connection import ServerConnection
from shared.contract.base import Request
from shared.contract.ecg_acquisition import UploadFacts
from shared.contract.errors import ENVIRONMENT, ErrorBody, ErrorCode, RpcError, error_for
from shared.domain.ecg import TraceSource

log = logging.getLogger(__name__)

Say = Callable[[str], None]


class Login:
    """A connection that logs in when it has to: at the first call, and again when the session has ended."""

    def __init__(self, server: str, user: str, password: str) -> None:
        """Raises ValueError with a sentence when the connection string is malformed."""
        self._user, self._password = user, password
        self._connection = ServerConnection(server)
        self._line = LineState.RECONNECTING
        self.on_change: Callable[[], None] = lambda: None
        """Called when the line comes and goes, from any thread."""
        self._connection.on_line_state(self._on_line)

    @property
    def is_up(self) -> bool:
        """Whether the server answers."""
        return self._line is LineState.ONLINE

    def _on_line(self, report: LineReport) -> None:
        self._line = report.state
        self.on_change()

    def call(self, request: Request[Any]) -> Any:
        """Send a request. Raises RpcError."""
        if self._connection.session is None:
            self._login()
        try:
            return self._connection.call(request)
        except RpcError as error:
            if error.code not in (ErrorCode.SESSION_EXPIRED, ErrorCode.NOT_SIGNED_IN):
                raise
            self._login()
            return self._connection.call(request)

    def _login(self) -> None:
        try:
            self._connection.login(self._user, self._password)
        except RpcError as error:
            if error.code in ENVIRONMENT:
                raise
            # Whatever the reason (password changed, account locked), the records stay and a person has to help.
            body = ErrorBody(code=ErrorCode.UNAVAILABLE, message=error.body.message, retry_after_s=30.0)
            raise error_for(body) from error

    def close(self) -> None:
        """Log out when the line is there."""
        self._connection.close()


class Agent:
    """Looks into one folder and empties one outbox."""

    def __init__(self, folder: Path, serial: str, outbox: Outbox, login: Login, say: Say) -> None:
        self._serial, self._outbox, self._say = serial, outbox, say
        self._inbox = Inbox(folder)
        self._sender = LineSender(
            outbox,
            login.call,
            sent=lambda sent: say(f"sent {sent.key} {sent.result.trace.id}"),
            refused=lambda key, why: say(f"refused {key} {why}"),
            changed=self._on_status,
            is_up=lambda: login.is_up,
        )
        login.on_change = self._sender.wake
        self._trouble = ""

    def run(self, stopped: threading.Event, *, every_s: float = 1.0, until_empty: bool = False) -> None:
        """Until it is stopped; with ``until_empty`` until the folder is empty and everything was sent."""
        self._sender.start()
        quiet = 0
        while not stopped.is_set():
            quiet = 0 if self.look() else quiet + 1
            if until_empty and quiet > 2 and not self._outbox.waiting():
                break
            stopped.wait(every_s)
        self._sender.stop()

    def look(self) -> int:
        """Keep what has settled in the folder; gives how many."""
        kept = 0
        try:
            paths = self._inbox.look()
        except OSError as error:
            log.warning("the folder cannot be read: %s", error.strerror)
            return 0
        for path in paths:
            try:
                kept += self._keep(path)
            except OSError as error:
                log.info("a file is still in use: %s", error.strerror)
        if kept:
            self._sender.wake()
        return kept

    def _keep(self, path: Path) -> bool:
        from shared.waveform import formats
        from shared.waveform.compact import pack

        files = {each.name: each.read_bytes() for each in parts_of(path)}
        try:
            record = formats.read(files if len(files) > 1 else files[path.name])
        except (formats.EcgFormatError, ValueError) as error:
            self._move(path, "failed")
            self._say(f"failed {path.name} {error}")
            return False
        # From what it is, so that a crash before the move keeps the same record under the same key.
        key = hashlib.sha256(path.name.encode() + b"".join(files.values())).hexdigest()[:32]
        facts = UploadFacts(parts=(), device_serial=self._serial, source=TraceSource.LINE)
        label = record.patient.name or path.name
        beside = {name: data for name, data in files.items() if name != path.name}
        original = one_original(path.name, files[path.name], beside)
        self._outbox.keep(facts, pack(record, thin=True), original=original, label=label, key=key)
        self._move(path, "done")
        self._say(f"kept {key} {path.name}")
        return True

    def _move(self, path: Path, name: str) -> None:
        target = path.parent / name
        target.mkdir(exist_ok=True)
        for each in parts_of(path):
            moved(each, target)

    def _on_status(self, status: LineStatus) -> None:
        if status.trouble != self._trouble:
            self._trouble = status.trouble
            self._say(f"waiting {status.waiting} {status.trouble}" if status.trouble else "line is back")
