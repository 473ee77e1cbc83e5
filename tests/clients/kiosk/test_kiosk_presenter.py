"""The kiosk's behaviour without a window: scans, keys, answers, returns, the line, printing and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clients.kiosk import texts
from clients.kiosk.desk.presenter import ANSWER_SECONDS, TYPING_SECONDS, KioskPresenter
from clients.kiosk.desk.state import KioskState, Page, Printing
from clients.kiosk.slip import Slip, slips_of
from clients.kiosk.words import told_of, unknown, wait_words
from clients.kit.running import ImmediateRunner
from clients.kit.translations import Language, has_english, language, register_catalogue, set_language
from shared.contract.base import Request
from shared.contract.errors import EnvironmentTrouble, ErrorBody, ErrorCode, Refused, RpcError
from shared.contract.queueing import (
    GetKiosk,
    KioskAnswer,
    KioskCheckIn,
    KioskExam,
    KioskOutcome,
    KioskView,
    WaitForecast,
)

NOW = datetime(2026, 11, 21, 9, 41, tzinfo=UTC)
CODE = "2468X"


def an_exam(outcome: KioskOutcome = KioskOutcome.CHECKED_IN, **changes: Any) -> KioskExam:
    values: dict[str, Any] = {
        "masked_name": "张*明",
        "number": "A012",
        "exam_type": "CT",
        "items": "颅脑平扫",
        "room_name": "CT一室",
        "room_name_en": "CT Room 1",
        "campus_name": "放射科",
        "campus_name_en": "Radiology",
        "way": "门诊楼一层",
        "planned_at": NOW,
        "forecast": WaitForecast(ahead=3, minutes=24, low_minutes=15, high_minutes=35),
    }
    return KioskExam(outcome=outcome, **(values | changes))


class FakeServer:
    """Knows some numbers; the line can be cut, the session forgotten."""

    def __init__(self) -> None:
        self.exams: dict[str, tuple[KioskExam, ...]] = {"CT26112100001": (an_exam(),)}
        self.trouble: RpcError | None = None
        self.sign_ins = 0
        self.asked: list[str] = []
        self.signed_in = False

    def sign_in(self) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.sign_ins += 1
        self.signed_in = True

    def call(self, request: Request[Any]) -> Any:
        if self.trouble is not None:
            raise self.trouble
        if not self.signed_in:
            raise Refused(ErrorBody(code=ErrorCode.SESSION_EXPIRED, message=""))
        if isinstance(request, GetKiosk):
            return KioskView(hospital_name="明镜医院", hospital_name_en="Mingjing Hospital", time=NOW)
        assert isinstance(request, KioskCheckIn)
        self.asked.append(request.code)
        if request.code.startswith("HTTP"):
            raise Refused(ErrorBody(code=ErrorCode.INVALID, message="这不是号码", field="code"))
        return KioskAnswer(exams=self.exams.get(request.code, ()), time=NOW)


class FakePrinter:
    def __init__(self) -> None:
        self.printed: list[Slip] = []
        self.fails = False

    def print(self, slips: tuple[Slip, ...]) -> None:
        if self.fails:
            raise OSError("out of paper")
        self.printed += slips


class Desk:
    """A kiosk with everything around it faked."""

    def __init__(self) -> None:
        self.now = NOW
        self.server, self.printer = FakeServer(), FakePrinter()
        self.shown: list[KioskState] = []
        self.presenter = KioskPresenter(
            self.server, ImmediateRunner(), self.printer, lambda: self.now, self.shown.append, leave_code=CODE
        )
        self.presenter.start()

    @property
    def state(self) -> KioskState:
        return self.presenter.state

    def page(self) -> Page:
        return self.presenter.state.page

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            self.presenter.tick()

    def type(self, number: str) -> None:
        for character in number:
            self.presenter.key(character)


@pytest.fixture
def desk() -> Iterator[Desk]:
    register_catalogue(texts.ENTRIES)
    yield Desk()
    set_language(Language.CHINESE)


def test_a_scan_checks_in_prints_the_ticket_and_returns_by_itself(desk: Desk) -> None:
    assert (desk.page(), desk.state.hospital_name) == (Page.START, "明镜医院")
    desk.presenter.scanned("CT26112100001")
    assert (desk.page(), desk.state.printing) == (Page.ANSWER, Printing.DONE)
    (slip,) = desk.printer.printed
    assert slip.number == "A012" and "张*明　颅脑平扫" in slip.lines and "放射科　门诊楼一层" in slip.lines
    desk.wait(ANSWER_SECONDS - 1)
    assert desk.page() is Page.ANSWER
    desk.wait(1)
    assert (desk.page(), desk.state.answer, desk.state.typed) == (Page.START, None, "")


def test_a_typed_number_is_looked_up_and_a_short_one_is_not(desk: Desk) -> None:
    desk.type("12345")
    desk.presenter.confirm()
    assert desk.server.asked == [] and "太短" in desk.state.sentence
    desk.type("6")
    desk.presenter.erase()
    desk.type("67")
    desk.presenter.confirm()
    assert desk.server.asked == ["1234567"]
    assert desk.page() is Page.ANSWER and desk.state.answer is not None and not desk.state.answer.exams
    assert not desk.printer.printed


def test_a_number_left_half_typed_is_wiped(desk: Desk) -> None:
    desk.type("110101199003")
    desk.wait(TYPING_SECONDS)
    assert desk.state.typed == ""


def test_nobody_can_type_more_than_an_identity_number(desk: Desk) -> None:
    desk.type("1" * 30)
    assert len(desk.state.typed) == 18


def test_the_next_patient_may_scan_while_the_last_answer_still_stands(desk: Desk) -> None:
    desk.presenter.scanned("CT26112100001")
    desk.server.exams["CT26112100002"] = (an_exam(KioskOutcome.ALREADY, number="A013"),)
    desk.presenter.scanned("CT26112100002")
    assert desk.state.answer is not None and desk.state.answer.exams[0].number == "A013"
    assert [slip.number for slip in desk.printer.printed] == ["A012"]  # a ticket was printed for A013 before
    desk.presenter.print_again()
    assert [slip.number for slip in desk.printer.printed] == ["A012", "A013"]


def test_a_code_that_is_no_number_says_so_on_the_first_page(desk: Desk) -> None:
    desk.presenter.scanned("HTTP://ELSEWHERE")
    assert desk.page() is Page.START and "登记窗口" in desk.state.sentence


def test_a_printer_without_paper_costs_no_check_in(desk: Desk) -> None:
    desk.printer.fails = True
    desk.presenter.scanned("CT26112100001")
    assert (desk.page(), desk.state.printing) == (Page.ANSWER, Printing.FAILED)
    desk.printer.fails = False
    desk.presenter.print_again()
    assert desk.state.printing is Printing.DONE


def test_a_server_that_restarts_closes_the_kiosk_and_opens_it_again(desk: Desk) -> None:
    desk.server.trouble = EnvironmentTrouble(ErrorBody(code=ErrorCode.OFFLINE, message=""))
    desk.presenter.scanned("CT26112100001")
    assert desk.page() is Page.CLOSED
    desk.wait(20)
    assert desk.page() is Page.CLOSED
    desk.server.trouble, desk.server.signed_in = None, False  # a new process knows no session
    desk.wait(10)
    assert desk.page() is Page.START and desk.server.sign_ins == 2
    desk.presenter.scanned("CT26112100001")
    assert desk.page() is Page.ANSWER


def test_a_wrong_password_is_told_to_the_administrator(desk: Desk) -> None:
    desk.server.trouble = Refused(ErrorBody(code=ErrorCode.WRONG_PASSWORD, message=""))
    desk.wait(20)
    assert desk.page() is Page.CLOSED and desk.state.trouble


def test_the_language_of_the_last_person_is_forgotten(desk: Desk) -> None:
    desk.presenter.choose_language(Language.ENGLISH)
    desk.presenter.scanned("CT26112100001")
    assert language() is Language.ENGLISH
    assert desk.printer.printed[0].lines[1] == "CT Room 1"
    desk.wait(ANSWER_SECONDS)
    assert language() is Language.CHINESE


def test_only_the_administrators_code_closes_the_kiosk(desk: Desk) -> None:
    for _ in range(4):
        desk.presenter.corner_tapped()
        desk.now += timedelta(seconds=2)  # a child plays with the corner
    assert desk.page() is Page.START
    desk.now += timedelta(seconds=10)
    for _ in range(5):
        desk.presenter.corner_tapped()
    assert desk.page() is Page.LOCK
    desk.type("0000")
    desk.presenter.confirm()
    assert desk.state.code_wrong and not desk.state.may_leave
    desk.type(CODE)
    assert CODE not in repr(desk.state)
    desk.presenter.confirm()
    assert desk.state.may_leave


def test_the_code_page_goes_away_by_itself(desk: Desk) -> None:
    for _ in range(5):
        desk.presenter.corner_tapped()
    desk.wait(20)
    assert desk.page() is Page.START


@pytest.mark.parametrize("outcome", KioskOutcome)
@pytest.mark.parametrize("of", Language)
def test_every_outcome_has_a_sentence_and_a_next_step_in_both_languages(
    desk: Desk, outcome: KioskOutcome, of: Language
) -> None:
    set_language(of)
    for days in (-1, 1):
        exam = an_exam(outcome, planned_at=NOW + timedelta(days=days), opens_at=NOW + timedelta(minutes=80))
        told = told_of(exam, NOW)
        assert told.headline and told.next_step and "{" not in told.headline + told.next_step
        assert all(ord(letter) < 0x3000 for letter in told.headline + told.next_step) == (of is Language.ENGLISH)
    assert unknown(0) != unknown(30)


def test_every_text_has_english() -> None:
    register_catalogue(texts.ENTRIES)
    assert all(has_english(source) for source in texts.ENTRIES)


def test_waiting_is_told_as_people_say_it() -> None:
    assert wait_words(None) == ""
    assert wait_words(WaitForecast(ahead=0, minutes=1, low_minutes=0, high_minutes=4)) == "前面 0 人，很快轮到您"
    assert "15–35" in wait_words(an_exam().forecast)


def test_a_ticket_names_nobody_in_full() -> None:
    (slip,) = slips_of((an_exam(),), "明镜医院", "", NOW)
    assert "张*明" in slip.lines[0]
