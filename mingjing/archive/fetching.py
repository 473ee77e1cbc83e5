"""Words that bring images here: fetch originals, export media."""

from __future__ import annotations

import argparse
import hashlib
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mingjing.archive.output import FAILED, OK, PARTLY, Progress, as_json, size
from shared.contract.archive import GetStudy
from shared.contract.errors import RpcError
from shared.contract.exchange import (
    EXPORT_PIECE_BYTES,
    AnonymiseOption,
    AnonymisePlan,
    ExportFile,
    ExportView,
    GetExport,
    Packing,
    Rectangle,
    StartExport,
)
from shared.rpc.bulk import BulkClient, Wanted
from shared.rpc.client import RpcClient
from shared.rpc.connection import Connection

MANIFEST = "SHA256SUMS"
_VOLUMES = {"cd": 700_000_000, "dvd": 4_700_000_000}


def add_words(words: Any) -> None:
    """Declare the words of this module."""
    fetch = words.add_parser("fetch", help="download the originals of studies; run it again to go on after a cut")
    fetch.add_argument("study_uid", nargs="+")
    fetch.add_argument("--series", action="append", default=[], metavar="UID", help="only these series")
    fetch.add_argument("--to", type=Path, required=True, metavar="DIR")
    fetch.add_argument("--parallel", type=int, default=4, choices=range(1, 17), metavar="N", help="lines (default: 4)")
    fetch.set_defaults(run=run_fetch)
    export = words.add_parser("export", help="pack studies: zip, media with DICOMDIR, ISO image, without names")
    export.add_argument("study_uid", nargs="*")
    export.add_argument("--series", action="append", default=[], metavar="UID")
    export.add_argument("--object", action="append", default=[], metavar="UID")
    export.add_argument("--as", dest="packing", choices=[one.value for one in Packing], default="files")
    export.add_argument("--to", type=Path, metavar="DIR", help="where the files go")
    export.add_argument("--server-folder", default="", metavar="DIR", help="with --as folder: a folder of the server")
    export.add_argument("--title", default="")
    export.add_argument("--uncompressed", action="store_true", help="for old readers")
    export.add_argument("--viewer", action="store_true", help="add pages that any browser shows")
    export.add_argument("--language", choices=["zh", "en"], default="zh", help="of the pages")
    export.add_argument("--volume", default="", metavar="cd|dvd|MB", help="split to this size")
    add_anonymise_options(export, required=False)
    export.set_defaults(run=run_export)


def add_anonymise_options(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add --project, --option and --black."""
    parser.add_argument(
        "--project", required=required, default="", help="leave names out; the same patient keeps a pseudonym in it"
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        choices=[one.value for one in AnonymiseOption],
        help="of the confidentiality profile (PS3.15 E.3), may be repeated",
    )
    parser.add_argument(
        "--black", action="append", default=[], type=_rectangle, metavar="L,T,R,B", help="blacken these pixels"
    )


def plan_of(options: argparse.Namespace) -> AnonymisePlan | None:
    """The plan that the options describe; None without a project."""
    if not options.project:
        return None
    chosen = {AnonymiseOption(name) for name in options.option}
    if options.black:
        chosen.add(AnonymiseOption.CLEAN_PIXEL_DATA)
    return AnonymisePlan(project=options.project, options=tuple(sorted(chosen)), rectangles=tuple(options.black))


def _rectangle(text: str) -> Rectangle:
    left, top, right, bottom = (int(part) for part in text.split(","))
    return Rectangle(left=left, top=top, right=right, bottom=bottom)


# fetch


def run_fetch(options: argparse.Namespace, client: RpcClient) -> int:
    """Download objects as numbered files below a folder for each study and series, with a list of their hashes."""
    wanted: dict[str, str] = {}  # SOP Instance UID → name of the file
    for number, uid in enumerate(options.study_uid, 1):
        study = client.call(GetStudy(study_uid=uid), timeout_s=120)
        for count, series in enumerate(study.series, 1):
            if options.series and series.series_uid not in options.series:
                continue
            for index, instance in enumerate(series.instances, 1):
                wanted[instance.sop_instance_uid] = f"study{number:03d}/series{count:03d}/{index:06d}.dcm"
    options.to.mkdir(parents=True, exist_ok=True)
    known = _Manifest(options.to / MANIFEST)
    missing = {uid: name for uid, name in wanted.items() if not known.holds(options.to, name)}
    faults = _fetch_all(options, client, missing, known, len(wanted))
    known.write(wanted.values())
    if options.json:
        as_json({"objects": len(wanted), "fetched": len(missing) - len(faults), "failed": faults})
    else:
        print(f"{len(wanted)} objects, {len(missing) - len(faults)} fetched now, {len(faults)} failed")
        for uid, sentence in faults.items():
            print(f"  {uid}: {sentence}", file=sys.stderr)
    return OK if not faults else FAILED if len(faults) == len(wanted) else PARTLY


class _Manifest:
    """Hashes of what was fetched, in the format of sha256sum; written line by line, so that a cut costs nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hashes: dict[str, str] = {}
        self._lock = threading.Lock()
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                digest, _, name = line.partition("  ")
                if len(digest) == 64 and name:
                    self._hashes[name] = digest

    def holds(self, folder: Path, name: str) -> bool:
        """Whether the file lies there as it was fetched."""
        path, digest = folder / name, self._hashes.get(name)
        return digest is not None and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest

    def add(self, name: str, digest: str) -> None:
        with self._lock:
            self._hashes[name] = digest
            with self._path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"{digest}  {name}\n")

    def write(self, names: Iterable[str]) -> None:
        """Leave one line for each file of the order, and those of earlier orders."""
        lines = [f"{digest}  {name}\n" for name, digest in sorted(self._hashes.items())]
        self._path.write_text("".join(lines), encoding="utf-8", newline="\n")


