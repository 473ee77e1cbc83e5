"""English of 心电设置."""

ENTRIES = {
    "心电设置": "ECG settings",
    "每家医院各自设置；模板是还没有选择过模板的账户使用的模板。": (
        "Each hospital has its own; the template is for accounts that never chose one."
    ),
    "QTc 公式": "QTc formula",
    "两级阅图（初读后审核）": "Two readings (a second reader audits)",
    "允许初读者本人审核": "The first reader may audit",
    "会诊时限": "Limits of consultations",
    "从申请起计；超过时限的时钟变红，达到提醒比例时变黄。": (
        "Counted from the application; a clock turns red beyond its limit and yellow from the share below."
    ),
    "受理时限": "To accept",
    "报告时限": "To answer",
    "提醒比例": "Warn from",
    "心电图到达时逐条判断。“报警”立即进入危急值闭环，否则只提示并提前排序。": (
        "Judged when a trace arrives. An alarm opens the critical-value loop at once; the others warn and "
        "sort the list."
    ),
    "报警": "Alarm",
    "界限": "Limit",
}
