"""用户权限管理 on a real database: initial password, ticks that count at once, people who leave, designs of reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.kernel.errors import Refusal
from shared.contract import pathology_settings as contract
from shared.contract.errors import ErrorCode
from shared.contract.pathology_stations import LoginChoices
from shared.contract.printing import TemplateInfo
from shared.domain.permissions import Permission
from shared.paper.builtin import builtin_text
from shared.paper.kinds import DocumentKind
from tests.server.pathology.reports.report_room import Room

OWN = "Own-password-7"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    made.areas.identity.ensure_administrator()
    yield made
    made.close()


def added(room: Room, login: str, *, seeded: bool = True, type_: str = "pathology_chief") -> contract.AccountView:
    request = contract.AddAccount(login=login, name="赵医生", type=type_, seeded=seeded)
    made: contract.AccountView = room.ask(room.user("administrator", "boss"), request)
    return made


def test_staff_to_pick_from_are_those_with_the_right(room: Room) -> None:
    added(room, "zhao", type_="pathology_grosser")
    clerk = room.user("pathology_registrar", "wang")
    assert room.ask(clerk, contract.ListStaff(right=Permission.PATHOLOGY_GROSS)) == ("赵医生",)
    leaver = added(room, "qian", type_="pathology_chief")
    boss = room.user("administrator", "boss")
    room.ask(boss, contract.SetAccountActive(user_id=leaver.id, version=leaver.version, is_active=False))
    assert room.ask(clerk, contract.ListStaff(right=Permission.PATHOLOGY_CHIEF)) == ()
    with pytest.raises(Refusal):
        room.ask(clerk, contract.ListStaff(right=Permission.ADMINISTER))


def changed_password(room: Room, login: str) -> str:
    """Log in for the first time; the token of the session."""
    identity = room.areas.identity
    session = identity.login(login, contract.INITIAL_PASSWORD, "诊断 1", "")
    identity.change_password(identity.authenticate(session.token), contract.INITIAL_PASSWORD, OWN)
    return session.token


def test_a_new_account_has_no_right_and_begins_with_the_initial_password(room: Room) -> None:
    made = added(room, "zhao", seeded=False)
    assert made.rights == () and Permission.PATHOLOGY_CHIEF in made.seeded and made.has_initial_password
    identity = room.areas.identity
    session = identity.login("zhao", "888888", "诊断 1", "")
    assert session.must_change_password
    caller = identity.authenticate(session.token)
    assert not caller.may(Permission.PATHOLOGY_VIEW) and not caller.may(Permission.SIGNED_IN), "change it first"
    assert caller.may(Permission.OWN_ACCOUNT)
    with pytest.raises(Refusal) as refused:
        added(room, "zhao")
    assert refused.value.body.code is ErrorCode.DUPLICATE
    with pytest.raises(Refusal):
        added(room, "qian", type_="doctor")  # no type of this department


def test_an_initial_password_opens_nothing_until_it_is_changed_even_after_a_restart(room: Room) -> None:
    added(room, "zhao")
    identity = room.areas.identity
    session = identity.login("zhao", "888888", "诊断 1", "")
    assert Permission.PATHOLOGY_CHIEF in session.permissions, "the workstation shows what will be there"
    identity._cache.clear()
    assert not identity.authenticate(session.token).may(Permission.PATHOLOGY_VIEW)
    identity.change_password(identity.authenticate(session.token), "888888", OWN)
    assert identity.authenticate(session.token).may(Permission.PATHOLOGY_CHIEF)
    with pytest.raises(Refusal):
        identity.login("zhao", "888888", "", "")


def test_ticks_count_from_the_next_action_and_outlive_a_change_of_the_role(room: Room) -> None:
    made = added(room, "zhao")
    token = changed_password(room, "zhao")
    identity, boss = room.areas.identity, room.user("administrator", "boss")
    view = next(one for one in accounts(room) if one.login == "zhao")
    wanted = (*tuple(one for one in view.rights if one is not Permission.PATHOLOGY_CHIEF), Permission.PATHOLOGY_AUDIT)
    kept = room.ask(boss, contract.SetAccountRights(user_id=made.id, version=view.version, rights=wanted))
    assert set(kept.rights) == set(wanted)
    caller = identity.authenticate(token)
    assert caller.may(Permission.PATHOLOGY_AUDIT) and not caller.may(Permission.PATHOLOGY_CHIEF)
    assert caller.may(Permission.SIGNED_IN), "what is no right of pathology stays"
    with pytest.raises(Refusal) as stale:
        room.ask(boss, contract.SetAccountRights(user_id=made.id, version=view.version, rights=()))
    assert stale.value.body.code is ErrorCode.CONFLICT
    again = room.ask(boss, contract.SetAccountRights(user_id=made.id, version=kept.version, rights=kept.seeded))
    assert again.rights == again.seeded and identity.authenticate(token).may(Permission.PATHOLOGY_CHIEF)
    with pytest.raises(Refusal) as foreign:
        room.ask(
            boss,
            contract.SetAccountRights(user_id=made.id, version=again.version, rights=(Permission.ADMINISTER,)),
        )
    assert foreign.value.body.field == "rights"


def test_who_leaves_is_put_out_of_use_and_comes_back(room: Room) -> None:
    made = added(room, "zhao")
    token = changed_password(room, "zhao")
    boss = room.user("administrator", "boss")
    version = next(one.version for one in accounts(room) if one.login == "zhao")
    gone = room.ask(boss, contract.SetAccountActive(user_id=made.id, version=version, is_active=False))
    assert not gone.is_active and "zhao" not in {one.login for one in accounts(room)}
    with pytest.raises(Refusal):
        room.areas.identity.authenticate(token)
    back = room.ask(boss, contract.SetAccountActive(user_id=made.id, version=gone.version, is_active=True))
    assert back.is_active and "zhao" in {one.login for one in accounts(room)}
    reset = room.ask(boss, contract.ResetAccountPassword(user_id=made.id, version=back.version))
    assert reset.has_initial_password
    assert room.areas.identity.login("zhao", "888888", "", "").must_change_password


def test_administrators_and_oneself_are_left_alone(room: Room) -> None:
    boss = room.user("administrator", "boss")
    fixed = next(one for one in accounts(room) if one.login == "boss")
    assert fixed.is_fixed
    for request in (
        contract.SetAccountRights(user_id=fixed.id, version=fixed.version, rights=()),
        contract.SetAccountActive(user_id=fixed.id, version=fixed.version, is_active=False),
        contract.ResetAccountPassword(user_id=fixed.id, version=fixed.version),
    ):
        with pytest.raises(Refusal) as refused:
            room.ask(boss, request)
        assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION
    with pytest.raises(Refusal) as missing:
        room.ask(room.user("pathology_admin"), contract.ListAccounts())
    assert missing.value.body.code is ErrorCode.PERMISSION_MISSING


def test_a_person_without_any_right_is_not_offered_at_the_log_in(room: Room) -> None:
    made = added(room, "zhao", seeded=False)
    added(room, "qian")
    offered = {one.login for one in room.ask(room.user("administrator", "boss"), LoginChoices()).users}
    assert "qian" in offered and "zhao" not in offered
    boss = room.user("administrator", "boss")
    room.ask(
        boss,
        contract.SetAccountRights(user_id=made.id, version=made.version, rights=(Permission.PATHOLOGY_VIEW,)),
    )
    assert "zhao" in {one.login for one in room.ask(boss, LoginChoices()).users}


def test_designs_of_this_department_alone_are_changed_and_brought_back(room: Room) -> None:
    admin, kind = room.user("pathology_admin"), DocumentKind.PATHOLOGY_REPORT.value
    text = builtin_text(DocumentKind.PATHOLOGY_REPORT)
    changed = text.replace("{hospital}", "{hospital} ★", 1)
    assert changed != text
    kept = room.ask(admin, contract.SaveDesign(kind=kind, text=changed, base_version=0, note="加星"))
    assert kept.info.version == 1 and [one.version for one in versions(room, kind)] == [1, 0]
    restored = room.ask(admin, contract.RestoreDesign(kind=kind, version=0, base_version=1))
    assert restored.text == text and restored.info.version == 2
    with pytest.raises(Refusal) as refused:
        room.ask(admin, contract.SaveDesign(kind="report", text=text, base_version=0))
    assert refused.value.body.field == "kind"
    with pytest.raises(Refusal):
        room.ask(room.user("pathology_registrar"), contract.ListDesignVersions(kind=kind))


def accounts(room: Room) -> tuple[contract.AccountView, ...]:
    view: contract.AccountsView = room.ask(room.user("administrator", "boss"), contract.ListAccounts())
    return view.accounts


def versions(room: Room, kind: str) -> tuple[TemplateInfo, ...]:
    found: tuple[TemplateInfo, ...] = room.ask(room.user("pathology_admin"), contract.ListDesignVersions(kind=kind))
    return found
