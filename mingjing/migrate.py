"""`mingjing migrate`: the database's schema, for administrators and developers."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from server.bootstrap import load_tables
from server.kernel.database import Database, migrate


def main(arguments: list[str]) -> int:
    """Upgrade or downgrade a data folder's database, or write a new migration from the tables in the code."""
    parser = argparse.ArgumentParser(prog="mingjing migrate", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    up = words.add_parser("upgrade", help="bring the database of a stopped server to this version")
    down = words.add_parser("downgrade", help="undo migrations (make a backup first)")
    down.add_argument("revision")
    for word in (up, down):
        word.add_argument("--data", type=Path, required=True)
    new = words.add_parser("new", help="for developers: write a migration from what differs")
    new.add_argument("message")
    options = parser.parse_args(arguments)
    load_tables()
    if options.word == "new":
        with tempfile.TemporaryDirectory() as folder:
            database = Database.in_folder(Path(folder))
            migrate.upgrade(database)
            migrate.write_new(database, options.message)
            database.close()
        return 0
    database = Database.in_folder(options.data)
    if options.word == "upgrade":
        migrate.upgrade(database)
    else:
        migrate.downgrade(database, options.revision)
    print("differences to this version:", migrate.differences(database) or "none")
    database.close()
    return 0
