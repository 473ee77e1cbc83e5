"""The routes of DICOMweb under /dicom-web, and what scripts of web pages may do with them (CORS)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from server.doors.web.dicomweb import capabilities, qido, stow, ups, wado
from server.doors.web.dicomweb.calls import in_thread, with_body
from server.doors.web.dicomweb.frames import FrameService
from server.doors.web.dicomweb.images import Images
from server.doors.web.dicomweb.metadata import MetadataCache, MetadataService
from server.doors.web.dicomweb.ports import DicomWebPorts, Scope
from server.doors.web.dicomweb.rendered import RenderedService, Renderer
from server.doors.web.dicomweb.uri import UriService

PREFIX = "/dicom-web"

_S = "/studies/{study}"
_E = _S + "/series/{series}"
_I = _E + "/instances/{instance}"


def routes(ports: DicomWebPorts) -> list[Route]:
    """Every resource of PS3.18 that is offered."""
    images = Images(ports.holdings)
    renderer = Renderer(images)
    metadata = MetadataService(ports.holdings, MetadataCache(ports.cache, ports.cache_bytes))
    frames = FrameService(images)
    pictures = RenderedService(images, renderer)
    reading = [
        ("/studies", "search", qido.search("STUDY")),
        ("/series", "search", qido.search("SERIES")),
        (_S + "/series", "search", qido.search("SERIES")),
        ("/instances", "search", qido.search("IMAGE")),
        (_S + "/instances", "search", qido.search("IMAGE")),
        (_E + "/instances", "search", qido.search("IMAGE")),
        *((level, "retrieve", wado.retrieve) for level in (_S, _E, _I)),
        *((level + "/metadata", "metadata", metadata.service) for level in (_S, _E, _I)),
        *((level + "/rendered", "rendered", pictures.rendered) for level in (_S, _E, _I, _I + "/frames/{frames}")),
        *((level + "/thumbnail", "thumbnail", pictures.thumbnail) for level in (_S, _E, _I, _I + "/frames/{frames}")),
        (_I + "/frames/{frames}", "frames", frames.service),
        (_I + "/bulkdata/{path:path}", "bulkdata", wado.bulk_data),
        ("/wado", "wado_uri", UriService(images, renderer).service),
    ]
    found = [
        Route(PREFIX + path, in_thread(ports, Scope.READ, name, service), methods=["GET"])
        for path, name, service in reading
    ]
    for path in ("/studies", _S):
        found.append(Route(PREFIX + path, with_body(ports, Scope.STORE, "store", stow.store), methods=["POST"]))
    item = "/workitems/{workitem}"
    for path, name, change, method in (
        ("/workitems", "ups_create", ups.create, "POST"),
        (item, "ups_update", ups.update, "POST"),
        (item + "/state", "ups_state", ups.change_state, "PUT"),
        (item + "/cancelrequest", "ups_cancel", ups.request_cancel, "POST"),
    ):
        found.append(Route(PREFIX + path, with_body(ports, Scope.UPS, name, change), methods=[method]))
    for path, name, look in (("/workitems", "ups_search", ups.search), (item, "ups_retrieve", ups.retrieve)):
        found.append(Route(PREFIX + path, in_thread(ports, Scope.UPS, name, look), methods=["GET"]))
    found.append(
        Route(
            PREFIX + item + "/subscribers/{rest:path}",
            in_thread(ports, Scope.UPS, "ups_subscribe", ups.no_subscriptions),
            methods=["POST", "DELETE"],
        )
    )
    offered: dict[str, set[str]] = {}
    for route in found:
        offered.setdefault(route.path, set()).update(route.methods or ())
    found += [Route(path, _allowing(methods), methods=["OPTIONS"]) for path, methods in offered.items()]
    found.append(Route(PREFIX + "/", capabilities.answering(ports, PREFIX, offered), methods=["OPTIONS", "GET"]))
    return found


def _allowing(methods: set[str]) -> Callable[[Request], Awaitable[Response]]:
    """What may be done with a resource (RFC 9110 9.3.7)."""
    allow = ", ".join(sorted({*methods, "OPTIONS"}))

    async def endpoint(_request: Request) -> Response:
        return Response(status_code=204, headers={"allow": allow})

    return endpoint


class CrossOrigin:
    """Answers browsers on behalf of web pages from listed origins; others get no permission at all."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.encode().rstrip(b"/") for origin in origins)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"")
        allowed = bool(origin) and origin in self._origins
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await _preflight(origin if allowed else b"", send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and allowed:
                exposed = b"warning, location, content-location, etag, content-range"
                message["headers"] = [
                    *message.get("headers", []),
                    (b"access-control-allow-origin", origin),
                    (b"access-control-expose-headers", exposed),
                    (b"cross-origin-resource-policy", b"cross-origin"),
                    (b"vary", b"origin"),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _preflight(origin: bytes, send: Send) -> None:
    headers = [(b"content-length", b"0"), (b"vary", b"origin")]
    if origin:
        headers += [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
            (b"access-control-allow-headers", b"authorization, accept, content-type, if-none-match, range"),
            (b"access-control-max-age", b"600"),
        ]
    await send({"type": "http.response.start", "status": 204 if origin else 403, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
