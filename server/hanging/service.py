"""Use cases of hanging protocols: keeping, sharing, forgetting."""

from __future__ import annotations

import msgspec
from sqlalchemy import or_, select

from server.hanging import rules
from server.hanging.tables import HangingProtocol
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.hanging import SITE, DeleteProtocol, KeptProtocol, Protocol, SaveProtocol

EVERYBODY = 0
MOST_OF_ONE = 200
"""Protocols of one owner."""


class HangingService:
    """Every method works in the caller's unit of work."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def listed(self, uow: UnitOfWork, caller: Caller) -> tuple[KeptProtocol, ...]:
        """Return the caller's own and everybody's protocols, by name."""
        mine = or_(HangingProtocol.owner_id == caller.user_id, HangingProtocol.owner_id == EVERYBODY)
        statement = select(HangingProtocol).where(mine).order_by(HangingProtocol.name, HangingProtocol.id)
        return tuple(_view(row, caller) for row in uow.session.scalars(statement))

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveProtocol) -> KeptProtocol:
        """Keep a protocol. Raises INVALID, PERMISSION_MISSING, CONFLICT."""
        fault = rules.fault_of(request.protocol)
        if fault:
            raise invalid("protocol", fault)
        owner = self._owner(caller, request.protocol)
        statement = select(HangingProtocol).where(
            HangingProtocol.owner_id == owner, HangingProtocol.uid == request.protocol.uid
        )
        row = uow.session.scalars(statement.with_for_update()).first()
        if row is None:
            self._require_room(uow, owner)
            row = HangingProtocol(owner_id=owner, uid=request.protocol.uid, version=0)
            uow.session.add(row)
        row.expect(request.version)
        row.name, row.body = request.protocol.name.strip(), msgspec.msgpack.encode(request.protocol)
        row.saved_by, row.saved_by_id, row.saved_at = caller.name[:120], caller.user_id, self._time.now()
        row.touch()
        uow.session.flush()
        uow.publish(Changed("hanging", row.id, row.version))
        return _view(row, caller)

    def delete(self, uow: UnitOfWork, caller: Caller, request: DeleteProtocol) -> None:
        """Forget a protocol. Raises NOT_FOUND, PERMISSION_MISSING, CONFLICT."""
        row = uow.session.get(HangingProtocol, request.id)
        if row is None or row.owner_id not in (EVERYBODY, caller.user_id):
            raise not_found("该挂片方案")
        if row.owner_id == EVERYBODY and not rules.may_share(caller):
            raise _forbidden()
        row.expect(request.version)
        uow.session.delete(row)
        uow.publish(Changed("hanging", request.id, request.version + 1))

    def _owner(self, caller: Caller, protocol: Protocol) -> int:
        if protocol.level != SITE:
            return caller.user_id
        if not rules.may_share(caller):
            raise _forbidden()
        return EVERYBODY

    def _require_room(self, uow: UnitOfWork, owner: int) -> None:
        ids = uow.session.scalars(select(HangingProtocol.id).where(HangingProtocol.owner_id == owner)).all()
        if len(ids) >= MOST_OF_ONE:
            raise invalid("protocol", f"最多保存 {MOST_OF_ONE} 个挂片方案，请先删除不用的。")


def _forbidden() -> Refusal:
    return Refusal(ErrorCode.PERMISSION_MISSING, "为全科保存或删除挂片方案需要审核医生或管理员的权限。")


def _view(row: HangingProtocol, caller: Caller) -> KeptProtocol:
    return KeptProtocol(
        id=row.id,
        version=row.version,
        protocol=msgspec.msgpack.decode(row.body, type=Protocol),
        owner_name=row.saved_by,
        is_mine=row.owner_id == caller.user_id,
        saved_at=row.saved_at,
    )
