"""The conditions that unfold on demand: every column that is no condition above (RIS-DX-17, RIS-OPN-13, CO-RD-01)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from clients.diagnosis.words import SEX_WORDS
from clients.diagnosis.worklist.columns import VISIT_WORDS
from clients.kit.choosing import Switch
from clients.kit.editors import ChoiceEditor, DateEditor
from clients.kit.fields import Choice, ChoiceField, DateField
from clients.kit.labels import Label
from clients.kit.states import EXAM_LOOKS, PATIENT_TYPE_LOOKS
from shared.contract.organisation import HospitalView
from shared.contract.reporting import ReportClock, ReportFilter, Scan
from shared.domain.states import ExamState, PatientType, Sex, VisitKind

ALL = "*"

TEXTS = (
    ("body_part", "检查部位"),
    ("items", "检查项目"),
    ("diagnosing_doctor", "诊断医生"),
    ("auditing_doctor", "审核医生"),
    ("requesting_department", "请检科室"),
    ("requesting_doctor", "请检医生"),
    ("registered_by", "登记医生"),
)
SCAN_WORDS = ((Scan.PLAIN.value, "平扫"), (Scan.CONTRAST.value, "增强"))
CLOCK_WORDS = (
    (ReportClock.ON_TIME.value, "时间充裕"),
    (ReportClock.SOON.value, "快到期"),
    (ReportClock.OVERDUE.value, "已超时"),
)
CHOICES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("patient_types", "患者类型", tuple((key, look.text) for key, look in PATIENT_TYPE_LOOKS.items())),
    ("visit_kinds", "就诊类别", tuple(VISIT_WORDS.items())),
    ("sex", "性别", tuple(SEX_WORDS.items())),
    ("exam_states", "检查状态", tuple((key, look.text) for key, look in EXAM_LOOKS.items())),
    ("scan", "扫描方式", SCAN_WORDS),
    ("clock", "时限", CLOCK_WORDS),
    ("device_ae", "设备", ()),
)
RANGES = (("diagnosed", "诊断时间"), ("requested", "请检时间"), ("printed", "打印时间"))
_PAIRS = 4
"""Labels with their field in one line."""


class Intentions(Protocol):
    """What the conditions ask of their presenter."""

    def filter(self, **parts: object) -> None: ...


class MoreConditions(QWidget):
    """Conditions that unfold on demand; texts match in part unless 精准查询 is on."""

    def __init__(self) -> None:
        super().__init__()
        self._intentions: Intentions | None = None
        self.texts: dict[str, QLineEdit] = {}
        self.choices: dict[str, ChoiceEditor] = {}
        self.ranges: dict[str, tuple[DayEditor, DayEditor]] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._place = 0
        for key, label in TEXTS:
            self._put(label, self._text(key))
        self.exact = Switch("精准查询")
        self.exact.toggled.connect(lambda on: self._filter(exact=on))
        self._put("", self.exact)
        for key, label, offered in CHOICES:
            self._put(label, self._choice(key, label, offered))
        self.mine_only = Switch("只看本人的报告")
        self.mine_only.toggled.connect(lambda on: self._filter(mine_only=on))
        self._put("", self.mine_only)
        self.age_from, self.age_to = self._age(), self._age()
        self._put("年龄", _beside(self.age_from, self.age_to))
        for key, label in RANGES:
            self._put(label, self._range(key, label))
        for pair in range(_PAIRS):
            self._grid.setColumnStretch(2 * pair + 1, 1)

    def attach(self, intentions: Intentions) -> None:
        """Report to this presenter from now on."""
        self._intentions = intentions

    def offer(self, hospital: HospitalView) -> None:
        """Offer the hospital's devices."""
        named = [(one.ae_title, f"{one.name}（{one.ae_title}）") for one in hospital.devices if one.ae_title]
        fill(self.choices["device_ae"], named, "全部")

    def show_conditions(self, conditions: ReportFilter) -> None:
        """Show conditions; says nothing to the presenter."""
        for key, line in self.texts.items():
            _show_text(line, getattr(conditions, key))
        for key, editor in self.choices.items():
            editor.set_value(_chosen(getattr(conditions, key)))
        for key, (first, last) in self.ranges.items():
            _show_day(first, getattr(conditions, f"{key}_from"))
            _show_day(last, getattr(conditions, f"{key}_to"))
        for line, years in ((self.age_from, conditions.age_from), (self.age_to, conditions.age_to)):
            _show_text(line, "" if years is None else str(years))
        for switch, on in ((self.exact, conditions.exact), (self.mine_only, conditions.mine_only)):
            switch.blockSignals(True)
            switch.setChecked(on)
            switch.blockSignals(False)

    def _put(self, label: str, field: QWidget) -> None:
        row, pair = divmod(self._place, _PAIRS)
        self._place += 1
        if label:
            self._grid.addWidget(_field_label(label), row, 2 * pair)
        self._grid.addWidget(field, row, 2 * pair + 1)

    def _text(self, key: str) -> QLineEdit:
        line = QLineEdit()
        line.setObjectName(key)
        line.setMaxLength(40)
        line.editingFinished.connect(lambda: self._filter(**{key: line.text().strip()}))
        self.texts[key] = line
        return line

    def _choice(self, key: str, label: str, offered: Sequence[tuple[object, str]]) -> ChoiceEditor:
        editor = choices(key, label)
        fill(editor, offered, "全部", translate=True)
        editor.chosen.connect(lambda value: self._filter(**{key: _condition(key, value)}))
        self.choices[key] = editor
        return editor

    def _range(self, key: str, label: str) -> QWidget:
        first, last = DayEditor(label), DayEditor(label)
        self.ranges[key] = first, last
        for editor in (first, last):
            editor.settled.connect(lambda: self._on_days(key))
        return _beside(first, last)

    def _age(self) -> QLineEdit:
        line = QLineEdit()
        line.setValidator(QIntValidator(0, 150, line))
        line.setMaxLength(3)
        line.editingFinished.connect(self._on_age)
        return line

    def _on_age(self) -> None:
        self._filter(age_from=_years(self.age_from), age_to=_years(self.age_to))

    def _on_days(self, key: str) -> None:
        first, last = (editor.value() for editor in self.ranges[key])
        if not isinstance(first, str) and not isinstance(last, str):
            self._filter(**{f"{key}_from": first, f"{key}_to": last})

    def _filter(self, **parts: object) -> None:
        if self._intentions is not None:
            self._intentions.filter(**parts)


