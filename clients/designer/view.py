"""The designer on screen: documents above, elements and facts left, the page in the middle, fields right."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from clients.designer.blocks import BlocksPanel
from clients.designer.canvas import Canvas
from clients.designer.history import History, TemplateText
from clients.designer.presenter import TemplatesPresenter
from clients.designer.properties import Properties
from clients.designer.reports import ReportBar, export_file, import_file
from clients.designer.state import TemplatesState
from clients.designer.words import TYPES, title_of, type_of
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import Button, IconButton, Label, ValueLabel, hairline
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.theme import current_theme
from clients.kit.translations import language, tr
from shared.paper.checking import MOST_IMAGE_BYTES
from shared.paper.facts import facts_of, lists_of
from shared.paper.kinds import NAMES_ZH, OF_PATHOLOGY, DocumentKind
from shared.paper.template import CodeElement, TextElement, Words

_ALIGN = (
    ("left", "左对齐"), ("centre", "水平居中"), ("right", "右对齐"),
    ("top", "上对齐"), ("middle", "垂直居中"), ("bottom", "下对齐"),
)  # fmt: skip
_LEFT, _RIGHT = 216, 300
OF_THE_HOSPITAL = tuple(kind for kind in DocumentKind if kind not in OF_PATHOLOGY)
"""What the administration designs; pathology designs its own reports in its workstation."""


class TemplatesPage(QWidget):
    """打印模板."""

    def __init__(self, place: Workplace, kinds: Sequence[DocumentKind] = OF_THE_HOSPITAL) -> None:
        """`kinds` are the documents that are designed here; the first one is shown at first."""
        super().__init__()
        self._place, self._kinds = place, tuple(kinds)
        self.presenter = TemplatesPresenter(place.connection, place.runner, place.messages, first=self._kinds[0])
        self._edition = -1
        self._quiet = False
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self._head())
        box.addWidget(hairline())
        self.report_bar = ReportBar(place, self.presenter)
        box.addWidget(self.report_bar)
        box.addWidget(self._tools())
        box.addWidget(hairline())
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._left())
        middle.addWidget(hairline(vertical=True))
        self.canvas = Canvas(self.presenter.do)
        self.area = QScrollArea()
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.canvas)
        middle.addWidget(self.area, 1)
        middle.addWidget(hairline(vertical=True))
        self.properties = Properties(
            lambda name, value: self.presenter.do(lambda design: design.set_field(name, value)),
            lambda name, value: self.presenter.do(lambda design: design.set_page(**{name: value})),
        )
        self.blocks = BlocksPanel(self.presenter)
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.properties)
        column.addWidget(self.blocks)
        column.addStretch(1)
        right = scrolling(both)
        right.setFixedWidth(_RIGHT)
        middle.addWidget(right)
        box.addLayout(middle, 1)
        box.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 6, 16, 6)
        self.status = ValueLabel("", "caption")
        foot.addWidget(self.status, 1)
        self.version = Label("", "caption")
        foot.addWidget(self.version)
        box.addLayout(foot)
        self._shortcuts()
        self.setFocusProxy(self.canvas)
        self.presenter.show_to(self._render)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _head(self) -> QWidget:
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(16, 8, 16, 8)
        self.kinds = SegmentedControl([Option(kind.value, NAMES_ZH[kind]) for kind in self._kinds])
        self.kinds.chosen.connect(lambda kind: self.presenter.open(DocumentKind(kind)))
        line.addWidget(self.kinds)
        line.addStretch(1)
        line.addWidget(Button("历史版本", "quiet", "history", on_click=self._show_history))
        line.addWidget(Button("文本", "quiet", "document", on_click=self._show_text))
        files = self._place, self.presenter
        line.addWidget(IconButton("upload", "导入模板", on_click=lambda: import_file(self, *files)))
        line.addWidget(IconButton("download", "导出模板", on_click=lambda: export_file(self, *files)))
        self.save_button = Button("保存", "primary", "save", on_click=self._save)
        line.addWidget(self.save_button)
        return bar

    def _tools(self) -> QWidget:
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(16, 4, 16, 4)
        line.setSpacing(4)
        do = self.presenter.do
        self.of_reports: list[QWidget] = []
        for kind in ("text", "fields", "code", "qr", "datamatrix", "line", "box", "repeat", "flow", "watermark"):
            source, icon = TYPES[kind]
            button = IconButton(icon, source, on_click=_Add(self.presenter, kind))
            line.addWidget(button)
            if kind in ("flow", "watermark"):
                self.of_reports.append(button)
        line.addWidget(IconButton("image", "图片", on_click=self._choose_picture))
        line.addWidget(hairline(vertical=True))
        self.undo = IconButton("undo", "撤销", on_click=lambda: do(lambda design: design.undo()))
        self.redo = IconButton("redo", "重做", on_click=lambda: do(lambda design: design.redo()))
        line.addWidget(self.undo)
        line.addWidget(self.redo)
        line.addWidget(IconButton("copy", "复制一份", on_click=lambda: do(lambda design: design.duplicate())))
        line.addWidget(IconButton("clear", "删除", on_click=lambda: do(lambda design: design.remove())))
        line.addWidget(hairline(vertical=True))
        for how, source in _ALIGN:
            line.addWidget(IconButton(f"align_{how}", source, on_click=self._aligner(how)))
        line.addStretch(1)
        self.spoken = SegmentedControl([Option("zh", "中文"), Option("en", "英文")])
        self.spoken.chosen.connect(self.presenter.see_in)
        line.addWidget(self.spoken)
        line.addWidget(IconButton("minus", "缩小", on_click=lambda: self.canvas.set_zoom(self.canvas.zoom / 1.25)))
        line.addWidget(IconButton("add", "放大", on_click=lambda: self.canvas.set_zoom(self.canvas.zoom * 1.25)))
        line.addWidget(IconButton("fullscreen", "整页", on_click=self.fit))
        return bar

    def _left(self) -> QWidget:
        left = QWidget()
        left.setFixedWidth(_LEFT)
        box = QVBoxLayout(left)
        box.setContentsMargins(8, 8, 8, 8)
        box.setSpacing(6)
        box.addWidget(Label("元素", "strong"))
        self.elements = QListWidget()
        self.elements.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.elements.itemSelectionChanged.connect(self._elements_chosen)
        box.addWidget(self.elements, 3)
        box.addWidget(Label("数据项", "strong"))
        box.addWidget(Label("双击插入所选文字或条码。", "caption", wrap=True))
        self.facts = QListWidget()
        self.facts.itemActivated.connect(self._insert_fact)
        box.addWidget(self.facts, 2)
        return left

    def _shortcuts(self) -> None:
        do = self.presenter.do
        for keys, act in (
            ("Ctrl+Z", lambda: do(lambda design: design.undo())),
            ("Ctrl+Y", lambda: do(lambda design: design.redo())),
            ("Ctrl+Shift+Z", lambda: do(lambda design: design.redo())),
            ("Ctrl+D", lambda: do(lambda design: design.duplicate())),
            ("Ctrl+S", self.presenter.save),
            ("Ctrl+PgUp", lambda: do(lambda design: design.reorder(True))),
            ("Ctrl+PgDown", lambda: do(lambda design: design.reorder(False))),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
        everything = QShortcut(QKeySequence("Ctrl+A"), self.canvas)
        everything.setContext(Qt.ShortcutContext.WidgetShortcut)
        everything.activated.connect(lambda: do(lambda design: design.select_all()))

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _aligner(self, how: str) -> Callable[[], None]:
        return lambda: self.presenter.do(lambda design: design.align(how, self.canvas.places))

    def fit(self) -> None:
        """The whole page in the view."""
        self.canvas.fit(self.area.viewport().size())

    def _choose_picture(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, tr("选择图片"), "", "PNG, JPEG (*.png *.jpg *.jpeg)")
        if path:
            self.add_picture(Path(path))

    def add_picture(self, path: Path) -> None:
        """Take a picture file into the template."""
        try:
            with path.open("rb") as stream:
                data = stream.read(MOST_IMAGE_BYTES + 1)
        except OSError as fault:
            self._place.messages.report(fault)
            return
        self.presenter.add_picture(path.stem, base64.b64encode(data).decode("ascii"))

    def _save(self) -> None:
        self.presenter.save()

    def _show_history(self) -> None:
        self._place.side_panel.show_content("历史版本", History(self.presenter))

    def _show_text(self) -> None:
        self._place.side_panel.show_content("模板文本", TemplateText(self.presenter), width=560)

    def _elements_chosen(self) -> None:
        if not self._quiet:
            rows = [self.elements.row(item) for item in self.elements.selectedItems()]
            self.presenter.do(lambda design: design.select(*rows))

    def _insert_fact(self, item: QListWidgetItem) -> None:
        name = f"{{{item.data(Qt.ItemDataRole.UserRole)}}}"
        design = self.presenter.design
        one = design.one if design is not None else None
        if isinstance(one, CodeElement):
            self.presenter.do(lambda changed: changed.set_field("value", name))
        elif isinstance(one, TextElement):
            old = one.text
            text = f"{old} {name}".strip() if isinstance(old, str) else Words(f"{old.zh} {name}", f"{old.en} {name}")
            self.presenter.do(lambda changed: changed.set_field("text", text))
        else:
            element = TextElement(x_mm=5, y_mm=5, width_mm=30, height_mm=5, text=name)
            self.presenter.do(lambda changed: changed.add(element))

    # ── rendering ────────────────────────────────────────────────────────────────────────────────────

    def _render(self, state: TemplatesState) -> None:
        self.kinds.set_current(state.kind.value)
        self.spoken.set_current(state.language)
        is_new = state.edition != self._edition
        self.canvas.show_design(self.presenter.design, state.laid_out, state.page, state.pictures)
        self.report_bar.show_state(state)
        for button in self.of_reports:
            button.setVisible(state.kind is DocumentKind.REPORT or state.kind in OF_PATHOLOGY)
        if is_new and state.laid_out is not None:
            self._edition = state.edition
            self.fit()
            self._fill_facts(state)
        self._fill_elements(state)
        if state.template is not None:
            one = state.template.elements[state.selected[0]] if len(state.selected) == 1 else None
            self.properties.show_element(one, state.template.page, len(state.selected), facts_of(state.kind))
            self.blocks.show_state(state)
        self.undo.setEnabled(state.may_undo)
        self.redo.setEnabled(state.may_redo)
        self.save_button.setEnabled(state.is_changed and not state.is_saving and not state.problem)
        words = tr("第 {version} 版", version=state.base_version) if state.base_version else tr("系统自带")
        self.version.setText(words + (" *" if state.is_changed else ""))
        self.status.setProperty("look", "error" if state.problem else "caption")
        self.status.style().polish(self.status)
        self.status.set_text(state.problem or self._hint(state))

    def _hint(self, state: TemplatesState) -> str:
        if state.is_loading:
            return tr("正在加载…")
        if state.laid_out is not None and state.laid_out.missing:
            return tr("字体中没有这些字符：{characters}", characters="、".join(state.laid_out.missing))
        return tr("画面与打印一致。拖动移动，Alt 不吸附，方向键微移，Tab 选择下一个。")

    def _fill_elements(self, state: TemplatesState) -> None:
        elements = state.template.elements if state.template is not None else ()
        spoken = state.language
        titles = [title_of(element, spoken) for element in elements]
        self._quiet = True
        if [self.elements.item(row).text() for row in range(self.elements.count())] != titles:
            self.elements.clear()
            for element, title in zip(elements, titles, strict=True):
                item = QListWidgetItem(current_theme().icon(TYPES[type_of(element)][1]), title)
                item.setToolTip(title)
                self.elements.addItem(item)
        for row in range(self.elements.count()):
            self.elements.item(row).setSelected(row in state.selected)
        if len(state.selected) == 1:
            self.elements.scrollToItem(self.elements.item(state.selected[0]))
        self._quiet = False

    def _fill_facts(self, state: TemplatesState) -> None:
        self.facts.clear()
        english = language() == "en"
        named = [(fact.name, fact.en if english else fact.zh) for fact in facts_of(state.kind)]
        for one in lists_of(state.kind):
            title = one.en if english else one.zh
            named += [(f"{one.name}.{fact.name}", f"{title}: {fact.en if english else fact.zh}") for fact in one.facts]
        for name, words in named:
            item = QListWidgetItem(f"{words}  {{{name}}}")
            item.setData(Qt.ItemDataRole.UserRole, name)
            self.facts.addItem(item)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.presenter.design is None and not self.presenter.state.is_loading:
            self.presenter.open(self.presenter.state.kind)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "status"):
            self._fill_facts(self.presenter.state)
            self._render(self.presenter.state)


class _Add:
    """Adds an element of its type."""

    def __init__(self, presenter: TemplatesPresenter, kind: str) -> None:
        self._presenter, self._kind = presenter, kind

    def __call__(self, *_: object) -> None:
        self._presenter.add(self._kind)
