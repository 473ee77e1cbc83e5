"""The editor on screen: templates left, outline beside them, properties, and a form to try with its sentences."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPlainTextEdit,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.administration.structured import outline
from clients.administration.structured.presenter import EditorPresenter
from clients.administration.structured.properties import KINDS, Properties
from clients.administration.structured.state import EditorState
from clients.kit.labels import Button, IconButton, Label, hairline
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.structured.body import FormBody
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.structured import FormTemplateRow, MrrtFile, TemplateState
from shared.domain.structured import Field, FieldKind, FormTemplate

_STATES = {
    TemplateState.DRAFT: "草稿",
    TemplateState.PUBLISHED: "已发布",
    TemplateState.RETIRED: "已停用",
}
_LARGEST_FILE = 10 << 20
_ROLE = Qt.ItemDataRole.UserRole


class StructuredTemplatesPage(QWidget):
    """结构化模板."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._outline_shown: object = None
        self.presenter = EditorPresenter(place.connection, place.runner, place.messages)
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self._head())
        box.addWidget(hairline())
        across = QSplitter(Qt.Orientation.Horizontal)
        across.setChildrenCollapsible(False)
        for part in (self._left(), self._middle(), self._right()):
            across.addWidget(part)
        across.setSizes([260, 480, 420])
        across.setStretchFactor(1, 1)
        across.setStretchFactor(2, 1)
        box.addWidget(across, 1)
        self.presenter.show_to(self.show_state)
        self.presenter.load()

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _head(self) -> QWidget:
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(16, 8, 16, 8)
        line.setSpacing(8)
        line.addWidget(Button("新建", "", "add", on_click=self.presenter.new))
        line.addWidget(Button("导入 MRRT", "", "upload", on_click=self._import))
        self.export = Button("导出 MRRT", "", "download", on_click=self._export)
        line.addWidget(self.export)
        line.addStretch(1)
        self.undo = Button("撤销", "quiet", "undo", on_click=self.presenter.undo)
        self.history = Button("历史版本", "quiet", "history", on_click=self._show_history)
        self.delete = Button("删除草稿", "quiet", "clear", on_click=self.presenter.delete)
        self.retire = Button("停止使用", "quiet", on_click=self.presenter.retire)
        self.save = Button("保存", "", "save", on_click=self.presenter.save)
        self.publish = Button("发布", "primary", "check", on_click=self.presenter.publish)
        for button in (self.undo, self.history, self.delete, self.retire, self.save, self.publish):
            line.addWidget(button)
        return bar

    def _left(self) -> QWidget:
        left = QWidget()
        left.setMinimumWidth(200)
        column = QVBoxLayout(left)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(Label("模板", "caption"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("模板"))
        self.list.currentItemChanged.connect(self._on_chosen)
        column.addWidget(self.list, 2)
        tools = QHBoxLayout()
        tools.setSpacing(2)
        tools.addWidget(Label("结构", "caption"))
        tools.addStretch(1)
        self.add = IconButton("add", "添加字段", on_click=self._show_kinds)
        tools.addWidget(IconButton("folder", "添加部分", on_click=self.presenter.add_section))
        tools.addWidget(self.add)
        tools.addWidget(IconButton("arrow_up", "上移", on_click=self._up))
        tools.addWidget(IconButton("arrow_down", "下移", on_click=self._down))
        tools.addWidget(IconButton("clear", "删除", on_click=self.presenter.remove))
        column.addLayout(tools)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(14)
        self.tree.setAccessibleName(tr("结构"))
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.currentItemChanged.connect(self._on_part)
        column.addWidget(self.tree, 3)
        return left

    def _middle(self) -> QWidget:
        middle = QWidget()
        middle.setMinimumWidth(360)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.properties = Properties(self.presenter.change)
        column.addWidget(scrolling(self.properties), 1)
        self.troubles = QWidget()
        lines = QVBoxLayout(self.troubles)
        lines.setContentsMargins(16, 6, 16, 8)
        self.mistakes = Label("", "error", wrap=True)
        self.unknown = QLabel()
        self.unknown.setWordWrap(True)
        self.unknown.setTextFormat(Qt.TextFormat.PlainText)
        self.unknown.setProperty("look", "quiet")
        lines.addWidget(self.mistakes)
        lines.addWidget(self.unknown)
        column.addWidget(hairline())
        column.addWidget(self.troubles)
        return middle

    def _right(self) -> QWidget:
        right = QWidget()
        right.setMinimumWidth(340)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(12, 0, 12, 0)
        head.addWidget(Label("试填", "caption"))
        column.addLayout(head)
        self.body = FormBody(self.presenter)
        column.addWidget(self.body, 3)
        column.addWidget(hairline())
        words = QVBoxLayout()
        words.setContentsMargins(12, 4, 12, 8)
        words.addWidget(Label("写出的报告", "caption"))
        self.words = QPlainTextEdit()
        self.words.setReadOnly(True)
        self.words.setAccessibleName(tr("写出的报告"))
        words.addWidget(self.words)
        column.addLayout(words, 2)
        return right

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def show_state(self, state: EditorState) -> None:
        """Show a state."""
        self._show_list(state)
        draft = state.draft
        has = draft is not None
        for widget in (self.tree, self.properties, self.body, self.words):
            widget.setVisible(has)
        view = state.view
        row = view.row if view is not None else None
        self.undo.setVisible(state.may_undo)
        self.history.setVisible(len(state.versions) > 1)
        self.delete.setVisible(row is not None and row.published_version == 0)
        self.retire.setVisible(row is not None and row.state is TemplateState.PUBLISHED)
        self.save.setEnabled(state.is_changed)
        self.publish.setEnabled(state.may_publish)
        self.export.setEnabled(row is not None)
        self._show_troubles(state)
        if draft is None:
            return
        self._show_outline(draft, state)
        try:
            part = outline.at(draft, state.place)
        except IndexError:
            part = draft
        self.properties.show_part(part, (state.edition, state.place))
        if state.trial.filled is not None:
            self.body.show_state(state.trial)
        text = f"{tr('影像所见')}\n{state.findings}\n\n{tr('诊断意见')}\n{state.impression}"
        if self.words.toPlainText() != text:
            self.words.setPlainText(text)

    def _show_list(self, state: EditorState) -> None:
        present = [self.list.item(number).data(_ROLE) for number in range(self.list.count())]
        self.list.blockSignals(True)
        if present != list(state.rows):
            self.list.clear()
            for row in state.rows:
                item = QListWidgetItem(f"{row.title}\n{_about(row)}")
                item.setData(_ROLE, row)
                self.list.addItem(item)
        wanted = state.view.row.id if state.view is not None else 0
        number = next((n for n, row in enumerate(state.rows) if row.id == wanted), -1)
        self.list.setCurrentRow(number)
        self.list.blockSignals(False)

    def _show_troubles(self, state: EditorState) -> None:
        more = len(state.mistakes) - 3
        lines = [one.sentence for one in state.mistakes[:3]]
        if more > 0:
            lines.append(tr("还有 {count} 处", count=more))
        self.mistakes.setText("\n".join(lines))
        self.mistakes.setVisible(bool(lines))
        told = [tr("导入时没有看懂：")] + [f"· {one}" for one in state.unknown[:8]]
        self.unknown.setText("\n".join(told))
        self.unknown.setVisible(bool(state.unknown))
        self.troubles.setVisible(bool(lines or state.unknown))

    def _show_outline(self, draft: FormTemplate, state: EditorState) -> None:
        self.tree.blockSignals(True)
        shown = (
            draft.title,
            [(s.title, [(f.label, f.kind, [i.label for i in f.fields]) for f in s.fields]) for s in draft.sections],
        )
        if shown != self._outline_shown:
            self._outline_shown = shown
            self.tree.clear()
            root = QTreeWidgetItem(self.tree, [draft.title])
            root.setData(0, _ROLE, ())
            for s, section in enumerate(draft.sections):
                branch = QTreeWidgetItem(root, [section.title])
                branch.setData(0, _ROLE, (s,))
                for f, field in enumerate(section.fields):
                    leaf = QTreeWidgetItem(branch, [f"{field.label}　{tr(KINDS[field.kind])}"])
                    leaf.setData(0, _ROLE, (s, f))
                    for i, inner in enumerate(field.fields):
                        QTreeWidgetItem(leaf, [f"{inner.label}　{tr(KINDS[inner.kind])}"]).setData(0, _ROLE, (s, f, i))
            self.tree.expandAll()
        item = self._item_at(state.place)
        if item is not None and item is not self.tree.currentItem():
            self.tree.setCurrentItem(item)
        self.tree.blockSignals(False)

    def _item_at(self, place: outline.Place) -> QTreeWidgetItem | None:
        item = self.tree.topLevelItem(0)
        for number in place:
            item = item.child(number) if item is not None else None
        return item

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "words"):
            self._outline_shown = None
            self.list.blockSignals(True)
            self.list.clear()
            self.list.blockSignals(False)
            self.show_state(self.presenter.state)
        super().changeEvent(event)

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _on_chosen(self, item: QListWidgetItem | None, _before: QListWidgetItem | None = None) -> None:
        if item is None:
            return
        row = item.data(_ROLE)
        if self.presenter.state.is_changed:
            self._place.messages.say(tr("请先保存或撤销对当前模板的修改。"), Tone.WARNING)
            self._show_list(self.presenter.state)
            return
        self.presenter.open(row.id)

    def _on_part(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None = None) -> None:
        if item is not None:
            self.presenter.select(tuple(item.data(0, _ROLE)))

    def _show_kinds(self) -> None:
        menu = QMenu(self)
        for kind, words in KINDS.items():
            menu.addAction(tr(words)).setData(kind.value)
        menu.triggered.connect(self._on_kind)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def _on_kind(self, action: object) -> None:
        self.add_field(FieldKind(action.data()))  # type: ignore[attr-defined]  # a QAction of the menu

    def add_field(self, kind: FieldKind) -> None:
        """A field of this kind behind the selected part."""
        self.presenter.add_field(kind, tr(KINDS[kind]))

    def _up(self) -> None:
        self.presenter.move(-1)

    def _down(self) -> None:
        self.presenter.move(1)

    def _show_history(self) -> None:
        menu = QMenu(self)
        for one in self.presenter.state.versions[:30]:
            at = one.at.astimezone().strftime("%Y-%m-%d %H:%M")
            mark = f"  {tr('已发布')}" if one.is_published else ""
            menu.addAction(f"{tr('第 {version} 版', version=one.version)}  {at}  {one.by}{mark}").setData(one.version)
        menu.triggered.connect(self._on_version)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.history.mapToGlobal(self.history.rect().bottomLeft()))

    def _on_version(self, action: object) -> None:
        view = self.presenter.state.view
        if view is not None:
            self.presenter.open(view.row.id, int(action.data()))  # type: ignore[attr-defined]  # a QAction

    def _import(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, tr("导入 MRRT"), "", "HTML (*.html *.htm *.xhtml)")
        if path:
            self.import_file(Path(path))

    def import_file(self, path: Path) -> None:
        """Import a file that the user chose."""
        try:
            size = path.stat().st_size
            data = path.read_bytes() if size <= _LARGEST_FILE else b""
        except OSError:
            self._place.messages.say(tr("文件打不开，请检查后重试。"), Tone.WARNING)
            return
        if size > _LARGEST_FILE:
            self._place.messages.say(tr("文件太大，模板文件最大 2 MB。"), Tone.WARNING)
            return
        self.presenter.take_in(data)

    def _export(self) -> None:
        self.presenter.give_out(self._write)

    def _write(self, file: MrrtFile) -> None:
        path, _kind = QFileDialog.getSaveFileName(self, tr("导出 MRRT"), file.file_name, "HTML (*.html)")
        if path:
            self.write_file(Path(path), file)

    def write_file(self, path: Path, file: MrrtFile) -> None:
        """Write an exported file where the user wants it."""
        try:
            path.write_bytes(file.html)
        except OSError:
            self._place.messages.say(tr("文件写不了，请换一个位置再试。"), Tone.WARNING)
            return
        self._place.messages.say(tr("已导出到 {path}", path=str(path)), Tone.SUCCESS)


def _labels(fields: tuple[Field, ...]) -> list[object]:
    return [(field.label, field.kind, _labels(field.fields)) for field in fields]


def _about(row: FormTemplateRow) -> str:
    types = " ".join(row.exam_types) or tr("全部类型")
    newer = row.state is TemplateState.PUBLISHED and row.version > row.published_version
    state = tr("有未发布的修改") if newer else tr(_STATES[row.state])
    return f"{types} · {state} · {tr('第 {version} 版', version=row.version)}"


def build(place: Workplace) -> QWidget:
    """Make the page."""
    return StructuredTemplatesPage(place)
