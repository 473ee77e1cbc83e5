"""Which studies a rule concerns that are not yet where it wants them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from server.archive.lifecycle.rules import ONLINE, Rule, StudyFacts, deciding
from server.archive.lifecycle.tables import CopyState, StorageRule, StudyCopy
from server.archive.tables import Study
from server.organisation.service import Hospital
from shared.contract.storage import RuleEntry

_PAGE = 200


def entry_of(row: StorageRule) -> RuleEntry:
    """The rule as an administrator entered it."""
    return msgspec.convert(row.body, RuleEntry)


def compiled(entry: RuleEntry, rule_id: int, hospital: Hospital | None) -> Rule:
    """A rule ready to be applied: the campus becomes the AE titles of its devices."""
    aes: set[str] | None = set(entry.calling_aes) if entry.calling_aes else None
    if entry.campus_id is not None:
        of_campus: set[str] = set()
        if hospital is not None:
            rooms = {room.id for room in hospital.view.rooms if room.campus_id == entry.campus_id}
            of_campus = {device.ae_title for device in hospital.view.devices if device.room_id in rooms}
        aes = of_campus if aes is None else aes & of_campus
    return Rule(
        id=rule_id,
        position=entry.position,
        institution=entry.institution,
        aes=None if aes is None else frozenset(aes),
        modalities=frozenset(entry.modalities),
        after=timedelta(days=entry.after_days),
        unused=timedelta(days=entry.unused_days),
        keep_in=frozenset(entry.keep_in),
    )


def unsettled(session: Session, rule: Rule, rules: Collection[Rule], now: datetime, after_id: int = 0) -> Sequence[Any]:
    """A page of studies (id, uid, bytes_stored, availability) for which `rule` is the one that goes, by id.

    The page ends early only at the end: an empty one says that there are no more.
    """
    while True:
        page = session.execute(_candidates(rule, now).where(Study.id > after_id).limit(_PAGE)).all()
        if not page:
            return ()
        after_id = page[-1].id
        found = [row for row in page if deciding(rules, _facts(row), now) is rule]
        if found:
            return found


def every_unsettled(session: Session, rule: Rule, now: datetime) -> Iterator[Any]:
    """All studies that `rule` would move, were it the only one."""
    last = 0
    while page := unsettled(session, rule, [rule], now, last):
        yield from page
        last = page[-1].id


def _candidates(rule: Rule, now: datetime) -> Any:
    columns = (
        Study.id,
        Study.uid,
        Study.bytes_stored,
        Study.availability,
        Study.institution,
        Study.calling_ae,
        Study.modalities,
        Study.changed_at,
        Study.last_used_at,
    )
    conditions: list[ColumnElement[bool]] = [
        Study.changed_at <= now - max(rule.after, rule.unused),
        or_(Study.last_used_at.is_(None), Study.last_used_at <= now - rule.unused),
        not_(_is_settled(rule.keep_in)),
        not_(exists().where(StudyCopy.study_uid == Study.uid, StudyCopy.not_before > now)),
    ]
    if rule.institution:
        conditions.append(Study.institution == rule.institution)
    if rule.aes is not None:
        conditions.append(Study.calling_ae.in_(sorted(rule.aes)))
    if rule.modalities:
        conditions.append(or_(*(Study.modalities.contains(name, autoescape=True) for name in sorted(rule.modalities))))
    return select(*columns).where(*conditions).order_by(Study.id)


def _is_settled(keep_in: Collection[str]) -> ColumnElement[bool]:
    """Whether a study has good copies in these stores and none elsewhere, as far as the rows tell cheaply."""
    others = sorted(set(keep_in) - {ONLINE})
    good = (
        select(func.count())
        .select_from(StudyCopy)
        .where(
            StudyCopy.study_uid == Study.uid,
            StudyCopy.store.in_(others),
            StudyCopy.state == CopyState.VERIFIED,
            StudyCopy.study_bytes == Study.bytes_stored,
            StudyCopy.verified_at >= Study.changed_at,
        )
        .scalar_subquery()
    )
    elsewhere = exists().where(StudyCopy.study_uid == Study.uid, StudyCopy.store.not_in([*others, ONLINE]))
    online = exists().where(StudyCopy.study_uid == Study.uid, StudyCopy.store == ONLINE)
    released = exists().where(
        StudyCopy.study_uid == Study.uid, StudyCopy.store == ONLINE, StudyCopy.state == CopyState.RELEASED
    )
    return and_(good == len(others), not_(elsewhere), not_(online) if ONLINE in keep_in else released)


def _facts(row: Any) -> StudyFacts:
    return StudyFacts(
        institution=row.institution,
        calling_ae=row.calling_ae,
        modalities=frozenset(name for name in row.modalities.split("\\") if name),
        changed_at=row.changed_at,
        last_used_at=row.last_used_at,
    )
