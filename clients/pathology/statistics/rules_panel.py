"""统计口径: what makes a diagnosis positive, working days, targets; changed with the right to set pathology up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.fields import Field, LongTextField, NumberField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button
from clients.kit.messages import message_for
from clients.kit.panels import scrolling
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.statistics.state import split
from shared.contract.pathology_statistics import GetRules, SaveRules, StatisticsRules
from shared.domain.pathology_indicators import ENTERED, INDICATORS, Indicator
from shared.domain.permissions import Permission

_WORDS = (
    ("positive_words", "阳性词"),
    ("negative_phrases", "排除的说法"),
    ("small_words", "小标本用词"),
    ("formalin_words", "福尔马林用词"),
)
_NUMBERS = (
    ("small_days", "小标本时限（工作日）", 30),
    ("tissue_days", "组织时限（工作日）", 60),
    ("cytology_days", "细胞学时限（工作日）", 30),
    ("fixation_minutes", "固定时限（分钟）", 1440),
)
_TARGETS = tuple(one for one in Indicator if one not in ENTERED)


class RulesPanel(QWidget):
    """One form; words are divided by commas."""

    def __init__(self, desk: Desk, rules: StatisticsRules, saved: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._desk, self._rules, self._saved = desk, rules, saved
        words: list[Field] = [
            LongTextField(key=key, label=title, lines=3, max_length=2000, span=2) for key, title in _WORDS
        ]
        numbers: list[Field] = [
            NumberField(key=key, label=title, minimum=1, maximum=most, required=True) for key, title, most in _NUMBERS
        ]
        targets: list[Field] = [
            NumberField(key=one.value, label=INDICATORS[one][0].zh, unit="%", maximum=100, decimals=1)
            for one in _TARGETS
        ]
        self.form = FormView([Section("统计口径", words), Section("", numbers), Section("目标", targets)], columns=2)
        self.form.submitted.connect(self.save)
        self.save_button = Button("保存", "primary", "save", on_click=self.form.submit)
        self.save_button.setEnabled(desk.may(Permission.PATHOLOGY_SETTINGS.value))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        holder = QWidget()
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.addWidget(self.form)
        box.addWidget(scrolling(holder), 1)
        row = QHBoxLayout()
        row.setContentsMargins(16, 8, 16, 12)
        row.addStretch(1)
        row.addWidget(self.save_button)
        box.addLayout(row)
        self._fill()

    def save(self) -> None:
        """Keep what the form says."""
        values: dict[str, Any] = self.form.values()
        changes: dict[str, Any] = {key: split(values[key] or "") for key, _title in _WORDS}
        changes.update({key: int(values[key]) for key, _title, _most in _NUMBERS})
        changes["targets"] = {one: float(values[one.value]) for one in _TARGETS if values[one.value] is not None}
        ask = SaveRules(rules=msgspec.structs.replace(self._rules, **changes))
        place = self._desk.place
        place.runner.run(lambda: place.connection.call(ask), self._came, self._failed)

    def _came(self, rules: StatisticsRules) -> None:
        self._rules = rules
        self._desk.place.messages.say(tr("统计口径已保存"), Tone.SUCCESS)
        self._saved()

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        field = (message.field or "").removeprefix("rules.")
        if field in {key for key, *_rest in (*_WORDS, *_NUMBERS)}:
            self.form.show_problems({field: message.text})
        else:
            self._desk.place.messages.report(error)

    def _fill(self) -> None:
        rules = self._rules
        values: dict[str, Any] = {key: "，".join(getattr(rules, key)) for key, _title in _WORDS}
        values.update({key: getattr(rules, key) for key, _title, _most in _NUMBERS})
        values.update({one.value: rules.targets.get(one) for one in _TARGETS})
        self.form.set_values(values)


def show_rules(desk: Desk, saved: Callable[[], None] = lambda: None) -> None:
    """Fetch the rules and open the form in a window."""
    place = desk.place
    place.runner.run(
        lambda: place.connection.call(GetRules()), partial(_show, desk, saved), place.messages.report, key="rules"
    )


def _show(desk: Desk, saved: Callable[[], None], rules: StatisticsRules) -> None:
    desk.show_window("统计口径", RulesPanel(desk, rules, saved), (760, 680))
