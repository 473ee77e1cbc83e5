"""A case's package as a folder: written from a server, read and sent to one; knows no Qt and no widget.

Names come from a manifest that may be anybody's: only the two kinds of names that the format knows are ever joined to
the folder, and every byte is hashed before it counts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from clients.kit.screen import Caller
from clients.kit.translations import tr
from shared.contract.pathology_exchange import (
    FORMAT,
    MANIFEST,
    MOST_RECORD_BYTES,
    PIECE,
    RECORDS,
    CheckImport,
    ExportCase,
    ImportCase,
    ImportPlan,
    Manifest,
    PackageFile,
    ReadFile,
    SendFile,
)

_MEDIA = re.compile(r"media/[0-9A-Za-z_-]{1,40}\.[0-9a-z]{1,5}\Z")
_FOLDER = re.compile(r"[^0-9A-Za-z\u4e00-\u9fff._-]+")
Step = Callable[[int, int], None]
"""Told how many files are done, of how many."""


class PackageError(Exception):
    """A folder that is no package, or not a whole one; the text is a sentence for the user."""


def folder_name(manifest: Manifest) -> str:
    """What a case's folder is called."""
    return _FOLDER.sub("_", manifest.number or f"case_{manifest.patient_name}")


def export(caller: Caller, case_id: int, parent: Path, step: Step = lambda _done, _of: None) -> Path:
    """Write the package into a new folder below `parent` and return it. Raises RpcError, OSError, PackageError.

    The manifest comes last, under its name only when all else is there: half a package is none.
    """
    manifest, records = caller.call(ExportCase(case_id=case_id))
    folder = parent / folder_name(manifest)
    if folder.exists():
        raise PackageError(tr("文件夹 {path} 已存在，请换一个位置或先移走它。", path=folder))
    (folder / "media").mkdir(parents=True)
    (folder / RECORDS).write_bytes(records)
    files = manifest.files[1:]
    for place, file in enumerate(files):
        _fetch(caller, case_id, file, folder / file.name)
        step(place + 1, len(files))
    half = folder / f"{MANIFEST}.part"
    half.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    half.replace(folder / MANIFEST)
    return folder


def _fetch(caller: Caller, case_id: int, file: PackageFile, path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("wb") as out:
        offset = 0
        while offset < file.size:
            piece = caller.call(ReadFile(case_id=case_id, sha256=file.sha256, offset=offset))
            if not piece:
                break
            out.write(piece)
            digest.update(piece)
            offset += len(piece)
    if digest.hexdigest() != file.sha256:
        raise PackageError(tr("影像 {name} 没有完整取回，请重试导出。", name=file.name))


class Package:
    """A folder that somebody chose, read as far as its manifest. Raises PackageError, OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest_bytes = _small(folder / MANIFEST)
        self.records = _small(folder / RECORDS)
        try:
            self.manifest = msgspec.json.decode(self.manifest_bytes, type=Manifest)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise PackageError(tr("这不是本系统导出的病例：manifest.json 不符合格式。")) from error
        if self.manifest.format != FORMAT:
            raise PackageError(tr("这不是本系统导出的病例：manifest.json 不符合格式。"))

    def check(self, caller: Caller) -> ImportPlan:
        """Ask what an import would do. Raises RpcError."""
        return caller.call(CheckImport(manifest=self.manifest_bytes, records=self.records))

    def send(self, caller: Caller, plan: ImportPlan, step: Step = lambda _done, _of: None) -> int:
        """Send what the server lacks and import; returns the new case's id. Raises RpcError, OSError, PackageError."""
        by_hash = {file.sha256: file for file in self.manifest.files}
        for place, sha256 in enumerate(plan.missing):
            self._send(caller, by_hash[sha256])
            step(place + 1, len(plan.missing))
        return caller.call(ImportCase(manifest=self.manifest_bytes, records=self.records, library_id=plan.library_id))

    def _send(self, caller: Caller, file: PackageFile) -> None:
        if not _MEDIA.match(file.name):
            raise PackageError(tr("清单中的文件名不正确：{name}", name=file.name[:80]))
        path = self.folder / file.name
        if not path.is_file() or path.is_symlink() or path.stat().st_size != file.size:
            raise PackageError(tr("缺少影像文件或大小不符：{name}", name=file.name))
        with path.open("rb") as source:
            offset = 0
            while piece := source.read(PIECE):
                request = SendFile(sha256=file.sha256, size=file.size, offset=offset, data=piece)
                offset = max(caller.call(request), offset + len(piece))
                source.seek(offset)


def _small(path: Path) -> bytes:
    if not path.is_file():
        raise PackageError(tr("这个文件夹里没有 {name}，请选择导出病例时生成的文件夹。", name=path.name))
    if path.stat().st_size > MOST_RECORD_BYTES:
        raise PackageError(tr("{name} 过大，不是本系统导出的病例。", name=path.name))
    return path.read_bytes()
