"""Labels in printers' languages: the interpreter, an outside renderer and a scanner library agree with the layout."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from fakes.zpl_interpreter import draw_labels
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.printing.layout.dots import Band, DotPage, dot_page
from server.printing.layout.tspl import tspl_of
from server.printing.layout.zpl import field, graphic, zpl_of
from shared.paper.builtin import builtin
from shared.paper.facts import sample
from shared.paper.kinds import DocumentKind
from shared.paper.layout import Facts, LayoutError, lay_out
from shared.paper.template import BoxElement, CodeElement, ImageElement, Page, Template, TextElement

DPIS = (203, 300, 600)


def pages_of(kind: DocumentKind, dpi: int, **values: str) -> list[DotPage]:
    template, facts = builtin(kind), sample(kind)
    laid_out = lay_out(template, Facts({**facts.values, **values}, facts.lists))
    return [dot_page(page, template.images, dpi, turn=template.page.feed_turn) for page in laid_out.pages]


def codes(picture: Image.Image) -> set[str]:
    return {code.text for code in zxingcpp.read_barcodes(picture.convert("L"))}


EXPECTED = {
    DocumentKind.BARCODE: {"CT20261121000123"},
    DocumentKind.WRISTBAND: {"P0000123"},
    DocumentKind.TICKET: {"CT20261121000123"},
}


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("kind", list(EXPECTED))
def test_zpl_prints_codes_that_a_scanner_reads(kind: DocumentKind, dpi: int) -> None:
    labels = draw_labels(zpl_of(pages_of(kind, dpi), copies=3, darkness=18))
    assert [(label.copies, label.darkness) for label in labels] == [(3, 18)]
    assert codes(labels[0].image) == EXPECTED[kind]


@pytest.mark.parametrize(
    "number", ["CT20261121000123", "1", "20261121000123", "P20261121-000123", "US-7/A b", 'A"1', ">9!"]
)
@pytest.mark.parametrize("dpi", (203, 300))
def test_every_number_is_read(number: str, dpi: int) -> None:
    zpl = zpl_of(pages_of(DocumentKind.BARCODE, dpi, exam_number=number))
    assert codes(draw_labels(zpl)[0].image) == {number}


def test_signs_of_the_language_in_a_number_cannot_become_commands() -> None:
    zpl = zpl_of(pages_of(DocumentKind.BARCODE, 203, exam_number="A^XZ~JA_1"))
    assert zpl.count(b"^XZ") == 1
    assert b"~" not in zpl
    assert b"^FDA_5EXZ_7EJA_5F1^FS" in zpl
    assert draw_labels(zpl)[0].fields == ["A^XZ~JA_1"]


@given(st.text(max_size=60))
def test_any_text_in_a_field_is_plain_ascii_and_comes_back(text: str) -> None:
    written = field(text)
    assert re.fullmatch(r"[ -~]*", written)
    assert not set(written) & set("^~,\\")
    data = re.sub(rb"_([0-9A-F]{2})", lambda met: bytes([int(met.group(1), 16)]), written.encode())
    assert data.decode() == text


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 60), st.integers(1, 12), st.data())
def test_any_picture_survives_the_compression(row_bytes: int, height: int, data: st.DataObject) -> None:
    byte = st.sampled_from((0, 0, 0, 0xFF, 0xFF, 0xF0, 0x0F, 0x81, 0x12))
    rows = tuple(bytes(data.draw(st.lists(byte, min_size=row_bytes, max_size=row_bytes))) for _ in range(height))
    zpl = f"^XA^PW{row_bytes * 8}^LL{height}^FO0,0{graphic(Band(0, 0, row_bytes * 8, height, rows))}^FS^XZ"
    drawn = draw_labels(zpl.encode())[0].image
    inverted = bytes(byte ^ 0xFF for row in rows for byte in row)
    assert drawn.tobytes() == inverted


@pytest.mark.parametrize("dpi", (203, 300))
def test_the_picture_holds_the_text_where_the_layout_put_it(dpi: int) -> None:
    """Chinese, a rare ideograph, white on black: the label's dots beside the PDF of the same layout."""
    import pypdfium2

    from server.printing.layout.pages import pdf_of
    from server.printing.layout.sheet import Metadata
    from tests.server.printing.printing_moments import NOW

    template, facts = builtin(DocumentKind.BARCODE), sample(DocumentKind.BARCODE)
    laid_out = lay_out(template, facts)
    dots = draw_labels(zpl_of([dot_page(laid_out.pages[0], {}, dpi)]))[0].image.convert("L")
    pdf = pypdfium2.PdfDocument(pdf_of(laid_out, {}, Metadata("", "", "", NOW)).pdf)
    page = pdf[0].render(scale=dots.width / pdf[0].get_width()).to_pil().convert("L").resize(dots.size)
    left, right = (np.asarray(one, dtype=float) for one in (dots, page))
    assert np.abs(left - right).mean() < 255 * 0.04
    ink_left, ink_right = (left < 128).sum(), (right < 128).sum()
    assert ink_left == pytest.approx(ink_right, rel=0.08)


