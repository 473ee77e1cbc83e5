"""WADO-RS (PS3.18 10.4): studies, series and instances as DICOM files, and bulk data by reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from starlette.responses import Response

from server.doors.web.dicomweb import answers, model, multipart
from server.doors.web.dicomweb.answers import Buffer
from server.doors.web.dicomweb.calls import Call
from server.doors.web.dicomweb.metadata import instance_url
from server.doors.web.dicomweb.negotiation import DICOM, OCTETS, MediaType, not_acceptable
from server.doors.web.dicomweb.ports import Refusal, StoredInstance
from server.doors.web.dicomweb.zipping import zipped
from server.doors.web.spans import CAN_SEND, FileSpan, sendable
from server.kernel.metrics import METRICS

ZIP = "application/zip"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
_SYNTAX = re.compile(r"[0-9.]{5,64}\Z")
_BULK_PATH = re.compile(r"[0-9A-Fa-f]{8}(/[0-9]{1,6}/[0-9A-Fa-f]{8}){0,63}\Z")
_VIDEO = re.compile(r"1\.2\.840\.10008\.1\.2\.4\.10[0-8](\.1)?\Z")


def found(call: Call) -> Sequence[StoredInstance]:
    """What the path names. Raises Refusal (404)."""
    study = call.uid("study")
    call.subject = f"study {study}"
    instances = call.ports.holdings.instances(study, call.uid("series"), call.uid("instance"))
    if not instances:
        raise Refusal(404, "The archive has nothing under this address.")
    return instances


def retrieve(call: Call) -> Response:
    """`/studies/…`, `/studies/…/series/…` and `…/instances/…`."""
    instances = found(call)
    is_single = bool(call.path.get("instance"))

    def answer(media: MediaType) -> Response | None:
        if media.is_multipart or media.name == "*/*":
            return _multipart(call, instances, media) if media.takes(DICOM) else None
        if media.name == ZIP:
            return _zip(call, instances, media)
        if media.takes(DICOM) and (is_single or len(instances) == 1):
            return single(call, instances[0], media)
        return None

    offered = (f'multipart/related; type="{DICOM}"', ZIP, *((DICOM,) if is_single else ()))
    return _first_possible(call, answer, offered)


def _first_possible(call: Call, answer: Callable[[MediaType], Response | None], offered: tuple[str, ...]) -> Response:
    """The answer in the first of the accepted media types that can be given. What one transfer syntax makes impossible
    may be possible in the next alternative (8.7.8); of several refusals the first tells what was liked best."""
    impossible: Refusal | None = None
    for media in call.accepts():
        try:
            response = answer(media)
        except Refusal as refusal:
            if refusal.status != 406:
                raise
            impossible = impossible or refusal
            continue
        if response is not None:
            return response
    raise impossible or not_acceptable(offered)


def syntax_for(one: StoredInstance, asked: str) -> str:
    """The transfer syntax to send. Nothing asked for means explicit little endian (8.7.3.5.2), but video stays."""
    if asked == "*" or (not asked and _VIDEO.match(one.transfer_syntax_uid)):
        return one.transfer_syntax_uid
    if asked and not _SYNTAX.match(asked):
        raise Refusal(400, "The transfer-syntax parameter is no UID.")
    return asked or EXPLICIT_LE


def _length(call: Call, one: StoredInstance, syntax: str) -> int | None:
    """Bytes of the DICOM file, None when only making it tells."""
    if one.length is None or syntax != one.transfer_syntax_uid:
        return None
    return len(call.ports.holdings.part10_head(one, syntax)) + one.length


def _file(call: Call, one: StoredInstance, syntax: str) -> Iterator[Buffer]:
    """The DICOM file in pieces."""
    holdings = call.ports.holdings
    if syntax == one.transfer_syntax_uid:
        yield holdings.part10_head(one, syntax)
        if CAN_SEND and one.file is not None and one.length is not None:
            file, offset = one.file()
            with file:
                if sendable(file):
                    yield FileSpan(file, offset, one.length)
                    return
        with one.open() as data:
            yield data
        return
    recoded = holdings.recode(one, syntax)
    yield holdings.part10_head(one, syntax)
    yield memoryview(recoded)


def _etag(call: Call, instances: Sequence[StoredInstance], *more: str) -> tuple[dict[str, str], bool]:
    etag = answers.etag_of((answers.stamp_of(instances), *more))
    headers = {"etag": etag, "cache-control": answers.REVALIDATE, "vary": "accept"}
    return headers, answers.is_known(etag, call.headers.get("if-none-match", ""))


def _multipart(call: Call, instances: Sequence[StoredInstance], media: MediaType) -> Response:
    syntaxes = [syntax_for(one, media.syntax) for one in instances]
    _prove_possible(call, instances, syntaxes)
    headers, known = _etag(call, instances, "multipart", media.syntax, call.base)
    if known:
        return answers.not_modified(headers["etag"])
    boundary = multipart.new_boundary()
    heads = [
        multipart.part_head(boundary, f"{DICOM}; transfer-syntax={syntax}", instance_url(call.base, one))
        for one, syntax in zip(instances, syntaxes, strict=True)
    ]
    end = multipart.closing(boundary)
    lengths = [_length(call, one, syntax) for one, syntax in zip(instances, syntaxes, strict=True)]
    known_lengths = [length for length in lengths if length is not None]
    total = None
    if len(known_lengths) == len(lengths):
        total = sum(known_lengths) + sum(map(len, heads)) + len(end)

    def body() -> Iterator[Buffer]:
        for head, one, syntax in zip(heads, instances, syntaxes, strict=True):
            yield head
            yield from _file(call, one, syntax)
        METRICS.count("retrieved_objects_total", len(instances), door="web")
        yield end

    return answers.Streamed(body(), multipart.content_type(boundary, DICOM), total, headers)


def _prove_possible(call: Call, instances: Sequence[StoredInstance], syntaxes: Sequence[str]) -> None:
    """Refuse before the first byte what cannot be written as asked; one object of each kind is tried."""
    with instances[0].open():
        pass  # an object on a medium in the cupboard is said now, in words
    tried: set[tuple[str, str]] = set()
    for one, syntax in zip(instances, syntaxes, strict=True):
        if syntax != one.transfer_syntax_uid and (one.transfer_syntax_uid, syntax) not in tried:
            tried.add((one.transfer_syntax_uid, syntax))
            call.ports.holdings.recode(one, syntax)


def single(call: Call, one: StoredInstance, media: MediaType) -> Response:
    syntax = syntax_for(one, media.syntax)
    _prove_possible(call, [one], [syntax])
    headers, known = _etag(call, [one], "single", syntax)
    if known:
        return answers.not_modified(headers["etag"])
    METRICS.count("retrieved_objects_total", door="web")
    headers["content-location"] = instance_url(call.base, one)
    content_type = f"{DICOM}; transfer-syntax={syntax}"
    return answers.Streamed(_file(call, one, syntax), content_type, _length(call, one, syntax), headers)


def _zip(call: Call, instances: Sequence[StoredInstance], media: MediaType) -> Response:
    syntaxes = [syntax_for(one, media.syntax or "*") for one in instances]
    _prove_possible(call, instances, syntaxes)
    headers, known = _etag(call, instances, "zip", media.syntax)
    if known:
        return answers.not_modified(headers["etag"])
    headers["content-disposition"] = 'attachment; filename="study.zip"'
    files = (
        (f"{one.series_uid}/{one.sop_instance_uid}.dcm", _file(call, one, syntax))
        for one, syntax in zip(instances, syntaxes, strict=True)
    )
    METRICS.count("retrieved_objects_total", len(instances), door="web")
    return answers.Streamed(zipped(files), ZIP, None, headers)


def bulk_data(call: Call) -> Response:
    """`…/bulkdata/7FE00010`, `…/bulkdata/00089215/0/00081199`: one value, in parts or whole, ranges too."""
    (one,) = found(call)
    path = call.path["path"]
    if not _BULK_PATH.match(path):
        raise Refusal(404, "The address of the bulk data is malformed.")
    return _first_possible(
        call,
        lambda media: _bulk(call, one, path, media) if media.takes(OCTETS) else None,
        (f'multipart/related; type="{OCTETS}"', OCTETS),
    )


def _bulk(call: Call, one: StoredInstance, path: str, media: MediaType) -> Response:
    headers, known = _etag(call, [one], "bulk", path, str(media.is_multipart), media.syntax)
    if known:
        return answers.not_modified(headers["etag"])
    with one.open() as data:
        value, is_encapsulated = _value(call, data, one.transfer_syntax_uid, path)
        syntax = one.transfer_syntax_uid if is_encapsulated else EXPLICIT_LE
        wanted_syntax = syntax_for(one, media.syntax)
    if is_encapsulated and wanted_syntax != syntax:
        # octets without a transfer syntax are uncompressed (8.7.3.3.2); fragments are for those who ask for them
        recoded = memoryview(call.ports.holdings.recode(one, wanted_syntax))
        value, _ = _value(call, recoded, wanted_syntax, path)
        syntax = wanted_syntax
    content_type = f"{OCTETS}; transfer-syntax={syntax}" if is_encapsulated else OCTETS
    if media.is_multipart:
        boundary = multipart.new_boundary()
        location = f"{instance_url(call.base, one)}/bulkdata/{path}"
        body = multipart.part_head(boundary, content_type, location) + value + multipart.closing(boundary)
        response = Response(body, headers=headers)
        response.headers["content-type"] = multipart.content_type(boundary, OCTETS)
        return response
    headers["accept-ranges"] = "bytes"
    wanted = answers.byte_range(call.headers.get("range", ""), len(value))
    if_range = call.headers.get("if-range", "")
    if wanted is None or (if_range and if_range != headers["etag"]):
        return Response(value, headers=headers, media_type=content_type)
    headers["content-range"] = f"bytes {wanted[0]}-{wanted[1] - 1}/{len(value)}"
    return Response(value[wanted[0] : wanted[1]], 206, headers, media_type=content_type)


def _value(call: Call, data: memoryview, syntax: str, path: str) -> tuple[bytes, bool]:
    """The value that a path names, and whether it is encapsulated pixel data. Raises Refusal (404, 500)."""
    plain, syntax = call.ports.holdings.inflated(data, syntax)
    try:
        start, length, vr = model.find_bulk(plain, syntax, path.upper())
    except KeyError:
        raise Refusal(404, "The object has no such attribute.") from None
    except model.BadDataSet as bad:
        raise Refusal(500, f"The stored object is damaged: {bad}") from None
    stop = model.skip_fragments(plain, start, len(plain)) if length is None else start + length
    value = bytes(plain[start:stop])
    return (model.swapped(value, vr) if syntax == model.EXPLICIT_BE else value), length is None
