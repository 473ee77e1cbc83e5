"""What a workstation needs from the line to the server: the Connection port, and the fake for tests and gallery.

The real connection wraps the RPC client; presenters see only this port. `call` blocks and is therefore only called
inside work given to a TaskRunner. Listeners may be called from any thread; the shell brings them to the GUI thread.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from shared.contract.base import Notice, Request
from shared.contract.errors import EnvironmentTrouble, ErrorBody, ErrorCode, error_for
from shared.contract.identity import SessionView
from shared.domain.permissions import Permission

R = TypeVar("R")


class LineState(enum.StrEnum):
    """How the line stands."""

    ONLINE = "online"
    RECONNECTING = "reconnecting"
    OFFLINE = "offline"


@dataclass(frozen=True)
class LineReport:
    """A change of the line: `last_contact` is the moment of the last answer (UTC), None before the first.

    `warning` is a sentence of the server about itself that everybody should see: its disk is filling up.
    """

    state: LineState
    last_contact: datetime | None = None
    warning: str = ""


class Connection(Protocol):
    """A line to one server. Errors are those of `shared.contract.errors`."""

    def login(self, user: str, password: str, *, captcha_id: str = "", captcha: str = "") -> SessionView:
        """Open a session (blocking). Raises Refused or EnvironmentTrouble.

        Refusals: WRONG_PASSWORD, ACCOUNT_LOCKED, INVALID (field "captcha").
        """
        ...

    def call(self, request: Request[R]) -> R:
        """Send a request and wait for its reply (blocking). Raises RpcError."""
        ...

    def fetch_document(self, document_id: int) -> bytes:
        """Fetch a document's bytes (PDF, PNG, ZPL) over the bulk channel (blocking). Raises RpcError."""
        ...

    def fetch_attachment(self, attachment_id: int) -> bytes:
        """Fetch a photographed page over the bulk channel (blocking). Raises RpcError."""
        ...

    def on_line_state(self, listener: Callable[[LineReport], None]) -> None:
        """Hear of every change of the line, at once of the present one; called from any thread."""
        ...

    def on_notice(self, listener: Callable[[Notice], None]) -> None:
        """Hear every notice; called from any thread."""
        ...

    def close(self) -> None:
        """Log out if there is a session, and end the line; harmless when already closed."""
        ...


class Connector(Protocol):
    """Makes a Connection from a connection string; raises ValueError with a sentence if the string is malformed."""

    def __call__(self, server: str) -> Connection:
        """Prepare the line; may return before the server has answered."""
        ...


Handler = Callable[[Any], Any]


@dataclass
class FakeConnection:
    """A connection whose server is a mapping of request type → function; records what was called.

    >>> line = FakeConnection(replies={ListExams: lambda request: ExamPage(rows=(), total=0)})
    """

    replies: Mapping[type[Any], Handler] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=lambda: {"admin": "secret"})
    permissions: tuple[Permission, ...] = ()
    calls: list[Any] = field(default_factory=list)
    closed: bool = False
    documents: dict[int, bytes] = field(default_factory=dict)
    attachments: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._line_listeners: list[Callable[[LineReport], None]] = []
        self._notice_listeners: list[Callable[[Notice], None]] = []
        self._line = LineReport(LineState.ONLINE, datetime.now(UTC))
        self._wrong = 0

    def login(self, user: str, password: str, *, captcha_id: str = "", captcha: str = "") -> SessionView:
        """Accept the accounts given; three wrong passwords lock the account, as the server does."""
        self._require_line()
        if self._wrong >= 3:
            raise error_for(ErrorBody(code=ErrorCode.ACCOUNT_LOCKED, message="locked", retry_after_s=300.0))
        if self.accounts.get(user) != password:
            self._wrong += 1
            raise error_for(ErrorBody(code=ErrorCode.WRONG_PASSWORD, message="wrong", retry_after_s=float(self._wrong)))
        return SessionView(
            token="fake",
            user_id=1,
            login=user,
            name=user,
            roles=(),
            permissions=self.permissions,
            notice_topic="all",
            expires=datetime.now(UTC) + timedelta(hours=8),
        )

    def call(self, request: Request[R]) -> R:
        """Answer from `replies`; an unknown request is refused as the server would."""
        self._require_line()
        self.calls.append(request)
        handler = self.replies.get(type(request))
        if handler is None:
            raise error_for(ErrorBody(code=ErrorCode.UNKNOWN_METHOD, message=f"no reply for {type(request).__name__}"))
        reply: R = handler(request)
        return reply

    def fetch_document(self, document_id: int) -> bytes:
        """Answer from `documents`."""
        self._require_line()
        if document_id not in self.documents:
            raise error_for(ErrorBody(code=ErrorCode.NOT_FOUND, message="no such document"))
        return self.documents[document_id]

    def fetch_attachment(self, attachment_id: int) -> bytes:
        """Answer from `attachments`."""
        self._require_line()
        if attachment_id not in self.attachments:
            raise error_for(ErrorBody(code=ErrorCode.NOT_FOUND, message="no such picture"))
        return self.attachments[attachment_id]

    def on_line_state(self, listener: Callable[[LineReport], None]) -> None:
        """Remember the listener and tell it the present state."""
        self._line_listeners.append(listener)
        listener(self._line)

    def on_notice(self, listener: Callable[[Notice], None]) -> None:
        """Remember the listener."""
        self._notice_listeners.append(listener)

    def close(self) -> None:
        """Mark the line as closed."""
        self.closed = True

    def set_line(self, state: LineState, last_contact: datetime | None = None, warning: str = "") -> None:
        """Play a change of the line; calls fail with OFFLINE unless it is online."""
        self._line = LineReport(state, last_contact or self._line.last_contact, warning)
        for listener in self._line_listeners:
            listener(self._line)

    def send_notice(self, notice: Notice) -> None:
        """Play a notice from the server."""
        for listener in self._notice_listeners:
            listener(notice)

    def _require_line(self) -> None:
        if self._line.state is not LineState.ONLINE:
            raise EnvironmentTrouble(ErrorBody(code=ErrorCode.OFFLINE, message="the server does not answer"))
