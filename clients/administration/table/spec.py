"""What one table page shows and does, as data; knows no Qt.

What asks the server may be one request, or a function that gets `call` and sends several; see `Asking`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from clients.kit.fields import Choice, Field, Section
from clients.kit.paging import Column, EmptyWords
from clients.kit.running import Progress
from shared.contract.base import Request
from shared.contract.errors import ErrorCode

Values = Mapping[str, Any]
Details = Sequence[tuple[str, str]]
"""Label (Chinese source) and finished text; lines without text are left out."""
Call = Callable[[Request[Any]], Any]
"""Sends a request and waits; raises RpcError."""
Asking = Request[Any] | Callable[[Call], Any]
"""One request, or several in turn: the function runs away from the screen and may raise Unclear."""


class Unclear(ValueError):
    """What was entered cannot be done; the text is a finished sentence for the person."""


class Line(Protocol):
    """What a transfer needs of the connection beside `call`: pieces of files over the bulk channel."""

    def call(self, request: Request[Any]) -> Any:
        """Send and wait (blocking); raises RpcError."""
        ...

    def open_bulk(self) -> Any:
        """A new bulk client; the caller closes it."""
        ...


@dataclass(frozen=True)
class Event:
    """Something that happened to a row; `action` names the action that takes it back, `subject` what that gets."""

    head: str  # when and by whom, finished
    text: str
    quiet: str = ""
    is_over: bool = False  # taken back: shown quietly
    action: str = ""
    subject: Any = None


@dataclass(frozen=True)
class Part:
    """A part of the details under a heading (Chinese source)."""

    title: str
    lines: Details = ()
    events: Sequence[Event] = ()


@dataclass(frozen=True)
class Pick:
    """A button that lets files or a folder of this workstation be chosen; the paths go into a field, one a line."""

    key: str
    text: str
    icon: str = "folder"
    is_folder: bool = False


def _nothing(_row: Any, _found: Any) -> Values:
    return {}


@dataclass(frozen=True, kw_only=True)
class TableAction:
    """A button: for the chosen row among `TableSpec.actions`, for none among `TableSpec.commands` (the row is None).

    It acts at once with `command`, or asks first: one line (`asks`) or a choice (`choices`), or a whole `form`; `warns`
    is a sentence about what will happen, for what no other button undoes. A form is sent by `submit`, or carried out on
    this workstation by `transfer`, which may take long, reports progress and can be stopped and begun again.
    """

    id: str
    text: str
    icon: str
    command: Callable[[Any, str], Asking] | None = None
    allowed: Callable[[Any], bool] = lambda _row: True
    fits: Callable[[Any, Any], bool] = lambda _row, _fetched: True  # as `allowed`, with what `fetch` brought or None
    permission: str = ""
    said: Callable[[Any], str] = lambda _reply: ""  # what to tell when it is done, finished sentence; empty: nothing
    news: Callable[[Any], str] = lambda _reply: ""  # the same, but stays on the page to be read
    asks: str = ""
    choices: Callable[[Call], Sequence[Choice]] | None = None  # what may be answered, fetched when the button is used
    initial: Callable[[Any], str] = lambda _row: ""
    about: Callable[[Any], str] | None = None  # above what is asked: what it is about; else `TableSpec.named`
    warns: str = ""
    danger: bool = False
    # a form
    form: Sequence[Section] = ()
    form_columns: int = 2
    prepare: Callable[[Any], Asking] | None = None  # what must be known before the form opens: `found` below
    form_values: Callable[[Any, Any], Values] = _nothing  # row, found
    form_choices: Mapping[str, Callable[[Any, Any], Sequence[Choice]]] = field(default_factory=dict)
    submit: Callable[[Any, Values], Asking] | None = None
    transfer: Callable[[Line, Any, Values, Progress], Any] | None = None
    picks: Sequence[Pick] = ()
    reveals: Mapping[ErrorCode, str] = field(default_factory=dict)  # fields that are shown after such a refusal only
    # where it stands
    in_menu: bool = False  # under “more”
    is_hidden: bool = False  # no button: an event of the details starts it


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """A list, and optionally a form to add and change its rows. All texts are Chinese source strings."""

    id: str
    columns: Sequence[Column]
    empty: EmptyWords
    load: Callable[[Values], Asking]  # gets the values of `filters`
    filters: Sequence[Field] = ()  # above the list; the list loads again when one is changed
    commands: Sequence[TableAction] = ()
    row_id: Callable[[Any], Hashable]
    rows: Callable[[Any], Sequence[Any]] = tuple
    intro: str = ""  # one sentence above the form: what these rows are for
    form: Sequence[Section] = ()
    form_columns: int = 2
    form_for_new_only: bool = False  # rows are made with it, but changed by actions only
    values: Callable[[Any], Values] = lambda _row: {}
    save: Callable[[Values, Any | None], Asking] | None = None  # the row that is changed, None for a new one
    saved_id: Callable[[Any], Hashable] | None = None  # of the reply; None: the reply is a row
    saved_words: Callable[[Any], str] = lambda _reply: ""  # what to tell of the reply, stays on the page
    saved_secret: Callable[[Any], str] = lambda _reply: ""  # shown once, to be copied
    missing_is_empty: bool = False  # NOT_FOUND means that there is nothing yet
    fixed_keys: Sequence[str] = ()  # fields that name the row: set once
    choices: Mapping[str, Callable[[Any], Sequence[Any]]] = field(default_factory=dict)  # key → choices of the reply
    filter_choices: Mapping[str, Callable[[Any], Sequence[Any]]] = field(default_factory=dict)  # the same for filters
    remove: Callable[[Any], Asking] | None = None
    removed_words: Callable[[Any], str] = lambda _row: ""
    undo_remove: Callable[[Any], Asking] | None = None
    actions: Sequence[TableAction] = ()
    named: Callable[[Any], str] = lambda _row: ""  # which row an action is about, shown above what it asks
    fetch: Callable[[Any], Asking] | None = None  # more about the chosen row, for `details` and `parts`
    details: Callable[[Any, Any], Details] = lambda _row, _fetched: ()
    parts: Callable[[Any, Any], Sequence[Part]] = lambda _row, _fetched: ()
    parts_below: bool = False  # details and parts stand under the form, not above it
    progress: Callable[[Any], tuple[int, int] | None] = lambda _row: None  # a bar in the details: done, total
    summary: Callable[[Any], str] = lambda _reply: ""  # a finished line beside the page's buttons
    search: Callable[[Any], str] | None = None  # the text of a row that the search box looks into
    entities: Sequence[str] = ()  # notices that make it load again
    new_text: str = "新建"
    side_width: int = 400
    permission: str = ""  # the tab is left out for whoever lacks it
