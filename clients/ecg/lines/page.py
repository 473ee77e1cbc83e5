"""线路管理: every station's line as it last reported it; what waits longest and what needs a person is seen first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent

from clients.ecg.administration.table_page import TablePage
from clients.ecg.desk import Desk
from clients.ecg.pages import LINES
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg_lines import LineView, ListLines

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

LOOKS = {
    "refused": StateLook("需要处理", Tone.DANGER, "alert"),
    "silent": StateLook("没有上报", Tone.WARNING, "offline"),
    "waiting": StateLook("排队上传", Tone.INFO, "upload"),
    "idle": StateLook("畅通", Tone.SUCCESS, "check_circle"),
}
_LOOK_AGAIN_MS = 60_000
"""A station that falls silent sends no notice: the server tells it when it is asked."""


def state_of(row: LineView) -> str:
    """Which of `LOOKS` a line has: refused records before a silent station before waiting ones."""
    if row.report.refused:
        return "refused"
    if row.is_silent:
        return "silent"
    return "waiting" if row.report.waiting or row.report.originals else "idle"


def size_words(size_bytes: int) -> str:
    """Bytes as KB or MB."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} KB"


def _waiting(row: LineView) -> str:
    report = row.report
    if not report.waiting:
        return "0"
    words = f"{report.waiting} · {size_words(report.waiting_bytes)}"
    return words + " · " + tr("加急 {count}", count=report.urgent) if report.urgent else words


def _originals(row: LineView) -> str:
    report = row.report
    return f"{report.originals} · {size_words(report.original_bytes)}" if report.originals else "0"


def _speed(row: LineView) -> str:
    return f"{size_words(round(row.report.bytes_per_s))}/s" if row.report.bytes_per_s >= 1 else "–"


COLUMNS = (
    Column("state", "状态", 104, value=state_of, looks=LOOKS),
    Column("station", "工作站", 150, strong=True),
    Column("hospital", "医院", 0),
    Column("user_name", "使用人", 88),
    Column("seen_at", "最近上报", 136, format=local_time),
    Column("waiting", "待传心电", 150, value=_waiting),
    Column("oldest", "最早一份", 136, value=lambda row: row.report.oldest_at, format=local_time),
    Column("originals", "待传原始文件", 112, value=_originals),
    Column("refused", "被拒", 56, Align.RIGHT, value=lambda row: row.report.refused),
    Column("failures", "中断次数", 72, Align.RIGHT, value=lambda row: row.report.failures),
    Column("speed", "速度", 84, Align.RIGHT, value=_speed),
)


class LinesPage(TablePage):
    """The stations of the caller's hospitals, refreshed by notices and once a minute while somebody looks."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        super().__init__(
            desk,
            place,
            LINES,
            ListLines,
            COLUMNS,
            (),
            EmptyWords("还没有工作站上报线路", "工作站采集心电图后自动上报，上报的工作站列在这里。", "cloud"),
            hint="没有上报：有排队，但十分钟没有消息。心电图都保存在工作站，线路恢复后自动上传。",
            header=(),
            entities=("ecg_line",),
            row_id=lambda row: row.station,
        )
        self._again = QTimer(self, interval=_LOOK_AGAIN_MS)
        self._again.timeout.connect(self.refresh)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._again.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._again.stop()
