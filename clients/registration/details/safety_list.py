"""The safety answers of an exam as the technician reads them, and what is still open to be asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from clients.kit.labels import Glyph, Label, ValueLabel
from clients.kit.paging import local_time
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.registration.booking.safety_view import AnswerControl
from shared.contract.safety import SafetyAnswerView
from shared.domain.safety import Alarm, SafetyKind, SafetyValue

_VALUES = {SafetyValue.YES: "是", SafetyValue.NO: "否", SafetyValue.UNKNOWN: "不详", SafetyValue.OPEN: "未询问"}
_WHY = {Alarm.ANSWER: "需注意", Alarm.TOO_LOW: "过低", Alarm.TOO_OLD: "已过期"}


def answer_words(answer: SafetyAnswerView) -> str:
    """是 · 心脏起搏器, or 58 mL/min/1.73m²（2026-11-01）."""
    if answer.value is SafetyValue.MEASURED and answer.number is not None:
        day = answer.measured_on.isoformat() if answer.measured_on else ""
        words = f"{answer.number:g} {answer.unit}（{day}）"
    else:
        words = tr(_VALUES.get(answer.value, ""))
    return f"{words} · {answer.detail}" if answer.detail else words


def has_worry(answer: SafetyAnswerView) -> bool:
    """True for an answer that alarms, and for a question nobody asked."""
    return answer.alarm is not None or answer.value is SafetyValue.OPEN


def safety_group(
    answers: tuple[SafetyAnswerView, ...], on_answer: Callable[[str, SafetyValue], None] | None
) -> QVBoxLayout:
    """Alarms first; `on_answer` lets the technician answer what is open, None only shows."""
    box = QVBoxLayout()
    box.setSpacing(4)
    box.addWidget(Label("安全问题", "strong"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    ordered = sorted(answers, key=lambda answer: not has_worry(answer))
    for line, answer in enumerate(ordered):
        tone = Tone.DANGER if answer.alarm else Tone.WARNING if has_worry(answer) else Tone.SUCCESS
        glyph = Glyph("alert" if has_worry(answer) else "check_circle", 16, tone)
        grid.addWidget(glyph, line, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_words(answer), line, 1)
        is_open = answer.value is SafetyValue.OPEN and answer.kind is SafetyKind.YES_NO
        if is_open and on_answer is not None:
            control = AnswerControl()
            control.setAccessibleName(_question(answer))
            control.chosen.connect(partial(_chosen, on_answer, answer.code))
            grid.addWidget(control, line, 2, Qt.AlignmentFlag.AlignTop)
    box.addLayout(grid)
    return box


def _chosen(on_answer: Callable[[str, SafetyValue], None], code: str, value: str) -> None:
    on_answer(code, SafetyValue(value))


def _question(answer: SafetyAnswerView) -> str:
    return (answer.text_en or answer.text) if language() is Language.ENGLISH else answer.text


def _words(answer: SafetyAnswerView) -> QWidget:
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(0)
    box.addWidget(ValueLabel(_question(answer), "caption", wrap=True))
    look = "strong" if has_worry(answer) else ""
    words = answer_words(answer)
    if answer.alarm is not None:
        words = f"{words}（{tr(_WHY[answer.alarm])}）"
    box.addWidget(ValueLabel(words, look, wrap=True))
    if answer.acknowledged_by and answer.acknowledged_at is not None:
        known = tr("{name} 已知晓 {time}", name=answer.acknowledged_by, time=local_time(answer.acknowledged_at))
        box.addWidget(ValueLabel(known, "caption", wrap=True))
    return holder
