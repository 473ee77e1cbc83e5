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
