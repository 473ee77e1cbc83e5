"""The magnifier over the paper and the panel of averaged beats beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.ecg.trace.beat_grid import BeatGrid, of_beat, of_median
from clients.kit.translations import tr

if TYPE_CHECKING:
    from clients.ecg.trace.canvas import Canvas

_MARGIN = 12
_LARGEST = (1040, 640)


class BeatPanels:
    """Both, fed from the canvas' model."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas, self._model = canvas, canvas.model
        self.magnifier = BeatGrid(canvas, zoom=2.0)
        self.average = BeatGrid(columns=2)
        self.average.setFixedWidth(320)
        self.magnifier.hide()
        self.average.hide()
        self.magnifier.closed.connect(self.magnifier.hide)

    def magnify(self, index: int | None) -> None:
        """The beat of that number in all leads; None closes."""
        model = self._model
        scene = model.scene()
        if index is None or model.record is None or model.store is None or scene is None:
            self.magnifier.hide()
            return
        page, beat = scene.page, model.beats[index]
        piece = model.piece(page) or model.store.raw(page.start, page.start + page.seconds)
        title = tr("心搏 {n}　{s} s", n=index + 1, s=f"{beat.r_ms / 1000:.2f}")
        self.magnifier.hint = tr("右键或 Esc 关闭")
        self.magnifier.show_beat(of_beat(model.record, beat, piece), title, model.view.pitch)
        self.magnifier.show()
        self.magnifier.raise_()
        self.place()

    def show_average(self) -> None:
        """The averaged beat anew, with that of the overlay below it; nothing while the panel is hidden."""
        model = self._model
        median = model.analysis.median if model.analysis is not None else None
        if self.average.isHidden() or model.record is None:
            return
        if median is None:
            self.average.show_beat(None, tr("没有平均心搏"), model.view.pitch)
            return
        other, leads = model.other.median if model.other is not None else None, model.record.leads
        below = of_median(other, leads) if other is not None else None
        title = tr("平均心搏（{n} 个）", n=median.count)
        self.average.show_beat(of_median(median, leads), title, model.view.pitch, below)

    def place(self) -> None:
        """The magnifier in the upper right corner."""
        area = self._canvas.rect()
        wide, high = (
            min(side - 2 * _MARGIN, most) for side, most in zip((area.width(), area.height()), _LARGEST, strict=True)
        )
        self.magnifier.setGeometry(area.width() - wide - _MARGIN, _MARGIN, max(wide, 1), max(high, 1))
