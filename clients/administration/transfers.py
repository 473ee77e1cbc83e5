"""Files between this workstation and the server: uploads for an import, downloads of an export; both go on after a cut.

Knows no Qt: runs in a thread of the task runner, reports bytes, stops where `Progress` says so.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clients.administration.table.spec import Line, Unclear
from clients.kit.running import Progress
from clients.kit.translations import tr
from shared.contract.exchange import (
    EXPORT_PIECE_BYTES,
    MAX_CHUNK_BYTES,
    BeginUpload,
    ExportFile,
    ExportView,
    FinishUpload,
    PutChunk,
)

_BUNDLE_BYTES = 512 << 20
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # a bundle of the same files is the same bytes, so that its upload can go on
_BLOCK = 1 << 20


def paths_of(text: str) -> list[Path]:
    """Paths written one a line. Raises Unclear for one that does not exist, or when there is none."""
    paths = [Path(line.strip()) for line in text.splitlines() if line.strip()]
    if not paths:
        raise Unclear(tr("请先选择文件或文件夹。"))
    for path in paths:
        if not path.exists():
            raise Unclear(tr("找不到 {path}，请核对。", path=str(path)))
    return paths


def upload(line: Line, paths: Sequence[Path], progress: Progress) -> tuple[int, ...]:
    """Bring files and folders to the server; the ids of the uploads. Raises RpcError, Unclear (a file is unreadable).

    Folders travel as zips, which the server unpacks; a file or zip that was sent half-way goes on from there.
    """
    total = sum(one.stat().st_size for path in paths for one in _files(path))
    done = 0
    ids = []
    try:
        for path in paths:
            with _bundles(path) as bundles:
                for name, file in bundles:
                    ids.append(_upload_one(line, name, file, progress, done, max(total, 1)))
                    done += file.stat().st_size
    except OSError as error:
        raise Unclear(tr("无法读取 {path}。", path=str(error.filename or ""))) from error
    return tuple(ids)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(one for one in path.rglob("*") if one.is_file() and not one.is_symlink())


@contextmanager
def _bundles(path: Path) -> Iterator[Iterator[tuple[str, Path]]]:
    if path.is_file():
        yield iter([(path.name, path)])
        return
    with tempfile.TemporaryDirectory(prefix="mingjing-") as scratch:
        yield _zips(path, Path(scratch))


def _zips(root: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
    left = _files(root)
    if not left:
        raise Unclear(tr("文件夹 {path} 是空的。", path=str(root)))
    number = 0
    while left:
        number += 1
        target, held = scratch / f"{number}.zip", 0
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as bundle:
            while left and (held == 0 or held + left[0].stat().st_size <= _BUNDLE_BYTES):
                path = left.pop(0)
                held += path.stat().st_size
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _NO_TIME)
                with path.open("rb") as source, bundle.open(entry, "w", force_zip64=True) as out:
                    while block := source.read(_BLOCK):
                        out.write(block)
        yield f"{root.name or 'folder'}-{number}.zip", target
        target.unlink()


def _upload_one(line: Line, name: str, path: Path, progress: Progress, done: int, total: int) -> int:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        length = file.seek(0, 2)
        view = line.call(BeginUpload(name=name[-200:], size_bytes=length, sha256=digest))
        while not view.is_whole and view.offset < length:
            progress.report(done + view.offset, total, name)
            file.seek(view.offset)
            view = line.call(PutChunk(upload_id=view.id, offset=view.offset, data=file.read(MAX_CHUNK_BYTES)))
    progress.report(min(done + length, total), total, name)
    line.call(FinishUpload(upload_id=view.id))
    return int(view.id)


def download(line: Line, export: ExportView, folder: Path, progress: Progress) -> list[Path]:
    """Fetch the files of an export into a folder. Raises RpcError, Unclear (damaged, no room, no such folder)."""
    if not folder.is_dir():
        raise Unclear(tr("找不到 {path}，请核对。", path=str(folder)))
    total = max(sum(file.size_bytes for file in export.files), 1)
    bulk = line.open_bulk()
    done, paths = 0, []
    try:
        for number, file in enumerate(export.files):
            paths.append(_download_one(bulk, export.id, number, file, folder, progress, done, total))
            done += file.size_bytes
    except OSError as error:
        raise Unclear(tr("无法写入 {path}：磁盘已满或没有权限。", path=str(error.filename or folder))) from error
    finally:
        bulk.close()
    return paths


def safe_name(name: str) -> str:
    """A name that no file system misunderstands; what comes from a server never becomes a path as it is."""
    kept = "".join(c if c.isalnum() or c in "._- " else "_" for c in name).strip(". ")
    return kept[:120] or "export"


def _download_one(
    bulk: Any, export_id: int, number: int, file: ExportFile, folder: Path, progress: Progress, done: int, total: int
) -> Path:
    path = folder / safe_name(file.name)
    partial = path.with_name(f"{path.name}.part")
    there = partial.stat().st_size // EXPORT_PIECE_BYTES * EXPORT_PIECE_BYTES if partial.is_file() else 0
    with partial.open("r+b" if partial.is_file() else "w+b") as out:
        out.truncate(min(there, file.size_bytes))
        out.seek(0, 2)
        while out.tell() < file.size_bytes:
            progress.report(done + out.tell(), total, path.name)
            piece = bulk.fetch("export", f"{export_id}/{number}", out.tell() // EXPORT_PIECE_BYTES + 1)
            if not piece.data:
                raise Unclear(tr("服务器上的导出文件不完整，请重新导出。"))
            out.write(piece.data)
        progress.report(done + out.tell(), total, path.name)
        out.seek(0)
        digest = hashlib.file_digest(out, "sha256").hexdigest()
    if digest != file.sha256:
        partial.unlink()
        raise Unclear(tr("{name} 在传输中损坏，请再次下载。", name=path.name))
    partial.replace(path)
    return path
