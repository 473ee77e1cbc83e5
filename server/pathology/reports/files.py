"""报告输出 (PA-RPT-06): the facts of a report, without the layout of its paper, as a web page or a Word document."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape, unescape
from io import BytesIO
from typing import TYPE_CHECKING

from server.pathology.reports.paper import PaperOrder

if TYPE_CHECKING:
    from docx.document import Document

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_HEAD = (
    ("name", "姓名", "Name"),
    ("sex", "性别", "Sex"),
    ("age", "年龄", "Age"),
    ("case_number", "病理号", "Case No."),
    ("specimen", "标本", "Specimen"),
    ("chief_doctor", "主诊医师", "Chief doctor"),
    ("auditor", "审核医师", "Audited by"),
    ("audited_at", "审核时间", "Audited"),
)
_TEXTS = (
    ("gross", "大体所见", "Gross description"),
    ("findings", "光镜所见", "Microscopic findings"),
    ("diagnosis", "病理诊断", "Diagnosis"),
    ("comment", "备注", "Comment"),
    ("supplements", "补充报告", "Supplementary reports"),
)
_PICTURES_A_ROW = 2
_PICTURE_CM = 7.5


def html_of(order: PaperOrder) -> str:
    """Return the report as a page for a browser."""
    values, lists = order.drawing.facts.values, order.drawing.facts.lists
    is_english = order.drawing.language == "en"
    rows = "".join(
        f"<tr><th>{en if is_english else zh}</th><td>{escape(values.get(name, ''))}</td></tr>" for name, zh, en in _HEAD
    )
    synoptic = "".join(
        f"<tr><th>{escape(row['label'])}</th><td>{escape(row['value'])}</td></tr>" for row in lists.get("synoptic", ())
    )
    parts = "".join(
        f"<h2>{en if is_english else zh}</h2>{values.get(name, '')}" for name, zh, en in _TEXTS if values.get(name)
    )
    return (
        f'<!doctype html><html lang="{"en" if is_english else "zh-CN"}"><meta charset="utf-8">'
        f"<title>{escape(values.get('title', ''))} {escape(values.get('case_number', ''))}</title>"
        f"<h1>{escape(values.get('hospital', ''))} {escape(values.get('title', ''))}</h1>"
        f"<table>{rows}</table>{parts}<table>{synoptic}</table><p>{escape(values.get('seal', ''))}</p></html>"
    )


def docx_of(order: PaperOrder) -> bytes:
    """Return the report as an Office Open XML document (ISO/IEC 29500), its pictures included."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    values, lists = order.drawing.facts.values, order.drawing.facts.lists
    is_english = order.drawing.language == "en"
    document = docx.Document()
    _set_up(document, order)
    for text, level in ((values.get("hospital", ""), 1), (values.get("title", ""), 2)):
        document.add_heading(text, level).alignment = WD_ALIGN_PARAGRAPH.CENTER
    _add_table(document, [(en if is_english else zh, values.get(name, "")) for name, zh, en in _HEAD], pairs=2)
    for name, zh, en in _TEXTS:
        if values.get(name):
            document.add_heading(en if is_english else zh, 3)
            for line in lines_of(values[name]):
                document.add_paragraph(line)
    _add_table(document, [(row["label"], row["value"]) for row in lists.get("synoptic", ())], pairs=1)
    _add_pictures(document, order)
    if values.get("seal"):
        document.add_paragraph(values["seal"])
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def lines_of(rich: str) -> Iterator[str]:
    """Give the lines of a rich text, in which each is a paragraph."""
    for part in rich.split("</p>"):
        if part:
            yield unescape(part.removeprefix("<p>"))


def _set_up(document: Document, order: PaperOrder) -> None:
    """A4, fonts that every word processor in China has, and what the file is about."""
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    for name, size in (("Normal", 10.5), ("Heading 1", 16), ("Heading 2", 14), ("Heading 3", 11)):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = "Arial", Pt(size), RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in [one for one in fonts.attrib if "Theme" in str(one)]:
            del fonts.attrib[attribute]  # the theme's fonts would win over the named ones
        fonts.set(qn("w:eastAsia"), "宋体" if name == "Normal" else "黑体")
    values, about = order.drawing.facts.values, document.core_properties
    about.title = f"{values.get('title', '')} {order.drawing.number}".strip()
    about.author, about.comments = values.get("hospital", ""), ""
    about.created = about.modified = order.drawing.made_at


def _add_table(document: Document, rows: list[tuple[str, str]], pairs: int) -> None:
    """Words with their values, so many pairs side by side."""
    if not rows:
        return
    table = document.add_table(rows=-(-len(rows) // pairs), cols=2 * pairs, style="Table Grid")
    for place, row in enumerate(rows):
        for column, text in enumerate(row):
            cell = table.cell(place // pairs, 2 * (place % pairs) + column)
            cell.text = text
            if not column:
                cell.paragraphs[0].runs[0].bold = True


def _add_pictures(document: Document, order: PaperOrder) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm

    facts = order.drawing.facts
    shown = [row for row in facts.lists.get("images", ()) if row["picture"] in facts.pictures]
    if not shown:
        return
    table = document.add_table(rows=-(-len(shown) // _PICTURES_A_ROW), cols=_PICTURES_A_ROW)
    for place, row in enumerate(shown):
        cell = table.cell(place // _PICTURES_A_ROW, place % _PICTURES_A_ROW)
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.add_run().add_picture(BytesIO(facts.pictures[row["picture"]]), width=Cm(_PICTURE_CM))
        cell.add_paragraph(row["caption"]).alignment = WD_ALIGN_PARAGRAPH.CENTER
