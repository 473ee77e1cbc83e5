"""What can be chosen about the view: its mode, the spacing of leads, what marks are drawn. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shared.waveform.filters import DIAGNOSTIC, FilterSettings
from shared.waveform.layouts import DEFAULT


class Mode(StrEnum):
    """What the left button does on the paper."""

    READ = "read"  # nothing but showing time and voltage under the cursor
    MEASURE = "measure"  # drag a rectangle
    CALIPER = "caliper"  # two legs that march along the strip
    PARALLEL = "parallel"  # horizontal and vertical parallel lines
    MAGNIFY = "magnify"  # the beat under the cursor in all leads
    POINTS = "points"  # drag the points of a beat


MODE_WORDS = {
    Mode.READ: "浏览",
    Mode.MEASURE: "测量",
    Mode.CALIPER: "分规",
    Mode.PARALLEL: "平行线",
    Mode.MAGNIFY: "放大镜",
    Mode.POINTS: "标点",
}


class Spacing(StrEnum):
    """How far the rows of leads stand from each other (ECG-LEAD-02); never on paper."""

    NORMAL = "normal"
    WIDE = "wide"


SPACING_WORDS = {Spacing.NORMAL: "普通间距", Spacing.WIDE: "加宽间距"}
LAYOUT_WORDS = {
    "3x4+1R": "3×4 + 1 节律",
    "3x4+3R": "3×4 + 3 节律",
    "3x4": "3×4",
    "6x2": "6×2",
    "6x2+1R": "6×2 + 1 节律",
    "12x1": "12×1",
    "cabrera": "Cabrera 6×2",
    "cabrera+1R": "Cabrera 6×2 + 1 节律",
    "median+3R": "平均心搏 + 3 节律",
    "all": "全部导联",
}


class Mark(StrEnum):
    """Marks over the traces that can be shown or hidden."""

    BEATS = "beats"  # R peaks with classes and RR
    POINTS = "points"  # P on … T off


@dataclass(frozen=True, slots=True)
class ViewChoices:
    """Everything that the user chose about the picture; ``gain`` None is automatic."""

    layout: str = DEFAULT
    rhythm: tuple[str, ...] = ("II",)
    speed: float = 25.0
    gain: float | None = 10.0
    filters: FilterSettings | None = DIAGNOSTIC
    spacing: Spacing = Spacing.NORMAL
    marks: frozenset[Mark] = field(default_factory=frozenset)