def _fetch_all(
    options: argparse.Namespace, client: RpcClient, missing: dict[str, str], known: _Manifest, total: int
) -> dict[str, str]:
    """Fetch over several lines; returns a sentence for each object that failed."""
    faults: dict[str, str] = {}
    progress = Progress("fetch", quiet=options.json)
    lock = threading.Lock()
    queue = iter(list(missing))
    state = {"done": total - len(missing), "bytes": 0}

    def source() -> Iterator[Wanted]:
        while True:
            with lock:
                uid = next(queue, None)
            if uid is None:
                return
            yield Wanted("object", uid)

    def work() -> None:
        bulk = open_bulk(client, options.address)
        try:
            for received in bulk.stream(source()):
                uid = received.wanted.name
                if received.error is not None:
                    faults[uid] = received.error.body.message
                    continue
                known.add(missing[uid], _written(options.to / missing[uid], received.data))
                with lock:
                    state["done"] += 1
                    state["bytes"] += len(received.data)
                    progress.show(state["done"], total, size(state["bytes"]))
        except RpcError as error:
            with lock:
                faults.setdefault("line", error.body.message)
        finally:
            bulk.close()

    lines = [threading.Thread(target=work, daemon=True) for _ in range(min(options.parallel, max(len(missing), 1)))]
    for line in lines:
        line.start()
    for line in lines:
        line.join()
    progress.close()
    return faults


def _written(path: Path, data: bytearray | memoryview) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_bytes(data)
    partial.replace(path)
    return hashlib.sha256(data).hexdigest()


def open_bulk(client: RpcClient, address: Connection) -> BulkClient:
    """A line of the bulk channel under the client's session."""
    assert client.session is not None
    return BulkClient(address, client.session.token)


# export


def run_export(options: argparse.Namespace, client: RpcClient) -> int:
    """Have the server pack, wait, and download what it made."""
    packing = Packing(options.packing)
    if packing is not Packing.FOLDER and options.to is None:
        print("Where to? Give --to DIR.", file=sys.stderr)
        return 2
    export = client.call(
        StartExport(
            study_uids=tuple(options.study_uid),
            series_uids=tuple(options.series),
            instance_uids=tuple(options.object),
            packing=packing,
            folder=options.server_folder,
            title=options.title,
            uncompressed=options.uncompressed,
            viewer=options.viewer,
            language=options.language,
            volume_bytes=_volume(options.volume),
            anonymise=plan_of(options),
        )
    )
    export = _wait(client, export, quiet=options.json)
    if export.state != "done":
        print(export.sentence or export.state, file=sys.stderr)
        return FAILED
    if options.to is not None:
        options.to.mkdir(parents=True, exist_ok=True)
        bulk = open_bulk(client, options.address)
        try:
            for number, file in enumerate(export.files):
                fetch_file(bulk, export.id, number, file, options.to, quiet=options.json)
        finally:
            bulk.close()
    if options.json:
        as_json(export)
    else:
        print(export.sentence)
        for file in export.files:
            print(f"  {options.to / file.name}  {size(file.size_bytes)}")
        for warning in export.warnings:
            print(f"  {warning}", file=sys.stderr)
    return OK


def _volume(text: str) -> int:
    if not text:
        return 0
    if text.lower() in _VOLUMES:
        return _VOLUMES[text.lower()]
    if not text.isdecimal():
        raise SystemExit("--volume is cd, dvd or a number of megabytes")
    return int(text) * 1_000_000


def _wait(client: RpcClient, export: ExportView, *, quiet: bool) -> ExportView:
    from shared.contract.jobs import GetJob

    progress = Progress("export", quiet=quiet)
    while export.state in ("waiting", "running"):
        time.sleep(0.3)
        job = client.call(GetJob(job_id=export.job_id))
        progress.show(job.progress_done, job.progress_total, job.sentence)
        export = client.call(GetExport(export_id=export.id))
    progress.close()
    return export


def fetch_file(bulk: BulkClient, export_id: int, number: int, file: ExportFile, folder: Path, *, quiet: bool) -> Path:
    """Download a file piece by piece; goes on where an earlier try ended. Raises RpcError, SystemExit (wrong hash)."""
    name = "".join(c for c in file.name if c.isascii() and (c.isalnum() or c in "._-")).lstrip(".") or "export"
    path, partial = folder / name, folder / f"{name}.part"
    progress = Progress(name, quiet=quiet)
    there = partial.stat().st_size // EXPORT_PIECE_BYTES * EXPORT_PIECE_BYTES if partial.is_file() else 0
    with partial.open("r+b" if partial.is_file() else "w+b") as out:
        out.truncate(min(there, file.size_bytes))
        out.seek(0, 2)
        while out.tell() < file.size_bytes:
            piece = bulk.fetch("export", f"{export_id}/{number}", out.tell() // EXPORT_PIECE_BYTES + 1)
            out.write(piece.data)
            progress.show(out.tell(), file.size_bytes, size(out.tell()))
            if not piece.data:
                raise SystemExit(f"{name} ended too early on the server; export again")
        out.seek(0)
        digest = hashlib.file_digest(out, "sha256").hexdigest()
    progress.close()
    if digest != file.sha256:
        partial.unlink()
        raise SystemExit(f"{name} was damaged on the way; fetch it again")
    partial.replace(path)
    return path
