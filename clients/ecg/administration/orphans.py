"""未匹配心电图: traces that came without an exam, matched by hand in two steps (EX-ECG-13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from clients.ecg.desk import Desk
from clients.ecg.lists.page import ListPage, ListSpec
from clients.ecg.lists.query import STATES
from clients.ecg.looks import EXAM_LOOKS, ORPHAN_LOOKS, sex_word
from clients.ecg.pages import ORPHANS
from clients.ecg.shell.dialogs import EcgDialog, ReasonDialog
from clients.kit.ages import age_for_reader
from clients.kit.labels import Label, ValueLabel
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords, RowAction, local_time
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Page
from shared.contract.ecg_acquisition import (
    ConfirmMatch,
    DiscardOrphan,
    FindMatches,
    ListOrphans,
    MatchView,
    OrphanView,
    ProposeMatch,
    TakeBackMatch,
    UploadResult,
)
from shared.domain.ecg import OrphanState
from shared.domain.states import Sex

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

OPEN = (OrphanState.WAITING, OrphanState.PROPOSED)


def make_request(conditions: Mapping[str, Any], page: Page) -> ListOrphans:
    """Orphans in the states ticked; else those that wait."""
    return ListOrphans(states=tuple(OrphanState(state) for state in conditions.get(STATES) or ()), page=page)


def sex_of(orphan: OrphanView) -> str:
    """The sex in the file as a word; what is no code stays as it is."""
    return sex_word(orphan.sex) or {"M": sex_word(Sex.MALE), "F": sex_word(Sex.FEMALE)}.get(orphan.sex, orphan.sex)


COLUMNS = (
    Column("state", "状态", 96, looks=ORPHAN_LOOKS, sort=False),
    Column("patient_name", "文件中的姓名", 120, strong=True, sort=False),
    Column("sex", "性别", 64, value=sex_of, sort=False, firm=True),
    Column("age", "年龄", 56, format=age_for_reader, sort=False),
    Column("patient_number", "文件中的编号", 120, sort=False),
    Column("recorded_at", "记录时间", 128, value=lambda row: row.trace.recorded_at, sort=False),
    Column("received_at", "接收时间", 128, value=lambda row: row.trace.received_at, sort=False, quiet=True),
    Column("device", "设备", 140, value=lambda row: row.trace.device or row.device_serial, sort=False),
    Column("reason", "未匹配原因", 0, sort=False),
    Column("proposed_by", "提出匹配", 80, sort=False),
)
ACTIONS = (
    RowAction("match", "匹配检查", "check", allowed=lambda row: row.state in OPEN),
    RowAction("discard", "弃用", "clear", allowed=lambda row: row.state in OPEN, danger=True),
)


class OrphansPage(ListPage):
    """The list; a match is chosen in one step and confirmed in another."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        super().__init__(
            desk,
            place,
            ListSpec(
                page=ORPHANS,
                make=make_request,
                fields=(),
                columns=COLUMNS,
                actions=ACTIONS,
                states=ORPHAN_LOOKS,
                empty=EmptyWords("没有未匹配的心电图", "设备直接上传而找不到检查的心电图会出现在这里。", "help"),
                header=(("match", "primary"), ("discard", "")),
                quick=None,
                has_quick_buttons=False,
                has_days=False,
            ),
        )
        self._forget.append(desk.changed.listen(self._something))

    def _something(self, what: tuple[str, int]) -> None:
        if what[0] == "ecg_orphan":
            self._soon.poke()

    def activate(self, row: OrphanView) -> None:
        """Double-click: find its exam."""
        self.act("match", row)

    def act(self, action: str, row: OrphanView) -> None:
        """匹配检查 or 弃用."""
        if row.state not in OPEN:
            return
        if action == "match":
            MatchDialog(self._desk, self, row).open()
        elif action == "discard":
            self._ask_discard(row)

    def _ask_discard(self, row: OrphanView) -> None:
        line = self._place.connection

        def confirm(dialog: ReasonDialog, reason: str) -> None:
            def gone(_orphan: OrphanView) -> None:
                dialog.accept()
                self._place.messages.say(tr("已弃用，原始数据仍保留"), Tone.SUCCESS)
                self.presenter.refresh()

            dialog.ask(lambda: line.call(DiscardOrphan(orphan_id=row.id, version=row.version, reason=reason)), gone)

        sentence = tr("弃用“{name}”的心电图？它不再出现在列表中，原始数据仍保留。", name=row.patient_name or "–")
        ReasonDialog(self._desk, self, "弃用心电图", sentence, "弃用", confirm).open()


