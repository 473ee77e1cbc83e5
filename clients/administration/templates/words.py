"""What elements and their fields are called; Chinese sources with English in texts_templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clients.kit.translations import tr
from shared.paper.template import (
    AnyElement,
    BoxElement,
    CodeElement,
    FieldsElement,
    ImageElement,
    LineElement,
    RepeatElement,
    TextElement,
    in_language,
)

TYPES = {
    "text": ("文字", "text"),
    "fields": ("字段表", "list"),
    "line": ("线", "minus"),
    "box": ("方框", "stop"),
    "code": ("一维码", "barcode"),
    "qr": ("二维码", "qr"),
    "datamatrix": ("DataMatrix", "data_matrix"),
    "repeat": ("重复行", "columns"),
    "image": ("图片", "image"),
}


def type_of(element: AnyElement) -> str:
    """The key of TYPES."""
    if isinstance(element, CodeElement):
        return "code" if element.symbology == "code128" else element.symbology
    kinds = {
        TextElement: "text", FieldsElement: "fields", LineElement: "line", BoxElement: "box",
        ImageElement: "image", RepeatElement: "repeat",
    }  # fmt: skip
    return kinds[type(element)]


def title_of(element: AnyElement, language: str) -> str:
    """How the list calls an element."""
    kind = tr(TYPES[type_of(element)][0])
    if isinstance(element, TextElement):
        return f"{kind}  {in_language(element.text, language)}"
    if isinstance(element, CodeElement):
        return f"{kind}  {in_language(element.value, language)}"
    if isinstance(element, RepeatElement):
        return f"{kind}  {element.over}"
    if isinstance(element, ImageElement):
        return f"{kind}  {element.image}"
    return kind


@dataclass(frozen=True)
class Property:
    """A field of an element in the panel; `form` is number, text, choice, switch, words or colour."""

    name: str
    label: str
    form: str = "number"
    unit: str = "mm"
    choices: tuple[tuple[Any, str], ...] = ()
    least: float = -1000.0
    most: float = 1000.0


_ALIGN = (("left", "左"), ("centre", "中"), ("right", "右"))
_TURNS = ((0, "0°"), (90, "90°"), (180, "180°"), (270, "270°"))
_SIZE = Property("size_pt", "字号", unit="pt", least=3, most=200)
_WHERE = (Property("x_mm", "左"), Property("y_mm", "上"))
_WIDTH = Property("width_mm", "宽", least=0.1)
_HEIGHT = Property("height_mm", "高", least=0)
_TURN = Property("turn", "旋转", "choice", choices=_TURNS)
_COMMON = (
    Property("when", "显示条件", "text"),
    Property("id", "名称", "text"),
    Property("below", "位于其下", "text"),
    Property("every_page", "每页都有", "switch"),
)

PROPERTIES: dict[type, tuple[Property, ...]] = {
    TextElement: (
        Property("text", "内容", "words"), *_WHERE, _WIDTH, _HEIGHT, _SIZE,
        Property("align", "对齐", "choice", choices=_ALIGN), Property("bold", "加粗", "switch"),
        Property("wrap", "自动换行", "switch"), Property("colour", "颜色", "text"), _TURN, *_COMMON,
    ),
    FieldsElement: (
        *_WHERE, _WIDTH, Property("columns", "列数", unit="", least=1, most=6),
        Property("label_mm", "标签宽", least=0), Property("step_mm", "行距", least=2), _SIZE,
        Property("label_pt", "标签字号", unit="pt", least=3, most=100),
        Property("keep_empty", "保留空行", "switch"), *_COMMON,
    ),
    LineElement: (
        *_WHERE, Property("x2_mm", "终点"), Property("drop_mm", "下降"),
        Property("weight_mm", "线宽", least=0.02, most=20),
        Property("dashed", "虚线", "switch"), Property("colour", "颜色", "text"), *_COMMON,
    ),
    BoxElement: (
        *_WHERE, _WIDTH, _HEIGHT, Property("weight_mm", "线宽", least=0, most=20), Property("fill", "填充色", "text"),
        Property("stroke", "颜色", "text"), *_COMMON,
    ),
    ImageElement: (*_WHERE, _WIDTH, _HEIGHT, _TURN, *_COMMON),
    CodeElement: (
        Property("value", "内容", "words"), *_WHERE, _WIDTH, _HEIGHT,
        Property("module_mm", "最窄条宽", least=0.1, most=3), Property("align", "对齐", "choice", choices=_ALIGN),
        Property("show_text", "显示文字", "switch"), _TURN, *_COMMON,
    ),
    RepeatElement: (
        *_WHERE, Property("step_mm", "行距", least=1), Property("until_mm", "最低位置", least=0),
        Property("next_y_mm", "续页起点", least=0), *_COMMON,
    ),
}  # fmt: skip
"""The fields of each type in the order of the panel."""
