"""Sends what the outbox holds until the server has confirmed it, over lines that are slow and break. Knows no Qt.

One thread, one small step at a time: after every chunk the most urgent record goes on, so that an emergency does not
wait behind a long file. Chunks are as large as the line takes in about a second. After a failure the server is asked
where its copy ends, and the pause grows with jitter, so that stations of one broken line do not come back all at once.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clients.ecg.line.outbox import Kind, Outbox, Waiting
from shared.contract.base import Request
from shared.contract.ecg_acquisition import (
    MAX_CHUNK_BYTES,
    AppendUpload,
    BeginUpload,
    DropUpload,
    FinishUpload,
    UploadResult,
)
from shared.contract.ecg_lines import AppendOriginal, BeginOriginal, FinishOriginal, LineReport, ReportLine
from shared.contract.errors import ENVIRONMENT, ErrorCode, RpcError
from shared.domain.ecg import Urgency

log = logging.getLogger(__name__)

FIRST_CHUNK, LEAST_CHUNK, MOST_CHUNK = 4096, 1024, 256 * 1024
_WISHED_S = 1.0  # how long a chunk should take
_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0
_REPORT_S = 120.0
_LATER = frozenset(
    {ErrorCode.NOT_SIGNED_IN, ErrorCode.SESSION_EXPIRED, ErrorCode.INCIDENT, ErrorCode.PERMISSION_MISSING}
)
_ANEW = 3
"""How often a record that was damaged or lost on its way begins anew before a person is asked."""

DOWN = "服务器连接中断，恢复后自动上传。"
DAMAGED = "本机保存的心电记录已损坏，不能上传；请重新采集。"
Call = Callable[[Request[Any]], Any]


@dataclass(frozen=True, slots=True)
class LineStatus:
    """How the queue stands. `seconds_left` None: nothing was measured yet, or nothing waits."""

    waiting: int = 0
    originals: int = 0
    refused: int = 0
    urgent: int = 0
    bytes_left: int = 0  # of the records, without what the server has already
    seconds_left: float | None = None
    bytes_per_s: float = 0.0
    trouble: str = ""  # why nothing goes out now; "" when all is well
    sending: str = ""  # key of the record on its way
    share: float = 0.0  # of that record, 0 … 1


@dataclass(frozen=True, slots=True)
class Sent:
    """A record that the server has kept."""

    key: str
    result: UploadResult


class LineSender:
    """Empties an outbox. `sent`, `refused` (key, sentence) and `changed` (LineStatus) are called in its thread."""

    def __init__(
        self,
        outbox: Outbox,
        call: Call,
        *,
        sent: Callable[[Sent], None] = lambda _sent: None,
        refused: Callable[[str, str], None] = lambda _key, _why: None,
        changed: Callable[[LineStatus], None] = lambda _status: None,
        is_up: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        """While `is_up` says no nothing is handed to the line: what it queued would go out first when it is back."""
        self._outbox, self._call, self._clock = outbox, call, clock
        self._sent, self._refused, self._changed, self._is_up = sent, refused, changed, is_up
        self._rng = rng or random.Random()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="ecg-line", daemon=True)
        self._offsets: dict[tuple[Kind, str], int] = {}
        self._anew: dict[str, int] = {}
        self._open: tuple[tuple[Kind, str], bytes] | None = None  # the bytes of the item that was touched last
        self._chunk = FIRST_CHUNK
        self._rate = 0.0
        self._failures = self._failures_unreported = 0
        self._reported_at = -_REPORT_S
        self.status = LineStatus()

    def start(self) -> None:
        """Begin, also with what an earlier run left."""
        self._thread.start()

    def wake(self) -> None:
        """Something new lies in the outbox, or the line is back: try at once."""
        self._wake.set()

    def stop(self) -> None:
        """End after the step that runs; what is not sent stays in the outbox."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            pause = self.step()
            if pause is None or pause > 0:
                self._wake.wait(pause)

    def step(self) -> float | None:
        """Do the next small thing; gives the seconds to wait before the next step, None: until somebody wakes it."""
        one = self._outbox.next()
        if one is None:
            self._tell(None)
            self._report(force=False)
            return None if not self._outbox.waiting() else _REPORT_S
        if not self._is_up():
            self._offsets.pop((one.kind, one.key), None)
            self._tell(one, DOWN)
            return _LONGEST_PAUSE_S
        try:
            self._advance(one)
        except RpcError as error:
            return self._failed(one, error)
        except OSError as error:
            log.warning("the outbox cannot be read or written: %s", error.strerror)
            self._tell(one, "本机磁盘读写失败，请检查磁盘空间。")
            return self._pause()
        self._failures = 0
        self._tell(one)
        self._report(force=False)
        return 0.0

    def send_all(self, steps: int = 100_000) -> bool:
        """Send until nothing waits; False when a step has to be tried later."""
        for _ in range(steps):
            pause = self.step()
            if pause is None:
                return True
            if pause > 0:
                return False
        return False

    # ── one step ─────────────────────────────────────────────────────────────────────────────────────

    def _advance(self, one: Waiting) -> None:
        data = self._data(one)
        if data is None and self._outbox.is_gone(one):  # another window of this user sent it
            self._forget(one)
            return
        if data is None:
            self._outbox.refuse(one, DAMAGED)
            self._refused(one.key, DAMAGED)
            return
        place = (one.kind, one.key)
        if place not in self._offsets:
            self._begin(one)
        elif (offset := self._offsets[place]) < len(data):
            chunk = data[offset : offset + self._chunk]
            begun = self._clock()
            self._offsets[place] = self._append(one, offset, chunk)
            self._learn(len(chunk), self._clock() - begun)
        else:
            self._finish(one)

    def _data(self, one: Waiting) -> bytes | None:
        place = (one.kind, one.key)
        if self._open is None or self._open[0] != place:
            data = self._outbox.data(one)
            if data is None:
                return None
            self._open = (place, data)
        return self._open[1]

    def _begin(self, one: Waiting) -> None:
        if one.kind is Kind.TRACE:
            answer = self._call(BeginUpload(key=one.key, facts=one.entry.facts))
            if answer.result is not None:  # an earlier answer was lost on its way
                self._kept(one, answer.result)
                return
        else:
            file = one.entry.original
            assert file is not None
            answer = self._call(
                BeginOriginal(key=one.key, name=file.name, size_bytes=file.size_bytes, sha256=file.sha256)
            )
            if answer.complete:
                self._original_kept(one)
                return
        self._offsets[one.kind, one.key] = answer.offset

    def _append(self, one: Waiting, offset: int, chunk: bytes) -> int:
        request = AppendUpload if one.kind is Kind.TRACE else AppendOriginal
        answer = self._call(request(key=one.key, offset=offset, data=chunk))
        end: int = answer.offset
        return end

    def _finish(self, one: Waiting) -> None:
        if one.kind is Kind.TRACE:
            self._kept(one, self._call(FinishUpload(key=one.key)))
        else:
            self._call(FinishOriginal(key=one.key))
            self._original_kept(one)

    def _kept(self, one: Waiting, result: UploadResult) -> None:
        self._forget(one)
        self._outbox.confirmed(one.key, result.trace.id)
        self._sent(Sent(one.key, result))
        self._report(force=True)

    def _original_kept(self, one: Waiting) -> None:
        self._forget(one)
        self._outbox.original_confirmed(one.key)

    def _forget(self, one: Waiting) -> None:
        self._offsets.pop((one.kind, one.key), None)
        self._anew.pop(one.key, None)
        self._open = None

    # ── failures ─────────────────────────────────────────────────────────────────────────────────────

    def _failed(self, one: Waiting, error: RpcError) -> float:
        self._offsets.pop((one.kind, one.key), None)  # ask again where the server's copy ends
        if error.code in ENVIRONMENT or error.code in _LATER:
            self._failures_unreported += 1
            self._chunk = max(LEAST_CHUNK, self._chunk // 2)
            self._tell(one, error.body.message)
            return max(self._pause(), error.body.retry_after_s)
        if self._can_begin_anew(one, error):
            return 0.0
        if one.kind is Kind.TRACE and error.code in (ErrorCode.ILLEGAL_ACTION, ErrorCode.NOT_FOUND):
            log.info("the exam of a record takes none any more: it is sent without one")
            self._open = None
            self._outbox.send_as_orphan(one.key)
            return 0.0
        self._outbox.refuse(one, error.body.message)
        self._refused(one.key, error.body.message)
        self._tell(None)
        return 0.0

    def _can_begin_anew(self, one: Waiting, error: RpcError) -> bool:
        """Whether the server lost or garbled what came; it then begins at nothing."""
        lost = error.code is ErrorCode.NOT_FOUND and self._anew.get(one.key, 0) == 0
        garbled = error.code is ErrorCode.INVALID and error.body.field in ("parts", "sha256")
        cut = error.code is ErrorCode.ILLEGAL_ACTION and error.body.state == "incomplete"
        if not (lost or garbled or cut) or self._anew.get(one.key, 0) >= _ANEW:
            return False
        self._anew[one.key] = self._anew.get(one.key, 0) + 1
        if garbled and one.kind is Kind.TRACE:
            try:
                self._call(DropUpload(key=one.key))
            except RpcError as again:
                log.info("a damaged upload could not be dropped yet: %s", again.code)
        return True

    def _pause(self) -> float:
        self._failures += 1
        longest = min(_LONGEST_PAUSE_S, _PAUSE_S * 2.0 ** min(self._failures - 1, 12))
        return longest * self._rng.uniform(0.5, 1.0)

    # ── what is told ─────────────────────────────────────────────────────────────────────────────────

    def _learn(self, size: int, seconds: float) -> None:
        seconds = max(seconds, 1e-3)
        rate = size / seconds
        self._rate = rate if self._rate == 0 else 0.7 * self._rate + 0.3 * rate
        factor = min(2.0, max(0.5, _WISHED_S / seconds))
        self._chunk = int(min(MOST_CHUNK, MAX_CHUNK_BYTES, max(LEAST_CHUNK, self._chunk * factor)))

    def _tell(self, one: Waiting | None, trouble: str = "") -> None:
        waiting = self._outbox.waiting()
        traces = [each for each in waiting if each.kind is Kind.TRACE and not each.refused]
        left = sum(each.size_bytes - self._offsets.get((each.kind, each.key), 0) for each in traces)
        share = 0.0
        if one is not None and one.size_bytes:
            share = min(1.0, self._offsets.get((one.kind, one.key), 0) / one.size_bytes)
        self.status = LineStatus(
            waiting=len(traces),
            originals=sum(each.kind is Kind.ORIGINAL and not each.refused for each in waiting),
            refused=sum(bool(each.refused) for each in waiting),
            urgent=sum(each.entry.urgency is not Urgency.ROUTINE for each in traces),
            bytes_left=left,
            seconds_left=left / self._rate if self._rate and traces else None,
            bytes_per_s=self._rate,
            trouble=trouble,
            sending=one.key if one is not None else "",
            share=share,
        )
        self._changed(self.status)

    def _report(self, *, force: bool) -> None:
        """Tell the centre how this outbox stands; that it does not arrive is no reason to stop."""
        now = self._clock()
        if not force and now - self._reported_at < _REPORT_S:
            return
        self._reported_at = now
        waiting = self._outbox.waiting()
        traces = [each for each in waiting if each.kind is Kind.TRACE]
        originals = [each for each in waiting if each.kind is Kind.ORIGINAL]
        oldest: datetime | None = min((each.entry.kept_at for each in traces), default=None)
        report = LineReport(
            waiting=len(traces),
            waiting_bytes=sum(each.size_bytes for each in traces),
            originals=len(originals),
            original_bytes=sum(each.size_bytes for each in originals),
            urgent=sum(each.entry.urgency is not Urgency.ROUTINE for each in traces),
            refused=sum(bool(each.refused) for each in waiting),
            oldest_at=oldest.astimezone(UTC) if oldest else None,
            bytes_per_s=round(self._rate, 1),
            failures=self._failures_unreported,
        )
        try:
            self._call(ReportLine(report=report))
        except RpcError as error:
            log.info("the line's report did not arrive: %s", error.code)
            return
        self._failures_unreported = 0
