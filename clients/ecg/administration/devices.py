"""设备管理: recorders, how they hand their records over, and the workstations bound to them (ECG-AMB-11)."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.ecg.administration.table_page import TablePage
from clients.ecg.desk import Desk
from clients.ecg.looks import DEVICE_LOOKS, choices, word
from clients.ecg.pages import DEVICES
from clients.ecg.shell.dialogs import EcgDialog
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, SwitchField, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords, RowAction
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Nothing
from shared.contract.ecg_acquisition import (
    BindStation,
    EcgDeviceEntry,
    EcgDeviceView,
    ListEcgDevices,
    SaveEcgDevice,
    UnbindStation,
)
from shared.contract.organisation import GetHospital, HospitalView
from shared.domain.ecg import ADAPTER_KINDS, AdapterKind

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

SETTINGS: dict[AdapterKind, dict[str, str]] = {
    AdapterKind.FOLDER: {"folder": "folder"},
    AdapterKind.TCP: {"host": "host", "tcp_port": "port", "listen": "listen"},
    AdapterKind.SERIAL: {"serial_port": "port", "baud": "baud"},
    AdapterKind.DICOM: {"ae_title": ""},
    AdapterKind.SIMULATOR: {"host": "host", "tcp_port": "port"},
}
"""Adapter → fields of the dialog → names of the adapter's settings; "" is a field of the entry itself."""
_SETTING_FIELDS = ("folder", "host", "tcp_port", "listen", "serial_port", "baud", "ae_title")


def station_name() -> str:
    """What this computer is called: the identity that bindings name."""
    return platform.node()


def device_name(row: EcgDeviceView) -> str:
    """The name, else model and serial."""
    return row.entry.name or f"{row.entry.model} {row.entry.serial}".strip()


def _holder(row: EcgDeviceView) -> str:
    return row.task.patient_name if row.task is not None else ""


COLUMNS = (
    Column("state", "设备状态", 96, looks=DEVICE_LOOKS),
    Column("name", "设备名称", 240, value=device_name, strong=True),
    Column("serial", "序列号", 140, value=lambda row: row.entry.serial),
    Column("model", "型号", 110, value=lambda row: row.entry.model),
    Column("manufacturer", "厂商", 110, value=lambda row: row.entry.manufacturer),
    Column(
        "adapter", "接入方式", 100, value=lambda row: row.entry.adapter, format=lambda kind: word(ADAPTER_KINDS, kind)
    ),
    Column("campus_name", "医院", 120),
    Column("stations", "绑定的工作站", 0, value=lambda row: "、".join(row.stations)),
    Column("task", "正在采集", 100, value=_holder),
)
ACTIONS = (
    RowAction("change", "修改", "edit", allowed=lambda _row: True),
    RowAction("bind", "绑定本机", "check_circle", allowed=lambda row: station_name() not in row.stations),
)


