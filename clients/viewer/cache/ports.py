"""What a source of studies needs of a cache."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Item(NamedTuple):
    """Something the server hands out: a frame (from 1), a whole object (0) or what is known of a series (-1).

    ``version`` is the server's word for the present bytes; what was kept under another one is never found again.
    """

    study_uid: str
    uid: str
    frame: int
    version: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes as the server sent them."""

    data: memoryview
    transfer_syntax: str


class FrameCache(Protocol):
    """All methods are safe from any thread; nothing raises: a cache that fails is an empty one."""

    @property
    def enabled(self) -> bool:
        """False when nothing is kept or found."""

    def get(self, item: Item) -> Kept | None:
        """What was kept; blocks on the disk."""

    def has(self, item: Item) -> bool:
        """True when :meth:`get` would most likely find it; quick."""

    def keep(self, item: Item, data: bytes | memoryview, transfer_syntax: str, *, wait: bool = False) -> bool:
        """Keep a copy soon; False when it was not taken because too much is waiting (``wait``: wait instead)."""

    def described(self, study_uid: str, items: Iterable[Item]) -> None:
        """The server described the study: it is in use now, and only these items of it may stay."""

    def forget(self, study_uid: str) -> None:
        """The server no longer shows the study."""
