"""一般查询 and 高级查询: conditions above, the cases below; conditions are kept under a name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from clients.kit.choosing import Switch
from clients.kit.editors import ChoiceEditor, TextEditor
from clients.kit.fields import Choice, ChoiceField, TextField
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.messages import message_for
from clients.kit.panels import scrolling
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.statistics.case_list import ALL_FIELDS, CaseLinesView
from clients.pathology.statistics.conditions import ChoiceBook, GroupEditor
from shared.contract.base import Nothing
from shared.contract.errors import RpcError
from shared.contract.pathology_statistics import (
    CasesWhere,
    Condition,
    DeleteQuery,
    Group,
    ListQueries,
    SavedQuery,
    SaveQuery,
)
from shared.domain.pathology_queries import Field, Operator


def general_conditions(desk: Desk, today: date) -> Group:
    """What 一般查询 begins with: the library of the desk, the last month, name, number, diagnosis to be filled."""
    return Group(
        parts=(
            Condition(field=Field.LIBRARY, operator=Operator.IS, values=(str(desk.library.id),)),
            Condition(
                field=Field.REGISTERED,
                operator=Operator.BETWEEN,
                values=((today - timedelta(days=30)).isoformat(), today.isoformat()),
            ),
        )
    )


class QueryPage(QWidget):
    """The page. `saved` are the conditions that were kept."""

    def __init__(self, desk: Desk, *, advanced: bool = True, today: Callable[[], date] = date.today) -> None:
        super().__init__()
        self._desk, self._advanced = desk, advanced
        self._open = True
        self.saved: tuple[SavedQuery, ...] = ()
        start = general_conditions(desk, today())
        if advanced:
            more = Condition(field=Field.DIAGNOSIS, operator=Operator.CONTAINS)
            start = Group(parts=(*start.parts, more))
        self.editor = GroupEditor(start, ChoiceBook(desk))
        self.editor.confirmed.connect(self.run)
        self.query_button = Button("查询", "primary", "search", on_click=self.run)
        self.reset_button = Button("清空条件", "", "clear", on_click=self.reset)
        self.problem = ValueLabel("", "error")
        self.problem.hide()
        self.list = CaseLinesView(desk, ALL_FIELDS, title="高级查询" if advanced else "一般查询")
        self.chosen = ChoiceEditor(ChoiceField(key="saved", label="", placeholder="已保存的查询"))
        self.chosen.setMinimumWidth(170)
        self.name = TextEditor(TextField(key="name", label="", max_length=60, placeholder="查询名称"))
        self.name.setMinimumWidth(150)
        self.shared = Switch("共享")
        self.save_button = Button("保存查询", "", "save", on_click=self.save)
        self.delete_button = Button("删除", "quiet", "clear", on_click=self.delete)
        self.chosen.chosen.connect(self._chosen)
        self._arrange()
        self._load_saved()
        self.run(quietly=True)

    def run(self, *, quietly: bool = False) -> None:
        """查询."""
        group = _filled(self.editor.group()) if quietly else self.editor.group()
        self.problem.hide()
        self.list.show_cases(CasesWhere(condition=group))

    def reset(self) -> None:
        """清空条件: one empty condition."""
        self.editor.set_group(Group())
        self.editor.add_condition()

    def save(self) -> None:
        """Keep the conditions under the name; the chosen one of that name is changed."""
        name = str(self.name.value())
        same = next((one for one in self.saved if one.name == name and one.is_mine), None)
        query = SavedQuery(
            id=same.id if same else 0,
            version=same.version if same else 0,
            name=name,
            is_shared=self.shared.isChecked(),
            condition=self.editor.group(),
        )
        place = self._desk.place
        place.runner.run(lambda: place.connection.call(SaveQuery(query=query)), self._saved, self._failed)

    def delete(self) -> None:
        """Throw the chosen conditions away."""
        query = self._query(self.chosen.value())
        if query is not None:
            place = self._desk.place
            request = DeleteQuery(query_id=query.id)
            place.runner.run(lambda: place.connection.call(request), self._deleted, self._failed)

    def closeEvent(self, event: object) -> None:
        self._open = False
        self.editor.closed()
        super().closeEvent(event)  # type: ignore[arg-type]

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _load_saved(self, _done: object = None) -> None:
        place = self._desk.place
        place.runner.run(lambda: place.connection.call(ListQueries()), self._came, place.messages.report)

    def _came(self, found: tuple[SavedQuery, ...]) -> None:
        if not self._open:
            return
        self.saved = found
        names = [
            Choice(one.id, one.name if one.is_mine else f"{one.name} ({one.owner})", translate=False) for one in found
        ]
        self.chosen.set_choices(names)
        self._show_delete()

    def _saved(self, query: SavedQuery) -> None:
        self._desk.place.messages.say(tr("查询已保存：{name}", name=query.name), Tone.SUCCESS)
        self._load_saved()

    def _deleted(self, _nothing: Nothing) -> None:
        self.chosen.set_value(None)
        self._load_saved()

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        if isinstance(error, RpcError) and message.field:
            self.problem.set_text(message.text)
            self.problem.show()
        else:
            self._desk.place.messages.report(error)

    def _query(self, query_id: object) -> SavedQuery | None:
        return next((one for one in self.saved if one.id == query_id), None)

    def _chosen(self, query_id: int) -> None:
        query = self._query(query_id)
        if query is not None:
            self.editor.set_group(query.condition)
            self.name.set_value(query.name if query.is_mine else "")
            self.shared.setChecked(query.is_shared and query.is_mine)
            self.run()
        self._show_delete()

    def _show_delete(self) -> None:
        query = self._query(self.chosen.value())
        self.delete_button.setEnabled(query is not None and query.is_mine)

    def _arrange(self) -> None:
        top = QWidget()
        top.setProperty("look", "surface")
        top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QVBoxLayout(top)
        box.setContentsMargins(16, 10, 16, 8)
        box.setSpacing(8)
        if self._advanced:
            kept = QHBoxLayout()
            kept.setSpacing(8)
            for widget in (self.chosen, self.delete_button, Label("保存为", "caption"), self.name, self.shared):
                kept.addWidget(widget)
            kept.addWidget(self.save_button)
            kept.addStretch(1)
            box.addLayout(kept)
        box.addWidget(self.editor)
        box.addStretch(1)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scrolling(top), 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.setSpacing(8)
        foot.addWidget(self.problem, 1)
        foot.addStretch(1)
        foot.addWidget(self.reset_button)
        foot.addWidget(self.query_button)
        column.addLayout(foot)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(holder)
        split.addWidget(self.list)
        split.setChildrenCollapsible(False)
        split.setSizes([320, 380])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)


def _filled(group: Group) -> Group:
    """The group without conditions that have no value yet: what a page shows before anything was typed."""
    parts = tuple(
        _filled(part) if isinstance(part, Group) else part
        for part in group.parts
        if isinstance(part, Group) or all(part.values)
    )
    return Group(joined=group.joined, parts=parts, is_not=group.is_not)
