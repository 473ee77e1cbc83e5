"""The rules of queues: load, change, save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from clients.administration.entering import number
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.queueing import ForecastError, GetQueueRules, QueueRulesView, SaveQueueRules
from shared.domain.states import Precedence, SignInPlace

CHOICES: dict[str, type[Precedence] | type[SignInPlace]] = {
    "emergency": Precedence,
    "vip": Precedence,
    "sign_in_place": SignInPlace,
}
SWITCHES = ("one_patient_per_room", "speaks_name", "refuses_arrears")
NUMBERS = (
    "emergency_ahead_minutes",
    "vip_ahead_minutes",
    "ageing_minutes",
    "sign_in_after",
    "late_minutes",
    "passed_return_calls",
    "passed_return_times",
    "announcement_seconds",
    "early_minutes",
)


@dataclass(frozen=True)
class QueueRulesState:
    """The values of the form as they stand on the server (`edition` rises with them), and how saving goes."""

    values: Mapping[str, Any] = field(default_factory=dict)
    edition: int = 0
    about: str = ""  # how well forecasts do
    is_busy: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""


def forecast_words(error: ForecastError | None) -> str:
    """How well waiting times were foretold."""
    if error is None:
        return tr("候诊时间预测：还没有可比较的数据。")
    return tr(
        "候诊时间预测（近 14 天 {count} 次）：误差中位 {minutes} 分，{percent}% 落在给出的范围内（应为 80%）。",
        count=error.count,
        minutes=f"{error.median_error_minutes:.1f}",
        percent=f"{error.within_band_percent:.0f}",
    )


class QueueRulesPresenter(ScreenPresenter[QueueRulesState]):
    """Two intentions: refresh and save; typed values stay unless somebody else changed the rules."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[QueueRulesState], None] = lambda _state: None,
    ) -> None:
        super().__init__(QueueRulesState(), caller, runner, messages, show)
        self._view: QueueRulesView | None = None

    def refresh(self) -> None:
        """Load."""
        self._ask(GetQueueRules(), self._came, self._failed, key="queue-rules")

    def _came(self, view: QueueRulesView) -> None:
        is_new = self._view is None or view.version != self._view.version
        self._view = view
        changes: dict[str, Any] = {"about": forecast_words(view.forecast_error), "is_busy": False, "trouble": ""}
        if is_new:
            changes["values"] = msgspec.to_builtins(view.rules)
            changes["edition"] = self.state.edition + 1
        self._change(**changes)

    def _failed(self, error: Exception) -> None:
        self._change(is_busy=False, trouble=message_for(error).text)

    def save(self, values: Mapping[str, Any]) -> None:
        """Send what the form holds."""
        if self._view is None or self.state.is_busy:
            return
        rules = msgspec.structs.replace(
            self._view.rules,
            **{key: kind(values[key]) for key, kind in CHOICES.items()},
            **{key: bool(values[key]) for key in SWITCHES},
            **{key: number(values[key]) for key in NUMBERS},
        )
        self._change(is_busy=True, problems={}, trouble="")
        self._ask(SaveQueueRules(version=self._view.version, rules=rules), self._saved, self._not_saved)

    def _saved(self, view: QueueRulesView) -> None:
        self._messages.say(tr("已保存，从下一次叫号起生效"), Tone.SUCCESS)
        self._came(view)

    def _not_saved(self, error: Exception) -> None:
        message = message_for(error)
        if message.field in NUMBERS:
            self._change(is_busy=False, problems={message.field: message.text})
        else:
            self._failed(error)