class DevicesPage(TablePage):
    """The table of recorders."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        super().__init__(
            desk,
            place,
            DEVICES,
            lambda: ListEcgDevices(with_inactive=True),
            COLUMNS,
            ACTIONS,
            EmptyWords("还没有设备", "新增心电图机，再把工作站绑定到它。", "display", "新增设备"),
            hint="工作站绑定到设备后，才能在阅图页采集。",
            header=(("add", "primary"), ("bind", "")),
            entities=("ecg_device", "ecg_task"),
        )
        self.list.empty_action.connect(self.add)
        place.actions.on(f"{DEVICES}.bind", self._bind_selected)

    def act(self, action: str, row: EcgDeviceView) -> None:
        """Change a device, or bind this computer to it."""
        if action == "change":
            DeviceDialog(self._desk, self, row, self.refresh).open()
        elif action == "bind":
            self.bind(row, station_name())

    def add(self) -> None:
        """新增设备."""
        DeviceDialog(self._desk, self, None, self.refresh).open()

    def _bind_selected(self) -> None:
        if self.list.selected_row is not None:
            self.bind(self.list.selected_row, station_name())

    def bind(self, row: EcgDeviceView, station: str) -> None:
        """Bind a workstation to a device; an earlier binding of it ends."""
        line, messages = self._place.connection, self._place.messages

        def bound(view: EcgDeviceView) -> None:
            messages.say(
                tr("工作站 {station} 已绑定到 {device}", station=station, device=device_name(view)), Tone.SUCCESS
            )
            self.refresh()

        self._place.runner.run(
            lambda: line.call(BindStation(station=station, device_id=row.id)), bound, messages.report
        )


class DeviceDialog(EcgDialog):
    """One recorder; only the settings of its way of connection are asked."""

    def __init__(self, desk: Desk, parent: QWidget, row: EcgDeviceView | None, saved: Any) -> None:
        super().__init__(desk, parent, "新增设备" if row is None else "修改设备", width=720)
        self._row = row
        self._saved = saved
        form = FormView(
            [
                Section(
                    "设备",
                    [
                        TextField(key="serial", label="序列号", required=True, max_length=64),
                        TextField(key="name", label="设备名称", max_length=64, placeholder="空：型号和序列号"),
                        TextField(key="manufacturer", label="厂商", max_length=64),
                        TextField(key="model", label="型号", max_length=64),
                        ChoiceField(key="campus_id", label="医院", required=True),
                        NumberField(
                            key="task_minutes", label="采集超时", unit="分钟", minimum=1, maximum=1440, initial=15
                        ),
                    ],
                ),
                Section(
                    "接入",
                    [
                        ChoiceField(
                            key="adapter",
                            label="接入方式",
                            required=True,
                            choices=choices(ADAPTER_KINDS),
                            initial=AdapterKind.FOLDER,
                        ),
                        TextField(key="folder", label="文件夹", max_length=400, placeholder="厂商软件写入文件的文件夹"),
                        TextField(key="host", label="主机地址", max_length=200, placeholder="127.0.0.1"),
                        TextField(key="tcp_port", label="端口", max_length=5),
                        TextField(key="listen", label="监听端口", max_length=5, placeholder="由设备连接本机时填写"),
                        TextField(key="serial_port", label="串口", max_length=64, placeholder="COM3 或 /dev/ttyUSB0"),
                        TextField(key="baud", label="波特率", max_length=7, placeholder="115200"),
                        TextField(key="ae_title", label="设备 AE 标题", max_length=16),
                        SwitchField(key="is_active", label="启用", initial=True),
                    ],
                ),
            ],
            columns=2,
        )
        self.put_form(form, height=360)
        self.stations: ListView | None = None
        if row is not None:
            self._show_stations(row)
        self.add_button("close", "取消")
        self.add_button("save", "保存", "primary", self.save)
        form.changed.connect(self._typed)
        form.submitted.connect(self.save)
        if row is not None:
            form.set_values(self._values(row.entry))
        self._show_settings()
        line = desk.place.connection
        self.call(lambda: line.call(GetHospital()), self._hospital_came, self.show_error)

    def _values(self, entry: EcgDeviceEntry) -> dict[str, Any]:
        values: dict[str, Any] = {
            key: getattr(entry, key)
            for key in ("serial", "name", "manufacturer", "model", "task_minutes", "adapter", "ae_title", "is_active")
        }
        for field, setting in SETTINGS[entry.adapter].items():
            if setting:
                values[field] = entry.settings.get(setting, "")
        return values

    def _hospital_came(self, hospital: HospitalView) -> None:
        assert self.form is not None
        self.form.set_choices(
            "campus_id", [Choice(campus.id, campus.name, translate=False) for campus in hospital.campuses]
        )
        wanted = self._row.entry.campus_id if self._row is not None else None
        usual = hospital.campuses[0].id if hospital.campuses else None
        self.form.set_values({"campus_id": wanted or usual})

    def _typed(self, key: str) -> None:
        if key == "adapter":
            self._show_settings()

    def _show_settings(self) -> None:
        assert self.form is not None
        shown = SETTINGS.get(self.form.value("adapter"), {})
        for key in _SETTING_FIELDS:
            self.form.rows[key].setVisible(key in shown)

    def entry(self) -> EcgDeviceEntry:
        """What the form says."""
        assert self.form is not None
        values = self.form.values()
        adapter = AdapterKind(values["adapter"])
        settings = {
            setting: str(values[field]).strip()
            for field, setting in SETTINGS[adapter].items()
            if setting and str(values[field] or "").strip()
        }
        return EcgDeviceEntry(
            serial=values["serial"].strip(),
            name=values["name"].strip(),
            manufacturer=values["manufacturer"].strip(),
            model=values["model"].strip(),
            campus_id=values["campus_id"],
            adapter=adapter,
            settings=settings,
            ae_title=values["ae_title"].strip() if adapter is AdapterKind.DICOM else "",
            task_minutes=int(values["task_minutes"] or 15),
            is_active=bool(values["is_active"]),
        )

    def save(self) -> None:
        """保存."""
        if self.form is None or not self.form.validate():
            return
        row = self._row
        request = SaveEcgDevice(
            entry=self.entry(), device_id=None if row is None else row.id, version=0 if row is None else row.version
        )
        line = self._desk.place.connection
        self.ask(lambda: line.call(request), self._stored)

    def _stored(self, _view: EcgDeviceView) -> None:
        self._desk.place.messages.say(tr("已保存"), Tone.SUCCESS)
        self._saved()
        self.accept()

    # ── bindings ─────────────────────────────────────────────────────────────────────────────────────

    def _show_stations(self, row: EcgDeviceView) -> None:
        head = QHBoxLayout()
        head.addWidget(Label("绑定的工作站", "strong"), 1)
        head.addWidget(Button("绑定其他工作站", "link", on_click=self._ask_station))
        self.body.addLayout(head)
        self.stations = ListView(
            (Column("name", "工作站", 0, value=lambda name: name, sort=False),),
            row_id=lambda name: name,
            actions=(RowAction("unbind", "解除绑定", "clear", allowed=lambda _name: True, danger=True),),
            empty=EmptyWords("没有绑定的工作站", "在列表中按“绑定本机”，或绑定其他工作站。", "display"),
        )
        self.stations.setFixedHeight(130)
        self.stations.set_rows(row.stations)
        self.stations.action_requested.connect(self._unbind)
        self.body.addWidget(self.stations)

    def _unbind(self, _action: str, station: str) -> None:
        line = self._desk.place.connection

        def gone(_nothing: Nothing) -> None:
            if self.stations is not None and self._row is not None:
                left = [name for name in self._names() if name != station]
                self.stations.set_rows(left)
            self._saved()

        self.ask(lambda: line.call(UnbindStation(station=station)), gone)

    def _names(self) -> list[str]:
        assert self.stations is not None
        return [name for at in range(self.stations.total) if (name := self.stations.model.row(at)) is not None]

    def _ask_station(self) -> None:
        assert self._row is not None
        StationDialog(self._desk, self, self._row.id, self._bound).open()

    def _bound(self, view: EcgDeviceView) -> None:
        if self.stations is not None:
            self.stations.set_rows(view.stations)
        self._saved()


class StationDialog(EcgDialog):
    """Asks for the identity of another workstation."""

    def __init__(self, desk: Desk, parent: QWidget, device_id: int, bound: Any) -> None:
        super().__init__(desk, parent, "绑定工作站", width=440)
        self._device_id = device_id
        self._bound = bound
        hint = "工作站的计算机名，在该工作站的采集窗口中可以看到。"
        self.put_form(
            FormView(
                [Section("", [TextField(key="station", label="工作站", required=True, max_length=64, hint=hint)])],
                columns=1,
            )
        )
        self.add_button("close", "取消")
        self.add_button("save", "绑定", "primary", self.save)
        assert self.form is not None
        self.form.set_values({"station": station_name()})
        self.form.submitted.connect(self.save)

    def save(self) -> None:
        """绑定."""
        if self.form is None or not self.form.validate():
            return
        request = BindStation(station=str(self.form.value("station")).strip(), device_id=self._device_id)
        line = self._desk.place.connection

        def done(view: EcgDeviceView) -> None:
            self._bound(view)
            self.accept()

        self.ask(lambda: line.call(request), done)
