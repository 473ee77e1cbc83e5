"""What is known of each screen: size of its pixels, when it was tested, whether it may serve for diagnosis. No Qt."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date

from clients.kit.settings import UserSettings
from clients.kit.translations import tr

SETTING = "screens"
LEAST_PITCH_MM, LARGEST_PITCH_MM = 0.03, 2.0
VALID_DAYS = 365
LEAST_PIXELS = 2_000_000
LEAST_PIXELS_OF = {"CR": 3_000_000, "DX": 3_000_000, "MG": 5_000_000}
"""What national and AAPM recommendations ask of screens for these images."""


@dataclass(frozen=True, slots=True)
class ScreenFacts:
    """One screen; ``pitch_mm`` is the measured distance of device pixels."""

    key: str
    name: str
    width_px: int
    height_px: int
    pitch_mm: float | None = None
    tested_on: str = ""  # ISO date of the last test with the pattern
    passed: bool = False
    gsdf_deviation: float | None = None  # largest relative error of the contrast response, where it was measured

    def warnings(self, today: date, modality: str = "") -> tuple[str, ...]:
        """Why the screen must not serve for diagnosis; empty when nothing speaks against it (VW-EX-12)."""
        found = []
        least = LEAST_PIXELS_OF.get(modality, LEAST_PIXELS)
        if self.width_px * self.height_px < least:
            found.append(tr("分辨率不足 {n} 百万像素", n=f"{least / 1e6:g}"))
        if self.pitch_mm is None:
            found.append(tr("未测量像素大小"))
        age = self.age_days(today)
        if age is None:
            found.append(tr("未用测试图检查灰阶"))
        elif not self.passed:
            found.append(tr("灰阶检查未通过"))
        elif age > VALID_DAYS:
            found.append(tr("上次检查已超过一年"))
        return tuple(found)

    def age_days(self, today: date) -> int | None:
        """Days since the last test; None without one."""
        try:
            return max((today - date.fromisoformat(self.tested_on)).days, 0)
        except ValueError:
            return None


class ScreenBook:
    """The facts of all screens of this desk, kept in its settings."""

    def __init__(self, settings: UserSettings) -> None:
        self._settings = settings

    def of(self, key: str, name: str, width_px: int, height_px: int) -> ScreenFacts:
        """What is known of a screen; values that make no sense count as unknown."""
        kept = self._all().get(key)
        facts = ScreenFacts(key, name, width_px, height_px)
        if not isinstance(kept, dict):
            return facts
        deviation = kept.get("gsdf_deviation")
        return replace(
            facts,
            pitch_mm=_pitch(kept.get("pitch_mm")),
            tested_on=str(kept.get("tested_on", "")),
            passed=kept.get("passed") is True,
            gsdf_deviation=float(deviation) if isinstance(deviation, (int, float)) else None,
        )

    def keep(self, facts: ScreenFacts) -> None:
        """Remember; raises ValueError when the pixel size cannot be true."""
        if facts.pitch_mm is not None and _pitch(facts.pitch_mm) is None:
            raise ValueError(tr("测得的长度不合理，请重新测量"))
        self._settings.set(SETTING, {**self._all(), facts.key: asdict(facts)})

    def _all(self) -> dict[str, object]:
        kept = self._settings.get(SETTING, {})
        return dict(kept) if isinstance(kept, dict) else {}


def _pitch(value: object) -> float | None:
    """A pixel size that a screen can have, else None."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return float(value) if LEAST_PITCH_MM <= value <= LARGEST_PITCH_MM else None
