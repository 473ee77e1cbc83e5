# ruff: noqa: E501 - a table: one entry a line
"""The English of the time limits of reports; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

ENTRIES: Mapping[str, str] = {
    "报告时限": "Report time limits",
    "从检查结束到报告审核": "From the end of the exam to the approved report",
    "急诊 X 线": "Emergency X-ray",
    "急诊 CT/MR": "Emergency CT/MR",
    "X 线（非急诊）": "X-ray (not emergency)",
    "门诊、体检 CT/MR": "Outpatient and check-up CT/MR",
    "住院 CT/MR": "Ward CT/MR",
    "提前提醒": "Warn early",
    "剩余时间少于时限的这个百分数时，列表显示为橙色": "The list shows amber when less than this part of the limit is left",
    "按 CT/MR 计时的检查类型": "Exam types that count as CT/MR",
    "没有选中的按 X 线计时": "Others count as X-ray",
    "已保存，未审核的报告按新时限计时": "Saved. Reports not yet approved follow the new limits",
}
