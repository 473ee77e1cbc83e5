"""The tab 病人信息."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

from clients.pathology.desk import Desk


def make_tab(desk: Desk) -> QWidget:
    """The patient information page."""
    return QLabel()
