"""The page of remote consultation: 受理 of the own teams, 申请记录 of the own hospital, one request at the right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from clients.diagnosis.remote.pane import OpenImages, OpenReport, RequestPane
from clients.diagnosis.remote.presenter import ListPresenter, ListState
from clients.diagnosis.remote.words import (
    CHIPS,
    HOSPITAL_CHIPS,
    HOSPITAL_LOOKS,
    LOOKS,
    ROW_ACTIONS,
    Clocks,
    columns,
    exported,
)
from clients.kit.choosing import ChipFilter, Option, SearchBox, SegmentedControl, Switch
from clients.kit.labels import Button, IconButton, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.paging import EmptyWords, PageOfRows, PageRequest
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from shared.contract.base import Notice
from shared.contract.remote import RemoteRow
from shared.domain.permissions import Permission
from shared.domain.remote import RemoteAction, RemoteState

TICK_MS = 1000
SIDES = (Option("incoming", "受理"), Option("outgoing", "申请记录"))


class RemotePage(QWidget):
    """Both lists and the request that was chosen."""

    def __init__(self, place: Workplace, open_report: OpenReport, open_images: OpenImages) -> None:
        super().__init__()
        self._place, self._open_images = place, open_images
        self._generation = -1
        self._wanted = 0
        self.clocks = Clocks()
        self.presenter = ListPresenter(place.connection, place.runner, place.messages)
        self.setProperty("look", "surface")
        self.side = SegmentedControl(SIDES, "incoming")
        self.side.chosen.connect(self.show_side)
        self.search = SearchBox((Option("patient_name", "患者姓名"), Option("number", "检查号或患者编号")))
        self.search.searched.connect(self._on_search)
        self.mine = Switch("只看本人")
        self.mine.toggled.connect(self._on_mine)
        self.overdue = ValueLabel("", "error")
        self.confirm_all = Button("批量确认", "", "check", on_click=self.presenter.confirm_all)
        self.export_button = Button("导出 Excel", "", "download", on_click=self._export)
        self.teams_button = Button("专家组", "", "users", on_click=self.open_teams)
        self.teams_button.setVisible(place.may(Permission.REMOTE_LEAD.value))
        self.states = {side: _chips(incoming=side == "incoming") for side in ("incoming", "outgoing")}
        for chips in self.states.values():
            chips.changed.connect(self._on_states)
        self.lists = {side: self._list(side) for side in ("incoming", "outgoing")}
        self.pane = RequestPane(place, self.clocks, open_report, open_images)
        self.pane.presenter.changed = self.presenter.refresh
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self._arrange()
        place.on_notice(self._heard)
        self.presenter.show_to(self.render_state)

    def _list(self, side: str) -> ListView:
        place = self._place
        incoming = side == "incoming"
        empty = (
            EmptyWords("没有需要受理的申请", "其他医院向您所在的专家组申请后，会立即出现在这里。", "users")
            if incoming
            else EmptyWords("还没有远程申请", "在报告页点“远程会诊”向上级医院的专家组申请。", "users")
        )
        made = ListView(
            columns(self.clocks, incoming=incoming),
            row_id=lambda row: row.id,
            actions=ROW_ACTIONS,
            shown_actions=1,
            empty=empty,
            runner=place.runner,
            settings=place.settings,
            list_id=f"diagnosis.remote.{side}",
        )
        made.selected.connect(self._on_selected)
        made.activated.connect(self._on_activated)
        made.action_requested.connect(self._on_action)
        made.set_source(self._fetch)
        return made

    @property
    def list(self) -> ListView:
        """The list in front."""
        return self.lists[self.side.current]

    def _fetch(self, request: PageRequest) -> PageOfRows[RemoteRow]:
        page = self.presenter.fetch(request)
        if page.rows:
            self.clocks.hear(page.rows[0].clock)
        return page

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 16, 8)
        top.setSpacing(8)
        top.addWidget(self.side)
        top.addWidget(self.search, 1)
        top.addWidget(self.mine)
        top.addWidget(self.overdue)
        for button in (self.confirm_all, self.export_button, self.teams_button):
            top.addWidget(button)
        top.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        chips = QVBoxLayout()
        chips.setContentsMargins(16, 8, 16, 8)
        for one in self.states.values():
            chips.addWidget(one)
        column.addLayout(chips)
        column.addWidget(hairline())
        for listing in self.lists.values():
            column.addWidget(listing, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.pane)
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        left.setMinimumWidth(520)
        self.pane.setMinimumWidth(460)
        split.setSizes([790, 490])
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(top)
        box.addWidget(hairline())
        box.addWidget(split, 1)

    def render_state(self, state: ListState) -> None:
        """Show which list, its counts; fetch rows when they are outdated."""
        side = "incoming" if state.incoming else "outgoing"
        self.side.set_current(side)
        for key in self.lists:
            self.lists[key].setVisible(key == side)
            self.states[key].setVisible(key == side)
        chips = self.states[side]
        groups = _groups(incoming=state.incoming)
        chips.set_chosen([key.value for key, states in groups.items() if set(states) <= set(state.filter.states)])
        chips.set_counts({key.value: sum(state.counts.get(one, 0) for one in found) for key, found in groups.items()})
        self.overdue.set_text(tr("{count} 份超时", count=state.overdue) if state.overdue else "")
        self.overdue.setVisible(bool(state.overdue))
        waiting = state.counts.get(RemoteState.APPROVED, 0)
        self.confirm_all.setVisible(not state.incoming)
        self.confirm_all.setEnabled(waiting > 0)
        self.export_button.setEnabled(not state.is_exporting)
        if state.generation != self._generation:
            self._generation = state.generation
            self.lists[side].refresh()

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def show_side(self, side: str) -> None:
        """受理 or 申请记录."""
        self.mine.blockSignals(True)
        self.mine.setChecked(False)
        self.mine.blockSignals(False)
        self.search.set_text("")
        self.presenter.switch(incoming=side == "incoming")

    def open_request(self, request_id: int, *, is_asking_side: bool) -> None:
        """Show a request, wherever it stands."""
        self.show_side("outgoing" if is_asking_side else "incoming")
        self.pane.presenter.open(request_id)
        self.list.select_id(request_id)

    def open_teams(self) -> None:
        """Lead the teams."""
        from clients.diagnosis.remote.teams import TeamsView
        from clients.kit.dialogs import ContentWindow

        ContentWindow(self, "专家组", TeamsView(self._place), (920, 620)).open()

    def _on_selected(self, row: RemoteRow | None) -> None:
        if row is not None and self.sender() is not None:
            self.pane.presenter.open(row.id)

    def _on_activated(self, row: RemoteRow) -> None:
        self.pane.presenter.open(row.id)
        if row.study_uids:
            self._open_images(row.study_uids)

    def _on_action(self, action: str, row: RemoteRow) -> None:
        if action == "images":
            self._open_images(row.study_uids)
        elif action == RemoteAction.CONFIRM:
            self.presenter.confirm((row,))
        else:
            self.list.select_id(row.id)
            self.pane.presenter.open(row.id)
            self.pane.presenter.begin(RemoteAction(action))

    def _on_search(self, mode: str, text: str) -> None:
        words = {"patient_name": "", "number": "", mode: text}
        present = self.presenter.state.filter
        if (present.patient_name, present.number) != (words["patient_name"], words["number"]):
            self.presenter.filter(**words)

    def _on_mine(self, on: bool) -> None:
        self.presenter.filter(mine=on)

    def _on_states(self, keys: tuple[str, ...]) -> None:
        groups = _groups(incoming=self.presenter.state.incoming)
        self.presenter.filter(states=tuple(one for key in keys for one in groups[RemoteState(key)]))

    def _export(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        name = tr("远程会诊受理" if self.presenter.state.incoming else "远程会诊申请")
        path, _filter = QFileDialog.getSaveFileName(
            self, tr("导出 Excel"), str(Path(folder) / f"{name}.xlsx"), tr("Excel 工作簿 (*.xlsx)")
        )
        if path:
            self.export_to(Path(path))

    def export_to(self, path: Path) -> None:
        """Write the columns that are shown to a file."""
        path = path if path.suffix.lower() == ".xlsx" else path.with_name(path.name + ".xlsx")
        self.presenter.export(path, exported(self.list.visible_columns()))

    # ── staying up to date ───────────────────────────────────────────────────────────────────────────

    def _heard(self, notice: Notice) -> None:
        if self.isVisible():
            self.presenter.heard(notice)

    def _on_tick(self) -> None:
        self.list.table.viewport().update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick.start()
        self.presenter.refresh()
        self.pane.presenter.look_again()

    def hideEvent(self, event: QHideEvent) -> None:
        self._tick.stop()
        if self.pane.presenter.state.is_dirty:
            self.pane.presenter.save(is_automatic=True)
        super().hideEvent(event)


def _groups(*, incoming: bool) -> Mapping[RemoteState, tuple[RemoteState, ...]]:
    return CHIPS if incoming else HOSPITAL_CHIPS


def _chips(*, incoming: bool) -> ChipFilter:
    looks = LOOKS if incoming else HOSPITAL_LOOKS
    return ChipFilter([Option(one.value, looks[one].text, look=looks[one]) for one in _groups(incoming=incoming)])
