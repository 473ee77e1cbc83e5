"""`mingjing backup`: backs up a running or stopped server into a folder; lists, verifies and prunes backups."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from server.kernel.folderlock import FolderInUse


def main(arguments: list[str]) -> int:
    """Make a backup, or with --list, --verify, --prune look after those that are there. Status 1 on any trouble."""
    parser = argparse.ArgumentParser(prog="mingjing backup", description=__doc__)
    parser.add_argument("--data", type=Path, help="data folder of the server; it may be running")
    parser.add_argument("--settings", type=Path, help="the server's settings file, where it has one")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="folder of the backups")
    parser.add_argument("--link", action="store_true", help="hard links instead of copies, where both are on one disk")
    parser.add_argument(
        "--keep", type=int, default=0, metavar="N", help="afterwards keep only the newest N generations"
    )
    parser.add_argument("--list", action="store_true", help="list the generations")
    parser.add_argument("--verify", action="store_true", help="read a generation back and compare every hash")
    parser.add_argument("--generation", default="", help="the generation to verify (default: the newest)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(arguments)
    if options.keep < 0:
        parser.error("--keep must be 0 (keep all) or more")
    if not options.list and not options.verify and options.data is None:
        parser.error("give --data DIR, the server's data folder")
    return run(options)


def run(options: argparse.Namespace) -> int:
    """Do what the options ask for; troubles become one line on standard error."""
    from server.archive.keeping.snapshots import SnapshotError
    from server.archive.keeping.vault import BackupError, Vault
    from server.settings import SettingsError

    vault = Vault(options.to)
    try:
        if options.list:
            return _list(vault, as_json=options.json)
        if options.verify:
            return _verify(vault, options.generation, as_json=options.json)
        return _backup(vault, options)
    except (BackupError, SnapshotError, SettingsError, FolderInUse, OSError) as trouble:
        print(str(trouble), file=sys.stderr)
        return 1


def progress_on(stream: Any) -> Any:
    """A function (what, done, total) that shows progress in one line, at most five times a second."""
    last = 0.0

    def show(what: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 0.2 or done == total:
            last = now
            print(f"\r{done} of {total} {what}   ", end="", file=stream, flush=True)

    return show


def _backup(vault: Any, options: argparse.Namespace) -> int:
    from server.archive.keeping.backup import run as back_up
    from server.archive.keeping.vault import as_json
    from server.bootstrap.restoring import open_sources
    from server.settings import load

    sources = open_sources(load(options.settings, {"data": options.data}))
    show = progress_on(sys.stderr)
    try:
        done = back_up(sources, vault, lambda now, total: show("objects copied", now, total), link=options.link)
        print(file=sys.stderr)
        removed = (
            vault.prune(options.keep, lambda now, _: show("objects looked at", now, 0)) if options.keep else (0, 0)
        )
    finally:
        sources.database.close()
    trouble = len(done.manifest.missing) + len(done.manifest.damaged)
    if options.json:
        body = as_json(done.manifest) | {"copied": done.copied, "bytes_copied": done.bytes_copied}
        body |= {"seconds": done.seconds, "generations_removed": removed[0], "objects_removed": removed[1]}
        print(json.dumps(body, indent=2))
    else:
        print(done.sentence)
        if removed[0]:
            print(f"Removed {removed[0]} old generations and {removed[1]} objects that only they named.")
    return 1 if trouble else 0


def _list(vault: Any, *, as_json: bool) -> int:
    from server.archive.keeping.vault import as_json as told

    manifests = [vault.manifest(name) for name in vault.generations()]
    if as_json:
        print(json.dumps([told(one) for one in manifests], indent=2))
        return 0
    for one in manifests:
        print(f"{one.generation}  {one.objects} objects, {one.object_bytes / 1e9:.2f} GB, begun {one.started_at}")
    return 0


def _verify(vault: Any, generation: str, *, as_json: bool) -> int:
    show = progress_on(sys.stderr)
    name = vault.choose(generation=generation)
    faults = vault.verify(name, lambda done, total: show("objects read", done, total))
    print(file=sys.stderr)
    if as_json:
        print(json.dumps({"generation": name, "clean": not faults, "faults": faults[:1000]}, indent=2))
    else:
        for fault in faults[:1000]:
            print(f"  {fault}")
        print(f"Generation {name}: " + (f"{len(faults)} faults" if faults else "everything is there and right"))
    return 1 if faults else 0