def test_offsets_darkness_and_turns() -> None:
    template = Template(
        kind="barcode",
        page=Page(width_mm=40, height_mm=20),
        elements=(BoxElement(x_mm=0, y_mm=0, width_mm=2, height_mm=1, fill="#000000", stroke=""),),
    )
    page = lay_out(template, Facts({})).pages[0]
    moved = draw_labels(zpl_of([dot_page(page, {}, 203, offset_x_mm=3, offset_y_mm=5)]))[0].image
    assert moved.convert("L").point(lambda dot: 255 - dot).getbbox() == (24, 40, 40, 48)
    turned = draw_labels(zpl_of([dot_page(page, {}, 203, turn=90)]))[0].image
    assert turned.size == (160, 320)
    assert turned.convert("L").point(lambda dot: 255 - dot).getbbox() == (152, 0, 160, 16)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_turned_bars_and_squares_are_read_within_their_place(turn: int) -> None:
    upright = turn in (90, 270)
    size = {"width_mm": 12.0, "height_mm": 40.0} if upright else {"width_mm": 40.0, "height_mm": 12.0}
    template = Template(
        kind="barcode",
        page=Page(width_mm=60, height_mm=70),
        elements=(
            CodeElement(x_mm=5, y_mm=5, value="CT1234567", turn=turn, **size),  # type: ignore[arg-type]
            CodeElement(x_mm=30, y_mm=52, width_mm=14, symbology="datamatrix", value="P77", turn=turn),  # type: ignore[arg-type]
        ),
    )
    label = draw_labels(zpl_of([dot_page(lay_out(template, Facts({})).pages[0], {}, 300)]))[0].image.convert("L")
    assert codes(label) == {"CT1234567", "P77"}
    box = label.crop((0, 0, 720, 600)).point(lambda dot: 255 - dot).getbbox()
    assert box is not None
    assert box[0] >= 58
    assert box[1] >= 58
    assert box[2] <= (5 + size["width_mm"]) * 12 + 2
    assert box[3] <= (5 + size["height_mm"]) * 12 + 2


def test_a_logo_is_printed() -> None:
    from io import BytesIO

    buffer = BytesIO()
    Image.new("L", (20, 20), 0).save(buffer, "PNG")
    template = Template(
        kind="barcode",
        page=Page(width_mm=30, height_mm=20),
        elements=(ImageElement(x_mm=2, y_mm=2, width_mm=10, height_mm=5, image="logo"),),
        images={"logo": base64.b64encode(buffer.getvalue()).decode()},
    )
    page = dot_page(lay_out(template, Facts({})).pages[0], template.images, 203)
    printed = draw_labels(zpl_of([page]))[0].image.convert("L").point(lambda dot: 255 - dot)
    assert printed.getbbox() == (36, 16, 76, 56)


