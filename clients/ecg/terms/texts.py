"""English of the page of terms."""

from __future__ import annotations

ENTRIES: dict[str, str] = {
    "请先选择一个分类": "Choose a category first",
    "请填写术语文字": "Write the term",
    "词库中已有相同的术语": "The dictionary has this term already",
    "已移除": "Removed",
    "新术语": "New term",
    "术语": "Term",
    "分类": "Category",
    "{scope}，只读": "{scope}, read-only",
    "新增术语": "New term",
    "新增分类": "New category",
    "{count} 条术语": "{count} terms",
    "没有选择术语": "No term chosen",
    "在左侧选择术语或分类进行修改，或新增。": "Choose a term or a category at the left to change it, or add one.",
    "中文": "Chinese",
    "英文": "English",
    "拼音首字母": "Pinyin initials",
    "留空则自动生成": "Made by itself when left empty",
    "编码": "Code",
    "编码系统": "Code system",
    "移除": "Remove",
    "移除“{name}”？已提交的报告不受影响。": "Remove “{name}”? Submitted reports do not change.",
    "移除术语": "Remove term",
}
