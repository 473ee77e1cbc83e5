"""DIMSE messages (PS3.7): command sets by hand, and the assembly of messages from fragments in one reusable buffer.

Data sets are opaque here. An association has one :class:`Assembler`; its buffer grows for large objects within a
budget shared by all associations of the process, and above the limit the fragments go to a spool file.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

from server.doors.dicom import pdu
from server.doors.dicom.ports import Arrival

# Command fields, PS3.7 E.1-1.
C_STORE_RQ, C_STORE_RSP = 0x0001, 0x8001
C_GET_RQ, C_GET_RSP = 0x0010, 0x8010
C_FIND_RQ, C_FIND_RSP = 0x0020, 0x8020
C_MOVE_RQ, C_MOVE_RSP = 0x0021, 0x8021
C_ECHO_RQ, C_ECHO_RSP = 0x0030, 0x8030
N_EVENT_REPORT_RQ, N_EVENT_REPORT_RSP = 0x0100, 0x8100
N_GET_RQ, N_GET_RSP = 0x0110, 0x8110
N_SET_RQ, N_SET_RSP = 0x0120, 0x8120
N_ACTION_RQ, N_ACTION_RSP = 0x0130, 0x8130
N_CREATE_RQ, N_CREATE_RSP = 0x0140, 0x8140
N_DELETE_RQ, N_DELETE_RSP = 0x0150, 0x8150
C_CANCEL_RQ = 0x0FFF
RESPONSE_BIT: Final = 0x8000
NO_DATA_SET: Final = 0x0101

# Elements of group 0000, PS3.7 E.1-1.
AFFECTED_SOP_CLASS, REQUESTED_SOP_CLASS = 0x0002, 0x0003
COMMAND_FIELD, MESSAGE_ID, MESSAGE_ID_RESPONDED = 0x0100, 0x0110, 0x0120
MOVE_DESTINATION, PRIORITY, DATA_SET_TYPE = 0x0600, 0x0700, 0x0800
STATUS, OFFENDING_ELEMENT, ERROR_COMMENT, ERROR_ID = 0x0900, 0x0901, 0x0902, 0x0903
AFFECTED_SOP_INSTANCE, REQUESTED_SOP_INSTANCE = 0x1000, 0x1001
EVENT_TYPE, ATTRIBUTE_LIST, ACTION_TYPE = 0x1002, 0x1005, 0x1008
REMAINING, COMPLETED, FAILED, WARNINGS = 0x1020, 0x1021, 0x1022, 0x1023
MOVE_ORIGINATOR_AE, MOVE_ORIGINATOR_ID = 0x1030, 0x1031

_US = frozenset(
    (
        COMMAND_FIELD, MESSAGE_ID, MESSAGE_ID_RESPONDED, PRIORITY, DATA_SET_TYPE, STATUS, ERROR_ID, EVENT_TYPE,
        ACTION_TYPE, REMAINING, COMPLETED, FAILED, WARNINGS, MOVE_ORIGINATOR_ID,
    )
)  # fmt: skip
_UI = frozenset((AFFECTED_SOP_CLASS, REQUESTED_SOP_CLASS, AFFECTED_SOP_INSTANCE, REQUESTED_SOP_INSTANCE))
_ELEMENT = struct.Struct("<HHI")
_SHORT = struct.Struct("<H")

MAX_COMMAND = 16 << 10
"""Longest command set we read; a real one has about 300 bytes."""

Command = Mapping[int, int | str]
"""A command set: element number of group 0000 → integer (US) or text (UI, AE, LO); the lists of tags (AT) are left
out."""


def encode_command(command: Command) -> bytes:
    """The command set in Implicit VR Little Endian with its group length (PS3.7 6.3.1)."""
    body = b"".join([_element(element, command[element]) for element in sorted(command)])
    return _ELEMENT.pack(0, 0, 4) + struct.pack("<I", len(body)) + body


@lru_cache(maxsize=1024)
def _store_response_head(sop_class: str) -> bytes:
    return _element(AFFECTED_SOP_CLASS, sop_class) + _element(COMMAND_FIELD, C_STORE_RSP)


_RESPONSE_MIDDLE = struct.Struct("<HHIHHHIHHHIH")


def encode_store_response(sop_class: str, sop_instance: str, message_id: int, status: int) -> bytes:
    """What :func:`encode_command` makes of a C-STORE response without a comment (PS3.7 9.3.1.2), in less time."""
    head = _store_response_head(sop_class)
    middle = _RESPONSE_MIDDLE.pack(
        0, MESSAGE_ID_RESPONDED, 2, message_id, 0, DATA_SET_TYPE, 2, NO_DATA_SET, 0, STATUS, 2, status
    )
    body = head + middle + _element(AFFECTED_SOP_INSTANCE, sop_instance)
    return _ELEMENT.pack(0, 0, 4) + len(body).to_bytes(4, "little") + body


def _element(element: int, value: int | str) -> bytes:
    if isinstance(value, int):
        raw = _SHORT.pack(value)
    else:
        raw = value.encode("ascii", "replace")
        if len(raw) & 1:
            raw += b"\0" if element in _UI else b" "
    return _ELEMENT.pack(0, element, len(raw)) + raw


def decode_command(data: bytes | bytearray | memoryview) -> dict[int, int | str]:
    """The command set's known elements; raises :class:`pdu.PduError` when it is no command set."""
    out: dict[int, int | str] = {}
    at, end = 0, len(data)
    while at < end:
        if end - at < 8:
            raise pdu.PduError("a command set ends inside an element")
        group, element, length = _ELEMENT.unpack_from(data, at)
        at += 8
        if length > end - at:
            raise pdu.PduError("an element of a command set is longer than the command set")
        if group == 0 and element:
            value = bytes(data[at : at + length])
            if element in _US:
                if length >= 2:
                    out[element] = _SHORT.unpack_from(value)[0]
            elif element not in (OFFENDING_ELEMENT, ATTRIBUTE_LIST):
                out[element] = value.decode("ascii", "replace").strip(" \0")
        at += length
    if not isinstance(out.get(COMMAND_FIELD), int):
        raise pdu.PduError("a command set has no command field")
    return out


