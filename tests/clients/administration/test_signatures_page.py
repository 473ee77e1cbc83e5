"""The administrator's page of signatures over the real use cases: pictures and certificates, retired with a reason."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.administration import signatures, texts
from clients.administration.app import TITLE, make_pages
from clients.administration.signatures import SIGNATURES
from clients.administration.table.presenter import TablePresenter
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.kit.app import Workstation, make_application
from clients.kit.connection import FakeConnection
from clients.kit.english import ENTRIES as KIT
from clients.kit.gallery import settle
from clients.kit.login import SignedIn
from clients.kit.messages import CollectedMessages
from clients.kit.review import review
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, register_catalogue, set_language
from server.kernel.errors import Refusal
from server.signing.rpc import SigningRpc
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.signing import (
    GetSigner,
    ListSigners,
    RemoveSignaturePicture,
    RevokeCertificate,
    SetSignaturePicture,
    SignerState,
)
from shared.domain.permissions import Permission
from shared.domain.states import ReportState
from tests.databases import a_database
from tests.server.reporting.reporting_world import LI, ZHAO
from tests.server.signing.signing_world import BOSS, SigningWorld
from tests.server.signing.test_signature_pictures import a_signature, as_file


class House:
    """Requests of an administrator, answered by the handlers of the signing area."""

    def __init__(self, world: SigningWorld) -> None:
        self.world = world
        self.rpc = SigningRpc(world.database, world.signing)

    def line(self) -> FakeConnection:
        rpc = self.rpc
        handlers = {
            ListSigners: rpc.list_signers,
            GetSigner: rpc.get_signer,
            SetSignaturePicture: rpc.set_picture,
            RemoveSignaturePicture: rpc.remove_picture,
            RevokeCertificate: rpc.revoke,
        }
        replies = {kind: self._answer(handler) for kind, handler in handlers.items()}
        return FakeConnection(replies=replies, permissions=tuple(Permission))

    def _answer(self, handler: Callable[..., Any]) -> Callable[[Any], Any]:
        def answer(request: Any) -> Any:
            try:
                with self.world.database.write() as uow:
                    return handler(request, BOSS, uow)
            except Refusal as refusal:
                raise error_for(refusal.body) from refusal

        return answer

    def row(self, account_id: int) -> Any:
        with self.world.database.read() as uow:
            return next(row for row in self.world.signing.signers(uow) if row.account_id == account_id)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_database("sqlite", tmp_path) as database:
        yield House(SigningWorld(database))


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def catalogue() -> Iterator[None]:
    register_catalogue(texts.ENTRIES)
    yield
    set_language(Language.CHINESE)


def a_presenter(house: House, row: int) -> tuple[TablePresenter, CollectedMessages]:
    messages = CollectedMessages()
    presenter = TablePresenter(SIGNATURES, house.line(), ImmediateRunner(), messages)
    presenter.refresh()
    presenter.select(row)
    assert not messages.errors
    return presenter, messages


def test_a_picture_is_replaced_and_removed_with_a_reason(house: House, tmp_path: Path) -> None:
    file = tmp_path / "签名.png"
    file.write_bytes(as_file(a_signature()))
    presenter, _ = a_presenter(house, LI.user_id)
    presenter.start("replace_picture")
    presenter.confirm_form({"file": str(tmp_path / "没有.png"), "reason": "扫描"})
    assert "重新选择" in presenter.state.problem
    presenter.confirm_form({"file": str(file), "reason": "扫描"})
    assert (house.row(LI.user_id).picture_version, house.row(LI.user_id).picture_set_by) == (1, "管理员")
    presenter, _ = a_presenter(house, LI.user_id)
    presenter.start("remove_picture")
    presenter.confirm("医生已离职")
    assert house.row(LI.user_id).picture_version == 0
    told = [
        event.quiet
        for part in SIGNATURES.parts(None, house.line().call(GetSigner(account_id=LI.user_id)))
        for event in part.events
    ]
    assert any("扫描" in words and "医生已离职" in words for words in told)


def test_a_certificate_is_retired_with_a_reason(house: House) -> None:
    house.world.world.report_in(ReportState.APPROVED)
    assert house.row(ZHAO.user_id).state is SignerState.VALID
    presenter, _ = a_presenter(house, ZHAO.user_id)
    presenter.start("retire")
    presenter.confirm("换证")
    row = house.row(ZHAO.user_id)
    assert (row.state, row.certificate.revoked_why) == (SignerState.RETIRED, "换证")
    retire = next(action for action in SIGNATURES.actions if action.id == "retire")
    assert not retire.allowed(row), "it is retired once"


def test_doctors_without_a_picture_can_be_listed(house: House) -> None:
    everybody = SIGNATURES.load({"state": ""})
    lacking = SIGNATURES.load({"state": "no_picture"})
    with house.world.database.write() as uow:
        house.world.signing.set_picture(uow, LI, 0, as_file(a_signature()), is_drawn=False)
    call = house.line().call
    assert {row.name for row in everybody(call)} - {row.name for row in lacking(call)} == {LI.name}  # type: ignore[operator]


def test_every_word_has_its_english() -> None:
    source = Path(signatures.__file__).read_text(encoding="utf-8")
    found = {
        one.value
        for one in ast.walk(ast.parse(source))
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and re.search("[一-鿿]", one.value)
    }
    assert sorted(found - set(texts.ENTRIES) - set(KIT)) == []


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("state", ["full", "empty", "error"])
def test_nothing_is_cut(qtbot: QtBot, house: House, language: Language, state: str) -> None:
    UserSettings.for_user("admin").set("language", language.value)
    line = house.line()
    if state == "full":
        house.world.world.report_in(ReportState.APPROVED)
        for reason, width in (("纸上签名扫描", 7), ("重新扫描", 12)):
            line.call(SetSignaturePicture(picture=as_file(a_signature(width=width)), account_id=21, reason=reason))
        certificate = house.row(ZHAO.user_id).certificate
        line.call(RevokeCertificate(certificate_id=certificate.id, reason="换证"))
        house.world.world.report_in(ReportState.APPROVED)
    else:
        replies: dict[type[Any], Any] = dict(line.replies)
        replies[ListSigners] = _broken if state == "error" else lambda _wish: ()
        line = FakeConnection(replies=replies, permissions=tuple(Permission))
    pages = [page for page in make_pages() if page.id == "people"]
    window = Workstation(TITLE, pages, lambda _address: line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(line, line.login("admin", "secret")))
    page = shell.go_to("people")
    assert isinstance(page, TabbedPage)
    table = page.show_tab("signatures")
    assert isinstance(table, TablePage)
    presenter = table.presenter
    qtbot.waitUntil(lambda: not presenter.state.is_loading and not window.runner.busy, timeout=30_000)
    if state == "full":
        presenter.select(ZHAO.user_id)
        qtbot.waitUntil(lambda: not window.runner.busy, timeout=30_000)
    settle(0.05)
    found = [str(finding) for finding in review(window)]
    picture(window, f"audit-signers-{state}-{language.value}")
    if state == "full":
        presenter.start("replace_picture")
        settle(0.05)
        found += [str(finding) for finding in review(window)]
        picture(window, f"audit-signers-replace-{language.value}")
    window.close()
    assert found == []


def _broken(_wish: ListSigners) -> Any:

    raise error_for(ErrorBody(code=ErrorCode.UNAVAILABLE, message="服务器正在停止，请稍后再试。"))


def picture(window: Workstation, name: str) -> None:
    if folder := os.environ.get("MINGJING_PICTURES"):
        window.grab().save(str(Path(folder) / f"{name}.png"))
