"""multipart/related (RFC 2046, RFC 2387): a reader that is fed bytes, and the heads of what we write."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

MAX_BOUNDARY = 70
MAX_PART_HEADERS = 16 << 10
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}\Z")


class BadMultipart(Exception):
    """The body is no multipart of the announced kind; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class PartBegins:
    """A part with its headers, names in lower case."""

    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part that began last."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnds:
    """The part is whole."""


Event = PartBegins | PartData | PartEnds


class MultipartReader:
    """Feed it the body in any pieces; it gives events and keeps no more than a boundary's length of data back."""

    def __init__(self, boundary: str, max_parts: int) -> None:
        if not _BOUNDARY.match(boundary) or boundary.endswith(" "):
            raise BadMultipart("The boundary of the multipart body is missing or malformed.")
        self._mark = b"\r\n--" + boundary.encode("ascii")
        self._max_parts = max_parts
        self._buffer = bytearray(b"\r\n")  # the first boundary may stand at the very beginning
        self._state = "preamble"
        self._parts = 0

    @property
    def is_complete(self) -> bool:
        """Whether the closing boundary was seen."""
        return self._state == "epilogue"

    def feed(self, data: bytes) -> Iterator[Event]:
        """Events that `data` completes. Raises BadMultipart."""
        self._buffer += data
        while True:
            before = (self._state, len(self._buffer))
            if self._state in ("preamble", "data"):
                yield from self._to_boundary()
            elif self._state == "boundary":
                self._after_boundary()
            elif self._state == "headers":
                yield from self._headers()
            else:
                self._buffer.clear()
            if before == (self._state, len(self._buffer)):
                return

    def close(self) -> None:
        """Say that the body is over. Raises BadMultipart when it is not whole."""
        if not self.is_complete:
            raise BadMultipart("The multipart body ends without its closing boundary.")

    def _to_boundary(self) -> Iterator[Event]:
        at = self._buffer.find(self._mark)
        # what follows decides whether it is the boundary: wait for two more bytes
        while at >= 0 and len(self._buffer) >= at + len(self._mark) + 2:
            follows = bytes(self._buffer[at + len(self._mark) : at + len(self._mark) + 2])
            if follows in (b"\r\n", b"--") or follows[:1] in (b" ", b"\t"):
                if self._state == "data":
                    if at:
                        yield PartData(self._beginning(at))
                    yield PartEnds()
                del self._buffer[: at + len(self._mark)]
                self._state = "boundary"
                return
            at = self._buffer.find(self._mark, at + 1)
        keep = len(self._buffer) - at if at >= 0 else len(self._mark) + 1
        ready = len(self._buffer) - keep
        if ready > 0:
            if self._state == "data":
                yield PartData(self._beginning(ready))
            del self._buffer[:ready]

    def _beginning(self, length: int) -> bytes:
        with memoryview(self._buffer) as view:  # one copy, where a slice of the buffer would be another
            return bytes(view[:length])

    def _after_boundary(self) -> None:
        if self._buffer.startswith(b"--"):
            self._state = "epilogue"
            return
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > 200:
                raise BadMultipart("A boundary line of the multipart body is too long.")
            return
        if bytes(self._buffer[:end]).strip(b" \t"):
            raise BadMultipart("A boundary line of the multipart body is malformed.")
        self._parts += 1
        if self._parts > self._max_parts:
            raise BadMultipart(f"The body has more than {self._max_parts} parts.")
        del self._buffer[:end]  # the line end stays: headers may be empty
        self._state = "headers"

    def _headers(self) -> Iterator[Event]:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > MAX_PART_HEADERS:
            if len(self._buffer) > MAX_PART_HEADERS:
                raise BadMultipart("The headers of a part are too long.")
            return
        headers: dict[str, str] = {}
        for line in bytes(self._buffer[:end]).split(b"\r\n"):
            name, colon, value = line.partition(b":")
            if colon and len(headers) < 50:
                headers[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")
        del self._buffer[: end + 2]  # the line end before an empty part's boundary stays
        self._skip_line_end()
        self._state = "data"
        yield PartBegins(headers)

    def _skip_line_end(self) -> None:
        """Drop the empty line's end, unless the boundary follows at once (an empty part)."""
        if not self._buffer.startswith(self._mark):
            del self._buffer[:2]


def new_boundary() -> str:
    """A boundary with 128 random bits: no data hold it but by ill will, and then only of who guessed it."""
    return "mingjing-" + secrets.token_hex(16)


def part_head(boundary: str, content_type: str, location: str = "") -> bytes:
    """What stands before the content of a part."""
    where = f"\r\nContent-Location: {location}" if location else ""
    return f"\r\n--{boundary}\r\nContent-Type: {content_type}{where}\r\n\r\n".encode()


def closing(boundary: str) -> bytes:
    """What stands after the last part."""
    return f"\r\n--{boundary}--\r\n".encode()


def content_type(boundary: str, inner: str, more: str = "") -> str:
    """The value of Content-Type for the whole."""
    return f'multipart/related; type="{inner}"; boundary={boundary}{more}'
