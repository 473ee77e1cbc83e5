"""Character sets: round trips with an independent reader, pinyin where a peer knows no Chinese, wrong labels."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_charset_files

from shared.dicomkit import charsets
from shared.dicomkit.headers import to_bytes
from shared.dicomkit.synthetic import ct_series

GB2312_TEXTS = ("张三", "胸部CT平扫+增强", "欧阳^小明", "右肺上叶结节，建议复查。")


@pytest.mark.parametrize("character_set", ["ISO_IR 192", "GB18030", "GBK", "ISO 2022 IR 58"])
@pytest.mark.parametrize("text", GB2312_TEXTS)
def test_chinese_comes_back_from_every_chinese_set(character_set: str, text: str) -> None:
    data = charsets.encode(text, character_set)
    label = "\\ISO 2022 IR 58" if "2022" in character_set else character_set
    assert charsets.decode(data, label) == charsets.DecodedText(text, label, mislabelled=False)


def test_dcmtk_reads_our_iso_2022_bytes(tmp_path: Path) -> None:
    tool = shutil.which("dcmdump")
    if tool is None:
        pytest.skip("dcmdump is not installed (Debian package dcmtk)")
    image = ct_series(None, 1, 32)[0]
    marker = "A" * 40
    image.StudyDescription = marker
    image.SpecificCharacterSet = charsets.specific_character_set("ISO 2022 IR 58")
    image.PatientName = "Zhang^San"
    image.SeriesDescription = image.InstitutionName = ""
    encoded = charsets.encode("胸部CT平扫", "ISO 2022 IR 58")
    path = tmp_path / "x.dcm"
    path.write_bytes(to_bytes(image).replace(marker.encode(), encoded.ljust(40)))
    shown = subprocess.run([tool, "+U8", "+P", "StudyDescription", str(path)], capture_output=True, check=True)
    assert "[胸部CT平扫" in shown.stdout.decode()


def test_the_escape_is_repeated_in_each_name_component() -> None:
    data = charsets.encode("Zhang^San=张^三", "ISO 2022 IR 58")
    assert data == b"Zhang^San=\x1b$)A\xd5\xc5^\x1b$)A\xc8\xfd"  # as in PS3.5 Annex K.2


@pytest.mark.parametrize(
    ("text", "character_set", "shown"),
    [
        ("胸部CT平扫", "ISO_IR 6", "Xiong Bu CT Ping Sao"),
        ("王䶮", "ISO 2022 IR 58", "王Yan"),
        ("约 5 mm，边界清。", "ISO_IR 6", "Yue 5 mm,Bian Jie Qing."),
        ("Müller", "ISO_IR 100", "Müller"),
        ("≥5", "ISO_IR 6", ">=5"),
    ],
)
def test_what_a_peer_cannot_show_is_written_in_pinyin(text: str, character_set: str, shown: str) -> None:
    assert charsets.fitted(text, character_set) == shown
    charsets.encode(text, character_set)


def test_a_name_for_an_ascii_peer_keeps_only_its_latin_group() -> None:
    assert charsets.fitted_name("Shan^Tianfang=单^田芳", "ISO_IR 6") == "Shan^Tianfang"
    assert charsets.fitted_name("单^田芳", "ISO_IR 100") == "Shan^Tianfang"
    assert charsets.fitted_name("Shan^Tianfang=单^田芳", "GB18030") == "Shan^Tianfang=单^田芳"
    assert charsets.fitted_name("Wang^Yan=王^䶮", "ISO 2022 IR 58") == "Wang^Yan"


@pytest.mark.parametrize("declared", ["", "ISO_IR 6", "ISO_IR 100", "ISO_IR 192", "\\ISO 2022 IR 58"])
@pytest.mark.parametrize("text", ["张三", "欧阳小明", "胸部CT平扫", "李娜^"])
def test_gbk_bytes_under_a_wrong_label_are_read(text: str, declared: str) -> None:
    assert charsets.decode(text.encode("gbk"), declared) == charsets.DecodedText(text, "GB18030", mislabelled=True)


@pytest.mark.parametrize("declared", ["", "ISO_IR 100", "GB18030"])
@pytest.mark.parametrize("text", ["张三丰", "胸部CT平扫", "欧阳小明"])
def test_utf8_bytes_under_a_wrong_label_are_read(text: str, declared: str) -> None:
    assert charsets.decode(text.encode(), declared).text == text


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("Müller^Jürgen", "latin-1", "ISO_IR 100"),
        ("Gérard", "latin-1", "ISO_IR 100"),
        ("联通", "gbk", "GB18030"),
        ("喆堃", "gb18030", "GB18030"),
        ("Иванов", "iso8859-5", "ISO_IR 144"),
    ],
)
def test_rightly_labelled_text_is_left_alone(text: str, codec: str, label: str) -> None:
    assert charsets.decode(text.encode(codec), label) == charsets.DecodedText(text, label, mislabelled=False)


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(charsets.CharsetError, match="GB18030"):
        charsets.encode("张", "ISO_IR 999")


@given(
    st.binary(max_size=60), st.sampled_from(["", "ISO_IR 192", "GB18030", "ISO_IR 100", "\\ISO 2022 IR 58", "nonsense"])
)
def test_no_bytes_make_the_decoder_fail(data: bytes, label: str) -> None:
    assert isinstance(charsets.decode(data, label).text, str)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.sampled_from(charsets.supported()))
def test_any_text_can_be_encoded_for_any_peer(text: str, character_set: str) -> None:
    assert isinstance(charsets.encode(text, character_set), bytes)


NAMES_OF_PYDICOMS_SAMPLES = {
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrJapMulti.dcm": "やまだ^たろう",
    "chrKoreanMulti.dcm": "김희중",
    "chrRuss.dcm": "Люкceмбypг",
    "chrX1.dcm": "Wang^XiaoDong=王^小東=",
    "chrX2.dcm": "Wang^XiaoDong=王^小东=",
}


@pytest.mark.parametrize(("file", "name"), NAMES_OF_PYDICOMS_SAMPLES.items())
def test_names_of_the_sample_files_in_pydicom(file: str, name: str) -> None:
    [path] = get_charset_files(file)
    image = dcmread(path)
    raw = dcmread(path).get_item("PatientName")
    assert raw is not None
    assert isinstance(raw.value, bytes)
    label = image.SpecificCharacterSet
    joined = label if isinstance(label, str) else "\\".join(label)
    assert charsets.decode(raw.value, joined) == charsets.DecodedText(name, joined, mislabelled=False)
