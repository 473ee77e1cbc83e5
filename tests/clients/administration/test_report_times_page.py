"""Time limits of reports in the real window: loaded, changed, refused, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.report_times.view import TimeLimitsPage
from clients.administration.tabs import TabbedPage
from clients.kit.app import Workstation, make_application
from clients.kit.connection import FakeConnection
from clients.kit.login import SignedIn
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.organisation import ExamTypeView, GetHospital, HospitalView
from shared.contract.worklist import GetTimeLimits, SaveTimeLimits, TimeLimits, TimeLimitsView
from shared.domain.permissions import Permission


class Server:
    def __init__(self) -> None:
        self.version, self.limits = 0, TimeLimits()
        self.refusal: Exception | None = None
        types = tuple(
            ExamTypeView(code=code, name=name, name_en=code, hp_required=False, slot_minutes=10)
            for code, name in (("CT", "CT"), ("MR", "磁共振"), ("DR", "数字X线"), ("MG", "钼靶"))
        )
        hospital = HospitalView(
            version=1, name="", name_en="", campuses=(), rooms=(), devices=(), exam_types=types, exam_items=()
        )
        self.line = FakeConnection(
            replies={
                GetHospital: lambda _q: hospital,
                GetTimeLimits: lambda _q: self.view(),
                SaveTimeLimits: self._save,
            },
            permissions=tuple(Permission),
        )

    def view(self) -> TimeLimitsView:
        return TimeLimitsView(version=self.version, limits=self.limits)

    def _save(self, request: SaveTimeLimits) -> TimeLimitsView:
        if self.refusal is not None:
            raise self.refusal
        self.version, self.limits = self.version + 1, request.limits
        return self.view()


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    make_application()
    register_catalogue(texts.ENTRIES)
    yield
    set_language(Language.CHINESE)


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[tuple[Server, TimeLimitsPage]]:
    server = Server()
    window = Workstation(TITLE, make_pages(), lambda _address: server.line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(server.line, server.line.login("admin", "secret")))
    tabs = shell.go_to("policy")
    assert isinstance(tabs, TabbedPage)
    found = tabs.show_tab("report_times")
    assert isinstance(found, TimeLimitsPage)
    qtbot.waitUntil(lambda: bool(found.presenter.state.values), timeout=30_000)
    yield server, found
    window.close()


def test_limits_are_shown_changed_and_kept(page: tuple[Server, TimeLimitsPage], qtbot: QtBot) -> None:
    server, found = page
    assert found.form.value("emergency_xray_minutes") == 30
    assert found.form.value("sectional_types")[:2] == ("CT", "MR")
    values = found.form.values() | {"xray_minutes": 90, "sectional_types": ("CT", "MG")}
    found.form.set_values(values)
    found.save_button.click()
    qtbot.waitUntil(lambda: server.version == 1, timeout=30_000)
    assert server.limits.xray_minutes == 90
    assert server.limits.sectional_types == ("CT", "MG", "PT", "NM"), "types out of use keep their group"


def test_a_refusal_stands_at_its_field(page: tuple[Server, TimeLimitsPage], qtbot: QtBot) -> None:
    server, found = page
    server.refusal = error_for(ErrorBody(code=ErrorCode.INVALID, message="请填写更大的数。", field="xray_minutes"))
    found.save_button.click()
    qtbot.waitUntil(lambda: found.form.rows["xray_minutes"].problem == "请填写更大的数。", timeout=30_000)
    assert server.version == 0


def test_every_word_has_its_english(page: tuple[Server, TimeLimitsPage], qtbot: QtBot) -> None:
    _server, found = page
    set_language(Language.ENGLISH)
    QApplication.processEvents()
    shown = [label.text() for label in found.form.findChildren(QLabel)]
    assert not [text for text in shown if any("\u4e00" <= letter <= "\u9fff" for letter in text)]
