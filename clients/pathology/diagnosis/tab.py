"""The tabs 病理诊断 and 液基描述."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.pathology.desk import Desk

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


def make_tab(desk: Desk) -> QWidget:
    """The diagnosis page."""
    from clients.pathology.diagnosis.view import DiagnosisTab

    return DiagnosisTab(desk)


def make_liquid_tab(desk: Desk) -> QWidget:
    """Descriptors of liquid-based cytology to tick (PA-LBC)."""
    from clients.pathology.diagnosis.liquid import LiquidTab

    return LiquidTab(desk)
