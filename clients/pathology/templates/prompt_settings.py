"""字段提示设置 (PA-SET-04): left the fields, right the choices of one; every change is kept at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.kit.dialogs import Question
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.messages import message_for
from clients.kit.pinyin import matches
from clients.kit.settings import write_atomically
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.pathology.templates.naming import NameWindow
from clients.pathology.templates.prompt_tree import added, moved, removed, renamed
from clients.pathology.templates.trouble import TroubleLine
from shared.contract.master import MAX_FILE_BYTES
from shared.contract.pathology_templates import (
    ExportPrompts,
    FileFormat,
    ImportPrompts,
    ImportReport,
    ListPrompts,
    PromptEntry,
    PromptField,
    SavePrompts,
)
from shared.domain.pathology_templates.prompt_fields import FIELDS, PromptFieldName

_ROW = Qt.ItemDataRole.UserRole
_PATH = tuple[int, ...]


class PromptSettingsView(QWidget):
    """Fields grouped by their page; choices with pinyin initials, groups cascade."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._gone = False
        self._fields: dict[str, PromptField] = {}
        self._key = FIELDS[0].key
        self.search = QLineEdit()
        self.search.textChanged.connect(lambda _text: self._fill_fields())
        self.fields = QTreeWidget()
        self.fields.setHeaderHidden(True)
        self.fields.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.fields.customContextMenuRequested.connect(self._field_menu_at)
        self.fields.currentItemChanged.connect(self._field_chosen)
        self.title = ValueLabel("", "title")
        self.entries = QTreeWidget()
        self.entries.setColumnCount(2)
        self.entries.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.entries.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self.entries.header().setStretchLastSection(False)
        self.entries.setColumnWidth(1, 160)
        self.entries.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.entries.customContextMenuRequested.connect(self._entry_menu_at)
        self.trouble = TroubleLine()
        self.add_button = Button("增加", "primary", "add", on_click=lambda: self.ask_entry(()))
        self.import_button = Button("导入", "", "upload", on_click=self._import)
        self.export_button = Button("导出", "", "download", on_click=self._export)
        self._arrange()
        self._words()
        self.refresh()

    def refresh(self) -> None:
        """Fetch all fields."""
        connection = self._place.connection
        self._place.runner.run(
            lambda: connection.call(ListPrompts()), self._loaded, self._failed, key="prompts.settings"
        )

    def closeEvent(self, event: object) -> None:
        self._gone = True
        super().closeEvent(event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._words()
        super().changeEvent(event)

    @property
    def field(self) -> PromptField:
        """The field chosen, as the server has it."""
        return self._fields.get(self._key) or PromptField(key=self._key, version=0, entries=())

    def choose(self, key: str) -> None:
        """Show the choices of a field."""
        self._key = key
        self._fill_entries()

    def keep(self, entries: tuple[PromptEntry, ...]) -> None:
        """Store all choices of the field."""
        request = SavePrompts(key=self._key, version=self.field.version, entries=entries)
        connection = self._place.connection
        self._place.runner.run(lambda: connection.call(request), self._kept, self._failed)

    def _loaded(self, fields: tuple[PromptField, ...]) -> None:
        if self._gone:
            return
        self._fields = {field.key: field for field in fields}
        self.trouble.set_text("")
        self._fill_fields()
        self._fill_entries()

    def _kept(self, field: PromptField) -> None:
        if self._gone:
            return
        self._fields[field.key] = field
        self.trouble.set_text("")
        self._fill_fields()
        self._fill_entries()

    def _failed(self, error: Exception) -> None:
        if self._gone:
            return
        words = message_for(error).text
        if isinstance(error, OSError):
            words = tr("文件不能读写：{reason}", reason=error.strerror or str(error))
        self.trouble.set_text(words)
        self._fill_entries()

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────

    def _fill_fields(self) -> None:
        self.fields.blockSignals(True)
        self.fields.clear()
        english = language() is Language.ENGLISH
        typed = self.search.text()
        pages: dict[str, QTreeWidgetItem] = {}
        for field in FIELDS:
            name = field.en if english else field.zh
            if not (matches(field.zh, typed) or matches(field.en, typed)):
                continue
            page = field.page_en if english else field.page_zh
            top = pages.get(page)
            if top is None:
                top = pages[page] = QTreeWidgetItem([page])
                top.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.fields.addTopLevelItem(top)
                top.setExpanded(True)
            count = _count(self._fields[field.key].entries) if field.key in self._fields else 0
            item = QTreeWidgetItem([f"{name}  {count}" if count else name])
            item.setData(0, _ROW, field.key)
            top.addChild(item)
            if field.key == self._key:
                self.fields.setCurrentItem(item)
        self.fields.blockSignals(False)

    def _fill_entries(self) -> None:
        name = next(field for field in FIELDS if field.key == self._key)
        self.title.set_text(_name(name))
        opened = {self._path_of(item) for item in self._open_items()}
        self.entries.clear()
        root = self.entries.invisibleRootItem()
        self._add(root, self.field.entries, (), opened)

    def _add(self, above: QTreeWidgetItem, entries: tuple[PromptEntry, ...], path: _PATH, opened: set[_PATH]) -> None:
        for index, entry in enumerate(entries):
            here = (*path, index)
            item = QTreeWidgetItem([entry.text, entry.initials])
            item.setData(0, _ROW, here)
            above.addChild(item)
            self._add(item, entry.entries, here, opened)
            item.setExpanded(here in opened or not path)

    def _open_items(self) -> list[QTreeWidgetItem]:
        found: list[QTreeWidgetItem] = []
        waiting = [self.entries.invisibleRootItem()]
        while waiting:
            item = waiting.pop()
            below = [one for at in range(item.childCount()) if (one := item.child(at)) is not None]
            waiting += below
            found += [one for one in below if one.isExpanded() and one.childCount()]
        return found

    @staticmethod
    def _path_of(item: QTreeWidgetItem | None) -> _PATH:
        return tuple(item.data(0, _ROW)) if item is not None else ()

    def _words(self) -> None:
        self.search.setPlaceholderText(tr("字段名称"))
        self.entries.setHeaderLabels([tr("提示内容"), tr("拼音首字母")])
        self._fill_fields()
        self._fill_entries()

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _field_chosen(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        key = item.data(0, _ROW) if item is not None else None
        if key:
            self.choose(str(key))

    def _field_menu_at(self, point: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("导入"), self._import)
        menu.addAction(tr("导出"), self._export)
        menu.popup(self.fields.viewport().mapToGlobal(point))

    def _entry_menu_at(self, point: QPoint) -> None:
        menu = self.entry_menu(self.entries.itemAt(point))
        menu.popup(self.entries.viewport().mapToGlobal(point))

    def entry_menu(self, item: QTreeWidgetItem | None) -> QMenu:
        """The menu of a choice, or of empty space."""
        path = self._path_of(item)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("增加"), lambda: self.ask_entry(path[:-1]))
        if item is not None:
            menu.addAction(tr("增加下级"), lambda: self.ask_entry(path))
            menu.addAction(tr("改名"), lambda: self._ask_name(path, item.text(0)))
            menu.addAction(tr("上移"), lambda: self.keep(moved(self.field.entries, path, -1)))
            menu.addAction(tr("下移"), lambda: self.keep(moved(self.field.entries, path, 1)))
            menu.addSeparator()
            menu.addAction(tr("删除"), lambda: self._ask_delete(path, item))
        return menu

    def ask_entry(self, path: _PATH) -> None:
        """Ask for a new choice below `path` (empty: at the top)."""
        NameWindow(
            self, "增加", "提示内容", lambda text: self.keep(added(self.field.entries, path, text)), most=500
        ).open()

    def _ask_name(self, path: _PATH, text: str) -> None:
        NameWindow(
            self, "改名", "提示内容", lambda new: self.keep(renamed(self.field.entries, path, new)), text, 500
        ).open()

    def _ask_delete(self, path: _PATH, item: QTreeWidgetItem) -> None:
        def delete() -> None:
            self.keep(removed(self.field.entries, path))

        if not item.childCount():
            delete()
            return
        words = tr("删除“{name}”和它下面的内容？", name=item.text(0))
        choices = (("delete", "删除", "danger"), ("stay", "取消", "quiet"))
        Question(self, "字段提示设置", words, choices, _If("delete", delete)).open()

    def _export(self) -> None:
        file_filter = "Excel (*.xlsx);;JSON (*.json)"
        path = QFileDialog.getSaveFileName(self, tr("导出"), f"{self.title.full_text}.xlsx", file_filter)[0]
        if path:
            self.export_to(Path(path))

    def export_to(self, path: Path) -> None:
        """Write the choices of the field into a file."""
        file_format = FileFormat.JSON if path.suffix.lower() == ".json" else FileFormat.XLSX
        request = ExportPrompts(key=self._key, format=file_format)
        connection = self._place.connection

        def work() -> int:
            file = connection.call(request)
            write_atomically(path, file.content)
            return file.count

        def done(count: int) -> None:
            self._place.messages.say(tr("已导出 {count} 条：{path}", count=count, path=path), Tone.SUCCESS)

        self._place.runner.run(work, done, self._failed)

    def _import(self) -> None:
        path = QFileDialog.getOpenFileName(self, tr("选择文件…"), "", "Excel, JSON (*.xlsx *.csv *.json)")[0]
        if path:
            self.import_from(Path(path))

    def import_from(self, path: Path) -> None:
        """Add the choices of a file; with problems nothing is kept."""
        key, connection = self._key, self._place.connection

        def work() -> ImportReport:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise OSError(tr("文件超过 {size} MB，请分成几个文件导入。", size=MAX_FILE_BYTES >> 20))
            content = path.read_bytes()
            return connection.call(ImportPrompts(key=key, file_name=path.name, content=content, check_only=False))

        def done(report: ImportReport) -> None:
            if report.problems:
                lines = [
                    tr("第 {line} 行 {column}：{text}", line=one.line, column=one.column, text=one.text)
                    for one in report.problems[:8]
                ]
                self.trouble.set_text("\n".join(lines))
                return
            self._place.messages.say(tr("已导入：新增 {added}", added=report.added), Tone.SUCCESS)
            self.refresh()

        self._place.runner.run(work, done, self._failed)

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(12, 12, 12, 12)
        left.setSpacing(8)
        left.addWidget(self.search)
        left.addWidget(self.fields, 1)
        holder = QWidget()
        holder.setLayout(left)
        holder.setFixedWidth(280)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        for button in (self.import_button, self.export_button, self.add_button):
            head.addWidget(button)
        right = QVBoxLayout()
        right.setContentsMargins(16, 12, 16, 12)
        right.setSpacing(10)
        right.addLayout(head)
        right.addWidget(self.trouble)
        right.addWidget(self.entries, 1)
        right.addWidget(Label("右键增加或删除；输入时可用拼音首字母选取，如 GWK 选骨外科", "caption", wrap=True))
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(holder)
        box.addWidget(hairline(vertical=True))
        box.addLayout(right, 1)


class _If:
    def __init__(self, key: str, done: Callable[[], None]) -> None:
        self._key, self._done = key, done

    def __call__(self, answer: str) -> None:
        if answer == self._key:
            self._done()


def _name(field: PromptFieldName) -> str:
    return field.en if language() is Language.ENGLISH else field.zh


def _count(entries: tuple[PromptEntry, ...]) -> int:
    return sum(_count(entry.entries) if entry.entries else 1 for entry in entries)
