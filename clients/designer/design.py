"""A template being edited: selection, moving, resizing, snapping, alignment, undo and redo; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.paper.blocks import AnyBlock
from shared.paper.builtin import builtin
from shared.paper.facts import lists_of
from shared.paper.kinds import OF_PATHOLOGY, DocumentKind
from shared.paper.template import (
    AnyElement,
    BoxElement,
    CodeElement,
    FieldRow,
    FieldsElement,
    FlowElement,
    ImageElement,
    LineElement,
    RepeatElement,
    Template,
    TextElement,
    WatermarkElement,
    Words,
)

GRID_MM = 0.5
SNAP_MM = 1.0
LEAST_MM = 1.0
MOST_UNDO = 200

Place = tuple[float, float, float, float]  # left, top, right, bottom in mm
Places = dict[int, Place]


@dataclass(frozen=True)
class Guide:
    """A line that something snapped to; `is_vertical` at x, else at y."""

    is_vertical: bool
    at_mm: float


class Design:
    """One template with what is selected and what was before.

    `begin` and `end` frame a gesture, so that a drag is one step of undo. Indexes are places in `template.elements`.
    """

    def __init__(self, template: Template) -> None:
        self.template = template
        self.selected: tuple[int, ...] = ()
        self._saved = template
        self._undo: list[tuple[Template, tuple[int, ...]]] = []
        self._redo: list[tuple[Template, tuple[int, ...]]] = []
        self._gesture: tuple[Template, tuple[int, ...]] | None = None

    # ── state ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to save."""
        return self.template != self._saved

    @property
    def may_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._undo)

    @property
    def may_redo(self) -> bool:
        """Whether something was taken back."""
        return bool(self._redo)

    @property
    def one(self) -> AnyElement | None:
        """The element, if exactly one is selected."""
        return self.template.elements[self.selected[0]] if len(self.selected) == 1 else None

    def saved(self, template: Template) -> None:
        """The server keeps this."""
        self._saved = template

    # ── undo ─────────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """A gesture begins: what follows is one step."""
        if self._gesture is None:
            self._gesture = (self.template, self.selected)

    def end(self) -> None:
        """The gesture is over."""
        if self._gesture is not None and self._gesture[0] != self.template:
            self._remember(self._gesture)
        self._gesture = None

    def cancel(self) -> None:
        """The gesture never was."""
        if self._gesture is not None:
            self.template, self.selected = self._gesture
        self._gesture = None

    def undo(self) -> None:
        """Take the last step back."""
        self.end()
        if self._undo:
            self._redo.append((self.template, self.selected))
            self.template, self.selected = self._undo.pop()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.end()
        if self._redo:
            self._undo.append((self.template, self.selected))
            self.template, self.selected = self._redo.pop()

    def _remember(self, before: tuple[Template, tuple[int, ...]]) -> None:
        self._undo = [*self._undo, before][-MOST_UNDO:]
        self._redo = []

    def put(self, template: Template, selected: Iterable[int] | None = None) -> None:
        """Another template, as one step."""
        if template != self.template and self._gesture is None:
            self._remember((self.template, self.selected))
        self.template = template
        kept = self.selected if selected is None else tuple(selected)
        self.selected = tuple(index for index in kept if 0 <= index < len(template.elements))

    # ── selection ────────────────────────────────────────────────────────────────────────────────────

    def select(self, *indexes: int) -> None:
        """Select these and nothing else."""
        self.selected = tuple(sorted({index for index in indexes if 0 <= index < len(self.template.elements)}))

    def toggle(self, index: int) -> None:
        """Add to the selection, or take away."""
        chosen = set(self.selected) ^ {index}
        self.select(*chosen)

    def select_all(self) -> None:
        """Select everything."""
        self.select(*range(len(self.template.elements)))

    def step(self, forward: bool) -> None:
        """Select the next or the former element."""
        count = len(self.template.elements)
        if count:
            last = self.selected[-1 if forward else 0] if self.selected else (-1 if forward else 0)
            self.select((last + (1 if forward else -1)) % count)

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────

    def change(self, make: Callable[[AnyElement], AnyElement], indexes: Iterable[int] | None = None) -> None:
        """Replace elements, the selected ones without `indexes`."""
        wanted = set(self.selected if indexes is None else indexes)
        elements = tuple(
            make(element) if index in wanted else element for index, element in enumerate(self.template.elements)
        )
        self.put(msgspec.structs.replace(self.template, elements=elements))

    def set_field(self, name: str, value: Any) -> None:
        """Change a field of the selected elements that have it."""
        self.change(lambda one: msgspec.structs.replace(one, **{name: value}) if name in one.__struct_fields__ else one)

    def set_page(self, **changes: Any) -> None:
        """Change the paper."""
        page = msgspec.structs.replace(self.template.page, **changes)
        self.put(msgspec.structs.replace(self.template, page=page))

    def move(self, dx: float, dy: float) -> None:
        """Move the selected elements; what stands below a moved one follows by itself and moves once."""
        chosen = {self.template.elements[index].id for index in self.selected} - {""}

        def moved(one: AnyElement) -> AnyElement:
            down = 0.0 if one.below in chosen else dy
            changes: dict[str, Any] = {"x_mm": _tidy(one.x_mm + dx), "y_mm": _tidy(one.y_mm + down)}
            if isinstance(one, LineElement):
                changes["x2_mm"] = _tidy(one.x2_mm + dx)
            return msgspec.structs.replace(one, **changes)

        self.change(moved)

    def resize(self, dw: float, dh: float) -> None:
        """Make the one selected element larger by this at its lower right corner."""
        self.change(lambda one: resized(one, dw, dh))

    def remove(self) -> None:
        """Delete what is selected; what stood below it keeps its place from the top."""
        gone = {index: element.id for index, element in enumerate(self.template.elements) if index in self.selected}
        ids = set(gone.values()) - {""}
        left = tuple(
            msgspec.structs.replace(element, below="") if element.below in ids else element
            for index, element in enumerate(self.template.elements)
            if index not in gone
        )
        self.put(msgspec.structs.replace(self.template, elements=left), ())

    def duplicate(self) -> None:
        """Copies of what is selected, a little lower and to the right, selected in its place."""
        copies = tuple(msgspec.structs.replace(self.template.elements[index], id="") for index in self.selected)
        self.add(*copies)
        self._move_last_step(2.0, 2.0)

    def _move_last_step(self, dx: float, dy: float) -> None:
        self._gesture = self._undo.pop() if self._undo else (self.template, self.selected)
        self.move(dx, dy)
        self.end()

    def add(self, *elements: AnyElement) -> None:
        """Add elements above all others and select them."""
        count = len(self.template.elements)
        template = msgspec.structs.replace(self.template, elements=(*self.template.elements, *elements))
        self.put(template, range(count, count + len(elements)))

    def reorder(self, forward: bool) -> None:
        """Bring the one selected element one step to the front or back: later ones are drawn over earlier ones."""
        if len(self.selected) != 1:
            return
        index = self.selected[0]
        other = index + (1 if forward else -1)
        elements = list(self.template.elements)
        if not 0 <= other < len(elements):
            return
        elements[index], elements[other] = elements[other], elements[index]
        self.put(msgspec.structs.replace(self.template, elements=tuple(elements)), (other,))

    # ── blocks of the one selected flow ──────────────────────────────────────────────────────────────

    @property
    def flow(self) -> FlowElement | None:
        """The flow, if exactly one is selected."""
        one = self.one
        return one if isinstance(one, FlowElement) else None

    def set_blocks(self, blocks: Iterable[AnyBlock]) -> None:
        """Other blocks for the one selected flow."""
        if self.flow is not None:
            self.set_field("blocks", tuple(blocks))

    def set_block(self, index: int, block: AnyBlock) -> None:
        """Change one block."""
        flow = self.flow
        if flow is not None and 0 <= index < len(flow.blocks):
            self.set_blocks((*flow.blocks[:index], block, *flow.blocks[index + 1 :]))

    def move_block(self, index: int, by: int) -> int:
        """Move a block up (-1) or down (1); returns where it is then."""
        flow = self.flow
        if flow is None or not (0 <= index < len(flow.blocks) and 0 <= index + by < len(flow.blocks)):
            return index
        blocks = list(flow.blocks)
        blocks.insert(index + by, blocks.pop(index))
        self.set_blocks(blocks)
        return index + by

    def remove_block(self, index: int) -> int:
        """Take a block away; returns -1: none is chosen then."""
        flow = self.flow
        if flow is not None:
            self.set_blocks(block for number, block in enumerate(flow.blocks) if number != index)
        return -1

    def add_block(self, block: AnyBlock, index: int | None = None) -> int:
        """Add a block behind `index`, or last; returns where it is."""
        flow = self.flow
        if flow is None:
            return -1
        at = len(flow.blocks) if index is None or index < 0 else index + 1
        self.set_blocks((*flow.blocks[:at], block, *flow.blocks[at:]))
        return at

    def add_image(self, name: str, data: str) -> str:
        """Keep a picture under this name, or a free one like it; returns the name."""
        images, free, number = dict(self.template.images), name, 1
        while free in images and images[free] != data:
            number += 1
            free = f"{name}{number}"
        images[free] = data
        self.put(msgspec.structs.replace(self.template, images=images))
        return free

    def align(self, how: str, places: Places) -> None:
        """Align the selected elements: left, right, top, bottom, centre (x), middle (y) of their common rectangle;
        a single one with the page."""
        chosen = {index: places[index] for index in self.selected if index in places}
        if not chosen:
            return
        page = self.template.page
        if len(chosen) == 1:
            frame: Place = (0.0, 0.0, page.width_mm, page.height_mm or max(place[3] for place in places.values()))
        else:
            sides = list(zip(*chosen.values(), strict=True))
            frame = (min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3]))
        self.begin()
        for index, place in chosen.items():
            dx, dy = _shift(how, frame, place)
            self._move_one(index, dx, dy)
        self.end()

    def distribute(self, across: bool, places: Places) -> None:
        """Equal gaps between three or more selected elements, across or down."""
        low, high = (0, 2) if across else (1, 3)
        chosen = sorted((places[index][low], index) for index in self.selected if index in places)
        if len(chosen) < 3:
            return
        sizes = [places[index][high] - places[index][low] for _, index in chosen]
        first, last = places[chosen[0][1]], places[chosen[-1][1]]
        gap = (last[high] - first[low] - sum(sizes)) / (len(chosen) - 1)
        at = first[low]
        self.begin()
        for (start, index), size in zip(chosen, sizes, strict=True):
            self._move_one(index, at - start if across else 0.0, 0.0 if across else at - start)
            at += size + gap
        self.end()

    def _move_one(self, index: int, dx: float, dy: float) -> None:
        before = self.selected
        self.selected = (index,)
        self.move(dx, dy)
        self.selected = before

    # ── snapping ─────────────────────────────────────────────────────────────────────────────────────

    def snap(
        self, dx: float, dy: float, places: Places, *, near_mm: float = SNAP_MM
    ) -> tuple[float, float, list[Guide]]:
        """The movement bent so that edges or middles meet those of other elements or the page, else the grid."""
        chosen = [places[index] for index in self.selected if index in places]
        if not chosen:
            return dx, dy, []
        others = [place for index, place in places.items() if index not in self.selected]
        page = self.template.page
        others.append((0.0, 0.0, page.width_mm, page.height_mm or page.width_mm))
        guides: list[Guide] = []
        moved = []
        for axis, wanted in ((0, dx), (1, dy)):
            low, high = min(place[axis] for place in chosen), max(place[axis + 2] for place in chosen)
            lines = [
                line for place in others for line in (place[axis], (place[axis] + place[axis + 2]) / 2, place[axis + 2])
            ]
            own = (low, (low + high) / 2, high)
            gap, line = min(
                ((line - (edge + wanted), line) for edge in own for line in lines), key=lambda one: abs(one[0])
            )
            if abs(gap) <= near_mm:
                guides.append(Guide(axis == 0, line))
                moved.append(wanted + gap)
            else:
                moved.append(round((low + wanted) / GRID_MM) * GRID_MM - low)
        return moved[0], moved[1], guides


