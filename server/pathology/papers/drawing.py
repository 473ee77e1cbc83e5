"""From a form and its facts to a document, as PDF in true millimetres or in a label printer's own language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import chain

import msgspec

from server.kernel.errors import invalid
from server.printing.layout.dots import dot_page
from server.printing.layout.pages import pdf_of
from server.printing.layout.sheet import Language, Metadata
from server.printing.layout.tspl import tspl_of
from server.printing.layout.zpl import zpl_of
from shared.contract.printing import Output
from shared.paper.layout import Facts, LaidOut, LayoutError, lay_out, with_offset
from shared.paper.template import CodeElement, Template


@cache
def form(name: str) -> Template:
    """The design of a label or sheet."""
    text = resources.files("server.pathology.papers").joinpath("forms", f"{name}.json").read_bytes()
    return msgspec.json.decode(text, type=Template)


@cache
def fitted(name: str, dpi: int) -> Template:
    """The design with bars of whole dots: one and a half dots a bar cannot be read after a driver has rounded them."""
    design = form(name)
    dot = 25.4 / dpi
    elements = tuple(
        msgspec.structs.replace(one, module_mm=max(1, int(one.module_mm / dot + 1e-6)) * dot)
        if isinstance(one, CodeElement) and one.symbology == "code128"
        else one
        for one in design.elements
    )
    return msgspec.structs.replace(design, elements=elements)


def draw(
    name: str, facts: Sequence[Facts], title: str, hospital: str, at: datetime, language: Language, output: Output
) -> tuple[bytes, str]:
    """Return the bytes and a warning (empty: none): one page or more for each of the facts. Raises INVALID."""
    try:
        laid = [lay_out(fitted(name, output.dpi), one, language) for one in facts]
    except LayoutError as fault:
        raise invalid("", str(fault)) from fault
    pages = tuple(chain.from_iterable(one.pages for one in laid))
    missing = "".join(dict.fromkeys(chain.from_iterable(one.missing for one in laid)))
    warning = f"以下字符没有字形，请手写补上：{missing}" if missing else ""
    if output.format == "pdf":
        shifted = tuple(with_offset(page, output.offset_x_mm, output.offset_y_mm) for page in pages)
        about = Metadata(title, hospital, title, at, language)
        return pdf_of(LaidOut(shifted, tuple(missing), laid[0].places), {}, about).pdf, warning
    dots = [
        dot_page(page, {}, output.dpi, offset_x_mm=output.offset_x_mm, offset_y_mm=output.offset_y_mm) for page in pages
    ]
    write = zpl_of if output.format == "zpl" else tspl_of
    return write(dots, copies=output.copies, darkness=output.darkness), warning


def with_values(facts: Facts, **more: str) -> Facts:
    """The same facts with further values."""
    return replace(facts, values={**facts.values, **more})