@dataclass(slots=True)
class Message:
    """One DIMSE message. ``data`` is a view of the association's buffer, valid until the next message is read."""

    context_id: int
    command: Mapping[int, int | str]
    data: memoryview | None = None
    spool: Path | None = None
    length: int = 0
    arrival: Arrival | None = None
    """Who was given the parts of the data set as they came."""
    overflow: str = ""
    """Why the data set could not be kept (the spool's disk is full); it was read to its end and thrown away."""

    @property
    def field(self) -> int:
        """The command field."""
        return self.number(COMMAND_FIELD)

    @property
    def message_id(self) -> int:
        """The id to be answered."""
        return self.number(MESSAGE_ID)

    def number(self, element: int, default: int = 0) -> int:
        """An integer element."""
        value = self.command.get(element, default)
        return value if isinstance(value, int) else default

    def text(self, element: int) -> str:
        """A text element, empty when missing."""
        value = self.command.get(element, "")
        return value if isinstance(value, str) else ""

    def keep(self) -> None:
        """Copy the data set so that it outlives the next message."""
        if self.arrival is not None:
            self.arrival.drop()  # it works on the memory that the next message comes into
            self.arrival = None
        if self.data is not None:
            self.data = memoryview(bytes(self.data))

    def discard(self) -> None:
        """Delete the spool file if it is still there; nobody works on the data set any more."""
        if self.arrival is not None:
            self.arrival.drop()
        if self.spool is not None:
            with contextlib.suppress(OSError):
                self.spool.unlink(missing_ok=True)


class MemoryBudget:
    """Bytes that all associations of a process may hold above their first megabyte."""

    def __init__(self, total: int) -> None:
        self._left = total
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Reserve ``size`` bytes if there are so many."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        """Return what :meth:`take` reserved."""
        with self._lock:
            self._left += size


@dataclass(frozen=True, slots=True)
class AssemblyLimits:
    """Sizes in bytes: ``in_memory`` per data set, then it spools; ``store`` and ``other`` end the association."""

    in_memory: int = 64 << 20
    store: int = 8 << 30
    other: int = 16 << 20
    spool_directory: Path | None = None


FIRST_BUFFER = 1 << 20
SPOOL_CHUNK = 1 << 20
SPOOL_PATTERN: Final = "dicom-*.spool"


def _pages(size: int) -> mmap.mmap:
    """Memory that begins at a page, so that a sink can have the disk read it directly."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _no_arrival(_message: Message) -> Arrival | None:
    return None


