"""The times of the policy on screen: one form, saved as a whole."""

from __future__ import annotations

from clients.administration.form_page import FormPage
from clients.administration.policy.presenter import PolicyPresenter
from clients.administration.policy.state import PolicyState
from clients.kit.fields import NumberField, Section, SwitchField
from clients.kit.labels import ValueLabel
from clients.kit.shell import Workplace

_SECTIONS = (
    Section(
        "回收站",
        (
            NumberField(key="bin_days", label="删除后保留", unit="天", hint="0：只由人清除"),
            NumberField(key="accept_again_days", label="多久后可重新接收", unit="天", hint="0：在回收站期间不再接收"),
            SwitchField(key="purge_needs_second_person", label="彻底删除须两人确认", span=2),
        ),
    ),
    Section(
        "无损压缩",
        (
            SwitchField(key="compress", label="后台压缩影像", span=2),
            NumberField(key="compress_after_hours", label="多久没有新影像后压缩", unit="小时"),
            NumberField(key="compress_grace_minutes", label="旧文件再留", unit="分钟", hint="供正在读取的人使用"),
        ),
    ),
    Section(
        "备份",
        (
            NumberField(key="backup_every_hours", label="自动备份间隔", unit="小时", hint="0：只由人备份"),
            NumberField(key="backup_keep", label="保留份数", hint="0：全部保留"),
        ),
    ),
)


class PolicyPage(FormPage):
    """期限。"""

    def __init__(self, place: Workplace) -> None:
        self.presenter = PolicyPresenter(place.connection, place.runner, place.messages)
        self._status = ValueLabel("", "quiet", wrap=True)
        super().__init__(
            "期限与份数", _SECTIONS, refresh=self.presenter.refresh, save=self.presenter.save, below=self._status
        )
        self.presenter.show_to(self._render)

    def _render(self, state: PolicyState) -> None:
        self.render_form(state)
        self._status.set_text(state.status)
