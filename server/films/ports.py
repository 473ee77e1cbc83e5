"""What films need of the world: a printer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contract.film import BeginFilmTask, FilmPrinter, FilmSheet, PrinterState


@dataclass(frozen=True, slots=True)
class Sheet:
    """A film and its pixels, one byte a sample, row by row."""

    facts: FilmSheet
    pixels: bytes


class PrinterTrouble(Exception):
    """The printer did not print. ``printed``: films of this call that are through.

    ``refused``: it does not accept the film, trying again is no use; ``failure``: it is not ready, somebody must see
    to it; neither: nobody answered. ``detail`` holds its words.
    """

    def __init__(self, detail: str, *, printed: int = 0, refused: bool = False, failure: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.printed = printed
        self.refused = refused
        self.failure = failure


class Printers(Protocol):
    """Speaks to printers."""

    def state(self, printer: FilmPrinter) -> PrinterState:
        """Ask a printer how it is; never raises for one that does not answer."""
        ...

    def send(
        self, printer: FilmPrinter, asked: BeginFilmTask, sheets: Sequence[Sheet], printed: Callable[[int], bool]
    ) -> tuple[str, ...]:
        """Print films; ``printed(n)`` is told after each and says False to stop. Returns the printer's warnings.

        Raises PrinterTrouble.
        """
        ...
