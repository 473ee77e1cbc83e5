"""The row above a picture that is shown large: measuring tools, ruler and scale bar, copies."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl, Switch
from clients.kit.labels import Button, ValueLabel
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.media.canvas import PictureCanvas
from clients.pathology.media.measuring import Tool
from shared.contract.pathology_media import MediaFacts

_MOVE = "move"


class CanvasBar(QWidget):
    """Tools of one canvas."""

    back_wanted = Signal()
    copy_wanted = Signal()
    """A file with everything in its pixels."""
    derive_wanted = Signal()
    """A picture of the case with everything in its pixels; the original stays."""

    def __init__(self, canvas: PictureCanvas) -> None:
        super().__init__()
        self._canvas = canvas
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.back = Button("返回", "quiet", "arrow_left", on_click=self.back_wanted.emit)
        self.tools = SegmentedControl(
            [
                Option(_MOVE, "移动"),
                Option(Tool.LENGTH.value, "长度"),
                Option(Tool.ANGLE.value, "角度"),
                Option(Tool.AREA.value, "面积"),
            ],
            _MOVE,
        )
        self.tools.chosen.connect(self._on_tool)
        self.clear = Button("清除测量", "quiet", on_click=canvas.clear_measures)
        self.bar = Switch("标尺", checked=True)
        self.bar.toggled.connect(lambda on: canvas.set_shown(scale_bar=on))
        self.ruler = Switch("刻度", checked=False)
        self.ruler.toggled.connect(lambda on: canvas.set_shown(ruler=on))
        self.scale = ValueLabel("", "quiet")
        self.derive = Button("存为新图", "", "save", on_click=self.derive_wanted.emit)
        self.copy = Button("导出副本", "", "download", on_click=self.copy_wanted.emit)
        for widget in (self.back, self.tools, self.clear, self.bar, self.ruler):
            row.addWidget(widget)
        row.addWidget(self.scale, 1)
        row.addWidget(self.derive)
        row.addWidget(self.copy)

    def show_facts(self, facts: MediaFacts, *, expired: bool, may_keep: bool) -> None:
        """What is known of the picture's scale."""
        self.tools.set_current(_MOVE)
        self.derive.setEnabled(may_keep)
        tone = Tone.NEUTRAL
        if facts.um_per_pixel <= 0:
            words, tone = tr("未定标"), Tone.WARNING
        elif expired:
            words, tone = tr("采集时定标已过期"), Tone.DANGER
        else:
            words = f"{facts.objective}  {facts.um_per_pixel:.4g} µm/px".strip()
        self.scale.set_text(words)
        self.scale.setStyleSheet(f"color: {current_theme().tone(tone).text};")

    def take_length(self) -> None:
        """Measure lengths from now on."""
        self.tools.set_current(Tool.LENGTH.value)
        self._canvas.set_tool(Tool.LENGTH)

    def _on_tool(self, key: str) -> None:
        self._canvas.set_tool(None if key == _MOVE else Tool(key))
