"""Does for every call what its declaration says: session, permission, size, idempotency, audit, error mapping.

Knows no socket and no area: frames in, frames out.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from sqlalchemy.exc import OperationalError

from server.kernel import idempotency
from server.kernel.audit import AuditEntry, AuditSink
from server.kernel.clock import Clock
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import NOBODY, Caller, Handler
from server.kernel.errors import Refusal
from shared.contract.base import AuditClass, Channel, Request
from shared.contract.errors import ErrorBody, ErrorCode, RpcError
from shared.domain.permissions import Permission
from shared.rpc import envelope
from shared.rpc.envelope import ReplyHeader, RequestHeader

logger = logging.getLogger(__name__)

Frames = tuple[bytes, bytes]

_WAIT_FOR_FIRST_S = 30.0


class Sessions(Protocol):
    """Knows who holds a token."""

    def authenticate(self, token: str) -> Caller:
        """Return the caller. Raises Refusal: NOT_SIGNED_IN, SESSION_EXPIRED."""


class Limits(Protocol):
    """Knows what accounts that are limited to campuses may ask."""

    def admit(self, uow: UnitOfWork, caller: Caller, request: Request[Any]) -> Caller:
        """Return the caller with what lists are narrowed by. Raises Refusal: PERMISSION_MISSING."""


class Router:
    """Answers one request at a time; `answer` may be called from many threads."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        database: Database,
        sessions: Sessions,
        audit: AuditSink,
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits
        self._handlers = handlers
        self._database = database
        self._sessions = sessions
        self._audit = audit
        self._clock = clock
        self._running: dict[tuple[int, str], threading.Event] = {}
        self._running_lock = threading.Lock()

    def answer(self, header_frame: bytes, body: bytes, channel: Channel, address: str = "") -> Frames:
        """Answer a request. Never raises: whatever goes wrong becomes an error body."""
        started = time.perf_counter()
        number = 0
        call = _Call(address)
        try:
            header = envelope.decode_request_header(header_frame)
            number = header.id
            reply = self._perform(header, body, channel, call, started)
            return envelope.encode(ReplyHeader(number, True)), reply
        except Refusal as refusal:
            error = refusal.body
        except RpcError as refused:
            error = refused.body
        except OperationalError as trouble:
            error = _database_trouble(trouble)
        except Exception:  # the outermost loop of every call: a defect must answer, not hang the caller
            incident = secrets.token_hex(4)
            logger.exception("incident %s in %s", incident, call.method)
            error = ErrorBody(
                code=ErrorCode.INCIDENT,
                message=f"服务器内部错误，事故编号 {incident}。内容未丢失，请联系管理员。",
                incident=incident,
            )
        self._audit.record(self._entry(call, error.code.value, started))
        return envelope.encode(ReplyHeader(number, False)), envelope.encode(error)

    def _perform(self, header: RequestHeader, body: bytes, channel: Channel, call: _Call, started: float) -> bytes:
        handler = self._handlers.get(header.method)
        if handler is None:
            raise Refusal(ErrorCode.UNKNOWN_METHOD, "服务器没有这个功能，请升级工作站或服务器。")
        declared = handler.request
        call.method, call.audit_class = declared.method, declared.audit
        if channel is not declared.channel and channel is Channel.URGENT:
            raise Refusal(ErrorCode.MALFORMED, "该请求不能走紧急通道。")
        call.caller = self._caller(declared, header.token, call.address)
        if len(body) > envelope.MAX_BODY_BYTES:
            raise Refusal(ErrorCode.TOO_LARGE, "请求内容过大。")
        try:
            request = envelope.decode(declared, body)
        except msgspec.ValidationError as error:
            raise Refusal(ErrorCode.INVALID, f"请求内容不符合约定：{error}", field=_path_of(error)) from error
        except msgspec.DecodeError as error:
            raise Refusal(ErrorCode.MALFORMED, "请求内容无法解析。") from error
        call.subject = subject_of(request)
        if declared.is_command and call.caller.user_id:
            return self._command(handler, request, header, body, call, started)
        return self._query(handler, request, call, started)

    def _caller(self, declared: type[Request[Any]], token: str, address: str) -> Caller:
        if declared.permission is Permission.ANYONE:
            return Caller(0, "", "", NOBODY.permissions, address=address)
        caller = self._sessions.authenticate(token)
        if not caller.may(declared.permission):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "您没有执行此操作的权限，请联系管理员。")
        return caller

    def _query(self, handler: Handler, request: Request[Any], call: _Call, started: float) -> bytes:
        if handler.in_transaction:
            with self._database.read() as uow:
                self._limit(uow, request, call)
                reply = envelope.encode(handler.call(request, call.caller, uow))
        else:
            self._limit_alone(request, call)
            reply = envelope.encode(handler.call(request, call.caller))
        self._audit.record(self._entry(call, "ok", started))
        return reply

    def _command(
        self, handler: Handler, request: Request[Any], header: RequestHeader, body: bytes, call: _Call, started: float
    ) -> bytes:
        if not header.key or len(header.key) > idempotency.MAX_KEY_LENGTH:
            raise Refusal(ErrorCode.MALFORMED, "命令缺少操作编号。")
        digest = idempotency.digest_of(header.method, body)
        user_id = call.caller.user_id
        if not handler.in_transaction:
            return self._lone_command(handler, request, header.key, digest, call, started)
        with self._database.write() as uow:
            earlier = idempotency.earlier_reply(uow, user_id, header.key, digest)
            if earlier is not None:
                return earlier
            self._limit(uow, request, call)
            reply = envelope.encode(handler.call(request, call.caller, uow))
            self._keep(uow, header.key, digest, reply, call, started)
        return reply

    def _lone_command(
        self, handler: Handler, request: Request[Any], key: str, digest: str, call: _Call, started: float
    ) -> bytes:
        mark = (call.caller.user_id, key)
        with self._running_lock:
            first = self._running.get(mark)
            finished = self._running.setdefault(mark, threading.Event())
        if first is not None:  # a repetition while the first is still at work: its reply is the answer
            first.wait(_WAIT_FOR_FIRST_S)
            with self._database.read() as uow:
                earlier = idempotency.earlier_reply(uow, call.caller.user_id, key, digest)
            if earlier is None:
                raise Refusal(ErrorCode.BUSY, "操作没有完成，请重试。", retry_after_s=1)
            return earlier
        try:
            with self._database.read() as uow:
                earlier = idempotency.earlier_reply(uow, call.caller.user_id, key, digest)
            if earlier is not None:
                return earlier
            self._limit_alone(request, call)
            reply = envelope.encode(handler.call(request, call.caller))
            with self._database.write() as uow:
                self._keep(uow, key, digest, reply, call, started)
            return reply
        finally:
            with self._running_lock:
                del self._running[mark]
            finished.set()

    def _limit(self, uow: UnitOfWork, request: Request[Any], call: _Call) -> None:
        if self._limits is not None and call.caller.is_limited:
            call.caller = self._limits.admit(uow, call.caller, request)

    def _limit_alone(self, request: Request[Any], call: _Call) -> None:
        if self._limits is not None and call.caller.is_limited:
            with self._database.read() as uow:
                self._limit(uow, request, call)

    def _keep(self, uow: UnitOfWork, key: str, digest: str, reply: bytes, call: _Call, started: float) -> None:
        idempotency.keep_reply(uow, call.caller.user_id, key, digest, reply, self._clock.now())
        self._audit.record_in(uow, self._entry(call, "ok", started))

    def _entry(self, call: _Call, outcome: str, started: float) -> AuditEntry:
        return AuditEntry(
            at=self._clock.now(),
            user=call.caller.login,
            station=call.caller.station,
            address=call.address,
            method=call.method,
            audit_class=call.audit_class,
            outcome=outcome,
            subject=call.subject,
            duration_ms=(time.perf_counter() - started) * 1000,
        )


