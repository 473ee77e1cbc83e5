"""The small window at the lower right while measuring: what is measured, the values, where they go (ECG-MEAS-04)."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from clients.ecg.trace.measurement import PARAMETER_WORDS, Measurement, Parameter
from clients.ecg.trace.painting import measurement_words
from clients.kit.translations import tr

_ROWS = 4


class MeasureWindow(QFrame):
    """Shown while measuring; the owner places it."""

    parameter_chosen = Signal(object)
    """Parameter."""
    row_chosen = Signal(int)
    """A measurement by its number."""
    send = Signal(int)
    clear = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("look", "surface")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setFixedWidth(312)
        self.title = QLabel()
        self.close_button = QPushButton("×")
        self.close_button.setFlat(True)
        self.close_button.setStyleSheet("padding: 0;")
        self.close_button.setFixedSize(28, 28)
        self.close_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.parameter = QComboBox()
        self.parameter.setMaxVisibleItems(len(Parameter))
        self.rows = QListWidget()
        self.rows.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.setWordWrap(True)
        self.derived = QLabel()
        self.derived.setWordWrap(True)
        self.send_button, self.clear_button = QPushButton(), QPushButton()
        self.send_button.setProperty("look", "primary")
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.close_button)
        foot = QHBoxLayout()
        foot.addWidget(self.clear_button)
        foot.addStretch(1)
        foot.addWidget(self.send_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.parameter)
        column.addWidget(self.rows)
        column.addWidget(self.derived)
        column.addLayout(foot)
        self.retranslate()
        self.parameter.activated.connect(self._parameter_chosen)
        self.rows.currentRowChanged.connect(self.row_chosen)
        self.send_button.clicked.connect(self._send)
        self.clear_button.clicked.connect(self.clear)
        self.close_button.clicked.connect(self.closed)
        self.show_measurements((), -1)

    def retranslate(self) -> None:
        """The words again, after the language changed."""
        self.title.setText(tr("测量"))
        self.send_button.setText(tr("发送到参数区"))
        self.send_button.setToolTip(tr("把选中的测量值送到心电参数区（Enter）"))
        self.clear_button.setText(tr("清除"))
        self.clear_button.setToolTip(tr("清除全部测量；在波形上单击右键也可清除"))
        self.close_button.setToolTip(tr("退出测量（Esc）"))
        chosen = self.parameter.currentIndex()
        self.parameter.clear()
        for parameter in Parameter:
            self.parameter.addItem(tr(PARAMETER_WORDS[parameter]), parameter)
        self.parameter.setCurrentIndex(max(chosen, 0))
        self.parameter.setToolTip(tr("要测量的参数；也改变选中的测量"))

    def set_parameter(self, parameter: Parameter) -> None:
        """What the next rectangle measures."""
        self.parameter.setCurrentIndex(list(Parameter).index(parameter))

    def show_measurements(self, measurements: tuple[Measurement, ...], chosen: int) -> None:
        """The list anew."""
        self.rows.blockSignals(True)
        self.rows.clear()
        for number, one in enumerate(measurements):
            item = QListWidgetItem(f"{number + 1}  {one.lead}  {measurement_words(one, 0)}")
            item.setSizeHint(QSize(0, 26))
            self.rows.addItem(item)
        self.rows.setCurrentRow(chosen)
        self.rows.blockSignals(False)
        height = sum(self.rows.item(n).sizeHint().height() for n in range(min(len(measurements), _ROWS)))
        self.rows.setFixedHeight(height + 6)
        self.rows.setVisible(bool(measurements))
        one_chosen = 0 <= chosen < len(measurements)
        self.send_button.setEnabled(one_chosen)
        self.clear_button.setEnabled(bool(measurements))
        self.derived.setText(
            "　".join(f"{tr(each.name)} {each.value:g} {each.unit}" for each in measurements[chosen].derived())
            if one_chosen
            else tr("按住左键从起点拖到终点")
        )
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self.adjustSize()

    def _parameter_chosen(self, index: int) -> None:
        self.parameter_chosen.emit(list(Parameter)[index])

    def _send(self) -> None:
        self.send.emit(self.rows.currentRow())
