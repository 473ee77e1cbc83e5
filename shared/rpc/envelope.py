"""Envelopes of requests, replies and bulk items, and their size limits. Two frames: header, body (msgpack)."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from shared.contract.base import PROTOCOL_VERSION, Request
from shared.contract.errors import ErrorBody, ErrorCode, Refused
from shared.rpc.structs import decoder_of

MAX_HEADER_BYTES = 4 * 1024
MAX_BODY_BYTES = 8 * 1024 * 1024  # a key image of 4 MB and room to spare
MAX_BULK_CHUNK_BYTES = 512 * 1024  # 256 kB to 1 MB travel best
BULK_BURST = 16  # chunks per request: a longer item is asked for again from where the burst ended

ReplyT = TypeVar("ReplyT")


class RequestHeader(msgspec.Struct, frozen=True, array_like=True):
    """What stands before a request's body. `key` is the idempotency key of a command, empty for a query."""

    version: int
    id: int
    method: str
    token: str = ""
    key: str = ""


class ReplyHeader(msgspec.Struct, frozen=True, array_like=True):
    """What stands before a reply's body; with `ok` False the body is an ErrorBody."""

    id: int
    ok: bool


class BulkRequest(msgspec.Struct, frozen=True, array_like=True):
    """Ask for bytes. `item`: "frame" (stored syntax; name = SOP Instance UID, frame from 1),
    "object" (Part 10 file; name = SOP Instance UID) or "document" (name = id).

    `offset` > 0 resumes an item that was cut off.
    """

    id: int
    token: str
    item: str
    name: str
    frame: int = 0
    offset: int = 0


class BulkHeader(msgspec.Struct, frozen=True, array_like=True):
    """What stands before each chunk; with `ok` False the chunk is an ErrorBody."""

    id: int
    ok: bool
    offset: int
    total: int
    transfer_syntax_uid: str = ""


_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode
_headers = msgspec.msgpack.Decoder(RequestHeader)
_reply_headers = msgspec.msgpack.Decoder(ReplyHeader)
_errors = msgspec.msgpack.Decoder(ErrorBody)


def decode(type_: type[ReplyT], body: bytes | memoryview) -> ReplyT:
    """Decode msgpack into `type_`. Raises msgspec.ValidationError or DecodeError."""
    result: ReplyT = decoder_of(type_).decode(body)
    return result


def request_header(number: int, request: Request[Any], token: str, key: str) -> bytes:
    """Encode the header of `request`."""
    return encode(RequestHeader(PROTOCOL_VERSION, number, request.method, token, key))


def decode_request_header(frame: bytes) -> RequestHeader:
    """Decode and check a request's header. Raises Refused: TOO_LARGE, MALFORMED, WRONG_VERSION."""
    if len(frame) > MAX_HEADER_BYTES:
        raise Refused(ErrorBody(code=ErrorCode.TOO_LARGE, message="请求头过长。"))
    try:
        header = _headers.decode(frame)
    except msgspec.MsgspecError as error:
        raise Refused(ErrorBody(code=ErrorCode.MALFORMED, message="请求头无法解析。")) from error
    if header.version != PROTOCOL_VERSION:
        raise Refused(
            ErrorBody(
                code=ErrorCode.WRONG_VERSION,
                message=f"协议版本不一致：客户端 {header.version}，服务器 {PROTOCOL_VERSION}，请升级。",
            )
        )
    return header


def decode_reply_header(frame: bytes) -> ReplyHeader:
    """Decode a reply's header."""
    return _reply_headers.decode(frame)


def decode_error(body: bytes | memoryview) -> ErrorBody:
    """Decode the body of a failed reply."""
    return _errors.decode(body)
