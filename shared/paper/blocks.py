"""The blocks of a flow: what a long document is made of from top to bottom, over as many pages as it takes."""

from __future__ import annotations

from typing import Literal

import msgspec


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages."""

    zh: str = ""
    en: str = ""


Text = str | Words

INK, MUTED, ACCENT, ALARM, HAIRLINE = "#1a1f26", "#6b7380", "#1a5785", "#b31f1a", "#c7ccd6"


class FieldRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One label with its value."""

    label: Text
    value: Text
    bold: bool = False
    wide: bool = False  # takes the whole width
    span: int = 1  # columns taken, in a flow
    when: str = ""


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="block"):
    """What all blocks have: `when` as elements have it."""

    when: str = ""


class SectionBlock(Block, frozen=True, tag="section", kw_only=True):
    """A rich text (影像所见, 诊断意见 …) under its heading; goes on on the next page. Left out where it is empty,
    unless `keep_empty`. `bold` sets it bold where the writer has set nothing bold."""

    fact: str
    heading: Text = ""
    size_pt: float = 10.5
    heading_pt: float = 11.5
    bold: bool = False
    keep_empty: bool = False
    colour: str = INK
    heading_colour: str = ACCENT


class PicturesBlock(Block, frozen=True, tag="pictures", kw_only=True):
    """A grid of pictures with captions: 1, 2 or 3 in a row, 4 as two by two, 5 and 6 as rows of three.

    `most` of them are shown; `whole_page` gives each a page of its own.
    """

    over: str = "key_images"
    heading: Text = ""
    most: int = 6
    height_mm: float = 0.0  # of one picture at most; 0: by their number
    captions: bool = True
    whole_page: bool = False


class FieldsBlock(Block, frozen=True, tag="fields", kw_only=True):
    """Labels and values on a grid; long values take more lines, nothing is cut off. Fields without value keep their
    place with `keep_empty`, else those behind them move up."""

    rows: tuple[FieldRow, ...]
    columns: int = 4
    shares: tuple[float, ...] = ()  # of the width, one for each column; empty: equal
    size_pt: float = 9.5
    label_pt: float = 8.5
    keep_empty: bool = True
    lines: bool = True  # a heavy line above and a hairline below


class TableColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One column of a table."""

    title: Text
    value: Text
    share: float = 1.0  # of the width, among the others
    align: Literal["left", "centre", "right"] = "left"


class TableBlock(Block, frozen=True, tag="table", kw_only=True):
    """A row for each row of a list; the heading row again on every page that it goes on to."""

    over: str
    columns: tuple[TableColumn, ...]
    heading: Text = ""
    size_pt: float = 9.0
    heading_pt: float = 11.5


class NoticeBlock(Block, frozen=True, tag="notice", kw_only=True):
    """A framed sentence, as for critical values; stays with what follows."""

    label: Text = ""
    text: Text
    size_pt: float = 10.5
    colour: str = ALARM


class Signer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who signs: the picture of the signature, or the name where there is none."""

    label: Text
    name: Text
    picture: str = ""  # a picture fact
    time_label: Text = ""
    time: Text = ""


class SignaturesBlock(Block, frozen=True, tag="signatures", kw_only=True):
    """Signatures side by side with small lines below; at the foot of the last page with `sinks`."""

    signers: tuple[Signer, ...]
    height_mm: float = 9.0  # of a signature's picture
    note: Text = ""
    note_right: Text = ""
    small: Text = ""
    sinks: bool = True


class ParagraphBlock(Block, frozen=True, tag="paragraph", kw_only=True):
    """Plain text of the template; stays with what follows with `keeps`."""

    text: Text
    size_pt: float = 9.5
    bold: bool = False
    align: Literal["left", "centre", "right"] = "left"
    colour: str = INK
    keeps: bool = False


class RuleBlock(Block, frozen=True, tag="rule", kw_only=True):
    """A line across."""

    weight_mm: float = 0.2
    colour: str = HAIRLINE


class GapBlock(Block, frozen=True, tag="gap", kw_only=True):
    """White space; none at the top of a page."""

    height_mm: float = 3.0


AnyBlock = (
    SectionBlock
    | PicturesBlock
    | FieldsBlock
    | TableBlock
    | NoticeBlock
    | SignaturesBlock
    | ParagraphBlock
    | RuleBlock
    | GapBlock
)

BLOCK_TYPES: dict[str, type[Block]] = {
    "fields": FieldsBlock,
    "section": SectionBlock,
    "pictures": PicturesBlock,
    "table": TableBlock,
    "notice": NoticeBlock,
    "signatures": SignaturesBlock,
    "paragraph": ParagraphBlock,
    "rule": RuleBlock,
    "gap": GapBlock,
}
