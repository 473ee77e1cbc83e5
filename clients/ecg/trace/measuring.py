"""The measurements on screen and their window: drawn, chosen, changed, sent, cleared (ECG-MEAS-04 to -08)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from clients.ecg.trace.measure_window import MeasureWindow
from clients.ecg.trace.measurement import Measurement, Parameter

if TYPE_CHECKING:
    from clients.ecg.trace.canvas import Canvas


class Measuring(QObject):
    """Keeps the model's measurements, the canvas and the window in step."""

    measured = Signal(object)
    value_sent = Signal(object)
    cleared = Signal()
    placed = Signal()
    """The window has another size."""
    left = Signal()
    """The window was closed."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas, self._model = canvas, canvas.model
        self.window = MeasureWindow(canvas)
        self.window.hide()
        self.window.parameter_chosen.connect(self._parameter_chosen)
        self.window.row_chosen.connect(self.choose)
        self.window.send.connect(self.send)
        self.window.clear.connect(self.clear)
        self.window.closed.connect(self.left)

    @property
    def all(self) -> tuple[Measurement, ...]:
        """Oldest first."""
        return tuple(self._model.measurements)

    @property
    def chosen(self) -> int | None:
        """The selected one, None without one."""
        number = self._canvas.chosen
        return number if 0 <= number < len(self._model.measurements) else None

    def show(self) -> None:
        """The list anew."""
        self.window.show_measurements(self.all, self._canvas.chosen)

    def add_drawn(self, made: Measurement) -> None:
        """The newest of the model was just drawn."""
        self.choose(len(self._model.measurements) - 1)
        self.measured.emit(made)

    def choose(self, number: int) -> None:
        """Select one; -1: none."""
        self._canvas.chosen = number
        if self.chosen is not None:
            self.set_parameter(self._model.measurements[number].parameter)
        self.show()
        self.placed.emit()
        self._canvas.update()

    def step(self, by: int) -> None:
        """Select the next or the last one."""
        self.choose(min(max(self._canvas.chosen + by, 0), len(self._model.measurements) - 1))

    def set_parameter(self, parameter: Parameter) -> None:
        """What the next rectangle measures."""
        self._model.parameter = parameter
        self.window.set_parameter(parameter)

    def nudge(self, samples: int, start: bool = False) -> None:
        """Move the end (or the start) of the selected one by samples; the edges never meet."""
        record, number = self._model.record, self.chosen
        if record is None or number is None:
            return
        one, hertz = self._model.measurements[number], record.sampling_hz
        edge = (round((one.start_s if start else one.end_s) * hertz) + samples) / hertz
        changed = replace(one, start_s=edge) if start else replace(one, end_s=edge)
        if 0 <= changed.start_s < changed.end_s <= record.seconds:
            self._change(number, changed)

    def remove_chosen(self) -> None:
        """Take the selected one away; the one before it becomes the selected one."""
        number = self.chosen
        if number is not None:
            del self._model.measurements[number]
            self.choose(min(number, len(self._model.measurements) - 1))

    def clear(self) -> None:
        """All measurements, the caliper and the parallel lines."""
        model = self._model
        had = bool(model.measurements or model.caliper or model.parallel)
        model.measurements.clear()
        model.caliper = model.parallel = None
        self.choose(-1)
        if had:
            self.cleared.emit()

    def send(self, _row: int = -1) -> None:
        """The selected one to the parameter area (ECG-MEAS-06)."""
        number = self.chosen
        if number is not None:
            self.value_sent.emit(self._model.measurements[number])

    def _parameter_chosen(self, parameter: Parameter) -> None:
        model, number = self._model, self.chosen
        model.parameter = parameter
        if number is not None:
            one = model.measurements[number]
            cycles = one.cycles if parameter is Parameter.RR else 1
            self._change(number, replace(one, parameter=parameter, cycles=cycles, rr_ms=model.rr_ms()))

    def _change(self, number: int, changed: Measurement) -> None:
        self._model.measurements[number] = changed
        self.choose(number)
        self.measured.emit(changed)
