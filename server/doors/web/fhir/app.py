"""The routes of FHIR R4 under /fhir: search and read approved reports; whoever asks needs a token for reports."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.doors.web.dicomweb.calls import Call, admit, call_of
from server.doors.web.dicomweb.ports import Client, DicomWebPorts, Refusal, Scope
from server.doors.web.fhir.ports import Json, ReportShelf
from server.doors.web.fhir.searching import INCLUDES, search_of
from server.kernel import errors
from server.kernel.metrics import METRICS

logger = logging.getLogger(__name__)

PREFIX = "/fhir"
_TYPE = "application/fhir+json; charset=utf-8"
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")
_READ = ("DiagnosticReport", "Observation", "Patient", "ServiceRequest", "ImagingStudy")
_CODES = {400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 406: "not-supported", 410: "deleted"}
_PARAMETERS = {
    "_id": "token",
    "identifier": "token",
    "patient": "reference",
    "subject": "reference",
    "patient.identifier": "token",
    "based-on": "reference",
    "status": "token",
    "date": "date",
    "issued": "date",
    "_lastUpdated": "date",
    "category": "token",
}

Service = Callable[[Call, ReportShelf], Response]


def routes(ports: DicomWebPorts, shelf: ReportShelf, zone: dt.tzinfo) -> list[Route]:
    """Every resource that is offered. `ports` are DICOMweb's: the same tokens, the same audit."""

    def search(call: Call, reports: ReportShelf) -> Response:
        return _search(call, reports, zone)

    found = [
        Route(f"{PREFIX}/DiagnosticReport", _endpoint(ports, shelf, "search", search), methods=["GET"]),
        Route(f"{PREFIX}/Binary/{{key}}", _endpoint(ports, shelf, "binary", _binary), methods=["GET"]),
    ]
    found += [
        Route(f"{PREFIX}/{kind}/{{key}}", _endpoint(ports, shelf, "read", _reader(kind)), methods=["GET"])
        for kind in _READ
    ]
    found.append(Route(f"{PREFIX}/metadata", _metadata, methods=["GET"]))
    return found


def _endpoint(
    ports: DicomWebPorts, shelf: ReportShelf, name: str, service: Service
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(_run, ports, shelf, request, name, service)

    return endpoint


def _run(ports: DicomWebPorts, shelf: ReportShelf, request: Request, name: str, service: Service) -> Response:
    started = time.perf_counter()
    client = Client("", frozenset(), request.client.host if request.client else "")
    subject = ""
    try:
        client = admit(ports, request, Scope.REPORTS)
        call = call_of(ports, request, client)
        response = service(call, shelf)
        subject = call.subject
    except Refusal as refusal:
        response = _outcome(refusal.status, refusal.sentence, refusal.headers)
    except errors.Refusal:
        response = _outcome(503, "The server cannot do this now; try again in a moment.", {"retry-after": "5"})
    seconds = time.perf_counter() - started
    METRICS.count("web_requests_total", service=f"fhir_{name}", status=f"{response.status_code // 100}xx")
    METRICS.observe("web_request_seconds", seconds, service=f"fhir_{name}")
    if client.name or response.status_code in (401, 403):
        outcome = "ok" if response.status_code < 400 else str(response.status_code)
        ports.audit.record(client, f"fhir.{name}", outcome, subject, seconds * 1000)
    return response


def _search(call: Call, shelf: ReportShelf, zone: dt.tzinfo) -> Response:
    wanted, includes, unknown = search_of(call.query, zone)
    if unknown and "handling=strict" in call.headers.get("prefer", ""):
        raise Refusal(400, f"The search parameter {unknown[0][:40]} is not supported.")
    base = _base(call)
    total, found = shelf.search(wanted)
    entries: list[Json] = []
    seen: set[str] = set()
    for resources in found:
        for number, (name, resource) in enumerate(resources.items()):
            if number and (name.partition("/")[0] not in includes or name in seen):
                continue
            seen.add(name)
            mode = "include" if number else "match"
            entries.append(
                {"fullUrl": f"{base}/{name}", "resource": _absolute(resource, base), "search": {"mode": mode}}
            )
    links = [{"relation": "self", "url": _url(base, call, wanted.offset)}]
    if wanted.limit and wanted.offset + wanted.limit < total:
        links.append({"relation": "next", "url": _url(base, call, wanted.offset + wanted.limit)})
    call.subject = f"{len(found)} reports"
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    if entries:
        bundle["entry"] = entries
    return _json(200, bundle)


def _url(base: str, call: Call, offset: int) -> str:
    query = [(key, value) for key, value in call.query if key != "_offset"]
    if offset:
        query.append(("_offset", str(offset)))
    return f"{base}/DiagnosticReport" + (f"?{urlencode(query)}" if query else "")


def _reader(kind: str) -> Service:
    def read(call: Call, shelf: ReportShelf) -> Response:
        key = call.path["key"]
        if not _ID.match(key):
            raise Refusal(400, "The id in the address is malformed.")
        call.subject = f"{kind} {key}"
        found = shelf.read(kind, key)
        if found is None:
            raise Refusal(404, f"There is no {kind} with this id among the approved reports.")
        version = (found.get("meta") or {}).get("versionId")
        return _json(200, _absolute(found, _base(call)), {"etag": f'W/"{version}"'} if version else {})

    return read


def _binary(call: Call, shelf: ReportShelf) -> Response:
    kind, _, number = call.path["key"].partition("-")
    if kind != "report" or not number.isascii() or not number.isdecimal() or len(number) > 9:
        raise Refusal(404, "There is no such document.")
    call.subject = f"report {number}"
    data = shelf.pdf(int(number))
    if data is None:
        raise Refusal(404, "There is no printed report under this address now.")
    return Response(data, media_type="application/pdf", headers={"cache-control": "no-store"})


def _absolute(resource: Json, base: str) -> Json:
    """The addresses of attachments are whole ones: a client hands them to a browser or another program."""
    forms = resource.get("presentedForm")
    if not forms:
        return resource
    whole = [form | {"url": f"{base}/{form['url']}"} if "url" in form else form for form in forms]
    return resource | {"presentedForm": whole}


def _base(call: Call) -> str:
    return call.base.removesuffix("/dicom-web") + PREFIX


async def _metadata(_request: Request) -> Response:
    """The CapabilityStatement; open to everybody, as the standard wants it."""
    search = [{"name": name, "type": kind} for name, kind in _PARAMETERS.items()]
    resources: list[Json] = [
        {"type": kind, "interaction": [{"code": "read"}]} for kind in _READ if kind != "DiagnosticReport"
    ]
    resources.insert(
        0,
        {
            "type": "DiagnosticReport",
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchInclude": sorted(INCLUDES),
            "searchParam": search,
        },
    )
    return _json(
        200,
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-22",
            "kind": "instance",
            "implementation": {"description": "Mingjing: approved reports"},
            "fhirVersion": "4.0.1",
            "format": ["json"],
            "rest": [
                {
                    "mode": "server",
                    "security": {"description": "Authorization: Bearer TOKEN with the scope reports"},
                    "resource": resources,
                }
            ],
        },
    )


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(data, status, headers, media_type=_TYPE)


def _outcome(status: int, sentence: str, headers: dict[str, str]) -> Response:
    issue = {"severity": "error", "code": _CODES.get(status, "transient"), "diagnostics": sentence}
    return _json(status, {"resourceType": "OperationOutcome", "issue": [issue]}, headers)
