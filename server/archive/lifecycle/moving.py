"""Copies studies to stores, proves the copies, and only then lets bytes go; safe at any point under a kill.

The order makes it safe. A row says COPYING before the first byte is copied and VERIFIED after every object was read
back and hashed; a row says REMOVING before the first byte goes and disappears after the last. What a crash leaves is
found by these rows and finished (`resume`). An object is removed from a store only while every store that shall keep
it says that it has it.
"""

from __future__ import annotations

import contextlib
import mmap
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from server.archive.lifecycle import placing
from server.archive.lifecycle.registry import ONLINE, StoreRegistry
from server.archive.lifecycle.rules import availability
from server.archive.lifecycle.tables import CopyState, OfflineObject, StudyCopy
from server.archive.tables import Study
from server.kernel.database import Database
from server.kernel.database.unit import UnitOfWork
from server.kernel.storage.fingerprint import is_key_of
from server.kernel.storage.medium import MediumAbsent
from server.kernel.storage.port import ObjectDamaged, ObjectMissing, ObjectStorage, StorageError, StorageFull
from server.kernel.storage.tiers import Role
from shared.contract.base import Changed

_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=12)
_TURNS = 5  # times that a study may grow while it is copied

Step = Callable[[], None]


class StudyBusy(Exception):
    """Another job works on the study at this moment."""


class StudyGone(Exception):
    """The study is not in the index (any more)."""


@dataclass(slots=True)
class Done:
    """What was done."""

    copied_bytes: int = 0
    removed: int = 0
    repaired: int = 0
    is_settled: bool = False


def _no_step() -> None:
    return


