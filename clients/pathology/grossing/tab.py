"""The tab 取材信息."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.pathology.desk import Desk

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


def make_tab(desk: Desk) -> QWidget:
    """The grossing page."""
    from clients.pathology.grossing.view import GrossingTab

    return GrossingTab(desk)
