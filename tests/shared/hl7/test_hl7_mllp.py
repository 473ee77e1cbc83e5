"""MLLP framing: however the bytes are cut, the messages are the same; what is no MLLP is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.hl7.mllp import Deframer, FramingError, framed

MESSAGES = st.lists(
    st.binary(max_size=200).map(lambda data: data.replace(b"\x0b", b".").replace(b"\x1c", b".")), max_size=6
)


@given(MESSAGES, st.lists(st.integers(1, 40), min_size=1))
def test_any_cut_gives_the_same_messages(messages: list[bytes], cuts: list[int]) -> None:
    stream = b"\r\n".join(framed(message) for message in messages)
    frames, found, position, turn = Deframer(), [], 0, 0
    while position < len(stream):
        size = cuts[turn % len(cuts)]
        found += frames.feed(stream[position : position + size])
        position, turn = position + size, turn + 1
    assert found == messages
    assert not frames.is_within


@given(st.binary(max_size=300))
def test_any_bytes_give_messages_or_a_framing_error(data: bytes) -> None:
    frames = Deframer(100)
    try:
        for message in frames.feed(data):
            assert len(message) <= 100
    except FramingError as error:
        assert str(error)


@pytest.mark.parametrize(
    "data",
    [
        b"MSH|^~\\&|",
        b"GET / HTTP/1.1\r\n",
        b"\x0bMSH\x1cX",
        b"\x0bMSH\x0bMSH\x1c\r",
        b"\r\n" * 33,
        b"\x0b" + b"x" * 101,
        b"\x1c\r",
    ],
)
def test_what_is_no_mllp_is_refused(data: bytes) -> None:
    with pytest.raises(FramingError):
        Deframer(100).feed(data)


def test_a_message_may_be_as_long_as_the_limit() -> None:
    assert Deframer(100).feed(framed(b"x" * 100)) == [b"x" * 100]


def test_a_message_with_framing_characters_cannot_be_sent() -> None:
    with pytest.raises(FramingError):
        framed(b"a\x1cb")