def _shift(how: str, frame: Place, place: Place) -> tuple[float, float]:
    return {
        "left": (frame[0] - place[0], 0.0),
        "right": (frame[2] - place[2], 0.0),
        "top": (0.0, frame[1] - place[1]),
        "bottom": (0.0, frame[3] - place[3]),
        "centre": ((frame[0] + frame[2] - place[0] - place[2]) / 2, 0.0),
        "middle": (0.0, (frame[1] + frame[3] - place[1] - place[3]) / 2),
    }[how]


def _tidy(value: float) -> float:
    return round(value, 3)


def resized(one: AnyElement, dw: float, dh: float) -> AnyElement:
    """The element larger by this; what has no such side keeps it."""
    if isinstance(one, LineElement):
        return msgspec.structs.replace(one, x2_mm=_tidy(one.x2_mm + dw), drop_mm=_tidy(one.drop_mm + dh))
    if isinstance(one, WatermarkElement):
        return one
    if isinstance(one, FlowElement):
        lower = {"until_mm": _tidy(max(LEAST_MM, one.until_mm + dh))} if one.until_mm else {}
        return msgspec.structs.replace(one, width_mm=_tidy(max(30.0, one.width_mm + dw)), **lower)
    if isinstance(one, RepeatElement):
        return msgspec.structs.replace(one, step_mm=_tidy(max(LEAST_MM, one.step_mm + dh)))
    changes: dict[str, float] = {"width_mm": _tidy(max(LEAST_MM, one.width_mm + dw))}
    if not isinstance(one, FieldsElement):
        if one.height_mm or not isinstance(one, TextElement):
            changes["height_mm"] = _tidy(max(LEAST_MM, one.height_mm + dh))
        if isinstance(one, CodeElement) and one.symbology != "code128":
            side = _tidy(max(3.0, one.width_mm + max(dw, dh, key=abs)))
            changes = {"width_mm": side, "height_mm": 0.0}
    return msgspec.structs.replace(one, **changes)


