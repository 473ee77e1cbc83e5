"""`mingjing check`: proves that index and files agree, hash by hash, and that the audit log is whole."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mingjing import session
from server.kernel.folderlock import FolderInUse
from shared.contract.archive import CheckArchive, CheckView
from shared.contract.audit import AuditCheckView, CheckAudit
from shared.contract.jobs import GetJob
from shared.contract.keeping import GetCheckReport, StartCheck
from shared.rpc.client import RpcClient


@dataclass(frozen=True, slots=True)
class _Result:
    archive: CheckView
    audit: AuditCheckView
    replayed: int
    repaired: int = 0


def main(arguments: list[str]) -> int:
    """Check a stopped server's data folder, or a running server with --connect. Status 1 when anything disagrees."""
    parser = argparse.ArgumentParser(prog="mingjing check", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="compare names and counts only, read no file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--settings", type=Path, help="the stopped server's settings file, where it has one")
    parser.add_argument("--repair", action="store_true", help="do what is safe about the findings, then check again")
    parser.add_argument(
        "--rebuild", action="store_true", help="first make the index of a stopped server anew from the files alone"
    )
    session.add_options(parser)
    options = parser.parse_args(arguments)
    if options.connect is None and options.data is None:
        parser.error("give --data DIR of a stopped server, or --connect STRING of a running one")
    if options.rebuild and options.connect:
        parser.error("--rebuild needs the server stopped: give --data DIR")
    try:
        result = _ask(options) if options.connect else _prove(options)
    except FolderInUse:
        if options.rebuild:
            print("The server is running; stop it before its index is made anew.", file=sys.stderr)
            return 1
        print("The server is running; asking it.", file=sys.stderr)
        result = _ask(options)
    return _tell(result, as_json=options.json)


def _ask(options: argparse.Namespace) -> _Result:
    with session.signed_in(options) as client:
        repaired = _repair(client, options) if options.repair else 0
        archive = client.call(CheckArchive(hashes=not options.fast), timeout_s=24 * 3600)
        return _Result(archive, client.call(CheckAudit(), timeout_s=3600), 0, repaired)


def _repair(client: RpcClient, options: argparse.Namespace) -> int:
    """Have a running server check and repair as a job; how many findings it worked on."""
    job = client.call(StartCheck(hashes=not options.fast, repair=True))
    while job.state in ("waiting", "running"):
        time.sleep(0.5)
        job = client.call(GetJob(job_id=job.id))
    if job.state != "done":
        raise SystemExit(f"The check did not finish: {job.sentence}")
    return client.call(GetCheckReport()).repaired


def _prove(options: argparse.Namespace) -> _Result:
    from server.bootstrap.proof import prove
    from server.settings import load

    def progress(done: int, total: int) -> None:
        print(f"\r{done} of {total} objects", end="", file=sys.stderr, flush=True)

    settings = load(options.settings, {"data": options.data})
    proof = prove(settings, hashes=not options.fast, progress=progress, repair=options.repair, rebuild=options.rebuild)
    print(file=sys.stderr)
    return _Result(proof.archive, proof.audit, proof.replayed, proof.repaired)


def _tell(result: _Result, *, as_json: bool) -> int:
    is_clean = result.archive.total_findings == 0 and result.audit.is_whole
    if as_json:
        body: dict[str, object] = {"clean": is_clean, "replayed": result.replayed, "repaired": result.repaired}
        body |= {name: msgspec.to_builtins(getattr(result, name)) for name in ("archive", "audit")}
        print(json.dumps(body, ensure_ascii=False, indent=2))
    else:
        archive = result.archive
        megabytes = archive.bytes_hashed / 1e6
        print(f"{archive.instances} objects in the index, {archive.files} files, {megabytes:.0f} MB read")
        if result.replayed:
            print(f"{result.replayed} objects accepted before a crash were indexed now")
        if result.repaired:
            print(f"{result.repaired} findings were worked on; what is left:")
        for finding in archive.findings:
            print(f"  {finding.kind}: {finding.sentence}" + (f" {finding.repair}" if finding.repair else ""))
        print(result.audit.sentence)
        print("clean" if is_clean else f"{archive.total_findings} findings")
    return 0 if is_clean else 1
