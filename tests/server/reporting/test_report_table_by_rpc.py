"""Every state, action and role of the report's table through a real router on real sockets: reached, and refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.reporting import rules
from server.reporting.auditing_rpc import AuditingRpc
from server.reporting.rpc import ReportingRpc
from server.reporting.rules import Objection
from server.reporting.tables import Report
from shared.contract import reporting as contract
from shared.contract.base import Request
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.identity import CreateUser
from shared.contract.printing import DocumentView, PrintReport
from shared.domain.permissions import ROLES, Permission
from shared.domain.states import ReportAction, ReportState
from shared.rpc.client import RpcClient
from tests.databases import make_tables
from tests.rpc_house import RpcHouse, a_client
from tests.server.reporting.reporting_world import FULL, WANG, World

S, A = ReportState, ReportAction
PASSWORD = "Reading-Room-1"
ROLE_NAMES = ("auditor", "doctor", "clerk", "hospital_system")
LOCKS = ("mine", "free", "other")

REQUESTS: dict[ReportAction, Callable[[int, int], Request[Any]]] = {
    A.WRITE: lambda id, _version: contract.WriteReport(report_id=id),
    A.SAVE: lambda id, version: contract.SaveReport(report_id=id, version=version, content=FULL),
    A.SUBMIT: lambda id, version: contract.SubmitReport(report_id=id, version=version, content=FULL),
    A.AUDIT: lambda id, _version: contract.AuditReport(report_id=id),
    A.APPROVE: lambda id, version: contract.ApproveReport(report_id=id, version=version, content=FULL),
    A.REJECT: lambda id, version: contract.RejectReport(report_id=id, version=version, reason="请补充"),
    A.GIVE_UP: lambda id, version: contract.GiveUpReport(report_id=id, version=version),
    A.UNLOCK: lambda id, _version: contract.UnlockReport(report_id=id),
    A.PRINT: lambda id, _version: PrintReport(report_id=id),
    A.REVISE: lambda id, version: contract.ReviseReport(report_id=id, version=version, reason="侧别写错"),
    A.ADD: lambda id, version: contract.AddToReport(report_id=id, version=version, text="与旧片比较无变化。"),
}
CODES = {
    Objection.PERMISSION: ErrorCode.PERMISSION_MISSING,
    Objection.HELD_BY_OTHER: ErrorCode.HELD_BY_OTHER,
    Objection.LOCK_LOST: ErrorCode.HELD_BY_OTHER,
}


class Counter:
    """Stands for the printer's area, which makes the paper and then tells reporting."""

    def __init__(self, world: World) -> None:
        self._world = world

    @handles
    def print_report(self, request: PrintReport, caller: Caller, uow: UnitOfWork) -> DocumentView:
        self._world.reports.printed(uow, caller, request.report_id)
        return DocumentView(
            id=1,
            kind="report",
            media_type="application/pdf",
            size_bytes=1,
            sha256="",
            created_at=self._world.clock.now(),
        )


