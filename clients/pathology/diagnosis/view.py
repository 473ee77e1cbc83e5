"""The tab 病理诊断 on screen: texts at the left, what stands around the report at the right, opinions at the foot."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.panels import EmptyState
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.diagnosis import windows
from clients.pathology.diagnosis.around import Around
from clients.pathology.diagnosis.clocks import ClockChip
from clients.pathology.diagnosis.presenter import TAB, TITLE, DiagnosisPresenter
from clients.pathology.diagnosis.state import MAIN_LINE, PageState, writable
from shared.contract.pathology_reports import DiagnosisView
from shared.domain.pathology import OpinionKind
from shared.domain.pathology_reports import ReportKind, formats_for

_SHORT = {OpinionKind.FIRST: "初诊", OpinionKind.CHIEF: "主诊", OpinionKind.SECOND: "复诊"}
_HEADS = {"findings": "光镜所见", "diagnosis": "诊断意见", "comment": "备注"}
_SHARES = {"findings": 5, "diagnosis": 4, "comment": 1}


class DiagnosisTab(QWidget):
    """Puts the page together and follows its presenter."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.editors: dict[str, QPlainTextEdit] = {}
        self.problems: dict[str, Label] = {}
        self.presenter = DiagnosisPresenter(desk, self.show_state, self.fill)
        self.pages = QStackedWidget()
        self.pages.addWidget(EmptyState("viewer", "没有打开的病例", "扫描玻片标签、输入病理号或双击列表打开病例。"))
        self.pages.addWidget(self._make_work())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.pages)
        desk.add_part(TAB, TITLE, self.presenter)
        windows.register(desk, self.presenter)
        self._stop_scans = desk.on_scan(self._scanned)
        self.show_state(self.presenter.state)
        self.presenter.open()

    # ── what the presenter says ──────────────────────────────────────────────────────────────────────

    def fill(self, texts: Mapping[str, str]) -> None:
        """Show texts without telling the presenter."""
        for field, editor in self.editors.items():
            if editor.toPlainText() != texts[field]:
                editor.blockSignals(True)
                editor.setPlainText(texts[field])
                editor.blockSignals(False)

    def show_state(self, state: PageState) -> None:
        """Show everything beside the texts."""
        page = state.page
        self.pages.setCurrentIndex(0 if page is None else 1)
        if page is None:
            return
        may = writable(page)
        self.writing.setVisible(bool(may))
        self.reading.setVisible(not may)
        self.reading.setText(tr("只读：{why}", why=_why(page)))
        if state.kind is not None:
            self.kind.set_current(state.kind.value)
        self.kind.setEnabled(not state.is_busy)
        for field, editor in self.editors.items():
            editor.setReadOnly(state.kind is None)
            wrong = state.problems.get(field, "")
            editor.setProperty("wrong", "true" if wrong else "false")
            editor.style().unpolish(editor)
            editor.style().polish(editor)
            self.problems[field].setText(wrong)
            self.problems[field].setVisible(bool(wrong))
        self.gross.setPlainText(page.gross or tr("还没有大体描述。"))
        self.save_button.setEnabled(state.may_write)
        self.template_button.setEnabled(state.may_write)
        self._show_formats(page)
        self.turnaround.show_clock(page.turnaround)
        self.frozen_clock.setVisible(page.frozen is not None and page.frozen.clock.started_at is not None)
        if page.frozen is not None:
            self.frozen_clock.show_clock(page.frozen.clock)
        self.around.show_page(page)
        for key, button in self.foot_buttons.items():
            button.setProperty("count", windows.count_of(page, key))
            self._name_foot(button, key, page)

    def _show_formats(self, page: DiagnosisView) -> None:
        choices = [Choice("", "按图像数自动")]
        choices += [Choice(one.key, one.zh) for one in formats_for(ReportKind.MAIN, page.library)]
        self.format.set_choices(choices)
        self.format.set_value(page.report.format_key)
        self.format.setEnabled(bool(page.report.id))

    def _name_foot(self, button: Button, key: str, page: DiagnosisView) -> None:
        count = windows.count_of(page, key)
        words = windows.FOOT[key]
        button.set_source(f"{words}（{{count}}）" if count else words, count=count)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _make_work(self) -> QWidget:
        work = QWidget()
        box = QVBoxLayout(work)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self._make_top())
        self.across = QSplitter(Qt.Orientation.Horizontal)
        self.across.setChildrenCollapsible(False)
        self.across.addWidget(self._make_texts())
        self.around = Around(self._desk, self.presenter)
        self.across.addWidget(self.around)
        self.across.setStretchFactor(0, 5)
        self.across.setStretchFactor(1, 2)
        self.across.setSizes([640, 280])
        box.addWidget(self.across, 1)
        box.addWidget(self._make_foot())
        return work

    def _make_top(self) -> QWidget:
        top = QWidget()
        row = QHBoxLayout(top)
        row.setContentsMargins(16, 8, 16, 4)
        row.setSpacing(8)
        self.writing = QWidget()
        writing = QHBoxLayout(self.writing)
        writing.setContentsMargins(0, 0, 0, 0)
        writing.setSpacing(8)
        writing.addWidget(Label("书写", "caption"))
        self.kind = SegmentedControl([Option(kind.value, _SHORT[kind]) for kind in MAIN_LINE])
        self.kind.chosen.connect(lambda key: self._write_as(OpinionKind(key)))
        writing.addWidget(self.kind)
        row.addWidget(self.writing)
        self.reading = ValueLabel("", "caption")
        row.addWidget(self.reading)
        self.template_button = Button("诊断模板", "", "template", on_click=self.pick_template)
        self.template_button.setToolTip(tr("按拼音首字母选模板，填写后带入光镜所见和诊断意见"))
        row.addWidget(self.template_button)
        row.addStretch(1)
        self.frozen_clock = ClockChip("冰冻", "spark")
        row.addWidget(self.frozen_clock)
        self.turnaround = ClockChip("报告时限", "clock")
        row.addWidget(self.turnaround)
        return top

    def _make_texts(self) -> QWidget:
        column = QWidget()
        box = QVBoxLayout(column)
        box.setContentsMargins(16, 0, 8, 8)
        box.setSpacing(4)
        box.addWidget(Label("大体所见", "caption"))
        self.gross = QPlainTextEdit()
        self.gross.setReadOnly(True)
        self.gross.setFixedHeight(64)
        self.gross.setTabChangesFocus(True)
        self.gross.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        box.addWidget(self.gross)
        for field, head in _HEADS.items():
            box.addWidget(Label(head, "caption"))
            editor = QPlainTextEdit()
            editor.setObjectName(f"diagnosis.{field}")
            editor.setAccessibleName(tr(head))
            editor.setTabChangesFocus(True)
            editor.textChanged.connect(_Typed(self, field))
            if field == "diagnosis":
                font = editor.font()
                font.setBold(True)
                editor.setFont(font)
            if field == "comment":
                editor.setFixedHeight(44)
            self.editors[field] = editor
            box.addWidget(editor, _SHARES[field])
            self.problems[field] = Label("", "error", wrap=True)
            self.problems[field].hide()
            box.addWidget(self.problems[field])
        return column

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
        self.foot_buttons: dict[str, Button] = {}
        for key, words in windows.FOOT.items():
            button = Button(words, "", on_click=_Opens(self, key))
            self.foot_buttons[key] = button
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(Label("报告格式", "caption"))
        self.format = ChoiceEditor(ChoiceField(key="format", label="报告格式", choices=[Choice("", "按图像数自动")]))
        self.format.setMinimumWidth(190)
        self.format.chosen.connect(lambda value: self.presenter.set_format(str(value or "")))
        row.addWidget(self.format)
        return foot

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────

    def pick_template(self) -> None:
        """诊断模板 by keyboard; the finished text is appended."""
        from clients.pathology.templates.picking import pick_template
        from shared.contract.pathology_templates import TemplateKind

        place, join = self._desk.place, self._desk.settings.join_mark
        pick_template(place, TemplateKind.DIAGNOSIS, self.presenter.take_template, self.window(), join)

    def open_window(self, key: str) -> None:
        """会诊意见, 补充报告, 诊断意见, 冰冻结果."""
        windows.open_window(self._desk, self.presenter, key)

    def typed(self, field: str) -> None:
        """A key stroke in a field."""
        self.presenter.edit(field, self.editors[field].toPlainText())

    def _write_as(self, kind: OpinionKind) -> None:
        page = self.presenter.state.page
        if page is None or kind in writable(page):
            self.presenter.write_as(kind)
            return
        if self.presenter.state.kind is not None:
            self.kind.set_current(self.presenter.state.kind.value)
        self._desk.place.messages.say(tr("现在不能书写{kind}意见。", kind=tr(_SHORT[kind])), Tone.WARNING)

    def _scanned(self, _code: str) -> bool:
        """A slide label opens its case: the desk does that by itself."""
        return False

    def closeEvent(self, event: object) -> None:
        self.presenter.close()
        self._stop_scans()
        windows.forget(self._desk)
        super().closeEvent(event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self.presenter.state.page is not None:
            self.show_state(self.presenter.state)
        super().changeEvent(event)


class _Typed:
    def __init__(self, tab: DiagnosisTab, field: str) -> None:
        self._tab, self._field = tab, field

    def __call__(self) -> None:
        self._tab.typed(self._field)


class _Opens:
    def __init__(self, tab: DiagnosisTab, key: str) -> None:
        self._tab, self._key = tab, key

    def __call__(self) -> None:
        self._tab.open_window(self._key)


def _why(page: DiagnosisView) -> str:
    from shared.domain.pathology import CASE_STATES, LOCKED_STATES

    if page.state in LOCKED_STATES:
        return tr("{state}，由{auditor}审核", state=tr(CASE_STATES[page.state].zh), auditor=page.report.auditor)
    return tr("没有书写意见的权限，或病例还不能诊断")
