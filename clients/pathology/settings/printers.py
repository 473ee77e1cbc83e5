"""打印机设置: a printer of this computer for each kind of paper and label (PA-SET-14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, NumberField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords
from clients.kit.panels import scrolling
from clients.kit.printing.setup import PATHOLOGY_PAPERS, PrinterSetup
from clients.kit.printing.setup import Desk as Printing
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.laying import column_of, row_of
from clients.pathology.settings.page import SettingsPage, framed

_SIDE = 400
_VIA = (
    Choice("file", "不打印，保存为文件"),
    Choice("driver", "普通打印机（驱动）"),
    Choice("queue", "标签打印机（系统队列）"),
    Choice("tcp", "标签打印机（网络地址）"),
)
_SHOWN = {
    "file": (),
    "driver": ("name", "copies", "offset_x_mm", "offset_y_mm"),
    "queue": ("name", "language", "dpi", "copies", "darkness", "offset_x_mm", "offset_y_mm"),
    "tcp": ("host", "port", "language", "dpi", "copies", "darkness", "offset_x_mm", "offset_y_mm"),
}
_OPTIONAL = tuple(dict.fromkeys(key for keys in _SHOWN.values() for key in keys))
LABELS = frozenset({"pathology_barcode", "pathology_cassette", "pathology_slide_label"})
"""What a label printer may take."""
_TEST = {"pathology_report": "report", "pathology_papers": "application"}
"""Test pages of papers are those that the server draws for the suite's own documents; labels have the barcode's."""


def system_printers() -> list[str]:
    """The printers that this computer knows (blocking)."""
    from clients.kit.printing.transports import system_queues

    return system_queues()


class _Kind:
    """A row: a kind of paper and where it goes."""

    def __init__(self, key: str, words: str, setup: PrinterSetup) -> None:
        self.key, self.words, self.printer = key, tr(words), setup.printer or tr("保存为文件")


_COLUMNS = (
    Column("words", "用途", 150, strong=True, sort=False),
    Column("printer", "打印机", 0, sort=False),
)


class PrintersPage(SettingsPage):
    """Kinds at the left; the printer of the chosen one at the right. Every choice is kept at once."""

    def __init__(self, desk: Desk, printers: Callable[[], list[str]] = system_printers) -> None:
        super().__init__(desk)
        self._printing: Printing = desk.papers.desk
        self._names: list[str] = []
        self.kind = next(iter(PATHOLOGY_PAPERS))
        self.list = ListView(_COLUMNS, row_id=lambda one: one.key, empty=EmptyWords("", "", "print"))
        self.list.selected.connect(self._chosen)
        self.form = FormView([Section("", _fields())], columns=2)
        self.form.changed.connect(self._changed)
        self.title = Label("", "title")
        self.none = Label("这台电脑上没有找到打印机，请先在系统中安装打印机。", "quiet", wrap=True)
        self.test_button = Button("测试打印", "", "print", on_click=self.print_test)
        middle = QWidget()
        line = QHBoxLayout(middle)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self.list, 1)
        line.addWidget(hairline(vertical=True))
        side = scrolling(column_of(self.title, self.form, self.none))
        side.setFixedWidth(_SIDE)
        line.addWidget(side)
        note = Label("只影响这台电脑；每项改动立即生效。", "caption")
        framed(self, middle, row_of(note, None, self.test_button))
        self._fill()
        self.show_kind(self.kind)
        self.run(printers, self._found)

    def show_kind(self, kind: str) -> None:
        """Show the printer of a kind."""
        self.kind = kind
        setup = self._printing.setup(kind)
        self.title.set_source(PATHOLOGY_PAPERS[kind])
        self.form.set_choices("via", [one for one in _VIA if kind in LABELS or one.value in ("file", "driver")])
        names = [*self._names, *([setup.name] if setup.name and setup.name not in self._names else [])]
        self.form.set_choices("name", [Choice(name, name, translate=False) for name in names])
        self.form.set_values({**msgspec.to_builtins(setup), "name": setup.name or None})
        self._show_fields(setup)

    def print_test(self) -> None:
        """测试打印 on the printer of the chosen kind."""
        kind, papers = self.kind, self.desk.papers
        self.test_button.setEnabled(False)

        def came(sentence: str) -> None:
            self.test_button.setEnabled(True)
            self.desk.place.messages.say(sentence, Tone.SUCCESS)

        self.run(lambda: papers.print_test_page(_TEST.get(kind, "barcode"), kind), came)

    def failed(self, error: Exception, form: FormView | None, names: Any) -> None:
        super().failed(error, form, names)
        self.test_button.setEnabled(True)

    def _found(self, names: list[str]) -> None:
        self._names = names
        self.show_kind(self.kind)

    def _fill(self) -> None:
        self.list.set_rows(
            tuple(_Kind(key, words, self._printing.setup(key)) for key, words in PATHOLOGY_PAPERS.items())
        )
        self.list.select_id(self.kind)

    def _chosen(self, kind: _Kind | None) -> None:
        if kind is not None and kind.key != self.kind:
            self.show_kind(kind.key)

    def _show_fields(self, setup: PrinterSetup) -> None:
        for key in _OPTIONAL:
            self.form.rows[key].setVisible(key in _SHOWN.get(setup.via, ()))
        self.none.setVisible(setup.via in ("driver", "queue") and not self._names)
        self.test_button.setEnabled(setup.is_usable or setup.via == "file")

    def _changed(self, _key: str) -> None:
        values = self.form.values()
        if any(self.form.rows[name].field.problem(value) for name, value in values.items()):
            return
        usual = PrinterSetup()
        filled = {
            name: getattr(usual, name) if value is None and name != "darkness" else value
            for name, value in values.items()
        }
        setup = msgspec.convert(filled, PrinterSetup, strict=False)
        self._printing.keep(self.kind, setup)
        self._show_fields(setup)
        self._fill()


def _fields() -> list[Any]:
    return [
        ChoiceField(key="via", label="打印到", choices=_VIA, initial="file", span=2),
        ChoiceField(key="name", label="打印机", choices=(), span=2),
        TextField(key="host", label="地址", max_length=120, placeholder="例如 192.168.1.20"),
        NumberField(key="port", label="端口", minimum=1, maximum=65_535, initial=9100),
        ChoiceField(
            key="language",
            label="打印语言",
            choices=[Choice(one, one.upper(), translate=False) for one in ("zpl", "tspl")],
            initial="zpl",
        ),
        ChoiceField(
            key="dpi",
            label="分辨率",
            choices=[Choice(dpi, f"{dpi} dpi", translate=False) for dpi in (203, 300, 600)],
            initial=203,
        ),
        NumberField(key="copies", label="份数", minimum=1, maximum=99, initial=1),
        NumberField(key="darkness", label="浓度", maximum=30, hint="0–30，留空用打印机自己的设置"),
        NumberField(key="offset_x_mm", label="右移", unit="mm", minimum=-50, maximum=50, decimals=1, initial=0),
        NumberField(key="offset_y_mm", label="下移", unit="mm", minimum=-50, maximum=50, decimals=1, initial=0),
    ]
