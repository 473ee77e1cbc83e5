"""已切片列表: today's slides with labels, scan check, hand-over, manual slides and smears."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from clients.kit.choosing import Switch
from clients.kit.fields import Choice, ChoiceField, DateField, NumberField, Prompt, PromptField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.messages import message_for
from clients.kit.paging import EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import tr, verbatim
from clients.pathology.bench.label_settings import show_label_settings
from clients.pathology.bench.strip import GLOVED
from clients.pathology.preparation.commands import NoBlock
from clients.pathology.preparation.looks import SLIDE_COLUMNS
from clients.pathology.preparation.work_list import Fetched, WorkList
from shared.contract.pathology_preparation import ListSlides, SlideFilter, SlidePage
from shared.contract.pathology_trail import ObjectFacts
from shared.domain.pathology import TASK_SOURCES, ObjectKind, SlideState, Station, TaskSource
from shared.domain.pathology_barcodes import BadCode, read_code
from shared.domain.permissions import Permission

_STAINS = (Prompt(verbatim("HE")), Prompt(verbatim("巴氏")), Prompt(verbatim("瑞氏")), Prompt(verbatim("PAS")))


class SectionedTab(WorkList):
    """A scanned block is the one under work: its labels print, and only its slides pass the check."""

    list_id = "pathology.sectioned"
    columns = SLIDE_COLUMNS
    empty = EmptyWords("这一天还没有玻片", "切片确认、涂片制片或医嘱执行后显示在这里。", "check")

    def build(self) -> None:
        """Day, switches, manual slides and buttons."""
        self.is_cytology = self.desk.station.id is Station.CYTOLOGY_SLIDES
        self.days = FormView(
            [Section("", [DateField(key="day", label="切片日期", initial=date.today(), required=True)])], columns=1
        )
        self.days.setFixedWidth(180)
        self.days.changed.connect(lambda _key: self._day_changed())
        self.head.insertWidget(0, self.days)
        self.prints = Switch("扫块即打印标签")
        self.prints.setChecked(True)
        self.prints.setVisible(not self.is_cytology)
        self.head.addWidget(self.prints)
        self.free_button = Button("结束当前蜡块", "quiet", "close", on_click=self.free_block)
        self.free_button.hide()
        self.head.addWidget(self.free_button)
        self._make_manual()
        may = self.desk.may
        self.print_button = self.button("标签打印", self.print_labels, "primary", "barcode")
        self.hand_over_button = self.button("玻片移交", self.hand_over, "primary", "send")
        self.foot.addWidget(Label("接收人"))
        self.receiver = QLineEdit(tr("诊断室"))
        self.receiver.setMaxLength(80)
        self.receiver.setFixedWidth(150)
        self.receiver.setAccessibleName(tr("接收人"))
        self.foot.addWidget(self.receiver)
        self.foot.addStretch(1)
        self.settings_button = self.button("标签设置", lambda: show_label_settings(self.desk), "quiet", "gear")
        self.delete_button = self.button("删除", self.delete, "quiet", "clear")
        self.print_button.setVisible(may(Permission.PATHOLOGY_PRINT_LABELS))
        for shown in (self.hand_over_button, self.delete_button):
            shown.setVisible(may(Permission.PATHOLOGY_SECTION))

    def _make_manual(self) -> None:
        """手工录入切片信息, or 涂片制片 at the cytology station."""
        fields: list[Any] = [TextField(key="number", label="病理号", required=True, max_length=24)]
        if not self.is_cytology:
            fields.append(TextField(key="serial", label="取材序号", max_length=4))
        fields.append(NumberField(key="count", label="张数", minimum=1, maximum=50, initial=1, required=True))
        fields.append(
            PromptField(
                key="stain",
                label="染色/标记物",
                source=lambda: _STAINS,
                max_length=60,
                initial=verbatim("巴氏") if self.is_cytology else "HE",
            )
        )
        if not self.is_cytology:
            sources = self.desk.station.sources or tuple(one for one in TaskSource if one is not TaskSource.OTHER)
            choices = [Choice(one, TASK_SOURCES[one].zh) for one in sources]
            fields.append(ChoiceField(key="source", label="任务来源", choices=choices, initial=sources[0]))
            fields.append(DateField(key="day", label="制片日期", initial=date.today(), required=True))
        words = "涂片制片" if self.is_cytology else "手工录入"
        self.manual = FormView([Section("", fields)], columns=len(fields))
        self.manual.submitted.connect(self.add_manual)
        row = QHBoxLayout()
        row.setContentsMargins(16, 6, 16, 6)
        row.setSpacing(12)
        row.addWidget(self.manual, 1)
        self.manual_button = Button(words, "", "add", on_click=self.manual.submit)
        self.manual_button.setStyleSheet(GLOVED)
        row.addWidget(self.manual_button)
        right = Permission.PATHOLOGY_SECTION if self.is_cytology else Permission.PATHOLOGY_MANUAL_SLIDES
        if self.desk.may(right):
            self.below.addWidget(hairline())
            self.below.addLayout(row)
        else:
            self.manual.setParent(self)
            self.manual_button.setParent(self)
            self.manual.hide()
            self.manual_button.hide()

    @property
    def day(self) -> date:
        """切片日期 of the list."""
        value = self.days.value("day")
        return value if isinstance(value, date) else date.today()

    def id_of(self, row: Any) -> int:
        return int(row.slide.id)

    def fetch(self) -> Callable[[], Fetched]:
        day = self.day
        wanted = SlideFilter(sources=self.desk.station.sources, made_first=day, made_last=day)
        call = self.desk.place.connection.call

        def work() -> Fetched:
            page: SlidePage = call(ListSlides(filter=wanted, limit=500))
            waiting = sum(row.slide.state in (SlideState.CUT, SlideState.LABELLED) for row in page.rows)
            words = tr("玻片 {total} 张    待核对 {waiting} 张", total=page.total, waiting=waiting)
            return Fetched(page.rows, words)

        return work

    def invite(self) -> None:
        words = "扫描玻片标签核对。" if self.is_cytology else "扫描蜡块打印其标签，再扫描玻片核对。"
        self.strip.say(tr(words))

    def scanned(self, code: str) -> None:
        """A slide is checked, a block is taken up; a case fills the number of the manual slides."""
        try:
            read = read_code(code)
        except BadCode as bad:
            self.strip.stop(tr(str(bad)))
            return
        if read.kind is ObjectKind.SLIDE:
            self.commands.check(code)
        elif read.kind in (ObjectKind.CASE, ObjectKind.SPECIMEN):
            self.manual.set_values({"number": read.number.partition("/")[0]})
            self.strip.fits(tr("{number} 已填入病理号。", number=read.number))
        else:
            self.commands.scan(code, self._scanned)

    def free_block(self) -> None:
        """No block is under work any more: slides of every block pass the check."""
        self.commands.block = None
        self.commands.block_codes.clear()
        self.free_button.hide()
        self.strip.acknowledge()
        self.invite()

    def print_labels(self) -> None:
        """标签打印 of the chosen slides; without a choice of all that have none."""
        chosen = [row.slide for row in self.chosen()] if self.ticked else []
        fresh = [row.slide for row in self.rows if row.slide.state is SlideState.CUT]
        current = self.list.selected_row
        self.commands.print_slides(chosen or fresh or ([current.slide] if current is not None else []))

    def hand_over(self) -> None:
        """玻片移交 of the chosen slides; without a choice of all that were checked (PA-SLD-12)."""
        checked = [row.slide for row in self.rows if row.slide.state is SlideState.CHECKED]
        chosen = [row.slide for row in self.chosen()] if self.ticked else checked
        if not chosen:
            self.desk.place.messages.say(tr("没有已核对的玻片，请先扫描核对。"), Tone.WARNING)
            return
        self.commands.hand_over(chosen, self.receiver.text().strip())
        self.ticked.clear()

    def delete(self) -> None:
        """Delete the chosen slides; printed ones stay (PA-SLD-14)."""
        self.commands.delete([row.slide for row in self.chosen()])

    def add_manual(self) -> None:
        """手工录入切片信息 or 涂片制片."""
        values = self.manual.values()
        if self.is_cytology:
            self.commands.smear(values, self._manual_failed)
            return
        if values["day"] != self.day:
            sentence = tr("切片日期与制片日期不一致，新记录不会显示在当前列表中，请改为同一天。")
            self.manual.show_problems({"day": sentence})
            return
        self.commands.add_manual(values, self.day, self._manual_failed)

    def _manual_failed(self, error: Exception) -> None:
        if isinstance(error, NoBlock):
            self.manual.show_problems({"serial": str(error)})
            return
        message = message_for(error)
        field = {"preparation_day": "day", "count": "count", "number": "number"}.get(message.field)
        if field in self.manual.rows:
            self.manual.show_problems({str(field): message.text})
        else:
            self.desk.place.messages.report(error)

    def _day_changed(self) -> None:
        if "day" in self.manual.rows:
            self.manual.set_values({"day": self.day})
        self.load()

    def _scanned(self, found: ObjectFacts) -> None:
        if found.kind is not ObjectKind.BLOCK:
            self.strip.stop(tr("{number} 不是蜡块或玻片。", number=found.number))
            return
        self.commands.take_block(found)
        self.free_button.show()
        if self.prints.isChecked():
            self.commands.print_slides_of(found)
