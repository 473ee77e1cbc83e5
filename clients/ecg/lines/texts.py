"""English of the page of thin lines."""

from __future__ import annotations

ENTRIES = {
    "线路管理": "Lines",
    "需要处理": "Needs attention",
    "没有上报": "Silent",
    "排队上传": "Sending",
    "畅通": "In order",
    "加急 {count}": "{count} urgent",
    "使用人": "User",
    "最近上报": "Last report",
    "待传心电": "ECGs waiting",
    "最早一份": "Oldest",
    "待传原始文件": "Original files",
    "被拒": "Refused",
    "中断次数": "Failures",
    "速度": "Speed",
    "还没有工作站上报线路": "No station has reported its line yet",
    "工作站采集心电图后自动上报，上报的工作站列在这里。": (
        "A station reports by itself once it records; it is listed here then."
    ),
    "没有上报：有排队，但十分钟没有消息。心电图都保存在工作站，线路恢复后自动上传。": (
        "Silent: records wait, no report for ten minutes. They are kept at the station and go out by themselves."
    ),
}
