"""批量审核, 批量打印, 批量发送: choose cases, see what became of each (PA-BAT)."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.pathology.desk import Desk
from clients.pathology.shell.looks import case_look
from shared.contract.pathology import CaseFilter, CasePage, CaseRow, ListCases
from shared.contract.pathology_reports import BatchAudit, BatchPrint, BatchRow, BatchSend
from shared.domain.pathology import CASE_STATES, CaseState
from shared.domain.pathology_reports import FORMAT_MODES, FormatMode, ReportKind, formats_for

TITLES = {"audit": "批量审核", "print": "批量打印", "send": "批量发送"}
_STATES = {
    "audit": (CaseState.CHIEF, CaseState.SECOND),
    "print": (CaseState.AUDITED, CaseState.PRINTED, CaseState.SENT),
    "send": (CaseState.AUDITED, CaseState.PRINTED),
}
_MOST = 200
_DONE = StateLook("完成", Tone.SUCCESS, "check_circle")
_SKIPPED = StateLook("跳过", Tone.WARNING, "alert")


class BatchWindow(QWidget):
    """Cases of the library that can be done, ticked by selection; after the run each row says its outcome."""

    def __init__(self, desk: Desk, what: str) -> None:
        super().__init__()
        self._desk, self._what = desk, what
        self.outcomes: dict[int, BatchRow] = {}
        self._rows: tuple[CaseRow, ...] = ()
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        if what == "print":
            box.addLayout(self._make_formats())
        columns = (
            Column("number", "病理号", 130, strong=True, marks=lambda row: [case_look(row.state)]),
            Column("patient_name", "姓名", 90),
            Column("state", "状态", 90, value=lambda row: tr(CASE_STATES[row.state].zh)),
            Column("specimen_name", "标本", 120),
            Column("registered_at", "登记时间", 130, format=local_time, quiet=True),
            Column("outcome", "结果", 0, value=self._outcome, marks=self._mark),
        )
        empty = EmptyWords("没有可处理的病例", "病例到达相应状态后出现在这里。", "check_circle")
        self.list = ListView(columns, row_id=lambda row: row.id, runner=desk.place.runner, empty=empty)
        self.list.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        box.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.words = Label("", "quiet")
        foot.addWidget(self.words)
        foot.addStretch(1)
        self.button = Button(TITLES[what], "primary", what, on_click=self.run)
        foot.addWidget(self.button)
        box.addLayout(foot)
        self.load()

    def _make_formats(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.mode = SegmentedControl([Option(mode.value, word.zh) for mode, word in FORMAT_MODES.items()])
        self.mode.set_current(FormatMode.BY_IMAGES.value)
        self.mode.chosen.connect(self._mode_chosen)
        row.addWidget(self.mode)
        kind = self._desk.library.entry.kind
        choices = [Choice(one.key, one.zh) for one in formats_for(ReportKind.MAIN, kind)]
        self.format = ChoiceEditor(ChoiceField(key="format", label="报告格式", choices=choices))
        self.format.setMinimumWidth(180)
        self.format.setEnabled(False)
        row.addWidget(self.format)
        row.addStretch(1)
        return row

    def _mode_chosen(self, key: str) -> None:
        self.format.setEnabled(key == FormatMode.ONE.value)

    def load(self) -> None:
        """Fetch the cases that can be done."""
        place = self._desk.place
        wanted = CaseFilter(library_ids=(self._desk.library.id,), states=_STATES[self._what])
        request = ListCases(filter=wanted, limit=_MOST)
        place.runner.run(
            lambda: place.connection.call(request), self._loaded, place.messages.report, key="pathology.batch"
        )

    def run(self) -> None:
        """Do the selected cases, or all where none is selected."""
        chosen = self.selected() or [row.id for row in self._rows]
        place = self._desk.place
        if not chosen:
            place.messages.say(tr("没有可处理的病例"), Tone.WARNING)
            return
        request = self._request(tuple(chosen))
        if request is None:
            place.messages.say(tr("请选择报告格式。"), Tone.WARNING)
            return
        self.button.setEnabled(False)
        papers = self._desk.papers

        def work() -> tuple[BatchRow, ...]:
            rows: tuple[BatchRow, ...] = place.connection.call(request)
            for one in rows:
                if one.document is not None:
                    papers.hand_out(one.document)
            return rows

        def failed(error: Exception) -> None:
            self.button.setEnabled(True)
            place.messages.report(error)

        place.runner.run(work, self.show_outcomes, failed)

    def selected(self) -> list[int]:
        """Ids of the selected cases."""
        picked = self.list.table.selectionModel().selectedRows()
        return [int(row.id) for index in picked if (row := self.list.model.row(index.row())) is not None]

    def show_outcomes(self, rows: tuple[BatchRow, ...]) -> None:
        """Say of each case what became of it."""
        self.button.setEnabled(True)
        self.outcomes.update({one.case_id: one for one in rows})
        done = sum(one.done for one in rows)
        self.words.set_source("完成 {done} 例，跳过 {skipped} 例", done=done, skipped=len(rows) - done)
        self.list.set_rows(self._rows)
        self._desk.refresh_lists()
        if self._desk.case is not None and self._desk.case.id in self.outcomes:
            self._desk.reload()

    def _request(self, case_ids: tuple[int, ...]) -> BatchAudit | BatchPrint | BatchSend | None:
        if self._what == "audit":
            return BatchAudit(case_ids=case_ids)
        if self._what == "send":
            return BatchSend(case_ids=case_ids)
        mode, key = FormatMode(self.mode.current), str(self.format.value() or "")
        if mode is FormatMode.ONE and not key:
            return None
        spoken = "en" if language() is Language.ENGLISH else "zh"
        return BatchPrint(case_ids=case_ids, mode=mode, format_key=key, language=spoken)

    def _loaded(self, page: CasePage) -> None:
        self._rows = tuple(page.rows)
        self.list.set_rows(self._rows)
        self.words.set_source("{count} 例；不选择则处理全部", count=len(self._rows))

    def _outcome(self, row: CaseRow) -> str:
        one = self.outcomes.get(row.id)
        return "" if one is None else one.sentence or tr("完成")

    def _mark(self, row: CaseRow) -> list[StateLook]:
        one = self.outcomes.get(row.id)
        return [] if one is None else [_DONE if one.done else _SKIPPED]
