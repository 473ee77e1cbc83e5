"""The panel of assisted reading: choose a service, fill in what it asks, send, take its words (RIS-RPD-02, RPG-04)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.remote.assist_presenter import AssistPresenter, AssistState
from clients.kit.badges import StateBadge
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField, Field, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.remote_services import AssistOrder, AssistService, OrderState, ServiceField
from shared.contract.reporting import ReportView
from shared.domain.permissions import Permission
from shared.domain.rich_text import spelled

if TYPE_CHECKING:
    from clients.diagnosis.sides import Desk

LOOKS: Mapping[OrderState, StateLook] = {
    OrderState.WAITING: StateLook("等待发送", Tone.INFO, "clock"),
    OrderState.WORKING: StateLook("处理中", Tone.ACTIVE, "half_circle"),
    OrderState.DONE: StateLook("已返回", Tone.SUCCESS, "check_circle"),
    OrderState.FAILED: StateLook("没有结果", Tone.DANGER, "alert"),
    OrderState.CANCELLED: StateLook("已取消", Tone.NEUTRAL, "cross_circle"),
}


def build(place: Workplace, desk: Desk) -> QWidget:
    """Make the panel."""
    return AssistPanel(place, desk)


class AssistPanel(QWidget):
    """A request at the top, the records below."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._place, self._desk = place, desk
        self._shown: tuple[object, ...] = ()
        self._offered: tuple[AssistService, ...] | None = None
        self._fields: tuple[ServiceField, ...] | None = None
        self.cards: list[OrderCard] = []
        self.presenter = AssistPresenter(place.connection, place.runner, place.messages)
        self.service = ChoiceEditor(ChoiceField(key="service", label="服务类型"))
        self.service.chosen.connect(self.presenter.choose)
        self.form = FormView([Section("", ())], columns=1)
        self._form_place = QVBoxLayout()
        self._form_place.setContentsMargins(0, 0, 0, 0)
        self.send = Button("发送请求", "primary", "send", on_click=self._send)
        self.note = Label("结果由所选服务给出，仅供参考，由医生判断。", "caption", wrap=True)
        self.trouble = ValueLabel("", "error", wrap=True)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(Label("服务类型", "caption"))
        column.addWidget(self.service)
        column.addLayout(self._form_place)
        line = QHBoxLayout()
        line.addWidget(self.send)
        line.addStretch(1)
        if place.may(Permission.ADMINISTER.value):
            line.addWidget(Button("服务设置", "link", on_click=self.open_services))
        column.addLayout(line)
        column.addWidget(self.note)
        column.addWidget(self.trouble)
        column.addWidget(hairline())
        column.addWidget(Label("订单记录", "strong"))
        self._records = QVBoxLayout()
        self._records.setSpacing(8)
        column.addLayout(self._records)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolling(content))
        place.on_notice(self.presenter.heard)
        self.presenter.show_to(self.render_state)

    def show_report(self, report: ReportView | None) -> None:
        """Another report is on the page, or it changed."""
        self.presenter.open(*((report.row.exam_id, report.row.exam_type) if report is not None else (0, "")))
        for card in self.cards:
            card.insert.setEnabled(self._desk.may_type)

    def render_state(self, state: AssistState) -> None:
        """Show services and records."""
        if state.services != self._offered:
            self._offered = state.services
            self.service.set_choices([Choice(one.id, one.name, translate=False) for one in state.services])
        self.service.set_value(state.chosen_id or None)
        self._show_fields(state.chosen)
        self.form.show_problems(state.problems)
        trouble = state.trouble
        if state.exam_id and not state.services and not trouble:
            trouble = tr("没有用于此类检查的辅助阅片服务，请联系管理员配置。")
        self.trouble.set_text(trouble)
        self.trouble.setVisible(bool(trouble))
        self.send.setEnabled(state.chosen is not None and not state.is_busy)
        key = (state.orders, language())
        if key == self._shown:
            return
        self._shown = key
        _emptied(self._records)
        self.cards = [OrderCard(one, self.presenter, self._desk) for one in state.orders or ()]
        for card in self.cards:
            self._records.addWidget(card)
        if state.orders == ():
            self._records.addWidget(Label("还没有请求。", "quiet"))

    def _show_fields(self, service: AssistService | None) -> None:
        wanted = service.fields if service is not None else ()
        if wanted == self._fields:
            return
        self._fields = wanted
        _emptied(self._form_place)
        self.form = FormView([Section("", [_field(one) for one in wanted])], columns=1)
        if wanted:
            self._form_place.addWidget(self.form)

    def open_services(self) -> None:
        """Lead the services."""
        from clients.diagnosis.remote.services_view import ServicesView
        from clients.kit.dialogs import ContentWindow

        ContentWindow(self, "服务设置", ServicesView(self._place), (920, 620)).open()

    def _send(self) -> None:
        if self.form.validate():
            self.presenter.send({key: str(value or "") for key, value in self.form.values().items()})

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_records"):
            self.render_state(self.presenter.state)
        super().changeEvent(event)


class OrderCard(QWidget):
    """One request with its answer."""

    def __init__(self, order: AssistOrder, presenter: AssistPresenter, desk: Desk) -> None:
        super().__init__()
        self.order, self._presenter, self._desk = order, presenter, desk
        head = QHBoxLayout()
        head.addWidget(ValueLabel(order.service, "strong"), 1)
        head.addWidget(StateBadge(LOOKS[order.state]))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(ValueLabel(f"{local_time(order.asked_at)}  {order.asked_by}", "quiet"))
        words = "\n".join(part for part in (spelled(order.findings), spelled(order.impression)) if part)
        for text, look in ((words, ""), (order.sentence, "error" if order.state is OrderState.FAILED else "quiet")):
            if text:
                column.addWidget(ValueLabel(text, look, wrap=True))
        bar = QHBoxLayout()
        bar.setSpacing(6)
        self.insert = Button("插入报告", "primary", "add", on_click=self._insert)
        self.insert.setVisible(bool(words))
        self.insert.setEnabled(desk.may_type)
        bar.addWidget(self.insert)
        if order.object_uids:
            count = tr("在阅片窗口查看 {count} 个结果", count=len(order.object_uids))
            self.look = Button("查看影像", "", "viewer", on_click=self._look)
            self.look.setToolTip(count)
            bar.addWidget(self.look)
        if order.state in (OrderState.WAITING, OrderState.WORKING):
            self.stop = Button("取消", "quiet", on_click=self._cancel)
            bar.addWidget(self.stop)
        bar.addStretch(1)
        column.addLayout(bar)
        column.addWidget(hairline())

    def _insert(self) -> None:
        self._desk.append(findings=self.order.findings, impression=self.order.impression)

    def _look(self) -> None:
        if self._desk.report is not None:
            self._desk.viewer.open(self._desk.report.row.study_uids)

    def _cancel(self) -> None:
        self._presenter.cancel(self.order)


def _field(wanted: ServiceField) -> Field:
    if wanted.choices:
        choices = [Choice(one, one, translate=False) for one in wanted.choices]
        return ChoiceField(key=wanted.key, label=wanted.label, required=wanted.is_required, choices=choices)
    return TextField(key=wanted.key, label=wanted.label, required=wanted.is_required, max_length=1000)


def _emptied(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
