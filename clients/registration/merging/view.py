"""The merging page on screen: suggested pairs at the left, two records side by side at the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SearchBox
from clients.kit.coalescing import Coalesced
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import Message
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.panels import EmptyState, scrolling
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import on_language_change, tr
from clients.registration.measures import short_time
from clients.registration.merging.presenter import MergingPresenter
from clients.registration.merging.state import COMPARED, MergingState, Side
from clients.registration.words import SEX_WORDS, likenesses_words, sex_and_age
from shared.contract.base import Changed, Notice
from shared.contract.patients import LikePair, PatientView
from shared.domain.states import Sex

_NO_PAIRS = EmptyWords("没有疑似重复的患者", "可在上方按姓名或号码查找两条记录进行合并。", "users")
_NOT_FOUND = EmptyWords("没有找到患者", "换一个姓名、卡号或证件号。", "search")
_LABELS = {
    "patient_number": "患者编号",
    "name": "姓名",
    "pinyin": "姓名拼音",
    "sex": "性别",
    "birth_date": "出生日期",
    "id_number": "证件号",
    "card_number": "就诊卡号",
    "inpatient_number": "住院号",
    "health_check_number": "体检号",
    "phone": "电话号码",
    "address": "住址",
}


def _born(patient: PatientView) -> str:
    return patient.birth_date.isoformat() if patient.birth_date else ""


def _pair_columns() -> tuple[Column, ...]:
    return (
        Column("name", "患者姓名", 96, value=lambda row: row.first.name, strong=True, sort=False),
        Column("why", "相同之处", 0, value=lambda row: likenesses_words(row.likenesses), sort=False),
        Column(
            "numbers",
            "患者编号",
            176,
            value=lambda row: f"{row.first.patient_number} / {row.second.patient_number}",
            quiet=True,
            sort=False,
        ),
        Column("score", "可能性", 64, Align.RIGHT, sort=False),
    )


def _found_columns() -> tuple[Column, ...]:
    return (
        Column("name", "患者姓名", 112, value=lambda row: f"{row.name}  {sex_and_age(row.sex, '')}", strong=True),
        Column("birth_date", "出生日期", 96, value=_born),
        Column("id_number", "证件号", 0, quiet=True),
        Column("card_number", "就诊卡号", 96, quiet=True),
        Column("patient_number", "患者编号", 88),
    )


class MergingPage(QWidget):
    """患者合并."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self.presenter = MergingPresenter(place.connection, place.runner, place.messages)
        self._state = self.presenter.state
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        across = QSplitter(Qt.Orientation.Horizontal)
        across.setChildrenCollapsible(False)
        across.addWidget(self._left())
        across.addWidget(self._right())
        across.setSizes([560, 718])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(across)
        place.actions.on("merging.merge", self.presenter.merge)
        place.actions.on("merging.swap", self.presenter.swap)
        place.actions.on("merging.search", self.search.field.setFocus)
        place.actions.on("merging.refresh", self.presenter.refresh)
        self._soon = Coalesced(self.presenter.refresh, self)
        place.on_notice(self._heard)
        self.setFocusProxy(self.pairs.table)
        self._forget = on_language_change(self._retranslate)
        self.destroyed.connect(_Call(self._forget))
        self.presenter.show_to(self.render_state)
        self._retranslate()
        self.presenter.refresh()

    def _left(self) -> QWidget:
        left = QWidget()
        left.setMinimumWidth(420)
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 16, 8)
        self._title = Label("疑似重复", "title")
        head.addWidget(self._title)
        head.addStretch(1)
        self.search = SearchBox((Option("any", "姓名、卡号或证件号"),))
        self.search.searched.connect(lambda _mode, text: self.presenter.search(text))
        head.addWidget(self.search)
        box.addLayout(head)
        settings, runner = self._place.settings, self._place.runner
        self.pairs = ListView(
            _pair_columns(),
            row_id=lambda row: f"{row.first.id}-{row.second.id}",
            settings=settings,
            list_id="registration.merging.pairs",
            runner=runner,
            empty=_NO_PAIRS,
        )
        self.pairs.selected.connect(self._pair_selected)
        self.found = ListView(
            _found_columns(),
            row_id=lambda row: row.id,
            settings=settings,
            list_id="registration.merging.found",
            runner=runner,
            empty=_NOT_FOUND,
        )
        self.found.selected.connect(self._found_selected)
        self.found.hide()
        box.addWidget(self.pairs, 1)
        box.addWidget(self.found, 1)
        return left

    def _right(self) -> QWidget:
        right = QFrame()
        right.setProperty("look", "panel")
        right.setMinimumWidth(480)
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self._body = QWidget()
        self._body_box = QVBoxLayout(self._body)
        self._body_box.setContentsMargins(16, 12, 16, 12)
        self._body_box.setSpacing(8)
        self._content: QWidget | None = None
        box.addWidget(scrolling(self._body), 1)
        box.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.setSpacing(8)
        self.reason = QLineEdit()
        self.reason.setMaxLength(200)
        self.reason.textEdited.connect(self.presenter.write_reason)
        foot.addWidget(self.reason, 1)
        self._wrong = Label("", "error")
        foot.addWidget(self._wrong)
        self.merge = self._place.actions.button("merging.merge", "primary")
        self._swap = self._place.actions.button("merging.swap")
        foot.addWidget(self._swap)
        foot.addWidget(self.merge)
        box.addLayout(foot)
        return right

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _pair_selected(self, row: Any) -> None:
        shown = (self._state.keep, self._state.join)
        if isinstance(row, LikePair) and (row.first, row.second) != tuple(side and side.patient for side in shown):
            self.presenter.compare(row)

    def _found_selected(self, row: Any) -> None:
        shown = (self._state.keep, self._state.join)
        if isinstance(row, PatientView) and row.id not in [side.patient.id for side in shown if side is not None]:
            self.presenter.choose(row)

    def _heard(self, notice: Notice) -> None:
        if isinstance(notice, Changed) and notice.entity == "patient" and self.isVisible():
            self._soon.poke()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._state.loaded_once:
            self.presenter.refresh()

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: MergingState) -> None:
        """Show a state."""
        before, self._state = self._state, state
        searching = state.found is not None
        self.pairs.setVisible(not searching)
        self.found.setVisible(searching)
        self._title.set_source("查找结果" if searching else "疑似重复")
        shown = self.found if searching else self.pairs
        shown.set_loading(state.loading)
        if state.trouble:
            shown.show_error(Message(state.trouble, Tone.DANGER))
        elif searching and (state.found is not before.found or before.trouble):
            self.found.set_rows(state.found or ())
        elif not searching and state.loaded_once and (state.pairs is not before.pairs or not before.loaded_once):
            self.pairs.set_rows(state.pairs)
        elif before.trouble:
            shown.clear_error()
        self._place.actions.set_enabled("merging.merge", state.may_merge)
        self._place.actions.set_enabled("merging.swap", state.join is not None and not state.working)
        if self.reason.text() != state.reason:
            self.reason.setText(state.reason)
        needs_reason = state.keep is not None
        self.reason.setEnabled(needs_reason and not state.working)
        self._wrong.setText(tr("请填写原因。") if state.reason_missing else "")
        if state.reason_missing and not before.reason_missing:
            self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
        parts = ("keep", "join", "records", "working")
        if self._content is None or any(getattr(before, name) != getattr(state, name) for name in parts):
            self._show_comparison(state)

    def _show_comparison(self, state: MergingState) -> None:
        if self._content is not None:
            self._body_box.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self._content = self._comparison(state) if state.keep is not None else self._nothing()
        self._body_box.addWidget(self._content, 1)

    def _nothing(self) -> QWidget:
        empty = EmptyState()
        empty.show_words("users", "选择要比较的患者", "在左侧选择一对疑似重复的记录，或查找两条记录。")
        return empty

    def _comparison(self, state: MergingState) -> QWidget:
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 72)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        grid.addWidget(Label("保留", "strong"), 0, 1)
        grid.addWidget(Label("并入后不再单独出现", "strong"), 0, 2)
        for line, field in enumerate(COMPARED, 1):
            label = Label(_LABELS[field], "caption")
            grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
            differs = state.differs(field)
            for column, side in ((1, state.keep), (2, state.join)):
                words = "" if side is None else _field_words(side.patient, field)
                look = "strong" if differs else "" if words else "quiet"
                shown = f"≠ {words}" if differs else words or "—"
                grid.addWidget(ValueLabel(shown, look, wrap=True), line, column)
        line = len(COMPARED) + 1
        grid.addWidget(Label("检查", "caption"), line, 0, Qt.AlignmentFlag.AlignTop)
        for column, side in ((1, state.keep), (2, state.join)):
            grid.addWidget(_exams(side), line, column, Qt.AlignmentFlag.AlignTop)
        box.addLayout(grid)
        if state.join is None:
            box.addWidget(Label("再从左侧选择一条要并入的记录。", "caption", wrap=True))
        self._add_links(box, state)
        box.addStretch(1)
        return holder

    def _add_links(self, box: QVBoxLayout, state: MergingState) -> None:
        records = state.records
        if records is None:
            return
        others = [patient for patient in records.records if patient.linked_to is not None]
        if others:
            box.addWidget(hairline())
            box.addWidget(Label("已并入的记录", "strong"))
            for patient in others:
                row = QHBoxLayout()
                words = "　".join(part for part in (patient.patient_number, patient.name, _born(patient)) if part)
                row.addWidget(ValueLabel(words), 1)
                button = Button("拆分", on_click=partial(self.presenter.separate, patient))
                button.setEnabled(not state.working)
                row.addWidget(button)
                box.addLayout(row)
        if records.trace:
            box.addWidget(hairline())
            box.addWidget(Label("合并记录", "strong"))
            numbers = {patient.id: patient.patient_number for patient in records.records}
            for entry in records.trace:
                what = tr("合并") if entry.is_linked else tr("拆分")
                number = numbers.get(entry.patient_id, f"#{entry.patient_id}")
                words = f"{local_time(entry.at)}　{entry.user_name}　{what} {number}　{entry.reason}"
                box.addWidget(ValueLabel(words, "caption", wrap=True))

    def _retranslate(self) -> None:
        self.reason.setPlaceholderText(tr("原因，如：同一人在两处建卡"))
        self.reason.setAccessibleName(tr("原因，如：同一人在两处建卡"))
        self._show_comparison(self._state)


def _field_words(patient: PatientView, field: str) -> str:
    value = getattr(patient, field)
    if isinstance(value, Sex):
        return tr(SEX_WORDS[value])
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _exams(side: Side | None) -> QWidget:
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(2)
    if side is None:
        box.addWidget(ValueLabel("—", "quiet"))
    elif side.exams is None:
        box.addWidget(ValueLabel(tr("正在加载…"), "quiet"))
    else:
        box.addWidget(ValueLabel(tr("共 {count} 次", count=side.exam_count)))
        for exam in side.exams:
            words = f"{short_time(exam.planned_at)}　{exam.exam_type}　{exam.items}"
            box.addWidget(ValueLabel(words, "caption", wrap=True))
    return holder


class _Call:
    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback

    def __call__(self, _object: object = None) -> None:
        self._callback()
