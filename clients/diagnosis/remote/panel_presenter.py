"""The requests of the exam on the report page, and the few steps that are taken there; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract import remote as contract
from shared.contract.base import Changed, Notice, Request
from shared.contract.remote import RemoteView
from shared.domain.remote import RemoteAction

_SAID = {
    RemoteAction.CONFIRM: "已确认",
    RemoteAction.SEND_BACK: "已退回专家修改",
    RemoteAction.URGE: "已加急，专家组已收到",
    RemoteAction.WITHDRAW: "申请已撤回",
}


@dataclass(frozen=True)
class PanelState:
    """The requests of an exam, newest first; None while they load."""

    exam_id: int = 0
    views: tuple[RemoteView, ...] | None = None
    is_busy: bool = False
    trouble: str = ""


class PanelPresenter(ScreenPresenter[PanelState]):
    """Keeps the panel live."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[PanelState], None] = lambda _state: None,
    ) -> None:
        super().__init__(PanelState(), caller, runner, messages, show)

    def open(self, exam_id: int) -> None:
        """Show the requests of an exam; 0 is none."""
        if exam_id != self.state.exam_id:
            self._change(exam_id=exam_id, views=None, trouble="")
            self.load()

    def load(self) -> None:
        """Fetch them."""
        exam_id = self.state.exam_id
        if exam_id:
            self._ask(
                contract.ListOfExam(exam_id=exam_id),
                lambda views: self._came(exam_id, views),
                self._failed,
                key="remote.of_exam",
            )

    def heard(self, notice: Notice) -> None:
        """Some request changed."""
        if isinstance(notice, Changed) and notice.entity == "remote_request":
            self.load()

    def do(self, view: RemoteView, action: RemoteAction, reason: str = "") -> None:
        """Take a step of the asking side."""
        if self.state.is_busy:
            return
        number, version = view.row.id, view.row.version
        requests: dict[RemoteAction, Request[Any]] = {
            RemoteAction.CONFIRM: contract.Confirm(
                requests=(contract.ConfirmItem(request_id=number, version=version),)
            ),
            RemoteAction.SEND_BACK: contract.SendBack(request_id=number, version=version, reason=reason),
            RemoteAction.WITHDRAW: contract.Withdraw(request_id=number, version=version, reason=reason),
            RemoteAction.URGE: contract.Urge(request_id=number),
        }
        self._change(is_busy=True, trouble="")
        self._ask(requests[action], lambda found: self._done(action, found), self._failed)

    def _done(self, action: RemoteAction, found: Any) -> None:
        refused = [one.sentence for one in found if not one.is_confirmed] if action is RemoteAction.CONFIRM else []
        self._change(is_busy=False, trouble="".join(refused))
        if not refused:
            self._messages.say(tr(_SAID[action]), Tone.SUCCESS)
        self.load()

    def _came(self, exam_id: int, views: tuple[RemoteView, ...]) -> None:
        if exam_id == self.state.exam_id:
            self._change(views=views)

    def _failed(self, error: Exception) -> None:
        self._change(is_busy=False, views=self.state.views or (), trouble=message_for(error).text)
