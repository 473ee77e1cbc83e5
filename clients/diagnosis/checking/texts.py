"""The English of the alarms while writing."""

from __future__ import annotations

ENTRIES: dict[str, str] = {
    "质控提示": "Check",
    "单位": "Unit",
    "侧别": "Side",
    "已切除器官": "Removed organ",
    "缺测量值": "Missing measurement",
    "前后矛盾": "Contradiction",
    "与前次不符": "Against the prior",
    "模板残留": "Template remnant",
    "错别字": "Spelling",
    "原文正确": "Text is right",
    "已知情": "Known",
    "提示看不懂": "Alarm unclear",
    "打开表单": "Open the form",
    "不是问题": "Not a problem",
    "其他理由": "Another reason",
    "为什么不是问题？": "Why is it not a problem?",
    "没有发现问题。": "Nothing found.",
    "打开报告后在此显示质控提示。": "Alarms about the open report are shown here.",
    "正在检查…": "Checking…",
    "刚才没能检查，文字改动后会再试。": "The last check failed; it is tried again after the next change.",
    "有 {count} 处请核对": "{count} to check",
    "提交时仍会询问未处理的提示。": "Submitting asks again about what is left.",
}
