"""Puts quality control together: who may score comes from the accounts."""

from __future__ import annotations

from sqlalchemy import select

from server.identity.roles import permissions_of_roles
from server.identity.tables import UserRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.quality.rpc import QualityRpc
from server.quality.service import QualityService
from shared.contract.quality import Scorer
from shared.domain.permissions import Permission


def build_quality(time: HospitalTime) -> QualityRpc:
    """Build the area."""
    return QualityRpc(QualityService(time, _scorers))


def _scorers(uow: UnitOfWork) -> tuple[Scorer, ...]:
    rows = uow.session.scalars(select(UserRow).where(UserRow.is_active).order_by(UserRow.name, UserRow.id))
    return tuple(
        Scorer(user_id=row.id, name=row.name)
        for row in rows
        if Permission.FINAL_AUDIT in permissions_of_roles(uow, row.roles.split(","))
    )
