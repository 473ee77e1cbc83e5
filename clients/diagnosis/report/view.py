"""The report page on screen, areas A to G; reports intentions and shows states (RIS-RPT)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from clients.diagnosis.auditing.returning import RejectPanel
from clients.diagnosis.report.actions import STEPS
from clients.diagnosis.report.around import EarlierReport, HistoryArea, PatientsArea
from clients.diagnosis.report.aside import Aside
from clients.diagnosis.report.compare_view import CompareView
from clients.diagnosis.report.desk import ReportDesk
from clients.diagnosis.report.details import LogPanel, application_panel, patient_panel
from clients.diagnosis.report.editor import RichEditor
from clients.diagnosis.report.merge_view import MergeView
from clients.diagnosis.report.papers_panel import PapersPanel
from clients.diagnosis.report.parts import RunTool, Toggle
from clients.diagnosis.report.patient_form import PatientForm
from clients.diagnosis.report.state import ReportPageState
from clients.diagnosis.report.template_form import SaveAsTemplate
from clients.diagnosis.report.templates_panel import TemplatesPanel
from clients.diagnosis.report.writing_area import WritingArea
from clients.diagnosis.sides import ReportPanel, SidePanel, Tool
from clients.kit.labels import Button
from clients.kit.pdf_preview import PdfPreview
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import HistoryRow

if TYPE_CHECKING:
    from clients.diagnosis.report.presenter import ReportPresenter
    from clients.diagnosis.worklist.presenter import WorklistPresenter


class ReportPage(QWidget):
    """The report page."""

    closing = Signal()
    """the window closes."""
    comparison_wanted = Signal(tuple)
    """ids of reports to be compared, the present one first."""

    def __init__(self, place: Workplace, panels: Sequence[SidePanel] = (), tools: Sequence[Tool] = ()) -> None:
        super().__init__()
        self._place = place
        self._panels = {one.key: one for one in panels if not one.permission or place.may(one.permission)}
        self._tools = {one.key: one for one in tools if not one.permission or place.may(one.permission)}
        self._built: dict[str, ReportPanel] = {}
        self._desk: ReportDesk | None = None
        self._presenter: ReportPresenter | None = None
        self._patients: WorklistPresenter | None = None
        self._state = ReportPageState()
        self.patients = PatientsArea(place.runner)
        self.history = HistoryArea()
        self.writing = WritingArea(place)
        self.preview = PdfPreview()
        self.merging, self.comparing = MergeView(), CompareView()
        self.templates = TemplatesPanel()
        self.log = LogPanel()
        self.papers = PapersPanel()
        self._arrange()
        self._connect()

    # ── wiring ───────────────────────────────────────────────────────────────────────────────────────

    def attach(self, presenter: ReportPresenter, patients: WorklistPresenter, desk: ReportDesk | None = None) -> None:
        """Report to these presenters from now on; `desk` is what panels and tools get."""
        self._presenter, self._patients, self._desk = presenter, patients, desk
        self.patients.attach(patients)
        self.writing.attach(presenter)
        self.merging.attach(presenter)
        self.comparing.attach(presenter)
        self.log.compare_wanted.connect(presenter.compare_versions)
        self.templates.attach(presenter)
        self.history.compare_wanted.connect(self._compare_with)
        on = self._place.actions.on
        for action_id, intention in (
            ("report.leave", presenter.leave),
            ("report.next", self._next),
            ("report.enter", presenter.enter_here),
            ("report.save", presenter.save),
            ("report.submit", presenter.submit),
            ("report.approve", presenter.approve),
            ("report.approve_print", self._approve_and_print),
            ("report.reject", self.open_reject),
            ("report.give_up", presenter.ask_give_up),
            ("report.unlock", presenter.unlock),
            ("report.print", presenter.print_report),
            ("report.preview", presenter.preview),
            ("report.images", presenter.view_images),
            ("report.application", self._show_application),
            ("report.patient", self._show_patient),
            ("report.edit_patient", self.open_patient_form),
            ("report.record", self._open_record),
            ("report.reset", presenter.reset),
            ("report.papers", self._toggle_papers),
            ("report.save_template", self.open_save_template),
            ("report.templates", self._toggle_templates),
            ("report.log", self._toggle_log),
            ("report.compare", self._compare_here),
        ):
            on(action_id, intention)
        for key in self._panels:
            on(f"report.panel.{key}", Toggle(self, key))
        if desk is not None:
            for key, tool in self._tools.items():
                on(f"report.tool.{key}", RunTool(tool, self._place, desk))

    def _compare_with(self, rows: tuple[HistoryRow, ...]) -> None:
        self._want_comparison(tuple(row.report_id for row in rows if row.report_id is not None))

    def _compare_here(self) -> None:
        selected = self._patients.state.selected if self._patients is not None else None
        self._want_comparison((selected.id,) if selected is not None else ())

    def _want_comparison(self, others: tuple[int, ...]) -> None:
        report = self._state.report
        present = (report.row.id,) if report is not None else ()
        self.comparison_wanted.emit(tuple(dict.fromkeys((*present, *others))))

    # What panels, the desk and other parts reach for most often.

    @property
    def findings(self) -> RichEditor:
        """The editor of the findings."""
        return self.writing.findings

    @property
    def impression(self) -> RichEditor:
        """The editor of the impression."""
        return self.writing.impression

    @property
    def marks(self) -> QHBoxLayout:
        """What other parts show beside the patient, as clients.diagnosis.critical does."""
        return self.writing.marks

    @property
    def presenter(self) -> ReportPresenter:
        """The presenter that this page reports to."""
        assert self._presenter is not None
        return self._presenter

    def show_state(self, state: ReportPageState) -> None:
        """Show a state; the editors are filled only when the presenter replaced the text."""
        before, self._state = self._state, state
        if before.report is not None and (state.report is None or state.report.row.id != before.report.row.id):
            self.aside.close_details()
        self.writing.show_state(state)
        if state.history is not before.history or state.report is None:
            self.history.show_history(state.history)
        exam_type = state.report.row.exam_type if state.report else ""
        self.templates.show_templates(state.templates, exam_type, may_type=state.may_type)
        self.log.show_log(state.log)
        self.papers.show_related(state.related)
        if state.report is not None and state.related is None and before.related is not None:
            self._load_papers()
        if state.preview is not before.preview and state.preview is not None:
            self.preview.show_pdf(state.preview)
        self.merging.show_state(state)
        self.comparing.show_state(state)
        self.centre.setCurrentIndex(_centre_of(state))
        if state.report is not before.report:
            for panel in self._built.values():
                panel.show_report(state.report)
        if self._patients is not None and state.report is not None and _is_another(state, before):
            self._patients.prepare_next(state.report.row.id)
        if self._desk is not None and state.content is not before.content:
            self._desk.tell_text(state.content)
        self._place.actions.update(state)
        for action_id, button in self._step_buttons.items():
            button.setVisible(self._place.actions.qt(action_id).isEnabled())
        if state.report is not None and (before.report is None or before.report.row.id != state.report.row.id):
            self.patients.show_present(state.report.row)
            (self.findings if state.may_type else self.patients.list.table).setFocus()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "log"):
            self.history.show_history(None)
            self.history.show_history(self._state.history)
            self.log.show_log(None)
            self.show_state(self._state)
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    # ── layout ───────────────────────────────────────────────────────────────────────────────────────

    def _arrange(self) -> None:
        self.aside = Aside({"templates": self.templates, "log": self.log, "papers": self.papers})
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.patients)
        left.addWidget(self.history)
        left.setStretchFactor(0, 3)
        left.setStretchFactor(1, 2)
        left.setChildrenCollapsible(False)
        self.centre = QStackedWidget()
        self.centre.addWidget(self.writing)
        self.centre.addWidget(self._preview_area())
        self.centre.addWidget(self.merging)
        self.centre.addWidget(self.comparing)
        self._across = QSplitter(Qt.Orientation.Horizontal)
        for widget, factor in ((left, 0), (self.centre, 1), (self.aside, 0)):
            self._across.addWidget(widget)
            self._across.setStretchFactor(self._across.count() - 1, factor)
        self._across.setSizes([300, 620, 292])
        self._across.setCollapsible(1, False)
        left.setMinimumWidth(220)
        self.aside.setMinimumWidth(280)
        self.centre.setMinimumWidth(420)
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self._across, 1)
        body.addWidget(self._side_bar())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._tool_bar())
        layout.addLayout(body, 1)

    def _tool_bar(self) -> QWidget:
        """Area C."""
        bar = QWidget()
        bar.setProperty("look", "bar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        actions = self._place.actions
        row.addWidget(actions.button("report.leave", "quiet"))
        self._step_buttons = {action_id: actions.button(action_id, look) for action_id, look in STEPS}
        for button in self._step_buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(actions.icon_button("report.next"))
        row.addWidget(actions.button("report.images", ""))
        for action_id in ("report.preview", "report.application", "report.patient", "report.record", "report.reset"):
            row.addWidget(actions.icon_button(action_id))
        for action_id in ("report.save_template",):
            row.addWidget(actions.icon_button(action_id))
        for key in self._tools:
            row.addWidget(actions.icon_button(f"report.tool.{key}"))
        return bar

    def _preview_area(self) -> QWidget:
        area = QWidget()
        layout = QVBoxLayout(area)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(Button("返回书写", "quiet", "arrow_left", on_click=self._close_preview))
        row.addStretch(1)
        row.addWidget(self._place.actions.button("report.print", "primary"))
        layout.addLayout(row)
        layout.addWidget(self.preview, 1)
        return area

    def _side_bar(self) -> QFrame:
        """Area G."""
        bar = QFrame()
        bar.setProperty("look", "panel")
        column = QVBoxLayout(bar)
        column.setContentsMargins(5, 8, 4, 8)
        column.setSpacing(4)
        for action_id in ("report.templates", "report.papers", "report.log", "report.compare"):
            column.addWidget(self._place.actions.icon_button(action_id))
        for key in self._panels:
            column.addWidget(self._place.actions.icon_button(f"report.panel.{key}"))
        column.addStretch(1)
        return bar

    def _connect(self) -> None:
        self.templates.phrase_wanted.connect(self.writing.insert_words)
        self.papers.insert_wanted.connect(self.writing.insert_words)
        self.history.details_wanted.connect(self._on_history_details)

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def open_panel(self, key: str) -> None:
        """Bring a panel to the front, made when it is wanted for the first time."""
        if self._ready(key):
            self.aside.bring(key)
            self._give_room(self._panels[key].width)

    def toggle_panel(self, key: str) -> None:
        """Bring a panel to the front, or fold the column away when it is there already."""
        if self._ready(key):
            self.aside.toggle(key)
            if not self.aside.isHidden() and key in self._panels:
                self._give_room(self._panels[key].width)

    def _give_room(self, width: int) -> None:
        """Make the right column as wide as a panel would like, first from the text, then from the lists."""
        sizes = self._across.sizes()
        lacking = min(width, 480) - sizes[2]
        from_centre = max(0, min(lacking, sizes[1] - self.centre.minimumWidth()))
        from_left = max(0, min(lacking - from_centre, sizes[0] - 220))
        if from_centre + from_left > 0:
            self._across.setSizes([sizes[0] - from_left, sizes[1] - from_centre, sizes[2] + from_centre + from_left])

    def _ready(self, key: str) -> bool:
        if key in self._built:
            return True
        if key not in self._panels or self._desk is None:
            return False
        widget = self._panels[key].build(self._place, self._desk)
        self._built[key] = cast("ReportPanel", widget)
        self.aside.add(key, widget)
        self._built[key].show_report(self._state.report)
        return True

    def open_reject(self) -> None:
        """Ask for the return reason beside the text."""
        panel = RejectPanel(self._reject, self._place)
        self.aside.show_details("驳回", panel)
        panel.reason.setFocus()

    def open_save_template(self) -> None:
        """Ask for name and folder of the personal template beside the text."""
        panel = SaveAsTemplate(self._save_template)
        self.aside.show_details("存为模板", panel)
        panel.name.setFocus()

    def _next(self) -> None:
        if self._patients is not None:
            self._patients.enter_next(self._state.report.row.id if self._state.report else 0)

    def _reject(self, reason: str) -> None:
        if self._presenter is not None:
            self._presenter.reject(reason)
            self.aside.close_details()

    def _save_template(self, name: str, folder: str) -> None:
        if self._presenter is not None:
            self._presenter.save_as_template(name, folder)
            self.aside.close_details()

    def _approve_and_print(self) -> None:
        if self._presenter is not None:
            self._presenter.approve(and_print=True)

    def _close_preview(self) -> None:
        if self._presenter is not None:
            self._presenter.close_preview()

    def _on_history_details(self, row: HistoryRow) -> None:
        self.aside.show_details("检查详情", EarlierReport(row))

    def _show_application(self) -> None:
        if self._state.report is not None:
            self.aside.show_details("申请单", application_panel(self._state.report.exam))

    def _show_patient(self) -> None:
        if self._state.report is not None:
            self.aside.show_details("患者信息", patient_panel(self._state.report.exam))

    def _toggle_templates(self) -> None:
        self.aside.toggle("templates")

    def open_patient_form(self) -> None:
        """Show the patient's basic information to be changed."""
        if self._state.report is not None:
            form = PatientForm(self._state.report.exam.patient, self._correct_patient)
            self.aside.show_details("修改患者信息", form)
            form.form.focus("name")

    def _correct_patient(self, values: dict[str, Any]) -> None:
        if self._presenter is not None:
            self._presenter.correct_patient(values)
            self.aside.close_details()

    def _open_record(self) -> None:
        report = self._state.report
        if report is not None and not QDesktopServices.openUrl(QUrl(report.medical_record_url)):
            self._place.messages.say(tr("浏览器没有打开，请联系管理员检查电子病历地址。"), Tone.WARNING)

    def _toggle_papers(self) -> None:
        self.aside.toggle("papers")
        self._load_papers()

    def _load_papers(self) -> None:
        if self._presenter is not None and self.aside.page == "papers" and self._state.related is None:
            self._presenter.load_related()

    def _toggle_log(self) -> None:
        self.aside.toggle("log")
        if self._presenter is not None:
            self._presenter.load_log()


def _is_another(state: ReportPageState, before: ReportPageState) -> bool:
    """True when another report has come onto the page."""
    return state.report is not None and (before.report is None or before.report.row.id != state.report.row.id)


def _centre_of(state: ReportPageState) -> int:
    """Return which page of the centre a state shows: writing, preview, merge, comparison."""
    if state.merge is not None:
        return 2
    if state.compared is not None:
        return 3
    return 0 if state.preview is None else 1
