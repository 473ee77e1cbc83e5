"""蜡块归档, 切片归档 and 资料归档 on screen."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QVBoxLayout

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.coalescing import Coalesced
from clients.kit.fields import DateField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.messages import message_for
from clients.kit.paging import EmptyWords
from clients.kit.translations import tr
from clients.pathology.archive.items import Item, Search
from clients.pathology.archive.lists import TickList, item_columns
from clients.pathology.archive.page import ArchivePage, padded
from clients.pathology.archive.presenter import KEPT, OPEN, KeepingPresenter, KeepingState, is_full, place_words
from clients.pathology.desk import Desk
from clients.pathology.laying import row_of
from shared.contract.base import Changed, Notice
from shared.contract.pathology import CASE_ENTITY
from shared.contract.pathology_keeping import KeptKind
from shared.contract.pathology_technique import BatchLine
from shared.domain.permissions import Permission

_BOTTOM = Qt.AlignmentFlag.AlignBottom
_WAITING = EmptyWords("没有待归档的材料", "已切片的蜡块、已移交的切片和未归档病例会列在这里。", "archive")
_KEPT = EmptyWords("没有已归档的材料", "请放宽病理号或日期条件。", "archive")


class KeepingPage(ArchivePage):
    """Two lists, ticked by hand or by the scanner; place and commands at the foot."""

    def __init__(self, desk: Desk, kind: KeptKind) -> None:
        super().__init__(desk)
        self.kind = kind
        self.presenter = KeepingPresenter(desk, kind, self.render_state)
        self.side = SegmentedControl((Option(OPEN, "未归档"), Option(KEPT, "已归档")))
        self.side.chosen.connect(self.presenter.switch)
        self.filter = FormView(
            [
                Section(
                    "",
                    (
                        TextField(key="number", label="病理号", max_length=24),
                        DateField(key="first", label="起始日期"),
                        DateField(key="last", label="截止日期"),
                    ),
                )
            ],
            columns=3,
        )
        self.filter.submitted.connect(self._find)
        self.query = Button("查询", "", "search", on_click=self.filter.submit)
        self.lists = {side: self._list(side) for side in (OPEN, KEPT)}
        self.count = Label("", "strong")
        self.place = QComboBox()
        self.place.setMinimumWidth(240)
        self.place.setAccessibleName(tr("存放位置"))
        self.place.activated.connect(lambda _at: self.presenter.choose_place(self.place.currentData() or 0))
        self.place_word = Label("存放位置", "caption")
        self.all_button = Button("全选", "quiet", on_click=self.presenter.tick_all)
        self.archive_button = Button("归档", "primary", "archive", on_click=self.presenter.archive)
        self.out_button = Button("调出", "", "upload", on_click=self.presenter.take_out)
        self.destroy_button = Button("销毁…", "danger", "clear", on_click=self.open_destroy)
        self.places_button = Button("存放位置…", "quiet", "gear", on_click=self.open_places)
        self.row_button = Button("勾选当前病例", "quiet", "check", on_click=self._tick_selected_case)
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setFixedHeight(96)
        self.report.setAccessibleName(tr("归档结果"))
        self._soon = Coalesced(self.presenter.load, self)
        desk.place.on_notice(self._heard)
        self._lay_out()
        may = desk.place.may
        self.places_button.setVisible(may(Permission.PATHOLOGY_SETTINGS.value))
        self._may_archive = may(Permission.PATHOLOGY_ARCHIVE.value)
        self.destroyed.connect(partial(_release, self.presenter))
        self.presenter.start()

    def _list(self, side: str) -> TickList:
        made = TickList(
            item_columns(self.kind, side == KEPT),
            _object_id,
            self.presenter.tick,
            self.presenter.tick_all,
            _KEPT if side == KEPT else _WAITING,
        )
        made.retry.connect(self.presenter.load)
        return made

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        head = row_of(self.side, None, self.row_button, self.places_button)
        search = row_of(self.filter, self.query, None)
        search.setStretch(0, 3)
        search.setStretch(2, 2)
        search.setAlignment(self.query, _BOTTOM)
        box.addWidget(padded(head, search))
        box.addWidget(hairline())
        for one in self.lists.values():
            box.addWidget(one, 1)
        box.addWidget(self.report)
        box.addWidget(hairline())
        foot = row_of(
            self.count,
            self.all_button,
            None,
            self.place_word,
            self.place,
            self.destroy_button,
            self.out_button,
            self.archive_button,
        )
        box.addWidget(padded(foot))

    def render_state(self, state: KeepingState) -> None:
        """Draw what the presenter knows."""
        waiting = state.side == OPEN
        self.side.set_current(state.side)
        for side, one in self.lists.items():
            one.setVisible(side == state.side)
        shown = self.lists[state.side]
        shown.set_ticked(state.ticked)
        shown.set_rows(state.rows)
        shown.set_loading(state.loading)
        if state.trouble is not None:
            shown.show_error(message_for(state.trouble))
        self.count.set_source("已勾选 {ticked} / {count}", ticked=len(state.ticked), count=len(state.rows))
        self._show_places(state)
        self.place.setVisible(waiting)
        self.place_word.setVisible(waiting)
        self.archive_button.setVisible(waiting and self._may_archive)
        self.out_button.setVisible(not waiting and self._may_archive)
        self.destroy_button.setVisible(not waiting and self._may_archive)
        self.row_button.setVisible(self.kind is KeptKind.PAPER)
        for button in (self.archive_button, self.out_button, self.destroy_button):
            button.setEnabled(bool(state.ticked))
        self.all_button.setEnabled(bool(state.rows))
        self.report.setVisible(bool(state.report))
        lines = sorted(state.report, key=lambda one: one.is_done)
        self.report.setPlainText("\n".join(_line_words(one) for one in lines))

    def open_places(self) -> None:
        """Storage places, retention times."""
        from clients.pathology.archive.places import PlacesWindow

        window = PlacesWindow(self.desk, self.kind, self.presenter.load_places)
        self.desk.show_window("存放位置", window, (820, 600))

    def open_destroy(self) -> None:
        """Ask for the reason and the second person."""
        from clients.pathology.archive.forms import destroy_form

        count = len(self.presenter.state.chosen)
        self.desk.show_panel("销毁", destroy_form(count, self.presenter.destroy, self.desk.close_panel), 360)

    def shown(self) -> None:
        self._soon.poke()

    def scanned(self, code: str) -> bool:
        return self.presenter.scanned(code)

    def _heard(self, notice: Notice) -> None:
        if self.presenter.is_open and self.isVisible() and isinstance(notice, Changed) and notice.entity == CASE_ENTITY:
            self._soon.poke()

    def _show_places(self, state: KeepingState) -> None:
        wanted = [(one.id, place_words(one) + (f"  {tr('已满')}" if is_full(one) else "")) for one in state.places]
        shown = [(self.place.itemData(n), self.place.itemText(n)) for n in range(self.place.count())]
        if shown != wanted:
            self.place.clear()
            for place_id, words in wanted:
                self.place.addItem(words, place_id)
        self.place.setCurrentIndex(self.place.findData(state.place_id))

    def closeEvent(self, event: object) -> None:
        self.presenter.close()
        super().closeEvent(event)

    def _find(self) -> None:
        values = self.filter.values()
        self.presenter.find(Search(number=values["number"], first=values["first"], last=values["last"]))

    def _tick_selected_case(self) -> None:
        """The case of the case list's row, else the open one."""
        case = self.desk.selected or self.desk.case
        if case is None:
            return
        if all(row.case_id != case.id for row in self.presenter.state.rows):
            self.filter.set_values({"number": case.number})
            self._find()
        self.presenter.add_cases((case.id,))


def _line_words(one: BatchLine) -> str:
    """What became of an object, and why it was skipped; sentences that begin with its number do not say it twice."""
    number = "" if one.message.startswith(one.number) else one.number
    return "  ".join(part for part in (tr("完成") if one.is_done else tr("跳过"), number, one.message) if part)


def _object_id(item: Item) -> int:
    return item.object_id


def _release(presenter: KeepingPresenter) -> None:
    presenter.close()
