"""A line for what went wrong; takes no room while there is nothing to say."""

from __future__ import annotations

from clients.kit.labels import ValueLabel


class TroubleLine(ValueLabel):
    """Red words, several lines if need be."""

    def __init__(self) -> None:
        super().__init__("", "error", wrap=True)
        self.hide()

    def set_text(self, text: str) -> None:
        """Show a sentence; an empty one hides the line."""
        super().set_text(text)
        self.setVisible(bool(text))
