"""Does this computer have what the viewer needs at least (VW-ENV-02, -03; VW-SAF-08)? No Qt."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from clients.kit.translations import tr

CORES, MEMORY_GB, DISK_GB, SCREEN = 4, 8, 120, (1920, 1080)
SLACK = 0.9  # what is sold as 8 GB shows a little less


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found; None: could not be told."""

    cores: int | None
    memory_gb: float | None
    disk_gb: float | None
    screen: tuple[int, int] | None
    system: str


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement: what is needed, what is here, whether it suffices (None: not told)."""

    name: str
    needed: str
    found: str
    is_enough: bool | None


def facts(screen: tuple[int, int] | None) -> Facts:
    """Of this computer; ``screen`` is the largest one in pixels."""
    try:
        disk = shutil.disk_usage(Path.home()).total / 1e9
    except OSError:
        disk = None
    return Facts(os.cpu_count(), _memory_gb(), disk, screen, _system())


def lines_of(known: Facts) -> tuple[Line, ...]:
    """All requirements with their state."""
    wide, high = known.screen or (0, 0)
    unknown = tr("未知")
    return (
        Line(
            tr("处理器"),
            tr("3.4 GHz，{n} 核", n=CORES),
            tr("{n} 核", n=known.cores) if known.cores else unknown,
            None if known.cores is None else known.cores >= CORES,
        ),
        _size(tr("内存"), MEMORY_GB, known.memory_gb),
        _size(tr("硬盘"), DISK_GB, known.disk_gb),
        Line(
            tr("显示器"),
            f"{SCREEN[0]}×{SCREEN[1]}",
            f"{wide}×{high}" if known.screen else unknown,
            None if known.screen is None else wide * high >= SCREEN[0] * SCREEN[1],
        ),
        Line(tr("显存"), "2 GB", tr("请人工核对"), None),
        Line(tr("网络"), "1000 Mbit/s", tr("请人工核对"), None),
        Line(tr("操作系统"), tr("64 位 Windows 10 专业版或 64 位 Linux"), known.system, _is_64_bit()),
    )


def below(known: Facts) -> tuple[str, ...]:
    """Names of what does not suffice."""
    return tuple(line.name for line in lines_of(known) if line.is_enough is False)


def _size(name: str, needed: int, found: float | None) -> Line:
    shown = tr("未知") if found is None else f"{found:.0f} GB"
    return Line(name, f"{needed} GB", shown, None if found is None else found >= needed * SLACK)


def _is_64_bit() -> bool:
    return sys.maxsize > 1 << 32


def _system() -> str:
    return f"{platform.system()} {platform.release()} {platform.machine()}".strip()


def _memory_gb() -> float | None:
    if sys.platform == "win32":

        class Status(ctypes.Structure):
            _fields_ = (
                ("length", ctypes.c_ulong),
                ("load", ctypes.c_ulong),
                *(
                    (name, ctypes.c_ulonglong)
                    for name in ("total", "free", "page", "page_free", "own", "own_free", "x")
                ),
            )

        status = Status(length=ctypes.sizeof(Status))
        return status.total / 1e9 if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError):
        return None
