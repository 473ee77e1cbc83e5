"""The child process that runs codecs: requests come on its standard input, results go to its standard output.

It limits its own memory where the system can (POSIX), and ends when its parent has gone: its input ends then.
"""

from __future__ import annotations

import struct
import sys
from typing import BinaryIO

REQUEST = struct.Struct("<QHH")
"""Lengths of the data set, the stored syntax and the wanted one; then come syntax, syntax, data."""
ANSWER = struct.Struct("<HQ")
"""A DIMSE status, and the length of what follows: the data set when it is 0, else a sentence in UTF-8."""


def main() -> int:
    """Serve until the input ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing a library prints may get between the answers
    memory = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    _limit_memory(memory)
    from server.doors.dicom.ports import Refused
    from server.doors.dicom.transcoding.frames import transcoded

    while True:
        head = source.read(REQUEST.size)
        if len(head) < REQUEST.size:
            return 0
        size, stored_size, wanted_size = REQUEST.unpack(head)
        stored = source.read(stored_size).decode("ascii")
        wanted = source.read(wanted_size).decode("ascii")
        data = source.read(size)
        if len(data) < size:
            return 0
        try:
            out: bytes = transcoded(memoryview(data), stored, wanted)
            status = 0
        except Refused as refused:
            out, status = refused.sentence.encode("utf-8"), refused.status
        except RecursionError:
            out, status = b"The object nests too deeply", 0x0110
        del data
        _answer(sink, status, out)
        del out


def _answer(sink: BinaryIO, status: int, out: bytes) -> None:
    sink.write(ANSWER.pack(status, len(out)))
    sink.write(out)
    sink.flush()


def _limit_memory(size: int) -> None:
    """No more address space than ``size`` bytes; a codec that wants more gets none, which is an error, no swapping."""
    if not size or sys.platform == "win32":
        return  # Windows: sizes are checked before they are decoded, and the parent's time limit holds
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
