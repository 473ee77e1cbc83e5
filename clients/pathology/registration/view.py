"""The tab 病人信息 on screen: number and fetch on top, fields, specimens, and what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.panels import EmptyState, scrolling
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.pathology.bench.asking import asker
from clients.pathology.desk import Desk
from clients.pathology.prompts import PromptBook
from clients.pathology.registration import form as page
from clients.pathology.registration.choice_panel import FoundPanel
from clients.pathology.registration.presenter import TAB, TITLE, PatientPresenter
from clients.pathology.registration.specimen_actions import SpecimenActions, print_case_barcode
from clients.pathology.registration.specimens_view import SpecimensView
from clients.pathology.registration.state import Mode, PageState
from shared.domain.pathology import FETCH_BY, FetchBy
from shared.domain.permissions import Permission

_WIDEST = 2000
"""Pixels beyond which fields get no wider."""


class PatientTab(QWidget):
    """Puts the page together and follows its presenter."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.prompts = PromptBook(desk.place, page.PROMPT_KEYS)
        self.presenter = PatientPresenter(desk, self.show_state, self.fill)
        self.presenter.check = self._check
        self.commands = SpecimenActions(desk)
        self.forms: dict[bool, FormView] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self._make_top())
        self.pages = QStackedWidget()
        self.nothing = EmptyState(
            "clipboard", "没有打开的病例", "扫描条码、输入病理号或双击列表打开病例；按 Ctrl+N 登记新病例。", "登记病例"
        )
        self.nothing.acted.connect(self._start)
        self.pages.addWidget(self.nothing)
        self.pages.addWidget(self._make_work())
        box.addWidget(self.pages, 1)
        self._foot = self._make_foot()
        box.addWidget(self._foot)
        desk.add_part(TAB, TITLE, self.presenter)
        self._forget_start = desk.started.listen(lambda _none: self._focus_soon())
        self.show_state(self.presenter.state)
        self.presenter.open()
        if desk.is_new:
            self._focus_soon()

    @property
    def form(self) -> FormView:
        """The fields in force: all of them, or those of the quick registration."""
        return self._form(self.presenter.state.quick)

    def fill(self, values: Mapping[str, Any]) -> None:
        """Show values; those without a field are passed over."""
        for form in self.forms.values():
            form.set_values({key: value for key, value in values.items() if key in form.rows})

    def show_state(self, state: PageState) -> None:
        """Show everything beside the values."""
        is_open = state.mode is not Mode.NOTHING
        self.pages.setCurrentIndex(1 if is_open else 0)
        self.top.setVisible(is_open)
        self._foot.setVisible(is_open)
        if not is_open:
            return
        form = self._form(state.quick)
        if self.holder.currentWidget() is not self.areas[state.quick]:
            self.holder.setCurrentWidget(self.areas[state.quick])
        form.set_read_only(state.read_only)
        if state.problems:
            form.show_problems({key: text for key, text in state.problems.items() if key in form.rows})
        if self.number.text() != state.number:
            self.number.setText(state.number)
        self.number.setReadOnly(state.mode is not Mode.NEW)
        self.number.setPlaceholderText(tr("执行预约时生成") if state.mode is Mode.APPOINTMENT else "")
        self.number_problem.setText(state.number_problem)
        self.number_problem.setVisible(bool(state.number_problem))
        self.fetch_button.setEnabled(not state.busy and not state.read_only)
        self.quick_button.setVisible(state.is_new)
        self.quick_button.set_source("全部栏目" if state.quick else "快速登记")
        self.save_button.setEnabled(not state.busy and not state.read_only)
        self.print_button.setEnabled(state.mode is Mode.CASE)
        self.registered.setText(state.registered)
        self.specimens.setVisible(state.mode is not Mode.APPOINTMENT)
        self.specimens.show_state(state)
        if state.found:
            self._choose(state)

    def focus_first(self) -> None:
        """Put the keyboard where the next person begins."""
        self.form.focus("patient_name")

    def _focus_soon(self) -> None:
        QTimer.singleShot(0, self, self.focus_first)  # once the page is in front

    def closeEvent(self, event: object) -> None:
        self._forget_start()
        self.presenter.close()
        self.prompts.close()
        super().closeEvent(event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.by.set_choices(_fetch_choices())
            self.key.setPlaceholderText(tr("输入号码后按回车提取"))
        super().changeEvent(event)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _make_top(self) -> QWidget:
        self.top = QWidget()
        self.top.setMaximumWidth(_WIDEST + 32)
        row = QHBoxLayout(self.top)
        row.setContentsMargins(16, 8, 16, 4)
        row.setSpacing(8)
        row.addWidget(Label("病理号", "caption"))
        self.number = QLineEdit()
        self.number.setObjectName("patient.number")
        self.number.setMaxLength(24)
        self.number.setFixedWidth(current_theme().metrics.times(18))
        self.number.textEdited.connect(self.presenter.edit_number)
        self.number.editingFinished.connect(self.presenter.check_number)
        row.addWidget(self.number)
        self.number_problem = Label("", "error")
        row.addWidget(self.number_problem)
        row.addStretch(1)
        self.by = ChoiceEditor(ChoiceField(key="by", label="提取方式", choices=_fetch_choices()))
        self.by.set_value(self._desk.settings.fetch_by)
        self.by.setFixedWidth(current_theme().metrics.times(21))
        row.addWidget(self.by)
        self.key = QLineEdit()
        self.key.setObjectName("patient.fetch")
        self.key.setMaxLength(40)
        self.key.setPlaceholderText(tr("输入号码后按回车提取"))
        self.key.setFixedWidth(current_theme().metrics.times(24))
        self.key.returnPressed.connect(self.fetch)
        row.addWidget(self.key)
        self.fetch_button = Button("提取", "", "download", on_click=self.fetch)
        row.addWidget(self.fetch_button)
        return self.top

    def _make_work(self) -> QWidget:
        across = QSplitter(Qt.Orientation.Vertical)
        across.setChildrenCollapsible(False)
        self.holder = QStackedWidget()
        self.areas: dict[bool, QWidget] = {}
        across.addWidget(self.holder)
        self.specimens = SpecimensView(self.presenter, self.commands, self.prompts)
        across.addWidget(self.specimens)
        across.setStretchFactor(0, 3)
        across.setStretchFactor(1, 2)
        across.setSizes([240, 270])
        self._form(False)
        return across

    def _form(self, quick: bool) -> FormView:
        if quick not in self.forms:
            desk = self._desk
            now = self.presenter.now
            parts = (
                page.quick_sections(desk.settings.quick_fields, self.prompts.source, now)
                if quick
                else page.sections(self.prompts.source, now)
            )
            form = FormView(parts, columns=6, fewest=3)
            form.changed.connect(lambda key: self.presenter.edit(key, form.value(key)))
            form.submitted.connect(self.specimens.focus_first)
            form.setMaximumWidth(_WIDEST)  # a name is not easier to read in a field of half a metre
            inside = QWidget()
            box = QVBoxLayout(inside)
            box.setContentsMargins(16, 4, 16, 12)
            box.addWidget(form)
            area = scrolling(inside)
            self.forms[quick], self.areas[quick] = form, area
            self.holder.addWidget(area)
            values = self.presenter.values
            form.set_values({key: value for key, value in values.items() if key in form.rows})
        return self.forms[quick]

    def _make_foot(self) -> QWidget:
        foot = QWidget()
        foot.setProperty("look", "status")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(8)
        self.save_button = Button("保存", "primary", "save", on_click=lambda: self._desk.save_part(TAB))
        self.save_button.setToolTip(tr("保存当前页面的信息"))
        row.addWidget(self.save_button)
        self.next_button = Button("病历登记", "", "add", on_click=self.presenter.next_registration)
        row.addWidget(self.next_button)
        self.quick_button = Button("快速登记", "quiet", "spark", on_click=self._toggle_quick)
        row.addWidget(self.quick_button)
        self.print_button = Button("打印", "", "print", on_click=self.open_print_menu)
        row.addWidget(self.print_button)
        row.addStretch(1)
        self.registered = Label("", "caption")
        row.addWidget(self.registered)
        for button in (self.next_button, self.quick_button):
            button.setEnabled(self._desk.may(Permission.PATHOLOGY_REGISTER))
        return foot

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────

    def fetch(self) -> None:
        """提取 by the number typed."""
        self.presenter.fetch(FetchBy(self.by.value() or FetchBy.APPLICATION), self.key.text())

    def open_print_menu(self) -> None:
        """标本签收单, 标本拒收单, 病理条码; printed at once (PA-REG-09)."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("标本签收单")).triggered.connect(lambda: self.commands.print_slip(rejected=False))
        menu.addAction(tr("标本拒收单")).triggered.connect(lambda: self.commands.print_slip(rejected=True))
        menu.addAction(tr("病理条码")).triggered.connect(self._print_barcode)
        height = menu.sizeHint().height()
        menu.popup(self.print_button.mapToGlobal(QPoint(0, -height)))

    def _start(self) -> None:
        self._desk.new_case()

    def _print_barcode(self) -> None:
        if self._desk.case is not None:
            print_case_barcode(self._desk, self._desk.case.id, asker(self._desk))

    def _toggle_quick(self) -> None:
        self.presenter.set_quick(not self.presenter.state.quick)
        self.focus_first()

    def _check(self) -> bool:
        return self.form.validate()

    def _choose(self, state: PageState) -> None:
        panel = FoundPanel(state.found, self._take_found)
        self._desk.show_panel("选择提取的记录", panel, 460)

    def _take_found(self, found: Any) -> None:
        self._desk.close_panel()
        self.presenter.take(found)


def _fetch_choices() -> list[Choice]:
    return [Choice(by, word.zh) for by, word in FETCH_BY.items()]
