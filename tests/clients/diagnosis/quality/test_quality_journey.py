"""Quality control from the sample to the workbook: real server, real sockets, real window."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from openpyxl import load_workbook
from pytestqt.qtbot import QtBot

from clients.diagnosis.quality.state import Pane
from clients.diagnosis.quality.view import QualityPage
from clients.kit.app import make_application
from clients.kit.gallery import settle
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from shared.contract.identity import CreateUser
from shared.contract.quality import QualityObject
from shared.contract.reporting import ApproveReport, AuditReport, ListReports, SaveReport, SubmitReport, WriteReport
from shared.domain.rich_text import plain
from shared.domain.states import CriticalValue
from tests.clients.diagnosis.test_diagnosis_journey import PASSWORD, Seat, scan_a_patient
from tests.server_process import ServerProcess, running_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running_server(tmp_path / "data") as server:
        yield server


def an_approved_report(qtbot: QtBot, server: ServerProcess, folder: Path) -> None:
    admin = server.client()
    for login, name, role in (("li", "李医生", "doctor"), ("zhao", "赵主任", "auditor"), ("sun", "孙主任", "auditor")):
        admin.call(CreateUser(login=login, name=name, password=PASSWORD, roles=(role,)))
    folder.mkdir()
    scan_a_patient(admin, server, folder)
    qtbot.waitUntil(lambda: admin.call(ListReports()).total == 1, timeout=30_000)
    report_id = admin.call(ListReports()).rows[0].id
    doctor = server.client(login="li", password=PASSWORD)
    opened = doctor.call(WriteReport(report_id=report_id))
    content = msgspec.structs.replace(
        opened.content,
        findings="<p>左侧基底节区见片状低密度影，边界欠清。</p>",
        impression="<p>左侧基底节区脑梗死。</p>",
        critical_value=CriticalValue.NO,
    )
    saved = doctor.call(SaveReport(report_id=report_id, version=opened.version, content=content))
    doctor.call(SubmitReport(report_id=report_id, version=saved.version, content=saved.content, overrule_reason="试"))
    doctor.close()
    auditor = server.client(login="zhao", password=PASSWORD)
    taken = auditor.call(AuditReport(report_id=report_id))
    better = msgspec.structs.replace(taken.content, impression="<p>左侧基底节区腔隙性脑梗死。</p>")
    auditor.call(ApproveReport(report_id=report_id, version=taken.version, content=better))
    auditor.close()
    admin.close()


def test_a_sample_is_drawn_scored_blind_and_exported(qtbot: QtBot, server: ServerProcess, tmp_path: Path) -> None:
    make_application()
    apply_theme(ThemeName.LIGHT)
    an_approved_report(qtbot, server, tmp_path / "slices")
    seat = Seat(qtbot, server, "sun")
    page = seat._shell.go_to("quality")
    assert isinstance(page, QualityPage)
    seat.until(lambda: page.presenter.state.generation > 0 and bool(page.presenter.state.exam_types))
    page.presenter.begin_task()
    seat.until(lambda: page.presenter.state.choices is not None)
    offered = page.presenter.state.choices
    assert offered is not None and [one.name for one in offered.doctors] == ["李医生"] and len(offered.devices) == 1
    page.form.set_values({"name": "三月头颅质控", "count": 5})
    page._preview()
    seat.until(lambda: page.presenter.state.fitting == 1)
    picture(page, "quality-new")
    page.sheet.remove_item(3)
    assert page.sheet.total_of(QualityObject.IMAGE) == 80
    page.form.submit()
    assert not page.presenter.state.tasks and "80" in page.sheet.problem.text(), "80 points are no sheet"
    page.sheet.add_item()
    page.sheet.lines[-1].key.setText("dose")
    page.sheet.lines[-1].name.setText("剂量合理")
    assert page.sheet.total_of(QualityObject.IMAGE) == 100
    settle(0.2)
    bar = page.pages.currentWidget().verticalScrollBar()  # type: ignore[attr-defined]
    bar.setValue(bar.maximum())
    picture(page, "quality-sheet")
    set_language(Language.ENGLISH)
    picture(page, "quality-sheet-en")
    set_language(Language.CHINESE)
    page.form.submit()
    seat.until(lambda: len(page.presenter.state.cases) == 1)
    assert "要求 5 例，只有 1 份" in page.drawn.text()
    assert [item.key for item in page.presenter.state.tasks[0].sheet][:4] == [
        "position",
        "contrast",
        "artefact",
        "dose",
    ]
    page.presenter.choose_case(page.presenter.state.cases[0])
    seat.until(lambda: page.presenter.state.pane is Pane.CASE)
    picture(page, "quality-score")
    shown = " ".join(label.text() for label in page.scoring.findChildren(type(page.scoring._title)))
    assert not {"李医生", "赵主任", "张三丰"} & set(shown.split())
    assert page.scoring.form is not None
    page.scoring.form.set_values({"position": 12, "comment": "扫描范围不足"})
    page.scoring.save_button.click()
    seat.until(lambda: page.presenter.state.object is QualityObject.FIRST_REPORT)
    assert plain(page.scoring.impression.toPlainText()) == "左侧基底节区脑梗死。"
    page.scoring.save_button.click()
    seat.until(lambda: page.presenter.state.object is QualityObject.AUDITED_REPORT)
    assert page.scoring.impression.toPlainText() == "左侧基底节区腔隙性脑梗死。"
    page.scoring.save_button.click()
    seat.until(lambda: any(task.scored == 1 for task in page.presenter.state.tasks))
    page.presenter.show_figures()
    seat.until(lambda: len(page.presenter.state.figures) == 6)
    picture(page, "quality-figures")
    page.presenter.export(tmp_path / "质控.xlsx")
    seat.until((tmp_path / "质控.xlsx").exists)
    assert load_workbook(tmp_path / "质控.xlsx").sheetnames == ["质控统计", "评分明细"]
    page.presenter.close_task()
    seat.until(lambda: all(task.is_closed for task in page.presenter.state.tasks))
    set_language(Language.ENGLISH)
    try:
        picture(page, "quality-figures-en")
    finally:
        set_language(Language.CHINESE)


def picture(page: QualityPage, name: str) -> None:
    if folder := os.environ.get("MINGJING_PICTURES"):
        window = page.window()
        settle(0.2)
        window.grab().save(str(Path(folder) / f"{name}.png"))
