"""The side of the registration page: series, how they are shown, corrections, numbers, quality, what to do with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.registration.book import Origin
from clients.viewer.registration.hand import Grip
from clients.viewer.registration.running import refusal_text
from clients.viewer.registration.state import Mode, Quality, RegistrationState

WIDTH = 316
MODES = {
    Mode.BLEND: "混合",
    Mode.CHECKER: "棋盘",
    Mode.DIFFERENCE: "差值",
    Mode.OUTLINE: "轮廓",
    Mode.FIXED: "只看固定序列",
    Mode.MOVING: "只看移动序列",
}
GRIPS = {Grip.LOOK: "浏览", Grip.SHIFT: "平移配准", Grip.TURN: "旋转配准"}
HINTS = {
    Grip.LOOK: "翻页、缩放、移动图像、调窗与平时一样",
    Grip.SHIFT: "拖动移动序列；方向键每次 0.5 mm，加 Ctrl 0.1 mm，加 Shift 5 mm",
    Grip.TURN: "绕中心拖动旋转移动序列；左右键每次 0.5°，加 Ctrl 0.1°，加 Shift 5°",
}
WORDS = {
    Quality.NONE: "未配准（按坐标原样显示）",
    Quality.GOOD: "可信",
    Quality.FAIR: "可用，请核对",
    Quality.REFUSED: "不可信，未采用",
    Quality.HAND: "手动校正",
}
AXES = ("左右 X", "前后 Y", "头足 Z")


class RegistrationPanel(QFrame):
    """Shows `RegistrationState` and reports what is wanted."""

    pair_chosen = Signal(int, int)
    """Numbers of the fixed and the moving series in the lists."""
    automatic = Signal()
    cancelled = Signal()
    deformable = Signal(bool)
    adopted = Signal()
    cleared = Signal()
    offered = Signal(int)
    """Take the n-th object that was found in the study."""

    def __init__(self, state: RegistrationState) -> None:
        super().__init__()
        self.setObjectName("registration.panel")
        self._state = state
        self._forget = [state.changed.connect(self.refresh), state.looks_changed.connect(self._show_looks)]
        self._labels: list[tuple[QLabel | QPushButton | QToolButton, str]] = []
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(14, 12, 14, 12)
        self._column.setSpacing(6)
        self._build_series()
        self._build_looks()
        self._build_correction()
        self._build_bending()
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll, 1)
        foot = QWidget()
        self._column = QVBoxLayout(foot)
        self._column.setContentsMargins(14, 4, 14, 12)
        self._column.setSpacing(6)
        self._build_quality()
        whole.addWidget(foot)
        self.setFixedWidth(current_theme().px(WIDTH))
        self.dress()
        self.refresh()

    # --- building

    def _title(self, text: str) -> None:
        label = QLabel()
        label.setProperty("heading", True)
        self._labels.append((label, text))
        self._column.addSpacing(4)
        self._column.addWidget(label)

    def _button(self, name: str, text: str, layout: QHBoxLayout | QVBoxLayout) -> QPushButton:
        button = QPushButton()
        button.setObjectName(f"registration.{name}")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._labels.append((button, text))
        layout.addWidget(button)
        return button

    def _build_series(self) -> None:
        self.fixed, self.moving = QComboBox(), QComboBox()
        for box, name, text in ((self.fixed, "fixed", "固定序列"), (self.moving, "moving", "移动序列")):
            label = QLabel()
            label.setFixedWidth(current_theme().px(74))
            self._labels.append((label, text))
            box.setObjectName(f"registration.{name}")
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            box.activated.connect(
                lambda _n: self.pair_chosen.emit(self.fixed.currentIndex(), self.moving.currentIndex())
            )
            row = QHBoxLayout()
            row.addWidget(label)
            row.addWidget(box, 1)
            self._column.addLayout(row)

    def _build_looks(self) -> None:
        self._title("显示方式")
        self.mode = QComboBox()
        self.mode.setObjectName("registration.mode")
        self.mode.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for mode, text in MODES.items():
            self.mode.addItem(text, mode)
        self.mode.activated.connect(lambda n: setattr(self._state, "mode", Mode(self.mode.itemData(n))))
        self.share = QSlider(Qt.Orientation.Horizontal)
        self.share.setObjectName("registration.share")
        self.share.setRange(0, 100)
        self.share.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.share.valueChanged.connect(lambda value: setattr(self._state, "share", value / 100))
        self._column.addWidget(self.mode)
        self._column.addWidget(self.share)

    def _build_correction(self) -> None:
        row = QHBoxLayout()
        self.auto = self._button("auto", "自动配准", row)
        self.auto.clicked.connect(self.automatic)
        self.cancel = self._button("cancel", "停止", row)
        self.cancel.clicked.connect(self.cancelled)
        self._column.addLayout(row)
        self.progress = QProgressBar()
        self.progress.setRange(0, 100)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(current_theme().px(4))
        self._column.addWidget(self.progress)
        self._title("手动校正")
        grips = QHBoxLayout()
        self.grips = QButtonGroup(self)
        for n, (grip, text) in enumerate(GRIPS.items()):
            button = QToolButton()
            button.setObjectName(f"registration.{grip.value}")
            button.setCheckable(True)
            button.setChecked(grip is Grip.LOOK)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setMinimumWidth(current_theme().px(82))
            self._labels.append((button, text))
            self.grips.addButton(button, n)
            grips.addWidget(button)
        self.grips.idClicked.connect(lambda _n: self._show_hint())
        self._column.addLayout(grips)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self._column.addWidget(self.hint)
        table = QGridLayout()
        table.setHorizontalSpacing(8)
        self.numbers: list[QDoubleSpinBox] = []
        for n, text in enumerate(AXES):
            label = QLabel()
            self._labels.append((label, text))
            table.addWidget(label, n, 0)
        for n in range(6):
            box = QDoubleSpinBox()
            box.setObjectName(f"registration.{'shift' if n < 3 else 'turn'}.{'xyz'[n % 3]}")
            box.setDecimals(2)
            box.setRange(*((-2000.0, 2000.0) if n < 3 else (-180.0, 180.0)))
            box.setSingleStep(0.5)
            box.setSuffix(" mm" if n < 3 else "°")
            box.setKeyboardTracking(False)
            box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            box.setFixedWidth(current_theme().px(104 if n < 3 else 84))
            box.valueChanged.connect(self._on_number)
            table.addWidget(box, n % 3, 1 + n // 3)
            self.numbers.append(box)
        self._column.addLayout(table)
        self.back = self._button("back", "撤回一步", self._column)
        self.back.clicked.connect(self._state.step_back)

    def _build_quality(self) -> None:
        self._title("结果")
        self.word, self.figures = QLabel(), QLabel()
        for label in (self.word, self.figures):
            label.setWordWrap(True)
            self._column.addWidget(label)
        row = QHBoxLayout()
        self.adopt = self._button("adopt", "采用并保存", row)
        self.adopt.clicked.connect(self.adopted)
        self.clear = self._button("clear", "清除结果", row)
        self.clear.clicked.connect(self.cleared)
        self._column.addLayout(row)

    def _build_bending(self) -> None:
        self.offers = QComboBox()
        self.offers.setObjectName("registration.offers")
        self.offers.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.offers.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.offers.activated.connect(lambda n: self.offered.emit(n - 1) if n else None)
        self._column.addWidget(self.offers)
        self.bend = self._button("bend", "变形显示", self._column)
        self.bend.setCheckable(True)
        self.bend.toggled.connect(self.deformable)

    # --- showing

    @property
    def grip(self) -> Grip:
        return list(GRIPS)[max(self.grips.checkedId(), 0)]

    def show_series(self, names: Sequence[str], fixed: int, moving: int) -> None:
        for box, number in ((self.fixed, fixed), (self.moving, moving)):
            box.clear()
            box.addItems(list(names))
            box.setCurrentIndex(number)
            box.setToolTip(box.currentText())

    def show_offers(self, names: Sequence[str]) -> None:
        self.offers.clear()
        self.offers.addItem(tr("检查中的配准对象（{n}）", n=len(names)))
        self.offers.addItems(list(names))
        self.offers.setVisible(bool(names))

    def show_running(self, share: float | None) -> None:
        """How far the run is; None while there is none."""
        running = share is not None
        self.progress.setValue(round(100 * (share or 0.0)))
        self.progress.setVisible(running)
        self.cancel.setVisible(running)
        for button in (self.auto, self.bend):
            button.setEnabled(not running and self._ready)
        self.adopt.setEnabled(not running and self._ready and self._state.may_be_used)

    _ready = False

    def set_ready(self, ready: bool) -> None:
        """Both volumes are there."""
        self._ready = ready
        for box in self.numbers:
            box.setEnabled(ready)
        for button in self.grips.buttons():
            button.setEnabled(ready)
        self.show_running(None)

    def refresh(self) -> None:
        """Numbers, quality and buttons as the state says."""
        state, entry = self._state, self._state.entry
        values = (*entry.transform.translation, *entry.transform.rotation_deg)
        for box, value in zip(self.numbers, values, strict=True):
            with QSignalBlocker(box):
                box.setValue(value)
        word = tr(WORDS[state.quality])
        if state.quality is Quality.NONE and entry.transform.translation.length > 0:
            word = tr("未配准（坐标不同源，按中心对齐显示）")
        if state.quality is Quality.REFUSED:
            word += tr("：{why}。请手动校正后再采用", why=refusal_text(entry.refused))
        self.word.setText(word)
        colour = colours.WARNING if state.quality is Quality.REFUSED else current_theme().colours.text
        self.word.setStyleSheet(f"color: {colour};")
        self.figures.setText("\n".join(_two_by_two(self._figures())))
        self.figures.setVisible(bool(self.figures.text()))
        self.back.setEnabled(state.can_step_back)
        self.adopt.setEnabled(self._ready and state.may_be_used)

    def _figures(self) -> list[str]:
        entry = self._state.entry
        if self._state.quality is Quality.NONE:
            return []
        lines = []
        if self._state.quality is not Quality.HAND:
            if entry.disagreement_mm is not None:
                lines.append(tr("两次结果相差 {mm} mm", mm=f"{entry.disagreement_mm:.2f}"))
            if entry.overlap is not None:
                lines.append(tr("重叠 {percent}%", percent=round(100 * entry.overlap)))
            if entry.similarity is not None:
                lines.append(tr("互信息 {value}", value=f"{entry.similarity:.3f}"))
        shift, angle = entry.transform.translation.length, entry.transform.angle_deg
        lines.append(tr("共移动 {mm} mm，转动 {angle}°", mm=f"{shift:.1f}", angle=f"{angle:.1f}"))
        if entry.origin in (Origin.READ, Origin.FOREIGN) and (entry.author or entry.made):
            lines.append(" ".join(p for p in (entry.author, entry.made.replace("T", " ")[:16]) if p))
        return lines

    def _show_looks(self) -> None:
        with QSignalBlocker(self.mode), QSignalBlocker(self.share):
            self.mode.setCurrentIndex(list(MODES).index(self._state.mode))
            self.share.setValue(round(self._state.share * 100))
        self.share.setEnabled(self._state.mode is Mode.BLEND)

    def _show_hint(self) -> None:
        self.hint.setText(tr(HINTS[self.grip]))

    def _on_number(self) -> None:
        values = [box.value() for box in self.numbers]
        self._state.set_numbers(values[:3], values[3:])

    def dress(self) -> None:
        """Words and colours of today."""
        palette = current_theme().colours
        for widget, text in self._labels:
            widget.setText(tr(text))
        for n, text in enumerate(MODES.values()):
            self.mode.setItemText(n, tr(text))
        self.bend.setToolTip(tr("弹性配准，只供定位参考，不保存，不用于测量"))
        self.auto.setToolTip(tr("刚性配准：由粗到细，结果经过检验"))
        self._show_looks()
        self._show_hint()
        self.setStyleSheet(
            f"#registration\\.panel {{ background: {palette.window}; border: none;"
            f" border-left: 1px solid {palette.hairline}; }}"
            f"QLabel {{ color: {palette.text_quiet}; }}"
            f'QLabel[heading="true"] {{ color: {palette.text}; font-weight: 600; }}'
        )
        self.refresh()

    def closing(self) -> None:
        for forget in self._forget:
            forget()
        self._forget.clear()


def _two_by_two(lines: Sequence[str]) -> list[str]:
    """Figures that belong together on one line, the last ones alone."""
    short = [line for line in lines if len(line) < 24]
    pairs = ["   ".join(short[n : n + 2]) for n in range(0, len(short), 2)]
    return [*pairs, *(line for line in lines if len(line) >= 24)]
