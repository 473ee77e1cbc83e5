"""会诊报告: what the user's hospital asked for and got; printing signs for it (ECG-CRP)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex

from clients.ecg.consultations.columns import OUTGOING_ACTIONS, Clocks, filter_of, has_report, outgoing_columns
from clients.ecg.consultations.page import ConsultationListPage, fields
from clients.ecg.desk import Desk
from clients.ecg.lists.page import ListSpec
from clients.ecg.looks import CONSULTATION_LOOKS
from clients.ecg.pages import CONSULTATION_REPORTS
from clients.ecg.shell.dialogs import ReasonDialog
from clients.kit.paging import EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.base import Page
from shared.contract.ecg_consultations import ConsultationView, ListOutgoing, SignFor, Withdraw
from shared.contract.ecg_reports import MOST_IN_A_BATCH, BatchRow
from shared.domain.ecg import ConsultationAction, ConsultationState

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

TICK = "tick"


def make_request(conditions: Mapping[str, Any], page: Page) -> ListOutgoing:
    """会诊报告: published and not yet signed for first."""
    return ListOutgoing(filter=filter_of(conditions), page=page)


class ConsultationReportsPage(ConsultationListPage):
    """Rows with a report can be ticked and printed together."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        clocks = Clocks()
        self.ticked: dict[int, ConsultationView] = {}
        super().__init__(
            desk,
            place,
            ListSpec(
                page=CONSULTATION_REPORTS,
                make=make_request,
                fields=fields("我申请的"),
                columns=outgoing_columns(clocks, self.ticked.__contains__),
                actions=OUTGOING_ACTIONS,
                shown_actions=3,
                states=CONSULTATION_LOOKS,
                empty=EmptyWords("没有会诊", "在“院内检查”中选择已采集的检查并按“申请会诊”。", "send"),
                header=(
                    ("print", "primary"),
                    ("print_ticked", ""),
                    ("tick_all", ""),
                    ("|", ""),
                    ("read", ""),
                    ("view_report", ""),
                    ("details", ""),
                    ("withdraw", ""),
                ),
                scan_into="number",
                days=("申请日期 从", "申请日期 到"),
            ),
            clocks,
        )
        page = CONSULTATION_REPORTS
        place.actions.on(f"{page}.tick", self._tick_selected)
        place.actions.on(f"{page}.tick_all", self.tick_waiting)
        place.actions.on(f"{page}.print_ticked", self.print_ticked)
        place.actions.set_enabled(f"{page}.print_ticked", False)
        self.list.table.clicked.connect(self._clicked)
        self._tick_column = next(at for at, column in enumerate(self.spec.columns) if column.key == TICK)

    # ── ticks ────────────────────────────────────────────────────────────────────────────────────────

    def tick(self, row: ConsultationView) -> None:
        """Tick a row with a report, or take the tick away (ECG-CRP-03)."""
        if not has_report(row):
            self._place.messages.say(tr("还没有会诊报告，不能打印。"), Tone.WARNING)
            return
        if self.ticked.pop(row.id, None) is None:
            self.ticked[row.id] = row
        self._show_ticks()

    def tick_waiting(self) -> None:
        """Tick every row in sight that was published and not yet signed for; once more takes the ticks away."""
        waiting = [row for row in self.rows() if row.state is ConsultationState.PUBLISHED]
        if waiting and all(row.id in self.ticked for row in waiting):
            self.ticked.clear()
        else:
            self.ticked.update({row.id: row for row in waiting})
        self._show_ticks()

    def rows(self) -> Sequence[ConsultationView]:
        """The rows that are loaded."""
        found = (self.list.model.row(at) for at in range(self.list.total))
        return [row for row in found if row is not None]

    def _tick_selected(self) -> None:
        if self.list.selected_row is not None:
            self.tick(self.list.selected_row)

    def _clicked(self, index: QModelIndex) -> None:
        row = self.list.model.row(index.row())
        if row is not None and index.column() == self._tick_column:
            self.tick(row)

    def _show_ticks(self) -> None:
        self._place.actions.set_enabled(f"{CONSULTATION_REPORTS}.print_ticked", bool(self.ticked))
        self.list.table.viewport().update()
        self._show_numbers()

    def _show_numbers(self) -> None:
        super()._show_numbers()
        if self.ticked:
            words = tr("已勾选 {count} 份", count=len(self.ticked))
            self.numbers.set_text("　".join(part for part in (self.numbers.full_text, words) if part))

    def _selected(self, row: Any) -> None:
        super()._selected(row)
        self._place.actions.set_enabled(f"{CONSULTATION_REPORTS}.print_ticked", bool(self.ticked))

    # ── actions ──────────────────────────────────────────────────────────────────────────────────────

    def activate(self, row: ConsultationView) -> None:
        """Double-click: the report, or the trace while there is none."""
        self.act("view_report" if has_report(row) else "read", row)

    def act(self, action: str, row: ConsultationView) -> None:
        """Do an action of a row; what is not allowed now does nothing."""
        if action == "print" and has_report(row):
            self.print_rows([row])
        elif action == "read":
            self._desk.open_reading(row.exam_id, consultation_id=row.id, read_only=True)
        elif action == "details":
            self.show_details(row)
        elif action == "view_report" and has_report(row):
            self._desk.open_report(row.exam_id, row.id)
        elif action == "withdraw" and ConsultationAction.WITHDRAW in row.allowed:
            self._ask_withdraw(row)

    def print_ticked(self) -> None:
        """批量打印."""
        self.print_rows(list(self.ticked.values()))

    def print_rows(self, rows: Sequence[ConsultationView]) -> None:
        """打印: every report goes to the printer; the server notes who signed for it and when (ECG-CRP-02, -07)."""
        if not rows:
            return
        line: Any = self._place.connection
        papers, spoken = self._desk.papers, language().value
        numbers = tuple(row.id for row in rows)
        names = {row.exam_id: row.patient_name for row in rows}

        def work() -> list[tuple[BatchRow, str]]:
            answers: list[tuple[BatchRow, str]] = []
            for first in range(0, len(numbers), MOST_IN_A_BATCH):
                part = numbers[first : first + MOST_IN_A_BATCH]
                for one in line.call(SignFor(consultation_ids=part, language=spoken)):
                    document = one.document if one.done else None
                    answers.append((one, papers.hand_out(document) if document is not None else one.sentence))
            return answers

        self._place.runner.run(
            work, lambda answers: self._printed(answers, names), self._place.messages.report, key="ecg.print_reports"
        )

    def _printed(self, answers: list[tuple[BatchRow, str]], names: Mapping[int, str]) -> None:
        done = [sentence for row, sentence in answers if row.done]
        missed = [(row, sentence) for row, sentence in answers if not row.done]
        if len(done) == 1:
            self._place.messages.say(tr("已签收。") + done[0], Tone.SUCCESS)
        elif done:
            self._place.messages.say(tr("已打印并签收 {count} 份会诊报告", count=len(done)), Tone.SUCCESS)
        for row, sentence in missed:
            self._place.messages.say(f"{names.get(row.exam_id, '')}: {sentence}", Tone.WARNING)
        self.ticked.clear()
        self._show_ticks()
        self._desk.tell_consultation(0)

    def _ask_withdraw(self, row: ConsultationView) -> None:
        def confirm(dialog: ReasonDialog, reason: str) -> None:
            request = Withdraw(consultation_id=row.id, version=row.version, reason=reason)
            self.send(request, tr("已撤销会诊申请"), dialog=dialog)

        sentence = tr("撤销为 {name} 向{team}申请的会诊？", name=row.patient_name, team=row.team)
        ReasonDialog(self._desk, self, "撤销会诊", sentence, "撤销会诊", confirm, required=False).open()
