"""What killed processes promised, and the proof that it holds: for the kill tests of keeping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from server.archive.keeping import discards
from server.archive.keeping.tables import BinObject, Discard
from server.archive.keeping.vault import Vault
from server.archive.tables import Instance, InstanceVersion
from tests.server.archive.archive_house import House


@dataclass
class Told:
    """What the killed processes said."""

    acknowledged: set[str] = field(default_factory=set)
    purged: set[str] = field(default_factory=set)  # or about to be, when the kill came
    generations: set[str] = field(default_factory=set)  # of the backup; only the newest two are kept
    series: set[str] = field(default_factory=set)  # gone through by the compression

    def hear(self, lines: Iterable[bytes]) -> None:
        """Take what a process wrote before it died; a torn last line was not said."""
        for line in lines:
            if line.endswith(b"\n"):
                kind, uid = line.decode().split()
                {"S": self.acknowledged, "P": self.purged, "B": self.generations, "C": self.series}[kind].add(uid)


def prove(folder: Path, told: Told) -> tuple[int, int]:
    """Start the archive again and prove it; returns (objects kept, images compressed)."""
    house = House(folder).start()
    try:
        later = datetime.now(UTC) + timedelta(hours=2)  # what a crash left announced is due, and dead backups are dead
        discards.sweep(house.database, house.storage, now=later)
        found = house.service.check(hashes=True)
        assert found.findings == ()
        with house.database.read() as uow:
            session = uow.session
            assert session.execute(select(Discard)).first() is None
            indexed = set(session.execute(select(Instance.uid)).scalars())
            binned = set(session.execute(select(BinObject.uid)).scalars())
            keys = {
                key
                for table in (Instance, InstanceVersion, BinObject)
                for key in session.execute(select(table.object_key)).scalars()
            }
            compressed = session.execute(select(func.count(Instance.received_key))).scalar_one()
        lost = told.acknowledged - told.purged - indexed - binned
        assert lost == set(), f"{len(lost)} acknowledged objects are gone"
        assert set(house.storage.keys()) == keys, "there are files that nothing names"
    finally:
        house.stop()
    vault = Vault(folder / "vault")
    for name in vault.generations():
        assert vault.verify(name, lambda _done, _total: None) == []
    return len(indexed | binned), int(compressed)
