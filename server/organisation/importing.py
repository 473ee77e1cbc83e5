"""Import and export of a kind's rows as tables: a plan line by line first, then the same plan in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action
from server.kernel.rows.fields import FieldSpec, Form, Unreadable, differences, text_of, value_of
from server.kernel.rows.kinds import Kind, Known, References
from server.organisation.initials import initials
from server.organisation.master import MasterService, cleaned, refuse_double
from server.organisation.sheets import Cell, Formula, Line, Sheet, read_sheet, write_csv, write_xlsx
from shared.contract.errors import ErrorCode
from shared.contract.master import (
    ApplyImport,
    CheckImport,
    Difference,
    ExportRows,
    ImportPlan,
    PlanAction,
    PlanRow,
    SheetFormat,
    SheetView,
)

_IN_USE = FieldSpec(key="is_active", title="启用", title_en="In use", form=Form.SWITCH, width=8)


@dataclass(frozen=True)
class Planned:
    """What becomes of a line. `row_id` is None for a row to be added."""

    shown: PlanRow
    entry: Any = None
    row_id: int | None = None
    version: int = 0
    is_active: bool = True
    was_active: bool = True
    before: Any = None


class Tables:
    """Reads and writes tables of any kind."""

    def __init__(self, database: Database, master: MasterService) -> None:
        self._database = database
        self._master = master

    # ── export ───────────────────────────────────────────────────────────────────────────────────

    def export(self, request: ExportRows) -> SheetView:
        """Return all rows as a file; read in a unit of work, written outside it."""
        kind = self._master.kind(request.kind)
        with self._database.read() as uow:
            rows = () if request.empty else self._master.list_rows(uow, request.kind).rows
        specs = (*kind.fields, _IN_USE)
        lines = ([*(_cell_of(spec, getattr(row.entry, spec.key)) for spec in kind.fields), _yes(row)] for row in rows)
        headings = [spec.title for spec in specs]
        name = f"{kind.word}.{request.format.value}"
        if request.format is SheetFormat.CSV:
            return SheetView(file_name=name, content=write_csv(headings, lines))
        return SheetView(file_name=name, content=write_xlsx(kind.word, headings, [spec.width for spec in specs], lines))

    # ── import ───────────────────────────────────────────────────────────────────────────────────

    def check(self, caller: Caller, request: CheckImport) -> ImportPlan:
        """Say what an import would do; nothing is written. Raises INVALID, TOO_LARGE."""
        kind = self._master.kind(request.kind)
        sheet = read_sheet(request.file_name, request.content)
        with self._database.read() as uow:
            plan = self._plan(uow, caller, kind, sheet)
        return _told(kind, plan)

    def apply(self, caller: Caller, request: ApplyImport) -> ImportPlan:
        """Carry out what `check` said, in one transaction. Raises INVALID, TOO_LARGE, CONFLICT, ILLEGAL_ACTION."""
        kind = self._master.kind(request.kind)
        sheet = read_sheet(request.file_name, request.content)  # before the writer's lock: it takes a while
        _prepare_initials(kind, sheet)  # so do ten thousand names
        with self._database.write() as uow:
            self._master.lock(uow)
            plan = self._plan(uow, caller, kind, sheet)
            told = _told(kind, plan)
            if told.digest != request.digest:
                raise Refusal(ErrorCode.CONFLICT, "文件或数据在检查之后有变化，请重新检查后再导入。")
            if told.refused and not request.skip_refused:
                raise illegal_action("refused", f"有 {told.refused} 行不能导入，请改正文件，或选择跳过这些行。")
            self._write(uow, caller, kind, plan)
        return msgspec.structs.replace(told, is_done=True)

    def _plan(self, uow: UnitOfWork, caller: Caller, kind: Kind, sheet: Sheet) -> list[Planned]:
        return Planning(uow, caller, self._master, kind, sheet).lines()

    def _write(self, uow: UnitOfWork, caller: Caller, kind: Kind, plan: list[Planned]) -> None:
        refs = self._master.references(uow)
        wanted = [one.row_id for one in plan if one.row_id is not None and one.shown.action is PlanAction.CHANGE]
        rows = _rows_by_id(uow, kind, wanted)
        position = self._master.last_position(uow, kind)
        with self._master.history.together(uow):
            for one in plan:
                if one.shown.action not in (PlanAction.ADD, PlanAction.CHANGE):
                    continue
                position += 1
                row = None if one.row_id is None else rows[one.row_id]
                entry = kind.completed(one.entry, uow, row)
                row = self._master.write(uow, caller, kind, entry, row, one.before, refs, position=position)
                if row.is_active is not one.is_active:
                    self._master.switch(uow, caller, kind, row, refs, is_active=one.is_active)
        self._master.tell_all(uow, kind)


class Planning:
    """Makes the plan of one file; keeps what earlier lines have taken."""

    def __init__(self, uow: UnitOfWork, caller: Caller, master: MasterService, kind: Kind, sheet: Sheet) -> None:
        self._uow = uow
        self._caller = caller
        self._master = master
        self._kind = kind
        self._sheet = sheet
        self._refs: References = master.references(uow)
        self._specs = _columns(kind, sheet.headings)
        table = kind.table
        self._rows = {
            getattr(row, kind.code_column).casefold(): row
            for row in uow.session.execute(select(*table.__table__.columns).order_by(table.position, table.id))
        }
        self._taken = Taken(kind, kind.known(uow, self._refs))
        self._seen: dict[str, int] = {}

    def lines(self) -> list[Planned]:
        return [self._line(line) for line in self._sheet.lines]

    def _line(self, line: Line) -> Planned:
        values: dict[str, Any] = {}
        try:
            for spec, cell in zip(self._specs, (*line.cells, *[None] * len(self._specs)), strict=False):
                if isinstance(cell, Formula):
                    raise Unreadable(f"“{spec.title}”是公式，请改为数值（复制后“选择性粘贴 - 数值”）。")
                values[spec.key] = value_of(spec, cell)
            return self._planned(line.number, values)
        except Unreadable as error:
            return _refused(line.number, values, str(error))
        except Refusal as refusal:
            return _refused(line.number, values, refusal.body.message)

    def _planned(self, number: int, values: dict[str, Any]) -> Planned:
        kind = self._kind
        code = str(values.get("code", "")).strip()
        earlier = self._seen.setdefault(code.casefold(), number) if code else number
        if earlier != number:
            raise Unreadable(f"编码“{code[:40]}”与第 {earlier} 行重复。")
        row = self._rows.get(code.casefold()) if code else None
        before = None if row is None else kind.entry(row, self._refs)
        was_active = row is None or row.is_active
        is_active = values.pop("is_active", was_active)
        typed = {} if before is None else msgspec.structs.asdict(before)
        try:
            entry = msgspec.convert(
                {**msgspec.to_builtins(typed), **values, "kind": kind.kind.value}, kind.entry_type, strict=True
            )
        except msgspec.ValidationError:
            missing = next((spec.title for spec in kind.fields if spec.required and spec.key not in values), "")
            raise Unreadable(f"缺少“{missing}”一列。" if missing else "这一行的内容不符合要求。") from None
        entry = cleaned(kind, entry)
        if row is not None and entry == before and is_active is was_active:
            return Planned(PlanRow(line=number, action=PlanAction.SAME, code=row_code(kind, row), name=entry.name))
        entry = self._master.checked(kind, entry, row, before, self._refs)
        if before is not None:
            entry = msgspec.structs.replace(entry, code=before.code)
        self._taken.refuse_double(entry, None if row is None else row.id)
        if was_active and not is_active and row is not None:
            kind.check_in_use(self._uow, self._caller, row)
        self._taken.take(entry, None if row is None else row.id)
        changes = differences(kind.fields, before, entry)
        if is_active is not was_active:
            word = (text_of(_IN_USE, was_active), text_of(_IN_USE, is_active))
            changes = (*changes, Difference(field="is_active", title=_IN_USE.title, before=word[0], after=word[1]))
        if before is not None and not changes:
            return Planned(PlanRow(line=number, action=PlanAction.SAME, code=entry.code, name=entry.name))
        return Planned(
            PlanRow(
                line=number,
                action=PlanAction.ADD if row is None else PlanAction.CHANGE,
                code=entry.code,
                name=entry.name,
                differences=() if row is None else changes,
            ),
            entry=entry,
            row_id=None if row is None else row.id,
            version=0 if row is None else row.version,
            is_active=is_active,
            was_active=was_active,
            before=before,
        )


class Taken:
    """Names that rows have, those of earlier lines too; looked up, because ten thousand times ten thousand is much."""

    def __init__(self, kind: Kind, known: Iterable[Known]) -> None:
        self._kind = kind
        self._names: dict[tuple[str, str], Known] = {}
        self._extras: dict[str, Known] = {}
        self._of_row: dict[int, Known] = {}
        for one in known:
            self._put(one)

    def _put(self, one: Known) -> None:
        self._names[(one.group, one.name.casefold())] = one
        if one.extra:
            self._extras[one.extra] = one
        if one.id:
            self._of_row[one.id] = one

    def refuse_double(self, entry: Any, row_id: int | None) -> None:
        """Raise DUPLICATE when another row or line has the name."""
        kind = self._kind
        found = (
            self._names.get((kind.group_of(entry), entry.name.casefold())),
            self._extras.get(kind.extra_of(entry)),
        )
        refuse_double(
            kind,
            msgspec.structs.replace(entry, code=""),
            row_id,
            [one for one in found if one is not None and (row_id is None or one.id != row_id)],
        )

    def take(self, entry: Any, row_id: int | None) -> None:
        """Note the names of a line; what its row had before is free again."""
        kind = self._kind
        old = None if row_id is None else self._of_row.get(row_id)
        if old is not None:
            self._names.pop((old.group, old.name.casefold()), None)
            self._extras.pop(old.extra, None)
        self._put(Known(row_id or 0, entry.code, entry.name, kind.group_of(entry), True, kind.extra_of(entry)))


def _prepare_initials(kind: Kind, sheet: Sheet) -> None:
    keys = [spec.key for spec in _columns(kind, sheet.headings)]
    place = keys.index("name") if "name" in keys else len(keys)
    for line in sheet.lines:
        if len(line.cells) > place and isinstance(line.cells[place], str):
            initials(str(line.cells[place]).strip())


def row_code(kind: Kind, row: Any) -> str:
    """Return the code of a row."""
    return str(getattr(row, kind.code_column))


def _columns(kind: Kind, headings: tuple[str, ...]) -> list[FieldSpec]:
    """Return the field of each column. Raises INVALID for unknown, double or missing ones."""
    specs = (*kind.fields, _IN_USE)
    known = {name.casefold(): spec for spec in specs for name in (spec.title, spec.title_en, spec.key)}
    found: list[FieldSpec] = []
    for heading in headings:
        spec = known.get(heading.casefold())
        if spec is None:
            allowed = "、".join(one.title for one in specs)
            raise _invalid(f"没有“{heading[:30]}”这一列。可用的列：{allowed}。")
        if spec in found:
            raise _invalid(f"“{spec.title}”一列出现了两次。")
        found.append(spec)
    code = kind.fields[0]
    if code.required and code not in found:
        raise _invalid(f"缺少“{code.title}”一列。")
    return found


def _invalid(message: str) -> Refusal:
    return Refusal(ErrorCode.INVALID, message, field="file")


def _refused(line: int, values: dict[str, Any], sentence: str) -> Planned:
    return Planned(
        PlanRow(
            line=line,
            action=PlanAction.REFUSE,
            code=str(values.get("code", ""))[:40],
            name=str(values.get("name", ""))[:100],
            sentence=sentence,
        )
    )


def _told(kind: Kind, plan: list[Planned]) -> ImportPlan:
    counts = dict.fromkeys(PlanAction, 0)
    for one in plan:
        counts[one.shown.action] += 1
    digest = hashlib.sha256(kind.kind.value.encode())
    for one in plan:
        digest.update(msgspec.msgpack.encode((one.shown, one.entry, one.row_id, one.version, one.is_active)))
    return ImportPlan(
        digest=digest.hexdigest(),
        added=counts[PlanAction.ADD],
        changed=counts[PlanAction.CHANGE],
        same=counts[PlanAction.SAME],
        refused=counts[PlanAction.REFUSE],
        rows=tuple(one.shown for one in plan),
    )


def _rows_by_id(uow: UnitOfWork, kind: Kind, ids: list[int]) -> dict[int, Any]:
    table = kind.table
    found: dict[int, Any] = {}
    for start in range(0, len(ids), 500):
        for row in uow.session.scalars(select(table).where(table.id.in_(ids[start : start + 500]))):
            found[row.id] = row
    return found


def _cell_of(spec: FieldSpec, value: Any) -> Cell:
    if spec.form is Form.NUMBER:
        return int(value)
    if spec.form is Form.YUAN:
        whole, rest = divmod(int(value), 100)
        return float(f"{whole}.{rest:02d}") if rest else whole
    return text_of(spec, value)


def _yes(row: Any) -> str:
    return text_of(_IN_USE, row.is_active)
