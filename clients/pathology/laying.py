"""Widgets side by side and below each other, with the margins of this workstation's pages."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget


def row_of(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None takes what is left over."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(8)
    for widget in widgets:
        if widget is None:
            made.addStretch(1)
        else:
            made.addWidget(widget)
    return made


def column_of(
    *parts: QWidget | QHBoxLayout | QVBoxLayout, margin: int = 16, edge: int = 12, spacing: int = 10
) -> QWidget:
    """Parts below each other; `margin` is left and right, `edge` above and below."""
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(margin, edge, margin, edge)
    box.setSpacing(spacing)
    for part in parts:
        if isinstance(part, QWidget):
            box.addWidget(part)
        else:
            box.addLayout(part)
    return holder
