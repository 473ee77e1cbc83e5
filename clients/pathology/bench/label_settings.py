"""标签设置 of this desk: which barcode its labels bear, and which printer takes cassette labels and slide labels."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, NumberField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button
from clients.kit.printing.setup import PrinterSetup
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.bench.labels import SYMBOLOGY, symbology_of
from clients.pathology.bench.strip import GLOVED
from clients.pathology.desk import Desk
from shared.contract.pathology_papers import CASSETTE, SLIDE, Symbology

SIZE = (460, 680)
_WAYS = (
    Choice("file", "不打印，保存为文件"),
    Choice("driver", "普通打印机（驱动）"),
    Choice("queue", "标签打印机（系统队列）"),
    Choice("tcp", "标签打印机（网络地址）"),
)


class LabelSettings(QWidget):
    """One kind of label at a time; the barcode is the desk's."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setStyleSheet(GLOVED)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(12)
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        ChoiceField(
                            key="symbology",
                            label="条码类型",
                            choices=[Choice(one.value, _name(one), translate=False) for one in Symbology],
                        ),
                        ChoiceField(
                            key="kind", label="标签", choices=[Choice(CASSETTE, "包埋条码"), Choice(SLIDE, "制片条码")]
                        ),
                        ChoiceField(key="via", label="打印到", choices=_WAYS),
                        TextField(key="name", label="打印机", max_length=120),
                        TextField(key="host", label="地址", max_length=120),
                        NumberField(key="port", label="端口", minimum=1, maximum=65_535),
                        ChoiceField(
                            key="language",
                            label="打印语言",
                            choices=[Choice(one, one.upper(), translate=False) for one in ("zpl", "tspl")],
                        ),
                        ChoiceField(
                            key="dpi",
                            label="分辨率",
                            choices=[Choice(one, f"{one} dpi", translate=False) for one in (203, 300, 600)],
                        ),
                    ],
                )
            ],
            columns=1,
        )
        box.addWidget(self.form)
        box.addWidget(Button("保存", "primary", "save", on_click=self.form.submit))
        box.addStretch(1)
        self.form.set_values({"symbology": symbology_of(desk).value, "kind": CASSETTE})
        self.form.changed.connect(self._on_changed)
        self.form.submitted.connect(self.save)
        self.show_setup()

    def show_setup(self) -> None:
        """Show the printer of the chosen kind of label."""
        setup: PrinterSetup = self._desk.papers.desk.setup(self.form.value("kind"))
        keys = ("via", "name", "host", "port", "language", "dpi")
        self.form.set_values({key: getattr(setup, key) for key in keys})

    def save(self) -> None:
        """Keep what stands in the fields for this desk."""
        values: dict[str, Any] = self.form.values()
        raw = values["via"] in ("driver", "queue") and not values["name"]
        if raw or (values["via"] == "tcp" and not values["host"]):
            self.form.show_problems({"host" if values["via"] == "tcp" else "name": tr("请填写打印机的名称或地址。")})
            return
        self._desk.place.desk_settings.set(SYMBOLOGY, values["symbology"])
        setup = PrinterSetup(
            via=values["via"],
            name=values["name"],
            host=values["host"],
            port=int(values["port"] or 9100),
            language=values["language"],
            dpi=int(values["dpi"]),
        )
        self._desk.papers.desk.keep(values["kind"], setup)
        self._desk.place.messages.say(tr("标签设置已保存"), Tone.SUCCESS)

    def _on_changed(self, key: str) -> None:
        if key == "kind":
            self.show_setup()


def show_label_settings(desk: Desk) -> None:
    """Open the settings in a window of their own: the buttons of the bench keep their room."""
    desk.show_window("标签设置", LabelSettings(desk), SIZE)


def _name(symbology: Symbology) -> str:
    return "Data Matrix" if symbology is Symbology.DATAMATRIX else "Code 128"
