"""DICOM files as a zip of a file-set with DICOMDIR (PS3.10 8): packed here from files, or by the server. No Qt."""

from __future__ import annotations

import contextlib
import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.kit.translations import tr
from clients.viewer.download.job import Job

if TYPE_CHECKING:
    from shared.contract.exchange import ExportView, StartExport

POLL_S = 0.5
ENDED = frozenset({"done", "failed", "cancelled"})


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A file beside ``target`` that takes its name when all went well, and is deleted otherwise."""
    partial = target.with_name(target.name + ".part")
    try:
        yield partial
        partial.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def pack_files(files: Sequence[Path], target: Path, job: Job) -> int:
    """Write a zip of a file-set; returns how many files it holds. Raises OSError, ``Cancelled``."""
    from shared.dicomkit.directory import Directory
    from shared.imaging.frames import Part10, UnreadableFile

    directory, numbers, count = Directory("IMAGES"), _Numbers(), 0
    with (
        whole_file(target) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1, allowZip64=True) as archive,
    ):
        for n, path in enumerate(files):
            job.step(n, len(files))
            try:
                header = Part10.open(path).header
            except UnreadableFile:
                continue
            place = numbers.place(header)
            if not str(getattr(header.file_meta, "TransferSyntaxUID", "")):
                continue
            directory.add(header, place)
            archive.write(path, "/".join(place))
            count += 1
        if not count:
            raise ValueError(tr("没有可以下载的 DICOM 文件"))
        archive.writestr("DICOMDIR", directory.to_bytes())
        job.step(len(files), len(files))
    return count


class _Numbers:
    """Names of eight characters at most: patients, studies, series and images counted (PS3.10 8.2, PS3.12 F)."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], int] = {}
        self._counts: dict[tuple[str, ...], int] = {}
        self._objects = 0

    def place(self, header: Any) -> tuple[str, ...]:
        study = str(header.get("StudyInstanceUID") or "")
        patient = (str(header.get("PatientID") or study),)
        series = (*patient, study, str(header.get("SeriesInstanceUID") or ""))
        levels = (patient, (*patient, study), series)
        names = [f"{p}{self._number(level):06d}" for p, level in zip(("PA", "ST", "SE"), levels, strict=True)]
        self._objects += 1
        return ("DICOM", *names, f"IM{self._objects:06d}")

    def _number(self, key: tuple[str, ...]) -> int:
        if key not in self._known:
            parent = key[:-1]
            self._counts[parent] = self._counts.get(parent, 0) + 1
            self._known[key] = self._counts[parent]
        return self._known[key]


def fetch_export(
    call: Callable[[Any], Any], fetch: Callable[[str, str, int], bytes], order: StartExport, target: Path, job: Job
) -> int:
    """Let the server pack, then fetch what it made; returns the number of objects.

    Several media become several files beside ``target``. Raises ValueError with the server's sentence, OSError,
    ``Cancelled``.
    """
    from shared.contract.errors import RpcError
    from shared.contract.exchange import DropExport, GetExport

    try:
        view: ExportView = call(order)
        while view.state not in ENDED:
            job.step(0, 0)
            job.wait(POLL_S)
            view = call(GetExport(export_id=view.id))
        if view.state != "done":
            raise ValueError(view.sentence or tr("服务器没有完成导出"))
        total, done = sum(file.size_bytes for file in view.files), 0
        for number, file in enumerate(view.files):
            name = target if number == 0 else target.with_name(f"{target.stem}-{number + 1}{target.suffix}")
            pieces = _pieces(fetch, f"{view.id}/{number}", file.size_bytes)
            _write(name, pieces, file.sha256, lambda so_far, base=done: job.step(base + so_far, total))  # type: ignore[misc]
            done += file.size_bytes
        with contextlib.suppress(RpcError):
            call(DropExport(export_id=view.id))
    except RpcError as error:
        raise ValueError(error.body.message) from error
    return view.objects


def _pieces(fetch: Callable[[str, str, int], bytes], name: str, size: int) -> Iterator[bytes]:
    got, number = 0, 0
    while got < size:
        number += 1
        piece = fetch("export", name, number)
        if not piece:
            raise ValueError(tr("服务器上的导出文件不完整，请重新下载"))
        got += len(piece)
        yield piece


def _write(target: Path, pieces: Iterable[bytes], sha256: str, tell: Callable[[int], object]) -> None:
    digest, size = hashlib.sha256(), 0
    with whole_file(target) as partial, partial.open("wb") as out:
        for piece in pieces:
            out.write(piece)
            digest.update(piece)
            size += len(piece)
            tell(size)
        if digest.hexdigest() != sha256:
            raise ValueError(tr("文件在传输中损坏，请重新下载"))
