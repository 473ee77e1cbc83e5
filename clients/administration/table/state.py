"""What a table page shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clients.kit.fields import Choice


@dataclass(frozen=True)
class TableState:
    """Rows, the chosen one, and how the form stands.

    `confirming` is the id of an action that waits for an answer or a form; `preparing` of one whose form is on its way;
    `revealed` the fields of that form which a refusal has made visible. `moved` is how far a transfer is: done, total,
    what; None when none runs.
    """

    reply: Any = None
    rows: tuple[Any, ...] = ()
    is_loading: bool = False
    trouble: str = ""
    search: str = ""
    selected: Hashable | None = None
    row: Any | None = None
    is_new: bool = False
    is_busy: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""  # what is wrong with the whole form
    news: str = ""  # what the last saving brought, to be read and copied
    secret: str = ""  # shown this once, with a button to copy it
    confirming: str = ""
    preparing: str = ""
    subject: Any = None  # what the action is about: the row, or an event of its details
    answers: tuple[Choice, ...] = ()  # what may be chosen while confirming
    found: Any = None  # what `prepare` of the action brought
    revealed: frozenset[str] = frozenset()
    moved: tuple[int, int, str] | None = None
    fetched: Any = None  # what `fetch` brought of the chosen row
    edition: int = 0  # rises when the form must show the row's values again
