"""What all parts of the technical room share: rows, steps of their machines, the trail, batches, views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.pathology.cases import numbers
from server.pathology.cases.service import CaseService
from server.pathology.cases.tables import CaseRow
from server.pathology.technique import rules
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow
from server.pathology.technique.views import block_view, slide_view, specimen_view
from shared.contract.errors import ErrorCode
from shared.contract.pathology_preparation import SlideView
from shared.contract.pathology_technique import MAX_BATCH, BatchLine, BlockView, SpecimenView
from shared.domain.pathology import (
    OBJECT_KINDS,
    BlockAction,
    BlockState,
    CaseState,
    ObjectKind,
    SlideAction,
    SlideState,
    SpecimenAction,
    SpecimenState,
    TrailAction,
)
from shared.domain.pathology_barcodes import BadCode, read_code
from shared.domain.permissions import PATHOLOGY_WORDS, Permission

Piece = SpecimenRow | BlockRow | SlideRow
PieceT = TypeVar("PieceT", SpecimenRow, BlockRow, SlideRow)
_KINDS: dict[type[Piece], ObjectKind] = {
    SpecimenRow: ObjectKind.SPECIMEN,
    BlockRow: ObjectKind.BLOCK,
    SlideRow: ObjectKind.SLIDE,
}


class WrongPair(Refusal):
    """What was scanned does not belong to what is being done; written into the trail of the piece that waits."""

    def __init__(self, field: str, message: str, code: str) -> None:
        super().__init__(ErrorCode.INVALID, message, field=field)
        self.scanned = code


@dataclass(frozen=True, slots=True)
class How:
    """The circumstances of a step."""

    station: str = ""
    place: str = ""  # where the piece is now; empty: at the station
    code: str = ""  # what was scanned for it
    note: str = ""
    right_is_checked: bool = False  # by the request's own right, or by the room that asks


PLAIN = How()


def kind_of(row: Piece) -> ObjectKind:
    """Return what a row is."""
    return _KINDS[type(row)]


def name_of(row: Piece) -> str:
    """Return what a person calls it."""
    return row.label if isinstance(row, BlockRow) else row.number


class Pieces:
    """Rows of specimens, blocks and slides, and everything that is done to one of them."""

    def __init__(self, cases: CaseService) -> None:
        self.cases = cases

    @property
    def time(self) -> HospitalTime:
        return self.cases.time

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────

    def row(self, uow: UnitOfWork, model: type[PieceT], object_id: int) -> PieceT:
        """Return a row. Raises NOT_FOUND."""
        row = uow.session.get(model, object_id)
        if row is None:
            raise not_found(OBJECT_KINDS[_KINDS[model]].zh)
        return row

    def locked(self, uow: UnitOfWork, model: type[PieceT], object_id: int) -> PieceT:
        """Return a row whose case no other writer touches until the commit. Raises NOT_FOUND."""
        case_id = uow.session.execute(select(model.case_id).where(model.id == object_id)).scalar_one_or_none()
        if case_id is None:
            raise not_found(OBJECT_KINDS[_KINDS[model]].zh)
        if self.cases.lock(uow, (case_id,))[case_id].state == CaseState.DELETED.value:
            raise not_found(OBJECT_KINDS[_KINDS[model]].zh)
        return uow.session.get_one(model, object_id, populate_existing=True)

    def each(
        self,
        uow: UnitOfWork,
        caller: Caller,
        model: type[PieceT],
        ids: Sequence[int],
        act: Callable[[PieceT], None],
    ) -> tuple[BatchLine, ...]:
        """Do something to many rows, each by itself: what is refused is named with its reason (PA-BAT-08)."""
        if not 1 <= len(ids) <= MAX_BATCH:
            raise invalid("ids", f"一次请选择 1 到 {MAX_BATCH} 项。")
        if len(set(ids)) != len(ids):
            raise invalid("ids", "选择中有重复的项目。")
        of_case = uow.session.execute(select(model.id, model.case_id).where(model.id.in_(ids))).all()
        cases = self.cases.lock(uow, {case_id for _, case_id in of_case})
        found = uow.session.scalars(select(model).where(model.id.in_(ids)).execution_options(populate_existing=True))
        rows = {row.id: row for row in found}
        lines, changed = [], set()
        for object_id in ids:
            row = rows.get(object_id)
            if row is None or cases[row.case_id].state == CaseState.DELETED.value:
                missing = f"{OBJECT_KINDS[_KINDS[model]].zh}不存在，请刷新后再试。"
                lines.append(BatchLine(id=object_id, number="", is_done=False, message=missing))
                continue
            name, case_id = name_of(row), row.case_id
            try:
                with uow.session.begin_nested():
                    act(row)
                changed.add(case_id)
                lines.append(BatchLine(id=object_id, number=name, is_done=True))
            except Refusal as refusal:
                if isinstance(refusal, WrongPair):
                    self.note_mismatch(uow, caller, row, refusal)
                lines.append(BatchLine(id=object_id, number=name, is_done=False, message=refusal.body.message))
        for case_id in sorted(changed):
            self.cases.touch(uow, case_id)
        return tuple(lines)

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────

    def step(
        self,
        uow: UnitOfWork,
        caller: Caller,
        row: Piece,
        action: SpecimenAction | BlockAction | SlideAction,
        facts: rules.Facts | None = None,
        how: How = PLAIN,
    ) -> None:
        """Take a step of the row's machine: state, place, version, event. Raises ILLEGAL_ACTION, PERMISSION_MISSING.

        The caller holds the case's lock and tells the change of the case (`CaseService.touch`) once at its end.
        """
        before = row.state
        following, permission = _checked(row, action, facts)
        if not how.right_is_checked and not caller.may(permission):
            word = PATHOLOGY_WORDS[permission][0]
            raise Refusal(ErrorCode.PERMISSION_MISSING, f"此操作需要“{word}”权限，请联系管理员。")
        now = self.time.now()
        if following != before:
            row.state, row.state_since = following, now
        row.touch()
        self.put(caller, row, how.place or how.station or caller.station)
        self.note(uow, caller, row, action.value, how, before=before)
        uow.session.flush()

    def put(self, caller: Caller, row: Piece, place: str) -> None:
        """Say where a piece is now; an empty place says nothing."""
        if place:
            row.place, row.placed_at, row.placed_by = place[:120], self.time.now(), caller.name[:80]

    def note(
        self, uow: UnitOfWork, caller: Caller, row: Piece, action: str, how: How = PLAIN, *, before: str = ""
    ) -> None:
        """Write a line into the piece's trail; with `before` the state that it left."""
        self.cases.add_event(
            uow,
            caller,
            row.case_id,
            action,
            kind=kind_of(row),
            object_id=row.id,
            number=name_of(row),
            before=before,
            after=row.state if before else "",
            station=how.station,
            place=how.place,
            code=how.code,
            note=how.note,
        )

    def note_mismatch(self, uow: UnitOfWork, caller: Caller, row: Piece, wrong: WrongPair, station: str = "") -> None:
        """Write down that something wrong was scanned for a piece."""
        how = How(station=station, code=wrong.scanned, note=wrong.body.message)
        self.note(uow, caller, row, TrailAction.MISMATCH.value, how)

    # ── codes ────────────────────────────────────────────────────────────────────────────────────────

    def demand_code(self, uow: UnitOfWork, row: Piece, code: str, field: str) -> None:
        """Raise WrongPair unless `code` is the piece's own; an empty code asks nothing."""
        if not code:
            return
        try:
            read = read_code(code)
        except BadCode as error:
            raise WrongPair(field, str(error), code) from error
        if read.kind not in (None, kind_of(row)) or read.number != name_of(row):
            raise WrongPair(field, f"扫描的 {read.number} 与 {name_of(row)} 不符，请核对实物。", code)

    def demand_case_code(self, uow: UnitOfWork, case_id: int, code: str, field: str) -> None:
        """Raise WrongPair unless `code` is that of the case; an empty code asks nothing."""
        if not code:
            return
        try:
            read = read_code(code)
        except BadCode as error:
            raise WrongPair(field, str(error), code) from error
        if read.kind not in (None, ObjectKind.CASE) or numbers.case_of(uow.session, read.number) != case_id:
            raise WrongPair(field, f"扫描的 {read.number} 不是本病例，请核对。", code)

    # ── views ────────────────────────────────────────────────────────────────────────────────────────

    def specimen_views(self, uow: UnitOfWork, caller: Caller, rows: Sequence[SpecimenRow]) -> tuple[SpecimenView, ...]:
        """Return views in the order of the rows."""
        of_case = self._case_numbers(uow, rows)
        return tuple(specimen_view(row, of_case[row.case_id], caller.permissions) for row in rows)

    def block_views(self, uow: UnitOfWork, caller: Caller, rows: Sequence[BlockRow]) -> tuple[BlockView, ...]:
        """Return views in the order of the rows."""
        of_case = self._case_numbers(uow, rows)
        ids = [row.id for row in rows]
        statement = (
            select(SlideRow.block_id, func.count())
            .where(SlideRow.block_id.in_(ids), SlideRow.state != SlideState.DELETED.value)
            .group_by(SlideRow.block_id)
        )
        sections = {one: count for one, count in uow.session.execute(statement)}  # noqa: C416  rows are no pairs
        return tuple(block_view(row, of_case[row.case_id], sections.get(row.id, 0), caller.permissions) for row in rows)

    def slide_views(self, uow: UnitOfWork, caller: Caller, rows: Sequence[SlideRow]) -> tuple[SlideView, ...]:
        """Return views in the order of the rows."""
        of_case = self._case_numbers(uow, rows)
        ids = {row.block_id for row in rows if row.block_id is not None}
        found = uow.session.execute(select(BlockRow.id, BlockRow.label).where(BlockRow.id.in_(ids)))
        blocks = {row.id: row.label for row in found}
        return tuple(
            slide_view(row, of_case[row.case_id], blocks.get(row.block_id or 0, ""), caller.permissions) for row in rows
        )

    def _case_numbers(self, uow: UnitOfWork, rows: Iterable[Piece]) -> dict[int, str]:
        statement = select(CaseRow.id, CaseRow.number).where(CaseRow.id.in_({row.case_id for row in rows}))
        return {one: number or "" for one, number in uow.session.execute(statement)}


def _checked(
    row: Piece, action: SpecimenAction | BlockAction | SlideAction, facts: rules.Facts | None
) -> tuple[str, Permission]:
    """Return the next state and the right that the step needs. Raises ILLEGAL_ACTION."""
    try:
        if isinstance(row, SpecimenRow) and isinstance(action, SpecimenAction):
            specimen = rules.specimen_step(SpecimenState(row.state), action, facts)
            return specimen.next_state.value, specimen.permission
        if isinstance(row, BlockRow) and isinstance(action, BlockAction):
            block = rules.block_step(BlockState(row.state), action, facts)
            return block.next_state.value, block.permission
        if isinstance(row, SlideRow) and isinstance(action, SlideAction):
            slide = rules.slide_step(SlideState(row.state), action, facts)
            return slide.next_state.value, slide.permission
    except rules.NotAllowed as error:
        raise illegal_action(row.state, f"{name_of(row)}：{error}") from error
    raise TypeError(f"{action!r} is no action of a {kind_of(row)}")
