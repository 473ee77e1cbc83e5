"""The rendering processes seen from the viewer: newest request wins, quality grows, a dead process is replaced.

Two processes share the volume's memory: *quick* casts rays through a reduced volume and follows the hand, *full*
works on all voxels and gives way at once when something changes. With a graphics processor, or for a small
volume, one process does both. No Qt: callbacks come from reader threads.
"""

from __future__ import annotations

import logging
import math
import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from clients.viewer.vr import child
from clients.viewer.vr.blocks import SharedBlock
from clients.viewer.vr.child import Answer, GridTicket, Request, Setup
from clients.viewer.vr.grid import Grid, grid_of
from clients.viewer.vr.probe import Graphics, Kind
from clients.viewer.vr.scene import Scene
from shared.imaging.volume import Volume

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from numpy.typing import NDArray

log = logging.getLogger(__name__)

QUICK_VOXELS = 12_000_000  # the quick process works on about so many
DRAG_SECONDS = 0.034  # aim for a picture of 512 x 512 while dragging; larger ones may take longer
LONGEST_DRAG_SECONDS = 0.08
STILL_PIXELS = 1_600_000  # by the processor; larger pictures are enlarged by the painter
DRAG_SCALES = (0.18, 0.25, 0.35, 0.5, 0.7, 1.0)
MOST_DEATHS, WITHIN_S = 3, 60.0
HANGS_AFTER_S = 60.0  # and a second for each million voxels
SOON_S = 0.4  # a full picture that takes no longer needs no reduced one before it


class Quality(IntEnum):
    """How good a picture is."""

    COARSE = 0  # small, of the reduced volume: follows the hand
    REDUCED = 1  # as many pixels as wanted, of the reduced volume
    FULL = 2
    FINE = 3  # twice the samples along each ray: no rings on steep curves


@dataclass(frozen=True, slots=True)
class Picture:
    """An answer to :meth:`Renderer.show`: RGB of (height, width); ``serial`` as `show` returned it."""

    serial: int
    quality: Quality
    width: int
    height: int
    pixels: bytes
    seconds: float
    processor: float
    """Seconds of processor time that it took, of all threads."""


@dataclass(frozen=True, slots=True)
class Events:
    """Whom to tell; called in any thread."""

    picture: Callable[[Picture], object]
    restarted: Callable[[], object] = lambda: None
    """A process was lost and another one has taken its place."""
    gave_up: Callable[[], object] = lambda: None
    """Processes die again and again; :meth:`Renderer.retry` tries once more."""
    problem: Callable[[str], object] = lambda _text: None
    """Something of the scene could not be done: a Chinese source text."""


class SharedGrid:
    """A grid whose voxels other processes can see."""

    def __init__(self, volume: Volume) -> None:
        import numpy as np

        blocks: list[SharedBlock] = []

        def allocate(shape: tuple[int, int, int]) -> NDArray[Any]:
            blocks.append(SharedBlock(2 * shape[0] * shape[1] * shape[2]))
            return np.frombuffer(blocks[0].memory, np.int16).reshape(shape)

        grid = grid_of(volume, allocate)
        if grid.voxels.size * 2 != blocks[0].ticket.size:  # it was too large and has been halved
            smaller = SharedBlock(2 * grid.voxels.size)
            np.frombuffer(smaller.memory, np.int16)[:] = grid.voxels.reshape(-1)
            blocks[0].close()
            blocks[:] = [smaller]
            grid = replace(grid, voxels=np.frombuffer(smaller.memory, np.int16).reshape(grid.voxels.shape))
        self.grid: Grid = grid
        self._block = blocks[0]

    @property
    def ticket(self) -> GridTicket:
        nk, nj, ni = self.grid.voxels.shape
        facts: Any = None
        return GridTicket(replace(self.grid, voxels=facts), (nk, nj, ni), self._block.ticket)

    def close(self) -> None:
        """No further process can attach."""
        self._block.close()


