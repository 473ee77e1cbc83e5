"""The safety answers on paper: what alarms stands first and is marked, in both languages."""

from __future__ import annotations

from datetime import date

from server.printing.safety_words import safety_words
from shared.contract.safety import SafetyAnswerView
from shared.domain.safety import Alarm, SafetyKind, SafetyValue

ANSWERS = (
    SafetyAnswerView(code="a", text="是否怀孕", text_en="Pregnant", kind=SafetyKind.YES_NO, value=SafetyValue.NO),
    SafetyAnswerView(
        code="b",
        text="肾功能 eGFR",
        text_en="eGFR",
        kind=SafetyKind.NUMBER,
        value=SafetyValue.MEASURED,
        number=25,
        unit="mL/min",
        measured_on=date(2026, 11, 1),
        alarm=Alarm.TOO_LOW,
    ),
    SafetyAnswerView(
        code="c", text="植入物", text_en="", kind=SafetyKind.YES_NO, value=SafetyValue.OPEN, detail="支架"
    ),
)


def test_alarms_come_first_and_open_questions_are_said() -> None:
    assert safety_words(ANSWERS, "zh") == (
        "【!】肾功能 eGFR：25 mL/min (2026-11-01)；是否怀孕：否；植入物：未询问，支架"
    )
    assert safety_words(ANSWERS, "en") == ("[!] eGFR: 25 mL/min (2026-11-01); Pregnant: no; 植入物: not asked, 支架")


def test_nothing_asked_is_nothing_printed() -> None:
    assert safety_words((), "zh") == ""
