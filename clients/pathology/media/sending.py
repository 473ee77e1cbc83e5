"""Sends what the journal holds until the server has confirmed it; knows no Qt.

Two threads: pictures do not wait behind a video that takes minutes.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from clients.kit.sound import flac
from clients.pathology.media.journal import CaptureJournal, Waiting
from shared.contract.base import Request
from shared.contract.errors import ENVIRONMENT, ErrorCode, RpcError
from shared.contract.pathology_media import (
    MAX_CHUNK_BYTES,
    MAX_SINGLE_BYTES,
    AddMedia,
    AppendMedia,
    BeginMedia,
    FinishMedia,
    MediaFacts,
    MediaView,
)
from shared.domain.pathology_media import MediaKind

log = logging.getLogger(__name__)

_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_LATER = frozenset({ErrorCode.NOT_SIGNED_IN, ErrorCode.SESSION_EXPIRED, ErrorCode.INCIDENT})
_AGAIN = 3
"""How often a capture that was damaged or cut on its way begins anew before it is tried later."""

DAMAGED = "本机保存的采集文件已损坏，不能上传；请重新采集。"
Call = Callable[[Request[Any]], Any]
Done = Callable[[str, MediaView], None]
Refused = Callable[[str, str], None]


class Sender:
    """Empties the journal. `done(key, view)` and `refused(key, sentence)` are called in the sender's thread."""

    def __init__(self, journal: CaptureJournal, call: Call, done: Done, refused: Refused) -> None:
        self._journal = journal
        self._call = call
        self._done = done
        self._refused = refused
        self._wakes = (threading.Event(), threading.Event())
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._threads = [
            threading.Thread(target=self._run, args=(lane,), name=f"captures-{lane}", daemon=True) for lane in (0, 1)
        ]
        self.trouble = ""
        """Why nothing is sent now: the sentence of the last failure, "" when all is well."""

    def start(self) -> None:
        """Begin, also with what an earlier session left."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something new lies in the journal."""
        for wake in self._wakes:
            wake.set()

    def stop(self) -> None:
        """End; what is not sent stays in the journal."""
        self._stop.set()
        self.wake()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(3)

    def _run(self, lane: int) -> None:
        wake, failures = self._wakes[lane], 0
        while not self._stop.is_set():
            wake.clear()
            try:
                all_sent = self.send_all(recordings=lane == 1)
            except OSError as error:
                log.warning("the journal of captures cannot be read: %s", error.strerror)
                all_sent, self.trouble = False, "本机磁盘读写失败，请检查磁盘空间。"
            failures = 0 if all_sent else failures + 1
            wake.wait(None if all_sent else _PAUSES_S[min(failures, len(_PAUSES_S)) - 1])

    def send_all(self, *, recordings: bool | None = None) -> bool:
        """Send what waits once, or only recordings or all others; False when something has to be tried again."""
        for one in self._journal.waiting():
            if self._stop.is_set():
                return True
            if one.refused or (recordings is not None and recordings != (one.pieces > 0)) or not self._claim(one.key):
                continue
            try:
                view = self._send(one)
            except RpcError as error:
                self.trouble = error.body.message
                if error.code in ENVIRONMENT or error.code in _LATER:
                    return False
                self._journal.refuse(one.key, error.body.message)
                self._refused(one.key, error.body.message)
                continue
            else:
                self.trouble = ""
                if view is not None:
                    self._journal.forget(one.key)
                    self._done(one.key, view)
            finally:
                with self._lock:
                    self._busy.discard(one.key)
        return True

    def _claim(self, key: str) -> bool:
        with self._lock:
            if key in self._busy:
                return False
            self._busy.add(key)
            return True

    def _send(self, one: Waiting) -> MediaView | None:
        if one.pieces == 0 and (whole := self._journal.read(one.key)) is not None:
            return self._send_whole(one.key, *whole)
        facts = self._journal.facts(one.key)
        if facts is None:
            if not self._journal.is_there(one.key):
                return None
            self._journal.refuse(one.key, DAMAGED)
            self._refused(one.key, DAMAGED)
            return None
        if next(self._journal.pieces(one.key), None) is None:
            self._journal.forget(one.key)  # it was begun and the program died before anything was recorded
            return None
        if facts.kind is MediaKind.VOICE:
            data = flac.encode(b"".join(self._journal.pieces(one.key)))
            self._journal.keep(facts, data, one.key)
            return self._send_whole(one.key, facts, data)
        return self._send_pieces(one.key, facts, lambda: self._journal.pieces(one.key))

    def _send_whole(self, key: str, facts: MediaFacts, data: bytes) -> MediaView:
        if len(data) <= MAX_SINGLE_BYTES:
            view: MediaView = self._call(AddMedia(key=key, facts=facts, data=data))
            return view
        return self._send_pieces(key, facts, lambda: iter((data,)))

    def _send_pieces(self, key: str, facts: MediaFacts, pieces: Callable[[], Iterator[bytes]]) -> MediaView:
        """Go on where the server's copy ends; begin anew when it was damaged on the way."""
        for attempt in range(_AGAIN):
            begun = self._call(BeginMedia(key=key, facts=facts))
            if begun.media is not None:
                return begun.media  # type: ignore[no-any-return]
            end, digest, total = begun.offset, hashlib.sha256(), 0
            for piece in pieces():
                digest.update(piece)
                start, total = total, total + len(piece)
                for at in range(max(start, end), total, MAX_CHUNK_BYTES):
                    chunk = piece[at - start : at - start + MAX_CHUNK_BYTES]
                    answer = self._call(AppendMedia(key=key, offset=at, data=chunk))
                    end = answer.offset
            try:
                view: MediaView = self._call(FinishMedia(key=key, size_bytes=total, sha256=digest.hexdigest()))
            except RpcError as error:
                if attempt + 1 < _AGAIN and (error.code is ErrorCode.NOT_FOUND or _came_damaged(error)):
                    continue
                raise
            return view
        raise AssertionError("the last attempt returns or raises")


def _came_damaged(error: RpcError) -> bool:
    body = error.body
    return (error.code is ErrorCode.INVALID and body.field == "sha256") or body.state == "incomplete"
