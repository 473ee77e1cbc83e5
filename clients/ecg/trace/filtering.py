"""Has the page filtered by a worker; shows it as recorded until then (ECG-FILT-01). No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clients.kit.incidents import record_incident

if TYPE_CHECKING:
    from clients.ecg.trace.model import TraceModel
    from clients.ecg.trace.signals import Piece
    from clients.kit.running import TaskRunner


class Filtering:
    """One page at a time: the newest request wins, what was filtered before is kept."""

    def __init__(self, model: TraceModel, runner: TaskRunner, key: str, changed: Callable[[], None]) -> None:
        self._model, self._runner, self._key, self._changed = model, runner, key, changed
        self._closed = False

    def ask(self) -> None:
        """For the page and the filter of the moment."""
        model = self._model
        page, store, settings = model.laid_out(), model.store, model.choices.filters
        self._runner.cancel(self._key)
        if page is None or store is None or model.piece(page) is not None:
            return
        start, stop = page.start, page.start + page.seconds
        if settings is None:
            store.keep(None, start, stop, store.raw(start, stop))
            return

        def made(piece: Piece) -> None:
            store.keep(settings, start, stop, piece)
            if not self._closed and model.store is store:
                model.forget_scene()
                self._changed()

        model.filter_failed = False
        self._runner.run(store.work(settings, start, stop), made, self._failed, key=self._key)

    def close(self) -> None:
        """Late answers are dropped."""
        self._closed = True
        self._runner.cancel(self._key)

    def _failed(self, error: Exception) -> None:
        """The trace stays as recorded, and the scale says so."""
        record_incident(error)
        self._model.filter_failed = True
        if not self._closed:
            self._changed()
