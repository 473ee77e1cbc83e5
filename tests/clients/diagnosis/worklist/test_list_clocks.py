"""Clocks of the list in words, tones and glyphs."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from clients.diagnosis.worklist.clocks import ServerTime, clock_look, error_words, forecast_words, span_words, state_age
from clients.kit.tokens import Tone
from shared.contract.worklist import ForecastError
from shared.domain.states import ReportState
from tests.clients.diagnosis.fake_reading_room import A_FORECAST, NOON, a_row

S = ReportState


@pytest.mark.parametrize(
    ("minutes", "words", "tone"),
    [
        (0, "剩 2 时 00 分", Tone.NEUTRAL),
        (89, "剩 31 分", Tone.NEUTRAL),
        (90, "快到期 30 分", Tone.WARNING),
        (119, "快到期 1 分", Tone.WARNING),
        (120, "超时 1 分", Tone.DANGER),
        (200, "超时 1 时 20 分", Tone.DANGER),
        (120 + 5 * 24 * 60, "超时 5 天", Tone.DANGER),
    ],
)
def test_what_is_left_is_said_in_words_and_tone(minutes: int, words: str, tone: Tone) -> None:
    row = a_row(1, due_at=NOON + timedelta(minutes=120), warn_at=NOON + timedelta(minutes=90))
    look = clock_look(row, NOON + timedelta(minutes=minutes))
    assert look is not None
    assert (look.text, look.tone) == (words, tone)


def test_a_finished_report_says_whether_it_was_in_time() -> None:
    due = NOON + timedelta(minutes=30)
    early = a_row(1, state=S.PRINTED, due_at=due, approved_at=NOON)
    late = a_row(2, state=S.APPROVED, due_at=due, approved_at=due + timedelta(minutes=5))
    looks = [clock_look(row, NOON + timedelta(days=9)) for row in (early, late)]
    assert [(look.text, look.tone) for look in looks if look is not None] == [
        ("按时", Tone.SUCCESS),
        ("晚 5 分", Tone.DANGER),
    ]


def test_without_a_limit_nothing_is_said() -> None:
    assert clock_look(a_row(1), NOON) is None


def test_each_open_state_has_its_own_clock() -> None:
    since = NOON - timedelta(minutes=75)
    assert state_age(a_row(1, state=S.SUBMITTED, state_since=since), NOON) == "1 时 15 分"
    assert state_age(a_row(1, state=S.PRINTED, state_since=since), NOON) == ""
    assert state_age(a_row(1), NOON) == ""


def test_the_servers_clock_counts_where_the_desks_is_wrong() -> None:
    time = ServerTime(lambda: NOON)
    time.told(NOON + timedelta(minutes=7))
    assert time.now() == NOON + timedelta(minutes=7)
    time.told(NOON + timedelta(seconds=3))
    assert time.now() == NOON, "the way of an answer is no wrong clock"


def test_the_forecast_in_words() -> None:
    assert forecast_words(A_FORECAST) == "没有未完成的报告"
    busy = msgspec.structs.replace(A_FORECAST, open_count=12, expected=3, pace_per_hour=2.5)
    assert forecast_words(busy) == "未完成 12 份，每小时约完成 2.5 份；今后 4 小时预计超时 3 份"
    assert "还没有可比较" in error_words(busy)
    known = msgspec.structs.replace(busy, error=ForecastError(count=96, mean_absolute=1.24, bias=0.1))
    assert error_words(known) == "预测误差：近 14 天 96 次，平均差 1.2 份"


def test_spans_are_whole_minutes() -> None:
    assert span_words(timedelta(seconds=5)) == "1 分"
