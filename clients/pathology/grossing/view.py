"""The tab 取材信息 on screen: rows on top, the fields of one row, description and remainder, and the foot."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from clients.kit.fields import DateTimeField, NumberField, Prompt, PromptField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr, verbatim
from clients.pathology.bench.asking import asker
from clients.pathology.bench.label_settings import show_label_settings
from clients.pathology.bench.labels import print_cassettes
from clients.pathology.bench.strip import GLOVED, TARGET, SignalStrip, bigger
from clients.pathology.desk import Desk
from clients.pathology.grossing.pedal import NEXT, RECORD, Pedal, PedalPanel
from clients.pathology.grossing.presenter import TAB, TITLE, GrossingPresenter
from clients.pathology.grossing.rows import GrossRow, source_choices
from clients.pathology.grossing.state import GrossingState
from clients.pathology.media.tab import PEDAL as CAPTURE
from clients.pathology.prompts import PromptBook
from shared.contract.pathology_settings import ListStaff
from shared.contract.pathology_templates import TemplateKind
from shared.domain.pathology import BLOCK_STATES, BlockState
from shared.domain.permissions import Permission

PROMPTS = ("gross_site", "gross_description", "specimen_handling", "storage_place", "receiver")
_TONES = {
    BlockState.TO_VERIFY: (Tone.INFO, "hourglass"),
    BlockState.TO_EMBED: (Tone.ACTIVE, "half_circle"),
    BlockState.TO_SECTION: (Tone.ACTIVE, "half_circle"),
    BlockState.SECTIONED: (Tone.SUCCESS, "check"),
    BlockState.LOST: (Tone.DANGER, "alert"),
    BlockState.DESTROYED: (Tone.NEUTRAL, "cross_circle"),
}
ROW_LOOKS = {
    "draft": StateLook("未保存", Tone.WARNING, "edit"),
    **{
        state.value: StateLook(word.zh, *_TONES.get(state, (Tone.NEUTRAL, "archive")))
        for state, word in BLOCK_STATES.items()
    },
}
_INSIDE = Qt.ShortcutContext.WidgetWithChildrenShortcut
_TOTALS = "蜡块总数 {blocks}    材块总数 {pieces}"
_UNITS = (
    Prompt(verbatim("块")),
    Prompt(verbatim("条")),
    Prompt(verbatim("粒")),
    Prompt(verbatim("枚")),
    Prompt(verbatim("管")),
    Prompt(verbatim("堆")),
)
_COLUMNS = (
    Column("source", "任务来源", 92, sort=False),
    Column("serial", "取材序号", 80, Align.CENTRE, strong=True, sort=False),
    Column("site", "取材部位", 0, strong=True, sort=False),
    Column("pieces", "材块数", 72, Align.RIGHT, strong=True, sort=False),
    Column("unit", "材块单位", 80, sort=False),
    Column("grosser", "取材医生", 96, sort=False),
    Column("grossed_at", "取材日期", 130, format=local_time, quiet=True, sort=False),
    Column("state", "制片状态", 100, looks=ROW_LOOKS, sort=False),
)


class GrossingTab(QWidget):
    """Everything is reached by keyboard, scanner and pedal; nothing that a glove aims at is lower than 44 pixels."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setStyleSheet(GLOVED)
        self.desk = desk
        self.prompts = PromptBook(desk.place, PROMPTS)
        self.strip = SignalStrip()
        self._filling = False
        self._staff: tuple[str, ...] = ()
        self._shown_rows: tuple[GrossRow, ...] | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.strip)
        box.addWidget(hairline())
        box.addLayout(self._make_head())
        box.addWidget(self._make_list(), 3)
        box.addLayout(self._make_fields())
        box.addWidget(hairline())
        box.addLayout(self._make_texts(), 2)
        box.addWidget(self._make_foot())
        self.presenter = GrossingPresenter(desk, self.strip, self.show_state, self.new_row)
        self._listen()
        desk.add_part(TAB, TITLE, self.presenter)
        self.presenter.open()
        self._ask_staff()

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def show_state(self, state: GrossingState) -> None:
        """Show everything beside the fields of the row."""
        self._filling = True
        self.number.set_text(f"{state.number}  {state.patient}".strip())
        self.totals.set_source(
            "蜡块总数 {blocks}    材块总数 {pieces}", blocks=state.block_total, pieces=state.piece_total
        )
        self.list.set_rows(state.rows)
        self.specimen.setVisible(state.several)
        self._fill_specimens(state)
        if self.description.toPlainText() != state.description:
            self.description.setPlainText(state.description)
        self.description.setReadOnly(state.read_only)
        remainder = {"handling": state.handling, "place": state.place, "recorder": state.recorder}
        if {key: self.remainder.value(key) for key in remainder} != remainder:
            self.remainder.set_values(remainder)
        self.remainder.set_read_only(state.read_only)
        self.form.set_read_only(state.read_only or not state.specimens)
        usable = bool(state.case_id) and not state.read_only and not state.busy
        for button in (self.save_button, self.add_button, self.delete_button):
            button.setEnabled(usable)
        self.add_button.set_source("保存此行" if state.editing is not None else "增加")
        self.print_button.setEnabled(any(row.is_stored for row in state.rows))
        self._filling = False

    def new_row(self) -> None:
        """Clear the fields for the next row; the keyboard goes to its site."""
        self._filling = True
        self.form.set_values(self.presenter.new_values() if self.presenter.state.case_id else {})
        self._filling = False
        if self.isVisible() and not self.presenter.state.read_only:
            self.form.focus("site")

    def submit_row(self) -> None:
        """增加: what stands in the fields becomes a row."""
        problems = self.presenter.submit(self.form.values())
        if problems:
            self.form.show_problems(problems)

    def next_row(self) -> None:
        """The pedal: take the row that is typed and begin the next one; from another page it comes back here."""
        if not self.isVisible():
            self.desk.show_tab(TAB)
            self.form.focus("site")
            return
        if self.strip.is_stopped:
            self.strip.acknowledge()
            return
        self.submit_row()

    def closeEvent(self, event: object) -> None:
        self.presenter.close()
        self.pedal.close()
        self.prompts.close()
        super().closeEvent(event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.description.setPlaceholderText(tr("大体所见：可口述、选检查模板或词典"))
            self.show_state(self.presenter.state)
            self.presenter.invite()
            if self.presenter.state.case_id and self.presenter.state.editing is None:
                self.new_row()
        super().changeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # a number that is typed replaces the one that is offered: "3" after "1" must never become 13
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, QLineEdit):
            QTimer.singleShot(0, watched, watched.selectAll)
        return super().eventFilter(watched, event)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _make_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(16)
        self.number = ValueLabel("", "title")
        bigger(self.number, 24)
        row.addWidget(self.number, 1)
        self.specimen = QComboBox()
        self.specimen.setMinimumWidth(220)
        self.specimen.setAccessibleName(tr("取材标本"))
        row.addWidget(self.specimen)
        self.totals = Label(_TOTALS, "strong", blocks=0, pieces=0)
        bigger(self.totals, 18)
        row.addWidget(self.totals)
        return row

    def _make_list(self) -> QWidget:
        self.list = ListView(
            _COLUMNS,
            row_id=lambda row: row.id,
            settings=self.desk.place.settings,
            list_id="pathology.grossing",
            empty=EmptyWords("还没有取材记录", "在下面填写后按回车，最后一项回车即增加一行。", "clipboard"),
        )
        self.list.set_least_row_height(TARGET)
        self.list.setMinimumHeight(124)
        return self.list

    def _make_fields(self) -> QVBoxLayout:
        source = tuple(Prompt(one) for one in source_choices())
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        PromptField(
                            key="source", label="任务来源", required=True, source=lambda: source, max_length=40
                        ),
                        PromptField(key="serial", label="取材序号", max_length=4),
                        PromptField(key="grosser", label="取材医生", source=self._people, max_length=80),
                        DateTimeField(key="grossed_at", label="取材日期", span=2),
                        PromptField(
                            key="site",
                            label="取材部位",
                            source=self.prompts.source("gross_site"),
                            max_length=200,
                            span=3,
                        ),
                        NumberField(key="pieces", label="材块数", minimum=1, maximum=999, initial=1, required=True),
                        PromptField(key="unit", label="材块单位", source=lambda: _UNITS, max_length=16),
                    ],
                )
            ],
            columns=10,
        )
        self.form.rows["pieces"].editor.focus_target.installEventFilter(self)
        self.form.rows["serial"].editor.focus_target.installEventFilter(self)
        holder = QVBoxLayout()
        holder.setContentsMargins(16, 6, 16, 6)
        holder.addWidget(self.form)
        return holder

    def _make_texts(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(12)
        self.description = QPlainTextEdit()
        self.description.setTabChangesFocus(True)
        self.description.setMinimumHeight(88)
        self.description.setPlaceholderText(tr("大体所见：可口述、选检查模板或词典"))
        self.description.setAccessibleName(tr("大体所见"))
        row.addWidget(self.description, 3)
        tools = QVBoxLayout()
        tools.setSpacing(4)
        self.template_button = Button("检查模板", "", "document", on_click=self.pick_template)
        self.dictionary_button = Button("词典", "", "list", on_click=self.open_dictionary)
        self.voice_button = Button("语音录入", "", "microphone", on_click=self.record)
        for button, keys in (
            (self.template_button, "Alt+1"),
            (self.dictionary_button, "Alt+2"),
            (self.voice_button, ""),
        ):
            if keys:
                button.setShortcut(keys)
                button.setToolTip(keys)
            tools.addWidget(button)
        tools.addStretch(1)
        row.addLayout(tools)
        self.remainder = FormView(
            [
                Section(
                    "",
                    [
                        PromptField(
                            key="handling",
                            label="标本处理",
                            source=self.prompts.source("specimen_handling"),
                            max_length=200,
                            span=2,
                        ),
                        PromptField(
                            key="place", label="存放位置", source=self.prompts.source("storage_place"), max_length=120
                        ),
                        PromptField(key="recorder", label="记录人", source=self._people, max_length=80),
                    ],
                )
            ],
            columns=2,
        )
        row.addWidget(self.remainder, 2)
        return row

    def _make_foot(self) -> QWidget:
        foot = QWidget()
        foot.setProperty("look", "status")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 4, 16, 4)
        row.setSpacing(8)
        self.save_button = Button("保存", "primary", "save", on_click=lambda: self.desk.save_part(TAB))
        self.add_button = Button("增加", "", "add", on_click=self.submit_row)
        self.add_button.setToolTip("Insert")
        self.delete_button = Button("删除", "", "clear", on_click=self.delete_row)
        self.delete_button.setToolTip("Delete")
        self.print_button = Button("打印包埋条码", "", "barcode", on_click=self.print_labels)
        self.hand_over_button = Button("组织移交", "", "send", on_click=self.hand_over)
        self.pedal_button = Button("脚踏设置", "quiet", "gear", on_click=self.open_pedal)
        for button in (self.save_button, self.add_button, self.delete_button, self.print_button, self.hand_over_button):
            row.addWidget(button)
        row.addStretch(1)
        self.labels_button = Button("标签设置", "quiet", "gear", on_click=lambda: show_label_settings(self.desk))
        row.addWidget(self.labels_button)
        row.addWidget(self.pedal_button)
        self.print_button.setVisible(self.desk.may(Permission.PATHOLOGY_PRINT_LABELS))
        self.hand_over_button.setVisible(self.desk.may(Permission.PATHOLOGY_GROSS))
        return foot

    def _listen(self) -> None:
        self.form.submitted.connect(self.submit_row)
        self.form.changed.connect(self._on_typed)
        self.list.activated.connect(self._on_activated)
        self.description.textChanged.connect(self._on_described)
        self.remainder.changed.connect(self._on_remainder)
        self.remainder.submitted.connect(lambda: self.desk.save_part(TAB))
        self.specimen.activated.connect(self._on_specimen)
        for keys, act in (
            ("Insert", self.submit_row),
            ("F3", lambda: self.form.focus("site")),
            ("F2", self.description.setFocus),
            ("Alt+3", lambda: self.remainder.focus("handling")),
            ("Alt+4", self.list.table.setFocus),
            ("Ctrl+Delete", self.delete_row),
            ("Escape", self.strip.acknowledge),
        ):
            QShortcut(
                QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut
            ).activated.connect(act)
        delete = QShortcut(QKeySequence("Delete"), self.list, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        delete.activated.connect(self.delete_row)
        window = self.desk.view if isinstance(self.desk.view, QWidget) else self
        acts = {NEXT: (window, self.next_row), CAPTURE: (self, self.capture), RECORD: (window, self.record)}
        self.pedal = Pedal(self.desk.place.desk_settings, acts)

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────

    def delete_row(self) -> None:
        """删除 the chosen row."""
        row = self.list.selected_row
        if row is not None:
            self.presenter.remove((row.id,))

    def print_labels(self) -> None:
        """打印包埋条码 of the stored rows; the chosen one alone where it was printed already."""
        stored = [row.block for row in self.presenter.state.rows if row.block is not None]
        fresh = [block for block in stored if not block.label_prints]
        chosen = self.list.selected_row
        if not fresh and chosen is not None and chosen.block is not None:
            fresh = [chosen.block]
        print_cassettes(self.desk, fresh or stored, asker(self.desk), lambda _printed: self.desk.reload())

    def hand_over(self) -> None:
        """组织移交 to the technical room."""
        if self.presenter.is_dirty():
            self.desk.save_part(TAB, self._hand_over_now)
        else:
            self._hand_over_now()

    def _hand_over_now(self) -> None:
        self.presenter.hand_over(tr("技术室"))

    def pick_template(self) -> None:
        """检查模板 of the gross description (PA-TPL-09)."""
        from clients.pathology.templates.picking import pick_template

        place, join = self.desk.place, self.desk.settings.join_mark
        pick_template(place, TemplateKind.GROSS, lambda text, _none: self.insert(text), self, join)

    def open_dictionary(self) -> None:
        """词典 of the gross description."""
        from clients.pathology.templates.dictionary import open_dictionary

        open_dictionary(self, self.prompts.source("gross_description")(), self.insert)

    def insert(self, text: str) -> None:
        """Put words where the cursor is."""
        self.description.insertPlainText(text)
        self.description.setFocus()

    def record(self) -> None:
        """语音录入 starts and ends without leaving the page (PA-GRS-19)."""
        from clients.pathology.media.entries import record_voice

        front = self.isVisible()
        record_voice(self.desk)
        if front:
            self.desk.show_tab(TAB)

    def capture(self) -> None:
        """The pedal on this page: live picture, or a capture when it is live (PA-GRS-20)."""
        from clients.pathology.media.entries import capture, live
        from clients.pathology.media.session import bench_of

        (capture if bench_of(self.desk).is_live else live)(self.desk)

    def open_pedal(self) -> None:
        """脚踏设置 of this desk."""
        self.desk.show_panel("脚踏设置", PedalPanel(self.desk, self.pedal.follow))

    # ── hearing ──────────────────────────────────────────────────────────────────────────────────────

    def _on_typed(self, _key: str) -> None:
        if not self._filling:
            self.presenter.typed(self.form.values())

    def _on_described(self) -> None:
        if not self._filling:
            self.presenter.describe(self.description.toPlainText())

    def _on_remainder(self, _key: str) -> None:
        if not self._filling:
            values = self.remainder.values()
            self.presenter.keep_remainder(values["handling"], values["place"], values["recorder"])

    def _on_activated(self, row: Any) -> None:
        self.presenter.edit(row.id)
        if self.presenter.state.editing == row.id:
            self.form.set_values(self.presenter.values_of(row))
            self.form.focus("site")

    def _on_specimen(self, place: int) -> None:
        if not self._filling:
            self.presenter.choose_specimen(self.specimen.itemData(place))

    def _fill_specimens(self, state: GrossingState) -> None:
        self.specimen.clear()
        if state.specimen_id is None:
            self.specimen.addItem(tr("选择或扫描标本"), None)
        for one in state.specimens:
            self.specimen.addItem(f"{one.number}  {one.entry.name}", one.id)
            if one.id == state.specimen_id:
                self.specimen.setCurrentIndex(self.specimen.count() - 1)

    def _ask_staff(self) -> None:
        place, request = self.desk.place, ListStaff(right=Permission.PATHOLOGY_GROSS)

        def came(names: tuple[str, ...]) -> None:
            self._staff = names

        # without the list the names of the case are offered, and any can be typed
        place.runner.run(lambda: place.connection.call(request), came, lambda _error: None, key="pathology.staff")

    def _people(self) -> tuple[Prompt, ...]:
        names = [self.desk.place.session.name, *(row.grosser for row in self.presenter.state.rows), *self._staff]
        return tuple(Prompt(verbatim(name)) for name in dict.fromkeys(name for name in names if name))