def test_tspl_says_the_same() -> None:
    page = pages_of(DocumentKind.BARCODE, 203)[0]
    data = tspl_of([page], copies=2, darkness=20)
    assert data.startswith(b"SIZE 50 mm,30 mm\r\nDENSITY 10\r\n")
    assert b'BARCODE 55,54,"128",69,0,0,2,2,"CT20261121000123"\r\n' in data
    assert data.endswith(b"PRINT 1,2\r\n")
    sheet = np.ones((page.height, page.width), bool)
    place = 0
    for head in re.finditer(rb"BITMAP (\d+),(\d+),(\d+),(\d+),0,", data):
        if head.start() < place:
            continue
        x, y, row_bytes, height = map(int, head.groups())
        part = data[head.end() : head.end() + row_bytes * height]
        place = head.end() + len(part)
        assert data[place : place + 2] == b"\r\n"
        bits = np.unpackbits(np.frombuffer(part, np.uint8)).reshape(height, row_bytes * 8).astype(bool)
        sheet[y : y + height, x : x + row_bytes * 8] &= bits[:, : page.width - x]
    zpl = np.asarray(draw_labels(zpl_of([page]))[0].image)
    bars = np.zeros_like(zpl)
    bars[50:125] = True  # the bars are the printer's own in both languages
    assert ((zpl == sheet) | bars).all()


def test_an_unknown_printer_is_refused() -> None:
    with pytest.raises(LayoutError, match="203、300 或 600 dpi"):
        pages_of(DocumentKind.BARCODE, 150)
    huge = Template(kind="barcode", page=Page(width_mm=1000, height_mm=1001), elements=())
    with pytest.raises(LayoutError, match="页面太大"):
        dot_page(lay_out(huge, Facts({})).pages[0], {}, 600)


def test_light_marks_are_not_printed_on_a_thermal_head() -> None:
    template = Template(
        kind="barcode",
        page=Page(width_mm=20, height_mm=10),
        elements=(
            BoxElement(x_mm=0, y_mm=0, width_mm=20, height_mm=10, fill="#f2f4f8", stroke=""),
            TextElement(x_mm=1, y_mm=1, width_mm=10, text="字", colour="#6b7380"),
        ),
    )
    page = dot_page(lay_out(template, Facts({})).pages[0], {}, 203)
    assert [band.width < 40 for band in page.bands] == [True] * len(page.bands)
    assert page.bands


# ── an outside renderer: the npm package zpl-renderer-js (zebrash) ───────────────────────────────────

RENDERER = os.environ.get("MINGJING_ZPL_RENDERER", "")  # the folder with its node_modules
SCRIPT = """
const { ready } = require("zpl-renderer-js"); const fs = require("fs");
(async () => { const { api } = await ready; const out = [];
  for (const one of JSON.parse(fs.readFileSync(0, "utf8")))
    out.push(await api.zplToBase64Async(one.zpl, one.width, one.height, one.dots));
  process.stdout.write(JSON.stringify(out), () => process.exit(0)); })();
"""


@pytest.mark.skipif(
    not RENDERER or shutil.which("node") is None,
    reason="set MINGJING_ZPL_RENDERER to a folder where `npm install zpl-renderer-js` was run",
)
def test_an_outside_renderer_prints_the_same(tmp_path: Path) -> None:
    wanted = [(kind, dpi) for kind in EXPECTED for dpi in (203, 300)]
    jobs, ours = [], []
    for kind, dpi in wanted:
        pages = pages_of(kind, dpi)
        zpl, page = zpl_of(pages), pages[0]
        size = {"width": page.width / page.dots, "height": page.height / page.dots, "dots": page.dots}
        jobs.append({"zpl": zpl.decode(), **size})
        ours.append(draw_labels(zpl)[0].image.convert("L"))
    script = Path(RENDERER) / "render-for-test.cjs"
    script.write_text(SCRIPT)
    done = subprocess.run(
        ["node", str(script)],
        input=json.dumps(jobs).encode(),
        capture_output=True,
        timeout=120,
        check=True,
        cwd=RENDERER,
    )
    for (kind, _dpi), data, expected in zip(wanted, json.loads(done.stdout), ours, strict=True):
        picture_file = tmp_path / "label.png"
        picture_file.write_bytes(base64.b64decode(data))
        picture = Image.open(picture_file).convert("L")
        assert codes(picture) == EXPECTED[kind]
        size = (min(picture.width, expected.width), min(picture.height, expected.height))
        left, right = (np.asarray(one.crop((0, 0, *size))) < 128 for one in (picture, expected))
        assert (left != right).mean() < 0.002
