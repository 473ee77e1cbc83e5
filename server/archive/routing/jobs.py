"""Works off the queue of routing: one job sends to one target, one watches what rules want."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import select

from server.archive.corrections.rewriting import Mark, joined, read_values, rewritten
from server.archive.corrections.rules import SYSTEM
from server.archive.header import DamagedHeader
from server.archive.objects import ArchivedObject, ArchiveObjects
from server.archive.routing import queue, rules
from server.archive.routing.anonymising import Anonymising, Nameless
from server.archive.routing.ports import Destination, Outcome, Outgoing, Unreachable
from server.archive.routing.service import RoutingService, destination
from server.archive.routing.tables import Forward, RoutingTarget, SentInstance
from server.archive.routing.views import plan_of
from server.archive.tables import Instance
from server.kernel.audit import AuditEntry
from server.kernel.database import Database, UnitOfWork
from server.kernel.jobs import JobContext, JobKind, JobRetry, Schedule
from server.kernel.jobs.runner import JobCancelled
from server.kernel.jobs.tables import Job, JobState
from shared.contract.base import AuditClass
from shared.contract.exchange import AnonymisePlan
from shared.contract.routing import ForwardState, TagRule, TargetKind
from shared.dicomkit.uids import new_uid

WATCH_JOB = "routing.watch"
_NOTE_OBJECTS, _NOTE_S = 50, 0.5  # how much may be sent once more after a kill
_CHUNK = 500
_TURN_S = 20.0  # then another target has its turn
_WATCH_S, _WATCH_FOR_S = 1.0, 3600.0
_EVERYTHING_S, _REDRIVE_S = 60.0, 5.0
_MAX_SEEN = 200_000


def _keep_no_record(_uow: UnitOfWork, _entry: AuditEntry) -> None:
    return


@dataclass(frozen=True, slots=True)
class _Round:
    """One study for one target."""

    forward_id: int
    kind: TargetKind
    to: Destination
    changes: tuple[TagRule, ...]
    plan: AnonymisePlan | None
    generation: int
    uids: list[str]


class Forwarding:
    """The handlers; `kinds` and `SCHEDULES` are for the runner."""

    def __init__(
        self,
        database: Database,
        objects: ArchiveObjects,
        service: RoutingService,
        record: Callable[[UnitOfWork, AuditEntry], None] = _keep_no_record,
        anonymising: Anonymising | None = None,
    ) -> None:
        self._database = database
        self._objects = objects
        self._service = service
        self._record = record
        self._anonymising = anonymising

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [
            JobKind(queue.SEND_JOB, self.send, lane="forward", max_attempts=1_000_000),
            JobKind(WATCH_JOB, self.watch, lane="routing", max_attempts=1_000_000),
        ]

    # sending

    def send(self, context: JobContext) -> str:
        """Send what waits for a target, study by study, until nothing does or another target has its turn."""
        target_id = int(context.payload["target"])
        with self._database.write() as uow:
            queue.release_dead(uow, target_id, context.job_id)
        started = time.monotonic()
        count = 0
        while True:
            if context.is_stopping:
                raise JobRetry("The server stops; the work goes on after the next start.", 0.0)
            chosen = self._next(context, target_id)
            if chosen is None:
                return f"{count} studies sent."
            self._send_one(context, target_id, chosen)
            count += 1
            if time.monotonic() - started > _TURN_S:
                with self._database.write() as uow:
                    queue.drive(uow, uow.session.get_one(RoutingTarget, target_id))
                return f"{count} studies sent, more wait."

    def _next(self, context: JobContext, target_id: int) -> _Round | None:
        with self._database.write() as uow:
            target = uow.session.get(RoutingTarget, target_id)
            if target is None or not target.enabled:
                return None
            if target.next_try is not None:
                wait = (target.next_try - datetime.now(UTC)).total_seconds()
                if wait > 0:
                    raise JobRetry(target.last_error or "The target does not answer.", wait)
            forward = queue.claim(uow, target_id, context.job_id)
            if forward is None:
                return None
            return _Round(
                forward.id,
                TargetKind(target.kind),
                destination(target),
                msgspec.convert(forward.changes, tuple[TagRule, ...]),
                plan_of(forward.anonymise),
                forward.generation,
                queue.unsent(uow.session, forward, target),
            )

    def _send_one(self, context: JobContext, target_id: int, chosen: _Round) -> None:
        ledger = _Ledger(self._database, context, chosen)
        way = self._service.ways_out[chosen.kind]
        nameless = self._nameless(chosen.plan, ledger)
        try:
            for start in range(0, len(chosen.uids), _CHUNK):
                if ledger.interrupted is not None or ledger.is_cancelled:
                    break
                objects = self._outgoing(chosen, chosen.uids[start : start + _CHUNK], nameless)
                way.send(chosen.to, objects, ledger.told)
        except Unreachable as unreachable:
            ledger.flush()
            with self._database.write() as uow:
                pause = queue.target_failed(uow.session, target_id, str(unreachable))
                queue.put_back(uow, uow.session.get_one(Forward, chosen.forward_id), str(unreachable))
            raise JobRetry(str(unreachable), pause) from None
        except BaseException:
            ledger.flush()
            with self._database.write() as uow:
                queue.put_back(uow, uow.session.get_one(Forward, chosen.forward_id))
            raise
        ledger.flush()
        if ledger.interrupted is not None:
            with self._database.write() as uow:
                queue.put_back(uow, uow.session.get_one(Forward, chosen.forward_id))
            raise ledger.interrupted
        with self._database.write() as uow:
            queue.target_answered(uow.session, target_id)
            target = uow.session.get_one(RoutingTarget, target_id)
            forward = uow.session.get_one(Forward, chosen.forward_id, with_for_update=True)
            queue.close(uow, forward, target, ledger.refusals, ledger.hopeless)
            if ledger.arrived:
                self._note_export(uow, forward, target, ledger)
            verify = forward.state == ForwardState.VERIFYING
        if verify:
            self._verify(target_id, chosen, nameless)

    def _note_export(self, uow: UnitOfWork, forward: Forward, target: RoutingTarget, ledger: _Ledger) -> None:
        """The audit trail knows what left the house and where it went."""
        self._record(
            uow,
            AuditEntry(
                at=datetime.now(UTC),
                user="system",
                station=target.name,
                address=target.ae_title or target.url,
                method="routing.forward",
                audit_class=AuditClass.EXPORT,
                outcome="ok" if not ledger.refusals else "refused in part",
                subject=f"study {forward.study_uid}: {ledger.arrived} objects",
                duration_ms=ledger.seconds * 1000,
            ),
        )

    def _nameless(self, plan: AnonymisePlan | None, ledger: _Ledger) -> Nameless | None:
        if plan is None:
            return None
        if self._anonymising is None:
            raise RuntimeError("nothing here can anonymise")  # never send it as it is
        nameless = self._anonymising.of(plan, ledger.cannot_leave)
        ledger.originals = nameless.originals
        return nameless

    def _outgoing(self, chosen: _Round, uids: Sequence[str], nameless: Nameless | None) -> list[Outgoing]:
        found = {one.sop_instance_uid: one for one in self._objects.objects(instance_uids=uids)}
        if nameless is not None:
            return [
                nameless.outgoing(one, _opener(one, chosen.changes))
                for uid in uids
                if (one := found.get(uid)) is not None
            ]
        return [
            Outgoing(one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid, _opener(one, chosen.changes))
            for uid in uids
            if (one := found.get(uid)) is not None
        ]

    def _verify(self, target_id: int, chosen: _Round, nameless: Nameless | None) -> None:
        """Storage commitment for all that was sent; the answer may come later, to the door."""
        transaction = new_uid()
        with self._database.write() as uow:
            forward = uow.session.get_one(Forward, chosen.forward_id)
            forward.transaction_uid = transaction
            references = [
                (row.sop_class_uid, row.uid if nameless is None else nameless.uid(row.uid))
                for row in uow.session.execute(
                    select(Instance.sop_class_uid, Instance.uid)
                    .join(SentInstance, SentInstance.instance_uid == Instance.uid)
                    .where(SentInstance.forward_id == chosen.forward_id)
                )
            ]
        try:
            failed = self._service.ways_out[chosen.kind].commit(chosen.to, references, transaction)
        except Unreachable as unreachable:
            with self._database.write() as uow:
                uow.session.get_one(Forward, chosen.forward_id).sentence = str(unreachable)[:400]
            return  # asked again within the hour
        if failed is not None:
            with self._database.write() as uow:
                forward = uow.session.get_one(Forward, chosen.forward_id, with_for_update=True)
                if forward.transaction_uid == transaction:
                    self._service.commitment_reported(uow, transaction, failed)

    # watching

    def watch(self, context: JobContext) -> str:
        """Ask every second what the rules want; for an hour, then the next such job goes on."""
        end = time.monotonic() + _WATCH_FOR_S
        seen: dict[tuple[int, int], int] = {}
        all_at = drive_at = 0.0
        while time.monotonic() < end:
            if context.is_stopping:
                raise JobRetry("The server stops; the work goes on after the next start.", 0.0)
            now = time.monotonic()
            self.look(seen, everything=now >= all_at)
            if now >= all_at:
                all_at = now + _EVERYTHING_S
            if now >= drive_at:
                drive_at = now + _REDRIVE_S
                self.redrive()
                context.step()
            if len(seen) > _MAX_SEEN:
                seen.clear()
            time.sleep(_WATCH_S)
        return "Watched for an hour."

    def look(self, seen: dict[tuple[int, int], int], *, everything: bool) -> int:
        """Queue what rules want now; returns how many studies."""
        with self._database.read() as uow:
            wanted = self._service.wanted(uow, seen, everything=everything)
        queued = 0
        for rule_id, studies in wanted.items():
            with self._database.write() as uow:
                queued += self._service.consider(uow, rule_id, studies)
        return queued

    def redrive(self) -> None:
        """See to it that what is due has a job, whatever became of the one before; ask again for commitments."""
        now = datetime.now(UTC)
        with self._database.read() as uow:
            due = set(
                uow.session.execute(
                    select(Forward.target_id)
                    .where(Forward.state.in_([ForwardState.WAITING, ForwardState.SENDING]), Forward.not_before <= now)
                    .distinct()
                ).scalars()
            )
            open_jobs = select(Job.key).where(
                Job.kind == queue.SEND_JOB, Job.state.in_([JobState.WAITING, JobState.RUNNING])
            )
            driven = {int(key.split("-")[1]) for key in uow.session.execute(open_jobs).scalars()}
            overdue = bool(queue.commitments_overdue(uow.session, 1))
        if due - driven or overdue:
            with self._database.write() as uow:
                for forward in queue.commitments_overdue(uow.session) if overdue else ():
                    forward.state, forward.not_before = ForwardState.WAITING, now
                    due.add(forward.target_id)
                uow.session.flush()
                for target in uow.session.execute(
                    select(RoutingTarget).where(RoutingTarget.id.in_(due - driven), RoutingTarget.enabled)
                ).scalars():
                    queue.drive(uow, target)


SCHEDULES = (Schedule(WATCH_JOB, timedelta(minutes=1)),)


class _Ledger:
    """What a target acknowledged, written down in small portions while the sending goes on."""

    def __init__(self, database: Database, context: JobContext, chosen: _Round) -> None:
        self._database = database
        self._context = context
        self._chosen = chosen
        self._pending: list[str] = []
        self._written = time.monotonic()
        self._done = 0
        self._begun = self._written
        self.arrived = 0
        self.refusals: list[str] = []
        self.hopeless = ""  # why something can never leave as the rule wants it, as a sentence
        self.originals: dict[str, str] = {}  # of instances that leave under other UIDs
        self.interrupted: JobRetry | JobCancelled | None = None
        self.is_cancelled = False

    def cannot_leave(self, sentence: str) -> None:
        """An object cannot be made anonymous; trying again would not help."""
        self.hopeless = self.hopeless or sentence

    @property
    def seconds(self) -> float:
        """Since the sending began."""
        return time.monotonic() - self._begun

    def told(self, outcomes: Sequence[Outcome]) -> bool:
        """Take outcomes; False when the sending shall stop."""
        for outcome in outcomes:
            if outcome.has_arrived:
                self.arrived += 1
                self._pending.append(self.originals.get(outcome.sop_instance_uid, outcome.sop_instance_uid))
            else:
                self.refusals.append(outcome.sentence)
        self._done += len(outcomes)
        if len(self._pending) >= _NOTE_OBJECTS or time.monotonic() - self._written >= _NOTE_S:
            self.flush()
        try:
            self._context.step(self._done, len(self._chosen.uids))
        except (JobRetry, JobCancelled) as interruption:
            self.interrupted = interruption
        return self.interrupted is None and not self.is_cancelled

    def flush(self) -> None:
        """Write down what is not written yet."""
        self._written = time.monotonic()
        uids, self._pending = self._pending, []
        if not uids:
            return
        with self._database.write() as uow:
            is_current = queue.note_sent(uow, self._chosen.forward_id, uids, self._chosen.generation)
            state = uow.session.execute(
                select(Forward.state).where(Forward.id == self._chosen.forward_id)
            ).scalar_one_or_none()
        self.is_cancelled = state != ForwardState.SENDING or not is_current


def _opener(found: ArchivedObject, changes: Sequence[TagRule]) -> Callable[[], AbstractContextManager[memoryview]]:
    """The object's own opener, or one that changes attributes on the way."""
    if not changes:
        return found.open
    tags = rules.needed(changes)
    mark = Mark(f"{datetime.now(UTC):%Y%m%d%H%M%S.%f}+0000", SYSTEM, reason="COERCE")

    @contextlib.contextmanager
    def opened() -> Iterator[memoryview]:
        with found.open() as data:
            try:
                present = read_values(data, found.transfer_syntax_uid, tags)
                wanted = rules.applied(changes, present)
                pieces = rewritten(data, found.transfer_syntax_uid, wanted, mark)
            except DamagedHeader as damaged:
                raise OSError(str(damaged)) from None
            yield joined(pieces)

    return opened
