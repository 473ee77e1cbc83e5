"""Settings that change what stations do, through a real server: a new account, its rights, parameters, libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from server_process import ServerProcess, running_server

from clients.kit.app import make_application, wear
from clients.kit.server_connection import ServerConnection
from clients.pathology.settings.libraries import LibrariesPage
from clients.pathology.settings.parameters import ParametersPage
from clients.pathology.settings.quick import QuickPage
from clients.pathology.settings.users import UsersPage
from clients.pathology.shell.login import PathologyLogin
from shared.contract.errors import ErrorCode, Refused
from shared.contract.identity import ChangePassword, CreateUser
from shared.contract.pathology import CaseEntry, ListLibraries, RegisterCase
from shared.contract.pathology_settings import INITIAL_PASSWORD, ListAccounts
from shared.domain.permissions import Permission
from tests.journeys.test_pathology_registration import PASSWORD, Desk

OWN = "meine-neue-Losung-9"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        admin = running.client()
        admin.call(CreateUser(login="chen", name="陈主任", password=PASSWORD, roles=("administrator",)))
        admin.close()
        yield running


@pytest.fixture
def open_desk(server: ServerProcess, qtbot: QtBot) -> Iterator[Callable[[], Desk]]:
    make_application()
    wear("light")
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk(server, qtbot))
        return made[-1]

    yield make
    for one in made:
        one.close()


def opened(desk: Desk, entry: str, kind: type[Any]) -> Any:
    """The page that a menu entry opened."""
    desk.trigger(entry)
    assert desk.station is not None
    page = desk.station._windows[-1].content
    assert isinstance(page, kind)
    return page


def test_an_administrator_s_settings_reach_the_registrar_at_work(
    server: ServerProcess, open_desk: Callable[[], Desk]
) -> None:
    boss = open_desk()
    boss.log_in("chen", "常规")
    users = opened(boss, "users.rights", UsersPage)
    boss.wait(lambda: bool(users._view.types))
    users.adding.set_values({"login": "zhao", "name": "赵登记", "type": "pathology_registrar", "seeded": True})
    users.adding.submit()
    boss.wait(lambda: users.account is not None and users.account.login == "zhao")

    # the new account may do nothing but change its password
    line = ServerConnection(str(server.connection))
    try:
        line.login("zhao", INITIAL_PASSWORD)
        with pytest.raises(Refused) as refused:
            line.call(ListLibraries())
        assert refused.value.code is ErrorCode.PERMISSION_MISSING
        line.call(ChangePassword(old=INITIAL_PASSWORD, new=OWN))
        assert line.call(ListLibraries())
    finally:
        line.close()

    clerk = open_desk()
    page = clerk.window.login_page
    assert isinstance(page, PathologyLogin)
    clerk.wait(lambda: any(user.login == "zhao" for user in page.choices.users))
    page.form.set_values({"user": "zhao", "password": OWN})
    page.form.changed.emit("user")
    page.form.submit()
    clerk.wait(lambda: clerk.station is not None)

    # parameters: the next registration begins with another unit, the desk goes to sleep after a quarter of an hour
    parameters = opened(boss, "settings.parameters", ParametersPage)
    boss.wait(parameters.save_button.isEnabled)
    parameters.form.set_values({"sending_unit": "城东医联体", "idle_minutes": 15})
    parameters.form.submit()
    clerk.wait(lambda: clerk.desk.settings.idle_minutes == 15)
    quick = opened(boss, "settings.quick", QuickPage)
    boss.wait(lambda: len(quick.keys) > 1)
    quick.all.setCurrentRow([quick.all.item(at).text() for at in range(quick.all.count())].index("住院号"))
    quick.add()
    quick.save()
    clerk.wait(lambda: "inpatient_number" in clerk.desk.settings.quick_fields)
    clerk.trigger("case.quick")
    clerk.wait(lambda: clerk.page.presenter.state.number != "")
    assert "inpatient_number" in clerk.page.form.rows and "address" not in clerk.page.form.rows

    # numbering: the next number of the library follows the new rule
    libraries = opened(boss, "settings.libraries", LibrariesPage)
    boss.wait(lambda: libraries.libraries.list.total == 5)
    libraries.libraries.form.set_values({"prefix": "BL"})
    libraries.libraries.form.submit()
    libraries.question.answer("yes")
    boss.wait(lambda: libraries.libraries._chosen is not None and libraries.libraries._chosen.version == 2)
    registrar = server.client("zhao", OWN)
    try:
        library = next(one for one in registrar.call(ListLibraries()) if one.entry.name == "常规")
        entry = CaseEntry(patient_name="李四")
        assert registrar.call(RegisterCase(library_id=library.id, entry=entry)).case.number.startswith("BL")

        # a right taken away counts from the next action
        rights = tuple(one for one in users.account.rights if one is not Permission.PATHOLOGY_REGISTER)
        was = users.account
        users.load()  # the clerk's new password made the account newer
        boss.wait(lambda: users.account is not was)
        users._tick(rights)
        users.send()
        admin = server.client("chen", PASSWORD)
        try:
            boss.wait(lambda: not users._sending)
            account = next(one for one in admin.call(ListAccounts()).accounts if one.login == "zhao")
            assert Permission.PATHOLOGY_REGISTER not in account.rights
        finally:
            admin.close()
        with pytest.raises(Refused) as gone:
            registrar.call(RegisterCase(library_id=library.id, entry=entry))
        assert gone.value.code is ErrorCode.PERMISSION_MISSING
    finally:
        registrar.close()
