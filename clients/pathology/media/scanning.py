"""Scanners: a port, SANE through its own tool, and the folder that a scanner or a copier writes into; knows no Qt.

Windows' twin is `media.wia`. TWAIN itself has no well-kept library with wheels; a driver that WIA does not know writes
into the watched folder.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clients.kit.camera.importing import NotAPicture, newest_scans, read_picture
from clients.kit.camera.port import Picture

_LIST_S, _SCAN_S = 30, 300
_FRESH_S = 15 * 60
NO_SCANNER = "没有找到扫描设备。可在“扫描设备选择”中设置扫描文件夹，扫描仪的程序把文件存到该文件夹即可。"
FAILED = "扫描没有完成，请检查扫描仪后重试。"


@dataclass(frozen=True)
class ScannerDevice:
    """A scanner that can be chosen."""

    key: str
    name: str


class ScanTrouble(RuntimeError):
    """A scan was not possible; the argument is a Chinese source sentence."""


class Scanner(Protocol):
    """A way to get sheets of paper as pictures."""

    def devices(self) -> tuple[ScannerDevice, ...]:
        """Those there are now (blocking; may take seconds)."""
        ...

    def scan(self, key: str) -> tuple[Picture, ...]:
        """The pages there are (blocking; may take a minute). Raises ScanTrouble."""
        ...


class SaneScanner:
    """Scanners by SANE's `scanimage`, which every Linux with a scanner has."""

    def __init__(self, tool: Sequence[str] | None = None, dots_per_inch: int = 200) -> None:
        found = shutil.which("scanimage")
        self._tool = tuple(tool) if tool is not None else (found,) if found else ()
        self._dots = dots_per_inch

    def devices(self) -> tuple[ScannerDevice, ...]:
        if not self._tool:
            return ()
        try:
            said = subprocess.run(
                [*self._tool, "--formatted-device-list=%d\t%v %m%n"],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_LIST_S,
                check=False,
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            return ()
        lines = (line.split("\t", 1) for line in said.splitlines() if "\t" in line)
        return tuple(ScannerDevice(key.strip()[:120], name.strip()[:80]) for key, name in lines)[:16]

    def scan(self, key: str) -> tuple[Picture, ...]:
        import cv2
        import numpy as np

        if not self._tool:
            raise ScanTrouble(NO_SCANNER)
        order = [*self._tool, "-d", key, "--format=png", "--resolution", str(self._dots)]
        try:
            done = subprocess.run(order, capture_output=True, timeout=_SCAN_S, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise ScanTrouble(FAILED) from error
        picture = cv2.imdecode(np.frombuffer(done.stdout, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise ScanTrouble(FAILED)
        return (picture,)


class FolderScanner:
    """The folder into which a scanner writes: the pages that came in the last quarter of an hour."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[tuple[str, float]] = set()

    def devices(self) -> tuple[ScannerDevice, ...]:
        return (ScannerDevice("folder", self._folder.name or str(self._folder)),) if self._folder.is_dir() else ()

    def scan(self, key: str) -> tuple[Picture, ...]:
        del key
        pages: list[Picture] = []
        try:
            for path in reversed(newest_scans(self._folder)):
                stamp = (path.name, path.stat().st_mtime)
                if stamp in self._taken or time.time() - stamp[1] > _FRESH_S:
                    continue
                pages.append(read_picture(path))
                self._taken.add(stamp)
        except (NotAPicture, OSError) as error:
            raise ScanTrouble("扫描文件夹中的文件打不开，请检查后重试。") from error
        if not pages:
            raise ScanTrouble("扫描文件夹中没有新的文件，请先在扫描仪上扫描。")
        return tuple(pages)
