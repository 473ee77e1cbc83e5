"""Help: every safety sentence in both languages, the check of the computer, the first use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from clients.kit.settings import HOME_VARIABLE
from clients.kit.translations import Language, set_language
from clients.viewer.help import check, machine
from clients.viewer.help.check import SERVER, Facts, below, facts, lines_of
from clients.viewer.help.dialog import SENTENCES
from clients.viewer.help.feature import HelpFeature
from clients.viewer.vr import probe
from clients.viewer.vr.probe import Graphics, Kind
from clients.viewer.window import ViewerWindow
from mingjing import doctor
from mingjing.__main__ import main as command

ENOUGH = Facts(4, 7.9, 118, (1920, 1080), "Windows 10 AMD64")


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        (ENOUGH, ()),
        (Facts(2, 7.9, 118, (1920, 1080), ""), ("处理器",)),
        (Facts(8, 4, 64, (1366, 768), ""), ("内存", "硬盘", "显示器")),
        (Facts(None, None, None, None, ""), ()),
        (Facts(8, 16, 500, (1920, 1080), "", 2.1, True, 4.0, 1000.0), ()),  # a slow clock says nothing
        (Facts(8, 16, 500, (1920, 1080), "", 4.0, False, 1.0, 100.0), ("硬盘", "显存", "网络")),
    ],
)
def test_what_is_too_small_is_named(found: Facts, missing: tuple[str, ...]) -> None:
    assert below(found) == missing
    assert len(lines_of(found)) == 7


def test_a_server_needs_more_cores_and_disk_but_no_screen() -> None:
    found = Facts(4, 16, 500, None, "", is_solid_state=False, network_mbits=1000.0)
    assert below(found, SERVER) == ("处理器", "硬盘")
    assert below(Facts(6, 8, 1900, None, ""), SERVER) == ()
    assert [line.name for line in lines_of(found, SERVER)] == ["处理器", "内存", "硬盘", "网络", "操作系统"]


def test_a_disk_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    here = machine.disk_gb(tmp_path)
    assert here and machine.disk_gb(tmp_path / "not" / "yet") == here


def test_the_doctor_prints_and_answers_by_its_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "facts", lambda *_args, **_more: Facts(6, 16, 3000, None, "Linux"))
    assert command(["doctor", "--server", "--data", str(tmp_path), "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)
    assert lines[0] == {"name": "Processor", "needed": "3.1 GHz, 6 cores", "found": "6 cores", "is_enough": True}
    monkeypatch.setattr(check, "facts", lambda *_args, **_more: Facts(2, 16, 3000, None, "Linux"))
    monkeypatch.setattr(probe, "probe", lambda: Graphics(Kind.PROCESSOR, "llvmpipe"))
    monkeypatch.setattr(doctor, "_screen", lambda: (1366, 768))
    assert command(["doctor"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("✗ Processor") and "llvmpipe — volumes are drawn by the processor" in told[-1]
    assert sum(line.startswith("✗") for line in told) == 2


def test_this_computer_tells_its_facts() -> None:
    found = facts((800, 600))
    assert found.cores and found.memory_gb and found.disk_gb and found.system


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ViewerWindow]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    window = ViewerWindow()
    yield window
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def feature_of(window: ViewerWindow) -> HelpFeature:
    return next(feature for feature in window.features if isinstance(feature, HelpFeature))


@pytest.mark.parametrize("language", list(Language))
def test_the_page_says_every_sentence(window: ViewerWindow, language: Language) -> None:
    set_language(language)
    window.perform("help.open")
    dialog = feature_of(window).dialog
    assert dialog is not None
    shown = " ".join(label.text() for label in dialog.findChildren(QLabel))

    assert {f"VW-SAF-{n:02d}" for n in range(1, 11)} == {row for row, _ in SENTENCES}
    assert ("does not replace the skill" in shown) == (language is Language.ENGLISH)
    assert ("不能代替" in shown) == (language is Language.CHINESE)


def test_it_opens_by_itself_once_and_keeps_the_contact(window: ViewerWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    feature = feature_of(window)
    window.perform("help.first")
    first = feature.dialog
    assert first is not None and first.isVisible()
    first.contact.setText("信息科 8012")
    first.contact.editingFinished.emit()
    first.close()

    monkeypatch.setattr(feature, "facts", lambda: ENOUGH)
    window.perform("help.first")
    assert feature.dialog is first and window.banner.isHidden()
    monkeypatch.setattr(feature, "facts", lambda: Facts(2, 16, 500, (1920, 1080), ""))
    window.perform("help.first")
    assert "处理器" in window.banner.text()
    window.perform("help.open")
    again = feature_of(window).dialog
    assert again is not None
    assert again.contact.text() == "信息科 8012"
