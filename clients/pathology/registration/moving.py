"""病例转存 and 删除记录: what changes a case's number for good."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.messages import message_for
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.pathology import BeginDeletion, CaseView, DeleteCase, DeletionChallenge, OpenCase, TransferCase


class TransferPanel(QWidget):
    """Into which library, and why; the number is renewed by the target's rule (PA-AMB-05)."""

    def __init__(self, desk: Desk, case_id: int, number: str) -> None:
        super().__init__()
        self._desk, self._case_id = desk, case_id
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(12)
        box.addWidget(
            Label("病理号 {number} 将按目标病例库的规则换成新号；旧号仍可查到。", "quiet", wrap=True, number=number)
        )
        libraries = [one for one in desk.libraries if one.id != desk.library.id]
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        ChoiceField(
                            key="library",
                            label="目标病例库",
                            required=True,
                            choices=[Choice(one.id, one.entry.name, translate=False) for one in libraries],
                        ),
                        TextField(key="reason", label="转存原因", max_length=200),
                    ],
                )
            ],
            columns=1,
        )
        box.addWidget(self.form)
        self.button = Button("病例转存", "primary", "send", on_click=self.form.submit)
        box.addWidget(self.button)
        box.addStretch(1)
        self.form.submitted.connect(self.transfer)

    def transfer(self) -> None:
        """Move the case as it is now."""
        place, values, case_id = self._desk.place, self.form.values(), self._case_id
        self.button.setEnabled(False)

        def work() -> CaseView:
            case = place.connection.call(OpenCase(case_id=case_id)).case
            return place.connection.call(
                TransferCase(
                    case_id=case_id, version=case.version, library_id=values["library"], reason=values["reason"]
                )
            )

        def done(case: CaseView) -> None:
            place.messages.say(tr("已转存，新病理号 {number}", number=case.number), Tone.SUCCESS)
            if self._desk.case is not None and self._desk.case.id == case.id:
                self._desk.close_case()
            self._desk.close_panel()
            self._desk.refresh_lists()

        place.runner.run(work, done, self._failed, key="pathology.transfer")

    def _failed(self, error: Exception) -> None:
        self.button.setEnabled(True)
        self.form.show_problems({"library": message_for(error).text})


class DeletionPanel(QWidget):
    """The random password is typed back; the button then asks once more by its words (PA-DX-38)."""

    def __init__(self, desk: Desk, case_id: int, number: str, name: str) -> None:
        super().__init__()
        self._desk, self._case_id = desk, case_id
        self._sure = False
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(12)
        box.addWidget(ValueLabel(f"{number}  {name}", "title"))
        box.addWidget(Label("删除后病例不能恢复，病理号成为漏编号，并记入系统日志。", "quiet", wrap=True))
        box.addWidget(Label("请照抄系统随机密码：", "caption"))
        self.password = ValueLabel("…", "headline")
        self.password.setMinimumHeight(32)
        box.addWidget(self.password)
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        TextField(key="password", label="系统随机密码", required=True, max_length=40),
                        TextField(key="reason", label="删除原因", max_length=200),
                    ],
                )
            ],
            columns=1,
        )
        self.form.changed.connect(lambda _key: self._ask_again(sure=False))
        box.addWidget(self.form)
        self.button = Button("删除记录", "danger", "clear", on_click=self.press)
        self.button.setEnabled(False)
        box.addWidget(self.button)
        box.addStretch(1)
        place = desk.place
        place.runner.run(
            lambda: place.connection.call(BeginDeletion(case_id=case_id)), self._begun, self._refused, key="delete"
        )

    def press(self) -> None:
        """The first press asks once more, the second deletes."""
        if not self.form.validate():
            return
        if self.form.value("password") != self.password.full_text:
            self.form.show_problems({"password": tr("与系统随机密码不一致，请照抄。")})
            return
        if not self._sure:
            self._ask_again(sure=True)
            return
        place, values, case_id = self._desk.place, self.form.values(), self._case_id

        def work() -> object:
            case = place.connection.call(OpenCase(case_id=case_id)).case
            return place.connection.call(
                DeleteCase(case_id=case_id, version=case.version, password=values["password"], reason=values["reason"])
            )

        self.button.setEnabled(False)
        place.runner.run(work, self._deleted, self._refused, key="delete")

    def _begun(self, challenge: DeletionChallenge) -> None:
        self.password.set_text(challenge.password)
        self.button.setEnabled(True)
        self.form.focus("password")

    def _ask_again(self, *, sure: bool) -> None:
        self._sure = sure
        self.button.set_source("再按一次，确认删除" if sure else "删除记录")

    def _deleted(self, _reply: object) -> None:
        desk = self._desk
        desk.place.messages.say(tr("病例已删除"), Tone.SUCCESS)
        if desk.case is not None and desk.case.id == self._case_id:
            desk.close_case()
        desk.close_panel()
        desk.refresh_lists()

    def _refused(self, error: Exception) -> None:
        self.button.setEnabled(True)
        self._ask_again(sure=False)
        self.form.show_problems({"password": message_for(error).text})
