"""The foot of the page: specimens one by one, accepted or rejected (PA-REG-07, PA-REG-08)."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.fields import DateTimeField, NumberField, Prompt, PromptField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords, RowAction
from clients.kit.translations import verbatim
from clients.pathology.prompts import PromptBook
from clients.pathology.registration.presenter import PatientPresenter
from clients.pathology.registration.specimen_actions import SpecimenActions
from clients.pathology.registration.state import PageState, SpecimenLine
from clients.pathology.shell.looks import SPECIMEN_LOOKS
from shared.contract.pathology_technique import SpecimenEntry

_FIXATIVES = (
    Prompt(verbatim("10% 中性福尔马林")),
    Prompt(verbatim("95% 酒精")),
    Prompt(verbatim("Bouin 液")),
    Prompt(verbatim("戊二醛")),
    Prompt(verbatim("生理盐水")),
    Prompt(verbatim("新鲜")),
)
_UNITS = (
    Prompt(verbatim("块")),
    Prompt(verbatim("条")),
    Prompt(verbatim("粒")),
    Prompt(verbatim("枚")),
    Prompt(verbatim("瓶")),
    Prompt(verbatim("张")),
)
_CONTAINERS = (
    Prompt(verbatim("小瓶")),
    Prompt(verbatim("标本袋")),
    Prompt(verbatim("标本桶")),
    Prompt(verbatim("玻片盒")),
)

_COLUMNS = (
    Column("serial", "序号", 48, Align.RIGHT, sort=False),
    Column("name", "标本名称", 130, value=lambda line: line.entry.name, strong=True, sort=False),
    Column("site", "部位", 100, value=lambda line: line.entry.site, sort=False),
    Column("quantity", "数量", 66, value=lambda line: f"{line.entry.quantity}{line.entry.unit}", sort=False),
    Column("container", "容器", 76, value=lambda line: line.entry.container, sort=False),
    Column("fixative", "固定液", 110, value=lambda line: line.entry.fixative, sort=False),
    Column("removed_at", "离体时间", 126, value=lambda line: line.entry.removed_at, quiet=True, sort=False),
    Column("fixed_at", "固定时间", 126, value=lambda line: line.entry.fixed_at, quiet=True, sort=False),
    Column("state", "标本状态", 100, looks=SPECIMEN_LOOKS, sort=False),
    Column("reason", "拒收原因", 0, sort=False),
)
_ACTIONS = (
    RowAction("accept", "标本确认", "check"),
    RowAction("reject", "标本拒收", "cross_circle", danger=True),
    RowAction("edit", "修改标本", "edit"),
    RowAction("remove", "移除标本", "clear", danger=True),
)


class SpecimensView(QWidget):
    """A row of fields for the next container, and the list of those registered."""

    def __init__(self, presenter: PatientPresenter, actions: SpecimenActions, prompts: PromptBook) -> None:
        super().__init__()
        self._presenter = presenter
        self._actions = actions
        self._prompts = prompts
        self._editing: SpecimenLine | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addWidget(hairline())
        box.addLayout(self._head())
        self.form = FormView([Section("", self._fields())], columns=8, fewest=4)
        holder = QHBoxLayout()
        holder.setContentsMargins(16, 0, 16, 0)
        holder.addWidget(self.form)
        box.addLayout(holder)
        self.list = ListView(
            _COLUMNS,
            row_id=lambda line: line.id,
            actions=_ACTIONS,
            shown_actions=3,
            settings=presenter.desk.place.settings,
            list_id="pathology.specimens",
            empty=EmptyWords("还没有登记标本", "", "tag"),
        )
        self.list.setMinimumHeight(168)
        box.addWidget(self.list, 1)
        self.form.submitted.connect(self.submit)
        self.list.action_requested.connect(self._on_action)

    def show_state(self, state: PageState) -> None:
        """Show the specimens of the page."""
        self.list.set_rows(state.specimens)
        waiting = [line for line in state.specimens if "accept" in line.allowed]
        self.count.set_source("标本 {count} 件", count=len(state.specimens))
        self.accept_all.setEnabled(bool(waiting) and not state.busy)
        usable = state.mode.value in ("new", "case") and not state.read_only
        self.form.setEnabled(usable)
        self.add_button.setEnabled(usable and not state.busy)

    def submit(self) -> None:
        """标本登记: the row of fields becomes a container; the keyboard goes back to the name."""
        if not self.form.validate():
            return
        entry = entry_of(self.form.values())
        state, editing = self._presenter.state, self._editing
        if state.is_new:
            if editing is not None:
                self._presenter.change_local(editing.id, entry)
            else:
                self._presenter.add_local(entry)
            self._added()
        elif editing is not None:
            self._actions.edit(editing.id, editing.version, entry, self._added, self._failed)
        else:
            self._actions.add(entry, self._added, self._failed)

    def focus_first(self) -> None:
        """Put the keyboard into the name of the next container."""
        self.form.focus("name")

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 0)
        head.setSpacing(8)
        self.count = Label("标本 {count} 件", "strong", count=0)
        head.addWidget(self.count)
        head.addStretch(1)
        self.cancel_button = Button("取消修改", "quiet", on_click=self._stop_editing)
        self.cancel_button.hide()
        head.addWidget(self.cancel_button)
        self.add_button = Button("标本登记", "", "add", on_click=self.submit)
        head.addWidget(self.add_button)
        self.accept_all = Button("全部确认", "", "check", on_click=self._accept_all)
        head.addWidget(self.accept_all)
        return head

    def _fields(self) -> list[Any]:
        return [
            PromptField(
                key="name", label="标本名称", required=True, source=self._prompts.source("specimen_name"), max_length=60
            ),
            PromptField(key="site", label="部位", source=self._prompts.source("specimen_site"), max_length=60),
            NumberField(key="quantity", label="数量", minimum=1, maximum=999, initial=1),
            PromptField(key="unit", label="单位", source=lambda: _UNITS, max_length=10),
            PromptField(key="container", label="容器", source=lambda: _CONTAINERS, max_length=30),
            PromptField(key="fixative", label="固定液", source=lambda: _FIXATIVES, max_length=40),
            DateTimeField(key="removed_at", label="离体时间"),
            DateTimeField(key="fixed_at", label="固定时间"),
        ]

    def _added(self) -> None:
        kept = {key: self.form.value(key) for key in ("container", "fixative", "unit", "removed_at", "fixed_at")}
        self._stop_editing()
        self.form.set_values(kept)  # containers of one patient are mostly alike
        self.focus_first()

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        field = message.field.rsplit(".", 1)[-1]
        if field in self.form.rows:
            self.form.show_problems({field: message.text})
        else:
            self._presenter.desk.place.messages.report(error)

    def _stop_editing(self) -> None:
        self._editing = None
        self.form.clear()
        self.add_button.set_source("标本登记")
        self.cancel_button.hide()

    def _accept_all(self) -> None:
        self._actions.accept([line.id for line in self._presenter.state.specimens if "accept" in line.allowed])

    def _on_action(self, action: str, line: SpecimenLine) -> None:
        if action == "accept":
            self._actions.accept([line.id])
        elif action == "remove":
            self._presenter.change_local(line.id, None)
        elif action == "edit":
            self._editing = line
            self.form.set_values(values_of(line.entry))
            self.add_button.set_source("保存标本")
            self.cancel_button.show()
            self.focus_first()
        elif action == "reject":
            panel = RejectPanel(self._actions, line, self._prompts, self._presenter.desk.close_panel)
            self._presenter.desk.show_panel("标本拒收", panel)
            panel.form.focus("reason")


class RejectPanel(QWidget):
    """Asks why a container is rejected."""

    def __init__(self, actions: SpecimenActions, line: SpecimenLine, prompts: PromptBook, close: Any) -> None:
        super().__init__()
        self._actions, self._line, self._close = actions, line, close
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(12)
        box.addWidget(Label("第 {serial} 件：{name}", "", serial=line.serial, name=line.entry.name))
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        PromptField(
                            key="reason",
                            label="拒收原因",
                            required=True,
                            source=prompts.source("rejection_reason"),
                            max_length=200,
                            hint="可输入拼音首字母选择；送检科室会看到这个原因。",
                        )
                    ],
                )
            ],
            columns=1,
        )
        box.addWidget(self.form)
        box.addWidget(Button("标本拒收", "danger", "reject", on_click=self.form.submit))
        box.addStretch(1)
        self.form.submitted.connect(self._reject)

    def _reject(self) -> None:
        self._actions.reject([self._line.id], self.form.value("reason"))
        self._close()


def entry_of(values: dict[str, Any]) -> SpecimenEntry:
    """A container from the row of fields."""
    return SpecimenEntry(
        name=values["name"],
        site=values["site"],
        quantity=values["quantity"] or 1,
        unit=values["unit"],
        container=values["container"],
        fixative=values["fixative"],
        removed_at=values["removed_at"],
        fixed_at=values["fixed_at"],
    )


def values_of(entry: SpecimenEntry) -> dict[str, Any]:
    """The row of fields for a container."""
    return {name: getattr(entry, name) for name in entry.__struct_fields__ if name != "note"}
