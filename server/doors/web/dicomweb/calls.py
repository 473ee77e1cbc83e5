"""One request as the services see it: who asks, what for, in which form; and the way from starlette to there."""

from __future__ import annotations

import ipaddress
import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from server.doors.web.dicomweb import answers
from server.doors.web.dicomweb.negotiation import MediaType, wanted
from server.doors.web.dicomweb.ports import Client, DicomWebPorts, Refusal, Scope
from server.kernel import errors
from server.kernel.metrics import METRICS
from shared.contract.errors import ErrorCode

logger = logging.getLogger(__name__)

_UID = re.compile(r"[0-9][0-9.]{0,63}\Z")
_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?\Z|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?\Z")
_OWN_HOSTS = ("localhost", "127.0.0.1", "[::1]")
MAX_PARAMETERS = 100
MAX_VALUE = 20_000


@dataclass(slots=True)
class Call:
    """What a service needs of a request."""

    ports: DicomWebPorts
    client: Client
    method: str
    path: dict[str, str]
    query: list[tuple[str, str]]
    headers: Headers
    base: str  # URL of /dicom-web, without a slash at the end
    subject: str = ""  # for the audit log: "study 1.2.3"

    def parameter(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def accepts(self, default: str = "*/*") -> list[MediaType]:
        """What the client takes, best first."""
        return wanted(self.headers.get("accept", default)[:9000], self.parameter("accept"))

    def uid(self, name: str) -> str:
        """A UID of the path, empty when the path has none. Raises Refusal (400)."""
        value = self.path.get(name, "")
        if value and not _UID.match(value):
            raise Refusal(400, "A UID in the address is not made of digits and points.")
        return value

    def number(self, name: str, default: int, most: int) -> int:
        """A query parameter that counts. Raises Refusal (400)."""
        text = self.parameter(name)
        if not text:
            return default
        if not text.isascii() or not text.isdecimal() or len(text) > 30:
            raise Refusal(400, f"The parameter {name} must be a number from 0.")
        return min(int(text), most)


Service = Callable[[Call], Response]
AsyncService = Callable[[Call, Request], Awaitable[Response]]


def admit(ports: DicomWebPorts, request: Request, scope: Scope) -> Client:
    """Who asks. Raises Refusal (401, 403)."""
    address = request.client.host if request.client else ""
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    client: Client | None = None
    if scheme.lower() == "bearer" and token.strip():
        client = ports.access.client(token.strip(), address)
    elif not header and ports.anonymous is not None and _is_this_machine(request, address):
        client = ports.anonymous
    if client is None:
        METRICS.count("web_refusals_total", reason="unauthorized")
        raise Refusal(
            401,
            "Give an API token or a session's token in the header Authorization: Bearer …",
            {"www-authenticate": 'Bearer realm="Mingjing DICOMweb"'},
        )
    if scope not in client.scopes:
        METRICS.count("web_refusals_total", reason="forbidden")
        raise Refusal(403, f"This token does not include the scope {scope!r}; ask an administrator for one that does.")
    return client


def _is_this_machine(request: Request, address: str) -> bool:
    """A program on this machine asks directly: no proxy speaks for a stranger, no web page misuses a browser here."""
    try:
        if not ipaddress.ip_address(address).is_loopback:
            return False
    except ValueError:
        return False
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via", "origin")):
        return False
    host = request.headers.get("host", "")
    return host.rpartition(":")[0] in _OWN_HOSTS or host in _OWN_HOSTS


def call_of(ports: DicomWebPorts, request: Request, client: Client) -> Call:
    """The request in our terms. Raises Refusal (400)."""
    query = request.query_params.multi_items()
    if len(query) > MAX_PARAMETERS or any(len(key) > 200 or len(value) > MAX_VALUE for key, value in query):
        raise Refusal(400, "The address has too many or too long parameters.")
    base = base_of(ports, request)
    path = {name: str(value) for name, value in request.path_params.items()}
    return Call(ports, client, request.method, path, query, request.headers, base)


def base_of(ports: DicomWebPorts, request: Request) -> str:
    """Where the client reaches /dicom-web, without a slash at the end. Raises Refusal (400)."""
    base = ports.base_url.rstrip("/")
    if base:
        return base
    host = request.headers.get("host", "")
    if not _HOST.match(host):
        raise Refusal(400, "The Host header is missing or malformed.")
    port = request.scope["server"][1] if request.scope.get("server") else None
    if host in (*_OWN_HOSTS, (request.scope.get("server") or ("",))[0]) and port not in (None, 80, 443):
        host = f"{host}:{port}"  # some clients leave the port out; this one came straight to us
    return f"{request.url.scheme}://{host}/dicom-web"


def in_thread(
    ports: DicomWebPorts, scope: Scope, name: str, service: Service
) -> Callable[[Request], Awaitable[Response]]:
    """A starlette endpoint for a service that reads no body."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(_run, ports, request, scope, name, service)

    return endpoint


def _run(ports: DicomWebPorts, request: Request, scope: Scope, name: str, service: Service) -> Response:
    started = time.perf_counter()
    call: Call | None = None
    client = Client("", frozenset(), request.client.host if request.client else "")
    try:
        client = admit(ports, request, scope)
        call = call_of(ports, request, client)
        response = service(call)
    except Refusal as refusal:
        response = answers.sentence(refusal)
    except errors.Refusal as refusal:
        response = answers.sentence(_of_kernel(refusal))
    except OSError as trouble:
        logger.warning("web: %s could not read the archive's files", name, exc_info=True)
        response = answers.sentence(_of_files(trouble))
    return _closed(ports, call, client, name, started, response)


def with_body(
    ports: DicomWebPorts, scope: Scope, name: str, service: AsyncService
) -> Callable[[Request], Awaitable[Response]]:
    """A starlette endpoint for a service that reads the request's body itself."""

    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        call: Call | None = None
        client = Client("", frozenset(), request.client.host if request.client else "")
        try:
            client = await run_in_threadpool(admit, ports, request, scope)
            call = call_of(ports, request, client)
            encoding = request.headers.get("content-encoding", "identity").strip().lower()
            if encoding not in ("", "identity"):
                raise Refusal(415, "Compressed request bodies are not accepted; send the body as it is.")
            response = await service(call, request)
        except Refusal as refusal:
            response = answers.sentence(refusal)
        except errors.Refusal as refusal:
            response = answers.sentence(_of_kernel(refusal))
        except ClientDisconnect:
            response = answers.sentence(Refusal(400, "The body was cut off."))
        if not await _body_was_read(request):
            response.headers["connection"] = "close"  # the rest of the body would be taken for the next request
        return _closed(ports, call, client, name, started, response)

    return endpoint


def _of_kernel(refusal: errors.Refusal) -> Refusal:
    """What the database refuses: its sentences are for workstations, in Chinese."""
    if refusal.body.code == ErrorCode.INVALID:
        return Refusal(400, "A value has characters or a size that cannot be searched for or stored.")
    if refusal.body.code == ErrorCode.NOT_FOUND:
        return Refusal(404, "The archive has nothing under this address.")
    return Refusal(503, "The server cannot do this now; try again in a moment.", {"retry-after": "5"})


def _of_files(trouble: OSError) -> Refusal:
    """Troubles that the archive explains itself have no number of the system."""
    explained = str(trouble) if trouble.errno is None and str(trouble).endswith(".") else ""
    return Refusal(503, explained or "The archive cannot read this object now; see the server's log.")


async def _body_was_read(request: Request) -> bool:
    return bool(getattr(request, "_stream_consumed", False))


def _closed(
    ports: DicomWebPorts, call: Call | None, client: Client, name: str, started: float, response: Response
) -> Response:
    """Count, audit, and let the answer go."""
    seconds = time.perf_counter() - started
    METRICS.count("web_requests_total", service=name, status=f"{response.status_code // 100}xx")
    METRICS.observe("web_request_seconds", seconds, service=name)
    if client.name or response.status_code in (401, 403):
        outcome = "ok" if response.status_code < 400 else str(response.status_code)
        subject = call.subject if call is not None else ""
        ports.audit.record(client, f"web.{name}", outcome, subject, seconds * 1000)
    return response


async def whole_body(call: Call, request: Request) -> bytes:
    """The body of a JSON or XML request, within bounds. Raises Refusal (413)."""
    most = call.ports.limits.json_bytes
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refusal(413, f"The body is larger than {most >> 20} MB.")
    return bytes(body)
