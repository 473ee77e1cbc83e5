"""Sends a scanner's file in chunks; what was cut off goes on where it ended. No Qt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from shared.contract.pathology_slides import BeginSlideUpload, FinishSlideUpload, PutSlideChunk

CHUNK = 2 << 20
_BLOCK = 4 << 20


class Call(Protocol):
    """The connection's `call`."""

    def __call__(self, request: Any) -> Any: ...


def upload(path: Path, call: Call, progress: Callable[[int, int], None]) -> int:
    """Send a file; returns the upload's id. `progress` takes (bytes, of) and may raise to stop.

    Raises OSError for a file that cannot be read, RpcError for what the server refuses.
    """
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            progress(0, size)
        told = call(BeginSlideUpload(name=path.name, size_bytes=size, sha256=digest.hexdigest()))
        while told.offset < size:
            progress(told.offset, size)
            file.seek(told.offset)
            told = call(PutSlideChunk(upload_id=told.id, offset=told.offset, data=file.read(CHUNK)))
        progress(size, size)
    call(FinishSlideUpload(upload_id=told.id))
    return int(told.id)
