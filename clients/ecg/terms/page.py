"""术语词库: the tree of categories and terms at the left, the entry that is edited at the right (ECG-CONC-04)."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from clients.ecg.reading import term_search
from clients.ecg.terms.presenter import Entry, TermsPresenter, TermsState
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.dialogs import Question
from clients.kit.fields import Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.panels import Banner, EmptyState
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.ecg_terms import CategoryView, TermView
from shared.domain.ecg_reports import TERM_SCOPES, TermKind

_ENTRY = Qt.ItemDataRole.UserRole


class TermsPage(QWidget):
    """Made by the workstation's table of pages."""

    def __init__(self, desk: Any, place: Workplace) -> None:
        super().__init__()
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._filling = False
        self.question: Question | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.trouble = Banner()
        self.trouble.hide()
        outer.addWidget(self.trouble)
        row = QHBoxLayout()
        row.setSpacing(0)
        outer.addLayout(row, 1)
        row.addWidget(self._make_list(), 3)
        row.addWidget(hairline(vertical=True))
        row.addWidget(self._make_editor(), 2)
        self.presenter = TermsPresenter(place, self.show_state)
        self._forget = desk.changed.listen(self._heard) if desk is not None else None
        self.show_state(self.presenter.state)
        self.presenter.open()

    def show_state(self, state: TermsState) -> None:
        """Show the tree and the entry."""
        self._fill(state)
        if state.trouble:
            self.trouble.show_message(state.trouble, Tone.DANGER, action="重试", on_action=self.presenter.open)
        else:
            self.trouble.hide()
        entry = state.chosen
        self.pages.setCurrentIndex(0 if entry is None else 1 if isinstance(entry, TermView) else 2)
        if entry is None:
            return
        english = language() is Language.ENGLISH
        scope = TERM_SCOPES[entry.scope]
        title = ("新术语" if entry.id == 0 else "术语") if isinstance(entry, TermView) else "分类"
        form = self.term if isinstance(entry, TermView) else self.category
        self.heads[form].set_source(title)
        said = scope.en if english else scope.zh
        self.scopes[form].set_text(said if state.may_edit else tr("{scope}，只读", scope=said))
        if form.property("entry") != repr(entry):
            form.setProperty("entry", repr(entry))
            form.set_values({key: getattr(entry, key) for key in form.values()})
        form.show_problems(dict(state.problems))
        form.setEnabled(state.may_edit)
        self.save_buttons[form].setEnabled(state.may_edit)
        self.remove_buttons[form].setEnabled(state.may_edit and bool(entry.id))

    # ── the list ─────────────────────────────────────────────────────────────────────────────────────

    def _make_list(self) -> QWidget:
        left = QWidget()
        box = QVBoxLayout(left)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(8)
        self.kinds = SegmentedControl([Option("diagnosis", "心电诊断"), Option("finding", "检查所见")])
        self.kinds.chosen.connect(self._on_kind)
        top.addWidget(self.kinds)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_search)
        top.addWidget(self.search, 1)
        box.addLayout(top)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.currentItemChanged.connect(self._on_item)
        box.addWidget(self.tree, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(Button("新增术语", "primary", "add", on_click=self._new_term))
        foot.addWidget(Button("新增分类", "", "folder", on_click=self._new_category))
        self.count = ValueLabel("", "caption")
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self.count, 1)
        box.addLayout(foot)
        self._translate()
        return left

    def _fill(self, state: TermsState) -> None:
        wanted = (state.tree, state.kind, self.search.text(), language())
        if self.tree.property("shown") == repr(hash(str(wanted))):
            return
        self.tree.setProperty("shown", repr(hash(str(wanted))))
        self._filling = True
        english = language() is Language.ENGLISH
        opened = self._open_branches()
        self.tree.clear()
        categories, terms = term_search.of_kind(state.tree, state.kind)
        if self.search.text().strip():
            for term in term_search.found(terms, self.search.text()):
                self.tree.addTopLevelItem(_item(term, english))
        else:
            for category in term_search.children(categories, 0):
                self.tree.addTopLevelItem(_branch(category, categories, terms, english))
        self._open(opened)
        self.count.set_text(tr("{count} 条术语", count=len(terms)))
        self._filling = False

    def _open_branches(self) -> set[str]:
        items = [self.tree.topLevelItem(at) for at in range(self.tree.topLevelItemCount())]
        return {item.text(0) for item in items if item is not None and item.isExpanded()}

    def _open(self, names: set[str]) -> None:
        for at in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(at)
            if item is not None and item.text(0) in names:
                item.setExpanded(True)

    def _on_kind(self, key: str) -> None:
        self.presenter.show_kind(TermKind(key))

    def _on_search(self, _text: str) -> None:
        self._fill(self.presenter.state)

    def _on_item(self, item: QTreeWidgetItem | None) -> None:
        if not self._filling and item is not None:
            entry: Entry = item.data(0, _ENTRY)
            self.presenter.choose(entry)

    # ── the entry ────────────────────────────────────────────────────────────────────────────────────

    def _make_editor(self) -> QWidget:
        self.pages = QStackedWidget()
        self.pages.addWidget(EmptyState("text", "没有选择术语", "在左侧选择术语或分类进行修改，或新增。"))
        self.heads: dict[FormView, Label] = {}
        self.scopes: dict[FormView, ValueLabel] = {}
        self.save_buttons: dict[FormView, Button] = {}
        self.remove_buttons: dict[FormView, Button] = {}
        names = [
            TextField(key="zh", label="中文", required=True, max_length=200),
            TextField(key="en", label="英文", max_length=200),
        ]
        codes = [
            TextField(key="initials", label="拼音首字母", max_length=60, hint="留空则自动生成"),
            TextField(key="code", label="编码", max_length=40),
            TextField(key="system", label="编码系统", max_length=40),
        ]
        self.term = FormView([Section("", [*names, *codes])])
        self.category = FormView([Section("", list(names))])
        for form in (self.term, self.category):
            self.pages.addWidget(self._frame(form))
        return self.pages

    def _frame(self, form: FormView) -> QWidget:
        frame = QWidget()
        box = QVBoxLayout(frame)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        head = QHBoxLayout()
        self.heads[form] = Label("", "title")
        self.scopes[form] = ValueLabel("", "caption")
        head.addWidget(self.heads[form])
        head.addWidget(self.scopes[form], 1)
        box.addLayout(head)
        box.addWidget(form)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.save_buttons[form] = Button("保存", "primary", "save", on_click=self._save)
        self.remove_buttons[form] = Button("移除", "danger", "clear", on_click=self._ask_remove)
        row.addWidget(self.save_buttons[form])
        row.addWidget(self.remove_buttons[form])
        row.addStretch(1)
        box.addLayout(row)
        box.addStretch(1)
        form.submitted.connect(self._submitted)
        return frame

    def _new_term(self) -> None:
        self.presenter.new_term()
        self.term.setFocus()

    def _new_category(self) -> None:
        self.presenter.new_category()
        self.category.setFocus()

    def _save(self) -> None:
        form = self.term if isinstance(self.presenter.state.chosen, TermView) else self.category
        self.presenter.save(form.values())

    def _submitted(self, _values: object = None) -> None:
        self._save()

    def _ask_remove(self) -> None:
        entry = self.presenter.state.chosen
        if entry is None:
            return

        def answered(key: str) -> None:
            self.question = None
            if key == "remove":
                self.presenter.remove()

        sentence = tr("移除“{name}”？已提交的报告不受影响。", name=entry.zh)
        choices = (("remove", "移除", "danger"), ("stay", "取消", ""))
        self.question = Question(self, "移除术语", sentence, choices, answered)
        self.question.open()

    def _heard(self, what: tuple[str, int]) -> None:
        if what[0] == "ecg_terms":
            self.presenter.open()

    def _translate(self) -> None:
        self.search.setPlaceholderText(tr("输入文字或拼音首字母查找"))
        self.search.setAccessibleName(tr("查找术语"))
        self.tree.setAccessibleName(tr("诊断术语词库"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._translate()
            self.show_state(self.presenter.state)
        super().changeEvent(event)

    def closeEvent(self, event: object) -> None:
        if self._forget is not None:
            self._forget()
        super().closeEvent(event)  # type: ignore[arg-type]


def _item(entry: Entry, english: bool) -> QTreeWidgetItem:
    item = QTreeWidgetItem([term_search.words(entry, english)])
    item.setData(0, _ENTRY, entry)
    scope = TERM_SCOPES[entry.scope]
    item.setToolTip(0, f"{entry.zh}\n{entry.en}\n{scope.en if english else scope.zh}")
    return item


def _branch(
    category: CategoryView, categories: tuple[CategoryView, ...], terms: tuple[TermView, ...], english: bool
) -> QTreeWidgetItem:
    item = _item(category, english)
    font = item.font(0)
    font.setBold(True)
    item.setFont(0, font)
    for below in term_search.children(categories, category.id):
        item.addChild(_branch(below, categories, terms, english))
    for term in terms:
        if term.category_id == category.id:
            item.addChild(_item(term, english))
    return item
