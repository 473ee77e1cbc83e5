"""Statistics on a real window over a real server: what the table says is what the workbook says and the rows say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pytestqt.qtbot import QtBot

from clients.diagnosis.app import TITLE, make_pages
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.statistics.state import CRITICAL
from clients.diagnosis.statistics.view import StatisticsPage
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from server.bootstrap import load_tables
from server.kernel.database import Database
from shared.contract.identity import CreateUser
from shared.contract.statistics import Subject
from tests.clients.diagnosis.test_diagnosis_journey import PASSWORD
from tests.server.statistics.statistics_world import StatisticsWorld
from tests.server_process import ServerProcess, running_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running_server(tmp_path / "data") as server:
        yield server


@pytest.mark.slow
def test_the_page_counts_what_stands_in_the_tables(qtbot: QtBot, server: ServerProcess, tmp_path: Path) -> None:
    make_application()
    apply_theme(ThemeName.LIGHT)
    admin = server.client()
    admin.call(CreateUser(login="zhao", name="赵主任", password=PASSWORD, roles=("auditor",)))
    admin.close()
    load_tables()
    database = Database(f"sqlite:///{(server.data / 'mingjing.db').as_posix()}")
    plain = StatisticsWorld(database, count=200).plain
    database.close()
    line = ServerConnection(str(server.connection))
    session = line.login("zhao", PASSWORD)
    pages = make_pages(lambda _place, _on_event: NoViewer())
    window = Workstation(TITLE, pages, ServerConnection, usual_theme=ThemeName.LIGHT)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(line, session))
    page = shell.go_to("statistics")
    assert isinstance(page, StatisticsPage)
    presenter = page.presenter

    def settled() -> bool:
        state = presenter.state
        return not state.is_loading and state.shown is not None

    qtbot.waitUntil(settled, timeout=30_000)
    presenter.choose_days(date(2026, 1, 1), date(2026, 3, 31))
    presenter.choose_subject(Subject.WORKLOAD)
    qtbot.waitUntil(settled, timeout=30_000)
    qtbot.waitUntil(lambda: page.table.total == 5, timeout=30_000)  # three doctors, none yet, and all
    shown = presenter.state.shown
    assert shown is not None
    by_name = {line.name: line.values for line in shown.lines}
    for doctor in ("李医生", "王医生", "陈医生"):
        mine = [one for one in plain if one.doctor == doctor and one.submitted]
        assert by_name[doctor][:3] == (len(mine), sum(one.image_count for one in mine), len(mine))
    sets = page.chart.chart().series()[0].barSets()
    assert [sets[0].at(place) for place in range(4)] == [line.values[0] for line in shown.lines[:4]]

    presenter.export(tmp_path / "workload.xlsx")
    qtbot.waitUntil(lambda: (tmp_path / "workload.xlsx").exists() and not presenter.state.is_exporting, timeout=30_000)
    rows = list(load_workbook(tmp_path / "workload.xlsx").worksheets[0].iter_rows(values_only=True))
    assert [tuple(row[1:]) for row in rows[1:]] == [line.values for line in shown.lines]
    presenter.choose_subject(CRITICAL)
    qtbot.waitUntil(lambda: settled() and page.table.total == 0, timeout=30_000)
