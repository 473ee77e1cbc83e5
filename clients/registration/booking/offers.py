"""A calm card inside the form: patients or applications that may be the right one, and what to do with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from clients.kit.labels import Button, Glyph, IconButton, Label, ValueLabel


@dataclass(frozen=True)
class Offer:
    """One thing to choose: what it is, a quieter line, and the words of its button."""

    text: str
    quiet: str
    button: str
    choose: Callable[[], None]


class OfferCard(QFrame):
    """Title, offers and a cross; hidden while there is nothing to offer."""

    def __init__(self, title: str, glyph: str, dismiss: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.setProperty("look", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Glyph(glyph, 16))
        head.addWidget(Label(title, "strong"))
        head.addStretch(1)
        if dismiss is not None:
            head.addWidget(IconButton("close", "都不是，收起", on_click=dismiss, small=True))
        layout.addLayout(head)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        layout.addLayout(self._lines)
        self._shown: tuple[tuple[str, str], ...] = ()
        self.buttons: list[Button] = []
        self.hide()

    def show_offers(self, offers: Sequence[Offer]) -> None:
        """Show these offers; the same ones again change nothing."""
        wanted = tuple((offer.text, offer.quiet) for offer in offers)
        if wanted == self._shown:
            return
        self._shown = wanted
        while self._lines.count():
            line = self._lines.takeAt(0)
            widget = line.widget() if line is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = []
        for offer in offers:
            row = QFrame()
            box = QHBoxLayout(row)
            box.setContentsMargins(24, 0, 0, 0)
            box.setSpacing(8)
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(ValueLabel(offer.text))
            words.addWidget(ValueLabel(offer.quiet, "caption"))
            box.addLayout(words, 1)
            button = Button(offer.button, on_click=offer.choose)
            self.buttons.append(button)
            box.addWidget(button)
            self._lines.addWidget(row)
        self.setVisible(bool(offers))
