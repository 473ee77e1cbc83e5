"""Templates of volume rendering by organ, as data. Values are ours, found by looking at contrast and plain scans.

A surface should be opaque where its gradient is, at low values: deeper voxels have no direction to be lit by.
CT templates speak in HU. Where a unit means nothing between scanners (MR, PET, cone beam), points are shares of the
volume's own range: 0 is its first, 1 its 99.5th percentile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from clients.viewer.vr.transfer import Blend, Lighting, Look, Point


@dataclass(frozen=True, slots=True)
class Preset:
    """A template; ``label`` is Chinese source text. ``relative``: values are shares of the volume's range."""

    key: str
    label: str
    look: Look
    relative: bool = False

    def fitted(self, low: float, high: float) -> Look:
        """The look for a volume whose range is ``low`` to ``high`` in its unit."""
        if not self.relative:
            return self.look
        width = max(high - low, 1e-6)
        points = tuple(point._replace(value=low + point.value * width) for point in self.look.points)
        return replace(self.look, points=points, span=self.look.span * width)


def _look(*points: tuple[float, float, str], **changes: object) -> Look:
    return replace(Look(tuple(Point(*point) for point in points)), **changes)  # type: ignore[arg-type]


_GLOSSY = Lighting(True, 0.18, 0.75, 0.45, 24.0)
_SOFT = Lighting(True, 0.3, 0.7, 0.12, 8.0)
_FLAT = Lighting(False, 1.0, 0.0, 0.0, 1.0)
# Of a maximum projection the opacity is the grey: white points, and the background shows where nothing is.

CT_PRESETS: tuple[Preset, ...] = (
    Preset(
        "bone",
        "骨骼",
        _look(
            (130, 0.0, "#8c4a32"),
            (260, 0.14, "#c28a64"),
            (480, 0.55, "#ecd9ba"),
            (1000, 0.85, "#fff8ea"),
            (2500, 0.95, "#ffffff"),
            lighting=_GLOSSY,
        ),
    ),
    Preset(
        "vessel",
        "血管",
        _look(
            (110, 0.0, "#7a1510"),
            (180, 0.16, "#b3261c"),
            (300, 0.45, "#e0604a"),
            (480, 0.6, "#f0b890"),
            (800, 0.8, "#fff2dc"),
            lighting=_GLOSSY,
        ),
    ),
    Preset(
        "bone_skin",
        "骨骼与皮肤",
        _look(
            (-400, 0.0, "#c08a70"),
            (-250, 0.022, "#d8a488"),
            (-120, 0.012, "#d8a488"),
            (-60, 0.0, "#b86a50"),
            (150, 0.0, "#b86a50"),
            (300, 0.2, "#e0bb92"),
            (700, 0.8, "#fff4e2"),
            lighting=_GLOSSY,
        ),
    ),
    Preset(
        "skin",
        "皮肤",
        _look(
            (-800, 0.0, "#c88a6c"),
            (-600, 0.5, "#d8a080"),
            (-400, 1.0, "#e8b898"),
            (400, 1.0, "#f0ccb0"),
            lighting=_SOFT,
        ),
    ),
    Preset(
        "muscle",
        "软组织",
        _look(
            (-40, 0.0, "#8c3428"),
            (20, 0.45, "#b4503e"),
            (80, 0.7, "#cc7058"),
            (160, 0.8, "#e0a080"),
            (350, 0.7, "#f0dcbc"),
            (1000, 0.9, "#fff8ea"),
            lighting=_SOFT,
        ),
    ),
    Preset(
        "lung",
        "肺",
        _look(
            (-1000, 0.0, "#7a4a48"),
            (-950, 0.0, "#a0605a"),
            (-880, 0.06, "#c07a70"),
            (-760, 0.12, "#dc988a"),
            (-640, 0.04, "#f0b8a4"),
            (-540, 0.0, "#f8d0bc"),
            lighting=Lighting(True, 0.25, 0.8, 0.3, 14.0),
        ),
    ),
    Preset(
        "airway",
        "气道",
        _look(
            (-1024, 0.0, "#4a90a8"),
            (-960, 0.0, "#4a90a8"),
            (-930, 0.05, "#58a8c0"),
            (-860, 0.1, "#7ac4d4"),
            (-780, 0.0, "#a0d8e0"),
            lighting=_GLOSSY,
            edges=0.6,
            span=150.0,
        ),
    ),
    Preset(
        "kidney",
        "肾脏",
        _look(
            (90, 0.0, "#6a1c14"),
            (140, 0.1, "#a03a2a"),
            (200, 0.35, "#c85a40"),
            (300, 0.5, "#e09a70"),
            (500, 0.6, "#f4d8ac"),
            (1000, 0.85, "#fff6e4"),
            lighting=_GLOSSY,
        ),
    ),
    Preset(
        "heart",
        "心脏",
        _look(
            (100, 0.0, "#6c120e"),
            (160, 0.1, "#9c241c"),
            (240, 0.4, "#c84a38"),
            (350, 0.65, "#e88a68"),
            (600, 0.7, "#f8d0a8"),
            (1200, 0.8, "#ffffff"),
            lighting=Lighting(True, 0.2, 0.75, 0.35, 16.0),
        ),
    ),
    Preset(
        "liver",
        "肝脏",
        _look(
            (60, 0.0, "#54201a"),
            (90, 0.06, "#8a3c2c"),
            (130, 0.18, "#b05a40"),
            (180, 0.4, "#d88a68"),
            (300, 0.6, "#f0cca0"),
            (800, 0.8, "#fff4e0"),
            lighting=_SOFT,
            edges=0.3,
            span=60.0,
        ),
    ),
    Preset(
        "stent",
        "金属植入物",
        _look(
            (200, 0.0, "#90a0a8"),
            (500, 0.04, "#a8b8c0"),
            (1200, 0.12, "#d0d8dc"),
            (2000, 0.8, "#f0e0a0"),
            (3000, 1.0, "#fff4c0"),
            lighting=_GLOSSY,
        ),
    ),
    Preset(
        "mip",
        "最大密度投影",
        _look(
            (-100, 0.0, "#ffffff"), (200, 0.2, "#ffffff"), (1200, 1.0, "#ffffff"), blend=Blend.MAXIMUM, lighting=_FLAT
        ),
    ),
)

