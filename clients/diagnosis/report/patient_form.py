"""The patient's basic information, changed from the report page (RIS-RPE-02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.diagnosis.words import SEX_WORDS
from clients.kit.fields import Choice, ChoiceField, DateField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from shared.contract.patients import PatientView
from shared.contract.reporting import CorrectPatient
from shared.domain.states import Sex

_FIELDS = Section(
    "",
    (
        TextField(key="name", label="姓名", required=True, max_length=64, span=2),
        ChoiceField(
            key="sex", label="性别", required=True, choices=[Choice(sex, word) for sex, word in SEX_WORDS.items()]
        ),
        DateField(key="birth_date", label="出生日期"),
        TextField(key="phone", label="联系电话", max_length=32, span=2),
        TextField(key="address", label="住址", max_length=200, span=2),
        TextField(key="card_number", label="就诊卡号", max_length=64),
        TextField(key="inpatient_number", label="住院号", max_length=64),
    ),
)


class PatientForm(QWidget):
    """The form beside the text; `save` gets the values of CorrectPatient but report and version."""

    def __init__(self, patient: PatientView, save: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._save = save
        self.form = FormView((_FIELDS,), columns=2)
        self.form.set_values({key: getattr(patient, key) for key in _KEYS})
        self.form.submitted.connect(self._press)
        note = Label("修改会同步到登记和其他检查，并记入操作日志。", "caption", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self.form)
        layout.addWidget(note)
        layout.addWidget(Button("保存", "primary", "save", on_click=self._press))
        layout.addStretch(1)

    def _press(self) -> None:
        if self.form.validate():
            values = self.form.values()
            self._save({**{key: values[key] for key in _KEYS}, "sex": Sex(values["sex"])})


_KEYS = ("name", "sex", "birth_date", "phone", "address", "card_number", "inpatient_number")
assert set(_KEYS) < set(CorrectPatient.__struct_fields__)
