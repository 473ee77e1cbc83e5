"""Every state, action and role of a request through the real router: done where the table says so, else refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from server.remote import rules
from shared.contract import remote as contract
from shared.contract.base import Request
from shared.contract.errors import ErrorBody, ErrorCode
from shared.domain.remote import REPORT_ROOM, TRANSITIONS, RemoteAction, RemoteKind, RemoteState
from tests.server.remote.remote_world import OPINION, RemoteWorld, a_world

S, A = RemoteState, RemoteAction
ROLES = ("asker", "colleague", "chief", "expert", "second", "head", "outsider")
OTHER = contract.OpinionContent(findings="<p>另一段。</p>", impression="<p>另一意见。</p>")
REQUESTS: dict[RemoteAction, Callable[[int, int], Request[Any]]] = {
    A.WITHDRAW: lambda id, version: contract.Withdraw(request_id=id, version=version, reason="不需要了"),
    A.URGE: lambda id, _version: contract.Urge(request_id=id),
    A.SEND_BACK: lambda id, version: contract.SendBack(request_id=id, version=version, reason="侧别不清"),
    A.ACCEPT: lambda id, _version: contract.Accept(request_id=id),
    A.RETURN: lambda id, version: contract.Return(request_id=id, version=version, reason="影像不全"),
    A.GIVE_BACK: lambda id, version: contract.GiveBack(request_id=id, version=version),
    A.WRITE: lambda id, _version: contract.Write(request_id=id),
    A.SAVE: lambda id, version: contract.Save(request_id=id, version=version, content=OTHER),
    A.SUBMIT: lambda id, version: contract.Submit(request_id=id, version=version, content=OPINION),
    A.TAKE_BACK: lambda id, version: contract.TakeBack(request_id=id, version=version),
    A.AUDIT: lambda id, _version: contract.Audit(request_id=id),
    A.PASS: lambda id, version: contract.Pass(request_id=id, version=version, content=OPINION),
    A.REJECT: lambda id, version: contract.Reject(request_id=id, version=version, reason="请描述大小"),
    A.RELEASE: lambda id, _version: contract.Release(request_id=id),
    A.ADJUST: lambda id, version: contract.Adjust(request_id=id, version=version, content=OTHER, reason="更正"),
}
MAY = {
    A.WITHDRAW: {"asker", "chief"},
    A.URGE: {"asker", "colleague", "chief"},
    A.SEND_BACK: {"asker", "colleague", "chief"},
    A.ACCEPT: {"expert", "second", "head"},
    A.RETURN: {"expert", "head"},
    A.GIVE_BACK: {"expert", "head"},
    A.WRITE: {"expert"},
    A.SAVE: {"expert"},
    A.SUBMIT: {"expert"},
    A.TAKE_BACK: {"expert"},
    A.AUDIT: {"head"},
    A.PASS: {"head"},
    A.REJECT: {"head"},
    A.RELEASE: {"head"},
    A.ADJUST: {"head"},
}
"""Who has the right where the expert accepted and the head audited, two levels."""


def right_to(action: RemoteAction, state: RemoteState) -> set[str]:
    if action is A.RETURN and state is S.PENDING:
        return {"expert", "second", "head"}
    if action is A.SAVE and state is S.AUDITING:
        return {"head"}
    return MAY[action]


@pytest.fixture(scope="module")
def two_levels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteWorld]:
    with a_world("sqlite", tmp_path_factory.mktemp("remote")) as made:
        made.change_team(two_level=True)
        yield made


@pytest.mark.parametrize("state", list(S))
def test_each_action_of_each_role(two_levels: RemoteWorld, state: RemoteState) -> None:
    world = two_levels
    view, reached = world.in_state(state), set[tuple[RemoteAction, str]]()
    for action in REQUESTS:
        for role in ROLES:
            if _is_done(world, view, action, role):
                reached.add((action, role))
                view = world.in_state(state)
        assert world.seen("asker", view.row.id).row.version == view.row.version  # refusals changed nothing
    expected = {
        (action, role) for action in REQUESTS if (state, action) in TRANSITIONS for role in right_to(action, state)
    }
    if state in (S.ACCEPTED, S.WRITING, S.REJECTED, S.SENT_BACK, S.SUBMITTED, S.AUDITING):
        expected.add((A.ACCEPT, "expert"))  # who has it already changes nothing
    assert reached == expected


def _is_done(world: RemoteWorld, view: contract.RemoteView, action: RemoteAction, role: str) -> bool:
    """Try an action; its reply must agree with what was offered, a refusal must say why."""
    shown = world.reply(role, contract.Get(request_id=view.row.id))
    offered = not isinstance(shown, ErrorBody) and action in shown.row.allowed
    version = view.row.version if isinstance(shown, ErrorBody) else shown.row.version
    reply = world.reply(role, REQUESTS[action](view.row.id, version))
    if not isinstance(reply, ErrorBody):
        repeats = action is A.ACCEPT and view.row.state is not S.PENDING
        assert offered or repeats
        assert repeats or reply.row.state is TRANSITIONS[(view.row.state, action)]
        return True
    assert not offered and reply.message
    assert reply.code in (ErrorCode.ILLEGAL_ACTION, ErrorCode.PERMISSION_MISSING, ErrorCode.NOT_FOUND)
    return False


def test_a_stranger_finds_nothing(world: RemoteWorld) -> None:
    stranger = world.account("stranger", "陌生人", world.areas_campus(), "auditor")
    view = world.in_state(S.APPROVED)
    for action, request in REQUESTS.items():
        assert world.code(stranger, request(view.row.id, 1)) is ErrorCode.NOT_FOUND, action
    assert world.code(stranger, contract.Get(request_id=view.row.id)) is ErrorCode.NOT_FOUND
    assert world.code(stranger, contract.ListOfExam(exam_id=view.row.exam_id)) is ErrorCode.PERMISSION_MISSING
    assert world.ask(stranger, contract.ListIncoming()).total == world.ask(stranger, contract.ListOutgoing()).total == 0
    clerk = world.account("clerk9", "登记员", world.county, "clerk")
    assert world.code(clerk, contract.ListOutgoing()) is ErrorCode.PERMISSION_MISSING


def test_every_transition_has_somebody_and_every_sentence() -> None:
    assert {action for _state, action in TRANSITIONS} == set(A)
    assert set(rules.WHO) == set(A) - {A.GIVE_UP}


def test_a_report_elsewhere_is_written_in_the_report_room_only(world: RemoteWorld) -> None:
    view = world.asked(kind=RemoteKind.REPORT)
    world.ask(world.expert, contract.Accept(request_id=view.row.id))
    for action in sorted(REPORT_ROOM - {A.GIVE_UP, A.PUBLISH}):
        for role in ROLES:
            reply = world.reply(role, REQUESTS[action](view.row.id, 2))
            assert isinstance(reply, ErrorBody)
            assert reply.code in (ErrorCode.ILLEGAL_ACTION, ErrorCode.PERMISSION_MISSING, ErrorCode.NOT_FOUND)
