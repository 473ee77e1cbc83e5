"""The list of drawings beside a slide, and the row of tools above it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.slides.model import Drawn, SlideMarks, measured
from shared.contract.pathology_slides import AnnotationView, MarkKind

WIDTH = 280
TOOLS: tuple[tuple[MarkKind | None, str], ...] = (
    (None, "移动"),
    (MarkKind.POINT, "标记点"),
    (MarkKind.LINE, "长度"),
    (MarkKind.ARROW, "箭头"),
    (MarkKind.RECTANGLE, "矩形"),
    (MarkKind.ELLIPSE, "椭圆"),
    (MarkKind.POLYGON, "勾画区域"),
)
COLOURS = ("#ffd400", "#33c1ff", "#6ee56b", "#ff5c5c", "#101010")
NAMES = {kind: name for kind, name in TOOLS if kind is not None}


class ToolRow(QWidget):
    """Tools and colours."""

    tool_chosen = Signal(object)
    """a MarkKind, or None to move the slide"""
    colour_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        box = QHBoxLayout(self)
        box.setContentsMargins(8, 0, 12, 6)
        box.setSpacing(4)
        self._group = QButtonGroup(self)
        for number, (kind, name) in enumerate(TOOLS):
            button = QPushButton(tr(name))
            button.setCheckable(True)
            button.setChecked(kind is None)
            button.setObjectName(f"slide.tool.{kind.value if kind else 'move'}")
            button.setToolTip(tr("{name}（{key}）", name=tr(name), key=number + 1))
            button.setShortcut(str(number + 1))
            button.clicked.connect(partial(self.tool_chosen.emit, kind))
            self._group.addButton(button)
            box.addWidget(button)
        box.addSpacing(16)
        self._colours = QButtonGroup(self)
        for colour in COLOURS:
            swatch = QToolButton()
            picture = QPixmap(18, 18)
            picture.fill(QColor(colour))
            swatch.setIcon(QIcon(picture))
            swatch.setIconSize(QSize(18, 18))
            swatch.setCheckable(True)
            swatch.setChecked(colour == COLOURS[0])
            swatch.setToolTip(tr("标注颜色"))
            swatch.clicked.connect(partial(self.colour_chosen.emit, colour))
            self._colours.addButton(swatch)
            box.addWidget(swatch)
        box.addStretch(1)


class MarksPanel(QWidget):
    """The drawings with their authors; text of the chosen one; history on wish."""

    chosen = Signal(int)
    text_given = Signal(str)
    removed = Signal()
    sent_again = Signal()
    history_asked = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        colours = current_theme().colours
        self._shown: int | None = None  # whose text the line holds
        self.setFixedWidth(current_theme().px(WIDTH))
        self.setObjectName("SlideMarks")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setStyleSheet(f"QWidget#SlideMarks {{ background: {colours.window}; }}")
        title = QLabel(tr("切片标注"))
        title.setStyleSheet(f"color: {colours.text}; font-weight: 600;")
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.currentRowChanged.connect(self._on_row)
        self.text = QLineEdit()
        self.text.setPlaceholderText(tr("标注文字，回车保存"))
        self.text.setMaxLength(2000)
        self.text.returnPressed.connect(lambda: self.text_given.emit(self.text.text().strip()))
        self.remove = QPushButton(tr("撤回标注"))
        self.remove.clicked.connect(self.removed)
        self.again = QPushButton(tr("重新保存"))
        self.again.clicked.connect(self.sent_again)
        self.history = QCheckBox(tr("显示修改历史"))
        self.history.toggled.connect(self.history_asked)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setStyleSheet(f"color: {colours.text_quiet};")
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove)
        buttons.addWidget(self.again)
        buttons.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 12, 12)
        box.setSpacing(8)
        box.addWidget(title)
        box.addWidget(self.list, 1)
        box.addWidget(self.text)
        box.addLayout(buttons)
        box.addWidget(self.history)
        box.addWidget(self.sentence)

    def show_marks(self, marks: SlideMarks, user_id: int, *, is_server: bool) -> None:
        """Fill the list; only what this user drew can be changed."""
        drawn = marks.drawn
        self.list.blockSignals(True)
        self.list.clear()
        for one in drawn:
            self.list.addItem(_row(one, marks))
        if self.history.isChecked():
            for ended in (one for one in marks.history if one.ended_at is not None):
                self.list.addItem(_ended_row(ended))
        self.list.setCurrentRow(-1 if marks.chosen is None else marks.chosen)
        self.list.blockSignals(False)
        chosen = drawn[marks.chosen] if marks.chosen is not None else None
        mine = chosen is not None and (chosen.kept is None or chosen.kept.author_id == user_id)
        self.text.setEnabled(mine)
        key = None if chosen is None else (chosen.kept.id if chosen.kept is not None else -chosen.number)
        if key != self._shown or not self.text.hasFocus():  # what is being typed stays
            self.text.setText(chosen.mark.text if chosen is not None else "")
            self._shown = key
        self.remove.setEnabled(mine)
        self.again.setVisible(is_server and chosen is not None and chosen.kept is None and not chosen.is_sending)
        self.history.setVisible(is_server)
        if not drawn:
            self.say(tr("选择上方的工具，在切片上拖动即可标注和测量。"))
        elif not is_server:
            self.say(tr("本地文件的标注不会保存。"))
        elif chosen is not None and not mine:
            self.say(tr("只有本人可以修改或撤回自己的标注。"))
        else:
            self.say("")

    def say(self, sentence: str) -> None:
        self.sentence.setText(sentence)

    def _on_row(self, row: int) -> None:
        self.chosen.emit(row)


def _row(one: Drawn, marks: SlideMarks) -> QListWidgetItem:
    first = "  ".join(
        part for part in (one.mark.text or tr(NAMES[one.mark.kind]), measured(one.mark, marks.scale)) if part
    )
    item = QListWidgetItem(f"{first}\n{_author(one)}")
    picture = QPixmap(12, 12)
    picture.fill(QColor(one.mark.colour))
    item.setIcon(QIcon(picture))
    return item


def _author(one: Drawn) -> str:
    if one.kept is not None:
        return f"{one.kept.author}  {one.kept.at.astimezone():%Y-%m-%d %H:%M}"
    return tr("正在保存…") if one.is_sending else tr("未保存")


def _ended_row(ended: AnnotationView) -> QListWidgetItem:
    assert ended.ended_at is not None
    what = tr("已撤回") if ended.is_withdrawn else tr("已修改")
    name = ended.mark.text or tr(NAMES[ended.mark.kind])
    item = QListWidgetItem(f"{name}（{what}）\n{ended.ended_by}  {ended.ended_at.astimezone():%Y-%m-%d %H:%M}")
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item
