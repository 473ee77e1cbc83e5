"""Intentions of the page and the panel: lists, one request, its opinion saved by itself; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from clients.diagnosis.ports import Later
from clients.kit.messages import Messages, message_for
from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract import remote as contract
from shared.contract.base import Changed, Notice, Page, Request
from shared.contract.remote import OpinionContent, RemoteFilter, RemoteList, RemoteRow, RemoteView
from shared.domain.remote import ACTIONS, RemoteAction, RemoteState

AUTOSAVE_S = 3.0
"""What was typed is kept so soon after the first stroke."""
_A = RemoteAction
NEEDS_REASON = {_A.RETURN: True, _A.SEND_BACK: True, _A.REJECT: True, _A.ADJUST: True, _A.WITHDRAW: False}
"""Actions that ask for a reason, and whether it must be given."""
_WITH_TEXT = (_A.SUBMIT, _A.PUBLISH, _A.PASS, _A.ADJUST)
"""Actions that carry the text themselves."""
_SAID = {
    _A.ACCEPT: "已接单",
    _A.SUBMIT: "已提交审核",
    _A.PUBLISH: "已发布，申请医院已收到",
    _A.PASS: "审核通过，申请医院已收到",
    _A.REJECT: "已驳回给书写医生",
    _A.RETURN: "已退回申请医院",
    _A.SEND_BACK: "已退回专家修改",
    _A.WITHDRAW: "申请已撤回",
    _A.URGE: "已加急，专家组已收到",
    _A.CONFIRM: "已确认",
    _A.GIVE_BACK: "已放弃接单，组内其他医生可以接单",
    _A.ADJUST: "已调整，申请医院已收到",
    _A.TAKE_BACK: "已收回，可以继续书写",
    _A.SAVE: "已保存",
}


@dataclass(frozen=True)
class ListState:
    """Conditions of one of the lists; `generation` rises when rows must be fetched anew."""

    incoming: bool = True
    filter: RemoteFilter = field(default_factory=RemoteFilter)
    counts: Mapping[str, int] = field(default_factory=dict)
    overdue: int = 0
    generation: int = 0
    is_exporting: bool = False
    trouble: str = ""


class ListPresenter(ScreenPresenter[ListState]):
    """受理 and 申请记录; rows are fetched in windows by the view's list."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[ListState], None] = lambda _state: None,
    ) -> None:
        super().__init__(ListState(), caller, runner, messages, show)

    def fetch(self, request: PageRequest) -> PageOfRows[RemoteRow]:
        """Give a window of the list (called in a worker thread)."""
        found = self._caller.call(self._request(Page(offset=request.offset, limit=request.limit)))
        return PageOfRows(found.rows, found.total)

    def switch(self, *, incoming: bool) -> None:
        """Show the other list."""
        if incoming != self.state.incoming:
            self._change(incoming=incoming, filter=RemoteFilter(), counts={}, overdue=0)
            self.refresh()

    def filter(self, **parts: Any) -> None:
        """Change conditions and load."""
        self._change(filter=msgspec.structs.replace(self.state.filter, **parts))
        self.refresh()

    def refresh(self) -> None:
        """Load counts and rows again."""
        self._change(generation=self.state.generation + 1)
        self._ask(self._request(Page(limit=1)), self._counted, self._failed, key="remote.counts")

    def heard(self, notice: Notice) -> None:
        """A request changed."""
        if isinstance(notice, Changed) and notice.entity in ("remote_request", "report"):
            self.refresh()

    def confirm(self, rows: tuple[RemoteRow, ...]) -> None:
        """确认 one or many answers."""
        items = tuple(contract.ConfirmItem(request_id=one.id, version=one.version) for one in rows)
        self._ask(contract.Confirm(requests=items), self._confirmed)

    def confirm_all(self) -> None:
        """批量确认: whatever waits for it in the list."""
        wanted = msgspec.structs.replace(self.state.filter, states=(RemoteState.APPROVED,))
        self._ask(
            contract.ListOutgoing(filter=wanted, page=Page(limit=contract.MOST_CONFIRMED)),
            lambda found: self.confirm(found.rows) if found.rows else None,
        )

    def export(self, path: Path, columns: tuple[str, ...]) -> None:
        """Write the list as a workbook."""
        state = self.state
        request = contract.ExportRequests(
            incoming=state.incoming,
            filter=state.filter,
            columns=columns,
            english=language() is Language.ENGLISH,
        )
        self._change(is_exporting=True)
        self._runner.run(lambda: self._written(request, path), self._exported, self._not_exported)

    def _written(self, request: contract.ExportRequests, path: Path) -> Path:
        path.write_bytes(self._caller.call(request).content)
        return path

    def _exported(self, path: Path) -> None:
        self._change(is_exporting=False)
        self._messages.say(tr("已导出：{path}", path=path), Tone.SUCCESS)

    def _not_exported(self, error: Exception) -> None:
        self._change(is_exporting=False)
        if isinstance(error, OSError):
            self._messages.say(tr("文件没有写成：{why}", why=error.strerror or str(error)), Tone.DANGER)
        else:
            self._messages.report(error)

    def _request(self, page: Page) -> contract.ListIncoming | contract.ListOutgoing:
        listing = contract.ListIncoming if self.state.incoming else contract.ListOutgoing
        return listing(filter=self.state.filter, page=page)

    def _counted(self, found: RemoteList) -> None:
        self._change(counts=found.counts, overdue=found.overdue, trouble="")

    def _failed(self, error: Exception) -> None:
        self._change(trouble=message_for(error).text)

    def _confirmed(self, outcomes: tuple[contract.ConfirmOutcome, ...]) -> None:
        done = sum(one.is_confirmed for one in outcomes)
        if done:
            self._messages.say(tr("已确认 {count} 份", count=done), Tone.SUCCESS)
        for sentence in dict.fromkeys(one.sentence for one in outcomes if not one.is_confirmed):
            self._messages.say(sentence, Tone.WARNING)
        self.refresh()


