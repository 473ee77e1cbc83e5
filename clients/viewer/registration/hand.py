"""Correction by hand on the picture: drags and keys become shifts and turns of the moving series."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import Qt

from clients.viewer.registration.state import RegistrationState
from clients.viewer.volume.mpr_pane import MprPane
from clients.viewer.volume.mpr_state import Axes
from shared.imaging.geometry import PointMm, VectorMm

STEP_MM, STEP_DEG = 0.5, 0.5
FINE, COARSE = 0.2, 10.0  # with Ctrl, with Shift


class Grip(StrEnum):
    """What the left button does on the page."""

    LOOK = "look"
    SHIFT = "shift"
    TURN = "turn"


class CorrectingHand:
    """Asked before the pane itself while a correcting tool is chosen."""

    def __init__(self, state: RegistrationState, grip: Callable[[], Grip]) -> None:
        self._state, self._grip = state, grip
        self._last: PointMm | None = None

    def press(self, pane: MprPane, point: PointMm, button: Qt.MouseButton) -> bool:
        if button is not Qt.MouseButton.LeftButton or self._grip() is Grip.LOOK:
            return False
        self._last = point
        self._state.remember()
        pane.dragging.emit(True)
        return True

    def drag(self, pane: MprPane, point: PointMm) -> None:
        if self._last is None:
            return
        if self._grip() is Grip.SHIFT:
            self._state.nudge(point.minus(self._last), remember=False)
        else:
            axes = pane.state.axes(pane.pane)
            centre = self._state.transform.centre
            by = _angle(point.minus(centre), axes) - _angle(self._last.minus(centre), axes)
            self._state.nudge(VectorMm(0.0, 0.0, 0.0), about(axes, by), remember=False)
        self._last = point

    def release(self, pane: MprPane, _point: PointMm) -> None:
        self._last = None
        pane.dragging.emit(False)


def _angle(vector: VectorMm, axes: Axes) -> float:
    """Clockwise on screen, degrees."""
    return math.degrees(math.atan2(vector.dot(axes.down), vector.dot(axes.right)))


def about(axes: Axes, degrees: float) -> tuple[float, float, float]:
    """The three turns of a turn about a pane's normal; exact for the standard planes, which this page shows."""
    normal = axes.normal
    return (normal.x * degrees, normal.y * degrees, normal.z * degrees)


def key_step(
    key: int, modifiers: Qt.KeyboardModifier, axes: Axes, grip: Grip
) -> tuple[VectorMm, tuple[float, float, float]] | None:
    """What a key does in a pane: shift in mm and turns in degrees; None for other keys."""
    size = 1.0
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        size = FINE
    elif modifiers & Qt.KeyboardModifier.ShiftModifier:
        size = COARSE
    still = VectorMm(0.0, 0.0, 0.0)
    if grip is Grip.TURN:
        sign = {Qt.Key.Key_Left: -1.0, Qt.Key.Key_Right: 1.0}.get(Qt.Key(key))
        return None if sign is None else (still, about(axes, sign * STEP_DEG * size))
    ways = {
        Qt.Key.Key_Left: axes.right.scaled(-1),
        Qt.Key.Key_Right: axes.right,
        Qt.Key.Key_Up: axes.down.scaled(-1),
        Qt.Key.Key_Down: axes.down,
    }
    way = ways.get(Qt.Key(key))
    return None if way is None else (way.scaled(STEP_MM * size), (0.0, 0.0, 0.0))
