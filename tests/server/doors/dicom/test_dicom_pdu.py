"""PDUs: round trips, an independent reader, and bytes that are no PDUs."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.doors.dicom import pdu
from server.doors.dicom.dimse import (
    Assembler,
    AssemblyLimits,
    MemoryBudget,
    Message,
    decode_command,
    encode_command,
)
from server.doors.dicom.fsm import State
from server.doors.dicom.upper_layer import MessageReceived, UpperLayer

uid = st.lists(st.integers(0, 10**6), min_size=1, max_size=8).map(lambda n: ".".join(map(str, n)))
title = st.text(alphabet="ABCXYZ_0189", min_size=1, max_size=16)
contexts = st.lists(st.tuples(uid, st.lists(uid, min_size=1, max_size=4)), min_size=1, max_size=10).map(
    lambda c: tuple(pdu.ProposedContext(2 * i + 1, a, tuple(t)) for i, (a, t) in enumerate(c))
)
user = st.builds(
    pdu.UserInformation,
    st.integers(0, 2**32 - 1),
    uid,
    title,
    st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9)),
    st.lists(st.builds(pdu.RoleSelection, uid, st.booleans(), st.booleans()), max_size=3).map(tuple),
    st.lists(st.builds(pdu.ExtendedNegotiation, uid, st.binary(max_size=6)), max_size=2).map(tuple),
)
any_pdu = st.one_of(
    st.builds(pdu.AssociateRequest, title, title, contexts, user),
    st.builds(
        pdu.AssociateAccept,
        title,
        title,
        st.lists(uid, min_size=1, max_size=5).map(
            lambda u: tuple(pdu.ContextResult(2 * i + 1, 0, t) for i, t in enumerate(u))
        ),
        user,
    ),
    st.builds(pdu.AssociateReject, st.integers(1, 2), st.integers(1, 3), st.integers(1, 10)),
    st.just(pdu.ReleaseRequest()),
    st.just(pdu.ReleaseResponse()),
    st.builds(pdu.Abort, st.sampled_from((0, 2)), st.integers(0, 6)),
)


@given(any_pdu)
def test_what_is_encoded_can_be_decoded(value: pdu.Pdu) -> None:
    raw = pdu.encode(value)
    kind, _, length = pdu.HEADER.unpack_from(raw)
    assert length == len(raw) - 6
    assert pdu.decode(kind, raw[6:]) == value


@pytest.mark.parametrize("kind", [pdu.AssociateRequest, pdu.AssociateAccept])
def test_pynetdicom_reads_our_pdus(kind: type[pdu.AssociateRequest] | type[pdu.AssociateAccept]) -> None:
    from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ

    user_information = pdu.UserInformation(
        131072, "1.2.3.4", "MINGJING_1", (1, 1), (pdu.RoleSelection("1.2.840.10008.5.1.4.1.1.2", False, True),)
    )
    if kind is pdu.AssociateRequest:
        raw = pdu.encode(
            pdu.AssociateRequest(
                "CALLED",
                "CALLING",
                (pdu.ProposedContext(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")),),
                user_information,
            )
        )
        theirs = A_ASSOCIATE_RQ()
    else:
        raw = pdu.encode(
            pdu.AssociateAccept(
                "CALLED", "CALLING", (pdu.ContextResult(1, 0, "1.2.840.10008.1.2.1"),), user_information
            )
        )
        theirs = A_ASSOCIATE_AC()
    theirs.decode(raw)
    assert theirs.encode() == raw
    assert theirs.user_information.maximum_length == 131072
    (context,) = theirs.presentation_context
    assert context.context_id == 1


@given(st.sampled_from((1, 2, 3, 5, 6, 7, 9)), st.binary(max_size=300))
def test_any_body_is_a_pdu_or_a_pdu_error(kind: int, body: bytes) -> None:
    try:
        pdu.decode(kind, body)
    except pdu.PduError as error:
        assert error.reason in (0, 1, 2, 4, 5, 6)


@given(any_pdu, st.data())
def test_a_damaged_pdu_is_a_pdu_or_a_pdu_error(value: pdu.Pdu, data: st.DataObject) -> None:
    raw = bytearray(pdu.encode(value))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(6, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(pdu.PduError):
        pdu.decode(raw[0], bytes(raw[6:]))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (bytes(10), "shorter than its fixed part"),
        (bytes(68) + b"\x10\0\0\x20abc", "longer than what holds it"),
        (bytes(68) + b"\x20\0", "ends in its header"),
        (bytes(68) + b"\x20\0\0\2\1\0", "shorter than its fixed part"),
        (bytes(68) + b"\x20\0\0\4\1\0\0\0", "no abstract syntax"),
        (bytes(68) + b"\x20\0\0\x0b\2\0\0\0\x30\0\0\x031.2", "even or comes twice"),
        (bytes(68) + b"\x50\0\0\6\x51\0\0\2\0\0", "has not 4 bytes"),
        (bytes(68) + b"\x10\0\0\x41" + b"1" * 65, "longer than 64"),
        (bytes(68) + b"\x10\0\0\2\xff\xfe", "not ASCII"),
    ],
)
def test_faults_are_named(body: bytes, sentence: str) -> None:
    with pytest.raises(pdu.PduError, match=sentence):
        pdu.decode(pdu.ASSOCIATE_RQ, body)


@given(st.binary(max_size=1000), st.integers(8, 200), st.booleans())
def test_fragments_respect_the_peers_maximum(data: bytes, maximum: int, is_command: bool) -> None:
    raw = b"".join(pdu.data_pdus(7, is_command, data, maximum))
    at, out, last = 0, b"", False
    while at < len(raw):
        kind, _, length = pdu.HEADER.unpack_from(raw, at)
        assert kind == pdu.P_DATA_TF
        assert length <= maximum
        size, context_id, control = pdu.PDV_HEADER.unpack_from(raw, at + 6)
        assert (context_id, bool(control & 1), size + 4) == (7, is_command, length)
        assert not last
        last = bool(control & 2)
        out += raw[at + 12 : at + 6 + length]
        at += 6 + length
    assert last
    assert out == data


@given(
    st.dictionaries(
        st.sampled_from((0x0002, 0x0100, 0x0110, 0x0600, 0x0800, 0x0900, 0x1000)),
        st.integers(0, 65535),
        max_size=6,
    )
)
def test_command_sets_survive_a_round_trip(numbers: dict[int, int]) -> None:
    command: dict[int, int | str] = {0x0100: 0x0030}
    for element, number in numbers.items():
        command[element] = f"1.2.{number}" if element in (0x0002, 0x0600, 0x1000) else number
    raw = encode_command(command)
    assert decode_command(raw) == command
    assert struct.unpack_from("<I", raw, 8)[0] == len(raw) - 12


def an_upper_layer(limits: AssemblyLimits | None = None) -> UpperLayer[Message]:
    assembler = Assembler(limits or AssemblyLimits(), MemoryBudget(1 << 30))
    assembler.contexts = frozenset((1, 3))
    upper = UpperLayer[Message](assembler)
    upper.state = State.STA6
    return upper


def messages(upper: UpperLayer[Message], data: bytes, steps: list[int]) -> list[tuple[int, bytes]]:
    """Feed the bytes in pieces of these sizes; (message id, data set) of what came out."""
    out = []
    view = memoryview(data)
    number = 0
    while view:
        size = steps[number % len(steps)] if steps else len(view)
        number += 1
        piece, view = view[:size], view[size:]
        while len(piece):
            count = 0
            for buffer in upper.buffers():
                part = min(len(buffer), len(piece))
                buffer[:part] = piece[:part]
                piece = piece[part:]
                count += part
                if not len(piece):
                    break
            upper.received(count)
            while (indication := upper.next_indication()) is not None:
                assert isinstance(indication, MessageReceived)
                message = indication.message
                out.append((message.message_id, bytes(message.data) if message.data is not None else b""))
    return out


@given(
    st.lists(st.binary(min_size=1, max_size=3000), min_size=1, max_size=4),
    st.lists(st.integers(1, 900), min_size=1, max_size=6),
    st.integers(20, 2000),
)
@settings(deadline=None)
def test_messages_are_the_same_however_the_bytes_arrive(data_sets: list[bytes], steps: list[int], maximum: int) -> None:
    stream = b""
    for number, data in enumerate(data_sets):
        command = encode_command({0x0100: 1, 0x0110: number + 1, 0x0800: 1, 0x0002: "1.2", 0x1000: "1.2.3"})
        stream += b"".join(pdu.data_pdus(1, True, command, maximum))
        stream += b"".join(pdu.data_pdus(1, False, data, maximum))
    got = messages(an_upper_layer(), stream, steps)
    assert got == [(n + 1, data) for n, data in enumerate(data_sets)]


@given(st.binary(max_size=400), st.lists(st.integers(1, 50), max_size=5))
@settings(deadline=None)
def test_no_bytes_break_the_upper_layer(data: bytes, steps: list[int]) -> None:
    """Whatever comes, it goes on, or has sent an A-ABORT and waits for the end."""
    upper = an_upper_layer()
    view = memoryview(data)
    number = 0
    while view:
        size = steps[number % len(steps)] if steps else len(view)
        number += 1
        buffer = upper.buffers()[0]
        part = min(len(buffer), len(view), size)
        buffer[:part] = view[:part]
        upper.received(part)
        view = view[part:]
        while upper.next_indication() is not None:
            pass
    sent = b"".join(upper.take_output())
    if upper.state is State.STA13:
        assert sent[:1] == b"\7"
    else:
        assert upper.state in (State.STA1, State.STA6, State.STA8)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\4\0\xff\xff\xff\xff", "longer than any we read"),
        (b"\4\0\0\0\0\2ab", "too short for a fragment"),
        (b"\4\0\0\0\0\x0a\0\0\0\1\1\3", "contradicts"),
        (b"\4\0\0\0\0\x0a\0\0\0\x99\1\3", "contradicts"),
        (b"\4\0\0\0\0\x0a\0\0\0\6\5\3abcd", "which was not accepted"),
        (b"\4\0\0\0\0\x0a\0\0\0\6\1\2abcd", "without its command"),
        (b"\4\0\0\0\0\x0a\0\0\0\6\1\3abcd", "inside an element"),
        (b"\1\0\xff\xff\xff\xff", "claims 4294967295 bytes"),
        (b"\x2a\0\0\0\0\0", "does not exist"),
        (b"\5\0\0\0\0\5abcde", "claims 5 bytes"),
    ],
)
def test_invalid_pdus_are_answered_with_an_abort_and_a_sentence(data: bytes, sentence: str) -> None:
    upper = an_upper_layer()
    buffer = upper.buffers()[0]
    buffer[: len(data)] = data
    upper.received(len(data))
    indication = upper.next_indication()
    assert sentence in getattr(indication, "sentence", "")
    assert b"".join(upper.take_output())[:9] == b"\7\0\0\0\0\4\0\0\2"
    assert upper.state is State.STA13
    assert upper.artim_running
