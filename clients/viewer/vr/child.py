"""The process that renders: graphics faults end here, and cost the viewer a restart of this process.

It gets the volume's shared memory and then one request after the other over a pipe, answers each with a picture or
with "gave up" when a newer request waits, and never speaks unasked. Its parent is `renderer`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clients.viewer.vr.blocks import Ticket, attach
from clients.viewer.vr.grid import Grid
from clients.viewer.vr.scene import Scene

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from clients.viewer.vr.engine import Engine


@dataclass(frozen=True, slots=True)
class GridTicket:
    """A grid in shared memory: its facts without voxels, their shape, and where they are."""

    grid: Grid  # with ``voxels`` None
    shape: tuple[int, int, int]
    block: Ticket


@dataclass(frozen=True, slots=True)
class Setup:
    """How a process renders. ``reduction``: voxels to one along each axis. ``patient`` processes stand back."""

    ticket: GridTicket
    reduction: int = 1
    graphics: bool = False
    software_driver: bool = False
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One picture. ``serial`` and ``quality`` come back with it.

    ``step`` is the distance of samples in voxel edges; ``yields`` lets a newer request end it.
    """

    serial: int
    scene: Scene
    width: int
    height: int
    quality: int = 0
    step: float = 1.0
    yields: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """``pixels`` is RGB, rows from the top, None when the request was given up; ``problem`` a Chinese source text.

    ``seconds`` by the clock, ``processor`` of all threads of the process.
    """

    serial: int
    quality: int
    width: int
    height: int
    seconds: float
    processor: float
    pixels: bytes | None
    problem: str = ""


HURRY, PREPARE, END = "hurry", "prepare", "end"


def main(pipe: Connection, setup: Setup) -> None:
    """Serve until the pipe closes."""
    if setup.software_driver:
        os.environ["LIBGL_ALWAYS_SOFTWARE"] = "1"  # Mesa; on Windows the launcher loads opengl32sw
    if setup.patient and sys.platform != "win32":
        os.nice(3)  # gradients take seconds; what follows the hand goes first
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        _serve(pipe, _engine(setup))


def _engine(setup: Setup) -> Engine:
    import numpy as np

    from clients.viewer.vr.engine import Engine, prepare_graphics

    prepare_graphics()
    ticket = setup.ticket
    memory = attach(ticket.block, private=False)
    original = np.frombuffer(memory, np.int16).reshape(ticket.shape)
    whole = replace(ticket.grid, voxels=original)
    if setup.reduction > 1:
        return Engine(whole.reduced(setup.reduction), graphics=setup.graphics, bed_grid=whole)
    # A private view of the same memory: only pages that a cut changes cost memory, and the original stays at hand.
    private = np.frombuffer(attach(ticket.block, private=True), np.int16).reshape(ticket.shape)
    return Engine(replace(whole, voxels=private), graphics=setup.graphics, original=original, bed_grid=whole)


def _serve(pipe: Connection, engine: Engine) -> None:
    while True:
        message: Any = pipe.recv()
        if message == END:
            engine.close()
            return
        if message == PREPARE:
            engine.find_bed()
        elif isinstance(message, Request):
            pipe.send(_answer(pipe, engine, message))


def _answer(pipe: Connection, engine: Engine, request: Request) -> Answer:
    """Anything that waits in the pipe means: hurry."""
    begun, worked = time.perf_counter(), time.process_time()
    stop = pipe.poll if request.yields else None
    picture = engine.picture(request.scene, request.width, request.height, step=request.step, stop=stop)
    pixels = None if picture is None else picture.tobytes()
    seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    size = request.width, request.height
    return Answer(request.serial, request.quality, *size, seconds, processor, pixels, engine.bed_problem)
