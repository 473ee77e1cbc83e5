"""What the holder of a role may do."""

from __future__ import annotations

from server.identity.roles import permissions_of
from server.identity.tables import RoleRow
from shared.domain.permissions import ROLES, Permission


def test_an_edited_kiosk_may_still_do_nothing_that_a_workstation_may() -> None:
    assert permissions_of(RoleRow(code="kiosk", permissions=["check_in"])) == {Permission.ANYONE, Permission.CHECK_IN}


def test_an_edited_ward_still_opens_nothing_of_the_department() -> None:
    row = RoleRow(code="ward", permissions=["critical_values"])
    assert (
        permissions_of(row)
        == ROLES["ward"]
        == {
            Permission.ANYONE,
            Permission.OWN_ACCOUNT,
            Permission.CRITICAL_VALUES,
        }
    )


def test_other_roles_always_have_what_every_session_has() -> None:
    assert permissions_of(RoleRow(code="own", permissions=["call", "unheard_of"])) == {
        Permission.ANYONE,
        Permission.SIGNED_IN,
        Permission.OWN_ACCOUNT,
        Permission.CALL,
    }
