"""The store of drawings on slides: only added to; a correction and a withdrawal are entries of their own."""

from __future__ import annotations

import math
import re

import msgspec
from sqlalchemy import func, select

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.pathology.slides.ports import Archive
from server.pathology.slides.tables import AnnotationRow
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.pathology_slides import (
    MAX_ANNOTATIONS,
    MAX_POINTS,
    AddAnnotation,
    AnnotationView,
    MarkKind,
    SlideMark,
)

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_FARTHEST = float(1 << 22)
_TWO = (MarkKind.LINE, MarkKind.ARROW, MarkKind.RECTANGLE, MarkKind.ELLIPSE)


def check(mark: SlideMark) -> None:
    """Raise INVALID for a drawing that cannot be."""
    count = len(mark.points)
    fits = count == 1 if mark.kind is MarkKind.POINT else count == 2 if mark.kind in _TWO else 3 <= count <= MAX_POINTS
    if not fits:
        raise invalid("mark", f"{mark.kind.value} 的点数不对（{count}）。")
    if not all(math.isfinite(value) and -_FARTHEST < value < _FARTHEST for point in mark.points for value in point):
        raise invalid("mark", "标注的位置不在切片上。")
    if not _COLOUR.match(mark.colour):
        raise invalid("mark", "颜色应为 #RRGGBB。")
    if len(mark.text) > 2000:
        raise invalid("mark", "标注文字最多 2000 字。")


class Annotations:
    """Methods work in the caller's unit of work."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    def add(self, uow: UnitOfWork, caller: Caller, request: AddAnnotation) -> AnnotationView:
        """Draw or correct. Raises Refusal."""
        check(request.mark)
        if not self._archive.knows_series(uow, request.series_uid):
            raise not_found("数字切片")
        counted = select(func.count()).where(AnnotationRow.series_uid == request.series_uid)
        if int(uow.session.execute(counted).scalar_one()) >= MAX_ANNOTATIONS:
            raise illegal_action("full", f"一张切片最多 {MAX_ANNOTATIONS} 个标注（含历史）。")
        if request.replaces is not None:
            self._end(uow, caller, request.replaces, request.series_uid)
        row = AnnotationRow(
            series_uid=request.series_uid,
            mark=msgspec.to_builtins(request.mark),
            author=caller.name,
            author_id=caller.user_id,
            at=self._clock.now(),
            replaces=request.replaces,
        )
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed("pathology_annotations", row.id, 0))
        return view_of(row)

    def withdraw(self, uow: UnitOfWork, caller: Caller, annotation_id: int) -> AnnotationView:
        """Take away. Raises Refusal."""
        row = self._end(uow, caller, annotation_id, None)
        row.is_withdrawn = True
        uow.publish(Changed("pathology_annotations", row.id, 0))
        return view_of(row)

    def _end(self, uow: UnitOfWork, caller: Caller, annotation_id: int, series_uid: str | None) -> AnnotationRow:
        row = uow.session.get(AnnotationRow, annotation_id, with_for_update=True)
        if row is None or (series_uid is not None and row.series_uid != series_uid):
            raise not_found("标注")
        if row.author_id != caller.user_id:
            raise Refusal(ErrorCode.PERMISSION_MISSING, f"这个标注是{row.author}画的，只有本人可以修改或撤回。")
        if row.ended_at is not None:
            raise illegal_action("ended", "这个标注已被修改或撤回，请刷新。")
        row.ended_at, row.ended_by = self._clock.now(), caller.name
        return row

    def list_of(self, uow: UnitOfWork, series_uid: str, *, history: bool) -> tuple[AnnotationView, ...]:
        """Oldest first."""
        chosen = select(AnnotationRow).where(AnnotationRow.series_uid == series_uid).order_by(AnnotationRow.id)
        if not history:
            chosen = chosen.where(AnnotationRow.ended_at.is_(None))
        return tuple(view_of(row) for row in uow.session.scalars(chosen))


def view_of(row: AnnotationRow) -> AnnotationView:
    """The row as clients see it."""
    return AnnotationView(
        id=row.id,
        series_uid=row.series_uid,
        mark=msgspec.convert(row.mark, SlideMark),
        author=row.author,
        author_id=row.author_id,
        at=row.at,
        replaces=row.replaces,
        is_withdrawn=row.is_withdrawn,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )
