"""What the pages of all kinds of master data have in common; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from clients.administration.master.words import ACTIVE, change_words, choice_name
from clients.administration.table.spec import Event, Part, TableAction, TableSpec, Unclear, Values
from clients.kit.fields import Choice, ChoiceField, Field, Section, TextField
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.translations import tr
from shared.contract.base import Request
from shared.contract.master import (
    GetHistory,
    ListRows,
    MasterEntry,
    MasterKind,
    MasterList,
    MasterRow,
    MoveRow,
    SaveRow,
    SetActive,
)

ALL, IN_USE, OUT_OF_USE = "", "active", "inactive"
Made = Callable[[Values], Any]


def of_entry(key: str) -> Callable[[MasterRow], Any]:
    """Return the function that takes a field out of a row's entry."""
    return lambda row: getattr(row.entry, key)


def column(key: str, title: str, width: int = 96, **more: Any) -> Column:
    """A column that shows a field of the entry."""
    return Column(key, title, width, value=of_entry(key), **more)


def named_column(key: str, title: str, width: int = 96, **more: Any) -> Column:
    """A column that shows the names of the rows that a field names."""
    return Column(key, title, width, value=lambda row: row.names.get(key, ""), **more)


def code_column(width: int = 110, title: str = "编码") -> Column:
    return column("code", title, width)


def name_column(width: int = 180, title: str = "名称") -> Column:
    return column("name", title, width, strong=True)


def code_field(length: int = 20, title: str = "编码", hint: str = "建立后不能修改") -> Field:
    return TextField(key="code", label=title, required=True, max_length=length, hint=hint)


def name_field(length: int = 100, title: str = "名称", **more: Any) -> Field:
    return TextField(key="name", label=title, required=True, max_length=length, **more)


def english_field(length: int = 100, **more: Any) -> Field:
    return TextField(key="name_en", label="英文名称", max_length=length, **more)


def reference_field(key: str, label: str, **more: Any) -> Field:
    """A field that names a row of another kind; its choices come with the list."""
    return ChoiceField(key=key, label=label, **more)


def choices_of(kind: MasterKind, *, none: str = "") -> Callable[[MasterList], Sequence[Choice]]:
    """Return the function that makes choices of what the rows may name; with `none` (Chinese source) also nothing."""

    def made(reply: MasterList) -> Sequence[Choice]:
        first = [Choice("", none)] if none else []
        found = [
            Choice(one.code, f"{choice_name(one)} · {one.code}", translate=False)
            for one in reply.choices
            if one.kind is kind
        ]
        return [*first, *found]

    return made


def master_spec(
    kind: MasterKind,
    *,
    columns: Sequence[Column],
    form: Sequence[Section],
    entry: Made,
    empty: EmptyWords,
    intro: str,
    new_text: str,
    values: Callable[[Any], Values] = msgspec.structs.asdict,
    group: ChoiceField | None = None,
    choices: dict[str, Callable[[Any], Sequence[Choice]]] | None = None,
    actions: Sequence[TableAction] = (),
    entities: Sequence[str] = ("hospital",),
    **more: Any,
) -> TableSpec:
    """Return the page of one kind. `group` is a further filter whose key is a field of the entry."""
    filters: list[Field] = [
        ChoiceField(
            key="use",
            label="状态",
            choices=(Choice(IN_USE, "启用"), Choice(OUT_OF_USE, "停用"), Choice(ALL, "全部")),
            initial=IN_USE,
        )
    ]
    if group is not None:
        filters.append(group)

    def load(wanted: Values) -> Callable[[Any], MasterList]:
        return lambda call: narrowed(call(ListRows(kind=kind)), wanted, "" if group is None else group.key)

    def save(typed: Values, row: MasterRow | None) -> Request[Any]:
        if row is not None and row.is_fixed:
            raise Unclear(tr("这一行由程序规定，不能修改。"))
        made: MasterEntry = entry(typed)
        if row is None:
            return SaveRow(entry=made)
        return SaveRow(entry=made, row_id=row.id, version=row.version)

    return TableSpec(
        id=f"master_{kind.value}",
        columns=(
            *columns,
            Column("is_active", "状态", 80, looks=ACTIVE),  # type: ignore[arg-type]
        ),
        empty=empty,
        load=load,
        filters=filters,
        rows=lambda reply: reply.rows,
        row_id=lambda row: row.id,
        intro=intro,
        form=form,
        values=lambda row: values(row.entry),
        save=save,
        fixed_keys=("code",),
        choices=choices or {},
        actions=(*actions, *_moves(kind), *_switches(kind)),
        fetch=lambda row: GetHistory(kind=kind, row_id=row.id),
        parts=_history,
        parts_below=True,
        search=lambda row: f"{row.entry.code} {row.entry.name} {getattr(row.entry, 'name_en', '')} {row.pinyin}",
        summary=lambda reply: tr("{count} 行", count=f"{len(reply.rows):,}"),
        entities=entities,
        new_text=new_text,
        **more,
    )


def narrowed(reply: MasterList, wanted: Values, group: str) -> MasterList:
    """The rows that the filters leave."""
    use, of_group = wanted.get("use") or ALL, wanted.get(group) or "" if group else ""
    rows = tuple(
        row
        for row in reply.rows
        if (not use or row.is_active is (use == IN_USE)) and (not of_group or getattr(row.entry, group) == of_group)
    )
    return MasterList(rows=rows, choices=reply.choices)


def _moves(kind: MasterKind) -> tuple[TableAction, ...]:
    def move(places: int) -> Callable[[MasterRow, str], Request[Any]]:
        return lambda row, _answer: MoveRow(kind=kind, row_id=row.id, version=row.version, places=places)

    return (
        TableAction(id="up", text="上移", icon="arrow_up", command=move(-1), in_menu=True),
        TableAction(id="down", text="下移", icon="arrow_down", command=move(1), in_menu=True),
        TableAction(id="first", text="移到最前", icon="arrow_up", command=move(-1_000_000), in_menu=True),
        TableAction(id="last", text="移到最后", icon="arrow_down", command=move(1_000_000), in_menu=True),
    )


def _switches(kind: MasterKind) -> tuple[TableAction, ...]:
    def switch(*, is_active: bool) -> Callable[[MasterRow, str], Request[Any]]:
        return lambda row, _answer: SetActive(kind=kind, row_id=row.id, version=row.version, is_active=is_active)

    return (
        TableAction(
            id="disable",
            text="停用此项",
            icon="lock",
            command=switch(is_active=False),
            allowed=lambda row: row.is_active and not row.is_fixed,
            said=lambda _reply: tr("已停用，可在“停用”中重新启用"),
        ),
        TableAction(
            id="enable",
            text="启用此项",
            icon="unlock",
            command=switch(is_active=True),
            allowed=lambda row: not row.is_active,
            said=lambda _reply: tr("已启用"),
        ),
    )


def _history(_row: MasterRow, found: Any) -> tuple[Part, ...]:
    if not found:
        return ()
    events = [Event(f"{local_time(one.at)} · {one.user_name}", change_words(one)) for one in found[:50]]
    return (Part("修改记录", events=events),)


NUMBER = Align.RIGHT
