"""Which printer of this desk takes which kind of document, and where files go without one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Label
from clients.kit.settings import UserSettings
from clients.registration.documents import FOLDER_KEY, PRINTER_KEY

KINDS = (("barcode", "条码打印机"), ("registration_form", "登记单打印机"), ("report", "报告打印机"))


def printer_names() -> list[str]:
    """The printers that this computer knows."""
    from PySide6.QtPrintSupport import QPrinterInfo

    return list(QPrinterInfo.availablePrinterNames())


class PrintingSetup(QWidget):
    """Every choice is kept at once; there is nothing to confirm."""

    changed = Signal()
    """a choice was kept."""

    def __init__(self, desk: UserSettings, printers: list[str]) -> None:
        super().__init__()
        self._desk = desk
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(12)
        none = Choice("", "不打印，保存为文件")
        chosen = {kind: str(desk.get(PRINTER_KEY.format(kind=kind), "")) for kind, _label in KINDS}
        known = [*printers, *(name for name in dict.fromkeys(chosen.values()) if name and name not in printers)]
        choices = [none, *(Choice(name, name, translate=False) for name in known)]
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        *(ChoiceField(key=kind, label=label, choices=choices, initial="") for kind, label in KINDS),
                        TextField(
                            key="folder",
                            label="文件夹",
                            max_length=400,
                            hint="没有打印机时文件保存在这里；留空为默认文件夹。",
                        ),
                    ],
                )
            ],
            columns=1,
        )
        self.form.set_values({**chosen, "folder": str(desk.get(FOLDER_KEY, ""))})
        self.form.changed.connect(self._keep)
        layout.addWidget(self.form)
        if not printers:
            layout.addWidget(Label("这台电脑上没有找到打印机，请先在系统中安装打印机。", "quiet", wrap=True))
        layout.addStretch(1)

    def _keep(self, key: str) -> None:
        value = str(self.form.value(key) or "")
        self._desk.set(FOLDER_KEY if key == "folder" else PRINTER_KEY.format(kind=key), value)
        self.changed.emit()
