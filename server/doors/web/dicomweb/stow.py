"""STOW-RS (PS3.18 10.5): objects come in parts, each is kept as soon as it is whole; large ones wait on disk."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from server.doors.web.dicomweb import answers
from server.doors.web.dicomweb.assembling import Bulk, assemble
from server.doors.web.dicomweb.calls import Call
from server.doors.web.dicomweb.metadata import instance_url
from server.doors.web.dicomweb.multipart import BadMultipart, MultipartReader, PartBegins, PartData
from server.doors.web.dicomweb.negotiation import DICOM, JSON, MULTIPART, XML, parse_one
from server.doors.web.dicomweb.ports import Json, NotStored, Refusal, StoredInstance

SPOOL_PATTERN = "web-*.part"
_AT_ONCE = 4  # objects that are being made durable while the next ones come
_MEMORY_FOR_ALL = 512 << 20
_PATIENCE_S = 1.0  # to let queries find what was stored before the answer
_CANNOT_UNDERSTAND = 0xC000


@dataclass(slots=True)
class Outcome:
    """What became of the parts."""

    stored: list[StoredInstance] = field(default_factory=list)
    failed: list[NotStored] = field(default_factory=list)


class Part:
    """The content of one part: in memory up to a bound, then in a file; at once when all parts together hold much."""

    _held = 0  # bytes that all parts of this process have in memory

    def __init__(self, folder: Path, memory_bytes: int, most_bytes: int) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._most_bytes = most_bytes
        self._buffer = bytearray()
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        self.length = 0
        self.content_type = ""
        self.location = ""

    async def add(self, data: bytes) -> None:
        """Keep more bytes. Raises Refusal (413)."""
        self.length += len(data)
        if self.length > self._most_bytes:
            raise Refusal(413, f"A part is larger than {self._most_bytes >> 20} MB.")
        self._buffer += data
        Part._held += len(data)
        if self._file is None and (len(self._buffer) > self._memory_bytes or Part._held > _MEMORY_FOR_ALL):
            self._path = self._folder / f"web-{secrets.token_hex(12)}.part"
            self._file = await run_in_threadpool(self._path.open, "xb")
        if self._file is not None and len(self._buffer) >= 1 << 20:
            await run_in_threadpool(self._file.write, self._buffer)
            self._let_go()

    @contextmanager
    def view(self) -> Iterator[memoryview]:
        """All bytes."""
        if self._file is None:
            yield memoryview(self._buffer).toreadonly()
            return
        assert self._path is not None
        self._file.write(self._buffer)
        self._file.close()
        with (
            self._path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as view,
        ):
            yield view

    def _let_go(self) -> None:
        Part._held -= len(self._buffer)
        self._buffer = bytearray()

    def drop(self) -> None:
        """Give back the memory and remove the file, if there is one."""
        self._let_go()
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()


async def store(call: Call, request: Request) -> Response:
    """POST /studies and /studies/{study}."""
    study = call.uid("study")
    answers.check_acceptable(call.accepts())  # not after something was stored
    media = parse_one(request.headers.get("content-type", ""))
    outcome = Outcome()
    call.subject = f"study {study}" if study else "objects"
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > call.ports.limits.body_bytes:
        raise Refusal(413, "The body is too large; send it in several requests.")
    if media.name == DICOM:
        await _single(call, request, study, outcome)
    elif media.name == MULTIPART:
        inner = media.parameters.get("type", DICOM).lower()
        if inner not in (DICOM, JSON, XML):
            raise Refusal(415, f"The parts must be {DICOM}, {JSON} or {XML}.")
        try:
            reader = MultipartReader(media.parameters.get("boundary", ""), call.ports.limits.parts)
        except BadMultipart as bad:
            raise Refusal(400, str(bad)) from None
        await _parts(call, request, reader, study, outcome)
    else:
        raise Refusal(415, f'Send multipart/related; type="{DICOM}", with a DICOM file in each part.')
    return await _answer(call, outcome)


async def _single(call: Call, request: Request, study: str, outcome: Outcome) -> None:
    part = _new_part(call)
    try:
        async for chunk in request.stream():
            await part.add(chunk)
        await run_in_threadpool(_keep, call, part, study, outcome)
    finally:
        part.drop()


def _new_part(call: Call) -> Part:
    limits = call.ports.limits
    return Part(call.ports.sink.spool, limits.memory_bytes, limits.part_bytes)


async def _parts(call: Call, request: Request, reader: MultipartReader, study: str, outcome: Outcome) -> None:
    part: Part | None = None
    metadata: list[Part] = []
    bulk: list[Part] = []
    running: set[asyncio.Task[None]] = set()
    total = 0
    try:
        try:
            async for chunk in request.stream():
                total += len(chunk)
                if total > call.ports.limits.body_bytes:
                    raise Refusal(413, "The body is too large; send it in several requests.")
                for event in reader.feed(chunk):
                    if isinstance(event, PartBegins):
                        part = _new_part(call)
                        part.content_type = event.headers.get("content-type", DICOM)
                        part.location = event.headers.get("content-location", "")
                    elif isinstance(event, PartData):
                        assert part is not None
                        await part.add(event.data)
                    else:
                        assert part is not None
                        whole, part = part, None
                        kind = parse_one(whole.content_type).name
                        if kind == DICOM:
                            if len(running) >= _AT_ONCE:
                                _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                            running.add(asyncio.ensure_future(_keep_and_drop(call, whole, study, outcome)))
                        elif kind in (JSON, XML):
                            metadata.append(whole)
                            if sum(one.length for one in metadata) > call.ports.limits.json_bytes:
                                raise Refusal(413, "The metadata are too large.")
                        else:
                            bulk.append(whole)
            reader.close()
        except BadMultipart as bad:
            if running:
                await asyncio.wait(running)
                running = set()
            if not outcome.stored:
                raise Refusal(400, str(bad)) from None
            outcome.failed.append(NotStored(_CANNOT_UNDERSTAND, str(bad)))
        if running:
            await asyncio.wait(running)
            running = set()
        if metadata:
            await run_in_threadpool(_keep_assembled, call, metadata, bulk, study, outcome)
    finally:
        if running:
            await asyncio.wait(running)
        for one in (part, *metadata, *bulk):
            if one is not None:
                one.drop()


async def _keep_and_drop(call: Call, part: Part, study: str, outcome: Outcome) -> None:
    try:
        await run_in_threadpool(_keep, call, part, study, outcome)
    finally:
        part.drop()


def _keep(call: Call, part: Part, study: str, outcome: Outcome) -> None:
    with part.view() as whole:
        _keep_file(call, whole, study, outcome)


def _keep_file(call: Call, whole: memoryview, study: str, outcome: Outcome) -> None:
    try:
        outcome.stored.append(call.ports.sink.store(whole, call.client, study))
    except NotStored as failure:
        outcome.failed.append(failure)


def _keep_assembled(call: Call, metadata: list[Part], bulk: list[Part], study: str, outcome: Outcome) -> None:
    """Metadata in one part or several, bulk data in others, named by Content-Location (10.5.1.2)."""
    with contextlib.ExitStack() as stack:
        found = {one.location: Bulk(stack.enter_context(one.view()), one.content_type) for one in bulk if one.location}
        for one in metadata:
            with one.view() as view:
                document = bytes(view)
            for whole in assemble(document, parse_one(one.content_type).name == XML, found):
                if isinstance(whole, NotStored):
                    outcome.failed.append(whole)
                else:
                    _keep_file(call, memoryview(whole), study, outcome)


async def _answer(call: Call, outcome: Outcome) -> Response:
    stored, failed = outcome.stored, outcome.failed
    if not stored and not failed:
        raise Refusal(400, "The body holds no DICOM object.")
    places = await run_in_threadpool(call.ports.sink.settled, [one.sop_instance_uid for one in stored], _PATIENCE_S)
    elsewhere = 0
    for number, one in enumerate(stored):
        study, series = places.get(one.sop_instance_uid, (one.study_uid, one.series_uid))
        elsewhere += study != one.study_uid
        stored[number] = replace(one, study_uid=study, series_uid=series)
    status = 200 if not failed else (202 if stored else 409)
    headers = {"cache-control": "no-store"}
    sentences = sorted({failure.sentence for failure in failed})
    if elsewhere:
        sentences.append(f"{elsewhere} of the SOP Instance UIDs belong to another study, where they are found.")
    if sentences:  # the data set has only numbers for failures
        headers["warning"] = ", ".join(f'299 Mingjing: "{_plain(one)}"' for one in sentences[:5])
    return answers.one_data_set(_report(call, outcome), call.accepts(), status, headers)


def _plain(text: str) -> str:
    return "".join(character if " " <= character <= "~" and character not in '"\\' else "?" for character in text[:300])


def _report(call: Call, outcome: Outcome) -> Json:
    """The response data set (PS3.18 table I.2-1)."""
    report: Json = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}
    studies = {one.study_uid for one in outcome.stored}
    report["00081190"] = {"vr": "UR"}  # type 2: empty when nothing was stored, or objects of several studies
    if len(studies) == 1:
        report["00081190"]["Value"] = [f"{call.base}/studies/{studies.pop()}"]
    named = [_failure(one) for one in outcome.failed if one.sop_instance_uid]
    others = [{"00081197": {"vr": "US", "Value": [one.reason]}} for one in outcome.failed if not one.sop_instance_uid]
    if named:
        report["00081198"] = {"vr": "SQ", "Value": named}
    if outcome.stored:
        report["00081199"] = {
            "vr": "SQ",
            "Value": [
                {
                    "00081150": {"vr": "UI", "Value": [one.sop_class_uid]},
                    "00081155": {"vr": "UI", "Value": [one.sop_instance_uid]},
                    "00081190": {"vr": "UR", "Value": [instance_url(call.base, one)]},
                }
                for one in outcome.stored
            ],
        }
    if others:
        report["0008119A"] = {"vr": "SQ", "Value": others}
    return report


def _failure(failure: NotStored) -> Json:
    return {
        "00081150": {"vr": "UI", "Value": [failure.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [failure.sop_instance_uid]},
        "00081197": {"vr": "US", "Value": [failure.reason]},
    }
