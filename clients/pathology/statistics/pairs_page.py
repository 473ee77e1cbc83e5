"""逐例对照: two diagnoses of a patient side by side; the doctor says whether they agree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.editors import DateEditor, TextEditor
from clients.kit.fields import DateField, TextField
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.base import Nothing
from shared.contract.pathology_statistics import JudgePair, ListPairs, PairView
from shared.domain.pathology_reports import CONCORDANCES, Concordance
from shared.domain.pathology_statistics import PAIRS, Pair
from shared.domain.permissions import Permission

_LOOKS = {
    Concordance.AGREES: StateLook(CONCORDANCES[Concordance.AGREES].zh, Tone.SUCCESS, "check"),
    Concordance.PARTLY: StateLook(CONCORDANCES[Concordance.PARTLY].zh, Tone.WARNING, "alert"),
    Concordance.DISAGREES: StateLook(CONCORDANCES[Concordance.DISAGREES].zh, Tone.DANGER, "close"),
    Concordance.DEFERRED: StateLook("待石蜡", Tone.INFO, "hourglass"),
}
_OPEN = StateLook("未判定", Tone.NEUTRAL, "dot")
_EMPTY = EmptyWords("没有可以对照的病例", "请换一个日期范围或对照类别。", "search")
_JUDGEMENTS = (Concordance.AGREES, Concordance.PARTLY, Concordance.DISAGREES)


class PairsPage(QWidget):
    """List at the left, both diagnoses at the right."""

    def __init__(self, desk: Desk, today: Callable[[], date] = date.today) -> None:
        super().__init__()
        self._desk = desk
        self._open = True
        self.pair = SegmentedControl([Option(one.value, word.zh) for one, word in PAIRS.items()], Pair.FROZEN.value)
        self.first = DateEditor(DateField(key="first", label="", initial=today() - timedelta(days=90)))
        self.last = DateEditor(DateField(key="last", label="", initial=today()))
        self.list = ListView(_COLUMNS, row_id=lambda view: (view.case_id, view.other_id), empty=_EMPTY)
        self.list.selected.connect(self._selected)
        self.list.retry.connect(self.load)
        self.list.activated.connect(lambda view: desk.open_case(view.case_id))
        self.earlier_title, self.later_title = ValueLabel("", "strong"), ValueLabel("", "strong")
        self.earlier, self.later = _text(), _text()
        self.note = TextEditor(TextField(key="note", label="", max_length=500, placeholder="说明"))
        self.buttons = {one: Button(CONCORDANCES[one].zh, on_click=partial(self.judge, one)) for one in _JUDGEMENTS}
        self.judged = ValueLabel("", "quiet")
        self._arrange()
        self.pair.chosen.connect(lambda _pair: self.load())
        for day in (self.first, self.last):
            day.confirmed.connect(self.load)
        self._show(None)
        self.load()

    def load(self) -> None:
        """List the pairs of the chosen days."""
        first, last = self.first.value(), self.last.value()
        place = self._desk.place
        if not isinstance(first, date) or not isinstance(last, date):
            place.messages.say(tr("请填写日期，例如 2026-11-22。"), Tone.WARNING)
            return
        ask = ListPairs(pair=Pair(self.pair.current), first=first, last=last)
        self.list.set_loading(True)
        place.runner.run(lambda: place.connection.call(ask), self._came, self._failed, key="pathology.pairs")

    def judge(self, result: Concordance) -> None:
        """Say what was found of the chosen pair."""
        view, place = self.list.selected_row, self._desk.place
        if view is None:
            return
        ask = JudgePair(
            pair=view.pair, case_id=view.case_id, other_id=view.other_id, result=result, note=str(self.note.value())
        )
        place.runner.run(lambda: place.connection.call(ask), self._done, place.messages.report)

    def closeEvent(self, event: object) -> None:
        self._open = False
        super().closeEvent(event)  # type: ignore[arg-type]

    def _done(self, _nothing: Nothing) -> None:
        self._desk.place.messages.say(tr("已保存判定"), Tone.SUCCESS)
        self.load()

    def _came(self, pairs: tuple[PairView, ...]) -> None:
        if self._open:
            self.list.set_rows(pairs)
            self.list.set_loading(False)

    def _failed(self, error: Exception) -> None:
        if self._open:
            self.list.set_loading(False)
            self.list.show_error(message_for(error))

    def _selected(self, view: PairView | None) -> None:
        self._show(view)

    def _show(self, view: PairView | None) -> None:
        may = view is not None and view.pair is not Pair.FROZEN and self._desk.may(Permission.PATHOLOGY_DIAGNOSE.value)
        for button in self.buttons.values():
            button.setEnabled(may)
        self.note.set_value(view.note if view is not None else "")
        self.earlier_title.set_text(f"{view.number}  {view.earlier_by}" if view is not None else "")
        self.later_title.set_text(f"{view.other_number}  {view.later_by}" if view is not None else "")
        self.earlier.setPlainText(view.earlier if view is not None else "")
        self.later.setPlainText(view.later if view is not None else "")
        words = ""
        if view is not None and view.pair is Pair.FROZEN:
            words = tr("冰冻与石蜡在诊断页的冰冻栏中判定。")
        elif view is not None and view.is_automatic:
            words = tr("两次诊断文字相同，自动计为符合。")
        elif view is not None and view.judged_by:
            words = tr("判定人 {name}", name=view.judged_by)
        self.judged.set_text(words)

    def _arrange(self) -> None:
        top = QWidget()
        top.setProperty("look", "surface")
        top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bar = QHBoxLayout(top)
        bar.setContentsMargins(16, 10, 16, 10)
        bar.setSpacing(8)
        for day in (self.first, self.last):
            day.setFixedWidth(138)
        for widget in (self.pair, self.first, Label("至", "caption"), self.last):
            bar.addWidget(widget)
        bar.addWidget(Button("查询", "primary", "search", on_click=self.load))
        bar.addStretch(1)
        right = QWidget()
        right.setProperty("look", "surface")
        right.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        right.setMinimumWidth(420)
        column = QVBoxLayout(right)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        column.addWidget(Label("先前诊断", "caption"))
        column.addWidget(self.earlier_title)
        column.addWidget(self.earlier, 1)
        column.addWidget(Label("后来诊断", "caption"))
        column.addWidget(self.later_title)
        column.addWidget(self.later, 1)
        column.addWidget(self.note)
        column.addWidget(self.judged)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for button in self.buttons.values():
            buttons.addWidget(button)
        column.addLayout(buttons)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.list, 3)
        row.addWidget(hairline(vertical=True))
        row.addWidget(right, 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(top)
        box.addWidget(hairline())
        box.addLayout(row, 1)


def _text() -> QPlainTextEdit:
    made = QPlainTextEdit()
    made.setReadOnly(True)
    return made


def _marks(view: PairView) -> list[StateLook]:
    return [_OPEN if view.result is None else _LOOKS[view.result]]


_COLUMNS = (
    Column("number", "病理号", 112, strong=True, firm=True, sort=False),
    Column("patient_name", "姓名", 72, firm=True, sort=False),
    Column("result", "判定", 96, value=lambda _view: "", marks=_marks, firm=True, sort=False),
    Column("earlier", "先前诊断", 170, value=lambda view: view.earlier.replace("\n", " "), sort=False),
    Column("later", "后来诊断", 0, value=lambda view: view.later.replace("\n", " "), sort=False),
)
