"""心电阅图 of one exam: a widget for a tab or a window of its own (ECG-READ)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.ecg.reading import parameters, view_choices
from clients.ecg.reading.acquiring import Acquiring
from clients.ecg.reading.basics import BasicsBar, HistoryTabs, front_of
from clients.ecg.reading.comparing import Comparing
from clients.ecg.reading.conclusion import ConclusionArea
from clients.ecg.reading.documents import Documents
from clients.ecg.reading.exporting import Exporting
from clients.ecg.reading.function_bar import FunctionBar
from clients.ecg.reading.helping import Helping
from clients.ecg.reading.keys import ACTIONS, MOUSE
from clients.ecg.reading.papers import PaperStack
from clients.ecg.reading.parameter_area import ParameterArea
from clients.ecg.reading.presenter import ReadingPresenter
from clients.ecg.reading.publishing import Publisher
from clients.ecg.reading.state import TEXTS, Drawn, PageState, age_years, is_female
from clients.ecg.reading.steps import Steps
from clients.ecg.reading.strips import NoticeStrip, QualityStrip
from clients.ecg.reading.windows import KeysWindow
from clients.ecg.trace.choices import Mode, Spacing
from clients.kit.dialogs import ContentWindow, Question
from clients.kit.labels import hairline
from clients.kit.printing.documents import ServerDocuments
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from shared.domain.ecg_reports import ReportSide
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from clients.ecg.trace.measurement import Measurement
    from clients.kit.shell import Workplace
    from shared.contract.ecg_reports import PaperLook

__all__ = ["ACTIONS", "ReadingPage"]

_NARROW, _WIDE, _WIDEST = 262, 348, 420
_FROM_WIDE, _FROM_WIDEST = 1700, 2600


class ReadingPage(QWidget):
    """The page with its seven areas; it fetches everything by itself, off the GUI thread.

    ``acquire`` opens the acquisition dialog at once (登记并采集). ``consultation_id`` makes 提交报告 publish the
    consultation report (ECG-AMB-07). ``read_only`` shows the same page without editing (the lower hospital's 阅图 of a
    consultation). ``place.actions`` is an `ActionGroup` of `ACTIONS`. Whoever holds the page asks ``is_dirty`` before
    closing it, or lets ``leave`` ask the user; ``desk`` (`clients.ecg.desk.Desk`) hears of changes.
    """

    def __init__(
        self,
        place: Workplace,
        exam_id: int,
        acquire: bool = False,
        *,
        consultation_id: int | None = None,
        read_only: bool = False,
        desk: Any = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.place = place
        self.exam_id = exam_id
        self.consultation_id = consultation_id
        self._desk = desk
        self._alive = True
        self._is_built = False
        self._listening: list[Callable[[], None]] = []
        self.presenter = ReadingPresenter(place, exam_id, self, read_only=read_only, desk=desk)
        papers = desk.papers if desk is not None and desk.papers is not None else None
        self.papers = papers or ServerDocuments(place.connection, place.desk_settings)
        self.publisher = Publisher(self.presenter, self.papers)
        self.steps = Steps(self, self.presenter, self.publisher)
        self.comparing = Comparing(self)
        self.acquiring = Acquiring(self)
        self.exporting = Exporting(self)
        self.attaching = Documents(self)
        self.presenter.open()  # the server answers while the widgets are made
        self._build()
        self._connect()
        self._is_built = True
        self.show_state(self.presenter.state)
        self.show_trace(self.presenter.state.drawn)
        self.fill({box: getattr(self.presenter.state.body, box) for box in TEXTS})
        self.helping.load_terms()
        if acquire:
            QTimer.singleShot(0, self, self.acquire)

    # ── what holds the page asks ─────────────────────────────────────────────────────────────────────

    def title(self) -> str:
        """The words of the tab: the patient's name."""
        return self.presenter.title()

    def is_dirty(self) -> bool:
        """Say whether something is written that the server does not have."""
        return self.presenter.is_dirty()

    def save(self, done: Callable[[], None], failed: Callable[[], None]) -> None:
        """Keep a draft and call exactly one of the two."""
        self.presenter.save(done, failed)

    def discard(self) -> None:
        """Forget what is not saved."""
        self.presenter.discard()

    def leave(self, then: Callable[[], object]) -> None:
        """Call ``then`` at once, or after the user answered what becomes of unsaved changes (ECG-READ-10)."""
        if not self.is_dirty():
            then()
            return

        def answered(key: str) -> None:
            if key == "save":
                self.presenter.save(lambda: _call(then))
            elif key == "discard":
                self.discard()
                then()

        choices = (("save", "保存", "primary"), ("discard", "不保存", "danger"), ("stay", "取消", ""))
        sentence = tr("“{title}”有未保存的修改，关闭前保存吗？", title=self.title())
        Question(self, "未保存的修改", sentence, choices, answered).open()

    def acquire(self) -> None:
        """采集: open the acquisition dialog of this exam (ECG-ACQ-01)."""
        self.acquiring.open()

    def open_next(self) -> None:
        """下一份待阅: the desk opens it; this page closes when everything of it is stored."""
        if self._desk is not None:
            self._desk.open_next(self.exam_id)

    # ── what the presenter says ──────────────────────────────────────────────────────────────────────

    def show_state(self, state: PageState) -> None:
        """Show everything but texts and trace."""
        if not self._alive or not self._is_built:
            return
        self.history.show_history(self.exam_id, state.history, front_of(state))
        self.basics.show_exam(state.exam, state.past.row if state.past is not None else None)
        self.quality.show_state(state, self.acquire)
        self.notice.show_state(state, self.presenter.acknowledge if self.place.may(Permission.ECG_CRITICAL) else None)
        self.paper.show_state(state)
        self._show_parameters(state)
        page = state.past.page if state.past is not None else state.page
        suggestions = page.suggestions if page is not None else ()
        self.conclusion.show_body(state.body_in_front, suggestions, state.problems, editable=state.may_write)
        own = state.page
        consults = own is not None and own.side is ReportSide.CONSULTATION and state.past is None
        first = own.first_opinion if own is not None else ""
        self.conclusion.show_first_opinion(first, state.body.agreement, visible=consults, editable=state.may_write)
        self.place.actions.update(state)
        self.bar.may_export = state.in_front is not None and self.place.may(Permission.ECG_EXPORT)
        self.bar.show_documents(
            state.exam.documents if state.exam is not None else (),
            printed=state.printed_documents,
            may_choose=state.may_write,
        )
        self.bar.show_drawn(state.in_front is not None)
        self.steps.show_state(state)
        if not state.may_write:
            self.helping.hide()

    def fill(self, texts: Mapping[str, str]) -> None:
        """Put texts into the boxes."""
        if not self._is_built:
            return
        self.conclusion.show_texts(texts)

    def show_trace(self, drawn: Drawn | None) -> None:
        """Draw a trace."""
        if not self._is_built:
            return
        if drawn is None:
            self.trace.set_record(None)
        else:
            self.trace.set_record(drawn.record, drawn.analysis)
        self.comparing.trace_changed()
        self._show_choices()

    def paper_look(self) -> PaperLook:
        """Scale and filters on screen, for the paper."""
        return view_choices.paper_look(self.trace.choices)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _build(self) -> None:
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.history = HistoryTabs()
        box.addWidget(self.history)
        self.bar = FunctionBar(self.place.actions)
        box.addWidget(self.bar)
        across = QHBoxLayout()
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        self.basics = BasicsBar()
        left.addWidget(self.basics)
        self.notice = NoticeStrip()
        left.addWidget(self.notice)
        self.quality = QualityStrip()
        left.addWidget(self.quality)
        self.paper = PaperStack(self.place)
        self.trace, self.documents, self.empty = self.paper.trace, self.paper.documents, self.paper.empty
        self.empty.acted.connect(self._empty_acted)
        left.addWidget(self.paper, 1)
        across.addLayout(left, 1)
        across.addWidget(hairline(vertical=True))
        across.addWidget(self._make_column())
        box.addLayout(across, 1)
        self.helping = Helping(self)
        self.trace.set_choices(view_choices.remembered(self.place.settings))

    def _make_column(self) -> QWidget:
        self.column = QWidget()
        self.column.setFixedWidth(_NARROW)
        box = QVBoxLayout(self.column)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.parameters = ParameterArea()
        box.addWidget(self.parameters)
        box.addWidget(hairline())
        self.conclusion = ConclusionArea()
        box.addWidget(self.conclusion, 1)
        box.addWidget(self.steps.make_foot(self.place.actions))
        return self.column

    def _connect(self) -> None:
        presenter, trace = self.presenter, self.trace
        self.history.chosen.connect(self._on_history)
        self.parameters.edited.connect(presenter.set_value)
        self.parameters.machine_wanted.connect(presenter.take_machine_value)
        self.parameters.formula_chosen.connect(presenter.set_formula)
        self.conclusion.typed.connect(presenter.edit)
        self.conclusion.accepted.connect(presenter.accept)
        self.conclusion.rejected.connect(presenter.reject)
        self.conclusion.reopened.connect(presenter.reopen)
        self.conclusion.agreement_chosen.connect(presenter.set_agreement)
        self.conclusion.undo_wanted.connect(presenter.undo)
        self.conclusion.redo_wanted.connect(presenter.redo)
        self.bar.choices_wanted.connect(trace.set_choices)
        self.bar.mode_wanted.connect(trace.set_mode)
        self.bar.average_wanted.connect(trace.set_average)
        self.bar.disclosure_wanted.connect(trace.set_disclosure)
        self.bar.fit_wanted.connect(trace.fit)
        self.bar.calibration_wanted.connect(trace.calibrate)
        self.bar.document_wanted.connect(self.steps.show_document)
        self.bar.print_with_wanted.connect(self.attaching.toggle_printed)
        self.documents.wanted.connect(self.attaching.fetch)
        self.bar.export_wanted.connect(self.exporting.export)
        trace.value_sent.connect(self._on_value_sent)
        trace.points_moved.connect(presenter.points_moved)
        trace.choices_changed.connect(self._choices_changed)
        trace.mode_changed.connect(self._show_choices)
        trace.calibration_wanted.connect(trace.calibrate)
        self._connect_actions()
        if self._desk is not None:
            self._listening.append(self._desk.exam_changed.listen(self._exam_changed))
            self._listening.append(self._desk.changed.listen(self._something_changed))

    def _connect_actions(self) -> None:
        for name, does in (
            ("help", self.show_keys),
            ("acquire", self.acquire),
            ("measure", self.toggle_measuring),
            ("filter", self.bar.open_filters),
            ("refresh", self.presenter.refresh),
            ("parameters", self.parameters.focus_value),
            ("diagnosis", self.conclusion.editors["diagnosis"].setFocus),
            ("findings", self.conclusion.editors["findings"].setFocus),
            ("terms", self.helping.search),
            ("compare", self.comparing.open),
            ("save", self.presenter.save),
            ("submit", self.steps.submit),
            ("quick_print", self.steps.quick_print),
            ("audit", self.steps.audit),
            ("return", self.steps.give_back),
            ("withdraw", self.steps.withdraw),
            ("preview", self.steps.preview),
            ("template", self.steps.choose_template),
            ("zoom_in", self.paper.zoom_in),
            ("zoom_out", self.paper.zoom_out),
            ("reset", self.paper.reset),
            ("attach", self.attaching.attach),
            ("next", self.open_next),
            ("spacing", self.toggle_spacing),
            ("accept", self.conclusion.accept_first),
            ("accept_all", self.presenter.accept_all),
            ("reject", self.conclusion.reject_first),
            ("undo", self.presenter.undo),
            ("redo", self.presenter.redo),
        ):
            self.place.actions.on(f"reading.{name}", does)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _show_parameters(self, state: PageState) -> None:
        drawn = state.in_front
        measured = drawn.trace.values if drawn is not None and drawn.trace is not None else None
        body = state.body_in_front
        values = body.parameters
        if not values and measured is not None:  # an earlier exam that nobody reported
            values = parameters.machine_values(measured, body.qtc_formula)
        lines = parameters.lines(values, measured, age_years(state.exam), is_female(state.exam))
        self.parameters.show_lines(lines, body.qtc_formula, state.problems, editable=state.may_write)

    def _show_choices(self, *_what: object) -> None:
        self.bar.show_choices(self.trace.choices, self.trace.mode)

    def _choices_changed(self, choices: Any) -> None:
        view_choices.remember(self.place.settings, choices)
        self._show_choices()

    def _empty_acted(self) -> None:
        if self.presenter.state.trouble:
            self.presenter.open()
        else:
            self.acquire()

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────

    def toggle_measuring(self) -> None:
        """测量: enter measuring; pressed again, leave it (ECG-MEAS-01)."""
        self.trace.set_mode(Mode.READ if self.trace.mode is Mode.MEASURE else Mode.MEASURE)
        self._show_choices()

    def toggle_spacing(self) -> None:
        """间距: 普通间距 or 加宽间距."""
        wide = self.trace.choices.spacing is Spacing.WIDE
        self.trace.set_spacing(Spacing.NORMAL if wide else Spacing.WIDE)

    def show_keys(self) -> None:
        """快捷键."""
        ContentWindow(self, "快捷键", KeysWindow(ACTIONS, MOUSE), (880, 430)).show()

    def _on_history(self, exam_id: int) -> None:
        if exam_id:
            self.presenter.show_past(exam_id)
        else:
            self.presenter.show_own()

    def _on_value_sent(self, measurement: Measurement) -> None:
        self.presenter.take_measurement(measurement.values())

    def _exam_changed(self, exam_id: int) -> None:
        if exam_id in (0, self.exam_id) and not self.presenter.is_telling:
            self.presenter.reload()

    def _something_changed(self, what: tuple[str, int]) -> None:
        entity, number = what
        if entity == "ecg_report" and number in (0, self.exam_id):
            self.presenter.load_page()
        elif entity == "ecg_terms":
            self.helping.load_terms()

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = event.size().width()
        scale = current_theme().metrics.control / 32
        wanted = _NARROW if width < _FROM_WIDE else _WIDE if width < _FROM_WIDEST else _WIDEST
        self.column.setFixedWidth(round(wanted * scale))
        super().resizeEvent(event)
        self.helping.place()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self._alive:
            self.show_state(self.presenter.state)
            self._show_choices()
        super().changeEvent(event)

    def closeEvent(self, event: object) -> None:
        if self._alive:
            self._alive = False
            self.presenter.close()
            self.comparing.close()
            self.acquiring.close()
            self.trace.close_view()
            for forget in self._listening:
                forget()
            self.helping.close()
        super().closeEvent(event)  # type: ignore[arg-type]


def _call(then: Callable[[], object]) -> None:
    then()
