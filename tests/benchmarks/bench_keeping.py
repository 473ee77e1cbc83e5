"""How long check, rebuild, backup, restore's copy, deletion and compression take for many instances.

Run: PYTHONPATH=. python tests/benchmarks/bench_keeping.py [--instances 10000] [--rows 64]

Small CT slices in series of 100, in SQLite and a folder. There is no peer: Orthanc and dcm4chee have no check of this
kind, and Orthanc's backup stops the server. The figures of `sha256sum` and `cp -r` over the same files stand beside
ours as the floor that reading and copying alone would need.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from server.archive.keeping import backup
from server.archive.keeping.backup import Sources
from server.archive.keeping.rebuild import rebuild_index
from server.archive.keeping.vault import Vault
from server.archive.receive import ObjectName
from server.archive.tables import Study
from server.bootstrap import load_tables
from server.kernel.database import Database, migrate
from shared.dicomkit.synthetic import ct_series
from tests.server.archive.archive_house import House, encoded
from tests.server.archive.keeping.keeping_house import Keeping

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"


def fill(house: House, instances: int, rows: int) -> None:
    """Series of 100 slices, a study each."""
    for _ in range(instances // 100):
        for one in ct_series(None, 100, rows):
            what = ObjectName(CT, str(one.SOPInstanceUID), EXPLICIT)
            house.receiver.receive(what, "CT1", memoryview(encoded(one)))
    assert house.indexer.wait_until_idle(600)


def timed(name: str, work: Callable[[], object], per: int) -> None:
    begun = time.perf_counter()
    work()
    took = time.perf_counter() - begun
    print(f"{name:44}{took:>8.2f} s{took / per * 10_000:>10.2f} s per 10,000")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=64)
    options = parser.parse_args()
    count = options.instances
    load_tables()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        database = Database.in_folder(folder)
        migrate.upgrade(database)
        house = House(folder, database).start()
        fill(house, count, options.rows)
        keeping = Keeping(house, folder)
        objects = folder / "archive" / "objects"
        listing = f"find {objects} -type f -print0 | xargs -0 sha256sum > /dev/null"
        vault = Vault(folder / "vault")
        secrets = folder / "secrets"
        secrets.mkdir()
        documents = type(house.storage)(folder / "documents")
        sources = Sources(database, house.storage, documents, house.inbox, secrets, "{}")
        timed("floor: sha256sum of all files", lambda: subprocess.run(listing, shell=True, check=True), count)
        timed("check, every hash and row", lambda: house.service.check(hashes=True), count)
        timed("check --fast", lambda: house.service.check(hashes=False), count)
        timed("rebuild of the index from the files", lambda: rebuild_index(database, house.storage, _silent), count)
        timed("floor: cp -r of all files", lambda: shutil.copytree(objects, folder / "copy"), count)
        timed("backup, first", lambda: backup.run(sources, vault, _silent), count)
        timed("backup, again with nothing new", lambda: backup.run(sources, vault, _silent), count)
        timed("verify the backup", lambda: vault.verify(vault.choose(), _silent), count)
        with database.read() as uow:
            uids = list(uow.session.execute(select(Study.uid)).scalars())
        entries: list[int] = []
        timed("delete every study", lambda: entries.extend(keeping.delete(uid) for uid in uids), count)
        timed("restore every study", lambda: [keeping.restore(entry) for entry in entries], count)
        timed("compress everything (one child process)", keeping.service.compression.run, count)
        timed("remove the uncompressed files", keeping.sweep, count)
        assert keeping.findings() == []
        house.stop()


def _silent(_done: int, _total: int) -> None:
    return


if __name__ == "__main__":
    main()
