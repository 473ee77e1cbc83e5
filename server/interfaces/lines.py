"""Sockets to hospital systems: one MLLP call, one FHIR request; with time limits and bounds, no redirects."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.hl7.mllp import Deframer, FramingError, framed

MAX_ANSWER = 4 << 20
"""Bytes of a FHIR answer."""
_MAX_TOKEN = 8192


class Unreachable(Exception):
    """The other side does not answer (or not in its protocol); the text is a sentence. It may later."""


class MllpLine:
    """A connection to an MLLP listener, for one message at a time; not thread-safe. Close it."""

    def __init__(self, host: str, port: int, timeout_s: float, tls: ssl.SSLContext | None = None) -> None:
        """Connect. Raises Unreachable."""
        self._timeout_s = timeout_s
        try:
            self._socket = socket.create_connection((host, port), timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname=host)
        except (OSError, ValueError) as error:
            if hasattr(self, "_socket"):
                self._socket.close()
            raise Unreachable(f"{host}:{port} does not answer ({_said(error)})") from None

    def ask(self, message: bytes) -> bytes:
        """Send a message and return the first one that comes back. Raises Unreachable: the line is of no use then."""
        end = time.monotonic() + self._timeout_s
        frames = Deframer()
        try:
            self._socket.settimeout(self._timeout_s)
            self._socket.sendall(framed(message))
            while True:
                left = end - time.monotonic()
                if left <= 0:
                    raise Unreachable(f"no acknowledgement within {self._timeout_s:g} s")
                self._socket.settimeout(left)
                data = self._socket.recv(65536)
                if not data:
                    raise Unreachable("the connection was closed before the acknowledgement")
                messages = frames.feed(data)
                if messages:
                    return messages[0]
        except TimeoutError:
            raise Unreachable(f"no acknowledgement within {self._timeout_s:g} s") from None
        except FramingError as error:
            raise Unreachable(f"the acknowledgement is no MLLP: {error}") from None
        except OSError as error:
            raise Unreachable(f"the connection broke ({_said(error)})") from None

    def close(self) -> None:
        """Close; safe to call twice."""
        with contextlib.suppress(OSError):
            self._socket.close()


class FhirAnswer:
    """Status, headers and the JSON of an answer; `body` is None when it is empty or no JSON object."""

    def __init__(self, status: int, headers: dict[str, str], body: dict[str, Any] | None) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class FhirLine:
    """One FHIR server; every request is a connection of its own. Tokens are files in the server's secrets folder."""

    def __init__(self, url: str, timeout_s: float, token: str = "", tls: ssl.SSLContext | None = None) -> None:
        self._parts = urlsplit(url)
        self._timeout_s = timeout_s
        self._token = token
        self._tls = tls

    def get(self, path: str) -> FhirAnswer:
        """GET what is below the base. Raises Unreachable."""
        return self._request("GET", path, None, {})

    def put(self, path: str, resource: dict[str, Any], etag: str = "") -> FhirAnswer:
        """PUT a resource. Raises Unreachable."""
        headers = {"Content-Type": "application/fhir+json; charset=utf-8"}
        if etag:
            headers["If-Match"] = etag
        return self._request("PUT", path, json.dumps(resource, ensure_ascii=False).encode(), headers)

    def post(self, path: str, resource: dict[str, Any]) -> FhirAnswer:
        """POST below the base; an empty path is the base itself (a transaction). Raises Unreachable."""
        headers = {"Content-Type": "application/fhir+json; charset=utf-8"}
        return self._request("POST", path, json.dumps(resource, ensure_ascii=False).encode(), headers)

    def _request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> FhirAnswer:
        end = time.monotonic() + self._timeout_s
        connection = self._open()
        try:
            below = f"{self._parts.path}/{path}" if path else self._parts.path or "/"
            connection.request(method, below, body, self._headers() | headers)
            answer = connection.getresponse()
            data = bytearray()
            while piece := answer.read(65536):
                data += piece
                if len(data) > MAX_ANSWER:
                    raise Unreachable("the answer is too long")
                if time.monotonic() > end:
                    raise Unreachable(f"no whole answer within {self._timeout_s:g} s")
            if answer.status in (502, 503, 504):
                raise Unreachable(f"the server answered {answer.status}")
            return FhirAnswer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, _object(bytes(data)))
        except TimeoutError:
            raise Unreachable(f"no answer within {self._timeout_s:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(f"{self._parts.hostname} does not answer ({_said(error)})") from None
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/fhir+json", "User-Agent": "Mingjing"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _open(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=self._timeout_s)


def read_token(folder: Path, name: str) -> str:
    """Return the bearer token of a file in the secrets folder; empty without a name. Raises Unreachable."""
    if not name:
        return ""
    try:
        with (folder / name).open("rb") as file:
            token = file.read(_MAX_TOKEN).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise Unreachable(f"the token file {name!r} cannot be read; put it into the server's secrets folder") from None
    if not token or any(character.isspace() for character in token):
        raise Unreachable(f"the token file {name!r} holds no token")
    return token


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data) if data else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _said(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS failed").lower().replace("_", " ")
    return getattr(error, "strerror", None) or type(error).__name__
