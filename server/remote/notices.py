"""Notices to accounts: kept until they are read, pushed at once; all within the caller's unit of work."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.remote.tables import RemoteNoticeRow, RemoteRequestRow
from shared.contract.base import Changed
from shared.contract.remote import RemoteNoticeView
from shared.domain.remote import RemoteKind, RemoteNotice, RemoteUrgency

ENTITY = "remote_notice"
_MOST = 200
_ROW = RemoteNoticeRow


class Notices:
    """Writes and reads notices."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def tell(
        self,
        uow: UnitOfWork,
        caller: Caller,
        users: Collection[int],
        kind: RemoteNotice,
        request: RemoteRequestRow,
        *,
        is_asking_side: bool,
        hospital: str,
        text: str = "",
    ) -> None:
        """Tell accounts of one side; `hospital` is the other one. The caller is not told of what he did himself."""
        for user_id in sorted({one for one in users if one and one != caller.user_id}):
            uow.session.add(
                _ROW(
                    user_id=user_id,
                    kind=kind.value,
                    request_id=request.id,
                    is_asking_side=is_asking_side,
                    at=self._time.now(),
                    hospital=hospital[:100],
                    by=caller.name[:80],
                    text=text[:1000],
                )
            )
            uow.publish(Changed(entity=ENTITY, id=user_id, version=0))
        uow.session.flush()

    def over(self, uow: UnitOfWork, request_id: int, *kinds: RemoteNotice) -> None:
        """What these notices speak of is over: whoever has not read them need not."""
        unread = (
            _ROW.request_id == request_id,
            _ROW.kind.in_([one.value for one in kinds]),
            _ROW.read_at.is_(None),
        )
        users = list(uow.session.scalars(select(_ROW.user_id).where(*unread).distinct()))
        uow.session.execute(update(_ROW).where(*unread).values(read_at=self._time.now()))
        for user_id in users:
            uow.publish(Changed(entity=ENTITY, id=user_id, version=0))

    @staticmethod
    def unread(uow: UnitOfWork, user_id: int) -> tuple[RemoteNoticeView, ...]:
        """Return what an account has not read, newest first."""
        found = (
            select(_ROW, RemoteRequestRow)
            .join(RemoteRequestRow, RemoteRequestRow.id == _ROW.request_id)
            .where(_ROW.user_id == user_id, _ROW.read_at.is_(None))
            .order_by(_ROW.id.desc())
            .limit(_MOST)
        )
        return tuple(
            RemoteNoticeView(
                id=row.id,
                kind=RemoteNotice(row.kind),
                request_id=row.request_id,
                request_kind=RemoteKind(request.kind),
                is_asking_side=row.is_asking_side,
                at=row.at,
                patient_name=request.patient_name,
                hospital=row.hospital,
                by=row.by,
                text=row.text,
                urgency=RemoteUrgency(request.urgency),
            )
            for row, request in uow.session.execute(found)
        )

    def mark_read(self, uow: UnitOfWork, user_id: int, notice_ids: Collection[int]) -> None:
        """The account has seen notices; without ids, all of them."""
        change = update(_ROW).where(_ROW.user_id == user_id, _ROW.read_at.is_(None))
        if notice_ids:
            change = change.where(_ROW.id.in_(sorted(set(notice_ids))[:_MOST]))
        uow.session.execute(change.values(read_at=self._time.now()))
        uow.publish(Changed(entity=ENTITY, id=user_id, version=0))
