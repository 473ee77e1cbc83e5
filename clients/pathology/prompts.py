"""Prompts of the fields, fetched once and again after a change; a field asks them from memory; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from clients.kit.fields import Prompt
from shared.contract.base import Changed, Notice
from shared.contract.pathology_templates import ListPrompts, PromptEntry, PromptField

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

ENTITY = "pathology_prompts"


class PromptBook:
    """The lists of prompts of some fields. Until the server has answered, and offline, they are empty."""

    def __init__(self, place: Workplace, keys: Sequence[str]) -> None:
        self._place = place
        self._keys = tuple(keys)
        self._prompts: dict[str, tuple[Prompt, ...]] = {}
        self._listening = True
        place.on_notice(self._heard)
        self.load()

    def source(self, key: str) -> Callable[[], Sequence[Prompt]]:
        """The callable that a PromptField takes."""
        return lambda: self._prompts.get(key, ())

    def load(self) -> None:
        """Fetch all lists."""
        place = self._place
        request = ListPrompts(keys=self._keys)
        place.runner.run(
            lambda: place.connection.call(request), self._came, lambda _error: None, key="pathology.prompts"
        )

    def close(self) -> None:
        """Hear nothing any more."""
        self._listening = False

    def _came(self, fields: tuple[PromptField, ...]) -> None:
        self._prompts = {field.key: tuple(_flat(field.entries, ())) for field in fields}

    def _heard(self, notice: Notice) -> None:
        if self._listening and isinstance(notice, Changed) and notice.entity == ENTITY:
            self.load()


def _flat(entries: Sequence[PromptEntry], path: tuple[str, ...]) -> Iterator[Prompt]:
    for entry in entries:
        if entry.entries:
            yield from _flat(entry.entries, (*path, entry.text))
        else:
            yield Prompt(entry.text, path, entry.initials)
