"""Labels, forms and tickets: scanners read them, nothing is cut off, printers get clean bytes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import shutil
import subprocess
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from server.printing.layout.barcodes import BarcodeError, code128, qr_matrix
from server.printing.layout.forms import (
    FormItem,
    QueueTicket,
    RegistrationForm,
    render_registration_form,
    render_ticket,
)
from server.printing.layout.labels import LabelFacts, label_zpl, render_label, render_wristband, zpl_picture
from server.printing.layout.sheet import LayoutError, RenderedDocument

NOW = dt.datetime(2026, 11, 21, 9, 30)
LABEL = LabelFacts(
    "CT20261121000123", "张三丰", "男", "45岁", "胸部CT平扫+增强", "CT一室", NOW, "明镜示范医院", "P0000123"
)
FORM = RegistrationForm(
    "明镜示范医院", "放射科", "CT20261121000123", "张三丰", "男", "45岁",
    (FormItem("胸部CT平扫", Decimal("180")), FormItem("胸部CT增强", Decimal("320.50"), "碘海醇")), NOW,
    birth_date=dt.date(1981, 5, 1), phone="13800000000", room="CT一室", appointment="09:30–10:00", ticket_number="A012",
    remarks="1. 检查前 4 小时禁食。\n2. 请取下金属饰物。",
)  # fmt: skip
TICKET = QueueTicket("明镜示范医院", "A012", "张*丰", "CT一室", "胸部CT平扫", "CT20261121000123", NOW, 5, "09:30–10:00")


def codes_read(document: RenderedDocument, dpi: int, folder: Path) -> set[str]:
    tool = shutil.which("pdftoppm")
    if tool is None:
        pytest.skip("pdftoppm is not installed (Debian package poppler-utils)")
    (folder / "d.pdf").write_bytes(document.pdf)
    subprocess.run(
        [tool, "-r", str(dpi), "-gray", "-aa", "no", "-aaVector", "no", "-singlefile", "-png", "d.pdf", "d"],
        check=True,
        cwd=folder,
    )
    return {code.text for code in zxingcpp.read_barcodes(Image.open(folder / "d.png"))}


def text_of(document: RenderedDocument) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(BytesIO(document.pdf)).pages))


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("number", ["CT20261121000123", "1", "20261121000123", "P20261121-000123", "US-7/A b", "MR001"])
def test_the_label_is_read_at_printer_resolution(number: str, dpi: int, tmp_path: Path) -> None:
    assert codes_read(render_label(dataclasses.replace(LABEL, exam_number=number), NOW), dpi, tmp_path) == {number}


@pytest.mark.parametrize("dpi", [203, 300])
def test_a_long_number_becomes_a_qr_code(dpi: int, tmp_path: Path) -> None:
    number = "2026-RADIOLOGY-EAST-CAMPUS-000123"
    label = render_label(dataclasses.replace(LABEL, exam_number=number), NOW)
    assert codes_read(label, dpi, tmp_path) == {number}
    assert number in text_of(label)


@pytest.mark.parametrize("dpi", [203, 300])
def test_label_with_qr_and_wristband_are_read(dpi: int, tmp_path: Path) -> None:
    label = render_label(dataclasses.replace(LABEL, qr="https://h.example/e/123"), NOW)
    assert codes_read(label, dpi, tmp_path) == {"CT20261121000123", "https://h.example/e/123"}
    assert codes_read(render_wristband(LABEL, NOW), dpi, tmp_path) == {"P0000123"}


def test_the_label_says_who_what_where_when_on_50_by_30_mm() -> None:
    label = render_label(LABEL, NOW)
    text = text_of(label)
    for fact in ("张三丰", "男45岁", "胸部CT平扫+增强", "CT一室", "2026-11-2109:30", "CT20261121000123"):
        assert fact in text
    box = PdfReader(BytesIO(label.pdf)).pages[0].mediabox
    assert (round(float(box.width) / 72 * 25.4, 1), round(float(box.height) / 72 * 25.4, 1)) == (50.0, 30.0)


def test_a_long_name_is_shrunk_and_never_meets_the_sex() -> None:
    label = render_label(dataclasses.replace(LABEL, name="阿卜杜热合曼·买买提吐尔逊"), NOW)
    assert "阿卜杜热合曼·买买提吐尔逊" in text_of(label)


@pytest.mark.parametrize("number", ["", "检查一", "A\x01"])
def test_a_number_no_scanner_can_hold_is_refused(number: str) -> None:
    with pytest.raises(LayoutError, match="Latin letters"):
        render_label(dataclasses.replace(LABEL, exam_number=number), NOW)
    with pytest.raises(BarcodeError):
        code128(number)


def test_digits_take_half_the_room() -> None:
    assert code128("20261121000123").modules == (1 + 7 + 1) * 11 + 13
    assert len(qr_matrix("CT20261121000123")) in (21, 25)


@pytest.mark.parametrize(("dpi", "dots"), [(203, 8), (300, 12), (600, 24)])
def test_zpl_draws_bars_on_whole_dots_and_text_as_picture(dpi: int, dots: int) -> None:
    zpl = label_zpl(LABEL, dpi).decode("ascii")
    assert zpl.startswith("^XA")
    assert zpl.endswith("^XZ\n")
    assert f"^PW{50 * dots}" in zpl
    assert f"^LL{30 * dots}" in zpl
    assert f"^BY{dots // 4}^BCN" in zpl
    assert "^FDCT20261121000123^FS" in zpl
    bars = re.search(r"\^FO(\d+),\d+\^BY", zpl)
    assert bars is not None
    quiet = int(bars.group(1))
    assert quiet >= 10 * dots // 4
    picture = Image.open(BytesIO(zpl_picture(zpl.encode())))
    assert picture.height == 30 * dots
    name = picture.crop((0, 0, 25 * dots, 6 * dots))
    ink = name.histogram()[0]
    assert ink > 4 * dots * dots  # three bold characters
    barred = picture.crop((0, round(6.8 * dots), picture.width, round(15.4 * dots)))
    assert barred.histogram()[0] == 0  # no text under the bars


def test_zpl_signs_in_the_number_cannot_become_commands() -> None:
    zpl = label_zpl(dataclasses.replace(LABEL, exam_number="A^XZ~JA_1")).decode()
    assert zpl.count("^XZ") == 1
    assert "~" not in zpl
    assert "^FDA_5EXZ_7EJA_5F1^FS" in zpl


def test_zpl_of_a_long_number_is_a_qr_code() -> None:
    zpl = label_zpl(dataclasses.replace(LABEL, exam_number="2026-RADIOLOGY-EAST-CAMPUS-000123")).decode()
    assert "^BQN" in zpl
    assert "^FDMA,2026-RADIOLOGY-EAST-CAMPUS-000123^FS" in zpl
    assert "^BCN" not in zpl


def test_zpl_of_an_unknown_printer_is_refused() -> None:
    with pytest.raises(LayoutError, match="203, 300 or 600"):
        label_zpl(LABEL, 150)


@pytest.mark.parametrize("paper", ["A4", "A5"])
@pytest.mark.parametrize("dpi", [203, 300])
def test_the_form_is_complete_and_its_number_readable(paper: str, dpi: int, tmp_path: Path) -> None:
    form = render_registration_form(FORM, paper)  # type: ignore[arg-type]
    text = text_of(form)
    for fact in (
        "检查登记单",
        "张三丰",
        "1981-05-01",
        "13800000000",
        "胸部CT增强（碘海醇）",
        "500.50",
        "检查前4小时禁食",
        "A012",
    ):
        assert fact in text
    assert form.pages == 1
    assert codes_read(form, dpi, tmp_path) == {"CT20261121000123"}


def test_the_english_form_has_english_labels() -> None:
    text = text_of(render_registration_form(FORM, "A4", "en"))
    assert "ExaminationRegistration" in text
    assert "检查登记单" not in text


def test_the_referral_form_is_the_same_sheet_with_its_own_title() -> None:
    text = text_of(render_registration_form(dataclasses.replace(FORM, title="转诊单")))
    assert "转诊单" in text
    assert "检查登记单" not in text


def test_a_form_that_overflows_is_refused_with_advice() -> None:
    many = dataclasses.replace(FORM, items=tuple(FormItem(f"项目{n}") for n in range(40)))
    with pytest.raises(LayoutError, match="A4"):
        render_registration_form(many, "A5")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("ticket", [TICKET, dataclasses.replace(TICKET, waiting=None, appointment="", note="长" * 200)])
def test_the_ticket_fits_its_paper(ticket: QueueTicket, language: str, tmp_path: Path) -> None:
    document = render_ticket(ticket, language)  # type: ignore[arg-type]
    assert codes_read(document, 203, tmp_path) == {"CT20261121000123"}
    picture = Image.open(tmp_path / "d.png").point(lambda value: 255 - value)
    box = picture.getbbox()
    assert box is not None
    assert box[3] < picture.height - 10  # white below the last line: nothing is cut off
    assert "A012" in text_of(document)


def test_equal_facts_give_equal_bytes() -> None:
    assert render_label(LABEL, NOW).pdf == render_label(LABEL, NOW).pdf
    assert render_ticket(TICKET).pdf == render_ticket(TICKET).pdf
    assert render_registration_form(FORM).pdf == render_registration_form(FORM).pdf
    assert label_zpl(LABEL) == label_zpl(LABEL)
