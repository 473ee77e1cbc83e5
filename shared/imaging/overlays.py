"""Overlay planes of groups 6000 to 60FE (PS3.3 C.9.2): one-bit graphics over an image, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.imaging.codecs import MAX_SIDE
from shared.imaging.values import element_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.codecs import PixelFormat

GROUPS = tuple(range(0x6000, 0x6100, 2))
MAX_BITS = 1 << 31  # of all frames of one overlay


@dataclass(frozen=True, slots=True)
class OverlayPlane:
    """One overlay group. ``bits`` holds Overlay Data as written; empty when the bits lie in the pixel data."""

    group: int
    rows: int
    columns: int
    row: int = 0  # place of its first pixel in the image, from 0; may lie outside
    column: int = 0
    kind: str = "G"  # G graphics, R region of interest (PS3.3 C.9.2.1.1)
    label: str = ""
    description: str = ""
    bits: bytes = field(default=b"", repr=False, compare=False)
    bit: int = 0  # Overlay Bit Position; used where ``bits`` is empty
    first_frame: int = 0  # image frame of the overlay's first frame, from 0 (Image Frame Origin - 1)
    frame_count: int = 1
    is_multi: bool = False  # the overlay names its own frames (PS3.3 C.9.3)

    @property
    def is_embedded(self) -> bool:
        """True for the retired form whose bits are unused bits of the pixels (PS3.3 2004 C.9.2.1.2)."""
        return not self.bits

    def mask(self, frame: int) -> NDArray[Any] | None:
        """Bool array (rows, columns) for image frame ``frame`` (from 0); None when the overlay has none for it."""
        import numpy as np

        at = frame - self.first_frame if self.is_multi else 0
        if self.is_embedded or not 0 <= at < self.frame_count:
            return None
        size = self.rows * self.columns
        start = at * size  # frames follow each other without padding (PS3.5 8.1.2)
        first, last = start // 8, (start + size + 7) // 8
        if last > len(self.bits):
            return None
        unpacked = np.unpackbits(np.frombuffer(self.bits, np.uint8, last - first, first), bitorder="little")
        offset = start - first * 8
        result: NDArray[Any] = unpacked[offset : offset + size].reshape(self.rows, self.columns).astype(bool)
        return result


def overlays_of(ds: Any) -> tuple[OverlayPlane, ...]:
    """The overlay planes of a data set that make sense; those that contradict themselves are left out."""
    tags = ds.keys()  # iterating the data set itself would convert every element
    present = sorted({group for tag in tags if 0x6000 <= (group := int(tag) >> 16) <= 0x60FE and group % 2 == 0})
    planes = []
    for group in present:
        plane = _plane(ds, group)
        if plane is not None:
            planes.append(plane)
    return tuple(planes)


def embedded_mask(data: bytes, fmt: PixelFormat, transfer_syntax: str, plane: OverlayPlane) -> NDArray[Any]:
    """Bits of an embedded overlay out of the stored bytes of one frame, bool (rows, columns) of the image.

    Raises ``UndecodableFrame``.
    """
    from dataclasses import replace

    from shared.imaging.codecs import decode_frame

    whole = replace(fmt, bits_stored=fmt.bits_allocated, high_bit=-1, signed=False)
    samples = decode_frame(data, whole, transfer_syntax)
    result: NDArray[Any] = (samples >> plane.bit) & 1 != 0
    return result


def placed(mask: NDArray[Any], plane: OverlayPlane, rows: int, columns: int) -> NDArray[Any]:
    """The overlay's mask in the image's own grid, bool (rows, columns); what lies outside is cut off."""
    import numpy as np

    result = np.zeros((rows, columns), bool)
    top, left = max(plane.row, 0), max(plane.column, 0)
    bottom, right = min(plane.row + mask.shape[0], rows), min(plane.column + mask.shape[1], columns)
    if top < bottom and left < right:
        result[top:bottom, left:right] = mask[
            top - plane.row : bottom - plane.row, left - plane.column : right - plane.column
        ]
    return result


def _plane(ds: Any, group: int) -> OverlayPlane | None:
    rows, columns = _whole(ds, group, 0x0010), _whole(ds, group, 0x0011)
    if not rows or not columns or not (0 < rows <= MAX_SIDE and 0 < columns <= MAX_SIDE):
        return None
    count = _whole(ds, group, 0x0015) or 1
    if count < 1 or rows * columns * count > MAX_BITS:
        return None
    origin = _wholes(ds, group, 0x0050)
    bits = _bytes(ds, group, 0x3000)
    allocated = _whole(ds, group, 0x0100) or 1
    position = _whole(ds, group, 0x0102) or 0
    if not bits and (allocated == 1 or not 0 <= position < 32):
        return None
    first = _whole(ds, group, 0x0051)
    return OverlayPlane(
        group=group,
        rows=rows,
        columns=columns,
        row=origin[0] - 1 if len(origin) == 2 else 0,
        column=origin[1] - 1 if len(origin) == 2 else 0,
        kind=_text(ds, group, 0x0040) or "G",
        label=_text(ds, group, 0x1500),
        description=_text(ds, group, 0x0022),
        bits=bits,
        bit=position,
        first_frame=(first or 1) - 1,
        frame_count=count,
        # Without Number of Frames in Overlay the one plane belongs to every frame (PS3.3 C.9.2.1.4).
        is_multi=_whole(ds, group, 0x0015) is not None and bool(bits),
    )


def _text(ds: Any, group: int, element: int) -> str:
    value = element_of(ds, group, element)
    return str(value).strip(" \0") if isinstance(value, str) else ""


def _wholes(ds: Any, group: int, element: int) -> list[int]:
    value = element_of(ds, group, element)
    if isinstance(value, bytes) and len(value) % 2 == 0:  # read as UN
        return [int.from_bytes(value[n : n + 2], "little", signed=True) for n in range(0, len(value), 2)]
    try:
        return [int(v) for v in (value if hasattr(value, "__iter__") and not isinstance(value, str) else [value])]
    except (TypeError, ValueError):
        return []


def _whole(ds: Any, group: int, element: int) -> int | None:
    values = _wholes(ds, group, element)
    return values[0] if values else None


def _bytes(ds: Any, group: int, element: int) -> bytes:
    value = element_of(ds, group, element)
    return value if isinstance(value, bytes) else b""
