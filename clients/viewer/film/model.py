"""What lies on the films: cells in one long row that is cut into films, what is selected, and undo. No Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from clients.viewer.evented import Event
from clients.viewer.film.sheets import Box, SheetSetup
from clients.viewer.study import Stack
from clients.viewer.undo import Step, UndoStack
from clients.viewer.viewport.state import Shown
from clients.viewer.viewport.transform import (
    LARGEST_ZOOM,
    SMALLEST_ZOOM,
    Geometry,
    Place,
    Projection,
    fit_scale,
    project,
)
from shared.imaging.geometry import PixelPoint, Spacing, SpacingSource
from shared.imaging.lut import Window

MOST_CELLS = 4000


class Scope(StrEnum):
    """On which cells an adjustment works (VW-PRT-03)."""

    PAGE = "page"
    ALL = "all"
    SELECTED = "selected"


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One image on a film, as it is shown there; ``original`` is how it came."""

    shown: Shown
    original: Shown
    true_size: bool = False

    @property
    def stack(self) -> Stack:
        assert self.shown.stack is not None
        return self.shown.stack

    @property
    def index(self) -> int:
        return self.shown.index

    @property
    def geometry(self) -> Geometry:
        return self.shown.geometry

    def with_geometry(self, geometry: Geometry) -> Cell:
        """The same image otherwise placed."""
        return replace(self, shown=replace(self.shown, geometry=geometry))

    def spacing(self) -> Spacing:
        """Millimetres in the middle of the image."""
        image = self.stack.image(self.index)
        fmt = image.pixel_format
        frame = min(self.stack.frames[self.index].frame, len(image.frames) - 1)
        return image.spacing_at(frame, PixelPoint((fmt.columns - 1) / 2, (fmt.rows - 1) / 2))

    def projection(self, width: int, height: int, pixels_per_mm: float) -> Projection:
        """The map from the image to a cell of ``width`` × ``height`` pixels."""
        fmt = self.stack.image(self.index).pixel_format
        return project(
            self.placed(pixels_per_mm),
            columns=fmt.columns,
            rows=fmt.rows,
            aspect=self.stack.frame_header(self.index).spacing.aspect,
            width=width,
            height=height,
        )

    def placed(self, pixels_per_mm: float) -> Geometry:
        """The geometry at a resolution: true size becomes a scale."""
        if not self.true_size:
            return self.geometry
        return replace(self.geometry, scale=self.spacing().row_mm * pixels_per_mm, actual_size=False)


def patient_of(cell: Cell) -> str:
    """Whose image it is: the Patient ID; without one every study counts as another patient."""
    study = cell.stack.study
    return study.patient_id.strip() or f"{study.patient_name} {study.study_uid}"


def cell_of(shown: Shown) -> Cell:
    """An image as a viewport shows it; sizes that belong to a screen become the size that fits."""
    geometry = shown.geometry
    if geometry.actual_size or geometry.scale is not None:
        geometry = replace(geometry, actual_size=False, scale=None, zoom=1.0, centre=None)
    film = replace(shown, geometry=geometry)
    return Cell(film, film)


def cell_of_image(stack: Stack, index: int) -> Cell:
    """An image as it comes."""
    return cell_of(Shown(stack, index, None, False, "", None, Geometry()))


# --- adjustments of one cell ------------------------------------------------------------------------------


def windowed(cell: Cell, start: Window, width_by: float, level_by: float) -> Cell:
    """The window of a drag that began at ``start``."""
    window = Window(start.centre + level_by, max(start.width + width_by, 1.0), start.function)
    return replace(cell, shown=replace(cell.shown, voi=window))


def panned(cell: Cell, dx_mm: float, dy_mm: float, box: Box) -> Cell:
    """The image moved by so many millimetres of film."""
    k = 10.0  # pixels a millimetre: any will do
    width, height = max(1, round(box.width * k)), max(1, round(box.height * k))
    projection = cell.projection(width, height, k)
    middle = projection.image(Place(width / 2 - dx_mm * k, height / 2 - dy_mm * k))
    return cell.with_geometry(replace(cell.geometry, centre=middle))


def zoomed(cell: Cell, factor: float, box: Box) -> Cell:
    """Larger or smaller around the middle of the cell; true size ends, from the size that it had."""
    zoom = cell.geometry.zoom
    if cell.true_size:
        fmt = cell.stack.image(cell.index).pixel_format
        aspect = cell.stack.frame_header(cell.index).spacing.aspect
        width, height = max(1, round(box.width * 10)), max(1, round(box.height * 10))
        fit = fit_scale(cell.geometry, fmt.columns, fmt.rows, aspect, width, height)
        zoom = cell.spacing().row_mm * 10 / fit
    zoom = min(max(zoom * factor, SMALLEST_ZOOM), LARGEST_ZOOM)
    return replace(cell.with_geometry(replace(cell.geometry, zoom=zoom)), true_size=False)


