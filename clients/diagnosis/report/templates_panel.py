"""The template area: public and personal templates and phrases, searched, shown, used (RIS-RPF)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.diagnosis.report.editor import subset_html
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import Button, IconButton, Label
from clients.kit.pinyin import matches
from clients.kit.translations import tr
from shared.contract.reporting import SaveTemplate, TemplateView
from shared.domain.rich_text import plain, sanitised

PUBLIC, OWN, PHRASES = "public", "own", "phrases"
ROOTS = {OWN: "知识库", PHRASES: "常用词条"}


class Intentions(Protocol):
    """What templates ask of their presenter."""

    def use_template(self, template: TemplateView, *, is_replacing: bool) -> None: ...
    def save_template(self, request: SaveTemplate) -> None: ...
    def delete_template(self, template: TemplateView) -> None: ...


class TemplatesPanel(QWidget):
    """Three kinds behind one switch; a tree of folders, the text below it, buttons that use it."""

    phrase_wanted = Signal(str)
    """a phrase to be put at the cursor of the writing area."""

    def __init__(self) -> None:
        super().__init__()
        self._intentions: Intentions | None = None
        self._templates: tuple[TemplateView, ...] = ()
        self._exam_type = ""
        self._may_type = False
        self.kind = SegmentedControl(
            (Option(PUBLIC, "公共模板"), Option(OWN, "个人模板"), Option(PHRASES, "常用词条")), PUBLIC
        )
        self.kind.chosen.connect(self._on_kind)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(False)
        self.search.textChanged.connect(self._on_search)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(14)
        self.tree.currentItemChanged.connect(self._on_current)
        self.tree.itemDoubleClicked.connect(self._on_double_click)
        self.text = QTextEdit()
        self.text.setReadOnly(True)
        self.replace_button = Button("替换", "", "copy", on_click=self._replace)
        self.insert_button = Button("插入", "primary", "add", on_click=self._insert)
        self.edit_button = IconButton("edit", "编辑", on_click=self._edit)
        self.delete_button = IconButton("clear", "删除", on_click=self._delete)
        self.new_button = IconButton("add", "新增", on_click=self._new)
        self.editor = _TemplateEditor(self._save_edited, self._end_edit)
        self.editor.hide()
        self._arrange()
        self._show_buttons()

    def attach(self, intentions: Intentions) -> None:
        """Report to this presenter from now on."""
        self._intentions = intentions

    def show_templates(self, templates: Sequence[TemplateView], exam_type: str, *, may_type: bool) -> None:
        """Show the templates; those of the exam's type come first."""
        self._may_type = may_type
        if (tuple(templates), exam_type) != (self._templates, self._exam_type):
            self._templates, self._exam_type = tuple(templates), exam_type
            self._fill()
        self._show_buttons()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "editor"):
            self._fill()
        super().changeEvent(event)

    def selected(self) -> TemplateView | None:
        """The template whose text is shown."""
        item = self.tree.currentItem()
        found = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        return found if isinstance(found, TemplateView) else None

    def choose(self, template_id: int) -> bool:
        """Select a template by id; False when it is not listed."""
        for item in self._leaves():
            template = item.data(0, Qt.ItemDataRole.UserRole)
            if template.id == template_id:
                self.tree.setCurrentItem(item)
                return True
        return False

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.search, 1)
        head.addWidget(self.new_button)
        below = QWidget()
        lower = QVBoxLayout(below)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(8)
        lower.addWidget(self.text, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.edit_button)
        buttons.addWidget(self.delete_button)
        buttons.addStretch(1)
        buttons.addWidget(self.replace_button)
        buttons.addWidget(self.insert_button)
        lower.addLayout(buttons)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self.tree)
        self.splitter.addWidget(below)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.kind)
        layout.addLayout(head)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self.editor, 1)

    def _fill(self) -> None:
        kept = self.selected()
        self.tree.blockSignals(True)
        self.tree.clear()
        wanted = self.search.text().strip()
        folders: dict[str, QTreeWidgetItem] = {}
        for template in sorted(self._of_kind(), key=self._rank):
            if wanted and not _hits(template, wanted):
                continue
            parent = self._folder(folders, template)
            item = QTreeWidgetItem(parent, [template.name])
            item.setData(0, Qt.ItemDataRole.UserRole, template)
            item.setToolTip(0, plain(template.findings)[:200])
        for text, folder in folders.items():
            folder.setExpanded(bool(wanted) or self.kind.current != PUBLIC or self._exam_type in text.split("/"))
        self.tree.blockSignals(False)
        if kept is None or not self.choose(kept.id):
            self.text.clear()
        self.search.setPlaceholderText(tr("搜索名称、内容或拼音首字母"))

    def _folder(self, folders: dict[str, QTreeWidgetItem], template: TemplateView) -> QTreeWidgetItem:
        root = tr(ROOTS[self.kind.current]) if self.kind.current in ROOTS else ""
        path = "/".join(part for part in (root, template.folder) if part and part != root) or root
        if path not in folders:
            folders[path] = QTreeWidgetItem(self.tree, [path])
        return folders[path]

    def _of_kind(self) -> list[TemplateView]:
        kind = self.kind.current
        return [
            one
            for one in self._templates
            if (kind == PUBLIC and one.owner_id == 0)
            or (kind == OWN and one.owner_id and not one.is_phrase)
            or (kind == PHRASES and one.owner_id and one.is_phrase)
        ]

    def _rank(self, template: TemplateView) -> tuple[bool, str, int]:
        return (template.exam_type != self._exam_type, template.folder, template.id)

    def _leaves(self) -> list[QTreeWidgetItem]:
        folders = [self.tree.topLevelItem(i) for i in range(self.tree.topLevelItemCount())]
        leaves = [folder.child(j) for folder in folders if folder is not None for j in range(folder.childCount())]
        return [leaf for leaf in leaves if leaf is not None]

    def _show_buttons(self) -> None:
        template = self.selected()
        own = template is not None and template.owner_id != 0
        is_phrases = self.kind.current == PHRASES
        self.replace_button.setVisible(not is_phrases)
        self.replace_button.setEnabled(template is not None and self._may_type)
        self.insert_button.setEnabled(template is not None and self._may_type)
        self.edit_button.setVisible(own)
        self.delete_button.setVisible(own)
        self.new_button.setVisible(self.kind.current != PUBLIC)

    def _on_kind(self, _key: str) -> None:
        self._fill()
        self._show_buttons()

    def _on_search(self, _text: str) -> None:
        self._fill()

    def _on_current(self, _current: QTreeWidgetItem | None, _before: QTreeWidgetItem | None = None) -> None:
        template = self.selected()
        if template is None:
            self.text.clear()
        else:
            gap = "<br>" if template.impression else ""
            self.text.setHtml(f"{template.findings}{gap}<b>{template.impression}</b>")
        self._show_buttons()

    def _on_double_click(self, _item: QTreeWidgetItem, _column: int) -> None:
        if self._may_type:
            self._insert()

    def _replace(self) -> None:
        template = self.selected()
        if template is not None and self._intentions is not None:
            self._intentions.use_template(template, is_replacing=True)

    def _insert(self) -> None:
        template = self.selected()
        if template is None or self._intentions is None:
            return
        if template.is_phrase:
            self.phrase_wanted.emit(template.findings)
        else:
            self._intentions.use_template(template, is_replacing=False)

    def _delete(self) -> None:
        template = self.selected()
        if template is not None and self._intentions is not None:
            self._intentions.delete_template(template)

    def _new(self) -> None:
        self._open_editor(None)

    def _edit(self) -> None:
        self._open_editor(self.selected())

    def _open_editor(self, template: TemplateView | None) -> None:
        is_phrase = self.kind.current == PHRASES
        self.editor.open(template, is_phrase=is_phrase, folder=tr(ROOTS[self.kind.current]), exam_type=self._exam_type)
        self.splitter.hide()
        self.editor.show()

    def _save_edited(self, request: SaveTemplate) -> None:
        if self._intentions is not None:
            self._intentions.save_template(request)
        self._end_edit()

    def _end_edit(self) -> None:
        self.editor.hide()
        self.splitter.show()


