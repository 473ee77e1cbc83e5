"""The foot pedal: a keyboard of two or three keys on the floor. Which key does what is this desk's setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QKeySequenceEdit, QVBoxLayout, QWidget
from shiboken6 import isValid

from clients.kit.labels import Button, Label
from clients.kit.settings import UserSettings
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.bench.strip import GLOVED
from clients.pathology.desk import Desk
from clients.pathology.media.tab import PEDAL as CAPTURE

NEXT, RECORD = "pathology/pedal/next", "pathology/pedal/record"
DEFAULTS = {NEXT: "F13", CAPTURE: "F14", RECORD: "F15"}
"""Keys that no keyboard has and that pedals are usually programmed to."""
WORDS = {NEXT: "下一行", CAPTURE: "单帧采集", RECORD: "语音录入"}


def key_of(settings: UserSettings, action: str) -> str:
    """The key of a pedal action, as QKeySequence's text."""
    return str(settings.get(action, "") or DEFAULTS[action])


class Pedal:
    """The keys as shortcuts: each with the widget within whose window it is taken while that widget is seen.

    The next row and the recording are taken everywhere in the workstation; the capture only on the grossing page,
    because the imaging page takes that key by itself.
    """

    def __init__(self, settings: UserSettings, acts: Mapping[str, tuple[QWidget, Callable[[], object]]]) -> None:
        self._settings, self._acts = settings, acts
        self.shortcuts: dict[str, QShortcut] = {}
        self.follow()

    def follow(self) -> None:
        """Take the keys of the settings."""
        self.close()
        for action, (owner, act) in self._acts.items():
            shortcut = QShortcut(QKeySequence(key_of(self._settings, action)), owner)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(act)
            self.shortcuts[action] = shortcut

    def close(self) -> None:
        """Take no keys any more."""
        for shortcut in self.shortcuts.values():
            if isValid(shortcut):
                shortcut.setEnabled(False)
                shortcut.deleteLater()
        self.shortcuts = {}


class PedalPanel(QWidget):
    """脚踏设置: press the pedal in its field, and save."""

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        super().__init__()
        self._desk, self._changed = desk, changed
        self.setStyleSheet(GLOVED)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(12)
        box.addWidget(Label("点一下输入框，再踩一下脚踏。", wrap=True))
        form = QFormLayout()
        form.setVerticalSpacing(12)
        self.edits: dict[str, QKeySequenceEdit] = {}
        for action, words in WORDS.items():
            edit = QKeySequenceEdit(QKeySequence(key_of(desk.place.desk_settings, action)))
            edit.setMaximumSequenceLength(1)
            self.edits[action] = edit
            form.addRow(Label(words), edit)
        box.addLayout(form)
        row = QHBoxLayout()
        save = Button("保存", "primary", "save", on_click=self.save)
        row.addWidget(save)
        row.addStretch(1)
        box.addLayout(row)
        box.addStretch(1)

    def save(self) -> None:
        """Keep the keys for this desk; each must be another one."""
        keys = {action: edit.keySequence().toString() for action, edit in self.edits.items()}
        if not all(keys.values()) or len(set(keys.values())) < len(keys):
            self._desk.place.messages.say(tr("每个动作要有不同的脚踏键。"), Tone.WARNING)
            return
        for action, key in keys.items():
            self._desk.place.desk_settings.set(action, key)
        self._changed()
        self._desk.place.messages.say(tr("脚踏设置已保存"), Tone.SUCCESS)
        self._desk.close_panel()
