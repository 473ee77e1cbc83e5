"""Questions over the workstation's window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from clients.kit.dialogs import Question
from clients.pathology.bench.labels import Ask
from clients.pathology.bench.strip import GLOVED
from clients.pathology.desk import Desk


def asker(desk: Desk, title: str = "打印条码") -> Ask:
    """Ask in a window over the workstation, with targets for gloved hands; Escape gives the last answer."""

    def ask(sentence: str, choices: tuple[tuple[str, str, str], ...], answered: Callable[[str], None]) -> None:
        parent = desk.view if isinstance(desk.view, QWidget) else None
        question = Question(parent, title, sentence, choices, answered)  # type: ignore[arg-type]  # None: no window yet
        question.setStyleSheet(GLOVED)
        question.open()

    return ask
