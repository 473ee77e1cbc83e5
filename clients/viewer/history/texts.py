"""English of the earlier exams."""

from __future__ import annotations

CATALOGUE = {
    "历史影像": "Earlier exams",
    "列出这位患者的其他检查，追加或对比": "The patient's other exams, to add or to compare",
    "追加到序列栏": "Add to series bar",
    "对比": "Compare",
    "刷新": "Refresh",
    "正在查找…": "Searching…",
    "日期不详": "Date unknown",
    "{n} 幅": "{n} images",
    "已打开": "open",
    "不在线，打开较慢": "not on-line, opens slowly",
    "没有这位患者的其他检查": "There is no other exam of this patient",
    "没有打开的检查": "No exam is open",
    "这里没有历史影像": "There are no earlier exams here",
    "图像没有可用的患者编号，无法查找历史影像": "Without a usable patient ID earlier exams cannot be found",
}
