"""Import and export on screen: what a file would do stands in a list, then one button does it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from clients.administration.master.exchange.presenter import ExchangePresenter
from clients.administration.master.exchange.state import ExchangeState
from clients.administration.master.words import KINDS, PLAN_LOOKS
from clients.kit.choosing import Option, SegmentedControl, Switch
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.panels import Banner
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.master import MasterKind, PlanAction, PlanRow, SheetFormat

_ALL = "all"


def _what(row: PlanRow) -> str:
    if row.sentence:
        return row.sentence
    return "；".join(
        tr("{field}：{before} → {after}", field=tr(one.title), before=one.before or "–", after=one.after or "–")
        for one in row.differences
    )


COLUMNS = (
    Column("line", "行", 60, Align.RIGHT),
    Column("action", "结果", 110, looks=PLAN_LOOKS),  # type: ignore[arg-type]
    Column("code", "编码", 130),
    Column("name", "名称", 200, strong=True),
    Column("what", "说明", 0, value=_what),
)
_EMPTY = EmptyWords(
    "还没有检查文件", "选择类别后导出一份，在表格软件中修改，再选择文件。检查不会写入任何内容。", "upload"
)


class ExchangePage(QWidget):
    """导入导出。"""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self.presenter = ExchangePresenter(place.connection, place.runner, place.messages)
        self._shown: object = self  # no plan is this: the first showing fills the list
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self._banner = Banner()
        box.addWidget(self._banner)
        box.addWidget(self._bar())
        box.addWidget(self._filter_bar())
        self.list = ListView(
            COLUMNS,
            row_id=lambda row: row.line,
            settings=place.settings,
            list_id="administration.master_exchange",
            runner=place.runner,
            empty=_EMPTY,
        )
        box.addWidget(self.list, 1)
        box.addWidget(hairline())
        box.addWidget(self._foot())
        self.setFocusProxy(self.choose_button)
        self.presenter.show_to(self._render)

    def _bar(self) -> QWidget:
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(16, 8, 16, 8)
        line.setSpacing(8)
        line.addWidget(Label("类别", "quiet"))
        kinds = [Choice(kind, text) for kind, text in KINDS.items()]
        self.kind_choice = ChoiceEditor(ChoiceField(key="kind", label="类别", choices=kinds))
        self.kind_choice.setFixedWidth(200)
        self.kind_choice.set_value(self.presenter.state.kind)
        self.kind_choice.chosen.connect(self._kind_chosen)
        line.addWidget(self.kind_choice)
        self.choose_button = Button("选择文件…", "primary", icon="upload", on_click=self._pick)
        line.addWidget(self.choose_button)
        line.addStretch(1)
        self.export_button = Button("导出 Excel", icon="download", on_click=self._export_xlsx)
        self.csv_button = Button("导出 CSV", icon="download", on_click=self._export_csv)
        self.template_button = Button("空白模板", icon="template", on_click=self._export_empty)
        for button in (self.export_button, self.csv_button, self.template_button):
            line.addWidget(button)
        return bar

    def _filter_bar(self) -> QWidget:
        self._filter = QWidget()
        line = QHBoxLayout(self._filter)
        line.setContentsMargins(16, 0, 16, 8)
        line.setSpacing(12)
        self.choice = SegmentedControl(
            [Option(_ALL, "全部"), *(Option(action.value, look.text) for action, look in PLAN_LOOKS.items())]
        )
        self.choice.chosen.connect(self._narrow)
        line.addWidget(self.choice)
        self._counts = ValueLabel("", "quiet")
        line.addWidget(self._counts, 1)
        return self._filter

    def _foot(self) -> QWidget:
        foot = QWidget()
        line = QHBoxLayout(foot)
        line.setContentsMargins(16, 8, 16, 8)
        line.setSpacing(12)
        self.apply_button = Button("导入", "primary", icon="check", on_click=self.presenter.apply)
        line.addWidget(self.apply_button)
        self.skip_switch = Switch("跳过不能导入的行")
        self.skip_switch.toggled.connect(self.presenter.skip)
        line.addWidget(self.skip_switch)
        self._news = ValueLabel("", "quiet", wrap=True)
        line.addWidget(self._news, 1)
        return foot

    # intentions

    def _kind_chosen(self, kind: object) -> None:
        if isinstance(kind, MasterKind):
            self.presenter.choose_kind(kind)

    def _narrow(self, key: str) -> None:
        self.presenter.show_only(None if key == _ALL else PlanAction(key))

    def _pick(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("选择文件…"), "", "Excel, CSV (*.xlsx *.csv)")
        if name:
            self.presenter.check(Path(name))

    def _export_xlsx(self) -> None:
        self._export(SheetFormat.XLSX)

    def _export_csv(self) -> None:
        self._export(SheetFormat.CSV)

    def _export_empty(self) -> None:
        self._export(SheetFormat.XLSX, empty=True)

    def _export(self, sheet_format: SheetFormat, *, empty: bool = False) -> None:
        suggested = f"{tr(KINDS[self.presenter.state.kind])}.{sheet_format.value}"
        name, _ = QFileDialog.getSaveFileName(self, tr("导出"), suggested, f"*.{sheet_format.value}")
        if name:
            self.presenter.export(Path(name), sheet_format, empty=empty)

    # showing

    def _render(self, state: ExchangeState) -> None:
        if state.trouble:
            again = self.presenter.check_again if state.plan is not None else None
            self._banner.show_message(state.trouble, Tone.DANGER, action="重新检查" if again else "", on_action=again)
        else:
            self._banner.hide()
        if self._shown is not state.plan or self.choice.current != (state.show or _ALL):
            self._shown = state.plan
            self.list.set_rows(state.rows)
        self.choice.set_current(_ALL if state.show is None else state.show.value)
        plan = state.plan
        self._filter.setVisible(plan is not None)
        if plan is not None:
            self._counts.set_text(
                tr(
                    "{file}：新增 {added}，修改 {changed}，不变 {same}，不能导入 {refused}",
                    file=state.file_name,
                    added=f"{plan.added:,}",
                    changed=f"{plan.changed:,}",
                    same=f"{plan.same:,}",
                    refused=f"{plan.refused:,}",
                )
            )
        self.list.set_loading(state.is_busy)
        self.apply_button.setEnabled(state.may_apply)
        self.skip_switch.setVisible(plan is not None and plan.refused > 0 and not plan.is_done)
        if self.skip_switch.isChecked() is not state.skip_refused:
            self.skip_switch.setChecked(state.skip_refused)
        self._news.set_text(state.news)
        for button in (self.choose_button, self.export_button, self.csv_button, self.template_button):
            button.setEnabled(not state.is_busy)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._shown = self
            self._render(self.presenter.state)
