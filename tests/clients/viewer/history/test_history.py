"""Earlier exams: listed from files and from the server's answer, added and compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.settings import HOME_VARIABLE
from clients.kit.translations import Language, set_language
from clients.viewer.history.feature import OPEN, HistoryFeature
from clients.viewer.history.model import earlier_from_server
from clients.viewer.history.panel import HistoryPanel
from clients.viewer.window import ViewerWindow
from shared.contract.archive import ListStudies, StudyList, StudyRow
from shared.contract.errors import ErrorBody, ErrorCode, RpcError
from tests.clients.viewer.viewer_builders import ROOT, MemorySource, a_series, a_study

NOW = f"{ROOT}.9"
BEFORE = f"{ROOT}.8"


def a_row(n: int, **changes: Any) -> StudyRow:
    row = StudyRow(
        id=n, version=1, study_uid=f"{ROOT}.{n}", accession_number="", patient_id="P1", patient_name="张^三",
        patient_sex="M", patient_birth_date="", study_at=datetime(2020 + n, 1, 2, 3, 4, tzinfo=UTC), description="胸部",
        modalities=("CT",), series_count=1, instance_count=5, calling_ae="", received_at=datetime.now(UTC),
        exam_id=None, why_unmatched="",
    )  # fmt: skip
    return msgspec.structs.replace(row, **changes)


class PriorsSource(MemorySource):
    """A source that answers as the server does."""

    rows: tuple[StudyRow, ...] = (a_row(8), a_row(9), a_row(3, patient_id="P10"))
    refusal = ""

    def call(self, request: Any) -> StudyList:
        if not isinstance(request, ListStudies) or request.patient_id != "P1":  # other features ask this server too
            raise RpcError(ErrorBody(code=ErrorCode.NOT_FOUND, message=""))
        if self.refusal:
            raise RpcError(ErrorBody(code=ErrorCode.PERMISSION_MISSING, message=self.refusal))
        return StudyList(total=len(self.rows), rows=self.rows)


def test_only_exams_of_the_very_patient_count_newest_first() -> None:
    source = PriorsSource()

    assert [exam.study_uid for exam in earlier_from_server(source.call, "P1")] == [NOW, BEFORE]
    for unusable in ("", "  ", "*", "P?"):
        with pytest.raises(ValueError, match="患者编号"):
            earlier_from_server(source.call, unusable)


@pytest.fixture
def source() -> PriorsSource:
    return PriorsSource(a_study(a_series(4)), a_study(a_series(3, series="2"), uid=BEFORE))


@pytest.fixture
def window(
    source: PriorsSource, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ViewerWindow]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    window = ViewerWindow(source)
    window.resize(1366, 768)
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(NOW)
    yield window
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def panel_of(window: ViewerWindow) -> HistoryPanel:
    feature = next(feature for feature in window.features if isinstance(feature, HistoryFeature))
    if feature.panel is None:
        window.perform(OPEN)
    assert feature.panel is not None
    return feature.panel


def test_an_earlier_exam_goes_into_the_series_bar(window: ViewerWindow, qtbot: QtBot) -> None:
    panel = panel_of(window)
    qtbot.waitUntil(lambda: panel.list.count() == 2, timeout=30_000)
    panel.list.setCurrentRow(0)
    assert not panel.append.isEnabled()  # it is the open one
    panel.list.setCurrentRow(1)
    shown = window.session.active_viewport.stack
    panel.append.click()

    qtbot.waitUntil(lambda: len(window.session.studies) == 2, timeout=30_000)
    assert window.session.studies[1].study_uid == BEFORE and window.session.active_viewport.stack is shown
    assert not panel.append.isEnabled()


def test_an_earlier_exam_is_compared_beside_the_open_one(window: ViewerWindow, qtbot: QtBot) -> None:
    panel = panel_of(window)
    qtbot.waitUntil(lambda: panel.list.count() == 2, timeout=30_000)
    panel.list.setCurrentRow(1)
    panel.compare.click()

    qtbot.waitUntil(lambda: len(window.session.studies) == 2, timeout=30_000)
    assert window.session.layout.cells == 2
    other = window.session.viewports[1].stack
    assert other is not None and other.study.study_uid == BEFORE


def test_a_refusal_is_told_and_may_be_asked_again(window: ViewerWindow, source: PriorsSource, qtbot: QtBot) -> None:
    source.refusal = "没有查看影像的权限"
    panel = panel_of(window)
    qtbot.waitUntil(lambda: panel.message.text() == "没有查看影像的权限", timeout=30_000)
    source.refusal = ""
    panel.renew.click()
    qtbot.waitUntil(lambda: panel.list.count() == 2, timeout=30_000)


def test_the_open_panel_follows_the_language(window: ViewerWindow, qtbot: QtBot) -> None:
    panel_of(window)
    set_language(Language.ENGLISH)

    panel = panel_of(window)
    assert panel.compare.text() == "Compare" and window.desk.side.panel is panel
    qtbot.waitUntil(lambda: panel.list.count() == 2, timeout=30_000)
    assert "images" in panel.list.item(0).text()
