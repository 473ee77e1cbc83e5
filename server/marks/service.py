"""Use cases of marks: keeping those of the caller, listing those of everybody."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.kernel.jobs import enqueue
from server.marks import rules
from server.marks.ports import Archive
from server.marks.tables import ImageMarks
from shared.contract.base import Changed
from shared.contract.marks import AuthorMarks, ListMarks, SaveMarks, ShownImage, StoredMark

MAKE_JOB = "marks.make"
PAUSE = timedelta(seconds=60)
"""Objects are made after so much quiet, or every reader's hesitation would become one."""


class Kept(msgspec.Struct, frozen=True):
    """The body of a row."""

    marks: tuple[StoredMark, ...]
    shown: tuple[ShownImage, ...]


class MarksService:
    """Every method works in the caller's unit of work."""

    def __init__(self, archive: Archive, time: HospitalTime) -> None:
        self._archive = archive
        self._time = time

    def listed(self, uow: UnitOfWork, caller: Caller, request: ListMarks) -> tuple[AuthorMarks, ...]:
        """Return the newest marks of every author. Raises NOT_FOUND."""
        self._require(uow, request.study_uid)
        statement = select(ImageMarks).where(ImageMarks.study_uid == request.study_uid).order_by(ImageMarks.id)
        return tuple(view_of(row, caller) for row in uow.session.scalars(statement))

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveMarks) -> AuthorMarks:
        """Replace the caller's marks. Raises NOT_FOUND, CONFLICT, INVALID."""
        self._require(uow, request.study_uid)
        fault = rules.fault_of(request.marks, request.shown)
        if fault:
            raise invalid("marks", fault)
        statement = select(ImageMarks).where(
            ImageMarks.study_uid == request.study_uid, ImageMarks.author_id == caller.user_id
        )
        row = uow.session.scalars(statement.with_for_update()).first()
        now = self._time.now()
        if row is None:
            row = ImageMarks(
                study_uid=request.study_uid,
                author_id=caller.user_id,
                author_name=caller.name[:120],
                first_at=now,
                saved_at=now,
                version=0,
                body=b"",
            )
            uow.session.add(row)
        row.expect(request.version)
        body = msgspec.msgpack.encode(Kept(request.marks, request.shown))
        if body != row.body:
            row.body, row.saved_at, row.author_name = body, now, caller.name[:120]
            row.touch()
            uow.session.flush()
            uow.publish(Changed("marks", row.id, row.version))
        if row.archived_version < row.version:
            ask(uow, row.id, finished=request.finished)
        return view_of(row, caller)

    def _require(self, uow: UnitOfWork, study_uid: str) -> None:
        if not self._archive.knows(uow, study_uid):
            raise not_found("该影像")


def ask(uow: UnitOfWork, row_id: int, *, finished: bool) -> None:
    """Have the objects of an author's marks made, at once or after a pause."""
    key = f"marks-{row_id}-{'now' if finished else 'later'}"
    delay = timedelta() if finished else PAUSE
    enqueue(uow, MAKE_JOB, {"marks": row_id}, key=key, title="影像标注", delay=delay)


def view_of(row: ImageMarks, caller: Caller) -> AuthorMarks:
    """Return a row as workstations see it."""
    kept = msgspec.msgpack.decode(row.body, type=Kept)
    return AuthorMarks(
        study_uid=row.study_uid,
        author_id=row.author_id,
        author_name=row.author_name,
        is_mine=row.author_id == caller.user_id,
        version=row.version,
        saved_at=row.saved_at,
        marks=kept.marks,
        shown=kept.shown,
        archived_version=row.archived_version,
    )
