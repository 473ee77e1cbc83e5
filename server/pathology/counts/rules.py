"""What a count may be; pure."""

from __future__ import annotations

from math import isfinite

from shared.contract.pathology_counts import MOST_CELLS, MOST_CORNERS, CountEntry, Origin

MOST_MARKER, MOST_METHOD, MOST_NOTE = 40, 400, 500


def entry_fault(entry: CountEntry, width: int, height: int) -> tuple[str, str] | None:
    """The field that is wrong and a sentence, or None; the picture is `width` x `height` pixels."""
    if not 1 <= len(entry.marker.strip()) <= MOST_MARKER:
        return "marker", f"请填写标记物，最多 {MOST_MARKER} 个字。"
    if len(entry.cells) > MOST_CELLS:
        return "cells", f"一幅图像最多计数 {MOST_CELLS} 个细胞核，请缩小计数区域。"
    if not all(_is_inside(cell.x, cell.y, width, height) for cell in entry.cells):
        return "cells", "有标记在图像之外，请重新计数。"
    if entry.region and not 3 <= len(entry.region) <= MOST_CORNERS:
        return "region", f"计数区域应有 3 到 {MOST_CORNERS} 个角。"
    if not all(_is_inside(x, y, width, height) for x, y in entry.region):
        return "region", "计数区域超出图像，请重新画。"
    if not isfinite(entry.area_mm2) or not 0 <= entry.area_mm2 <= 10_000:
        return "area_mm2", "计数面积不正确，请检查测量定标。"
    if entry.removed < 0 or len(entry.method) > MOST_METHOD or len(entry.note) > MOST_NOTE:
        return "note", f"备注最多 {MOST_NOTE} 个字。"
    return None


def is_corrected(entry: CountEntry) -> bool:
    """Whether the doctor changed anything of what was suggested."""
    return entry.removed > 0 or any(cell.origin is not Origin.SUGGESTED for cell in entry.cells)


def _is_inside(x: float, y: float, width: int, height: int) -> bool:
    return isfinite(x) and isfinite(y) and -0.5 <= x <= width + 0.5 and -0.5 <= y <= height + 0.5
