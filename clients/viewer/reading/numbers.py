"""The pop-up that takes slab thickness, width and level as numbers (VW-SLB-01, -02)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QDialog, QDoubleSpinBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.viewport.slabs import slab_images
from clients.viewer.viewport.state import Slab, as_window
from clients.viewer.viewport.view import ViewportWidget
from shared.imaging.lut import LookupTable, Window

PROJECTIONS = (("max", "最大密度 (MIP)"), ("min", "最小密度 (MinIP)"), ("mean", "平均密度 (AvgIP)"))
WIDEST = 65_535.0


class NumbersDialog(QDialog):
    """Acts at once on the selected viewport, also when another one is selected meanwhile."""

    def __init__(self, view: Callable[[], ViewportWidget], parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self.setWindowTitle(tr("层厚与窗值"))
        self.setWindowFlag(Qt.WindowType.Tool, True)
        self.thickness = _number(0.0, 500.0, 1, " mm")
        self.thickness.setSpecialValueText(tr("单层"))
        self.projection = QComboBox()
        for key, text in PROJECTIONS:
            self.projection.addItem(tr(text), key)
        self.own = QComboBox()
        self.width_ = _number(1.0, WIDEST, 1)
        self.level = _number(-WIDEST, WIDEST, 1)
        self._note = QLabel()
        self._note.setWordWrap(True)
        form = QFormLayout(self)
        form.setContentsMargins(16, 16, 16, 12)
        form.setSpacing(8)
        form.addRow(tr("层厚"), self.thickness)
        form.addRow(tr("投影方式"), self.projection)
        form.addRow("", self._note)
        form.addRow(tr("文件中的窗"), self.own)
        form.addRow(tr("窗宽"), self.width_)
        form.addRow(tr("窗位"), self.level)
        close = QPushButton(tr("关闭"))
        close.clicked.connect(self.close)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        form.addRow(row)
        self.setFixedWidth(current_theme().px(340))
        self.thickness.valueChanged.connect(self._slab)
        self.projection.activated.connect(self._slab)
        self.own.activated.connect(self._pick)
        self.width_.valueChanged.connect(self._window)
        self.level.valueChanged.connect(self._window)
        self.take()

    def take(self) -> None:
        """Show the numbers of the selected viewport."""
        state = self._view().state
        with QSignalBlocker(self.thickness), QSignalBlocker(self.projection):
            self.thickness.setValue(state.slab.thickness_mm if state.slab is not None else 0.0)
            if state.slab is not None:
                self.projection.setCurrentIndex(self.projection.findData(state.slab.projection))
        frame, voi = state.frame, self._view().voi()
        own = frame.voi if frame is not None else ()
        self.own.clear()
        for n, each in enumerate(own):
            self.own.addItem(own_text(each, n), n)
        self.own.setEnabled(len(own) > 0)
        chosen = next((n for n, each in enumerate(own) if each is (state.voi or (own[0] if own else None))), -1)
        self.own.setCurrentIndex(chosen)
        can_window = state.stack is not None and voi is not None
        for box in (self.width_, self.level):
            box.setEnabled(can_window)
        if can_window and voi is not None:
            window = as_window(voi)
            small = window.width < 16
            with QSignalBlocker(self.width_), QSignalBlocker(self.level):
                for box in (self.width_, self.level):
                    box.setDecimals(3 if small else 1)
                self.width_.setMinimum(0.001 if small else 1.0)
                if not self.width_.hasFocus():
                    self.width_.setValue(window.width)
                if not self.level.hasFocus():
                    self.level.setValue(window.centre)
        self._explain()

    def _explain(self) -> None:
        state = self._view().state
        stack, frame = state.stack, state.frame
        can = False
        if stack is None or frame is None:
            text = tr("视口中没有图像")
        elif frame.plane is None or len(stack) < 2 or stack.order.spacing_mm is None:
            text = tr("这个序列没有空间位置，不能合成层厚")
        elif stack.image(state.index).pixel_format.is_colour:
            text = tr("彩色图像不能合成层厚")
        else:
            can = True
            slab = state.slab
            count = len(slab_images(stack, state.index, slab)) if slab is not None else 1
            mm = f"{stack.order.spacing_mm:g}"
            text = tr("层间距 {mm} mm，当前合成 {count} 幅；原始数据不变", mm=mm, count=count)
        for box in (self.thickness, self.projection):
            box.setEnabled(can)
        self._note.setText(text)

    def _slab(self) -> None:
        thickness = self.thickness.value()
        projection = str(self.projection.currentData())
        self._view().state.slab = Slab(thickness, projection) if thickness > 0 else None
        self._explain()

    def _pick(self, row: int) -> None:
        frame = self._view().state.frame
        if frame is not None and 0 <= row < len(frame.voi):
            self._view().state.voi = frame.voi[row]
            self.take()

    def _window(self) -> None:
        voi = self._view().voi()
        if voi is not None:
            self._view().state.voi = Window(self.level.value(), self.width_.value(), as_window(voi).function)


def own_text(voi: Window | LookupTable, number: int) -> str:
    """A window of the file by its explanation and numbers."""
    if isinstance(voi, LookupTable):
        return f"{number + 1}. VOI LUT {voi.name}".strip()
    return f"{number + 1}. {voi.name} {voi.width:g}/{voi.centre:g}".replace("  ", " ")


def _number(least: float, most: float, decimals: int, suffix: str = "") -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(least, most)
    box.setDecimals(decimals)
    box.setSuffix(suffix)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setKeyboardTracking(False)
    return box
