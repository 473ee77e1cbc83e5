"""What features may ask of the window itself."""

from __future__ import annotations

from typing import Protocol

from clients.viewer.series_strip import SeriesStrip
from clients.viewer.tool_bar import ToolBar


class ViewerFrame(Protocol):
    """The window as its settings and pop-ups see it; `ViewerWindow` is one."""

    tool_bar: ToolBar
    strip: SeriesStrip

    def place_strip(self, *, below: bool) -> None:
        """The series bar left of the images or below them."""

    def dress(self) -> None:
        """Fetch colours and words again."""
