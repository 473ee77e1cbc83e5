"""Reports as PDF/A: what veraPDF says, also after a signature; what a reader finds; codes read back by a scanner."""

from __future__ import annotations

import datetime as dt
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from server.printing.layout import archival
from server.printing.layout.pages import render_pages
from server.signing import certificates
from server.signing.paper import Box, Seals, sign_pdf
from shared.paper.builtin import builtin
from shared.paper.facts import sample
from shared.paper.kinds import DocumentKind
from shared.paper.layout import Facts, LayoutError
from tests.pdfa import verdicts
from tests.server.printing.printing_moments import NOW

MADE = dt.datetime(2026, 11, 21, 15, 2, tzinfo=dt.timezone(dt.timedelta(hours=8)))
REPORT = builtin(DocumentKind.REPORT)


def a_signature() -> bytes:
    """A transparent picture with one stroke."""
    picture = Image.new("RGBA", (300, 90), (0, 0, 0, 0))
    for x in range(20, 280):
        for y in range(40, 46):
            picture.putpixel((x, y + (x % 20)), (10, 20, 90, 230))
    return saved(picture)


def saved(picture: Image.Image, kind: str = "PNG") -> bytes:
    out = BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def facts(language: str = "zh", pictures: dict[str, bytes] | None = None, **values: str) -> Facts:
    one = sample(DocumentKind.REPORT, language)
    return Facts({**one.values, **values}, one.lists, {**one.pictures, **(pictures or {})})


def render(content: Facts, language: str = "zh") -> bytes:
    spoken = "en" if language == "en" else "zh"
    return render_pages(REPORT, content, "检查报告 CT1 <&>", MADE, spoken).pdf  # type: ignore[arg-type]


def squeezed(pdf: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))


def with_photograph() -> Facts:
    content = facts(pictures={"application1": saved(Image.new("RGB", (600, 850), (240, 236, 220)), "JPEG")})
    lists = {**content.lists, "application_photos": ({"picture": "application1", "caption": ""},)}
    return Facts(content.values, lists, content.pictures)


def signed(pdf: bytes) -> bytes:
    """With an electronic signature as approval makes it."""
    hospital = certificates.new_authority("明镜医院", MADE)
    doctor = certificates.new_holder(hospital, "钱主任", "qian", "明镜医院", MADE)
    clock = certificates.new_clock(hospital, "明镜医院", MADE)
    seals = Seals(doctor, clock, (certificates.revocation_list(hospital, MADE),))
    return sign_pdf(pdf, seals, at=MADE, reason="审核通过", place="明镜医院", box=Box(0, 90, 60, 200, 90))


def test_reports_conform_to_pdf_a_2u_and_what_does_not_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signatures = {"writer_signature": a_signature(), "auditor_signature": a_signature()}
    colour = {"key1": saved(Image.new("RGB", (900, 700), (200, 30, 40)), "JPEG"), "key2": a_signature()}
    content = facts(pictures={**signatures, **colour})
    key_images = tuple({"picture": name, "caption": "图"} for name in colour)
    cases = {
        "plain": render(facts()),
        "english": render(facts("en"), "en"),
        "signed by picture": render(
            Facts(content.values, {**content.lists, "key_images": key_images}, content.pictures)
        ),
        "draft": render(facts(watermark="未审核", seal="", verification="")),
        "many pages": render(facts(findings=sample(DocumentKind.REPORT).values["findings"] * 40, critical="是")),
        "rare": render(facts(name="㼆𠮷𠀋", findings="<p>m<sup>2</sup> <u>划线</u> <i>斜体</i> H<sub>2</sub>O</p>")),
        "photograph": render(with_photograph()),
    }
    cases["signed"] = signed(cases["plain"])
    whole = PdfWriter(BytesIO(cases["plain"]))
    del whole.root_object["/OutputIntents"]
    broken = BytesIO()
    whole.write(broken)
    monkeypatch.setattr(archival, "_XMP", archival._XMP.replace("pdfaid:conformance", "pdfaid:level"))
    cases |= {"no output intent": broken.getvalue(), "no conformance level": render(facts())}
    paths = []
    for number, pdf in enumerate(cases.values()):
        paths.append(tmp_path / f"{number}.pdf")
        paths[-1].write_bytes(pdf)
    said = dict(zip(cases, verdicts(paths), strict=True))
    assert any("6.2.4.3" in line for line in said.pop("no output intent"))
    assert any("6.6.4" in line for line in said.pop("no conformance level"))
    assert said == {name: [] for name in said}


def test_the_pdf_is_the_same_file_at_any_time_and_small() -> None:
    first, second = render(facts()), render(facts())
    assert first == second
    assert len(first) < 200_000


def test_all_words_can_be_searched_rare_ones_too() -> None:
    text = squeezed(
        render(facts(name="欧阳𠮷祥㼆", findings="<p>右肺<b>上叶</b>结节 12.5 mm×10.3 mm，CT值约 -560 HU</p>"))
    )
    for words in (
        "明镜示范医院", "影像诊断报告", "欧阳𠮷祥㼆", "CT20261121000123", "右肺上叶结节12.5mm×10.3mm，CT值约-560HU",
        "诊断意见", "赵医生", "钱主任", "第1页共1页", "扫码核验",
    ):  # fmt: skip
        assert words in text, words


def test_findings_of_twenty_pages_flow_and_no_signature_stands_alone() -> None:
    paragraph = "<p>{n}. 胸廓对称，气管居中，双肺纹理清晰，未见明显实变影；各级支气管通畅，纵隔未见肿大淋巴结。</p>"
    content = facts(findings="".join(paragraph.replace("{n}", str(n)) for n in range(1, 761)))
    pages = [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(BytesIO(render(content))).pages]
    assert 18 <= len(pages) <= 26
    for number, page in enumerate(pages, 1):
        assert f"第{number}页共{len(pages)}页" in page
        assert ("（续）" in page) is (number > 1)
    whole = "".join(pages)
    assert all(f"{number}.胸廓对称" in whole for number in range(1, 761))
    assert "诊断医生" in pages[-1]
    assert "余双肺未见明显异常" in pages[-1]  # at least the impression's last lines stay with the signatures


def test_codes_are_read_back_by_a_scanner() -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    pypdfium2 = pytest.importorskip("pypdfium2")
    page = pypdfium2.PdfDocument(render(facts()))[0].render(scale=200 / 72).to_pil().convert("L")
    read = {found.text for found in zxingcpp.read_barcodes(page)}
    assert read == {"CT20261121000123", "https://hospital.example/verify/A1B2-C3D4"}


def test_a_picture_that_cannot_be_read_is_told_by_its_name() -> None:
    for data in (
        b"",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 30,
        b"\xff\xd8\xff\xe0 no picture",
        saved(Image.new("L", (9, 9)), "BMP"),
    ):
        with pytest.raises(LayoutError, match="sample1"):
            render(facts(pictures={"sample1": data}))


def test_a_moment_without_zone_is_one_of_utc() -> None:
    pdf = render_pages(REPORT, facts(), "t", NOW).pdf
    assert b"2026-11-21T09:30:00+00:00" in PdfReader(BytesIO(pdf)).trailer["/Root"]["/Metadata"].get_data()


def test_dates_in_the_metadata_agree() -> None:
    reader = PdfReader(BytesIO(render(facts())))
    assert reader.metadata is not None
    assert reader.metadata.creation_date == MADE
    assert b"2026-11-21T15:02:00+08:00" in reader.trailer["/Root"]["/Metadata"].get_data()
