"""The page of many reports that wait for audit: list at the left, the shown report at the right."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from clients.diagnosis.auditing.batch_presenter import BatchPresenter, Enter
from clients.diagnosis.auditing.state import BatchRow, BatchState, Mark
from clients.diagnosis.words import CRITICAL_WORDS, patient_words
from clients.kit.actions import Action
from clients.kit.labels import Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import Message
from clients.kit.paging import Column, EmptyWords
from clients.kit.shell import Workplace
from clients.kit.states import PATIENT_TYPE_LOOKS, StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import ReportView
from shared.domain.states import PatientType

MARK_LOOKS: Mapping[str, StateLook] = {
    Mark.NONE: StateLook("待看", Tone.NEUTRAL, "circle", quiet=True),
    Mark.AGREED: StateLook("同意", Tone.INFO, "check"),
    Mark.APPROVED: StateLook("已通过", Tone.SUCCESS, "check_circle"),
    Mark.REFUSED: StateLook("未通过", Tone.DANGER, "alert"),
}

ACTIONS = (
    Action("batch.agree", "同意，看下一份", "A", "check", enabled=lambda state: state.report is not None),
    Action("batch.open", "进入审核", "E", "audit", enabled=lambda state: state.present is not None),
    Action(
        "batch.approve",
        "通过已同意的报告",
        "Ctrl+Return",
        "submit",
        enabled=lambda state: bool(state.agreed) and not state.is_approving,
    ),
    Action("batch.refresh", "刷新", "F5", "refresh"),
)


class BatchPage(QWidget):
    """Reports intentions and shows states."""

    shown = Signal()
    """the page came to the front."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._presenter: BatchPresenter | None = None
        self._shown: tuple[object, ...] = ()
        columns = (
            Column("mark", "结论", 90, looks=MARK_LOOKS, value=_mark),
            Column("patient_name", "姓名", 90, strong=True, value=_name, marks=_type_marks),
            Column("exam_type", "类型", 60, value=_exam_type),
            Column("items", "检查项目", 0, value=_items),
            Column("diagnosing_doctor", "诊断医生", 90, value=_doctor),
            Column("accession_number", "检查号", 125, value=_number),
            Column("sentence", "说明", 150, value=_sentence),
        )
        self.list = ListView(
            columns,
            row_id=_row_id,
            settings=place.settings,
            list_id="diagnosis.batch",
            runner=place.runner,
            empty=EmptyWords("没有待审核的报告", "医生提交报告后会出现在这里。", "check_circle"),
        )
        self.list.selected.connect(self._on_selected)
        self.list.activated.connect(self._on_activated)
        self.head = ValueLabel("", "title")
        self.facts = ValueLabel("", "quiet")
        self.note = ValueLabel("", "error", wrap=True)
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.count = ValueLabel("", "quiet")
        self._arrange()

    def attach(self, presenter: BatchPresenter) -> None:
        """Report to this presenter from now on."""
        self._presenter = presenter
        on = self._place.actions.on
        on("batch.agree", presenter.agree)
        on("batch.open", presenter.open_report)
        on("batch.approve", presenter.approve)
        on("batch.refresh", presenter.load)
        self.show_state(presenter.state)

    def show_state(self, state: BatchState) -> None:
        """Show a state."""
        self.list.set_loading(state.is_loading)
        if state.trouble:
            self.list.show_error(Message(state.trouble, Tone.DANGER))
        elif state.rows != (self._shown[0] if self._shown else None):
            self.list.set_rows(state.rows)
        if state.selected:
            self.list.select_id(state.selected)
        self._show_report(state)
        seen = sum(one.mark is not Mark.NONE for one in state.rows)
        words = tr(
            "{agreed} 份已同意 · 看过 {seen} / {total}", agreed=len(state.agreed), seen=seen, total=len(state.rows)
        )
        self.count.set_text(words if state.rows else "")
        self._shown = (state.rows,)
        self._place.actions.update(state)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self._presenter is not None:
            self.show_state(self._presenter.state)
        super().changeEvent(event)

    def _arrange(self) -> None:
        sheet = QWidget()
        sheet.setProperty("look", "surface")
        sheet.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        column.addWidget(self.head)
        column.addWidget(self.facts)
        column.addWidget(self.note)
        column.addWidget(hairline())
        column.addWidget(self.text, 1)
        across = QSplitter(Qt.Orientation.Horizontal)
        across.addWidget(self.list)
        across.addWidget(sheet)
        across.setStretchFactor(0, 3)
        across.setStretchFactor(1, 2)
        across.setSizes([880, 400])
        across.setChildrenCollapsible(False)
        sheet.setMinimumWidth(380)
        bar = QWidget()
        bar.setProperty("look", "bar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        actions = self._place.actions
        row.addWidget(actions.button("batch.agree", "primary"))
        row.addWidget(actions.button("batch.open", ""))
        row.addWidget(actions.button("batch.approve", ""))
        row.addWidget(self.count, 1)
        row.addWidget(Label("通过的是医生提交的原文", "quiet"))
        row.addWidget(actions.icon_button("batch.refresh"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(across, 1)

    def _show_report(self, state: BatchState) -> None:
        report, present = state.report, state.present
        if report is None or present is None:
            for label in (self.head, self.facts, self.note):
                label.set_text("")
            self.note.hide()
            self.text.clear()
            return
        row = report.row
        self.head.set_text(f"{row.patient_name}  {patient_words(row)}")
        self.facts.set_text(f"{row.accession_number}  {row.exam_type}  {row.items}  {row.diagnosing_doctor}")
        note = present.sentence or (
            BatchPresenter.why_not(present, report) if present.mark in (Mark.NONE, Mark.AGREED) else ""
        )
        self.note.set_text(note)
        self.note.setVisible(bool(note))
        html = sheet_html(report)
        if html != self.text.property("shown"):
            self.text.setProperty("shown", html)
            self.text.setHtml(html)

    def _on_selected(self, row: BatchRow | None) -> None:
        if self._presenter is not None and row is not None:
            self._presenter.select(row.id)

    def _on_activated(self, _row: BatchRow) -> None:
        if self._presenter is not None:
            self._presenter.open_report()


def sheet_html(report: ReportView) -> str:
    """Return the report's text as the sheet shows it."""
    content = report.content
    critical = tr(CRITICAL_WORDS.get(content.critical_value, "未选"))
    parts = [
        f"<h4>{tr('影像所见')}</h4><div style='line-height:150%'>{content.findings}</div>",
        f"<h4>{tr('诊断意见')}</h4><div style='line-height:150%'>{content.impression}</div>",
        f"<p><b>{tr('危急值')}</b>  {escape(critical)}</p>",
    ]
    if report.key_images:
        parts.append(f"<p><b>{tr('关键图')}</b>  {len(report.key_images)}</p>")
    return "".join(parts)


def build(place: Workplace, enter: Enter) -> BatchPage:
    """Make the page."""
    view = BatchPage(place)
    presenter = BatchPresenter(place.connection, place.runner, place.messages, view.show_state, enter)
    view.attach(presenter)
    place.shell.page_shown.connect(_Renew(presenter))
    presenter.load()
    return view


class _Renew:
    """What waits may have been audited elsewhere: the page looks anew when it comes to the front."""

    def __init__(self, presenter: BatchPresenter) -> None:
        self._presenter = presenter

    def __call__(self, page_id: str) -> None:
        if page_id == "batch":
            self._presenter.load()


def _row_id(row: BatchRow) -> int:
    return row.id


def _mark(row: BatchRow) -> Mark:
    return row.mark


def _name(row: BatchRow) -> str:
    return row.row.patient_name


def _type_marks(row: BatchRow) -> list[StateLook]:
    kind = row.row.patient_type
    return [] if kind is PatientType.ORDINARY else [PATIENT_TYPE_LOOKS[kind]]


def _exam_type(row: BatchRow) -> str:
    return row.row.exam_type


def _items(row: BatchRow) -> str:
    return row.row.items


def _doctor(row: BatchRow) -> str:
    return row.row.diagnosing_doctor


def _number(row: BatchRow) -> str:
    return row.row.accession_number


def _sentence(row: BatchRow) -> str:
    return row.sentence
