"""English of the keyboard pointer."""

from __future__ import annotations

CATALOGUE: dict[str, str] = {
    "键盘指针": "Keyboard pointer",
    "用方向键移动，回车按下或松开，删除键等于右键，Esc 结束": (
        "Arrow keys move it, Enter presses or lets go, Delete is the right button, Esc ends it"
    ),
    "键盘指针：方向键移动（Shift 为一个像素），回车按下或松开，删除键等于右键，Esc 结束": (
        "Keyboard pointer: arrow keys move it (Shift: one pixel), Enter presses or lets go, Delete is the right "
        "button, Esc ends it"
    ),
}
