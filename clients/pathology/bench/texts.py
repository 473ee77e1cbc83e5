"""English of what the grossing bench and the technical room share; Chinese is the source language."""

from __future__ import annotations

ENTRIES = {
    "知道了": "I have seen it",
    "打印条码": "Print labels",
    "重新打印": "Print again",
    "只打印未打印的": "Only those never printed",
    "{count} 张标签已打印过，重打会留下记录。确定要重新打印吗？": (
        "{count} labels were printed before; printing again is recorded. Print them again?"
    ),
    "没有可打印的条码。": "There are no labels to print.",
    "条码类型": "Barcode",
    "标签设置": "Label settings",
    "标签设置已保存": "Label settings saved",
    "请填写打印机的名称或地址。": "Type the printer's name or address.",
    "查询": "Query",
    "正在生成…": "Drawing…",
    "没有可显示的表单": "No form to show",
}
