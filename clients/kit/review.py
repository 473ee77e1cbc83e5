"""Looks at a window as a reviewer would: cut words, parts outside their parent or out of reach, tiny targets."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QPushButton, QScrollArea, QToolButton, QWidget

from clients.kit.labels import ValueLabel

SMALLEST_TARGET = 20
"""Pixels; smaller than this no button may be."""


@dataclass(frozen=True)
class Finding:
    """One thing that looks wrong, and where."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where}"


def review(window: QWidget) -> list[Finding]:
    """Everything wrong among the visible parts of a window that has been shown and laid out."""
    findings: list[Finding] = []
    for part in window.findChildren(QWidget):
        if not part.isVisible() or part.window() is not window.window():
            continue
        findings += _cut_words(part)
        findings += _outside(part)
        findings += _out_of_reach(part)
        if isinstance(part, QAbstractButton) and min(part.width(), part.height()) < SMALLEST_TARGET:
            findings.append(Finding(f"target of {part.width()}x{part.height()}", _name(part)))
    return findings


def _cut_words(part: QWidget) -> list[Finding]:
    if isinstance(part, ValueLabel):
        return []  # data that is cut shows … and a tooltip
    if isinstance(part, QLabel):
        if not part.text() or part.pixmap().width():
            return []
        if part.wordWrap():
            cut = part.heightForWidth(part.width()) > part.height() + 2
        else:
            cut = part.sizeHint().width() > part.width() + 1
        return [Finding("words cut", f"{_name(part)} {part.text()!r}")] if cut else []
    if isinstance(part, QPushButton) and part.text() and part.sizeHint().width() > part.width() + 1:
        return [Finding("words cut", f"{_name(part)} {part.text()!r}")]
    if isinstance(part, QToolButton):
        return []
    if isinstance(part, QAbstractButton) and part.sizeHint().width() > part.width() + 1:
        return [Finding("words cut", f"{_name(part)} {part.accessibleName()!r}")]
    return []


def _outside(part: QWidget) -> list[Finding]:
    parent = part.parentWidget()
    if parent is None or part.isWindow() or _scrolls(part):
        return []
    place = QRect(QPoint(0, 0), parent.size())
    if not place.adjusted(-1, -1, 1, 1).contains(part.geometry()):
        return [
            Finding("outside its parent", f"{_name(part)} {part.geometry().getRect()} in {parent.size().toTuple()}")
        ]
    return []


def _out_of_reach(part: QWidget) -> list[Finding]:
    if not isinstance(part, QScrollArea) or part.horizontalScrollBarPolicy() != Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
        return []
    content = part.widget()
    if content is None or content.width() <= part.viewport().width() + 1:
        return []
    return [Finding(f"{content.width()} wide where {part.viewport().width()} are seen", f"content of {_name(part)}")]


def _scrolls(part: QWidget) -> bool:
    ancestor = part.parentWidget()
    while ancestor is not None:
        holder = ancestor.parentWidget()
        if isinstance(holder, QScrollArea):
            return True
        ancestor = holder
    return False


def _name(part: QWidget) -> str:
    return part.objectName() or type(part).__name__
