"""Notices of other processes arrive, and waiting for them asks the database nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from server.kernel.database import Database
from server.kernel.database.watching import Watch
from server.kernel.outbox import OutboxReader
from shared.contract.base import Changed


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database.in_folder(tmp_path)
    made.create_schema()
    yield made
    made.close()


def tell(database: Database, number: int) -> None:
    with database.write() as uow:
        uow.publish(Changed(entity="exam", id=number, version=1))


def test_a_watch_sees_commits_of_everybody_once(database: Database, tmp_path: Path) -> None:
    other = Database.in_folder(tmp_path)
    watch = Watch(database)
    assert watch.changed() and not watch.changed()
    tell(database, 1)
    assert watch.changed() and not watch.changed()
    tell(other, 2)
    assert watch.changed() and not watch.changed()
    watch.close()
    other.close()


def test_a_notice_of_another_process_is_sent_and_waiting_asks_nothing(database: Database, tmp_path: Path) -> None:
    other = Database.in_folder(tmp_path)
    sent: list[bytes] = []
    arrived, looked = threading.Event(), threading.Semaphore(0)
    asked: list[str] = []

    def send(body: bytes) -> None:
        sent.append(body)
        arrived.set()

    reader = OutboxReader(database, send)
    reader.start()
    tell(other, 1)
    assert arrived.wait(20) and len(sent) == 1
    # Quiet: whatever is still under way ends, then turns of the reader pass without a question.
    event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append(str(args[2])))
    waits = reader._wake.wait

    def counted(timeout: float | None = None) -> bool:
        looked.release()
        return waits(timeout)

    reader._wake.wait = counted  # type: ignore[method-assign]
    for _ in range(3):
        assert looked.acquire(timeout=20)
    asked.clear()
    for _ in range(5):
        assert looked.acquire(timeout=20)
    assert asked == []
    arrived.clear()
    tell(database, 2)
    assert arrived.wait(20) and len(sent) == 2
    reader.stop()
    other.close()


def test_what_could_not_be_sent_is_tried_again(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    arrived = threading.Event()
    faults = iter([OSError("gone"), OSError("gone")])

    def send(_body: bytes) -> None:
        fault = next(faults, None)
        if fault is not None:
            raise fault
        arrived.set()

    reader = OutboxReader(database, send)
    reader.start()
    tell(database, 1)
    assert arrived.wait(20)
    reader.stop()
    assert caplog.text.count("could not publish") == 2
