"""Turns rows of routing into the views of the contract; knows no transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.archive.routing import queue
from server.archive.routing.tables import CoercionRule, Forward, RoutingRule, RoutingTarget
from server.archive.tables import Study
from shared.contract import routing as contract
from shared.contract.exchange import AnonymisePlan
from shared.contract.routing import Conditions, ForwardState, TagRule, TargetKind


def target_view(session: Session, row: RoutingTarget) -> contract.TargetView:
    """A target with the state of its queue."""
    counts: dict[str, int] = {}
    grouped = select(Forward.state, func.count()).where(Forward.target_id == row.id).group_by(Forward.state)
    for state, count in session.execute(grouped):
        counts[state] = count
    return contract.TargetView(
        id=row.id,
        version=row.version,
        name=row.name,
        kind=TargetKind(row.kind),
        enabled=row.enabled,
        ae_title=row.ae_title,
        url=row.url,
        token_file=row.token_file,
        concurrency=row.concurrency,
        transfer_syntaxes=tuple(row.transfer_syntaxes),
        commitment=row.commitment,
        waiting=sum(counts.get(state, 0) for state in queue.OPEN),
        failed=counts.get(ForwardState.FAILED, 0),
        down_since=row.down_since,
        next_try=row.next_try,
        last_error=row.last_error,
    )


def forward_views(session: Session, rows: Sequence[Forward]) -> tuple[contract.ForwardView, ...]:
    studies = {
        study.uid: study
        for study in session.execute(select(Study).where(Study.uid.in_({row.study_uid for row in rows}))).scalars()
    }
    targets = {target.id: target for target in session.execute(select(RoutingTarget)).scalars()}
    return tuple(forward_view(row, studies.get(row.study_uid), targets[row.target_id]) for row in rows)


def conditions_of(rule: RoutingRule) -> Conditions:
    return msgspec.convert(rule.conditions, Conditions)


def plan_of(stored: dict[str, Any] | None) -> AnonymisePlan | None:
    return None if stored is None else msgspec.convert(stored, AnonymisePlan)


def rule_view(row: RoutingRule) -> contract.RuleView:
    return contract.RuleView(
        id=row.id,
        version=row.version,
        name=row.name,
        enabled=row.enabled,
        conditions=conditions_of(row),
        target_id=row.target_id,
        changes=msgspec.convert(row.changes, tuple[TagRule, ...]),
        delay_s=row.delay_s,
        priority=row.priority,
        days_back=row.days_back,
        anonymise=plan_of(row.anonymise),
        resend_after_correction=row.resend_after_correction,
    )


def coercion_view(row: CoercionRule) -> contract.CoercionView:
    return contract.CoercionView(
        id=row.id,
        version=row.version,
        name=row.name,
        enabled=row.enabled,
        sender_aes=tuple(row.sender_aes),
        modalities=tuple(row.modalities),
        changes=msgspec.convert(row.changes, tuple[TagRule, ...]),
    )


def forward_view(row: Forward, study: Study | None, target: RoutingTarget) -> contract.ForwardView:
    waits = row.state == ForwardState.WAITING
    next_try = max(row.not_before, target.next_try or row.not_before) if waits else None
    return contract.ForwardView(
        id=row.id,
        study_uid=row.study_uid,
        patient_name=study.patient_name if study else "",
        patient_id=study.patient_id if study else "",
        accession_number=study.accession if study else "",
        target_id=row.target_id,
        target_name=target.name,
        rule_name=row.rule_name,
        state=ForwardState(row.state),
        sent=row.sent,
        total=row.total,
        attempts=row.attempts,
        sentence=row.sentence or (target.last_error if waits else ""),
        created_at=row.created_at,
        changed_at=row.changed_at,
        next_try=next_try,
        finished_at=row.finished_at,
        why=row.why,
        is_anonymised=row.anonymise is not None,
    )
