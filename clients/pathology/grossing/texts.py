"""English of the grossing station; Chinese is the source language."""

from __future__ import annotations

ENTRIES = {
    "{number} 属于本例。": "{number} belongs to this case.",
    "下一行": "Next row",
    "保存此行": "Keep row",
    "取材已保存": "Grossing saved",
    "取材序号 {serial} 已存在，请改用其他序号。": "The serial {serial} exists already. Use another one.",
    "取材序号只能用 1 到 4 位数字或字母。": "A serial has 1 to 4 digits or letters.",
    "取材标本": "Specimen being grossed",
    "只能删除待核对的材块。": "Only rows that were not verified can be deleted.",
    "在下面填写后按回车，最后一项回车即增加一行。": "Type below; Enter goes on, and adds a row in the last field.",
    "大体所见：可口述、选检查模板或词典": "Gross description: dictate, or take a template or the dictionary",
    "已恢复上次没有保存的取材内容，请核对后保存。": "What was not saved last time is back. Check it and save.",
    "已移交 {count} 件标本的组织": "Tissue of {count} specimens handed over",
    "扫描标本或包埋盒；按 Insert 增加一行。": "Scan a specimen or cassette; Insert adds a row.",
    "技术室": "Technical room",
    "未保存": "Not saved",
    "本例有 {count} 件标本，请扫描要取材的标本。": "This case has {count} specimens. Scan the one to gross.",
    "本例还没有确认接收的标本，登记处确认后才能取材。": (
        "No specimen of this case was accepted yet. Registration accepts it first."
    ),
    "本病例有多件标本，请先选择或扫描要取材的标本。": "The case has several specimens. Choose or scan one first.",
    "材块单位": "Unit",
    "材块数应为 1 到 999 的整数。": "Pieces: a whole number from 1 to 999.",
    "标本 {number} {title}，请取材。": "Specimen {number} {title}: go on.",
    "标本 {number} 还没有确认接收，不能取材。": "Specimen {number} was not accepted yet and cannot be grossed.",
    "标本处理": "Remainder",
    "每个动作要有不同的脚踏键。": "Each action needs a pedal key of its own.",
    "没有待移交的标本，请先保存取材。": "Nothing to hand over. Save the grossing first.",
    "没有等待补取的病例": "No case waits for re-grossing",
    "点一下输入框，再踩一下脚踏。": "Click into a field, then step on the pedal.",
    "脚踏设置": "Foot pedal",
    "脚踏设置已保存": "Foot pedal saved",
    "蜡块总数 {blocks}    材块总数 {pieces}": "Blocks {blocks}    Pieces {pieces}",
    "补取病例": "Re-grossing",
    "诊断室申请补取后显示在这里。": "Requests of the diagnosis room appear here.",
    "该材块已核对，不能修改。": "This row was verified and cannot be changed.",
    "请先确认红色提示，再继续取材。": "Acknowledge the red warning before you go on.",
    "请填写任务来源。": "Type the task source.",
    "选择或扫描标本": "Choose or scan",
}
