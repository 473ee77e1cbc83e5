"""报告发放: the reports that wait for paper at the left, the job and the print log at the right."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.diagnosis.handing_out.desk import DefaultPrinter
from clients.diagnosis.handing_out.presenter import DeskPrinter, HandingOutPresenter
from clients.diagnosis.handing_out.state import HandingOutState
from clients.diagnosis.words import SEX_WORDS
from clients.kit.ages import age_for_reader
from clients.kit.choosing import Option, SegmentedControl, Switch
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.shell import Workplace
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.report_paper import BatchItemState, CopyOutcome, HandoutRow

COLUMNS = ("", "姓名", "性别", "年龄", "检查号", "检查类型", "检查项目", "请检科室", "检查时间", "审核医生", "已打印")
_STRETCHED = 6
_DAYS = (("today", "今天"), ("three", "三天"), ("week", "一周"), ("all", "全部"))
_ITEM_WORDS = {
    BatchItemState.WAITING: ("等待", "clock", None),
    BatchItemState.PRINTING: ("正在打印", "print", Tone.INFO),
    BatchItemState.PRINTED: ("已打印", "check_circle", Tone.SUCCESS),
    BatchItemState.FAILED: ("没有打印", "alert", Tone.DANGER),
    BatchItemState.REFUSED: ("不能打印", "cross_circle", Tone.WARNING),
}
_PLACES = {"desk": "工作站", "batch": "批量", "kiosk": "自助机"}
_OUTCOMES = {
    CopyOutcome.MADE: "已交打印",
    CopyOutcome.PRINTED: "已打印",
    CopyOutcome.SAVED: "存为文件",
    CopyOutcome.FAILED: "失败",
}
_TYPING_MS = 350


class HandingOutPage(QWidget):
    """The page."""

    def __init__(self, place: Workplace, printer: DeskPrinter | None = None) -> None:
        super().__init__()
        self.presenter = HandingOutPresenter(
            place.connection,
            place.connection.fetch_document,
            printer or DefaultPrinter(),
            place.runner,
            place.messages,
            date.today,
        )
        self._quiet = False
        self._shown: tuple[HandoutRow, ...] = ()
        self._filled = False
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self._head())
        box.addWidget(hairline())
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._table(), 1)
        middle.addWidget(hairline(vertical=True))
        middle.addWidget(self._side())
        box.addLayout(middle, 1)
        box.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 6, 16, 6)
        self.status = ValueLabel("", "caption")
        foot.addWidget(self.status, 1)
        box.addLayout(foot)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(lambda: self.presenter.filter(text=self.text.text()))
        self.presenter.show_to(self._render)
        self.presenter.open()

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _head(self) -> QWidget:
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(16, 8, 16, 8)
        line.setSpacing(10)
        self.days = SegmentedControl([Option(key, words) for key, words in _DAYS])
        self.days.set_current("today")
        self.days.chosen.connect(self._days_chosen)
        line.addWidget(self.days)
        self.text = QLineEdit()
        self.text.setMaximumWidth(220)
        self.text.textEdited.connect(lambda _text: self._typing.start())
        self.text.returnPressed.connect(lambda: self.presenter.filter(text=self.text.text()))
        line.addWidget(self.text)
        self.unprinted = Switch("只看未打印", checked=True)
        self.unprinted.toggled.connect(lambda on: self.presenter.filter(only_unprinted=on))
        line.addWidget(self.unprinted)
        line.addStretch(1)
        line.addWidget(Button("刷新", "quiet", "refresh", on_click=self.presenter.load))
        self.all = Button("全选", "quiet", "check", on_click=self._choose_all)
        line.addWidget(self.all)
        self.print_button = Button("打印所选", "primary", "print", on_click=self.presenter.print_chosen)
        line.addWidget(self.print_button)
        return bar

    def _table(self) -> QWidget:
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setAlternatingRowColors(False)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_STRETCHED, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.itemChanged.connect(self._ticked)
        self.table.currentCellChanged.connect(self._row_changed)
        return self.table

    def _side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(330)
        box = QVBoxLayout(side)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        self.job_title = Label("打印任务", "strong")
        box.addWidget(self.job_title)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(8)
        box.addWidget(self.progress)
        self.job = ValueLabel("", "caption", wrap=True)
        box.addWidget(self.job)
        self.stopped = ValueLabel("", "error", wrap=True)
        box.addWidget(self.stopped)
        line = QHBoxLayout()
        self.go_on = Button("继续", "primary", "play", on_click=self.presenter.go_on)
        self.pause = Button("暂停", "quiet", "pause", on_click=self.presenter.pause)
        self.give_up = Button("结束", "quiet", "close", on_click=self.presenter.give_up)
        for button in (self.go_on, self.pause, self.give_up):
            line.addWidget(button)
        line.addStretch(1)
        box.addLayout(line)
        self.items = QListWidget()
        box.addWidget(self.items, 3)
        box.addWidget(Label("打印记录", "strong"))
        self.log = QListWidget()
        box.addWidget(self.log, 2)
        return side

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _days_chosen(self, key: str) -> None:
        today = date.today()
        back = {"today": 0, "three": 2, "week": 6}.get(key)
        self.presenter.filter(days=(None, None) if back is None else (today - timedelta(days=back), today))

    def _choose_all(self) -> None:
        every = {row.report_id for row in self.presenter.state.rows}
        self.presenter.choose(set() if every <= self.presenter.state.chosen else every)

    def _ticked(self, item: QTableWidgetItem) -> None:
        if self._quiet or item.column():
            return
        chosen = {
            row.report_id
            for number, row in enumerate(self._shown)
            if self._box(number).checkState() is Qt.CheckState.Checked
        }
        self.presenter.choose(chosen)

    def _box(self, row: int) -> QTableWidgetItem:
        item = self.table.item(row, 0)
        assert item is not None
        return item

    def _row_changed(self, row: int, _column: int, _before: int, _column_before: int) -> None:
        if not self._quiet and 0 <= row < len(self._shown):
            self.presenter.look_at(self._shown[row].report_id)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _render(self, state: HandingOutState) -> None:
        self._quiet = True
        if state.rows != self._shown or not self._filled:
            self._fill(state)
        for number, row in enumerate(self._shown):
            ticked = Qt.CheckState.Checked if row.report_id in state.chosen else Qt.CheckState.Unchecked
            self._box(number).setCheckState(ticked)
        self._quiet = False
        self.text.setPlaceholderText(tr("姓名或检查号"))
        self.print_button.setEnabled(bool(state.chosen) and not state.is_printing)
        self._render_job(state)
        self._render_log(state)
        words = tr("共 {total} 份，已选 {chosen} 份", total=state.total, chosen=len(state.chosen))
        if not state.rows and not state.is_loading:
            words = tr("没有符合条件的报告。")
        self.status.set_text(state.problem or words)
        self.status.setProperty("look", "error" if state.problem else "caption")
        self.status.style().polish(self.status)

    def _fill(self, state: HandingOutState) -> None:
        self._shown, self._filled = state.rows, True
        self.table.setHorizontalHeaderLabels([tr(name) if name else "" for name in COLUMNS])
        self.table.setRowCount(len(state.rows))
        for number, row in enumerate(state.rows):
            printed = str(row.copies) if row.copies else ""
            values = (
                "", row.patient_name, tr(SEX_WORDS[row.sex]), age_for_reader(row.age), row.accession_number,
                row.exam_type, row.items, row.requesting_department,
                local_time(row.examined_at) if row.examined_at else "", row.auditing_doctor, printed,
            )  # fmt: skip
            for column, value in enumerate(values):
                item = QTableWidgetItem(value)
                item.setToolTip(value)
                if not column:
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                    item.setCheckState(Qt.CheckState.Unchecked)
                self.table.setItem(number, column, item)

    def _render_job(self, state: HandingOutState) -> None:
        batch = state.batch
        there = batch is not None
        for part in (self.progress, self.job, self.items):
            part.setVisible(there)
        left = state.count(BatchItemState.WAITING, BatchItemState.FAILED, BatchItemState.PRINTING)
        self.go_on.setVisible(there and not state.is_printing and left > 0)
        self.pause.setVisible(state.is_printing)
        self.give_up.setVisible(there and not state.is_printing and left > 0)
        self.stopped.set_text(state.stopped_by)
        self.stopped.setVisible(bool(state.stopped_by))
        if batch is None:
            return
        printed = state.count(BatchItemState.PRINTED)
        bad = state.count(BatchItemState.FAILED, BatchItemState.REFUSED)
        self.progress.setMaximum(max(1, len(batch.items)))
        self.progress.setValue(printed + bad)
        words = tr("{printed} / {count} 已打印，{bad} 份没有打印", printed=printed, count=len(batch.items), bad=bad)
        self.job.set_text(words)
        theme = current_theme()
        self.items.clear()
        for item in batch.items:
            source, icon, _tone = _ITEM_WORDS[item.state]
            line = f"{item.patient_name}  {item.accession_number}\n{tr(source)}"
            if item.copy_number:
                line += "  " + tr("第 {number} 份", number=item.copy_number)
            if item.reason:
                line += f"  {item.reason}"
            shown = QListWidgetItem(theme.icon(icon), line)
            shown.setToolTip(line)
            self.items.addItem(shown)

    def _render_log(self, state: HandingOutState) -> None:
        self.log.clear()
        for copy in state.log:
            number = tr("第 {number} 份", number=copy.copy_number) if copy.copy_number else "—"
            first = f"{number}  {tr(_OUTCOMES[copy.outcome])}  {local_time(copy.made_at)}"
            second = "  ".join(
                part
                for part in (copy.made_by, tr(_PLACES.get(copy.place, "工作站")), copy.workstation, copy.printer)
                if part
            )
            line = f"{first}\n{second}" + (f"\n{copy.reason}" if copy.reason else "")
            shown = QListWidgetItem(line)
            shown.setToolTip(line)
            self.log.addItem(shown)
        if state.log_of and not state.log:
            self.log.addItem(tr("还没有打印过。"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "status"):
            self._filled = False
            self._render(self.presenter.state)
