"""What a kind of master data is, and the look-ups its rows need; the kinds themselves stand in the areas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid
from server.kernel.rows.fields import FieldSpec
from shared.contract.errors import ErrorCode
from shared.contract.master import Entry, MasterChoice, MasterKind

Uses = Callable[[UnitOfWork, Any], str]
"""Gets a row and returns what stands on it, as "3 个检查室"; empty for nothing."""


@dataclass(frozen=True, slots=True)
class Known:
    """What must not come twice of one row."""

    id: int
    code: str
    name: str
    group: str
    is_active: bool
    extra: str = ""


class Kind:
    """One kind of row. Subclasses say how a row becomes an entry and back, and what stands on it."""

    kind: MasterKind
    word: str  # what people call one
    table: Any
    entry_type: type[Entry]
    fields: tuple[FieldSpec, ...]
    group_field: str = ""  # field of the entry within which names are unique and the order counts
    unique_field: str = ""  # a further field that may come only once
    names_are_unique: bool = True
    code_column: str = "code"
    in_picture: bool = True  # workstations hold it in memory

    def __init__(self) -> None:
        self.uses: list[Uses] = []

    def entry(self, row: Any, refs: References) -> Any:
        """Return the entry of a row (an object or plain columns)."""
        raise NotImplementedError

    def columns(self, entry: Any, refs: References) -> dict[str, Any]:
        """Return the columns that an entry fills, but the code."""
        raise NotImplementedError

    def completed(self, entry: Any, uow: UnitOfWork, row: Any | None) -> Any:
        """Return the entry with what may be left out filled in."""
        return entry

    def new_columns(self) -> dict[str, Any]:
        """Return what only a new row is given."""
        return {}

    def check(self, entry: Any, row: Any | None, refs: References) -> None:
        """Raise INVALID or ILLEGAL_ACTION for what the fields alone cannot tell."""

    def written(self, uow: UnitOfWork, caller: Caller, row: Any, entry: Any, *, is_new: bool) -> None:
        """Bring what repeats the row up to date."""

    def check_in_use(self, uow: UnitOfWork, caller: Caller, row: Any) -> None:
        """Raise ILLEGAL_ACTION while others stand on a row that shall go out of use."""
        found = [words for uses in self.uses if (words := uses(uow, row))]
        if found:
            name = getattr(row, "name", "") or getattr(row, "text", "")
            raise illegal_action(
                "in_use", f"“{name}”还不能停用：{'、'.join(found)}仍在使用，请先改用其他{self.word}或停用它们。"
            )

    def is_fixed(self, row: Any) -> bool:
        """Tell whether a row can be read only."""
        return False

    def new_id(self, uow: UnitOfWork) -> int | None:
        """Return the id of a new row where the database gives none."""
        return None

    def known(self, uow: UnitOfWork, refs: References) -> list[Known]:
        """Return what must not come twice, of all rows; plain columns, also of ten thousand rows."""
        rows = uow.session.execute(select(*self.table.__table__.columns).order_by(self.table.position, self.table.id))
        return [self._known(row, refs) for row in rows]

    def _known(self, row: Any, refs: References) -> Known:
        entry = self.entry(row, refs)
        return Known(row.id, entry.code, entry.name, self.group_of(entry), row.is_active, self.extra_of(entry))

    def group_of(self, entry: Any) -> str:
        return str(getattr(entry, self.group_field)) if self.group_field else ""

    def extra_of(self, entry: Any) -> str:
        return str(getattr(entry, self.unique_field)) if self.unique_field else ""


class References:
    """Codes of other kinds, read once for each unit of work and kind."""

    def __init__(self, uow: UnitOfWork, kinds: Mapping[MasterKind, Kind]) -> None:
        self._uow = uow
        self._kinds = kinds
        self._read: dict[MasterKind, _Codes] = {}
        self._dicom: dict[str, str] | None = None

    def id_of(self, kind: MasterKind, code: str) -> int:
        """Return the id of a code that was checked before."""
        return self._of(kind).by_code[code.casefold()].id

    def code_of(self, kind: MasterKind, row_id: int | None) -> str:
        """Return the code of a row; empty for none."""
        found = None if row_id is None else self._of(kind).by_id.get(row_id)
        return "" if found is None else found.code

    def name_of(self, kind: MasterKind, code: str) -> str:
        found = self._of(kind).by_code.get(code.casefold())
        return "" if found is None else found.name

    def names_of(self, kind: MasterKind, codes: str | tuple[str, ...]) -> str:
        """Return the names of one code or several."""
        named = (self.name_of(kind, code) or code for code in ((codes,) if isinstance(codes, str) else codes) if code)
        return "、".join(named)

    def dicom_of(self, code: str) -> str:
        """Return the DICOM term of a body part."""
        if self._dicom is None:
            table = self._kinds[MasterKind.BODY_PART].table
            rows = self._uow.session.execute(select(table.code, table.dicom))
            self._dicom = {row.code.casefold(): row.dicom for row in rows}
        return self._dicom.get(code.casefold(), "")

    def checked(self, kind: MasterKind, code: str, field: str, title: str, *, kept: bool) -> str:
        """Return the code as it is written in its own row. Raises INVALID; `kept`: it stood there before."""
        found = self._of(kind).by_code.get(code.casefold())
        if found is None:
            raise invalid(field, f"“{title}”中没有“{code[:40]}”，请先新建或从列表中选择。")
        if not found.is_active and not kept:
            raise invalid(field, f"“{title}”中的“{found.name}”已停用，请选择其他。")
        return found.code

    def choices(self, kind: MasterKind) -> list[MasterChoice]:
        """Return what may be named, in order."""
        return [
            MasterChoice(kind=kind, code=one.code, name=one.name, name_en=one.name_en)
            for one in self._of(kind).by_id.values()
            if one.is_active
        ]

    def _of(self, kind: MasterKind) -> _Codes:
        if kind not in self._read:
            self._read[kind] = _codes(self._uow, self._kinds[kind].table)
        return self._read[kind]


@dataclass(frozen=True, slots=True)
class _Named:
    id: int
    code: str
    name: str
    name_en: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class _Codes:
    by_id: dict[int, _Named] = field(default_factory=dict)
    by_code: dict[str, _Named] = field(default_factory=dict)


def _codes(uow: UnitOfWork, table: Any) -> _Codes:
    found = _Codes()
    columns = (table.id, table.code, table.name, table.name_en, table.is_active)
    for row in uow.session.execute(select(*columns).order_by(table.position, table.id)):
        named = _Named(row.id, row.code, row.name, row.name_en, row.is_active)
        found.by_id[row.id] = found.by_code[row.code.casefold()] = named
    return found


def duplicate(field: str, message: str, existing_id: int) -> Refusal:
    """Return the refusal of something that is there already."""
    return Refusal(ErrorCode.DUPLICATE, message, field=field, existing_id=existing_id)
