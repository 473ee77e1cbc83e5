"""Child process of the kill test: moves studies to and fro between stores, as fast as it can, without end."""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

from sqlalchemy import select

from server.archive.lifecycle.moving import StudyMover
from server.archive.lifecycle.registry import StoreRegistry
from server.archive.tables import Study
from server.bootstrap import load_tables
from server.kernel.database import Database
from server.kernel.storage.definition import StoreDefinition, parse
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage
from server.kernel.storage.tiers import Role

PLACES = ({"near", "disk-a"}, {"near"}, {"online"}, {"disk-a", "disk-b"}, {"online", "near"}, {"disk-b"})


def stores_of(folder: Path) -> list[StoreDefinition]:
    """Three folders, and a bucket where the test wrote one down."""
    stores = [
        StoreDefinition(name, "folder", role, label=name.upper(), path=str(folder / name))
        for name, role in (("near", Role.NEARLINE), ("disk-a", Role.OFFLINE), ("disk-b", Role.OFFLINE))
    ]
    bucket = folder / "bucket.json"
    if bucket.exists():
        stores.append(parse(json.loads(bucket.read_text())))
    return stores


def parts(folder: Path) -> tuple[Database, FolderStorage, StoreRegistry, StudyMover]:
    """The stores of the tests' life cycle, in a data folder that another process left."""
    load_tables()
    database = Database.in_folder(folder)
    online = FolderStorage(folder / "archive", durability=Durability.NONE)
    registry = StoreRegistry(database, stores_of(folder), folder / "secrets", look_again_s=0)
    return database, online, registry, StudyMover(database, online, registry)


def main(folder: Path, seed: int) -> None:
    database, _, registry, mover = parts(folder)
    registry.adopt()
    with database.read() as uow:
        studies = list(uow.session.execute(select(Study.uid).order_by(Study.id)).scalars())
    dice = random.Random(seed)
    places = [*PLACES, {"cloud"}, {"cloud", "near"}, {"cloud", "online"}] if registry.get("cloud") else PLACES
    os.write(1, b"ready\n")
    mover.resume()
    while True:
        uid = dice.choice(studies)
        if dice.random() < 0.2:
            mover.recall(uid)
        else:
            mover.settle(uid, dice.choice(places))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
