"""诊断术语词库: its tree, the term or category that is edited, saving and removing; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from clients.kit.messages import message_for
from clients.kit.screen import ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg_terms import (
    CategoryView,
    ListTerms,
    RemoveCategory,
    RemoveTerm,
    SaveCategory,
    SaveTerm,
    TermTree,
    TermView,
)
from shared.contract.errors import ErrorCode, RpcError
from shared.domain.ecg_reports import TermKind, TermScope

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

Entry = TermView | CategoryView
_EMPTY = TermTree(categories=(), terms=())


@dataclass(frozen=True, slots=True)
class TermsState:
    """What the page shows. ``chosen`` is edited; a new entry has id 0."""

    tree: TermTree = _EMPTY
    kind: TermKind = TermKind.DIAGNOSIS
    chosen: Entry | None = None
    is_loading: bool = True
    is_busy: bool = False
    trouble: str = ""  # why the dictionary did not come
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def may_edit(self) -> bool:
        """Standard entries are read only; a new one can be written."""
        return self.chosen is not None and (self.chosen.id == 0 or self.chosen.is_editable) and not self.is_busy

    def category_of(self, entry: Entry | None) -> int:
        """Where a new entry would go: the chosen category, or that of the chosen term."""
        if isinstance(entry, TermView):
            return entry.category_id
        return entry.id if isinstance(entry, CategoryView) else 0


class TermsPresenter(ScreenPresenter[TermsState]):
    """Administers the dictionary of the caller's hospitals."""

    def __init__(self, place: Workplace, show: Callable[[TermsState], None]) -> None:
        super().__init__(TermsState(), place.connection, place.runner, place.messages, show)

    def open(self) -> None:
        """Fetch the dictionary."""
        self._change(is_loading=True)
        self._ask(ListTerms(), self._came, self._failed, key="ecg-terms")

    def show_kind(self, kind: TermKind) -> None:
        """心电诊断 or 检查所见."""
        self._change(kind=kind, chosen=None, problems={})

    def choose(self, entry: Entry | None) -> None:
        """Edit an entry."""
        self._change(chosen=entry, problems={})

    def new_term(self) -> None:
        """An empty term in the chosen category."""
        category = self.state.category_of(self.state.chosen)
        if not category:
            self._messages.say(tr("请先选择一个分类"), Tone.WARNING)
            return
        last = max((one.position for one in self.state.tree.terms if one.category_id == category), default=0)
        self._change(
            chosen=TermView(
                id=0,
                version=0,
                category_id=category,
                kind=self.state.kind,
                scope=TermScope.HOSPITAL,
                zh="",
                en="",
                initials="",
                position=last + 1,
            ),
            problems={},
        )

    def new_category(self) -> None:
        """An empty category below the chosen one, else at the root."""
        chosen = self.state.chosen
        parent = chosen.id if isinstance(chosen, CategoryView) else 0
        last = max((one.position for one in self.state.tree.categories if one.parent_id == parent), default=0)
        self._change(
            chosen=CategoryView(
                id=0,
                parent_id=parent,
                kind=self.state.kind,
                scope=TermScope.HOSPITAL,
                zh="",
                en="",
                position=last + 1,
            ),
            problems={},
        )

    def save(self, values: Mapping[str, Any]) -> None:
        """Store the entry with what was typed; an empty name is refused at its field."""
        chosen = self.state.chosen
        if chosen is None or not self.state.may_edit:
            return
        zh = str(values.get("zh") or "").strip()
        if not zh:
            self._change(problems={"zh": tr("请填写术语文字")})
            return
        changes: dict[str, Any] = {"zh": zh, "en": str(values.get("en") or "").strip()}
        request: Any
        if isinstance(chosen, TermView):
            changes |= {
                "code": str(values.get("code") or "").strip(),
                "system": str(values.get("system") or "").strip(),
                "initials": str(values.get("initials") or "").strip().lower(),
            }
            request = SaveTerm(term=msgspec.structs.replace(chosen, **changes))
        else:
            request = SaveCategory(category=msgspec.structs.replace(chosen, **changes))
        self._change(is_busy=True)
        self._ask(request, self._saved, self._refused, key="ecg-terms-save")

    def remove(self) -> None:
        """Take the entry out; a category only while it is empty."""
        chosen = self.state.chosen
        if chosen is None or chosen.id == 0:
            self.choose(None)
            return
        request: Any
        if isinstance(chosen, TermView):
            request = RemoveTerm(term_id=chosen.id, version=chosen.version)
        else:
            request = RemoveCategory(category_id=chosen.id)
        self._change(is_busy=True)
        self._ask(request, self._removed, self._refused, key="ecg-terms-save")

    def _came(self, tree: TermTree) -> None:
        chosen = self.state.chosen
        if chosen is not None and chosen.id:
            entries: tuple[Entry, ...] = tree.terms if isinstance(chosen, TermView) else tree.categories
            chosen = next((one for one in entries if one.id == chosen.id), None)
        self._change(tree=tree, chosen=chosen, is_loading=False, is_busy=False, trouble="")

    def _saved(self, entry: Entry) -> None:
        self._change(chosen=entry, is_busy=False, problems={})
        self._messages.say(tr("已保存"), Tone.SUCCESS)
        self.open()

    def _removed(self, _nothing: object) -> None:
        self._change(chosen=None, is_busy=False, problems={})
        self._messages.say(tr("已移除"), Tone.SUCCESS)
        self.open()

    def _refused(self, error: Exception) -> None:
        self._change(is_busy=False)
        message = message_for(error)
        if isinstance(error, RpcError) and error.code is ErrorCode.CONFLICT:
            self._messages.report(error)
            self.open()
        elif isinstance(error, RpcError) and error.code is ErrorCode.DUPLICATE:
            self._change(problems={"zh": tr("词库中已有相同的术语")})
        elif message.field in ("zh", "en", "code", "system", "initials"):
            self._change(problems={message.field: message.text})
        else:
            self._messages.report(error)

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, trouble=message_for(error).text)
