"""The reader's settings as typed values; whatever a damaged file holds becomes the standard. No Qt.

All lie in the settings of the desk (`Desk.settings`); other features read their keys there: ``information.film``,
``stitching.on``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clients.kit.settings import UserSettings
from clients.viewer.presets import LAYOUTS
from clients.viewer.session import Tool
from clients.viewer.viewport.information import Information
from shared.imaging.lut import Window

CORNERS, FONT, COLOUR, FILM = "information.corners", "information.font", "information.colour", "information.film"
SHORTCUTS, MOUSE, OWN_PRESETS, LAYOUT_OF = "shortcuts", "mouse", "presets.own", "layouts.by_modality"
LOOK, STRIP, SCALE, WORDS, LANGUAGE = "theme.look", "theme.strip", "theme.scale", "theme.words", "language"
FIRST_IMAGE, STITCHING = "display.first_image", "stitching.on"

BUTTONS: dict[str, str] = {"left": Tool.WINDOW, "middle": Tool.PAN, "right": Tool.WINDOW}
TOOLS: dict[str, str] = {
    Tool.PAGE: "翻页",
    Tool.WINDOW: "调窗",
    Tool.ZOOM: "缩放",
    Tool.PAN: "移动图像",
    Tool.ROTATE: "旋转图像",
    Tool.MAGNIFIER: "放大镜",
}
"""What a mouse button can be bound to (VW-SET-08)."""
LOOKS, STRIPS, FIRST_IMAGES = ("black", "blue", "white"), ("left", "below"), ("first", "middle", "last")
SCALES = (75, 100, 125, 150, 175, 200)
MODALITIES = ("CT", "MR", "PT", "NM", "DX", "CR", "MG", "US", "XA", "RF", "IO", "PX", "OP", "OPT", "XC")
MOST_PRESETS, MOST_LETTERS = 40, 24
WIDEST = 1_000_000.0


@dataclass(frozen=True, slots=True)
class OwnPreset:
    """A window that the reader named."""

    name: str
    width: float
    level: float

    @property
    def window(self) -> Window:
        return Window(self.level, self.width)


def window_problem(width: float, level: float) -> str:
    """Why these are no window, as Chinese source text; empty when they are one."""
    if not (math.isfinite(width) and math.isfinite(level)):
        return "请输入数字"
    if not 0.001 <= width <= WIDEST:
        return "窗宽应大于 0"
    return "" if abs(level) <= WIDEST else "窗位超出范围"


class Preferences:
    """Reads and writes; values are checked both ways."""

    def __init__(self, settings: UserSettings) -> None:
        self._settings = settings

    # --- information

    @property
    def information(self) -> Information:
        get = self._settings.get
        return Information.of(get(CORNERS), get(FONT), get(COLOUR))

    @information.setter
    def information(self, value: Information) -> None:
        self._settings.set(CORNERS, {corner: list(items) for corner, items in value.corners.items()})
        self._settings.set(FONT, value.font_px)
        self._settings.set(COLOUR, value.colour)

    @property
    def film(self) -> bool:
        """The same texts on films (VW-SET-05)."""
        return self._settings.get(FILM) is True

    @film.setter
    def film(self, value: bool) -> None:
        self._settings.set(FILM, value)

    # --- keys and mouse

    @property
    def shortcuts(self) -> dict[str, str]:
        """Id of a command → key as Qt writes it; empty: none. Only what differs from the standard."""
        return {k: v for k, v in self._table(SHORTCUTS).items() if isinstance(v, str) and len(v) <= MOST_LETTERS}

    @shortcuts.setter
    def shortcuts(self, value: Mapping[str, str]) -> None:
        self._settings.set(SHORTCUTS, dict(value))

    @property
    def mouse(self) -> dict[str, str]:
        """Tool of the left button at start, of the middle and the right one."""
        kept = self._table(MOUSE)
        return {
            button: tool if isinstance(tool := kept.get(button), str) and tool in TOOLS else standard
            for button, standard in BUTTONS.items()
        }

    @mouse.setter
    def mouse(self, value: Mapping[str, str]) -> None:
        self._settings.set(MOUSE, dict(value))

    # --- presets and layouts

    @property
    def presets(self) -> tuple[OwnPreset, ...]:
        kept = self._settings.get(OWN_PRESETS)
        rows = kept if isinstance(kept, list) else []
        return tuple(preset for row in rows if (preset := _preset(row)) is not None)[:MOST_PRESETS]

    @presets.setter
    def presets(self, value: Sequence[OwnPreset]) -> None:
        rows = [{"name": one.name, "width": one.width, "level": one.level} for one in value[:MOST_PRESETS]]
        self._settings.set(OWN_PRESETS, rows)

    @property
    def layouts(self) -> dict[str, str]:
        """Modality → key of its layout (VW-SET-11)."""
        keys = {layout.key for layout in LAYOUTS}
        return {modality: key for modality, key in self._table(LAYOUT_OF).items() if str(key) in keys}

    @layouts.setter
    def layouts(self, value: Mapping[str, str]) -> None:
        self._settings.set(LAYOUT_OF, dict(value))

    # --- looks

    @property
    def look(self) -> str:
        return self._choice(LOOK, LOOKS)

    @look.setter
    def look(self, value: str) -> None:
        self._settings.set(LOOK, value)

    @property
    def strip(self) -> str:
        """Where the series bar stands: left or below."""
        return self._choice(STRIP, STRIPS)

    @strip.setter
    def strip(self, value: str) -> None:
        self._settings.set(STRIP, value)

    @property
    def scale(self) -> int:
        """Size of the interface in percent."""
        value = self._settings.get(SCALE)
        return value if value in SCALES and isinstance(value, int) else 100

    @scale.setter
    def scale(self, value: int) -> None:
        self._settings.set(SCALE, value)

    @property
    def words(self) -> bool:
        """Names of the tools in the tool bar."""
        return self._settings.get(WORDS) is not False

    @words.setter
    def words(self, value: bool) -> None:
        self._settings.set(WORDS, value)

    @property
    def language(self) -> str:
        """zh or en; empty: as the workstation says."""
        return self._choice(LANGUAGE, ("", "zh", "en"))

    @language.setter
    def language(self, value: str) -> None:
        self._settings.set(LANGUAGE, value)

    # --- display

    @property
    def first_image(self) -> str:
        """At which image a series opens: first, middle or last (VW-SET-21)."""
        return self._choice(FIRST_IMAGE, FIRST_IMAGES)

    @first_image.setter
    def first_image(self, value: str) -> None:
        self._settings.set(FIRST_IMAGE, value)

    @property
    def stitching(self) -> bool:
        """The stitching of images is offered (VW-SET-23)."""
        return self._settings.get(STITCHING) is True

    @stitching.setter
    def stitching(self, value: bool) -> None:
        self._settings.set(STITCHING, value)

    def _choice(self, key: str, allowed: Sequence[str]) -> str:
        value = self._settings.get(key)
        return value if isinstance(value, str) and value in allowed else allowed[0]

    def _table(self, key: str) -> dict[str, Any]:
        value = self._settings.get(key)
        return value if isinstance(value, dict) else {}


def _preset(row: Any) -> OwnPreset | None:
    if not isinstance(row, dict):
        return None
    name, width, level = row.get("name"), row.get("width"), row.get("level")
    numbers = all(isinstance(n, int | float) and not isinstance(n, bool) for n in (width, level))
    if not isinstance(name, str) or not name.strip() or not numbers or window_problem(float(width), float(level)):  # type: ignore[arg-type]
        return None
    return OwnPreset(name.strip()[:MOST_LETTERS], float(width), float(level))  # type: ignore[arg-type]


def shortcut_of(settings: UserSettings, name: str, standard: str) -> str:
    """The key of a command: the reader's, else the standard one."""
    return Preferences(settings).shortcuts.get(name, standard)
