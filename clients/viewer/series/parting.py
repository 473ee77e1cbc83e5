"""Ways to part a stack: at an image, odd and even, by time. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

from clients.kit.translations import tr
from clients.viewer.study import Stack, derived_stack

MOST_PARTS = 200


def split_at(stack: Stack, index: int) -> tuple[Stack, ...]:
    """Two stacks: before the image, and from it on. ValueError with a sentence at the first image."""
    if not 0 < index < len(stack):
        raise ValueError(tr("请先翻到第二部分的第一幅图像，再拆分"))
    return _parts(stack, [range(index), range(index, len(stack))])


def odd_and_even(stack: Stack) -> tuple[Stack, ...]:
    """First, third, fifth … images, and the others."""
    if len(stack) < 2:
        raise ValueError(tr("序列只有一幅图像，不能拆分"))
    halves = [range(0, len(stack), 2), range(1, len(stack), 2)]
    return tuple(
        derived_stack(stack, list(half), _named(stack, name))
        for half, name in zip(halves, (tr("奇数"), tr("偶数")), strict=True)
    )


def by_time(stack: Stack) -> tuple[Stack, ...]:
    """One stack for each time at which every place was taken again: the n-th image of each place goes into the n-th.

    ValueError with a sentence when no place was taken twice, or there are no places.
    """
    seen: dict[object, int] = {}
    phases: dict[int, list[int]] = {}
    for n in range(len(stack)):
        plane = stack.frame_header(n).plane
        if plane is None:
            raise ValueError(tr("图像没有空间位置，不能按时间点拆分"))
        place = tuple(round(v, 2) for v in (plane.origin.x, plane.origin.y, plane.origin.z))
        phase = seen[place] = seen.get(place, -1) + 1
        phases.setdefault(phase, []).append(n)
    if len(phases) < 2:
        raise ValueError(tr("这个序列没有多个时间点"))
    if len(phases) > MOST_PARTS:
        raise ValueError(tr("时间点太多，不能拆分"))
    return tuple(
        derived_stack(stack, indices, _named(stack, tr("时间点 {n}", n=phase + 1)))
        for phase, indices in sorted(phases.items())
    )


def chosen(stack: Stack, indices: Sequence[int]) -> tuple[Stack, ...]:
    """A new stack of these images; ValueError with a sentence for none."""
    kept = [n for n in dict.fromkeys(indices) if 0 <= n < len(stack)]
    if not kept:
        raise ValueError(tr("没有选中图像"))
    return (derived_stack(stack, kept, _named(stack, tr("新序列"))),)


def _parts(stack: Stack, parts: Sequence[range]) -> tuple[Stack, ...]:
    return tuple(
        derived_stack(stack, list(part), _named(stack, f"{part[0] + 1}–{part[-1] + 1}")) for part in parts if len(part)
    )


def _named(stack: Stack, name: str) -> str:
    return " ".join(part for part in (stack.label, name) if part)
