"""Words that give images away or take them in: import, send, anonymise files of this machine."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import mmap
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mingjing.archive.fetching import add_anonymise_options, plan_of
from mingjing.archive.output import FAILED, OK, PARTLY, USAGE, Progress, as_json, size
from shared.contract import routing
from shared.contract.base import Page
from shared.contract.exams import ListExams
from shared.contract.exchange import (
    MAX_CHUNK_BYTES,
    BeginUpload,
    FinishUpload,
    GetImport,
    Identity,
    ImportView,
    ListOutcomes,
    OutcomeState,
    OutcomeView,
    PictureClass,
    PutChunk,
    StartImport,
)
from shared.contract.patients import SearchPatients
from shared.rpc.client import RpcClient

BUNDLE_BYTES = 1 << 30
_OVER = frozenset({routing.ForwardState.SENT, routing.ForwardState.FAILED, routing.ForwardState.CANCELLED})
_THE_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # a bundle of the same files is the same bytes: an upload can go on


def add_words(words: Any) -> None:
    """Declare the words of this module."""
    take = words.add_parser("import", help="files, folders, media, zips, pictures, PDFs, videos into the archive")
    take.add_argument("path", type=Path, nargs="*")
    take.add_argument("--server-folder", default="", metavar="DIR", help="a folder of the server (administrators)")
    take.add_argument("--exam", default="", metavar="ACCESSION", help="everything becomes this exam's")
    take.add_argument("--patient", default="", metavar="NUMBER", help="everything becomes this patient's")
    take.add_argument(
        "--photo", action="store_true", help="pictures are photographs, not captures of a screen or paper"
    )
    take.add_argument("--modality", default="", help="of pictures, documents and videos")
    take.add_argument("--description", default="", help="study description of pictures, documents and videos")
    take.add_argument("--title", default="")
    take.set_defaults(run=run_import)
    send = words.add_parser("send", help="have the server send a study, or send files of this machine by C-STORE")
    send.add_argument("what", nargs="+", help="study UIDs, or with --peer files and folders")
    send.add_argument("--target", default="", help="name of a target of the server")
    send.add_argument("--peer", default="", metavar="AE@HOST:PORT", help="send files of this machine there")
    send.add_argument("--calling", default="MINGJING", metavar="AE")
    send.set_defaults(run=run_send, is_local=lambda options: bool(options.peer), run_local=send_files)
    anonymise = words.add_parser("anonymise", help="leave names out of files of this machine")
    anonymise.add_argument("path", type=Path, nargs="+")
    anonymise.add_argument("--to", type=Path, required=True, metavar="DIR")
    anonymise.add_argument("--key-file", type=Path, required=True, help="the secret of the project; made if missing")
    add_anonymise_options(anonymise, required=True)
    anonymise.set_defaults(run=None, is_local=lambda _options: True, run_local=anonymise_files)


# import


def run_import(options: argparse.Namespace, client: RpcClient) -> int:
    """Upload, have the server import, and say what became of every file."""
    if bool(options.path) == bool(options.server_folder):
        print("Give files or folders of this machine, or --server-folder DIR.", file=sys.stderr)
        return USAGE
    if options.exam and options.patient:
        print("Give --exam or --patient, not both.", file=sys.stderr)
        return USAGE
    exam_id = _exam_of(client, options.exam) if options.exam else None
    patient_id = _patient_of(client, options.patient) if options.patient else None
    uploads = []
    for path in options.path:
        if not path.exists():
            print(f"{path} does not exist", file=sys.stderr)
            return USAGE
        with bundles(path) as packed:
            uploads += [upload(client, name, file, quiet=options.json) for name, file in packed]
    identity = Identity.EXAM if options.exam else Identity.PATIENT if options.patient else Identity.KEEP
    started = client.call(
        StartImport(
            upload_ids=tuple(uploads),
            folder=options.server_folder,
            title=options.title or ", ".join(path.name for path in options.path)[:200],
            identity=identity,
            exam_id=exam_id,
            patient_id=patient_id,
            pictures=PictureClass.PHOTOGRAPH if options.photo else PictureClass.CAPTURE,
            study_description=options.description,
            modality=options.modality,
        )
    )
    done = _wait(client, started, quiet=options.json)
    outcomes = list(_outcomes(client, done.id))
    return _tell(options, done, outcomes)


def _exam_of(client: RpcClient, text: str) -> int:
    """The exam with an accession number, or with an ID as screens know it. Raises SystemExit with a sentence."""
    found = client.call(ListExams(accession_number=text)).rows
    exact = [row.id for row in found if row.accession_number == text]
    if len(exact) == 1:
        return exact[0]
    if text.isascii() and text.isdecimal():
        return int(text)
    raise SystemExit(f"No exam has the accession number {text}.")


def _patient_of(client: RpcClient, text: str) -> int:
    """The patient with a number, which is the DICOM Patient ID, or with an ID. Raises SystemExit with a sentence."""
    exact = [row.id for row in client.call(SearchPatients(text=text)).rows if row.patient_number == text]
    if len(exact) == 1:
        return exact[0]
    if text.isascii() and text.isdecimal():
        return int(text)
    raise SystemExit(f"No patient has the number {text}. Register the patient first.")


def _tell(options: argparse.Namespace, done: ImportView, outcomes: list[OutcomeView]) -> int:
    if options.json:
        as_json({"import": done, "outcomes": outcomes})
    else:
        for one in outcomes:
            if one.state in (OutcomeState.REFUSED, OutcomeState.MISSING):
                print(f"  {one.state}: {one.name}: {one.sentence}", file=sys.stderr)
        print(done.sentence or done.state)
    if done.state != "done":
        return FAILED
    if done.refused or done.missing:
        return PARTLY if done.stored or done.duplicate else FAILED
    return OK


def _wait(client: RpcClient, view: ImportView, *, quiet: bool) -> ImportView:
    progress = Progress("import", quiet=quiet)
    while view.state in ("waiting", "running"):
        time.sleep(0.3)
        view = client.call(GetImport(import_id=view.id))
        done = view.stored + view.duplicate + view.refused + view.ignored
        progress.show(done, max(view.files, 1), f"{done} of {view.files} files")
    progress.close()
    return view


def _outcomes(client: RpcClient, import_id: int) -> Iterator[OutcomeView]:
    offset = 0
    while True:
        rows = client.call(ListOutcomes(import_id=import_id, page=Page(offset=offset, limit=500))).rows
        yield from rows
        offset += len(rows)
        if len(rows) < 500:
            return


@contextmanager
def bundles(path: Path) -> Iterator[Iterator[tuple[str, Path]]]:
    """A file as it is; a folder as zips of about a gigabyte that are the same bytes each time."""
    if path.is_file():
        yield iter([(path.name, path)])
        return
    with tempfile.TemporaryDirectory(prefix="mingjing-") as scratch:
        yield _zipped(path, Path(scratch))


def _zipped(root: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    number = 0
    while files:
        number += 1
        target, total = scratch / f"{number}.zip", 0
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            while files and (not total or total + files[0].stat().st_size <= BUNDLE_BYTES):
                path = files.pop(0)
                member = zipfile.ZipInfo(path.relative_to(root).as_posix(), _THE_SAME_TIME)
                with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as out:
                    while block := source.read(1 << 20):
                        out.write(block)
                        total += len(block)
        yield f"{root.name or 'folder'}-{number}.zip", target
        target.unlink()


def upload(client: RpcClient, name: str, path: Path, *, quiet: bool) -> int:
    """Bring a file to the server, going on where an earlier try ended; returns the upload's id. Raises RpcError."""
    progress = Progress(f"upload {name}", quiet=quiet)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        total = file.seek(0, 2)
        view = client.call(BeginUpload(name=name[-200:], size_bytes=total, sha256=digest))
        while not view.is_whole and view.offset < total:
            file.seek(view.offset)
            view = client.call(
                PutChunk(upload_id=view.id, offset=view.offset, data=file.read(MAX_CHUNK_BYTES)), timeout_s=120
            )
            progress.show(view.offset, total, size(view.offset))
    progress.close()
    client.call(FinishUpload(upload_id=view.id), timeout_s=3600)
    return view.id


