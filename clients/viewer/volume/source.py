"""A stack of the viewer as a volume. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clients.kit.translations import tr
from shared.imaging.volume import Arrangement, NoVolume, Volume, arrange, volume_from, volume_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.pixels import StackPixels
    from clients.viewer.study import Stack


def arrangement_of(stack: Stack, phase: int = 0) -> Arrangement:
    """Where the slices of the stack lie, from headers alone; raises :class:`NoVolume` with a sentence.

    Never with millimetres that no header gives.
    """
    arranged = arrange([stack.frame_header(n).plane for n in range(len(stack))], range(len(stack)), phase)
    if not stack.frame_header(arranged.order[0]).spacing.is_known:
        raise NoVolume("The headers of this series give no distance between pixels, so it makes no volume.")
    return arranged


def volume_of_stack(stack: Stack, pixels: StackPixels, phase: int = 0) -> Volume:
    """The volume of a loaded stack, for a worker thread; it shares the stack's pixels where they lie in one piece.

    Frame numbers of the volume (`Volume.frames`) are indices of the stack. Raises :class:`NoVolume`, also while
    frames are missing.
    """
    arranged = arrangement_of(stack, phase)
    if pixels.is_confined:
        raise NoVolume("The series is too large for the memory of this computer.")
    for n in arranged.order:
        if not pixels.has(n):
            raise NoVolume("The images of this series are still on the way.")
        if n in pixels.errors:
            raise NoVolume("Some images of this series cannot be read, so they make no volume.")
    headers = [replace(stack.frame_header(n), modality=pixels.modality(n)) for n in range(len(stack))]
    first = stack.image(arranged.order[0])
    facts: dict[str, Any] = {
        "frame_of_reference_uid": stack.series.frame_of_reference_uid,
        "modality_code": stack.series.modality,
        "series_uid": stack.series.series_uid,
        "inverted": first.inverted,
        "padding": first.padding,
    }
    chosen = [headers[n] for n in arranged.order]
    modality = chosen[0].modality
    if modality.table is None and all(header.modality == modality for header in chosen):
        voxels = pixels.lend(arranged.order)
        if voxels is not None and voxels.ndim == 3:
            return volume_from(arranged, chosen, voxels, slope=modality.slope, intercept=modality.intercept, **facts)

    def frame_at(n: int) -> NDArray[Any]:
        frame = pixels.copy_of(n)
        if frame is None:
            raise NoVolume("The images of this series are still on the way.")
        return frame

    return volume_of(headers, frame_at, numbers=range(len(stack)), phase=phase, **facts)


def sentence_of(reason: NoVolume) -> str:
    """Why there is no volume, in the reader's language."""
    english = str(reason)
    known = {
        "A single image is no volume.": tr("只有一幅图像，不能重建"),
        "Images of this series have no position in the patient, so they make no volume.": tr(
            "图像没有空间位置信息，不能重建"
        ),
        "The images of this series lie in different directions, so they make no volume.": tr(
            "序列中的图像方向不一致，不能重建"
        ),
        "All images of this series lie at one place, so they make no volume.": tr("图像都在同一位置，不能重建"),
        "The headers of this series give no distance between pixels, so it makes no volume.": tr(
            "图像没有像素间距，不能重建"
        ),
        "The images of this series have different pixel spacings, so they make no volume.": tr(
            "序列中的像素间距不一致，不能重建"
        ),
        "Colour images make no volume.": tr("彩色图像不能重建"),
        "Some images of this series cannot be read, so they make no volume.": tr("序列中有图像无法读取，不能重建"),
        "The images of this series are still on the way.": tr("图像还在载入"),
        "The series is too large for the memory of this computer.": tr("序列太大，这台计算机的内存放不下"),
    }
    return known.get(english, tr("这个序列不能重建"))
