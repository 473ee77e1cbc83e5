"""The hospital's rules of queues and the settings of rooms: kept in the database, the defaults where nobody chose."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, stale
from server.organisation.service import OrganisationService
from server.queueing.order import OrderRules
from server.queueing.tables import QueueRoomRow, QueueRulesRow
from shared.contract.base import Changed
from shared.contract.queueing import QueueRules, SaveQueueRoom, SaveQueueRules

_RULES_ID = 1
_SEEN_RULES = "queue_rules_seen"
_SEEN_ROOMS = "queue_rooms_seen"
_DAY_MINUTES = 24 * 60

BOUNDS: dict[str, tuple[int, int]] = {
    "emergency_ahead_minutes": (0, _DAY_MINUTES),
    "vip_ahead_minutes": (0, _DAY_MINUTES),
    "ageing_minutes": (0, _DAY_MINUTES),
    "sign_in_after": (0, 100),
    "late_minutes": (0, _DAY_MINUTES),
    "passed_return_calls": (0, 100),
    "passed_return_times": (0, 20),
    "announcement_seconds": (5, 300),
    "early_minutes": (0, _DAY_MINUTES),
}
"""Field → the smallest and the largest value that makes sense."""


def order_rules(rules: QueueRules) -> OrderRules:
    """Return what decides the order."""
    return OrderRules(
        emergency=rules.emergency,
        emergency_ahead=timedelta(minutes=rules.emergency_ahead_minutes),
        vip=rules.vip,
        vip_ahead=timedelta(minutes=rules.vip_ahead_minutes),
        ageing=timedelta(minutes=rules.ageing_minutes) if rules.ageing_minutes else None,
        sign_in_place=rules.sign_in_place,
        sign_in_after=rules.sign_in_after,
    )


class QueuePolicy:
    """Reads and writes rules; `defaults` hold until somebody saves others."""

    def __init__(self, organisation: OrganisationService, defaults: QueueRules | None = None) -> None:
        self._organisation = organisation
        self._defaults = defaults or QueueRules()

    def rules(self, uow: UnitOfWork) -> QueueRules:
        """Return the rules in force."""
        return self.versioned(uow)[1]

    def order(self, uow: UnitOfWork) -> OrderRules:
        """Return the part of the rules that decides the order."""
        return order_rules(self.rules(uow))

    def versioned(self, uow: UnitOfWork) -> tuple[int, QueueRules]:
        """Return the rules with their version; 0 while they are the defaults."""
        seen: tuple[int, QueueRules] | None = uow.session.info.get(_SEEN_RULES)
        if seen is None:
            row = uow.session.get(QueueRulesRow, _RULES_ID)
            seen = (0, self._defaults) if row is None else (row.version, _decoded(row.body))
            uow.session.info[_SEEN_RULES] = seen
        return seen

    def save(self, uow: UnitOfWork, request: SaveQueueRules) -> None:
        """Change the rules. Raises CONFLICT, INVALID."""
        for field, (least, most) in BOUNDS.items():
            if not least <= getattr(request.rules, field) <= most:
                raise invalid(field, f"请填写 {least} 到 {most} 之间的整数。")
        query = select(QueueRulesRow).where(QueueRulesRow.id == _RULES_ID).with_for_update()
        row = uow.session.scalars(query).one_or_none()
        if row is None:
            if request.version != 0:
                raise stale(0)
            row = QueueRulesRow(id=_RULES_ID, version=0, body=b"")
        row.expect(request.version)
        row.touch()
        row.body = msgspec.json.encode(request.rules)
        uow.session.add(row)
        uow.session.flush()
        uow.session.info.pop(_SEEN_RULES, None)
        uow.publish(Changed(entity="queue_rules", id=_RULES_ID, version=row.version))

    def rooms(self, uow: UnitOfWork) -> dict[int, QueueRoomRow]:
        """Return the settings of every room, rows or defaults; read them only."""
        seen: dict[int, QueueRoomRow] | None = uow.session.info.get(_SEEN_ROOMS)
        if seen is None:
            seen = {room_id: _plain(room_id) for room_id in self._organisation.hospital(uow).rooms}
            seen.update((row.room_id, row) for row in uow.session.scalars(select(QueueRoomRow)))
            uow.session.info[_SEEN_ROOMS] = seen
        return seen

    def room(self, uow: UnitOfWork, room_id: int) -> QueueRoomRow:
        """Return the settings of a room. Raises INVALID when there is no such room."""
        self._organisation.hospital(uow).room(room_id)
        return self.rooms(uow)[room_id]

    def pool_of(self, uow: UnitOfWork, room_id: int) -> tuple[int, ...]:
        """Return the rooms that call from one queue with this one, itself included."""
        rooms = self.rooms(uow)
        pool = rooms[room_id].pool if room_id in rooms else ""
        return tuple(sorted(one for one, room in rooms.items() if room.pool == pool)) if pool else (room_id,)

    def save_room(self, uow: UnitOfWork, request: SaveQueueRoom) -> None:
        """Change check-in and pool of a room. Raises INVALID."""
        pool = request.pool.strip()
        if len(pool) > 20 or not (pool.isprintable() or not pool):
            raise invalid("pool", "共用队列的名称最多 20 个字。")
        row = self._own(uow, request.room_id)
        row.check_in_required, row.pool = request.check_in_required, pool
        self._tell(uow, row.room_id)

    def pause(self, uow: UnitOfWork, caller: Caller, room_id: int, reason: str) -> None:
        """暂停叫号; a second pause changes the reason. Raises INVALID."""
        reason = " ".join(reason.split())
        if len(reason) > 100 or not reason.isprintable():
            raise invalid("reason", "暂停原因最多 100 个字。")
        row = self._own(uow, room_id)
        row.is_paused, row.pause_reason, row.paused_by = True, reason, caller.name[:64]
        self._tell(uow, room_id)

    def resume(self, uow: UnitOfWork, room_id: int) -> None:
        """恢复叫号; nothing happens to a room that is not paused. Raises INVALID."""
        row = self._own(uow, room_id)
        row.is_paused, row.pause_reason, row.paused_by = False, "", ""
        self._tell(uow, room_id)

    def _own(self, uow: UnitOfWork, room_id: int) -> QueueRoomRow:
        self._organisation.hospital(uow).room(room_id)
        query = select(QueueRoomRow).where(QueueRoomRow.room_id == room_id).with_for_update()
        row = uow.session.scalars(query).one_or_none() or _plain(room_id)
        uow.session.add(row)
        return row

    def _tell(self, uow: UnitOfWork, room_id: int) -> None:
        uow.session.flush()
        uow.session.info.pop(_SEEN_ROOMS, None)
        uow.publish(Changed(entity="ticket_room", id=room_id, version=0))


def _plain(room_id: int) -> QueueRoomRow:
    return QueueRoomRow(
        room_id=room_id, check_in_required=False, pool="", is_paused=False, pause_reason="", paused_by=""
    )


def _decoded(body: bytes) -> QueueRules:
    return msgspec.json.decode(body, type=QueueRules)
