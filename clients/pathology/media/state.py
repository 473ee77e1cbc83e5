"""What the strip of a case shows: the server's captures and those still on their way; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.contract.pathology_media import MediaFacts, MediaView
from shared.domain.pathology_media import SUBJECT_LABELS, MediaKind

LARGE = "QPushButton { min-height: 42px; max-height: 42px; padding: 0 16px; }"
"""Buttons for gloved hands: 44 pixels with their edge."""


@dataclass(frozen=True)
class Item:
    """One place of the strip. Without `view` the server has not confirmed it; `refused` says that it never will."""

    key: str
    facts: MediaFacts
    view: MediaView | None = None
    refused: str = ""

    @property
    def marked(self) -> bool:
        """Whether it will be printed."""
        return self.view is not None and self.view.marked

    @property
    def caption(self) -> str:
        """Kind of subject and objective, or how long a clip is: data and a Chinese source word."""
        if self.facts.kind is MediaKind.VOICE:
            return clock(self.view.duration_s) if self.view else "…"
        return self.facts.objective or SUBJECT_LABELS[self.facts.subject]


@dataclass(frozen=True)
class StripState:
    """Everything the imaging tab draws besides the live picture."""

    case_id: int | None = None
    is_locked: bool = False
    is_loading: bool = False
    items: tuple[Item, ...] = ()
    selected: tuple[str, ...] = ()
    thumbnails: dict[str, bytes] = field(default_factory=dict)

    @property
    def chosen(self) -> tuple[Item, ...]:
        """The selected items in strip order."""
        return tuple(item for item in self.items if item.key in self.selected)

    @property
    def may_change(self) -> bool:
        """Whether the case takes captures and changes (PA-IMG-15)."""
        return self.case_id is not None and not self.is_locked

    @property
    def confirmed(self) -> tuple[MediaView, ...]:
        """The selected items that the server has."""
        return tuple(item.view for item in self.chosen if item.view is not None)

    def confirmed_all(self) -> tuple[MediaView, ...]:
        """Everything that the server has."""
        return tuple(item.view for item in self.items if item.view is not None)

    @property
    def can_mark(self) -> bool:
        """设置打印 is possible."""
        return self.may_change and any(one.kind is MediaKind.IMAGE and not one.marked for one in self.confirmed)

    @property
    def can_unmark(self) -> bool:
        """取消打印 is possible."""
        return self.may_change and any(one.marked for one in self.confirmed)

    @property
    def can_clear_marks(self) -> bool:
        """取消所有打印 is possible."""
        return self.may_change and any(item.marked for item in self.items)

    @property
    def can_swap(self) -> bool:
        """图像置换: exactly two are selected (PA-ICM-04)."""
        return self.may_change and len(self.selected) == 2 and len(self.confirmed) == 2

    @property
    def can_delete(self) -> bool:
        """删除数据 is possible; what the server refused may always be thrown away."""
        return bool(self.chosen) and all(item.refused or (self.may_change and item.view) for item in self.chosen)

    @property
    def on_their_way(self) -> int:
        """How many the server has not confirmed."""
        return sum(item.view is None and not item.refused for item in self.items)


def clock(seconds: float) -> str:
    """Seconds as m:ss."""
    whole = int(seconds + 0.5)
    return f"{whole // 60}:{whole % 60:02d}"
