"""What is kept for a session or a page, by the session or page itself.

A dictionary with weak keys would keep both for ever as soon as the thing knows its owner, and most do.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """One thing for each owner; it goes with its owner, however they refer to each other."""

    def __init__(self, name: str) -> None:
        self._name = f"_kept_{name}"

    def of(self, owner: object) -> T | None:
        """The thing of an owner, None when there is none yet."""
        found: T | None = vars(owner).get(self._name)
        return found

    def keep(self, owner: object, thing: T) -> T:
        """Keep a thing with its owner, in place of an earlier one, and return it."""
        vars(owner)[self._name] = thing
        return thing
