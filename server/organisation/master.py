"""Use cases of the master data's rows: listed, added, changed, ordered, taken out of use, with their history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, select, update

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found, stale
from server.kernel.rows.fields import FieldSpec, Form, differences, fault_of
from server.kernel.rows.kinds import Kind, Known, References, Uses, duplicate
from server.organisation.history import History
from server.organisation.initials import initials
from server.organisation.service import OrganisationService
from shared.contract.base import Changed
from shared.contract.master import (
    MasterAction,
    MasterChange,
    MasterKind,
    MasterList,
    MasterRow,
    MoveRow,
    SaveRow,
    SetActive,
)


class MasterService:
    """Keeps the rows of all kinds. Every write locks the hospital's row, so that two of them never cross."""

    def __init__(self, organisation: OrganisationService, clock: Clock, kinds: Iterable[Kind]) -> None:
        self._organisation = organisation
        self._kinds = {kind.kind: kind for kind in kinds}
        self.history = History(clock)

    def add_uses(self, kind: MasterKind, uses: Uses) -> None:
        """Let another area say what of its own stands on a row; called by whoever wires the server."""
        self._kinds[kind].uses.append(uses)

    def kind(self, kind: MasterKind) -> Kind:
        """Return a kind. Raises NOT_FOUND when this server does not keep it."""
        found = self._kinds.get(kind)
        if found is None:
            raise not_found("这类基础数据")
        return found

    def lock(self, uow: UnitOfWork) -> None:
        """Keep other writers of the master data off until the end of this unit of work."""
        self._organisation.lock(uow)

    def references(self, uow: UnitOfWork) -> References:
        """Return the look-ups of codes for one unit of work."""
        return References(uow, self._kinds)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def list_rows(self, uow: UnitOfWork, of: MasterKind) -> MasterList:
        """Return all rows of a kind in order, and what they may name."""
        kind = self.kind(of)
        refs = self.references(uow)
        table = kind.table
        rows = uow.session.execute(select(*table.__table__.columns).order_by(table.position, table.id))
        named = dict.fromkeys(spec.refers for spec in kind.fields if spec.refers is not None)
        return MasterList(
            rows=tuple(self._view(kind, row, refs) for row in rows),
            choices=tuple(choice for other in named for choice in refs.choices(other)),
        )

    def changes(self, uow: UnitOfWork, of: MasterKind, row_id: int) -> tuple[MasterChange, ...]:
        """Return the history of a row, newest first."""
        return self.history.of(uow, self.kind(of), row_id)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveRow) -> MasterRow:
        """Add or change a row. Raises INVALID, DUPLICATE, CONFLICT, NOT_FOUND, ILLEGAL_ACTION."""
        kind = self.kind(_kind_of(request.entry))
        self._organisation.lock(uow)
        refs = self.references(uow)
        row = None
        if request.row_id is not None:
            row = self._row(uow, kind, request.row_id, request.version)
        entry = kind.completed(cleaned(kind, request.entry), uow, row)
        before = None if row is None else kind.entry(row, refs)
        entry = self.checked(kind, entry, row, before, refs)
        refuse_double(kind, entry, None if row is None else row.id, kind.known(uow, refs))
        row = self.write(uow, caller, kind, entry, row, before, refs)
        self._tell(uow, kind, row)
        return self._view(kind, row, refs)

    def set_active(self, uow: UnitOfWork, caller: Caller, request: SetActive) -> MasterRow:
        """Take a row out of use, or back. Raises CONFLICT, NOT_FOUND, ILLEGAL_ACTION, INVALID."""
        kind = self.kind(request.kind)
        self._organisation.lock(uow)
        row = self._row(uow, kind, request.row_id, request.version)
        refs = self.references(uow)
        if row.is_active is not request.is_active:
            self.switch(uow, caller, kind, row, refs, is_active=request.is_active)
            self._tell(uow, kind, row)
        return self._view(kind, row, refs)

    def switch(
        self, uow: UnitOfWork, caller: Caller, kind: Kind, row: Any, refs: References, *, is_active: bool
    ) -> None:
        """Take a row out of use, or back; the hospital is locked. Raises ILLEGAL_ACTION, INVALID."""
        if kind.is_fixed(row):
            raise _fixed(kind)
        entry = kind.entry(row, refs)
        if is_active:
            self.checked(kind, entry, row, None, refs)  # what it names must be in use again
        else:
            kind.check_in_use(uow, caller, row)
        row.is_active = is_active
        row.touch()
        uow.session.flush()
        kind.written(uow, caller, row, entry, is_new=False)
        action = MasterAction.ACTIVATED if is_active else MasterAction.DEACTIVATED
        self.history.note(uow, caller, kind.kind, row, action, entry, entry)

    def move(self, uow: UnitOfWork, caller: Caller, request: MoveRow) -> MasterRow:
        """Move a row among those of its group. Raises CONFLICT, NOT_FOUND."""
        kind = self.kind(request.kind)
        self._organisation.lock(uow)
        row = self._row(uow, kind, request.row_id, request.version)
        refs = self.references(uow)
        known = kind.known(uow, refs)
        mine = next(one for one in known if one.id == row.id)
        group = [place for place, one in enumerate(known) if one.group == mine.group]
        at = group.index(known.index(mine))
        to = min(max(at + request.places, 0), len(group) - 1)
        if to != at:
            known.insert(group[to], known.pop(group[at]))
            self._number(uow, kind, known)
            uow.session.refresh(row)
            row.touch()
            uow.session.flush()
            entry = kind.entry(row, refs)
            self.history.note(uow, caller, kind.kind, row, MasterAction.MOVED, entry, entry)
            self._tell(uow, kind, row)
        return self._view(kind, row, refs)

    def write(
        self,
        uow: UnitOfWork,
        caller: Caller,
        kind: Kind,
        entry: Any,
        row: Any | None,
        before: Any | None,
        refs: References,
        *,
        position: int | None = None,
    ) -> Any:
        """Put a checked entry into its row, or a new one; the hospital is locked. The caller tells and commits.

        With a `position` (of an import) the caller flushes too.
        """
        if row is not None and entry == before:
            return row
        is_new = row is None
        columns = kind.columns(entry, refs) | {"pinyin": initials(entry.name)}
        if row is None:
            place = self.last_position(uow, kind) + 1 if position is None else position
            given: dict[str, Any] = {} if (row_id := kind.new_id(uow)) is None else {"id": row_id}
            given |= {kind.code_column: entry.code, "position": place, "is_active": True, "version": 1}
            row = kind.table(**given, **columns, **kind.new_columns())
            uow.session.add(row)
        else:
            row.touch()
            for name, value in columns.items():
                setattr(row, name, value)
        if position is None:
            uow.session.flush()  # an import writes all its rows at once
        kind.written(uow, caller, row, entry, is_new=is_new)
        action = MasterAction.ADDED if is_new else MasterAction.CHANGED
        self.history.note(uow, caller, kind.kind, row, action, before, entry)
        return row

    def checked(self, kind: Kind, entry: Any, row: Any | None, before: Any | None, refs: References) -> Any:
        """Return the entry with codes written as in their own rows. Raises INVALID, ILLEGAL_ACTION."""
        if row is not None and kind.is_fixed(row):
            raise _fixed(kind)
        changes: dict[str, Any] = {}
        for spec in kind.fields:
            value = getattr(entry, spec.key)
            fault = fault_of(spec, value)
            if fault is not None:
                raise invalid(spec.key, fault)
            if spec.refers is not None and value:
                changes[spec.key] = _named(spec, value, before, refs)
        if row is not None and entry.code.casefold() != getattr(row, kind.code_column).casefold():
            raise invalid("code", "编码建立后不能修改；请停用这一行并新建。")
        entry = msgspec.structs.replace(entry, **changes)
        kind.check(entry, row, refs)
        return entry

    def tell_all(self, uow: UnitOfWork, kind: Kind) -> None:
        """Tell workstations that rows of a kind changed."""
        if kind.in_picture:
            self._organisation.count_change(uow)
        else:
            uow.publish(Changed(entity="user", id=0, version=0))

    def last_position(self, uow: UnitOfWork, kind: Kind) -> int:
        """Return the place of the last row."""
        return int(uow.session.execute(select(func.coalesce(func.max(kind.table.position), 0))).scalar_one())

    # ── private ──────────────────────────────────────────────────────────────────────────────────

    def _tell(self, uow: UnitOfWork, kind: Kind, row: Any) -> None:
        if kind.in_picture:
            self._organisation.count_change(uow)
        else:
            uow.publish(Changed(entity="user", id=row.id, version=row.version))

    def _row(self, uow: UnitOfWork, kind: Kind, row_id: int, version: int) -> Any:
        row = uow.session.scalar(select(kind.table).where(kind.table.id == row_id))
        if row is None:
            raise not_found(kind.word)
        if row.version != version:
            raise stale(row.version)
        return row

    def _number(self, uow: UnitOfWork, kind: Kind, known: list[Known]) -> None:
        table = kind.table
        there: dict[int, int] = {row.id: row.position for row in uow.session.execute(select(table.id, table.position))}
        columns = table.__table__.c
        moved = [{"row": one.id, "place": at} for at, one in enumerate(known, 1) if there[one.id] != at]
        if moved:
            statement = (
                update(table.__table__).where(columns.id == bindparam("row")).values(position=bindparam("place"))
            )
            uow.session.execute(statement, moved)

    def _view(self, kind: Kind, row: Any, refs: References) -> MasterRow:
        entry = kind.entry(row, refs)
        return MasterRow(
            id=row.id,
            version=row.version,
            position=row.position,
            is_active=row.is_active,
            pinyin=row.pinyin,
            entry=entry,
            is_fixed=kind.is_fixed(row),
            names={
                spec.key: refs.names_of(spec.refers, getattr(entry, spec.key))
                for spec in kind.fields
                if spec.refers is not None
            },
        )


