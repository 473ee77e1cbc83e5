"""The window of a comparison: what can be ticked at the left, two to four exams side by side at the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.diagnosis.comparison.differences import marked, pieces
from clients.diagnosis.comparison.presenter import ComparisonPresenter
from clients.diagnosis.comparison.state import Candidate, ComparisonState
from clients.diagnosis.words import SEX_WORDS
from clients.kit.ages import age_for_reader
from clients.kit.badges import StateBadge
from clients.kit.choosing import Option, SearchBox, Switch
from clients.kit.image_strip import ImageStrip, StripImage
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.panels import Banner, EmptyState
from clients.kit.states import REPORT_LOOKS, StateLook
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import ReportView
from shared.domain.rich_text import spelled

GROUPS = (("chosen", "本次选择"), ("history", "同一患者的其它检查"), ("namesakes", "同名患者"), ("found", "查找结果"))
FACTS: tuple[tuple[str, Callable[[ReportView], str]], ...] = (
    ("检查号", lambda one: one.row.accession_number),
    ("检查类型", lambda one: one.row.exam_type),
    ("检查项目", lambda one: one.row.items),
    ("检查部位", lambda one: one.row.body_part),
    ("检查时间", lambda one: local_time(one.row.examined_at)),
    ("临床诊断", lambda one: one.exam.clinical.diagnosis),
    ("诊断医生", lambda one: one.row.diagnosing_doctor),
    ("审核医生", lambda one: one.row.auditing_doctor),
)
MARKED = ("检查类型", "检查项目", "检查部位", "临床诊断")
"""Facts worth a mark where they differ: numbers, times and doctors always do."""
FIRST = StateLook("基准", Tone.NEUTRAL, "pin", quiet=True)
SAME = StateLook("同一患者", Tone.SUCCESS, "check_circle", quiet=True)
OTHER = StateLook("不同患者", Tone.WARNING, "alert")
_LEFT = 252


class ComparisonWindow(QWidget):
    """多人对比: a window of its own, so that a report can go on being written beside it."""

    def __init__(self, presenter: ComparisonPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._presenter = presenter
        self._columns_shown: tuple[object, ...] = ()
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(tr("多人对比"))
        self.banner = Banner()
        self.search = SearchBox((Option("any", "姓名或检查号"),))
        self.search.searched.connect(lambda _mode, text: presenter.find(text))
        self.offered = QTreeWidget()
        self.offered.setHeaderHidden(True)
        self.offered.setRootIsDecorated(False)
        self.offered.setIndentation(0)
        self.offered.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.offered.itemChanged.connect(self._on_tick)
        self.offered.itemDoubleClicked.connect(self._on_double_click)
        self.compare_button = Button("对比", "primary", "compare", on_click=presenter.compare)
        self.count = ValueLabel("", "quiet")
        self.differences = Switch("标出不同", checked=True)
        self.differences.toggled.connect(presenter.switch_differences)
        self.images_button = Button("打开全部影像", "", "viewer", on_click=presenter.open_images)
        self.warning = StateBadge(OTHER)
        self.warning_words = ValueLabel("", "strong")
        self.body = QScrollArea()
        self.body.setWidgetResizable(True)
        self.empty = EmptyState()
        self._arrange()
        presenter.show_to(self.render_state)

    def render_state(self, state: ComparisonState) -> None:
        """Show a state."""
        if state.trouble:
            self.banner.show_message(state.trouble, Tone.DANGER, action="重试", on_action=self._presenter.retry)
        else:
            self.banner.hide()
        self._show_offered(state)
        self.count.set_text(tr("已选 {count}/{most}", count=len(state.ticked), most=4))
        self.compare_button.setEnabled(state.may_compare and not state.is_loading)
        self.images_button.setEnabled(any(one.row.study_uids for one in state.compared))
        differ = state.patients > 1
        self.warning.setVisible(differ)
        self.warning_words.setVisible(differ)
        self.warning_words.set_text(tr("这些检查属于 {count} 位不同患者", count=state.patients) if differ else "")
        shown = (state.compared, state.shows_differences, tuple(state.pictures), current_theme().name)
        if shown != self._columns_shown:
            self._columns_shown = shown
            self._show_columns(state)
        self.body.setVisible(bool(state.compared))
        self.empty.setVisible(not state.compared)
        if not state.compared:
            if state.is_loading:
                self.empty.show_words("hourglass", "正在加载…")
            else:
                self.empty.show_words("compare", "请选择要对比的检查", "在左侧勾选 2 到 4 份检查，再点“对比”。")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.setWindowTitle(tr("多人对比"))
            self._columns_shown = ()
            self.render_state(self._presenter.state)

    def _arrange(self) -> None:
        left = QFrame()
        left.setProperty("look", "panel")
        left.setFixedWidth(_LEFT)
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.offered, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.count, 1)
        foot.addWidget(self.compare_button)
        column.addLayout(foot)
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 8, 16, 8)
        bar.setSpacing(12)
        bar.addWidget(Label("对比详情", "headline"))
        bar.addWidget(self.warning)
        bar.addWidget(self.warning_words, 1)
        bar.addStretch(1)
        bar.addWidget(self.differences)
        bar.addWidget(self.images_button)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addLayout(bar)
        right.addWidget(hairline())
        right.addWidget(self.body, 1)
        right.addWidget(self.empty, 1)
        across = QHBoxLayout()
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(left)
        across.addLayout(right, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.banner)
        whole.addLayout(across, 1)

    def _show_offered(self, state: ComparisonState) -> None:
        self.offered.blockSignals(True)
        scroll = self.offered.verticalScrollBar().value()
        self.offered.clear()
        for group, title in GROUPS:
            rows = [one for one in state.candidates if one.group == group]
            if not rows:
                continue
            head = QTreeWidgetItem(self.offered, [f"{tr(title)}  {len(rows)}"])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.setForeground(0, self.palette().placeholderText())
            for one in rows:
                words = _candidate_words(one)
                item = QTreeWidgetItem(self.offered, [words])
                item.setToolTip(0, words)
                item.setData(0, Qt.ItemDataRole.UserRole, one.report_id)
                ticked = one.report_id in state.ticked
                item.setCheckState(0, Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        if state.search and not any(one.group == "found" for one in state.candidates):
            QTreeWidgetItem(self.offered, [tr("没有找到别的检查")]).setFlags(Qt.ItemFlag.NoItemFlags)
        self.offered.verticalScrollBar().setValue(scroll)
        self.offered.blockSignals(False)

    def _on_tick(self, item: QTreeWidgetItem) -> None:
        report_id = item.data(0, Qt.ItemDataRole.UserRole)
        if isinstance(report_id, int):
            self._presenter.toggle(report_id)

    def _on_double_click(self, item: QTreeWidgetItem) -> None:
        self._on_tick(item)

    def _show_columns(self, state: ComparisonState) -> None:
        content = QWidget()
        grid = QGridLayout(content)
        grid.setContentsMargins(16, 12, 16, 16)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        for place, one in enumerate(state.compared):
            grid.setColumnStretch(place, 1)
            grid.setColumnMinimumWidth(place, 212)
            grid.addWidget(_head(one, state.compared[0], is_first=place == 0), 0, place)
            grid.addWidget(_facts(one, state.compared[0], marks=state.shows_differences and place > 0), 1, place)
            for row, (title, part) in enumerate((("影像所见", "findings"), ("诊断意见", "impression"))):
                grid.addWidget(Label(title, "strong"), 2 + 2 * row, place)
                text = _text(state, place, part)
                text.setMinimumHeight(140 if part == "findings" else 84)
                grid.addWidget(text, 3 + 2 * row, place)
            grid.addWidget(_pictures(one, state), 6, place, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(3, 5)
        grid.setRowStretch(5, 3)
        self.body.setWidget(content)


def _candidate_words(one: Candidate) -> str:
    look = REPORT_LOOKS.get(one.state or "")
    parts = [
        local_time(one.examined_at)[:10],
        one.patient_name,
        one.exam_type,
        one.items,
        tr(look.text) if look else "",
    ]
    return "  ".join(part for part in parts if part)


def _head(one: ReportView, first: ReportView, *, is_first: bool) -> QWidget:
    row = one.row
    head = QWidget()
    box = QVBoxLayout(head)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(2)
    box.addWidget(ValueLabel(f"{row.patient_name}  {tr(SEX_WORDS[row.sex])}  {age_for_reader(row.age)}", "title"))
    line = QHBoxLayout()
    line.setSpacing(8)
    line.addWidget(StateBadge(FIRST if is_first else SAME if row.patient_id == first.row.patient_id else OTHER))
    line.addStretch(1)
    line.addWidget(StateBadge(REPORT_LOOKS[row.state]))
    box.addLayout(line)
    return head


def _facts(one: ReportView, first: ReportView, *, marks: bool) -> QWidget:
    facts = QWidget()
    grid = QGridLayout(facts)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(1, 1)
    for line, (label, value) in enumerate(FACTS):
        words = value(one)
        differs = marks and label in MARKED and bool(words) and words != value(first)
        grid.addWidget(Label(label, "quiet"), line, 0)
        grid.addWidget(ValueLabel((f"≠ {words}" if differs else words) or "–", "strong" if differs else ""), line, 1)
    return facts


def _text(state: ComparisonState, place: int, part: str) -> QTextBrowser:
    one = state.compared[place]
    browser = QTextBrowser()
    browser.setOpenLinks(False)
    text = getattr(one.content, part)
    if not text:
        browser.setPlaceholderText(tr("还没有报告内容"))
    elif not state.shows_differences:
        browser.setHtml(text)
    else:
        # The first is measured by the second where there are two only; of more it stays as it is.
        other = 0 if place else 1 if len(state.compared) == 2 else None
        words = spelled(text)
        if other is None:
            browser.setPlainText(words)
        else:
            against = spelled(getattr(state.compared[other].content, part))
            browser.setHtml(marked(pieces(words, against), current_theme().tone(Tone.WARNING).ground))
    return browser


def _pictures(one: ReportView, state: ComparisonState) -> QWidget:
    images = []
    for key in one.key_images:
        png = state.pictures.get(key.document_id)
        if png is not None:
            images.append(StripImage(str(key.id), QImage.fromData(png), key.caption))
    if not images:
        return Label("没有关键图" if not one.key_images else "正在加载…", "quiet")
    strip = ImageStrip(removable=False)
    strip.set_images(images)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(strip)
    area.setFixedHeight(strip.sizeHint().height() + 16)
    return area