class DayEditor(DateEditor):
    """A day that tells when the user is done with it."""

    settled = Signal()
    """a day was chosen, or typed and left."""

    def __init__(self, label: str) -> None:
        super().__init__(DateField(key=label, label=label))
        self.confirmed.connect(self.settled)
        self.left.connect(self.settled)

    def take_day(self, day: date) -> None:
        super().take_day(day)
        self.settled.emit()


def choices(key: str, label: str) -> ChoiceEditor:
    """Return a choice that keeps the keyboard out of the way of the wheel."""
    editor = ChoiceEditor(ChoiceField(key=key, label=label))
    editor.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return editor


def fill(
    editor: ChoiceEditor, offered: Sequence[tuple[object, str]], all_words: str, *, translate: bool = False
) -> None:
    """Offer these after "all"."""
    offers = (Choice(ALL, all_words), *(Choice(value, text, translate=translate) for value, text in offered))
    if offers != editor.choices:
        editor.set_choices(offers)


def _condition(key: str, value: object) -> Any:
    """Return what a choice means as a condition."""
    text = "" if value in (ALL, None) else str(value)
    kinds: dict[str, type[Any]] = {"patient_types": PatientType, "visit_kinds": VisitKind, "exam_states": ExamState}
    if key in kinds:
        return (kinds[key](text),) if text else ()
    if key == "device_ae":
        return text
    single: dict[str, type[Any]] = {"sex": Sex, "scan": Scan, "clock": ReportClock}
    return single[key](text) if text else None


def _chosen(condition: Any) -> str:
    if isinstance(condition, tuple):
        return str(condition[0]) if len(condition) == 1 else ALL
    return str(condition) if condition else ALL


def _years(line: QLineEdit) -> int | None:
    return int(line.text()) if line.text().isdigit() else None


def _show_text(line: QLineEdit, text: str) -> None:
    if not line.hasFocus():
        line.setText(text)


def _show_day(editor: DayEditor, day: date | None) -> None:
    if not editor.line.hasFocus():
        editor.set_value(day)


def _beside(first: QWidget, last: QWidget) -> QWidget:
    both = QWidget()
    across = QHBoxLayout(both)
    across.setContentsMargins(0, 0, 0, 0)
    across.setSpacing(4)
    across.addWidget(first, 1)
    across.addWidget(Label("–", "caption"))
    across.addWidget(last, 1)
    return both


def _field_label(source: str) -> Label:
    label = Label(source, "caption")
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
