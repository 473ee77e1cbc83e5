"""Draws grid and traces into a picture of pixels with numpy: a trace is a function of time, so each column is a span.

A polyline painter spends its time on joins and steep strokes: twelve leads of 10 s cost QPainter 440 ms anti-aliased on
1366x768 and 2 s on 3840x2160, this 3-10 ms (tests/benchmarks/bench_ecg_trace.py). The pen is round: the span of a
column is the lowest and highest place of the pen's disc over it, taken at ``fine`` places within the column, and the
share of each pixel that is covered is its ink. Pictures are (row, column) uint32, 0xffRRGGBB. No Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Inks:
    """Colours as 0xRRGGBB."""

    ground: int
    minor: int
    major: int
    trace: int
    overlay: int
    quiet: int


PAPER = Inks(0xFFFFFF, 0xF9D3D3, 0xEFA0A0, 0x101418, 0x1F5C9E, 0x4A5560)  # as printed: shared.waveform.paper
DARK = Inks(0x0F1214, 0x26191B, 0x4A2A2D, 0xD9E8DF, 0x6FB4F0, 0x97A4AD)
_OPAQUE = 0xFF000000
_LEAST_MINOR_PX = 2.6  # below it 1 mm lines would be a fog
_LEAST_MAJOR_PX = 0.6


def draw_grid(picture: NDArray[Any], per_mm: float, left_mm: float, top_mm: float, inks: Inks) -> None:
    """Ground, 1 mm and 5 mm lines; ``left_mm`` and ``top_mm`` of the paper stand in the upper left corner."""
    import numpy as np

    height, width = picture.shape
    row = np.full(width, inks.ground | _OPAQUE, dtype=np.uint32)
    rows: list[tuple[NDArray[Any], int]] = []
    for step, ink, least, weight in ((1, inks.minor, _LEAST_MINOR_PX, 0.1), (5, inks.major, _LEAST_MAJOR_PX, 0.2)):
        if per_mm < least:
            continue
        colour, wide = ink | _OPAQUE, max(1, round(weight * per_mm))
        for place in _lines(left_mm, width, per_mm, step, wide):
            row[max(place, 0) : place + wide] = colour
        lines = _lines(top_mm, height, per_mm, step, wide)
        rows += [(lines + offset, colour) for offset in range(wide)]
    np.copyto(picture, row[None, :])
    # Heavy horizontal lines lie over light ones, but a light one must not cut a heavy vertical one.
    heavy = row == (inks.major | _OPAQUE)
    for places, colour in rows:
        inside = places[(places >= 0) & (places < height)]
        if colour == inks.minor | _OPAQUE:
            line = np.where(heavy, row, np.uint32(colour))
            picture[inside] = line
        else:
            picture[inside] = colour


def _lines(start_mm: float, pixels: int, per_mm: float, step: int, wide: int) -> NDArray[Any]:
    """First pixels of the lines that are seen, ``wide`` pixels about their true place."""
    import numpy as np

    first = int(np.floor(start_mm / step)) - 1
    last = int(np.ceil((start_mm + pixels / per_mm) / step)) + 1
    places = (np.arange(first, last + 1) * step - start_mm) * per_mm
    result: NDArray[Any] = np.floor(places - wide / 2 + 0.5).astype(np.int64)
    return result[(result > -wide) & (result < pixels)]


def extremes(
    x0: float, step: float, y: NDArray[Any], first: int, count: int, fine: int = 1
) -> tuple[int, NDArray[Any], NDArray[Any]]:
    """Lowest and highest place of a polyline in each of ``count`` columns from column ``first`` on.

    Vertex i stands at x = ``x0`` + i·``step``, ``y`` (pixels down, NaN breaks the line). Columns are 1/``fine`` pixel
    wide. Gives the first column (in such units) and two arrays; NaN where the line is not.
    """
    import numpy as np

    if y.size == 0 or step <= 0 or count <= 0:
        return first * fine, np.empty(0), np.empty(0)
    begin, end = (x0 - first) * fine, step * fine  # in fine columns, from ``first``
    last_x = begin + (y.size - 1) * end
    low, high = max(0, int(np.floor(begin))), min(count * fine, int(np.floor(last_x)) + 1)
    if high <= low:
        return first * fine, np.empty(0), np.empty(0)
    one = max(0, int((low - begin) / end) - 1)
    two = min(y.size, int((high - begin) / end) + 3)
    part = y[one:two]
    places = begin + np.arange(one, two) * end
    edges = np.interp(np.clip(np.arange(low, high + 1), begin, last_x), places, part)
    lowest, highest = np.fmin(edges[:-1], edges[1:]), np.fmax(edges[:-1], edges[1:])
    column = np.floor(places).astype(np.int64)
    inside = slice(int(np.searchsorted(column, low)), int(np.searchsorted(column, high)))
    column, part = column[inside] - low, part[inside]
    if column.size:
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        where = column[starts]
        lowest[where] = np.fmin(lowest[where], np.fmin.reduceat(part, starts))
        highest[where] = np.fmax(highest[where], np.fmax.reduceat(part, starts))
    return first * fine + low, lowest, highest


def widened(lowest: NDArray[Any], highest: NDArray[Any], radius: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """The spans of a round pen; ``radius`` in columns is also that in rows divided by ``fine``: see ``draw_spans``."""
    import numpy as np

    top, bottom = lowest - radius, highest + radius
    for away in range(1, int(radius) + 1):
        rise = float(np.sqrt(radius**2 - away**2))
        top[away:] = np.fmin(top[away:], lowest[:-away] - rise)
        top[:-away] = np.fmin(top[:-away], lowest[away:] - rise)
        bottom[away:] = np.fmax(bottom[away:], highest[:-away] + rise)
        bottom[:-away] = np.fmax(bottom[:-away], highest[away:] + rise)
    return top, bottom


def draw_trace(
    picture: NDArray[Any],
    x0: float,
    step: float,
    y: NDArray[Any],
    pen: float,
    ink: int,
    window: tuple[int, int] | None = None,
    fine: int = 2,
) -> None:
    """A polyline (see ``extremes``) with a round pen ``pen`` pixels wide, in the columns of ``window`` (from, to)."""
    width = picture.shape[1]
    left, right = window if window is not None else (0, width)
    left, right = max(left, 0), min(right, width)
    first, lowest, highest = extremes(x0, step, y, left, right - left, fine)
    draw_extremes(picture, first, lowest, highest, pen, ink, fine)


def draw_extremes(
    picture: NDArray[Any],
    first: int,
    lowest: NDArray[Any],
    highest: NDArray[Any],
    pen: float,
    ink: int,
    fine: int = 1,
    quick: bool = False,
) -> None:
    """Columns as ``extremes`` gives them (also those of a pyramid); ``quick``: whole pixels only, ``fine`` is 1."""
    import numpy as np

    if lowest.size == 0:
        return
    # Rows count in columns' units while the pen is laid over them, so that it stays round.
    top, bottom = widened(lowest * fine, highest * fine, pen * fine / 2)
    if fine > 1:
        ahead, behind = first % fine, -(first + top.size) % fine
        top = np.pad(top, (ahead, behind), constant_values=np.nan)
        bottom = np.pad(bottom, (ahead, behind), constant_values=np.nan)
    height = picture.shape[0]
    if quick:
        _fill(picture, first, np.clip(top, 0, height), np.clip(bottom, 0, height), ink)
        return
    tops = np.ascontiguousarray(np.clip(top / fine, -2, height + 2).astype(np.float32).reshape(-1, fine).T)
    bottoms = np.ascontiguousarray(np.clip(bottom / fine, -2, height + 2).astype(np.float32).reshape(-1, fine).T)
    _ink(picture, first // fine, tops, bottoms, ink)


def _ink(picture: NDArray[Any], first: int, tops: NDArray[Any], bottoms: NDArray[Any], ink: int) -> None:
    """Spans (place within the column, column): pixels inside all of them get the ink, those at the edges a share."""
    import numpy as np

    height, width = picture.shape
    gone = ~np.isfinite(tops)
    columns = np.arange(tops.shape[1]) + first
    wanted = ~gone.all(axis=0) & (columns >= 0) & (columns < width)
    columns = columns[wanted]
    if columns.size == 0:
        return
    gone, tops, bottoms = gone[:, wanted], tops[:, wanted], bottoms[:, wanted]
    tops[gone], bottoms[gone] = 1e6, -1e6  # such a place covers nothing
    begin = np.floor(tops.min(axis=0)).clip(0, height).astype(np.int64)
    stop = np.ceil(bottoms.max(axis=0)).clip(0, height).astype(np.int64)
    full_from = np.ceil(tops.max(axis=0)).clip(0, height).astype(np.int64)
    full_to = np.floor(bottoms.min(axis=0)).clip(0, height).astype(np.int64)
    full = np.flatnonzero(full_to > full_from)
    flat = picture.reshape(-1)
    if full.size:
        rows, which = _rows(full_from[full], full_to[full])
        flat[rows * width + columns[full][which]] = ink | _OPAQUE
    first_stop = stop.copy()
    first_stop[full] = full_from[full]
    rows, which = _rows(np.concatenate([begin, full_to[full]]), np.concatenate([first_stop, stop[full]]))
    of = np.concatenate([np.arange(columns.size), full])[which]
    share = np.zeros(rows.size, dtype=np.float32)
    row = rows.astype(np.float32)
    for top, bottom in zip(tops, bottoms, strict=True):
        covered = np.minimum(row + 1, bottom[of]) - np.maximum(row, top[of])
        share += np.clip(covered, 0, 1)
    _blend(flat, rows * width + columns[of], share * (256.0 / tops.shape[0]), ink)


def _fill(picture: NDArray[Any], first: int, top: NDArray[Any], bottom: NDArray[Any], ink: int) -> None:
    """Spans of whole pixels, at least one."""
    import numpy as np

    width = picture.shape[1]
    columns = np.arange(top.size) + first
    there = np.flatnonzero(np.isfinite(top) & (columns >= 0) & (columns < width))
    begin = np.round(top[there]).astype(np.int64)
    stop = np.minimum(np.maximum(np.round(bottom[there]).astype(np.int64), begin + 1), picture.shape[0])
    rows, which = _rows(begin, stop)
    picture.reshape(-1)[rows * width + columns[there][which]] = ink | _OPAQUE


def _rows(begin: NDArray[Any], stop: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """All rows from ``begin`` to before ``stop`` of each span, and which span each belongs to."""
    import numpy as np

    length = np.maximum(stop - begin, 0)
    which = np.repeat(np.arange(length.size), length)
    before = np.cumsum(length) - length
    return np.arange(which.size) + (begin - before)[which], which


def _blend(flat: NDArray[Any], places: NDArray[Any], share: NDArray[Any], ink: int) -> None:
    """Mix the ink into pixels; ``share`` 0 … 256. Red and blue go together in one number, as they do not touch."""
    import numpy as np

    weight = share.astype(np.uint32)
    old = flat[places]
    rest = 256 - weight
    red_blue = ((old & 0xFF00FF) * rest + (ink & 0xFF00FF) * weight) >> 8 & 0xFF00FF
    green = ((old & 0x00FF00) * rest + (ink & 0x00FF00) * weight) >> 8 & 0x00FF00
    flat[places] = np.uint32(_OPAQUE) | red_blue | green
