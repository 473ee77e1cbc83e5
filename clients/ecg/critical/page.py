"""危急心电图: traces that showed danger when they arrived, until somebody acknowledged them (EX-ECG-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.ecg.administration.table_page import TablePage
from clients.ecg.desk import Desk
from clients.ecg.pages import CRITICAL
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords, RowAction
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.ecg_critical import AcknowledgeAlarm, AlarmView, ListAlarms
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

LOOKS = {
    "open": StateLook("待确认", Tone.DANGER, "bell"),
    "done": StateLook("已确认", Tone.SUCCESS, "check_circle"),
}


def _finding(row: AlarmView) -> str:
    return row.en if language() is Language.ENGLISH else row.zh


def _reason(row: AlarmView) -> str:
    return row.reason_en if language() is Language.ENGLISH else row.reason_zh


COLUMNS = (
    Column("state", "状态", 96, value=lambda row: "done" if row.acknowledged_at else "open", looks=LOOKS),
    Column("found_at", "发现时间", 136),
    Column("patient_name", "姓名", 96, strong=True),
    Column("accession_number", "检查号", 116),
    Column("finding", "危急表现", 150, value=_finding, strong=True),
    Column("reason", "依据", 0, value=_reason),
    Column("hospital", "医院", 112),
    Column("acknowledged_by", "确认人", 96),
    Column("acknowledged_at", "确认时间", 136),
)


class CriticalPage(TablePage):
    """The open ones and those of the last days; a double-click opens the trace."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        may = desk.may(Permission.ECG_CRITICAL)
        super().__init__(
            desk,
            place,
            CRITICAL,
            lambda: ListAlarms(open_only=False),
            COLUMNS,
            (
                RowAction("read", "阅图", "voice", allowed=lambda _row: True),
                RowAction(
                    "acknowledge", "确认处理", "check_circle", allowed=lambda row: may and row.acknowledged_at is None
                ),
            ),
            EmptyWords("没有危急心电图", "心电图到达时按设置的规则判断，发现危急表现立即列在这里。", "check_circle"),
            hint="确认表示已看到并已通知、处理；姓名和时间记入闭环。",
            header=(),
            entities=("ecg_alarm", "critical"),
        )

    def act(self, action: str, row: AlarmView) -> None:
        """Open the trace, or acknowledge."""
        if action in ("read", "change"):
            self._desk.open_reading(row.exam_id)
        elif action == "acknowledge":
            line, messages = self._place.connection, self._place.messages

            def stored(_alarm: AlarmView) -> None:
                messages.say(tr("已确认"), Tone.SUCCESS)
                self.refresh()

            def refused(error: Exception) -> None:
                messages.say(message_for(error).text, Tone.DANGER)
                self.refresh()

            self._place.runner.run(lambda: line.call(AcknowledgeAlarm(alarm_id=row.id)), stored, refused)
