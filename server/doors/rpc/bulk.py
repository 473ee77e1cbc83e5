"""Answers of the bulk channel: permission, then the bytes in chunks. Knows no socket."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from server.doors.rpc.router import Sessions
from server.kernel.audit import AuditEntry, AuditSink
from server.kernel.clock import Clock
from server.kernel.dispatch import NOBODY, Caller
from server.kernel.errors import Refusal
from shared.contract.base import AuditClass
from shared.contract.errors import ErrorBody, ErrorCode
from shared.domain.permissions import Permission
from shared.rpc import envelope
from shared.rpc.envelope import BulkHeader, BulkRequest

logger = logging.getLogger(__name__)

_requests = msgspec.msgpack.Decoder(BulkRequest)


@dataclass(frozen=True, slots=True)
class BulkItem:
    """The bytes of one item and, for a frame or object, its transfer syntax."""

    data: bytes | memoryview
    transfer_syntax_uid: str = ""


@dataclass(frozen=True, slots=True)
class BulkSource:
    """One kind of item: who may have it and how it is read. `read(caller, name, frame)` raises Refusal."""

    permission: Permission
    audit: AuditClass
    read: Callable[[Caller, str, int], BulkItem]


class BulkAnswers:
    """Answers encoded bulk requests."""

    def __init__(self, sources: Mapping[str, BulkSource], sessions: Sessions, audit: AuditSink, clock: Clock) -> None:
        self._sources = sources
        self._sessions = sessions
        self._audit = audit
        self._clock = clock

    def answer(self, frame: bytes) -> Iterator[tuple[bytes, bytes | memoryview]]:
        """Yield (header, chunk) pairs; a refusal is one pair with an ErrorBody."""
        number = 0
        caller = NOBODY
        request: BulkRequest | None = None
        started = time.perf_counter()
        try:
            request = _requests.decode(frame)
            number = request.id
            source = self._sources.get(request.item)
            if source is None:
                raise Refusal(ErrorCode.UNKNOWN_METHOD, "没有这种数据。")
            caller = self._sessions.authenticate(request.token)
            if not caller.may(source.permission):
                raise Refusal(ErrorCode.PERMISSION_MISSING, "您没有读取该数据的权限。")
            item = source.read(caller, request.name, request.frame)
        except msgspec.MsgspecError:
            error = ErrorBody(code=ErrorCode.MALFORMED, message="请求无法解析。")
        except Refusal as refusal:
            error = refusal.body
        except Exception:  # the outermost loop of every bulk request: a defect must answer, not hang the caller
            incident = secrets.token_hex(4)
            logger.exception("incident %s in bulk", incident)
            error = ErrorBody(
                code=ErrorCode.INCIDENT, message=f"读取失败，事故编号 {incident}，请联系管理员。", incident=incident
            )
        else:
            self._record(request, caller, source.audit, "ok", started)
            yield from _chunks(number, item, request.offset)
            return
        self._record(request, caller, AuditClass.SECURITY, error.code.value, started)
        yield envelope.encode(BulkHeader(number, False, 0, 0)), envelope.encode(error)

    def _record(
        self, request: BulkRequest | None, caller: Caller, audit: AuditClass, outcome: str, started: float
    ) -> None:
        if request is not None and request.frame > 1 and outcome == "ok":
            return  # the first frame of an object stands for all of them
        item = request.item if request else "?"
        self._audit.record(
            AuditEntry(
                at=self._clock.now(),
                user=caller.login,
                station=caller.station,
                address=caller.address,
                method=f"bulk.{item}"[:60],
                audit_class=audit,
                outcome=outcome,
                subject=f"{item} {request.name}"[:120] if request else "",
                duration_ms=(time.perf_counter() - started) * 1000,
            )
        )


def _chunks(number: int, item: BulkItem, offset: int) -> Iterator[tuple[bytes, bytes | memoryview]]:
    view = memoryview(item.data)
    total = len(view)
    for _ in range(envelope.BULK_BURST):
        chunk = view[offset : offset + envelope.MAX_BULK_CHUNK_BYTES]
        yield envelope.encode(BulkHeader(number, True, offset, total, item.transfer_syntax_uid)), chunk
        offset += len(chunk)
        if offset >= total or not len(chunk):
            return
