"""Alarms from typing to the administrator's figures: real server, real sockets, real window."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from clients.diagnosis.checking.panel import CheckingPanel, CheckingTag
from clients.kit.app import make_application
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from shared.contract.checking import (
    AlarmKind,
    DismissReason,
    GetCheckerUse,
    KindUse,
    SaveCheckerSwitches,
    SaveCheckerWord,
)
from shared.contract.identity import CreateUser
from shared.contract.reporting import ListReports
from shared.domain.states import CriticalValue, ReportState
from tests.clients.diagnosis.test_diagnosis_journey import PASSWORD, Seat, scan_a_patient
from tests.server_process import ServerProcess, running_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running_server(tmp_path / "data") as server:
        yield server


def write(doctor: Seat, findings: str, impression: str) -> None:
    for editor, text in ((doctor.page.findings, findings), (doctor.page.impression, impression)):
        editor.selectAll()
        editor.insert_words(text)


def test_alarms_come_while_typing_and_go_with_a_reason(qtbot: QtBot, server: ServerProcess, tmp_path: Path) -> None:
    make_application()
    apply_theme(ThemeName.DARK)
    admin = server.client()
    admin.call(CreateUser(login="li", name="李医生", password=PASSWORD, roles=("doctor",)))
    slices = tmp_path / "slices"
    slices.mkdir()
    scan_a_patient(admin, server, slices)
    qtbot.waitUntil(lambda: admin.call(ListReports()).total == 1, timeout=30_000)
    admin.call(SaveCheckerWord(word="脑回征象", right="脑沟征象"))

    doctor = Seat(qtbot, server, "li")
    doctor.enter_first()
    tag = doctor.page.findChildren(CheckingTag)[0]
    write(doctor, "左侧基底节区见低密度影，大小约   mm，边缘【选择】，脑回征象。", "右侧基底节区脑梗死。")
    doctor.until(lambda: len(tag.presenter.state.alarms) >= 4)  # nothing was pressed
    kinds = {alarm.kind for alarm in tag.presenter.state.alarms}
    assert kinds >= {AlarmKind.SIDE, AlarmKind.MISSING, AlarmKind.TEMPLATE, AlarmKind.TYPO}
    assert len(doctor.page.findings.extraSelections()) >= 2  # wavy lines
    assert "处请核对" in tag.button.text()

    doctor.page.open_panel("checking")
    panel = doctor.page.findChildren(CheckingPanel)[0]
    remnant = next(alarm for alarm in tag.presenter.state.alarms if alarm.kind is AlarmKind.TEMPLATE)
    panel._find(remnant)
    assert doctor.page.findings.textCursor().selectedText() == remnant.text
    if folder := os.environ.get("MINGJING_PICTURES"):
        panel.presenter.begin_dismissal(remnant)
        qtbot.wait(300)
        doctor.window.grab().save(str(Path(folder) / "checker-panel.png"))
        panel.presenter.begin_dismissal(None)
    panel.presenter.begin_dismissal(remnant)
    panel.presenter.dismiss(DismissReason.RIGHT_AS_IS)
    write(doctor, "左侧基底节区见低密度影，大小约 12mm，边缘【选择】，脑沟征象。", "左侧基底节区脑梗死。")
    doctor.until(lambda: tag.presenter.state.is_checked and not tag.presenter.state.alarms)
    assert not tag.isVisible()
    assert doctor.page.findings.extraSelections() == []

    def use() -> dict[AlarmKind, KindUse]:
        return {one.kind: one for one in admin.call(GetCheckerUse())}

    doctor.until(lambda: use()[AlarmKind.SIDE].corrected == 1)
    used = use()
    assert (used[AlarmKind.TEMPLATE].shown, used[AlarmKind.TEMPLATE].dismissed) == (1, 1)
    assert used[AlarmKind.TEMPLATE].reasons == {"right_as_is": 1}
    assert used[AlarmKind.TEMPLATE].doctors == {"李医生": 1}
    assert used[AlarmKind.SIDE].corrected == 1

    # what is set aside is not asked about at submitting either
    present = doctor.page.presenter.state.content
    doctor.page.presenter.put_content(msgspec.structs.replace(present, critical_value=CriticalValue.NO))
    doctor.page.presenter.submit()
    doctor.until(lambda: doctor.is_in(ReportState.SUBMITTED))
    admin.call(SaveCheckerSwitches(exam_type="", off=(AlarmKind.SIDE,)))
    admin.close()
