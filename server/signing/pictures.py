"""A signature picture from outside: checked, its paper made transparent, cropped to the strokes; no database."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from shared.contract.signing import MAX_PICTURE_BYTES

MOST_SIDE = 6000
MOST_PIXELS = 24_000_000
KEPT_WIDTH, KEPT_HEIGHT = 1200, 400  # 300 dpi at four times the room on paper
_LEAST_STROKE_PIXELS = 40
_MARGIN = 6
_MOST_INK = 0.4  # of the cropped picture: a photograph of something else is no signature


class BadPicture(ValueError):
    """The picture cannot be a signature; the text is a Chinese sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class SignaturePicture:
    """A PNG with transparent background and its size in pixels."""

    png: bytes
    width: int
    height: int


def prepared(data: bytes) -> SignaturePicture:
    """Return `data` (PNG or JPEG) as a signature; nothing of the file but its pixels is kept. Raises BadPicture."""
    import numpy as np
    from PIL import Image

    pixels = _decoded(data)
    ink = _ink(pixels)
    rows, columns = np.flatnonzero((ink > 96).any(axis=1)), np.flatnonzero((ink > 96).any(axis=0))
    if np.count_nonzero(ink > 96) < _LEAST_STROKE_PIXELS or rows[-1] - rows[0] < 4 or columns[-1] - columns[0] < 4:
        raise BadPicture("图片里没有找到笔迹：请用深色笔在白纸上签名后重新拍摄或扫描。")
    top, bottom = max(rows[0] - _MARGIN, 0), min(rows[-1] + _MARGIN + 1, ink.shape[0])
    left, right = max(columns[0] - _MARGIN, 0), min(columns[-1] + _MARGIN + 1, ink.shape[1])
    ink, pixels = ink[top:bottom, left:right], pixels[top:bottom, left:right]
    if np.count_nonzero(ink > 96) > _MOST_INK * ink.size:
        raise BadPicture("图片不像签名：背景太深或不均匀，请在白纸上签名并在均匀光线下拍摄。")
    picture = Image.fromarray(np.dstack([pixels[..., :3], ink]), "RGBA")
    picture.thumbnail((KEPT_WIDTH, KEPT_HEIGHT), Image.Resampling.LANCZOS)
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return SignaturePicture(out.getvalue(), picture.width, picture.height)


def _decoded(data: bytes) -> Any:
    """RGBA pixels; the size is checked before anything is unpacked."""
    import numpy as np
    from PIL import Image, ImageOps

    if len(data) > MAX_PICTURE_BYTES:
        raise BadPicture(f"签名图片不能超过 {MAX_PICTURE_BYTES >> 20} MB，请缩小后再上传。")
    try:
        image = Image.open(BytesIO(data), formats=("PNG", "JPEG"))
        if max(image.size) > MOST_SIDE or image.width * image.height > MOST_PIXELS:
            raise BadPicture(f"签名图片的边长不能超过 {MOST_SIDE} 像素，请缩小后再上传。")
        if getattr(image, "n_frames", 1) > 1:
            raise BadPicture("签名图片不能是动画，请上传一张静止的 PNG 或 JPEG。")
        image.load()
        upright = ImageOps.exif_transpose(image)
        return np.asarray(upright.convert("RGBA"))
    except BadPicture:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, OverflowError) as fault:
        raise BadPicture("签名图片无法读取，请上传 PNG 或 JPEG 图片。") from fault


def _ink(pixels: Any) -> Any:
    """How much each pixel is stroke, 0 to 255.

    With a transparent background that is the alpha channel. Else it is how much darker a pixel is than the paper,
    which is what the brightest tenth of the picture looks like.
    """
    import numpy as np

    alpha = pixels[..., 3]
    if np.count_nonzero(alpha < 128) > 0.2 * alpha.size:
        return alpha.copy()
    # The weakest channel sees blue and red ink as well as black.
    darkest = pixels[..., :3].min(axis=2).astype(np.float32)
    paper = float(np.percentile(darkest, 75))
    if paper < 60:
        raise BadPicture("图片的背景太深：请用深色笔在白纸上签名后重新拍摄。")
    weakest, strongest = paper * 0.82, paper * 0.5  # paper's own grain stays out; half as bright is full ink
    share = np.clip((weakest - darkest) / (weakest - strongest), 0.0, 1.0)
    return (share * 255).astype(np.uint8)