class House:
    """One report, put into any state before each call; a client on real sockets for each role."""

    def __init__(self, folder: Path, clients: ExitStack) -> None:
        first = Database.in_folder(folder)
        make_tables(first)
        self.world = World(first)
        more = (
            AuditingRpc(first, self.world.reports),
            ReportingRpc(self.world.reports, self.world.worklist, self.world.templates),
            Counter(self.world),
        )
        self.rpc = RpcHouse(folder, *more)
        self._first = first
        self.world.database = self.rpc.database
        self.report_id = self.world.report_in(S.PRINTED)
        connection = clients.enter_context(self.rpc.on_sockets())
        admin = clients.enter_context(a_client(connection))
        admin.login("admin", self.rpc.admin_password)
        self.clients: dict[str, RpcClient] = {}
        self.ids: dict[str, int] = {}
        for role in ROLE_NAMES:
            admin.call(CreateUser(login=role, name=role, password=PASSWORD, roles=(role,)))
            client = clients.enter_context(a_client(connection))
            self.ids[role] = client.login(role, PASSWORD).user_id
            self.clients[role] = client

    def put(self, state: ReportState, holder_id: int) -> int:
        """Put the report into a state; returns its version."""
        with self.world.database.write() as uow:
            report = uow.session.get_one(Report, self.report_id)
            report.state = state
            report.holder_id, report.holder_name = holder_id, "某医生" if holder_id else ""
            report.lock_seen_at = self.world.clock.now()
            report.diagnosing_id = WANG.user_id
            return report.version

    def standing(self, state: ReportState, role: str, holder_id: int) -> rules.Standing:
        return rules.Standing(
            state=state,
            me=self.ids[role],
            permissions=ROLES[role],
            holder_id=holder_id,
            is_lock_idle=False,
            writer_id=WANG.user_id,
            has_images=True,
            may_audit_own=False,
        )

    def close(self) -> None:
        self.rpc.close()
        self._first.close()

    def state(self) -> ReportState:
        with self.world.database.read() as uow:
            return ReportState(uow.session.get_one(Report, self.report_id).state)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as clients:
        made = House(tmp_path_factory.mktemp("table"), clients)
        yield made
    made.close()


def expected(house: House, request: Request[Any], standing: rules.Standing, action: ReportAction) -> ErrorCode | None:
    """The router asks for the request's permission first, the table for state, permission and lock after it."""
    if type(request).permission not in standing.permissions:
        return ErrorCode.PERMISSION_MISSING
    objection = rules.objection(standing, action)
    return None if objection is None else CODES.get(objection, ErrorCode.ILLEGAL_ACTION)


@pytest.mark.parametrize("state", list(S))
def test_every_action_is_reached_and_refused_as_the_table_says(house: House, state: ReportState) -> None:
    reached: set[ReportAction] = set()
    refused: dict[ReportAction, set[ErrorCode]] = {action: set() for action in REQUESTS}
    for action, make in REQUESTS.items():
        for role in ROLE_NAMES:
            for lock in LOCKS if role in ("auditor", "doctor") else LOCKS[:1]:
                holder = {"mine": house.ids[role], "free": 0, "other": WANG.user_id}[lock]
                request = make(house.report_id, house.put(state, holder))
                wanted = expected(house, request, house.standing(state, role, holder), action)
                code = _outcome(house.clients[role], request)
                assert code == wanted, (action, role, lock)
                if wanted is None:
                    reached.add(action)
                    assert house.state() is rules.TABLE[(state, action)].next_state, (action, role, lock)
                else:
                    refused[action].add(wanted)
                    assert house.state() is state, "a refused step moves nothing"
    assert reached == {action for (one, action) in rules.TABLE if one is state} & set(REQUESTS)
    for action in reached:
        assert ErrorCode.PERMISSION_MISSING in refused[action]
        if rules.TABLE[(state, action)].guard is rules.Guard.HOLDER:
            assert ErrorCode.HELD_BY_OTHER in refused[action]
    for action in set(REQUESTS) - reached:
        assert ErrorCode.ILLEGAL_ACTION in refused[action]


def test_every_action_of_the_domain_has_its_request() -> None:
    # Looking at images is no step of the report: the archive's requests ask for the permission.
    assert set(REQUESTS) == set(ReportAction) - {A.VIEW_IMAGES}
    assert {action for _, action in rules.TABLE} == set(ReportAction)
    assert all(Permission.SIGNED_IN in ROLES[role] for role in ROLE_NAMES)


def test_a_stale_version_is_refused_whoever_asks(house: House) -> None:
    for state, action in ((S.WRITING, A.SAVE), (S.WRITING, A.SUBMIT), (S.AUDITING, A.APPROVE), (S.AUDITING, A.REJECT)):
        version = house.put(state, house.ids["auditor"])
        stale = REQUESTS[action](house.report_id, version - 1)
        assert _outcome(house.clients["auditor"], stale) is ErrorCode.CONFLICT
        assert house.state() is state


def _outcome(client: RpcClient, request: Request[Any]) -> ErrorCode | None:
    try:
        client.call(request)
    except RpcError as error:
        return error.code
    return None
