"""Time limits of reports on screen."""

from __future__ import annotations

from clients.administration.form_page import FormPage
from clients.administration.report_times.presenter import TimeLimitsPresenter, TimeLimitsState
from clients.kit.fields import Choice, NumberField, Section, TicksField
from clients.kit.shell import Workplace


def _minutes(key: str, label: str) -> NumberField:
    return NumberField(key=key, label=label, unit="分钟", minimum=5, maximum=10080, required=True)


SECTIONS = (
    Section(
        "从检查结束到报告审核",
        (
            _minutes("emergency_xray_minutes", "急诊 X 线"),
            _minutes("emergency_sectional_minutes", "急诊 CT/MR"),
            _minutes("xray_minutes", "X 线（非急诊）"),
            _minutes("outpatient_sectional_minutes", "门诊、体检 CT/MR"),
            _minutes("ward_sectional_minutes", "住院 CT/MR"),
            NumberField(
                key="warning_percent",
                label="提前提醒",
                unit="%",
                maximum=90,
                required=True,
                hint="剩余时间少于时限的这个百分数时，列表显示为橙色",
            ),
        ),
    ),
    Section(
        "按 CT/MR 计时的检查类型",
        (TicksField(key="sectional_types", label="检查类型", hint="没有选中的按 X 线计时", span=2),),
    ),
)


class TimeLimitsPage(FormPage):
    """报告时限."""

    def __init__(self, place: Workplace) -> None:
        self.presenter = TimeLimitsPresenter(place.connection, place.runner, place.messages)
        self._types: tuple[tuple[str, str], ...] = ()
        super().__init__("报告时限", SECTIONS, refresh=self.presenter.refresh, save=self.presenter.save)
        self.presenter.show_to(self.render_limits)

    def render_limits(self, state: TimeLimitsState) -> None:
        """Show what is on the server, with the exam types that the hospital has."""
        if state.exam_types != self._types:
            self._types = state.exam_types
            choices = [Choice(code, f"{name}（{code}）", translate=False) for code, name in state.exam_types]
            self.form.set_choices("sectional_types", choices)
        self.render_form(state)
