"""Remarks on a report: read, write, take back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from shared.contract.base import Changed, Notice
from shared.contract.collections import AddRemark, ListRemarks, RemarkView, RemoveRemark


@dataclass(frozen=True)
class RemarksState:
    """The remarks of one report; `sent` counts the ones that were kept, so that the view clears its line."""

    report_id: int = 0
    remarks: tuple[RemarkView, ...] | None = None
    sent: int = 0
    trouble: str = ""


class RemarksPresenter(ScreenPresenter[RemarksState]):
    """Shows, adds, takes back."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[RemarksState], None] = lambda _state: None,
    ) -> None:
        super().__init__(RemarksState(), caller, runner, messages, show)

    def open(self, report_id: int) -> None:
        """Another report is on the page, or the same one again."""
        if report_id != self.state.report_id:
            self._change(report_id=report_id, remarks=None, trouble="")
        if report_id:
            self._ask(ListRemarks(report_id=report_id), self._came, self._failed, key="remarks")

    def heard(self, notice: Notice) -> None:
        """Somebody remarked on a report."""
        if isinstance(notice, Changed) and notice.entity == "remark" and notice.id == self.state.report_id:
            self.open(notice.id)

    def add(self, text: str) -> None:
        """Write a remark."""
        if self.state.report_id and text.strip():
            self._ask(AddRemark(report_id=self.state.report_id, text=text), self._added, self._failed)

    def remove(self, remark_id: int) -> None:
        """Take an own remark back; it can be written again for some seconds."""
        gone = next((one for one in self.state.remarks or () if one.id == remark_id), None)
        if gone is not None:
            self._ask(RemoveRemark(remark_id=remark_id), lambda _nothing: self._removed(gone), self._failed)

    def _removed(self, gone: RemarkView) -> None:
        from clients.kit.translations import tr

        self._messages.offer_undo(tr("备注已删除"), lambda: self.add(gone.text))
        self.open(self.state.report_id)

    def _added(self, _view: RemarkView) -> None:
        self._change(sent=self.state.sent + 1)
        self.open(self.state.report_id)

    def _came(self, remarks: tuple[RemarkView, ...]) -> None:
        self._change(remarks=remarks, trouble="")

    def _failed(self, error: Exception) -> None:
        self._change(trouble=message_for(error).text)
