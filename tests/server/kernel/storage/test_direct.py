"""Writing past the page cache: whole pages directly, the rest as ever, and what a system refuses in the usual way."""

from __future__ import annotations

import errno
import mmap
import os
from pathlib import Path

import pytest

from server.kernel.storage import direct
from server.kernel.storage.direct import PAGE, NewFiles


def pages(data: bytes) -> memoryview:
    """The bytes in memory that begins at a page."""
    memory = memoryview(mmap.mmap(-1, len(data) + 1))
    memory[: len(data)] = data
    return memory[: len(data)]


SIZES = [0, 1, PAGE - 1, PAGE, PAGE + 1, 70_000, 3 << 20]


@pytest.mark.parametrize("wished", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_what_was_written(size: int, wished: bool, tmp_path: Path) -> None:
    data = os.urandom(size)
    file = NewFiles().create(str(tmp_path / "one"), direct=wished)
    assert wished or not file.is_direct
    file.add(pages(data))
    file.close()
    file.close()
    assert (tmp_path / "one").read_bytes() == data


def test_what_comes_in_parts_is_one_file(tmp_path: Path) -> None:
    data = os.urandom(10 * PAGE + 17)
    memory = pages(data)
    file = NewFiles().create(str(tmp_path / "one"), direct=True)
    for start in range(0, len(data), 4 * PAGE):
        file.add(memory[start : start + 4 * PAGE])
    assert not file.is_direct, "the end of the file is no whole page"
    file.close()
    assert (tmp_path / "one").read_bytes() == data


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"kept")
    for wished in (True, False):
        with pytest.raises(FileExistsError):
            NewFiles().create(str(tmp_path / "one"), direct=wished)
    assert (tmp_path / "one").read_bytes() == b"kept"


@pytest.mark.parametrize("makes_it", [True, False])
def test_a_file_system_that_refuses_is_not_asked_again(
    makes_it: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real, flag = os.open, 1 << 40
    monkeypatch.setattr(direct, "_DIRECT", flag)

    def refuse(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & flag:
            asked.append(path)
            if makes_it:
                os.close(real(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, mode))
            raise OSError(errno.EINVAL, "no direct writes here")
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    files = NewFiles()
    for name in ("one", "two"):
        file = files.create(str(tmp_path / name), direct=True)
        assert not file.is_direct
        file.add(pages(b"x" * 9000))
        file.close()
    assert asked == [str(tmp_path / "one")]
    assert not files.direct
    monkeypatch.undo()
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"x" * 9000}


def test_memory_that_does_not_suit_goes_through_the_page_cache(tmp_path: Path) -> None:
    files = NewFiles()
    file = files.create(str(tmp_path / "one"), direct=True)
    data = os.urandom(4 * PAGE)
    file.add(pages(b"-" + data)[1:])
    file.close()
    assert (tmp_path / "one").read_bytes() == data


def test_a_disk_that_takes_less_than_it_is_given_gets_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = os.urandom(20 * PAGE + 5)
    write = os.write
    for most in (PAGE, PAGE + 1, 37 * 113):
        monkeypatch.setattr(os, "write", lambda number, part, most=most: write(number, bytes(part[:most])))
        file = NewFiles().create(str(tmp_path / str(most)), direct=True)
        file.add(pages(data))
        file.close()
        monkeypatch.undo()
        assert (tmp_path / str(most)).read_bytes() == data


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _part: object) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    files = NewFiles()
    file = files.create(str(tmp_path / "one"), direct=True)
    with monkeypatch.context() as broken:
        broken.setattr(os, "write", full)
        with pytest.raises(OSError, match="no space"):
            file.add(pages(bytes(100_000)))
    file.close()
    assert files.direct is bool(getattr(os, "O_DIRECT", 0)), "that says nothing about direct writes"


def test_two_that_do_not_lie_together_are_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("together", "alone"):
        file = NewFiles().create(str(tmp_path / name), direct=False)
        file.add_two(b"head", memoryview(b"body"))
        file.close()
        assert (tmp_path / name).read_bytes() == b"headbody"
        monkeypatch.delattr(os, "writev", raising=False)
