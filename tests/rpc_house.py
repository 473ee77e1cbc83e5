"""A small server for tests: identity and audit behind a real router, in process or on real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import zmq
from zmq.utils import z85

from server.audit.rpc import AuditHandlers
from server.audit.service import AuditService
from server.doors.rpc.bulk import BulkAnswers, BulkItem, BulkSource
from server.doors.rpc.router import Router
from server.doors.rpc.sockets import KeyPair, RpcDoor
from server.identity.rpc import IdentityHandlers
from server.identity.service import IdentityService
from server.kernel.database import Database
from server.kernel.dispatch import Caller, Handler, collect
from server.kernel.errors import Refusal
from server.kernel.outbox import OutboxReader
from shared.contract.base import AuditClass
from shared.contract.errors import ErrorCode
from shared.contract.identity import ServerView
from shared.domain.permissions import Permission
from shared.rpc.client import RpcClient, ZmqTransport
from shared.rpc.connection import Connection
from tests.databases import make_tables

TOPIC = "t0pic"


class SettableClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.present = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.present

    def forward(self, **parts: float) -> None:
        self.present += timedelta(**parts)


class RpcHouse:
    """Database in `folder`, identity, audit, router."""

    def __init__(self, folder: Path, *more: object) -> None:
        self.database = Database.in_folder(folder)
        make_tables(self.database)
        self.clock = SettableClock()
        self.identity = IdentityService(self.database, self.clock, TOPIC)
        self.admin_password = self.identity.ensure_administrator()
        self.audit = AuditService(self.database)
        self.handlers: dict[str, Handler] = collect(
            IdentityHandlers(self.identity, self._describe), AuditHandlers(self.audit), *more
        )
        self.router = Router(self.handlers, self.database, self.identity, self.audit, self.clock)
        self.documents: dict[str, bytes] = {}
        self.disk_warning = ""
        public, secret = zmq.curve_keypair()
        self.keys = KeyPair(z85.decode(public), z85.decode(secret))

    def _describe(self) -> ServerView:
        return ServerView(
            name="test", version="0", protocol=1, time=self.clock.now(), disk_free_mb=1, disk_warning=self.disk_warning
        )

    def _document(self, _caller: Caller, name: str, _frame: int) -> BulkItem:
        if name not in self.documents:
            raise Refusal(ErrorCode.NOT_FOUND, "没有这个文件。")
        return BulkItem(self.documents[name])

    @contextmanager
    def on_sockets(self, port: int = 0) -> Iterator[Connection]:
        """Open real sockets; yields where they are."""
        source = BulkSource(Permission.SIGNED_IN, AuditClass.EXPORT, self._document)
        bulk = BulkAnswers({"document": source}, self.identity, self.audit, self.clock)
        door = RpcDoor(self.router, bulk.answer, self.keys, "127.0.0.1", port, TOPIC)
        connection = door.start()
        outbox = OutboxReader(self.database, door.publish)
        outbox.start()
        try:
            yield connection
        finally:
            outbox.stop()
            door.stop()

    def close(self) -> None:
        self.database.close()


@contextmanager
def a_client(connection: Connection, **options: Any) -> Iterator[RpcClient]:
    """A client on real sockets, closed at the end."""
    on_line: Callable[[bool, float], None] = options.pop("on_line", lambda _up, _age: None)
    client = RpcClient(ZmqTransport(connection, on_line=on_line), **options)
    try:
        yield client
    finally:
        client.close()
