"""详情 of a consultation: both sides, what was asked, times, and its trail (ECG-ACC-04, ECG-CRP-05)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from clients.ecg.desk import Desk
from clients.ecg.looks import CONSULTATION_LOOKS, DANGER_LOOKS, URGENCY_LOOKS, sex_word, word
from clients.ecg.shell.dialogs import EcgDialog
from clients.kit.ages import age_for_reader
from clients.kit.badges import StateBadge
from clients.kit.labels import Label, ValueLabel
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords, local_time
from clients.kit.states import look_of
from clients.kit.translations import tr
from shared.contract.ecg_consultations import ConsultationDetails, ConsultationView, Get
from shared.domain.ecg import VISIT_WORDS
from shared.domain.ecg_reports import AGREEMENTS

_SHORT: tuple[tuple[str, Callable[[ConsultationView], str]], ...] = (
    ("病人姓名", lambda row: row.patient_name),
    ("性别", lambda row: sex_word(row.sex)),
    ("年龄", lambda row: age_for_reader(row.age)),
    ("检查号", lambda row: row.accession_number),
    ("病人编号", lambda row: row.patient_number),
    ("就诊类型", lambda row: word(VISIT_WORDS, row.visit_kind)),
    ("检查项目", lambda row: row.exam_item),
    ("采集时间", lambda row: local_time(row.acquired_at)),
    ("申请医院", lambda row: row.from_hospital),
    ("申请医生", lambda row: row.applicant),
    ("联系电话", lambda row: row.phone),
    ("申请时间", lambda row: local_time(row.applied_at)),
    ("会诊医院", lambda row: row.to_hospital),
    ("受邀团队", lambda row: row.team),
    ("受理", lambda row: f"{row.accepted_by} {local_time(row.accepted_at)}".strip()),
    ("发布", lambda row: f"{row.published_by} {local_time(row.published_at)}".strip()),
    ("签收", lambda row: f"{row.signed_by} {local_time(row.signed_at)}".strip()),
    ("诊断符合", lambda row: word(AGREEMENTS, row.agreement)),
)
_LONG: tuple[tuple[str, Callable[[ConsultationView], str]], ...] = (
    ("会诊目的", lambda row: row.question),
    ("主诉", lambda row: row.complaint),
    ("病史", lambda row: row.history),
    ("临床诊断", lambda row: row.clinical_diagnosis),
    ("提示", lambda row: "；".join(row.danger_reasons)),
    ("质量", lambda row: row.quality),
    ("原因", lambda row: row.reason),
)
TRAIL_WORDS = {
    "applied": "申请会诊",
    "withdrawn": "会诊已撤销",
    "accepted": "受理",
    "refused": "拒绝会诊",
    "given_back": "撤销受理",
    "saved": "保存",
    "published": "发布会诊报告",
    "signed": "签收",
    "report_withdrawn": "报告已撤回",
    "viewed": "查看",
    "printed": "打印",
}
"""Words of the trail's actions; one that a newer server invented is shown as it is."""


class ConsultationDialog(EcgDialog):
    """Loads the consultation by itself; nothing is changed here."""

    def __init__(self, desk: Desk, parent: QWidget, consultation_id: int) -> None:
        super().__init__(desk, parent, "会诊详情", width=820)
        self.details: ConsultationDetails | None = None
        self._badges = QHBoxLayout()
        self._badges.setSpacing(8)
        self.body.addLayout(self._badges)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for column in (1, 3, 5):
            grid.setColumnStretch(column, 1)
        self.facts: dict[str, ValueLabel] = {}
        for at, (title, _value) in enumerate(_SHORT):
            self.facts[title] = ValueLabel("")
            grid.addWidget(Label(title, "quiet"), at // 3, at % 3 * 2)
            grid.addWidget(self.facts[title], at // 3, at % 3 * 2 + 1)
        start = (len(_SHORT) + 2) // 3
        self._long: dict[str, tuple[Label, ValueLabel]] = {}
        for at, (title, _value) in enumerate(_LONG, start):
            label, value = Label(title, "quiet"), ValueLabel("", wrap=True)
            self._long[title] = (label, value)
            grid.addWidget(label, at, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, at, 1, 1, 5)
        self.body.addLayout(grid)
        self.trail = ListView(
            (
                Column("at", "时间", 128, sort=False),
                Column("by", "人员", 80, sort=False),
                Column("action", "操作", 150, format=lambda action: tr(TRAIL_WORDS.get(action, action)), sort=False),
                Column("note", "说明", 0, sort=False),
                Column("station", "工作站", 110, sort=False, quiet=True),
            ),
            row_id=lambda line: (line.at, line.action, line.by),
            empty=EmptyWords("没有记录", ""),
        )
        self.trail.setMinimumHeight(150)
        self.body.addWidget(self.trail, 1)
        self.add_button("close", "关闭", "primary")
        line = desk.place.connection
        self.ask(lambda: line.call(Get(consultation_id=consultation_id)), self.show_details)

    def show_details(self, details: ConsultationDetails) -> None:
        """Show a consultation as it is now."""
        self.details = details
        row = details.consultation
        for look in (
            look_of(CONSULTATION_LOOKS, row.state),
            look_of(URGENCY_LOOKS, row.urgency),
            look_of(DANGER_LOOKS, row.danger),
        ):
            self._badges.addWidget(StateBadge(look))
        self._badges.addStretch(1)
        for title, value in _SHORT:
            self.facts[title].set_text(value(row) or "–")
        for title, value in _LONG:
            words = value(row)
            for widget in self._long[title]:
                widget.setVisible(bool(words))
            self._long[title][1].set_text(words)
        self.trail.set_rows(details.lines)
