"""Tests of the waveform area run in the light theme and start in Chinese."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from clients.kit.app import make_application
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def looks(qapp: QApplication) -> Iterator[None]:
    apply_theme(ThemeName.LIGHT)
    set_language(Language.CHINESE)
    yield
    set_language(Language.CHINESE)
