"""`mingjing restore`: makes a data folder again from a backup, replays what was accepted, proves it, says how long."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mingjing.backup import progress_on
from server.kernel.folderlock import FolderInUse


def main(arguments: list[str]) -> int:
    """Restore into an empty folder. Status 1 when the restored archive is not clean, or on any trouble."""
    parser = argparse.ArgumentParser(prog="mingjing restore", description=__doc__)
    parser.add_argument(
        "--from", dest="source", type=Path, required=True, metavar="FOLDER", help="folder of the backups"
    )
    parser.add_argument("--data", type=Path, required=True, help="new data folder: absent or empty")
    parser.add_argument("--at", type=_moment, help="the newest generation begun up to this time (ISO 8601)")
    parser.add_argument("--generation", default="", help="this generation (default: the newest)")
    parser.add_argument(
        "--database", default=None, metavar="URL", help="an empty PostgreSQL database, for such a server"
    )
    parser.add_argument("--link", action="store_true", help="hard links instead of copies, where both are on one disk")
    parser.add_argument("--fast", action="store_true", help="prove names and counts only, read no file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(arguments)
    return run(options)


def run(options: argparse.Namespace) -> int:
    """Restore; troubles become one line on standard error."""
    from server.archive.keeping.snapshots import SnapshotError
    from server.archive.keeping.vault import BackupError, Vault
    from server.bootstrap.restoring import restore
    from server.settings import SettingsError, load

    try:
        settings = load(None, {"data": options.data, "database": options.database})
        done = restore(
            Vault(options.source),
            settings,
            at=options.at,
            generation=options.generation,
            link=options.link,
            hashes=not options.fast,
            progress=progress_on(sys.stderr),
        )
    except (BackupError, SnapshotError, SettingsError, FolderInUse, OSError) as trouble:
        print(str(trouble), file=sys.stderr)
        return 1
    print(file=sys.stderr)
    proof = done.proof
    if options.json:
        body = {
            "generation": done.manifest.generation,
            "clean": proof.is_clean,
            "objects": done.objects,
            "bytes": done.bytes_copied,
            "replayed": proof.replayed,
            "copy_seconds": done.copy_seconds,
            "proof_seconds": done.proof_seconds,
            "archive": msgspec.to_builtins(proof.archive),
        }
        print(json.dumps(body, ensure_ascii=False, indent=2))
    else:
        print(
            f"Generation {done.manifest.generation}: {done.objects} objects and documents, "
            f"{done.bytes_copied / 1e6:.0f} MB, restored in {done.copy_seconds:.1f} s"
        )
        print(f"{proof.replayed} objects of the inbox replayed; proved in {done.proof_seconds:.1f} s")
        for finding in proof.archive.findings:
            print(f"  {finding.kind}: {finding.sentence}")
        print("clean" if proof.is_clean else f"{proof.archive.total_findings} findings")
    return 0 if proof.is_clean else 1


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 2026-11-22T08:00") from None
    return at if at.tzinfo else at.astimezone(UTC)
