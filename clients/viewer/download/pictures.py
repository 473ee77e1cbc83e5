"""Frames as pictures and films: full size, the reader's window burnt in, no names unless asked for. No widgets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.kit.translations import tr
from clients.viewer.download.job import Job
from clients.viewer.download.packing import whole_file
from clients.viewer.viewport.renderer import COLOUR_WINDOW, Renderer
from clients.viewer.viewport.state import default_voi
from clients.viewer.viewport.transform import Geometry, project
from shared.imaging.lut import LookupTable, Window, window_of_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.pixels import StackPixels
    from clients.viewer.study import Stack

SLOWEST, QUICKEST, STANDARD_RATE = 1.0, 60.0, 10.0
QUALITY = 92
LEAST_SIDE, LARGEST_SIDE = 256, 4096


@dataclass(frozen=True, slots=True)
class Shades:
    """How the viewport shows the series; a ``voi`` of None: each image's own window."""

    voi: Window | LookupTable | None = None
    inverted: bool = False
    palette: str = ""


def picture_of(stack: Stack, pixels: StackPixels, index: int, shades: Shades) -> NDArray[Any]:
    """A frame as RGB, uint8 (rows, columns, 3), one pixel for one pixel; the longer side of unequal pixels is spread.

    Raises ValueError with a sentence when the image is not there.
    """
    import numpy as np

    frame = pixels.copy_of(index)
    if frame is None:
        why = pixels.errors.get(index)
        raise ValueError(tr("第 {n} 幅图像无法显示：{why}", n=index + 1, why=why) if why else tr("图像还在载入"))
    image, header = stack.image(index), stack.frame_header(index)
    modality, voi = pixels.modality(index), shades.voi
    if frame.ndim == 3:
        voi = voi or COLOUR_WINDOW
    voi = voi or default_voi(header) or window_of_pixels(frame, modality, image.padding)
    rows, columns = frame.shape[:2]
    aspect = header.spacing.aspect
    width, height = round(columns * max(aspect, 1.0)), round(rows * max(1 / aspect, 1.0))
    view = project(Geometry(), columns=columns, rows=rows, aspect=aspect, width=width, height=height)
    rendered = Renderer().render(
        frame, object(), view, modality, voi, inverted=image.inverted != shades.inverted, palette=shades.palette
    )
    out = np.zeros((height, width, 3), np.uint8)
    if rendered is not None:
        drawn = rendered.pixels if rendered.pixels.ndim == 3 else np.repeat(rendered.pixels[:, :, None], 3, axis=2)
        top, left = max(rendered.top, 0), max(rendered.left, 0)
        high, wide = min(drawn.shape[0], height - top), min(drawn.shape[1], width - left)
        out[top : top + high, left : left + wide] = drawn[:high, :wide]
    return out


def write_picture(picture: NDArray[Any], target: Path) -> None:
    """PNG or JPEG by the ending; raises OSError."""
    import cv2

    ending = ".jpg" if target.suffix.lower() in (".jpg", ".jpeg") else ".png"
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if ending == ".jpg" else []
    done, encoded = cv2.imencode(ending, picture[:, :, ::-1], options)
    if not done:
        raise OSError(tr("无法写入 {path}，请换一个位置", path=target))
    with whole_file(target) as partial:
        partial.write_bytes(encoded.tobytes())


def write_pictures(
    stack: Stack, pixels: StackPixels, indices: Sequence[int], shades: Shades, folder: Path, ending: str, job: Job
) -> int:
    """A picture for each image, numbered in the order of reading; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    digits = max(3, len(str(len(stack))))
    for n, index in enumerate(indices):
        job.step(n, len(indices))
        write_picture(picture_of(stack, pixels, index, shades), folder / f"{index + 1:0{digits}d}.{ending}")
    job.step(len(indices), len(indices))
    return len(indices)


def write_film(
    stack: Stack, pixels: StackPixels, indices: Sequence[int], shades: Shades, target: Path, rate: float, job: Job
) -> int:
    """An MP4 (MPEG-4 Part 2) of the images; returns how many frames. Raises ValueError where no encoder works."""
    import cv2

    first = picture_of(stack, pixels, indices[0], shades)
    high, wide = _even(first.shape[0], first.shape[1])
    with whole_file(target) as partial:
        # OpenCV tells the container by the name's ending.
        working = partial.with_name(partial.name + ".mp4")
        fourcc = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(working), fourcc, min(max(rate, SLOWEST), QUICKEST), (wide, high))
        try:
            if not writer.isOpened():
                raise ValueError(tr("这台电脑不能编码 MP4，请改为下载 PNG 或 JPEG"))
            for n, picture in enumerate(_sized(stack, pixels, indices, shades, wide, high)):
                job.step(n, len(indices))
                writer.write(picture)
            writer.release()
            shutil.move(working, partial)
        finally:
            writer.release()
            working.unlink(missing_ok=True)
    job.step(len(indices), len(indices))
    return len(indices)


def _even(rows: int, columns: int) -> tuple[int, int]:
    """Within what encoders take: even sides, neither tiny nor huge."""
    scale = min(LARGEST_SIDE / max(rows, columns), max(1.0, LEAST_SIDE / min(rows, columns)))
    return max(2, round(rows * scale) // 2 * 2), max(2, round(columns * scale) // 2 * 2)


def _sized(
    stack: Stack, pixels: StackPixels, indices: Sequence[int], shades: Shades, wide: int, high: int
) -> Iterator[NDArray[Any]]:
    """BGR pictures of one size."""
    import cv2
    import numpy as np

    for index in indices:
        picture = np.ascontiguousarray(picture_of(stack, pixels, index, shades)[:, :, ::-1])
        if picture.shape[:2] != (high, wide):
            picture = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
        yield picture
