"""Of which specimen, block or slide the next captures are; the whole case when nothing is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QComboBox

from clients.kit.translations import tr

Piece = tuple[int | None, int | None, int | None]
"""Specimen, block, slide."""


def pieces_of(details: Any | None) -> tuple[tuple[str, Piece], ...]:
    """What a case has, as (number, piece); of the contract's CaseDetails."""
    if details is None:
        return ()
    found: list[tuple[str, Piece]] = [(one.number, (one.id, None, None)) for one in details.specimens]
    blocks = () if details.grossing is None else details.grossing.blocks
    found += [(one.number or one.label, (one.specimen_id, one.id, None)) for one in blocks]
    found += [(one.number, (one.specimen_id, one.block_id, one.id)) for one in details.slides]
    return tuple(found)


def piece_of_code(details: Any | None, code: str) -> Piece | None:
    """The piece of the open case whose label was scanned; None for anything else."""
    if details is None or not code:
        return None
    for one in details.specimens:
        if one.code == code:
            return one.id, None, None
    for one in () if details.grossing is None else details.grossing.blocks:
        if one.code == code:
            return one.specimen_id, one.id, None
    return next(((one.specimen_id, one.block_id, one.id) for one in details.slides if one.code == code), None)


class PieceChoice(QComboBox):
    """A drop-down of the pieces of the open case."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._pieces: tuple[tuple[str, Piece], ...] = ()
        self.setMinimumWidth(150)
        self.show_pieces(())
        self.currentIndexChanged.connect(self.changed)

    @property
    def piece(self) -> Piece:
        """What is chosen."""
        place = self.currentIndex() - 1
        return self._pieces[place][1] if 0 <= place < len(self._pieces) else (None, None, None)

    def show_pieces(self, pieces: Sequence[tuple[str, Piece]]) -> None:
        """Offer these; what is chosen stays when it is still there."""
        before = self.piece
        self._pieces = tuple(pieces)
        self.blockSignals(True)
        self.clear()
        self.addItem(tr("整个病例"))
        for number, _piece in self._pieces:
            self.addItem(number)
        place = next((at for at, (_, piece) in enumerate(self._pieces) if piece == before), -1)
        self.setCurrentIndex(place + 1)
        self.blockSignals(False)
        if self.piece != before:
            self.changed.emit()

    def choose(self, piece: Piece) -> bool:
        """Choose a piece, after a scan for example; False when the case has none such."""
        place = next((at for at, (_, one) in enumerate(self._pieces) if one == piece), -1)
        if place >= 0:
            self.setCurrentIndex(place + 1)
        return place >= 0

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self.count():
            self.setItemText(0, tr("整个病例"))
        super().changeEvent(event)