class _Process:
    """One rendering process: at most one request under way, at most one waiting."""

    def __init__(self, setup: Setup, answered: Callable[[Answer], object], lost: Callable[[_Process], object]) -> None:
        self.setup = setup
        self._answered, self._lost = answered, lost
        self._lock = threading.Lock()
        self._waiting: Request | None = None
        self._under_way: Request | None = None
        self._hurried = False
        self._since = 0.0
        self._patience_s = HANGS_AFTER_S + math.prod(setup.ticket.shape) / 1e6
        self._ended = self._prepared = False
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=child.main, args=(theirs, setup), name="volume-rendering", daemon=True
        )
        self.process.start()
        theirs.close()
        threading.Thread(target=self._read, name="vr-answers", daemon=True).start()

    def ask(self, request: Request) -> None:
        """Have this done next; what waited before is forgotten. Costs microseconds."""
        with self._lock:
            if self._under_way is None:
                self._send(request)
                return
            self._waiting = request
            if self._under_way.yields and not self._hurried:
                self._hurried = True
                self._put(child.HURRY)

    def forget(self) -> None:
        """Nothing is wanted any more; a long picture under way is given up."""
        with self._lock:
            self._waiting = None
            if self._under_way is not None and self._under_way.yields and not self._hurried:
                self._hurried = True
                self._put(child.HURRY)

    def prepare(self) -> None:
        """Use a quiet moment for what a later request may need; once."""
        with self._lock:
            if not self._prepared:
                self._prepared = True
                self._put(child.PREPARE)

    @property
    def hangs(self) -> bool:
        """True when a request has been under way for longer than anything takes."""
        with self._lock:
            return self._under_way is not None and time.monotonic() - self._since > self._patience_s

    def end(self) -> None:
        """Stop at once."""
        self._ended = True
        self.process.kill()

    def _send(self, request: Request) -> None:
        self._under_way, self._hurried, self._since = request, False, time.monotonic()
        self._put(request)

    def _put(self, message: object) -> None:
        try:
            self._pipe.send(message)
        except OSError:
            log.debug("the rendering process has gone; the reader of its answers sees that too")

    def _read(self) -> None:
        pipe: Connection = self._pipe
        while True:
            try:
                answer = pipe.recv()
            except (EOFError, OSError):
                break
            with self._lock:
                self._under_way = None
                waiting, self._waiting = self._waiting, None
                if waiting is not None:
                    self._send(waiting)
            if isinstance(answer, Answer) and not self._ended:
                self._answered(answer)
        self.process.join(5)
        pipe.close()
        if not self._ended:
            self._lost(self)


