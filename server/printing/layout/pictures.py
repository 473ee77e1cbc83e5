"""Pictures for documents: checked, brought to print resolution and laid out in a calm grid."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from server.printing.layout.sheet import MM, MUTED, LayoutError, Pen, SolidBlock

PRINT_DPI = 300
MAX_PIXELS = 40_000_000


@dataclass(frozen=True)
class KeyImage:
    """A PNG or JPEG picture and its caption (may be empty)."""

    data: bytes
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """A decoded picture; `image` is a PIL image that nobody changes."""

    image: Any
    caption: str

    @property
    def aspect(self) -> float:
        """Width by height."""
        return float(self.image.width / self.image.height)


def opened(data: bytes, what: str) -> Any:
    """Decode a PNG or JPEG to grey, RGB or RGBA. Raises LayoutError for anything else or for a giant."""
    from PIL import Image

    try:
        image = Image.open(BytesIO(data), formats=("PNG", "JPEG"))
        if image.width * image.height > MAX_PIXELS:
            raise LayoutError(f"{what} has {image.width}×{image.height} pixels; send at most {MAX_PIXELS} of them")
        image.load()
    except (OSError, SyntaxError, Image.DecompressionBombError) as fault:
        raise LayoutError(f"{what} is not a readable PNG or JPEG picture; capture it again") from fault
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    return image.convert("RGBA" if "transparency" in image.info else "RGB")


def draw_image(pen: Pen, image: Any, x: float, y: float, *, width: float, height: float) -> None:
    """Draw fitted and centred into the box, at no more than print resolution."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    scale = min(width / image.width, height / image.height)
    shown_width, shown_height = image.width * scale, image.height * scale
    limit = shown_width / 72 * PRINT_DPI
    if image.width > limit * 1.25:
        size = (max(1, round(limit)), max(1, round(shown_height / 72 * PRINT_DPI)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    pen.canvas.drawImage(
        ImageReader(image),
        x + (width - shown_width) / 2,
        y + (height - shown_height) / 2,
        shown_width,
        shown_height,
        mask="auto" if image.mode == "RGBA" else None,
    )


@dataclass(frozen=True)
class PictureRow(SolidBlock):
    """One row of pictures with captions, centred; cells share width and height so that edges line up."""

    pictures: tuple[Picture, ...]
    width: float
    cell_width: float
    cell_height: float
    gap: float = 3 * MM

    @property
    def height(self) -> float:
        caption = 13.0 if any(picture.caption for picture in self.pictures) else 0.0
        return self.cell_height + caption + 2 * MM

    def draw(self, pen: Pen, x: float, top: float) -> None:
        count = len(self.pictures)
        left = x + (self.width - count * self.cell_width - (count - 1) * self.gap) / 2
        for picture in self.pictures:
            pen.box(left, top - self.cell_height, self.cell_width, self.cell_height, fill=(0.02, 0.02, 0.03))
            draw_image(
                pen,
                picture.image,
                left,
                top - self.cell_height,
                width=self.cell_width,
                height=self.cell_height,
            )
            if picture.caption:
                base = top - self.cell_height - 10.5
                pen.fitted(
                    left + self.cell_width / 2, base, picture.caption, 8, self.cell_width, colour=MUTED, align="centre"
                )
            left += self.cell_width + self.gap


def picture_rows(pictures: tuple[Picture, ...], width: float, scale: float = 1.0) -> list[PictureRow]:
    """Arrange 1 to 6 pictures: 1, 2, 3 in a row, 4 as two by two, 5 and 6 as rows of three."""
    count = len(pictures)
    if not count:
        return []
    columns = {1: 1, 2: 2, 4: 2}.get(count, 3)
    tallest = {1: 68 * MM, 2: 60 * MM, 3: 52 * MM}.get(count, 46 * MM)
    tallest *= scale
    broadest = max(picture.aspect for picture in pictures)
    widest = min(max(broadest, 0.6), 2.2)
    gap = 3 * MM
    cell_width = min((width - (columns - 1) * gap) / columns, tallest * widest)
    cell_height = min(tallest, cell_width / widest)
    return [
        PictureRow(pictures[start : start + columns], width, cell_width, cell_height, gap)
        for start in range(0, count, columns)
    ]
