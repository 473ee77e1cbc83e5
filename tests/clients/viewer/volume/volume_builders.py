"""Loaded stacks for tests of reformatting."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from clients.viewer.desk import Background
from clients.viewer.pixels import PixelStore
from clients.viewer.study import Stack
from clients.viewer.viewport.state import ViewportState
from clients.viewer.volume.volume_page import PageSource
from tests.clients.viewer.viewer_builders import a_stack, pixels_of


def loaded(stack: Stack, store: PixelStore | None = None) -> PixelStore:
    """A store in which all frames of the stack are there."""
    store = store or PixelStore()
    pixels = store.of(stack)
    for n in range(len(stack)):
        pixels.put(n, pixels_of(stack.image(n)), stack.frame_header(n).modality)
    return store


def a_source(qtbot: QtBot, stack: Stack | None = None, *, empty: bool = False) -> PageSource:
    stack = stack or a_stack(12)
    parent = QWidget()
    qtbot.addWidget(parent)
    viewport = ViewportState()
    viewport.show(stack)
    store = PixelStore() if empty else loaded(stack)
    return PageSource(stack, store.of(stack), viewport, Background(parent))
