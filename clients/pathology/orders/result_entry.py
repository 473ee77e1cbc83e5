"""录入特检结果: the case's special orders as a table, the result of the one under the cursor below it (EX-PA-06)."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from clients.kit.fields import Choice, ChoiceField, NumberField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.orders import looks
from clients.pathology.orders.room import OrderScreen, spoken
from shared.contract.pathology_orders import (
    CONTROLS,
    INTENSITIES,
    READINGS,
    Control,
    DrawResultTable,
    EnterResult,
    ListOrders,
    OrderFilter,
    OrderPage,
    OrderView,
    Reading,
    ResultEntry,
)
from shared.contract.printing import DocumentView
from shared.domain.pathology import SPECIAL_ORDERS, OrderAction, OrderState

_PERCENT = ("percentage", "weak", "moderate", "strong")


def open_results(desk: Desk, case_id: int, order_id: int = 0) -> ResultWindow:
    """Show the window over the workstation, with the cursor on an order."""
    window = ResultWindow(desk, case_id, order_id)
    desk.show_window("录入特检结果", window, (1080, 700))
    return window


class ResultWindow(OrderScreen):
    """Ctrl+Enter keeps the result and goes to the next order without one."""

    def __init__(self, desk: Desk, case_id: int, order_id: int = 0) -> None:
        super().__init__(desk)
        self.case_id, self._wanted = case_id, order_id
        self.rows: tuple[OrderView, ...] = ()
        self.current: OrderView | None = None
        self.list = ListView(
            (
                looks.PIECE,
                looks.KIND,
                looks.STATE,
                Column("reading", "判读", 104, value=_reading, sort=False),
                Column("percentage", "百分比", 66, Align.RIGHT, value=_percentage, sort=False),
                Column("h_score", "H-score", 70, Align.RIGHT, value=_score, sort=False),
                Column("clone", "克隆号", 80, value=lambda row: _entry(row).clone or row.clone, sort=False),
                Column("lot", "批号", 80, value=lambda row: _entry(row).lot or row.lot, sort=False),
                Column("by", "录入人", 72, value=lambda row: row.result.entered_by if row.result else "", sort=False),
            ),
            row_id=lambda row: row.id,
            settings=desk.place.settings,
            list_id="pathology.results",
            empty=EmptyWords("该病例还没有已执行的特检医嘱", "医嘱执行后在此录入结果。", "list"),
        )
        self.list.selected.connect(self._chosen)
        self.list.retry.connect(self.refresh)
        self.title = Label("请选择一条医嘱", "strong")
        self.form = FormView([Section("", self._fields())], columns=6)
        self.form.submitted.connect(self.keep)
        self.keep_button = Button("保存结果（Ctrl+Enter）", "primary", "save", on_click=self.form.submit)
        self.print_button = Button("打印结果表", "", "print", on_click=self.print_table)
        self._arrange()
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.form.submit)
        self._reflect()
        self.refresh()

    def refresh(self) -> None:
        """Load the executed special orders of the case; what is being typed stays."""
        states = (OrderState.EXECUTED, OrderState.RESULTED)
        request = ListOrders(filter=OrderFilter(case_id=self.case_id, kinds=SPECIAL_ORDERS, states=states), limit=500)
        self.ask(request, self._show, "results", lambda error: self.list.show_error(message_for(error)))

    def keep(self) -> None:
        """保存结果."""
        if self.current is None:
            return
        request = EnterResult(order_id=self.current.id, version=self.current.version, result=self.entry())
        self.keep_button.setEnabled(False)
        self.ask(request, self._kept, failed=self._refused)

    def entry(self) -> ResultEntry:
        """What stands in the form."""
        values = self.form.values()
        return ResultEntry(
            reading=Reading(values["reading"]) if values["reading"] else None,
            percentage=values["percentage"],
            intensity=values["intensity"],
            weak=values["weak"],
            moderate=values["moderate"],
            strong=values["strong"],
            clone=values["clone"] or "",
            lot=values["lot"] or "",
            positive_control=Control(values["positive_control"] or Control.NOT_DONE.value),
            negative_control=Control(values["negative_control"] or Control.NOT_DONE.value),
            text=values["text"] or "",
        )

    def print_table(self) -> None:
        """The table of the case's results on paper."""

        def drawn(document: DocumentView) -> None:
            self.desk.place.runner.run(
                lambda: str(self.desk.papers.hand_out(document)),
                lambda sentence: self.desk.place.messages.say(sentence, Tone.SUCCESS),
                self.desk.place.messages.report,
            )

        self.ask(DrawResultTable(case_id=self.case_id, language=spoken()), drawn)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _fields() -> list[Any]:
        readings = [Choice("", "未判读"), *(Choice(one.value, word.zh) for one, word in READINGS.items())]
        strengths = [Choice(None, "未填"), *(Choice(place, word.zh) for place, word in enumerate(INTENSITIES))]
        controls = [Choice(one.value, word.zh) for one, word in CONTROLS.items()]
        numbers = {"percentage": "阳性百分比", "weak": "弱阳性", "moderate": "中阳性", "strong": "强阳性"}
        percent = {
            key: NumberField(key=key, label=label, unit="%", minimum=0, maximum=100, decimals=1)
            for key, label in numbers.items()
        }
        return [
            ChoiceField(key="reading", label="判读", choices=readings, initial="", span=2),
            percent["percentage"],
            ChoiceField(key="intensity", label="染色强度", choices=strengths, initial=None),
            TextField(key="clone", label="克隆号", max_length=60),
            TextField(key="lot", label="批号", max_length=60),
            percent["weak"],
            percent["moderate"],
            percent["strong"],
            ChoiceField(key="positive_control", label="阳性对照", choices=controls, initial=Control.NOT_DONE.value),
            ChoiceField(key="negative_control", label="阴性对照", choices=controls, initial=Control.NOT_DONE.value),
            TextField(key="text", label="结果描述", max_length=4000, span=6),
        ]

    def _arrange(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 12)
        box.setSpacing(8)
        box.addWidget(self.list, 1)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 0)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.print_button)
        head.addWidget(self.keep_button)
        box.addLayout(head)
        inner = QVBoxLayout()
        inner.setContentsMargins(16, 0, 16, 0)
        inner.addWidget(self.form)
        box.addLayout(inner)

    def _show(self, page: OrderPage) -> None:
        self.rows = tuple(sorted(page.rows, key=lambda row: (row.piece, row.id)))
        self.list.set_rows(self.rows)
        wanted = self._wanted or (self.current.id if self.current is not None else 0)
        self._wanted = 0
        row = next((one for one in self.rows if one.id == wanted), None) or self._next_open()
        if row is None:
            self._choose(None)
        else:
            self.list.select_id(row.id)
            if self.current is None or self.current.id != row.id:
                self._choose(row)
        self._reflect()

    def _chosen(self, row: Any) -> None:
        if row is not None and (self.current is None or row.id != self.current.id):
            self._choose(row)

    def _choose(self, row: OrderView | None) -> None:
        self.current = row
        self.form.clear()
        if row is not None:
            entry = _entry(row)
            values: dict[str, Any] = {name: getattr(entry, name) for name in (*_PERCENT, "intensity", "text")}
            values["reading"] = entry.reading.value if entry.reading is not None else ""
            values["clone"], values["lot"] = entry.clone or row.clone, entry.lot or row.lot
            values["positive_control"] = entry.positive_control.value
            values["negative_control"] = entry.negative_control.value
            self.form.set_values(values)
            self.title.set_source("{piece}  {order}", piece=row.piece, order=looks.kind_words(row))
        else:
            self.title.set_source("请选择一条医嘱")
        self._reflect()

    def _reflect(self) -> None:
        row = self.current
        self.keep_button.setEnabled(row is not None and OrderAction.ENTER_RESULT in row.allowed)
        self.print_button.setEnabled(any(one.result is not None for one in self.rows))

    def _next_open(self) -> OrderView | None:
        return next((one for one in self.rows if one.result is None), self.rows[0] if self.rows else None)

    def _kept(self, order: OrderView) -> None:
        words = order.result.words if order.result is not None else ""
        self.desk.place.messages.say(tr("已保存 {words}", words=words), Tone.SUCCESS)
        self.rows = tuple(order if one.id == order.id else one for one in self.rows)
        self.current = None
        following = self._next_open()
        self._wanted = following.id if following is not None and following.result is None else order.id
        self.refresh()

    def _refused(self, error: Exception) -> None:
        self._reflect()
        message = message_for(error)
        if message.field:
            self.form.show_problems({message.field: message.text})
        else:
            self.desk.place.messages.report(error)


def _entry(row: OrderView) -> ResultEntry:
    return row.result.entry if row.result is not None else ResultEntry()


def _reading(row: OrderView) -> str:
    reading = _entry(row).reading
    return tr(READINGS[reading].zh) if reading is not None else ""


def _percentage(row: OrderView) -> str:
    entry = _entry(row)
    parts = (entry.weak, entry.moderate, entry.strong)
    if all(part is not None for part in parts):
        return f"{sum(part or 0 for part in parts):g}%"
    return f"{entry.percentage:g}%" if entry.percentage is not None else ""


def _score(row: OrderView) -> str:
    return str(row.result.h_score) if row.result is not None and row.result.h_score is not None else ""