class _TemplateEditor(QWidget):
    """Adds or changes an own template or phrase."""

    def __init__(self, save: Callable[[SaveTemplate], None], end: Callable[[], None]) -> None:
        super().__init__()
        self._save_request = save
        self._id: int | None = None
        self._is_phrase = False
        self._exam_type = ""
        self.name, self.folder = QLineEdit(), QLineEdit()
        self.findings, self.impression = QTextEdit(), QTextEdit()
        self._impression_label = Label("诊断意见", "caption")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for label, widget in (
            (Label("名称", "caption"), self.name),
            (Label("目录", "caption"), self.folder),
            (Label("内容", "caption"), self.findings),
            (self._impression_label, self.impression),
        ):
            layout.addWidget(label)
            layout.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button("取消", "quiet", on_click=end))
        buttons.addWidget(Button("保存", "primary", on_click=self._save))
        layout.addLayout(buttons)

    def open(self, template: TemplateView | None, *, is_phrase: bool, folder: str, exam_type: str) -> None:
        """Start with a template, or with an empty one."""
        self._id = template.id if template else None
        self._is_phrase = is_phrase
        self._exam_type = template.exam_type if template else exam_type
        self.name.setText(template.name if template else "")
        self.folder.setText(template.folder if template else folder)
        for box, text in (
            (self.findings, template.findings if template else ""),
            (self.impression, template.impression if template else ""),
        ):
            box.setHtml(sanitised(text).replace("\n", "<br>"))
        self.impression.setVisible(not is_phrase)
        self._impression_label.setVisible(not is_phrase)
        self.name.setFocus()

    def _save(self) -> None:
        missing = [box for box in (self.name, self.findings) if not _words(box)]
        if missing:
            missing[0].setFocus()
            return
        self._save_request(
            SaveTemplate(
                id=self._id,
                is_phrase=self._is_phrase,
                folder=self.folder.text().strip(),
                name=self.name.text().strip(),
                exam_type=self._exam_type,
                findings=sanitised(subset_html(self.findings.document())),
                impression=sanitised(subset_html(self.impression.document())),
            )
        )


def _words(box: QLineEdit | QTextEdit) -> str:
    return (box.text() if isinstance(box, QLineEdit) else box.toPlainText()).strip()


def _hits(template: TemplateView, wanted: str) -> bool:
    return matches(template.name, wanted) or wanted in plain(template.findings) or wanted in template.folder
