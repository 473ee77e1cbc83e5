"""HL7 v2 messages read and written; python-hl7 and hl7apy see the same in the real samples."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.hl7.charsets import CharsetError, codec_of, decoded, encoded
from shared.hl7.message import (
    STANDARD,
    MessageError,
    Repeated,
    date_of,
    escaped,
    header,
    header_of,
    joined,
    parse,
    segment,
    time_of,
    unescaped,
    written_time,
)

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "hl7v2"
FILES = sorted(SAMPLES.rglob("*.hl7*")) if SAMPLES.is_dir() else []
TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=60)
MESSAGE = 'MSH|^~\\&|A|B|C|D|20260101||ORM^O01|1|P|2.5\rPID|1|""|a^b&c~d||x\\T\\y\r'


def test_fields_components_and_repetitions() -> None:
    message = parse(MESSAGE.encode())
    pid = message.first("PID")
    assert pid is not None
    assert message.header.raw(1) == "|" and message.header.raw(2) == "^~\\&"
    assert (message.code, message.event, message.type, message.control_id) == ("ORM", "O01", "ORM^O01", "1")
    assert pid.repetitions(3) == ["a^b&c", "d"]
    assert (pid.value(3), pid.value(3, 2), pid.value(3, 2, 2), pid.value(3, 9)) == ("a", "b", "c", "")
    assert pid.value(5) == "x&y"
    assert pid.is_null(2) and pid.value(2) == "" and not pid.is_null(1)
    assert pid.value(40) == "" and message.first("ZZZ") is None


@given(TEXT)
def test_escaping_is_undone(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert not set(escaped(text)) & {"|", "^", "~", "&"}


@given(st.text(max_size=80))
def test_any_text_can_be_unescaped(text: str) -> None:
    unescaped(text)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\\.br\\b", "a\nb"),
        ("\\H\\big\\N\\", "big"),
        ("\\XE7A081\\", "码"),
        ("5\\", "5\\"),
        ("\\Zlocal\\", "\\Zlocal\\"),
        ("\\.sp+2\\x", "\nx"),
        ("C:\\dir", "C:\\dir"),
        ("\\X00\\", ""),
    ],
)
def test_escape_sequences(raw: str, text: str) -> None:
    assert unescaped(raw, STANDARD, "utf-8") == text


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "100"),
        (b"PID|1", "100"),
        (b"MSH|||||A", "102"),
        (b"MSH|^^~&|A", "102"),
        (b"MSHabcde|A", "102"),
        (b"MSH|^~\\&|A\rpid|1", "100"),
        (b"MSH|^~\\&|A\rMSH|^~\\&|A", "100"),
        (b"MSH|^~\\&|A\x00B", "102"),
        (b"MSH|^~\\&|A" + b"|" * 600, "102"),
        (b"MSH|^~\\&|A" + b"\rNTE|1" * 6000, "100"),
        (b"MSH|^~\\&" + b"|" * 16 + b"UTF-7", "102"),
    ],
)
def test_what_is_no_message_says_why(data: bytes, code: str) -> None:
    with pytest.raises(MessageError) as error:
        parse(data)
    assert error.value.code == code
    header_of(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    for one in (data, b"MSH|^~\\&|" + data):
        header_of(one)
        try:
            message = parse(one)
        except MessageError:
            continue
        for part in message.segments:
            part.value(3, 2), part.text(5)


def test_too_many_repetitions_are_an_error_only_when_asked_for() -> None:
    message = parse(b"MSH|^~\\&|A\rPID|1||" + b"~" * 100_000)
    pid = message.first("PID")
    assert pid is not None and pid.value(3) == ""
    with pytest.raises(MessageError):
        pid.repetitions(3)


def test_a_written_message_is_read_by_others() -> None:
    text = joined(
        [
            header([(3, "A|B"), (9, ("ORM", "O01")), (10, "7"), (12, "2.5")]),
            segment("PID", [(3, Repeated([("1", "", "", "X"), ("2", "", "", "Y")])), (5, ("王&明", "")), (6, "")]),
        ]
    )
    theirs = hl7.parse(text)
    assert str(theirs.segment("MSH")[10]) == "7"
    assert len(theirs.segment("PID")[3]) == 2
    ours = parse(text.encode())
    assert ours.header.value(3) == "A|B"
    assert ours.first("PID").value(5) == "王&明"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20260301", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("202603011230", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("20260301123045.1234+0800", datetime(2026, 3, 1, 4, 30, 45, 123400, tzinfo=UTC)),
        ("20260301123060", datetime(2026, 3, 1, 12, 30, 59, tzinfo=UTC)),
        ("", None),
    ],
)
def test_times_are_read(text: str, moment: datetime | None) -> None:
    assert time_of(text, UTC) == moment


@pytest.mark.parametrize("text", ["tomorrow", "20261301", "2026-03-01", "2026030", "20260301250000", "00000000"])
def test_what_is_no_time_is_an_error(text: str) -> None:
    with pytest.raises(MessageError):
        time_of(text, UTC)
    with pytest.raises(MessageError):
        date_of(text if text != "20260301250000" else "x")


def test_a_day_is_the_one_that_is_written() -> None:
    assert date_of("198808181126+0215") == date(1988, 8, 18)
    assert date_of("1988") is None
    assert written_time(datetime(2026, 3, 1, tzinfo=UTC), timezone(timedelta(hours=8))) == "20260301080000+0800"


@pytest.mark.parametrize(
    "name", ["UNICODE UTF-8", "utf-8", "GBK", "GB18030", "GB 18030-2000", "8859/1", "ISO 8859/1", ""]
)
def test_names_of_character_sets(name: str) -> None:
    codec_of(name)


def test_character_sets_are_told_apart() -> None:
    assert decoded("王".encode("gbk"), "") == ("王", "gb18030")
    assert decoded("王".encode(), "") == ("王", "utf-8")
    assert encoded("王𠀀", "GBK") == "王?".encode("gbk")
    with pytest.raises(CharsetError):
        decoded(b"\xff\xff\xff", "")
    with pytest.raises(CharsetError):
        codec_of("KLINGON")


@pytest.mark.skipif(not FILES, reason="the sample messages are not here")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_real_messages_are_read_as_python_hl7_reads_them(file: Path) -> None:
    data = file.read_bytes()
    ours = parse(data)
    text = data.decode(ours.codec).removeprefix("\ufeff")
    theirs = hl7.parse("\r".join(line for line in re.split("[\r\n]+", text) if line.strip()))
    assert [one.name for one in ours.segments] == [str(one[0]) for one in theirs]
    for mine, other in zip(ours.segments, theirs, strict=True):
        for number in range(3, len(other)):
            expected = str(other[number])
            assert mine.raw(number) == ("" if expected == '""' else expected)


@pytest.mark.skipif(not FILES, reason="the sample messages are not here")
def test_hl7apy_reads_the_same_order() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from hl7apy.parser import parse_message

        data = (SAMPLES / "LAB-ORM-1.hl7").read_bytes()
        theirs = parse_message(re.sub("[\r\n]+", "\r", data.decode("utf-8-sig")), find_groups=False)
        ours = parse(data)
        assert theirs.orc.orc_2.value == ours.first("ORC").raw(2)  # type: ignore[union-attr]
        assert theirs.obr.obr_4.value == ours.first("OBR").raw(4)  # type: ignore[union-attr]
        assert theirs.pid.pid_5.value == ours.first("PID").raw(5)  # type: ignore[union-attr]
