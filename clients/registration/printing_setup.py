"""Which printer of this desk takes which document and how, a test page, and what waits to be printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, NumberField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.printing.queue import PrintQueue
from clients.kit.printing.setup import FOLDER_KEY, KIND_WORDS, Desk, PrinterSetup
from clients.kit.scanner import GAP_KEY, PREFIX_KEY, SUFFIX_KEY
from clients.kit.settings import UserSettings
from clients.registration.print_waiting import WaitingPrints

_LABEL_KINDS = frozenset({"barcode", "wristband", "ticket"})
_VIA = (
    Choice("file", "不打印，保存为文件"),
    Choice("driver", "普通打印机（驱动）"),
    Choice("queue", "标签打印机（系统队列）"),
    Choice("tcp", "标签打印机（网络地址）"),
)
_LANGUAGES = (Choice("zpl", "ZPL", translate=False), Choice("tspl", "TSPL", translate=False))
_DPIS = tuple(Choice(dpi, f"{dpi} dpi", translate=False) for dpi in (203, 300, 600))
_SHOWN = {
    "file": (),
    "driver": ("name", "copies", "offset_x_mm", "offset_y_mm"),
    "queue": ("name", "language", "dpi", "copies", "darkness", "offset_x_mm", "offset_y_mm"),
    "tcp": ("host", "port", "language", "dpi", "copies", "darkness", "offset_x_mm", "offset_y_mm"),
}
_OPTIONAL = tuple(dict.fromkeys(key for keys in _SHOWN.values() for key in keys))


def printer_names() -> list[str]:
    """The printers that this computer knows."""
    from clients.kit.printing.transports import system_queues

    return system_queues()


class PrintingSetup(QWidget):
    """Every choice is kept at once; there is nothing to confirm."""

    changed = Signal()
    """a choice was kept."""

    WIDTH = 460

    def __init__(
        self,
        settings: UserSettings,
        printers: list[str],
        queue: PrintQueue | None = None,
        test: Callable[[str], None] | None = None,
        later: Callable[[Callable[[], None]], None] = lambda work: work(),
    ) -> None:
        """`test` prints a test page of a kind; `later` does blocking work on another thread."""
        super().__init__()
        self._settings = settings
        self._desk = Desk(settings)
        self._printers = printers
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer.addWidget(area)
        inside = QWidget()
        area.setWidget(inside)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(16)
        self.form = self._make_form()
        layout.addWidget(self.form)
        self._no_printer = Label("这台电脑上没有找到打印机，请先在系统中安装打印机。", "quiet", wrap=True)
        layout.addWidget(self._no_printer)
        line = QHBoxLayout()
        self.test_button = Button(
            "测试打印", "", "print", on_click=lambda: test(self._kind) if test is not None else None
        )
        self.test_button.setVisible(test is not None)
        line.addWidget(self.test_button)
        line.addStretch(1)
        layout.addLayout(line)
        self.waiting = WaitingPrints(queue, later) if queue is not None else None
        if self.waiting is not None:
            layout.addWidget(self.waiting)
        self.more = self._make_more()
        layout.addWidget(self.more)
        layout.addStretch(1)
        self._show_kind("barcode")

    def _make_form(self) -> FormView:
        form = FormView(
            [
                Section(
                    "",
                    [
                        ChoiceField(
                            key="kind",
                            label="文档",
                            choices=[Choice(kind, words) for kind, words in KIND_WORDS.items()],
                            initial="barcode",
                        ),
                        ChoiceField(key="via", label="打印到", choices=_VIA, initial="file"),
                        ChoiceField(key="name", label="打印机", choices=(), span=2),
                        TextField(key="host", label="地址", max_length=120, placeholder="例如 192.168.1.20"),
                        NumberField(key="port", label="端口", minimum=1, maximum=65535, initial=9100),
                        ChoiceField(key="language", label="打印语言", choices=_LANGUAGES, initial="zpl"),
                        ChoiceField(key="dpi", label="分辨率", choices=_DPIS, initial=203),
                        NumberField(key="copies", label="份数", minimum=1, maximum=99, initial=1),
                        NumberField(key="darkness", label="浓度", maximum=30, hint="0–30，留空用打印机自己的设置"),
                        NumberField(
                            key="offset_x_mm", label="右移", unit="mm", minimum=-50, maximum=50, decimals=1, initial=0
                        ),
                        NumberField(
                            key="offset_y_mm", label="下移", unit="mm", minimum=-50, maximum=50, decimals=1, initial=0
                        ),
                    ],
                )
            ],
            columns=2,
        )
        form.changed.connect(self._changed)
        return form

    def _make_more(self) -> FormView:
        gap = NumberField(
            key=GAP_KEY, label="字符间隔", unit="ms", minimum=10, maximum=200, initial=35,
            hint="慢速扫描枪可调大，最多 200 毫秒。",
        )  # fmt: skip
        more = FormView(
            [
                Section(
                    "",
                    [
                        TextField(
                            key=FOLDER_KEY,
                            label="文件夹",
                            max_length=400,
                            hint="没有打印机时文件保存在这里；留空为默认文件夹。",
                            span=2,
                        )
                    ],
                ),
                Section(
                    "扫描枪",
                    [
                        TextField(key=PREFIX_KEY, label="前缀", max_length=8),
                        TextField(
                            key=SUFFIX_KEY, label="后缀", max_length=8, hint="扫描枪加在条码前后的字符；留空为没有。"
                        ),
                        gap,
                    ],
                ),
            ],
            columns=2,
        )
        for key in (FOLDER_KEY, PREFIX_KEY, SUFFIX_KEY):
            more.set_values({key: str(self._settings.get(key, "") or "")})
        more.set_values({GAP_KEY: self._settings.get(GAP_KEY, 35)})
        more.changed.connect(self._keep_more)
        return more

    @property
    def _kind(self) -> str:
        return str(self.form.value("kind") or "barcode")

    def _show_kind(self, kind: str) -> None:
        setup = self._desk.setup(kind)
        is_label = kind in _LABEL_KINDS
        self.form.set_choices("via", [one for one in _VIA if is_label or one.value in ("file", "driver")])
        names = [*self._printers, *([setup.name] if setup.name and setup.name not in self._printers else [])]
        self.form.set_choices("name", [Choice(name, name, translate=False) for name in names])
        values: dict[str, Any] = msgspec.to_builtins(setup)
        values["name"] = setup.name or None
        values["kind"] = kind
        self.form.set_values(values)
        self._show_fields(setup.via)

    def _show_fields(self, via: str) -> None:
        for key in _OPTIONAL:
            self.form.rows[key].setVisible(key in _SHOWN.get(via, ()))
        self._no_printer.setVisible(via in ("driver", "queue") and not self._printers)

    def _changed(self, key: str) -> None:
        if key == "kind":
            self._show_kind(self._kind)
            return
        values = {name: value for name, value in self.form.values().items() if name != "kind"}
        if any(self.form.rows[name].field.problem(value) for name, value in values.items()):
            return
        usual = PrinterSetup()
        filled = {
            name: getattr(usual, name) if value is None and name != "darkness" else value
            for name, value in values.items()
        }
        setup = msgspec.convert(filled, PrinterSetup, strict=False)
        self._desk.keep(self._kind, setup)
        self._show_fields(setup.via)
        self.changed.emit()

    def _keep_more(self, key: str) -> None:
        value = self.more.value(key)
        if self.more.rows[key].field.problem(value):
            return
        self._settings.set(key, (value or 35) if key == GAP_KEY else str(value or ""))
        self.changed.emit()
