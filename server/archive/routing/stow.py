"""Sends objects to a DICOMweb server by STOW-RS (PS3.18 10.5), bounded in what it holds and reads; knows no table."""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from server.archive.receive import ObjectName, file_meta
from server.archive.routing.ports import Destination, Outcome, Outgoing, Unreachable

BATCH_BYTES = 16 << 20
BATCH_OBJECTS = 50
_MAX_ANSWER = 4 << 20
_MAX_TOKEN = 16 << 10
_CHUNK = 256 << 10
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


class StowSender:
    """A way out (routing.ports.WayOut). `secrets_folder` holds files with bearer tokens."""

    def __init__(self, secrets_folder: Path, *, timeout_s: float = 60.0) -> None:
        self._secrets = secrets_folder
        self._timeout_s = timeout_s

    def send(self, to: Destination, objects: Sequence[Outgoing], told: Callable[[Sequence[Outcome]], bool]) -> None:
        """Requests of at most BATCH_BYTES (one object may be larger), one after the other on one connection."""
        connection, path, headers = self._connect(to)
        try:
            waiting = list(objects)
            while waiting:
                with ExitStack() as opened:
                    parts, failed, count = _batch(waiting, opened)
                    del waiting[:count]
                    outcomes = failed + (self._post(connection, path, headers, parts) if parts else [])
                if not told(outcomes):
                    return
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{_host(to.url)} does not answer: {_said(error)}") from None
        finally:
            connection.close()

    def test(self, to: Destination) -> str:
        """GET of the studies resource with limit 1: anything but an error of access or of the server will do."""
        try:
            connection, path, headers = self._connect(to)
            try:
                connection.request("GET", f"{path}?limit=1", headers={**headers, "Accept": "application/dicom+json"})
                answer = connection.getresponse()
                answer.read(_MAX_ANSWER)
            finally:
                connection.close()
        except Unreachable as unreachable:
            return str(unreachable)
        except (OSError, http.client.HTTPException) as error:
            return f"{_host(to.url)} does not answer: {_said(error)}"
        return _fault(answer.status, _host(to.url)) if answer.status >= 400 and answer.status != 405 else ""

    def commit(
        self, to: Destination, references: Sequence[tuple[str, str]], transaction_uid: str
    ) -> Collection[str] | None:
        """STOW-RS answers when the objects are kept: nothing more to ask."""
        return ()

    def _connect(self, to: Destination) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
        parts = urlsplit(to.url)
        host = parts.hostname or ""
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, parts.port, timeout=self._timeout_s, context=context)
        else:
            connection = http.client.HTTPConnection(host, parts.port, timeout=self._timeout_s)
        headers = {"User-Agent": "Mingjing"}
        if to.token_file:
            headers["Authorization"] = f"Bearer {self._token(to.token_file)}"
        return connection, parts.path or "/", headers

    def _token(self, name: str) -> str:
        try:
            with (self._secrets / name).open("rb") as file:
                token = file.read(_MAX_TOKEN).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise Unreachable(
                f"The token file '{name}' cannot be read; put it into the server's secrets folder"
            ) from None
        if not token or any(character.isspace() for character in token):
            raise Unreachable(f"The token file '{name}' holds no token")
        return token

    def _post(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        headers: dict[str, str],
        parts: list[tuple[Outgoing, list[bytes | memoryview]]],
    ) -> list[Outcome]:
        boundary = secrets.token_hex(16)
        pieces: list[bytes | memoryview] = []
        for _, content in parts:
            head = (
                # no transfer-syntax parameter: the file says it, and Orthanc refuses parts that have one
                f"--{boundary}\r\nContent-Type: application/dicom\r\nContent-Length: {sum(map(len, content))}\r\n\r\n"
            )
            pieces += [head.encode("ascii"), *content, b"\r\n"]
        pieces.append(f"--{boundary}--\r\n".encode("ascii"))
        connection.request(
            "POST",
            path,
            body=_chunks(pieces),
            headers={
                **headers,
                "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
                "Content-Length": str(sum(map(len, pieces))),
                "Accept": "application/dicom+json",
            },
        )
        answer = connection.getresponse()
        body = answer.read(_MAX_ANSWER + 1)
        return _outcomes(answer.status, body, [item for item, _ in parts], connection.host)


def _batch(
    waiting: Sequence[Outgoing], opened: ExitStack
) -> tuple[list[tuple[Outgoing, list[bytes | memoryview]]], list[Outcome], int]:
    """The next objects for one request, those that cannot be read, and how many were taken."""
    parts: list[tuple[Outgoing, list[bytes | memoryview]]] = []
    failed: list[Outcome] = []
    size = count = 0
    for item in waiting[:BATCH_OBJECTS]:
        try:
            data = opened.enter_context(item.open())
        except OSError as error:
            failed.append(Outcome(item.sop_instance_uid, False, f"The object could not be read: {_said(error)}"))
            count += 1
            continue
        if parts and size + len(data) > BATCH_BYTES:
            break
        meta = file_meta(ObjectName(item.sop_class_uid, item.sop_instance_uid, item.transfer_syntax_uid))
        parts.append((item, [meta, data]))
        size += len(data)
        count += 1
    return parts, failed, count


def _chunks(pieces: Sequence[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    for piece in pieces:
        for start in range(0, len(piece), _CHUNK):
            yield piece[start : start + _CHUNK]


def _outcomes(status: int, body: bytes, items: Sequence[Outgoing], host: str) -> list[Outcome]:
    """What the store instances response says (PS3.18 10.5.3, table 10.5.3-1)."""
    if status in _TRANSIENT:
        raise Unreachable(_fault(status, host))
    if status in (401, 403):
        raise Unreachable(_fault(status, host))
    if status not in (200, 202, 409):
        return [Outcome(item.sop_instance_uid, False, _fault(status, host)) for item in items]
    refused, named = _read_answer(body)
    # what the answer does not name was not stored: some servers say 200 to what they did not understand
    return [
        Outcome(item.sop_instance_uid, True)
        if item.sop_instance_uid in named and item.sop_instance_uid not in refused
        else Outcome(item.sop_instance_uid, False, f"{host} did not store it{refused.get(item.sop_instance_uid, '')}")
        for item in items
    ]


def _read_answer(body: bytes) -> tuple[dict[str, str], set[str]]:
    """Refused instances with their Failure Reason (0008,1197) in words, and stored ones."""
    if not body or len(body) > _MAX_ANSWER:
        return {}, set()
    try:
        answer = json.loads(body)
        if isinstance(answer, list):
            answer = answer[0] if answer else {}
        refused = {
            str(_value(item, "00081155")): f" (reason {int(str(_value(item, '00081197') or 0)):04X})"
            for item in answer.get("00081198", {}).get("Value", [])
        }
        named = {str(_value(item, "00081155")) for item in answer.get("00081199", {}).get("Value", [])}
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
        return {}, set()
    return refused, named


def _value(item: dict[str, dict[str, list[object]]], tag: str) -> object:
    values = item.get(tag, {}).get("Value", [])
    return values[0] if values else ""


def _fault(status: int, host: str) -> str:
    known = {
        401: "it does not accept our token",
        403: "our token may not store",
        404: "there is no such resource; check the URL",
        413: "the object is too large for it",
        415: "it does not take the transfer syntax",
        503: "it is busy",
        507: "its storage is full",
    }
    return f"{host} answered {status}: {known.get(status, 'the request was refused')}"


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]
