"""The window of 图像分析: one tool at a time with a live preview, the list of steps, and a new picture at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from clients.kit.camera.importing import from_image
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.running import TaskRunner
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.analysis.annotating import Annotation, annotated
from clients.pathology.analysis.processing import Impossible, Operation, Picture, Step, apply, scale_factor
from clients.pathology.media.canvas import PictureCanvas
from clients.pathology.media.measuring import Measurement, Tool

_PREVIEW_SIDE = 1600
"""While a slider moves, a picture of this size is worked on."""


@dataclass(frozen=True)
class Slide:
    """One number of a tool: words, range in whole steps, value, and what a whole step is worth."""

    words: str
    low: int
    high: int
    value: int
    unit: float = 1.0


TOOLS: dict[str, tuple[str, tuple[Slide, ...]]] = {
    Operation.TONES: (
        "亮度 / 对比度 / 伽马",
        (Slide("亮度", -100, 100, 0), Slide("对比度", -100, 100, 0), Slide("伽马", 20, 300, 100, 0.01)),
    ),
    Operation.COLOURS: (
        "色彩平衡",
        (Slide("红", -100, 100, 0), Slide("绿", -100, 100, 0), Slide("蓝", -100, 100, 0)),
    ),
    Operation.GREY: ("灰度", ()),
    Operation.INVERT: ("反相", ()),
    Operation.SHARPEN: ("锐化", (Slide("强度", 0, 300, 100, 0.01),)),
    Operation.SMOOTH: ("平滑", (Slide("半径（像素）", 5, 200, 20, 0.1),)),
    Operation.EDGES: ("边缘检测", (Slide("下限", 0, 400, 80), Slide("上限", 0, 400, 160))),
    Operation.THRESHOLD: ("阈值分割", (Slide("阈值（0 为自动）", 0, 254, 0),)),
    Operation.ROTATE: ("旋转", (Slide("角度", -180, 180, 90),)),
    Operation.FLIP: ("翻转", (Slide("0 左右，1 上下", 0, 1, 0),)),
    Operation.CROP: ("裁剪", ()),
    Operation.ZOOM: ("缩放", (Slide("百分比", 10, 400, 100, 0.01),)),
    "annotate": ("文字与箭头标注", ()),
}


class Editor(QWidget):
    """Works on one picture. `keep(image, words of the steps, factor of enlargement)` is what 存为新图 does."""

    def __init__(
        self,
        picture: QImage,
        tool: str,
        runner: TaskRunner,
        keep: Callable[[QImage, tuple[str, ...], float], None],
        say: Callable[[str, Tone], None],
        um_per_pixel: float = 0.0,
    ) -> None:
        super().__init__()
        self._original: Picture = from_image(picture)
        self._runner, self._keep, self._say, self._um = runner, keep, say, um_per_pixel
        self._done: list[Step | Annotation] = []
        self._present: Picture = self._original
        self._line: tuple[tuple[float, float], ...] = ()
        self._sliders: list[tuple[QSlider, Slide, ValueLabel]] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(12)
        self.canvas = PictureCanvas()
        self.canvas.set_shown(scale_bar=False)
        self.canvas.measured.connect(self._on_line)
        row.addWidget(self.canvas, 1)
        self._side = QVBoxLayout()
        self._side.setSpacing(8)
        row.addLayout(self._side)
        self.tool = QComboBox()
        for key, (words, _slides) in TOOLS.items():
            self.tool.addItem(tr(words), key)
        self.tool.setMinimumWidth(260)
        self._side.addWidget(self.tool)
        self.note = Label("", "quiet", wrap=True)
        self._side.addWidget(self.note)
        self._grid = QGridLayout()
        self._side.addLayout(self._grid)
        self.words = _line_edit()
        self._side.addWidget(self.words)
        self.do = Button("应用", "", "check", on_click=self.apply_tool)
        self.back = Button("撤销上一步", "", "undo", on_click=self.undo)
        self.steps = QListWidget()
        self.save = Button("存为新图", "primary", "save", on_click=self.keep)
        for widget in (self.do, self.back, Label("步骤", "quiet"), self.steps, self.save):
            self._side.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(60)
        self._timer.timeout.connect(self._preview)
        self.tool.currentIndexChanged.connect(self._on_tool)
        self._show(self._present)
        self.tool.setCurrentIndex(max(0, self.tool.findData(tool)))
        self._on_tool()

    @property
    def key(self) -> str:
        """The tool in hand."""
        return str(self.tool.currentData())

    @property
    def present(self) -> Picture:
        """The picture after the steps that were applied."""
        return self._present

    def set_values(self, *values: int) -> None:
        """Move the sliders."""
        for (slider, _slide, _number), value in zip(self._sliders, values, strict=True):
            slider.setValue(value)

    def present_step(self) -> Step | Annotation | None:
        """What 应用 would do; None while something is missing."""
        if self.key == "annotate":
            text = self.words.text().strip()
            return Annotation(self._line, text) if len(self._line) == 2 or (text and self._line) else None
        operation = Operation(self.key)
        if operation is Operation.CROP:
            if len(self._line) != 2:
                return None
            (x1, y1), (x2, y2) = self._line
            return Step(operation, (min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1)))
        return Step(operation, tuple(slider.value() * slide.unit for slider, slide, _ in self._sliders))

    def apply_tool(self) -> None:
        """应用: the step is done on the whole picture."""
        step = self.present_step()
        if step is None:
            self._say(tr("请先在图像上从一角拖到另一角。"), Tone.WARNING)
            return
        before = self._present

        def done(picture: Picture) -> None:
            self._done.append(step)
            self._take(picture)

        self._runner.run(lambda: _do(before, step), done, self._failed, key="analysis")

    def undo(self) -> None:
        """Take the last step back: the others are done again on the original."""
        if not self._done:
            return
        steps = self._done[:-1]

        def work() -> Picture:
            picture = self._original
            for step in steps:
                picture = _do(picture, step)
            return picture

        def done(picture: Picture) -> None:
            self._done = steps
            self._take(picture)

        self._runner.run(work, done, self._failed, key="analysis")

    def keep(self) -> None:
        """存为新图: the original stays."""
        if not self._done:
            self._say(tr("还没有应用任何步骤。"), Tone.WARNING)
            return
        plain = [step for step in self._done if isinstance(step, Step)]
        self._keep(to_image(self._present), tuple(step.words for step in self._done), scale_factor(plain))

    def _take(self, picture: Picture) -> None:
        self._present, self._line = picture, ()
        self.steps.clear()
        for number, step in enumerate(self._done, 1):
            words = TOOLS[step.operation][0] if isinstance(step, Step) else TOOLS["annotate"][0]
            self.steps.addItem(f"{number}  {tr(words)}")
        self._show(picture)
        self._on_tool()

    @Slot()
    def _on_tool(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._sliders = []
        for row, slide in enumerate(TOOLS[self.key][1]):
            self._add_slider(row, slide)
        drawn = self.key in (Operation.CROP, "annotate")
        self.words.setVisible(self.key == "annotate")
        notes = {
            Operation.CROP: "在图像上从一角拖到另一角，再点“应用”。",
            "annotate": "在图像上拖出箭头（指向终点），可写文字，再点“应用”。",
        }
        self.note.set_source(notes.get(self.key, ""))
        self.note.setVisible(drawn)
        self.canvas.set_tool(Tool.LENGTH if drawn else None)
        self._line = ()
        self._preview()

    def _add_slider(self, row: int, slide: Slide) -> None:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(slide.low, slide.high)
        slider.setValue(slide.value)
        slider.setMinimumWidth(130)
        number = ValueLabel(f"{slide.value * slide.unit:g}")
        number.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        number.setFixedWidth(44)
        slider.valueChanged.connect(lambda value, slide=slide: number.set_text(f"{value * slide.unit:.4g}"))
        slider.valueChanged.connect(self._timer.start)
        self._sliders.append((slider, slide, number))
        self._grid.addWidget(Label(slide.words), row, 0)
        self._grid.addWidget(slider, row, 1)
        self._grid.addWidget(number, row, 2)

    @Slot(object)
    def _on_line(self, measure: Measurement) -> None:
        self._line = measure.points
        self.canvas.keep_only(measure)

    @Slot()
    def _preview(self) -> None:
        """Show the tool's effect on a reduced copy; turning, cutting and zooming are shown when they are applied."""
        if self.key in (Operation.CROP, Operation.ZOOM, Operation.ROTATE, Operation.FLIP, "annotate"):
            self._show(self._present)
            return
        step, present = self.present_step(), self._present
        if not isinstance(step, Step):
            return

        def work() -> Picture:
            import cv2

            factor = min(1.0, _PREVIEW_SIDE / max(present.shape[:2]))
            size = (max(8, round(present.shape[1] * factor)), max(8, round(present.shape[0] * factor)))
            return apply(cv2.resize(present, size, interpolation=cv2.INTER_AREA), [step])

        self._runner.run(work, self._show, self._failed, key="analysis.preview")

    def _show(self, picture: Picture) -> None:
        tool = Tool.LENGTH if self.key in (Operation.CROP, "annotate") else None
        self.canvas.show_picture(to_image(picture))
        self.canvas.set_tool(tool)

    def _failed(self, error: Exception) -> None:
        words = str(error) if isinstance(error, Impossible) else "图像处理没有完成，请重试。"
        self._say(tr(words), Tone.DANGER)


def _do(picture: Picture, step: Step | Annotation) -> Picture:
    if isinstance(step, Step):
        return apply(picture, [step])
    return from_image(annotated(to_image(picture), step))


def to_image(picture: Picture) -> QImage:
    """The pixels as a QImage of its own."""
    height, width = picture.shape[:2]
    return QImage(picture.data, width, height, picture.strides[0], QImage.Format.Format_BGR888).copy()


def _line_edit() -> Any:
    from PySide6.QtWidgets import QLineEdit

    made = QLineEdit()
    made.setMaxLength(60)
    made.setPlaceholderText(tr("标注文字"))
    return made
