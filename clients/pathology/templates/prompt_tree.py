"""Changes of a tree of choices, as new trees; paths are indexes from the top; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from shared.contract.pathology_templates import PromptEntry

Entries = tuple[PromptEntry, ...]
Path = tuple[int, ...]


def added(entries: Entries, path: Path, text: str) -> Entries:
    """A choice at the end of the group at `path` (empty: of the top level)."""
    if not path:
        return (*entries, PromptEntry(text=text))
    return _changed(entries, path, lambda one: msgspec.structs.replace(one, entries=added(one.entries, (), text)))


def renamed(entries: Entries, path: Path, text: str) -> Entries:
    """Other words for the choice at `path`."""
    return _changed(entries, path, lambda one: msgspec.structs.replace(one, text=text))


def removed(entries: Entries, path: Path) -> Entries:
    """Without the choice at `path` and what is below it."""
    *above, last = path

    def without(level: Entries) -> Entries:
        return level[:last] + level[last + 1 :]

    return _level(entries, tuple(above), without)


def moved(entries: Entries, path: Path, by: int) -> Entries:
    """The choice at `path` one place up (-1) or down (+1) among its neighbours."""
    *above, last = path

    def swapped(level: Entries) -> Entries:
        other = last + by
        if not 0 <= other < len(level):
            return level
        made = list(level)
        made[last], made[other] = made[other], made[last]
        return tuple(made)

    return _level(entries, tuple(above), swapped)


def _level(entries: Entries, path: Path, change: Callable[[Entries], Entries]) -> Entries:
    if not path:
        return change(entries)
    return _changed(entries, path, lambda one: msgspec.structs.replace(one, entries=change(one.entries)))


def _changed(entries: Entries, path: Path, change: Callable[[PromptEntry], PromptEntry]) -> Entries:
    first, *rest = path
    one = entries[first]
    below = tuple(rest)
    one = msgspec.structs.replace(one, entries=_changed(one.entries, below, change)) if below else change(one)
    return (*entries[:first], one, *entries[first + 1 :])
