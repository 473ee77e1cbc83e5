"""The options of the curved picture, opened by the triangle at its lower left (VW-CPR-04 to -08)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QHBoxLayout, QLabel, QSlider, QWidget

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.volume.cpr_state import THICKEST_MM, CprState
from shared.imaging.curved import CurveMode
from shared.imaging.reformat import Projection

MODES = ((CurveMode.STRAIGHTENED, "拉直"), (CurveMode.STRETCHED, "拉伸"))
PROJECTIONS = ((Projection.MAX, "MaxIP"), (Projection.MIN, "MinIP"), (Projection.MEAN, "AvgIP"))


class CprOptions(QFrame):
    """Follows the state and changes it."""

    def __init__(self, state: CprState, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("cpr.options")
        self.state = state
        self.mode, self.projection = QComboBox(), QComboBox()
        for mode, name in MODES:
            self.mode.addItem(name, mode)
        for projection, name in PROJECTIONS:
            self.projection.addItem(name, projection)
        self.thickness, thickness = _slider(0, round(THICKEST_MM * 2))
        self.angle, angle = _slider(0, 360)
        self.width_, width = _slider(10, 200)
        self._figures = {"thickness": thickness, "angle": angle, "width": width}
        self._names = [QLabel() for _ in range(5)]
        form = QFormLayout(self)
        form.setContentsMargins(12, 10, 12, 10)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        rows: tuple[QWidget, ...] = (
            self.mode,
            self.projection,
            _beside(self.thickness, thickness),
            _beside(self.angle, angle),
            _beside(self.width_, width),
        )
        for label, row in zip(self._names, rows, strict=True):
            form.addRow(label, row)
        self.mode.currentIndexChanged.connect(lambda n: state.set(mode=MODES[n][0]))
        self.projection.currentIndexChanged.connect(lambda n: state.set(projection=PROJECTIONS[n][0]))
        self.thickness.valueChanged.connect(lambda value: state.set(thickness_mm=value / 2))
        self.angle.valueChanged.connect(lambda value: state.set(angle_deg=float(value)))
        self.width_.valueChanged.connect(lambda value: state.set(width_mm=float(value)))
        self.setFixedWidth(current_theme().px(320))
        self.retranslate()
        self.show_state()

    def show_state(self) -> None:
        """Put all controls to what the state says."""
        state = self.state
        for box, index in (
            (self.mode, [mode for mode, _ in MODES].index(state.mode)),
            (self.projection, [projection for projection, _ in PROJECTIONS].index(state.projection)),
        ):
            box.blockSignals(True)
            box.setCurrentIndex(index)
            box.blockSignals(False)
        # 360 and 0 are the same turn: the slider stays where the hand put it.
        angle = 360 if self.angle.value() == 360 and state.angle_deg == 0 else round(state.angle_deg)
        for slider, value in (
            (self.thickness, round(state.thickness_mm * 2)),
            (self.angle, angle),
            (self.width_, round(state.width_mm)),
        ):
            slider.blockSignals(True)
            slider.setValue(value)
            slider.blockSignals(False)
        self._figures["thickness"].setText(f"{state.thickness_mm:.1f} mm")
        self._figures["angle"].setText(f"{angle}°")
        self._figures["width"].setText(f"{state.width_mm:.0f} mm")

    def retranslate(self) -> None:
        names = (tr("CPR 模式"), tr("CPR 投影方式"), tr("层厚"), tr("CPR 角度"), tr("宽度"))
        for label, name in zip(self._names, names, strict=True):
            label.setText(name)
        for n, (_, name) in enumerate(MODES):
            self.mode.setItemText(n, tr(name))
        palette = current_theme().colours
        self.setStyleSheet(
            f"CprOptions {{ background: {palette.window}; border: 1px solid {palette.border}; border-radius: 6px; }}"
            f"QLabel {{ color: {palette.text_quiet}; background: transparent; }}"
        )


def _slider(low: int, high: int) -> tuple[QSlider, QLabel]:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    figure = QLabel()
    figure.setFixedWidth(current_theme().px(58))
    figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return slider, figure


def _beside(slider: QSlider, figure: QLabel) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(slider, 1)
    layout.addWidget(figure)
    return row
