"""Legal holds: studies that must be kept whatever any rule says."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.archive.keeping.tables import BinEntry, LegalHold
from server.archive.tables import Study
from server.kernel.errors import illegal_action, not_found
from shared.contract.keeping import LegalHoldView

_MOST = 500


def is_held(session: Session, study_uid: str) -> bool:
    """Whether a study is under legal hold."""
    return _active(session, study_uid) is not None


def hold(session: Session, study_uid: str, reason: str, by: str) -> LegalHold:
    """Put a study, also one in the recycle bin, under hold. Raises Refusal."""
    known = session.execute(select(Study.id).where(Study.uid == study_uid)).first()
    in_bin = select(BinEntry.id).where(BinEntry.study_uid == study_uid, BinEntry.purged_at.is_(None))
    if known is None and session.execute(in_bin.limit(1)).first() is None:
        raise not_found("该影像")
    if _active(session, study_uid) is not None:
        raise illegal_action("held", "该检查的影像已经处于保全状态。")
    made = LegalHold(study_uid=study_uid, reason=reason, held_by=by, held_at=datetime.now(UTC))
    session.add(made)
    session.flush()
    return made


def release(session: Session, study_uid: str, reason: str, by: str) -> LegalHold:
    """Release a study. Raises NOT_FOUND."""
    found = _active(session, study_uid)
    if found is None:
        raise not_found("该保全记录")
    found.released_by, found.released_at, found.release_reason = by, datetime.now(UTC), reason
    session.flush()
    return found


def listed(session: Session, study_uid: str, *, with_released: bool) -> tuple[LegalHoldView, ...]:
    """Holds, newest first, at most 500."""
    statement = select(LegalHold).order_by(LegalHold.id.desc()).limit(_MOST)
    if study_uid:
        statement = statement.where(LegalHold.study_uid == study_uid)
    if not with_released:
        statement = statement.where(LegalHold.released_at.is_(None))
    return tuple(view(one) for one in session.execute(statement).scalars())


def view(one: LegalHold) -> LegalHoldView:
    """A hold for the screen."""
    return LegalHoldView(
        id=one.id,
        study_uid=one.study_uid,
        reason=one.reason,
        held_by=one.held_by,
        held_at=one.held_at,
        released_by=one.released_by,
        released_at=one.released_at,
        release_reason=one.release_reason,
    )


def _active(session: Session, study_uid: str) -> LegalHold | None:
    statement = select(LegalHold).where(LegalHold.study_uid == study_uid, LegalHold.released_at.is_(None)).limit(1)
    return session.execute(statement).scalar_one_or_none()
