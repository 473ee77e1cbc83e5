"""Self-service printing at the kiosk: what the patient sees for every answer, paper out, a lost line, leaving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clients.kiosk.papers.presenter import DONE_SECONDS, PapersPresenter
from clients.kiosk.papers.state import Page, PapersState
from clients.kit.running import ImmediateRunner
from clients.kit.translations import Language, language
from shared.contract import report_paper as contract
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.queueing import GetKiosk, KioskView

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def item(number: int, reason: str = "") -> contract.SelfPrintItem:
    return contract.SelfPrintItem(
        number=number, items="胸部CT平扫", examined_at=NOW, is_ready=not reason, reason=reason
    )


def answer(outcome: contract.SelfPrintOutcome, *items: contract.SelfPrintItem, **more: Any) -> contract.SelfPrintAnswer:
    return contract.SelfPrintAnswer(outcome=outcome, time=NOW, items=items, **more)


class Server:
    """Answers as told; keeps what it was asked."""

    def __init__(self) -> None:
        self.answer = answer(contract.SelfPrintOutcome.NOTHING)
        self.fault: ErrorCode | None = None
        self.asked: list[Any] = []
        self.copies = 0

    def sign_in(self) -> None:
        self.asked.append("sign in")

    def call(self, request: Any) -> Any:
        self.asked.append(request)
        if self.fault is not None:
            raise error_for(ErrorBody(code=self.fault, message=""))
        match request:
            case GetKiosk():
                return KioskView(hospital_name="明镜医院", hospital_name_en="", time=NOW)
            case contract.OpenSelfPrint():
                return self.answer
            case contract.MakeSelfPrint():
                self.copies += 1
                return contract.SelfPrintPaper(copy_id=self.copies, pdf=b"%PDF", pages=1)
            case contract.TellSelfPrint():
                return None
        raise AssertionError(request)

    def told(self) -> list[bool]:
        return [one.is_printed for one in self.asked if isinstance(one, contract.TellSelfPrint)]


class Printer:
    """Sheets that run out."""

    def __init__(self) -> None:
        self.sheets = 99

    def print(self, pdf: bytes, title: str) -> None:
        if not self.sheets:
            raise OSError("缺纸。")
        self.sheets -= 1


class Hall:
    """A kiosk with a clock that the test moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.server, self.printer = Server(), Printer()
        self.shown: list[PapersState] = []
        self.presenter = PapersPresenter(
            self.server, ImmediateRunner(), self.printer, lambda: self.now, self.shown.append, leave_code="9753"
        )
        self.presenter.start()

    @property
    def state(self) -> PapersState:
        return self.presenter.state

    def scan(self, digits: str = "123X", code: str = "CT1") -> None:
        self.presenter.scanned(code)
        self.type(digits)

    def type(self, digits: str) -> None:
        for digit in digits:
            self.presenter.key(digit)
        self.presenter.confirm()

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.now += timedelta(seconds=1)
            self.presenter.tick()


READY = contract.SelfPrintOutcome.READY


def test_it_asks_for_code_and_digits_and_prints_every_paper() -> None:
    hall = Hall()
    assert hall.state.page is Page.START
    hall.server.answer = answer(READY, item(1), item(2), item(0, "not_ready"), session="s")
    hall.scan()
    assert hall.state.page is Page.DONE
    assert "2" in hall.state.head
    assert [one.reason for one in hall.state.items] == ["not_ready"]
    asked = next(one for one in hall.server.asked if isinstance(one, contract.OpenSelfPrint))
    assert (asked.code, asked.last_four) == ("CT1", "123X")
    assert hall.server.told() == [True, True]
    assert any(state.page is Page.PRINTING and state.number == 2 for state in hall.shown)
    hall.seconds(DONE_SECONDS + 1)
    assert hall.state.page is Page.START
    assert hall.state.items == ()


