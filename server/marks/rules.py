"""What may be kept as a mark."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from shared.contract.marks import MOST_MARKS, ShownImage, StoredMark
from shared.dicomkit.uids import is_valid

KINDS = frozenset({"length", "angle", "cobb", "rectangle", "ellipse", "brush", "pixel", "curve", "arrow", "text"})
_POINTS = {"length": 2, "angle": 3, "cobb": 4, "rectangle": 2, "ellipse": 2, "pixel": 1, "arrow": 2, "text": 1}
MOST_POINTS, MOST_TEXT, MOST_NAME, MOST_LINES = 4000, 1024, 64, 20
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_FAR = 1e6


def fault_of(marks: Sequence[StoredMark], shown: Sequence[ShownImage]) -> str:
    """A sentence that says what is wrong with the marks; empty when they can be kept."""
    if len(marks) > MOST_MARKS or len(shown) > MOST_MARKS:
        return f"一项检查最多保存 {MOST_MARKS} 个标注，请删除一些。"
    if len({mark.uid for mark in marks}) < len(marks):
        return "两个标注有相同的编号。"
    for mark in marks:
        fault = _fault(mark)
        if fault:
            return fault
    if any(one.rotation % 90 or not is_valid(one.sop_instance_uid) for one in shown):
        return "图像的显示方式不正确。"
    return ""


def _fault(mark: StoredMark) -> str:
    if mark.kind not in KINDS or not is_valid(mark.uid):
        return "标注的种类或编号不正确。"
    count = _POINTS.get(mark.kind)
    least = 3 if mark.kind == "brush" else 2
    if (count is not None and len(mark.points) != count) or (
        count is None and not least <= len(mark.points) <= MOST_POINTS
    ):
        return "标注的点数不正确。"
    if any(not math.isfinite(v) or abs(v) > _FAR for point in mark.points for v in point):
        return "标注的位置不正确。"
    if (mark.plane is None) != is_valid(mark.sop_instance_uid) or not 0 <= mark.frame < _FAR:
        return "标注必须位于一幅图像或一个重建平面上。"
    if len(mark.text) > MOST_TEXT or len(mark.name) > MOST_NAME or len(mark.lines) > MOST_LINES:
        return f"标注的文字太长：名称最多 {MOST_NAME} 个字，内容最多 {MOST_TEXT} 个字。"
    if mark.colour and not _COLOUR.fullmatch(mark.colour):
        return "标注的颜色不正确。"
    if mark.plane is not None:
        plane = mark.plane
        numbers = (*plane.origin, *plane.row, *plane.column, plane.row_spacing_mm, plane.column_spacing_mm)
        if not all(map(math.isfinite, numbers)) or not is_valid(plane.frame_of_reference_uid):
            return "重建平面的位置不正确。"
    return ""
