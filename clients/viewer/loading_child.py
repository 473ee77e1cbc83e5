"""A decoder process: frames in by its standard input, pixels out by its standard output; it ends with its parent."""

from __future__ import annotations

import os
import sys
from typing import IO

from clients.viewer.loading_messages import Answer, Task, read_exactly, read_message, write_message
from shared.imaging.codecs import UndecodableFrame, decode_frame

MEMORY_BYTES = 6 << 30  # of addresses, where the system can limit them


def main() -> None:
    """Serve until the parent closes the pipe."""
    _limit()
    _import_codecs()
    source = os.fdopen(0, "rb", buffering=0)
    target = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a codec prints does not come between the pixels
    while True:
        try:
            task = read_message(source, Task)
            data = bytearray(task.size)
            read_exactly(source, memoryview(data))
        except EOFError:
            return
        try:
            _serve(target, task, data)
        except BrokenPipeError:
            return


def _serve(target: IO[bytes], task: Task, data: bytearray) -> None:
    import numpy as np

    try:
        array = np.ascontiguousarray(decode_frame(memoryview(data), task.format(), task.syntax))
    except UndecodableFrame as error:
        write_message(target, Answer(error=type(error).__name__, text=str(error)))
        return
    except MemoryError:
        write_message(target, Answer(error="FrameTooLarge", text="The frame needs more memory than one may have."))
        return
    write_message(target, Answer(shape=array.shape, dtype=array.dtype.str), array.data)


def _limit() -> None:
    """No core files (they hold patients' pixels), no memory without end."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _import_codecs() -> None:
    import imagecodecs

    for codec in ("jpegls_decode", "htj2k_decode", "jpeg2k_decode", "jpeg8_decode", "dicomrle_decode"):
        getattr(imagecodecs, codec, None)  # each codec is a module of its own, loaded when first named


if __name__ == "__main__":
    main()
