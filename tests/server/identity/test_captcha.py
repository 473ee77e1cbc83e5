"""Captchas: asked after repeated wrong passwords, good for one try, the same for names that nobody has."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from server.identity.captcha import HEIGHT, LENGTH, LETTERS, LIFE, NEVER, WIDTH, Captchas, draw
from server.identity.rules import LOCK_AFTER_FAILURES
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def pass_by(self, **span: float) -> None:
        self.time += timedelta(**span)


def the_answer(captchas: Captchas, number: str) -> str:
    return captchas._asked[number][0]


def refused(captchas: Captchas, login: str, number: str = "", typed: str = "") -> tuple[ErrorCode, str]:
    with pytest.raises(Refusal) as caught:
        captchas.check(login, number, typed)
    return caught.value.body.code, caught.value.body.field


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_attempts_need_none_and_then_one_is_asked(clock: Clock) -> None:
    captchas = Captchas(clock, 3)
    for _ in range(3):
        captchas.check("li", "", "")
        captchas.failed("li")
        clock.pass_by(minutes=1)
    assert captchas.make("LI ").required
    assert refused(captchas, "li") == (ErrorCode.INVALID, "captcha")
    view = captchas.make("li")
    captchas.check("li", view.id, the_answer(captchas, view.id).lower())
    captchas.passed("li")
    captchas.check("li", "", "")


def test_a_captcha_is_good_for_one_attempt_right_or_wrong(clock: Clock) -> None:
    captchas = Captchas(clock, 0)
    view = captchas.make("li")
    answer = the_answer(captchas, view.id)
    assert refused(captchas, "li", view.id, "0000") == (ErrorCode.INVALID, "captcha")
    assert refused(captchas, "li", view.id, answer) == (ErrorCode.INVALID, "captcha")
    again = captchas.make("li")
    captchas.check("li", again.id, the_answer(captchas, again.id))
    assert refused(captchas, "li", again.id, answer)[0] is ErrorCode.INVALID


def test_a_captcha_expires(clock: Clock) -> None:
    captchas = Captchas(clock, 0)
    view = captchas.make("li")
    answer = the_answer(captchas, view.id)
    clock.pass_by(seconds=LIFE.total_seconds())
    assert refused(captchas, "li", view.id, answer) == (ErrorCode.INVALID, "captcha")


def test_names_that_nobody_has_wait_and_are_locked_like_others(clock: Clock) -> None:
    captchas = Captchas(clock, NEVER)
    for _ in range(LOCK_AFTER_FAILURES):
        captchas.failed("nobody")
        clock.pass_by(seconds=1)
    assert refused(captchas, "nobody") == (ErrorCode.ACCOUNT_LOCKED, "")
    clock.pass_by(minutes=16)
    captchas.check("nobody", "", "")
    assert not captchas.make("nobody").required


def test_wrong_passwords_of_one_name_do_not_hinder_another(clock: Clock) -> None:
    captchas = Captchas(clock, 1)
    captchas.failed("li")
    captchas.check("wang", "", "")
    assert not captchas.is_needed("wang")


def test_the_picture_is_a_png_with_something_on_it() -> None:
    picture = Image.open(io.BytesIO(draw("AB3W", seed=1)))
    assert picture.size == (WIDTH, HEIGHT)
    assert picture.format == "PNG"
    dark = sum(1 for value in picture.convert("L").tobytes() if value < 130)
    assert dark > 500
    assert draw("AB3W", seed=1) != draw("AB3X", seed=1)


def test_answers_avoid_what_looks_alike(clock: Clock) -> None:
    assert not set("IOL01Z2") & set(LETTERS)
    captchas = Captchas(clock)
    assert len(the_answer(captchas, captchas.make("").id)) == LENGTH >= 4
