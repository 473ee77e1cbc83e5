"""Which studies a rule concerns that are not yet where it wants them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from server.archive.lifecycle.rules import ONLINE, Rule, StudyFacts, deciding
from server.archive.lifecycle.tables import CopyState, StorageRule, StudyCopy
from server.archive.tables import Study
from server.organisation.service import Hospital
from shared.contract.storage import RuleEntry

_PAGE = 500


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

    The page ends early only at the end: an empty one says that there are no more. Studies and copies are read by two
    plain questions and compared here: joined, PostgreSQL answered them by reading all copies for each study.
    """
    while True:
        page = session.execute(_candidates(rule, now).where(Study.id > after_id).limit(_PAGE)).all()
        if not page:
            return ()
        after_id = page[-1].id
        copies = _copies_of(session, [row.uid for row in page])
        found = [
            row
            for row in page
            if deciding(rules, _facts(row), now) is rule
            and _is_due(copies.get(row.uid, {}), now)
            and not _is_settled(row, copies.get(row.uid, {}), rule.keep_in)
        ]
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
    ]
    if rule.institution:
        conditions.append(Study.institution == rule.institution)
    if rule.aes is not None:
        conditions.append(Study.calling_ae.in_(sorted(rule.aes)))
    if rule.modalities:
        conditions.append(or_(*(Study.modalities.contains(name, autoescape=True) for name in sorted(rule.modalities))))
    return select(*columns).where(*conditions).order_by(Study.id)


def _copies_of(session: Session, study_uids: list[str]) -> dict[str, dict[str, Any]]:
    columns = (
        StudyCopy.study_uid,
        StudyCopy.store,
        StudyCopy.state,
        StudyCopy.study_bytes,
        StudyCopy.verified_at,
        StudyCopy.not_before,
    )
    found: dict[str, dict[str, Any]] = {}
    for row in session.execute(select(*columns).where(StudyCopy.study_uid.in_(study_uids))):
        found.setdefault(row.study_uid, {})[row.store] = row
    return found


def _is_due(copies: Mapping[str, Any], now: datetime) -> bool:
    """Whether nothing failed so lately that it should rest."""
    return all(copy.not_before is None or copy.not_before <= now for copy in copies.values())


def _is_settled(study: Any, copies: Mapping[str, Any], keep_in: Collection[str]) -> bool:
    """Whether a study has good copies in these stores and none elsewhere, as far as the rows tell cheaply."""
    others = set(keep_in) - {ONLINE}
    if copies.keys() - others - {ONLINE}:
        return False
    for name in others:
        copy = copies.get(name)
        if copy is None or copy.state != CopyState.VERIFIED or copy.study_bytes != study.bytes_stored:
            return False
        if copy.verified_at is None or copy.verified_at < study.changed_at:
            return False
    online = copies.get(ONLINE)
    if ONLINE in keep_in:
        return online is None
    return online is not None and online.state == CopyState.RELEASED


def _facts(row: Any) -> StudyFacts:
    return StudyFacts(
        institution=row.institution,
        calling_ae=row.calling_ae,
        modalities=frozenset(name for name in row.modalities.split("\\") if name),
        changed_at=row.changed_at,
        last_used_at=row.last_used_at,
    )
