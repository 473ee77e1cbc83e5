"""Metadata (PS3.18 10.4.1.1.2), prepared once per version of a series and kept compressed on disk."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from starlette.responses import Response

from server.doors.web.dicomweb import answers
from server.doors.web.dicomweb.calls import Call
from server.doors.web.dicomweb.model import BadDataSet, Reader
from server.doors.web.dicomweb.negotiation import JSON, XML, choose
from server.doors.web.dicomweb.ports import Holdings, Json, Refusal, StoredInstance
from server.kernel.metrics import METRICS

logger = logging.getLogger(__name__)

_TIDY_EVERY_S = 300.0
_KEEP_SHARE = 0.8  # of the bound, after tidying


class MetadataCache:
    """Compressed answers under names made from what decides them; the oldest go when the bound is reached."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._most_bytes = most_bytes
        self._tidied = time.monotonic()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """What is kept under `key`."""
        try:
            return self._path(key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keep `data`; failing to is no error, it is made again."""
        path = self._path(key)
        temporary = path.with_name(f"{secrets.token_hex(8)}.part")
        with contextlib.suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(path)
        self.tidy()

    def tidy(self, *, at_once: bool = False) -> None:
        """Remove the files that were used longest ago when there is too much; at most every few minutes."""
        with self._lock:
            if not at_once and time.monotonic() - self._tidied < _TIDY_EVERY_S:
                return
            self._tidied = time.monotonic()
        files: list[tuple[float, int, str]] = []
        for folder in self._folder.iterdir():
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    status = entry.stat()
                    files.append((max(status.st_atime, status.st_mtime), status.st_size, entry.path))
        total = sum(size for _, size, _ in files)
        if total <= self._most_bytes:
            return
        for _, size, path in sorted(files):
            with contextlib.suppress(OSError):
                Path(path).unlink()
            total -= size
            if total <= self._most_bytes * _KEEP_SHARE:
                return

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key


class MetadataService:
    """The metadata of an instance, a series or a study."""

    def __init__(self, holdings: Holdings, cache: MetadataCache) -> None:
        self._holdings = holdings
        self._cache = cache
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def service(self, call: Call) -> Response:
        """`…/metadata`."""
        study = call.uid("study")
        call.subject = f"study {study}"
        instances = self._holdings.instances(study, call.uid("series"), call.uid("instance"))
        if not instances:
            raise Refusal(404, "The archive has nothing under this address.")
        choices = call.accepts()
        name = choose(choices, (JSON, "application/json", XML))
        stamp = answers.stamp_of(instances)
        etag = answers.etag_of((stamp, call.base, name))
        if answers.is_known(etag, call.headers.get("if-none-match", "")):
            return answers.not_modified(etag)
        headers = {"etag": etag, "cache-control": answers.REVALIDATE, "vary": "accept, accept-encoding"}
        if name == XML:
            return answers.xml_parts(self._each(instances, call.base), headers)
        packed = self.prepared(instances, stamp, call.base)
        if "gzip" in call.headers.get("accept-encoding", "")[:500]:
            return Response(packed, headers={**headers, "content-encoding": "gzip"}, media_type=name)
        return Response(gzip.decompress(packed), headers=headers, media_type=name)

    def prepared(self, instances: Sequence[StoredInstance], stamp: str, base: str) -> bytes:
        """The compressed JSON array; made at most once at a time for one version."""
        key = hashlib.sha256(f"json 1 {stamp} {base}".encode()).hexdigest()
        packed = self._cache.get(key)
        if packed is not None:
            METRICS.count("web_metadata_total", cached="yes")
            return packed
        with self._lock:
            lock = self._making.setdefault(key, threading.Lock())
        with lock:
            packed = self._cache.get(key)
            if packed is None:
                METRICS.count("web_metadata_total", cached="no")
                packed = gzip.compress(answers.encode(self._each(instances, base)), 1, mtime=0)
                self._cache.put(key, packed)
        with self._lock:
            self._making.pop(key, None)
        return packed

    def _each(self, instances: Sequence[StoredInstance], base: str) -> list[Json]:
        reader = Reader(self._holdings.text)
        found = []
        for one in instances:
            try:
                found.append(self._one(reader, one, base))
            except BadDataSet as bad:
                if len(instances) == 1:
                    raise Refusal(500, f"The stored object is damaged: {bad}") from None
                logger.warning("web: an object of series %s has no readable metadata: %s", one.series_uid, bad)
        return found

    def _one(self, reader: Reader, one: StoredInstance, base: str) -> Json:
        where = f"{instance_url(base, one)}/bulkdata/"
        with one.open() as data:
            plain, syntax = self._holdings.inflated(data, one.transfer_syntax_uid)
            found = reader.json(plain, syntax, lambda path: where + path)
        found["00083002"] = {"vr": "UI", "Value": [one.transfer_syntax_uid]}  # Available Transfer Syntax UID
        return dict(sorted(found.items()))


def instance_url(base: str, one: StoredInstance) -> str:
    """Where an instance is retrieved."""
    return f"{base}/studies/{one.study_uid}/series/{one.series_uid}/instances/{one.sop_instance_uid}"
