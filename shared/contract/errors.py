"""The whole error tree that may cross the wire.

Three families. *Refusal*: the server understood and says no, with a code, a sentence and a next step.
*Environment*: the line or a resource fails; queries and keyed commands may be tried again. *Bug*: caught
at the outermost loop, logged with an incident number; the user sees the number.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ErrorCode(StrEnum):
    """One code per reason. The family stands in FAMILY."""

    # refusals
    NOT_SIGNED_IN = "not_signed_in"
    SESSION_EXPIRED = "session_expired"
    WRONG_PASSWORD = "wrong_password"
    ACCOUNT_LOCKED = "account_locked"
    PERMISSION_MISSING = "permission_missing"
    UNKNOWN_METHOD = "unknown_method"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    WRONG_VERSION = "wrong_version"
    INVALID = "invalid"  # a field is wrong; `field` names it
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"  # stale version; `detail` holds the present one
    ILLEGAL_ACTION = "illegal_action"  # not in this state; `state` names it
    HELD_BY_OTHER = "held_by_other"  # report locked; `holder` names the doctor
    SLOT_TAKEN = "slot_taken"
    DUPLICATE = "duplicate"  # e.g. the patient is already registered; `existing_id`
    NO_IMAGES = "no_images"
    KEY_REUSED = "key_reused"  # an idempotency key with another body
    # environment
    BUSY = "busy"
    DISK_FULL = "disk_full"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    OFFLINE = "offline"
    # bug
    INCIDENT = "incident"


ENVIRONMENT = frozenset(
    {ErrorCode.BUSY, ErrorCode.DISK_FULL, ErrorCode.UNAVAILABLE, ErrorCode.TIMEOUT, ErrorCode.OFFLINE}
)


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """An error on the wire: code, one sentence for a person, and what the code's family needs."""

    code: ErrorCode
    message: str
    field: str = ""  # INVALID: dotted name of the field
    state: str = ""  # ILLEGAL_ACTION: the present state
    holder: str = ""  # HELD_BY_OTHER: display name of the holder
    version: int = 0  # CONFLICT: the present version
    existing_id: int = 0  # DUPLICATE: what is there already
    retry_after_s: float = 0.0  # ACCOUNT_LOCKED, BUSY
    incident: str = ""  # INCIDENT: number in the server's log


class RpcError(Exception):
    """Raised by the client; `body` says why."""

    def __init__(self, body: ErrorBody) -> None:
        super().__init__(f"{body.code}: {body.message}")
        self.body = body

    @property
    def code(self) -> ErrorCode:
        return self.body.code


class Refused(RpcError):
    """The server said no."""


class EnvironmentTrouble(RpcError):
    """The line or a resource fails; try again."""


class ServerBug(RpcError):
    """The server met a defect; the incident number is in `body`."""


def error_for(body: ErrorBody) -> RpcError:
    """Return the exception of the right family for an error body."""
    if body.code is ErrorCode.INCIDENT:
        return ServerBug(body)
    return EnvironmentTrouble(body) if body.code in ENVIRONMENT else Refused(body)
