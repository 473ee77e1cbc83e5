"""What elements and their fields are called; Chinese sources with English in texts_templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clients.kit.translations import tr
from shared.paper.blocks import (
    BLOCK_TYPES,
    AnyBlock,
    FieldRow,
    FieldsBlock,
    GapBlock,
    NoticeBlock,
    ParagraphBlock,
    PicturesBlock,
    RuleBlock,
    SectionBlock,
    SignaturesBlock,
    Signer,
    TableBlock,
    TableColumn,
)
from shared.paper.facts import lists_of, rich_of
from shared.paper.kinds import OF_PATHOLOGY, DocumentKind
from shared.paper.template import (
    AnyElement,
    BoxElement,
    CodeElement,
    FieldsElement,
    FlowElement,
    ImageElement,
    LineElement,
    RepeatElement,
    TextElement,
    WatermarkElement,
    Words,
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
    "flow": ("正文", "document"),
    "watermark": ("水印", "eye"),
}


def type_of(element: AnyElement) -> str:
    """The key of TYPES."""
    if isinstance(element, CodeElement):
        return "code" if element.symbology == "code128" else element.symbology
    kinds = {
        TextElement: "text", FieldsElement: "fields", LineElement: "line", BoxElement: "box",
        ImageElement: "image", RepeatElement: "repeat", FlowElement: "flow",
        WatermarkElement: "watermark",
    }  # fmt: skip
    return kinds[type(element)]


def title_of(element: AnyElement, language: str) -> str:
    """How the list calls an element."""
    kind = tr(TYPES[type_of(element)][0])
    if isinstance(element, TextElement):
        return f"{kind}  {in_language(element.text, language)}"
    if isinstance(element, WatermarkElement):
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
    FlowElement: (
        *_WHERE, _WIDTH, Property("until_mm", "最低位置", least=0), Property("next_y_mm", "续页起点", least=0),
        Property("fits", "尽量排成一页", "switch"),
    ),
    WatermarkElement: (
        Property("text", "内容", "words"), *_WHERE, Property("size_pt", "字号", unit="pt", least=8, most=200),
        Property("angle", "角度", unit="°", least=-90, most=90),
        Property("opacity", "浓淡", unit="", least=0.05, most=1), Property("colour", "颜色", "text"),
    ),
    RepeatElement: (
        *_WHERE, Property("step_mm", "行距", least=1), Property("until_mm", "最低位置", least=0),
        Property("next_y_mm", "续页起点", least=0), *_COMMON,
    ),
}  # fmt: skip
"""The fields of each type in the order of the panel."""

BLOCKS = {
    "fields": "字段",
    "section": "长文字",
    "pictures": "图像",
    "table": "表格",
    "notice": "提示框",
    "signatures": "签名",
    "paragraph": "段落",
    "rule": "横线",
    "gap": "空白",
}
"""What blocks of a flow are called."""

_POINTS: dict[str, Any] = {"unit": "pt", "least": 4, "most": 60}
_WHEN = Property("when", "显示条件", "text")

BLOCK_PROPERTIES: dict[type, tuple[Property, ...]] = {
    FieldsBlock: (
        Property("columns", "列数", unit="", least=1, most=6), Property("size_pt", "字号", **_POINTS),
        Property("label_pt", "标签字号", **_POINTS), Property("keep_empty", "保留空项", "switch"),
        Property("lines", "上下横线", "switch"), _WHEN,
    ),
    SectionBlock: (
        Property("fact", "内容", "rich"), Property("heading", "标题", "words"), Property("size_pt", "字号", **_POINTS),
        Property("heading_pt", "标题字号", **_POINTS), Property("bold", "加粗", "switch"),
        Property("keep_empty", "为空时保留", "switch"), _WHEN,
    ),
    PicturesBlock: (
        Property("over", "内容", "pictures"), Property("heading", "标题", "words"),
        Property("most", "最多张数", unit="", least=0, most=6), Property("height_mm", "图高", least=0, most=240),
        Property("captions", "图注", "switch"), Property("whole_page", "每张一页", "switch"), _WHEN,
    ),
    TableBlock: (
        Property("over", "内容", "lists"), Property("heading", "标题", "words"),
        Property("size_pt", "字号", **_POINTS), _WHEN,
    ),
    NoticeBlock: (
        Property("label", "标题", "words"), Property("text", "内容", "words"), Property("size_pt", "字号", **_POINTS),
        Property("colour", "颜色", "text"), _WHEN,
    ),
    SignaturesBlock: (
        Property("height_mm", "签名图高", least=4, most=40), Property("sinks", "置于页底", "switch"),
        Property("note", "左下文字", "words"), Property("note_right", "右下文字", "words"),
        Property("small", "小字", "words"), _WHEN,
    ),
    ParagraphBlock: (
        Property("text", "内容", "words"), Property("size_pt", "字号", **_POINTS), Property("bold", "加粗", "switch"),
        Property("align", "对齐", "choice", choices=_ALIGN), Property("colour", "颜色", "text"), _WHEN,
    ),
    RuleBlock: (Property("weight_mm", "线宽", least=0.02, most=20), Property("colour", "颜色", "text"), _WHEN),
    GapBlock: (Property("height_mm", "高", least=0, most=100), _WHEN),
}  # fmt: skip
"""The fields of each block in the order of the panel."""


def block_kind(block: AnyBlock) -> str:
    """The key of BLOCKS."""
    return next(name for name, kind in BLOCK_TYPES.items() if type(block) is kind)


def block_title(block: AnyBlock, language: str) -> str:
    """How the list of blocks calls a block."""
    kind = tr(BLOCKS[block_kind(block)])
    words = ""
    if isinstance(block, SectionBlock | PicturesBlock | TableBlock):
        words = in_language(block.heading, language) or _fact_words(block, language)
    elif isinstance(block, NoticeBlock):
        words = in_language(block.label, language)
    elif isinstance(block, ParagraphBlock):
        words = in_language(block.text, language)
    elif isinstance(block, FieldsBlock):
        words = "、".join(in_language(row.label, language) for row in block.rows[:4]) + (
            "…" if len(block.rows) > 4 else ""
        )
    return f"{kind}  {words}".rstrip()


def _fact_words(block: SectionBlock | PicturesBlock | TableBlock, language: str) -> str:
    name = block.fact if isinstance(block, SectionBlock) else block.over
    named: dict[str, tuple[str, str]] = {}
    for kind in (OF_PATHOLOGY[0], DocumentKind.REPORT):
        named |= {one.name: (one.zh, one.en) for one in lists_of(kind)}
        named |= {one.name: (one.zh, one.en) for one in rich_of(kind)}
    return named.get(name, (name, name))[1 if language == "en" else 0]


def new_block(kind: str) -> AnyBlock:
    """A fresh block of a type."""
    made: dict[str, AnyBlock] = {
        "fields": FieldsBlock(rows=(FieldRow(label=Words("姓名", "Name"), value="{name}"),)),
        "section": SectionBlock(fact="findings", heading=Words("影像所见", "Findings")),
        "pictures": PicturesBlock(),
        "table": TableBlock(
            over="measurements",
            heading=Words("测量", "Measurements"),
            columns=(
                TableColumn(title=Words("名称", "Name"), value="{measurements.label}"),
                TableColumn(title=Words("数值", "Value"), value="{measurements.value} {measurements.unit}"),
            ),
        ),
        "notice": NoticeBlock(label=Words("提示", "Note"), text=Words("文字", "Text")),
        "signatures": SignaturesBlock(
            signers=(
                Signer(label=Words("审核医生", "Approved by"), name="{auditing_doctor}", picture="auditor_signature"),
            )
        ),
        "paragraph": ParagraphBlock(text=Words("文字", "Text")),
        "rule": RuleBlock(),
        "gap": GapBlock(),
    }
    return made[kind]
