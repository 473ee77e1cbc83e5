"""诊断模板维护 (PA-TPL-01 to 09): the tree with its menu, the editor, revisions, files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.dialogs import Question
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.pinyin import matches
from clients.kit.shell import Workplace
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.templates.naming import NameWindow
from clients.pathology.templates.text_editor import TextEditor
from clients.pathology.templates.tree_presenter import TreePresenter, TreeState
from clients.pathology.templates.trouble import TroubleLine
from shared.contract.pathology_templates import DiseaseRow, SiteView, TemplateKind
from shared.domain.permissions import Permission

_ROW = Qt.ItemDataRole.UserRole
_FILES = "Excel, JSON (*.xlsx *.csv *.json)"


class MaintenanceView(QWidget):
    """Left the tree of organs and diseases, right the texts of the chosen disease."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._gone = False
        self._wanted: int | None = None
        self._shown: tuple[int, int] | None = None
        self._shows_draft = False
        self._may_public = place.may(Permission.PATHOLOGY_TEMPLATES)
        self.presenter = TreePresenter(place.connection, place.runner, place.messages)
        self.kind = SegmentedControl(
            [Option(TemplateKind.DIAGNOSIS.value, "诊断模板"), Option(TemplateKind.GROSS.value, "检查模板")]
        )
        self.kind.chosen.connect(self._choose_kind)
        self.search = QLineEdit()
        self.search.textChanged.connect(lambda _text: self._fill())
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._menu_at)
        self.tree.currentItemChanged.connect(self._chosen)
        self.title = ValueLabel("", "title")
        self.history = ValueLabel("", "caption")
        self.editor = TextEditor()
        self.editor.edited.connect(self._edited)
        self.check_button = Button("检验报告", "", "check_circle", on_click=self.editor.check)
        self.revisions_button = Button("历史版本", "", "history", on_click=self.presenter.load_revisions)
        self.save_button = Button("保存", "primary", "save", on_click=self.save)
        self.export_button = Button("导出", "", "download", on_click=self._export)
        self.import_button = Button("导入", "", "upload", on_click=self._import)
        self.trouble = TroubleLine()
        self.report = _ImportStrip(self._take_file, self.presenter.forget_file)
        self._arrange()
        self._words()
        save = QShortcut(QKeySequence.StandardKey.Save, self, self.save)
        save.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.presenter.show_to(self.render_state)
        self.presenter.refresh()

    def closeEvent(self, event: object) -> None:
        self._gone = True
        super().closeEvent(event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._words()
            self.render_state(self.presenter.state)
        super().changeEvent(event)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: TreeState) -> None:
        """Show the tree, and the text when another one came."""
        if self._gone:
            return
        self.trouble.set_text(state.trouble)
        self.report.show_report(state.file_name, state.checked)
        self._fill()
        text = state.text
        here = (text.id, text.version) if text is not None else None
        if here != self._shown:
            self._shown = here
            self._shows_draft = False
            self._show_text(state)
        self.title.set_text(f"{text.site} · {text.name}" if text else tr("在左侧选择一个病种"))
        saved = ""
        if text is not None and text.saved_at is not None:
            when = text.saved_at.astimezone().strftime("%Y-%m-%d %H:%M")
            saved = tr("第 {revision} 版，{by} 保存于 {when}", revision=text.revision, by=text.saved_by, when=when)
        if self._shows_draft:
            saved = tr("这是上次没有保存的修改，保存后生效")
        self.history.set_text(saved)
        may_edit = text is not None and text.may_edit
        self.editor.setEnabled(text is not None)
        self.editor.set_read_only(not may_edit)
        self.save_button.setEnabled(may_edit and not state.is_busy)
        self.check_button.setEnabled(text is not None)
        self.revisions_button.setEnabled(text is not None and text.revision > 0)
        if state.revisions:
            self._show_revisions(state)

    def _show_text(self, state: TreeState) -> None:
        """What the server has, or what was written here and not saved: the window may have been closed over it."""
        text = state.text
        if text is None:
            self.editor.show_texts(state.kind, "", "")
            return
        draft = self._place.drafts.restore(_draft(text.id)) if text.may_edit else None
        if draft is not None:
            self._shows_draft = True
            self.editor.show_texts(text.kind, str(draft.get("findings", "")), str(draft.get("diagnosis", "")))
            return
        self.editor.show_texts(text.kind, text.findings, text.diagnosis)

    def is_dirty(self) -> bool:
        """Whether the texts differ from what the server has."""
        text = self.presenter.state.text
        return text is not None and self.editor.texts() != (text.findings, text.diagnosis)

    def save(self) -> None:
        """Keep the texts; a text with errors is kept too and cannot be used."""
        if self.save_button.isEnabled():
            self._save(lambda: None)

    def _save(self, then: Callable[[], None]) -> None:
        text = self.presenter.state.text

        def saved() -> None:
            if text is not None:
                self._place.drafts.discard(_draft(text.id))
            then()

        self.presenter.save(*self.editor.texts(), then=saved)

    def _fill(self) -> None:
        state = self.presenter.state
        chosen = state.text.id if state.text is not None else None
        typed = self.search.text().strip()
        opened = {item.text(0) for item in self._sites() if item.isExpanded()}
        self.tree.blockSignals(True)
        self.tree.clear()
        theme = current_theme()
        for site in state.sites or ():
            fits = matches(site.name, typed)
            rows = [one for one in site.diseases if fits or matches(one.name, typed)]
            if not rows and not fits:
                continue
            top = QTreeWidgetItem([("★ " if site.is_mine else "") + site.name])
            top.setData(0, _ROW, site)
            self.tree.addTopLevelItem(top)
            for disease in rows:
                item = QTreeWidgetItem([disease.name])
                item.setData(0, _ROW, disease)
                if not disease.usable:
                    tone = Tone.NEUTRAL if disease.is_empty else Tone.DANGER
                    item.setIcon(0, theme.icon("alert", colour=theme.tone(tone).text))
                    item.setToolTip(0, tr("还没有文本") if disease.is_empty else tr("文本有错误，改正后才能使用"))
                top.addChild(item)
                if disease.id == chosen:
                    self.tree.setCurrentItem(item)
            is_open = bool(typed) or top.text(0) in opened or any(one.id == chosen for one in rows)
            top.setExpanded(is_open)
        self.tree.blockSignals(False)

    def _sites(self) -> list[QTreeWidgetItem]:
        found = (self.tree.topLevelItem(at) for at in range(self.tree.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _words(self) -> None:
        self.search.setPlaceholderText(tr("部位、病种或拼音首字母"))

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _choose_kind(self, key: str) -> None:
        self._leave(lambda: self.presenter.show_kind(TemplateKind(key)))

    def _chosen(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        row = item.data(0, _ROW) if item is not None else None
        if isinstance(row, DiseaseRow):
            self._leave(lambda: self.presenter.open(row.id))

    def _leave(self, then: Callable[[], None]) -> None:
        """Unsaved texts are asked about first."""
        if not self.is_dirty() or not self.save_button.isEnabled():
            then()
            return

        def answered(key: str) -> None:
            if key == "save":
                self._save(then)
            elif key == "discard":
                self._forget_draft()
                then()
            else:
                self.kind.set_current(self.presenter.state.kind.value)
                self._fill()

        choices = (("save", "保存", "primary"), ("discard", "不保存", ""), ("stay", "取消", "quiet"))
        Question(self, "诊断模板维护", tr("模板文本有未保存的修改。"), choices, answered).open()

    def _edited(self) -> None:
        """Journal what is not saved yet."""
        text = self.presenter.state.text
        if text is None or not text.may_edit or self._shown != (text.id, text.version):
            return
        findings, diagnosis = self.editor.texts()
        if (findings, diagnosis) == (text.findings, text.diagnosis):
            self._forget_draft()
        else:
            self._place.drafts.record(_draft(text.id), {"findings": findings, "diagnosis": diagnosis})

    def _forget_draft(self) -> None:
        text = self.presenter.state.text
        if text is not None:
            self._place.drafts.discard(_draft(text.id))

    def _menu_at(self, point: QPoint) -> None:
        menu = self.context_menu(self.tree.itemAt(point))
        menu.popup(self.tree.viewport().mapToGlobal(point))

    def context_menu(self, item: QTreeWidgetItem | None) -> QMenu:
        """The menu of an organ, a disease, or of empty space (PA-TPL-02 to 06)."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        row = item.data(0, _ROW) if item is not None else None
        if self._may_public:
            menu.addAction(tr("增加部位"), lambda: self._ask_site(False))
        menu.addAction(tr("增加个人部位"), lambda: self._ask_site(True))
        if isinstance(row, SiteView) and row.may_edit:
            menu.addSeparator()
            menu.addAction(tr("增加病种"), lambda: self._ask_disease(row))
            menu.addAction(tr("改名"), lambda: self._rename_site(row))
            menu.addAction(tr("删除部位"), lambda: self._delete_site(row))
        if isinstance(row, DiseaseRow):
            site = self.presenter.state.site_of(row.id)
            menu.addSeparator()
            if site is not None and site.may_edit:
                menu.addAction(tr("增加病种"), lambda: self._ask_disease(site))
                menu.addAction(tr("修改诊断模板"), lambda: self._edit(row))
                menu.addAction(tr("改名"), lambda: self._rename_disease(site, row))
                menu.addAction(tr("删除病种"), lambda: self._delete_disease(row))
            else:
                menu.addAction(tr("查看文本"), lambda: self._edit(row))
        return menu

    def _ask_site(self, personal: bool) -> None:
        title = "增加个人部位" if personal else "增加部位"
        NameWindow(self, title, "部位名称", lambda name: self.presenter.add_site(name, personal)).open()

    def _ask_disease(self, site: SiteView) -> None:
        NameWindow(self, "增加病种", "病种名称", lambda name: self.presenter.add_disease(site, name)).open()

    def _rename_site(self, site: SiteView) -> None:
        NameWindow(self, "改名", "部位名称", lambda name: self.presenter.rename_site(site, name), site.name).open()

    def _rename_disease(self, site: SiteView, disease: DiseaseRow) -> None:
        NameWindow(
            self, "改名", "病种名称", lambda name: self.presenter.rename_disease(site, disease, name), disease.name
        ).open()

    def _edit(self, disease: DiseaseRow) -> None:
        text = self.presenter.state.text
        if text is None or text.id != disease.id:
            self._leave(lambda: self.presenter.open(disease.id))
        self.editor.findings.setFocus()

    def _delete_site(self, site: SiteView) -> None:
        words = tr("删除部位“{name}”和它下面的 {count} 个病种？", name=site.name, count=len(site.diseases))
        if not site.diseases:
            self.presenter.delete_site(site)
            return
        self._confirm("删除部位", words, lambda: self.presenter.delete_site(site))

    def _delete_disease(self, disease: DiseaseRow) -> None:
        words = tr("删除病种“{name}”和它的模板文本？", name=disease.name)
        self._confirm("删除病种", words, lambda: self.presenter.delete_disease(disease))

    def _confirm(self, title: str, words: str, done: Callable[[], None]) -> None:
        def answered(key: str) -> None:
            if key == "delete":
                done()

        Question(self, title, words, (("delete", "删除", "danger"), ("stay", "取消", "quiet")), answered).open()

    def _show_revisions(self, state: TreeState) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for row in state.revisions[:20]:
            when = row.saved_at.astimezone().strftime("%Y-%m-%d %H:%M")
            words = tr("第 {revision} 版，{by} 保存于 {when}", revision=row.revision, by=row.saved_by, when=when)
            menu.addAction(words, _Restore(self.editor, state.kind, row.findings, row.diagnosis))
        menu.popup(self.revisions_button.mapToGlobal(QPoint(0, self.revisions_button.height())))

    # ── files ────────────────────────────────────────────────────────────────────────────────────────

    def _export(self) -> None:
        name = tr("检查模板") if self.presenter.state.kind is TemplateKind.GROSS else tr("诊断模板")
        path = QFileDialog.getSaveFileName(self, tr("导出"), f"{name}.xlsx", "Excel (*.xlsx);;JSON (*.json)")[0]
        if path:
            self.presenter.export(Path(path))

    def _import(self) -> None:
        path = QFileDialog.getOpenFileName(self, tr("选择文件…"), "", _FILES)[0]
        if path:
            self.presenter.check_file(Path(path), not self._may_public)

    def _take_file(self) -> None:
        self.presenter.take_file(not self._may_public)

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(12, 12, 12, 12)
        left.setSpacing(8)
        left.addWidget(self.kind)
        left.addWidget(self.search)
        left.addWidget(self.tree, 1)
        files = QHBoxLayout()
        files.addWidget(self.import_button)
        files.addWidget(self.export_button)
        files.addStretch(1)
        left.addLayout(files)
        holder = QWidget()
        holder.setLayout(left)
        holder.setFixedWidth(300)
        head = QHBoxLayout()
        head.setSpacing(8)
        names = QVBoxLayout()
        names.setSpacing(2)
        names.addWidget(self.title)
        names.addWidget(self.history)
        head.addLayout(names, 1)
        for button in (self.revisions_button, self.check_button, self.save_button):
            head.addWidget(button)
        right = QVBoxLayout()
        right.setContentsMargins(16, 12, 16, 12)
        right.setSpacing(10)
        right.addLayout(head)
        right.addWidget(self.trouble)
        right.addWidget(self.report)
        right.addWidget(self.editor, 1)
        right.addWidget(
            Label(
                "一行一句；[甲；乙] 多选，（甲；乙）单选，{（ ）cm} 数值；\\ 使后面的符号成为普通文字",
                "caption",
                wrap=True,
            )
        )
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(holder)
        box.addWidget(hairline(vertical=True))
        box.addLayout(right, 1)


def _draft(template_id: int) -> str:
    return f"pathology-template-{template_id}"


class _Restore:
    def __init__(self, editor: TextEditor, kind: TemplateKind, findings: str, diagnosis: str) -> None:
        self._editor, self._texts = editor, (kind, findings, diagnosis)

    def __call__(self) -> None:
        self._editor.show_texts(*self._texts)


class _ImportStrip(QFrame):
    """What an import would do, with the two answers."""

    def __init__(self, take: Callable[[], None], forget: Callable[[], None]) -> None:
        super().__init__()
        self.setProperty("look", "panel")
        self.words = ValueLabel("", "strong", wrap=True)
        self.problems = ValueLabel("", "error", wrap=True)
        self.take_button = Button("确认导入", "primary", on_click=take)
        forget_button = Button("取消", "quiet", on_click=forget)
        buttons = QHBoxLayout()
        buttons.addWidget(self.take_button)
        buttons.addWidget(forget_button)
        buttons.addStretch(1)
        box = QVBoxLayout(self)
        box.addWidget(self.words)
        box.addWidget(self.problems)
        box.addLayout(buttons)
        self.hide()

    def show_report(self, name: str, report: object) -> None:
        """Show a report; None hides the strip."""
        from shared.contract.pathology_templates import ImportReport

        self.setVisible(isinstance(report, ImportReport))
        if not isinstance(report, ImportReport):
            return
        words = "{name}：新增 {added}，修改 {changed}，相同 {unchanged}"
        counts = {"added": report.added, "changed": report.changed, "unchanged": report.unchanged}
        self.words.set_text(tr(words, name=name, **counts))
        lines = [
            tr("第 {line} 行 {column}：{text}", line=one.line, column=one.column, text=one.text)
            for one in report.problems[:8]
        ]
        self.problems.set_text("\n".join(lines))
        self.problems.setVisible(bool(lines))
        self.take_button.setEnabled(not lines and bool(report.added or report.changed))