def cleaned(kind: Kind, entry: Any) -> Any:
    """Return the entry without spaces around its texts."""
    changes = {
        spec.key: getattr(entry, spec.key).strip()
        for spec in kind.fields
        if spec.form in (Form.TEXT, Form.LONG) and isinstance(getattr(entry, spec.key), str)
    }
    return msgspec.structs.replace(entry, **changes)


def refuse_double(kind: Kind, entry: Any, row_id: int | None, known: Iterable[Known]) -> None:
    """Raise DUPLICATE when another row has the code, the name or what else may come only once."""
    group, extra = kind.group_of(entry), kind.extra_of(entry)
    for one in known:
        if one.id == row_id:
            continue
        rest = "" if one.is_active else "（已停用，可以重新启用）"
        if entry.code and one.code.casefold() == entry.code.casefold():
            raise duplicate("code", f"编码“{entry.code}”已用于“{one.name}”{rest}，请换一个编码。", one.id)
        if extra and one.extra == extra:
            title = next(spec.title for spec in kind.fields if spec.key == kind.unique_field)
            raise duplicate(kind.unique_field, f"{title}“{extra}”已用于“{one.name}”{rest}，请换一个。", one.id)
        if kind.names_are_unique and one.group == group and one.name.casefold() == entry.name.casefold():
            raise duplicate("name", f"已有同名的{kind.word}“{one.name}”（{one.code}）{rest}，请换一个名称。", one.id)


def entry_differences(kind: Kind, before: Any | None, after: Any | None) -> Any:
    """Return what differs between two entries of a kind."""
    return differences(kind.fields, before, after)


def _named(spec: FieldSpec, value: Any, before: Any | None, refs: References) -> Any:
    assert spec.refers is not None
    old = () if before is None else getattr(before, spec.key)
    if spec.form is Form.LIST:
        found = (refs.checked(spec.refers, one, spec.key, spec.title, kept=one in old) for one in value)
        return tuple(dict.fromkeys(found))
    return refs.checked(spec.refers, value, spec.key, spec.title, kept=value == old)


def _kind_of(entry: msgspec.Struct) -> MasterKind:
    return MasterKind(str(entry.__struct_config__.tag))


def _fixed(kind: Kind) -> Refusal:
    return illegal_action("fixed", f"这个{kind.word}由程序规定，不能修改或停用。")
