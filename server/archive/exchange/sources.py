"""What an import reads: files of folders and of zips, in an order that is the same each time; names are never paths.

A zip may hold zips (two deep). Counts, sizes and ratios are bounded before and while anything is unpacked.
"""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MAX_FILES = 1_000_000
MAX_TOTAL_BYTES = 1 << 40
MAX_FILE_BYTES = 16 << 30
MAX_DEPTH = 64  # folders in folders
MAX_NESTING = 2  # zips in zips
BOMB_RATIO = 200
BOMB_FLOOR_BYTES = 64 << 20  # a blank image deflates 1000 : 1, so the ratio only counts above this size
_IN_MEMORY = 32 << 20
_BLOCK = 1 << 20

_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)
"""What the zip module raises for damaged, encrypted and exotic members."""


class RefusedSource(Exception):
    """A file or a whole zip is not read; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file. `path` is its place in the source, folded for comparing; `fault` says why it cannot be read."""

    name: str
    path: tuple[str, ...]
    size_bytes: int
    open: Callable[[], IO[bytes]]
    fault: str = ""


def folded(name: str) -> tuple[str, ...]:
    """A path of a medium as ISO 9660, Joliet and careless writers spell it: no case, no version, no final point.

    Parts of which nothing is left are left out; ".." stays, so that what points out of the medium is no file of it.
    """
    parts = (_folded_part(part) for part in name.replace("\\", "/").split("/"))
    return tuple(part for part in parts if part)


def _folded_part(part: str) -> str:
    if part.strip() == "..":
        return ".."
    head, semicolon, version = part.partition(";")
    return (head if semicolon and version.isdecimal() else part).rstrip(". ").casefold()


@contextlib.contextmanager
def contents(entry: Entry, scratch: Path) -> Iterator[memoryview]:
    """The bytes of an entry while the context lasts. Raises RefusedSource."""
    if entry.fault:
        raise RefusedSource(entry.fault)
    if entry.size_bytes > MAX_FILE_BYTES:
        raise RefusedSource(f"文件大于 {MAX_FILE_BYTES >> 30} GB，未导入。")
    try:
        with entry.open() as file:
            if entry.size_bytes <= _IN_MEMORY:
                data = file.read(entry.size_bytes + 1)
                if len(data) > entry.size_bytes:
                    raise RefusedSource("文件比压缩包目录中申报的更长，未导入。")
                yield memoryview(data)
                return
            with tempfile.TemporaryFile(dir=scratch) as large:
                _copy(file, large, entry.size_bytes)
                mapped = mmap.mmap(large.fileno(), 0, access=mmap.ACCESS_READ)
                try:
                    yield memoryview(mapped)
                finally:
                    with contextlib.suppress(BufferError):  # a slice is still held: it is unmapped with the last one
                        mapped.close()
    except _BROKEN as broken:
        raise RefusedSource(f"压缩包中的文件损坏或已加密，无法读取（{type(broken).__name__}）。") from broken
    except OSError as trouble:
        raise RefusedSource(f"文件无法读取（{trouble.strerror or type(trouble).__name__}）。") from trouble


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    done = 0
    while block := source.read(_BLOCK):
        done += len(block)
        if done > size:
            raise RefusedSource("文件比压缩包目录中申报的更长，未导入。")
        target.write(block)
    target.flush()


