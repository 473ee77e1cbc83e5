"""In the place of a cache where nothing may be kept."""

from __future__ import annotations

from collections.abc import Iterable

from clients.viewer.cache.ports import Item


class NoCache:
    """Keeps nothing. Implements :class:`clients.viewer.cache.ports.FrameCache`."""

    enabled = False

    def get(self, _item: Item) -> None:
        return None

    def has(self, _item: Item) -> bool:
        return False

    def keep(self, _item: Item, _data: bytes | memoryview, _transfer_syntax: str, *, wait: bool = False) -> bool:
        return False

    def described(self, _study_uid: str, _items: Iterable[Item]) -> None:
        return

    def forget(self, _study_uid: str) -> None:
        return
