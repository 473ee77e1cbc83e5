"""The line above the tabs: which case is open, where it stands, what must be known of it; always in view."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from clients.kit.badges import StateBadge
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.shell.columns import sex_and_age
from clients.pathology.shell.looks import case_look, flag_looks
from clients.pathology.statistics.earlier import EarlierWatch, show_earlier
from shared.contract.pathology import CaseDetails
from shared.contract.pathology_statistics import EarlierCase
from shared.domain.pathology import CASE_STATES


class CaseHeader(QWidget):
    """Number, state, name, sex and age, flags; "有未保存的修改" while something is not stored."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setProperty("look", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 1)
        row.setSpacing(8)
        self.stamp = StateBadge(case_look("registered"))
        self.number = ValueLabel("", "title")
        self.state = Label("", "caption")
        self.patient = ValueLabel("", "strong")
        for label in (self.number, self.patient):
            label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._flags = QHBoxLayout()
        self._flags.setSpacing(4)
        self.unsaved = Label("有未保存的修改", "caption")
        self.unsaved.hide()
        for widget in (self.stamp, self.number, self.state, self.patient):
            row.addWidget(widget)
        row.addLayout(self._flags)
        self.earlier = Button("既往病理 {count}", "link", "clipboard", on_click=self._open_earlier)
        self.earlier.hide()
        self._earlier_cases: tuple[EarlierCase, ...] = ()
        row.addWidget(self.earlier)
        row.addStretch(1)
        row.addWidget(self.unsaved)
        self._resize()
        self._forget = [
            desk.opened.listen(self._show_case),
            desk.changed.listen(self._show_case),
            desk.closed.listen(lambda _none: self._show_nothing()),
            desk.started.listen(lambda _none: self._show_new()),
            desk.dirty_changed.listen(lambda _none: self._show_dirty()),
        ]
        self._earlier = EarlierWatch(desk, self._show_earlier)
        self._show_nothing()

    def closeEvent(self, event: object) -> None:
        self._earlier.close()
        for forget in self._forget:
            forget()
        super().closeEvent(event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        if is_look_change(event):
            self._resize()
        elif event.type() == QEvent.Type.LanguageChange and self._desk.details is not None:
            self._show_case(self._desk.details)
        super().changeEvent(event)

    def _resize(self) -> None:
        self.setFixedHeight(current_theme().metrics.control + 6)

    def _show_case(self, details: CaseDetails) -> None:
        case = details.case
        self.stamp.set_look(case_look(case.state))
        for widget in (self.stamp, self.number, self.patient):
            widget.show()
        self.number.set_text(case.number or tr("预约"))
        self.state.set_source(CASE_STATES[case.state].zh)
        self.patient.set_text("  ".join(part for part in (case.entry.patient_name, sex_and_age(case.entry)) if part))
        self._show_flags([StateBadge(look) for look in flag_looks(case.flags)])
        self._show_dirty()

    def _show_new(self) -> None:
        self._show_nothing()
        self.state.set_source("新的预约" if self._desk.is_appointment else "新的登记")

    def _show_nothing(self) -> None:
        for widget in (self.stamp, self.number, self.patient):
            widget.hide()
        self.state.set_source("没有打开的病例")
        self._show_flags([])
        self.unsaved.hide()

    def _show_earlier(self, cases: tuple[EarlierCase, ...]) -> None:
        self._earlier_cases = cases
        self.earlier.setVisible(bool(cases))
        self.earlier.set_source("既往病理 {count}", count=len(cases))

    def _open_earlier(self) -> None:
        show_earlier(self._desk, self._earlier_cases)

    def _show_flags(self, badges: list[StateBadge]) -> None:
        while self._flags.count():
            item = self._flags.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for badge in badges:
            self._flags.addWidget(badge)

    def _show_dirty(self) -> None:
        self.unsaved.setVisible(bool(self._desk.dirty_tabs()))
