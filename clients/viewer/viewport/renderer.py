"""One frame in one viewport to 8-bit pixels: resample once, window often. numpy and OpenCV, no Qt.

Interpolation happens on stored values and windowing after it (the other way round greys are wrong); the
resampled pixels are kept, so that a drag of the window only applies a 65,536-entry table again.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clients.viewer.pixels import unsigned
from clients.viewer.viewport.looks import Look
from clients.viewer.viewport.palettes import coloured
from clients.viewer.viewport.transform import Affine, Geometry, Projection, project
from shared.imaging.lut import LookupTable, Modality, Window, display_table

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rendered:
    """8-bit pixels of the part of the viewport that the image covers; ``left``/``top`` in device pixels."""

    pixels: NDArray[Any]  # (height, width) grey or (height, width, 3) RGB, contiguous uint8
    left: int
    top: int


class Renderer:
    """Caches of one viewport: the minified image, the resampled part, the table."""

    def __init__(self) -> None:
        self._mip_key: object = None
        self._mip: NDArray[Any] | None = None
        self._part_key: object = None
        self._part: tuple[NDArray[Any], int, int] | None = None
        self._table_key: tuple[Look, str] | None = None
        self._table: NDArray[Any] | None = None

    def render(
        self,
        frame: NDArray[Any],
        frame_token: object,
        projection: Projection,
        modality: Modality,
        voi: Window | LookupTable,
        *,
        inverted: bool,
        half: NDArray[Any] | None = None,
        smooth: bool = True,
        padding: tuple[int, int] | None = None,
        presentation: LookupTable | None = None,
        palette: str = "",
    ) -> Rendered | None:
        """``frame`` (uint8, int16, uint16 or RGB) as seen through ``projection``; None when it lies outside.

        ``half`` is ``pixels.half_size(frame)`` where somebody made it beforehand; it spares the eye the wait for
        the reduction of a large image. ``frame_token`` names the frame for the caches. Colour ignores the window
        unless it was set by hand, which the caller says by passing a window other than :data:`COLOUR_WINDOW`.
        ``padding``, ``presentation`` and ``palette`` as in :class:`looks.Look`; they hold for grey frames.
        """
        look = Look(modality, voi, inverted, padding, presentation)
        if frame.ndim == 2 and _has_tables(look):
            table = self._table_for(frame, look)
            if table is not None and not _is_monotone(table):
                # Neighbours of such a table have nothing to do with each other: greys first, interpolation after.
                greys = table.ravel()[unsigned(frame)]
                part = self._resample(greys, None, (frame_token, "greys", id(table)), projection, smooth=smooth)
                return None if part is None else Rendered(_in_palette(part[0], palette), part[1], part[2])
        part_key = (frame_token, projection, smooth)
        if part_key != self._part_key:
            self._part = self._resample(frame, half, frame_token, projection, smooth=smooth)
            self._part_key = part_key
        if self._part is None:
            return None
        values, left, top = self._part
        table = self._table_for(frame, look)
        if table is None:
            return Rendered(values, left, top)
        import cv2

        greys = cv2.LUT(values, table)
        return Rendered(_in_palette(greys, palette) if frame.ndim == 2 else greys, left, top)

    def forget(self) -> None:
        """Drop everything that was kept."""
        self._mip_key = self._part_key = None
        self._table_key = None
        self._mip = self._part = self._table = None

    def _table_for(self, frame: NDArray[Any], look: Look) -> NDArray[Any] | None:
        import numpy as np

        if frame.ndim == 3:
            if look.voi == COLOUR_WINDOW and not look.inverted:
                return None
            table = display_table(signed=False, modality=Modality(), voi=look.voi, inverted=look.inverted)
            return table[:256].reshape(1, 256)
        signed = frame.dtype == np.int16
        key = (look, frame.dtype.str)
        if self._table_key is None or not _same_table(key, self._table_key):
            table = _whole_table(look, signed) if _has_tables(look) else _plain_table(replace(look, palette=""), signed)
            self._table = table[:256].reshape(1, 256) if frame.dtype == np.uint8 else table.reshape(1, -1)
            self._table_key = key
        return self._table

    def _resample(
        self, frame: NDArray[Any], half: NDArray[Any] | None, token: object, projection: Projection, *, smooth: bool
    ) -> tuple[NDArray[Any], int, int] | None:
        import cv2
        import numpy as np

        corners = projection.corners()
        left = max(0, math.floor(min(p.x for p in corners)))
        top = max(0, math.floor(min(p.y for p in corners)))
        right = min(projection.width, math.ceil(max(p.x for p in corners)))
        bottom = min(projection.height, math.ceil(max(p.y for p in corners)))
        if right <= left or bottom <= top:
            return None
        source, to_source = self._minified(frame, half, token, projection)
        # Image position of the source pixel (i, j) is to_source; the view counts pixel edges, OpenCV centres.
        m = projection.affine
        forward = _compose(m, to_source)
        matrix = np.array(
            [[forward.a, forward.b, forward.c - 0.5 - left], [forward.d, forward.e, forward.f - 0.5 - top]]
        )
        flags = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
        size = (right - left, bottom - top)
        # The edge is repeated so that no foreign value mixes in; the widget paints black outside the image.
        part = cv2.warpAffine(source, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.ascontiguousarray(part), left, top

    def _minified(
        self, frame: NDArray[Any], half: NDArray[Any] | None, token: object, projection: Projection
    ) -> tuple[NDArray[Any], Affine]:
        """The frame reduced by area averaging to about the scale of the screen, and its map to image positions."""
        import cv2

        rows, columns = frame.shape[:2]
        across = math.hypot(projection.affine.a, projection.affine.d)
        down = projection.scale
        wide = columns if across >= 1 else max(1, round(columns * across))
        high = rows if down >= 1 else max(1, round(rows * down))
        x, y = columns / wide, rows / high
        to_image = Affine(x, 0.0, 0.5 * x - 0.5, 0.0, y, 0.5 * y - 0.5)
        if (wide, high) == (columns, rows):
            return unsigned(frame), to_image
        key = (token, wide, high)
        if key != self._mip_key:
            source = half if half is not None and wide <= half.shape[1] and high <= half.shape[0] else unsigned(frame)
            self._mip = cv2.resize(source, (wide, high), interpolation=cv2.INTER_AREA)
            self._mip_key = key
        assert self._mip is not None
        return self._mip, to_image


def _whole_table(look: Look, signed: bool) -> NDArray[Any]:
    """The greys of all 65,536 patterns as `pixels.unsigned` numbers them; read only."""
    import numpy as np

    table = display_table(
        signed=signed,
        modality=look.modality,
        voi=look.voi,
        inverted=look.inverted,
        padding=look.padding,
        presentation=look.presentation,
    )
    if signed:  # resampled pixels carry an offset of 32,768, see pixels.unsigned
        table = np.concatenate((table[32_768:], table[:32_768]))
    table.flags.writeable = False
    return table


_plain_table = functools.lru_cache(maxsize=16)(_whole_table)
"""Panes that show one series with one window share its table; for looks of numbers, which can be told apart."""


def rehearse() -> None:
    """Draw a picture that nobody sees, so that the first one does not wait for the libraries' own beginnings."""
    import numpy as np

    frame = np.zeros((512, 512), np.uint16)
    projection = project(Geometry(), columns=512, rows=512, aspect=1.0, width=900, height=900)
    Renderer().render(frame, None, projection, Modality(), Window(40.0, 400.0), inverted=False)


