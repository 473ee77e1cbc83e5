"""Pictures from files, the clipboard and a scanner's folder, read with bounds: a hostile file costs no memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from clients.kit.camera.port import Picture

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

MAX_FILE_BYTES = 40 * 1024 * 1024
MAX_PIXELS = 60_000_000
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


class NotAPicture(ValueError):
    """A file is no picture that can be read, or too large; the argument is a Chinese source sentence."""


def read_picture(path: Path) -> Picture:
    """Read a picture file, turned as its EXIF data say. Raises NotAPicture."""
    from PySide6.QtGui import QImageReader

    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise NotAPicture("图片文件太大，不能超过 40 MB。")
    except OSError as error:
        raise NotAPicture("图片文件打不开，请检查后重试。") from error
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and size.width() * size.height() > MAX_PIXELS:
        raise NotAPicture("图片的像素太多，请用较低的分辨率扫描。")
    image = reader.read()
    if image.isNull():
        raise NotAPicture("这不是可用的图片文件，请选择 JPEG、PNG、BMP 或 TIFF。")
    return from_image(image)


def from_image(image: QImage) -> Picture:
    """The picture of a QImage, from the clipboard for example. Raises NotAPicture for an empty or huge one."""
    import numpy as np
    from PySide6.QtGui import QImage

    if image.isNull() or image.width() * image.height() > MAX_PIXELS:
        raise NotAPicture("剪贴板中没有可用的图片。")
    plain = image.convertToFormat(QImage.Format.Format_BGR888)
    height, width, stride = plain.height(), plain.width(), plain.bytesPerLine()
    rows = np.frombuffer(plain.constBits(), np.uint8, count=height * stride).reshape(height, stride)
    return rows[:, : width * 3].reshape(height, width, 3).copy()


def newest_scans(folder: Path, most: int = 20) -> tuple[Path, ...]:
    """The newest picture files that a scanner put into its folder, newest first. Raises NotAPicture."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
        found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError as error:
        raise NotAPicture("扫描文件夹打不开，请检查设置。") from error
    return tuple(found[:most])
