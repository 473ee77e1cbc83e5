"""One read may reach over many PDUs; whatever the cuts of PDUs and of reads, the messages are the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from server.doors.dicom import dimse, pdu
from server.doors.dicom.dimse import Assembler, AssemblyLimits, MemoryBudget, Message
from server.doors.dicom.fsm import State
from server.doors.dicom.upper_layer import Aborted, MessageReceived, UpperLayer

BYTES = random.Random(3).randbytes(3_000_000)


class Wire:
    """An open association whose peer's bytes are read in pieces of a kernel's choosing."""

    def __init__(self, tmp_path: Path) -> None:
        self.assembler = Assembler(AssemblyLimits(in_memory=2 << 20, spool_directory=tmp_path), MemoryBudget(64 << 20))
        self.assembler.contexts = frozenset({1, 3})
        self.upper = UpperLayer[Message](self.assembler)
        self.upper.state = State.STA6
        self.heard: list[object] = []
        self.most_views = 0

    def read(self, data: bytes, pieces: random.Random, largest: int) -> None:
        """Scatter `data` into the buffers, at most `largest` bytes a read, and take the indications."""
        at = 0
        while at < len(data) and self.upper.state is State.STA6:
            views = self.upper.buffers()
            self.most_views = max(self.most_views, len(views))
            came = data[at : at + min(pieces.randint(1, largest), sum(map(len, views)))]
            at += len(came)
            left = came
            for view in views:
                view[: len(left)] = left[: len(view)]
                left = left[len(view) :]
            self.upper.received(len(came))
            while (indication := self.upper.next_indication()) is not None:
                if isinstance(indication, MessageReceived):
                    message = indication.message
                    content = message.spool.read_bytes() if message.spool else bytes(message.data or b"")
                    self.heard.append((message.message_id, content))
                    message.discard()
                else:
                    self.heard.append(indication)


def command(number: int, context: int = 1) -> bytes:
    return b"".join(
        map(bytes, pdu.data_pdus(context, True, dimse.encode_command({0x0100: 1, 0x0110: number, 0x0800: 1}), 16384))
    )


def fragment(data: bytes, *, last: bool, context: int = 1, is_command: bool = False) -> bytes:
    return pdu.PDV_HEADER.pack(len(data) + 2, context, is_command | last << 1) + data


def p_data(*fragments: bytes) -> bytes:
    body = b"".join(fragments)
    return pdu.HEADER.pack(pdu.P_DATA_TF, 0, len(body)) + body


def regular(data: bytes, size: int) -> bytes:
    return b"".join(map(bytes, pdu.data_pdus(1, False, data, size)))


def irregular(data: bytes, pieces: random.Random) -> bytes:
    """Every cut that the standard allows: PDUs of many fragments, of any size, an empty fragment at the end."""
    out, at = [], 0
    while at < len(data):
        fragments = []
        for _ in range(pieces.choice((1, 1, 1, 2, 3))):
            size = pieces.choice((1, 2, 4096, 4096, 4096, 16378, 131066))
            fragments.append(fragment(data[at : at + size], last=False))
            at += size
        out.append(p_data(*fragments))
    return b"".join(out) + p_data(fragment(b"", last=True))


@pytest.mark.parametrize("largest", [40, 70_000, 2_000_000])
@pytest.mark.parametrize("size", [512, 4096, 16384, 65_536, 131_072, 0])
def test_messages_do_not_depend_on_how_they_are_cut(size: int, largest: int, tmp_path: Path) -> None:
    pieces = random.Random(size + largest)
    lengths = [1, 130_000, 524_288, 530_000, 131_066 * 4] if largest > 40 else [1, 3_000, 20_000]
    if largest > 40:
        lengths += [1_500_000, 3_000_000]  # the buffer grows, and then a file takes over
    wire, sent = Wire(tmp_path), []
    stream = []
    for number, length in enumerate(lengths * 2):
        data = BYTES[number : number + length]
        sent.append((number, data))
        stream.append(command(number) + (regular(data, size) if size else irregular(data, pieces)))
    wire.read(b"".join(stream), pieces, largest)  # the peer does not wait for answers, which is allowed to no one
    assert wire.heard == sent
    assert wire.most_views > 4 or size == 0 or largest == 40
    wire.assembler.close()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (p_data(fragment(bytes(4090), last=False, context=3)), "without its command"),
        (p_data(fragment(bytes(4090), last=False, context=5)), "not accepted"),
        (p_data(fragment(bytes(4090), last=False, is_command=True)), "before the last one's data set"),
        (pdu.HEADER.pack(pdu.P_DATA_TF, 0, 4096) + pdu.PDV_HEADER.pack(4093, 1, 0) + bytes(4090), "contradicts"),
        (pdu.HEADER.pack(9, 0, 4096) + pdu.PDV_HEADER.pack(4092, 1, 0) + bytes(4090), "does not exist"),
        (pdu.HEADER.pack(pdu.P_DATA_TF, 0, 1 << 31) + bytes(4096), "longer than any"),
    ],
)
@pytest.mark.parametrize("largest", [100, 1_000_000])
def test_what_is_wrong_behind_what_was_foretold_ends_the_association(
    wrong: bytes, sentence: str, largest: int, tmp_path: Path
) -> None:
    wire = Wire(tmp_path)
    good = p_data(fragment(bytes(4090), last=False))
    wire.read(command(1) + good * 5 + wrong + good * 5, random.Random(1), largest)
    (aborted,) = wire.heard
    assert isinstance(aborted, Aborted) and sentence in aborted.sentence
    assert wire.upper.state is State.STA13
    wire.assembler.close()


def test_a_data_set_that_is_too_long_is_noticed_while_it_is_read_ahead(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    wire.assembler._limits = AssemblyLimits(store=50_000)
    wire.read(command(1) + p_data(fragment(bytes(4090), last=False)) * 20, random.Random(1), 1_000_000)
    (aborted,) = wire.heard
    assert isinstance(aborted, Aborted) and "longer than any" in aborted.sentence
    wire.assembler.close()


def test_an_abort_behind_an_unfinished_data_set_is_read(tmp_path: Path) -> None:
    wire = Wire(tmp_path)
    good = p_data(fragment(bytes(4090), last=False))
    wire.read(command(1) + good * 5 + pdu.encode(pdu.Abort(0, 0)), random.Random(1), 1_000_000)
    (aborted,) = wire.heard
    assert isinstance(aborted, Aborted) and aborted.sentence == "the peer aborted the association"
    wire.assembler.close()
