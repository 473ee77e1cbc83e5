"""English for appointments, referral and management of the registration workstation."""

from __future__ import annotations

ENTRIES = {
    # slots
    "最早可约": "First free",
    "留号": "Kept",
    "时长不足": "Too short",
    "加号": "Add",
    "未开放": "Not open",
    "约 {minutes} 分钟": "About {minutes} minutes",
    "请先添加检查项目，再查找最早可约的时段。": "Add an exam item first, then look for the first free time.",
    "可预约的日期内没有空闲时段，请选择其它院区或直接填写预检时间。": (
        "No free time within the days that can be booked. Choose another campus, or write the planned time."
    ),
    "请留意预约时间": "Look at the time again",
    "该患者 {when} 另有检查 {exam}，时间重叠。": "The patient has another exam at {when}: {exam}.",
    "与 {when} 的 {exam} 应间隔至少 {hours} 小时。": "Leave at least {hours} hours between this and {exam} ({when}).",
    "该患者近一年爽约 {count} 次。": "The patient missed {count} appointments in the last year.",
}