def test_paper_out_waits_for_help_and_prints_the_rest() -> None:
    hall = Hall()
    hall.server.answer = answer(READY, item(1), item(2), session="s")
    hall.printer.sheets = 1
    hall.scan()
    assert hall.state.page is Page.TROUBLE
    assert "缺纸" in hall.state.trouble
    hall.printer.sheets = 9
    hall.presenter.again()
    assert hall.state.page is Page.DONE
    assert hall.state.is_good
    assert hall.server.told() == [True, False, True]


@pytest.mark.parametrize(
    ("outcome", "more", "words"),
    [
        (contract.SelfPrintOutcome.NOT_READY, {}, "还没有完成"),
        (contract.SelfPrintOutcome.NOTHING, {}, "没有可打印"),
        (contract.SelfPrintOutcome.PAUSED, {"try_again_s": 590}, "次数过多"),
    ],
)
def test_every_answer_has_a_sentence(outcome: contract.SelfPrintOutcome, more: dict[str, int], words: str) -> None:
    hall = Hall()
    hall.server.answer = answer(outcome, **more)
    hall.scan()
    assert hall.state.page is Page.DONE
    assert words in hall.state.head
    assert hall.state.step
    assert not hall.state.is_good
    if outcome is contract.SelfPrintOutcome.PAUSED:
        assert "10" in hall.state.step


def test_wrong_digits_are_typed_again() -> None:
    hall = Hall()
    hall.server.answer = answer(contract.SelfPrintOutcome.WRONG, tries_left=2)
    hall.scan("0000")
    assert hall.state.page is Page.DIGITS
    assert hall.state.typed == ""
    assert "2" in hall.state.sentence
    hall.server.answer = answer(READY, item(1), session="s")
    hall.type("123X")
    assert hall.state.page is Page.DONE


def test_fewer_than_four_are_not_sent_and_what_was_typed_goes_by_itself() -> None:
    hall = Hall()
    hall.scan("12")
    assert hall.state.sentence
    assert not any(isinstance(one, contract.OpenSelfPrint) for one in hall.server.asked)
    hall.presenter.key("3")
    hall.presenter.key("4")
    hall.presenter.key("5")
    assert hall.state.typed == "1234"
    hall.presenter.erase()
    assert hall.state.typed == "123"
    hall.seconds(60)
    assert (hall.state.page, hall.state.typed) == (Page.START, "")


def test_a_code_that_is_none_is_said_so() -> None:
    hall = Hall()
    hall.presenter.scanned("??")
    hall.server.fault = ErrorCode.INVALID
    hall.type("1234")
    assert hall.state.page is Page.DONE
    assert "不是登记条码" in hall.state.head


def test_a_session_that_is_over_starts_anew() -> None:
    hall = Hall()
    hall.server.answer = answer(READY, item(1), session="s")
    hall.printer.sheets = 0
    hall.scan()
    hall.server.fault = ErrorCode.NOT_FOUND
    hall.presenter.again()
    assert hall.state.page is Page.DONE
    assert not hall.state.is_good


def test_a_lost_line_closes_and_opens_again() -> None:
    hall = Hall()
    hall.presenter.scanned("CT1")
    hall.server.fault = ErrorCode.UNAVAILABLE
    hall.type("1234")
    assert hall.state.page is Page.CLOSED
    hall.presenter.scanned("CT1")  # nothing happens
    assert hall.state.page is Page.CLOSED
    hall.server.fault = None
    hall.seconds(20)
    assert hall.state.page is Page.START


def test_the_language_returns_to_the_halls_own() -> None:
    hall = Hall()
    hall.presenter.choose_language(Language.ENGLISH)
    assert language() == "en"
    hall.presenter.cancel()
    assert language() == "zh"


def test_only_the_code_closes_the_kiosk() -> None:
    hall = Hall()
    for _ in range(5):
        hall.presenter.corner_tapped()
    assert hall.state.page is Page.LOCK
    hall.type("1111")
    assert hall.state.code_wrong
    assert not hall.state.may_leave
    hall.type("9753")
    assert hall.state.may_leave
