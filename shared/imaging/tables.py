"""Lookup tables of a header: Modality and VOI LUT items, presentation LUTs, colour palettes plain and segmented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.imaging.codecs import Palette
from shared.imaging.lut import LookupTable
from shared.imaging.values import byte_order, text_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_ENTRIES = 65_536


def lookup_table(item: Any, *, signed: bool) -> LookupTable | None:
    """LUT Descriptor and LUT Data of an item (PS3.3 C.11.1.1.1, C.11.2.1.1, C.11.6.1.1); None when they disagree.

    ``signed`` says how the first mapped value is to be read.
    """
    import numpy as np

    try:
        entries, first, bits = (int(v) for v in item.LUTDescriptor)
        data = item.LUTData
        words = np.frombuffer(data, f"{byte_order(item)}u2") if isinstance(data, bytes) else np.atleast_1d(data)
        values = words.astype(np.int64) & 0xFFFF
    except Exception:  # noqa: BLE001 - pydicom raises many classes for wrong values
        return None
    entries = entries if entries > 0 else entries + MAX_ENTRIES  # 0 means 65,536; read as SS it may be negative
    first = first - 65_536 if signed and first > 32_767 else first
    if bits == 8 and len(values) * 2 == entries + entries % 2:  # 8-bit entries packed two to a word
        values = values.astype("<u2").view(np.uint8).astype(np.int64)
    if not 8 <= bits <= 16 or len(values) < entries or entries < 2:
        return None
    values = values[:entries]
    while bits < 16 and int(values.max()) >= 1 << bits:  # descriptors that promise fewer bits than they use
        bits += 1
    return LookupTable(first, values.astype(np.uint16), bits, text_of(item, "LUTExplanation"))


def palette_of(ds: Any, *, signed: bool = False) -> Palette | None:
    """Red, green and blue tables, plain or segmented (PS3.3 C.7.6.3.1.5, C.7.9.2), as 8 bits; None without them."""
    import numpy as np

    columns = []
    first = 0
    for colour in ("Red", "Green", "Blue"):
        try:
            count, first, bits = (int(v) for v in ds[f"{colour}PaletteColorLookupTableDescriptor"].value)
            count = count if count > 0 else count + MAX_ENTRIES
            segmented = f"Segmented{colour}PaletteColorLookupTableData"
            if segmented in ds:
                entries = _expanded(bytes(ds[segmented].value), bits, byte_order(ds))
            else:
                raw = bytes(ds[f"{colour}PaletteColorLookupTableData"].value)
                packed = bits == 8 and len(raw) < 2 * count
                entries = np.frombuffer(raw, np.uint8 if packed else f"{byte_order(ds)}u2").astype(np.int64)
        except Exception:  # noqa: BLE001 - as in lookup_table
            return None
        columns.append(_eight_bits(entries[:count], bits))
    length = min(len(column) for column in columns)
    if length == 0:
        return None
    first = first - 65_536 if signed and first > 32_767 else first
    return Palette(first, np.stack([column[:length] for column in columns], -1).astype(np.uint8))


def _eight_bits(entries: NDArray[Any], bits: int) -> NDArray[Any]:
    # Old devices declare 16 bits and write 8: a table without a value above 255 is taken as it is.
    return entries >> 8 if bits == 16 and int(entries.max(initial=0)) > 255 else entries


def _expanded(data: bytes, bits: int, order: str) -> NDArray[Any]:
    """Segmented palette data (PS3.3 C.7.9.2): discrete, linear and indirect segments. Raises ValueError."""
    import numpy as np

    words = np.frombuffer(data, np.uint8 if bits == 8 else f"{order}u2").tolist()
    result: list[int] = []
    offsets: list[int] = []
    at = 0
    while at + 2 <= len(words) and len(result) <= MAX_ENTRIES:
        offsets.append(at)
        at = _one_segment(words, at, result, offsets, bits)
    return np.array(result[:MAX_ENTRIES], np.int64)


def _one_segment(words: list[int], at: int, result: list[int], offsets: list[int], bits: int) -> int:
    """Append what one segment says; returns where the next begins."""
    opcode, length = words[at], words[at + 1]
    if opcode == 0:
        result.extend(words[at + 2 : at + 2 + length])
        return at + 2 + length
    if opcode == 1:
        end, start = words[at + 2], result[-1] if result else None
        if start is None:
            raise ValueError("a linear segment may not come first")
        result.extend(round(start + (end - start) * (n + 1) / length) for n in range(length))
        return at + 3
    if opcode == 2:
        # Offset in bytes: least and most significant 16-bit word (for 8 bits: four bytes).
        if bits == 8:
            offset, size = int.from_bytes(bytes(words[at + 2 : at + 6]), "little"), 6
        else:
            offset, size = (words[at + 2] | words[at + 3] << 16) // 2, 4
        if offset not in offsets or offset >= at:
            raise ValueError("an indirect segment leads to no segment before it")
        place = offset
        for _ in range(length):
            if words[place] == 2:
                raise ValueError("an indirect segment leads to another")
            place = _one_segment(words, place, result, offsets, bits)
            if len(result) > MAX_ENTRIES:
                break
        return at + size
    raise ValueError(f"segment type {opcode} is not known")