def turned(cell: Cell, degrees: float) -> Cell:
    """Clockwise for positive angles."""
    angle = math.fmod(cell.geometry.rotation_deg + degrees, 360.0)
    return cell.with_geometry(replace(cell.geometry, rotation_deg=angle))


def flipped(cell: Cell, *, horizontal: bool) -> Cell:
    """Mirrored along the axes of the film."""
    now = cell.geometry
    changed = replace(now, rotation_deg=-now.rotation_deg)
    if horizontal:
        return cell.with_geometry(replace(changed, flip_horizontal=not now.flip_horizontal))
    return cell.with_geometry(replace(changed, flip_vertical=not now.flip_vertical))


def inverted(cell: Cell) -> Cell:
    return replace(cell, shown=replace(cell.shown, inverted=not cell.shown.inverted))


def as_came(cell: Cell) -> Cell:
    """As it was when it came onto the film."""
    return replace(cell, shown=cell.original, true_size=False)


def in_true_size(cell: Cell, on: bool) -> Cell:
    """A millimetre of the patient is one of the film. Images without millimetres stay as they are."""
    if on and not cell.spacing().is_known:
        return cell
    return replace(cell, true_size=on)


def is_true_in_patient(cell: Cell) -> bool:
    """False where the millimetres hold at the detector or by an estimate only."""
    return cell.spacing().source in (
        SpacingSource.PATIENT,
        SpacingSource.CALIBRATED,
        SpacingSource.REGION,
        SpacingSource.SCANNER,
    )


# --- all films --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _State:
    cells: tuple[Cell | None, ...] = ()
    setup: SheetSetup = field(default_factory=SheetSetup)


