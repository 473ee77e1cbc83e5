"""`mingjing check`: proves that index and files agree, hash by hash, and that the audit log is whole."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mingjing import session
from server.kernel.folderlock import FolderInUse
from shared.contract.archive import CheckArchive, CheckView
from shared.contract.audit import AuditCheckView, CheckAudit


@dataclass(frozen=True, slots=True)
class _Result:
    archive: CheckView
    audit: AuditCheckView
    replayed: int


def main(arguments: list[str]) -> int:
    """Check a stopped server's data folder, or a running server with --connect. Status 1 when anything disagrees."""
    parser = argparse.ArgumentParser(prog="mingjing check", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="compare names and counts only, read no file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    session.add_options(parser)
    options = parser.parse_args(arguments)
    if options.connect is None and options.data is None:
        parser.error("give --data DIR of a stopped server, or --connect STRING of a running one")
    try:
        result = _ask(options) if options.connect else _prove(options.data, hashes=not options.fast)
    except FolderInUse:
        print("The server is running; asking it.", file=sys.stderr)
        result = _ask(options)
    return _tell(result, as_json=options.json)


def _ask(options: argparse.Namespace) -> _Result:
    with session.signed_in(options) as client:
        archive = client.call(CheckArchive(hashes=not options.fast), timeout_s=24 * 3600)
        return _Result(archive, client.call(CheckAudit(), timeout_s=3600), 0)


def _prove(data: Path, *, hashes: bool) -> _Result:
    from server.bootstrap.proof import prove
    from server.settings import load

    def progress(done: int, total: int) -> None:
        print(f"\r{done} of {total} objects", end="", file=sys.stderr, flush=True)

    proof = prove(load(None, {"data": data}), hashes=hashes, progress=progress)
    print(file=sys.stderr)
    return _Result(proof.archive, proof.audit, proof.replayed)


def _tell(result: _Result, *, as_json: bool) -> int:
    is_clean = result.archive.total_findings == 0 and result.audit.is_whole
    if as_json:
        body = {"clean": is_clean, "replayed": result.replayed}
        body |= {name: msgspec.to_builtins(getattr(result, name)) for name in ("archive", "audit")}
        print(json.dumps(body, ensure_ascii=False, indent=2))
    else:
        archive = result.archive
        megabytes = archive.bytes_hashed / 1e6
        print(f"{archive.instances} objects in the index, {archive.files} files, {megabytes:.0f} MB read")
        if result.replayed:
            print(f"{result.replayed} objects accepted before a crash were indexed now")
        for finding in archive.findings:
            print(f"  {finding.kind}: {finding.sentence}")
        print(result.audit.sentence)
        print("clean" if is_clean else f"{archive.total_findings} findings")
    return 0 if is_clean else 1
