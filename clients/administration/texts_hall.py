"""English for the page of waiting halls."""

from __future__ import annotations

ENTRIES = {
    "大厅": "Hall",
    "语音": "Voice",
    "遍数": "Repetitions",
    "滚动消息": "News line",
    "全部检查室": "All rooms",
    "没有大厅": "No halls",
    "没有建立大厅时，大屏显示全部检查室，用普通话播报两遍。": (
        "Without a hall a display shows all rooms and speaks Mandarin, twice."
    ),
    "大屏用 --hall 和这里的名称启动；保存后各大屏立即改变。": (
        "A display is started with --hall and the name given here; saving changes every display at once."
    ),
    "不选则显示全部": "All when none is chosen",
    "屏幕": "Screen",
    "每行一条；英文写在 | 之后": "One text a line, its English after |",
    "每页检查室": "Rooms per page",
    "0：按屏幕大小自动": "0: as many as the screen can show legibly",
    "翻页": "Next page after",
    "显示过号": "Show who was passed",
    "显示预计等待": "Show expected waiting",
    "语言": "Language",
    "普通话": "Mandarin",
    "普通话和英语": "Mandarin and English",
    "英语": "English",
    "全名": "Full name",
    "隐去中间（张某明）": "Middle hidden",
    "不报姓名，只报号码": "Number only, no name",
    "号码 A012 读作": "A012 is read",
    "逐字读时 1 读作“幺”": "Digit by digit, 1 is read yao",
    "播报前铃声": "Chime before a call",
    "间隔": "Pause",
    "音量计划": "Volume by the hour",
    "每行一个时间和音量，例如 07:30 80；不写则全天 100": "A time and a volume a line (07:30 80); else 100",
    "音量计划请每行写一个时间和音量，例如 07:30 80，而不是：{line}": (
        "Write a time and a volume a line, such as 07:30 80, not: {line}"
    ),
    "已删除大厅 {name}": "Removed the hall {name}",
    "新建大厅": "New hall",
}
