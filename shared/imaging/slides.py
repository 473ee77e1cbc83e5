"""Whole-slide images: levels of a pyramid and where each tile lies (PS3.3 C.7.6.17, C.8.12). No pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.imaging.codecs import ImpossibleFormat, PixelFormat
from shared.imaging.frames import number_of_frames
from shared.imaging.header import pixel_format
from shared.imaging.values import bytes_of, first_of, items_of, number_of, numbers_of, strings_of, text_of

WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
MAX_TILES = 4_000_000


@dataclass(frozen=True, slots=True)
class Level:
    """One object of a slide: an image of ``columns`` x ``rows`` in tiles; ``tiles`` maps (column, row) of the grid,
    both from 0, to the frame (from 0). Missing tiles are empty glass."""

    sop_instance_uid: str
    transfer_syntax: str
    pixel_format: PixelFormat
    columns: int
    rows: int
    tile_columns: int
    tile_rows: int
    tiles: dict[tuple[int, int], int]
    micrometres: tuple[float, float] | None  # per pixel: between rows, between columns
    flavour: str  # VOLUME, THUMBNAIL, LABEL, OVERVIEW
    icc: bytes = b""
    is_lossy: bool = False
    odd_places: bool = False  # tiles that lie off the grid were left out

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows of tiles."""
        return -(-self.columns // self.tile_columns), -(-self.rows // self.tile_rows)


@dataclass(frozen=True, slots=True)
class Slide:
    """The levels of one slide, largest first, and the pictures beside them."""

    levels: tuple[Level, ...]
    label: Level | None
    overview: Level | None
    description: str = ""


def is_tiled(ds: Any) -> bool:
    """True for objects whose frames are tiles of one image."""
    rows, columns = number_of(ds, "TotalPixelMatrixRows"), number_of(ds, "TotalPixelMatrixColumns")
    if not rows or not columns:
        return False
    return text_of(ds, "SOPClassUID") == WHOLE_SLIDE or rows > (number_of(ds, "Rows") or 0)


def level_of(ds: Any, transfer_syntax: str, optical_path: str = "", focus: int = 0) -> Level:
    """One level; of several optical paths or focal planes the first, or the named one. Raises ``ImpossibleFormat``."""
    fmt = pixel_format(ds)
    columns = int(number_of(ds, "TotalPixelMatrixColumns") or fmt.columns)
    rows = int(number_of(ds, "TotalPixelMatrixRows") or fmt.rows)
    if columns < 1 or rows < 1 or columns > 1 << 22 or rows > 1 << 22:
        raise ImpossibleFormat(f"The slide's size {columns} × {rows} is not possible.")
    across, down = -(-columns // fmt.columns), -(-rows // fmt.rows)
    if across * down > MAX_TILES:
        raise ImpossibleFormat("The slide has too many tiles for this viewer.")
    count = number_of_frames(ds)
    per_frame = items_of(ds, "PerFrameFunctionalGroupsSequence")
    full = text_of(ds, "DimensionOrganizationType") == "TILED_FULL" or not per_frame
    odd = False
    if full:
        # PS3.3 C.7.6.17.3: rows of tiles, then focal planes, then optical paths.
        skip = focus * across * down
        tiles = {(n % across, n // across): n + skip for n in range(across * down) if n + skip < count}
    else:
        tiles, odd = _sparse(per_frame, fmt, optical_path)
    return Level(
        sop_instance_uid=text_of(ds, "SOPInstanceUID"),
        transfer_syntax=transfer_syntax,
        pixel_format=fmt,
        columns=columns,
        rows=rows,
        tile_columns=fmt.columns,
        tile_rows=fmt.rows,
        tiles=tiles,
        micrometres=_micrometres(ds, columns, rows),
        flavour=_flavour(ds),
        icc=_profile(ds),
        is_lossy=text_of(ds, "LossyImageCompression") == "01",
        odd_places=odd,
    )


def _sparse(per_frame: Any, fmt: PixelFormat, optical_path: str) -> tuple[dict[tuple[int, int], int], bool]:
    """Tiles by Plane Position (Slide); the first optical path and focal plane win where several lie at one place."""
    tiles: dict[tuple[int, int], int] = {}
    odd = False
    for n, groups in enumerate(per_frame):
        position = first_of(groups, "PlanePositionSlideSequence")
        if position is None:
            continue
        path = first_of(groups, "OpticalPathIdentificationSequence")
        if optical_path and path is not None and text_of(path, "OpticalPathIdentifier") != optical_path:
            continue
        column = number_of(position, "ColumnPositionInTotalImagePixelMatrix")
        row = number_of(position, "RowPositionInTotalImagePixelMatrix")
        if column is None or row is None or column < 1 or row < 1:
            continue
        x, y = int(column) - 1, int(row) - 1
        if x % fmt.columns or y % fmt.rows:
            odd = True
            continue
        tiles.setdefault((x // fmt.columns, y // fmt.rows), n)
    return tiles, odd


def _micrometres(ds: Any, columns: int, rows: int) -> tuple[float, float] | None:
    shared = first_of(ds, "SharedFunctionalGroupsSequence")
    measures = first_of(shared, "PixelMeasuresSequence") if shared is not None else None
    spacing = numbers_of(measures, "PixelSpacing") if measures is not None else numbers_of(ds, "PixelSpacing")
    if len(spacing) == 2 and min(spacing) > 0:
        return spacing[0] * 1000, spacing[1] * 1000
    # The imaged volume's size is in mm (PS3.3 C.8.12.4.1).
    width, height = number_of(ds, "ImagedVolumeWidth"), number_of(ds, "ImagedVolumeHeight")
    return (height / rows * 1000, width / columns * 1000) if width and height else None


def _flavour(ds: Any) -> str:
    parts = strings_of(ds, "ImageType")
    return next((p for p in parts[2:] if p in ("VOLUME", "THUMBNAIL", "LABEL", "OVERVIEW")), "VOLUME")


def _profile(ds: Any) -> bytes:
    path = first_of(ds, "OpticalPathSequence")
    return bytes_of(path, "ICCProfile") if path is not None else bytes_of(ds, "ICCProfile")


def slide_of(levels: list[Level], description: str = "") -> Slide:
    """Levels of one slide in order; a thumbnail is the last level when nothing smaller is there."""
    volume = [level for level in levels if level.flavour in ("VOLUME", "THUMBNAIL")]
    volume.sort(key=lambda level: -level.columns)
    shape = volume[0].columns / volume[0].rows if volume else 1.0
    same = [
        one for one in volume if abs(one.columns / one.rows - shape) < 0.05 * shape + 2 / min(one.columns, one.rows)
    ]
    return Slide(
        tuple(same or volume),
        next((level for level in levels if level.flavour == "LABEL"), None),
        next((level for level in levels if level.flavour == "OVERVIEW"), None),
        description,
    )
