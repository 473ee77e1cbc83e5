"""What one table page shows and does, as data; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clients.kit.fields import Choice, Field, Section
from clients.kit.paging import Column, EmptyWords
from shared.contract.base import Request

Values = Mapping[str, Any]
Details = Sequence[tuple[str, str]]
"""Label (Chinese source) and finished text; lines without text are left out."""
Call = Callable[[Request[Any]], Any]
"""Sends a request and waits; raises RpcError."""


@dataclass(frozen=True, kw_only=True)
class TableAction:
    """A button for the chosen row. `command` builds the request from the row and what the person was asked.

    With `asks` (the label of a line, Chinese source) the line opens first, or with `choices` a choice, and the action
    runs when it is confirmed; so does `warns`, a sentence about what will happen: for what no other button undoes.
    `command` may first ask the server something through `call`; it runs away from the screen then.
    """

    id: str
    text: str
    icon: str
    command: Callable[[Any, str], Request[Any]] | None = None
    steps: Callable[[Call, Any, str], Any] | None = None  # instead of `command`: several requests, blocking
    allowed: Callable[[Any], bool] = lambda _row: True
    said: Callable[[Any], str] = lambda _reply: ""  # what to tell when it is done, finished sentence; empty: nothing
    asks: str = ""
    choices: Callable[[Call], Sequence[Choice]] | None = None  # what may be answered, fetched when the button is used
    initial: Callable[[Any], str] = lambda _row: ""
    warns: str = ""
    danger: bool = False


@dataclass(frozen=True, kw_only=True)
class TableCommand:
    """A button of the page that concerns no row."""

    id: str
    text: str
    icon: str
    request: Callable[[], Request[Any]]
    said: Callable[[Any], str] = lambda _reply: ""


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """A list, and optionally a form to add and change its rows. All texts are Chinese source strings."""

    id: str
    columns: Sequence[Column]
    empty: EmptyWords
    load: Callable[[Values], Request[Any]]  # gets the values of `filters`
    filters: Sequence[Field] = ()  # above the list; the list loads again when one is changed
    commands: Sequence[TableCommand] = ()
    row_id: Callable[[Any], Hashable]
    rows: Callable[[Any], Sequence[Any]] = tuple
    intro: str = ""  # one sentence above the form: what these rows are for
    form: Sequence[Section] = ()
    form_columns: int = 2
    form_for_new_only: bool = False  # rows are made with it, but changed by actions only
    values: Callable[[Any], Values] = lambda _row: {}
    save: Callable[[Values, Any | None], Request[Any]] | None = None  # the row that is changed, None for a new one
    saved_words: Callable[[Any], str] = lambda _reply: ""  # what to tell of the reply, stays on the page
    missing_is_empty: bool = False  # NOT_FOUND means that there is nothing yet
    fixed_keys: Sequence[str] = ()  # fields that name the row: set once
    choices: Mapping[str, Callable[[Any], Sequence[Any]]] = field(default_factory=dict)  # key → choices of the reply
    remove: Callable[[Any], Request[Any]] | None = None
    removed_words: Callable[[Any], str] = lambda _row: ""
    undo_remove: Callable[[Any], Request[Any]] | None = None
    actions: Sequence[TableAction] = ()
    fetch: Callable[[Any], Request[Any]] | None = None  # more about the chosen row, for `details`
    details: Callable[[Any, Any], Details] = lambda _row, _fetched: ()
    summary: Callable[[Any], str] = lambda _reply: ""  # a finished line beside the page's buttons
    search: Callable[[Any], str] | None = None  # the text of a row that the search box looks into
    entities: Sequence[str] = ()  # notices that make it load again
    new_text: str = "新建"
    side_width: int = 400
