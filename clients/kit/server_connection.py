"""The real Connection: the RPC client and the bulk channel behind the port that screens see."""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from clients.kit.connection import LineReport, LineState
from shared.contract.base import AnyNotice, Notice, Request
from shared.contract.errors import EnvironmentTrouble, ErrorBody, ErrorCode
from shared.contract.identity import ServerView, SessionView
from shared.rpc.bulk import BulkClient
from shared.rpc.client import RpcClient, ZmqTransport
from shared.rpc.connection import Connection as ServerAddress

R = TypeVar("R")

_OFFLINE_AFTER_S = 30.0  # until then the banner says "reconnecting"


class ServerConnection:
    """A line to a Mingjing server; implements clients.kit.connection.Connection."""

    def __init__(self, server: str) -> None:
        """`server` is a connection string. Raises ValueError with a sentence when it is malformed."""
        self.address = ServerAddress.parse(server)
        self._lock = threading.Lock()
        self._line_listeners: list[Callable[[LineReport], None]] = []
        self._notice_listeners: list[Callable[[Notice], None]] = []
        self._line = LineReport(LineState.RECONNECTING)
        transport = ZmqTransport(self.address, on_line=self._line_changed, on_server=self._server_spoke)
        self._client = RpcClient(transport, station=platform.node())
        self._client.on_notice = self._notice_came

    @property
    def session(self) -> SessionView | None:
        """The open session, or None before the log-in."""
        return self._client.session

    def login(self, user: str, password: str, *, captcha_id: str = "", captcha: str = "") -> SessionView:
        return self._client.login(user, password, captcha_id=captcha_id, captcha=captcha)

    def adopt(self, session: SessionView) -> None:
        """Use a session that another process of this workstation opened."""
        self._client.adopt(session)

    def call(self, request: Request[R]) -> R:
        return self._client.call(request)

    def open_bulk(self) -> BulkClient:
        """Return a new bulk client for one loader thread; the caller closes it. Raises EnvironmentTrouble."""
        session = self._client.session
        if session is None:
            raise EnvironmentTrouble(ErrorBody(code=ErrorCode.OFFLINE, message="请先登录。"))
        return BulkClient(self.address, session.token)

    def fetch_document(self, document_id: int) -> bytes:
        return self._fetch("document", document_id)

    def fetch_attachment(self, attachment_id: int) -> bytes:
        return self._fetch("attachment", attachment_id)

    def _fetch(self, item: str, number: int) -> bytes:
        bulk = self.open_bulk()
        try:
            return bytes(bulk.fetch(item, str(number)).data)
        finally:
            bulk.close()

    def on_line_state(self, listener: Callable[[LineReport], None]) -> None:
        with self._lock:
            self._line_listeners.append(listener)
            present = self._line
        listener(present)

    def on_notice(self, listener: Callable[[Notice], None]) -> None:
        with self._lock:
            self._notice_listeners.append(listener)

    def close(self) -> None:
        if self._client.session is not None and self._line.state is LineState.ONLINE:
            self._client.logout()
        self._client.close()

    def _line_changed(self, is_up: bool, silent_s: float) -> None:
        now = datetime.now(UTC)
        if is_up:
            report = LineReport(LineState.ONLINE, now)
        else:
            state = LineState.OFFLINE if silent_s > _OFFLINE_AFTER_S else LineState.RECONNECTING
            report = LineReport(state, now - timedelta(seconds=silent_s))
        self._tell(report)

    def _server_spoke(self, view: ServerView) -> None:
        if view.disk_warning != self._line.warning:
            self._tell(LineReport(LineState.ONLINE, datetime.now(UTC), view.disk_warning))

    def _tell(self, report: LineReport) -> None:
        with self._lock:
            self._line = report
            listeners = tuple(self._line_listeners)
        for listener in listeners:
            listener(report)

    def _notice_came(self, notice: AnyNotice) -> None:
        with self._lock:
            listeners = tuple(self._notice_listeners)
        for listener in listeners:
            listener(notice)
