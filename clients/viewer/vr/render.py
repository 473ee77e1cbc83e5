"""One picture of a volume without a window: what `mingjing render --view vr` and teaching files use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.viewer.vr.camera import parse_camera
from clients.viewer.vr.presets import PRESETS, first_preset
from clients.viewer.vr.scene import Scene, Shape
from clients.viewer.vr.transfer import colour_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.volume import Volume

LARGEST_SIDE = 8192


class NoPicture(ValueError):
    """The picture cannot be made; the text is a sentence that says why."""


def render_vr(
    volume: Volume,
    *,
    preset: str = "",
    camera: str = "A",
    size: tuple[int, int] = (512, 512),
    background: str = "#000000",
    bed_removed: bool = False,
) -> NDArray[Any]:
    """A picture at full quality, uint8 (height, width, 3) RGB.

    ``preset`` is a key of :data:`presets.PRESETS` (empty: bone for HU, else by modality), ``camera`` as
    :func:`camera.parse_camera` reads it, ``size`` (width, height) in pixels, ``background`` ``#rrggbb``. Computed
    by the processor (`docs/decisions/011`), so that the same call gives the same picture everywhere. Raises
    :class:`NoPicture`, or `camera.NotACamera`, both ``ValueError`` with a sentence.
    """
    from clients.viewer.vr.engine import Engine
    from clients.viewer.vr.grid import grid_of

    width, height = size
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise NoPicture(f"The size of the picture must be 1 to {LARGEST_SIDE} pixels.")
    if preset and preset not in PRESETS:
        raise NoPicture(f"There is no template {preset!r}: use one of {', '.join(PRESETS)}.")
    try:
        ground = colour_from(background)
    except ValueError as error:
        raise NoPicture(str(error)) from error
    grid = grid_of(volume)
    chosen = PRESETS[preset] if preset else first_preset(volume.unit, volume.modality_code)
    look = chosen.fitted(*grid.value_range())
    from dataclasses import replace

    view = parse_camera(camera, grid.corners, width / height)
    scene = Scene(view, replace(look, background=ground), Shape(bed_removed=bed_removed), chosen.key)
    engine = Engine(grid)
    try:
        picture = engine.picture(scene, width, height, step=0.5)
    finally:
        engine.close()
    if picture is None:
        raise NoPicture("The picture could not be made: the graphics of this machine do not answer.")
    return picture
