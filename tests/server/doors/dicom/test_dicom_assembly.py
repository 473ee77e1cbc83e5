"""The message buffer: growth, budget, spooling, a full disk."""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path

import pytest

from server.doors.dicom import dimse, pdu
from server.doors.dicom.dimse import Assembler, AssemblyLimits, MemoryBudget, Message


def store(assembler: Assembler, size: int, *, piece: int = 300_000, message_id: int = 1) -> Message:
    """Give the assembler a C-STORE of ``size`` bytes in pieces."""
    command = dimse.encode_command({0x0100: 1, 0x0110: message_id, 0x0800: 1})
    assert put(assembler, command, is_command=True, last=True) is None
    data = pattern(size)
    for at in range(0, size, piece):
        part = data[at : at + piece]
        message = put(assembler, part, is_command=False, last=at + piece >= size)
    assert message is not None
    return message


def put(assembler: Assembler, data: bytes, *, is_command: bool, last: bool) -> Message | None:
    assembler.begin(1, is_command, last, len(data))
    view = memoryview(data)
    while view:
        room = assembler.room(len(view))
        assert 0 < len(room) <= len(view)
        room[:] = view[: len(room)]
        assembler.filled(len(room))
        view = view[len(room) :]
    return assembler.end()


def pattern(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


@pytest.fixture
def budget() -> MemoryBudget:
    return MemoryBudget(64 << 20)


def make(budget: MemoryBudget, folder: Path, **limits: int) -> Assembler:
    assembler = Assembler(AssemblyLimits(spool_directory=folder, **limits), budget)
    assembler.contexts = frozenset((1,))
    return assembler


def left(budget: MemoryBudget) -> int:
    return budget._left


@pytest.mark.parametrize("size", [1, 1000, 1 << 20, (1 << 20) + 1, 5_000_000])
def test_objects_in_memory_are_contiguous(size: int, budget: MemoryBudget, tmp_path: Path) -> None:
    assembler = make(budget, tmp_path)
    for number in range(3):
        message = store(assembler, size, message_id=number)
        assert message.data is not None
        assert message.data.readonly
        assert bytes(message.data) == pattern(size)
        assert message.length == size
    assembler.close()
    assert left(budget) == 64 << 20


def test_an_object_above_the_limit_is_spooled(budget: MemoryBudget, tmp_path: Path) -> None:
    assembler = make(budget, tmp_path, in_memory=2 << 20)
    message = store(assembler, 5_000_000)
    assert message.data is None
    assert message.spool is not None
    assert message.spool.read_bytes() == pattern(5_000_000)
    message.discard()
    small = store(assembler, 1000)
    assert small.data is not None
    assert bytes(small.data) == pattern(1000)
    assembler.close()
    assert list(tmp_path.iterdir()) == []


def test_without_budget_large_objects_are_spooled(tmp_path: Path) -> None:
    assembler = make(MemoryBudget(0), tmp_path)
    message = store(assembler, 3 << 20)
    assert message.spool is not None
    assert message.spool.read_bytes() == pattern(3 << 20)
    message.discard()
    assembler.close()


def test_an_unfinished_spool_file_goes_with_the_association(budget: MemoryBudget, tmp_path: Path) -> None:
    assembler = make(budget, tmp_path, in_memory=1 << 20)
    put(assembler, dimse.encode_command({0x0100: 1, 0x0800: 1}), is_command=True, last=True)
    put(assembler, bytes(3 << 20), is_command=False, last=False)
    assert len(list(tmp_path.iterdir())) == 1
    assembler.close()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_the_rest_of_the_object_is_read(budget: MemoryBudget, tmp_path: Path) -> None:
    assembler = make(budget, tmp_path / "missing", in_memory=1 << 20)
    message = store(assembler, 4 << 20)
    assert message.data is None
    assert message.spool is None
    assert "disk" in message.overflow
    assert store(assembler, 1000).overflow == ""
    assembler.close()


def test_limits_end_the_association(budget: MemoryBudget, tmp_path: Path) -> None:
    assembler = make(budget, tmp_path, store=1000, other=100)
    put(assembler, dimse.encode_command({0x0100: 1, 0x0800: 1}), is_command=True, last=True)
    with pytest.raises(pdu.PduError, match="longer than any we read"):
        assembler.begin(1, False, False, 1001)
    other = make(budget, tmp_path, store=1000, other=100)
    put(other, dimse.encode_command({0x0100: 0x20, 0x0800: 1}), is_command=True, last=True)
    with pytest.raises(pdu.PduError, match="longer than any we read"):
        other.begin(1, False, False, 101)


def test_a_command_in_the_middle_of_a_data_set_is_refused(budget: MemoryBudget, tmp_path: Path) -> None:
    assembler = make(budget, tmp_path)
    put(assembler, dimse.encode_command({0x0100: 1, 0x0800: 1}), is_command=True, last=True)
    with pytest.raises(pdu.PduError, match="before the last one's data set"):
        assembler.begin(1, True, True, 10)


class Parts:
    """Looks at an object on its way in; the lead is its own."""

    def __init__(self, lead: int = 300) -> None:
        self.lead = lead
        self.lengths: list[int] = []
        self.data = b""
        self.dropped = 0

    def take(self, memory: memoryview) -> None:
        mark = b"#" * self.lead
        assert address_of(memory) % mmap.PAGESIZE == 0
        if self.lengths:
            assert memory[: self.lead] == mark
        memory[: self.lead] = mark
        self.data = bytes(memory[self.lead :])
        self.lengths.append(len(self.data))

    def drop(self) -> None:
        self.dropped += 1


def address_of(memory: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


@pytest.mark.parametrize("lead", [0, 1, 347])
@pytest.mark.parametrize("size", [1000, 300_000, (1 << 20) - 347, (1 << 20) - 346, 5_000_000])
def test_an_object_is_shown_as_it_comes_behind_room_for_its_beginning(
    size: int, lead: int, budget: MemoryBudget, tmp_path: Path
) -> None:
    assembler = make(budget, tmp_path)
    parts: list[Parts] = []

    def begin(_message: Message) -> Parts:
        parts.append(Parts(lead))
        return parts[-1]

    assembler.arrivals = begin
    for number in range(2):
        message = store(assembler, size, piece=100_000, message_id=number)
        (mine,) = parts[number:]
        assert message.arrival is mine
        assert mine.lengths == [*range(100_000, size, 100_000), size]
        assert mine.data == pattern(size) == message.data
        assert mine.dropped == 0
        message.discard()
        assert mine.dropped == 1
    assembler.close()


def test_a_message_that_waits_for_its_turn_gives_the_memory_to_the_next(budget: MemoryBudget, tmp_path: Path) -> None:
    assembler = make(budget, tmp_path)
    parts = Parts()
    assembler.arrivals = lambda _message: parts
    message = store(assembler, 1000)
    message.keep()
    assert parts.dropped == 1 and message.arrival is None
    store(assembler, 2000)
    assert message.data == pattern(1000)
    assembler.close()


def test_an_object_that_becomes_too_large_or_never_whole_is_not_handed_on(budget: MemoryBudget, tmp_path: Path) -> None:
    assembler = make(budget, tmp_path, in_memory=1 << 20)
    parts = Parts()
    assembler.arrivals = lambda _message: parts
    message = store(assembler, 3_000_000)
    assert message.spool is not None and message.arrival is None
    assert parts.dropped == 1
    message.discard()
    parts = Parts()
    put(assembler, dimse.encode_command({0x0100: 1, 0x0110: 2, 0x0800: 1}), is_command=True, last=True)
    put(assembler, bytes(100_000), is_command=False, last=False)
    assembler.close()  # the line broke
    assert parts.dropped == 1
