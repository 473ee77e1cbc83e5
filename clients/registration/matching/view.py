"""The matching page on screen: studies without an exam at the left, the exam they belong to at the right."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.coalescing import Coalesced
from clients.kit.fields import Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Glyph, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import Message
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import on_language_change, tr
from clients.registration.matching.presenter import MatchingPresenter
from clients.registration.matching.state import MatchingState
from clients.registration.words import sex_and_age
from shared.contract.archive import StudyRow
from shared.contract.base import Changed, Notice

_NOTHING = EmptyWords("没有待匹配的影像", "收到的影像都已对应到检查。", "check_circle")
_SIDE_WIDTH = 320


def _columns() -> tuple[Column, ...]:
    return (
        Column("patient_name", "患者姓名", 150, strong=True, value=lambda row: row.patient_name.replace("^", " ")),
        Column("patient_id", "患者编号", 110),
        Column("accession_number", "检查号", 120),
        Column("modalities", "检查类型", 80, value=lambda row: "、".join(row.modalities)),
        Column("instance_count", "影像数", 70, Align.RIGHT),
        Column("calling_ae", "设备", 100),
        Column("received_at", "接收时间", 150, format=local_time, quiet=True),
        Column("why_unmatched", "原因", 0, quiet=True),
    )


class MatchingPage(QWidget):
    """影像匹配."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self.presenter = MatchingPresenter(place.connection, place.runner, place.messages)
        self._state = self.presenter.state
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        self.list = ListView(
            _columns(),
            row_id=lambda row: row.study_uid,
            settings=place.settings,
            list_id="registration.matching",
            runner=place.runner,
            empty=_NOTHING,
        )
        self.list.selected.connect(self._selected)
        across.addWidget(self.list, 1)
        across.addWidget(self._side())
        self.setFocusProxy(self.list.table)
        place.actions.on("matching.match", self.presenter.match)
        place.actions.on("matching.refresh", self.presenter.refresh)
        self._soon = Coalesced(self.presenter.refresh, self)
        place.on_notice(self._heard)
        self._forget = on_language_change(lambda: self._render(self._state))
        self.presenter.show_to(self._render)
        self.presenter.refresh()

    def _side(self) -> QWidget:
        side = QFrame()
        side.setProperty("look", "panel")
        side.setFixedWidth(_SIDE_WIDTH)
        box = QVBoxLayout(side)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        box.addWidget(Label("匹配到检查", "headline"))
        self.number = FormView(
            [Section("", [TextField(key="number", label="检查号", placeholder="输入或扫描，回车查找")])], columns=1
        )
        self.number.changed.connect(lambda key: self.presenter.type_number(str(self.number.value(key) or "")))
        self.number.submitted.connect(self.presenter.find_exam)
        box.addWidget(self.number)
        box.addWidget(hairline())
        self._lines = [ValueLabel("", look, wrap=True) for look in ("headline", "", "", "quiet")]
        for line in self._lines:
            box.addWidget(line)
        self._doubt = QWidget()  # colour, glyph and word: somebody's images may go to somebody else's report
        doubt = QHBoxLayout(self._doubt)
        doubt.setContentsMargins(0, 0, 0, 0)
        doubt.addWidget(Glyph("alert", 16, Tone.DANGER), 0, Qt.AlignmentFlag.AlignTop)
        doubt.addWidget(Label("影像中的患者编号与该检查不同，请仔细核对。", "error", wrap=True), 1)
        box.addWidget(self._doubt)
        box.addStretch(1)
        box.addWidget(self._place.actions.button("matching.match", "primary"))
        return side

    def _selected(self, row: StudyRow | None) -> None:
        if row is not None and row.study_uid != self._state.selected:
            self.presenter.select(row.study_uid)
            if self._state.number:
                self.presenter.find_exam()

    def _render(self, state: MatchingState) -> None:
        self._state = state
        self.list.set_rows(state.studies)
        self.list.set_loading(state.is_loading)
        if state.trouble:
            self.list.show_error(Message(state.trouble, Tone.DANGER))
        editor = self.number.rows["number"].editor
        if str(editor.value() or "") != state.number:
            editor.set_value(state.number)
        self.number.show_problems({"number": state.problem} if state.problem else {})
        for line, text in zip(self._lines, self._words(state), strict=True):
            line.set_text(text)
            line.setVisible(bool(text))
        self._doubt.setVisible(state.may_match and not state.is_same_patient)
        self._place.actions.update(state)

    def _words(self, state: MatchingState) -> tuple[str, str, str, str]:
        exam = state.exam
        if exam is None:
            return "", "", "", tr("在左侧选择影像，再输入它所属检查的检查号。")
        return exam.patient_name, sex_and_age(exam.sex, exam.age), f"{exam.accession_number}　{exam.items}", ""

    def _heard(self, notice: Notice) -> None:
        if self.isVisible() and isinstance(notice, Changed) and notice.entity == "study":
            self._soon.poke()

    def _scanned(self, code: str) -> None:
        self.presenter.type_number(code)
        self.presenter.find_exam()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.presenter.refresh()
        self._scan = self._place.scanner.listen(self._scanned)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._scan()

    def closeEvent(self, event: object) -> None:
        self._forget()
