"""测量定标 (PA-SET-06): a line on a picture of a stage micrometre, its true length, the scale; and the list."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QDoubleValidator, QIntValidator
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.kit.camera.live_grabber import fitted
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.media.bench import CaptureBench
from clients.pathology.media.canvas import PictureCanvas
from clients.pathology.media.devices import OBJECTIVES
from clients.pathology.media.measuring import Measurement, Tool, length
from shared.contract.pathology_media import AddCalibration, CalibrationView, ListCalibrations, WithdrawCalibration
from shared.domain.pathology_media import MediaSubject

_COLUMNS = ("摄像头", "物镜", "µm/像素", "定标人", "定标日期", "有效至", "状态")


class CalibrationPanel(QWidget):
    """Left the picture with the line, right the fields, below the calibrations there are."""

    def __init__(self, desk: Desk, bench: CaptureBench) -> None:
        super().__init__()
        self._desk, self._bench = desk, bench
        self._found: tuple[CalibrationView, ...] = ()
        self._pixels, self._width = 0.0, 0
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(16)
        self.canvas = PictureCanvas()
        self.canvas.set_shown(scale_bar=False)
        self.canvas.measured.connect(self._on_line)
        row.addWidget(self.canvas, 1)
        row.addLayout(self._fields())
        column.addLayout(row, 3)
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setHorizontalHeaderLabels([tr(words) for words in _COLUMNS])
        self.table.itemSelectionChanged.connect(self._follow)
        column.addWidget(self.table, 2)
        self.take_picture()
        self.reload()

    def _fields(self) -> QVBoxLayout:
        fields = QVBoxLayout()
        fields.setSpacing(8)
        self.objective = QComboBox()
        self.objective.setEditable(True)
        self.objective.addItems(OBJECTIVES)
        self.objective.setCurrentText(self._bench.objective)
        self.known = QLineEdit("100")
        self.known.setValidator(QDoubleValidator(0.1, 1_000_000, 3, self.known))
        self.days = QLineEdit("365")
        self.days.setValidator(QIntValidator(1, 3660, self.days))
        self.pixels = ValueLabel(tr("请在标尺上画线"), "strong")
        self.result = ValueLabel("", "strong")
        self.known.textChanged.connect(self._follow)
        self.days.textChanged.connect(self._follow)
        gross = self._bench.role is MediaSubject.GROSS
        for words, widget in (
            ("摄像头", ValueLabel(self._bench.camera_name)),
            ("物镜", ValueLabel(tr("大体")) if gross else self.objective),
            ("标尺上的长度（µm）", self.known),
            ("画线的长度", self.pixels),
            ("结果", self.result),
            ("有效天数", self.days),
        ):
            fields.addWidget(Label(words, "quiet"))
            fields.addWidget(widget)
        if gross:
            self.objective.setCurrentText("gross")
        self.take = Button("取当前画面", "", "camera", on_click=self.take_picture)
        self.keep = Button("保存定标", "primary", "check", on_click=self.save)
        self.withdraw = Button("停用所选", "danger", on_click=self.withdraw_chosen)
        for button in (self.take, self.keep, self.withdraw):
            button.setMinimumHeight(40)
            fields.addWidget(button)
        fields.addStretch(1)
        self.known.setMinimumWidth(220)
        return fields

    def take_picture(self) -> None:
        """The live picture as it is now, in full resolution."""
        shown = self._bench.grabber.take() if self._bench.is_live else None
        if shown is None:
            self.result.set_text(tr("没有画面，请先打开实时显示。"))
            self._follow()
            return
        height, width = shown.frame.picture.shape[:2]
        self.canvas.show_picture(fitted(shown.frame, (width, height)))
        self.canvas.set_tool(Tool.LENGTH)
        self._pixels, self._width = 0.0, width
        self.pixels.set_text(tr("请在标尺上画线"))
        self._follow()

    @Slot(object)
    def _on_line(self, measure: Measurement) -> None:
        self._pixels = length(measure.points[0], measure.points[1])
        self.canvas.keep_only(measure)
        self.pixels.set_text(f"{self._pixels:.1f} px")
        self._follow()

    @Slot()
    def _follow(self) -> None:
        scale = self._scale()
        if scale:
            self.result.set_text(f"{scale:.5g} µm/px")
        elif self._pixels:
            self.result.set_text("")
        self.keep.setEnabled(bool(scale) and self.days.hasAcceptableInput())
        chosen = self._chosen()
        self.withdraw.setEnabled(chosen is not None and chosen.current)

    def _scale(self) -> float:
        try:
            known = float(self.known.text())
        except ValueError:
            return 0.0
        return known / self._pixels if self._pixels >= 10 and known > 0 else 0.0

    def save(self) -> None:
        """保存定标."""
        request = AddCalibration(
            camera=self._bench.camera_name,
            objective=self.objective.currentText().strip(),
            width=self._width,
            known_um=float(self.known.text()),
            pixels=self._pixels,
            valid_days=int(self.days.text()),
        )
        place = self._desk.place

        def done(view: CalibrationView) -> None:
            place.messages.say(tr("定标已保存，有效至 {day}。", day=_day(view.expires_at)), Tone.SUCCESS)
            self.reload()

        place.runner.run(lambda: place.connection.call(request), done, place.messages.report)

    def withdraw_chosen(self) -> None:
        """停用所选."""
        chosen, place = self._chosen(), self._desk.place
        if chosen is not None:
            request = WithdrawCalibration(calibration_id=chosen.id)
            place.runner.run(lambda: place.connection.call(request), lambda _view: self.reload(), place.messages.report)

    def reload(self) -> None:
        """Fetch the list."""
        place = self._desk.place
        place.runner.run(
            lambda: place.connection.call(ListCalibrations()), self._show, place.messages.report, key="media.scales"
        )

    def _show(self, found: tuple[CalibrationView, ...]) -> None:
        self._found = found
        self._bench.calibrations = found
        self._bench.changed.emit()
        self.table.setRowCount(len(found))
        for row, one in enumerate(found):
            state = "已停用或已更新" if not one.current else "已过期" if one.expired else "使用中"
            objective = tr("大体") if one.objective == "gross" else one.objective
            texts: tuple[Any, ...] = (
                one.camera, objective, f"{one.um_per_pixel:.5g}", one.made_by, _day(one.made_at),
                _day(one.expires_at), tr(state),
            )  # fmt: skip
            for place, text in enumerate(texts):
                item = QTableWidgetItem(str(text))
                if place == 2:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, place, item)
        self._follow()

    def _chosen(self) -> CalibrationView | None:
        rows = self.table.selectionModel().selectedRows()
        return self._found[rows[0].row()] if rows and rows[0].row() < len(self._found) else None


def _day(moment: Any) -> str:
    return str(moment.astimezone().strftime("%Y-%m-%d"))
