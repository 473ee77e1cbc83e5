"""The printed report: complete, searchable, paginated with care, equal for equal facts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from server.printing.layout.report import (
    ExamFacts,
    Hospital,
    KeyImage,
    Patient,
    ReportDocument,
    Signature,
    render_report,
)
from server.printing.layout.sheet import LayoutError

PRINTED = dt.datetime(2026, 11, 21, 15, 2, tzinfo=dt.timezone(dt.timedelta(hours=8)))
FINDINGS = (
    "胸廓对称，气管及纵隔居中。右肺上叶尖段见一类圆形磨玻璃结节，大小约 12.5 mm×10.3 mm，CT值约 -560 HU。\n"
    "1. 气管、主支气管通畅，未见狭窄；肺门、纵隔未见肿大淋巴结。\n"
    "2. 心脏形态、大小未见异常，冠状动脉左前降支见点状钙化。"
)


def a_picture(shade: int = 120, size: tuple[int, int] = (300, 300), kind: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.new("L", size, shade).save(buffer, kind)
    return buffer.getvalue()


def a_report(**changes: Any) -> ReportDocument:
    report = ReportDocument(
        hospital=Hospital("明镜示范医院", "放射科"),
        patient=Patient("张三丰", "男", "45岁", "P0000123", "住院", "ZY1", "呼吸内科", "3病区 12床"),
        exam=ExamFacts(
            "CT20261121000123", "CT", "胸部CT平扫", "CT 1", dt.datetime(2026, 11, 21, 9, 31), "咳嗽", "李医生"
        ),
        findings=FINDINGS,
        impression="1. 右肺上叶磨玻璃结节。\n2. 冠状动脉钙化。",
        printed_at=PRINTED,
        diagnosing=Signature("王小明", at=dt.datetime(2026, 11, 21, 14, 1)),
        auditing=Signature("欧阳建国", at=dt.datetime(2026, 11, 21, 14, 40)),
        verification="https://hospital.example/verify?r=8f3a9c",
    )
    return dataclasses.replace(report, **changes)


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_every_fact_can_be_searched_in_the_pdf() -> None:
    document = render_report(
        a_report(critical_value="张力性气胸，已通知", version=2, version_note="替代第 1 版", seal="SHA-256 ab12")
    )
    text = squeezed("".join(pages_of(document.pdf)))
    for fact in (
        "明镜示范医院", "影像诊断报告", "张三丰", "45岁", "P0000123", "3病区12床", "CT20261121000123", "胸部CT平扫",
        "2026-11-2109:31", "咳嗽", "李医生", "影像所见", "12.5mm×10.3mm", "-560HU", "诊断意见", "右肺上叶磨玻璃结节",
        "危急值", "张力性气胸", "王小明", "欧阳建国", "2026-11-2114:40", "第2版", "替代第1版", "SHA-256ab12",
        "第1页共1页",
    ):  # fmt: skip
        assert fact in text, fact


def test_the_fonts_are_embedded_subsets() -> None:
    reader = PdfReader(BytesIO(render_report(a_report()).pdf))
    fonts: Any = reader.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    used = [fonts[name].get_object() for name in fonts]
    assert used
    for font in used:
        assert "NotoSansSC" in str(font["/BaseFont"])
        assert font["/Subtype"] == "/TrueType"
        assert "/FontFile2" in font["/FontDescriptor"]
        assert "/ToUnicode" in font


def test_equal_facts_give_equal_bytes_and_another_time_does_not() -> None:
    report = a_report(key_images=(KeyImage(a_picture(), "图"),))
    assert render_report(report).pdf == render_report(report).pdf
    assert (
        render_report(dataclasses.replace(report, printed_at=PRINTED + dt.timedelta(minutes=1))).pdf
        != render_report(report).pdf
    )


def test_the_metadata_name_exam_hospital_and_time() -> None:
    about = PdfReader(BytesIO(render_report(a_report()).pdf)).metadata
    assert about is not None
    assert about.title == "影像诊断报告 CT20261121000123"
    assert about.author == "明镜示范医院"
    assert about.creation_date == PRINTED


def test_long_findings_flow_over_pages_and_nothing_is_lost_or_doubled() -> None:
    sentences = [f"第{index}句，双肺纹理清晰，未见明确实质性病变。" for index in range(260)]
    document = render_report(a_report(findings="".join(sentences)))
    pages = pages_of(document.pdf)
    assert document.pages == len(pages) > 1
    body = "".join(
        line
        for page in pages
        for line in page.splitlines()
        if not re.match(r"(打印时间|检查号|明镜示范医院|第 \d+ 页|张三丰)", line)
    )
    numbers = [int(n) for n in re.findall(r"第(\d+)句", squeezed(body))]
    assert numbers == list(range(260))
    for number, page in enumerate(pages, 1):
        assert f"第{number}页共{len(pages)}页" in squeezed(page)
        assert "张三丰" in page


@pytest.mark.parametrize("lines", range(18, 46))
def test_the_signature_never_stands_alone_and_no_heading_ends_a_page(lines: int) -> None:
    findings = "\n".join(f"第{index}行所见。" for index in range(lines))
    impression = "\n".join(f"意见{index}。" for index in range(6))
    pages = pages_of(render_report(a_report(findings=findings, impression=impression)).pdf)
    last = pages[-1]
    assert "诊断医生" in last
    assert "意见5" in last
    assert "意见4" in last
    for page in pages:
        if "诊断意见" in page:
            assert "意见0" in page
            assert "意见1" in page


def test_a_report_that_nearly_fits_is_set_closer_on_one_page() -> None:
    pictures = tuple(KeyImage(a_picture(), f"第 {n} 张") for n in range(3))
    assert render_report(a_report(findings=FINDINGS * 3, key_images=pictures)).pages == 1


@pytest.mark.parametrize("count", range(7))
def test_key_images_up_to_six_keep_their_captions(count: int) -> None:
    pictures = tuple(KeyImage(a_picture(40 + n, (256 + 64 * n, 256)), f"层面{n}") for n in range(count))
    document = render_report(a_report(key_images=pictures))
    text = squeezed("".join(pages_of(document.pdf)))
    assert all(f"图{n + 1}层面{n}" in text for n in range(count))
    assert sum(len(page.images) for page in PdfReader(BytesIO(document.pdf)).pages) == count


def test_a_seventh_key_image_is_refused() -> None:
    with pytest.raises(LayoutError, match="at most 6"):
        render_report(a_report(key_images=tuple(KeyImage(a_picture()) for _ in range(7))))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"%PDF-1.4", a_picture()[:60], b"<svg/>"])
def test_an_unreadable_picture_is_named(data: bytes) -> None:
    with pytest.raises(LayoutError, match="key image 2"):
        render_report(a_report(key_images=(KeyImage(a_picture()), KeyImage(data))))


def test_a_giant_picture_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(LayoutError, match="pixels"):
        render_report(a_report(key_images=(KeyImage(a_picture(size=(9000, 9000))),)))


def test_a_large_picture_is_embedded_at_print_resolution() -> None:
    small = render_report(a_report(key_images=(KeyImage(a_picture(size=(3000, 3000), kind="JPEG")),)))
    [image] = PdfReader(BytesIO(small.pdf)).pages[0].images
    assert image.image is not None
    assert 500 < image.image.width < 1000


def test_a_character_without_glyph_is_shown_as_geta_and_reported() -> None:
    document = render_report(a_report(patient=Patient("王\U0002b9a4䶮\U0002b9a4")))
    assert document.missing_glyphs == ("\U0002b9a4",)
    assert "王〓䶮〓" in squeezed(pages_of(document.pdf)[0])


def test_control_characters_and_markup_are_plain_text() -> None:
    text = squeezed(pages_of(render_report(a_report(findings="见\x00灶\x07 <b>&amp;</b> </para>")).pdf)[0])
    assert "见灶<b>&amp;</b></para>" in text


def test_empty_fields_and_texts_still_make_a_page() -> None:
    report = ReportDocument(Hospital(""), Patient(""), ExamFacts(""), "", "", PRINTED)
    assert render_report(report).pages == 1


def test_long_facts_take_more_lines_and_are_never_cut() -> None:
    items = "、".join(f"第{n}项胸部CT平扫及增强扫描" for n in range(12))
    name = "阿卜杜热合曼·买买提吐尔逊·阿卜力米提·艾合买提"
    report = a_report(
        exam=ExamFacts(
            "CT1", "CT", items, "东软 NeuViz 128 排螺旋CT（东院区二号机房）", clinical_diagnosis="咳嗽待查" * 40
        ),
        patient=Patient(
            name, "男", "45岁", "P0000000000000000123", "住院", "ZY-2026-11-21-000123456", "呼吸与危重症医学科二病区"
        ),
    )
    text = squeezed("".join(pages_of(render_report(report).pdf)))
    assert "…" not in text
    assert "第11项" in text
    assert text.count("咳嗽待查") == 40
    for fact in ("P0000000000000000123", "ZY-2026-11-21-000123456"):
        assert fact in text
    assert all(part in text for part in name.split("·"))


def test_reports_can_be_rendered_in_several_threads_at_once() -> None:
    reports = [a_report(findings=f"第{n}份报告。" * (n + 1)) for n in range(8)]
    expected = [render_report(report).pdf for report in reports]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda report: render_report(report).pdf, reports)) == expected


def test_rich_text_keeps_words_lists_and_raised_figures() -> None:
    findings = (
        "<p>结节 <b>12.5 mm</b>，面积 3 cm<sup>2</sup>，SpO<sub>2</sub> 98%，<i>可疑</i>，<u>建议复查</u> &lt;5 mm</p>"
        "<ol><li>甲</li><li>乙<br>续行</li></ol><ul><li>丙</li></ul>"
    )
    document = render_report(a_report(findings=findings, impression="<p>一</p><p>二</p>", rich=True))
    text = squeezed(pages_of(document.pdf)[0])
    assert "结节12.5mm，面积3cm2，SpO298%，可疑，建议复查<5mm" in text
    assert "1.甲" in text
    assert "2.乙续行" in text
    assert "•丙" in text
    sizes: dict[str, float] = {}

    def visit(piece: str, _cm: object, matrix: list[float], _font: object, size: float) -> None:
        sizes[piece.strip()] = size * matrix[3]

    PdfReader(BytesIO(document.pdf)).pages[0].extract_text(visitor_text=visit)
    assert sizes["2"] < 8  # raised and lowered figures are small
    assert (
        render_report(a_report(findings=findings, rich=True)).pdf
        == render_report(a_report(findings=findings, rich=True)).pdf
    )


def test_plain_text_is_never_read_as_markup() -> None:
    text = squeezed(pages_of(render_report(a_report(findings="结节<b>5mm</b>")).pdf)[0])
    assert "结节<b>5mm</b>" in text


def test_the_english_report_has_english_labels() -> None:
    text = squeezed(pages_of(render_report(a_report(), "en").pdf)[0])
    for label in (
        "DiagnosticImagingReport",
        "Findings",
        "Impression",
        "Reportedby",
        "Approvedby",
        "Page1of1",
        "Version1",
    ):
        assert label in text
    assert "影像所见" not in text


def test_a_preview_carries_its_watermark() -> None:
    assert "草稿" in squeezed(pages_of(render_report(a_report(watermark="草稿")).pdf)[0])
    assert "草稿" not in squeezed(pages_of(render_report(a_report()).pdf)[0])


@pytest.mark.parametrize("dpi", [203, 300])
def test_qr_and_bar_code_are_read_from_the_printed_page(dpi: int, tmp_path: Path) -> None:
    tool = shutil.which("pdftoppm")
    if tool is None:
        pytest.skip("pdftoppm is not installed (Debian package poppler-utils)")
    (tmp_path / "r.pdf").write_bytes(render_report(a_report()).pdf)
    subprocess.run(
        [tool, "-r", str(dpi), "-gray", "-singlefile", "-png", str(tmp_path / "r.pdf"), str(tmp_path / "r")], check=True
    )
    found = {code.text for code in zxingcpp.read_barcodes(Image.open(tmp_path / "r.png"))}
    assert found == {"https://hospital.example/verify?r=8f3a9c", "CT20261121000123"}


def test_a_signature_picture_takes_the_slot() -> None:
    buffer = BytesIO()
    Image.new("RGBA", (300, 90), (10, 10, 60, 128)).save(buffer, "PNG")
    document = render_report(a_report(diagnosing=Signature("王小明", buffer.getvalue(), PRINTED)))
    page = PdfReader(BytesIO(document.pdf)).pages[0]
    assert len(page.images) == 1
    assert "王小明" in squeezed(page.extract_text())
