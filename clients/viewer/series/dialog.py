"""Which images of the viewport become a new series."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QPushButton, QSpinBox, QWidget

from clients.kit.theme import current_theme
from clients.kit.translations import tr


class NewSeriesDialog(QDialog):
    """``shown`` are the images in the viewport's windows, ``keys`` the key images; numbers of the stack from 0."""

    def __init__(self, parent: QWidget, count: int, shown: Sequence[int], keys: Sequence[int]) -> None:
        super().__init__(parent)
        self._shown, self._keys = list(shown), list(keys)
        self.setWindowTitle(tr("新增序列"))
        self.setMinimumWidth(current_theme().px(360))
        self.what = QComboBox()
        self.what.addItem(tr("当前视口显示的图像（{n} 幅）", n=len(shown)), "shown")
        self.what.addItem(tr("一段图像"), "range")
        if keys:
            self.what.addItem(tr("关键图像（{n} 幅）", n=len(keys)), "keys")
        self.first, self.last, self.step = QSpinBox(), QSpinBox(), QSpinBox()
        for box, value in ((self.first, 1), (self.last, count), (self.step, 1)):
            box.setRange(1, count)
            box.setValue(value)
        self.what.currentIndexChanged.connect(lambda _n: self._reflect())
        make, close = QPushButton(tr("新增")), QPushButton(tr("取消"))
        make.setProperty("look", "primary")
        make.clicked.connect(self.accept)
        close.clicked.connect(self.reject)
        form = QFormLayout(self)
        form.setContentsMargins(20, 20, 20, 16)
        form.setSpacing(10)
        form.addRow(tr("图像"), self.what)
        form.addRow(tr("从第"), self.first)
        form.addRow(tr("到第"), self.last)
        form.addRow(tr("每隔"), self.step)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(make)
        row.addWidget(close)
        form.addRow(row)
        if len(shown) == 1 and count > 1:
            self.what.setCurrentIndex(1)
        self._reflect()

    def indices(self) -> list[int]:
        """The chosen images, from 0."""
        kind = self.what.currentData()
        if kind == "shown":
            return self._shown
        if kind == "keys":
            return self._keys
        low, high = sorted((self.first.value(), self.last.value()))
        return list(range(low - 1, high, self.step.value()))

    def _reflect(self) -> None:
        for box in (self.first, self.last, self.step):
            box.setEnabled(self.what.currentData() == "range")
