"""The design tokens of the suite: colours, type scale and spacing as frozen values; knows no Qt.

Light is for the counter and the laboratory, dark for the reading room. There is one accent colour; the tones are for
states only and never decorate. Every text colour has a contrast of at least 4.5:1 on every ground it is used on
(WCAG 2.1, 1.4.3), which `tests/clients/kit/test_tokens.py` computes.
"""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass, field


class Tone(enum.StrEnum):
    """What a state means to the person who looks at it, independent of colour."""

    NEUTRAL = "neutral"  # nothing to do (yet)
    INFO = "info"  # waits for somebody
    ACTIVE = "active"  # somebody works on it now
    WARNING = "warning"  # wants attention
    SUCCESS = "success"  # finished well
    DANGER = "danger"  # failed, refused, cancelled, urgent


class ThemeName(enum.StrEnum):
    """The two themes; the value is what settings files store."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class ToneColours:
    """Text and glyph colour of a tone, and the soft ground behind it; `#rrggbb`."""

    text: str
    ground: str


@dataclass(frozen=True)
class Palette:
    """All colours of one theme; `#rrggbb`."""

    window: str  # behind everything
    surface: str  # lists, forms, fields
    raised: str  # menus, toasts, the bar on top
    hover: str
    selected: str  # row or page that is chosen
    hairline: str  # lines between areas
    border: str  # edge of a control
    text: str
    text_quiet: str  # labels, units, secondary columns
    text_disabled: str
    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    focus: str
    skeleton: str  # where a row has not come yet
    scrim: str
    tones: dict[Tone, ToneColours] = field(default_factory=dict)


LIGHT = Palette(
    window="#f4f6f7",
    surface="#ffffff",
    raised="#ffffff",
    hover="#eff3f4",
    selected="#e1eff1",
    hairline="#e0e5e8",
    border="#bcc6cc",
    text="#17212a",
    text_quiet="#51606c",
    text_disabled="#8b98a2",
    accent="#0a6674",
    accent_hover="#085663",
    accent_pressed="#064752",
    on_accent="#ffffff",
    focus="#0a6674",
    skeleton="#e9edef",
    scrim="#17212a",
    tones={
        Tone.NEUTRAL: ToneColours("#51606c", "#edf0f2"),
        Tone.INFO: ToneColours("#1f5c9e", "#e7f0fa"),
        Tone.ACTIVE: ToneColours("#0a6674", "#e1eff1"),
        Tone.WARNING: ToneColours("#8a5300", "#fdf1dc"),
        Tone.SUCCESS: ToneColours("#226b3b", "#e4f3e8"),
        Tone.DANGER: ToneColours("#b3261e", "#fcebea"),
    },
)

DARK = Palette(
    window="#0f1214",
    surface="#151a1d",
    raised="#1b2125",
    hover="#1f262b",
    selected="#17343a",
    hairline="#262e33",
    border="#46525a",
    text="#d3dade",
    text_quiet="#97a4ad",
    text_disabled="#64717a",
    accent="#57b5c4",
    accent_hover="#6cc3d1",
    accent_pressed="#45a2b1",
    on_accent="#04242a",
    focus="#57b5c4",
    skeleton="#222a2f",
    scrim="#000000",
    tones={
        Tone.NEUTRAL: ToneColours("#a0adb5", "#232b30"),
        Tone.INFO: ToneColours("#86b7ec", "#182a3d"),
        Tone.ACTIVE: ToneColours("#62bdcb", "#14333a"),
        Tone.WARNING: ToneColours("#e0ad58", "#342a16"),
        Tone.SUCCESS: ToneColours("#74c48d", "#182f20"),
        Tone.DANGER: ToneColours("#f08b82", "#3b1d1b"),
    },
)

PALETTES = {ThemeName.LIGHT: LIGHT, ThemeName.DARK: DARK}


@dataclass(frozen=True)
class Metrics:
    """Sizes in device-independent pixels: an 8-pixel grid with a half step, and one type scale."""

    grid: int = 8
    half: int = 4
    control: int = 32  # height of buttons and fields
    row: int = 32  # height of a list row
    header: int = 32
    bar: int = 48  # the bar on top
    rail: int = 88  # the navigation on the left
    status: int = 24
    side_panel: int = 360
    radius: int = 4
    icon: int = 16
    caption: int = 12
    body: int = 13
    title: int = 16
    headline: int = 20
    display: int = 28

    def times(self, steps: float) -> int:
        """`steps` of the grid, in pixels."""
        return round(self.grid * steps)

    def scaled(self, factor: float) -> Metrics:
        """All sizes times `factor`."""
        return Metrics(**{name: round(size * factor) for name, size in asdict(self).items()})


REGULAR = Metrics()
LARGE = Metrics(
    control=40,
    row=40,
    header=40,
    bar=56,
    rail=104,
    status=32,
    side_panel=420,
    icon=20,
    caption=14,
    body=16,
    title=20,
    headline=25,
    display=34,
)
"""Bigger text and targets: for gloves, for 4K screens at 100 %, for eyes that want it."""


class Density(enum.StrEnum):
    """How big text and targets are; the value is what settings files store."""

    REGULAR = "regular"
    LARGE = "large"


METRICS = {Density.REGULAR: REGULAR, Density.LARGE: LARGE}


def contrast(first: str, second: str) -> float:
    """Contrast ratio 1..21 of two `#rrggbb` colours (WCAG 2.1, "contrast ratio")."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[i : i + 2]) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
