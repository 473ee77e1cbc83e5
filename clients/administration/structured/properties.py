"""The properties of the selected part as a form; every change goes into the draft at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.administration.structured.outline import (
    LineError,
    Part,
    code_words,
    option_lines,
    read_code,
    read_options,
)
from clients.kit.fields import Choice, ChoiceField, LongTextField, NumberField, SwitchField, TextField
from clients.kit.fields import Field as FormField
from clients.kit.fields import Section as FormSection
from clients.kit.forms import FormView
from clients.kit.labels import Label
from clients.kit.translations import tr
from shared.domain.structured import Field, FieldKind, FormTemplate, Quantity, Section
from shared.domain.structured import Part as ReportPart

KINDS = {
    FieldKind.TEXT: "文字",
    FieldKind.NUMBER: "数字",
    FieldKind.CHOICE: "单选",
    FieldKind.CHOICES: "多选",
    FieldKind.DATE: "日期",
    FieldKind.MEASUREMENT: "测量",
    FieldKind.IMAGE: "关键图像",
    FieldKind.GROUP: "重复组",
    FieldKind.CALCULATED: "计算",
}
_QUANTITIES = {
    Quantity.ANY: "按单位",
    Quantity.LENGTH: "长度",
    Quantity.AREA: "面积",
    Quantity.VOLUME: "体积",
    Quantity.ANGLE: "角度",
    Quantity.MEAN: "平均值",
    Quantity.TIME: "时间",
    Quantity.RATIO: "比值",
}
_PARTS = {ReportPart.FINDINGS: "影像所见", ReportPart.IMPRESSION: "诊断意见", ReportPart.NONE: "只作数据"}
_PROSE = LongTextField(
    key="prose",
    label="句子",
    lines=3,
    max_length=2000,
    hint="花括号里的代号是值；方括号里缺值就省去；[?条件：…] 带条件",
)
_CODE = TextField(key="code", label="编码", max_length=300, placeholder="RADLEX:RID1301:lung")
_WHEN = TextField(key="visible_when", label="显示条件", max_length=2000, placeholder="pleura == 'yes'")
_NUMERIC = (FieldKind.NUMBER, FieldKind.MEASUREMENT)
_CHOOSING = (FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.CALCULATED)


def fields_of(part: Part) -> tuple[FormField, ...]:
    """Return what is asked about a part."""
    if isinstance(part, FormTemplate):
        return (
            TextField(key="title", label="模板名称", required=True, max_length=200, span=2),
            TextField(key="exam_types", label="检查类型", max_length=200, placeholder="CT, MR"),
            TextField(key="body_parts", label="部位", max_length=400),
            LongTextField(key="description", label="说明", lines=2),
            TextField(key="creator", label="作者", max_length=400),
            TextField(key="publisher", label="出版者", max_length=400),
            TextField(key="rights", label="权利", max_length=400),
            TextField(key="date", label="日期", max_length=40),
        )
    if isinstance(part, Section):
        return (
            TextField(key="title", label="标题", required=True, max_length=200),
            TextField(key="key", label="代号", required=True, max_length=40),
            ChoiceField(key="part", label="写入", choices=tuple(Choice(key, words) for key, words in _PARTS.items())),
            _WHEN,
            _CODE,
            _PROSE,
        )
    asked: list[FormField] = [
        TextField(key="label", label="名称", required=True, max_length=200),
        TextField(key="key", label="代号", required=True, max_length=40),
    ]
    if part.kind in _NUMERIC or (part.kind is FieldKind.CALCULATED and not part.options):
        asked += [
            TextField(key="unit", label="单位（UCUM）", max_length=32),
            NumberField(key="decimals", label="小数位", minimum=0, maximum=6),
        ]
    if part.kind in _NUMERIC:
        asked += [
            TextField(key="low", label="下限", max_length=20),
            TextField(key="high", label="上限", max_length=20),
        ]
    if part.kind is FieldKind.MEASUREMENT:
        asked += [
            ChoiceField(
                key="quantity", label="测量量", choices=tuple(Choice(key, words) for key, words in _QUANTITIES.items())
            ),
            TextField(key="target", label="测量名", max_length=80),
        ]
    if part.kind is FieldKind.GROUP:
        asked.append(NumberField(key="most", label="最多项数", minimum=1, maximum=30))
    if part.kind in _CHOOSING:
        asked.append(
            LongTextField(
                key="options",
                label="选项",
                lines=5,
                max_length=20_000,
                hint="每行一个：代号|文字|句中的词|分值|编码",
            )
        )
    if part.kind is not FieldKind.IMAGE and part.kind is not FieldKind.GROUP:
        asked.append(TextField(key="formula", label="公式", max_length=2000, span=2))
    if part.kind not in (FieldKind.CALCULATED, FieldKind.GROUP, FieldKind.IMAGE):
        asked.append(TextField(key="default", label="默认值", max_length=2000))
    if part.kind is not FieldKind.CALCULATED:
        asked.append(TextField(key="hint", label="提示", max_length=1000))
        asked.append(SwitchField(key="required", label="必填"))
    asked += [SwitchField(key="own_line", label="另起一段"), _WHEN, _CODE, _PROSE]
    return tuple(asked)


def values_of(part: Part, asked: tuple[FormField, ...]) -> dict[str, Any]:
    """Return a part as the form shows it."""
    values: dict[str, Any] = {}
    for field in asked:
        value = getattr(part, field.key)
        if field.key == "code":
            value = code_words(value)
        elif field.key == "options":
            value = option_lines(value)
        elif field.key in ("exam_types", "body_parts"):
            value = ", ".join(value)
        elif field.key in ("low", "high"):
            value = "" if value is None else f"{value:g}"
        values[field.key] = value
    return values


def read_value(part: Part, key: str, value: Any) -> Any:
    """Return what the form says as the part keeps it. Raises ValueError with a sentence."""
    if key == "code":
        return read_code(value)
    if key == "options":
        return read_options(value, part.options if isinstance(part, Field) else ())
    if key in ("exam_types", "body_parts"):
        words = value.replace("，", ",").replace("、", ",").split(",")
        return tuple(word.strip() for word in words if word.strip())
    if key in ("low", "high"):
        return float(value) if value.strip() else None
    if key in ("decimals", "most"):
        return int(value or 0)
    return value


class Properties(QWidget):
    """`changed` gets the part as it is now."""

    def __init__(self, changed: Callable[[Part], None]) -> None:
        super().__init__()
        self._changed = changed
        self._part: Part | None = None
        self._shape: object = None
        self._asked: tuple[FormField, ...] = ()
        self.form: FormView | None = None
        self._title = Label("", "strong")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 12, 16, 16)
        self._layout.setSpacing(8)
        self._layout.addWidget(self._title)

    def show_part(self, part: Part | None, edition: object) -> None:
        """Show a part; what the user is typing in is not touched while it says the same."""
        before, self._part = self._part, part
        if part is None:
            return
        shape = (edition, type(part), getattr(part, "kind", None), bool(getattr(part, "options", ())))
        if shape != self._shape:
            self._shape = shape
            self._build(part)
            before = None
        assert self.form is not None
        wanted = values_of(part, self._asked)
        for key, value in wanted.items():
            is_stale = before is None or self._said(key) != getattr(part, key)
            if is_stale and self.form.value(key) != value:
                self.form.set_values({key: value})

    def _said(self, key: str) -> Any:
        assert self.form is not None and self._part is not None
        try:
            return read_value(self._part, key, self.form.value(key))
        except ValueError:
            return None

    def _build(self, part: Part) -> None:
        if self.form is not None:
            self._layout.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
        if isinstance(part, Field):
            self._title.set_source(KINDS[part.kind])
        else:
            self._title.set_source("模板" if isinstance(part, FormTemplate) else "部分")
        self._asked = fields_of(part)
        self.form = FormView([FormSection("", self._asked)], columns=2)
        self.form.changed.connect(self._on_changed)
        self._layout.addWidget(self.form, 1)

    def _on_changed(self, key: str) -> None:
        assert self.form is not None and self._part is not None
        row = self.form.rows[key]
        try:
            value = read_value(self._part, key, self.form.value(key))
        except ValueError as error:
            row.show_problem(str(error) if isinstance(error, LineError) else tr("请填写数字。"))
            return
        row.show_problem("")
        self._changed(msgspec.structs.replace(self._part, **{key: value}))
