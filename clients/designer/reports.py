"""The templates of reports above the designer: choose, add, settings, delete, a template file, and real data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clients.designer.presenter import TemplatesPresenter
from clients.designer.state import TemplatesState
from clients.kit.fields import Choice, NumberField, Section, SwitchField, TextField, TicksField
from clients.kit.forms import FormView
from clients.kit.labels import Button, IconButton, Label
from clients.kit.panels import scrolling
from clients.kit.settings import write_atomically
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.report_paper import ReportTemplateView, SaveReportTemplate
from shared.paper.checking import MOST_CHARACTERS
from shared.paper.kinds import DocumentKind


class ReportBar(QWidget):
    """Seen for reports alone."""

    def __init__(self, place: Workplace, presenter: TemplatesPresenter) -> None:
        super().__init__()
        self._place, self._presenter = place, presenter
        self._quiet = False
        self._asked = ""
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 4, 16, 4)
        line.setSpacing(6)
        line.addWidget(Label("报告模板", "caption"))
        self.choice = QComboBox()
        self.choice.setMinimumWidth(190)
        self.choice.currentIndexChanged.connect(self._chosen)
        line.addWidget(self.choice)
        line.addWidget(Button("新建", "quiet", "add", on_click=lambda: self.show_settings(None)))
        self.settings = Button("设置", "quiet", "gear", on_click=lambda: self.show_settings(presenter.report))
        line.addWidget(self.settings)
        self.delete = Button("删除", "quiet", "clear", on_click=self._delete)
        line.addWidget(self.delete)
        line.addStretch(1)
        self.number = QLineEdit()
        self.number.setMaximumWidth(170)
        self.number.returnPressed.connect(self._show_real)
        line.addWidget(self.number)
        self.real = Button("真实数据", "quiet", "eye", on_click=self._show_real)
        line.addWidget(self.real)
        self.sample = Button("示例数据", "quiet", "refresh", on_click=lambda: presenter.show_real(""))
        line.addWidget(self.sample)
        turn = presenter.turn_to
        self.before = IconButton("chevron_left", "上一页", on_click=lambda: turn(presenter.state.page - 1))
        self.page = Label("{page}/{pages}", "caption", page=1, pages=1)
        self.after = IconButton("chevron_right", "下一页", on_click=lambda: turn(presenter.state.page + 1))
        for part in (self.before, self.page, self.after):
            line.addWidget(part)

    def show_state(self, state: TemplatesState) -> None:
        """Show the templates and which of them is open."""
        self.setVisible(state.kind is DocumentKind.REPORT)
        named = [(one.key, one.name + (" · " + tr("默认") if one.is_default else "")) for one in state.reports]
        self._quiet = True
        if [(self.choice.itemData(row), self.choice.itemText(row)) for row in range(self.choice.count())] != named:
            self.choice.clear()
            for key, name in named:
                self.choice.addItem(name, key)
        self.choice.setCurrentIndex(next((row for row, one in enumerate(named) if one[0] == state.key), -1))
        self._quiet = False
        one = self._presenter.report
        is_default = one is not None and one.is_default
        self.settings.setEnabled(one is not None)
        self.delete.setEnabled(one is not None and not is_default)
        self.delete.setToolTip(tr("默认模板不能删除，请先把其他模板设为默认。") if is_default else "")
        self.number.setPlaceholderText(tr("检查号"))
        self.sample.setVisible(bool(state.real))
        pages = len(state.laid_out.pages) if state.laid_out is not None else 1
        self.page.set_source("{page}/{pages}", page=state.page + 1, pages=pages)
        self.before.setEnabled(state.page > 0)
        self.after.setEnabled(state.page < pages - 1)

    def _chosen(self, row: int) -> None:
        key = self.choice.itemData(row)
        if not self._quiet and key and key != self._presenter.state.key:
            self._presenter.open(DocumentKind.REPORT, key)

    def _show_real(self) -> None:
        self._presenter.show_real(self.number.text())

    def _delete(self) -> None:
        """Asked twice: the second click does it."""
        one = self._presenter.report
        if one is None:
            return
        if self._asked != one.key:
            self._asked = one.key
            words = tr("再按一次“删除”，报告模板“{name}”将不再使用；已打印的报告不受影响。", name=one.name)
            self._place.messages.say(words, Tone.WARNING)
            return
        self._asked = ""
        self._presenter.delete_report()

    def show_settings(self, one: ReportTemplateView | None) -> None:
        """The side panel with name, conditions and limits; None: of a new template."""
        title = "新建报告模板" if one is None else "报告模板设置"
        panel = ReportSettings(self._presenter, one, self._place.side_panel.close_panel)
        self._place.side_panel.show_content(title, panel, width=420)


class ReportSettings(QWidget):
    """Name, conditions and limits of one template of reports."""

    def __init__(self, presenter: TemplatesPresenter, one: ReportTemplateView | None, done: Callable[[], Any]) -> None:
        super().__init__()
        self._presenter, self._one, self._done = presenter, one, done
        hospital, english = presenter.state.hospital, language() == "en"

        def choices(named: Any, key: str) -> list[Choice]:
            return [
                Choice(getattr(row, key), (row.name_en or row.name) if english else row.name, translate=False)
                for row in named
            ]

        types = choices(hospital.exam_types if hospital else (), "code")
        campuses = choices(hospital.campuses if hospital else (), "id")
        patients = choices(hospital.patient_types if hospital else (), "code")
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        TextField(key="name", label="名称", required=True, max_length=60, span=2),
                        NumberField(key="position", label="排序", minimum=0, maximum=10_000),
                        SwitchField(key="is_default", label="默认模板"),
                    ],
                ),
                Section(
                    "适用于（不选为全部）",
                    [
                        TicksField(key="exam_types", label="检查类型", choices=types, columns=2),
                        TicksField(key="campus_ids", label="院区", choices=campuses, columns=2),
                        TicksField(key="patient_types", label="患者类型", choices=patients, columns=2),
                    ],
                ),
                Section(
                    "打印",
                    [
                        NumberField(key="validity_days", label="有效期（0 为永久）", unit="天", maximum=3650),
                        NumberField(key="most_copies", label="份数上限（0 为不限）", unit="份", maximum=99),
                        SwitchField(key="marks_reprints", label="标注补打"),
                        SwitchField(key="with_application", label="附申请单照片"),
                    ],
                ),
            ],
            columns=2,
        )
        self.form.set_values(
            {"position": len(presenter.state.reports) + 1, "validity_days": 0, "most_copies": 0}
            if one is None
            else {name: getattr(one, name) for name in self.form.rows}
        )
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 16)
        order = "多个模板都适用时：先看检查类型，再看院区，再看患者类型，再看排序；都不适用时用默认模板。"
        box.addWidget(Label(order, "caption", wrap=True))
        box.addWidget(scrolling(self.form), 1)
        self.save = Button("保存", "primary", "save", on_click=self._save)
        box.addWidget(self.save)

    def _save(self) -> None:
        if not self.form.validate():
            return
        values = self.form.values()
        one = self._one
        request = SaveReportTemplate(
            id=None if one is None else one.id,
            version=0 if one is None else one.version,
            copy_of=self._presenter.state.key if one is None else "",
            name=values["name"],
            is_default=values["is_default"],
            position=int(values["position"] or 0),
            exam_types=tuple(values["exam_types"]),
            campus_ids=tuple(values["campus_ids"]),
            patient_types=tuple(values["patient_types"]),
            validity_days=int(values["validity_days"] or 0),
            most_copies=int(values["most_copies"] or 0),
            marks_reprints=values["marks_reprints"],
            with_application=values["with_application"],
        )
        self._presenter.save_report(request)
        self._done()


def export_file(parent: QWidget, place: Workplace, presenter: TemplatesPresenter) -> None:
    """Ask where, and write the template as text."""
    name = presenter.report.name if presenter.report is not None else presenter.state.kind.value
    plain = "".join(c for c in name if c.isalnum() or c in "-_ ").strip() or "template"
    path, _kind = QFileDialog.getSaveFileName(parent, tr("导出模板"), f"{plain}.json", "JSON (*.json)")
    if path:
        write_file(Path(path), place, presenter)


def write_file(path: Path, place: Workplace, presenter: TemplatesPresenter) -> None:
    """Write the template as text."""
    try:
        write_atomically(path, presenter.text.encode("utf-8"))
    except OSError as fault:
        place.messages.report(fault)
        return
    place.messages.say(tr("模板已导出到 {path}", path=path), Tone.SUCCESS)


def import_file(parent: QWidget, place: Workplace, presenter: TemplatesPresenter) -> None:
    """Ask for a file and take the template in it."""
    path, _kind = QFileDialog.getOpenFileName(parent, tr("导入模板"), "", "JSON (*.json)")
    if path:
        read_file(Path(path), place, presenter)


def read_file(path: Path, place: Workplace, presenter: TemplatesPresenter) -> None:
    """Take the template in a file; what is none is refused with a sentence."""
    try:
        with path.open("rb") as stream:
            data = stream.read(4 * MOST_CHARACTERS + 1)
        text = data.decode("utf-8-sig")
    except OSError as fault:
        place.messages.report(fault)
        return
    except UnicodeDecodeError:
        place.messages.say(tr("这不是模板文件：模板是 UTF-8 编码的 JSON 文本。"), Tone.WARNING)
        return
    presenter.import_text(text)