class Assembler:
    """Makes messages of one association's fragments (:class:`upper_layer.PdvSink`)."""

    def __init__(self, limits: AssemblyLimits, budget: MemoryBudget) -> None:
        self.contexts: frozenset[int] = frozenset()
        """The accepted presentation contexts; a fragment of any other ends the association."""
        self.arrivals: Callable[[Message], Arrival | None] = _no_arrival
        """Asked for each announced data set who wants its parts as they come."""
        self._arrival: Arrival | None = None
        self._lead = 0  # bytes in the buffer that are its own, in front of the data set
        self._limits = limits
        self._budget = budget
        self._reserved = 0
        self._view = memoryview(_pages(FIRST_BUFFER))
        self._command = bytearray()
        self._message: Message | None = None
        self._is_command = False
        self._is_last = False
        self._context_id = 0
        self._used = 0  # bytes of the buffer, with the lead
        self._length = 0  # bytes of the data set in all
        self._limit = limits.other
        self._scratch = memoryview(b"")
        self._spool: BinaryIO | None = None
        self._spool_path: Path | None = None
        self._overflow = ""

    def begin(self, context_id: int, is_command: bool, is_last: bool, length: int) -> None:
        """See :class:`upper_layer.PdvSink`."""
        if context_id not in self.contexts:
            raise pdu.PduError(f"a fragment came on presentation context {context_id}, which was not accepted")
        if is_command:
            if self._message is not None:
                raise pdu.PduError("a command came before the last one's data set was complete")
            if self._command and context_id != self._context_id:
                raise pdu.PduError("a command continues on another presentation context")
            if len(self._command) + length > MAX_COMMAND:
                raise pdu.PduError("a command set is longer than any we read")
            self._scratch = memoryview(bytearray(length))
        else:
            if self._message is None or context_id != self._context_id:
                raise pdu.PduError("a data set came without its command")
            if self._length + length > self._limit:
                raise pdu.PduError("a data set is longer than any we read")
            self._scratch_used = 0
        self._is_command, self._is_last, self._context_id = is_command, is_last, context_id
        self._scratch_used = 0

    def room(self, length: int) -> memoryview:
        """See :class:`upper_layer.PdvSink`."""
        if self._is_command:
            return self._scratch[self._scratch_used :]
        if self._spool is None and not self._overflow and self._used + length > len(self._view):
            self._grow(self._used + length)
        if self._spool is not None or self._overflow:
            return self._view[: min(length, SPOOL_CHUNK)]
        return self._view[self._used : self._used + length]

    def ahead(self, after: int, length: int) -> memoryview | None:
        """See :class:`upper_layer.PdvSink`."""
        start = self._used + after
        if self._is_command or self._spool is not None or self._overflow or start + length > len(self._view):
            return None
        return self._view[start : start + length]

    def filled(self, length: int) -> None:
        """See :class:`upper_layer.PdvSink`."""
        if self._is_command:
            self._scratch_used += length
            return
        self._length += length
        if self._spool is not None:
            self._write(self._view[:length])
        elif not self._overflow:
            self._used += length

    def end(self) -> Message | None:
        """See :class:`upper_layer.PdvSink`."""
        if self._is_command:
            self._command += self._scratch
            if not self._is_last:
                return None
            command = decode_command(self._command)
            self._command = bytearray()
            self._message = Message(self._context_id, command)
            self._used = self._length = self._lead = 0
            self._overflow = ""
            self._limit = self._limits.store if command[COMMAND_FIELD] == C_STORE_RQ else self._limits.other
            if command.get(DATA_SET_TYPE, NO_DATA_SET) != NO_DATA_SET:
                if command[COMMAND_FIELD] == C_STORE_RQ:
                    self._arrival = self.arrivals(self._message)
                    if self._arrival is not None:
                        self._used = self._lead = self._arrival.lead
                return None
        elif not self._is_last:
            if self._arrival is not None:
                self._arrival.take(self._view[: self._used])
            return None
        message, self._message = self._message, None
        if message is None:
            raise pdu.PduError("a data set came without its command")
        if not self._is_command:
            self._finish(message)
        return message

    def close(self) -> None:
        """Give back the memory and delete an unfinished spool file."""
        self._budget.give_back(self._reserved)
        self._reserved = 0
        self._drop_arrival()
        self._view = memoryview(b"")
        self.arrivals = _no_arrival  # its owner owns us: a circle would keep the memory until a collection
        if self._spool is not None:
            self._spool.close()
            self._spool = None
        if self._spool_path is not None:
            self._spool_path.unlink(missing_ok=True)
            self._spool_path = None

    def _finish(self, message: Message) -> None:
        message.length = self._length
        if self._arrival is not None:
            self._arrival.take(self._view[: self._used])
        message.arrival, self._arrival = self._arrival, None
        message.overflow = self._overflow
        if self._spool is not None:
            self._spool.close()
            self._spool = None
            message.spool, self._spool_path = self._spool_path, None
        elif not self._overflow:
            message.data = self._view[self._lead : self._used].toreadonly()

    def _grow(self, need: int) -> None:
        """A buffer of at least ``need`` bytes if limit and budget allow it, else a spool file."""
        size = min(max(2 * len(self._view), need), self._limits.in_memory)
        if size >= need and self._budget.take(size - len(self._view)):
            self._reserved += size - len(self._view)
            grown = memoryview(_pages(size))
            grown[: self._used] = self._view[: self._used]
            self._view = grown
            return
        self._drop_arrival()
        try:
            handle, name = tempfile.mkstemp(prefix="dicom-", suffix=".spool", dir=self._limits.spool_directory)
            self._spool_path = Path(name)
            self._spool = os.fdopen(handle, "wb", buffering=0)
        except OSError as error:
            self._give_up(error)
            return
        self._write(self._view[self._lead : self._used])
        self._used = self._lead = 0

    def _drop_arrival(self) -> None:
        if self._arrival is not None:
            self._arrival.drop()
            self._arrival = None

    def _write(self, data: memoryview) -> None:
        if self._spool is None:
            return
        try:
            while len(data):
                data = data[self._spool.write(data) :]
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._overflow = f"The object does not fit on the server's disk ({error.strerror}); free space and send again."
        if self._spool is not None:
            self._spool.close()
            self._spool = None
        if self._spool_path is not None:
            self._spool_path.unlink(missing_ok=True)
            self._spool_path = None
