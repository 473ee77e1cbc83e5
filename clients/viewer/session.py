"""The whole viewer as an evented model: studies, stacks, layout, viewports, tool, key images. No Qt.

Windows follow it; the control socket and the tool bar change it.
"""

from __future__ import annotations

from enum import StrEnum

from clients.viewer.evented import Event
from clients.viewer.measurements import MeasurementBook
from clients.viewer.presets import LARGEST_LAYOUT, LAYOUTS, Layout
from clients.viewer.study import FrameKey, Stack, StudyDescription, stacks_of
from clients.viewer.undo import Step, UndoStack
from clients.viewer.viewport.state import ViewportState
from shared.imaging.geometry import PixelPoint, cut_of


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
        self.measurements = MeasurementBook(self.undo)
        self.viewports = tuple(ViewportState() for _ in range(LARGEST_LAYOUT))
        self._studies: tuple[StudyDescription, ...] = ()
        self._stacks: tuple[Stack, ...] = ()
        self._layout = LAYOUTS[0]
        self._before_maximise: tuple[Layout, list[tuple[Stack | None, int]]] | None = None
        self._active = 0
        self._tool: str = Tool.WINDOW
        self.buttons: dict[str, str] = {"middle": Tool.PAN, "right": Tool.WINDOW}
        self._key_images: dict[FrameKey, None] = {}
        self._texts_hidden = False
        self._reference_lines = True

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
        self.close()
        self._take(study)
        self._fill()
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
        """Forget all studies, measurements and key images."""
        self._studies, self._stacks = (), ()
        self._key_images.clear()
        self.measurements.clear()
        self.undo.clear()
        for viewport in self.viewports:
            viewport.show(None)
        self.active = 0
        self.studies_changed.emit()

    def refresh(self, study: StudyDescription) -> None:
        """Take a newer description of an open study (more images have come); places keep their frame."""
        self._studies = tuple(study if s.study_uid == study.study_uid else s for s in self._studies)
        shown = [(viewport, viewport.key, viewport.stack) for viewport in self.viewports]
        kept = [stack for stack in self._stacks if stack.study.study_uid != study.study_uid]
        fresh = list(stacks_of(study))
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

    def _take(self, study: StudyDescription) -> None:
        self._studies = (*self._studies, study)
        self._stacks = (*self._stacks, *stacks_of(study))

    def _fill(self) -> None:
        """Consecutive series into the viewports of the layout, starting with the first (VW-LAY-07)."""
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
        used = {id(viewport.stack) for viewport in self.visible if viewport.stack is not None}
        spare = [stack for stack in self._stacks if id(stack) not in used]
        for viewport in self.visible:
            if viewport.stack is None and spare:
                viewport.show(spare.pop(0))
        self.active = min(self._active, layout.cells - 1)
        self.layout_changed.emit()

    def toggle_maximised(self, number: int) -> None:
        """One viewport alone, and back: what the others show is kept."""
        if self._before_maximise is not None:
            layout, contents = self._before_maximise
            self._before_maximise = None
            first = self.viewports[0]
            self.layout = layout
            shown = (first.stack, first.index)
            for n, (stack, index) in enumerate(contents):
                if self.viewports[n].stack is not stack:
                    self.viewports[n].show(stack, index)
            chosen = next((n for n, (stack, _) in enumerate(contents) if stack is shown[0]), 0)
            self.viewports[chosen].index = shown[1]
            self.active = chosen
        elif self._layout.cells > 1:
            self._before_maximise = (self._layout, [(v.stack, v.index) for v in self.visible])
            stack, index = self.viewports[number].stack, self.viewports[number].index
            self.layout = LAYOUTS[0]
            if self.viewports[0].stack is not stack:
                self.viewports[0].show(stack, index)

    def forget_maximised(self) -> None:
        """The reader chose another layout: there is no way back to the one before."""
        self._before_maximise = None

    @property
    def visible(self) -> tuple[ViewportState, ...]:
        """Viewports of the layout, row by row."""
        return self.viewports[: self._layout.cells]

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

    def reference_line(self, viewport: ViewportState) -> tuple[PixelPoint, PixelPoint] | None:
        """The cut of the selected viewport's image through ``viewport``'s; None where there is none to show."""
        active = self.active_viewport
        if not self._reference_lines or viewport is active or self._layout.cells < 2:
            return None
        mine, others = viewport.stack, active.stack
        if mine is None or others is None or not mine.shares_space_with(others):
            return None
        target, plane = viewport.frame, active.frame
        if target is None or plane is None or target.plane is None or plane.plane is None:
            return None
        rows, columns = mine.shape
        other_rows, other_columns = others.shape
        return cut_of(target.plane, columns, rows, plane.plane, other_columns, other_rows)

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
