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

_COMMON = {
    # pages
    "心电工作站": "ECG workstation",
    "主界面": "Home",
    "HIS登记": "HIS",
    "体检检查": "Health check",
    "院内检查": "In-hospital",
    "心电阅图": "ECG reading",
    "受理记录": "Acceptance",
    "会诊报告": "Consults",
    "未匹配心电图": "Unmatched",
    "设备管理": "Devices",
    "会诊团队": "Teams",
    "收藏夹": "Collection",
    "术语词库": "Terms",
    "统计": "Statistics",
    # marks
    "质量不合格": "Not good enough",
    "已收藏": "Collected",
    "全部": "All",
    # words of several pages
    "病人": "Patient",
    "病人姓名": "Patient name",
    "性别": "Sex",
    "年龄": "Age",
    "病人编号": "Patient no.",
    "联系电话": "Phone",
    "就诊类型": "Visit type",
    "门诊号": "Outpatient no.",
    "体检号": "Health-check no.",
    "申请单号": "Request no.",
    "申请科室": "Requested by",
    "病区": "Ward",
    "床号": "Bed",
    "检查项目": "Exam item",
    "申请医生": "Requesting doctor",
    "紧急程度": "Urgency",
    "主诉": "Complaint",
    "病史": "History",
    "临床诊断": "Clinical diagnosis",
    "备注": "Remarks",
    "检查状态": "Exam state",
    "会诊状态": "Consultation",
    "状态": "State",
    "医院": "Hospital",
    "原因": "Reason",
    "说明": "Remark",
    "报告医生": "Reported by",
    "采集时间": "Acquired",
    "报告时间": "Reported",
    "申请时间": "Requested",
    "工作站": "Workstation",
    "登记": "Register",
    "登记并采集": "Register and acquire",
    "阅图": "Read",
    "详情": "Details",
    "查询": "Query",
    "重置": "Reset",
    "刷新": "Refresh",
    "打印": "Print",
    "保存": "Save",
    "提交": "Submit",
    "修改": "Change",
    "收藏报告": "Collect report",
    "申请会诊": "Apply for consultation",
    "查看报告": "View report",
    "取消登记": "Cancel registration",
    "快速登记申请单": "Quick request",
    "快速登记会诊": "Quick consultation",
    "危急": "Critical",
    "医生": "Doctor",
    "已保存": "Saved",
    "撤销受理": "Withdraw acceptance",
    "超时 {count} 条": "{count} overdue",
}

ENTRIES: dict[str, str] = {
    **{word.zh: word.en for table in _TABLES for word in table.values() if word.zh not in english.ENTRIES},
    **_COMMON,
}
