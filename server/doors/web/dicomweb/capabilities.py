"""The capabilities of the web services (PS3.18 8.9, annex H) as WADL or in short as JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from xml.sax.saxutils import quoteattr

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.doors.web.dicomweb import answers
from server.doors.web.dicomweb.calls import base_of
from server.doors.web.dicomweb.negotiation import DICOM, JSON, OCTETS, XML, choose, wanted
from server.doors.web.dicomweb.ports import DicomWebPorts, Refusal

WADL = "application/vnd.sun.wadl+xml"
_NAMESPACE = "http://wadl.dev.java.net/2009/02"
_XML_PARTS = f'multipart/related; type="{XML}"'
_GIVEN = {
    "search": (JSON, _XML_PARTS),
    "metadata": (JSON, _XML_PARTS),
    "instances": (f'multipart/related; type="{DICOM}"', "application/zip"),
    "instance": (f'multipart/related; type="{DICOM}"', "application/zip", DICOM),
    "frames": (f'multipart/related; type="{OCTETS}"', OCTETS),
    "rendered": ("image/jpeg", "image/png"),
    "workitem": (JSON, XML),
}
"""What a GET gives, by kind of resource."""
_TAKEN = (f'multipart/related; type="{DICOM}"', f'multipart/related; type="{JSON}"', _XML_PARTS, DICOM)
_QUERY = ("limit", "offset", "fuzzymatching", "includefield")


def answering(
    ports: DicomWebPorts, prefix: str, offered: Mapping[str, set[str]]
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of the service's root. `offered`: path templates below `prefix` with their methods."""

    async def endpoint(request: Request) -> Response:
        try:
            choices = wanted(request.headers.get("accept", ""), request.query_params.get("accept", ""))
            name = choose(choices, ("application/json", WADL))
            base = base_of(ports, request)
        except Refusal as refusal:
            return answers.sentence(refusal)
        if name == WADL:
            return Response(document(base, prefix, offered), media_type=WADL)
        services = ["QIDO-RS", "WADO-RS", "WADO-URI", "STOW-RS", "UPS-RS without subscriptions"]
        return JSONResponse({"services": services, "access": "Authorization: Bearer TOKEN"})

    return endpoint


def document(base: str, prefix: str, offered: Mapping[str, set[str]]) -> bytes:
    """The WADL document."""
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<application xmlns={quoteattr(_NAMESPACE)}>",
        f"<resources base={quoteattr(base + '/')}>",
    ]
    for path, methods in offered.items():
        relative = path.removeprefix(prefix).lstrip("/").replace(":path}", "}")
        out.append(f"<resource path={quoteattr(relative)}>")
        for method in sorted(methods - {"HEAD"}):
            out.append(f"<method name={quoteattr(method)}>{_method(relative, method)}</method>")
        out.append("</resource>")
    out.append("</resources></application>")
    return "\n".join(out).encode()


def _method(path: str, method: str) -> str:
    kind = _kind(path)
    if method == "GET":
        params = _QUERY if kind == "search" else ()
        asked = "".join(f'<param name="{name}" style="query"/>' for name in params)
        given = "".join(f"<representation mediaType={quoteattr(one)}/>" for one in _GIVEN[kind])
        return (f"<request>{asked}</request>" if asked else "") + f"<response>{given}</response>"
    taken = _TAKEN if path.startswith("studies") else (JSON, XML)
    return f"<request>{''.join(f'<representation mediaType={quoteattr(one)}/>' for one in taken)}</request>"


def _kind(path: str) -> str:
    last = path.rpartition("/")[2]
    if last == "metadata":
        return "metadata"
    if last in ("rendered", "thumbnail", "wado"):
        return "rendered"
    if last in ("{frames}", "{path}"):
        return "frames"
    if last == "{workitem}":
        return "workitem"
    if last == "{instance}":
        return "instance"
    return "instances" if last in ("{study}", "{series}") else "search"
