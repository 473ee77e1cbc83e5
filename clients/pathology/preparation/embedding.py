"""待包埋列表: 材块核对 by a second person, 包埋确认, cassette labels, and what takes a confirmation back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QLineEdit

from clients.kit.choosing import Option, SegmentedControl, Switch
from clients.kit.labels import Label
from clients.kit.paging import EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.bench.label_settings import show_label_settings
from clients.pathology.preparation.commands import is_block
from clients.pathology.preparation.looks import BLOCK_COLUMNS, BLOCK_STATE, CASSETTE
from clients.pathology.preparation.work_list import Fetched, WorkList
from shared.contract.pathology_technique import BlockFilter, BlockPage, BlockView, ListBlocks
from shared.contract.pathology_trail import ObjectFacts
from shared.domain.pathology import BlockState
from shared.domain.permissions import Permission

_BOTH = (BlockState.TO_VERIFY, BlockState.TO_EMBED)


class EmbeddingTab(WorkList):
    """A scanned cassette that waits for verification asks for the count; one that is verified is confirmed."""

    list_id = "pathology.embedding"
    columns = (*BLOCK_COLUMNS, CASSETTE, BLOCK_STATE)
    empty = EmptyWords("没有待包埋的材块", "取材保存后会自动出现在这里。", "hourglass")

    def build(self) -> None:
        """State filter, count field and buttons."""
        self._code = ""
        self.states = SegmentedControl(
            [
                Option("", "全部"),
                Option(BlockState.TO_VERIFY.value, "待核对"),
                Option(BlockState.TO_EMBED.value, "待包埋"),
            ]
        )
        self.states.chosen.connect(lambda _key: self.load())
        self.head.addWidget(self.states)
        self.at_once = Switch("扫描即确认")
        self.at_once.setChecked(True)
        self.head.addWidget(self.at_once)
        may = self.desk.may
        self.pieces_words = Label("核对块数")
        self.pieces = QLineEdit()
        self.pieces.setMaxLength(3)
        self.pieces.setFixedWidth(96)
        self.pieces.setAccessibleName(tr("核对块数"))
        self.pieces.returnPressed.connect(self.verify_counted)
        self.foot.addWidget(self.pieces_words)
        self.foot.addWidget(self.pieces)
        self.verify_button = self.button("材块核对", self.verify, "primary", "check")
        self.embed_button = self.button("包埋确认", self.embed, "primary", "check_circle")
        self.print_button = self.button("打印包埋条码", self.print_labels, "", "barcode")
        self.foot.addStretch(1)
        self.settings_button = self.button("标签设置", lambda: show_label_settings(self.desk), "quiet", "gear")
        self.undo_button = self.button("撤销确认", self.undo, "quiet", "undo")
        for shown in (self.pieces, self.pieces_words, self.verify_button):
            shown.setVisible(may(Permission.PATHOLOGY_VERIFY))
        self.embed_button.setVisible(may(Permission.PATHOLOGY_EMBED))
        self.print_button.setVisible(may(Permission.PATHOLOGY_PRINT_LABELS))

    def id_of(self, row: Any) -> int:
        return int(row.block.id)

    def fetch(self) -> Callable[[], Fetched]:
        chosen = self.states.current
        states = (BlockState(chosen),) if chosen else _BOTH
        request = ListBlocks(filter=BlockFilter(states=states, sources=self.desk.station.sources), limit=500)
        call = self.desk.place.connection.call

        def work() -> Fetched:
            page: BlockPage = call(request)
            return Fetched(page.rows, tr("蜡块 {blocks}    材块 {pieces}", blocks=page.total, pieces=page.pieces))

        return work

    def invite(self) -> None:
        self.strip.say(tr("扫描包埋盒：待核对的填写块数，已核对的确认包埋。"))

    def scanned(self, code: str) -> None:
        self._code = ""
        self.commands.scan(code, lambda found: self._scanned(code, found))

    def verify(self) -> None:
        """材块核对 of the chosen rows; the number in the field counts for a single one."""
        blocks = [row.block for row in self.chosen()]
        typed = self.pieces.text().strip()
        if typed and len(blocks) == 1:
            self.verify_counted()
            return
        self.commands.verify(blocks)

    def verify_counted(self) -> None:
        """One block with the number of pieces that a second person counted."""
        blocks = [row.block for row in self.chosen()]
        typed = self.pieces.text().strip()
        if len(blocks) != 1 or not typed.isdecimal() or not int(typed):
            self.desk.place.messages.say(tr("请选中一个材块，并填写大于零的核对块数。"), Tone.WARNING)
            return
        self.commands.verify(blocks, int(typed), self._code)
        self._code = ""
        self.pieces.clear()
        self.list.table.setFocus()

    def embed(self) -> None:
        """包埋确认 of the chosen rows."""
        self.commands.embed([row.block for row in self.chosen()])

    def undo(self) -> None:
        """Take the verification of the row under the cursor back."""
        row = self.list.selected_row
        if row is not None:
            self.commands.undo(row.block)

    def print_labels(self) -> None:
        """打印包埋条码 of the chosen rows."""
        self.commands.print_cassettes([row.block for row in self.chosen()])

    def _scanned(self, code: str, found: ObjectFacts) -> None:
        if not is_block(found, *_BOTH):
            self.strip.stop(tr("{number} 不在待包埋列表中。", number=found.number))
            return
        self.ticked.clear()
        row = self.select(found.id)
        if row is None:
            self.strip.stop(tr("{number} 不属于本工作站的任务来源。", number=found.number))
            return
        block: BlockView = row.block
        if found.state == BlockState.TO_VERIFY.value:
            self._code = code
            self.strip.fits(tr("{number}：请清点材块，填写块数后按回车。", number=found.number))
            self.pieces.setFocus()
            self.pieces.selectAll()
        elif self.at_once.isChecked():
            self.strip.fits(tr("{number} 包埋确认", number=found.number))
            self.commands.embed([block])
        else:
            self.strip.fits(tr("{number} 已选中", number=found.number))
