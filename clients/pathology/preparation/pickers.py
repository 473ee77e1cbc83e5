"""选择包埋条码 and 选择制片条码: labels of chosen case numbers (PA-CASE-19, PA-CASE-20, PA-BAR-02)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from clients.kit.fields import DateField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button
from clients.kit.paging import EmptyWords
from clients.kit.translations import tr
from clients.pathology.preparation.looks import BLOCK_COLUMNS, BLOCK_STATE, CASSETTE, SLIDE_COLUMNS
from clients.pathology.preparation.work_list import Fetched, WorkList
from shared.contract.pathology_preparation import ListSlides, SlideFilter
from shared.contract.pathology_technique import BlockFilter, ListBlocks
from shared.domain.pathology_barcodes import BadCode, read_code

_DAYS = 7


class _Picker(WorkList):
    """A filter on top, ticks in the list, one button that prints what is ticked."""

    empty = EmptyWords("没有符合条件的条码", "请调整日期或病理号范围。", "barcode")

    def build(self) -> None:
        """Filter and button."""
        today = date.today()
        self.filter = FormView(
            [
                Section(
                    "",
                    [
                        DateField(key="first", label="日期", initial=today - timedelta(days=_DAYS)),
                        DateField(key="last", label="至", initial=today),
                        TextField(key="first_number", label="病理号从", max_length=24),
                        TextField(key="last_number", label="到病理号", max_length=24),
                    ],
                )
            ],
            columns=4,
        )
        self.filter.submitted.connect(self.load)
        self.head.insertWidget(0, self.filter, 3)
        self.head.insertWidget(1, Button("查询", "", "search", on_click=self.filter.submit))
        self.all_button = self.button("全选", self.tick_all, "", "check")
        self.foot.addStretch(1)
        self.print_button = self.button("打印", self.print_labels, "primary", "print")

    def invite(self) -> None:
        self.strip.say(tr("勾选要打印的条码，或扫描病理条码限定一个病例。"))

    def scanned(self, code: str) -> None:
        """A case's barcode narrows the list to the case; blocks prove their slides."""
        try:
            read = read_code(code)
        except BadCode as bad:
            self.strip.stop(tr(str(bad)))
            return
        number = read.number.partition("/")[0].partition("-")[0]
        self.filter.set_values({"first_number": number, "last_number": number, "first": None, "last": None})
        self.load()
        self.proved(code)

    def proved(self, code: str) -> None:
        """A block was scanned."""

    def print_labels(self) -> None:
        """Print what is ticked."""


class CassettePicker(_Picker):
    """选择包埋条码."""

    list_id = "pathology.cassette_picker"
    columns = (*BLOCK_COLUMNS, CASSETTE, BLOCK_STATE)

    def id_of(self, row: Any) -> int:
        return int(row.block.id)

    def fetch(self) -> Callable[[], Fetched]:
        values = self.filter.values()
        wanted = BlockFilter(
            grossed_first=values["first"],
            grossed_last=values["last"],
            first_number=values["first_number"],
            last_number=values["last_number"],
        )
        call = self.desk.place.connection.call

        def work() -> Fetched:
            page = call(ListBlocks(filter=wanted, limit=500))
            return Fetched(page.rows, tr("共 {count} 个", count=page.total))

        return work

    def print_labels(self) -> None:
        self.commands.print_cassettes([row.block for row in self.chosen()])


class SlidePicker(_Picker):
    """选择制片条码; blocks that are scanned here prove their slides where the single-piece flow is kept."""

    list_id = "pathology.slide_picker"
    columns = SLIDE_COLUMNS

    def id_of(self, row: Any) -> int:
        return int(row.slide.id)

    def fetch(self) -> Callable[[], Fetched]:
        values = self.filter.values()
        wanted = SlideFilter(
            made_first=values["first"],
            made_last=values["last"],
            first_number=values["first_number"],
            last_number=values["last_number"],
        )
        call = self.desk.place.connection.call

        def work() -> Fetched:
            page = call(ListSlides(filter=wanted, limit=500))
            return Fetched(page.rows, tr("共 {count} 个", count=page.total))

        return work

    def proved(self, code: str) -> None:
        self.commands.scan(code, self.commands.take_block)

    def print_labels(self) -> None:
        self.commands.print_slides([row.slide for row in self.chosen()])
