"""The page of favourites: folders at the left, cases in a list, disease marks and words as conditions."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from clients.diagnosis.collections.favourites.filing import FilingForm
from clients.diagnosis.collections.favourites.presenter import FavouritesPresenter, FavouritesState
from clients.diagnosis.worklist.columns import short_time
from clients.diagnosis.worklist.more_filters import ALL, choices, fill
from clients.kit.ages import age_for_reader
from clients.kit.choosing import Option, SearchBox
from clients.kit.labels import Button, IconButton, Label, hairline
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords, RowAction
from clients.kit.shell import Workplace
from clients.kit.states import REPORT_LOOKS
from clients.kit.translations import tr
from shared.contract.collections import FavouriteView

COLUMNS = (
    Column("patient_name", "姓名", 96, value=lambda row: row.case.patient_name, strong=True, sort=False),
    Column("age", "年龄", 56, value=lambda row: row.case.age, format=age_for_reader, sort=False),
    Column("exam_type", "检查类型", 72, value=lambda row: row.case.exam_type, sort=False),
    Column("items", "检查项目", 0, value=lambda row: row.case.items, sort=False),
    Column("disease", "病种标记", 120, sort=False),
    Column("folder", "收藏目录", 112, sort=False),
    Column("note", "备注", 140, sort=False, quiet=True),
    Column("state", "报告状态", 104, value=lambda row: row.case.report_state, looks=REPORT_LOOKS, sort=False),
    Column(
        "examined_at", "检查时间", 96, value=lambda row: row.case.examined_at, format=short_time, sort=False, quiet=True
    ),
    Column("added_at", "收藏时间", 96, format=short_time, sort=False, quiet=True),
    Column("accession_number", "检查号", 112, value=lambda row: row.case.accession_number, sort=False, visible=False),
)
ACTIONS = (
    RowAction("open", "阅读报告", "document", allowed=lambda _row: True),
    RowAction("images", "查看影像", "viewer", allowed=lambda row: bool(row.case.study_uids)),
    RowAction("file", "修改收藏", "edit", allowed=lambda _row: True),
    RowAction("remove", "取消收藏", "clear", allowed=lambda _row: True),
)
_FOLDER = Qt.ItemDataRole.UserRole


class FavouritesView(QWidget):
    """收藏."""

    def __init__(
        self, place: Workplace, open_report: Callable[[int], None], open_images: Callable[[tuple[str, ...]], None]
    ) -> None:
        super().__init__()
        self._place = place
        self._open_report = open_report
        self._open_images = open_images
        self._generation = -1
        self.presenter = FavouritesPresenter(place.connection, place.runner, place.messages)
        self.search = SearchBox((Option("any", "姓名、检查号、项目、病种或备注"),))
        self.search.searched.connect(lambda _mode, text: self.presenter.filter(text=text))
        self.disease = choices("disease", "病种标记")
        self.disease.setFixedWidth(180)
        self.disease.chosen.connect(lambda value: self.presenter.filter(disease="" if value == ALL else str(value)))
        self.folders = QListWidget()
        self.folders.currentItemChanged.connect(self._on_folder)
        self.rename_button = IconButton("edit", "目录改名", on_click=self._rename, small=True)
        self.list = ListView(
            COLUMNS,
            row_id=lambda row: row.id,
            actions=ACTIONS,
            shown_actions=3,
            empty=EmptyWords("还没有收藏", "在诊断列表或报告页按收藏，病例会出现在这里。", "star"),
            runner=place.runner,
            settings=place.settings,
            list_id="diagnosis.favourites",
        )
        self.list.activated.connect(lambda row: self._open_report(row.case.report_id))
        self.list.action_requested.connect(self._on_action)
        self._arrange()
        self.list.set_source(self.presenter.fetch)
        self.presenter.show_to(self.render_state)

    def refresh(self) -> None:
        """The page came to the front."""
        self.presenter.refresh()

    def render_state(self, state: FavouritesState) -> None:
        """Show folders and conditions; fetch rows when they are outdated."""
        fill(self.disease, [(name, f"{name}  {count}") for name, count in state.diseases.items()], "全部病种")
        self.disease.set_value(state.disease or ALL)
        self._show_folders(state)
        self.rename_button.setEnabled(bool(state.folder))
        if state.generation != self._generation:
            self._generation = state.generation
            self.list.refresh()

    def _arrange(self) -> None:
        left = QFrame()
        left.setProperty("look", "panel")
        left.setFixedWidth(204)
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 12, 12, 12)
        head = QHBoxLayout()
        head.addWidget(Label("收藏目录", "strong"), 1)
        head.addWidget(self.rename_button)
        column.addLayout(head)
        column.addWidget(self.folders, 1)
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 16, 8)
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        top.addWidget(self.disease)
        top.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addLayout(top)
        right.addWidget(hairline())
        right.addWidget(self.list, 1)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(left)
        across.addLayout(right, 1)

    def _show_folders(self, state: FavouritesState) -> None:
        wanted: list[tuple[str, str | None]] = [(f"{tr('全部')}  {sum(state.folders.values())}", None)]
        wanted += [(f"{name or tr('根目录')}  {count}", name) for name, count in state.folders.items()]
        shown = [(self.folders.item(i).text(), self.folders.item(i).data(_FOLDER)) for i in range(self.folders.count())]
        self.folders.blockSignals(True)
        if wanted != shown:
            self.folders.clear()
            for words, name in wanted:
                item = QListWidgetItem(words)
                item.setData(_FOLDER, name)
                self.folders.addItem(item)
        place = next((i for i, (_, name) in enumerate(wanted) if name == state.folder), 0)
        self.folders.setCurrentRow(place)
        self.folders.blockSignals(False)

    def _on_folder(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.presenter.filter(folder=item.data(_FOLDER))

    def _rename(self) -> None:
        folder = self.presenter.state.folder
        if folder:
            self._place.side_panel.show_content("目录改名", _RenameForm(folder, self.presenter))

    def _on_action(self, action: str, row: FavouriteView) -> None:
        if action == "open":
            self._open_report(row.case.report_id)
        elif action == "images":
            self._open_images(row.case.study_uids)
        elif action == "remove":
            self.presenter.remove(row)
        else:
            form = FilingForm(self._place.connection, self._place.runner, self._place.messages)
            self._place.side_panel.show_content("修改收藏", form)
            form.open(row.case.report_id)


class _RenameForm(QWidget):
    def __init__(self, folder: str, presenter: FavouritesPresenter) -> None:
        super().__init__()
        self._folder = folder
        self._presenter = presenter
        self.name = QLineEdit(folder)
        self.name.setMaxLength(60)
        self.name.returnPressed.connect(self._save)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.addWidget(Label("与另一目录同名时，两个目录合为一个。", "quiet", wrap=True))
        box.addWidget(self.name)
        box.addWidget(Button("保存", "primary", on_click=self._save))
        box.addStretch(1)

    def _save(self) -> None:
        if self.name.text().strip():
            self._presenter.rename(self._folder, self.name.text().strip())
