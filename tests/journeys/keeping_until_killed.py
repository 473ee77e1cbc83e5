"""Child process of the kill test of keeping: stores, compresses, deletes, restores, purges and backs up, all at once.

What was acknowledged is a line ``S uid``; before images are purged each of them is a line ``P uid``; a finished backup
is a line ``B name``.

Usage: ``keeping_until_killed.py FOLDER``, then a line with the number of each round. A round works in a copy of this
process, so that the imports are paid once (where there is no fork: in this process, whose end is that of the round).
Its lines begin with ``pid N`` and ``ready``; when it was killed comes ``over STATUS``.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import random
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec
from sqlalchemy import select

from server.archive.index import Indexer
from server.archive.keeping import backup, discards, policy
from server.archive.keeping.backup import Sources
from server.archive.keeping.codec import Left, compress
from server.archive.keeping.compressing import Compression
from server.archive.keeping.ports import ExamFacts, NoCopies
from server.archive.keeping.service import KeepingService
from server.archive.keeping.tables import BinEntry, BinObject
from server.archive.keeping.vault import Vault
from server.archive.keeping.worker import Order, Result, Workshop, done
from server.archive.ports import NoExams
from server.archive.receive import ObjectName, Receiver, file_meta
from server.archive.tables import Instance, Series, Study
from server.bootstrap import load_tables
from server.kernel.database import Database, UnitOfWork, migrate
from server.kernel.errors import Refusal
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from shared.contract.keeping import DeleteImages
from tests.server.archive.store_until_killed import CT, EXPLICIT, an_object, template, uids


class Exams(NoExams):
    """No study belongs to an exam."""

    def facts(self, uow: UnitOfWork, exam_id: int) -> ExamFacts | None:
        return None


class HereWorkshop(Workshop):
    """Encodes in this process: a child that starts for a second would see few kills."""

    def compress(self, order: Order) -> Result:
        return done(order)


class Crew:
    """Everything that works on one data folder."""

    def __init__(self, folder: Path, round_: int) -> None:
        load_tables()
        self.folder = folder
        self.round = round_
        self.chance = random.Random(round_)
        self.database = Database.in_folder(folder)
        migrate.upgrade(self.database)
        # a killed process loses nothing that it wrote: flushing would only make the rounds longer
        self.storage = FolderStorage(folder / "archive", durability=Durability.NONE)
        self.storage.sweep()
        self.indexer = Indexer(self.database, self.storage, folder / "inbox", scan_every_s=0.3)
        self.service = KeepingService(
            self.database, self.storage, folder / "workshop", Exams(), NoCopies(), folder / "vault"
        )
        self.service.compression = Compression(self.database, self.storage, folder / "workshop", workshop=HereWorkshop)
        with self.database.write() as uow:
            present, row = policy.load(uow.session)
            wanted = msgspec.structs.replace(
                present, compress_after_hours=0, compress_grace_minutes=0, purge_needs_second_person=False
            )
            policy.save(uow.session, row.version if row else 0, wanted, "test")

    def start(self) -> None:
        self.indexer.start()
        basis = template(self.folder)
        receiver = Receiver(self.folder / "inbox", self.indexer.submit, durability=Durability.NONE, reserve_bytes=0)
        work: list[Callable[[], None]] = [self.keep, self.compress, self.back_up]
        for sender in (0, 1):
            work.append(lambda sender=sender: self.send(receiver, basis, sender))
        for one in work:
            threading.Thread(target=self.forever, args=(one,), daemon=True).start()

    def forever(self, work: Callable[[], None]) -> None:
        try:
            while True:
                with contextlib.suppress(Refusal):  # e.g. what was chosen is gone already
                    work()
        except BaseException:  # noqa: BLE001 - the outermost loop of a thread
            traceback.print_exc()
            os._exit(3)  # the test sees that nobody killed it

    def send(self, receiver: Receiver, basis: bytes, sender: int) -> None:
        for number in itertools.count():
            uid = uids(self.round, sender, number)[2]
            data = memoryview(an_object(basis, self.round, sender, number))
            receiver.receive(ObjectName(CT, uid, EXPLICIT), f"CT{sender}", data)
            say(f"S {uid}")
            threading.Event().wait(0.005)

    def compress(self) -> None:
        self.service.compression.run(self._tell)
        discards.sweep(self.database, self.storage)

    def _tell(self, done: int, _total: int) -> None:
        if done:
            say(f"C {self.round}-{done}")

    def back_up(self) -> None:
        vault = Vault(self.folder / "vault")
        secrets = self.folder / "secrets"
        secrets.mkdir(exist_ok=True)
        sources = Sources(self.database, self.storage, self.storage, self.folder / "inbox", secrets, "{}")
        backup.run(sources, vault, lambda _done, _total: None)
        say(f"B {vault.generations()[-1]}")
        vault.prune(2, lambda _done, _total: None)

    def keep(self) -> None:
        """Delete a study, a series or an instance; restore or purge an entry of the bin."""
        threading.Event().wait(0.02)  # the others want to write as well
        with self.database.read() as uow:
            entries = list(uow.session.execute(select(BinEntry.id).where(BinEntry.purged_at.is_(None))).scalars())
        action = self.chance.random()
        if entries and action < 0.35:
            with self.database.write() as uow:
                self.service.restore(uow, self.chance.choice(entries))
        elif len(entries) > 3 and action < 0.5:
            self.purge(self.chance.choice(entries))
        else:
            self.delete()

    def purge(self, entry: int) -> None:
        with self.database.read() as uow:
            for uid in uow.session.execute(select(BinObject.uid).where(BinObject.entry_id == entry)).scalars():
                say(f"P {uid}")
        with self.database.write() as uow:
            self.service.purge_images(uow, entry, "killing", "test")

    def delete(self) -> None:
        statement = (
            select(Study.uid, Series.uid, Instance.uid)
            .select_from(Study)
            .join(Series, Series.study_pk == Study.id)
            .join(Instance, Instance.series_pk == Series.id)
        )
        with self.database.read() as uow:
            rows = uow.session.execute(statement.limit(500)).all()
        if not rows:
            return
        study, series, instance = self.chance.choice(rows)
        level = self.chance.randrange(3)
        asked = DeleteImages(
            study_uid=study,
            series_uid=series if level == 1 else "",
            sop_instance_uid=instance if level == 2 else "",
            reason="killing",
        )
        with self.database.write() as uow:
            self.service.delete_images(uow, asked, "test")


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # one write below PIPE_BUF: never torn


def work(folder: Path, round_: int) -> None:
    """One round, until the kill or the end of the test."""
    say(f"pid {os.getpid()}")
    crew = Crew(folder, round_)
    crew.start()
    say("ready")
    os.read(0, 1)  # nothing comes: the end of the test ends it


def work_in_a_copy(folder: Path, round_: int) -> int:
    """One round in a copy of this process; its exit status, negative for a signal."""
    child = os.fork()
    if not child:
        try:
            work(folder, round_)
        except BaseException:  # noqa: BLE001 - the outermost of a process
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path) -> None:
    load_tables()
    with contextlib.suppress(Left):  # the codecs are loaded before the clock of a round runs
        compress(memoryview(file_meta(ObjectName(CT, "1.2", EXPLICIT)) + template(folder)), "htj2k")
    gc.collect()
    gc.freeze()  # so that the copies go on sharing these pages
    for line in sys.stdin:
        if not hasattr(os, "fork"):
            work(folder, int(line))
            return
        say(f"over {work_in_a_copy(folder, int(line))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
