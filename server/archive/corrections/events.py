"""Reading and writing events of corrections: the history of a study, and whether an event can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.archive.corrections import rules
from server.archive.corrections.tables import CorrectedStudy, CorrectionEvent
from server.kernel.errors import invalid
from shared.contract.base import Page
from shared.contract.corrections import CorrectionList, CorrectionView, TagChange, TagValue

_MAX_CHANGES = 200


def checked_reason(reason: str) -> str:
    """A reason that says something. Raises the INVALID refusal."""
    reason = " ".join(reason.split())
    if len(reason) < 2:
        raise invalid("reason", "请填写原因，以便日后查对。")
    return reason[:400]


def checked_values(values: Sequence[TagValue], table: Mapping[str, rules.Correctable]) -> dict[int, str]:
    """What a person wants, by tag. Raises the INVALID refusal, which names the keyword."""
    if not values:
        raise invalid("values", "请填写要更正的内容。")
    found: dict[int, str] = {}
    for one in values:
        value = one.value.strip()
        fault = rules.fault_of(one.keyword, value, table)
        if fault is not None:
            raise invalid(one.keyword[:64], fault)
        found[table[one.keyword].tag] = value
    return found


def changes_of(before: Mapping[int, str | None], after: Mapping[int, str | None]) -> list[list[str | None]]:
    """What differs, by keyword."""
    differing = [tag for tag in sorted({*before, *after}) if (before.get(tag) or "") != (after.get(tag) or "")]
    return [[rules.KEYWORDS.get(tag, f"{tag:08X}"), before.get(tag), after.get(tag)] for tag in differing][
        :_MAX_CHANGES
    ]


def record(
    session: Session,
    *,
    kind: str,
    by: str,
    reason: str,
    studies: Iterable[str],
    changes: Sequence[Sequence[str | None]],
    sentence: str,
    journal: bytes,
    at: datetime | None = None,
) -> CorrectionEvent:
    """Keep an event; `studies` in the order of their importance."""
    event = CorrectionEvent(
        kind=kind,
        at=at or datetime.now(UTC),
        by=by[:64],
        reason=reason[:400],
        changes=[list(change) for change in changes],
        sentence=sentence[:400],
        journal=journal,
    )
    session.add(event)
    session.flush()
    for position, uid in enumerate(dict.fromkeys(studies)):
        session.add(CorrectedStudy(event_id=event.id, study_uid=uid, position=position))
    session.flush()
    return event


def studies_of(session: Session, event_id: int) -> tuple[str, ...]:
    """The studies that an event changed."""
    statement = (
        select(CorrectedStudy.study_uid).where(CorrectedStudy.event_id == event_id).order_by(CorrectedStudy.position)
    )
    return tuple(session.execute(statement).scalars())


def rests_on(session: Session, event: CorrectionEvent) -> int | None:
    """A later event on one of the same studies that stands, which must be taken back first."""
    of_event = select(CorrectedStudy.study_uid).where(CorrectedStudy.event_id == event.id)
    later = (
        select(CorrectionEvent.id)
        .join(CorrectedStudy, CorrectedStudy.event_id == CorrectionEvent.id)
        .where(
            CorrectionEvent.id > event.id,
            CorrectionEvent.undone_at.is_(None),
            CorrectionEvent.kind != "undo",
            CorrectedStudy.study_uid.in_(of_event),
        )
        .order_by(CorrectionEvent.id.desc())
        .limit(1)
    )
    return session.execute(later).scalar_one_or_none()


def listed(session: Session, study_uid: str, page: Page) -> CorrectionList:
    """Events of a study, or of all, newest first."""
    statement = select(CorrectionEvent)
    if study_uid:
        of_study = select(CorrectedStudy.event_id).where(CorrectedStudy.study_uid == study_uid)
        statement = statement.where(CorrectionEvent.id.in_(of_study))
    total = session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    rows = session.execute(
        statement.order_by(CorrectionEvent.id.desc())
        .offset(min(max(page.offset, 0), 10**9))
        .limit(min(max(page.limit, 1), 500))
    ).scalars()
    return CorrectionList(total=total, rows=tuple(view(session, event) for event in rows))


def view(session: Session, event: CorrectionEvent) -> CorrectionView:
    """An event for the contract."""
    return CorrectionView(
        id=event.id,
        kind=event.kind,
        at=event.at,
        by=event.by,
        reason=event.reason,
        study_uids=studies_of(session, event.id),
        changes=tuple(TagChange(keyword=str(k), before=before, after=after) for k, before, after in event.changes),
        sentence=event.sentence,
        undone_at=event.undone_at,
        undone_by=event.undone_by,
        can_undo=event.undone_at is None and event.kind != "undo" and rests_on(session, event) is None,
    )
