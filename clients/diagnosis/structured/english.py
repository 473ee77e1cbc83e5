"""The English of the form panel; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

ENTRIES: Mapping[str, str] = {
    "结构化表单": "Structured form",
    "没有合适的结构化模板": "No structured template",
    "请管理员在“结构化模板”里添加并发布。": "Ask the administrator to add and publish one under Structured templates.",
    "没有打开的报告": "No report is open",
    "去掉表单": "Remove the form",
    "去掉表单后，手改过的句子会留在报告里。": "Sentences that you changed by hand stay in the report.",
    "连同表单的句子": "With its sentences",
    "只去掉表单": "The form only",
    "必填 {done}/{needed}": "Required {done}/{needed}",
    "选择一个模板，边填表单边写报告": "Choose a template: filling the form writes the report",
    "适合本次检查": "For this exam",
    "其他模板": "Other templates",
    "进入报告后可以使用。": "Enter the report to use them.",
    "这句话已手改，表单现在有不同的内容：": "You changed this sentence by hand; the form now says something else:",
    "报告里：{words}": "Report: {words}",
    "表单：{words}": "Form: {words}",
    "（没有这句话）": "(no such sentence)",
    "（已删除：{words}）": "(deleted: {words})",
    "保留手改": "Keep mine",
    "用表单的": "Use the form's",
    "两句都留": "Keep both",
    "已手改": "Edited by hand",
    "恢复为表单的句子": "Give back to the form",
    "已去掉结构化表单": "The structured form was removed",
    "“{name}”最多 {count} 项。": "“{name}” has room for {count} at most.",
    "已删除一项": "One item was removed",
    "{value} 已填入“{name}”": "{value} went into “{name}”",
    "还没有关键图像，请先在阅片窗口按“送报告”。": "There is no key image yet. Press Send to report in the viewer.",
}