RELATIVE_PRESETS: tuple[Preset, ...] = (
    Preset(
        "mr_vessel",
        "MR 血管（最大强度）",
        _look(
            (0.1, 0.0, "#ffffff"), (0.5, 0.25, "#ffffff"), (1.1, 1.0, "#ffffff"), blend=Blend.MAXIMUM, lighting=_FLAT
        ),
        relative=True,
    ),
    Preset(
        "mr_vessel_red",
        "MR 血管",
        _look(
            (0.42, 0.0, "#6a1410"),
            (0.55, 0.2, "#b03024"),
            (0.75, 0.6, "#e07050"),
            (1.2, 0.9, "#ffe0b8"),
            lighting=_GLOSSY,
        ),
        relative=True,
    ),
    Preset(
        "mr_surface",
        "MR 体表",
        _look(
            (0.13, 0.0, "#a87860"),
            (0.2, 0.5, "#c89678"),
            (0.3, 1.0, "#e0b090"),
            (1.0, 1.0, "#f4dcc4"),
            lighting=_SOFT,
        ),
        relative=True,
    ),
    Preset(
        "mr_brain",
        "MR 脑",
        _look(
            (0.22, 0.0, "#5c4a44"),
            (0.34, 0.08, "#a08070"),
            (0.5, 0.35, "#d8b8a0"),
            (0.75, 0.6, "#f4e4d4"),
            (1.2, 0.8, "#ffffff"),
            lighting=_SOFT,
        ),
        relative=True,
    ),
    Preset(
        "uptake",
        "摄取（PET）",
        _look(
            (0.0, 0.0, "#ffffff"), (0.4, 0.22, "#ffffff"), (1.7, 1.0, "#ffffff"), blend=Blend.MAXIMUM, lighting=_FLAT
        ),
        relative=True,
    ),
)

PRESETS: dict[str, Preset] = {preset.key: preset for preset in (*CT_PRESETS, *RELATIVE_PRESETS)}


def presets_for(unit: str) -> tuple[Preset, ...]:
    """Templates that mean something for values of ``unit``."""
    return CT_PRESETS if unit == "HU" else RELATIVE_PRESETS


def first_preset(unit: str, modality_code: str = "") -> Preset:
    """What a volume is shown with before anybody chose."""
    if unit == "HU":
        return PRESETS["bone"]
    return PRESETS["uptake" if modality_code in ("PT", "NM") else "mr_surface"]
