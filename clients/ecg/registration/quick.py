"""Quick registration: by health-check number, by request number, or basic data for a consultation (ECG-QREG)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from clients.ecg.desk import Desk
from clients.ecg.looks import REQUEST_LOOKS
from clients.ecg.registration.dialog import Registering, locked_sections
from clients.ecg.registration.entry import short_sections, to_entry, to_values
from clients.ecg.shell.dialogs import AND_ACQUIRE
from clients.kit.fields import Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords
from clients.kit.panels import EmptyState, scrolling
from clients.kit.scanner import ScannerInput
from clients.kit.states import look_of
from clients.kit.translations import tr
from shared.contract.ecg import FindRequest, RegisterEcg, RegisterRequest, RequestRow
from shared.contract.errors import ErrorCode, RpcError
from shared.domain.permissions import Permission


class NumberDialog(Registering):
    """Type or scan a number, 查询, check the data, 提交. A scanner that types like a keyboard ends with Enter."""

    def __init__(self, desk: Desk, parent: QWidget, *, is_health_check: bool) -> None:
        super().__init__(desk, parent, "体检号登记" if is_health_check else "申请单号登记", width=960)
        self._is_health_check = is_health_check
        self.found: tuple[RequestRow, ...] = ()
        self.chosen: RequestRow | None = None
        self._asked = ""
        self._room = parent.window().height()
        self.number = FormView(
            [
                Section(
                    "",
                    [
                        TextField(
                            key="number",
                            label="体检号" if is_health_check else "申请单号",
                            required=True,
                            placeholder="输入或扫描后按 Enter 查询",
                        )
                    ],
                )
            ],
            columns=1,
        )
        self.number.submitted.connect(self.query)
        self.body.addWidget(self.number)
        self.several = ListView(
            (
                Column("state", "状态", 96, looks=REQUEST_LOOKS, sort=False),
                Column("patient_name", "病人姓名", 96, value=lambda row: row.entry.patient_name, sort=False),
                Column("exam_item", "检查项目", 0, value=lambda row: row.entry.exam_item, sort=False),
                Column("received_at", "申请时间", 128, sort=False),
            ),
            row_id=lambda row: row.application_id,
            empty=EmptyWords("没有申请单", ""),
        )
        self.several.setFixedHeight(120)
        self.several.selected.connect(self._choose)
        self.several.hide()
        self.body.addWidget(self.several)
        self.empty = EmptyState("barcode", "等待查询", "输入或扫描号码，按“查询”后在此核对申请单内容。")
        self.empty.setMinimumHeight(320)
        self.body.addWidget(self.empty, 1)
        self.area: QWidget | None = None
        self.add_button("close", "取消")
        self.add_button("query", "查询", "", self.number.submit)
        if desk.may(Permission.ECG_ACQUIRE):
            self.add_button("acquire", "提交并采集", "", self.register_and_acquire, AND_ACQUIRE)
        self.add_button("register", "提交", "primary", self.register)
        self.scanner = ScannerInput(self)
        self.scanner.follow(desk.place.desk_settings)
        self.scanner.listen(self.scanned)
        self.settle()
        self.number.focus("number")

    def settle(self) -> None:
        can = self.chosen is not None and self.chosen.can_register
        for key in ("register", "acquire"):
            if key in self.buttons:
                self.buttons[key].setEnabled(can)

    def query(self) -> None:
        """查询: requests that bear exactly this number; a number not found keeps the dialog (ECG-QREG-06)."""
        number = str(self.number.value("number")).strip()
        if not number:
            return
        self._asked = number
        request = (
            FindRequest(health_check_number=number) if self._is_health_check else FindRequest(request_number=number)
        )
        line = self._desk.place.connection
        self.say("")
        self.call(lambda: line.call(request), self._arrived, self._not_found)

    def scanned(self, code: str) -> None:
        """A scanner sent a code: it is the number, and it is asked for (ECG-QREG-07)."""
        self.number.set_values({"number": code})
        self.query()

    def _arrived(self, rows: tuple[RequestRow, ...]) -> None:
        if not rows:
            self._show_nothing(tr("没有找到号码“{number}”的申请单，请核对后重新输入。", number=self._asked))
            return
        self.found = rows
        self.several.setVisible(len(rows) > 1)
        self.several.set_rows(rows)
        best = next((row for row in rows if row.can_register), rows[0])
        if len(rows) > 1:
            self.several.select_id(best.application_id)
        self._choose(best)

    def _not_found(self, error: Exception) -> None:
        if isinstance(error, RpcError) and error.code is ErrorCode.NOT_FOUND:
            self._arrived(())
        else:
            self._show_nothing(message_for(error).text)

    def _show_nothing(self, sentence: str) -> None:
        self.found, self.chosen = (), None
        self.several.hide()
        self._put(None)
        self.number.show_problems({"number": sentence})
        self.settle()

    def _choose(self, row: RequestRow | None) -> None:
        if row is None or row == self.chosen:
            return
        self.chosen = row
        form = FormView(locked_sections(row.entry), columns=4)
        form.set_values(to_values(row.entry))
        form.set_read_only(not row.can_register)
        form.submitted.connect(self.register)
        self._put(form)
        self.say(
            ""
            if row.can_register
            else tr("该申请单不能登记：{state}。", state=tr(look_of(REQUEST_LOOKS, row.state).text))
        )
        self.settle()
        if row.can_register:
            self.buttons["register"].setFocus(Qt.FocusReason.OtherFocusReason)

    def _put(self, form: FormView | None) -> None:
        if self.area is not None:
            self.body.removeWidget(self.area)
            self.area.deleteLater()
        self.form, self.area = form, None
        self.empty.setVisible(form is None)
        if form is not None:
            self.area = scrolling(form)
            self.area.setMinimumHeight(min(560, self._room - 260))
            self.body.addWidget(self.area, 1)

    def make_request(self) -> RegisterRequest | None:
        if self.form is None or self.chosen is None or not self.chosen.can_register or not self.form.validate():
            return None
        return RegisterRequest(
            application_id=self.chosen.application_id,
            version=self.chosen.version,
            entry=to_entry(self.form.values(), self.chosen.entry),
        )


class ConsultationRegistration(Registering):
    """快速登记会诊: a patient without a request; name, sex and age are mandatory (ECG-QREG-04, -05)."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(desk, parent, "快速登记会诊", width=760)
        self.body.addWidget(Label("带 * 的为必填项：病人姓名、性别、年龄。", "quiet"))
        self.put_form(FormView(short_sections(), columns=3), height=380)
        self.add_register_buttons()
        assert self.form is not None
        self.form.submitted.connect(self.register)
        self.form.focus("patient_name")

    def make_request(self) -> RegisterEcg | None:
        if self.form is None or not self.form.validate():
            return None
        return RegisterEcg(entry=to_entry(self.form.values()))
