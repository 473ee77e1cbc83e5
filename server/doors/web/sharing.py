"""Pages behind shared links: pictures of one exam, for any browser and any phone, without scripts.

Everything is built from typed values and escaped. The link's secret and a visitor's cookie are compared by hash.
"""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from server.doors.web.dicomweb.images import Image, Images
from server.doors.web.dicomweb.ports import Audit, Client, Holdings, Refusal, StoredInstance
from server.doors.web.dicomweb.rendered import Renderer, Wish
from server.sharing.service import Answer, Link

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_COOKIE = "mingjing-visit"
_VISIT_SECONDS = 7200
_BODY_BYTES = 4096
_LISTED_S = 60.0
_MOST_FRAMES = 2000
_MAY_NAME = frozenset({"US", "SC", "OT", "XC", "ES", "GM", "OP", "SM", "DOC"})
"""Modalities whose pixels often carry the patient's name; without names they are shown only where they deny it."""
_CSP = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
_REASONS = {
    "unknown": "链接无效。 The link is not valid.",
    "expired": "链接已过期。 The link has expired.",
    "used_up": "链接的查看次数已用完。 The link has been used up.",
    "revoked": "链接已被撤销。 The link was revoked.",
    "locked": "密码错误次数过多，请一小时后再试。 Too many wrong passwords; try again in an hour.",
    "wrong_password": "密码不正确。 The password is wrong.",
}
_STYLE = """body{font:16px/1.5 "Noto Sans SC",sans-serif;margin:0;background:#0f1214;color:#d3dade}
header,main,form{max-width:60em;margin:0 auto;padding:12px 16px}h1{font-size:19px;margin:8px 0}
nav{display:flex;flex-wrap:wrap;gap:8px;margin:8px 0}nav a{color:#57b5c4;text-decoration:none;padding:8px 12px;
border:1px solid #46525a;border-radius:4px}nav a.now{background:#17343a}figure{margin:0 0 4px;background:#000;
text-align:center}img{max-width:100%;height:auto}figcaption,p{color:#97a4ad;font-size:14px}
input,button{font:inherit;padding:10px;border-radius:4px;border:1px solid #46525a;background:#151a1d;color:inherit}
button{background:#57b5c4;color:#04242a;border:0}"""


class Visitors(Protocol):
    """Who may see what; both block and are called in threads."""

    def find(self, token: str, visit: str) -> Answer:
        """Without counting."""
        ...

    def open(self, token: str, password: str, address: str) -> Answer:
        """Count and log."""
        ...


@dataclass(frozen=True, slots=True)
class _Shown:
    """An object of the exam with what its page needs."""

    stored: StoredInstance
    image: Image


