"""`mingjing package FOLDER`: the release as one folder, to be carried to machines without a network.

The folder holds the program, the wheels of every library of ``requirements.lock`` for one operating system, the
release's version and a checksum of each file. On the machine of the hospital ``python run.py …`` finds the wheels and
asks nobody on the network; the hashes of the lock are checked there as everywhere.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.markers import Marker

from shared.release import VERSION

ROOT = Path(__file__).resolve().parents[1]
WHEELS = "wheels"
SUMS = "SHA256SUMS"
RELEASE = "RELEASE.txt"

PARTS = ("shared", "server", "clients", "mingjing", "docs", "run.py", "pyproject.toml", "README.md")
LOCK_PARTS = ("requirements.in", "requirements.lock", "requirements.override")
NEWEST_GLIBC, OLDEST_GLIBC = 36, 5
"""Minor versions of glibc 2 whose wheels run on Debian 12 and Ubuntu 22.10 and later."""

SYSTEMS: Mapping[str, Mapping[str, str]] = {
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
}

_INSTALL = """明镜 Mingjing {version}

安装（{system}，不需要网络）
1. 安装 Python {python}（64 位）。
2. 把整个文件夹复制到本机硬盘。
3. 在该文件夹中运行：{command} run.py help
   第一次运行时从 wheels 文件夹安装所有程序库，并逐个核对校验和。
4. 服务器：{command} run.py server --data 数据文件夹
   工作站：{command} run.py registration | diagnosis | pathology | ecg | viewer

Installation ({system}, no network needed)
1. Install Python {python} (64 bit).
2. Copy the whole folder to the machine's disk.
3. In that folder type: {command} run.py help
   The first run installs all libraries from the folder wheels and checks the hash of each.
4. Server: {command} run.py server --data FOLDER
   Workstations: {command} run.py registration | diagnosis | pathology | ecg | viewer
{more}"""

_LINUX_MORE = """
系统库（Debian、Ubuntu）需另装，见 run.py 的 WINDOW_PACKAGES；用安装光盘或本地镜像即可。
System libraries (Debian, Ubuntu) come from the system's own medium or mirror, see WINDOW_PACKAGES in run.py.
"""


def main(arguments: list[str]) -> int:
    """Make a release folder, or check one; returns the exit status."""
    parser = argparse.ArgumentParser(prog="mingjing package", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="new folder for the release; with --check: an existing one")
    parser.add_argument(
        "--system", choices=sorted(SYSTEMS), default="windows", help="where it will run (default: windows)"
    )
    parser.add_argument("--python", default="3.11", help="Python version of those machines (default: 3.11)")
    parser.add_argument("--check", action="store_true", help="compare every file with its checksum and change nothing")
    options = parser.parse_args(arguments)
    folder: Path = options.folder
    if options.check:
        return _check(folder)
    if not re.fullmatch(r"3\.\d{1,2}", options.python):
        parser.error("--python is a version such as 3.11")
    if folder.exists() and any(folder.iterdir()):
        print(f"{folder} is not empty; name a new folder.", file=sys.stderr)
        return 2
    copy_program(ROOT, folder)
    wanted = wheels_wanted((ROOT / "requirements.lock").read_text(encoding="utf-8"), options.system, options.python)
    status = _download(wanted, folder / WHEELS, options.system, options.python)
    if status != 0:
        print(
            "Not every library could be had as a wheel; see the line above. The folder is not complete.",
            file=sys.stderr,
        )
        return 1
    write_notes(folder, options.system, options.python)
    count, size = write_sums(folder)
    made = f"Mingjing {VERSION} for {options.system}, Python {options.python}"
    print(f"{made}: {count} files, {size / 1e6:.0f} MB in {folder}")
    return 0


def copy_program(source: Path, folder: Path) -> None:
    """Copy what the program needs to run; neither tests nor anything that a checkout collects."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", ".*")
    for name in (*PARTS, *LOCK_PARTS):
        part = source / name
        if part.is_dir():
            shutil.copytree(part, folder / name, ignore=ignore)
        else:
            shutil.copy2(part, folder / name)


def wheels_wanted(lock: str, system: str, python: str) -> str:
    """The lines of a lock (pip's format, with hashes) that hold on a machine of ``system``, without their markers."""
    facts = _facts(system, python)
    kept = []
    for entry in _entries(lock):
        head, *hashes = entry
        requirement, _, marker = head.partition(";")
        if marker.strip() and not Marker(marker.rstrip(" \\").strip()).evaluate(dict(facts)):
            continue
        kept.append("\n".join([requirement.rstrip(" \\") + (" \\" if hashes else ""), *hashes]))
    return "\n".join(kept) + "\n"


def _facts(system: str, python: str) -> dict[str, str]:
    return {
        **SYSTEMS[system],
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "implementation_version": f"{python}.0",
        "extra": "",
    }


def _entries(lock: str) -> Iterator[list[str]]:
    entry: list[str] = []
    for line in lock.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith(" ") and entry:
            yield entry
            entry = []
        entry.append(line)
    if entry:
        yield entry


def _download(wanted: str, folder: Path, system: str, python: str) -> int:
    folder.mkdir(parents=True)
    platforms = ["win_amd64"] if system == "windows" else _linux_platforms()
    with tempfile.TemporaryDirectory() as scratch:
        lock = Path(scratch) / "lock.txt"
        lock.write_text(wanted, encoding="utf-8")
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "download", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "--dest", str(folder), "-r", str(lock)]
        command += ["--python-version", python, "--implementation", "cp"]
        for name in platforms:
            command += ["--platform", name]
        return subprocess.call(command)


def _linux_platforms() -> list[str]:
    newer = [f"manylinux_2_{minor}_x86_64" for minor in range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)]
    return [*newer, "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"]


def write_notes(folder: Path, system: str, python: str) -> None:
    """The release's version, and how to install it, in Chinese and English."""
    command = "py" if system == "windows" else "python3"
    more = _LINUX_MORE if system == "linux" else ""
    text = _INSTALL.format(version=VERSION, system=system, python=python, command=command, more=more)
    (folder / RELEASE).write_text(text, encoding="utf-8-sig", newline="\r\n" if system == "windows" else "\n")


def write_sums(folder: Path) -> tuple[int, int]:
    """A line `SHA-256  path` for every file, as `sha256sum -c` reads it; (files, bytes)."""
    lines, size = [], 0
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / SUMS):
        lines.append(f"{_sum(file)}  {file.relative_to(folder).as_posix()}")
        size += file.stat().st_size
    (folder / SUMS).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return len(lines), size


def _check(folder: Path) -> int:
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        print(f"{folder} has no {SUMS}: it is not a release folder, or not complete.", file=sys.stderr)
        return 2
    wrong = []
    for line in lines:
        digest, _, name = line.partition("  ")
        file = folder / name
        if not file.is_relative_to(folder) or ".." in Path(name).parts or not file.is_file() or _sum(file) != digest:
            wrong.append(name)
    for name in wrong:
        print(f"missing or changed: {name!r}", file=sys.stderr)
    if wrong:
        print("Copy the release again from its source.", file=sys.stderr)
        return 1
    print(f"{len(lines)} files are as they were made.")
    return 0


def _sum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
