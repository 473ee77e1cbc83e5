"""检查历史分页栏 and 基本信息栏: earlier exams as tabs, and whose trace this is in one line each (ECG-READ-03, -05)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QTabBar, QToolTip, QWidget

from clients.ecg.reading.state import PageState
from clients.kit.ages import age_for_reader
from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import Language, language, tr
from shared.contract.ecg import EcgExamView, EcgRow
from shared.domain.ecg import EXAM_STATES
from shared.domain.states import Sex

_SEX = {Sex.MALE: "男", Sex.FEMALE: "女"}


class HistoryTabs(QTabBar):
    """The present exam and the patient's earlier ones, newest first; choosing one shows it read-only."""

    chosen = Signal(int)
    """exam id; 0 for the present one."""

    def __init__(self) -> None:
        super().__init__()
        self.setDrawBase(False)
        self.setStyleSheet("QTabBar::tab { height: 26px; }")
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("检查历史"))
        self._ids: list[int] = []
        self._filling = False
        self.currentChanged.connect(self._on_current)

    def show_history(self, own_id: int, rows: Sequence[EcgRow], front: int) -> None:
        """Show the tabs; `front` is the exam id whose tab is in front, 0 for the own one."""
        self._filling = True
        earlier = [row for row in rows if row.id != own_id]
        self._ids = [0, *(row.id for row in earlier)]
        while self.count() > len(self._ids):
            self.removeTab(self.count() - 1)
        while self.count() < len(self._ids):
            self.addTab("")
        self.setTabText(0, tr("本次检查"))
        self.setTabToolTip(0, tr("本次检查"))
        days = [day_of(row.acquired_at or row.registered_at) for row in earlier]
        for at, (row, day) in enumerate(zip(earlier, days, strict=True), 1):
            alone = days.count(day) == 1
            self.setTabText(at, day if alone else moment_of(row.acquired_at or row.registered_at))
            self.setTabToolTip(at, _about(row))
        self.setCurrentIndex(self._ids.index(front) if front in self._ids else 0)
        self._filling = False

    def _on_current(self, index: int) -> None:
        if not self._filling and 0 <= index < len(self._ids):
            self.chosen.emit(self._ids[index])

    def minimumSizeHint(self) -> QSize:
        return QSize(80, super().minimumSizeHint().height())


class BasicsBar(QWidget):
    """All ten facts in two lines; long texts share what is left, are elided and stand whole in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self._exam: EcgExamView | None = None
        self._earlier: EcgRow | None = None
        self._places: list[tuple[QRect, str, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def show_exam(self, exam: EcgExamView | None, earlier: EcgRow | None = None) -> None:
        """Show the facts of an exam; with an earlier one in front, when that was."""
        self._exam, self._earlier = exam, earlier
        words = [f"{caption}：{value}" for line in self._lines() for caption, value in line]
        self.setAccessibleName("；".join(words))
        self.update()

    def facts(self) -> list[tuple[str, str]]:
        """Caption and whole value, in the order of the row ECG-READ-05."""
        return [fact for line in self._lines() for fact in line]

    def sizeHint(self) -> QSize:
        return QSize(600, 2 * (QFontMetrics(current_theme().font()).height() + 3) + 5)

    def minimumSizeHint(self) -> QSize:
        return QSize(300, self.sizeHint().height())

    def _lines(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        if self._exam is None:
            return ([], [])
        row, entry = self._exam.row, self._exam.entry
        of = self._earlier or row
        examined = of.acquired_at or of.registered_at
        first = [
            (tr("姓名"), row.patient_name),
            (tr("性别"), tr(_SEX[row.sex]) if row.sex in _SEX else "–"),
            (tr("年龄"), age_for_reader(row.age) or "–"),
            (tr("检查日期"), moment_of(examined)),
            (tr("门诊号"), row.outpatient_number or "–"),
            (tr("体检号"), row.health_check_number or "–"),
            (tr("住院号"), row.inpatient_number or "–"),
        ]
        second = [
            (tr("主诉"), entry.complaint or "–"),
            (tr("病史"), entry.history or "–"),
            (tr("临床诊断"), entry.clinical_diagnosis or "–"),
        ]
        return first, second

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        self._places = []
        with QPainter(self) as painter:
            painter.setFont(theme.font())
            metrics = painter.fontMetrics()
            high = metrics.height() + 3
            for number, line in enumerate(self._lines()):
                self._paint_line(painter, metrics, line, 2 + number * high, high, is_long=number == 1)
            painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(theme.colours.hairline))

    def _paint_line(
        self,
        painter: QPainter,
        metrics: QFontMetrics,
        line: list[tuple[str, str]],
        top: int,
        high: int,
        *,
        is_long: bool,
    ) -> None:
        theme = current_theme()
        captions = [metrics.horizontalAdvance(caption) + 6 for caption, _value in line]
        strong = QFontMetrics(theme.font(bold=True))
        wanted = [metrics.horizontalAdvance(value) + 2 for _caption, value in line]
        if not is_long and line:
            wanted[0] = strong.horizontalAdvance(line[0][1]) + 4
        gap = 16
        room = self.width() - 24 - sum(captions) - gap * max(0, len(line) - 1)
        given = _shared(wanted, room)
        x = 12
        for (caption, value), before, width in zip(line, captions, given, strict=True):
            painter.setPen(QColor(theme.colours.text_quiet))
            painter.drawText(QRect(x, top, before, high), Qt.AlignmentFlag.AlignVCenter, caption)
            painter.setPen(QColor(theme.colours.text))
            area = QRect(x + before, top, width, high)
            font = theme.font(bold=not is_long and caption == line[0][0])
            painter.setFont(font)
            text = painter.fontMetrics().elidedText(value, Qt.TextElideMode.ElideRight, width)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
            painter.setFont(theme.font())
            self._places.append((QRect(x, top, before + width, high), caption, value))
            x += before + width + gap

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = next((one for one in self._places if one[0].contains(event.pos())), None)
            QToolTip.showText(event.globalPos(), f"{found[1]}：{found[2]}" if found else "", self)
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)


def _shared(wanted: list[int], room: int) -> list[int]:
    """What each value gets: all it wants where there is room, else the long ones share what the short ones leave."""
    given = [0] * len(wanted)
    left = max(0, room)
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    for done, at in enumerate(order):
        given[at] = min(wanted[at], left // max(1, len(order) - done))
        left -= given[at]
    return given


def day_of(moment: datetime) -> str:
    """The day of a moment here."""
    return moment.astimezone().strftime("%Y-%m-%d")


def moment_of(moment: datetime) -> str:
    """Day and minute of a moment here."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _about(row: EcgRow) -> str:
    english = language() is Language.ENGLISH
    word = EXAM_STATES[row.state]
    lines = [moment_of(row.acquired_at or row.registered_at), word.en if english else word.zh]
    lines += [row.exam_item, row.conclusion, row.reported_by]
    return "\n".join(line for line in lines if line)


def front_of(state: PageState) -> int:
    """Which history tab is in front."""
    return 0 if state.past is None else state.past.row.id
