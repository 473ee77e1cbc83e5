"""Orders of a workstation to the window, and the window's events back: both ends in the GUI thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QSize, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from clients.kit import viewer_link as link
from clients.viewer.control import ControlServer
from clients.viewer.server_studies import AdoptedLine, ServerStudies
from clients.viewer.window import ViewerWindow
from shared.imaging.geometry import PixelPoint

log = logging.getLogger(__name__)

GATHER_MS = 700
LONELY_S = 5.0  # looked at so often; alone and unseen twice in a row, the process ends


class Steering(QObject):
    """Owns the control server; orders come in on its threads and are carried out here."""

    order_came = Signal(object)
    """An order, from any thread."""

    study_changed = Signal(int)
    """A study on the server changed, from any thread."""

    def __init__(self, window: ViewerWindow, key: bytes) -> None:
        super().__init__(window)
        self._uid_of: Callable[[int], str] = lambda _study_id: ""
        self._stale: set[str] = set()
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.timeout.connect(self._refresh_stale)
        self.study_changed.connect(self._on_study_changed)
        self._window = window
        self._order_came_at = 0.0
        self.order_came.connect(self._carry_out)
        window.key_image_sent.connect(self._tell_key_image)
        window.measurement_drawn.connect(self._tell_measurement)
        window.studies_shown.connect(self._tell_shown)
        window.first_image.connect(self._tell_first)
        window.all_loaded.connect(self._tell_all)
        window.failed.connect(self._tell_failed)
        self.server = ControlServer(key, self.order_came.emit)
        self.server.start()
        self._was_alone = False
        self._watch = QTimer(self)
        self._watch.timeout.connect(self._end_if_alone)
        self._watch.start(int(LONELY_S * 1000))

    def follow_archive(self, line: AdoptedLine, source: ServerStudies) -> None:
        """Take up images that come while their study is open."""
        self._uid_of = source.uid_of
        line.on_study_changed = self.study_changed.emit

    @Slot(int)
    def _on_study_changed(self, study_id: int) -> None:
        """Notices come per object while a series is being sent: they are gathered for a moment."""
        uid = self._uid_of(study_id)
        if uid in {study.study_uid for study in self._window.session.studies}:
            self._stale.add(uid)
            if not self._gathering.isActive():
                self._gathering.start(GATHER_MS)

    @Slot()
    def _refresh_stale(self) -> None:
        stale, self._stale = self._stale, set()
        for uid in stale:
            self._window.refresh_study(uid)

    def close(self) -> None:
        self._gathering.stop()
        self._watch.stop()
        self.server.close()

    @Slot(object)
    def _carry_out(self, order: link.Order) -> None:
        window = self._window
        if isinstance(order, link.OpenStudies):
            self._open(order)
        elif isinstance(order, link.CompareStudy):
            window.compare_study(order.study_uid)
            self._show(raised=True)
        elif isinstance(order, link.RefreshStudy):
            window.refresh_study(order.study_uid)
        elif isinstance(order, link.PrepareStudies):
            window.opening.prepare(order.study_uids)
        elif isinstance(order, link.CloseStudies):
            if window.session.studies:
                window.close_studies()
        elif isinstance(order, link.OpenFiles):
            self._order_came_at = time.monotonic()
            self._show(raised=True)
            window.open_files([Path(path) for path in order.paths])
        elif isinstance(order, link.Perform):
            if not window.perform(order.action):
                log.warning("no action is named %r", order.action)
        elif isinstance(order, link.DrawLength):
            window.draw_length(PixelPoint(order.column_1, order.row_1), PixelPoint(order.column_2, order.row_2))
        elif isinstance(order, link.Capture):
            self._capture(order)
        elif isinstance(order, link.Quit):
            window.close()
            QApplication.quit()

    def _open(self, order: link.OpenStudies) -> None:
        self._order_came_at = time.monotonic()
        self._show(raised=order.raise_window)
        if not order.study_uids:
            return
        open_now = [study.study_uid for study in self._window.session.studies]
        if open_now == list(order.study_uids):
            return  # already shown: the reader's windows and places stay
        self._window.open_study(order.study_uids[0], also=order.study_uids[1:])

    def _show(self, *, raised: bool) -> None:
        window = self._window
        if window.isMinimized():
            window.showNormal()
        elif not window.isVisible():
            window.show()
        if raised:
            window.raise_()
            window.activateWindow()

    def _capture(self, order: link.Capture) -> None:
        self._show(raised=False)
        if order.width and order.height:
            self._window.resize(QSize(order.width, order.height))
        # One turn of the event loop, so that a new size is laid out before the picture.
        QTimer.singleShot(50, self, lambda: self._answer_picture(order.number))

    def _answer_picture(self, number: int) -> None:
        self.server.tell(link.Captured(number, self._window.capture()))

    @Slot()
    def _end_if_alone(self) -> None:
        """A hidden viewer without a workstation has no reason to stay; a shown one is the reader's."""
        alone = not self._window.isVisible() and not self.server.has_lines
        if alone and self._was_alone:
            self._window.close()
            QApplication.quit()
        self._was_alone = alone

    def _since_order_ms(self) -> float:
        return (time.monotonic() - self._order_came_at) * 1000

    @Slot(str, str, str, int, bytes, list)
    def _tell_key_image(
        self, study_uid: str, series_uid: str, sop_uid: str, frame: int, png: bytes, values: list[str]
    ) -> None:
        self.server.tell(link.KeyImage(study_uid, series_uid, sop_uid, frame, png, tuple(values)))

    @Slot(str, float, str, str)
    def _tell_measurement(self, text: str, value: float, unit: str, sop_uid: str) -> None:
        self.server.tell(link.MeasurementDrawn(text, value, unit, sop_uid))

    @Slot(list)
    def _tell_shown(self, study_uids: list[str]) -> None:
        self.server.tell(link.StudiesShown(tuple(study_uids)))

    @Slot(str)
    def _tell_first(self, study_uid: str) -> None:
        self.server.tell(link.FirstImage(study_uid, self._since_order_ms()))

    @Slot(int)
    def _tell_all(self, frames: int) -> None:
        self.server.tell(link.AllLoaded(frames, self._since_order_ms()))

    @Slot(str)
    def _tell_failed(self, sentence: str) -> None:
        self.server.tell(link.ViewerFailed(sentence))