class Renderer:
    """Pictures of one volume for one window. `show` may be called from the GUI thread."""

    def __init__(self, shared: SharedGrid, graphics: Graphics, events: Events) -> None:
        """Starts the processes (30 to 60 ms): call it off the GUI thread."""
        self._shared, self._events = shared, events
        self.graphics = graphics
        self._lock = threading.RLock()
        self._serial = 0
        self._wanted: tuple[Scene, int, int, bool] | None = None
        self._scale = 0.35
        self._pace: float | None = None  # seconds for a pixel of the whole volume
        self._deaths: list[float] = []
        self._closed = False
        self._gave_up = False
        self._last_problem = ""
        self._start()

    # --- processes

    def _start(self) -> None:
        ticket = self._shared.ticket
        graphics = self.graphics.kind is Kind.GRAPHICS
        software = self.graphics.kind is Kind.COMPATIBLE
        size = self._shared.grid.voxels.size
        reduction = 1 if graphics else max(1, round((size / QUICK_VOXELS) ** (1 / 3)))
        setup = Setup(ticket, reduction, graphics, software)
        self._quick = _Process(setup, self._on_answer, self._on_lost)
        self._full = self._quick
        if reduction > 1:
            patient = replace(setup, reduction=1, patient=True)
            self._full = _Process(patient, self._on_answer, self._on_lost)

    @property
    def processes(self) -> tuple[int, ...]:
        """Ids of the processes that work now, the quick one first."""
        with self._lock:
            return tuple(dict.fromkeys(p.process.pid or 0 for p in (self._quick, self._full)))

    def _on_lost(self, process: _Process) -> None:
        with self._lock:
            if self._closed or process not in (self._quick, self._full):
                return
            log.warning("a rendering process ended by itself (exit %s)", process.process.exitcode)
            now = time.monotonic()
            self._deaths = [t for t in self._deaths if now - t < WITHIN_S] + [now]
            for other in (self._quick, self._full):
                other.end()
            if len(self._deaths) > MOST_DEATHS and self.graphics.kind is Kind.COMPATIBLE:
                self._gave_up = True
            else:
                if len(self._deaths) > 1:
                    self.graphics = Graphics(Kind.COMPATIBLE, self.graphics.name, "the graphics driver failed")
                self._start()
        if self._gave_up:
            self._events.gave_up()
            return
        self._events.restarted()
        self._again()

    @property
    def gave_up(self) -> bool:
        """True between `Events.gave_up` and :meth:`retry`."""
        return self._gave_up

    def retry(self) -> None:
        """Begin anew after `Events.gave_up`; off the GUI thread."""
        with self._lock:
            if self._closed or not self._gave_up:
                return
            self._gave_up, self._deaths = False, []
            self._start()
        self._again()

    def watch(self) -> None:
        """Replace a process that hangs; call it every few seconds."""
        with self._lock:
            hanging = [p for p in {self._quick, self._full} if p.hangs]
        for process in hanging:
            process.process.kill()

    def close(self) -> None:
        """End the processes; nobody is told anything from now on."""
        with self._lock:
            self._closed = True
            for process in (self._quick, self._full):
                process.end()
            self._shared.close()

    # --- pictures

    def show(self, scene: Scene, width: int, height: int, *, moving: bool) -> int:
        """Ask for pictures of ``scene``: one coarse one while ``moving``, else growing to full quality.

        Returns the serial number that the pictures will carry; older ones are of older scenes.
        """
        with self._lock:
            self._wanted = (scene, width, height, moving)
            if self._closed or self._gave_up:
                return self._serial
            self._serial += 1
            if self._full is not self._quick:
                self._full.forget()
            if moving:
                self._ask(Quality.COARSE)
            else:
                soon = self._pace is not None and self._pace * min(width * height, STILL_PIXELS) <= SOON_S
                self._ask(Quality.FULL if soon or self._full is self._quick else Quality.REDUCED)
            return self._serial

    def _again(self) -> None:
        with self._lock:
            wanted = self._wanted
        if wanted is not None:
            scene, width, height, moving = wanted
            self.show(scene, width, height, moving=moving)

    def _ask(self, quality: Quality) -> None:
        assert self._wanted is not None
        scene, width, height, _ = self._wanted
        graphics = self.graphics.kind is Kind.GRAPHICS
        scale = 1.0 if graphics else min(1.0, (STILL_PIXELS / (width * height)) ** 0.5)
        step = 1.0
        if quality is Quality.COARSE and not graphics:
            scale, step = min(scale, self._coarse_scale()), 2.0 if self._full is self._quick else 1.5
        elif quality is Quality.FINE:
            step = 0.5
        size = (max(8, round(width * scale)), max(8, round(height * scale)))
        request = Request(self._serial, scene, *size, int(quality), step, yields=quality > Quality.COARSE)
        (self._full if quality >= Quality.FULL else self._quick).ask(request)

    def _coarse_scale(self) -> float:
        return min(DRAG_SCALES, key=lambda known: abs(known - self._scale))

    def _drag_seconds(self) -> float:
        """In a large window a finer picture is worth more than the last pictures of a second."""
        pixels = self._wanted[1] * self._wanted[2] if self._wanted is not None else 0
        return float(min(LONGEST_DRAG_SECONDS, DRAG_SECONDS * max(1.0, pixels / 512**2) ** 0.5))

    def _on_answer(self, answer: Answer) -> None:
        quality = Quality(answer.quality)
        with self._lock:
            if self._closed or answer.pixels is None:
                return
            if quality is Quality.COARSE:
                # Time grows with the pixels; half of the way each time, or the size would swing.
                ideal = self._scale * (self._drag_seconds() / max(answer.seconds, 1e-3)) ** 0.5
                self._scale = min(1.0, max(DRAG_SCALES[0], 0.5 * (self._scale + ideal)))
            elif quality is Quality.FULL:  # the first one has computed gradients too; the next sets that right
                self._pace = answer.seconds / (answer.width * answer.height)
            current = answer.serial == self._serial
            still = self._wanted is not None and not self._wanted[3]
            if current and still and quality is not Quality.FINE:
                self._ask(Quality.FULL if quality is Quality.REDUCED else Quality.FINE)
            if current and quality is Quality.FINE and self._shared.grid.unit == "HU":
                self._quick.prepare()
                self._full.prepare()
            problem = answer.problem if answer.problem != self._last_problem else ""
            self._last_problem = answer.problem
        picture = Picture(
            answer.serial, quality, answer.width, answer.height, answer.pixels, answer.seconds, answer.processor
        )
        self._events.picture(picture)
        if problem:
            self._events.problem(problem)
