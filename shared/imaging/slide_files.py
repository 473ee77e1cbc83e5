"""Whole-slide files of scanners (SVS, NDPI, MRXS, SCN, BIF, VMS, tiled TIFF, DICOM …), read by OpenSlide.

What OpenSlide cannot read is refused with a sentence. Tiles come as the scanner stored them where the file is a tiled
TIFF of baseline JPEG streams, so that nothing is lost by decoding and encoding again; else as decoded pixels.
OpenSlide and its parsers are C: files from outside belong into a process of their own.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MAX_SIDE = 1 << 20
TILE = 512
"""Side of tiles that are made anew, in pixels."""
LARGEST_TOP = 4096
"""A slide whose smallest level is larger gets further levels, so that a viewer has something to begin with."""


class SlideFileError(ValueError):
    """The file is no slide, or one that cannot be read; the text says what to do, `chinese` as well."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.chinese = chinese


@dataclass(frozen=True, slots=True)
class SlideLevel:
    """One level: `columns` x `rows` pixels in tiles of `tile_columns` x `tile_rows`.

    `source` is the level in the file that it is read from, `shrink` by how much that is made smaller (1: not).
    """

    columns: int
    rows: int
    tile_columns: int
    tile_rows: int
    source: int
    shrink: int = 1

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows of tiles."""
        return -(-self.columns // self.tile_columns), -(-self.rows // self.tile_rows)


@dataclass(frozen=True, slots=True)
class SlideFacts:
    """What the file says of itself. `mpp`: micrometres per pixel of level 0 (between columns, between rows) or None."""

    vendor: str
    mpp: tuple[float, float] | None
    objective: float | None
    scanned_at: str
    model: str
    serial: str


class SlideFile:
    """An open slide; use it as a context manager. Not for several threads at once, but for `pixels`."""

    def __init__(self, path: Path) -> None:
        """Raises SlideFileError."""
        import openslide

        if not path.exists():
            raise SlideFileError(f"There is no file {path.name}.", f"找不到文件 {path.name}。")
        self._path = path
        try:
            self._slide = openslide.OpenSlide(path)
        except openslide.OpenSlideUnsupportedFormatError:
            raise SlideFileError(
                f"{path.name} is not a whole-slide image that can be read. Readable are SVS, NDPI, MRXS (with its"
                " folder), SCN, BIF, VMS, tiled TIFF and DICOM.",
                f"{path.name} 不是可读取的数字切片。可读取 SVS、NDPI、MRXS（连同其文件夹）、"
                "SCN、BIF、VMS、分块 TIFF 和 DICOM。",
            ) from None
        except openslide.OpenSlideError as fault:
            raise SlideFileError(
                f"{path.name} cannot be read: {fault}. Copy it from the scanner again.",
                f"{path.name} 无法读取（{fault}）。请从扫描仪重新复制。",
            ) from fault
        self.facts = _facts(self._slide.properties)
        self._tiff = _JpegTiff(path) if self._slide.properties.get("openslide.vendor") in _TIFF_VENDORS else None
        self.levels = self._levels()

    def __enter__(self) -> SlideFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the files back."""
        self._slide.close()
        if self._tiff is not None:
            self._tiff.close()

    def _levels(self) -> tuple[SlideLevel, ...]:
        found = []
        for number, (columns, rows) in enumerate(self._slide.level_dimensions):
            if not (0 < columns <= MAX_SIDE and 0 < rows <= MAX_SIDE):
                raise SlideFileError(
                    f"The slide's size {columns} × {rows} is not possible; scan it again.",
                    f"切片的尺寸 {columns} × {rows} 不可能，请重新扫描。",
                )
            stored = self._tiff.tile_size(columns, rows) if self._tiff is not None else None
            across, down = stored or (TILE, TILE)
            found.append(SlideLevel(columns, rows, across, down, number))
        last = found[-1]
        while max(last.columns, last.rows) > LARGEST_TOP:
            shrink = last.shrink * 4
            base = found[last.source]
            last = SlideLevel(-(-base.columns // shrink), -(-base.rows // shrink), TILE, TILE, last.source, shrink)
            found.append(last)
        return tuple(found)

    def jpeg(self, level: SlideLevel, column: int, row: int) -> bytes | None:
        """The tile as the scanner stored it: a whole baseline JPEG stream of YCbCr. None: take `pixels`."""
        if self._tiff is None or level.shrink != 1:
            return None
        return self._tiff.tile(level.columns, level.rows, column, row)

    def pixels(self, level: SlideLevel, column: int, row: int) -> NDArray[np.uint8]:
        """The tile at the grid's column and row: uint8 [row, column, RGB], of full size; empty glass is white.

        Raises SlideFileError for a damaged place.
        """
        import openslide

        down = self._slide.level_downsamples[level.source]
        left, top = column * level.tile_columns * level.shrink, row * level.tile_rows * level.shrink
        size = (level.tile_columns * level.shrink, level.tile_rows * level.shrink)
        try:
            read = self._slide.read_region((round(left * down), round(top * down)), level.source, size)
        except openslide.OpenSlideError as fault:
            raise SlideFileError(
                f"The slide is damaged at {left}, {top}: {fault}. Scan it again.",
                f"切片在 {left}, {top} 处损坏（{fault}），请重新扫描。",
            ) from fault
        return _shrunk(_on_white(read), level.shrink)

    def picture(self, name: str) -> NDArray[np.uint8] | None:
        """ "label" or "macro" (the overview): uint8 [row, column, RGB]; None where the scanner took none."""
        with contextlib.suppress(Exception):  # a broken label costs no slide
            if name in self._slide.associated_images:
                return _on_white(self._slide.associated_images[name])
        return None

    def colour_profile(self) -> bytes:
        """The ICC profile of the scanner, sRGB where the file has none."""
        profile = self._slide.color_profile
        if profile is not None:
            return bytes(profile.tobytes())
        from PIL import ImageCms

        return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


_TIFF_VENDORS = ("aperio", "generic-tiff", "philips", "ventana", "trestle")


def _facts(properties: Mapping[str, str]) -> SlideFacts:
    across, down = (_positive(properties.get(f"openslide.mpp-{axis}")) for axis in "xy")
    return SlideFacts(
        vendor=properties.get("openslide.vendor", ""),
        mpp=(across, down) if across and down else None,
        objective=_positive(properties.get("openslide.objective-power")),
        scanned_at=" ".join(
            properties[key] for key in ("aperio.Date", "aperio.Time", "tiff.DateTime") if key in properties
        )[:64],
        model=(properties.get("tiff.Model") or properties.get("aperio.ScanScope ID") or "")[:64],
        serial=(properties.get("aperio.ScanScope ID") or "")[:64],
    )


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or 0)
    except ValueError:
        return None
    return value if 0.001 < value < 1000 else None


def _on_white(picture: Any) -> NDArray[np.uint8]:
    """Transparent places are glass that was not scanned."""
    values = np.asarray(picture.convert("RGBA"), np.uint16)
    alpha = values[..., 3:]
    return ((values[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _shrunk(values: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """Means of squares of `by` x `by` pixels."""
    if by == 1:
        return values
    rows, columns = values.shape[0] // by, values.shape[1] // by
    squares = values[: rows * by, : columns * by].reshape(rows, by, columns, by, 3)
    means: NDArray[np.uint8] = np.rint(squares.mean((1, 3))).astype(np.uint8)
    return means


class _JpegTiff:
    """Stored tiles of a TIFF whose levels are baseline JPEG in YCbCr with its tables beside (TIFF Technical Note 2)."""

    def __init__(self, path: Path) -> None:
        import tifffile

        self._file: Any = None
        self._pages: dict[tuple[int, int], Any] = {}
        try:
            self._file = tifffile.TiffFile(path)
            page: Any
            for page in self._file.pages:
                kind = (int(page.compression), int(page.photometric), page.is_tiled)
                if kind == (7, 6, True):
                    self._pages.setdefault((page.imagewidth, page.imagelength), page)
        except Exception:  # noqa: BLE001 - its parser is not ours; OpenSlide reads the file all the same
            self._pages.clear()

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._file.close()

    def tile_size(self, columns: int, rows: int) -> tuple[int, int] | None:
        """Columns and rows of a tile of the level of this size; None when its tiles cannot be taken as they are."""
        page = self._pages.get((columns, rows))
        if page is None or not self.tile(columns, rows, 0, 0):
            self._pages.pop((columns, rows), None)
            return None
        return int(page.tilewidth), int(page.tilelength)

    def tile(self, columns: int, rows: int, column: int, row: int) -> bytes | None:
        page = self._pages.get((columns, rows))
        if page is None:
            return None
        across = -(-columns // page.tilewidth)
        index = row * across + column
        if index >= len(page.dataoffsets) or not 0 < page.databytecounts[index] < 1 << 26:
            return None
        handle = page.parent.filehandle
        handle.seek(page.dataoffsets[index])
        stream = handle.read(page.databytecounts[index])
        tables = page.jpegtables or b""
        if tables[:2] == b"\xff\xd8":
            stream = tables[:-2] + stream[2:]
        return stream if stream[:2] == b"\xff\xd8" and stream[-2:] == b"\xff\xd9" else None
