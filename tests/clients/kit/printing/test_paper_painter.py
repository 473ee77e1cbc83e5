"""What the designer shows is what prints: the painter's picture beside the PDF drawn by an outside library."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import replace
from io import BytesIO

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from clients.kit.paper_painter import picture_of
from server.printing.layout.pages import pdf_of, pictures_of
from server.printing.layout.sheet import Metadata
from shared.paper.builtin import builtin
from shared.paper.facts import sample
from shared.paper.kinds import DocumentKind
from shared.paper.layout import Facts, lay_out
from shared.paper.marks import moved
from shared.paper.template import (
    BoxElement,
    CodeElement,
    ImageElement,
    LineElement,
    Page,
    Template,
    TextElement,
)

DOTS = 8.0
NOW = dt.datetime(2026, 11, 21, 9, 30)


def grey(picture: QImage) -> np.ndarray:
    flat = picture.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(flat.constBits(), np.uint8).reshape(flat.height(), flat.bytesPerLine())
    return rows[:, : flat.width()].astype(float)


def compare(template: Template, facts: Facts, language: str, *, shift_mm: float = 0.0) -> None:
    """`shift_mm` moves the first text in the preview only, to see that this would be noticed."""
    laid_out = lay_out(template, facts, language)
    images = {**template.images, **pictures_of(facts)}
    pdf = pypdfium2.PdfDocument(pdf_of(laid_out, images, Metadata("", "", "", NOW)).pdf)
    assert len(pdf) == len(laid_out.pages)
    for number, page in enumerate(laid_out.pages):
        marks = tuple(moved(mark, shift_mm if index == 0 else 0.0, 0.0) for index, mark in enumerate(page.marks))
        shown = grey(picture_of(replace(page, marks=marks), images, DOTS))
        printed = pdf[number].render(scale=DOTS * 25.4 / 72 * (1 - 1e-6)).to_pil().convert("L")
        assert abs(printed.width - shown.shape[1]) <= 1
        assert abs(printed.height - shown.shape[0]) <= 1
        there = np.asarray(printed.resize((shown.shape[1], shown.shape[0])), dtype=float)
        assert np.abs(shown - there).mean() < 4  # of 255: edges only
        # A mark out of its place or missing shows as a block, which edges never do.
        height, width = (side // 8 * 8 for side in shown.shape)
        blocks = (shown - there)[:height, :width].reshape(height // 8, 8, width // 8, 8).mean((1, 3))
        assert np.abs(blocks).max() < 70
        codes = [sorted(code.text for code in zxingcpp.read_barcodes(one.astype(np.uint8))) for one in (shown, there)]
        assert codes[0] == codes[1]
        assert codes[0] or number


def test_a_text_out_of_its_place_would_be_noticed(qapp: QApplication) -> None:
    with pytest.raises(AssertionError):
        compare(builtin(DocumentKind.BARCODE), sample(DocumentKind.BARCODE), "zh", shift_mm=0.5)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", DocumentKind)
def test_the_preview_is_what_prints(kind: DocumentKind, language: str, qapp: QApplication) -> None:
    compare(builtin(kind), sample(kind, language, rows=30 if kind is DocumentKind.APPLICATION else None), language)


def test_turned_elements_pictures_and_colours_too(qapp: QApplication) -> None:
    buffer = BytesIO()
    Image.linear_gradient("L").resize((60, 30)).save(buffer, "PNG")
    turned = tuple(
        element
        for number, turn in enumerate((0, 90, 180, 270))
        for element in (
            TextElement(
                x_mm=5 + 24 * number, y_mm=5, width_mm=20, height_mm=20, text="欧𠮷A", size_pt=14, turn=turn,  # type: ignore[arg-type]
                colour="#1a5785", bold=number % 2 == 0,
            ),
            ImageElement(x_mm=5 + 24 * number, y_mm=50, width_mm=20, height_mm=14, image="logo", turn=turn),  # type: ignore[arg-type]
            CodeElement(x_mm=5 + 24 * number, y_mm=28, width_mm=18, value=f"T{turn}", symbology="qr", turn=turn),  # type: ignore[arg-type]
        )
    )  # fmt: skip
    template = Template(
        kind="barcode",
        page=Page(width_mm=102, height_mm=72),
        elements=(
            BoxElement(x_mm=1, y_mm=1, width_mm=100, height_mm=70, fill="#f2f4f8", stroke="#c04040", weight_mm=0.6),
            LineElement(x_mm=2, y_mm=69, x2_mm=90, drop_mm=-2, weight_mm=0.3),
            LineElement(x_mm=2, y_mm=26, x2_mm=90, dashed=True, weight_mm=0.4),
            *turned,
        ),
        images={"logo": base64.b64encode(buffer.getvalue()).decode()},
    )
    compare(template, Facts({}), "zh")


def test_a_marked_report_with_every_style_is_seen_as_it_prints() -> None:
    one = sample(DocumentKind.REPORT)
    text = "<p>粗<b>体</b><i>斜体 italic</i> <u>下划线</u> m<sup>2</sup> H<sub>2</sub>O 㼆𠮷</p>" * 30
    values = {**one.values, "watermark": "未审核", "findings": text, "reprint": "补打（第 2 份）"}
    compare(builtin(DocumentKind.REPORT), Facts(values, one.lists, one.pictures), "zh")
