"""The contract and its handlers: every request has a docstring, a permission, and one handler with its types."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from server.audit.service import AuditService
from server.bootstrap.areas import build_areas
from server.bootstrap.folders import Folders
from server.bootstrap.running import all_handlers
from server.kernel.database import Database
from server.kernel.dispatch import Caller, collect, handles_alone
from server.settings import load
from shared.contract.base import AuditClass, Nothing, Query, Request, all_requests, reply_type
from shared.contract.identity import Ping
from shared.domain.permissions import ROLES, Permission

REQUESTS = all_requests()


@pytest.mark.parametrize("method", REQUESTS)
def test_each_request_declares_itself_fully(method: str) -> None:
    request = REQUESTS[method]
    assert isinstance(request.permission, Permission)
    assert isinstance(request.audit, AuditClass)
    assert request.__doc__ and request.__doc__.strip()[0].isalnum()
    assert request.method.split(".")[0] == request.__module__.rsplit(".", 1)[1]
    assert issubclass(request, Query) or request.is_command
    json.dumps(msgspec.json.schema(request))
    json.dumps(msgspec.json.schema(reply_type(request)))


@pytest.mark.parametrize("method", [name for name, request in REQUESTS.items() if request.is_command])
def test_no_command_is_open_to_everybody_except_the_login(method: str) -> None:
    assert REQUESTS[method].permission is not Permission.ANYONE or method == "identity.login"


def test_each_permission_is_held_by_some_role_other_than_the_administrator() -> None:
    held = frozenset().union(*(rights for role, rights in ROLES.items() if role != "administrator"))
    assert set(Permission) - held <= {Permission.ADMINISTER, Permission.READ_AUDIT, Permission.PATHOLOGY_LIBRARIES}


def test_each_request_has_exactly_one_handler(tmp_path: Path) -> None:
    settings = load(None, {"data": tmp_path})
    Folders(tmp_path).make()
    database = Database.in_folder(tmp_path)
    handlers = all_handlers(build_areas(settings, database), AuditService(database), lambda: pytest.fail("not asked"))
    database.close()
    assert set(handlers) == set(REQUESTS)
    for name, handler in handlers.items():
        assert handler.request is REQUESTS[name]


def test_a_handler_with_a_wrong_signature_is_found_at_start() -> None:
    class Wrong:
        @handles_alone
        def ping(self, request: Ping, caller: Caller) -> Nothing:
            return Nothing()

    with pytest.raises(TypeError, match="must return"):
        collect(Wrong())


def test_unknown_fields_are_refused() -> None:
    request: type[Request[object]] = REQUESTS["exams.get"]
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode({"exam_id": 1, "colour": "red"}), type=request)
