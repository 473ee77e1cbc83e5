# ruff: noqa: E501 - a table: one entry a line
"""Words of the checker's pages and their English; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contract.checking import AlarmKind

KINDS: Mapping[AlarmKind, str] = {
    AlarmKind.SIDE: "侧别",
    AlarmKind.SEX: "性别",
    AlarmKind.REMOVED_ORGAN: "已切除器官",
    AlarmKind.UNIT: "单位",
    AlarmKind.MISSING: "缺测量值",
    AlarmKind.CONFLICT: "前后矛盾",
    AlarmKind.PRIOR: "与前次不符",
    AlarmKind.TEMPLATE: "模板残留",
    AlarmKind.TYPO: "错别字",
}
REASONS: Mapping[str, str] = {
    "right_as_is": "原文正确",
    "known": "已知情",
    "unclear": "提示看不懂",
    "other": "其他理由",
}
ENTRIES: Mapping[str, str] = {
    "报告检查": "Report checks",
    "提示效用": "Usefulness",
    "提示开关": "Switches",
    "用语词典": "Words",
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
    "其他理由": "Another reason",
    "已修改": "Corrected",
    "已忽略": "Set aside",
    "带提示提交": "Submitted anyway",
    "书写中": "Being written",
    "提示的去向": "What became of the alarms",
    "近 7 天": "7 days",
    "近 30 天": "30 days",
    "近一年": "One year",
    "共 {count} 次提示": "{count} alarms",
    "{count} 次": "{count}",
    "修改率 {share}%": "{share}% corrected",
    "忽略理由": "Why they were set aside",
    "这段时间没有提示": "No alarms in these days",
    "医生书写报告时，提示会在这里计数。": "Alarms are counted here while doctors write reports.",
    "检查类型": "Exam type",
    "所有检查类型": "All exam types",
    "关闭的提示": "Alarms that are off",
    "全部开启": "All on",
    "关闭某些提示，先看“提示效用”再决定。": "Turn alarms off here; look at their usefulness first.",
    "没有检查类型": "No exam types",
    "先在基础数据中建立检查类型。": "Add exam types to the master data first.",
    "写法": "As written",
    "应为": "Meant",
    "添加人": "Added by",
    "本院用语": "A word of this hospital",
    "词典还没有内容": "No words yet",
    "添加本院用语，检查时不再当作错别字；填写“应为”则会提示改正。": "Add words of this hospital so that they are not taken for slips; with “Meant” they are corrected.",
    "留空：此写法正确，不再提示": "Empty: this spelling is right",
    "批量添加": "Add many",
    "每行一个词，或错误写法与正确写法，以空格分开": "One word a line, or a slip and what is meant with a space between",
    "已添加 {count} 条": "{count} added",
    "已删除“{word}”": "“{word}” removed",
    "词语": "Words",
}
