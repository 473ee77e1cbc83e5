"""The page of the phrase library: what is in it, out to Excel, in from Excel after a check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.collections.phrases.presenter import PhrasesPresenter, PhrasesState
from clients.diagnosis.worklist.more_filters import ALL, choices, fill
from clients.kit.choosing import Option, SearchBox
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import Message
from clients.kit.paging import Column, EmptyWords
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import TemplateView
from shared.domain.rich_text import spelled

_MOST_PROBLEMS = 8


def _kind(row: TemplateView) -> str:
    if row.owner_id == 0:
        return tr("公共模板")
    return tr("常用词条") if row.is_phrase else tr("个人模板")


COLUMNS = (
    Column("folder", "目录", 140, sort=False),
    Column("name", "名称", 160, strong=True, sort=False),
    Column("kind", "类别", 88, value=_kind, sort=False),
    Column("exam_type", "检查类型", 72, sort=False),
    Column("findings", "影像所见", 0, value=lambda row: spelled(row.findings).replace("\n", " "), sort=False),
    Column("impression", "诊断意见", 200, value=lambda row: spelled(row.impression).replace("\n", " "), sort=False),
)


def _to_save(parent: QWidget, name: str) -> str:
    return QFileDialog.getSaveFileName(parent, tr("导出"), name, "*.xlsx")[0]


def _to_open(parent: QWidget) -> str:
    return QFileDialog.getOpenFileName(parent, tr("选择文件…"), "", "Excel, CSV (*.xlsx *.csv)")[0]


class PhrasesView(QWidget):
    """词条库 (CO-DX-06)."""

    def __init__(
        self,
        place: Workplace,
        *,
        ask_save: Callable[[QWidget, str], str] = _to_save,
        ask_open: Callable[[QWidget], str] = _to_open,
    ) -> None:
        super().__init__()
        self._ask_save, self._ask_open = ask_save, ask_open
        self._rows: object = None
        self.presenter = PhrasesPresenter(place.connection, place.runner, place.messages)
        self.search = SearchBox((Option("any", "目录、名称或内容"),))
        self.search.searched.connect(lambda _mode, text: self.presenter.filter(text=text))
        self.folder = choices("folder", "目录")
        self.folder.setFixedWidth(180)
        self.folder.chosen.connect(lambda value: self.presenter.filter(folder="" if value == ALL else str(value)))
        self.export_button = Button("导出", "", "download", on_click=self._export)
        self.export_one_button = Button("导出所选", "", on_click=self._export_chosen)
        self.import_button = Button("导入", "", "upload", on_click=self._import)
        self.list = ListView(
            COLUMNS,
            row_id=lambda row: row.id,
            empty=EmptyWords("没有词条", "从 Excel 导入，或在报告页把内容存为模板。", "template"),
            settings=place.settings,
            list_id="diagnosis.phrases",
        )
        self.list.selected.connect(lambda row: self.export_one_button.setEnabled(row is not None))
        self.list.retry.connect(self.presenter.refresh)
        self.checked = QFrame()
        self.checked.setProperty("look", "panel")
        self.found = ValueLabel("", "strong", wrap=True)
        self.problems = ValueLabel("", "error", wrap=True)
        self.take_button = Button("确认导入", "primary", on_click=self.presenter.take)
        self.forget_button = Button("取消", "quiet", on_click=self.presenter.forget)
        self.export_one_button.setEnabled(False)
        self._arrange()
        self.presenter.show_to(self.render_state)

    def refresh(self) -> None:
        """The page came to the front."""
        self.presenter.refresh()

    def render_state(self, state: PhrasesState) -> None:
        """Show the library, and what an import would do."""
        fill(self.folder, [(name, name) for name in state.folders], "全部目录")
        self.folder.set_value(state.folder or ALL)
        if state.rows is not None and (state.rows, state.folder, state.text) != self._rows:
            self._rows = (state.rows, state.folder, state.text)
            self.list.set_rows(state.shown)
        if state.trouble:
            self.list.show_error(Message(state.trouble, Tone.DANGER))
        else:
            self.list.clear_error()
        for button in (self.export_button, self.import_button):
            button.setEnabled(not state.is_busy)
        checked = state.checked
        self.checked.setVisible(checked is not None)
        if checked is not None:
            words = "{name}：新增 {added}，修改 {changed}，相同 {unchanged}"
            counts = {"added": checked.added, "changed": checked.changed, "unchanged": checked.unchanged}
            self.found.set_text(tr(words, name=state.file_name, **counts))
            lines = [
                tr("第 {line} 行 {column}：{text}", line=one.line, column=one.column, text=one.text)
                for one in checked.problems[:_MOST_PROBLEMS]
            ]
            if len(checked.problems) > _MOST_PROBLEMS:
                lines.append(tr("还有 {count} 处", count=len(checked.problems) - _MOST_PROBLEMS))
            self.problems.set_text("\n".join(lines))
            self.problems.setVisible(bool(lines))
            self.take_button.setEnabled(not checked.problems and bool(checked.added or checked.changed))

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 16, 8)
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        top.addWidget(self.folder)
        for button in (self.export_button, self.export_one_button, self.import_button):
            top.addWidget(button)
        inside = QVBoxLayout(self.checked)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.addWidget(Label("检查结果", "strong"))
        inside.addWidget(self.found)
        inside.addWidget(self.problems)
        line = QHBoxLayout()
        line.addWidget(self.take_button)
        line.addWidget(self.forget_button)
        line.addStretch(1)
        inside.addLayout(line)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(top)
        box.addWidget(hairline())
        box.addWidget(self.checked)
        box.addWidget(self.list, 1)

    def _export(self) -> None:
        self._save(())

    def _export_chosen(self) -> None:
        row = self.list.selected_row
        if row is not None:
            self._save((row.id,))

    def _save(self, chosen: tuple[int, ...]) -> None:
        name = self._ask_save(self, tr("词条库") + ".xlsx")
        if name:
            self.presenter.export(Path(name), chosen=chosen)

    def _import(self) -> None:
        name = self._ask_open(self)
        if name:
            self.presenter.check(Path(name))
