"""Time limits of reports: load, change, save."""

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
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.worklist import GetTimeLimits, SaveTimeLimits, TimeLimitsView

NUMBERS = (
    "emergency_xray_minutes",
    "emergency_sectional_minutes",
    "xray_minutes",
    "outpatient_sectional_minutes",
    "ward_sectional_minutes",
    "warning_percent",
)


@dataclass(frozen=True)
class TimeLimitsState:
    """The values of the form as they stand on the server (`edition` rises with them), and how saving goes."""

    values: Mapping[str, Any] = field(default_factory=dict)
    edition: int = 0
    exam_types: tuple[tuple[str, str], ...] = ()
    is_busy: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""
    about: str = ""


class TimeLimitsPresenter(ScreenPresenter[TimeLimitsState]):
    """Two intentions: refresh and save; typed values stay unless somebody else changed the limits."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[TimeLimitsState], None] = lambda _state: None,
    ) -> None:
        super().__init__(TimeLimitsState(), caller, runner, messages, show)
        self._view: TimeLimitsView | None = None

    def refresh(self) -> None:
        """Load."""
        self._ask(GetHospital(), self._on_hospital, self._failed, key="report-times-types")

    def _on_hospital(self, hospital: HospitalView) -> None:
        self._change(exam_types=tuple((one.code, one.name) for one in hospital.exam_types))
        self._ask(GetTimeLimits(), self._came, self._failed, key="report-times")

    def _came(self, view: TimeLimitsView) -> None:
        is_new = self._view is None or view.version != self._view.version
        self._view = view
        changes: dict[str, Any] = {"is_busy": False, "trouble": ""}
        if is_new:
            limits = view.limits
            changes["values"] = msgspec.to_builtins(limits) | {"sectional_types": tuple(limits.sectional_types)}
            changes["edition"] = self.state.edition + 1
        self._change(**changes)

    def _failed(self, error: Exception) -> None:
        self._change(is_busy=False, trouble=message_for(error).text)

    def save(self, values: Mapping[str, Any]) -> None:
        """Send what the form holds; types that are out of use keep their group."""
        if self._view is None or self.state.is_busy:
            return
        offered = {code for code, _ in self.state.exam_types}
        kept = tuple(code for code in self._view.limits.sectional_types if code not in offered)
        limits = msgspec.structs.replace(
            self._view.limits,
            **{key: number(values[key]) for key in NUMBERS},
            sectional_types=tuple(dict.fromkeys((*(str(code) for code in values["sectional_types"] or ()), *kept))),
        )
        self._change(is_busy=True, problems={}, trouble="")
        self._ask(SaveTimeLimits(version=self._view.version, limits=limits), self._saved, self._not_saved)

    def _saved(self, view: TimeLimitsView) -> None:
        self._messages.say(tr("已保存，未审核的报告按新时限计时"), Tone.SUCCESS)
        self._came(view)

    def _not_saved(self, error: Exception) -> None:
        message = message_for(error)
        if message.field in (*NUMBERS, "sectional_types"):
            self._change(is_busy=False, problems={message.field: message.text})
        else:
            self._failed(error)
