"""What can the graphics of this desk do? Asked in a process of its own, for a bad driver may crash or hang it."""

from __future__ import annotations

import multiprocessing
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

TIME_LIMIT_S = 15.0
SETTING = "viewer/vr/graphics"
COMPATIBILITY = "viewer/vr/compatibility"
_SOFTWARE = re.compile(r"llvmpipe|softpipe|swrast|SwiftShader|Basic Render|GDI Generic|WARP", re.IGNORECASE)


class Kind(StrEnum):
    """Who casts the rays."""

    GRAPHICS = "graphics"  # a hardware driver with OpenGL 3.2 or newer
    PROCESSOR = "processor"  # the driver is software: the processor's own mapper is quicker
    COMPATIBLE = "compatible"  # the driver failed, or the reader chose compatibility mode (VW-OPN-15)


@dataclass(frozen=True, slots=True)
class Graphics:
    """The answer; ``name`` is what the driver says of itself, ``problem`` why it is not used."""

    kind: Kind
    name: str = ""
    problem: str = ""


class Settings(Protocol):
    """The part of `clients.kit.settings.UserSettings` that is needed."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def set(self, key: str, value: Any) -> None: ...


def known_graphics(settings: Settings) -> Graphics | None:
    """What was found at an earlier start, or the reader's choice of compatibility mode; None: not asked yet."""
    if settings.get(COMPATIBILITY, False):
        return Graphics(Kind.COMPATIBLE)
    kept = settings.get(SETTING)
    if isinstance(kept, dict) and kept.get("kind") in {kind.value for kind in Kind}:
        return Graphics(Kind(kept["kind"]), str(kept.get("name", ""))[:200], str(kept.get("problem", ""))[:200])
    return None


def remember(settings: Settings, graphics: Graphics) -> None:
    """Keep the answer for the next start."""
    settings.set(SETTING, {"kind": graphics.kind.value, "name": graphics.name, "problem": graphics.problem})


def probe(time_limit_s: float = TIME_LIMIT_S, *, target: Any = None) -> Graphics:
    """Ask; takes one to two seconds, at most ``time_limit_s``. Never raises for what a driver does."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=target or _report, args=(theirs,), name="graphics-probe", daemon=True)
    process.start()
    theirs.close()
    try:
        name = str(ours.recv()) if ours.poll(time_limit_s) else None
    except EOFError:
        process.join(2)
        return Graphics(Kind.COMPATIBLE, problem=f"the graphics driver crashed (exit {process.exitcode})")
    finally:
        ours.close()
        process.kill()
        process.join(2)
    if name is None:
        return Graphics(Kind.COMPATIBLE, problem="the graphics driver does not answer")
    return judged(name)


def judged(name: str) -> Graphics:
    """From the renderer string of OpenGL to who shall cast the rays."""
    if not name:
        return Graphics(Kind.COMPATIBLE, problem="there is no OpenGL")
    return Graphics(Kind.PROCESSOR if _SOFTWARE.search(name) else Kind.GRAPHICS, name)


def _report(pipe: Connection) -> None:
    """Runs in the child: a small picture of a small volume with the graphics mapper, then the driver's name."""
    import numpy as np

    from clients.viewer.vr.engine import Engine
    from clients.viewer.vr.grid import Grid
    from shared.imaging.geometry import PointMm, VectorMm

    axes = (VectorMm(1, 0, 0), VectorMm(0, 1, 0), VectorMm(0, 0, 1))
    grid = Grid(np.zeros((4, 4, 4), np.int16), PointMm(0, 0, 0), axes, (1.0, 1.0, 1.0), 1.0, 0.0, "HU", -1)
    engine = Engine(grid, graphics=True)
    pipe.send(engine.renderer_name)
