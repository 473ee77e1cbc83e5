"""Which images are stitched, where each lies, and how they are laid over each other. No Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clients.viewer.evented import Event
from clients.viewer.study import Stack
from shared.contract.registration import MOST_PLACED
from shared.imaging.stitching import Blending, Direction, Joint, Placement, placements_of

MODALITIES = frozenset({"CR", "DR", "DX"})
"""DR is what people write, DX what is written in files (VW-OPN-16)."""
OVERLAP = 0.85  # share of its height at which the next image is put before anything was found
SAME_WIDTH = 0.35


_FIRST = Placement(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Item:
    """One image: a frame of a stack, its size in pixels of the first image, its place there."""

    stack: Stack
    index: int
    rows: int
    columns: int
    place: Placement = _FIRST

    @property
    def spacing_mm(self) -> tuple[float, float]:
        spacing = self.stack.frame_header(self.index).spacing
        return (spacing.row_mm, spacing.column_mm)

    @property
    def uid(self) -> str:
        return self.stack.frames[self.index].sop_instance_uid


class StitchState:
    """Images in order, the first at 0, 0."""

    def __init__(self, items: Sequence[Item], direction: Direction = Direction.DOWN) -> None:
        self.changed: Event[[]] = Event()
        self._items = tuple(items[:MOST_PLACED])
        self._direction = direction
        self._blending = Blending.FEATHER
        self._level = True
        self._selected = min(1, len(self._items) - 1)
        self._joints: tuple[Joint, ...] = ()
        self._touched: frozenset[str] = frozenset()
        self._line_up()

    # --- images

    @property
    def items(self) -> tuple[Item, ...]:
        return self._items

    @property
    def selected(self) -> int:
        return self._selected

    @selected.setter
    def selected(self, number: int) -> None:
        if 0 <= number < len(self._items) and number != self._selected:
            self._selected = number
            self.changed.emit()

    def move(self, number: int, by: int) -> None:
        """Another order; all images are lined up anew."""
        other = number + by
        if 0 <= other < len(self._items):
            items = list(self._items)
            items[number], items[other] = items[other], items[number]
            self._items, self._selected = tuple(items), other
            self._line_up()
            self.changed.emit()

    def reverse(self) -> None:
        self._items = self._items[::-1]
        self._line_up()
        self.changed.emit()

    def _line_up(self) -> None:
        """One after the other with a small overlap."""
        at, items = 0.0, []
        for item in self._items:
            down = self._direction is Direction.DOWN
            items.append(replace(item, place=Placement(at, 0.0) if down else Placement(0.0, at)))
            at += OVERLAP * (item.rows if down else item.columns)
        self._items, self._joints, self._touched = tuple(items), (), frozenset()

    # --- places

    @property
    def joints(self) -> tuple[Joint, ...]:
        """What was found automatically; empty before that and after another order was chosen."""
        return self._joints

    def take(self, joints: Sequence[Joint]) -> None:
        """The places that were found."""
        if len(joints) != len(self._items) - 1:
            return
        self._joints, self._touched = tuple(joints), frozenset()
        places = placements_of(joints)
        self._items = tuple(replace(item, place=place) for item, place in zip(self._items, places, strict=True))
        self.changed.emit()

    def nudge(self, rows: float = 0.0, columns: float = 0.0, degrees: float = 0.0, number: int | None = None) -> None:
        """Move the selected image by fractions of pixels, or turn it."""
        number = self._selected if number is None else number
        place = self._items[number].place
        self.put(number, Placement(place.row + rows, place.column + columns, place.rotation_deg + degrees))

    def put(self, number: int, place: Placement) -> None:
        """Where the reader wants an image."""
        if place == self._items[number].place or not all(map(math.isfinite, (place.row, place.column))):
            return
        items = list(self._items)
        items[number] = replace(items[number], place=place)
        self._items, self._touched = tuple(items), self._touched | {items[number].uid}
        self.changed.emit()

    def is_by_hand(self, joint: int) -> bool:
        """True when one of the two images of a joint was moved by the reader."""
        return bool({self._items[joint].uid, self._items[joint + 1].uid} & self._touched)

    @property
    def residual_mm(self) -> float | None:
        """The largest of the joints as they were found; None where the reader moved something or nothing is known."""
        if not self._joints or self._touched:
            return None
        largest = max(joint.residual_mm for joint in self._joints)
        return None if math.isnan(largest) else largest

    @property
    def may_be_used(self) -> bool:
        """Refused joints count only after the reader moved one of their images."""
        if len(self._items) < 2 or (not self._joints and not self._touched):
            return False
        return all(not joint.refused or self.is_by_hand(n) for n, joint in enumerate(self._joints))

    # --- look

    @property
    def direction(self) -> Direction:
        return self._direction

    @direction.setter
    def direction(self, direction: Direction) -> None:
        if direction is not self._direction:
            self._direction = direction
            self._line_up()
            self.changed.emit()

    @property
    def blending(self) -> Blending:
        return self._blending

    @blending.setter
    def blending(self, blending: Blending) -> None:
        if blending is not self._blending:
            self._blending = blending
            self.changed.emit()

    @property
    def level(self) -> bool:
        """Even out the exposure."""
        return self._level

    @level.setter
    def level(self, level: bool) -> None:
        if level != self._level:
            self._level = level
            self.changed.emit()


def can_be_stitched(stack: Stack, index: int = 0) -> bool:
    """A grey projection image of known pixel size."""
    image = stack.image(index)
    return (
        (stack.series.modality in MODALITIES or image.modality_code in MODALITIES)
        and not image.pixel_format.is_colour
        and len(image.frames) == 1
        and stack.frame_header(index).spacing.is_known
    )


def candidates(stacks: Sequence[Stack], study_uid: str) -> list[Item]:
    """The images of a study that can be stitched, in the order of the series bar."""
    found = []
    first: tuple[float, float] | None = None
    for stack in stacks:
        if stack.study.study_uid != study_uid:
            continue
        for index in range(len(stack)):
            if not can_be_stitched(stack, index):
                continue
            spacing = stack.frame_header(index).spacing
            fmt = stack.image(index).pixel_format
            first = first or (spacing.row_mm, spacing.column_mm)
            rows, columns = fmt.rows * spacing.row_mm / first[0], fmt.columns * spacing.column_mm / first[1]
            found.append(Item(stack, index, round(rows), round(columns)))
    return found


def proposed(items: Sequence[Item]) -> list[Item]:
    """Those that look like parts of one picture: the same body part, nearly the same width as the first."""
    if not items:
        return []
    part = _part(items[0])
    width = items[0].columns
    alike = [
        item
        for item in items
        if abs(item.columns - width) <= SAME_WIDTH * width and (not part or not _part(item) or _part(item) == part)
    ]
    return (alike if len(alike) > 1 else list(items))[:MOST_PLACED]


def _part(item: Item) -> str:
    return (item.stack.series.body_part or item.stack.image(item.index).texts.get("BodyPartExamined", "")).upper()


def title_of(item: Item) -> str:
    """An image in a list."""
    series, image = item.stack.series, item.stack.image(item.index)
    parts = (series.modality, series.description or _part(item), image.texts.get("ViewPosition", ""))
    number = f"{'' if series.number is None else series.number}-{image.instance_number}"
    return " ".join(p for p in (number, *parts) if p)