class SharedPages:
    """The pages; thread-safe."""

    def __init__(self, visitors: Visitors, holdings: Holdings, audit: Audit) -> None:
        self._visitors, self._holdings, self._audit = visitors, holdings, audit
        self._images = Images(holdings)
        self._renderer = Renderer(self._images)
        self._lock = threading.Lock()
        self._listed: dict[int, tuple[float, list[list[_Shown]]]] = {}

    def routes(self) -> list[Route]:
        """`/s/TOKEN` and its pictures."""
        return [
            Route("/s/{token}", self._in_thread(self.page), methods=["GET"]),
            Route("/s/{token}", self._post, methods=["POST"]),
            Route(
                "/s/{token}/{series:int}/{image:int}/{frame:int}.jpg", self._in_thread(self.picture), methods=["GET"]
            ),
        ]

    @staticmethod
    def _in_thread(call: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(call, request)

        return endpoint

    async def _post(self, request: Request) -> Response:
        """The button or the password form was sent."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _BODY_BYTES:
                return _page("413", "<p>413</p>", 413)
        from urllib.parse import parse_qs

        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=4)
        return await run_in_threadpool(self.enter, request, fields.get("password", [""])[0])

    def enter(self, request: Request, password: str) -> Response:
        """Let a visitor in, or say why not."""
        token = _token(request)
        answer = self._visitors.open(token, password, _address(request)) if token else Answer("unknown")
        if answer.link is None:
            return _refused(answer.outcome, form=answer.outcome == "wrong_password")
        self._record(request, answer.link, "sharing.open")
        response = RedirectResponse(f"/s/{token}", status_code=303)
        is_secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        response.set_cookie(
            _COOKIE,
            answer.visit,
            max_age=_VISIT_SECONDS,
            path=f"/s/{token}",
            httponly=True,
            secure=is_secure,
            samesite="strict",
        )
        return response

    def page(self, request: Request) -> Response:
        """The exam, or the way in."""
        answer = self._answer(request)
        if answer.link is None:
            if answer.outcome in ("password", "ready"):
                return _page("影像分享 · Shared images", _form(with_password=answer.outcome == "password"))
            return _refused(answer.outcome)
        listed = self._of(answer.link)
        wanted = request.query_params.get("series", "1")
        now = int(wanted) if wanted.isdecimal() and len(wanted) < 5 else 1
        now = min(max(now, 1), max(len(listed), 1))
        return _page("影像分享 · Shared images", _exam(_token(request), answer.link, listed, now))

    def picture(self, request: Request) -> Response:
        """One frame as JPEG."""
        answer = self._answer(request)
        if answer.link is None:
            return _refused(answer.outcome)
        listed, path = self._of(answer.link), request.path_params
        series, image, frame = int(path["series"]), int(path["image"]), int(path["frame"])
        if not (1 <= series <= len(listed) and 1 <= image <= len(listed[series - 1])):
            return _refused("unknown")
        one = listed[series - 1][image - 1]
        if not 1 <= frame <= one.image.frames:
            return _refused("unknown")
        try:
            made = self._renderer.picture(one.stored, one.image, frame, Wish())
        except Refusal as refusal:
            return _page("影像分享", "<p>这幅图像无法显示。 This image cannot be shown.</p>", refusal.status)
        headers = {"cache-control": "private, max-age=600"}
        return Response(made, media_type="image/jpeg", headers=headers)

    def _answer(self, request: Request) -> Answer:
        token = _token(request)
        visit = request.cookies.get(_COOKIE, "")[:64]
        return self._visitors.find(token, visit) if token else Answer("unknown")

    def _record(self, request: Request, link: Link, method: str) -> None:
        client = Client(f"link {link.id}", frozenset(), _address(request))
        self._audit.record(client, method, "ok", f"study {link.study_uid}", 0.0)

    def _of(self, link: Link) -> list[list[_Shown]]:
        """Series of the exam with their images; kept for a minute, for pictures come by the hundred."""
        with self._lock:
            known = self._listed.get(link.id)
            if known is not None and time.monotonic() - known[0] < _LISTED_S:
                return known[1]
        series: dict[str, list[_Shown]] = {}
        for stored in self._holdings.instances(link.study_uid):
            try:
                image = self._images.image(stored)
            except Refusal:
                continue
            if not link.is_anonymous or _is_nameless(image):
                series.setdefault(stored.series_uid, []).append(_Shown(stored, image))
        listed = list(series.values())
        with self._lock:
            if len(self._listed) > 50:
                self._listed.clear()
            self._listed[link.id] = (time.monotonic(), listed)
        return listed


def _is_nameless(image: Image) -> bool:
    header = image.header
    burnt = header.texts.get("BurnedInAnnotation", "").upper()
    return burnt != "YES" and (header.modality_code not in _MAY_NAME or burnt == "NO")


def _token(request: Request) -> str:
    token = str(request.path_params["token"])
    return token if _TOKEN.fullmatch(token) else ""


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    text = (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>"
        f"<header><h1>{html.escape(title)}</h1></header><main>{body}</main></html>"
    )
    return HTMLResponse(text, status_code=status, headers={"content-security-policy": _CSP})


def _refused(outcome: str, *, form: bool = False) -> HTMLResponse:
    sentence = _REASONS.get(outcome, _REASONS["unknown"])
    body = f"<p>{html.escape(sentence)}</p>" + (_form(with_password=True) if form else "")
    return _page("影像分享 · Shared images", body, 404 if outcome == "unknown" else 403)


def _form(*, with_password: bool) -> str:
    """Opening is a button, so that previews of chat programs use up no views."""
    field = (
        '<p><label>密码 Password<br><input type="password" name="password" autocomplete="off" autofocus></label></p>'
        if with_password
        else ""
    )
    return f'<form method="post">{field}<button>查看影像 View images</button></form>'


def _exam(token: str, link: Link, listed: Sequence[Sequence[_Shown]], now: int) -> str:
    note = "图像仅供参考，不能用于诊断。 For reference, not for diagnosis."
    if not listed:
        return f"<p>没有可以显示的图像。 There are no images to show.</p><p>{note}</p>"
    tabs = "".join(
        f'<a href="?series={n}"{_now(n == now)}>{n} · {html.escape(_title(one[0], link))}</a>'
        for n, one in enumerate(listed, 1)
    )
    pictures, count = [], 0
    for n, one in enumerate(listed[now - 1], 1):
        for frame in range(1, one.image.frames + 1):
            count += 1
            if count > _MOST_FRAMES:
                break
            fmt = one.image.header.pixel_format
            pictures.append(
                f'<figure><img loading="lazy" alt="" width="{fmt.columns}" height="{fmt.rows}"'
                f' src="/s/{token}/{now}/{n}/{frame}.jpg"><figcaption>{count}</figcaption></figure>'
            )
    who = "" if link.is_anonymous else f"<p>{html.escape(_person(listed[0][0].image.header.texts))}</p>"
    return f"{who}<p>{note}</p><nav>{tabs}</nav>{''.join(pictures)}"


def _now(is_now: bool) -> str:
    return ' class="now"' if is_now else ""


def _title(one: _Shown, link: Link) -> str:
    header = one.image.header
    description = "" if link.is_anonymous else header.texts.get("SeriesDescription", "")
    return f"{header.modality_code} {description}".strip()


def _person(texts: dict[str, Any]) -> str:
    name = str(texts.get("PatientName", "")).replace("^", " ").split("=")
    shown = name[1] if len(name) > 1 and name[1].strip() else name[0]
    parts = (shown, texts.get("PatientID", ""), texts.get("StudyDate", ""), texts.get("StudyDescription", ""))
    return "  ".join(str(part) for part in parts if part)
