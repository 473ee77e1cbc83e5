"""The page of teaching files: search and conditions, the list, the file at the right; as a quiz without its answer."""

from __future__ import annotations

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clients.diagnosis.collections.teaching.form import TeachingForm
from clients.diagnosis.collections.teaching.presenter import TeachingPresenter, TeachingState
from clients.diagnosis.collections.words import DIFFICULTY_LOOKS, tries_words
from clients.diagnosis.words import SEX_WORDS
from clients.diagnosis.worklist.more_filters import ALL, choices, fill
from clients.kit.ages import age_for_reader
from clients.kit.badges import StateBadge
from clients.kit.choosing import Option, SearchBox, Switch
from clients.kit.image_strip import ImageStrip, StripImage
from clients.kit.labels import Button, IconButton, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.collections import Difficulty, TeachingView
from shared.domain.permissions import Permission

RIGHT = StateLook("答对", Tone.SUCCESS, "check_circle", quiet=True)
WRONG = StateLook("答错", Tone.DANGER, "cross_circle", quiet=True)


def _title(row: TeachingView) -> str:
    return row.text.title or tr("病例 {number}", number=row.id)


def _mine(row: TeachingView) -> list[StateLook]:
    return [] if row.my_last_right is None else [RIGHT if row.my_last_right else WRONG]


COLUMNS = (
    Column("title", "标题", 0, value=_title, strong=True, sort=False),
    Column("exam_type", "检查类型", 72, sort=False),
    Column("body_part", "检查部位", 96, sort=False),
    Column("difficulty", "难度", 84, value=lambda row: row.text.difficulty, looks=DIFFICULTY_LOOKS, sort=False),
    Column("tags", "标签", 140, value=lambda row: "、".join(row.text.tags), sort=False, quiet=True),
    Column("mine", "我的测验", 84, value=lambda _row: "", marks=_mine, sort=False),
    Column("tries", "全部测验", 92, value=tries_words, sort=False),
    Column("author", "作者", 80, sort=False),
    Column("changed_at", "修改时间", 132, sort=False, quiet=True, visible=False),
)
_FACTS = (("clinical", "临床资料"), ("findings", "影像所见"), ("impression", "诊断意见"), ("points", "教学要点"))


