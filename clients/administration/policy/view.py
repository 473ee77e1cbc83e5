"""The times of the policy on screen: one form, saved as a whole."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.administration.policy.presenter import PolicyPresenter
from clients.administration.policy.state import PolicyState
from clients.kit.fields import NumberField, Section, SwitchField
from clients.kit.forms import FormView
from clients.kit.labels import Button, IconButton, Label, ValueLabel
from clients.kit.panels import Banner, scrolling
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone

_WIDEST = 760
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


class PolicyPage(QWidget):
    """期限。"""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self.presenter = PolicyPresenter(place.connection, place.runner, place.messages)
        self._edition = -1
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._banner = Banner()
        outer.addWidget(self._banner)
        content = QWidget()
        across = QHBoxLayout(content)
        across.setContentsMargins(24, 16, 24, 24)
        column = QWidget()
        column.setMaximumWidth(_WIDEST)
        box = QVBoxLayout(column)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(16)
        head = QHBoxLayout()
        head.addWidget(Label("期限与份数", "headline"))
        head.addStretch(1)
        head.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        box.addLayout(head)
        self.form = FormView(_SECTIONS, columns=2)
        self.form.submitted.connect(self._save)
        box.addWidget(self.form)
        self._status = ValueLabel("", "quiet", wrap=True)
        box.addWidget(self._status)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        self.save_button = Button("保存", "primary", on_click=self._save)
        foot.addWidget(self.save_button)
        self._about = ValueLabel("", "quiet")
        foot.addWidget(self._about, 1)
        box.addLayout(foot)
        box.addStretch(1)
        across.addWidget(column, 1)
        across.addStretch(0)
        outer.addWidget(scrolling(content), 1)
        self.setFocusProxy(self.form.rows["bin_days"].editor)
        self.presenter.show_to(self._render)

    def _save(self) -> None:
        if self.form.validate():
            self.presenter.save(self.form.values())

    def _render(self, state: PolicyState) -> None:
        if state.trouble:
            self._banner.show_message(state.trouble, Tone.DANGER, action="重试", on_action=self.presenter.refresh)
        else:
            self._banner.hide()
        if state.edition != self._edition and state.values:
            self._edition = state.edition
            self.form.set_values(state.values)
        if state.problems:
            self.form.show_problems(state.problems)
        self._status.set_text(state.status)
        self._about.set_text(state.about)
        self.save_button.setEnabled(bool(state.values) and not state.is_busy)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.presenter.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self.isVisible():
            self.presenter.refresh()
