"""What this computer is: clock, memory, disk, graphics memory, network. What the system does not tell is None. No Qt.

Linux tells most of it in /proc and /sys, Windows in its registry.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_DISPLAYS = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
_PROCESSOR = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"


def clock_ghz() -> float | None:
    """The highest clock rate that the processor names."""
    if sys.platform == "win32":
        megahertz = _registry(_PROCESSOR, "~MHz")
        return megahertz / 1000 if isinstance(megahertz, int) else None
    top = _number(Path("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"))
    if top is not None:
        return top / 1e6
    text = _text(Path("/proc/cpuinfo"))
    rates = [float(found) / 1000 for found in re.findall(r"^cpu MHz\s*:\s*([\d.]+)", text, re.MULTILINE)]
    rates += [float(found) for found in re.findall(r"@ ([\d.]+)GHz", text)]
    return max(rates, default=None)


def memory_gb() -> float | None:
    """Main memory in 10^9 bytes."""
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


def disk_gb(folder: Path) -> float | None:
    """Size of the disk that holds the folder, or the first folder above it that is there, in 10^9 bytes."""
    try:
        return shutil.disk_usage(_existing(folder)).total / 1e9
    except OSError:
        return None


def is_solid_state(folder: Path) -> bool | None:
    """Whether that disk has no moving parts."""
    if sys.platform == "win32":
        return None
    try:
        device = _existing(folder).stat().st_dev
    except OSError:
        return None
    block = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    if re.match(r"(vd|xvd|loop)", block.name):  # a virtual disk says that it turns, whatever it lies on
        return None
    for place in (block, block.parent):  # a partition asks its disk
        turning = _number(place / "queue" / "rotational")
        if turning is not None:
            return turning == 0
    return None


def graphics_gb(*, ask_driver: bool = False) -> float | None:
    """Memory of the largest graphics card in 10^9 bytes; to ``ask_driver`` may take seconds."""
    if sys.platform == "win32":
        sizes = [_registry(f"{_DISPLAYS}\\{n:04d}", "HardwareInformation.qwMemorySize") for n in range(4)]
        return max((size / 1e9 for size in sizes if isinstance(size, int)), default=None)
    sizes = [_number(path) for path in Path("/sys/class/drm").glob("card*/device/mem_info_vram_total")]
    found = [size / 1e9 for size in sizes if size]
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
        if ask_driver and shutil.which("nvidia-smi"):
            asked = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
            told = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True).stdout
            found += [float(line) * 1.048576e-3 for line in told.split()]
    return max(found, default=None)


def network_mbits() -> float | None:
    """Speed of the quickest adapter that is up."""
    if sys.platform == "win32":
        return None
    return max(_speeds(), default=None)


def system() -> str:
    """Name, release and kind of processor."""
    return f"{platform.system()} {platform.release()} {platform.machine()}".strip()


def _speeds() -> Iterator[float]:
    for adapter in Path("/sys/class/net").glob("*"):
        speed = _number(adapter / "speed")  # a virtual one says -1 or cannot be read
        if adapter.name != "lo" and speed and speed > 0 and _text(adapter / "operstate").strip() == "up":
            yield speed


def _existing(folder: Path) -> Path:
    return next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path.home())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _number(path: Path) -> float | None:
    try:
        return float(_text(path))
    except ValueError:
        return None


def _registry(key: str, name: str) -> Any:
    """A value of the Windows registry; None where there is none."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
                return winreg.QueryValueEx(opened, name)[0]
        except OSError:
            return None
    return None
