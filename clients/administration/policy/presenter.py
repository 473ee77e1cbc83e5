"""The times of the policy: load, change, save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from clients.administration.entering import number
from clients.administration.policy.rules import compression_words
from clients.administration.policy.state import PolicyState
from clients.kit.messages import Messages, message_for
from clients.kit.paging import local_time
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.keeping import (
    CompressionStatus,
    GetCompressionStatus,
    GetKeepingPolicy,
    KeepingPolicy,
    PolicyView,
    SaveKeepingPolicy,
)

SWITCHES = ("purge_needs_second_person", "compress")
NUMBERS = (
    "bin_days",
    "accept_again_days",
    "compress_after_hours",
    "compress_grace_minutes",
    "backup_every_hours",
    "backup_keep",
)


class PolicyPresenter(ScreenPresenter[PolicyState]):
    """Two intentions: refresh and save; somebody else's change meanwhile is told, and typed values stay."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[PolicyState], None] = lambda _state: None,
    ) -> None:
        super().__init__(PolicyState(), caller, runner, messages, show)
        self._view: PolicyView | None = None

    def refresh(self) -> None:
        """Load; typed values stay unless the policy was changed."""
        self._change(is_loading=True)

        def gather() -> tuple[PolicyView, CompressionStatus]:
            return self._caller.call(GetKeepingPolicy()), self._caller.call(GetCompressionStatus())

        self._runner.run(gather, self._came, self._failed, key="policy")

    def _came(self, found: tuple[PolicyView, CompressionStatus]) -> None:
        self._show_view(found[0], is_loading=False, trouble="", status=compression_words(found[1]))

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, is_busy=False, trouble=message_for(error).text)

    def _show_view(self, view: PolicyView, **changes: Any) -> None:
        is_new = self._view is None or view.version != self._view.version
        self._view = view
        about = tr("{by} 于 {at} 修改", by=view.changed_by, at=local_time(view.changed_at)) if view.changed_at else ""
        if is_new:
            changes["values"] = {key: getattr(view.policy, key) for key in (*SWITCHES, *NUMBERS)}
            changes["edition"] = self.state.edition + 1
        self._change(about=about, **changes)

    def save(self, values: Mapping[str, Any]) -> None:
        """Send what the form holds; rules stay as they are."""
        if self._view is None or self.state.is_busy:
            return
        changed: KeepingPolicy = msgspec.structs.replace(
            self._view.policy,
            **{key: bool(values[key]) for key in SWITCHES},
            **{key: number(values[key]) for key in NUMBERS},
        )
        self._change(is_busy=True, problems={}, trouble="")
        self._ask(SaveKeepingPolicy(version=self._view.version, policy=changed), self._saved, self._not_saved)

    def _saved(self, view: PolicyView) -> None:
        self._messages.say(tr("已保存"), Tone.SUCCESS)
        self._show_view(view, is_busy=False)

    def _not_saved(self, error: Exception) -> None:
        message = message_for(error)
        key = message.field.removeprefix("policy.")
        if key in (*SWITCHES, *NUMBERS):
            self._change(is_busy=False, problems={key: message.text})
        else:
            self._failed(error)
