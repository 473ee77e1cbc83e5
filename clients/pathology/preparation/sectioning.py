"""待切片列表: 切片确认 with the number of sections, and the labels of a block's slides when it is scanned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QComboBox

from clients.kit.choosing import Switch
from clients.kit.labels import Label
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.translations import tr
from clients.pathology.preparation.commands import is_block
from clients.pathology.preparation.looks import BLOCK_COLUMNS
from clients.pathology.preparation.work_list import Fetched, WorkList
from shared.contract.pathology_preparation import SlideView
from shared.contract.pathology_technique import BlockFilter, BlockPage, ListBlocks
from shared.contract.pathology_trail import ObjectFacts
from shared.domain.pathology import BlockState
from shared.domain.permissions import Permission

_MOST_OFFERED = 20


class SectioningTab(WorkList):
    """Default one section a block; a scanned block is confirmed with its number, and only its labels are printed."""

    list_id = "pathology.sectioning"
    empty = EmptyWords("没有待切片的蜡块", "包埋确认后会自动出现在这里。", "layout")

    def __init__(self, desk: Any) -> None:
        self.sections: dict[int, int] = {}
        self.columns = (
            *BLOCK_COLUMNS[:-2],
            Column("embedded_by", "包埋人", 84, value=lambda row: row.block.embedded_by, sort=False),
            Column("sections", "切片数", 70, Align.RIGHT, value=self._sections_of, strong=True, sort=False),
        )
        super().__init__(desk)

    def build(self) -> None:
        """Number of sections, switches and buttons."""
        self.at_once = Switch("扫描即确认")
        self.at_once.setChecked(True)
        self.head.addWidget(self.at_once)
        self.prints = Switch("扫块即打印标签")
        self.prints.setChecked(True)
        self.head.addWidget(self.prints)
        self.foot.addWidget(Label("切片数"))
        self.number = QComboBox()
        self.number.setFixedWidth(84)
        self.number.setAccessibleName(tr("切片数"))
        for count in range(1, _MOST_OFFERED + 1):
            self.number.addItem(str(count), count)
        self.number.activated.connect(lambda place: self.set_sections(place + 1))
        self.foot.addWidget(self.number)
        self.section_button = self.button("切片确认", self.section, "primary", "check_circle")
        self.foot.addStretch(1)
        self.undo_button = self.button("撤销包埋", self.undo, "quiet", "undo")
        self.section_button.setVisible(self.desk.may(Permission.PATHOLOGY_SECTION))
        self.list.selected.connect(self._on_row)

    def id_of(self, row: Any) -> int:
        return int(row.block.id)

    def fetch(self) -> Callable[[], Fetched]:
        states, sources = (BlockState.TO_SECTION,), self.desk.station.sources
        request = ListBlocks(filter=BlockFilter(states=states, sources=sources), limit=500)
        call = self.desk.place.connection.call

        def work() -> Fetched:
            page: BlockPage = call(request)
            return Fetched(page.rows, tr("待切片 {blocks} 个蜡块", blocks=page.total))

        return work

    def invite(self) -> None:
        self.strip.say(tr("扫描蜡块：确认切片，并打印该蜡块的玻片标签。"))

    def scanned(self, code: str) -> None:
        self.commands.scan(code, lambda found: self._scanned(code, found))

    def set_sections(self, count: int) -> None:
        """切片数 of the chosen rows."""
        for row in self.chosen():
            self.sections[self.id_of(row)] = count
        self.list.table.viewport().update()

    def section(self) -> None:
        """切片确认 of the chosen rows."""
        self.commands.section([row.block for row in self.chosen()], self.sections)

    def undo(self) -> None:
        """Take the embedding of the row under the cursor back."""
        row = self.list.selected_row
        if row is not None:
            self.commands.undo(row.block)

    def _sections_of(self, row: Any) -> int:
        return self.sections.get(self.id_of(row), 1)

    def _on_row(self, row: Any) -> None:
        if row is not None:
            self.number.setCurrentIndex(min(self._sections_of(row), _MOST_OFFERED) - 1)

    def _scanned(self, code: str, found: ObjectFacts) -> None:
        if not is_block(found, BlockState.TO_SECTION):
            self.strip.stop(tr("{number} 不在待切片列表中。", number=found.number))
            return
        self.ticked.clear()
        row = self.select(found.id)
        if row is None:
            self.strip.stop(tr("{number} 不属于本工作站的任务来源。", number=found.number))
            return
        self.commands.take_block(found)
        if self.at_once.isChecked():

            def cut(slides: tuple[SlideView, ...]) -> None:
                if slides and self.prints.isChecked():
                    self.commands.print_slides(slides, (code,))

            self.commands.section([row.block], self.sections, cut, code)
