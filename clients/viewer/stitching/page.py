"""The page of stitching: images lined up, joined automatically, moved by hand, shown and stored (VW-STI-01, -02)."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.desk import Desk
from clients.viewer.stitching.canvas import StitchCanvas, image_of_values, origin_of
from clients.viewer.stitching.making import PREVIEW_SIDE, Sources, dark_of, joints_of, picture, sources_of
from clients.viewer.stitching.model import Item, StitchState, title_of
from clients.viewer.volume.latest import LatestWorker
from clients.viewer.volume.painting import GreyLook, grey_picture
from shared.imaging.lut import Window, window_of_range
from shared.imaging.stitching import Blending, Direction, Joint, Placement

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

WIDTH = 296
DIRECTIONS = {Direction.DOWN: "从上到下", Direction.RIGHT: "从左到右"}
BLENDINGS = {
    Blending.FEATHER: "渐变",
    Blending.MEAN: "平均",
    Blending.FIRST: "前一幅在上",
    Blending.LAST: "后一幅在上",
}


class StitchPage(QWidget):
    """Works on `StitchState`; the feature shows and stores the result."""

    left = Signal()
    show_wanted = Signal()
    store_wanted = Signal()

    def __init__(self, desk: Desk, state: StitchState) -> None:
        super().__init__()
        self.setObjectName("stitching.page")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.state, self.sources = state, None
        self._desk = desk
        self._closed = False
        self._window: Window | None = None
        self._small: tuple[float, dict[str, Any]] | None = None
        self._busy = False
        self.worker = LatestWorker("stitching", self)
        self.worker.made.connect(self._on_made)
        self._labels: list[tuple[Any, str]] = []
        self.canvas = StitchCanvas(state)
        self.canvas.window_dragged.connect(self._drag_window)
        self.canvas.message = tr("正在载入图像…")
        self._build()
        self._forget = [state.changed.connect(self._on_changed)]
        self._timer = QTimer(self)
        self._timer.setInterval(150)
        self._timer.timeout.connect(self._look_for_images)
        self._timer.start()
        self.dress()
        self._on_changed()

    sources: Sources | None

    # --- building

    def _build(self) -> None:
        panel = QFrame()
        panel.setObjectName("stitching.panel")
        panel.setFixedWidth(current_theme().px(WIDTH))
        column = QVBoxLayout(panel)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(7)
        self._panel = panel
        column.addWidget(self._named(QLabel(), "图像顺序", heading=True))
        self.list = QListWidget()
        self.list.setObjectName("stitching.list")
        self.list.setMaximumHeight(current_theme().px(118))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.currentRowChanged.connect(lambda n: setattr(self.state, "selected", n))
        column.addWidget(self.list)
        row = QHBoxLayout()
        for name, text, call in (
            ("up", "上移", lambda: self.state.move(self.state.selected, -1)),
            ("down", "下移", lambda: self.state.move(self.state.selected, 1)),
            ("reverse", "反序", self.state.reverse),
        ):
            row.addWidget(self._button(name, text, call))
        column.addLayout(row)
        self.direction = self._choice("direction", "拼接方向", DIRECTIONS, "direction", column)
        self.blending = self._choice("blending", "融合方式", BLENDINGS, "blending", column)
        self.level = QCheckBox()
        self.level.setObjectName("stitching.level")
        self.level.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.level.setChecked(True)
        self.level.toggled.connect(lambda on: setattr(self.state, "level", on))
        column.addWidget(self._named(self.level, "均衡曝光"))
        self.frames = QCheckBox()
        self.frames.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.frames.setChecked(True)
        self.frames.toggled.connect(self._show_frames)
        column.addWidget(self._named(self.frames, "显示图像边框"))
        self.auto = self._button("auto", "自动拼接", self.join)
        column.addWidget(self.auto)
        column.addWidget(self._named(QLabel(), "选中图像的位置", heading=True))
        table = QGridLayout()
        self.numbers: list[QDoubleSpinBox] = []
        for n, (name, text) in enumerate((("row", "向下"), ("column", "向右"), ("turn", "旋转"))):
            box = QDoubleSpinBox()
            box.setObjectName(f"stitching.{name}")
            box.setDecimals(2)
            box.setRange(-20_000, 20_000) if n < 2 else box.setRange(-180, 180)
            box.setSuffix(" mm" if n < 2 else "°")
            box.setSingleStep(0.1)
            box.setKeyboardTracking(False)
            box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            box.valueChanged.connect(self._on_number)
            table.addWidget(self._named(QLabel(), text), n, 0)
            table.addWidget(box, n, 1)
            self.numbers.append(box)
        column.addLayout(table)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        column.addWidget(
            self._named(self.hint, "拖动移动；Shift+拖动旋转；方向键每次 1 像素，加 Ctrl 0.1，加 Shift 10")
        )
        column.addWidget(self._named(QLabel(), "结果", heading=True))
        self.result = QLabel()
        self.result.setObjectName("stitching.result")
        self.result.setWordWrap(True)
        column.addWidget(self.result)
        column.addStretch(1)
        row = QHBoxLayout()
        self.show_button = self._button("show", "显示结果", self.show_wanted.emit)
        self.store_button = self._button("store", "保存", self.store_wanted.emit)
        row.addWidget(self.show_button)
        row.addWidget(self.store_button)
        column.addLayout(row)
        column.addWidget(self._button("leave", "返回图像", self.left.emit))
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.canvas, 1)
        whole.addWidget(panel)

    def _named(self, widget: Any, text: str, *, heading: bool = False) -> Any:
        widget.setProperty("heading", heading)
        self._labels.append((widget, text))
        return widget

    def _button(self, name: str, text: str, call: Any) -> QPushButton:
        button = QPushButton()
        button.setObjectName(f"stitching.{name}")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda _on=False: call())
        self._named(button, text)
        return button

    def _choice(self, name: str, text: str, options: Any, attribute: str, column: QVBoxLayout) -> QComboBox:
        box = QComboBox()
        box.setObjectName(f"stitching.{name}")
        box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for key, words in options.items():
            box.addItem(words, key)
        box.activated.connect(lambda n: setattr(self.state, attribute, list(options)[n]))
        row = QHBoxLayout()
        label = self._named(QLabel(), text)
        label.setFixedWidth(current_theme().px(86))
        row.addWidget(label)
        row.addWidget(box, 1)
        column.addLayout(row)
        return box

    def dress(self) -> None:
        """Words and colours of today."""
        palette = current_theme().colours
        for widget, text in self._labels:
            widget.setText(tr(text))
        for box, options in ((self.direction, DIRECTIONS), (self.blending, BLENDINGS)):
            for n, words in enumerate(options.values()):
                box.setItemText(n, tr(words))
        self._panel.setStyleSheet(
            f"#stitching\\.panel {{ background: {palette.window}; border: none;"
            f" border-left: 1px solid {palette.hairline}; }}"
            f"QLabel {{ color: {palette.text_quiet}; }}"
            f'QLabel[heading="true"] {{ color: {palette.text}; font-weight: 600; }}'
        )

    # --- images and joints

    def _look_for_images(self) -> None:
        if all(self._desk.store.of(item.stack).has(item.index) for item in self.state.items):
            self._timer.stop()
            items = self.state.items
            self._desk.background.run(lambda: sources_of(items, self._desk.store), self._on_sources, self._fail)

    def _fail(self, sentence: str) -> None:
        if not self._closed:
            self.canvas.message = tr("图像不能拼接：{why}", why=tr(sentence))
            self.canvas.update()

    def _on_sources(self, sources: Sources) -> None:
        if self._closed:
            return
        self.sources, self.canvas.message = sources, ""
        largest = max(sum(item.rows for item in self.state.items), *(item.columns for item in self.state.items))
        scale = min(1.0, PREVIEW_SIDE / largest)
        self._small = (scale, sources.small(scale))
        first = self.state.items[0].stack.frame_header(self.state.items[0].index)
        values = next(iter(self._small[1].values()))
        own = next((voi for voi in first.voi if isinstance(voi, Window)), None)
        if own is not None:
            slope = first.modality.slope or 1.0
            self._window = Window((own.centre - first.modality.intercept) / slope, own.width / slope)
        else:
            self._window = window_of_range(float(values.min()), float(values.max()))
        self.join()

    def join(self) -> None:
        """Find the joints of all images in the background."""
        if self.sources is None or self._busy or len(self.state.items) < 2:
            return
        self._busy = True
        self.auto.setEnabled(False)
        self.result.setText(tr("正在寻找接缝…"))
        items, sources, direction = self.state.items, self.sources, self.state.direction

        def done(found: tuple[list[Joint], bool]) -> None:
            self._busy = False
            if self._closed:
                return
            self.auto.setEnabled(True)
            if items == self.state.items or [i.uid for i in items] == [i.uid for i in self.state.items]:
                if found[1]:
                    self.state.reverse()
                self.state.take(found[0])
                self.canvas.fit()

        def failed(sentence: str) -> None:
            self._busy = False
            if not self._closed:
                self.auto.setEnabled(True)
                self.result.setText(tr(sentence))

        self._desk.background.run(lambda: joints_of(items, sources, direction), done, failed, "stitching")

    # --- following

    def _on_changed(self) -> None:
        state = self.state
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([f"{n + 1}  {title_of(item)}" for n, item in enumerate(state.items)])
            self.list.setCurrentRow(state.selected)
        self.direction.setCurrentIndex(list(DIRECTIONS).index(state.direction))
        self.blending.setCurrentIndex(list(BLENDINGS).index(state.blending))
        item = state.items[state.selected]
        rows, columns = state.items[0].spacing_mm
        values = (item.place.row * rows, item.place.column * columns, item.place.rotation_deg)
        for box, number in zip(self.numbers, values, strict=True):
            with QSignalBlocker(box):
                box.setValue(number)
        if not self._busy:
            self._write_result()
        self.show_button.setEnabled(state.may_be_used and self.sources is not None)
        self.store_button.setEnabled(state.may_be_used and self.sources is not None)
        self._wish()

    def _write_result(self) -> None:
        lines, refused = [], False
        for n, joint in enumerate(self.state.joints):
            by_hand = self.state.is_by_hand(n)
            name = tr("接缝 {a}–{b}：", a=n + 1, b=n + 2)
            if by_hand:
                lines.append(name + tr("手动"))
            elif joint.refused:
                refused = True
                lines.append(name + refusal_text(joint.refused) + tr("，请手动移动"))
            elif math.isnan(joint.residual_mm):
                lines.append(name + tr("残差无法测量"))
            else:
                lines.append(name + tr("残差 {mm} mm", mm=f"{joint.residual_mm:.2f}"))
        if not lines:
            lines.append(tr("尚未拼接"))
        self.result.setText("\n".join(lines))
        colour = colours.WARNING if refused else current_theme().colours.text
        self.result.setStyleSheet(f"color: {colour};")

    def _on_number(self) -> None:
        rows, columns = self.state.items[0].spacing_mm
        row, column, turn = (box.value() for box in self.numbers)
        self.state.put(self.state.selected, Placement(row / rows, column / columns, turn))

    def _show_frames(self, on: bool) -> None:
        self.canvas.frames_shown = on
        self.canvas.update()

    def _drag_window(self, up: float, right: float) -> None:
        if self._window is not None:
            step = self._window.width / 400
            width = max(self._window.width + up * step, 1.0)
            self._window = Window(self._window.centre + right * step, width)
            self._wish()

    # --- picture

    def _wish(self) -> None:
        self.canvas.update()
        if self._small is None or self._window is None or self.sources is None:
            return
        state = self.state
        look = GreyLook(self._window, self.sources.inverted)
        work = functools.partial(
            _preview, self._small, state.items, state.blending, state.level, dark_of(self.sources), look
        )
        self.worker.wish("picture", work)

    def _on_made(self, _key: object, made: tuple[QImage, tuple[float, float], float]) -> None:
        self.canvas.show_picture(*made)

    # --- keys

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._step(event):
            event.accept()  # the arrows page elsewhere
            return True
        if event.type() is QEvent.Type.LanguageChange:
            self.dress()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = self._step(event)
        if step is not None:
            self.state.nudge(*step)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    @staticmethod
    def _step(event: QKeyEvent) -> tuple[float, float, float] | None:
        size = 1.0
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            size = 0.1
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            size = 10.0
        ways = {
            Qt.Key.Key_Up: (-size, 0.0, 0.0),
            Qt.Key.Key_Down: (size, 0.0, 0.0),
            Qt.Key.Key_Left: (0.0, -size, 0.0),
            Qt.Key.Key_Right: (0.0, size, 0.0),
        }
        return ways.get(Qt.Key(event.key()))

    def closing(self) -> None:
        """The page goes: follow nothing any more."""
        self._closed = True
        self._timer.stop()
        for forget in self._forget:
            forget()
        self._forget.clear()
        self.worker.close()


def _preview(
    small: tuple[float, dict[str, Any]],
    items: tuple[Item, ...],
    blending: Blending,
    level: bool,
    dark: float,
    look: GreyLook,
) -> tuple[QImage, tuple[float, float], float]:
    scale, images = small
    values = picture(images, items, blending, level, scale, dark)
    return image_of_values(grey_picture(values, look)), origin_of(items, scale), scale


def refusal_text(sentence: str) -> str:
    """Why a joint is refused, in the reader's language."""
    known = {
        "The images do not show a common part.": tr("图像没有共同的部分"),
        "There are two places where the images would fit equally well.": tr("有两个位置同样吻合"),
    }
    if sentence in known:
        return known[sentence]
    numbers = [word for word in sentence.split() if word.replace(".", "", 1).isdigit()]
    return tr("重叠处相差 {mm} mm", mm=numbers[0] if numbers else "?")
