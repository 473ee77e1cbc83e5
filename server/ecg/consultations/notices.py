"""Notices to accounts: kept until they are read, pushed at once (ECG-MSG); all within the caller's unit of work."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from server.ecg.consultations.tables import EcgNoticeRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.base import Changed
from shared.contract.ecg_consultations import NoticeView
from shared.domain.ecg import Urgency
from shared.domain.ecg_reports import NOTICE_PAGES, NoticeKind

ENTITY = "ecg_notice"
_MOST = 200


class Notices:
    """Writes and reads notices."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def tell(
        self,
        uow: UnitOfWork,
        caller: Caller,
        users: Collection[int],
        kind: NoticeKind,
        *,
        exam_id: int,
        consultation_id: int = 0,
        patient_name: str = "",
        hospital: str = "",
        text: str = "",
        urgency: Urgency | None = None,
    ) -> None:
        """Tell accounts; the caller himself is not told of what he did."""
        for user_id in sorted({one for one in users if one and one != caller.user_id}):
            uow.session.add(
                EcgNoticeRow(
                    user_id=user_id,
                    kind=kind.value,
                    exam_id=exam_id,
                    consultation_id=consultation_id,
                    at=self._time.now(),
                    patient_name=patient_name[:120],
                    hospital=hospital[:100],
                    by=caller.name[:80],
                    text=text[:1000],
                    urgency="" if urgency is None else urgency.value,
                )
            )
            uow.publish(Changed(entity=ENTITY, id=user_id, version=0))
        uow.session.flush()

    def over(self, uow: UnitOfWork, consultation_id: int, *kinds: NoticeKind) -> None:
        """What these notices speak of is over: whoever has not read them need not."""
        found = (
            select(EcgNoticeRow.user_id)
            .where(
                EcgNoticeRow.consultation_id == consultation_id,
                EcgNoticeRow.kind.in_([one.value for one in kinds]),
                EcgNoticeRow.read_at.is_(None),
            )
            .distinct()
        )
        users = list(uow.session.scalars(found))
        uow.session.execute(
            update(EcgNoticeRow)
            .where(
                EcgNoticeRow.consultation_id == consultation_id,
                EcgNoticeRow.kind.in_([one.value for one in kinds]),
                EcgNoticeRow.read_at.is_(None),
            )
            .values(read_at=self._time.now())
        )
        for user_id in users:
            uow.publish(Changed(entity=ENTITY, id=user_id, version=0))

    def of(self, uow: UnitOfWork, user_id: int, *, unread_only: bool) -> tuple[NoticeView, ...]:
        """Return an account's notices, newest first."""
        found = select(EcgNoticeRow).where(EcgNoticeRow.user_id == user_id)
        if unread_only:
            found = found.where(EcgNoticeRow.read_at.is_(None))
        return tuple(_view(one) for one in uow.session.scalars(found.order_by(EcgNoticeRow.id.desc()).limit(_MOST)))

    def mark_read(self, uow: UnitOfWork, user_id: int, notice_ids: Collection[int]) -> None:
        """The account has seen notices; without ids, all of them."""
        change = update(EcgNoticeRow).where(EcgNoticeRow.user_id == user_id, EcgNoticeRow.read_at.is_(None))
        if notice_ids:
            change = change.where(EcgNoticeRow.id.in_(sorted(set(notice_ids))[:1000]))
        uow.session.execute(change.values(read_at=self._time.now()))
        uow.publish(Changed(entity=ENTITY, id=user_id, version=0))


def _view(row: EcgNoticeRow) -> NoticeView:
    kind = NoticeKind(row.kind)
    return NoticeView(
        id=row.id,
        kind=kind,
        page=NOTICE_PAGES[kind],
        exam_id=row.exam_id,
        consultation_id=row.consultation_id,
        at=row.at,
        patient_name=row.patient_name,
        hospital=row.hospital,
        by=row.by,
        text=row.text,
        urgency=Urgency(row.urgency) if row.urgency else None,
        read_at=row.read_at,
    )
