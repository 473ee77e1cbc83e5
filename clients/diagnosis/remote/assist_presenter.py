"""Assisted reading beside the report: services for the exam, requests and their answers; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract import remote_services as contract
from shared.contract.base import Changed, Notice
from shared.contract.remote_services import AssistOrder, AssistService


@dataclass(frozen=True)
class AssistState:
    """The services that read this kind of exam, and the requests for it, newest first; None while they load."""

    exam_id: int = 0
    exam_type: str = ""
    services: tuple[AssistService, ...] = ()
    orders: tuple[AssistOrder, ...] | None = None
    chosen_id: int = 0
    is_busy: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def chosen(self) -> AssistService | None:
        """The service that a request would go to."""
        return next((one for one in self.services if one.id == self.chosen_id), None)


class AssistPresenter(ScreenPresenter[AssistState]):
    """Keeps the panel live."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[AssistState], None] = lambda _state: None,
    ) -> None:
        super().__init__(AssistState(), caller, runner, messages, show)

    def open(self, exam_id: int, exam_type: str) -> None:
        """Show the requests of an exam; 0 is none."""
        if exam_id == self.state.exam_id:
            return
        self._change(exam_id=exam_id, exam_type=exam_type, orders=None, services=(), problems={}, trouble="")
        if exam_id:
            self._ask(
                contract.ListServices(exam_type=exam_type),
                self._services_came,
                self._failed,
                key="remote_services.list",
            )
            self.load()

    def load(self) -> None:
        """Fetch the requests."""
        exam_id = self.state.exam_id
        if exam_id:
            self._ask(
                contract.ListOrders(exam_id=exam_id),
                lambda orders: self._orders_came(exam_id, orders),
                self._failed,
                key="remote_services.orders",
            )

    def heard(self, notice: Notice) -> None:
        """A request of the exam changed."""
        if isinstance(notice, Changed) and notice.entity == "remote_order" and notice.id == self.state.exam_id:
            self.load()

    def choose(self, service_id: int) -> None:
        """Another service."""
        if service_id != self.state.chosen_id:
            self._change(chosen_id=service_id, problems={}, trouble="")

    def send(self, fields: dict[str, str]) -> None:
        """Send a request."""
        if self.state.chosen is None or self.state.is_busy:
            return
        request = contract.OrderService(exam_id=self.state.exam_id, service_id=self.state.chosen_id, fields=fields)
        self._change(is_busy=True, problems={}, trouble="")
        self._ask(request, self._sent, self._failed)

    def cancel(self, order: AssistOrder) -> None:
        """Wait no longer."""
        request = contract.CancelOrder(exam_id=order.exam_id, order_id=order.id)
        self._ask(request, lambda _order: self.load(), self._failed)

    def _services_came(self, services: tuple[AssistService, ...]) -> None:
        known = [one.id for one in services]
        chosen = self.state.chosen_id if self.state.chosen_id in known else next(iter(known), 0)
        self._change(services=services, chosen_id=chosen)

    def _orders_came(self, exam_id: int, orders: tuple[AssistOrder, ...]) -> None:
        if exam_id == self.state.exam_id:
            self._change(orders=orders)

    def _sent(self, order: AssistOrder) -> None:
        self._change(is_busy=False)
        self._messages.say(tr("请求已发送：{service}", service=order.service), Tone.SUCCESS)
        self.load()

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        key = message.field.removeprefix("fields.")
        problems = {key: message.text} if message.field.startswith("fields.") else {}
        self._change(is_busy=False, problems=problems, trouble="" if problems else message.text)
