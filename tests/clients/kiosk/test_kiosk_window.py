"""The kiosk in a real window: touch keys, scanner, the corner, what fits on which screen, and that it stays open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kiosk import texts
from clients.kiosk.app import Kiosk, make_parser, run
from clients.kiosk.desk.state import KioskState, Page, Printing
from clients.kiosk.desk.view import ExamCard, Key, KioskScreen, Text
from clients.kiosk.slip import QtSlipPrinter, slips_of
from clients.kit.app import make_application, wear
from clients.kit.connection import FakeConnection
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.queueing import GetKiosk, KioskAnswer, KioskCheckIn, KioskOutcome, KioskView
from tests.clients.kiosk.test_kiosk_presenter import NOW, FakePrinter, an_exam

SIZES = ((1920, 1080), (1080, 1920), (1366, 768), (3840, 2160))
TOUCH_PX = 80
"""The least height of a key on a 1080p screen of 21 inches: 20 mm, a gloved finger."""


@pytest.fixture(autouse=True)
def looks() -> Iterator[None]:
    make_application()
    register_catalogue(texts.ENTRIES)
    wear("light")
    yield
    set_language(Language.CHINESE)


class Running:
    """A kiosk before a fake server."""

    def __init__(self, folder: Path) -> None:
        self.codes: list[str] = []
        self.connection = FakeConnection(
            replies={
                GetKiosk: lambda _q: KioskView(hospital_name="明镜医院", hospital_name_en="Mingjing", time=NOW),
                KioskCheckIn: self._check_in,
            },
            accounts={"kiosk": "secret"},
        )
        for name, secret in (("password", "secret"), ("code", "1357")):
            (folder / name).write_text(secret, encoding="utf-8")
        self.options = ["--connect", "x", "--user", "kiosk", "--window", "1280x720"]
        self.options += ["--password-file", str(folder / "password"), "--leave-code-file", str(folder / "code")]
        self.printer = FakePrinter()

    def _check_in(self, request: KioskCheckIn) -> KioskAnswer:
        self.codes.append(request.code)
        return KioskAnswer(exams=(an_exam(),), time=NOW)

    def kiosk(self) -> Kiosk:
        return Kiosk(make_parser().parse_args(self.options), self.connection, "1357", self.printer)


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path)


def tap(widget: Any) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_a_number_is_typed_with_the_finger_and_the_answer_comes(running: Running, qtbot: QtBot) -> None:
    kiosk = running.kiosk()
    try:
        qtbot.waitUntil(lambda: kiosk.presenter.state.page is Page.START, timeout=30_000)
        for digit in "1101011":
            tap(kiosk.view.pad[digit])
        tap(kiosk.view.pad["erase"])
        tap(kiosk.view.pad["confirm"])
        qtbot.waitUntil(lambda: kiosk.presenter.state.printing is Printing.DONE, timeout=30_000)
        assert running.codes == ["110101"] and [slip.number for slip in running.printer.printed] == ["A012"]
        tap(kiosk.view.language)
        assert any("You are checked in" in label.text() for label in kiosk.view.findChildren(Text))
        tap(kiosk.view.done_key)
        assert kiosk.presenter.state.page is Page.START
    finally:
        kiosk.close()


def test_a_scan_works_wherever_the_finger_was_last(running: Running, qtbot: QtBot) -> None:
    kiosk = running.kiosk()
    try:
        qtbot.waitUntil(lambda: kiosk.presenter.state.page is Page.START, timeout=30_000)
        tap(kiosk.view.pad["7"])
        QTest.keyClicks(kiosk.view, "261122CT0001")
        QTest.keyClick(kiosk.view, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: running.codes == ["261122CT0001"], timeout=30_000)
    finally:
        kiosk.close()


def test_it_closes_for_the_administrator_only(running: Running, qtbot: QtBot) -> None:
    kiosk = running.kiosk()
    try:
        qtbot.waitUntil(lambda: kiosk.presenter.state.page is Page.START, timeout=30_000)
        view = kiosk.view
        assert not view.close() and view.isVisible()
        for _ in range(5):
            QTest.mouseClick(view.corner, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
        assert kiosk.presenter.state.page is Page.LOCK
        for digit in "1357":
            tap(view.lock_pad[digit])
        tap(view.lock_pad["confirm"])
        assert kiosk.presenter.state.may_leave and not view.isVisible()
    finally:
        kiosk.close()


def test_secrets_that_cannot_be_read_are_told_at_the_start(
    running: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [*running.options, "--leave-code-file", str(tmp_path / "none")]
    assert run(options, lambda _address: running.connection) == 2
    assert "none" in capsys.readouterr().err
    (tmp_path / "code").write_text("letters", encoding="utf-8")
    assert run(running.options, lambda _address: running.connection) == 2


ANSWERS = {
    "one": (an_exam(),),
    "many": (
        an_exam(),
        an_exam(KioskOutcome.NOT_PAID, items="胸部正位、腰椎正侧位、骨盆正位、双膝正侧位", number="B003"),
        an_exam(KioskOutcome.WRONG_DAY, number="", planned_at=NOW + timedelta(days=2)),
        an_exam(KioskOutcome.PASSED, number="C017"),
    ),
    "unknown": (),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", Language)
def test_everything_fits_and_can_be_touched(size: tuple[int, int], language: Language, qtbot: QtBot) -> None:
    set_language(language)
    view = KioskScreen(KioskState(now=NOW, page=Page.START, hospital_name="明镜医院"))
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    unit = min(size) / 1080
    for exams in (None, *ANSWERS.values()):
        page = Page.START if exams is None else Page.ANSWER
        answer = None if exams is None else KioskAnswer(exams=exams, time=NOW)
        view.render_state(KioskState(now=NOW, page=page, hospital_name="明镜医院", answer=answer, seconds_left=20))
        QApplication.processEvents()
        assert (view.width(), view.height()) == size  # words never make it larger than its screen
        for key in view.stack.currentWidget().findChildren(Key):
            if key.isVisible():
                assert key.height() >= TOUCH_PX * unit * 0.95
                area = key.rect().translated(key.mapTo(view, QPoint(0, 0)))
                assert view.rect().contains(area), (page, key.text(), area)
        cards = [card for card in view.findChildren(ExamCard) if card.isVisible()]
        assert not any(one.geometry().intersects(other.geometry()) for one, other in combinations(cards, 2))
        for label in (label for card in cards for label in card.findChildren(Text) if label.isVisible()):
            assert label.height() >= label.heightForWidth(label.width()) - 2 or not label.text(), label.text()


def test_tickets_are_drawn_and_a_missing_printer_is_told(tmp_path: Path) -> None:
    slips = slips_of((an_exam(),), "明镜医院", "", NOW)
    QtSlipPrinter(folder=tmp_path / "slips").print(slips)
    (made,) = (tmp_path / "slips").iterdir()
    assert made.read_bytes().startswith(b"%PDF") and made.name == "ticket-0001-A012.pdf"
    with pytest.raises(OSError, match="no printer"):
        QtSlipPrinter("a printer that nobody has").print(slips)
