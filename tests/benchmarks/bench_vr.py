"""Volume rendering against its limits: 512 x 512 x 300, computed by the processor, through the real processes.

    .venv/bin/python tests/benchmarks/bench_vr.py [--quick]

Each line is the time from the wish (what a hand or a button does) to the picture in the viewer's process, with its
limit and the share of it that was used. "peer" is VTK's own graphics mapper on the same software driver.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from clients.viewer.vr.bed import body_of
from clients.viewer.vr.camera import camera_of_volume
from clients.viewer.vr.engine import Engine
from clients.viewer.vr.grid import grid_of
from clients.viewer.vr.presets import PRESETS
from clients.viewer.vr.probe import Graphics, Kind, probe
from clients.viewer.vr.renderer import Events, Picture, Quality, Renderer, SharedGrid
from clients.viewer.vr.scene import Scene, Shape, cut_of_picture
from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.volume import Volume

LONG = 120.0


def phantom(slices: int = 300, side: int = 512) -> Volume:
    """A trunk with lungs, ribs, spine, a winding vessel and a table, with noise; HU, 0.75 x 0.75 x 1 mm."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    noise = rng.normal(0, 12, (side, side)).astype(np.float32)
    voxels = np.empty((slices, side, side), np.int16)

    def disc(cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
        inside: np.ndarray = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        return inside

    trunk, fat = disc(256, 250, 188, 128), disc(256, 250, 200, 140)
    for k in range(slices):
        share = k / slices
        image = np.full((side, side), -1000, np.float32)
        image[fat], image[trunk] = -80, 50
        for cx in (165, 347):
            lung = share < 0.6
            wide = 70 - 30 * share if lung else 38
            image[disc(cx, 235, wide, wide * 1.2)] = -850 if lung else 130
        image[disc(256, 345, 26, 24)] = 500 + 200 * np.sin(k * 0.35)
        for n, angle in enumerate(np.linspace(0.3, 2 * np.pi - 0.3, 16)):
            if (k + n * 7) % 24 < 11:
                image[disc(256 + 183 * np.sin(angle), 250 - 122 * np.cos(angle), 9, 8)] = 800
        image[disc(256 + 40 * np.sin(share * 5), 250 + 30 * np.cos(share * 4), 13, 13)] = 320
        image[430:438, 66:446] = 200
        image[438:462, 90:420] = -780
        voxels[k] = image + np.roll(noise, k * 37, axis=1)
    return Volume(
        voxels=voxels,
        origin=PointMm(-192, -192, -150),
        slice_step=VectorMm(0, 0, 1.0),
        row_step=VectorMm(0, 0.75, 0),
        column_step=VectorMm(0.75, 0, 0),
        unit="HU",
        modality_code="CT",
    )


def say(what: str, seconds: float, limit: float | None = None) -> None:
    share = f"   limit {limit * 1e3:7.0f} ms   used {seconds / limit:5.2f}" if limit is not None else ""
    print(f"{what:58s} {seconds * 1e3:8.1f} ms{share}", flush=True)


class Bench:
    """A renderer and the pictures that came from it."""

    def __init__(self, volume: Volume) -> None:
        self._news = threading.Condition()
        self.pictures: list[tuple[float, Picture]] = []
        self.restarted = threading.Event()
        begun = time.perf_counter()
        self.shared = SharedGrid(volume)
        say("grid in shared memory", time.perf_counter() - begun)
        self.renderer = Renderer(self.shared, Graphics(Kind.PROCESSOR), Events(self._take, self.restarted.set))
        self.scene = Scene(camera_of_volume(self.shared.grid.corners), PRESETS["bone"].look)

    def _take(self, picture: Picture) -> None:
        with self._news:
            self.pictures.append((time.perf_counter(), picture))
            self._news.notify_all()

    def wait(self, serial: int, quality: Quality) -> float:
        """When the picture came."""

        def came() -> list[float]:
            return [t for t, p in self.pictures if p.serial >= serial and p.quality is quality]

        with self._news:
            assert self._news.wait_for(lambda: bool(came()), LONG), "no picture came"
            return came()[0]

    def still(self, scene: Scene, size: int) -> float:
        """Seconds from the wish to the picture of the whole volume."""
        begun = time.perf_counter()
        return self.wait(self.renderer.show(scene, size, size, moving=False), Quality.FULL) - begun

    def seen(self, scene: Scene, size: int) -> tuple[float, float]:
        """As the page asks after a click: seconds to the first picture and to that of the whole volume."""
        begun = time.perf_counter()
        first = self.renderer.show(scene, size, size, moving=True)
        serial = self.renderer.show(scene, size, size, moving=False)
        return self.wait(first, Quality.COARSE) - begun, self.wait(serial, Quality.FULL) - begun

    def turned(self, degrees: float) -> Scene:
        return self.scene.with_camera(self.scene.camera.rotated(degrees, 8))

    def drag(self, size: int, seconds: float) -> tuple[float, float, int]:
        """Pictures a second, the longest wish (what the GUI thread pays), width of the pictures at the end."""
        serial = self.renderer.show(self.turned(0), size, size, moving=True)
        self.wait(serial, Quality.COARSE)
        until, longest, angle = time.perf_counter() + seconds, 0.0, 0.0
        first = len(self.pictures)
        while time.perf_counter() < until:
            angle += 1
            begun = time.thread_time()  # of this thread alone: by the clock other programs would count
            self.renderer.show(self.turned(angle), size, size, moving=True)
            longest = max(longest, time.thread_time() - begun)
            time.sleep(0.008)  # a mouse tells about 120 places a second
        shown = [p for _, p in self.pictures[first:] if p.quality is Quality.COARSE]
        return len(shown) / seconds, longest, shown[-1].width


def median_of(call: Callable[[int], float], times: int) -> float:
    return statistics.median(call(n) for n in range(times))


def peer(volume: Volume, size: int) -> float:
    """The graphics mapper on this machine's driver, one picture at full quality after a first one."""
    grid = grid_of(volume)
    engine = Engine(grid, graphics=True)
    scene = Scene(camera_of_volume(grid.corners), PRESETS["bone"].look)
    engine.picture(scene, 32, 32)
    begun = time.perf_counter()
    engine.picture(scene, size, size)
    seconds = time.perf_counter() - begun
    engine.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the peer, which takes a minute")
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; driver: {probe().name or 'none'}")
    volume = phantom()
    begun = time.perf_counter()
    bench = Bench(volume)
    serial = bench.renderer.show(bench.scene, 512, 512, moving=False)
    say("from the volume to the first picture (reduced)", bench.wait(serial, Quality.REDUCED) - begun)
    rate, longest, width = bench.drag(512, 3.0)
    say(f"dragging 512 while gradients are computed ({rate:.0f}/s)", 1 / max(rate, 1e-3))
    serial = bench.renderer.show(bench.scene, 512, 512, moving=False)
    say("from the volume to the first full picture (gradients)", bench.wait(serial, Quality.FULL) - begun)
    bench.wait(serial, Quality.FINE)
    for size, still_limit, frames in ((512, 0.3, 20), (1024, 2.0, 8)):
        rate, longest, width = bench.drag(size, 3.0)
        say(f"dragging {size}, {rate:5.1f} pictures a second of {width}", 1 / max(rate, 1e-3), 1 / frames)
        coarse = [p for _, p in bench.pictures if p.quality is Quality.COARSE][-20:]
        shared = statistics.median(p.processor for p in coarse) / (os.cpu_count() or 1)
        say(f"dragging {size}, a picture: processor time / processors", shared, 1 / frames)
        say(f"longest wish, processor time of the asking thread, {size}", longest, 0.02)
        times = [bench.still(bench.turned(17 * n), size) for n in range(1, 6)]
        alone = [p for _, p in bench.pictures if p.quality is Quality.FULL and p.width == size][-5:]
        say(f"still {size}, whole volume: the picture, by the clock", statistics.median(p.seconds for p in alone))
        shared = statistics.median(p.processor for p in alone) / (os.cpu_count() or 1)
        say(f"still {size}, whole volume: processor time / processors", shared, still_limit)
        say(f"still {size}, whole volume: from the wish, by the clock", statistics.median(times), still_limit)
    say("finding the bed", median_of(lambda _n: _timed(lambda: body_of(bench.shared.grid)), 3), 0.3)
    bench.still(bench.scene, 512)
    bench.wait(bench.renderer.show(bench.scene, 512, 512, moving=False), Quality.FINE)
    seen, whole = bench.seen(bench.scene.with_shape(Shape(bed_removed=True)), 512)
    say("bed removal: from the click to the picture without it", seen, 0.3)
    say("bed removal, whole volume", whole)
    cut = cut_of_picture(bench.scene.camera, [(0, 0), (250, 0), (250, 500), (0, 500)], 512, 512, keeps_inside=False)
    assert cut is not None
    seen, whole = bench.seen(bench.scene.with_shape(Shape(cuts=(cut,))), 512)
    say("free-hand cut: from the stroke to the picture", seen)
    say("free-hand cut, whole volume", whole)
    seen, whole = bench.seen(bench.scene, 512)
    say("undo: from the click to the picture", seen)
    begun = time.perf_counter()
    os.kill(bench.renderer.processes[0], signal.SIGKILL)
    bench.restarted.wait(LONG)
    serial = bench.renderer.show(bench.turned(3), 512, 512, moving=True)
    bench.wait(serial, Quality.COARSE)
    say("killed while dragging: the picture is back", time.perf_counter() - begun)
    for pid in bench.renderer.processes:
        facts = Path(f"/proc/{pid}/smaps_rollup")
        if facts.exists():
            print(f"memory of a process: {facts.read_text().split('Pss:')[1].split('kB')[0].strip()} kB")
    bench.renderer.close()
    if not arguments.quick:
        say("peer: VTK's graphics mapper on this driver, 512", peer(volume, 512))


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
