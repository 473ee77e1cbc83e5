"""The English of templates, prompts, markers and descriptors; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

ENTRIES: Mapping[str, str] = {
    # windows
    "诊断模板维护": "Diagnosis templates",
    "字段提示设置": "Field prompts",
    "特染标记物/套餐": "Markers and panels",
    "ＴＣＴ描述项目设置": "LBC descriptors",
    "诊断模板": "Diagnosis templates",
    "检查模板": "Gross templates",
    # common
    "保存": "Save",
    "不保存": "Do not save",
    "删除": "Delete",
    "增加": "Add",
    "改名": "Rename",
    "查看文本": "Show the text",
    "确定": "OK",
    "说明": "Remark",
    "上移": "Move up",
    "下移": "Move down",
    "导入": "Import",
    "导出": "Export",
    "确认导入": "Import now",
    "选择文件…": "Choose a file…",
    "已保存。": "Saved.",
    "{name}：新增 {added}，修改 {changed}，相同 {unchanged}": (
        "{name}: {added} new, {changed} changed, {unchanged} the same"
    ),
    "第 {line} 行 {column}：{text}": "Line {line}, {column}: {text}",
    "已导出 {count} 条：{path}": "{count} exported: {path}",
    "已导入：新增 {added}，修改 {changed}": "Imported: {added} new, {changed} changed",
    "已导入：新增 {added}": "Imported: {added} new",
    "文件不能读写：{reason}": "The file cannot be read or written: {reason}",
    "文件超过 {size} MB，请分成几个文件导入。": "The file is larger than {size} MB. Import it in parts.",
    # maintenance
    "检查所见": "Findings",
    "大体所见": "Gross description",
    "检验报告": "Check",
    "历史版本": "History",
    "增加部位": "Add site",
    "增加个人部位": "Add personal site",
    "删除部位": "Delete site",
    "增加病种": "Add disease",
    "删除病种": "Delete disease",
    "修改诊断模板": "Edit template",
    "部位名称": "Name of the site",
    "病种名称": "Name of the disease",
    "部位、病种或拼音首字母": "Site, disease or pinyin initials",
    "在左侧选择一个病种": "Choose a disease at the left",
    "第 {revision} 版，{by} 保存于 {when}": "Version {revision}, saved by {by} at {when}",
    "删除部位“{name}”和它下面的 {count} 个病种？": "Delete the site “{name}” with its {count} diseases?",
    "删除病种“{name}”和它的模板文本？": "Delete the disease “{name}” with its texts?",
    "模板文本有未保存的修改。": "The texts of the template have changes that are not saved.",
    "已保存；文本有错误，改正后才能使用。": "Saved. The text has errors and cannot be used until corrected.",
    "还没有文本": "No text yet",
    "文本有错误，改正后才能使用": "The text has errors: correct them before use",
    "检验不通过：{errors} 处错误，改正后才能使用": "Check failed: {errors} errors, correct them before use",
    "检验通过，有 {warnings} 处提醒": "Check passed with {warnings} warnings",
    "检验通过": "Check passed",
    "一行一句；[甲；乙] 多选，（甲；乙）单选，{（ ）cm} 数值；\\ 使后面的符号成为普通文字": (
        "One sentence a line. [a；b] any, （a；b） exactly one, {（ ）cm} a number; \\ makes the next mark plain text"
    ),
    "第 {line} 行第 {column} 列：{code} {reason}": "Line {line} column {column}: {code} {reason}",
    "第 {line} 行第 {column} 列：{reason}": "Line {line} column {column}: {reason}",
    # picking
    "插入": "Insert",
    "预览": "Preview",
    "↑↓ 选择，回车打开；Ctrl+F 回到查找": "↑↓ choose, Enter opens, Ctrl+F back to the search",
    "没有合适的模板。": "No template fits.",
    "还没有模板，请在系统设置里添加。": "There are no templates yet: add them under System settings.",
    "在左侧选择一个模板。": "Choose a template at the left.",
    "要这一句吗？空格或回车：要；0：不要": "Take this sentence? Space or Enter: yes; 0: no",
    "可选多项：按数字选或取消，回车下一步": "Any options: digits take or release, Enter goes on",
    "只选一项：按数字选": "Exactly one: press its digit",
    "输入数值后回车；不填直接回车，这一项不出现在报告里": (
        "Type the number, then Enter. Enter without a number leaves the item out"
    ),
    "空格选句，0 不选；数字选项；回车下一步；↑ 上一步；Ctrl+Enter 插入": (
        "Space takes a sentence, 0 leaves it; digits choose; Enter goes on; ↑ back; Ctrl+Enter inserts"
    ),
    "请至少选一句。": "Take at least one sentence.",
    "确认无误请再按一次 Ctrl+Enter。": "If that is right, press Ctrl+Enter again.",
    "已到最后一句，按 Ctrl+Enter 插入。": "That was the last sentence. Ctrl+Enter inserts the text.",
    # prompts
    "词典": "Dictionary",
    "内容或拼音首字母": "Words or pinyin initials",
    "回车插入；Ctrl+Enter 插入后继续": "Enter inserts; Ctrl+Enter inserts and stays",
    "字段名称": "Name of the field",
    "提示内容": "Choice",
    "拼音首字母": "Pinyin initials",
    "增加下级": "Add below",
    "删除“{name}”和它下面的内容？": "Delete “{name}” and what is below it?",
    "右键增加或删除；输入时可用拼音首字母选取，如 GWK 选骨外科": (
        "Add and delete with the right button. In the field, pinyin initials select: GWK gives the orthopaedics ward"
    ),
    # markers
    "免疫组化": "Immunohistochemistry",
    "特殊染色": "Special stain",
    "分子病理": "Molecular pathology",
    "标记物": "Marker",
    "套餐": "Panel",
    "常见病套餐": "Panels of common diseases",
    "标记物名称": "Name of the marker",
    "套餐名称": "Name of the panel",
    "克隆号或说明": "Clone or remark",
    "增加标记物": "Add marker",
    "删除标记物": "Delete marker",
    "加入套餐": "Into the panel",
    "移出套餐": "Out of the panel",
    "新建套餐": "New panel",
    "删除套餐": "Delete panel",
    "请先在左侧选择标记物。": "Select markers at the left first.",
    "请先在左侧选择标记物，在右侧选择套餐。": "Select markers at the left and a panel at the right first.",
    "删除标记物“{name}”？含有它的套餐也会去掉它。": "Delete the marker “{name}”? Panels lose it too.",
    "删除套餐“{name}”？": "Delete the panel “{name}”?",
    # descriptors
    "标本类型": "Specimen type",
    "描述词": "Descriptor",
    "编码": "Code",
    "报告文字": "Words in the report",
    "增加分组": "Add group",
    "增加描述词": "Add descriptor",
    "增加标本类型": "Add specimen type",
    "新分组": "New group",
    "只能选一项": "Exactly one",
    "可选多项": "Any",
    "写入诊断意见": "Into the diagnosis",
    "写入检查所见": "Into the findings",
    "请先选择一个分组。": "Choose a group first.",
    "双击修改；报告文字为空时用描述词本身；编码供统计，请勿重复使用": (
        "Double-click to change. Without report words the descriptor is printed. Never use a code twice"
    ),
    "删除标本类型“{name}”和它的描述词？": "Delete the specimen type “{name}” with its descriptors?",
}
