"""What every test needs: no screen and a home of its own; that Qt warnings fail a test is set in pyproject.toml."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
if os.environ["QT_QPA_PLATFORM"] == "offscreen":
    os.environ.pop("DISPLAY", None)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process that a test starts compiles the sources again

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", default=False, help="run the long proofs too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # The longest files first: at the end of a run on several cores none waits for a story that began last.
    items.sort(key=lambda item: "journeys" not in item.path.parts)
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="a long proof; run with --slow"))


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths for `own_home`: counted here, for pytest's numbered folders read the list of all of them each time."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def own_home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and drafts of a test go into a folder of its own."""
    home = next(homes)
    home.mkdir()
    monkeypatch.setenv("MINGJING_HOME", str(home))


@pytest.fixture
def qtbot(qtbot: Any) -> Iterator[Any]:
    """pytest-qt's, which closes windows at the end of a test; it only remembers them weakly, so keep them until then.

    What a test leaves in cycles is collected here, in the GUI thread: see clients/kit/garbage.py.
    """
    from PySide6.QtCore import QCoreApplication, QEvent

    kept: list[Any] = []
    add = qtbot.addWidget

    def add_and_keep(widget: Any, **more: Any) -> None:
        kept.append(widget)
        add(widget, **more)

    qtbot.addWidget = add_and_keep
    yield qtbot
    kept.clear()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


@pytest.fixture(autouse=True, scope="module")
def only_new_garbage() -> Iterator[None]:
    """What stays for good (modules, sheets, catalogues) is looked through once a file, not after each test.

    Windows that a file left behind end with it: each change of the theme would dress them all again, for all tests
    that follow.
    """
    gc.collect()
    gc.freeze()
    yield
    if "PySide6.QtWidgets" in sys.modules:
        _remove_all_windows()


def _remove_all_windows() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    if not isinstance(QApplication.instance(), QApplication):
        return
    for window in QApplication.topLevelWidgets():
        if window.parent() is None:
            window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture(autouse=True)
def no_garbage_left_to_threads() -> Iterator[None]:
    """Once Qt is there, cycles are collected here, in the main thread, and nowhere else."""
    yield
    if "PySide6.QtWidgets" in sys.modules:
        gc.disable()
        gc.collect(1)
