"""The waveform area of the reading page (ECG-READ-06): one widget that takes a record and knows no server."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clients.ecg.trace import keys, texts, words
from clients.ecg.trace.beat_panels import BeatPanels
from clients.ecg.trace.canvas import Canvas, Stand
from clients.ecg.trace.choices import Mark, Mode, Spacing, ViewChoices
from clients.ecg.trace.disclosure_view import DisclosureView
from clients.ecg.trace.filtering import Filtering
from clients.ecg.trace.measurement import Measurement, Parameter
from clients.ecg.trace.measuring import Measuring
from clients.ecg.trace.model import TraceModel
from clients.ecg.trace.scale_bar import ScaleBar
from clients.ecg.trace.screen_scale import pitch_of as screen_pitch
from clients.ecg.trace.viewport import STEP
from clients.kit.incidents import record_incident
from clients.kit.screen_watch import ScreenWatch
from clients.kit.theme import is_look_change
from clients.kit.translations import register_catalogue, tr
from shared.waveform.measuring import analyse
from shared.waveform.paper import Look

if TYPE_CHECKING:
    from clients.kit.running import TaskRunner
    from clients.kit.settings import UserSettings
    from shared.waveform.beats import Delineation
    from shared.waveform.filters import FilterSettings
    from shared.waveform.measuring import Analysis
    from shared.waveform.paper import Language
    from shared.waveform.record import EcgRecord

register_catalogue(texts.CATALOGUE)


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
    disclosure_changed = Signal(bool)
    """The overview of a long record was opened or left."""
    calibration_wanted = Signal()
    """The user pressed "not calibrated": show the dialog with ``calibrate()`` or your own."""

    def __init__(
        self, runner: TaskRunner, desk_settings: UserSettings | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._settings = desk_settings
        self._key = f"trace-{id(self)}"
        self._closed = False
        self.model = TraceModel()
        self.canvas = Canvas(self.model)
        self.bar = ScaleBar()
        self.measuring = Measuring(self.canvas)
        self.filtering = Filtering(self.model, runner, self._key, self._changed)
        self.panels = BeatPanels(self.canvas)
        self.disclosure: DisclosureView | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(self.canvas)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self._stack, 1)
        upper.addWidget(self.panels.average)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(upper, 1)
        column.addWidget(self.bar)
        self.setFocusProxy(self.canvas)
        self._connect()
        self._retranslate()
        self.canvas.show_cursor()
        self._take_screen()
        self._screen = ScreenWatch(self, self._take_screen)

    def _connect(self) -> None:
        canvas, measuring = self.canvas, self.measuring
        canvas.released.connect(self._released)
        canvas.view_changed.connect(self._view_changed)
        canvas.cleared.connect(measuring.clear)
        canvas.hovered.connect(self.bar.show_cursor_words)
        canvas.beat_chosen.connect(self._beat_chosen)
        canvas.key_pressed.connect(self._key_pressed)
        measuring.measured.connect(self.measured)
        measuring.value_sent.connect(self.value_sent)
        measuring.cleared.connect(self.measurements_cleared)
        measuring.placed.connect(self._place_panels)
        measuring.left.connect(self._leave_mode)
        self.bar.uncalibrated_pressed.connect(self.calibration_wanted)
        self.bar.page_wanted.connect(self.show_page)
        self.bar.reset_pressed.connect(self.reset)

    # --- what is shown

    def set_record(self, record: EcgRecord | None, analysis: Analysis | None = None) -> None:
        """Show a record (None: the empty paper). Without an analysis beat tools are off until ``set_analysis``."""
        self.model.take(record, analysis)
        self._to_corner()
        self.canvas.tools.forget()
        self.canvas.chosen = -1
        self.panels.magnifier.hide()
        if self.disclosure is not None:
            self.disclosure.set_record(record, analysis)
        self.filtering.ask()
        self._changed()

    def set_analysis(self, analysis: Analysis | None) -> None:
        """Beats, points and median beat of the shown record; measurements on screen stay."""
        self.model.take_analysis(analysis)
        if self.disclosure is not None:
            self.disclosure.set_analysis(analysis)
        self._changed()

    def overlay(self, record: EcgRecord, analysis: Analysis | None, name: str = "") -> None:
        """Draw another record under this one, beat by beat on R (EX-ECG-07); ``name`` stands in the legend."""
        self.model.other_name = name
        if analysis is None:
            self._runner.run(lambda: analyse(record), self._overlay_measured, self._failed, key=f"{self._key}-overlay")
            return
        self._overlay_measured(analysis)

    def _overlay_measured(self, analysis: Analysis) -> None:
        if self._closed:
            return
        self.model.other = analysis
        self._changed()

    def clear_overlay(self) -> None:
        """Take the other record away."""
        self._runner.cancel(f"{self._key}-overlay")
        self.model.other, self.model.other_name = None, ""
        self._changed()

    # --- choices

    @property
    def choices(self) -> ViewChoices:
        """Layout, rhythm leads, speed, gain, filters, spacing, marks."""
        return self.model.choices

    def set_choices(self, choices: ViewChoices) -> None:
        """All of them at once (remembered ones of a user); impossible values are taken for the defaults."""
        if not self.model.choose(choices):
            return
        self.canvas.tools.forget()
        self.filtering.ask()
        self.canvas.keep()
        self._changed()
        self.choices_changed.emit(self.model.choices)

    def set_layout(self, name: str) -> None:
        """A key of ``choices.LAYOUT_WORDS``."""
        self.set_choices(replace(self.choices, layout=name))

    def set_rhythm(self, leads: tuple[str, ...]) -> None:
        """The rhythm leads, in the order of the strips; missing ones are replaced by II, V1, V5."""
        self.set_choices(replace(self.choices, rhythm=leads))

    def set_scale(self, mm_per_s: float, mm_per_mv: float | None) -> None:
        """12.5, 25 or 50 mm/s; 2.5, 5, 10 or 20 mm/mV, None for automatic (the largest at which no lead is cut)."""
        self.set_choices(replace(self.choices, speed=mm_per_s, gain=mm_per_mv))

    def set_filters(self, settings: FilterSettings | None) -> None:
        """What the drawn trace goes through, None for as recorded; stored samples never change (ECG-FILT-01)."""
        self.set_choices(replace(self.choices, filters=settings))

    def set_spacing(self, spacing: Spacing) -> None:
        """普通间距 or 加宽间距."""
        self.set_choices(replace(self.choices, spacing=spacing))

    def set_marks(self, marks: frozenset[Mark]) -> None:
        """Beat marks, points."""
        self.set_choices(replace(self.choices, marks=frozenset(marks)))

    def set_average(self, shown: bool) -> None:
        """The panel with the averaged beat of each lead."""
        self.panels.average.setVisible(shown)
        self._changed()

    def set_disclosure(self, shown: bool) -> None:
        """The overview of a long record (24 h) instead of one page; a click in it goes to that place."""
        if shown and self.disclosure is None:
            self.disclosure = DisclosureView(self._runner)
            self.disclosure.second_chosen.connect(self._from_disclosure)
            self._stack.addWidget(self.disclosure)
            self.disclosure.set_record(self.model.record, self.model.analysis)
        if self.disclosure is not None:
            self._stack.setCurrentWidget(self.disclosure if shown else self.canvas)
            (self.disclosure if shown else self.canvas).setFocus()
            self.bar.setVisible(not shown)
            self.disclosure_changed.emit(shown)
        self._place_panels()

    def _from_disclosure(self, seconds: float) -> None:
        self.set_disclosure(False)
        self.go_to(seconds)

    def look(self, language: Language = "zh") -> Look:
        """The same picture for paper: layout, speed, gain, filters, rhythm, page; never zoom nor spacing."""
        model, chosen = self.model, self.model.choices
        page = model.laid_out()
        return Look(
            layout=chosen.layout,
            speed=chosen.speed,
            gain=model.gain(),
            filters=chosen.filters,
            language=language,
            rhythm=chosen.rhythm,
            start=page.start if page is not None else 0.0,
            median=model.analysis.median if model.analysis is not None and chosen.layout.startswith("median") else None,
        )

    # --- mode, measurements

    @property
    def mode(self) -> Mode:
        """What the left button does."""
        return self.model.mode

    def set_mode(self, mode: Mode) -> None:
        """Enter a mode; Escape and ``Mode.READ`` leave it."""
        if mode is self.model.mode:
            return
        self.model.mode = mode
        self.canvas.tools.forget()
        self.canvas.show_cursor()
        self.measuring.window.setVisible(mode is Mode.MEASURE)
        if mode is not Mode.MAGNIFY:
            self.panels.magnifier.hide()
        self._place_panels()
        self._changed()
        self.mode_changed.emit(mode)

    def set_parameter(self, parameter: Parameter) -> None:
        """What the next rectangle measures."""
        self.measuring.set_parameter(parameter)

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """Those on screen, oldest first (ECG-MEAS-07)."""
        return self.measuring.all

    def clear_measurements(self) -> None:
        """As a right click does (ECG-MEAS-08)."""
        self.measuring.clear()

    def _released(self, made: Measurement | Delineation) -> None:
        if isinstance(made, Measurement):
            self.measuring.add_drawn(made)
        else:
            self.points_moved.emit(made)

    def _leave_mode(self) -> None:
        self.set_mode(Mode.READ)

    def _beat_chosen(self, index: int | None) -> None:
        self.panels.magnify(index)

    # --- zoom and place

    def zoom_in(self) -> None:
        """One step larger, about the middle."""
        self.canvas.zoom(STEP)

    def zoom_out(self) -> None:
        """One step smaller, about the middle."""
        self.canvas.zoom(1 / STEP)

    def reset(self) -> None:
        """True size, upper left corner (ECG-ZOOM-04)."""
        self._to_corner()
        self._tell_scale()

    def _to_corner(self) -> None:
        self.model.view = self.model.view.reset()
        self.canvas.stand = Stand.CORNER
        self.canvas.keep()

    def fit(self) -> None:
        """The whole page in the window; the scale text then says so."""
        if self.model.record is not None:
            self.canvas.stand = Stand.WHOLE
            self.canvas.keep()
            self._tell_scale()

    def scale_text(self) -> str:
        """``25 mm/s · 10 mm/mV``, magnification where it is not true size, filters, and whether it is calibrated."""
        return words.scale_words(self.model)

    def go_to(self, seconds: float) -> None:
        """The page that holds this second, and mark it."""
        self.model.marked_s = seconds
        self.show_page(self.model.page_of(seconds))
        self.canvas.update()

    def show_page(self, number: int) -> None:
        """Page from 0; outside numbers are clamped."""
        if self.model.go(number):
            self.canvas.tools.forget()
            self.filtering.ask()
            self._changed()
            self.page_changed.emit(self.model.page, self.model.pages)

    def calibrate(self) -> None:
        """Open the dialog with the ruler; the scale follows at once."""
        if self._settings is None:
            return
        from clients.ecg.trace.ruler import RulerDialog

        self.dialog = RulerDialog(self._settings, self._take_screen, self.window())
        self.dialog.show()

    def close_view(self) -> None:
        """Before the page goes: late answers of filters are dropped."""
        self._closed = True
        self.filtering.close()
        self._runner.cancel(f"{self._key}-overlay")
        if self.disclosure is not None:
            self.disclosure.close_view()

    def _failed(self, error: Exception) -> None:
        record_incident(error)
        if not self._closed:
            self._tell_scale()

    # --- screen, words, panels

    def _take_screen(self) -> None:
        """The size of the pixels of the screen under the window, at the start and after a move or a calibration."""
        pitch = screen_pitch(self, self._settings)
        self.model.view = replace(self.model.view, pitch=pitch.mm)
        self.model.calibrated = pitch.calibrated
        self.model.forget_scene()
        self.canvas.keep()
        self._changed()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self._changed()
        elif is_look_change(event):
            self.canvas.refresh()
            self._tell_scale()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self.canvas.empty_words = tr("还没有心电图")
        self.canvas.setToolTip("")
        self.measuring.window.retranslate()
        self.bar.retranslate()
        if self.disclosure is not None:
            self.disclosure.retranslate()

    def _changed(self) -> None:
        """Everything that follows from the model."""
        self.panels.show_average()
        self.canvas.update()
        self.measuring.show()
        self._tell_scale()

    def _view_changed(self) -> None:
        """The canvas was zoomed, panned or resized."""
        self._place_panels()
        self._tell_scale()

    def _tell_scale(self) -> None:
        text = self.scale_text()
        self.bar.show_scale(text, self.model.calibrated, self.model.view.is_true)
        self.bar.show_page(self.model.page, self.model.pages)
        self.bar.show_overlay(words.overlay_words(self.model))
        self.scale_changed.emit(text)

    def _place_panels(self) -> None:
        area = self.canvas.rect()
        window = self.measuring.window
        window.move(area.width() - window.width() - 12, area.height() - window.height() - 12)
        self.panels.place()

    def _key_pressed(self, event: QKeyEvent) -> None:
        if not keys.pressed(self, event):
            event.ignore()
            super().keyPressEvent(event)
