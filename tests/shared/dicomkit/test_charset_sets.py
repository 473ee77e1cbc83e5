"""Character sets: the standard's own examples, round trips, and what devices really send."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dicomkit.charsets import answer_sets, character_set

IR_58_EXAMPLE = bytes.fromhex("57616e675e5869616f446f6e673d 1b242941cdf5 5e 1b242941d0a1b6ab 3d".replace(" ", ""))
"""PS3.5 K.2."""
IR_149_EXAMPLE = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"
"""PS3.5 I.2."""
IR_87_EXAMPLE = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"
"""PS3.5 H.3.1."""


@pytest.mark.parametrize(
    ("term", "raw", "text"),
    [
        ("\\ISO 2022 IR 58", IR_58_EXAMPLE, "Wang^XiaoDong=王^小东="),
        ("\\ISO 2022 IR 149", IR_149_EXAMPLE, "Hong^Gildong=洪^吉洞=홍^길동"),
        ("\\ISO 2022 IR 87", IR_87_EXAMPLE, "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("GB18030", bytes.fromhex("57616e673d cdf55ed0a1b6ab".replace(" ", "")), "Wang=王^小东"),
        ("ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
        ("ISO_IR 192", "王^小东".encode(), "王^小东"),
    ],
)
def test_examples_of_the_standard(term: str, raw: bytes, text: str) -> None:
    assert character_set(term).decode(raw, is_name=True) == text


def test_the_chinese_example_is_written_as_the_standard_writes_it() -> None:
    assert character_set("\\ISO 2022 IR 58").encode("Wang^XiaoDong=王^小东=") == IR_58_EXAMPLE


@pytest.mark.parametrize("term", ["GB18030", "GBK", "ISO_IR 192", "\\ISO 2022 IR 58"])
@given(text=st.text(alphabet="王小东张三丰欧阳^= \\ABC", min_size=1, max_size=30))
def test_what_is_written_can_be_read(term: str, text: str) -> None:
    charset = character_set(term)
    assert charset.decode(charset.encode(text), is_name=True) == text


@pytest.mark.parametrize("term", ["", "ISO_IR 100", "\\ISO 2022 IR 58", "ISO_IR 13\\ISO 2022 IR 87", "nonsense"])
@given(raw=st.binary(max_size=40))
def test_no_bytes_raise(term: str, raw: bytes) -> None:
    assert isinstance(character_set(term).decode(raw, is_name=True), str)


def test_a_backslash_inside_a_gb18030_character_does_not_split_it() -> None:
    raw = b"\xd5\\"  # one character whose second byte is a backslash
    character = raw.decode("gbk")
    assert len(character) == 1
    assert character_set("GBK").decode(raw + b"\\A") == character + "\\A"


def test_devices_that_declare_nothing_and_send_gb18030_are_understood() -> None:
    assert character_set("").decode("陈^静".encode("gb18030"), is_name=True) == "陈^静"
    assert character_set("\\ISO 2022 IR 58").decode("王^小".encode("gb2312"), is_name=True) == "王^小"


def test_answers_fall_back_to_a_superset() -> None:
    assert [c.term for c in answer_sets("ISO_IR 100")] == ["ISO_IR 100", "ISO_IR 192"]
    assert [c.term for c in answer_sets("\\ISO 2022 IR 58")] == ["\\ISO 2022 IR 58", "GB18030", "ISO_IR 192"]
    assert [c.term for c in answer_sets("ISO_IR 192", preferred="GBK")] == ["GBK", "GB18030", "ISO_IR 192"]
    assert [c.term for c in answer_sets("")] == ["ISO_IR 192"]


def test_nothing_is_answered_under_the_name_of_an_unknown_set() -> None:
    assert [c.term for c in answer_sets("ISO_IR 999")] == ["ISO_IR 192"]
    assert [c.term for c in answer_sets("\\ISO 2022 IR 999")] == ["ISO_IR 192"]
    assert [c.term for c in answer_sets("ISO_IR 100", preferred="latin9")] == ["ISO_IR 100", "ISO_IR 192"]


def test_characters_outside_a_set_are_refused_not_lost() -> None:
    with pytest.raises(UnicodeEncodeError):
        character_set("ISO_IR 100").encode("王")
    with pytest.raises(UnicodeEncodeError):
        character_set("\\ISO 2022 IR 58").encode("𠀀")


REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "charsets"


@pytest.mark.skipif(not REAL.is_dir(), reason="the collection of real files is not here")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chrGB2312_ISO2022IR58.dcm", None),
        ("chrH31.dcm", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("chrH32.dcm", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
        ("chrI2.dcm", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("chrX1.dcm", "Wang^XiaoDong=王^小東="),
        ("chrX2.dcm", "Wang^XiaoDong=王^小东="),
        ("chrFren.dcm", "Buc^Jérôme"),
        ("chrGerm.dcm", "Äneas^Rüdiger"),
        ("chrGreek.dcm", "Διονυσιος"),
        ("chrRuss.dcm", "Люкceмбypг"),
        ("chrArab.dcm", "قباني^لنزار"),
        ("chrHbrw.dcm", "שרון^דבורה"),
    ],
)
def test_names_of_real_files(name: str, expected: str | None) -> None:
    from server.doors.dicom.attributes import decode
    from server.doors.dicom.part10 import NotPart10, dataset_of, read_meta

    data = (REAL / name).read_bytes()
    try:
        meta = read_meta(data)
        attributes = decode(dataset_of(data), meta.transfer_syntax_uid)
    except NotPart10:
        attributes = decode(data, "1.2.840.10008.1.2.1")
    read = attributes[0x00100010]
    assert isinstance(read, str)
    if expected is None:
        assert any("\u4e00" <= c <= "\u9fff" for c in read)
        assert "�" not in read
    else:
        assert read.rstrip("=") == expected.rstrip("=")