class _Call:
    """What is known of a call so far; kept for the audit entry when it fails half-way."""

    __slots__ = ("address", "audit_class", "caller", "method", "subject")

    def __init__(self, address: str) -> None:
        self.address = address
        self.caller: Caller = NOBODY
        self.method = "?"
        self.audit_class = AuditClass.SECURITY
        self.subject = ""


_SUBJECT_FIELDS = (
    "exam_id",
    "report_id",
    "ticket_id",
    "patient_id",
    "study_uid",
    "user_id",
    "call_id",
    "ae_title",
    "entry_id",
)


def subject_of(request: Request[Any]) -> str:
    """Return which entity a request speaks of, as "exam 12"; ids only."""
    for name in _SUBJECT_FIELDS:
        value = getattr(request, name, None)
        if value:
            return f"{name.rsplit('_', 1)[0]} {value}"
    return ""


def _path_of(error: msgspec.ValidationError) -> str:
    text = str(error)
    return text.rsplit("$.", 1)[1].rstrip("`") if "$." in text else ""


def _database_trouble(error: OperationalError) -> ErrorBody:
    reason = str(error.orig).lower()
    logger.error("database: %s", type(error.orig).__name__)
    if "full" in reason:
        return ErrorBody(code=ErrorCode.DISK_FULL, message="服务器磁盘已满，本次操作没有保存，请联系管理员。")
    return ErrorBody(code=ErrorCode.BUSY, message="数据库正忙，请稍后再试。", retry_after_s=2)
