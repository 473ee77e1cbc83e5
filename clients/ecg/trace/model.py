"""What the waveform area knows: record, choices, place, tools, measurements; answers with scenes. No Qt.

``TraceModel`` is changed by calls and read by the canvas; what needs a worker is handed out as work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clients.ecg.trace import scene as scenes
from clients.ecg.trace.calipers import Caliper
from clients.ecg.trace.choices import Mode, ViewChoices
from clients.ecg.trace.measurement import Measurement, Parameter
from clients.ecg.trace.signals import SignalStore
from clients.ecg.trace.viewport import Viewport

if TYPE_CHECKING:
    from clients.ecg.trace.scene import Scene
    from clients.ecg.trace.signals import Piece
    from shared.waveform.beats import Beat, Delineation
    from shared.waveform.layouts import Page
    from shared.waveform.measuring import Analysis
    from shared.waveform.record import EcgRecord


class TraceModel:
    """State of one waveform area."""

    def __init__(self) -> None:
        self.record: EcgRecord | None = None
        self.analysis: Analysis | None = None
        self.store: SignalStore | None = None
        self.choices = ViewChoices()
        self.mode = Mode.READ
        self.parameter = Parameter.RR
        self.page = 0
        self.view = Viewport()
        self.calibrated = False
        self.measurements: list[Measurement] = []
        self.caliper: Caliper | None = None
        self.parallel: tuple[float, float, float, float] | None = None  # mm of paper: x, y of two corners
        self.marked_s: float | None = None
        self.other: Analysis | None = None
        self.other_name = ""
        self._scene: Scene | None = None
        self._filtered = True
        self.filter_failed = False

    # --- record

    def take(self, record: EcgRecord | None, analysis: Analysis | None) -> None:
        """Another record: first page, no measurements, no overlay; choices stay."""
        self.record, self.analysis = record, analysis
        self.store = SignalStore(record) if record is not None else None
        self.page, self.measurements = 0, []
        self.caliper = self.parallel = self.marked_s = None
        self.other, self.other_name = None, ""
        self.forget_scene()

    def take_analysis(self, analysis: Analysis | None) -> None:
        """Other beats for the same record."""
        self.analysis = analysis
        self.forget_scene()

    def take_points(self, found: Delineation) -> None:
        """Points that were moved by hand, until they are measured anew."""
        if self.analysis is not None:
            self.analysis = replace(self.analysis, delineation=found)

    @property
    def beats(self) -> tuple[Beat, ...]:
        """All beats of the record."""
        return self.analysis.delineation.beats if self.analysis is not None else ()

    def rr_ms(self) -> float | None:
        """What QTc is corrected with: the last RR measured by hand, else the analysis'."""
        for each in reversed(self.measurements):
            if each.parameter is Parameter.RR:
                return each.ms / max(each.cycles, 1)
        return self.analysis.measurements.rr_ms if self.analysis is not None else None

    # --- choices and place

    def choose(self, choices: ViewChoices) -> bool:
        """True when something changed; impossible values become the defaults. The second shown stays shown."""
        choices = scenes.possible(choices)
        if choices == self.choices:
            return False
        if self.record is not None and choices.speed != self.choices.speed:
            here = self.page * scenes.seconds_of_page(self.record, self.choices.speed)
            self.page = int(here // scenes.seconds_of_page(self.record, choices.speed))
        self.choices = choices
        self.forget_scene()
        return True

    @property
    def pages(self) -> int:
        """Pages of the record; 1 without one."""
        return scenes.page_count(self.record, self.choices.speed) if self.record is not None else 1

    def go(self, number: int) -> bool:
        """To a page, clamped; True when it is another one."""
        number = min(max(number, 0), self.pages - 1)
        changed = number != self.page
        self.page = number
        if changed:
            self.forget_scene()
        return changed

    def page_of(self, seconds: float) -> int:
        """The page that holds a second."""
        if self.record is None:
            return 0
        return int(max(seconds, 0.0) // scenes.seconds_of_page(self.record, self.choices.speed))

    # --- scenes

    def forget_scene(self) -> None:
        """Something that the scene is made of changed."""
        self._scene = None

    def laid_out(self) -> Page | None:
        """The page now, without values."""
        return scenes.laid_out(self.record, self.choices, self.page) if self.record is not None else None

    def piece(self, page: Page) -> Piece | None:
        """The filtered values of the page; None where a worker must make them first."""
        assert self.store is not None
        return self.store.piece(self.choices.filters, page.start, page.start + page.seconds)

    @property
    def filtered(self) -> bool:
        """Whether the last scene shows the chosen filter (else: as recorded, until it is through)."""
        return self._filtered

    def scene(self) -> Scene | None:
        """What is drawn now; as recorded while the filter is under way."""
        if self.record is None or self.store is None:
            return None
        if self._scene is None:
            page = scenes.laid_out(self.record, self.choices, self.page)
            piece = self.piece(page)
            self._filtered = piece is not None
            if piece is None:
                piece = self.store.raw(page.start, page.start + page.seconds)
            median = self.analysis.median if self.analysis is not None else None
            window = self.view.height * self.view.pitch
            self._scene = scenes.build(self.record, self.choices, page, piece, median, window)
        return self._scene

    def gain(self) -> float:
        """mm/mV in force."""
        scene = self.scene()
        return scene.ruling.gain if scene is not None else self.choices.gain or 10.0
