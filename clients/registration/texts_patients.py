"""English for who is registered: documents, likely duplicates, merging, safety questions, photographed applications."""

from __future__ import annotations

ENTRIES = {
    # identity documents
    "证件类型": "Document",
    "证件号": "Document number",
    "身份证": "Identity card",
    "永久居留证": "Permanent residence",
    "港澳通行证": "HK/Macao permit",
    "台胞证": "Taiwan permit",
    "护照": "Passport",
    "其他证件": "Other document",
    "身份证号应为 18 位（旧证 15 位），请核对。": "An identity number has 18 digits (old cards 15). Please check.",
    "身份证号前两位不是有效的地区代码，请核对。": "The first two digits name no province. Please check.",
    "永久居留身份证号应为 9 开头的 18 位，或 3 个字母加 12 位数字，请核对。": (
        "A permanent residence number has 18 digits beginning with 9, or 3 letters and 12 digits. Please check."
    ),
    "永久居留身份证号校验位不符，请逐位核对。": "The check digit of the card does not fit. Compare each digit.",
    "永久居留证号中的出生日期不存在，请核对。": "The birth date in the residence number does not exist. Please check.",
    "港澳通行证号应为 H 或 M 加 8 位（或 10 位）数字，请核对。": "It is H or M and 8 (or 10) digits. Please check.",
    "台胞证号应为 8 位数字（旧证 10 位数字，可加一个字母），请核对。": (
        "A Taiwan permit has 8 digits (old ones 10, with or without a letter). Please check."
    ),
    "护照号应为 5 至 17 位字母和数字，请核对。": "A passport number has 5 to 17 letters and digits. Please check.",
    "证件号只能是 4 到 20 位字母和数字。": "A document number has 4 to 20 letters and digits.",
    # the same person twice
    "证件号相同": "same document number",
    "就诊卡号相同": "same visit card",
    "姓名和出生日期相同": "same name and birth date",
    "同音姓名，出生日期相同": "name sounds the same, same birth date",
    "姓名和电话相同": "same name and phone",
    "同音姓名，电话相同": "name sounds the same, same phone",
    "姓名不同": "other name",
    "性别不同": "other sex",
    "出生日期不同": "other birth date",
    "证件号不同": "other document number",
    "使用可能的同一患者": "Use the likeliest patient",
    # safety questions
    "安全问题": "Safety questions",
    "安全问题其余均为“否”": "Safety: all others no",
    "其余均为“否”": "All others: no",
    "是": "Yes",
    "否": "No",
    "不详": "Unknown",
    "已知晓": "Noted",
    "化验日期": "Date of the test",
    "说明，如植入物名称、孕周": "Details, e.g. the implant, week of pregnancy",
    "请询问患者后回答；问不到时选“不详”。": "Ask the patient; choose “Unknown” if that is not possible.",
    "请核对后勾选“已知晓”，再提交。": "Check it, tick “Noted”, then submit.",
    "低于 {limit} {unit}：请与医生确认。": "Below {limit} {unit}: ask the doctor.",
    "化验已超过 {days} 天：请与医生确认。": "The test is older than {days} days: ask the doctor.",
    "情况不详：请提醒技师检查前再次询问。": "Unknown: remind the technician to ask again before the exam.",
    "请与医生确认能否检查。": "Ask the doctor whether the exam may be done.",
    "请填写数值，或选择“不详”。": "Write the value, or choose “Unknown”.",
    "请填写 0 至 10000 之间的数值。": "Write a value from 0 to 10000.",
    "请填写化验日期。": "Write the date of the test.",
    "化验日期不能晚于今天。": "The date of the test cannot be in the future.",
    "请选择“是”“否”或“不详”。": "Choose yes, no or unknown.",
    "说明最多 200 个字符。": "Details have at most 200 characters.",
    "说明中有不能保存的控制字符，请重新输入。": "The details hold signs that cannot be kept. Type them again.",
}
