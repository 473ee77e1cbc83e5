"""Wrong character sets are seen through and right ones left alone: generated names, real files, odd bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dicomkit.charset_doctor import (
    GB18030,
    KOREAN,
    TWICE_GB,
    TWICE_UTF8,
    UTF8,
    examine,
    examine_all,
    note_of,
    read_as,
)
from shared.dicomkit.charsets import decode_text, is_known, plain_label
from shared.dicomkit.names import ascii_name
from tests.benchmarks.bench_charsets import rows

_LEAST = {"Chinese, common": 99.5, "Chinese, rare characters": 98.5, "German": 97, "Nordic": 99, "Korean": 99.5}


@pytest.mark.parametrize(("name", "make", "encode", "label", "is_right"), rows())
def test_generated_names(
    name: str, make: Callable[[random.Random], str], encode: Callable[[str], bytes], label: str, is_right: bool
) -> None:
    rng = random.Random(f"{name}{label}")
    names = [text for text in (make(rng) for _ in range(400)) if not text.isascii()]
    read = sum(decode_text(encode(text), label.encode()) == text for text in names)
    if is_right:
        assert read == len(names)
        assert not [text for text in names if examine(encode(text), label) is not None]
    else:
        assert 100 * read / len(names) >= _LEAST.get(name.partition(":")[0], 100)


@pytest.mark.parametrize(
    ("raw", "label", "reading"),
    [
        ("张^三".encode("gbk"), "", GB18030),
        ("张^三".encode("gbk"), "ISO_IR 192", GB18030),
        ("张三丰".encode(), "GB18030", UTF8),
        ("张三".encode().decode("latin_1").encode(), "ISO_IR 192", TWICE_UTF8),
        ("Müller".encode().decode("cp1252").encode(), "ISO_IR 192", TWICE_UTF8),
        ("张三".encode("gbk").decode("latin_1").encode(), "ISO_IR 192", TWICE_GB),
        ("김^민준".encode("euc_kr"), "", KOREAN),
        ("王小明".encode()[:-1], "ISO_IR 192", None),  # cut in the middle of a character
        ("张三".encode("gbk"), "ISO_IR 144", None),  # who declares Cyrillic means it
        (b"\x1b$)A\xd5\xc5", "\\ISO 2022 IR 58", None),
        (b"Zhang^San", "", None),
    ],
)
def test_readings(raw: bytes, label: str, reading: str | None) -> None:
    found = examine(raw, label)
    assert (found.reading if found else None) == reading


def test_a_cut_name_keeps_what_is_whole() -> None:
    assert decode_text("王小明".encode()[:-1], b"ISO_IR 192") == "王小�"


def test_all_texts_of_a_data_set_speak_together() -> None:
    name, description = "Voß^Jörg".encode("latin_1"), "胸部CT平扫".encode("gbk")
    assert examine_all([description, "张^三".encode("gbk")], "ISO_IR 100") == GB18030
    assert examine_all([name, "Größe".encode("latin_1")], "ISO_IR 100") is None
    assert examine_all([b"ASCII"], "") is None
    assert examine_all([], "") is None


def test_a_note_names_both_sets() -> None:
    assert note_of("ISO_IR 100", GB18030) == "字符集标注为 ISO_IR 100，实际为 GB18030，已按实际显示；原始数据未改动。"
    assert "未声明" in note_of("", UTF8)
    assert note_of("", "") == ""


@given(
    st.binary(max_size=40),
    st.sampled_from(["", "ISO_IR 100", "ISO_IR 192", "GB18030", "GBK", "\\ISO 2022 IR 58", "nonsense", "\\\\"]),
)
def test_no_bytes_raise(raw: bytes, label: str) -> None:
    found = examine(raw, label)
    assert found is None or read_as(raw, found.reading) == found.text
    assert isinstance(decode_text(raw, label.encode()), str)


@pytest.mark.parametrize(
    ("label", "plain"),
    [
        ("ISO_IR_100", "ISO_IR 100"),
        ("iso-ir 192", "ISO_IR 192"),
        ("UTF-8", "ISO_IR 192"),
        ("GB2312", "GB18030"),
        ("\\ISO 2022 IR 58", "\\ISO 2022 IR 58"),
        ("KLINGON", ""),
    ],
)
def test_misspelt_labels_are_understood(label: str, plain: str) -> None:
    assert plain_label(label) == plain
    assert is_known(label) == bool(plain)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("张^三", "Zhang^San"),
        ("张三", "Zhang^San"),
        ("Zhang^San=张^三", "Zhang^San"),
        ("单^田芳", "Shan^Tianfang"),
        ("曾^国藩", "Zeng^Guofan"),
        ("欧阳^修", "Ouyang^Xiu"),
        ("欧阳修", "Ouyang^Xiu"),
        ("吕^布", "Lyu^Bu"),
        ("仇^英", "Qiu^Ying"),
        ("=任^盈盈", "Ren^Yingying"),
        ("Müller^Jürgen", "Muller^Jurgen"),
        ("Weiß^Søren", "Weiss^Soren"),
        ("Smith^John", "Smith^John"),
        ("", ""),
        ("张^" + "三" * 70, ("Zhang^" + "San" + "san" * 70)[:64]),
    ],
)
def test_names_for_devices_that_know_only_ascii(name: str, expected: str) -> None:
    assert ascii_name(name) == expected


@given(st.text(max_size=80))
def test_every_name_becomes_ascii(name: str) -> None:
    assert ascii_name(name).isascii()
    assert len(ascii_name(name)) <= 64


REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "charsets"


@pytest.mark.skipif(not REAL.is_dir(), reason="the collection of real files is not here")
@pytest.mark.parametrize(
    ("file", "expected", "is_wrong"),
    [
        ("chinese_derived/zh_WRONG_gb_bytes_isoir100.dcm", None, True),
        ("chinese_derived/zh_WRONG_gb_bytes_no_charset.dcm", None, True),
        ("chinese_derived/zh_gb18030.dcm", None, False),
        ("chinese_derived/zh_gb18030_rare_4byte.dcm", None, False),
        ("chinese_derived/zh_gbk.dcm", None, False),
        ("chinese_derived/zh_utf8.dcm", None, False),
        ("chrFren.dcm", "Buc^Jérôme", False),
        ("chrGerm.dcm", "Äneas^Rüdiger", False),
        ("chrRuss.dcm", "Люкceмбypг", False),
        ("chrArab.dcm", "قباني^لنزار", False),
        ("chrHbrw.dcm", "שרון^דבורה", False),
        ("chrGreek.dcm", "Διονυσιος", False),
    ],
)
def test_real_files(file: str, expected: str | None, is_wrong: bool) -> None:
    import pydicom

    read = pydicom.dcmread(REAL / file)
    item = read.get_item("PatientName")
    assert item is not None
    assert isinstance(item.value, bytes)
    label = read.get("SpecificCharacterSet", "") or ""
    declared = label if isinstance(label, str) else "\\".join(label)
    text = decode_text(item.value, declared.encode())
    assert (examine(item.value.rstrip(b" "), declared) is not None) == is_wrong
    if expected is None:
        assert any("\u4e00" <= character <= "\u9fff" or ord(character) > 0xFFFF for character in text)
        assert "�" not in text
    else:
        assert text == expected
