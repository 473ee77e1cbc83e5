"""操作记录: who did what with an exam and when, old and new values of what was changed (EX-ECG-12)."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from clients.ecg.consultations.details import TRAIL_WORDS
from clients.ecg.desk import Desk
from clients.ecg.shell.dialogs import EcgDialog
from clients.kit.labels import ValueLabel
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords
from clients.kit.translations import tr
from shared.contract.ecg import ChangeEntry, GetTrail
from shared.domain.ecg import EXAM_ACTIONS, ExamAction

WORDS = {
    "register": "登记",
    "attach_document": "附加文档",
    "use_trace": "改用早先的记录",
    "match_trace": "归入未匹配心电图",
    "stop_task": "终止采集",
    **{action.value: words.zh for action, words in EXAM_ACTIONS.items() if action is not ExamAction.STORE_TRACE},
    ExamAction.STORE_TRACE.value: "上传",
}
FIELDS = {
    "complaint": "主诉",
    "history": "病史",
    "clinical_diagnosis": "临床诊断",
    "phone": "联系电话",
    "bed": "床号",
    "remark": "备注",
}


def action_words(action: str) -> str:
    """What was done, in words; one that a newer server invented is shown as it is."""
    if action.startswith("consultation_"):
        return tr(TRAIL_WORDS.get(action.removeprefix("consultation_"), action))
    return tr(WORDS.get(action, action))


def change_words(entry: ChangeEntry) -> str:
    """The field with its old and new value, or what was noted."""
    if entry.field:
        return f"{tr(FIELDS.get(entry.field, entry.field))}: {entry.old or '–'} → {entry.new or '–'}"
    return entry.new


class TrailDialog(EcgDialog):
    """The newest first; nothing is changed here."""

    def __init__(self, desk: Desk, parent: QWidget, exam_id: int, patient_name: str) -> None:
        super().__init__(desk, parent, "操作记录", width=760)
        self.body.addWidget(ValueLabel(patient_name, "strong"))
        self.list = ListView(
            (
                Column("at", "时间", 136, sort=False),
                Column("user_name", "人员", 96, sort=False),
                Column("action", "操作", 150, format=action_words, sort=False),
                Column("change", "说明", 0, value=change_words, sort=False),
            ),
            row_id=lambda entry: (entry.at, entry.action, entry.field),
            empty=EmptyWords("没有记录", ""),
        )
        self.list.setMinimumHeight(360)
        self.body.addWidget(self.list, 1)
        self.add_button("close", "关闭", "primary")
        line = desk.place.connection
        self.ask(lambda: line.call(GetTrail(exam_id=exam_id)), self.show_entries)

    def show_entries(self, entries: tuple[ChangeEntry, ...]) -> None:
        """Show the trail, newest first."""
        self.list.set_rows(tuple(reversed(entries)))