def new_element(kind: str, document: DocumentKind, x_mm: float = 5.0, y_mm: float = 5.0) -> AnyElement:
    """A fresh element of a type; "qr" and "datamatrix" are codes."""
    at: dict[str, Any] = {"x_mm": x_mm, "y_mm": y_mm}
    number = "{patient_number}" if document is DocumentKind.WRISTBAND else "{exam_number}"
    number = "{case_number}" if document in OF_PATHOLOGY else number
    if kind == "text":
        return TextElement(**at, width_mm=30, height_mm=5, text=Words("文字", "Text"))
    if kind == "fields":
        rows = (
            FieldRow(label=Words("姓名", "Name"), value="{name}"),
            FieldRow(label=Words("性别", "Sex"), value="{sex}"),
        )
        return FieldsElement(**at, width_mm=80, rows=rows)
    if kind == "line":
        return LineElement(**at, x2_mm=x_mm + 30)
    if kind == "box":
        return BoxElement(**at, width_mm=20, height_mm=10)
    if kind in ("qr", "datamatrix"):
        return CodeElement(**at, width_mm=12, value=number, symbology="qr" if kind == "qr" else "datamatrix")
    if kind == "code":
        return CodeElement(**at, width_mm=45, height_mm=12, value=number)
    if kind == "repeat":
        one = next(one for one in lists_of(document) if len(one.facts) > 1)
        first, second = (f"{{{one.name}.{fact.name}}}" for fact in one.facts[:2])
        row = TextElement(x_mm=0, y_mm=0, width_mm=60, height_mm=6, text=f"{first}. {second}")
        return RepeatElement(**at, over=one.name, step_mm=7, elements=(row,))
    if kind == "watermark":
        return WatermarkElement(x_mm=0.0, y_mm=0.0, text="{watermark}")
    if kind == "flow":
        whose = document if document in OF_PATHOLOGY else DocumentKind.REPORT
        blocks = next(one.blocks for one in builtin(whose).elements if isinstance(one, FlowElement))
        return FlowElement(x_mm=18.0, y_mm=41.0, width_mm=174.0, until_mm=278.0, next_y_mm=26.0, blocks=blocks)
    raise ValueError(kind)


def image_element(name: str, x_mm: float = 5.0, y_mm: float = 5.0) -> ImageElement:
    """A place for a picture of the template."""
    return ImageElement(x_mm=x_mm, y_mm=y_mm, width_mm=20, height_mm=12, image=name)


def place_at(places: Places, x: float, y: float, slack_mm: float) -> int | None:
    """The uppermost element at a point, small ones before a large one that lies over them."""
    hit = [
        index
        for index, (left, top, right, bottom) in places.items()
        if min(left, right) - slack_mm <= x <= max(left, right) + slack_mm
        and min(top, bottom) - slack_mm <= y <= max(top, bottom) + slack_mm
    ]
    if not hit:
        return None

    def area(index: int) -> float:
        left, top, right, bottom = places[index]
        return abs(right - left) * abs(bottom - top)

    smallest = min(area(index) for index in hit)
    return max(index for index in hit if area(index) <= smallest * 1.5 + 0.01)
