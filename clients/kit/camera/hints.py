"""Focus and exposure hints: how sharp a live picture is against the sharpest seen, and how much of it is clipped.

Sharpness is the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000), which is the usual autofocus measure in
bright-field microscopy, over the mean grey level, so that a change of light alone does not move it.
"""

from __future__ import annotations

from dataclasses import dataclass

from clients.kit.camera.port import Picture

_SIDE = 480
_FORGETS = 0.995
"""The best fades by this much with each look, so that another field of view gets its own scale within seconds."""
_DARK, _BRIGHT = 8, 250
_MUCH_CLIPPED = 0.05


@dataclass(frozen=True)
class Hints:
    """`focus` 0 to 1 of the sharpest seen lately; shares 0 to 1 of clipped pixels; `mean` grey level 0 to 255."""

    focus: float
    too_dark: float
    too_bright: float
    mean: float

    @property
    def words(self) -> str:
        """One Chinese source sentence; empty when nothing is wrong."""
        if self.mean < 30:
            return "画面太暗，请增加光源或曝光。"
        if self.too_bright > _MUCH_CLIPPED and self.mean > 245:
            return "画面过曝，请减小光源或曝光。"
        if self.too_dark > 0.5:
            return "画面太暗，请增加光源或曝光。"
        return "请调焦：画面不够清晰。" if self.focus < 0.6 else ""


class HintMaker:
    """Looks at pictures of one camera, one after the other."""

    def __init__(self) -> None:
        self._best = 0.0

    def look(self, picture: Picture) -> Hints:
        """Measure a picture (about 1 ms at any size: a grey copy of 480 pixels is looked at)."""
        import cv2

        height, width = picture.shape[:2]
        # The middle at full resolution shows focus, the whole one reduced shows exposure.
        top, left = max(0, (height - _SIDE) // 2), max(0, (width - _SIDE) // 2)
        middle = cv2.cvtColor(picture[top : top + _SIDE, left : left + _SIDE], cv2.COLOR_BGR2GRAY)
        _, spread = cv2.meanStdDev(cv2.Laplacian(middle, cv2.CV_16S))
        level = float(cv2.mean(middle)[0])
        sharp = float(spread[0, 0]) ** 2 / max(level, 8.0)
        self._best = max(sharp, self._best * _FORGETS)
        small = cv2.resize(picture, (160, 120), interpolation=cv2.INTER_NEAREST)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        return Hints(
            focus=sharp / self._best if self._best > 0 else 1.0,
            too_dark=float((grey <= _DARK).mean()),
            too_bright=float((grey >= _BRIGHT).mean()),
            mean=float(grey.mean()),
        )
