"""Devices and their bindings to workstations (ECG-AMB-11)."""

from __future__ import annotations

from sqlalchemy import delete, select

from server.ecg.acquisition import rules
from server.ecg.acquisition.ports import Campuses
from server.ecg.acquisition.tables import EcgBindingRow, EcgDeviceRow
from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from shared.contract.base import Changed
from shared.contract.ecg_acquisition import EcgDeviceEntry, SaveEcgDevice
from shared.contract.errors import ErrorCode
from shared.domain.ecg import AdapterKind

ENTITY = "ecg_device"


class Devices:
    """Methods work in the caller's unit of work."""

    def __init__(self, campuses: Campuses, clock: Clock) -> None:
        self._campuses = campuses
        self._clock = clock

    def listed(self, uow: UnitOfWork, caller: Caller, *, with_inactive: bool) -> list[EcgDeviceRow]:
        """Return the devices that the account may see, by name."""
        statement = select(EcgDeviceRow).order_by(EcgDeviceRow.name, EcgDeviceRow.id)
        if not with_inactive:
            statement = statement.where(EcgDeviceRow.is_active)
        if caller.campus_ids:
            statement = statement.where(EcgDeviceRow.campus_id.in_(sorted(caller.campus_ids)))
        return list(uow.session.scalars(statement))

    def get(self, uow: UnitOfWork, device_id: int) -> EcgDeviceRow:
        """Return a device. Raises NOT_FOUND."""
        row = uow.session.get(EcgDeviceRow, device_id)
        if row is None:
            raise not_found("心电设备")
        return row

    def demand(self, uow: UnitOfWork, caller: Caller, device_id: int) -> EcgDeviceRow:
        """Return a device of the caller's hospitals. Raises NOT_FOUND."""
        row = self.get(uow, device_id)
        if caller.campus_ids and row.campus_id not in caller.campus_ids:
            raise not_found("心电设备")
        return row

    def of_station(self, uow: UnitOfWork, station: str) -> EcgDeviceRow | None:
        """Return the device that a workstation is bound to."""
        binding = uow.session.get(EcgBindingRow, station) if station else None
        return None if binding is None else uow.session.get(EcgDeviceRow, binding.device_id)

    def by_serial(self, uow: UnitOfWork, serial: str) -> EcgDeviceRow | None:
        """Return the device of a serial number."""
        wanted = serial.strip()
        if not wanted:
            return None
        return uow.session.scalars(select(EcgDeviceRow).where(EcgDeviceRow.serial == wanted)).one_or_none()

    def campus_of_ae(self, uow: UnitOfWork, ae_title: str) -> int | None:
        """Return the campus of the device that calls itself so, None when there is none."""
        wanted = ae_title.strip()
        if not wanted:
            return None
        statement = select(EcgDeviceRow.campus_id).where(EcgDeviceRow.ae_title == wanted, EcgDeviceRow.is_active)
        return uow.session.scalars(statement.order_by(EcgDeviceRow.id).limit(1)).first()

    def stations(self, uow: UnitOfWork, device_ids: list[int]) -> dict[int, tuple[str, ...]]:
        """Return device id → workstations bound to it."""
        rows = uow.session.scalars(
            select(EcgBindingRow).where(EcgBindingRow.device_id.in_(device_ids)).order_by(EcgBindingRow.station)
        )
        found: dict[int, tuple[str, ...]] = {}
        for row in rows:
            found[row.device_id] = (*found.get(row.device_id, ()), row.station)
        return found

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveEcgDevice) -> EcgDeviceRow:
        """Make or change a device. Raises Refusal."""
        entry = request.entry
        try:
            rules.check_device(entry)
        except rules.Wrong as wrong:
            raise invalid(wrong.field, wrong.sentence) from None
        names = self._campuses.names(uow)
        campus_id = entry.campus_id if entry.campus_id is not None else next(iter(names), 0)
        if campus_id not in names or (caller.campus_ids and campus_id not in caller.campus_ids):
            raise invalid("entry.campus_id", "所选的院区不存在，或您的账号不能管理它。")
        there = self.by_serial(uow, entry.serial)
        if there is not None and there.id != request.device_id:
            raise Refusal(
                ErrorCode.DUPLICATE, f"序列号 {entry.serial.strip()} 已登记为“{there.name}”。", existing_id=there.id
            )
        if request.device_id is None:
            row = EcgDeviceRow(version=0)
            uow.session.add(row)
        else:
            row = self.demand(uow, caller, request.device_id)
            row.expect(request.version)
        _write(row, entry, campus_id)
        self._changed(uow, row)
        return row

    def bind(self, uow: UnitOfWork, caller: Caller, station: str, device_id: int) -> EcgDeviceRow:
        """Bind a workstation; its earlier binding ends. Raises INVALID, NOT_FOUND (another hospital's too)."""
        name = station.strip()
        if not name or len(name) > 64:
            raise invalid("station", "请填写工作站名称（登录时的计算机名）。")
        row = self.demand(uow, caller, device_id)
        binding = uow.session.get(EcgBindingRow, name)
        if binding is None:
            binding = EcgBindingRow(station=name)
            uow.session.add(binding)
        elif binding.device_id != device_id:
            self._changed(uow, self.demand(uow, caller, binding.device_id))
        binding.device_id, binding.bound_at, binding.bound_by = device_id, self._clock.now(), caller.name[:64]
        self._changed(uow, row)
        return row

    def unbind(self, uow: UnitOfWork, caller: Caller, station: str) -> None:
        """End a workstation's binding. Raises NOT_FOUND (a device of another hospital)."""
        binding = uow.session.get(EcgBindingRow, station.strip())
        if binding is not None:
            self._changed(uow, self.demand(uow, caller, binding.device_id))
            uow.session.execute(delete(EcgBindingRow).where(EcgBindingRow.station == binding.station))

    def _changed(self, uow: UnitOfWork, row: EcgDeviceRow) -> None:
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=row.version))


def entry_of(row: EcgDeviceRow) -> EcgDeviceEntry:
    """Return what was entered of a device."""
    return EcgDeviceEntry(
        serial=row.serial,
        model=row.model,
        manufacturer=row.manufacturer,
        name=row.name,
        campus_id=row.campus_id,
        adapter=AdapterKind(row.adapter),
        settings=dict(row.settings),
        ae_title=row.ae_title,
        task_minutes=row.task_minutes,
        is_active=row.is_active,
    )


def _write(row: EcgDeviceRow, entry: EcgDeviceEntry, campus_id: int) -> None:
    row.serial, row.model, row.manufacturer = entry.serial.strip(), entry.model.strip(), entry.manufacturer.strip()
    row.name = entry.name.strip() or f"{entry.model.strip()} {entry.serial.strip()}".strip()[:80]
    row.campus_id, row.adapter = campus_id, entry.adapter.value
    row.settings = dict(entry.settings)
    row.ae_title, row.task_minutes, row.is_active = entry.ae_title.strip(), entry.task_minutes, entry.is_active
