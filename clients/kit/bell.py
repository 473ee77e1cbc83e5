"""A bell: those who listen hear of something that happened. It knows no Qt; everything stays in the caller's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Bell(Generic[T]):
    """Callbacks that hear of something, in the order in which they came."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[T], object]] = []

    def listen(self, listener: Callable[[T], object]) -> Callable[[], None]:
        """Call `listener` every time; the function returned ends that. A widget calls it when it closes."""
        self._listeners.append(listener)

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return forget

    def ring(self, value: T) -> None:
        """Tell everybody."""
        for listener in tuple(self._listeners):
            listener(value)
