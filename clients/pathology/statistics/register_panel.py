"""肿瘤登记导出: the days, and the file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from clients.kit.fields import DateField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.statistics.files import format_of, tongue, with_ending, write_sheet
from shared.contract.pathology_statistics import ExportTumours

_WORDS = (
    "按审核日期导出需要登记的肿瘤：ICD-O 行为码 /2 /3 /6 /9、脑和中枢神经系统的 /0 /1，"
    "或没有形态学编码时 ICD-10 为 C00–C97 等的病例。每个肿瘤一行。"
)


class RegisterPanel(QWidget):
    """It begins with the month before this one, which is what is reported."""

    def __init__(self, desk: Desk, today: Callable[[], date] = date.today) -> None:
        super().__init__()
        self._desk = desk
        last = today().replace(day=1) - timedelta(days=1)
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        DateField(key="first", label="审核日期从", required=True, initial=last.replace(day=1)),
                        DateField(key="last", label="审核日期到", required=True, initial=last),
                    ],
                )
            ],
            columns=1,
        )
        self.form.submitted.connect(self.choose)
        self.button = Button("导出…", "primary", "download", on_click=self.form.submit)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(12)
        box.addWidget(Label(_WORDS, "quiet", wrap=True))
        box.addWidget(self.form)
        box.addWidget(self.button)
        box.addStretch(1)

    def choose(self) -> None:
        """Ask for the file's place."""
        values = self.form.values()
        stem = tr("肿瘤登记 {first} {last}", first=values["first"], last=values["last"])
        kinds = tr("Excel 工作簿 (*.xlsx);;CSV 文件 (*.csv)")
        name, _kind = QFileDialog.getSaveFileName(self, tr("肿瘤登记导出"), f"{stem}.xlsx", kinds)
        if name:
            self.save_to(with_ending(Path(name)))

    def save_to(self, path: Path) -> None:
        """Ask for the sheet and write it."""
        values = self.form.values()
        request = ExportTumours(first=values["first"], last=values["last"], format=format_of(path), language=tongue())
        write_sheet(self._desk, request, path)
