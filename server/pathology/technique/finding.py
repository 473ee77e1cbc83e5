"""Objects as scans and trails show them: by code, by number, by kind and id, with what they came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import or_, select

from server.kernel.database import UnitOfWork
from server.kernel.database.text import begins
from server.kernel.errors import Refusal, invalid, not_found
from server.pathology.cases import numbers
from server.pathology.cases.tables import CaseRow
from server.pathology.technique.pieces import Piece, kind_of, name_of
from server.pathology.technique.tables import BlockRow, MissingRow, SlideRow, SpecimenRow
from server.pathology.technique.views import specimen_entry
from shared.contract.errors import ErrorCode
from shared.contract.pathology_trail import ObjectFacts
from shared.domain.pathology import OBJECT_KINDS, BlockState, CaseState, ObjectKind, SlideState
from shared.domain.pathology_barcodes import BadCode, Code, fits, make_code, read_code

_MODELS: dict[ObjectKind, Any] = {
    ObjectKind.CASE: CaseRow,
    ObjectKind.SPECIMEN: SpecimenRow,
    ObjectKind.BLOCK: BlockRow,
    ObjectKind.SLIDE: SlideRow,
}
_MOST = 100


class Finder:
    """Finds objects."""

    def by_code(self, uow: UnitOfWork, text: str) -> CaseRow | Piece | None:
        """Return what a scanned or typed text names; None is unknown. Raises BadCode."""
        read = read_code(text)
        kinds = (read.kind,) if read.kind else tuple(kind for kind in ObjectKind if fits(kind, read.number))
        for kind in kinds:
            found = self._named(uow, kind, read)
            if found is not None:
                return found
        return None

    def row(self, uow: UnitOfWork, kind: ObjectKind, object_id: int) -> CaseRow | Piece:
        """Return an object. Raises NOT_FOUND."""
        found: CaseRow | Piece | None
        if kind is ObjectKind.CASE:
            found = uow.session.get(CaseRow, object_id)
        elif kind is ObjectKind.SPECIMEN:
            found = uow.session.get(SpecimenRow, object_id)
        elif kind is ObjectKind.BLOCK:
            found = uow.session.get(BlockRow, object_id)
        else:
            found = uow.session.get(SlideRow, object_id)
        if found is None:
            raise not_found(OBJECT_KINDS[kind].zh)
        return found

    def rows(self, uow: UnitOfWork, keys: Sequence[tuple[ObjectKind, int]]) -> list[CaseRow | Piece]:
        """Return objects in the order of their keys; all must exist."""
        found: dict[tuple[ObjectKind, int], CaseRow | Piece] = {}
        for kind, model in _MODELS.items():
            ids = [object_id for one, object_id in keys if one is kind]
            if ids:
                of_kind: list[CaseRow | Piece] = list(uow.session.scalars(select(model).where(model.id.in_(ids))))
                found.update(((kind, row.id), row) for row in of_kind)
        return [found[key] for key in keys]

    def find(self, uow: UnitOfWork, text: str) -> tuple[ObjectFacts, ...]:
        """Return objects by a code, or by a number or its beginning. Raises INVALID."""
        wanted = text.strip().upper()
        if "." in wanted:
            try:
                found = self.by_code(uow, wanted)
            except BadCode as error:
                raise Refusal(ErrorCode.INVALID, str(error), field="text") from error
            return self.facts(uow, [found]) if found is not None else ()
        if not 2 <= len(wanted) <= 40:
            raise invalid("text", "请输入至少两位编号。")
        rows: list[CaseRow | Piece] = []
        statement = select(CaseRow).where(begins(CaseRow.number, wanted))  # type: ignore[arg-type]
        rows += uow.session.scalars(statement.order_by(CaseRow.number).limit(_MOST))
        former = numbers.case_of(uow.session, wanted)
        if former is not None and former not in {row.id for row in rows}:
            rows.append(uow.session.get_one(CaseRow, former))
        for model, column in (
            (SpecimenRow, SpecimenRow.number),
            (BlockRow, BlockRow.label),
            (SlideRow, SlideRow.number),
        ):
            pieces = select(model).where(begins(column, wanted)).order_by(column).limit(_MOST)
            named: list[Piece] = list(uow.session.scalars(pieces))
            rows += [row for row in named if row.state != BlockState.DELETED.value]
        return self.facts(uow, sorted(rows, key=_number)[:_MOST])

    def facts(self, uow: UnitOfWork, rows: Sequence[CaseRow | Piece]) -> tuple[ObjectFacts, ...]:
        """Return the facts of objects, in their order."""
        case_ids = {_case_id(row) for row in rows}
        columns = (CaseRow.id, CaseRow.number, CaseRow.library_id, CaseRow.patient_name, CaseRow.specimen_name)
        of_case: dict[int, Any] = {
            row.id: row for row in uow.session.execute(select(*columns).where(CaseRow.id.in_(case_ids)))
        }
        statement = select(MissingRow.kind, MissingRow.object_id).where(MissingRow.case_id.in_(case_ids))
        missing = {(kind, object_id) for kind, object_id in uow.session.execute(statement)}
        return tuple(
            _facts(row, of_case[_case_id(row)], is_missing=(_kind(row).value, row.id) in missing) for row in rows
        )

    def ancestors(self, uow: UnitOfWork, row: CaseRow | Piece) -> list[CaseRow | Piece]:
        """Return what an object came from, the case first."""
        if isinstance(row, CaseRow):
            return []
        found: list[CaseRow | Piece] = [uow.session.get_one(CaseRow, row.case_id)]
        if not isinstance(row, SpecimenRow) and row.specimen_id is not None:
            found.append(uow.session.get_one(SpecimenRow, row.specimen_id))
        if isinstance(row, SlideRow) and row.block_id is not None:
            found.append(uow.session.get_one(BlockRow, row.block_id))
        return found

    def descendants(self, uow: UnitOfWork, row: CaseRow | Piece) -> list[Piece]:
        """Return what came of an object: specimens, blocks, slides."""
        if isinstance(row, SlideRow):
            return []
        found: list[Piece] = []
        if isinstance(row, CaseRow):
            specimens = select(SpecimenRow).where(SpecimenRow.case_id == row.id).order_by(SpecimenRow.serial)
            found += uow.session.scalars(specimens)
        if isinstance(row, (CaseRow, SpecimenRow)):
            blocks = select(BlockRow).where(
                BlockRow.case_id == _case_id(row), BlockRow.state != BlockState.DELETED.value
            )
            if isinstance(row, SpecimenRow):
                blocks = blocks.where(BlockRow.specimen_id == row.id)
            found += uow.session.scalars(blocks.order_by(BlockRow.label))
        slides = select(SlideRow).where(SlideRow.case_id == _case_id(row), SlideRow.state != SlideState.DELETED.value)
        if isinstance(row, BlockRow):
            slides = slides.where(SlideRow.block_id == row.id)
        elif isinstance(row, SpecimenRow):
            own = select(BlockRow.id).where(BlockRow.specimen_id == row.id)
            slides = slides.where(or_(SlideRow.specimen_id == row.id, SlideRow.block_id.in_(own)))
        found += uow.session.scalars(slides.order_by(SlideRow.number))
        return found

    def _named(self, uow: UnitOfWork, kind: ObjectKind, read: Code) -> CaseRow | Piece | None:
        if kind is ObjectKind.CASE:
            case_id = numbers.case_of(uow.session, read.number)
            return None if case_id is None else uow.session.get(CaseRow, case_id)
        if kind is ObjectKind.SPECIMEN:
            specimens = select(SpecimenRow).where(SpecimenRow.number == read.number)
            return self._living(uow, uow.session.scalars(specimens))
        if kind is ObjectKind.BLOCK:
            blocks = select(BlockRow).where(BlockRow.label == read.number, BlockRow.state != BlockState.DELETED.value)
            return self._living(uow, uow.session.scalars(blocks))
        slides = select(SlideRow).where(SlideRow.number == read.number, SlideRow.state != SlideState.DELETED.value)
        return self._living(uow, uow.session.scalars(slides))

    @staticmethod
    def _living(uow: UnitOfWork, rows: Iterable[Piece]) -> Piece | None:
        """Return the first whose case was not deleted."""
        for row in rows:
            if uow.session.get_one(CaseRow, row.case_id).state != CaseState.DELETED.value:
                return row
        return None


def _kind(row: CaseRow | Piece) -> ObjectKind:
    return ObjectKind.CASE if isinstance(row, CaseRow) else kind_of(row)


def _case_id(row: CaseRow | Piece) -> int:
    return row.id if isinstance(row, CaseRow) else row.case_id


def _number(row: CaseRow | Piece) -> str:
    return (row.number or "") if isinstance(row, CaseRow) else name_of(row)


def _facts(row: CaseRow | Piece, case: Any, *, is_missing: bool) -> ObjectFacts:
    kind, number = _kind(row), _number(row)
    specimen_id = row.id if isinstance(row, SpecimenRow) else None
    block_id = row.id if isinstance(row, BlockRow) else None
    title = case.specimen_name
    if isinstance(row, SpecimenRow):
        entry = specimen_entry(row.entry)
        title = f"{entry.name} {entry.site}".strip()
    elif isinstance(row, BlockRow):
        title, specimen_id = row.site, row.specimen_id
    elif isinstance(row, SlideRow):
        title, specimen_id, block_id = row.stain, row.specimen_id, row.block_id
    return ObjectFacts(
        kind=kind,
        id=row.id,
        number=number,
        code=make_code(kind, number) if number else "",
        state=row.state,
        case_id=case.id,
        case_number=case.number or "",
        library_id=case.library_id,
        patient_name=case.patient_name,
        specimen_id=specimen_id,
        block_id=block_id,
        title=title,
        place=row.place,
        placed_at=row.placed_at,
        placed_by=row.placed_by,
        is_missing=is_missing,
    )
