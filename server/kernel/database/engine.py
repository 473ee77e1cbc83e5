"""Opens the database and hands out units of work; knows the two dialects' manners."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from server.kernel.database.base import Base
from server.kernel.database.unit import UnitOfWork
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode

logger = logging.getLogger(__name__)

_BUSY_TIMEOUT_S = 30
_IMPOSSIBLE = "内容中有超出范围的数字、过长的文字或不能保存的字符，请检查后再提交。"


class Database:
    """SQLite file or PostgreSQL by URL. Thread-safe; one instance per process.

    A relaxed one does not sync an embedded database with each commit, so that nobody waits for the disk while it holds
    the writer's lock; what was committed is durable after the next `sync`. It leaves checkpoints to its owner as well.
    """

    def __init__(self, url: str, *, relaxed: bool = False) -> None:
        self.url = url
        self._relaxed = relaxed and url.startswith("sqlite")
        self.is_sqlite = url.startswith("sqlite")
        self.engine = (
            _sqlite_engine(url, relaxed=relaxed)
            if self.is_sqlite
            else create_engine(url, pool_size=20, max_overflow=20, hide_parameters=True)
        )
        # SQLite has one writer: queueing for it here is fair, its own busy handler is not.
        self._writer = threading.Lock() if self.is_sqlite else None
        self.on_notices: Callable[[], None] = lambda: None

    @classmethod
    def in_folder(cls, folder: Path) -> Database:
        """Open (or make) the embedded database of a data folder."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(f"sqlite:///{(folder / 'mingjing.db').as_posix()}")

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """Open a consistent view that writes nothing. Raises INVALID for a value that no column can hold."""
        with _refusing_impossible_values(), Session(self.engine, autoflush=False, expire_on_commit=False) as session:
            yield UnitOfWork(session, is_writer=False)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """Open a transaction that is committed (and synced to disk) at the end, or rolled back on any exception.

        Raises INVALID for a value that no column can hold, BUSY, DISK_FULL.
        """
        if self._writer is not None and not self._writer.acquire(timeout=_BUSY_TIMEOUT_S):
            raise Refusal(ErrorCode.BUSY, "服务器正忙，请稍后再试。", retry_after_s=2)
        try:
            with _refusing_impossible_values(), Session(self.engine, expire_on_commit=False) as session:
                session.connection(execution_options={"is_writer": True})
                unit = UnitOfWork(session, is_writer=True)
                yield unit
                unit.flush_notices()
                _commit(session)
        finally:
            if self._writer is not None:
                self._writer.release()
        if unit.has_notices:
            self.on_notices()

    def sync(self) -> None:
        """Make everything that a relaxed database committed survive a power cut; others have done so already.

        The embedded database writes each commit to the end of its journal, or has synced it on its way into the file.
        """
        if not self._relaxed:
            return
        with suppress(FileNotFoundError):
            descriptor = os.open(f"{self.engine.url.database}-wal", os.O_RDWR | getattr(os, "O_BINARY", 0))
            try:
                (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(descriptor)
            finally:
                os.close(descriptor)

    def checkpoint(self) -> None:
        """Bring the embedded database's journal into its file as far as no reader or writer has to wait for it."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")

    def create_schema(self) -> None:
        """Create all tables without migrations; for tests of single areas."""
        Base.metadata.create_all(self.engine)

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _refusing_impossible_values() -> Iterator[None]:
    """Answer numbers beyond 32 or 64 bits and texts with NUL as wrong entries: each database says it its own way."""
    try:
        yield
    except DataError as error:
        logger.warning("a value was refused by the database: %s", type(error.orig).__name__)
        raise Refusal(ErrorCode.INVALID, _IMPOSSIBLE) from error
    except OverflowError as error:
        if "SQLite" not in str(error):
            raise
        raise Refusal(ErrorCode.INVALID, _IMPOSSIBLE) from error


def _commit(session: Session) -> None:
    try:
        session.commit()
    except OperationalError as error:
        if "full" in str(error.orig).lower():
            raise Refusal(ErrorCode.DISK_FULL, "服务器磁盘已满，本次操作没有保存，请联系管理员。") from error
        raise


def _sqlite_engine(url: str, *, relaxed: bool) -> Engine:
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_S},
        pool_size=20,
        max_overflow=40,
        hide_parameters=True,  # they are patient data and would stand in logs
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event below says BEGIN, not the driver
        for pragma in (
            "journal_mode=WAL",
            # what was answered survives a power cut, not only a crash of the process
            f"synchronous={'NORMAL' if relaxed else 'FULL'}",
            f"wal_autocheckpoint={0 if relaxed else 4000}",  # pages; the indexer does it earlier, between its batches
            "foreign_keys=ON",
            "temp_store=MEMORY",
            f"cache_size={-8000 if relaxed else -32000}",  # the indexer's rows are new: little of it is read again
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        is_writer = connection.get_execution_options().get("is_writer", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")

    return engine
