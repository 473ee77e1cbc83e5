"""Use cases of halls: their settings. Works in the caller's unit of work, never commits."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from server.halls.rules import fault_of
from server.halls.tables import HallRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found
from server.organisation.service import Hospital, OrganisationService
from shared.contract.base import Changed
from shared.contract.halls import HallRoom, HallSettings, HallView, SaveHall


class HallService:
    """Halls of the hospital."""

    def __init__(self, time: HospitalTime, organisation: OrganisationService) -> None:
        self._time = time
        self._organisation = organisation

    def list_halls(self, uow: UnitOfWork) -> tuple[HallView, ...]:
        """All halls by name."""
        rows = uow.session.scalars(select(HallRow).order_by(HallRow.name)).all()
        return tuple(self._view(uow, row.id, row.version, _settings(row)) for row in rows)

    def get_hall(self, uow: UnitOfWork, name: str) -> HallView:
        """The hall of that name; all rooms with default settings for an empty name. Raises NOT_FOUND."""
        if not name:
            return self._view(uow, 0, 0, HallSettings(name=""))
        row = uow.session.scalars(select(HallRow).where(HallRow.name == name)).one_or_none()
        if row is None:
            raise not_found(f"大厅“{name[:60]}”")
        return self._view(uow, row.id, row.version, _settings(row))

    def save_hall(self, uow: UnitOfWork, request: SaveHall) -> HallView:
        """Add or change. Raises INVALID, CONFLICT, NOT_FOUND."""
        settings = msgspec.structs.replace(request.settings, name=request.settings.name.strip())
        fault = fault_of(settings, self._organisation.hospital(uow).rooms)
        if fault is not None:
            raise invalid(*fault)
        if request.id:
            row = self._row(uow, request.id)
            row.expect(request.version)
        else:
            row = HallRow(version=0)
        taken = select(HallRow.id).where(HallRow.name == settings.name, HallRow.id != request.id)
        if uow.session.execute(taken).first() is not None:
            raise invalid("name", "已有同名的大厅，请换一个名称。")
        row.name, row.settings = settings.name, msgspec.to_builtins(settings)
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed("hall", row.id, row.version))
        return self._view(uow, row.id, row.version, settings)

    def remove_hall(self, uow: UnitOfWork, hall_id: int) -> None:
        """Forget a hall. Raises NOT_FOUND."""
        row = self._row(uow, hall_id)
        uow.session.delete(row)
        uow.publish(Changed("hall", hall_id, 0))

    def _row(self, uow: UnitOfWork, hall_id: int) -> HallRow:
        row = uow.session.get(HallRow, hall_id, with_for_update=True)
        if row is None:
            raise not_found("大厅")
        return row

    def _view(self, uow: UnitOfWork, hall_id: int, version: int, settings: HallSettings) -> HallView:
        hospital = self._organisation.hospital(uow)
        wanted = settings.room_ids or tuple(room.id for room in hospital.view.rooms)
        now = self._time.now()
        offset = self._time.local(now).utcoffset()
        return HallView(
            id=hall_id,
            version=version,
            settings=settings,
            rooms=tuple(_room(hospital, room_id) for room_id in wanted if room_id in hospital.rooms),
            utc_offset_minutes=0 if offset is None else round(offset.total_seconds() / 60),
            time=now,
        )


def _settings(row: HallRow) -> HallSettings:
    return msgspec.convert(row.settings, HallSettings)


def _room(hospital: Hospital, room_id: int) -> HallRoom:
    room = hospital.rooms[room_id]
    return HallRoom(
        room_id=room_id,
        name=room.name,
        name_en=room.name_en,
        spoken_name=room.spoken_name,
        spoken_name_en=hospital.spoken_en[room_id],
    )
