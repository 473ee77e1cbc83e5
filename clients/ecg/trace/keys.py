"""The keys of the waveform area while it has the focus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from clients.ecg.trace.choices import Mark, Mode, Spacing
from shared.waveform.paper import GAINS, SPEEDS

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from clients.ecg.trace.widget import TraceView

_MODES = {
    Qt.Key.Key_M: Mode.MEASURE,
    Qt.Key.Key_C: Mode.CALIPER,
    Qt.Key.Key_P: Mode.PARALLEL,
    Qt.Key.Key_G: Mode.MAGNIFY,
    Qt.Key.Key_T: Mode.POINTS,
}
_SIDES = (Qt.Key.Key_Left, Qt.Key.Key_Right)
_ARROWS = (*_SIDES, Qt.Key.Key_Up, Qt.Key.Key_Down)
KEYS = (
    ("+ / −", "放大 / 缩小"),
    ("0", "复位到实际大小"),
    ("F", "整页适合窗口"),
    ("← → ↑ ↓", "移动波形；分规模式下逐个采样移动"),
    ("← →", "测量时移动终点一个采样（Shift：起点）"),
    ("↑ ↓", "测量时选择另一个测量"),
    ("PageUp / PageDown", "上一页 / 下一页"),
    ("[ / ]", "走纸速度慢 / 快"),
    ("; / '", "增益小 / 大"),
    ("W", "普通间距 / 加宽间距"),
    ("M C P G T", "测量、分规、平行线、放大镜、标点"),
    ("B", "显示心搏标记"),
    ("Enter", "发送选中的测量值"),
    ("Delete", "删除选中的测量"),
    ("Esc", "退出模式"),
)
"""What help shows: keys, Chinese words."""


def pressed(view: TraceView, event: QKeyEvent) -> bool:
    """True when the key meant something here."""
    if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
        return False
    key = Qt.Key(event.key())
    if key in _MODES:
        view.set_mode(Mode.READ if view.mode is _MODES[key] else _MODES[key])
        return True
    return _place(view, key) or _choice(view, key) or _tool(view, key, event)


def _place(view: TraceView, key: Qt.Key) -> bool:
    if key == Qt.Key.Key_0:
        view.reset()
    elif key == Qt.Key.Key_F:
        view.fit()
    elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
        view.show_page(view.model.page + (1 if key == Qt.Key.Key_PageDown else -1))
    elif key == Qt.Key.Key_Home:
        view.show_page(0)
    elif key == Qt.Key.Key_End:
        view.show_page(view.model.pages - 1)
    else:
        return False
    return True


def _choice(view: TraceView, key: Qt.Key) -> bool:
    choices = view.choices
    if key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
        speed = _next(SPEEDS, choices.speed, 1 if key == Qt.Key.Key_BracketRight else -1)
        view.set_choices(replace(choices, speed=speed))
    elif key in (Qt.Key.Key_Semicolon, Qt.Key.Key_Apostrophe):
        gain = _next(GAINS, view.model.gain(), 1 if key == Qt.Key.Key_Apostrophe else -1)
        view.set_choices(replace(choices, gain=gain))
    elif key == Qt.Key.Key_W:
        view.set_spacing(Spacing.NORMAL if choices.spacing is Spacing.WIDE else Spacing.WIDE)
    elif key == Qt.Key.Key_B:
        view.set_marks(choices.marks ^ {Mark.BEATS})
    else:
        return False
    return True


def _tool(view: TraceView, key: Qt.Key, event: QKeyEvent) -> bool:
    model, canvas = view.model, view.canvas
    if key == Qt.Key.Key_Escape and model.mode is not Mode.READ:
        view.set_mode(Mode.READ)
    elif key in _SIDES and model.mode is Mode.CALIPER and model.caliper is not None and model.record is not None:
        samples = (1 if key == Qt.Key.Key_Right else -1) * (
            10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        )
        hertz = model.record.sampling_hz
        model.caliper = model.caliper.moved(1, model.caliper.second + samples / hertz, hertz)
        canvas.update()
    elif view.measuring.chosen is None:
        return False
    elif key in _ARROWS and model.mode is Mode.MEASURE:
        _move_measurement(view, key, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
    elif key == Qt.Key.Key_Delete:
        view.measuring.remove_chosen()
    elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        view.measuring.send()
    else:
        return False
    return True


def _move_measurement(view: TraceView, key: Qt.Key, start: bool) -> None:
    """Left and right: an edge by one sample; up and down: another measurement."""
    if key in _SIDES:
        view.measuring.nudge(1 if key == Qt.Key.Key_Right else -1, start)
    else:
        view.measuring.step(1 if key == Qt.Key.Key_Down else -1)


def _next(steps: tuple[float, ...], now: float, by: int) -> float:
    place = min(range(len(steps)), key=lambda n: abs(steps[n] - now))
    return steps[min(max(place + by, 0), len(steps) - 1)]
