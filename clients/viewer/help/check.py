"""Does this computer have what viewer and server need at least (VW-ENV-02 to -04; VW-SAF-08)? No Qt."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from clients.kit.translations import tr
from clients.viewer.help import machine

SLACK = 0.9  # what is sold as 8 GB shows a little less


@dataclass(frozen=True, slots=True)
class Needs:
    """The stated minimum."""

    ghz: float
    cores: int
    memory_gb: int
    disk_gb: int
    network_mbits: int = 1000
    is_solid_state: bool = False
    screen: tuple[int, int] | None = None
    graphics_gb: int | None = None


WORKSTATION = Needs(3.4, 4, 8, 120, is_solid_state=True, screen=(1920, 1080), graphics_gb=2)
SERVER = Needs(3.1, 6, 8, 2000)


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found; None: could not be told."""

    cores: int | None
    memory_gb: float | None
    disk_gb: float | None
    screen: tuple[int, int] | None
    system: str
    ghz: float | None = None
    is_solid_state: bool | None = None
    graphics_gb: float | None = None
    network_mbits: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement: what is needed, what is here, whether it suffices (None: not told)."""

    name: str
    needed: str
    found: str
    is_enough: bool | None


def facts(screen: tuple[int, int] | None, folder: Path | None = None, *, ask_driver: bool = False) -> Facts:
    """Of this computer; ``screen`` is the largest one in pixels, ``folder`` lies on the disk that counts.

    To ``ask_driver`` of the graphics card may take seconds.
    """
    place = folder or Path.home()
    return Facts(
        cores=os.cpu_count(),
        memory_gb=machine.memory_gb(),
        disk_gb=machine.disk_gb(place),
        screen=screen,
        system=machine.system(),
        ghz=machine.clock_ghz(),
        is_solid_state=machine.is_solid_state(place),
        graphics_gb=machine.graphics_gb(ask_driver=ask_driver),
        network_mbits=machine.network_mbits(),
    )


def lines_of(known: Facts, needs: Needs = WORKSTATION) -> tuple[Line, ...]:
    """All requirements with their state."""
    lines = [_processor(known, needs), _size(tr("内存"), needs.memory_gb, known.memory_gb), _disk(known, needs)]
    if needs.screen is not None:
        wide, high = known.screen or (0, 0)
        lines.append(
            Line(
                tr("显示器"),
                f"{needs.screen[0]}×{needs.screen[1]}",
                f"{wide}×{high}" if known.screen else tr("未知"),
                None if known.screen is None else wide * high >= needs.screen[0] * needs.screen[1],
            )
        )
    if needs.graphics_gb is not None:
        lines.append(_size(tr("显存"), needs.graphics_gb, known.graphics_gb))
    return (
        *lines,
        Line(
            tr("网络"),
            f"{needs.network_mbits} Mbit/s",
            tr("请人工核对") if known.network_mbits is None else f"{known.network_mbits:.0f} Mbit/s",
            None if known.network_mbits is None else known.network_mbits >= needs.network_mbits,
        ),
        Line(tr("操作系统"), tr("64 位 Windows 10 专业版或 64 位 Linux"), known.system, sys.maxsize > 1 << 32),
    )


def below(known: Facts, needs: Needs = WORKSTATION) -> tuple[str, ...]:
    """Names of what does not suffice."""
    return tuple(line.name for line in lines_of(known, needs) if line.is_enough is False)


def _processor(known: Facts, needs: Needs) -> Line:
    """The cores are judged; a clock rate says little across generations of processors and is only shown."""
    parts = [f"{known.ghz:.1f} GHz" if known.ghz else "", tr("{n} 核", n=known.cores) if known.cores else ""]
    return Line(
        tr("处理器"),
        tr("{ghz} GHz，{n} 核", ghz=f"{needs.ghz:g}", n=needs.cores),
        tr("，").join(part for part in parts if part) or tr("未知"),
        None if known.cores is None else known.cores >= needs.cores,
    )


def _disk(known: Facts, needs: Needs) -> Line:
    line = _size(tr("硬盘"), needs.disk_gb, known.disk_gb)
    if not needs.is_solid_state:
        return line
    kind = {None: "", True: " SSD", False: f" {tr('机械硬盘')}"}[known.is_solid_state]
    enough = False if known.is_solid_state is False else line.is_enough
    return Line(line.name, f"{line.needed} SSD", line.found + kind, enough)


def _size(name: str, needed: int, found: float | None) -> Line:
    shown = tr("请人工核对") if found is None else f"{found:.0f} GB"
    return Line(name, f"{needed} GB", shown, None if found is None else found >= needed * SLACK)
