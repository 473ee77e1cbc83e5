"""Objects whose frames are tiles: whole files, or headers whose tiles come from the server one by one. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from shared.contract.errors import RpcError
from shared.imaging.frames import Part10, UnreadableFile


class TiledObject(Protocol):
    """What a slide needs of a file; for several threads at once."""

    @property
    def transfer_syntax(self) -> str: ...

    @property
    def header(self) -> Any:
        """A data set without pixel data."""

    def frame(self, index: int, native_bytes: int) -> bytes:
        """Stored bytes of frame ``index`` (from 0). Raises UnreadableFile."""


class RemoteTiles:
    """A level that stays on the server: a slide of a gigabyte is seen at once, and only what is looked at travels."""

    def __init__(self, head: Part10, sop_instance_uid: str, fetch: Callable[[str, int], bytes]) -> None:
        """``fetch`` takes the UID and a frame from 1; it may raise RpcError."""
        self._head, self._uid, self._fetch = head, sop_instance_uid, fetch

    @property
    def header(self) -> Any:
        return self._head.header

    @property
    def transfer_syntax(self) -> str:
        return self._head.transfer_syntax

    def frame(self, index: int, native_bytes: int) -> bytes:
        try:
            return self._fetch(self._uid, index + 1)
        except RpcError as error:
            raise UnreadableFile(str(error)) from error
