"""Libraries (病例库): the initial five, adding, renaming, putting out of use."""

from __future__ import annotations

from sqlalchemy import func, select

from server.kernel.database import UnitOfWork
from server.kernel.errors import Refusal, invalid, not_found
from server.pathology.cases.numbers import check_rule, rule_of
from server.pathology.cases.tables import CaseRow, LibraryRow
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.pathology import LIBRARY_ENTITY, LibraryEntry, LibraryView, NumberingRule
from shared.domain.pathology import LIBRARY_KINDS, LibraryKind

_INITIAL = (
    (LibraryKind.ROUTINE, ""),
    (LibraryKind.FROZEN, "F"),
    (LibraryKind.CYTOLOGY, "C"),
    (LibraryKind.LIQUID, "T"),
    (LibraryKind.KIDNEY, "K"),
)
_MOST = 60


class Libraries:
    """The databases of exam types that a user may enter."""

    def seed(self, uow: UnitOfWork) -> None:
        """Make the initial libraries where there are none."""
        if uow.session.execute(select(func.count(LibraryRow.id))).scalar_one():
            return
        for position, (kind, prefix) in enumerate(_INITIAL, 1):
            word = LIBRARY_KINDS[kind]
            entry = LibraryEntry(name=word.zh, name_en=word.en, kind=kind, rule=NumberingRule(prefix=prefix))
            row = LibraryRow(position=position, version=1)
            _write(row, entry)
            uow.session.add(row)

    def all(self, uow: UnitOfWork, *, with_inactive: bool = False) -> tuple[LibraryView, ...]:
        """Return the libraries in their order."""
        rows = uow.session.scalars(select(LibraryRow).order_by(LibraryRow.position, LibraryRow.id))
        return tuple(_view(row) for row in rows if with_inactive or row.is_active)

    def row(self, uow: UnitOfWork, library_id: int) -> LibraryRow:
        """Return a library in use. Raises NOT_FOUND."""
        row = uow.session.get(LibraryRow, library_id)
        if row is None or not row.is_active:
            raise not_found("病例库")
        return row

    def add(self, uow: UnitOfWork, entry: LibraryEntry) -> LibraryView:
        """Add a library at the end."""
        self._check(uow, entry, 0)
        last, count = uow.session.execute(select(func.max(LibraryRow.position), func.count(LibraryRow.id))).one()
        if count >= _MOST:
            raise invalid("entry.name", f"病例库最多 {_MOST} 个。")
        row = LibraryRow(position=int(last or 0) + 1, version=1)
        _write(row, entry)
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed(LIBRARY_ENTITY, row.id, row.version))
        return _view(row)

    def save(self, uow: UnitOfWork, library_id: int, version: int, entry: LibraryEntry) -> LibraryView:
        """Change a library."""
        row = uow.session.get(LibraryRow, library_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("病例库")
        row.expect(version)
        self._check(uow, entry, library_id)
        has_cases = select(CaseRow.id).where(CaseRow.library_id == library_id).limit(1)
        if entry.kind.value != row.kind and uow.session.execute(has_cases).first() is not None:
            raise invalid("entry.kind", "该病例库已有病例，不能更改类型；请新建病例库。")
        _write(row, entry)
        row.touch()
        uow.session.flush()
        uow.publish(Changed(LIBRARY_ENTITY, row.id, row.version))
        return _view(row)

    def _check(self, uow: UnitOfWork, entry: LibraryEntry, library_id: int) -> None:
        name = entry.name.strip()
        if not 1 <= len(name) <= 40:
            raise invalid("entry.name", "请填写病例库名称，最多 40 个字。")
        if len(entry.name_en) > 60:
            raise invalid("entry.name_en", "英文名称最多 60 个字符。")
        if not 0 <= entry.retention_days <= 36500:
            raise invalid("entry.retention_days", "保存天数应为 0 到 36500。")
        check_rule(entry.rule)
        other = uow.session.scalars(select(LibraryRow).where(LibraryRow.name == name, LibraryRow.id != library_id))
        there = other.first()
        if there is not None:
            raise Refusal(ErrorCode.DUPLICATE, f"病例库“{name}”已存在。", field="entry.name", existing_id=there.id)


def _write(row: LibraryRow, entry: LibraryEntry) -> None:
    row.name, row.name_en, row.kind = entry.name.strip(), entry.name_en.strip(), entry.kind.value
    row.prefix, row.date_part = entry.rule.prefix, entry.rule.date_part.value
    row.serial_width, row.reset = entry.rule.serial_width, entry.rule.reset.value
    row.single_piece, row.retention_days, row.is_active = entry.single_piece, entry.retention_days, entry.is_active
    row.two_at_grossing = entry.two_at_grossing


def _view(row: LibraryRow) -> LibraryView:
    entry = LibraryEntry(
        name=row.name,
        name_en=row.name_en,
        kind=LibraryKind(row.kind),
        rule=rule_of(row),
        single_piece=row.single_piece,
        two_at_grossing=row.two_at_grossing,
        retention_days=row.retention_days,
        is_active=row.is_active,
    )
    return LibraryView(id=row.id, version=row.version, entry=entry, position=row.position)