class Sources:
    """Opens folders and uploads, and closes the zips at the end."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._stack = contextlib.ExitStack()
        self._total = 0
        self._inner = 0

    def __enter__(self) -> Sources:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def folder(self, root: Path) -> Iterator[Entry]:
        """Every file below a folder, sorted; links are not followed."""
        for folder, folders, files in os.walk(root, followlinks=False):
            folders.sort()
            place = Path(folder)
            if len(place.relative_to(root).parts) >= MAX_DEPTH:
                folders.clear()
            for name in sorted(files):
                path = place / name
                if path.is_symlink() or not path.is_file():
                    continue
                yield from self._file(path, path.relative_to(root).as_posix(), 0)

    def file(self, path: Path, name: str) -> Iterator[Entry]:
        """An uploaded file; a zip gives what it holds."""
        yield from self._file(path, name, 0)

    def _file(self, path: Path, name: str, nesting: int) -> Iterator[Entry]:
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                is_zip = file.read(4) in (b"PK\3\4", b"PK\5\6")
        except OSError as trouble:
            yield _faulty(name, f"文件无法读取（{trouble.strerror}）。")
            return
        if not is_zip:
            yield Entry(name, folded(name), size, lambda: path.open("rb"))
            return
        yield from self._zip(path, name, nesting)

    def _zip(self, path: Path, name: str, nesting: int) -> Iterator[Entry]:
        if nesting >= MAX_NESTING:
            yield _faulty(name, f"压缩包嵌套超过 {MAX_NESTING} 层，未导入。")
            return
        try:
            archive = self._stack.enter_context(zipfile.ZipFile(path))
            members = archive.infolist()
        except (*_BROKEN, OSError):
            yield _faulty(name, "压缩包损坏，无法打开。")
            return
        fault = self._fault(path, members)
        if fault:
            yield _faulty(name, fault)
            return
        for member in members:
            if not member.is_dir():
                yield from self._member(archive, member, name, nesting)

    def _fault(self, path: Path, members: list[zipfile.ZipInfo]) -> str:
        total = sum(member.file_size for member in members)
        self._total += total
        if len(members) > MAX_FILES:
            return f"压缩包中有 {len(members)} 个文件，最多 {MAX_FILES} 个。"
        if self._total > MAX_TOTAL_BYTES:
            return f"压缩包展开后超过 {MAX_TOTAL_BYTES >> 40} TB，未导入。"
        if total > max(BOMB_FLOOR_BYTES, path.stat().st_size * BOMB_RATIO):
            return f"压缩包展开后会超过 {BOMB_RATIO} 倍，疑似压缩炸弹，未导入。"
        spans = sorted((m.header_offset, m.compress_size) for m in members if not m.is_dir())
        if any(a + size > b for (a, size), (b, _) in itertools.pairwise(spans)):
            return "压缩包中的文件互相重叠，疑似压缩炸弹，未导入。"
        return ""

    def _member(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, zip_name: str, nesting: int
    ) -> Iterator[Entry]:
        name = _name_of(member)
        shown = name if nesting == 0 else f"{zip_name}/{name}"
        if member.flag_bits & 1:
            yield _faulty(shown, "压缩包已加密，请解密后再导入。")
            return
        entry = Entry(shown, folded(shown), member.file_size, lambda: archive.open(member))
        try:
            with archive.open(member) as file:
                is_zip = file.read(4) == b"PK\3\4"
        except (*_BROKEN, OSError):
            yield _faulty(shown, "压缩包中的文件损坏，无法读取。")
            return
        if not is_zip:
            yield entry
            return
        self._inner += 1
        inner = self._scratch / f"{self._inner}.zip"
        try:
            if member.file_size > MAX_FILE_BYTES:
                raise RefusedSource("嵌套的压缩包过大，未导入。")
            with archive.open(member) as file, inner.open("wb") as target:
                _copy(file, target, member.file_size)
        except RefusedSource as refused:
            yield _faulty(shown, str(refused))
            return
        except (*_BROKEN, OSError):
            yield _faulty(shown, "压缩包中的文件损坏，无法读取。")
            return
        yield from self._zip(inner, shown, nesting + 1)


def free_scratch(folder: Path) -> None:
    """Remove what a killed import left."""
    shutil.rmtree(folder, ignore_errors=True)


def _name_of(member: zipfile.ZipInfo) -> str:
    """The name as it was meant: old Chinese programs write GBK where the format says code page 437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename


def _faulty(name: str, fault: str) -> Entry:
    return Entry(name, folded(name), 0, _nothing, fault)


def _nothing() -> IO[bytes]:
    raise RefusedSource("文件无法读取。")
