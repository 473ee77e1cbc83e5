"""Chinese to English: the names of the ECG workstation's pages."""

from __future__ import annotations

ENTRIES = {
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
