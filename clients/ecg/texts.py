"""Chinese to English: the pages of the ECG workstation, and the words of its states as `shared.domain` has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clients.ecg.looks import SEX_WORDS
from clients.kit import english
from shared.domain import ecg, ecg_reports

_TABLES: tuple[Mapping[Any, ecg.Word], ...] = (
    ecg.VISIT_WORDS,
    ecg.ECG_KINDS,
    ecg.EXAM_STATES,
    ecg.REQUEST_STATES,
    ecg.QUICK_RANGES,
    ecg.ADAPTER_KINDS,
    ecg.DEVICE_STATES,
    ecg.TASK_STATES,
    ecg.ORPHAN_STATES,
    ecg.URGENCIES,
    ecg.CONSULTATION_STATES,
    ecg_reports.DANGERS,
    ecg_reports.CLOCK_COLOURS,
    ecg_reports.NOTICE_KINDS,
    ecg_reports.AGREEMENTS,
    SEX_WORDS,
)

_PAGES = {
    "心电工作站": "ECG workstation",
    "主界面": "Home",
    "HIS登记": "HIS registration",
    "体检检查": "Health-check exams",
    "院内检查": "In-hospital exams",
    "心电阅图": "ECG reading",
    "受理记录": "Acceptance",
    "会诊报告": "Consultation reports",
    "未匹配心电图": "Unmatched ECGs",
    "设备管理": "Devices",
    "会诊团队": "Teams",
    "术语词库": "Terms",
    "统计": "Statistics",
}

ENTRIES: dict[str, str] = {
    **{word.zh: word.en for table in _TABLES for word in table.values() if word.zh not in english.ENTRIES},
    **_PAGES,
}