class StudyMover:
    """Moves studies between the store that receives (`online`) and the registry's. One works in a jobs process."""

    def __init__(self, database: Database, online: ObjectStorage, registry: StoreRegistry) -> None:
        self._database = database
        self._online = online
        self._registry = registry
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    # what jobs ask for

    def settle(self, study_uid: str, keep_in: Collection[str], step: Step = _no_step) -> Done:
        """Bring a study into exactly the stores `keep_in`; what lies elsewhere goes when all of them are verified.

        `step` is called after each object and may raise. Raises StudyBusy, StudyGone, StorageError (the copies table
        then says what is wrong, and when it may be tried again).
        """
        if not keep_in:
            raise ValueError("a study must be kept somewhere")
        done = Done()
        with self._alone(study_uid):
            trouble: StorageError | None = None
            for name in sorted(keep_in, key=lambda name: (name == ONLINE, name)):
                try:
                    self._copy(study_uid, name, done, step)
                except StorageError as failed:  # the other stores get their copies all the same
                    trouble = trouble or failed
            if trouble is not None:
                raise trouble
            done.is_settled = self._release(study_uid, frozenset(keep_in), done, step)
        return done

    def recall(self, study_uid: str, step: Step = _no_step) -> Done:
        """Bring a study on-line; copies elsewhere stay."""
        done = Done()
        with self._alone(study_uid):
            self._copy(study_uid, ONLINE, done, step)
            done.is_settled = True
        return done

    def verify(self, study_uid: str, step: Step = _no_step) -> Done:
        """Read every copy again; make a damaged one anew from a good one. Raises StorageError when none is good."""
        done = Done()
        with self._alone(study_uid):
            with self._database.read() as uow:
                self._contents(uow.session, study_uid)
                names = [c.store for c in placing.copies(uow.session, study_uid).values()]
            for name in names:
                if name != ONLINE:
                    self._set_state(study_uid, name, CopyState.COPYING)
                    self._copy(study_uid, name, done, step)
            done.is_settled = True
        return done

    def verify_copy(self, study_uid: str, name: str, step: Step = _no_step) -> Done:
        """Read one verified copy again; it stays as it is unless something is damaged or missing, which is made anew.

        Raises StudyBusy, StudyGone, and StorageError when the store does not answer or no good bytes can be reached.
        """
        done = Done()
        with self._alone(study_uid):
            with self._database.read() as uow:
                wanted = self._contents(uow.session, study_uid)
                copy = placing.copies(uow.session, study_uid).get(name)
            if copy is None or copy.state != CopyState.VERIFIED:
                return done
            if placing.is_good(copy, wanted) and self._reads_right(study_uid, name, wanted, step):
                proven = update(StudyCopy).where(
                    StudyCopy.id == copy.id,
                    StudyCopy.state == CopyState.VERIFIED,
                    StudyCopy.digest == wanted.digest,
                )
                cleared = {"verified_at": datetime.now(UTC), "trouble": "", "not_before": None, "failures": 0}
                with self._database.write() as uow:
                    uow.session.execute(proven.values(**cleared))
            else:
                self._set_state(study_uid, name, CopyState.COPYING)
                self._copy(study_uid, name, done, step)
            done.is_settled = True
        return done

    def _reads_right(self, study_uid: str, name: str, wanted: placing.Contents, step: Step) -> bool:
        target, _ = self._target(name)
        try:
            for key in wanted.keys:
                if not _is_right(target, key):
                    return False
                step()
        except ObjectMissing:
            return False
        except (StorageError, OSError) as trouble:
            self._note_trouble(study_uid, name, str(trouble))
            raise trouble if isinstance(trouble, StorageError) else StorageError(str(trouble)) from trouble
        return True

    def resume(self, step: Step = _no_step) -> int:
        """Finish what was begun and not ended by a job that died; returns how many copies."""
        begun = (CopyState.COPYING, CopyState.REMOVING)
        now = datetime.now(UTC)
        with self._database.read() as uow:
            rows = uow.session.execute(
                select(StudyCopy.study_uid, StudyCopy.store, StudyCopy.state)
                .where(StudyCopy.state.in_(begun), (StudyCopy.not_before.is_(None)) | (StudyCopy.not_before <= now))
                .order_by(StudyCopy.id)
            ).all()
        count = 0
        for row in rows:
            try:
                with self._alone(row.study_uid):
                    self._finish(row.study_uid, row.store, step)
                count += 1
            except (StudyBusy, StorageError):
                continue
        return count

    # copying

    def _copy(self, study_uid: str, name: str, done: Done, step: Step) -> None:
        """Make the copy of a study in a store good and current."""
        target, role = self._target(name)
        for _ in range(_TURNS):
            with self._database.write() as uow:
                wanted = self._contents(uow.session, study_uid)
                if self._is_there(uow.session, study_uid, name, wanted):
                    return
                self._require_room(uow.session, study_uid, name, wanted)
                self._begin_copy(uow.session, study_uid, name, wanted)
            try:
                for key, size in wanted.sizes.items():
                    self._copy_object(target, key, size, done)
                    step()
            except (StorageError, OSError) as trouble:
                self._note_trouble(study_uid, name, str(trouble))
                raise trouble if isinstance(trouble, StorageError) else StorageError(str(trouble)) from trouble
            with self._database.write() as uow:
                if self._end_copy(uow, study_uid, name, role, wanted):
                    return
        raise StorageError("The study still grows while it is copied; it is tried again later.")

    def _is_there(self, session: Session, study_uid: str, name: str, wanted: placing.Contents) -> bool:
        copy = placing.copies(session, study_uid).get(name)
        if name == ONLINE:
            return copy is None
        return placing.is_good(copy, wanted)

    def _require_room(self, session: Session, study_uid: str, name: str, wanted: placing.Contents) -> None:
        """Raise StorageFull when the copy would not fit into what an administrator lets the store use."""
        store = self._registry.get(name)
        if store is None or not store.definition.capacity_gb:
            return
        others = select(func.coalesce(func.sum(StudyCopy.bytes_stored), 0)).where(
            StudyCopy.store == name, StudyCopy.study_uid != study_uid
        )
        if session.execute(others).scalar_one() + wanted.total > store.definition.capacity_gb * 2**30:
            raise StorageFull(
                f"The store “{store.definition.title}” holds the {store.definition.capacity_gb} GB that it may use. "
                "Raise its capacity, or let the rules name another store."
            )

    def _begin_copy(self, session: Session, study_uid: str, name: str, wanted: placing.Contents) -> None:
        copy = placing.copies(session, study_uid).get(name)
        if copy is None:
            copy = StudyCopy(study_uid=study_uid, store=name)
            session.add(copy)
        keys = {*placing.unpacked(copy.keys), *wanted.keys}
        copy.state = CopyState.COPYING
        copy.keys = placing.packed(sorted(keys))
        copy.trouble = copy.trouble or ""

    def _copy_object(self, target: ObjectStorage, key: str, size: int, done: Done) -> None:
        """Put an object unless it is there, read it back, compare; damaged bytes are replaced once."""
        is_there = target.exists(key)
        if is_there and _is_right(target, key):
            return
        with self._good_bytes(target, key) as view:
            if is_there:  # damaged, and there is a good one: only now may it go
                target.delete(key)
                done.repaired += 1
            target.put(view, key)
        done.copied_bytes += size
        if not _is_right(target, key):
            raise StorageError(f"A store gave other bytes back than object {key[:12]}…; check its disk.")

    @contextmanager
    def _good_bytes(self, target: ObjectStorage, key: str) -> Iterator[memoryview]:
        """The object's right bytes, from the first store beside `target` that has them. Raises StorageError."""
        trouble: StorageError | None = None
        with contextlib.ExitStack() as stack:
            for storage in (self._online, *(tier.storage for tier in self._registry.raw_tiers())):
                if storage is target:
                    continue
                try:
                    view = stack.enter_context(_viewed(stack.enter_context(storage.open(key))))
                except MediumAbsent as away:
                    trouble = trouble or away
                except ObjectMissing:
                    continue
                except StorageError as failed:
                    trouble = failed
                else:
                    if is_key_of(key, view):
                        yield view
                        return
                    trouble = StorageError(f"A copy of object {key[:12]}… is damaged and no good one can be reached.")
        raise trouble or StorageError(f"Object {key[:12]}… is in no store; run the check of the archive.")

    def _end_copy(self, uow: UnitOfWork, study_uid: str, name: str, role: Role, copied: placing.Contents) -> bool:
        """Say that a copy is good, if the study is still what was copied."""
        session = uow.session
        present = self._contents(session, study_uid)
        copy = placing.copies(session, study_uid)[name]
        if present.digest != copied.digest:
            return False
        now = datetime.now(UTC)
        if name == ONLINE:
            session.delete(copy)
            _set_availability(uow, study_uid, "ONLINE")
            session.execute(update(Study).where(Study.uid == study_uid).values(last_used_at=now))
            return True
        copy.state = CopyState.VERIFIED
        copy.digest = present.digest
        copy.instances = len(present.sizes)
        copy.bytes_stored = present.total
        copy.study_bytes = present.study_bytes
        copy.copied_at = copy.copied_at or now
        copy.verified_at = now
        copy.keys = None
        copy.trouble, copy.not_before, copy.failures = "", None, 0
        if role is Role.OFFLINE:
            for key in present.keys:
                session.merge(OfflineObject(object_key=key, store=name))
        return True

    # removing

    def _release(self, study_uid: str, keep_in: frozenset[str], done: Done, step: Step) -> bool:
        """Take a study out of every store but `keep_in`, once all of those are good; False if they are not."""
        keepers = sorted(keep_in)
        with self._database.write() as uow:
            session = uow.session
            present = self._contents(session, study_uid)
            rows = placing.copies(session, study_uid)
            for name in keepers:
                is_good = rows.get(ONLINE) is None if name == ONLINE else placing.is_good(rows.get(name), present)
                if not is_good:
                    return False
            victims = sorted({*rows, ONLINE} - keep_in)
            for name in victims:
                copy = rows.get(name)
                if copy is None:
                    copy = StudyCopy(study_uid=study_uid, store=name)
                    session.add(copy)
                copy.keys = placing.packed(sorted({*placing.unpacked(copy.keys), *present.keys}))
                copy.state = CopyState.REMOVING
            roles = [self._target(name)[1] for name in keepers]
            _set_availability(uow, study_uid, availability(roles))
        for name in victims:
            self._remove(study_uid, name, keepers, done, step)
        return True

    def _remove(self, study_uid: str, name: str, keepers: list[str], done: Done, step: Step) -> None:
        """Remove the objects of a copy, each only while every keeper has it."""
        try:
            store, _ = self._target(name)
            kept = [self._target(keeper)[0] for keeper in keepers]
            with self._database.read() as uow:
                keys = placing.unpacked(placing.copies(uow.session, study_uid)[name].keys)
            for key in keys:
                if not store.exists(key):
                    continue
                if not all(one.exists(key) for one in kept):
                    raise StorageError(
                        f"Object {key[:12]}… is not where it shall be kept, so it was not removed. Verify the study."
                    )
                store.delete(key)
                done.removed += 1
                step()
        except (StorageError, OSError) as trouble:
            self._note_trouble(study_uid, name, str(trouble))
            raise trouble if isinstance(trouble, StorageError) else StorageError(str(trouble)) from trouble
        with self._database.write() as uow:
            self._forget_copy(uow.session, study_uid, name, keys)

    def _forget_copy(self, session: Session, study_uid: str, name: str, keys: list[str]) -> None:
        copy = placing.copies(session, study_uid).get(name)
        if copy is None:
            return
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            session.execute(
                delete(OfflineObject).where(OfflineObject.store == name, OfflineObject.object_key.in_(some))
            )
        if name == ONLINE:
            copy.state, copy.keys, copy.trouble, copy.not_before = CopyState.RELEASED, None, "", None
            copy.copied_at = datetime.now(UTC)
        else:
            session.delete(copy)

    # after a crash

    def _finish(self, study_uid: str, name: str, step: Step) -> None:
        with self._database.read() as uow:
            present = placing.contents(uow.session, study_uid)
            rows = placing.copies(uow.session, study_uid)
        copy = rows.get(name)
        if copy is None:
            return
        if copy.state == CopyState.REMOVING:
            keepers = [other for other, row in rows.items() if row.state == CopyState.VERIFIED and other != name]
            if name != ONLINE and rows.get(ONLINE) is None and present is not None:
                keepers.append(ONLINE)
            if present is None:
                self._remove_what_lies_elsewhere(study_uid, name, copy, step)
            elif keepers:
                self._remove(study_uid, name, keepers, Done(), step)
            return
        if present is not None:
            self._copy(study_uid, name, Done(), step)
        else:
            self._remove_what_lies_elsewhere(study_uid, name, copy, step)

    def _remove_what_lies_elsewhere(self, study_uid: str, name: str, copy: StudyCopy, step: Step) -> None:
        """The study left the index, perhaps for the recycle bin: a half copy goes, what lies nowhere else stays."""
        store, _ = self._target(name)
        others = [s for s in (self._online, *(t.storage for t in self._registry.raw_tiers())) if s is not store]
        keys = placing.unpacked(copy.keys)
        is_only_copy = False
        for key in keys:
            if not store.exists(key):
                continue
            if any(other.exists(key) for other in others):
                store.delete(key)
            else:
                is_only_copy = True
            step()
        if not is_only_copy:
            with self._database.write() as uow:
                self._forget_copy(uow.session, study_uid, name, keys)

    # plumbing

    def _target(self, name: str) -> tuple[ObjectStorage, Role]:
        if name == ONLINE:
            return self._online, Role.ONLINE
        store = self._registry.get(name)
        if store is None:
            raise StorageError(f"There is no store “{name}” (any more). Add it again or change the rule.")
        return store.storage, store.role

    def _contents(self, session: Session, study_uid: str) -> placing.Contents:
        found = placing.contents(session, study_uid)
        if found is None:
            raise StudyGone(study_uid)
        return found

    def _set_state(self, study_uid: str, name: str, state: CopyState) -> None:
        with self._database.write() as uow:
            present = self._contents(uow.session, study_uid)
            copy = placing.copies(uow.session, study_uid).get(name)
            if copy is not None and copy.state in (CopyState.VERIFIED, CopyState.DAMAGED):
                copy.state = state
                copy.keys = placing.packed(present.keys)

    def _note_trouble(self, study_uid: str, name: str, sentence: str) -> None:
        with self._database.write() as uow:
            copy = placing.copies(uow.session, study_uid).get(name)
            if copy is not None:
                copy.failures += 1
                copy.trouble = sentence
                pause = min(_FIRST_PAUSE * 2 ** min(copy.failures - 1, 20), _LONGEST_PAUSE)
                copy.not_before = datetime.now(UTC) + pause

    @contextmanager
    def _alone(self, study_uid: str) -> Iterator[None]:
        with self._lock:
            if study_uid in self._busy:
                raise StudyBusy(study_uid)
            self._busy.add(study_uid)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(study_uid)


def _set_availability(uow: UnitOfWork, study_uid: str, value: str) -> None:
    changed = update(Study).where(Study.uid == study_uid, Study.availability != value).values(availability=value)
    row = uow.session.execute(changed.returning(Study.id, Study.version)).first()
    if row is not None:
        uow.publish(Changed("study", row.id, row.version))


def _is_right(storage: ObjectStorage, key: str) -> bool:
    """Whether the store gives the object's own bytes back; False when they are damaged. Raises ObjectMissing."""
    try:
        with storage.open(key) as reader, _viewed(reader) as view:
            return is_key_of(key, view)
    except ObjectDamaged:
        return False


@contextmanager
def _viewed(file: BinaryIO) -> Iterator[memoryview]:
    """The bytes of an open file, mapped where it is a real one."""
    try:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        yield memoryview(file.read())
        return
    view = memoryview(mapped)
    try:
        yield view
    finally:
        view.release()
        mapped.close()
