"""Linked viewports page together: by position in space where they share it, else by number."""

from __future__ import annotations

from clients.viewer.session import ViewerSession
from clients.viewer.study import Stack
from shared.imaging.geometry import Plane


def page_along(session: ViewerSession, leader: int) -> None:
    """Let the other visible viewports follow the one with number ``leader`` (VW-LNK-01)."""
    source = session.viewports[leader]
    stack, frame = source.stack, source.frame
    if stack is None:
        return
    for n, viewport in enumerate(session.visible):
        other = viewport.stack
        if n == leader or other is None:
            continue
        plane = frame.plane if frame is not None else None
        target = None
        if plane is not None and (other.shares_space_with(stack) or other.study is stack.study):
            target = nearest_parallel(other, plane)
        if target is None:
            target = round(source.index * (len(other) - 1) / max(len(stack) - 1, 1))
        viewport.index = target


def nearest_parallel(stack: Stack, plane: Plane) -> int | None:
    """The image of ``stack`` nearest to ``plane``; None unless all its images are parallel to it."""
    best: tuple[float, int] | None = None
    for n in range(len(stack)):
        other = stack.frame_header(n).plane
        if other is None or not other.parallel_to(plane):
            return None
        away = abs(other.depth_mm - plane.depth_mm)
        if best is None or away < best[0]:
            best = (away, n)
    return best[1] if best is not None else None
