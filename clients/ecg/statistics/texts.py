"""English of 统计."""

ENTRIES = {
    "本月": "This month",
    "近三个月": "Last three months",
    "近十二个月": "Last twelve months",
    "近三年": "Last three years",
    "按医院": "By hospital",
    "按医生": "By doctor",
    "月份": "Month",
    "登记数": "Registered",
    "采集数": "Acquired",
    "报告数": "Reports",
    "报告用时": "To report",
    "九成以内": "Nine of ten",
    "会诊申请": "Asked",
    "完成会诊": "Answered",
    "受理用时": "To accept",
    "会诊用时": "To answer",
    "按时率": "In time",
    "符合率": "Agreement",
    "危急": "Critical",
    "导出 Excel": "Export to Excel",
    "心电统计": "ECG statistics",
    "这段时间没有心电检查": "No ECG exams in this time",
    "请选择更长的时间范围。": "Choose a longer time.",
    "用时为中位数；按时率按各紧急程度的时限；符合率比较首诊与会诊结论。": (
        "Times are medians; in time by the limit of each urgency; agreement compares the first opinion with "
        "the consultation's."
    ),
    "已导出 {count} 行：{name}": "{count} rows exported: {name}",
    "无法写入这个文件，请换一个位置或关闭正在打开它的程序。": (
        "The file cannot be written: choose another place, or close the program that has it open."
    ),
}
