"""The waveform area of the reading page (ECG-READ-06): one widget that takes a record and knows no server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from clients.ecg.trace.choices import Mark, Mode, Spacing, ViewChoices

if TYPE_CHECKING:
    from clients.ecg.trace.measurement import Measurement, Parameter
    from clients.kit.running import TaskRunner
    from clients.kit.settings import UserSettings
    from shared.waveform.filters import FilterSettings
    from shared.waveform.measuring import Analysis
    from shared.waveform.paper import Language, Look
    from shared.waveform.record import EcgRecord


class TraceView(QWidget):
    """ECG paper on true scale: layouts, zoom, pan, filters, measuring, calipers, beat tools, overlay, long records.

    Wheel: zoom at the cursor. Right drag: pan. Right click without movement: clear measurements. Left button: what the
    mode says. Filters run through ``runner`` (key ``trace-…``); ``desk_settings`` hold the measured screens
    (``clients.viewer.screens``), without them the size that the screen tells is taken and called uncalibrated.
    """

    measured = Signal(object)
    """Measurement: a rectangle was drawn, or its parameter was changed."""
    value_sent = Signal(object)
    """Measurement: "send to the parameter area" was pressed (ECG-MEAS-06); see ``Measurement.values()``."""
    measurements_cleared = Signal()
    points_moved = Signal(object)
    """Delineation: the points of a beat (or of all like it) were moved by hand; measure anew, then ``set_analysis``."""
    scale_changed = Signal(str)
    """The text that is always shown: paper speed, gain, magnification, calibration."""
    choices_changed = Signal(object)
    """ViewChoices: layout, rhythm leads, speed, gain, filters, spacing or marks changed, by a call or by a key."""
    mode_changed = Signal(object)
    """Mode."""
    page_changed = Signal(int, int)
    """Page shown, number of pages (from 0)."""
    calibration_wanted = Signal()
    """The user pressed "not calibrated": show the dialog with ``calibrate()`` or your own."""

    def __init__(
        self, runner: TaskRunner, desk_settings: UserSettings | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._settings = desk_settings
        self._choices = ViewChoices()
        self._mode = Mode.READ

    # --- what is shown

    def set_record(self, record: EcgRecord | None, analysis: Analysis | None = None) -> None:
        """Show a record (None: the empty paper). Without an analysis beat tools are off until ``set_analysis``."""
        raise NotImplementedError

    def set_analysis(self, analysis: Analysis | None) -> None:
        """Beats, points and median beat of the shown record; measurements on screen stay."""
        raise NotImplementedError

    def overlay(self, record: EcgRecord, analysis: Analysis | None, name: str = "") -> None:
        """Draw another record under this one, beat by beat on R (EX-ECG-07); ``name`` stands in the legend."""
        raise NotImplementedError

    def clear_overlay(self) -> None:
        """Take the other record away."""
        raise NotImplementedError

    # --- choices

    @property
    def choices(self) -> ViewChoices:
        """Layout, rhythm leads, speed, gain, filters, spacing, marks."""
        return self._choices

    def set_choices(self, choices: ViewChoices) -> None:
        """All of them at once (remembered ones of a user); impossible values are taken for the defaults."""
        raise NotImplementedError

    def set_layout(self, name: str) -> None:
        """A key of ``choices.LAYOUT_WORDS``."""
        raise NotImplementedError

    def set_rhythm(self, leads: tuple[str, ...]) -> None:
        """The rhythm leads, in the order of the strips; missing ones are replaced by II, V1, V5."""
        raise NotImplementedError

    def set_scale(self, mm_per_s: float, mm_per_mv: float | None) -> None:
        """12.5, 25 or 50 mm/s; 2.5, 5, 10 or 20 mm/mV, None for automatic (the largest at which no lead is cut)."""
        raise NotImplementedError

    def set_filters(self, settings: FilterSettings | None) -> None:
        """What the drawn trace goes through, None for as recorded; stored samples never change (ECG-FILT-01)."""
        raise NotImplementedError

    def set_spacing(self, spacing: Spacing) -> None:
        """普通间距 or 加宽间距."""
        raise NotImplementedError

    def set_marks(self, marks: frozenset[Mark]) -> None:
        """Beat marks, points."""
        raise NotImplementedError

    def set_average(self, shown: bool) -> None:
        """The panel with the averaged beat of each lead."""
        raise NotImplementedError

    def set_disclosure(self, shown: bool) -> None:
        """The overview of a long record (24 h) instead of one page; a click in it goes to that place."""
        raise NotImplementedError

    def look(self, language: Language = "zh") -> Look:
        """The same picture for paper: layout, speed, gain, filters, rhythm, page; never zoom nor spacing."""
        raise NotImplementedError

    # --- mode, measurements

    @property
    def mode(self) -> Mode:
        """What the left button does."""
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Enter a mode; Escape and ``Mode.READ`` leave it."""
        raise NotImplementedError

    def set_parameter(self, parameter: Parameter) -> None:
        """What the next rectangle (and the selected one) measures."""
        raise NotImplementedError

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """Those on screen, oldest first (ECG-MEAS-07)."""
        raise NotImplementedError

    def clear_measurements(self) -> None:
        """As a right click does (ECG-MEAS-08)."""
        raise NotImplementedError

    # --- zoom and place

    def zoom_in(self) -> None:
        """One step larger, about the middle."""
        raise NotImplementedError

    def zoom_out(self) -> None:
        """One step smaller, about the middle."""
        raise NotImplementedError

    def reset(self) -> None:
        """True size, upper left corner (ECG-ZOOM-04)."""
        raise NotImplementedError

    def fit(self) -> None:
        """The whole page in the window; the scale text then says so."""
        raise NotImplementedError

    def scale_text(self) -> str:
        """``25 mm/s · 10 mm/mV``, magnification where it is not true size, filters, and whether it is calibrated."""
        raise NotImplementedError

    def go_to(self, seconds: float) -> None:
        """The page that holds this second, and mark it."""
        raise NotImplementedError

    def show_page(self, number: int) -> None:
        """Page from 0; outside numbers are clamped."""
        raise NotImplementedError

    def calibrate(self) -> None:
        """Open the screen's calibration dialog; the scale follows at once."""
        raise NotImplementedError

    def close_view(self) -> None:
        """Before the page goes: late answers of filters are dropped."""
        raise NotImplementedError
