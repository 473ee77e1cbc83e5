"""Small forms at the right edge: destruction by two, a longer loan, a loss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.fields import DateField, Field, LongTextField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.translations import tr
from clients.pathology.archive.lending import LOAN_DAYS
from clients.pathology.registration.money import fen_of


def yuan_problem(text: str) -> str:
    """What is wrong with an amount."""
    return "" if fen_of(text) is not None else tr("请填写金额，例如 500 或 500.50")


class ActForm(QWidget):
    """A sentence, fields and one button. `act` gets the values when they are right."""

    def __init__(
        self, sentence: str, fields: tuple[Field, ...], button: tuple[str, str], act: Callable[[dict[str, Any]], object]
    ) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 16)
        box.setSpacing(12)
        self.sentence = Label(sentence, "quiet", wrap=True)
        box.addWidget(self.sentence)
        self.form = FormView([Section("", fields)], columns=1)
        self.form.submitted.connect(lambda: act(self.form.values()))
        box.addWidget(self.form)
        self.button = Button(button[0], button[1], on_click=self.form.submit)
        box.addWidget(self.button)
        box.addStretch(1)


def destroy_form(
    count: int, destroy: Callable[[str, str, str, Callable[[], None]], object], done: Callable[[], None]
) -> ActForm:
    """销毁: the reason and the log-in of a second person."""
    form = ActForm(
        "超过保存年限并且报告已发出的材料才能销毁，需要第二人签名。",
        (
            LongTextField(key="reason", label="原因", required=True, span=1),
            TextField(key="login", label="见证人登录名", required=True),
            TextField(key="password", label="密码", required=True, secret=True),
        ),
        ("销毁", "danger"),
        lambda values: destroy(values["reason"], values["login"], values["password"], done),
    )
    form.button.setEnabled(count > 0)
    return form


def extend_form(
    due: date, extend: Callable[[date, str, Callable[[], None]], object], done: Callable[[], None]
) -> ActForm:
    """延期: a later day."""
    first = max(due, date.today()) + timedelta(days=1)
    return ActForm(
        "选择新的归还期限。",
        (
            DateField(
                key="day",
                label="归还期限",
                required=True,
                earliest=first,
                initial=max(due, date.today()) + timedelta(days=LOAN_DAYS),
            ),
            TextField(key="note", label="备注", max_length=200),
        ),
        ("延长借期", "primary"),
        lambda values: extend(values["day"], values["note"], done),
    )


def lost_form(report: Callable[[str, Callable[[], None]], object], done: Callable[[], None]) -> ActForm:
    """遗失 of the ticked items."""
    return ActForm(
        "勾选的材料将被锁定，病例会标记材料遗失。",
        (LongTextField(key="reason", label="原因", required=True, span=1),),
        ("登记遗失", "danger"),
        lambda values: report(values["reason"], done),
    )
