"""Text of every character set that scanners in China send, rightly and wrongly labelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dicomkit.charsets import decode_text
from shared.dicomkit.names import PersonNameParts, name_parts

GB = b"\xd5\xc5^\xc8\xfd"  # 张^三 in GB 2312, GBK and GB18030


@pytest.mark.parametrize(
    ("raw", "label", "expected"),
    [
        (b"ZHANG^SAN ", b"", "ZHANG^SAN"),
        ("Zhang^San=张^三".encode(), b"ISO_IR 192", "Zhang^San=张^三"),
        (b"Zhang^San=" + GB, b"GB18030 ", "Zhang^San=张^三"),
        (b"Zhang^San=" + GB, b"GBK", "Zhang^San=张^三"),
        ("刘^\U00020000".encode("gb18030"), b"GB18030", "刘^\U00020000"),
        (b"Wang^XiaoDong=\x1b$)A\xcd\xf5^\x1b$)A\xd0\xa1\xb6\xab=", b"\\ISO 2022 IR 58", "Wang^XiaoDong=王^小东="),
        (b"Wang=\x1b$)A\xcd\xf5^\xd0\xa1\xb6\xab", b"\\ISO 2022 IR 58", "Wang=王^小东"),
        (b"Wang=\xcd\xf5^\xd0\xa1\xb6\xab", b"\\ISO 2022 IR 58", "Wang=王^小东"),
        (GB, b"", "张^三"),
        (GB, b"ISO_IR 100", "张^三"),
        (GB, b"ISO_IR 6", "张^三"),
        (GB, b"ISO_IR 192", "张^三"),
        ("张^三".encode(), b"", "张^三"),
        ("张^三".encode(), b"ISO_IR 100", "张^三"),
        ("朱^镕基".encode("gbk"), b"ISO_IR 100", "朱^镕基"),
        ("胸部CT平扫".encode("gbk"), b"ISO_IR 100", "胸部CT平扫"),
        ("Müller^Jürgen".encode("latin_1"), b"ISO_IR 100", "Müller^Jürgen"),
        ("Äneas^Rüdiger".encode("latin_1"), b"ISO_IR 100", "Äneas^Rüdiger"),
        ("Buc^Jérôme".encode("latin_1"), b"ISO_IR 100", "Buc^Jérôme"),
        ("Größe".encode("latin_1"), b"", "Größe"),
        ("Люкceмбypг".encode("iso8859_5"), b"ISO_IR 144", "Люкceмбypг"),
        (
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
            b"ISO 2022 IR 13\\ISO 2022 IR 87",
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        ),
        (
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            b"\\ISO 2022 IR 149",
            "Hong^Gildong=洪^吉洞=홍^길동",
        ),
        (GB, b"NONSENSE", "张^三"),
        (b"ABC\0", b"", "ABC"),
    ],
)
def test_text_is_decoded(raw: bytes, label: bytes, expected: str) -> None:
    assert decode_text(raw, label) == expected


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"ISO_IR 100", b"GB18030", b"\\ISO 2022 IR 58", b"ISO_IR 192", b"\xff"]),
)
def test_no_bytes_raise(raw: bytes, label: bytes) -> None:
    assert isinstance(decode_text(raw, label), str)


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=6))
def test_every_han_text_survives_gb18030_and_utf8(text: str) -> None:
    raw = text.encode("gb18030")
    if not is_utf8(raw):  # bytes that are both are read by likelihood: see the next test and those of the doctor
        assert decode_text(raw, b"GB18030") == text
    assert decode_text(text.encode(), b"ISO_IR 192") == text


def is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_bytes_that_are_utf8_by_chance_are_read_as_labelled() -> None:
    rare = "霐乲"
    assert rare.encode("gb18030").decode() == "딁k"
    assert decode_text(rare.encode("gb18030"), b"GB18030") == rare
    assert decode_text("李^Ming".encode(), b"GB18030") == "李^Ming"  # the label is wrong


def test_names_fall_into_parts() -> None:
    assert name_parts("Zhang^San=张^三=ㄓㄤ") == PersonNameParts("Zhang^San", "张^三", "ㄓㄤ")
    assert name_parts("张^三") == PersonNameParts("张^三", "张^三", "")
    assert name_parts("Doe^John^^^") == PersonNameParts("Doe^John", "", "")
    assert name_parts("") == PersonNameParts("", "", "")
