"""登记薄打印: cases of some days by case number; preview, print, export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.editors import ChoiceEditor, DateEditor, TextEditor
from clients.kit.fields import Choice, ChoiceField, DateField, TextField
from clients.kit.labels import Button, Label, hairline
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.statistics.case_list import CaseLinesView
from shared.contract.pathology_statistics import Basis, BookOf, StatisticsFilter
from shared.domain.pathology_queries import BOOK_FIELDS

_BASES = (
    Option(Basis.REGISTERED.value, "登记日期"),
    Option(Basis.RECEIVED.value, "收到日期"),
    Option(Basis.REPORTED.value, "报告日期"),
)


class BookPage(QWidget):
    """The page; it opens with the book of today."""

    def __init__(self, desk: Desk, today: Callable[[], date] = date.today) -> None:
        super().__init__()
        self._desk = desk
        self.basis = SegmentedControl(_BASES, Basis.REGISTERED.value)
        self.first = DateEditor(DateField(key="first", label="", initial=today()))
        self.last = DateEditor(DateField(key="last", label="", initial=today()))
        self.library = ChoiceEditor(ChoiceField(key="library", label=""))
        libraries = [Choice(one.id, one.entry.name, translate=False) for one in desk.libraries]
        self.library.set_choices([Choice(0, "全部病例库"), *libraries])
        self.library.set_value(desk.library.id)
        self.first_number = TextEditor(TextField(key="low", label="", max_length=24, placeholder="起始病理号"))
        self.last_number = TextEditor(TextField(key="high", label="", max_length=24, placeholder="结束病理号"))
        self.query_button = Button("查询", "primary", "search", on_click=self.run)
        self.list = CaseLinesView(desk, BOOK_FIELDS, title="登记薄打印")
        self._arrange()
        self.basis.chosen.connect(lambda _basis: self.run())
        self.library.chosen.connect(lambda _library: self.run())
        for editor in (self.first, self.last, self.first_number, self.last_number):
            editor.confirmed.connect(self.run)
        self.run()

    def run(self) -> None:
        """查询."""
        first, last = self.first.value(), self.last.value()
        if not isinstance(first, date) or not isinstance(last, date):
            self._desk.place.messages.say(tr("请填写日期，例如 2026-11-22。"), Tone.WARNING)
            return
        wanted = StatisticsFilter(
            first=first,
            last=last,
            library_ids=(self.library.value(),) if self.library.value() else (),
            first_number=str(self.first_number.value()),
            last_number=str(self.last_number.value()),
        )
        self.list.show_cases(BookOf(filter=wanted, basis=Basis(self.basis.current)))

    def _arrange(self) -> None:
        top = QWidget()
        top.setProperty("look", "surface")
        top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(top)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(8)
        for day in (self.first, self.last):
            day.setFixedWidth(138)
        for number in (self.first_number, self.last_number):
            number.setFixedWidth(118)
        self.library.setMinimumWidth(140)
        for widget in (self.basis, self.first, Label("至", "caption"), self.last, self.library):
            row.addWidget(widget)
        for number in (self.first_number, self.last_number):
            row.addWidget(number)
        row.addWidget(self.query_button)
        row.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(top)
        box.addWidget(hairline())
        box.addWidget(self.list, 1)
