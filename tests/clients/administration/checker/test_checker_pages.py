"""Usefulness, switches and words of the checker in the real window, in both languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.checker.view import UsePage
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.kit.app import Workstation, make_application
from clients.kit.connection import FakeConnection
from clients.kit.login import SignedIn
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.base import Nothing
from shared.contract.checking import (
    AddCheckerWords,
    AlarmKind,
    CheckerSwitches,
    CheckerWord,
    GetCheckerSwitches,
    GetCheckerUse,
    KindUse,
    ListCheckerWords,
    RemoveCheckerWord,
    SaveCheckerSwitches,
    SaveCheckerWord,
)
from shared.contract.organisation import ExamTypeView, GetHospital, HospitalView
from shared.domain.permissions import Permission


class Server:
    def __init__(self, *, is_empty: bool = False) -> None:
        self.words = [
            CheckerWord(id=1, word="纵膈窗", added_by="管理员"),
            CheckerWord(id=2, word="肺野甲", right="肺野"),
        ]
        self.off: dict[str, tuple[AlarmKind, ...]] = {}
        counts = (
            () if is_empty else ((AlarmKind.SIDE, 41, 33, 4), (AlarmKind.TYPO, 120, 95, 20), (AlarmKind.PRIOR, 9, 2, 6))
        )
        self.use = tuple(
            KindUse(
                kind=kind,
                shown=shown,
                corrected=corrected,
                dismissed=aside,
                overruled=1,
                still_open=shown - corrected - aside - 1,
                reasons={"right_as_is": aside - 1, "other": 1},
                doctors={"李医生": aside},
                notes=("外院片未录入",),
            )
            for kind, shown, corrected, aside in counts
        )
        types = tuple(
            ExamTypeView(code=code, name=name, name_en=code, hp_required=False, slot_minutes=10)
            for code, name in (("CT", "CT"), ("MR", "磁共振"), ("US", "超声"))
        )
        hospital = HospitalView(
            version=1, name="", name_en="", campuses=(), rooms=(), devices=(), exam_types=types, exam_items=()
        )
        self.line = FakeConnection(
            replies={
                GetHospital: lambda _q: hospital,
                GetCheckerUse: lambda _q: self.use,
                GetCheckerSwitches: lambda _q: tuple(
                    CheckerSwitches(exam_type=name, off=off) for name, off in self.off.items()
                ),
                SaveCheckerSwitches: self._save_switches,
                ListCheckerWords: lambda _q: tuple(self.words),
                SaveCheckerWord: self._save_word,
                AddCheckerWords: lambda q: len(q.lines.splitlines()),
                RemoveCheckerWord: lambda _q: Nothing(),
            },
            permissions=tuple(Permission),
        )

    def _save_switches(self, request: SaveCheckerSwitches) -> CheckerSwitches:
        self.off[request.exam_type] = request.off
        return CheckerSwitches(exam_type=request.exam_type, off=request.off)

    def _save_word(self, request: SaveCheckerWord) -> CheckerWord:
        word = CheckerWord(id=request.id or 9, word=request.word, right=request.right)
        self.words.append(word)
        return word


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    make_application()
    register_catalogue(texts.ENTRIES)
    yield
    set_language(Language.CHINESE)


def opened(qtbot: QtBot, server: Server) -> tuple[Workstation, TabbedPage]:
    window = Workstation(TITLE, make_pages(), lambda _address: server.line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(server.line, server.line.login("admin", "secret")))
    tabs = shell.go_to("checker")
    assert isinstance(tabs, TabbedPage)
    return window, tabs


def picture(window: Workstation, name: str) -> None:
    if folder := os.environ.get("MINGJING_PICTURES"):
        window.grab().save(str(Path(folder) / f"{name}.png"))


@pytest.mark.parametrize("language", [Language.CHINESE, Language.ENGLISH])
def test_the_chart_tells_what_became_of_the_alarms(qtbot: QtBot, language: Language) -> None:
    set_language(language)
    window, tabs = opened(qtbot, Server())
    page = tabs.pages["checker-use"]
    assert isinstance(page, UsePage)
    qtbot.waitUntil(lambda: page.presenter.state.generation > 0, timeout=30_000)
    qtbot.wait(100)
    picture(window, f"checker-use-{language.value}")
    said = page.chart.accessibleDescription()
    first = "错别字 120 次 · 修改率 82%" if language is Language.CHINESE else "Spelling 120 · 82% corrected"
    assert said.startswith(first)
    assert page.reasons.text().split("　")[0] == ("原文正确 27" if language is Language.CHINESE else "Text is right 27")
    assert "外院片未录入" in page.notes.text()
    assert not page.empty.isVisible()
    window.close()


def test_without_alarms_the_page_says_so(qtbot: QtBot) -> None:
    window, tabs = opened(qtbot, Server(is_empty=True))
    page = tabs.pages["checker-use"]
    assert isinstance(page, UsePage)
    qtbot.waitUntil(page.empty.isVisible, timeout=30_000)
    page.spans.set_current("7")
    picture(window, "checker-use-empty")
    window.close()


def test_switches_and_words_are_changed(qtbot: QtBot) -> None:
    server = Server()
    window, tabs = opened(qtbot, server)
    switches = tabs.show_tab("checker-switches")
    assert isinstance(switches, TablePage)
    qtbot.waitUntil(lambda: len(switches.presenter.state.rows) == 4, timeout=30_000)
    picture(window, "checker-switches")
    words = tabs.show_tab("checker-words")
    assert isinstance(words, TablePage)
    qtbot.waitUntil(lambda: len(words.presenter.state.rows) == 2, timeout=30_000)
    picture(window, "checker-words")
    words.presenter.save({"word": "本院词", "right": ""})
    qtbot.waitUntil(lambda: len(server.words) == 3, timeout=30_000)
    window.close()