def _in_palette(greys: NDArray[Any], palette: str) -> NDArray[Any]:
    return coloured(greys, palette) if palette else greys


def _has_tables(look: Look) -> bool:
    return look.modality.table is not None or isinstance(look.voi, LookupTable) or look.presentation is not None


def _is_monotone(table: NDArray[Any]) -> bool:
    """True for a table that only rises or only falls, so that interpolated values have a meaning."""
    import numpy as np

    steps = np.diff(table.ravel().astype(np.int16))
    return bool((steps >= 0).all() or (steps <= 0).all())


def _same_table(a: tuple[Look, str], b: tuple[Look, str]) -> bool:
    """Equal numbers or the very same tables; tables are not compared entry by entry."""
    one, other = a[0], b[0]
    same_modality = one.modality is other.modality or (
        one.modality.table is None and other.modality.table is None and one.modality == other.modality
    )
    same_voi = one.voi is other.voi or (isinstance(one.voi, Window) and one.voi == other.voi)
    plain = (one.inverted, one.padding, a[1]) == (other.inverted, other.padding, b[1])
    return same_modality and same_voi and plain and one.presentation is other.presentation


COLOUR_WINDOW = Window(128.0, 256.0, name="colour")


def _compose(outer: Affine, inner: Affine) -> Affine:
    """The map that applies ``inner`` first."""
    return Affine(
        outer.a * inner.a + outer.b * inner.d,
        outer.a * inner.b + outer.b * inner.e,
        outer.a * inner.c + outer.b * inner.f + outer.c,
        outer.d * inner.a + outer.e * inner.d,
        outer.d * inner.b + outer.e * inner.e,
        outer.d * inner.c + outer.e * inner.f + outer.f,
    )
