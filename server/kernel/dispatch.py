"""How an area offers handlers to whatever door calls them; knows neither areas nor sockets."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from server.kernel.database import UnitOfWork
from shared.contract.base import Request, reply_type
from shared.domain.permissions import Permission

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the account of the session, the workstation and its address.

    With `campus_ids` or `department_ids` the account sees and acts only there (RIS-EX-12); empty sets limit nothing.
    """

    user_id: int
    login: str
    name: str
    permissions: frozenset[Permission]
    station: str = ""
    address: str = ""
    session_token: str = ""
    campus_ids: frozenset[int] = frozenset()
    department_ids: frozenset[int] = frozenset()
    room_ids: frozenset[int] | None = None  # the rooms of a limited account; lists show no others

    @property
    def is_limited(self) -> bool:
        return bool(self.campus_ids or self.department_ids)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


NOBODY = Caller(user_id=0, login="", name="", permissions=frozenset({Permission.ANYONE}))
SYSTEM = Caller(user_id=0, login="system", name="系统", permissions=frozenset(Permission))
"""The server itself: DICOM doors, jobs."""


@dataclass(frozen=True, slots=True)
class Handler:
    """A bound handler of one request. With `in_transaction` it is given the unit of work of the call."""

    request: type[Request[Any]]
    call: Callable[..., Any]
    in_transaction: bool


def handles(function: HandlerT) -> HandlerT:
    """Mark a method `(self, request, caller, uow) -> Reply`; the router opens and commits the unit of work."""
    function.__dict__["_handles"] = True
    return function


def handles_alone(function: HandlerT) -> HandlerT:
    """Mark a method `(self, request, caller) -> Reply` that opens its own, short units of work.

    For calls that compute for long (password hashing, PDF): a writer must not wait for them.
    """
    function.__dict__["_handles"] = False
    return function


def collect(*areas: object) -> dict[str, Handler]:
    """Return the handlers of `areas` by method name. Raises TypeError when a signature contradicts the contract."""
    handlers: dict[str, Handler] = {}
    for area in areas:
        for _, bound in inspect.getmembers(area, inspect.ismethod):
            in_transaction = bound.__func__.__dict__.get("_handles")
            if in_transaction is None:
                continue
            handler = _checked(bound, in_transaction)
            if handler.request.method in handlers:
                raise TypeError(f"{handler.request.method} has two handlers")
            handlers[handler.request.method] = handler
    return handlers


def _checked(bound: Callable[..., Any], in_transaction: bool) -> Handler:
    hints = get_type_hints(bound)
    expected = [Caller, UnitOfWork] if in_transaction else [Caller]
    parameters = [hints[name] for name in inspect.signature(bound).parameters]
    request = parameters[0]
    if parameters[1:] != expected:
        raise TypeError(f"{bound.__qualname__} must take (request, {', '.join(t.__name__ for t in expected)})")
    if hints.get("return") != reply_type(request):
        raise TypeError(f"{bound.__qualname__} must return {reply_type(request)}")
    return Handler(request, bound, in_transaction)
