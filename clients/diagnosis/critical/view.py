"""The overview of critical values: counts, list, one of them at the right; for radiology and for wards."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.critical.loop_pane import LoopPane
from clients.diagnosis.critical.presenter import OverviewPresenter
from clients.diagnosis.critical.state import OverviewState, Which
from clients.diagnosis.critical.words import ESCALATIONS, LEVELS, STATES, name_of, waited_words
from clients.kit.choosing import Option, SearchBox, SegmentedControl
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords
from clients.kit.shell import Workplace
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.critical import LoopView
from shared.domain.critical import Escalation, LoopAction

_OVERDUE = StateLook("超时", Tone.DANGER, "clock")
_TICK_MS = 15_000
_EMPTY_OPEN = EmptyWords("没有未结束的危急值。", "", "check_circle")
_EMPTY = EmptyWords("没有危急值", "", "bell")


def _marks(row: LoopView) -> Sequence[StateLook]:
    return (_OVERDUE,) if row.is_overdue else ()


class CriticalPage(QWidget):
    """The page; the ward sees the same with what it may do."""

    closing = Signal()
    """the window closes."""

    def __init__(self, place: Workplace, *, with_report: bool) -> None:
        super().__init__()
        self._presenter: OverviewPresenter | None = None
        self._state = OverviewState()
        self._generation = 0
        self.which = SegmentedControl(
            [
                Option(Which.OPEN, "未结束"),
                Option(Which.OVERDUE, "超时"),
                *([Option(Which.MINE, "我上报的")] if with_report else []),
                Option(Which.ALL, "全部记录"),
            ]
        )
        self.department = ChoiceEditor(ChoiceField(key="department", label="科室", placeholder="全部科室"))
        self.department.setMinimumWidth(150)
        self.search = SearchBox([Option("patient", "患者姓名、编号或检查号")])
        self.counts = ValueLabel("", "strong")
        self.list = ListView(
            self._columns(),
            row_id=lambda row: row.id,
            empty=_EMPTY_OPEN,
            settings=place.settings,
            list_id="diagnosis.critical",
        )
        self.pane = LoopPane(with_report=with_report)
        nothing = QWidget()
        column = QVBoxLayout(nothing)
        column.setContentsMargins(16, 24, 16, 16)
        column.addWidget(Label("选择一条危急值查看经过。", "quiet", wrap=True))
        column.addStretch(1)
        self.right = QStackedWidget()
        self.right.addWidget(nothing)
        self.right.addWidget(self.pane)
        self.right.setFixedWidth(380)
        top = QWidget()
        top.setProperty("look", "surface")
        bar = QHBoxLayout(top)
        bar.setContentsMargins(16, 8, 16, 8)
        bar.setSpacing(12)
        for part in (self.which, self.department, self.search):
            bar.addWidget(part)
        bar.addWidget(self.counts, 1)
        bar.addWidget(place.actions.icon_button("critical.refresh"))
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(self.list, 1)
        below.addWidget(hairline(vertical=True))
        below.addWidget(self.right)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(hairline())
        layout.addLayout(below, 1)
        self._clock = QTimer(self)
        self._clock.setInterval(_TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        self.setFocusProxy(self.list.table)
        self._place = place

    def attach(self, presenter: OverviewPresenter) -> None:
        """Report to this presenter from now on."""
        self._presenter = presenter
        self.which.chosen.connect(lambda key: presenter.filter(which=Which(key)))
        self.department.chosen.connect(lambda value: presenter.filter(department=value or ""))
        self.search.searched.connect(lambda _mode, text: presenter.filter(patient=text))
        self.list.selected.connect(presenter.select)
        self.list.retry.connect(presenter.refresh)
        self.pane.stepped.connect(self._on_step)
        self.pane.report_wanted.connect(presenter.open_report)
        self._place.actions.on("critical.refresh", presenter.refresh)
        presenter.show_to(self.show_state)

    @property
    def presenter(self) -> OverviewPresenter:
        """The presenter that this page reports to."""
        assert self._presenter is not None
        return self._presenter

    def show_state(self, state: OverviewState) -> None:
        """Show a state."""
        self._state = state
        self.which.set_current(state.which)
        self.list.set_loading(state.is_loading)
        self.counts.set_text(tr("{open} 条未结束，{overdue} 条超时", open=state.open, overdue=state.overdue))
        if state.generation != self._generation:
            self._generation = state.generation
            names = [one.department for one in state.departments if one.department]
            if state.department and state.department not in names:
                names.append(state.department)
            self.department.set_choices(
                [Choice("", "全部科室"), *(Choice(name, name, translate=False) for name in names)]
            )
            self.department.set_value(state.department)
            self.list.set_empty_words(_EMPTY_OPEN if state.which in (Which.OPEN, Which.OVERDUE) else _EMPTY)
            self.list.set_rows(state.rows)
        if state.error is not None:
            self.list.show_error(message_for(state.error))
        if state.details is None:
            self.right.setCurrentIndex(0)
        else:
            self.pane.show_loop(state.details, state.duty, state.problems, is_busy=state.is_busy)
            self.right.setCurrentIndex(1)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def _on_step(self, action: LoopAction, values: dict[str, object]) -> None:
        self.presenter.step(action, values)

    def _tick(self) -> None:
        """Minutes pass; nothing is asked."""
        if self.isVisible() and self._state.rows:
            self.list.set_rows(self._state.rows)

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("state", "状态", 128, looks=STATES),
            Column("name", "危急值", 0, value=name_of, strong=True, marks=_marks),
            Column("waited", "等待", 100, value=lambda row: waited_words(row, self._state.now())),
            Column("patient_name", "患者", 84),
            Column("department", "科室", 96),
            Column("level", "级别", 64, format=lambda one: tr(LEVELS[one]), visible=False),
            Column("exam_type", "检查类型", 78, visible=False),
            Column("called", "升级至", 96, value=_called),
            Column("acknowledged_by", "确认人", 90),
            Column("reported_by", "上报医生", 84, quiet=True, visible=False),
            Column("opened_at", "上报时间", 132, quiet=True, visible=False),
            Column("accession_number", "检查号", 120, visible=False),
            Column("patient_number", "患者编号", 110, visible=False),
        )


def _called(row: LoopView) -> str:
    return "" if row.escalation is Escalation.DOCTOR else tr(ESCALATIONS[row.escalation])
