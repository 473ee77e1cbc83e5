"""The pages. Every answer is built from typed values and escaped; nothing from the request is reflected unescaped.

DICOMweb has its own package; its routes are served by the same application.
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CODE = re.compile(r"^[A-Za-z0-9:_-]{1,80}$")

_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{{font:16px/1.6 "Noto Sans SC",sans-serif;color:#1d2733;margin:12vh auto;
max-width:34em;
padding:0 1.5em}}h1{{font-size:22px}}p{{border-top:1px solid #d8dee6;padding-top:1em}}</style>
<h1>{title}</h1><p>{text}</p></html>"""


@dataclass(frozen=True, slots=True)
class WebPorts:
    """What the pages ask. `verify` returns a sentence about a printed report's code; `metrics` Prometheus' text."""

    hospital_name: Callable[[], str]
    verify: Callable[[str], str]
    health: Callable[[], dict[str, Any]]
    metrics: Callable[[], str]


class SecurityHeaders:
    """Puts the headers on every answer that keep a browser from guessing, framing or running anything."""

    _headers = (
        (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    )

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", []))
                known = {name for name, _ in own}
                headers = [*own, *((name, value) for name, value in self._headers if name not in known)]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, send_with_headers)


def make_app(ports: WebPorts, more: Sequence[Route] = (), middleware: Sequence[Middleware] = ()) -> Starlette:
    """Return the ASGI application with the pages and `more` routes."""
    return Starlette(
        routes=[
            Route("/", _status_page(ports)),
            Route("/health", _health(ports)),
            Route("/metrics", _metrics(ports)),
            Route("/verify/{code}", _verify(ports)),
            *more,
        ],
        middleware=[Middleware(SecurityHeaders), *middleware],
    )


Endpoint = Callable[[Request], Awaitable[Response]]


def _status_page(ports: WebPorts) -> Endpoint:
    async def page(_request: Request) -> Response:
        name = await run_in_threadpool(ports.hospital_name)
        text = "明镜影像系统运行中。请使用工作站软件登录。<br>Mingjing is running. Please sign in with a workstation."
        return HTMLResponse(_PAGE.format(title=html.escape(name), text=text))

    return page


def _health(ports: WebPorts) -> Endpoint:
    async def health(_request: Request) -> Response:
        state = await run_in_threadpool(ports.health)
        return JSONResponse(state, status_code=200 if state.get("ok") else 503)

    return health


def _metrics(ports: WebPorts) -> Endpoint:
    async def metrics(_request: Request) -> Response:
        text = await run_in_threadpool(ports.metrics)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    return metrics


def _verify(ports: WebPorts) -> Endpoint:
    async def verify(request: Request) -> Response:
        code = request.path_params["code"]
        if not _CODE.match(code):
            return HTMLResponse(_PAGE.format(title="报告核验", text="核验码格式不正确。"), status_code=400)
        sentence = await run_in_threadpool(ports.verify, code)
        return HTMLResponse(_PAGE.format(title="报告核验 · Report check", text=html.escape(sentence)))

    return verify
