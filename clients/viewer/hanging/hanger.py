"""Hangs what is open: chooses a protocol, lays out its steps, steps on, switches. No Qt.

On opening the arrangement is made in one go, before any image comes; a switch by the reader can be undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clients.viewer.evented import Event
from clients.viewer.hanging import builtin
from clients.viewer.hanging.engine import Candidate, Fit, Placement, Situation, fits, place, steps_of
from clients.viewer.hanging.live import orientation_of, situation_of
from clients.viewer.hanging.turning import letters_of, turn_to, wanted_of
from clients.viewer.presets import LAYOUTS, WINDOW_PRESETS, Layout
from clients.viewer.session import FIRST_TILE, SECOND_SCREEN, Arrangement, ViewerSession
from clients.viewer.study import Stack
from clients.viewer.viewport.state import Shown
from clients.viewer.viewport.transform import Geometry
from shared.contract.hanging import Protocol, Step
from shared.imaging.lut import Window

_WINDOWS: dict[str, Window] = {preset.key: preset.window for preset in WINDOW_PRESETS}


@dataclass(frozen=True, slots=True)
class Hung:
    """What was hung: protocol, step, and what each cell shows."""

    fit: Fit
    steps: tuple[Step, ...]
    step: int
    placed: tuple[Placement, ...]
    shown: tuple[tuple[int, str, int], ...]  # number of the viewport, series UID, index; what was found for it
    empty: tuple[tuple[int, str], ...]  # number of the viewport, name of the image set that is missing

    @property
    def protocol(self) -> Protocol:
        return self.fit.protocol

    @property
    def is_linked(self) -> bool:
        links = [one.cell.link for one in self.placed if one.candidate is not None and one.cell.link]
        return len(links) > 1

    @property
    def same_size(self) -> tuple[int, ...]:
        """Positions in `placed` of the cells that are as large as one another."""
        return tuple(n for n, one in enumerate(self.placed) if one.candidate is not None and one.cell.zoom == "same")


class Hanger:
    """One for each window."""

    def __init__(self, session: ViewerSession) -> None:
        self.changed: Event[[]] = Event()
        """What is hung, or which protocols there are, has changed."""
        self.enabled = True
        self.kept: tuple[Protocol, ...] = ()
        """Protocols of the reader and of the house, beside those that come with the software."""
        self.hidden: frozenset[str] = frozenset()
        """UIDs of protocols that the reader does not want."""
        self.texts: dict[str, Mapping[str, str]] = {}
        """What headers say, by SOP Instance UID; filled from any thread before a study is shown."""
        self.hung: Hung | None = None
        self.fitting: tuple[Fit, ...] = ()
        self.zooms: dict[int, float] = {}
        """Zoom that was given to viewports so that all are equally large, by number."""
        self._session = session
        self._readers: Layout | None = None  # the layout before anything was hung
        self._laid: Layout | None = None  # the layout that was hung last

    # --- what there is

    def protocols(self) -> tuple[Protocol, ...]:
        """All that may be used."""
        return tuple(one for one in (*self.kept, *builtin.protocols()) if one.uid not in self.hidden)

    def situation(self) -> tuple[Situation, dict[Candidate, tuple[Stack, int]]]:
        """What is open, as the engine sees it."""
        session = self._session
        screens = 2 if session.second is not None else 1
        return situation_of(session.studies, session.stacks, self.texts, screens)

    @property
    def is_fresh(self) -> bool:
        """True while everything stands as it was hung: nobody chose another layout or series."""
        hung, session = self.hung, self._session
        if hung is None:
            return False
        step = hung.steps[hung.step]
        if (session.layout.columns, session.layout.rows) != (step.columns, step.rows) or session.splits.chosen:
            return False
        wanted = {number: series for number, series, _ in hung.shown}
        for number in session.cell_numbers:
            stack = session.viewports[number].stack
            if (stack.series.series_uid if stack is not None else None) != wanted.get(number):
                return False
        return True

    # --- hanging

    def hang(self) -> bool:
        """Lay out what is open by the best protocol; False when none fits or hanging is off."""
        self.hung, self.fitting = None, ()
        if not self._session.studies:
            self.changed.emit()
            return False
        situation, places = self.situation()
        self.fitting = tuple(fits(self.protocols(), situation))
        done = bool(self.enabled and self.fitting)
        if done:
            self._show(self.fitting[0], 0, situation, places)
        elif self._readers is not None and self._session.layout is self._laid:
            self._session.layout = self._readers
        self.changed.emit()
        return done

    def follow(self) -> None:
        """More has come (priors, late images): hang again where nothing was moved by hand."""
        hung = self.hung
        situation, places = self.situation()
        self.fitting = tuple(fits(self.protocols(), situation)) if self._session.studies else ()
        if hung is not None and self.enabled and self.is_fresh and self.fitting:
            before = max((one.candidate.age for one in hung.placed if one.candidate is not None), default=0)
            grown = situation.priors > before and self.fitting[0].protocol.priors > hung.protocol.priors
            same = next((one for one in self.fitting if one.protocol.uid == hung.protocol.uid), None)
            target = self.fitting[0] if grown or same is None else same
            step = 0 if target is not same else hung.step
            if target is not same or self._differs(target, step, situation, hung):
                self._show(target, step, situation, places)
        self.changed.emit()

    def _differs(self, target: Fit, step: int, situation: Situation, hung: Hung) -> bool:
        steps = steps_of(target.protocol, situation)
        chosen = steps[min(step, len(steps) - 1)]
        return place(target.protocol, (*chosen.cells, *chosen.second), situation) != hung.placed

    def use(self, uid: str) -> bool:
        """Hang by this protocol, as a step to undo; False when it does not fit what is open."""
        chosen = next((one for one in self.fitting if one.protocol.uid == uid), None)
        if chosen is None:
            return False
        self._arrange(chosen, 0)
        return True

    def switch(self, by: int) -> None:
        """The next or the previous of the fitting protocols, round and round."""
        if not self.fitting:
            return
        uids = [one.protocol.uid for one in self.fitting]
        now = uids.index(self.hung.protocol.uid) if self.hung and self.hung.protocol.uid in uids else -1
        first = 0 if by > 0 else len(uids) - 1
        self._arrange(self.fitting[first if now < 0 else (now + by) % len(uids)], 0)

    def step(self, by: int) -> None:
        """The next or the previous step of the protocol, round and round."""
        if self.hung is not None and len(self.hung.steps) > 1:
            self._arrange(self.hung.fit, (self.hung.step + by) % len(self.hung.steps))

    def _arrange(self, fit: Fit, step: int) -> None:
        situation, places = self.situation()
        self._session.forget_maximised()
        self._session.arrange("挂片", lambda: self._show(fit, step, situation, places))
        self.changed.emit()

    def _show(self, fit: Fit, step: int, situation: Situation, places: Mapping[Candidate, tuple[Stack, int]]) -> None:
        """Arrange the viewports in one go."""
        session = self._session
        steps = steps_of(fit.protocol, situation)
        chosen = steps[min(step, len(steps) - 1)]
        placed = place(fit.protocol, (*chosen.cells, *chosen.second), situation)
        numbers = [*range(len(chosen.cells)), *range(SECOND_SCREEN, SECOND_SCREEN + len(chosen.second))]
        shown: list[Shown] = [_nothing()] * FIRST_TILE
        found, empty = [], []
        for number, one in zip(numbers, placed, strict=True):
            if one.candidate is None or one.candidate not in places:
                if one.image_set is not None:
                    empty.append((number, one.image_set.name))
                continue
            stack, index = places[one.candidate]
            shown[number] = self._shown(one, stack, index)
            found.append((number, stack.series.series_uid, index))
        second = _layout(chosen.second_columns, chosen.second_rows) if chosen.second else session.second
        active = found[0][0] if found else 0
        self.hung = Hung(fit, steps, steps.index(chosen), placed, tuple(found), tuple(empty))
        self.zooms.clear()
        if session.layout is not self._laid:
            self._readers = session.layout
        self._laid = _layout(chosen.columns, chosen.rows)
        session.put_back(Arrangement(self._laid, second, {}, session.square, tuple(shown), active))
        for number, wanted in zip(numbers, (shown[n] for n in numbers), strict=True):
            if wanted.stack is not None and _differs(session.viewports[number].capture(), wanted):
                session.viewports[number].restore(wanted)

    def _shown(self, one: Placement, stack: Stack, index: int) -> Shown:
        cell = one.cell
        assert one.candidate is not None
        if len(stack) > 1 and one.candidate.facts.numbers.get("images", 1) > 1:
            index = {"middle": len(stack) // 2, "last": len(stack) - 1}.get(cell.first, 0)
        geometry = self._geometry(one, stack, index)
        return Shown(stack, index, _WINDOWS.get(cell.window), cell.inverted, "", None, geometry)

    def _geometry(self, one: Placement, stack: Stack, index: int) -> Geometry:
        cell = one.cell
        assert one.candidate is not None
        facts = one.candidate.facts
        flipped, rotation = cell.flipped, float(cell.rotation)
        wanted = wanted_of(cell.orientation, facts.one("side"), facts.one("view"))
        if all(wanted):
            plane = stack.frame_header(index).plane
            present: Sequence[str] = letters_of(plane) if plane is not None else ()
            turn = turn_to(orientation_of(stack, index, self.texts) or present, wanted)
            flipped, rotation = turn.flipped, float(turn.rotation)
        geometry = Geometry(flip_horizontal=flipped, rotation_deg=rotation, justify=cell.justify)
        return replace(geometry, actual_size=True) if cell.zoom == "actual" else geometry


def _nothing() -> Shown:
    return Shown(None, 0, None, False, "", None, Geometry())


def _differs(now: Shown, wanted: Shown) -> bool:
    same = now.stack is wanted.stack and now.index == wanted.index and now.voi is wanted.voi
    return not same or now.geometry != wanted.geometry or now.inverted != wanted.inverted


def _layout(columns: int, rows: int) -> Layout:
    """A layout of the menus where there is one of that size."""
    known = next((one for one in LAYOUTS if (one.columns, one.rows) == (columns, rows)), None)
    return known or Layout(f"{columns}x{rows}", "挂片", columns, rows, "VW-EX-10")
