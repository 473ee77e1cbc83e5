"""The tabs of the preparation station (PA-SLD-01); which of them a form of it shows says `stations.SPECS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.pathology.desk import Desk

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


def make_embedding(desk: Desk) -> QWidget:
    """待包埋列表: 材块核对 and 包埋确认."""
    from clients.pathology.preparation.embedding import EmbeddingTab

    return EmbeddingTab(desk)


def make_sectioning(desk: Desk) -> QWidget:
    """待切片列表: 切片确认."""
    from clients.pathology.preparation.sectioning import SectioningTab

    return SectioningTab(desk)


def make_orders(desk: Desk) -> QWidget:
    """医嘱列表: 医嘱执行."""
    from clients.pathology.preparation.orders import OrdersTab

    return OrdersTab(desk)


def make_sectioned(desk: Desk) -> QWidget:
    """已切片列表: labels, scan check, hand-over, manual slides and smears."""
    from clients.pathology.preparation.sectioned import SectionedTab

    return SectionedTab(desk)
