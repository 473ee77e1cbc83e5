"""What every request, reply and notice is made of. README.md beside this file is the protocol document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar, get_args

import msgspec

from shared.domain.permissions import Permission

PROTOCOL_VERSION = 1

ReplyT = TypeVar("ReplyT")


class AuditClass(StrEnum):
    """How a call stands in the audit log (after the event types of DICOM PS3.15 A.5)."""

    SECURITY = "security"  # log-in, accounts, peers
    PATIENT_RECORD = "patient_record"  # patient or order data read or changed
    IMAGES = "images"  # images read, matched, exported
    REPORT = "report"  # report text read or changed
    QUEUE = "queue"  # calling
    EXPORT = "export"  # printed or handed out
    SETTINGS = "settings"  # master data
    ROUTINE = "routine"  # lists refreshed, heartbeats: kept, but filtered out of the usual view


class Channel(StrEnum):
    """Which socket a request may come by."""

    REQUESTS = "requests"
    URGENT = "urgent"  # log-in, cancel, heartbeat: never behind a long query


class Request(msgspec.Struct, Generic[ReplyT], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message from client to server whose reply type is ReplyT.

    Subclasses of Query and Command state `method`, `permission` and `audit`; nothing else describes
    the message anywhere. The docstring of a subclass lists the refusals beside the general ones.
    """

    method: ClassVar[str]
    permission: ClassVar[Permission]
    audit: ClassVar[AuditClass]
    channel: ClassVar[Channel] = Channel.REQUESTS
    is_command: ClassVar[bool] = False


class Query(Request[ReplyT], Generic[ReplyT], frozen=True, kw_only=True):
    """A request that changes nothing and may be repeated."""


class Command(Request[ReplyT], Generic[ReplyT], frozen=True, kw_only=True):
    """A request that changes something.

    It travels with an idempotency key (in the envelope, made by the client): the same key from the
    same user gives the first reply again and does nothing twice.
    """

    is_command: ClassVar[bool] = True


class Nothing(msgspec.Struct, frozen=True):
    """The reply of a command that has nothing to say."""


class Notice(msgspec.Struct, frozen=True, tag_field="kind"):
    """Something changed. Ids and versions only, never patient data: the receiver asks again."""


class Changed(Notice, frozen=True, tag="changed"):
    """An entity (exam, ticket, report, study, application, hospital, user) with this id has a new version."""

    entity: str
    id: int
    version: int


class TicketCalled(Notice, frozen=True, tag="ticket_called"):
    """A ticket was called to a room: the hall display fetches the announcement and speaks it."""

    ticket_id: int
    room_id: int
    call_id: int


AnyNotice = Changed | TicketCalled


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a list: rows from `offset`, at most `limit` (1 to 500)."""

    offset: int = 0
    limit: int = 100


_METHOD = re.compile(r"^[a-z_]+\.[a-z_]+$")


def reply_type(request: type[Request[Any]]) -> Any:
    """Return the reply type that `request` declared as Query[Reply] or Command[Reply]."""
    for base in getattr(request, "__orig_bases__", ()):
        arguments = get_args(base)
        if arguments:
            return arguments[0]
    raise TypeError(f"{request.__name__} names no reply type")


def all_requests() -> dict[str, type[Request[Any]]]:
    """Return every request of the contract by method name, sorted."""
    from shared import contract

    contract.load_all()
    found: dict[str, type[Request[Any]]] = {}
    for request in _leaves(Request):
        if not request.__module__.startswith("shared.contract."):
            continue
        if not _METHOD.match(request.method) or request.method in found:
            raise TypeError(f"method {request.method!r} of {request.__name__} is malformed or declared twice")
        found[request.method] = request
    return dict(sorted(found.items()))


def _leaves(base: type[Any]) -> Iterator[type[Request[Any]]]:
    for child in base.__subclasses__():
        if "method" in child.__dict__:
            yield child
        yield from _leaves(child)
