"""The whole viewer as an evented model: studies, stacks, layout, viewports, tool, key images. No Qt.

Windows follow it; the control socket and the tool bar change it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from clients.viewer.evented import Event
from clients.viewer.marks.book import MarkBook
from clients.viewer.panes import Splits
from clients.viewer.presets import LARGEST_LAYOUT, LAYOUTS, MOST_PANES, SECOND_LAYOUTS, Layout, Windows
from clients.viewer.spaces import Spaces
from clients.viewer.study import FrameKey, Stack, StudyDescription, stacks_of
from clients.viewer.undo import Step, UndoStack
from clients.viewer.viewport.information import Information
from clients.viewer.viewport.state import Shown, ViewportState
from shared.imaging.geometry import PixelPoint, PointMm, cut_of

SECOND_SCREEN = LARGEST_LAYOUT
"""Number of the first viewport of a second screen."""
FIRST_TILE = SECOND_SCREEN + max(layout.cells for layout in SECOND_LAYOUTS)
"""Number of the first pane that serves as a tile of another viewport's windows."""


class Tool(StrEnum):
    """What the left button does in a viewport."""

    PAGE = "page"
    WINDOW = "window"
    ZOOM = "zoom"
    PAN = "pan"
    ROTATE = "rotate"
    LENGTH = "length"
    ANGLE = "angle"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    PIXEL = "pixel"
    MAGNIFIER = "magnifier"


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """How the panes stand and what they show, to be put back later."""

    layout: Layout
    second: Layout | None
    windows: dict[int, Windows]
    square: bool
    shown: tuple[Shown, ...]  # of all viewports that are no tiles
    active: int


@dataclass(frozen=True, slots=True)
class WindowDrag:
    """How dragging windows (VW-OPN-01): up is wider and right is higher, unless signs or axes are swapped."""

    swapped: bool = False  # left and right change the width, up and down the level
    width_sign: int = 1
    level_sign: int = 1


@dataclass(frozen=True, slots=True)
class Cross:
    """The place in the patient that the reader points at (VW-CRS-01), in the coordinates of ``stack``."""

    point: PointMm
    stack: Stack


