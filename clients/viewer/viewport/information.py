"""Which facts stand in which corner of a viewport, how large and in which colour (VW-SET-02 to -04). No Qt.

An item is the name of one of `ITEMS`, or ``dicom:`` with a DICOM keyword or, for a private element, eight hexadecimal
digits of its tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CORNERS = ("top_left", "top_right", "bottom_left", "bottom_right")
ITEMS: dict[str, str] = {
    "name": "患者姓名",
    "id": "患者编号",
    "person": "性别、年龄、出生日期",
    "institution": "医院",
    "study_time": "检查时间",
    "study_description": "检查描述",
    "model": "设备型号",
    "series": "序列号与描述",
    "view": "侧别与体位",
    "place": "位置与层厚",
    "count": "图像序号",
    "exposure": "曝光或扫描参数",
    "zoom": "缩放",
    "window": "窗宽窗位",
}
"""Key → Chinese source text of what the viewer itself can write."""
STANDARD: dict[str, tuple[str, ...]] = {
    "top_left": ("name", "id", "person"),
    "top_right": ("institution", "study_time", "study_description", "model"),
    "bottom_left": ("series", "view", "place", "count"),
    "bottom_right": ("exposure", "zoom", "window"),
}
DICOM = "dicom:"
MOST_ITEMS = 16
FONT_SIZES = (9, 40)
_DICOM_ITEM = re.compile(r"dicom:(?:[A-Z][A-Za-z0-9]{1,63}|[0-9a-f]{8})")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Information:
    """The reader's choice; ``font_px`` 0 follows the size of the viewport, an empty ``colour`` that of the look."""

    corners: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(STANDARD))
    font_px: int = 0
    colour: str = ""

    @property
    def elements(self) -> tuple[str, ...]:
        """DICOM elements that are wanted: keywords, or tags as eight hexadecimal digits."""
        chosen = (item for items in self.corners.values() for item in items)
        return tuple(dict.fromkeys(item.removeprefix(DICOM) for item in chosen if item.startswith(DICOM)))

    @classmethod
    def of(cls, corners: Any, font_px: Any, colour: Any) -> Information:
        """From what a settings file holds; nonsense becomes the standard.

        The patient's name cannot be left out: images must not be read for another person's.
        """
        known = corners if isinstance(corners, dict) else {}
        chosen = {corner: _items(known.get(corner), STANDARD[corner]) for corner in CORNERS}
        if all("name" not in items for items in chosen.values()):
            chosen["top_left"] = ("name", *chosen["top_left"])
        is_size = isinstance(font_px, int) and not isinstance(font_px, bool)
        size = font_px if is_size and FONT_SIZES[0] <= font_px <= FONT_SIZES[1] else 0
        is_colour = isinstance(colour, str) and _COLOUR.fullmatch(colour) is not None
        return cls(chosen, size, colour if is_colour else "")


def _items(value: Any, standard: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, list):
        return standard
    return tuple(dict.fromkeys(item for item in value if is_item(item)))[:MOST_ITEMS]


def is_item(item: Any) -> bool:
    """True for the name of an item."""
    return isinstance(item, str) and (item in ITEMS or _DICOM_ITEM.fullmatch(item) is not None)
