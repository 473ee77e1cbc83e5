"""The rules of queues on screen."""

from __future__ import annotations

from clients.administration.form_page import FormPage
from clients.administration.queueing.presenter import QueueRulesPresenter
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, SwitchField
from clients.kit.shell import Workplace
from shared.domain.states import Precedence, SignInPlace

_PRECEDENCES = (
    Choice(Precedence.FIRST.value, "排在最前"),
    Choice(Precedence.AHEAD.value, "按提前若干分钟"),
    Choice(Precedence.NONE.value, "与普通患者相同"),
)
_PLACES = (
    Choice(SignInPlace.END.value, "同级患者最后"),
    Choice(SignInPlace.AFTER.value, "隔若干位患者之后"),
    Choice(SignInPlace.TOP.value, "同级患者最前"),
)
SECTIONS = (
    Section(
        "顺序",
        (
            ChoiceField(key="emergency", label="急诊", choices=_PRECEDENCES, required=True),
            NumberField(key="emergency_ahead_minutes", label="急诊提前", unit="分钟", maximum=1440),
            ChoiceField(key="vip", label="贵宾", choices=_PRECEDENCES, required=True),
            NumberField(key="vip_ahead_minutes", label="贵宾提前", unit="分钟", maximum=1440),
            NumberField(
                key="ageing_minutes",
                label="久等提升",
                unit="分钟",
                maximum=1440,
                hint="等候超过后与贵宾同列，按时间排；0：不提升",
                span=2,
            ),
        ),
    ),
    Section(
        "过号与重新签到",
        (
            ChoiceField(key="sign_in_place", label="重新签到后的位置", choices=_PLACES, required=True),
            NumberField(key="sign_in_after", label="相隔患者", unit="位", maximum=100),
            NumberField(
                key="passed_return_calls", label="自动重排", unit="次呼叫后", maximum=100, hint="0：只由登记员重新签到"
            ),
            NumberField(key="passed_return_times", label="最多自动重排", unit="次", maximum=20),
        ),
    ),
    Section(
        "呼叫",
        (
            NumberField(
                key="announcement_seconds",
                label="播报最长",
                unit="秒",
                minimum=5,
                maximum=300,
                hint="没有大屏回报时，之后转为已呼",
            ),
            SwitchField(key="one_patient_per_room", label="一个检查室同时只检查一位"),
            SwitchField(key="speaks_name", label="语音报姓名"),
        ),
    ),
    Section(
        "签到",
        (
            NumberField(
                key="early_minutes", label="可提前签到", unit="分钟", maximum=1440, hint="早于此，自助机请患者稍后再来"
            ),
            NumberField(
                key="late_minutes", label="迟到超过", unit="分钟", maximum=1440, hint="按重新签到的位置排；0：不影响"
            ),
            SwitchField(key="refuses_arrears", label="欠费患者先缴费再签到（急诊除外）", span=2),
        ),
    ),
)


class QueueRulesPage(FormPage):
    """排队规则."""

    def __init__(self, place: Workplace) -> None:
        self.presenter = QueueRulesPresenter(place.connection, place.runner, place.messages)
        super().__init__("排队规则", SECTIONS, refresh=self.presenter.refresh, save=self.presenter.save)
        self.presenter.show_to(self.render_form)