class TeachingFilesView(QWidget):
    """教学病例."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._generation = -1
        self._shown: tuple[object, ...] = ()
        self._edits = False
        self.presenter = TeachingPresenter(place.connection, place.runner, place.messages)
        self.search = SearchBox((Option("any", "标题、内容或标签"),))
        self.search.searched.connect(lambda _mode, text: self.presenter.filter(text=text))
        self.difficulty, self.tag = choices("difficulty", "难度"), choices("tag", "标签")
        fill(self.difficulty, [(key, look.text) for key, look in DIFFICULTY_LOOKS.items()], "全部难度", translate=True)
        self.difficulty.chosen.connect(self._on_difficulty)
        self.tag.chosen.connect(lambda value: self.presenter.filter(tag="" if value == ALL else str(value)))
        self.quiz = Switch("测验模式")
        self.quiz.toggled.connect(lambda on: self.presenter.filter(as_quiz=on))
        self.list = ListView(
            COLUMNS,
            row_id=lambda row: row.id,
            empty=EmptyWords("还没有教学病例", "打开一份已审核的报告，在右侧“教学病例”中生成。", "clipboard"),
            runner=place.runner,
            settings=place.settings,
            list_id="diagnosis.teaching",
        )
        self.list.selected.connect(self.presenter.select)
        self.content = QVBoxLayout()
        self.form = TeachingForm()
        self.form.submitted.connect(self._save)
        self.save_button = Button("保存", "primary", on_click=self.form.submit)
        self.cancel_button = Button("取消", "quiet", on_click=self._stop_editing)
        self._arrange()
        self.list.set_source(self.presenter.fetch)
        self.presenter.show_to(self.render_state)

    def refresh(self) -> None:
        """The page came to the front."""
        self.presenter.refresh()

    def render_state(self, state: TeachingState) -> None:
        """Show conditions and the file; fetch rows when they are outdated."""
        fill(self.tag, [(name, f"{name}  {count}") for name, count in state.tags.items()], "全部标签")
        self.tag.set_value(state.tag or ALL)
        self.difficulty.set_value(state.difficulty.value if state.difficulty else ALL)
        present = (state.shown, state.is_hidden, tuple(state.pictures), state.trouble)
        if present != self._shown:
            if self._shown and state.shown is not self._shown[0]:
                self._edits = False
            self._shown = present
            self._show_file(state)
        if state.generation != self._generation:
            self._generation = state.generation
            self.list.refresh()

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 16, 8)
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        for choice in (self.difficulty, self.tag):
            choice.setFixedWidth(128)
            top.addWidget(choice)
        top.addWidget(self.quiz)
        top.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addLayout(top)
        left.addWidget(hairline())
        left.addWidget(self.list, 1)
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(16, 12, 16, 16)
        box.setSpacing(8)
        box.addLayout(self.content)
        box.addWidget(self.form)
        line = QHBoxLayout()
        line.addWidget(self.save_button)
        line.addWidget(self.cancel_button)
        line.addStretch(1)
        box.addLayout(line)
        box.addStretch(1)
        right = QFrame()
        right.setProperty("look", "panel")
        right.setFixedWidth(400)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scrolling(inside))
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addLayout(left, 1)
        across.addWidget(right)

    def _show_file(self, state: TeachingState) -> None:
        while self.content.count():
            item = self.content.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        shown = state.shown
        for widget in (self.form, self.save_button, self.cancel_button):
            widget.setVisible(self._edits and shown is not None)
        if state.trouble:
            self.content.addWidget(ValueLabel(state.trouble, "error", wrap=True))
        if shown is None:
            self.content.addWidget(Label("在左侧选择一个病例。", "quiet", wrap=True))
            return
        if self._edits:
            return
        self.content.addWidget(ValueLabel(_title(shown), "headline", wrap=True))
        about = f"{shown.exam_type}  {shown.body_part}  {tr(SEX_WORDS[shown.sex])}  {age_for_reader(shown.age)}"
        self.content.addWidget(ValueLabel(about, "quiet"))
        self.content.addWidget(StateBadge(DIFFICULTY_LOOKS[shown.text.difficulty]))
        if shown.pictures:
            self.content.addWidget(_strip(state, shown))
        for key, label in _FACTS:
            text = getattr(shown.text, key)
            if text:
                self.content.addWidget(Label(label, "strong"))
                self.content.addWidget(ValueLabel(text, wrap=True))
        for button in self._buttons(state, shown):
            self.content.addWidget(button)

    def _buttons(self, state: TeachingState, shown: TeachingView) -> list[QWidget]:
        if state.is_hidden:
            return [
                Label("先写下您的诊断，再看答案。", "quiet"),
                Button("显示答案", "primary", on_click=self.presenter.reveal),
            ]
        if state.as_quiz:
            return [
                Label("您的诊断对吗？", "strong"),
                Button("答对了", "", "check_circle", on_click=lambda: self.presenter.answer(was_right=True)),
                Button("没答对", "", "cross_circle", on_click=lambda: self.presenter.answer(was_right=False)),
            ]
        if shown.is_mine or self._place.may(Permission.FINAL_AUDIT.value):
            return [
                Button("修改", "", "edit", on_click=self._edit),
                Button("删除", "link", on_click=self.presenter.remove),
            ]
        return []

    def _edit(self) -> None:
        shown = self.presenter.state.shown
        if shown is not None:
            self._edits = True
            self.form.show_text(shown.text)
            self._show_file(self.presenter.state)

    def _stop_editing(self) -> None:
        self._edits = False
        self._show_file(self.presenter.state)

    def _save(self) -> None:
        self.presenter.save(self.form.text())

    def _on_difficulty(self, value: object) -> None:
        self.presenter.filter(difficulty=None if value == ALL else Difficulty(str(value)))


def _strip(state: TeachingState, shown: TeachingView) -> QWidget:
    strip = ImageStrip(removable=False)
    images = [(one, state.pictures.get(one)) for one in shown.pictures]
    strip.set_images([StripImage(str(one), QImage.fromData(png)) for one, png in images if png is not None])
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(strip)
    area.setFixedHeight(strip.sizeHint().height() + 16)
    return area
