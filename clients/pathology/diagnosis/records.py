"""Records beside the diagnosis: grossing rows, slides with source and state, the report log."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.labels import ValueLabel
from clients.kit.lists import ListView
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.pathology import CaseDetails
from shared.contract.pathology_reports import ListEvents, ReportEvent
from shared.domain.pathology import BLOCK_STATES, SLIDE_GRADES, SLIDE_STATES, TASK_SOURCES

LOG_WORDS = {
    "opinion_first": "保存初诊意见",
    "opinion_chief": "保存主诊意见",
    "opinion_second": "保存复诊意见",
    "opinion_consultation": "填写会诊意见",
    "opinion_supplementary": "保存补充报告",
    "opinion_frozen": "保存冰冻报告",
    "named_first": "提请初诊",
    "named_chief": "提请主诊",
    "named_second": "提请复诊",
    "named_audit": "提请审核",
    "audited": "报告审核",
    "reopened": "取消审核",
    "printed": "报告打印",
    "reprinted": "补打报告",
    "printed_draft": "打印未审核稿",
    "sent": "报告发送",
    "sent_corrected": "更正后重新发送",
    "output": "报告输出",
    "delayed": "报告延期",
    "consultation_started": "发起会诊",
    "consultation_closed": "结束会诊",
    "frozen_received": "冰冻收到标本",
    "frozen_sectioned": "冰冻切片完成",
    "frozen_read": "冰冻开始阅片",
    "frozen_reported": "冰冻发出结果",
    "frozen_judged": "冰冻石蜡对照",
    "read_back": "冰冻回读",
    "checklist_saved": "保存结构化报告",
    "checklist_removed": "移除结构化报告",
    "coded": "保存编码",
    "follow_up_planned": "计划随访",
    "followed_up": "记录随访结果",
    "pasted": "粘贴报告",
    "critical": "上报危急值",
}


def grossing_records(desk: Desk, details: CaseDetails) -> QWidget:
    """取材记录: the gross description and the rows of the table."""
    columns = (
        Column("serial", "取材序号", 80, strong=True),
        Column("source", "任务来源", 90, value=lambda row: tr(TASK_SOURCES[row.source].zh)),
        Column("site", "取材部位", 0),
        Column("pieces", "材块数", 70, Align.RIGHT, value=lambda row: f"{row.pieces} {row.unit}".strip()),
        Column("grosser", "取材医生", 90),
        Column("grossed_at", "取材日期", 130, format=local_time, quiet=True),
        Column("state", "制片状态", 90, value=lambda row: tr(BLOCK_STATES[row.state].zh)),
    )
    view = _list(desk, columns, EmptyWords("还没有取材记录", "取材保存后显示在这里。", "clipboard"))
    view.set_rows(details.grossing.blocks)
    return _page(view, details.grossing.description)


def slide_records(desk: Desk, details: CaseDetails) -> QWidget:
    """切片记录: every slide with its source and state."""
    columns = (
        Column("number", "切片条码号", 150, strong=True),
        Column("source", "任务来源", 90, value=lambda row: tr(TASK_SOURCES[row.source].zh)),
        Column("stain", "染色", 90),
        Column("state", "状态", 100, value=lambda row: tr(SLIDE_STATES[row.state].zh)),
        Column("grade", "评级", 70, value=lambda row: tr(SLIDE_GRADES[row.grade].zh) if row.grade else ""),
        Column("made_by", "制片人", 90),
        Column("made_at", "制片时间", 130, format=local_time, quiet=True),
        Column("place", "存放位置", 0, quiet=True),
    )
    view = _list(desk, columns, EmptyWords("还没有切片记录", "切片确认后显示在这里。", "grid"))
    view.set_rows(details.slides)
    return _page(view, "")


def report_log(desk: Desk, case_id: int) -> QWidget:
    """报告日志: who did what to the reports."""
    columns = (
        Column("at", "记录时间", 130, format=local_time),
        Column("by", "操作人", 100),
        Column("action", "操作", 130, value=lambda row: tr(LOG_WORDS.get(row.action, row.action)), strong=True),
        Column("note", "说明", 0),
    )
    view = _list(desk, columns, EmptyWords("还没有报告记录", "", "history"), lambda row: (row.at, row.action, row.note))
    place = desk.place

    def came(rows: tuple[ReportEvent, ...]) -> None:
        view.set_rows(rows)

    request = ListEvents(case_id=case_id)
    place.runner.run(lambda: place.connection.call(request), came, place.messages.report, key="pathology.events")
    return _page(view, "")


def _list(desk: Desk, columns: tuple[Column, ...], empty: EmptyWords, row_id: object = None) -> ListView:
    found = row_id if callable(row_id) else (lambda row: row.id)
    return ListView(columns, row_id=found, runner=desk.place.runner, empty=empty)


def _page(view: ListView, words: str) -> QWidget:
    page = QWidget()
    box = QVBoxLayout(page)
    box.setContentsMargins(16, 12, 16, 12)
    box.setSpacing(8)
    if words:
        box.addWidget(ValueLabel(words, wrap=True))
    box.addWidget(view, 1)
    return page