class FilmModel:
    """All films of a job. ``changed`` tells after each change; cells are numbered through all films."""

    def __init__(self, setup: SheetSetup | None = None) -> None:
        self.changed: Event[[]] = Event()
        self.undo = UndoStack()
        self._state = _State((), setup or SheetSetup())
        self._before: _State | None = None
        self.current = 0
        """The film that is shown, from 0."""
        self.selected: frozenset[int] = frozenset()
        self.marked: frozenset[int] = frozenset()
        """Films that the reader marked for printing."""
        self.scope = Scope.PAGE

    # --- what there is

    @property
    def cells(self) -> tuple[Cell | None, ...]:
        return self._state.cells

    @property
    def start_cells(self) -> tuple[Cell | None, ...]:
        """The cells as they were when the present drag began."""
        return (self._before or self._state).cells

    @property
    def setup(self) -> SheetSetup:
        return self._state.setup

    @property
    def films(self) -> int:
        """Number of films, at least one."""
        return max(1, -(-len(self.cells) // self.setup.layout.cells))

    def film(self, number: int) -> tuple[Cell | None, ...]:
        """The cells of a film, None for empty ones."""
        each = self.setup.layout.cells
        part = self.cells[number * each : (number + 1) * each]
        return part + (None,) * (each - len(part))

    def stacks(self) -> tuple[Stack, ...]:
        """The stacks that the images are of, each once."""
        return tuple({id(cell.stack): cell.stack for cell in self.cells if cell is not None}.values())

    def used_films(self) -> tuple[int, ...]:
        """Films with at least one image."""
        return tuple(n for n in range(self.films) if any(self.film(n)))

    def patients_on(self, number: int) -> tuple[str, ...]:
        """The patients on a film (`patient_of`); more than one must not be printed."""
        return tuple(dict.fromkeys(patient_of(c) for c in self.film(number) if c is not None))

    def cells_without_mm(self) -> int:
        """How many images cannot be printed in true size."""
        return sum(1 for cell in self.cells if cell is not None and not cell.spacing().is_known)

    # --- changes that are steps

    def add(self, cells: Sequence[Cell]) -> int:
        """Put images behind the last one, another patient's onto a new film; returns the first one's number.

        Raises ValueError when there would be too many.
        """
        now = list(self.cells)
        each = self.setup.layout.cells
        first = -1
        for cell in cells:
            before = next((c for c in reversed(now) if c is not None), None)
            if before is not None and patient_of(before) != patient_of(cell):
                now += [None] * (-len(now) % each)
            if first < 0:
                first = len(now)
            now.append(cell)
        if len(now) > MOST_CELLS:
            raise ValueError(MOST_CELLS)
        if cells:
            self._run("添加图像", replace(self._state, cells=tuple(now)))
            self.current = first // each
            self.selected = frozenset({first}) if len(cells) == 1 else frozenset()
            self.changed.emit()
        return first

    def delete(self, numbers: Iterable[int]) -> None:
        """Take cells away; those behind move up."""
        gone = set(numbers)
        if gone:
            cells = tuple(cell for n, cell in enumerate(self.cells) if n not in gone)
            self.selected = frozenset()
            self._run("删除图像", replace(self._state, cells=_trimmed(cells)))

    def delete_film(self, number: int) -> None:
        """Take a film with all its images away."""
        each = self.setup.layout.cells
        cells = self.cells[: number * each] + self.cells[(number + 1) * each :]
        self.selected = frozenset()
        self.marked = frozenset(n - (n > number) for n in self.marked if n != number)
        self._run("删除胶片", replace(self._state, cells=_trimmed(cells)))

    def move(self, numbers: Iterable[int], to: int) -> None:
        """Put cells before the one that is at ``to`` now."""
        chosen = sorted(set(numbers) & set(range(len(self.cells))))
        if not chosen:
            return
        taken = [self.cells[n] for n in chosen]
        left = [(n, cell) for n, cell in enumerate(self.cells) if n not in set(chosen)]
        at = sum(1 for n, _ in left if n < to)
        cells = [cell for _, cell in left]
        cells[at:at] = taken
        self.selected = frozenset(range(at, at + len(taken)))
        self._run("移动图像", replace(self._state, cells=_trimmed(tuple(cells))))

    def set_up(self, setup: SheetSetup) -> None:
        """Another size, orientation or layout: the images flow into the new cells."""
        if setup == self.setup:
            return
        first = self.current * self.setup.layout.cells
        cells = self.cells
        if setup.layout.cells != self.setup.layout.cells:
            cells = _flowed(cells, setup.layout.cells)
            self.marked = frozenset()
        self.current = min(first // setup.layout.cells, max(0, -(-len(cells) // setup.layout.cells) - 1))
        self._run("改变胶片", _State(cells, setup))

    def clear(self) -> None:
        """Forget everything, also what could be taken back: another patient comes."""
        self._state, self._before = _State((), self.setup), None
        self.current, self.selected, self.marked = 0, frozenset(), frozenset()
        self.undo.clear()
        self.changed.emit()

    # --- adjustments

    def in_scope(self) -> tuple[int, ...]:
        """Numbers of the cells that an adjustment works on."""
        each = self.setup.layout.cells
        if self.scope is Scope.SELECTED:
            numbers: Iterable[int] = sorted(self.selected)
        elif self.scope is Scope.PAGE:
            numbers = range(self.current * each, (self.current + 1) * each)
        else:
            numbers = range(len(self.cells))
        return tuple(n for n in numbers if n < len(self.cells) and self.cells[n] is not None)

    def box_of(self, number: int) -> Box:
        """Where a cell lies on its film."""
        return self.setup.boxes[number % self.setup.layout.cells]

    def adjust(self, name: str, change: Callable[[Cell, Box], Cell], numbers: Iterable[int] | None = None) -> None:
        """Change the cells in the scope, or ``numbers``, as one step; during a drag, from its beginning."""
        chosen = set(self.in_scope() if numbers is None else numbers)
        start = self._before or self._state
        cells = tuple(
            change(cell, self.box_of(n)) if n in chosen and cell is not None else cell
            for n, cell in enumerate(start.cells)
        )
        if self._before is not None:
            self._state = replace(start, cells=cells)
            self.changed.emit()
        elif chosen:
            self._run(name, replace(start, cells=cells))

    def begin_drag(self) -> None:
        """From now on adjustments count from here and are no steps of their own."""
        self._before = self._state

    def end_drag(self, name: str) -> None:
        """What changed since `begin_drag` is one step."""
        before, self._before = self._before, None
        if before is not None and before is not self._state:
            after, self._state = self._state, before
            self._run(name, after)

    # --- selection

    def show(self, number: int) -> None:
        """Look at another film."""
        number = min(max(number, 0), self.films - 1)
        if number != self.current:
            self.current = number
            self.changed.emit()

    def select(self, numbers: Iterable[int]) -> None:
        self.selected = frozenset(n for n in numbers if 0 <= n < len(self.cells))
        self.changed.emit()

    def toggle_mark(self, film: int) -> None:
        self.marked = self.marked ^ {film}
        self.changed.emit()

    def _run(self, name: str, after: _State) -> None:
        before = self._state

        def put(state: _State) -> None:
            self._state = state
            self.current = min(self.current, self.films - 1)
            self.selected = frozenset(n for n in self.selected if n < len(state.cells))
            self.marked = frozenset(n for n in self.marked if n < self.films)
            self.changed.emit()

        self.undo.run(Step(name, lambda: put(after), lambda: put(before)))


def _trimmed(cells: tuple[Cell | None, ...]) -> tuple[Cell | None, ...]:
    """Without empty cells at the end."""
    count = len(cells)
    while count and cells[count - 1] is None:
        count -= 1
    return cells[:count]


def _flowed(cells: tuple[Cell | None, ...], each: int) -> tuple[Cell | None, ...]:
    """The images anew into films of ``each`` cells; every patient begins a film."""
    flowed: list[Cell | None] = []
    patient = None
    for cell in cells:
        if cell is None:
            continue
        if patient is not None and patient != patient_of(cell):
            flowed += [None] * (-len(flowed) % each)
        patient = patient_of(cell)
        flowed.append(cell)
    return tuple(flowed)
