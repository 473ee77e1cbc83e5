"""Texts of DICOM elements for the corners that the headers do not keep: read from the objects in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer

from clients.viewer.desk import Desk
from clients.viewer.viewport.state import Aspect
from shared.imaging.frames import Part10

WAIT_MS = 150  # while somebody pages, nothing is fetched
KEPT = 2000
LONGEST = 120


class ElementTexts:
    """Fills `ViewerSession.elements` for the images on screen."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._busy = False
        self._timer = QTimer(desk.window)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._look)
        for viewport in desk.session.viewports:
            viewport.changed.connect(self._on_viewport)

    def renew(self) -> None:
        """Another choice of elements: begin anew."""
        self._desk.session.elements.clear()
        self._timer.start()

    def _on_viewport(self, aspect: Aspect) -> None:
        if aspect in (Aspect.STACK, Aspect.INDEX) and self._desk.session.information.elements:
            self._timer.start()

    def _look(self) -> None:
        session = self._desk.session
        fetch: Callable[[str], Part10] | None = getattr(self._desk.source, "object", None)
        wanted = session.information.elements
        if self._busy or not wanted or fetch is None:
            return
        shown = [viewport.key for viewport in session.visible]
        uids = [key.sop_instance_uid for key in shown if key is not None]
        missing = next((uid for uid in uids if uid not in session.elements), "")
        if not missing:
            return
        self._busy = True

        def done(texts: dict[str, str]) -> None:
            self._busy = False
            if len(session.elements) > KEPT:
                session.elements.clear()
            session.elements[missing] = texts
            self._desk.update_viewports()
            self._look()

        self._desk.background.run(
            lambda: element_texts(fetch(missing).header, wanted), done, lambda _why: done({}), "elements"
        )


def element_texts(header: Any, wanted: tuple[str, ...]) -> dict[str, str]:
    """Texts of elements of a data set by keyword or by tag in hexadecimal; what is missing or binary is left out."""
    from pydicom.datadict import tag_for_keyword

    texts = {}
    for name in wanted:
        tag = tag_for_keyword(name)
        if tag is None and len(name) == 8:
            try:
                tag = int(name, 16)
            except ValueError:
                continue
        if tag is None or tag not in header:
            continue
        try:
            value = header[tag].value
        except (ValueError, KeyError, NotImplementedError, TypeError):
            continue
        if value is None or isinstance(value, bytes) or header[tag].VR == "SQ":
            continue
        several = isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue"
        text = "\\".join(str(one) for one in value) if several else str(value)
        if text:
            texts[name] = text[:LONGEST]
    return texts
