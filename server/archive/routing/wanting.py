"""What rules want now: facts of studies, candidates, and the queueing of those that a rule wants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import or_, select

from server.archive.routing import queue, rules
from server.archive.routing.ports import Reports
from server.archive.routing.rules import StudyFacts
from server.archive.routing.tables import Forward, RoutingRule, RoutingTarget
from server.archive.routing.views import conditions_of
from server.archive.tables import Series, Study
from server.archive.views import study_row
from server.kernel.database import UnitOfWork
from shared.contract import routing as contract
from shared.contract.routing import Conditions, ForwardState, Moment

_BATCH = 200


class Wanting:
    """Works in the caller's unit of work; `zone` is the hospital's, for days and hours."""

    def __init__(self, reports: Reports, zone: tzinfo) -> None:
        self._reports = reports
        self._zone = zone

    def preview(self, uow: UnitOfWork, request: contract.PreviewRule) -> tuple[contract.RulePreview, ...]:
        """What a rule would do with the newest studies. Raises Refusal."""
        statement = select(Study).order_by(Study.changed_at.desc()).limit(min(max(request.limit, 1), 200))
        studies = list(uow.session.execute(statement).scalars())
        facts = self._facts(uow, studies)
        now = datetime.now(self._zone)
        target = uow.session.get(RoutingTarget, request.target_id) if request.target_id else None
        found = []
        for study in studies:
            here = facts[study.id]
            sentence = rules.objection(request.conditions, here) or rules.reason_to_wait(request.conditions, here, now)
            if not sentence and target is not None and target.ae_title and here.senders <= {target.ae_title}:
                sentence = "影像来自该目的地，不会送回。"
            found.append(
                contract.RulePreview(study=study_row(study, self._zone), applies=not sentence, sentence=sentence)
            )
        return tuple(found)

    def consider(self, uow: UnitOfWork, rule_id: int, study_ids: Collection[int]) -> int:
        """Queue those of the studies that the rule wants now; returns how many."""
        rule = uow.session.get(RoutingRule, rule_id)
        if rule is None or not rule.enabled:
            return 0
        target = uow.session.get_one(RoutingTarget, rule.target_id)
        conditions = conditions_of(rule)
        studies = list(uow.session.execute(select(Study).where(Study.id.in_(study_ids)).order_by(Study.id)).scalars())
        facts = self._facts(uow, studies)
        now = datetime.now(self._zone)
        queued = 0
        for study in studies:
            here = facts[study.id]
            if rules.objection(conditions, here) or rules.reason_to_wait(conditions, here, now):
                continue
            if not queue.instances_for(uow.session, study.id, target):
                continue
            queue.put(
                uow,
                study,
                target,
                rule_id=rule.id,
                rule_name=rule.name,
                changes=rule.changes,
                priority=rule.priority,
                delay=timedelta(seconds=rule.delay_s),
                anonymise=rule.anonymise,
            )
            queued += 1
        return queued

    def wanted(self, uow: UnitOfWork, seen: dict[tuple[int, int], int], *, everything: bool) -> dict[int, list[int]]:
        """Studies to consider by rule: changed lately (or within the rule's days) and not fully queued.

        `seen` remembers (rule and its version, study) → version of studies that a rule can never want.
        """
        found: dict[int, list[int]] = {}
        now = datetime.now(self._zone)
        for rule in uow.session.execute(select(RoutingRule).where(RoutingRule.enabled)).scalars():
            conditions = conditions_of(rule)
            if not rules.is_open(conditions, now):
                continue
            rows = self._candidates(uow, rule, conditions, now, everything=everything)
            if conditions.moment is Moment.REPORTED:
                exams = {row.exam_id for row in rows}
                approved = self._reports.approved(uow, exams) if exams else frozenset()
                rows = [row for row in rows if row.exam_id in approved]
            mark = rule.id << 20 | rule.version & 0xFFFFF
            fresh = [row for row in rows if seen.get((mark, row.id)) != row.version][:_BATCH]
            if not fresh:
                continue
            studies = list(uow.session.execute(select(Study).where(Study.id.in_([row.id for row in fresh]))).scalars())
            facts = self._facts(uow, studies)
            for study in studies:
                if rules.objection(conditions, facts[study.id]):
                    seen[mark, study.id] = study.version
                else:
                    found.setdefault(rule.id, []).append(study.id)
        return found

    def _candidates(
        self, uow: UnitOfWork, rule: RoutingRule, conditions: Conditions, now: datetime, *, everything: bool
    ) -> Sequence[Any]:
        since = now - timedelta(days=rule.days_back)
        if not everything:
            since = max(since, now - timedelta(seconds=120 + conditions.quiet_s))
        statement = (
            select(Study.id, Study.version, Study.exam_id)
            .outerjoin(Forward, (Forward.study_uid == Study.uid) & (Forward.target_id == rule.target_id))
            .where(Study.changed_at >= since, Study.instance_count > 0)
            .where(
                or_(
                    Forward.id.is_(None),
                    (Forward.seen < Study.instance_count) & (Forward.state != ForwardState.CANCELLED),
                )
            )
            .order_by(Study.changed_at.desc())
        )
        if conditions.moment is Moment.QUIET:
            statement = statement.where(Study.changed_at <= now - timedelta(seconds=conditions.quiet_s))
        elif conditions.moment is Moment.COMPLETE:
            statement = statement.where(Study.completeness == "complete")
        elif conditions.moment in (Moment.MATCHED, Moment.REPORTED):
            statement = statement.where(Study.exam_id.is_not(None))
        return uow.session.execute(statement).all()

    def _facts(self, uow: UnitOfWork, studies: Sequence[Study]) -> dict[int, StudyFacts]:
        by_study: dict[int, list[Series]] = {study.id: [] for study in studies}
        for series in uow.session.execute(select(Series).where(Series.study_pk.in_(by_study))).scalars():
            by_study[series.study_pk].append(series)
        exams = {study.exam_id for study in studies if study.exam_id is not None}
        approved = self._reports.approved(uow, exams) if exams else frozenset()
        return {study.id: _facts_of(study, by_study[study.id], approved) for study in studies}


def _facts_of(study: Study, series: Sequence[Series], approved: Collection[int]) -> StudyFacts:
    return StudyFacts(
        senders=frozenset(one.calling_ae for one in series) or frozenset({study.calling_ae}),
        modalities=frozenset(filter(None, study.modalities.split("\\"))),
        body_parts=frozenset(filter(None, (one.body_part for one in series))),
        descriptions=frozenset(filter(None, (study.description, *(one.description for one in series)))),
        institutions=frozenset(filter(None, (study.institution, *(one.institution for one in series)))),
        stations=frozenset(filter(None, (one.station for one in series))),
        patient_id=study.patient_id,
        changed_at=study.changed_at,
        is_complete=study.completeness == "complete",
        is_matched=study.exam_id is not None,
        is_reported=study.exam_id in approved,
    )