class MatchDialog(EcgDialog):
    """Step 1: choose the exam among the likely ones. Step 2: read what differs and confirm."""

    def __init__(self, desk: Desk, parent: QWidget, orphan: OrphanView) -> None:
        super().__init__(desk, parent, "匹配心电图", width=900)
        self.orphan = orphan
        self.match: MatchView | None = None
        self.body.addWidget(Label("文件中的病人", "quiet"))
        facts = [orphan.patient_name or "–", sex_of(orphan), age_for_reader(orphan.age), orphan.patient_number]
        facts.append(local_time(orphan.trace.recorded_at))
        self.body.addWidget(ValueLabel("　".join(fact for fact in facts if fact), "title"))
        self.step = Label("第一步：选择这份心电图所属的检查", "strong")
        self.body.addWidget(self.step)
        self.candidates = ListView(
            (
                Column("state", "检查状态", 104, value=lambda row: row.exam.state, looks=EXAM_LOOKS, sort=False),
                Column("name", "病人姓名", 100, value=lambda row: row.exam.patient_name, strong=True, sort=False),
                Column("sex", "性别", 64, value=lambda row: sex_word(row.exam.sex), sort=False, firm=True),
                Column("age", "年龄", 56, value=lambda row: row.exam.age, format=age_for_reader, sort=False),
                Column("number", "检查号", 112, value=lambda row: row.exam.accession_number, sort=False),
                Column("registered", "登记时间", 128, value=lambda row: row.exam.registered_at, sort=False),
                Column("differences", "不一致之处", 0, value=lambda row: "；".join(row.differences), sort=False),
            ),
            row_id=lambda row: row.exam.id,
            empty=EmptyWords("没有相近的检查", "请先登记检查，再回到这里匹配。", "search"),
        )
        self.candidates.setMinimumHeight(260)
        self.candidates.selected.connect(lambda _row: self.settle())
        self.candidates.activated.connect(lambda _row: self.propose())
        self.body.addWidget(self.candidates, 1)
        self.differences = Label("", "error", wrap=True)
        self.differences.hide()
        self.body.addWidget(self.differences)
        self.add_button("close", "关闭")
        self.add_button("back", "重新选择", "", self.take_back)
        self.add_button("propose", "选择此检查", "primary", self.propose)
        self.add_button("confirm", "确认匹配", "danger", self.confirm)
        self.settle()
        line, number = desk.place.connection, orphan.id
        self.ask(lambda: line.call(FindMatches(orphan_id=number)), self._found)

    def settle(self) -> None:
        if "confirm" not in self.buttons:
            return
        chosen = self.match is not None
        self.buttons["propose"].setVisible(not chosen)
        self.buttons["propose"].setEnabled(self.candidates.selected_row is not None)
        self.buttons["confirm"].setVisible(chosen)
        self.buttons["back"].setVisible(chosen)
        self.candidates.setEnabled(not chosen)

    def _found(self, matches: tuple[MatchView, ...]) -> None:
        self.candidates.set_rows(matches)
        proposed = next((one for one in matches if one.exam.id == self.orphan.proposed_exam_id), None)
        if proposed is not None:
            self.candidates.select_id(proposed.exam.id)
            self._proposed(proposed)
        elif matches:
            self.candidates.select_id(matches[0].exam.id)
            self.settle()

    def propose(self) -> None:
        """Step 1."""
        row: MatchView | None = self.candidates.selected_row
        if row is None or self.match is not None:
            return
        request = ProposeMatch(orphan_id=self.orphan.id, version=self.orphan.version, exam_id=row.exam.id)
        line = self._desk.place.connection
        self.ask(lambda: line.call(request), self._proposed)

    def _proposed(self, match: MatchView) -> None:
        self.match, self.orphan = match, match.orphan
        self.step.set_source("第二步：核对后确认，这份心电图将归入该检查")
        words = "；".join(match.differences)
        self.differences.setText(tr("不一致：{what}", what=words) if words else "")
        self.differences.setVisible(bool(words))
        self.settle()

    def take_back(self) -> None:
        """Choose another exam."""
        request, line = (
            TakeBackMatch(orphan_id=self.orphan.id, version=self.orphan.version),
            self._desk.place.connection,
        )

        def back(orphan: OrphanView) -> None:
            self.orphan, self.match = orphan, None
            self.step.set_source("第一步：选择这份心电图所属的检查")
            self.differences.hide()
            self.settle()

        self.ask(lambda: line.call(request), back)

    def confirm(self) -> None:
        """Step 2."""
        if self.match is None:
            return
        exam_id = self.match.exam.id
        request = ConfirmMatch(orphan_id=self.orphan.id, version=self.orphan.version, exam_id=exam_id)
        line, desk = self._desk.place.connection, self._desk

        def matched(_result: UploadResult) -> None:
            desk.place.messages.say(tr("已归入检查"), Tone.SUCCESS)
            desk.tell_exam(exam_id)
            desk.changed.ring(("ecg_orphan", self.orphan.id))
            self.accept()

        self.ask(lambda: line.call(request), matched)
