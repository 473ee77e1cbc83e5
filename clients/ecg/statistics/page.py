"""统计: a month a line, of a hospital or a doctor; the same rows as a workbook (EX-ECG-15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from clients.ecg.desk import Desk
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import Button, Label, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.ecg_statistics import ExportStatistics, GetStatistics, StatisticsFile, StatisticsRow

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

SPANS = (Option("1", "本月"), Option("3", "近三个月"), Option("12", "近十二个月"), Option("36", "近三年"))
HOSPITALS, DOCTORS = "hospitals", "doctors"
GROUPS = (Option(HOSPITALS, "按医院"), Option(DOCTORS, "按医生"))


def first_day(today: date, months: int) -> date:
    """The first day of the month that lies `months` - 1 before the present one."""
    index = today.year * 12 + today.month - months
    return date(index // 12, index % 12 + 1, 1)


def minutes(value: float | None) -> str:
    """A duration in minutes; hours from 100 minutes on."""
    if value is None:
        return "–"
    return f"{value:.0f} min" if value < 100 else f"{value / 60:.1f} h"


def share(part: int, whole: int) -> str:
    """A share in per cent with its numbers; a dash where there is nothing to divide by."""
    return f"{100 * part / whole:.0f} % ({part}/{whole})" if whole else "–"


def _number(key: str, title: str) -> Column:
    return Column(key, title, 72, Align.RIGHT)


def _time(key: str, title: str, width: int = 92) -> Column:
    return Column(key, title, width, Align.RIGHT, format=minutes)


COLUMNS = (
    Column("month", "月份", 84, strong=True, firm=True),
    Column("hospital", "医院", 0),
    Column("doctor", "医生", 96),
    _number("registered", "登记数"),
    _number("acquired", "采集数"),
    _number("reported", "报告数"),
    _time("report_minutes", "报告用时"),
    _time("report_minutes_p90", "九成以内"),
    _number("asked", "会诊申请"),
    _number("answered", "完成会诊"),
    Column("refused", "已拒绝", 72, Align.RIGHT, visible=False),
    _time("accept_minutes", "受理用时"),
    _time("answer_minutes", "会诊用时"),
    Column("in_time", "按时率", 116, Align.RIGHT, value=lambda row: share(row.in_time, row.answered)),
    Column("agreed", "符合率", 116, Align.RIGHT, value=lambda row: share(row.agreed, row.compared)),
    _number("critical", "危急"),
)
_EMPTY = EmptyWords("这段时间没有心电检查", "请选择更长的时间范围。", "chart")


class StatisticsPage(QWidget):
    """Span, grouping, table, export."""

    def __init__(
        self,
        desk: Desk,
        place: Workplace,
        today: Callable[[], date] = date.today,
        ask_path: Callable[[QWidget, str], str] | None = None,
    ) -> None:
        super().__init__()
        self._desk, self._place, self._today = desk, place, today
        self._ask_path = ask_path or _ask_path
        self._is_open = True
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.span = SegmentedControl(SPANS, "3")
        self.group = SegmentedControl(GROUPS)
        self.export_button = Button("导出 Excel", "", "download", on_click=self.export)
        self.list = ListView(
            COLUMNS,
            row_id=lambda row: (row.month, row.hospital, row.doctor),
            settings=place.settings,
            list_id="ecg.statistics",
            empty=_EMPTY,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        row.addWidget(self.span)
        row.addWidget(self.group)
        row.addStretch(1)
        row.addWidget(self.export_button)
        layout.addLayout(row)
        hint = Label("用时为中位数；按时率按各紧急程度的时限；符合率比较首诊与会诊结论。", "quiet")
        hint.setContentsMargins(16, 0, 16, 0)
        layout.addWidget(hint)
        layout.addWidget(hairline())
        layout.addWidget(self.list, 1)
        self.span.chosen.connect(lambda _key: self.refresh())
        self.group.chosen.connect(lambda _key: self.refresh())
        self.list.retry.connect(self.refresh)
        self.refresh()

    def facts(self) -> dict[str, Any]:
        """What both requests ask for."""
        today = self._today()
        first = first_day(today, int(self.span.current))
        return {"first": first, "last": today, "by_doctor": self.group.current == DOCTORS}

    def refresh(self) -> None:
        """Ask for the rows again."""
        line, facts = self._place.connection, self.facts()
        self.list.set_loading(True)
        self._place.runner.run(
            lambda: line.call(GetStatistics(**facts)), self._arrived, self._failed, key="ecg.statistics"
        )

    def _arrived(self, rows: tuple[StatisticsRow, ...]) -> None:
        if self._is_open:
            self.list.set_loading(False)
            self.list.set_rows(rows)
            self.export_button.setEnabled(bool(rows))

    def _failed(self, error: Exception) -> None:
        if self._is_open:
            self.list.set_loading(False)
            self.export_button.setEnabled(False)
            self.list.show_error(message_for(error))

    def export(self) -> None:
        """导出 Excel: the rows as they are asked for now."""
        facts = self.facts()
        path = self._ask_path(self, f"{tr('心电统计')} {facts['first']} {facts['last']}.xlsx")
        if not path:
            return
        line, target = self._place.connection, Path(path)
        words = "en" if language() is Language.ENGLISH else "zh"

        def work() -> StatisticsFile:
            made = line.call(ExportStatistics(**facts, language=words))
            target.write_bytes(made.content)
            return made

        self._place.runner.run(work, lambda made: self._saved(made, target), self._refused)

    def _saved(self, made: StatisticsFile, target: Path) -> None:
        self._place.messages.say(tr("已导出 {count} 行：{name}", count=made.count, name=target.name), Tone.SUCCESS)

    def _refused(self, error: Exception) -> None:
        if isinstance(error, OSError):
            self._place.messages.say(tr("无法写入这个文件，请换一个位置或关闭正在打开它的程序。"), Tone.DANGER)
        else:
            self._place.messages.say(message_for(error).text, Tone.DANGER)

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        super().closeEvent(event)  # type: ignore[arg-type]


def _ask_path(parent: QWidget, name: str) -> str:
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return QFileDialog.getSaveFileName(parent, tr("导出 Excel"), str(Path(folder) / name), "Excel (*.xlsx)")[0]
