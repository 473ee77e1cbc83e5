# ruff: noqa: E501 - a table: one entry a line
"""Chinese to English: HIS registration and the quick ways."""

from __future__ import annotations

ENTRIES = {
    "{name} 已登记，检查号 {number}。": "{name} is registered, exam {number}.",
    "请与纸质申请单核对以下内容，确认无误后登记。": "Compare with the paper request, then register.",
    "该申请单已登记，检查号 {number}。": "This request was registered before, exam {number}.",
    "该申请单不能登记：{state}。": "This request cannot be registered: {state}.",
    "年龄请填写数字，可带单位：45、3月、12天。": "Type a number, with a unit if needed: 45, 3m, 12d.",
    "身份证号校验位不符，请核对。": "The check digit of the identity number is wrong. Please check it.",
    "就诊": "Visit",
    "检查": "Exam",
    "45、3月、12天": "45, 3m, 12d",
    "检查种类": "Kind",
    "没有申请单": "No requests",
    "HIS系统和体检系统的心电申请单会出现在这里；可选择更长的日期范围。": "ECG requests of the hospital and health-check systems appear here; choose a longer range if needed.",
    "申请日期 从": "Requested from",
    "申请日期 到": "to",
    "姓名或首字母": "Name or initials",
    "等待查询": "Waiting for a number",
    "输入或扫描号码，按“查询”后在此核对申请单内容。": "Type or scan the number and press Query; the request is shown here to be checked.",
    "提交并采集": "Submit and acquire",
    "体检号登记": "Register by health-check number",
    "申请单号登记": "Register by request number",
    "带 * 的为必填项：病人姓名、性别、年龄。": "Fields with * must be filled: name, sex, age.",
    "没有找到号码“{number}”的申请单，请核对后重新输入。": "No request has the number “{number}”. Check it and try again.",
    "输入或扫描后按 Enter 查询": "Type or scan, then Enter",
}