@dataclass(frozen=True)
class RequestState:
    """One request and what is typed of its opinion; `is_dirty`: not yet at the server."""

    request_id: int = 0
    view: RemoteView | None = None
    content: OpinionContent = field(default_factory=OpinionContent)
    is_dirty: bool = False
    is_busy: bool = False
    is_adjusting: bool = False
    asks_reason: RemoteAction | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""

    def allows(self, action: RemoteAction) -> bool:
        """Whether the account may do this now."""
        return self.view is not None and action in self.view.row.allowed

    @property
    def may_type(self) -> bool:
        """Whether the opinion may be changed now."""
        return self.allows(_A.SAVE) or self.is_adjusting


class RequestPresenter(ScreenPresenter[RequestState]):
    """One request: every step of both sides, and the opinion."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        later: Later,
        show: Callable[[RequestState], None] = lambda _state: None,
    ) -> None:
        super().__init__(RequestState(), caller, runner, messages, show)
        self._later = later
        self._undo_save: Callable[[], None] | None = None
        self._resave = False
        self._then: tuple[RemoteAction, str] | None = None
        self.changed: Callable[[], None] = lambda: None
        """Called after a step of this window."""

    def open(self, request_id: int) -> None:
        """Show another request; 0 is none. What was typed of the one before is kept."""
        if request_id == self.state.request_id:
            self.look_again()
            return
        if self.state.is_dirty:
            self.save(is_automatic=True)
        self._forget_timer()
        self.state = RequestState(request_id=request_id)
        self._show(self.state)
        self.look_again()

    def look_again(self, trouble: str = "") -> None:
        """Fetch the request; `trouble` is a sentence that stays."""
        number = self.state.request_id
        if number:
            self._ask(
                contract.Get(request_id=number),
                lambda view: self._came(number, view, trouble),
                self._lost,
                key="remote.get",
            )

    def heard(self, notice: Notice) -> None:
        """The request changed; what is being typed stays."""
        if isinstance(notice, Changed) and notice.entity == "remote_request" and notice.id == self.state.request_id:
            view = self.state.view
            if view is None or notice.version != view.row.version or not self.state.is_dirty:
                self.look_again()

    def typed(self, content: OpinionContent) -> None:
        """The doctor changed the opinion."""
        if not self.state.may_type or content == self.state.content:
            return
        self._change(content=content, is_dirty=True, problems={})
        if self._undo_save is None and not self.state.is_adjusting:
            self._undo_save = self._later(AUTOSAVE_S, self._save_by_itself)

    def begin(self, action: RemoteAction) -> None:
        """A button was pressed: do it, or ask for its reason first."""
        if action is _A.ADJUST and not self.state.is_adjusting:
            self._change(is_adjusting=True, problems={}, trouble="")
        elif action in NEEDS_REASON:
            self._change(asks_reason=action, problems={}, trouble="")
        else:
            self.do(action)

    def cancel(self) -> None:
        """Leave the question for a reason, or the adjusting."""
        view = self.state.view
        if self.state.is_adjusting and view is not None:
            self._change(content=view.content, is_dirty=False)
        self._change(asks_reason=None, is_adjusting=False, problems={}, trouble="")

    def do(self, action: RemoteAction, reason: str = "") -> None:
        """Do a step."""
        view = self.state.view
        if view is None or self.state.is_busy:
            return
        if NEEDS_REASON.get(action) and not reason.strip():
            self._change(problems={"reason": tr("请填写原因。")})
            return
        request = self._request(view, action, reason.strip())
        if request is None:
            return
        if self.state.is_dirty and self.state.allows(_A.SAVE) and action not in _WITH_TEXT:
            self._then = (action, reason)  # what was typed is kept first
            self.save(is_automatic=True)
            return
        self._forget_timer()
        self._change(is_busy=True, problems={}, trouble="")
        self._ask(request, lambda found: self._done(action, found), self._failed)

    def save(self, *, is_automatic: bool = False) -> None:
        """Keep what was typed."""
        view = self.state.view
        if view is None or not self.state.allows(_A.SAVE):
            return
        if self.state.is_busy:
            self._resave = True
            return
        self._forget_timer()
        content = self.state.content
        request = contract.Save(
            request_id=view.row.id, version=view.row.version, content=content, is_automatic=is_automatic
        )
        self._change(is_busy=True)
        self._ask(request, lambda found: self._saved(found, content, is_automatic=is_automatic), self._failed)

    def _save_by_itself(self) -> None:
        self._undo_save = None
        if self.state.is_dirty:
            self.save(is_automatic=True)

    def _request(self, view: RemoteView, action: RemoteAction, reason: str) -> Request[Any] | None:
        number, version, content = view.row.id, view.row.version, self.state.content
        stated = {"request_id": number, "version": version, "reason": reason}
        if action is _A.CONFIRM:
            return contract.Confirm(requests=(contract.ConfirmItem(request_id=number, version=version),))
        if action in (_A.SUBMIT, _A.PUBLISH):
            return contract.Submit(request_id=number, version=version, content=content)
        if action is _A.PASS:
            return contract.Pass(request_id=number, version=version, content=content)
        if action is _A.ADJUST:
            return contract.Adjust(content=content, **stated)  # type: ignore[arg-type]
        with_reason: Mapping[RemoteAction, type[Any]] = {
            _A.WITHDRAW: contract.Withdraw,
            _A.SEND_BACK: contract.SendBack,
            _A.RETURN: contract.Return,
            _A.GIVE_BACK: contract.GiveBack,
            _A.REJECT: contract.Reject,
        }
        if action in with_reason:
            return with_reason[action](**stated)  # type: ignore[no-any-return]
        if action is _A.TAKE_BACK:
            return contract.TakeBack(request_id=number, version=version)
        simple: Mapping[RemoteAction, type[Any]] = {
            _A.URGE: contract.Urge,
            _A.ACCEPT: contract.Accept,
            _A.WRITE: contract.Write,
            _A.AUDIT: contract.Audit,
            _A.RELEASE: contract.Release,
        }
        return simple[action](request_id=number) if action in simple else None

    # ── what comes back ──────────────────────────────────────────────────────────────────────────────

    def _came(self, number: int, view: RemoteView, trouble: str) -> None:
        if number != self.state.request_id:
            return
        keeps = self.state.is_dirty and (view.row.allowed != () and self.state.may_type)
        content = self.state.content if keeps else view.content
        self._change(view=view, content=content, is_dirty=keeps, trouble=trouble)

    def _lost(self, error: Exception) -> None:
        self._change(view=None, trouble=message_for(error).text)

    def _done(self, action: RemoteAction, found: Any) -> None:
        if action is _A.CONFIRM:
            refused = next((one.sentence for one in found if not one.is_confirmed), "")
            self._change(is_busy=False, trouble=refused)
            if not refused:
                self._messages.say(tr(_SAID[action]), Tone.SUCCESS)
            self.look_again()
        else:
            self._change(is_busy=False, asks_reason=None, is_adjusting=False, is_dirty=False)
            self._take(found)
            if action in _SAID:
                self._messages.say(tr(_SAID[action]), Tone.SUCCESS)
        self.changed()

    def _take(self, view: RemoteView) -> None:
        if view.row.id == self.state.request_id:
            self._change(view=view, content=view.content if not self.state.is_dirty else self.state.content)

    def _saved(self, view: RemoteView, content: OpinionContent, *, is_automatic: bool) -> None:
        is_mine = view.row.id == self.state.request_id
        still = is_mine and self.state.content != content
        self._change(is_busy=False, is_dirty=still)
        if is_mine:
            self._change(view=view)
        then, self._then = self._then, None
        if then is not None and not still:
            self.do(*then)
            return
        if not is_automatic:
            self._messages.say(tr(_SAID[_A.SAVE]), Tone.SUCCESS)
        if still or self._resave:
            self._resave = False
            self._undo_save = self._undo_save or self._later(AUTOSAVE_S, self._save_by_itself)

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        if message.field in ("reason", "findings", "impression"):
            self._change(is_busy=False, problems={message.field: message.text})
        else:
            self._change(is_busy=False, trouble=message.text)
            self.look_again(message.text)

    def _forget_timer(self) -> None:
        if self._undo_save is not None:
            self._undo_save()
            self._undo_save = None


def action_word(action: RemoteAction) -> str:
    """Return the label of a button (Chinese source)."""
    return ACTIONS[action].zh