# send


def run_send(options: argparse.Namespace, client: RpcClient) -> int:
    """Have the server send studies to a target, and wait."""
    targets = {one.name: one.id for one in client.call(routing.ListTargets())}
    if options.target not in targets:
        known = ", ".join(sorted(targets)) or "none is set up"
        print(f"There is no target {options.target!r}; known: {known}.", file=sys.stderr)
        return USAGE
    forwards = [
        client.call(routing.SendStudy(study_uid=uid, target_id=targets[options.target])) for uid in options.what
    ]
    ids = {one.id for one in forwards}
    progress = Progress("send", quiet=options.json)
    while True:
        rows = [row for row in _forwards(client, ids) if row.id in ids]
        progress.show(sum(row.sent for row in rows), sum(row.total for row in rows))
        if all(_is_over(row) for row in rows):
            break
        time.sleep(0.5)
    progress.close()
    if options.json:
        as_json(rows)
    else:
        for row in rows:
            print(f"{row.study_uid}: {row.state}, {row.sent} of {row.total}. {row.sentence}".rstrip())
    failed = [row for row in rows if row.state != routing.ForwardState.SENT]
    return OK if not failed else FAILED if len(failed) == len(rows) else PARTLY


def _is_over(row: routing.ForwardView) -> bool:
    """Done, refused, or put off after a failure: the server then goes on by itself, and nobody waits for it."""
    return row.state in _OVER or (row.state == routing.ForwardState.WAITING and row.attempts > 0)


def _forwards(client: RpcClient, ids: set[int]) -> list[routing.ForwardView]:
    found: list[routing.ForwardView] = []
    offset = 0
    while not ids <= {row.id for row in found}:
        rows = client.call(routing.ListForwards(page=Page(offset=offset, limit=500))).rows
        found += rows
        offset += len(rows)
        if len(rows) < 500:
            break
    return found