class ViewerSession:
    """One reader's viewer."""

    def __init__(self) -> None:
        self.studies_changed: Event[[]] = Event()
        self.stacks_renewed: Event[[]] = Event()
        self.layout_changed: Event[[]] = Event()
        self.active_changed: Event[[]] = Event()
        self.tool_changed: Event[[]] = Event()
        self.key_images_changed: Event[[FrameKey]] = Event()
        self.texts_changed: Event[[]] = Event()
        self.undo = UndoStack()
        self.marks = MarkBook(self.undo)
        self.cross_changed: Event[[]] = Event()
        self.viewports = tuple(ViewportState() for _ in range(FIRST_TILE + MOST_PANES - 1))
        """Viewports of the layout, then those of a second screen, then tiles; `visible` names those on screen."""
        self.splits = Splits(self.viewports, FIRST_TILE)
        self.spaces = Spaces()
        """Which frames of reference may be compared; registrations are put in here."""
        self._studies: tuple[StudyDescription, ...] = ()
        self._stacks: tuple[Stack, ...] = ()
        self._layout = LAYOUTS[0]
        self._second: Layout | None = None
        self._square = False
        self._before_maximise: tuple[Arrangement, int] | None = None
        self._cross: Cross | None = None
        self._active = 0
        self._tool: str = Tool.WINDOW
        self.buttons: dict[str, str] = {"middle": Tool.PAN, "right": Tool.WINDOW}
        self._key_images: dict[FrameKey, None] = {}
        self._texts_hidden = False
        self._information = Information()
        self.elements: dict[str, dict[str, str]] = {}
        """SOP Instance UID → texts of DICOM elements that the reader wants to see beside those of the header."""
        self._reference_lines = True
        self._reference_ends = False
        self.window_drag = WindowDrag()
        self.wheel_sign = 1
        """-1 turns the direction of the wheel round."""
        self.hanger: Callable[[], bool] | None = None
        """Lays out a study that is opened (hanging); False leaves that to the order of the series."""
        self.hung = False
        """True when what was opened last was hung by a protocol."""
        self.smooth = True
        """Enlarged pixels are interpolated; off shows them as squares (VW-EX-14)."""

    # --- studies

    @property
    def studies(self) -> tuple[StudyDescription, ...]:
        return self._studies

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """All stacks of the open studies in the order of the series bar."""
        return self._stacks

    @property
    def different_patients(self) -> bool:
        """True when the open studies carry more than one patient ID (VW-EX-06)."""
        return len({study.patient_id for study in self._studies}) > 1

    def open(self, study: StudyDescription) -> None:
        """Show ``study`` alone."""
        for step in self.steps_to_open(study):
            step()

    def steps_to_open(self, study: StudyDescription) -> tuple[Callable[[], object], ...]:
        """What `open` does, in parts of some milliseconds; the reader's hand may come between them.

        The last part alone puts the study there, so that nobody meets half of one.
        """
        stacks: list[Stack] = []

        def show() -> None:
            self._take(study, stacks)
            self._fill()
            self.studies_changed.emit()

        return (self._leave, lambda: stacks.extend(stacks_of(study)), show)

    def _leave(self) -> None:
        had_studies = bool(self._studies)
        self._clear()
        if had_studies:
            self.studies_changed.emit()

    def compare(self, study: StudyDescription) -> None:
        """Put ``study`` beside what is open: half of a layout of two for the newcomer's first stack."""
        if any(study.study_uid == known.study_uid for known in self._studies):
            return
        first_new = len(self._stacks)
        self._take(study)
        self.studies_changed.emit()
        if first_new == 0:
            self._fill()
            return
        if any(viewport.stack is not None and viewport.stack.study is study for viewport in self.cells):
            return  # hung already
        if self._layout.cells < 2:
            self.layout = LAYOUTS[1]
        if first_new < len(self._stacks):
            self.viewports[1].show(self._stacks[first_new])

    def append(self, study: StudyDescription) -> None:
        """Add ``study`` to the series bar; the viewports stay as they are (VW-HIS-02)."""
        if all(study.study_uid != known.study_uid for known in self._studies):
            self._take(study)
            self.studies_changed.emit()

    def close(self) -> None:
        """Forget all studies, marks and key images."""
        self._clear()
        self.studies_changed.emit()

    def _clear(self) -> None:
        self._studies, self._stacks = (), ()
        self._before_maximise = None
        self.cross = None
        self.spaces.clear()
        if self.splits.chosen:
            self.splits.set({})
            self.layout_changed.emit()
        self._key_images.clear()
        self.marks.clear()
        self.undo.clear()
        for viewport in self.viewports:
            viewport.show(None)
        self.active = 0

    def refresh(self, study: StudyDescription) -> None:
        """Take a newer description of an open study (more images have come); places keep their frame."""
        self._studies = tuple(study if s.study_uid == study.study_uid else s for s in self._studies)
        shown = [(viewport, viewport.key, viewport.stack) for viewport in self.viewports]
        kept = [stack for stack in self._stacks if stack.study.study_uid != study.study_uid]
        made = [stack for stack in self._stacks if stack.is_derived and stack.study.study_uid == study.study_uid]
        fresh = [*stacks_of(study), *made]
        self._stacks = tuple(
            stack
            for known in self._studies
            for stack in (fresh if known is study else [s for s in kept if s.study.study_uid == known.study_uid])
        )
        self.stacks_renewed.emit()  # before the viewports change, so that pixels can move over
        for viewport, key, old in shown:
            if key is None or old is None:
                continue
            for stack in self._stacks:
                if (index := stack.index_of(key)) is not None:
                    viewport.replace_stack(stack, index)
        self.studies_changed.emit()

    def add_stacks(self, added: Sequence[Stack], after: Stack) -> None:
        """Put stacks that the reader made behind the one they come from (VW-SER-01)."""
        place = next((n + 1 for n, stack in enumerate(self._stacks) if stack is after), len(self._stacks))
        self._stacks = (*self._stacks[:place], *added, *self._stacks[place:])
        self.studies_changed.emit()

    def remove_stacks(self, removed: Sequence[Stack], instead: Stack) -> None:
        """Take made stacks away; viewports that show one show ``instead`` at the same image where it has it."""
        gone = {id(stack) for stack in removed}
        self._stacks = tuple(stack for stack in self._stacks if id(stack) not in gone)
        for viewport in self.viewports:
            if viewport.stack is not None and id(viewport.stack) in gone:
                key = viewport.key
                index = instead.index_of(key) if key is not None else None
                if any(stack is instead for stack in self._stacks):
                    viewport.replace_stack(instead, index or 0)
                else:
                    viewport.show(None)
        self.studies_changed.emit()

    def _take(self, study: StudyDescription, stacks: Sequence[Stack] | None = None) -> None:
        self._studies = (*self._studies, study)
        self._stacks = (*self._stacks, *(stacks_of(study) if stacks is None else stacks))

    def _fill(self) -> None:
        """As hung, else consecutive series into the viewports, starting with the first (VW-LAY-07, VW-EX-10)."""
        self.hung = self.hanger is not None and self.hanger()
        if self.hung:
            return
        for n, viewport in enumerate(self.viewports):
            wanted = self._stacks[n] if n < self._layout.cells and n < len(self._stacks) else None
            if viewport.stack is not wanted:
                viewport.show(wanted)

    # --- layout

    @property
    def layout(self) -> Layout:
        return self._layout

    @layout.setter
    def layout(self, layout: Layout) -> None:
        if layout == self._layout:
            return
        self._layout = layout
        self._fit_windows()
        used = {id(viewport.stack) for viewport in self.cells if viewport.stack is not None}
        spare = [stack for stack in self._stacks if id(stack) not in used]
        for viewport in self.cells:
            if viewport.stack is None and spare:
                viewport.show(spare.pop(0))
        self._keep_active_visible()
        self.layout_changed.emit()

    @property
    def second(self) -> Layout | None:
        """Layout of a second screen; None while there is none."""
        return self._second

    @second.setter
    def second(self, layout: Layout | None) -> None:
        if layout != self._second:
            self._second = layout
            self._fit_windows()
            self._keep_active_visible()
            self.layout_changed.emit()

    @property
    def square(self) -> bool:
        """Square panes (VW-SQR-01)."""
        return self._square

    @square.setter
    def square(self, square: bool) -> None:
        if square != self._square:
            self._square = square
            self.layout_changed.emit()

    def can_split(self, cell: int, windows: Windows) -> bool:
        """True when that many windows fit beside the others: at most 30 panes together (VW-OPN-04)."""
        others = sum(len(self.splits.members(n)) for n in self.cell_numbers if n != cell)
        return others + windows.count <= MOST_PANES

    def split(self, cell: int, windows: Windows) -> None:
        """Windows for one viewport of the layout; what does not fit is ignored."""
        if windows != self.splits.windows(cell) and self.can_split(cell, windows):
            self.splits.set({**self.splits.chosen, cell: windows})
            self._keep_active_visible()
            self.layout_changed.emit()

    def _fit_windows(self) -> None:
        """Only viewports on screen have windows, and not too many."""
        shown = {n: windows for n, windows in self.splits.chosen.items() if n in self.cell_numbers}
        if len(self.cell_numbers) + sum(windows.count - 1 for windows in shown.values()) > MOST_PANES:
            shown = {}
        if shown != self.splits.chosen:
            self.splits.set(shown)

    def _keep_active_visible(self) -> None:
        if self._active not in self.visible_numbers:
            cell = self.splits.cell_of(self._active)
            self.active = cell if cell in self.cell_numbers else min(cell, self._layout.cells - 1)

    def arrangement(self) -> Arrangement:
        """Layout, windows and what is shown now."""
        shown = tuple(viewport.capture() for viewport in self.viewports[:FIRST_TILE])
        return Arrangement(self._layout, self._second, self.splits.chosen, self._square, shown, self._active)

    def put_back(self, arrangement: Arrangement) -> None:
        """Arrange as before; viewports that still show the same series keep their image and window."""
        self.splits.set({})
        self._layout, self._second, self._square = arrangement.layout, arrangement.second, arrangement.square
        for viewport, before in zip(self.viewports, arrangement.shown, strict=False):
            wanted = self._known(before)
            if viewport.stack is not wanted.stack:
                viewport.restore(wanted)
        self.splits.set(arrangement.windows)
        self.active = arrangement.active
        self._keep_active_visible()
        self.layout_changed.emit()

    def _known(self, shown: Shown) -> Shown:
        """The same image in the stacks of today: a study may have been described anew, or closed."""
        stack = shown.stack
        if stack is None or any(stack is known for known in self._stacks):
            return shown
        key = stack.frames[shown.index]
        for known in self._stacks:
            if (index := known.index_of(key)) is not None:
                return replace(shown, stack=known, index=index)
        is_open = any(stack.study.study_uid == study.study_uid for study in self._studies)
        return shown if is_open else replace(shown, stack=None, index=0)

    def arrange(self, name: str, change: Callable[[], object]) -> None:
        """Change layout, windows or what is shown as one step to undo (VW-EX-09); ``name`` is its Chinese text."""
        before, after = self.arrangement(), list[Arrangement]()

        def do() -> None:
            if after:
                self.put_back(after[0])
            else:
                change()
                after.append(self.arrangement())

        self.undo.run(Step(name, do, lambda: self.put_back(before)))

    def toggle_maximised(self, number: int) -> None:
        """One pane alone, and back: what the others show is kept."""
        if self._before_maximise is not None:
            arrangement, chosen = self._before_maximise
            self._before_maximise = None
            alone = self.viewports[0].capture()
            self.put_back(arrangement)
            first = arrangement.shown[0]
            if self.viewports[0].stack is not first.stack or chosen != 0:
                self.viewports[0].restore(self._known(first))
            if alone.stack is self.viewports[chosen].stack:
                self.viewports[chosen].restore(alone)
            self.active = chosen
        elif len(self.visible_numbers) > 1:
            self._before_maximise = (self.arrangement(), number)
            alone = self.viewports[number].capture()
            self.splits.set({})
            self.layout = LAYOUTS[0]
            if number != 0:
                self.viewports[0].restore(alone)
            self.active = 0
            self.layout_changed.emit()

    def forget_maximised(self) -> None:
        """The reader chose another layout: there is no way back to the one before."""
        self._before_maximise = None

    @property
    def cell_numbers(self) -> tuple[int, ...]:
        """Numbers of the viewports of the layout, row by row, then those of the second screen."""
        second = self._second.cells if self._second is not None else 0
        return (*range(self._layout.cells), *range(SECOND_SCREEN, SECOND_SCREEN + second))

    @property
    def cells(self) -> tuple[ViewportState, ...]:
        """The viewports that hold a series each."""
        return tuple(self.viewports[n] for n in self.cell_numbers)

    @property
    def visible_numbers(self) -> tuple[int, ...]:
        """Numbers of all panes on screen: each viewport of the layout followed by its tiles."""
        return tuple(member for cell in self.cell_numbers for member in self.splits.members(cell))

    @property
    def visible(self) -> tuple[ViewportState, ...]:
        """All panes on screen, tiles among them."""
        return tuple(self.viewports[n] for n in self.visible_numbers)

    @property
    def active(self) -> int:
        return self._active

    @active.setter
    def active(self, index: int) -> None:
        if index != self._active and 0 <= index < len(self.viewports):
            self._active = index
            self.active_changed.emit()

    @property
    def active_viewport(self) -> ViewportState:
        return self.viewports[self._active]

    # --- tool, texts

    @property
    def tool(self) -> str:
        """Id of the mouse tool of the left button: one of `Tool`, or one that a feature brought."""
        return self._tool

    @tool.setter
    def tool(self, tool: str) -> None:
        if tool != self._tool:
            self._tool = tool
            self.tool_changed.emit()

    def tool_of_button(self, button: str) -> str:
        """Id of the tool of ``left``, ``middle`` or ``right`` (VW-SET-07); empty when it has none."""
        return self._tool if button == "left" else self.buttons.get(button, "")

    @property
    def information(self) -> Information:
        """What the corners of the viewports say (VW-SET-02)."""
        return self._information

    @information.setter
    def information(self, information: Information) -> None:
        if information != self._information:
            self._information = information
            self.texts_changed.emit()

    @property
    def texts_hidden(self) -> bool:
        """Hide information: no DICOM text in the viewports (VW-HID-01)."""
        return self._texts_hidden

    @texts_hidden.setter
    def texts_hidden(self, hidden: bool) -> None:
        if hidden != self._texts_hidden:
            self._texts_hidden = hidden
            self.texts_changed.emit()

    @property
    def reference_lines(self) -> bool:
        """Show where the selected viewport's image cuts the others (VW-REF-01)."""
        return self._reference_lines

    @reference_lines.setter
    def reference_lines(self, shown: bool) -> None:
        if shown != self._reference_lines:
            self._reference_lines = shown
            self.texts_changed.emit()

    def show_squares(self) -> None:
        """Enlarged pixels as squares, or interpolated again."""
        self.smooth = not self.smooth
        self.texts_changed.emit()

    @property
    def reference_ends(self) -> bool:
        """Show where the first and the last image of the selected viewport cut the others."""
        return self._reference_ends

    @reference_ends.setter
    def reference_ends(self, shown: bool) -> None:
        if shown != self._reference_ends:
            self._reference_ends = shown
            self.texts_changed.emit()

    def reference_line(self, viewport: ViewportState) -> tuple[PixelPoint, PixelPoint] | None:
        """The cut of the selected viewport's image through ``viewport``'s; None where there is none to show."""
        return self._cut(viewport, self.active_viewport.index) if self._reference_lines else None

    def reference_end_lines(self, viewport: ViewportState) -> list[tuple[PixelPoint, PixelPoint]]:
        """The cuts of the first and the last image of the selected viewport's stack."""
        stack = self.active_viewport.stack
        if not self._reference_ends or stack is None or len(stack) < 2:
            return []
        return [cut for n in (0, len(stack) - 1) if (cut := self._cut(viewport, n)) is not None]

    def _cut(self, viewport: ViewportState, index: int) -> tuple[PixelPoint, PixelPoint] | None:
        active = self.active_viewport
        if viewport is active or len(self.cell_numbers) < 2:
            return None
        mine, other, target = viewport.stack, active.stack, viewport.frame
        if mine is None or other is None or target is None or not self.spaces.are_common(mine, other):
            return None
        plane = other.frame_header(index).plane
        plane = self.spaces.carry_plane(plane, other, mine) if plane is not None else None
        if target.plane is None or plane is None:
            return None
        rows, columns = mine.shape
        other_rows, other_columns = other.shape
        return cut_of(target.plane, columns, rows, plane, other_columns, other_rows)

    @property
    def cross(self) -> Cross | None:
        """The place that all viewports mark; None while nobody points."""
        return self._cross

    @cross.setter
    def cross(self, cross: Cross | None) -> None:
        if cross != self._cross:
            self._cross = cross
            self.cross_changed.emit()

    # --- key images

    @property
    def key_images(self) -> tuple[FrameKey, ...]:
        """Key images in the order in which they were marked."""
        return tuple(self._key_images)

    def is_key_image(self, key: FrameKey | None) -> bool:
        return key in self._key_images

    def toggle_key_image(self, key: FrameKey) -> None:
        """Mark or unmark; one step to undo."""
        self.undo.run(Step("关键图像", lambda: self._flip_key(key), lambda: self._flip_key(key)))

    def _flip_key(self, key: FrameKey) -> None:
        if key in self._key_images:
            del self._key_images[key]
        else:
            self._key_images[key] = None
        self.key_images_changed.emit(key)
