"""A stack of the viewer as a volume. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.imaging.volume import Arrangement, NoVolume, Volume, arrange, volume_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.pixels import StackPixels
    from clients.viewer.study import Stack


def arrangement_of(stack: Stack, phase: int = 0) -> Arrangement:
    """Where the slices of the stack lie, from headers alone; raises :class:`NoVolume` with a sentence."""
    return arrange([stack.frame_header(n).plane for n in range(len(stack))], range(len(stack)), phase)


def volume_of_stack(stack: Stack, pixels: StackPixels, phase: int = 0) -> Volume:
    """The volume of a loaded stack, its own copy of the voxels; for a worker thread.

    Frame numbers of the volume (`Volume.frames`) are indices of the stack. Raises :class:`NoVolume`, also while
    frames are missing.
    """
    arranged = arrangement_of(stack, phase)
    for n in arranged.order:
        if not pixels.has(n):
            raise NoVolume("The images of this series are still on the way.")
        if n in pixels.errors:
            raise NoVolume("Some images of this series cannot be read, so they make no volume.")

    def frame_at(n: int) -> NDArray[Any]:
        frame = pixels.copy_of(n)
        if frame is None:
            raise NoVolume("The images of this series are still on the way.")
        return frame

    headers = [
        replace(header, modality=pixels.modality(n))
        for n, header in ((n, stack.frame_header(n)) for n in range(len(stack)))
    ]
    first = stack.image(arranged.order[0])
    return volume_of(
        headers,
        frame_at,
        numbers=range(len(stack)),
        phase=phase,
        frame_of_reference_uid=stack.series.frame_of_reference_uid,
        modality_code=stack.series.modality,
        series_uid=stack.series.series_uid,
        inverted=first.inverted,
        padding=first.padding,
    )
