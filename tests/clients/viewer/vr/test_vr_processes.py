"""Real rendering processes: newest wins, quality grows, a killed one is replaced and nothing is lost; the probe."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clients.kit.settings import UserSettings
from clients.viewer.vr import renderer as rendering
from clients.viewer.vr.blocks import SharedBlock, attach
from clients.viewer.vr.camera import camera_of_volume
from clients.viewer.vr.presets import PRESETS
from clients.viewer.vr.probe import COMPATIBILITY, Graphics, Kind, judged, known_graphics, probe, remember
from clients.viewer.vr.renderer import Events, Picture, Quality, Renderer, SharedGrid
from clients.viewer.vr.scene import Box, Scene, Shape
from shared.imaging.geometry import PointMm
from tests.clients.viewer.vr.vr_builders import a_sphere, crash, hang

LONG = 60.0  # seconds; only a broken program waits so long


class Album:
    """What a renderer told, from its threads."""

    def __init__(self) -> None:
        self.pictures: list[Picture] = []
        self.restarts = 0
        self.gave_up = threading.Event()
        self.problems: list[str] = []
        self._news = threading.Condition()
        self.events = Events(self._picture, self._restarted, self.gave_up.set, self.problems.append)

    def _picture(self, picture: Picture) -> None:
        with self._news:
            self.pictures.append(picture)
            self._news.notify_all()

    def _restarted(self) -> None:
        with self._news:
            self.restarts += 1
            self._news.notify_all()

    def wait(self, wanted: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(wanted, LONG), "the renderer did not answer"

    def wait_for(self, serial: int, quality: Quality) -> Picture:
        self.wait(lambda: any(p.serial >= serial and p.quality is quality for p in self.pictures))
        return next(p for p in reversed(self.pictures) if p.serial >= serial and p.quality is quality)


def pixels(picture: Picture) -> np.ndarray:
    return np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 3)


@pytest.fixture
def album() -> Album:
    return Album()


@pytest.fixture
def started(album: Album) -> Iterator[tuple[Renderer, Scene]]:
    shared = SharedGrid(a_sphere(48, 16))
    renderer = Renderer(shared, Graphics(Kind.PROCESSOR), album.events)
    yield renderer, Scene(camera_of_volume(shared.grid.corners), PRESETS["bone"].look)
    renderer.close()


def test_a_killed_process_is_replaced_while_dragging_and_the_same_scene_comes_back(
    started: tuple[Renderer, Scene], album: Album
) -> None:
    renderer, scene = started
    half = scene.with_shape(Shape(box=Box(PointMm(-99, -99, -99), PointMm(0, 99, 99))))
    before = album.wait_for(renderer.show(half, 120, 120, moving=False), Quality.FULL)
    assert not pixels(before)[:, 63:].any() and pixels(before)[:, :57].any()
    assert renderer.show(half, 120, 120, moving=True) > before.serial
    (lost,) = renderer.processes
    os.kill(lost, signal.SIGKILL)
    album.wait(lambda: album.restarts == 1)
    dragged = renderer.show(half.with_camera(half.camera.rotated(0, 30)), 120, 120, moving=True)
    album.wait_for(dragged, Quality.COARSE)
    after = album.wait_for(renderer.show(half, 120, 120, moving=False), Quality.FULL)
    assert np.array_equal(pixels(after), pixels(before))
    assert renderer.processes != (lost,) and not album.gave_up.is_set()


def test_what_was_wanted_when_the_process_died_is_asked_for_again(
    started: tuple[Renderer, Scene], album: Album
) -> None:
    renderer, scene = started
    serial = renderer.show(scene, 200, 200, moving=False)
    os.kill(renderer.processes[0], signal.SIGKILL)
    assert pixels(album.wait_for(serial, Quality.FULL)).any()


def test_a_process_that_dies_again_and_again_is_given_up_until_the_reader_tries_anew(
    started: tuple[Renderer, Scene], album: Album
) -> None:
    renderer, scene = started
    renderer.show(scene, 64, 64, moving=False)
    for count in range(1, rendering.MOST_DEATHS + 1):
        os.kill(renderer.processes[0], signal.SIGKILL)
        album.wait(lambda count=count: album.restarts == count)
    assert renderer.graphics.kind is Kind.COMPATIBLE
    os.kill(renderer.processes[0], signal.SIGKILL)
    assert album.gave_up.wait(LONG) and renderer.gave_up
    album.pictures.clear()
    kept = renderer.show(scene, 64, 64, moving=False)  # nobody answers, nothing breaks
    assert not album.pictures
    renderer.retry()
    assert pixels(album.wait_for(kept, Quality.FULL)).any()


def test_quality_grows_from_the_reduced_to_the_whole_volume(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "QUICK_VOXELS", 20_000)
    shared = SharedGrid(a_sphere(56, 18))
    renderer = Renderer(shared, Graphics(Kind.PROCESSOR), album.events)
    assert len(renderer.processes) == 2
    scene = Scene(camera_of_volume(shared.grid.corners), PRESETS["bone"].look)
    serial = renderer.show(scene, 160, 160, moving=False)
    full = album.wait_for(serial, Quality.FULL)
    album.wait_for(serial, Quality.FINE)
    assert [p.quality for p in album.pictures] == [Quality.REDUCED, Quality.FULL, Quality.FINE]
    coarse = album.wait_for(renderer.show(scene, 160, 160, moving=True), Quality.COARSE)
    assert coarse.width < full.width == 160
    reduced = album.pictures[0]
    apart = np.abs(pixels(reduced).astype(int) - pixels(full)).mean()
    assert apart < 12  # the same ball in the same place
    os.kill(renderer.processes[0], signal.SIGKILL)
    album.wait(lambda: album.restarts == 1)
    album.wait_for(renderer.show(scene, 160, 160, moving=False), Quality.FULL)
    renderer.close()


def test_the_newest_of_many_wishes_is_the_one_that_is_shown(started: tuple[Renderer, Scene], album: Album) -> None:
    renderer, scene = started
    for n in range(300):
        last = renderer.show(scene.with_camera(scene.camera.rotated(n, 0)), 300, 300, moving=True)
    album.wait_for(last, Quality.COARSE)
    assert len(album.pictures) < 300


def test_a_series_without_bed_says_why(album: Album) -> None:
    shared = SharedGrid(a_sphere(24, 8, unit=""))
    renderer = Renderer(shared, Graphics(Kind.PROCESSOR), album.events)
    scene = Scene(camera_of_volume(shared.grid.corners), PRESETS["bone"].look, Shape(bed_removed=True))
    album.wait_for(renderer.show(scene, 50, 50, moving=False), Quality.FULL)
    album.wait(lambda: bool(album.problems))
    assert album.problems == ["去床需要以 HU 为单位的 CT 图像"]
    renderer.close()


def test_shared_memory_is_seen_by_others_and_private_changes_are_not() -> None:
    block = SharedBlock(8192)
    block.memory[:5] = b"hello"
    other, private = attach(block.ticket, private=False), attach(block.ticket, private=True)
    private[:5] = b"HELLO"
    assert other[:5] == block.memory[:5] == b"hello" and private[:5] == b"HELLO"
    block.close()
    with pytest.raises(OSError):
        attach(block.ticket._replace(descriptor=9999), private=False)
    assert other[:5] == b"hello"  # who is attached keeps it


def test_the_probe_tells_who_shall_draw() -> None:
    found = probe(LONG)
    assert found.kind in (Kind.PROCESSOR, Kind.GRAPHICS) and found.name


def test_a_driver_that_crashes_or_hangs_costs_the_viewer_nothing() -> None:
    crashed = probe(LONG, target=crash)
    assert crashed.kind is Kind.COMPATIBLE and "crashed" in crashed.problem
    hung = probe(0.3, target=hang)
    assert hung.kind is Kind.COMPATIBLE and "does not answer" in hung.problem


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", Kind.PROCESSOR),
        ("GDI Generic", Kind.PROCESSOR),
        ("Microsoft Basic Render Driver", Kind.PROCESSOR),
        ("NVIDIA T400 4GB/PCIe/SSE2", Kind.GRAPHICS),
        ("Mesa Intel(R) UHD Graphics 770", Kind.GRAPHICS),
        ("", Kind.COMPATIBLE),
    ],
)
def test_the_drivers_name_decides(name: str, kind: Kind) -> None:
    assert judged(name).kind is kind


def test_the_answer_is_kept_and_compatibility_mode_overrides_it(tmp_path: Path) -> None:
    settings = UserSettings(tmp_path / "s.json")
    assert known_graphics(settings) is None
    remember(settings, Graphics(Kind.GRAPHICS, "NVIDIA"))
    assert known_graphics(UserSettings(tmp_path / "s.json")) == Graphics(Kind.GRAPHICS, "NVIDIA")
    settings.set(COMPATIBILITY, True)
    assert known_graphics(settings) == Graphics(Kind.COMPATIBLE)
    settings.set(COMPATIBILITY, False)
    settings.set("viewer/vr/graphics", {"kind": "magic"})
    assert known_graphics(settings) is None


def test_a_volume_too_large_is_halved_in_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    from clients.viewer.vr import grid as grids

    monkeypatch.setattr(grids, "MOST_VOXELS", 1000)
    shared = SharedGrid(a_sphere(20, 6))
    assert shared.grid.voxels.shape == (10, 10, 10) and shared.grid.notes == (grids.Note.HALVED,)
    assert replace(shared.ticket, block=shared.ticket.block).shape == (10, 10, 10)
    shared.close()
