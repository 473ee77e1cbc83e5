"""Retention: finds the studies that a rule names, says what keeps each of them, and moves the others into the bin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from server.archive.keeping.bin import RecycleBin
from server.archive.keeping.holds import is_held
from server.archive.keeping.ports import Copies, Exams
from server.archive.tables import Study
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from shared.contract.keeping import KeepingPolicy, RetentionCandidate, RetentionPreview, RetentionRule

_PAGE = 500
_ROWS = 500


class Retention:
    """Tries and applies rules. A study goes by the first rule that names it and finds no hindrance."""

    def __init__(self, database: Database, bin_: RecycleBin, exams: Exams, copies: Copies) -> None:
        self._database = database
        self._bin = bin_
        self._exams = exams
        self._copies = copies

    def preview(self, rules: Sequence[RetentionRule], now: datetime | None = None) -> RetentionPreview:
        """What the rules would do; changes nothing. Disabled rules are tried as well."""
        now = now or datetime.now(UTC)
        rows: list[RetentionCandidate] = []
        seen: set[int] = set()
        studies = bytes_stored = hindered = examined = 0
        for rule in rules:
            for page in self._pages(rule, now):
                with self._database.read() as uow:
                    for study in page:
                        examined += 1
                        if study.id in seen:
                            continue
                        hindrance = self._hindrance(uow, rule, study)
                        if hindrance is None:
                            continue
                        seen.add(study.id)
                        if hindrance:
                            hindered += 1
                        else:
                            studies += 1
                            bytes_stored += study.bytes_stored
                        if len(rows) < _ROWS:
                            rows.append(_candidate(rule, study, hindrance))
        return RetentionPreview(
            examined=examined, studies=studies, bytes_stored=bytes_stored, hindered=hindered, rows=tuple(rows)
        )

    def apply(self, policy: KeepingPolicy, step: Any, now: datetime | None = None) -> tuple[int, int]:
        """Apply the enabled rules, a transaction for each study; returns (studies binned, studies hindered)."""
        now = now or datetime.now(UTC)
        binned = hindered = 0
        for rule in policy.retention_rules:
            if not rule.enabled:
                continue
            for page in self._pages(rule, now):
                for study in page:
                    step(binned, 0)
                    try:
                        with self._database.write() as uow:
                            present = uow.session.get(Study, study.id)
                            if present is None:
                                continue
                            hindrance = self._hindrance(uow, rule, present)
                            if hindrance:
                                hindered += 1
                            elif hindrance == "":
                                self._bin.delete(
                                    uow,
                                    policy,
                                    study_uid=study.uid,
                                    reason=f"保存期规则：{rule.name}",
                                    by="system",
                                    by_retention=rule.name,
                                )
                                binned += 1
                    except Refusal:
                        hindered += 1
        return binned, hindered

    def _pages(self, rule: RetentionRule, now: datetime) -> Iterator[Sequence[Study]]:
        last = 0
        while True:
            with self._database.read() as uow:
                page = _named(uow.session, rule, now, last)
            if not page:
                return
            yield [study for study in page if _fits(rule, study)]
            last = page[-1].id

    def _hindrance(self, uow: UnitOfWork, rule: RetentionRule, study: Study) -> str | None:
        """Why the study stays; empty: nothing keeps it; None: the rule does not speak of it."""
        facts = self._exams.facts(uow, study.exam_id) if study.exam_id is not None else None
        if rule.patient_kinds and (facts.patient_kind if facts else "") not in rule.patient_kinds:
            return None
        if is_held(uow.session, study.uid):
            return "依法保全"
        if facts is not None and not facts.is_report_approved:
            return "报告尚未审核"
        verified = self._copies.verified(uow, study.uid)
        if verified < max(rule.verified_copies, 1):
            return f"已核对的副本不足（{verified}/{max(rule.verified_copies, 1)}）"
        return ""


def _named(session: Session, rule: RetentionRule, now: datetime, last: int) -> Sequence[Study]:
    """The next page of studies that the rule's times name."""
    statement = select(Study).where(Study.id > last).order_by(Study.id).limit(_PAGE)
    if rule.older_than_days:
        border = now - timedelta(days=rule.older_than_days)
        day = border.strftime("%Y%m%d")
        statement = statement.where(
            or_(
                and_(Study.study_date != "", Study.study_date < day),
                and_(Study.study_date == "", Study.received_at < border),
            ),
            Study.changed_at < border,  # a study date that a device got wrong must not delete new images
        )
    if rule.unused_days:
        border = now - timedelta(days=rule.unused_days)
        statement = statement.where(
            Study.changed_at < border, or_(Study.last_used_at.is_(None), Study.last_used_at < border)
        )
    return session.execute(statement).scalars().all()


def _fits(rule: RetentionRule, study: Study) -> bool:
    """All modalities of the study must be named by the rule: a PET/CT is more than a CT."""
    modalities = {one for one in study.modalities.split("\\") if one}
    return (not rule.modalities or (bool(modalities) and modalities <= set(rule.modalities))) and (
        not rule.institutions or study.institution in rule.institutions
    )


def _candidate(rule: RetentionRule, study: Study, hindrance: str) -> RetentionCandidate:
    return RetentionCandidate(
        rule=rule.name,
        study_uid=study.uid,
        patient_id=study.patient_id,
        study_date=study.study_date,
        modalities=tuple(one for one in study.modalities.split("\\") if one),
        bytes_stored=study.bytes_stored,
        hindrance=hindrance,
    )
