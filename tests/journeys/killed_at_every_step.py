"""Ends a process of keeping before each of its steps in turn, starts the work again, and proves that nothing is lost.

A step is whatever another process can see: a file that is opened for writing, renamed, linked or removed, a folder
that is made or removed, a commit of the database. The work is done by one thread, so the steps are the same each time.
Usage: ``killed_at_every_step.py FOLDER FIRST EVERY`` tries the steps FIRST, FIRST + EVERY, …; POSIX only (fork).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from server.archive import inbox
from server.archive.keeping import discards
from server.archive.keeping.tables import BinEntry
from server.archive.receive import ObjectName, Receiver
from server.archive.tables import Instance, Series, Study
from server.kernel.storage.durability import Durability
from shared.contract.keeping import DeleteImages
from tests.journeys.keeping_proof import Told, prove
from tests.journeys.keeping_until_killed import Crew, say
from tests.server.archive.store_until_killed import CT, EXPLICIT, an_object, template, uids

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate"}
_KILLED = 9


def main(folder: Path, first: int, every: int) -> int:
    """Try the steps; returns how many of them went wrong."""
    basis = folder / "basis"
    template(basis)
    in_a_child(lambda: make_basis(basis))
    status, said = in_a_child(lambda: say(f"{count_steps(fresh(basis, folder, 'count'))} steps"))
    assert status == 0, said.decode(errors="replace")
    steps = int(said.split()[-2])
    tried = wrong = 0
    for last in range(first, steps, every):
        place = fresh(basis, folder, f"step-{last}")
        told = Told()
        status, said = in_a_child(lambda place=place, last=last: work_until(place, last))
        told.hear(said.splitlines(keepends=True))
        if status == _KILLED:  # then comes a start, and the same work with other images
            status, said = in_a_child(lambda place=place: work(place, 1, None))
            if not status:
                told.hear(said.splitlines(keepends=True))
                status, said = in_a_child(lambda place=place, told=told: prove_work(place, told))
        tried += 1
        if status:
            wrong += 1
            print(f"ended before step {last} of {steps}: {said.decode(errors='replace')}")
        else:
            shutil.rmtree(place)
    print(f"{tried} of {steps} steps tried, {wrong} went wrong")
    return wrong


def make_basis(folder: Path) -> None:
    """An empty archive, so that no step of its making is among those that are tried."""
    Crew(folder, 0).database.close()


def fresh(basis: Path, folder: Path, name: str) -> Path:
    """A copy of the empty archive."""
    return Path(shutil.copytree(basis, folder / name))


def in_a_child(work: Callable[[], object]) -> tuple[int, bytes]:
    """Run `work` in a copy of this process; its exit status (1: it raised) and what it wrote to standard output."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            try:
                work()
            except BaseException:  # noqa: BLE001 - told to the parent
                sys.stdout.flush()
                os.write(1, traceback.format_exc().encode())
                os._exit(1)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        return status, output.read()


class Steps:
    """Counts the steps of this process in a folder, and ends it before the one with the number `last`."""

    def __init__(self, folder: Path, last: int = -1) -> None:
        self.folder = str(folder)
        self.last = last
        self.count = 0

    def watch(self, database: Any) -> None:
        """Begin."""
        event.listen(database.engine, "commit", lambda _connection: self._step())
        sys.addaudithook(self._hear)

    def _hear(self, name: str, arguments: tuple[Any, ...]) -> None:
        writes = name == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or name in _CHANGES) and str(arguments[0]).startswith(self.folder):
            self._step()

    def _step(self) -> None:
        if self.count == self.last:
            os._exit(_KILLED)  # as a kill: nothing is flushed, nothing is finished
        self.count += 1


def count_steps(folder: Path) -> int:
    """Do the whole work once."""
    steps = Steps(folder)
    work(folder, 0, steps)
    return steps.count


def work_until(folder: Path, last: int) -> None:
    """Do the work up to a step."""
    work(folder, 0, Steps(folder, last))


def prove_work(folder: Path, told: Told) -> None:
    """What was promised before and after the crash is there."""
    kept, compressed = prove(folder, told)
    assert kept > 3 and compressed > 1, "the work after the crash did nothing"


def work(folder: Path, round_: int, steps: Steps | None) -> None:
    """Receive, index, compress, delete, restore, purge, remove, back up and prune, one after the other."""
    crew = Crew(folder, round_)
    if steps is not None:
        steps.watch(crew.database)
    inbox.remove_partial(folder / "inbox")
    crew.indexer.replay()
    receiver = Receiver(folder / "inbox", lambda _message: None, durability=Durability.NONE, reserve_bytes=0)
    for sender, number in ((0, 0), (0, 1), (0, 40), (1, 0), (1, 1)):
        store(crew, receiver, sender, number)
    crew.indexer.replay()
    crew.back_up()
    crew.service.compression.run()
    store(crew, receiver, 0, 0)  # a device sends again what was compressed
    crew.indexer.replay()
    delete(crew, 0, level=0)
    discards.sweep(crew.database, crew.storage)
    restore(crew)
    delete(crew, 1, level=2)
    crew.purge(newest(crew))
    delete(crew, 0, level=1)
    discards.sweep(crew.database, crew.storage)
    crew.back_up()
    crew.back_up()
    crew.database.close()


def store(crew: Crew, receiver: Receiver, sender: int, number: int) -> None:
    """Receive an object and say so."""
    uid = uids(crew.round, sender, number)[2]
    data = memoryview(an_object(template(crew.folder), crew.round, sender, number))
    receiver.receive(ObjectName(CT, uid, EXPLICIT), f"CT{sender}", data)
    say(f"S {uid}")


def delete(crew: Crew, sender: int, *, level: int) -> None:
    """Move a study, a series of it or an image of it (level 0, 1, 2) into the bin."""
    study = uids(crew.round, sender, 0)[0]
    with crew.database.read() as uow:
        rows = uow.session.execute(
            select(Series.uid, Instance.uid)
            .select_from(Instance)
            .join(Series, Series.id == Instance.series_pk)
            .join(Study, Study.id == Series.study_pk)
            .where(Study.uid == study)
            .order_by(Instance.uid)
        ).all()
    series, instance = rows[0]
    asked = DeleteImages(
        study_uid=study,
        series_uid=series if level == 1 else "",
        sop_instance_uid=instance if level == 2 else "",
        reason="killing",
    )
    with crew.database.write() as uow:
        crew.service.delete_images(uow, asked, "test")


def newest(crew: Crew) -> int:
    """The entry of the bin that came last."""
    with crew.database.read() as uow:
        statement = select(BinEntry.id).where(BinEntry.purged_at.is_(None)).order_by(BinEntry.id.desc())
        return uow.session.execute(statement.limit(1)).scalar_one()


def restore(crew: Crew) -> None:
    """Bring the newest entry back."""
    entry = newest(crew)
    with crew.database.write() as uow:
        crew.service.restore(uow, entry)


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])) else 0)
