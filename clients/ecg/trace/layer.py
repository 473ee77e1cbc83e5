"""The picture below the marks: grid and traces of a scene as seen through a viewport. Numpy, no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.ecg.trace import raster
from clients.ecg.trace.matching import laid_over

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.ecg.trace.raster import Inks
    from clients.ecg.trace.scene import Curve, Scene
    from clients.ecg.trace.viewport import Viewport
    from shared.waveform.beats import Beat
    from shared.waveform.median_beat import MedianBeat

_PEN_MM = 0.25  # as printed


def pen_px(per_mm: float, ratio: float) -> float:
    """How wide the pen is in device pixels: as printed, but never fog and never a beam."""
    return min(max(_PEN_MM * per_mm, 1.15 * ratio), 1.9 * ratio)


def draw(
    picture: NDArray[Any],
    scene: Scene | None,
    view: Viewport,
    inks: Inks,
    ratio: float,
    fine: int,
    beats: tuple[Beat, ...] = (),
    other: MedianBeat | None = None,
) -> None:
    """Grid and traces into ``picture``; ``ratio`` device pixels make one of the desktop; ``other`` is the overlay."""
    raster.draw_grid(picture, view.per_mm, view.left, view.top, inks)
    if scene is None:
        return
    pen = pen_px(view.per_mm, ratio)
    if other is not None:
        for curve in scene.curves:
            for laid in laid_over(curve, beats, other):
                _draw(picture, scene, curve, view, (laid.start, laid.sampling_hz, laid.values), pen, inks.overlay, fine)
    for curve in scene.curves:
        _draw(picture, scene, curve, view, (curve.start, curve.sampling_hz, curve.values), pen, inks.trace, fine)


def _draw(
    picture: NDArray[Any],
    scene: Scene,
    curve: Curve,
    view: Viewport,
    part: tuple[float, float, NDArray[Any]],
    pen: float,
    ink: int,
    fine: int,
) -> None:
    width = picture.shape[1]
    start, hertz, values = part
    ruling, strip = scene.ruling, curve.strip
    begin = (ruling.begin(strip) - view.left) * view.per_mm
    x0 = (float(ruling.x(strip, start)) - view.left) * view.per_mm
    step = ruling.speed / hertz * view.per_mm
    end = begin + strip.seconds * ruling.speed * view.per_mm
    if end < 0 or begin > width:
        return
    first = max(0, int(-x0 / step) - 2)
    last = min(values.size, int((width - x0) / step) + 3)
    if last - first < 2:
        return
    y = (curve.level - view.top - values[first:last] * (ruling.gain / 1000)) * view.per_mm
    window = (int(begin), int(end) + 1)
    raster.draw_trace(picture, x0 + first * step, step, y, pen, ink, window, fine)
