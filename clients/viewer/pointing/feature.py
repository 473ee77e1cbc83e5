"""The keyboard pointer as a feature."""

from __future__ import annotations

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.pointing import texts
from clients.viewer.pointing.pointer import KeyboardPointer

register_catalogue(texts.CATALOGUE)
ON = "pointer.keyboard"
_ENTRIES = {"menu.more": (ON,)}


class PointingFeature(Feature):
    """Every tool of the left button by keys (VW-EX-09)."""

    actions = (Action(ON, "键盘指针", "Ctrl+Shift+X", hint="用方向键移动，回车按下或松开，删除键等于右键，Esc 结束"),)
    switches = frozenset({ON})
    needs_image = frozenset({ON})
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self.pointer = KeyboardPointer(desk)
        self.pointer.ended.connect(self._on_ended)
        desk.commands.on(ON, self._toggle)
        desk.stage.changed.connect(lambda _key: self.pointer.end())
        desk.session.studies_changed.connect(self.pointer.end)

    def reflect(self) -> None:
        self.desk.commands.qt(ON).setChecked(self.pointer.is_on)

    def _toggle(self) -> None:
        if self.pointer.is_on:
            self.pointer.end()
        elif self.desk.session.active_viewport.stack is not None and not self.desk.stage.key:
            self.pointer.begin()
            self.desk.say(tr("键盘指针：方向键移动（Shift 为一个像素），回车按下或松开，删除键等于右键，Esc 结束"))
            self.desk.reflect()

    def _on_ended(self) -> None:
        self.desk.say("")
        self.desk.reflect()
