"""Remarks on a report for colleagues (RIS-RPG-07); they are never printed and never leave the hospital."""

from __future__ import annotations

from sqlalchemy import select

from server.collections.cases import long
from server.collections.ports import Reports
from server.collections.tables import Remark
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from shared.contract.base import Changed
from shared.contract.collections import RemarkView

_MOST = 200


class Remarks:
    """Keeps them; each may take back the own ones."""

    def __init__(self, reports: Reports, time: HospitalTime) -> None:
        self._reports = reports
        self._time = time

    def of_report(self, uow: UnitOfWork, caller: Caller, report_id: int) -> tuple[RemarkView, ...]:
        """Return the remarks on a report, oldest first."""
        self._reports.get(uow, caller, report_id)
        statement = select(Remark).where(Remark.report_id == report_id, Remark.removed_at.is_(None))
        return tuple(_view(one, caller) for one in uow.session.scalars(statement.order_by(Remark.id).limit(_MOST)))

    def add(self, uow: UnitOfWork, caller: Caller, report_id: int, text: str) -> RemarkView:
        """Write a remark."""
        self._reports.get(uow, caller, report_id)
        words = long("text", text, 2000, least=1)
        one = Remark(report_id=report_id, at=self._time.now(), by_id=caller.user_id, by=caller.name[:80], text=words)
        uow.session.add(one)
        uow.session.flush()
        uow.publish(Changed(entity="remark", id=report_id, version=one.id))
        return _view(one, caller)

    def remove(self, uow: UnitOfWork, caller: Caller, remark_id: int) -> None:
        """Take an own remark back."""
        one = uow.session.get(Remark, remark_id)
        if one is None or one.by_id != caller.user_id or one.removed_at is not None:
            raise not_found("备注")
        one.removed_at = self._time.now()
        uow.publish(Changed(entity="remark", id=one.report_id, version=one.id))


def _view(one: Remark, caller: Caller) -> RemarkView:
    return RemarkView(id=one.id, at=one.at, by=one.by, text=one.text, is_mine=one.by_id == caller.user_id)
