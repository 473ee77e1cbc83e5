"""The store-and-forward queue: studies on their way to targets, in rows that survive restarts.

One job works for one target at a time in one of its `concurrency` slots, so that a dead target holds up nobody else;
the order within a target is priority, then age.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from server.archive.routing.rules import pause_after
from server.archive.routing.tables import Forward, RoutingTarget, SentInstance
from server.archive.tables import Instance, Series, Study
from server.kernel.database import UnitOfWork
from server.kernel.jobs import enqueue
from server.kernel.jobs.tables import Job, JobState
from shared.contract.base import Changed
from shared.contract.routing import ForwardState

SEND_JOB = "routing.send"
MAX_ATTEMPTS = 8
OPEN = (ForwardState.WAITING, ForwardState.SENDING)
_COMMIT_AGAIN = timedelta(hours=1)


def put(
    uow: UnitOfWork,
    study: Study,
    target: RoutingTarget,
    *,
    rule_id: int | None = None,
    rule_name: str = "",
    changes: Sequence[dict[str, Any]] = (),
    priority: int = 0,
    delay: timedelta = timedelta(0),
    anonymise: dict[str, Any] | None = None,
    why: str = "",
) -> Forward:
    """Queue what a target does not have yet of a study; the row of a study and a target is one for ever.

    A study of which something left without identity goes on to leave so: else the target could tell whose it is.
    """
    now = datetime.now(UTC)
    statement = select(Forward).where(Forward.study_uid == study.uid, Forward.target_id == target.id)
    forward = uow.session.execute(statement.with_for_update()).scalar_one_or_none()
    if forward is None:
        forward = Forward(
            study_uid=study.uid,
            target_id=target.id,
            state=ForwardState.WAITING,
            changes=[],
            not_before=now,
            created_at=now,
            changed_at=now,
        )
        uow.session.add(forward)
        uow.session.flush()
    if rule_id is not None or not forward.rule_name:
        forward.rule_id, forward.rule_name, forward.changes = rule_id, rule_name[:64], list(changes)
        if anonymise is not None or not forward.sent:
            forward.anonymise = anonymise
    if why:
        forward.why = why[:400]
    forward.priority = max(priority, forward.priority)
    forward.total = instances_for(uow.session, study.id, target)
    forward.seen = study.instance_count
    if forward.state != ForwardState.SENDING:
        forward.state = ForwardState.WAITING
        forward.attempts = 0
        forward.not_before = now + delay
    forward.finished_at = None
    _changed(uow, forward, now)
    drive(uow, target, delay)
    return forward


def instances_for(session: Session, study_id: int, target: RoutingTarget) -> int:
    """How many instances of a study a target gets: never those that it sent itself."""
    statement = select(func.coalesce(func.sum(Series.instance_count), 0)).where(Series.study_pk == study_id)
    if target.ae_title:
        statement = statement.where(Series.calling_ae != target.ae_title)
    return int(session.execute(statement).scalar_one())


def drive(uow: UnitOfWork, target: RoutingTarget, delay: timedelta = timedelta(0)) -> None:
    """See to it that a job works for the target; one for each of its slots that have something to do."""
    if not target.enabled:
        return
    now = datetime.now(UTC)
    waiting = uow.session.execute(
        select(func.count()).where(Forward.target_id == target.id, Forward.state == ForwardState.WAITING)
    ).scalar_one()
    if target.next_try is not None:
        delay = max(delay, target.next_try - now)
    for slot in range(min(max(waiting, 1), target.concurrency)):
        job_id = enqueue(
            uow,
            SEND_JOB,
            {"target": target.id, "slot": slot},
            key=f"target-{target.id}-{slot}",
            title=target.name,
            delay=delay,
        )
        # one that waits already may wait for the end of a longer pause
        sooner = update(Job).where(Job.id == job_id, Job.state == JobState.WAITING, Job.not_before > now + delay)
        uow.session.execute(sooner.values(not_before=now + delay))


def claim(uow: UnitOfWork, target_id: int, job_id: int) -> Forward | None:
    """The next study for a target, now in the hands of this job."""
    now = datetime.now(UTC)
    statement = (
        select(Forward)
        .where(Forward.target_id == target_id, Forward.state == ForwardState.WAITING, Forward.not_before <= now)
        .order_by(Forward.priority.desc(), Forward.not_before, Forward.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    forward = uow.session.execute(statement).scalar_one_or_none()
    if forward is not None:
        forward.state, forward.job_id = ForwardState.SENDING, job_id
        _changed(uow, forward, now)
    return forward


def release_dead(uow: UnitOfWork, target_id: int, job_id: int) -> None:
    """Put back what jobs held that do not run any more, and what this job held before it was begun again."""
    running = select(Job.id).where(Job.kind == SEND_JOB, Job.state == JobState.RUNNING, Job.id != job_id)
    uow.session.execute(
        update(Forward)
        .where(
            Forward.target_id == target_id,
            Forward.state == ForwardState.SENDING,
            or_(Forward.job_id.is_(None), Forward.job_id.not_in(running)),
        )
        .values(state=ForwardState.WAITING, job_id=None)
    )


def unsent(session: Session, forward: Forward, target: RoutingTarget) -> list[str]:
    """SOP Instance UIDs that the target has not acknowledged, in the order in which they are sent."""
    statement = (
        select(Instance.uid)
        .join(Series, Series.id == Instance.series_pk)
        .join(Study, Study.id == Series.study_pk)
        .outerjoin(SentInstance, (SentInstance.instance_uid == Instance.uid) & (SentInstance.forward_id == forward.id))
        .where(Study.uid == forward.study_uid, SentInstance.instance_uid.is_(None))
        .order_by(Series.number, Series.id, Instance.number, Instance.id)
    )
    if target.ae_title:
        statement = statement.where(Series.calling_ae != target.ae_title)
    return list(session.execute(statement).scalars())


def note_sent(uow: UnitOfWork, forward_id: int, uids: Collection[str], generation: int | None = None) -> bool:
    """The target has these now. Said once for each: a job that was begun again may say it twice.

    False when all was asked for again since `generation`: what was sent was sent in its old state.
    """
    session = uow.session
    if generation is not None:
        present = select(Forward.generation).where(Forward.id == forward_id).with_for_update()
        if session.execute(present).scalar_one_or_none() != generation:
            return False
    known = set(
        session.execute(
            select(SentInstance.instance_uid).where(
                SentInstance.forward_id == forward_id, SentInstance.instance_uid.in_(uids)
            )
        ).scalars()
    )
    fresh = [{"forward_id": forward_id, "instance_uid": uid} for uid in uids if uid not in known]
    if fresh:
        session.execute(insert(SentInstance), fresh)
    grown = update(Forward).where(Forward.id == forward_id)
    session.execute(grown.values(sent=Forward.sent + len(fresh), changed_at=datetime.now(UTC)))
    uow.publish(Changed("forward", forward_id, 0))
    return True


def forget_sent(session: Session, forward_id: int, uids: Collection[str] | None = None) -> None:
    """Let instances be sent again; None: all of them."""
    statement = delete(SentInstance).where(SentInstance.forward_id == forward_id)
    if uids is not None:
        statement = statement.where(SentInstance.instance_uid.in_(uids))
    session.execute(statement)
    counted = select(func.count()).where(SentInstance.forward_id == forward_id).scalar_subquery()
    again = update(Forward).where(Forward.id == forward_id)
    session.execute(again.values(sent=counted, generation=Forward.generation + (1 if uids is None else 0)))


def close(
    uow: UnitOfWork, forward: Forward, target: RoutingTarget, refusals: Sequence[str], hopeless: str = ""
) -> None:
    """A round is over: sent, to be verified, to be tried again, or failed (at once if it is `hopeless`, a sentence)."""
    now = datetime.now(UTC)
    forward.job_id = None
    if forward.state == ForwardState.CANCELLED:
        return
    study = uow.session.execute(select(Study).where(Study.uid == forward.study_uid)).scalar_one_or_none()
    if study is None:
        forward.state, forward.finished_at = ForwardState.CANCELLED, now
        forward.sentence = "The study is not in the archive any more."
    elif hopeless:
        forward.state, forward.finished_at, forward.sentence = ForwardState.FAILED, now, hopeless[:400]
    elif refusals:
        forward.attempts += 1
        forward.sentence = f"{len(refusals)} refused: {refusals[0]}"[:400]
        if forward.attempts >= MAX_ATTEMPTS:
            forward.state, forward.finished_at = ForwardState.FAILED, now
        else:
            forward.state = ForwardState.WAITING
            forward.not_before = now + timedelta(seconds=pause_after(forward.attempts))
    else:
        forward.total = instances_for(uow.session, study.id, target)
        forward.seen = study.instance_count
        if unsent(uow.session, forward, target):
            forward.state, forward.not_before = ForwardState.WAITING, now
        else:
            forward.state = ForwardState.VERIFYING if target.commitment else ForwardState.SENT
            forward.sentence, forward.finished_at = "", None if target.commitment else now
            forward.attempts = 0
    _changed(uow, forward, now)


def put_back(uow: UnitOfWork, forward: Forward, sentence: str = "") -> None:
    """A job gives a study back, to be sent on by the next one."""
    forward.job_id = None
    if forward.state == ForwardState.SENDING:
        forward.state = ForwardState.WAITING
    if sentence:
        forward.sentence = sentence[:400]
    _changed(uow, forward, datetime.now(UTC))


def target_failed(session: Session, target_id: int, sentence: str) -> float:
    """A target did not answer; returns the seconds to wait."""
    target = session.get_one(RoutingTarget, target_id)
    now = datetime.now(UTC)
    target.failures += 1
    target.down_since = target.down_since or now
    pause = pause_after(target.failures)
    target.next_try = now + timedelta(seconds=pause)
    target.last_error = sentence[:400]
    return pause


def target_answered(session: Session, target_id: int) -> None:
    """A target works (again)."""
    session.execute(
        update(RoutingTarget)
        .where(RoutingTarget.id == target_id, RoutingTarget.failures > 0)
        .values(failures=0, down_since=None, next_try=None, last_error="")
    )


def committed(uow: UnitOfWork, forward: Forward, failed: Collection[str]) -> None:
    """What a target said to storage commitment: what it does not keep is sent again."""
    now = datetime.now(UTC)
    forward.transaction_uid = ""
    if failed:
        forget_sent(uow.session, forward.id, failed)
        uow.session.refresh(forward)
        forward.attempts += 1
        forward.sentence = f"The target does not keep {len(failed)} of them."
        forward.not_before = now + timedelta(seconds=pause_after(forward.attempts))
        forward.state = ForwardState.WAITING if forward.attempts < MAX_ATTEMPTS else ForwardState.FAILED
    else:
        forward.state, forward.sentence, forward.finished_at = ForwardState.SENT, "", now
    _changed(uow, forward, now)


def commitments_overdue(session: Session, limit: int = 100) -> list[Forward]:
    """Studies whose commitment was not reported within an hour: to be asked for again."""
    statement = (
        select(Forward)
        .where(Forward.state == ForwardState.VERIFYING, Forward.changed_at < datetime.now(UTC) - _COMMIT_AGAIN)
        .limit(limit)
    )
    return list(session.execute(statement).scalars())


def _changed(uow: UnitOfWork, forward: Forward, now: datetime) -> None:
    forward.changed_at = now
    uow.session.flush()
    uow.publish(Changed("forward", forward.id, 0))
