"""A reading page over a server in memory, in the light theme and in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.app import make_application
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from tests.clients.ecg.reading.reading_house import Room, shown


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def looks(qapp: QApplication) -> Iterator[None]:
    apply_theme(ThemeName.LIGHT)
    set_language(Language.CHINESE)
    yield
    set_language(Language.CHINESE)


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> Iterator[Room]:
    made = shown(qtbot, tmp_path)
    yield made
    made.close()
