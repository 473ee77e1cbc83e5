"""The choices of the input boxes, fetched once and kept up to date by notices: the data of `kit.fields.PromptField`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from clients.kit.connection import Connection
from clients.kit.fields import Prompt
from clients.kit.running import TaskRunner
from shared.contract.base import Changed, Notice
from shared.contract.pathology_templates import ListPrompts, PromptEntry, PromptField

ENTITY = "pathology_prompts"


class PromptBook:
    """`source("department")` is what a PromptField wants; empty until the server has answered. Knows no Qt.

    >>> book = PromptBook(place.connection, place.runner); book.refresh(); place.on_notice(book.hear)
    >>> PromptField(key="department", label="送检科室", source=book.source("department"))
    """

    def __init__(self, connection: Connection, runner: TaskRunner) -> None:
        self._connection, self._runner = connection, runner
        self._prompts: dict[str, tuple[Prompt, ...]] = {}

    def refresh(self) -> None:
        """Fetch all fields in the background; a failure keeps what is there."""
        connection = self._connection
        self._runner.run(
            lambda: connection.call(ListPrompts()), self.take, lambda _error: None, key="pathology.prompt_book"
        )

    def hear(self, notice: Notice) -> None:
        """Fetch again when somebody changed a field."""
        if isinstance(notice, Changed) and notice.entity == ENTITY:
            self.refresh()

    def take(self, fields: Sequence[PromptField]) -> None:
        """Keep what the server says."""
        self._prompts = {field.key: tuple(_prompts(field.entries)) for field in fields}

    def source(self, key: str) -> Callable[[], Sequence[Prompt]]:
        """A function that gives the choices of a field at the moment."""
        return lambda: self._prompts.get(key, ())


def _prompts(entries: Sequence[PromptEntry], path: tuple[str, ...] = ()) -> Iterator[Prompt]:
    """Choices with the groups above them; a group itself is no choice."""
    for entry in entries:
        if entry.entries:
            yield from _prompts(entry.entries, (*path, entry.text))
        else:
            yield Prompt(entry.text, path, entry.initials)
