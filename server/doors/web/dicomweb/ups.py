"""UPS-RS (PS3.18 11): creating, finding, taking and finishing workitems. Subscriptions are not offered (501)."""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from server.doors.web.dicomweb import answers
from server.doors.web.dicomweb.assembling import json_objects
from server.doors.web.dicomweb.calls import Call, whole_body
from server.doors.web.dicomweb.dictionary import tag_of
from server.doors.web.dicomweb.negotiation import XML, parse_one
from server.doors.web.dicomweb.ports import Json, Refusal
from server.doors.web.dicomweb.xml_model import from_xml

_UID = re.compile(r"[0-9][0-9.]{0,63}\Z")
_CONTROL = frozenset({"limit", "offset", "fuzzymatching", "includefield", "accept", "charset"})


async def create(call: Call, request: Request) -> Response:
    """POST /workitems?{uid}, also written ?workitem={uid} or, as in older editions, ?AffectedSOPInstanceUID={uid}."""
    body = await _body(call, request)
    named = next((key for key, value in call.query if _UID.match(key) and not value), "")
    named = named or call.parameter("workitem") or call.parameter("AffectedSOPInstanceUID")
    if named and not _UID.match(named):
        raise Refusal(400, "The workitem's UID in the address is not made of digits and points.")
    uid, warnings = await run_in_threadpool(call.ports.workitems.create, named, body, call.client)
    call.subject = f"workitem {uid}"
    headers = {"location": f"{call.base}/workitems/{uid}", "content-location": f"{call.base}/workitems/{uid}"}
    if warnings:
        headers["warning"] = ", ".join(f'299 Mingjing: "{warning}"' for warning in warnings)
    return Response(status_code=201, headers=headers)


def retrieve(call: Call) -> Response:
    """GET /workitems/{uid}"""
    uid = call.uid("workitem")
    call.subject = f"workitem {uid}"
    return answers.one_data_set(call.ports.workitems.retrieve(uid), call.accepts(), 200, {"cache-control": "no-store"})


async def update(call: Call, request: Request) -> Response:
    """POST /workitems/{uid}?transaction-uid=…"""
    uid = call.uid("workitem")
    call.subject = f"workitem {uid}"
    body = await _body(call, request)
    transaction = call.parameter("transaction-uid") or next(
        (key for key, value in call.query if _UID.match(key) and not value), ""
    )
    await run_in_threadpool(call.ports.workitems.update, uid, transaction, body, call.client)
    return Response(status_code=200, headers={"content-location": f"{call.base}/workitems/{uid}"})


async def change_state(call: Call, request: Request) -> Response:
    """PUT /workitems/{uid}/state"""
    uid = call.uid("workitem")
    call.subject = f"workitem {uid}"
    body = await _body(call, request)
    state, transaction = _first(body, "00741000"), _first(body, "00081195")
    await run_in_threadpool(call.ports.workitems.change_state, uid, state, transaction, call.client)
    return Response(status_code=200, headers={"content-location": f"{call.base}/workitems/{uid}/state"})


async def request_cancel(call: Call, request: Request) -> Response:
    """POST /workitems/{uid}/cancelrequest"""
    uid = call.uid("workitem")
    call.subject = f"workitem {uid}"
    body = await _body(call, request, may_be_empty=True)
    await run_in_threadpool(call.ports.workitems.request_cancel, uid, body, call.client)
    return Response(status_code=202)


def search(call: Call) -> Response:
    """GET /workitems"""
    keys: dict[int, str] = {}
    for name, value in call.query:
        if name in _CONTROL:
            continue
        tag = int(name, 16) if len(name) == 8 and all(c in "0123456789abcdefABCDEF" for c in name) else tag_of(name)
        if tag is None:
            raise Refusal(400, "A parameter is neither an attribute's tag nor its keyword.")
        keys[tag] = value
    most = call.ports.limits.results
    limit = min(call.number("limit", 200, 1 << 40), most)
    offset = call.number("offset", 0, call.ports.limits.offset)
    found = list(call.ports.workitems.search(keys, offset, limit + 1)) if limit else []
    headers = {"cache-control": "no-store"}
    if len(found) > limit:
        found = found[:limit]
        headers["warning"] = '299 Mingjing: "There are additional results that can be requested"'
    call.subject = "workitems"
    return answers.data_sets(found, call.accepts(), headers)


def no_subscriptions(_call: Call) -> Response:
    """…/subscribers/…"""
    raise Refusal(501, "Subscriptions to workitems are not offered; search for them instead.")


async def _body(call: Call, request: Request, *, may_be_empty: bool = False) -> Json:
    body = await whole_body(call, request)
    if not body and may_be_empty:
        return {}
    media = parse_one(request.headers.get("content-type", "application/dicom+json"))
    if media.name == XML:
        return from_xml(body)
    if media.name not in ("application/dicom+json", "application/json"):
        raise Refusal(415, "Send the workitem as application/dicom+json or application/dicom+xml.")
    found = json_objects(body)
    if len(found) != 1:
        raise Refusal(400, "Send one data set.")
    return found[0]


def _first(body: Json, tag: str) -> str:
    values = body.get(tag, {}).get("Value") or [""]
    return values[0] if isinstance(values[0], str) else ""
