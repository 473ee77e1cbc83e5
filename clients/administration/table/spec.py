"""What one table page shows and does, as data; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clients.kit.fields import Section
from clients.kit.paging import Column, EmptyWords
from shared.contract.base import Request

Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TableAction:
    """A button for the chosen row. `command` builds the request from the row and the reason the person gave.

    With `asks_reason` a line for the reason opens first and the action runs when it is confirmed; so does `warns`,
    which is a sentence (Chinese source) about what will happen: for what cannot be undone by another button.
    """

    id: str
    text: str
    icon: str
    command: Callable[[Any, str], Request[Any]]
    allowed: Callable[[Any], bool] = lambda _row: True
    said: Callable[[Any], str] = lambda _reply: ""  # what to tell when it is done, finished sentence; empty: nothing
    asks_reason: bool = False
    warns: str = ""
    danger: bool = False


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """A list, and optionally a form to add and change its rows. All texts are Chinese source strings."""

    id: str
    columns: Sequence[Column]
    empty: EmptyWords
    load: Callable[[], Request[Any]]
    row_id: Callable[[Any], Hashable]
    rows: Callable[[Any], Sequence[Any]] = tuple
    intro: str = ""  # one sentence above the form: what these rows are for
    form: Sequence[Section] = ()
    form_columns: int = 2
    form_for_new_only: bool = False  # rows are made with it, but changed by actions only
    values: Callable[[Any], Values] = lambda _row: {}
    save: Callable[[Values, Any | None], Request[Any]] | None = None  # the row that is changed, None for a new one
    fixed_keys: Sequence[str] = ()  # fields that name the row: set once
    choices: Mapping[str, Callable[[Any], Sequence[Any]]] = field(default_factory=dict)  # key → choices of the reply
    remove: Callable[[Any], Request[Any]] | None = None
    removed_words: Callable[[Any], str] = lambda _row: ""
    undo_remove: Callable[[Any], Request[Any]] | None = None
    actions: Sequence[TableAction] = ()
    details: Callable[[Any], Sequence[tuple[str, str]]] = lambda _row: ()  # label (source) and text of the chosen row
    search: Callable[[Any], str] | None = None  # the text of a row that the search box looks into
    entities: Sequence[str] = ()  # notices that make it load again
    new_text: str = "新建"
    side_width: int = 400
