"""Window presets and the layouts that the requirements name; data only."""

from __future__ import annotations

from dataclasses import dataclass

from shared.imaging.lut import Window


@dataclass(frozen=True, slots=True)
class WindowPreset:
    """A ready-made window; ``label`` is the Chinese source text, ``requirement`` its row."""

    key: str
    label: str
    window: Window
    requirement: str


# requirements/viewer.md, Window width and level; values there are width/level.
WINDOW_PRESETS = (
    WindowPreset("head", "头部", Window(40, 85), "VW-WL-05"),
    WindowPreset("mediastinum", "纵隔", Window(40, 400), "VW-WL-06"),
    WindowPreset("vessel", "血管", Window(40, 350), "VW-WL-07"),
    WindowPreset("lung", "肺部", Window(-700, 1500), "VW-WL-08"),
    WindowPreset("bone", "骨头", Window(500, 1600), "VW-WL-09"),
    WindowPreset("maximum", "最大范围", Window(500, 1000), "VW-WL-03"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A grid of viewports."""

    key: str
    label: str
    columns: int
    rows: int
    requirement: str

    @property
    def cells(self) -> int:
        return self.columns * self.rows


LAYOUTS = (
    Layout("1x1", "单布局", 1, 1, "VW-LAY-02"),
    Layout("2x1", "二布局", 2, 1, "VW-LAY-03"),
    Layout("2x2", "四布局", 2, 2, "VW-LAY-04"),
    Layout("2x3", "竖六布局", 2, 3, "VW-LAY-05"),
    Layout("3x2", "横六布局", 3, 2, "VW-LAY-06"),
    Layout("3x3", "九布局", 3, 3, "VW-LAY-07"),
)
LARGEST_LAYOUT = max(layout.cells for layout in LAYOUTS)


def layout_of(key: str) -> Layout:
    """The layout with this key; ``KeyError`` names the unknown one."""
    for layout in LAYOUTS:
        if layout.key == key:
            return layout
    raise KeyError(key)


Part = tuple[int, int, int, int]
"""Column, row, columns and rows spanned."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Tiles of consecutive images of one viewport, in the order of reading."""

    key: str
    label: str
    columns: int
    rows: int
    parts: tuple[Part, ...]
    requirement: str

    @property
    def count(self) -> int:
        return len(self.parts)


def _even(key: str, label: str, columns: int, rows: int, requirement: str) -> Windows:
    parts = tuple((column, row, 1, 1) for row in range(rows) for column in range(columns))
    return Windows(key, label, columns, rows, parts, requirement)


ONE_WINDOW = _even("1", "一窗口", 1, 1, "VW-WIN-02")
# requirements/viewer.md, Windows; VW-OPN-05 and -06 for the order of the numbers, five and twelve.
WINDOWS = (
    ONE_WINDOW,
    _even("2", "二窗口", 2, 1, "VW-WIN-03"),
    _even("3v", "竖三窗口", 1, 3, "VW-WIN-04"),
    _even("3h", "横三窗口", 3, 1, "VW-WIN-05"),
    Windows("2+1", "2+1三窗口", 2, 2, ((0, 0, 1, 1), (1, 0, 1, 1), (0, 1, 2, 1)), "VW-WIN-06"),
    _even("4", "四窗口", 2, 2, "VW-WIN-07"),
    Windows(
        "5",
        "五窗口",
        6,
        2,
        ((0, 0, 3, 1), (3, 0, 3, 1), (0, 1, 2, 1), (2, 1, 2, 1), (4, 1, 2, 1)),
        "VW-WIN-08",
    ),
    _even("6v", "竖六窗口", 2, 3, "VW-WIN-09"),
    _even("6h", "横六窗口", 3, 2, "VW-WIN-10"),
    _even("9", "九窗口", 3, 3, "VW-WIN-11"),
    _even("12", "十二窗口", 4, 3, "VW-WIN-12"),
    _even("3x6", "3*6窗口", 3, 6, "VW-WIN-13"),
    _even("6x3", "6*3窗口", 6, 3, "VW-WIN-13"),
    _even("5x4", "5*4窗口", 5, 4, "VW-WIN-14"),
    _even("6x4", "6*4窗口", 6, 4, "VW-WIN-15"),
    _even("6x5", "6*5窗口", 6, 5, "VW-WIN-16"),
)
MOST_PANES = 30
"""Layout and windows together (VW-OPN-04)."""
SECOND_LAYOUTS = tuple(layout for layout in LAYOUTS if layout.cells <= 4)
"""Layouts of a second screen."""


def windows_of(key: str) -> Windows:
    """The windows with this key; ``KeyError`` names the unknown one."""
    for windows in WINDOWS:
        if windows.key == key:
            return windows
    raise KeyError(key)
