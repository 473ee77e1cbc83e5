"""What goes back: data sets, bodies that are streamed, refusals; and the conditional requests of HTTP."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.doors.web.dicomweb import multipart
from server.doors.web.dicomweb.negotiation import JSON, XML, MediaType, choose
from server.doors.web.dicomweb.ports import Json, Refusal, StoredInstance
from server.doors.web.dicomweb.xml_model import to_xml
from server.doors.web.spans import FileSpan

Buffer: TypeAlias = bytes | memoryview | FileSpan

logger = logging.getLogger(__name__)

BULK = "mingjing.bulk"
REVALIDATE = "private, no-cache"
"""A client may keep the answer and must ask whether it still holds (ETag): corrections take effect at once."""

encode = msgspec.json.Encoder().encode
_JSON_NAMES = (JSON, "application/json")


class Streamed(Response):
    """A body from an iterator of buffers, sent by a thread; `length` None sends it in chunks."""

    def __init__(
        self, body: Iterator[Buffer], content_type: str, length: int | None, headers: Mapping[str, str]
    ) -> None:
        self.body_iterator = body
        self.status_code = 200
        self.background = None
        self.init_headers({**headers, "content-type": content_type})
        if length is not None:
            self.headers["content-length"] = str(length)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        bulk = (scope.get("extensions") or {}).get(BULK)
        if bulk is not None:
            try:
                await bulk(self.body_iterator)
            except (OSError, Refusal) as error:
                logger.warning("web: a streamed answer was cut off: %s", type(error).__name__)
                return
        else:
            async for piece in iterate_in_threadpool(self.body_iterator):
                await send({"type": "http.response.body", "body": bytes(piece), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def sentence(refusal: Refusal) -> Response:
    """A refusal in words."""
    return Response(
        refusal.sentence + "\n",
        refusal.status,
        {**refusal.headers, "cache-control": "no-store"},
        media_type="text/plain",
    )


def data_sets(
    found: Sequence[Json], choices: Sequence[MediaType], headers: Mapping[str, str], *, none_status: int = 204
) -> Response:
    """Search results as a JSON array or as XML parts; nothing found is an empty answer."""
    name = choose(choices, (*_JSON_NAMES, XML))
    if not found:
        return Response(status_code=none_status, headers=dict(headers))
    if name in _JSON_NAMES:
        return Response(encode(found), headers=dict(headers), media_type=name)
    return xml_parts(found, headers)


def xml_parts(found: Iterable[Json], headers: Mapping[str, str]) -> Response:
    """Data sets as parts of application/dicom+xml."""
    boundary = multipart.new_boundary()
    body = b"".join(multipart.part_head(boundary, XML) + to_xml(one) for one in found) + multipart.closing(boundary)
    response = Response(body, headers=dict(headers))
    response.headers["content-type"] = multipart.content_type(boundary, XML)
    return response


def check_acceptable(choices: Sequence[MediaType]) -> None:
    """Raises Refusal (406) when a data set cannot be given in any of them."""
    choose(choices, (*_JSON_NAMES, XML))


def one_data_set(data_set: Json, choices: Sequence[MediaType], status: int, headers: Mapping[str, str]) -> Response:
    """A single data set, JSON (without an array) or XML."""
    name = choose(choices, (*_JSON_NAMES, XML))
    if name == XML:
        return Response(to_xml(data_set), status, dict(headers), media_type=XML)
    return Response(encode(data_set), status, dict(headers), media_type=name)


def etag_of(parts: Iterable[str]) -> str:
    """A strong entity tag over what decides the bytes of an answer."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return f'"{digest.hexdigest()[:40]}"'


def stamp_of(instances: Sequence[StoredInstance]) -> str:
    """What changes whenever the set or the content of the instances changes."""
    digest = hashlib.sha256()
    for one in instances:
        digest.update(f"{one.sop_instance_uid} {one.stamp}\n".encode())
    return digest.hexdigest()


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the client holds this version already (RFC 9110 13.1.2)."""
    if not if_none_match or len(if_none_match) > 4000:
        return False
    return if_none_match.strip() == "*" or etag in [
        known.strip().removeprefix("W/") for known in if_none_match.split(",")
    ]


def not_modified(etag: str) -> Response:
    return Response(status_code=304, headers={"etag": etag, "cache-control": REVALIDATE})


def byte_range(header: str, length: int) -> tuple[int, int] | None:
    """Start and stop of a single range (RFC 9110 14.1.2); None for no or several ranges. Raises Refusal (416)."""
    unit, _, spec = header.partition("=")
    if unit.strip().lower() != "bytes" or not spec or "," in spec or len(spec) > 50:
        return None
    first, dash, last = (piece.strip() for piece in spec.partition("-"))
    if not dash or not (first or last) or not (first + last).isascii() or not (first + last).isdecimal():
        return None
    if not first:
        start, stop = max(length - int(last), 0), length
    else:
        start, stop = int(first), min(int(last) + 1, length) if last else length
    if start >= length or start >= stop:
        raise Refusal(416, "The range lies beyond the end.", {"content-range": f"bytes */{length}"})
    return start, stop