def send_files(options: argparse.Namespace) -> int:
    """C-STORE files of this machine to any peer, without a server of ours."""
    from server.doors.dicom.ports import Peer
    from server.doors.dicom.scu.ours import Ours, ScuFailed
    from server.doors.dicom.scu.store import store_objects

    ae_title, _, place = options.peer.partition("@")
    host, _, port = place.rpartition(":")
    if not ae_title or not host or not port.isdecimal():
        print("--peer is AE@HOST:PORT, for example ARCHIVE@192.0.2.10:104", file=sys.stderr)
        return USAGE
    objects, skipped = _objects_of([Path(text) for text in options.what])
    if not objects:
        print("No DICOM files were found.", file=sys.stderr)
        return FAILED
    progress = Progress("send", quiet=options.json)
    try:
        report = store_objects(
            Peer(ae_title, host.strip("[]"), int(port)),
            objects,
            Ours(ae_title=options.calling),
            progress=progress.show,
        )
    except ScuFailed as failed:
        print(failed.sentence, file=sys.stderr)
        return FAILED
    progress.close()
    failed_ones = [
        {"sop_instance_uid": one.sop_instance_uid, "status": f"{one.status:04X}", "sentence": one.sentence}
        for one in report.failed
    ]
    if options.json:
        as_json({"sent": report.arrived, "failed": failed_ones, "skipped": skipped, "sentence": report.sentence})
    else:
        print(f"{report.arrived} of {len(objects)} objects sent, {len(skipped)} files are no DICOM objects")
        for one in failed_ones:
            print(f"  {one['sop_instance_uid']}: status {one['status']} {one['sentence']}", file=sys.stderr)
    return OK if not failed_ones else PARTLY if report.arrived else FAILED


def _objects_of(paths: list[Path]) -> tuple[list[Any], list[str]]:
    """DICOM files as objects of the SCU, and the names of files that are none."""
    from server.archive.exchange.reading import DICOMDIR_CLASS, NotReadable, find_object
    from server.doors.dicom.ports import StoredObject

    objects, skipped = [], []
    for path in _files(paths):
        try:
            with _mapped(path) as view:
                found = find_object(view)
        except (NotReadable, OSError, ValueError):
            skipped.append(str(path))
            continue
        if found.what.sop_class_uid == DICOMDIR_CLASS:
            continue
        objects.append(StoredObject(*found.what, open=partial(_mapped, path, found.offset)))
    return objects, skipped


@contextmanager
def _mapped(path: Path, offset: int = 0) -> Iterator[memoryview]:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        with memoryview(mapped) as whole, whole[offset:] as view:
            yield view
    finally:
        with contextlib.suppress(BufferError):  # the frames of an exception still look at it; it goes with them
            mapped.close()


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.is_file() and not one.is_symlink())
        else:
            yield path


# anonymise


def anonymise_files(options: argparse.Namespace) -> int:
    """Anonymise files into a folder of numbered files, with the key of a project; names nobody on the way."""
    import secrets

    from server.archive.exchange.anonymise import Anonymiser, fault_of
    from server.archive.exchange.reading import DICOMDIR_CLASS, NotReadable, find_object
    from server.archive.exchange.traces import NotAnonymised
    from server.archive.receive import file_meta
    from server.kernel import secretfiles

    plan = plan_of(options)
    assert plan is not None
    fault = fault_of(plan)
    if fault:
        print(fault, file=sys.stderr)
        return USAGE
    if options.to.is_dir() and any(options.to.iterdir()):
        print(f"{options.to} is not empty; name a new folder, so that nothing is mixed up", file=sys.stderr)
        return USAGE
    key = options.key_file.resolve()
    anonymiser = Anonymiser(secretfiles.read_or_make(key, secrets.token_bytes(32)), plan)
    files = list(_files(options.path))
    progress = Progress("anonymise", quiet=options.json)
    faults: dict[str, str] = {}
    warnings: set[str] = set()
    done = 0
    options.to.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(files, 1):
        try:
            with _mapped(path) as view:
                found = find_object(view)
                if found.what.sop_class_uid == DICOMDIR_CLASS:
                    continue  # it names patients, and files that will have other names
                made = anonymiser.anonymise(file_meta(found.what) + bytes(view[found.offset :]))
        except (NotReadable, NotAnonymised, OSError, ValueError) as trouble:
            faults[str(path)] = str(trouble)
            continue
        warnings.update(made.warnings)
        done += 1
        (options.to / f"{done:06d}.dcm").write_bytes(made.data)
        progress.show(number, len(files))
    progress.close()
    if options.json:
        as_json({"anonymised": done, "failed": faults, "warnings": sorted(warnings)})
    else:
        print(f"{done} of {len(files)} files")
        for text in (*sorted(warnings), *(f"{name}: {sentence}" for name, sentence in faults.items())):
            print(f"  {text}", file=sys.stderr)
    return OK if not faults else PARTLY if done else FAILED
