"""登记弹窗: the data of a request beside the paper, then 登记 or 登记并采集 (ECG-HIS-03 … -07)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.ecg.desk import Desk
from clients.ecg.looks import REQUEST_LOOKS
from clients.ecg.registration.entry import OF_THE_REQUEST, sections, to_entry, to_values
from clients.ecg.shell.dialogs import AND_ACQUIRE, DONE, EcgDialog
from clients.kit.badges import StateBadge
from clients.kit.fields import Section
from clients.kit.forms import FormView
from clients.kit.labels import Label
from clients.kit.states import look_of
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Request
from shared.contract.ecg import EcgEntry, RegisteredView, RegisterRequest, RequestRow
from shared.domain.permissions import Permission

_FROM_REQUEST = (*OF_THE_REQUEST, "patient_name", "id_number")
"""What a request brings is compared with the paper and not typed over; empty fields may be filled."""


def locked_sections(entry: EcgEntry) -> Sequence[Section]:
    """The fields of the dialog, those that the request brought read-only."""
    return [
        replace(
            section,
            fields=[
                replace(field, read_only=True, required=False)
                if field.key in _FROM_REQUEST and getattr(entry, field.key)
                else field
                for field in section.fields
            ],
        )
        for section in sections()
    ]


class Registering(EcgDialog):
    """What every registration does at its end: tells what became of it, and opens the reading page if wanted."""

    def add_register_buttons(self) -> None:
        """登记, 登记并采集."""
        self.add_button("close", "取消")
        may_acquire = self._desk.may(Permission.ECG_ACQUIRE)
        self.add_button("register", "登记", "" if may_acquire else "primary", self.register, DONE)
        if may_acquire:
            self.add_button("acquire", "登记并采集", "primary", self.register_and_acquire, AND_ACQUIRE)

    def make_request(self) -> Request[RegisteredView] | None:
        """The request of what is in the form; None when something is missing (it is marked then)."""
        raise NotImplementedError

    def register(self) -> None:
        """登记."""
        self._send(acquire=False)

    def register_and_acquire(self) -> None:
        """登记并采集: the reading page opens with 采集 at once (ECG-HIS-06)."""
        self._send(acquire=True)

    def _send(self, *, acquire: bool) -> None:
        request = self.make_request()
        if request is None:
            return
        line = self._desk.place.connection
        self.ask(lambda: line.call(request), lambda made: self._registered(made, acquire=acquire))

    def _registered(self, made: RegisteredView, *, acquire: bool) -> None:
        row = made.exam.row
        if made.existed:
            words, tone = tr("该申请单已登记，检查号 {number}。", number=row.accession_number), Tone.WARNING
        else:
            words = tr("{name} 已登记，检查号 {number}。", name=row.patient_name, number=row.accession_number)
            tone = Tone.SUCCESS
        self._desk.place.messages.say(words, tone)
        desk = self._desk
        self.accept()
        desk.tell_exam(row.id)
        if acquire:
            desk.open_reading(row.id, acquire=True)


class RegistrationDialog(Registering):
    """One request to compare with the paper."""

    def __init__(self, desk: Desk, parent: QWidget, row: RequestRow, then: Callable[[], None] = lambda: None) -> None:
        super().__init__(desk, parent, "登记", width=960)
        self._row = row
        self._then = then
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(StateBadge(look_of(REQUEST_LOOKS, row.state)), 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(Label("请与纸质申请单核对以下内容，确认无误后登记。", "strong"), 1)
        self.body.addLayout(head)
        self.put_form(FormView(locked_sections(row.entry), columns=4), height=590)
        assert self.form is not None
        self.form.set_values(to_values(row.entry))
        self.form.set_read_only(False)
        self.add_register_buttons()
        self.form.submitted.connect(self.register)
        if not row.can_register:
            self.form.set_read_only(True)
            self.say(tr("该申请单不能登记：{state}。", state=tr(look_of(REQUEST_LOOKS, row.state).text)))
            self.settle()

    def settle(self) -> None:
        for key in ("register", "acquire"):
            if key in self.buttons:
                self.buttons[key].setEnabled(self._row.can_register)

    def make_request(self) -> RegisterRequest | None:
        if self.form is None or not self._row.can_register or not self.form.validate():
            return None
        return RegisterRequest(
            application_id=self._row.application_id,
            version=self._row.version,
            entry=to_entry(self.form.values(), self._row.entry),
        )

    def _registered(self, made: RegisteredView, *, acquire: bool) -> None:
        super()._registered(made, acquire=acquire)
        self._then()
