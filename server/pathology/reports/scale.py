"""A scale bar on a copy of a picture; the stored picture stays as it is."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

_STEPS_UM = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_SHARE = 0.22
"""The bar is the longest step that is at most this share of the picture's width."""
MOST_SIDE = 1600
"""A printed picture needs no more pixels a side."""
LEAST_WIDTH = 640
_FONT = Path(__file__).resolve().parents[3] / "shared" / "fonts" / "NotoSansSC-Regular.ttf"


def bar_length(width: int, um_per_pixel: float) -> int:
    """Return the length in µm of the bar for a picture of `width` pixels."""
    return max((one for one in _STEPS_UM if one <= width * um_per_pixel * _SHARE), default=_STEPS_UM[0])


def for_paper(data: bytes, um_per_pixel: float) -> bytes:
    """Return a picture as JPEG for paper, with a scale bar where it is calibrated (`um_per_pixel` > 0).

    Raises OSError for what is no picture.
    """
    from PIL import Image, ImageDraw, ImageFont

    with Image.open(BytesIO(data)) as opened:
        image = opened.convert("RGB")
    whole = image.width
    if whole < LEAST_WIDTH:  # letters of the bar need room
        times = -(-LEAST_WIDTH // whole)
        image = image.resize((image.width * times, image.height * times), Image.Resampling.BICUBIC)
    image.thumbnail((MOST_SIDE, MOST_SIDE))
    if um_per_pixel > 0:
        scale = um_per_pixel * whole / image.width
        length_um = bar_length(image.width, scale)
        length, unit = round(length_um / scale), max(2, image.height // 180)
        right, bottom = image.width - 6 * unit, image.height - 6 * unit
        draw = ImageDraw.Draw(image)
        words = f"{length_um} µm" if length_um < 1000 else f"{length_um // 1000} mm"
        font = ImageFont.truetype(str(_FONT), 9 * unit) if _FONT.exists() else ImageFont.load_default(9 * unit)
        box = draw.textbbox((0, 0), words, font=font)
        wide = max(length, int(box[2] - box[0]))
        draw.rectangle(
            (right - wide - 3 * unit, bottom - 15 * unit, right + 3 * unit, bottom + 3 * unit), fill=(255, 255, 255)
        )
        draw.rectangle((right - length, bottom - unit, right, bottom + unit), fill=(0, 0, 0))
        draw.text((right - (box[2] - box[0]), bottom - 14 * unit), words, fill=(0, 0, 0), font=font)
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
