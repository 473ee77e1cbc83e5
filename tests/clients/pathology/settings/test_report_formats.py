"""调整报告格式: the designer with the department's reports; what is saved is what the next report is drawn with."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from clients.designer.history import History
from clients.kit.translations import Language, set_language, tr
from clients.pathology.diagnosis import entries
from clients.pathology.settings.formats import FormatsPage
from server.kernel.dispatch import collect
from server.printing.rpc import PrintingRpc
from shared.contract.pathology_reports import Preview
from shared.contract.pathology_settings import ListDesignVersions
from shared.domain.pathology import OpinionKind
from shared.paper.kinds import OF_PATHOLOGY, DocumentKind
from tests.clients.pathology.settings.settings_house import a_room, a_settings_desk
from tests.server.pathology.reports.report_room import Room


@dataclass(frozen=True)
class Place:
    """What of the workplace the designer uses."""

    connection: Any
    runner: Any
    messages: Any
    settings: Any
    side_panel: Any = None


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = a_room(tmp_path / "server")
    made.handlers |= collect(PrintingRpc(made.areas.printing))
    yield made
    made.close()


@pytest.fixture
def page(room: Room, tmp_path: Path, qtbot: QtBot) -> FormatsPage:
    desk, view, _messages, _printed = a_settings_desk(room, tmp_path, "pathology_admin")
    was = desk.place
    desk.place = Place(was.connection, was.runner, was.messages, was.settings)  # type: ignore[assignment]
    entries.adjust_format(desk)
    assert isinstance(view.window, FormatsPage)
    qtbot.addWidget(view.window)
    return view.window


def test_the_designer_offers_the_reports_of_this_department_alone(page: FormatsPage) -> None:
    designer = page.designer
    designer.show()
    assert designer.presenter.state.kind is DocumentKind.PATHOLOGY_REPORT
    assert designer.presenter.state.laid_out is not None and not designer.presenter.state.problem
    for kind in OF_PATHOLOGY:
        designer.presenter.open(kind)
        state = designer.presenter.state
        assert state.laid_out is not None and not state.problem, kind
    set_language(Language.ENGLISH)
    try:
        assert tr("病理补充报告") == "Supplementary Pathology Report" and tr("历史版本") == "History"
    finally:
        set_language(Language.CHINESE)


def test_a_saved_design_is_what_the_next_report_is_drawn_with(page: FormatsPage, room: Room, tmp_path: Path) -> None:
    presenter = page.designer.presenter
    page.show()
    text = presenter.text.replace("{department}", "{department} 示范中心", 1)
    assert presenter.put_text(text) and page.is_changed
    page.close()
    assert "没有保存" in page._desk.place.messages.said[-1].text  # type: ignore[attr-defined]
    page.show()
    presenter.save("试用")
    assert not page.is_changed
    (newest, _own) = room.ask(
        room.user("pathology_admin"), ListDesignVersions(kind=DocumentKind.PATHOLOGY_REPORT.value)
    )
    assert newest.version == 1 and newest.note == "试用"
    case_id, chief = room.case(), room.user("pathology_chief")
    room.write(chief, case_id, OpinionKind.CHIEF)
    report_id = room.open(chief, case_id).report.id
    assert "示范中心" in words(room, chief, report_id, tmp_path)
    page.designer._show_history()
    history = page.panel.content
    assert isinstance(history, History)
    history.buttons[0].click()
    assert "示范中心" not in words(room, chief, report_id, tmp_path)


def words(room: Room, chief: Any, report_id: int, folder: Path) -> str:
    document = room.ask(chief, Preview(report_id=report_id))
    path = folder / "report.pdf"
    path.write_bytes(room.document(document.id))
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
