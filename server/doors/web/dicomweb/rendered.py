"""Rendered pictures and thumbnails (PS3.18 10.4.1.1.3): grey scale pipeline, colour, viewport, JPEG or PNG."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from server.doors.web.dicomweb import answers, model, multipart
from server.doors.web.dicomweb.calls import Call
from server.doors.web.dicomweb.frames import frame_list
from server.doors.web.dicomweb.images import Image, Images
from server.doors.web.dicomweb.metadata import instance_url
from server.doors.web.dicomweb.negotiation import MediaType, not_acceptable
from server.doors.web.dicomweb.ports import Refusal, StoredInstance
from server.doors.web.dicomweb.wado import found
from server.kernel.metrics import METRICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.lut import LookupTable, Modality, Window

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
PICTURES = (JPEG, PNG)
MAX_SIDE = 8192
THUMBNAIL_SIDE = 200
_QUALITY = 90
_KEPT_BYTES = 64 << 20
_TABLES = 200
_FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
_PDF_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"


@dataclass(frozen=True, slots=True)
class Wish:
    """How a picture is to look."""

    media: str = JPEG
    window: tuple[float, float, str] | None = None  # centre, width, VOI LUT function
    width: int = 0  # of the viewport, 0: as the image
    height: int = 0
    region: tuple[float, float, float, float] | None = None  # x, y, width, height in image pixels; negative flips
    quality: int = _QUALITY


class Renderer:
    """Makes pictures and keeps the last ones. Thread-safe."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self._kept: OrderedDict[tuple[str, int, Wish], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._tables: dict[object, NDArray[Any]] = {}
        self._lock = threading.Lock()

    def picture(self, one: StoredInstance, image: Image, number: int, wish: Wish) -> bytes:
        """Frame `number` (from 1), encoded. Raises Refusal."""
        key = (one.stamp, number, wish)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        made = _encoded(_fitted(self.shown(one, image, number, wish), wish), wish)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._kept_bytes += len(made)
            while self._kept_bytes > _KEPT_BYTES:
                self._kept_bytes -= len(self._kept.popitem(last=False)[1])
        return made

    def shown(self, one: StoredInstance, image: Image, number: int, wish: Wish) -> NDArray[Any]:
        """Grey (rows, columns) or RGB (rows, columns, 3) of a whole frame, uint8."""
        import numpy as np

        values = self._images.pixels(one, image, number)
        if values.ndim == 3:
            return np.ascontiguousarray(values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8))
        from shared.imaging.lut import VoiFunction, Window, grey_of, window_of_pixels

        frame = image.header.frames[min(number, len(image.header.frames)) - 1]
        modality = frame.modality
        voi: Window | LookupTable
        if wish.window is not None:
            voi = Window(wish.window[0], wish.window[1], VoiFunction(wish.window[2]))
        elif frame.voi:
            voi = frame.voi[0]
        elif image.header.pixel_format.bits_stored == 1:
            voi = Window(0.5, 1.0)
        else:
            voi = window_of_pixels(values, modality, image.header.padding)
        inverted = image.header.inverted
        if values.dtype.kind not in "iu" or values.dtype.itemsize > 2:
            return grey_of(modality(values), voi, inverted=inverted)
        signed = values.dtype.kind == "i"
        table = self._table(signed, modality, voi, inverted)
        patterns = values.astype(np.int16 if signed else np.uint16, copy=False).view(np.uint16)
        return table[patterns]

    def _table(self, signed: bool, modality: Modality, voi: Window | LookupTable, inverted: bool) -> NDArray[Any]:
        from shared.imaging.lut import Window, display_table

        if modality.table is not None or not isinstance(voi, Window):
            return display_table(signed=signed, modality=modality, voi=voi, inverted=inverted)
        key = (signed, modality.slope, modality.intercept, voi.centre, voi.width, voi.function, inverted)
        table = self._tables.get(key)
        if table is None:
            table = display_table(signed=signed, modality=modality, voi=voi, inverted=inverted)
            with self._lock:
                if len(self._tables) >= _TABLES:
                    self._tables.clear()
                self._tables[key] = table
        return table


class RenderedService:
    """`…/rendered` and `…/thumbnail` at every level."""

    def __init__(self, images: Images, renderer: Renderer) -> None:
        self._images = images
        self._renderer = renderer

    def rendered(self, call: Call) -> Response:
        instances = found(call)
        choices = call.accepts(JPEG)
        if call.path.get("instance") and instances[0].sop_class_uid == _PDF_CLASS:
            return _pdf(call, instances[0], choices)
        media, name = _chosen(choices)
        wish = wish_of(call, name)
        if call.path.get("instance"):
            return self._frames(call, instances[0], media, wish)
        return self._all(call, instances, media, wish)

    def thumbnail(self, call: Call) -> Response:
        instances = found(call)
        _, name = _chosen(call.accepts(JPEG))
        wish = wish_of(call, name)
        if not wish.width:
            wish = Wish(wish.media, wish.window, THUMBNAIL_SIDE, THUMBNAIL_SIDE, wish.region, wish.quality)
        if "frames" in call.path:
            one, image, number = self._frame_of(call, instances[0])
        else:
            one, image, number = self._representative(instances)
        return self._one(call, one, image, number, wish)

    def _frame_of(self, call: Call, one: StoredInstance) -> tuple[StoredInstance, Image, int]:
        image = self._images.image(one)
        return one, image, frame_list(call.path["frames"], 1)[0]

    def _frames(self, call: Call, one: StoredInstance, media: MediaType, wish: Wish) -> Response:
        image = self._images.image(one)
        numbers = [image.representative]
        if "frames" in call.path:
            numbers = frame_list(call.path["frames"], call.ports.limits.frames)
        if max(numbers) > image.frames:
            raise Refusal(404, f"The object has {image.frames} frames; there is no frame {max(numbers)}.")
        if len(numbers) == 1 and not media.is_multipart:
            return self._one(call, one, image, numbers[0], wish)
        return self._parts(call, [(one, number) for number in numbers], wish)

    def _all(self, call: Call, instances: Sequence[StoredInstance], media: MediaType, wish: Wish) -> Response:
        if not media.is_multipart and media.name != "*/*":
            one, image, number = self._representative(instances)
            return self._one(call, one, image, number, wish)
        if len(instances) > call.ports.limits.rendered:
            raise Refusal(413, f"More than {call.ports.limits.rendered} pictures; ask for single series or instances.")
        return self._parts(call, [(one, 0) for one in instances], wish)

    def _representative(self, instances: Sequence[StoredInstance]) -> tuple[StoredInstance, Image, int]:
        """The middle one of the first series that shows something."""
        first: Refusal | None = None
        middle = [one for one in instances if one.series_uid == instances[0].series_uid]
        for one in (middle[len(middle) // 2], *instances[:50]):
            try:
                image = self._images.image(one)
            except Refusal as refusal:
                first = first or refusal
                continue
            return one, image, image.representative
        assert first is not None
        raise first

    def _one(self, call: Call, one: StoredInstance, image: Image, number: int, wish: Wish) -> Response:
        etag = answers.etag_of((one.stamp, "rendered", str(number), str(wish)))
        if answers.is_known(etag, call.headers.get("if-none-match", "")):
            return answers.not_modified(etag)
        METRICS.count("rendered_frames_total")
        headers = {"etag": etag, "cache-control": answers.REVALIDATE, "vary": "accept"}
        return Response(self._renderer.picture(one, image, number, wish), headers=headers, media_type=wish.media)

    def _parts(self, call: Call, wanted: Sequence[tuple[StoredInstance, int]], wish: Wish) -> Response:
        boundary = multipart.new_boundary()

        def body() -> Iterator[bytes]:
            for one, number in wanted:
                try:
                    image = self._images.image(one)
                    shown = number or image.representative
                    picture = self._renderer.picture(one, image, shown, wish)
                except Refusal:
                    continue  # no image, or one that no codec reads: the others are shown
                METRICS.count("rendered_frames_total")
                where = f"{instance_url(call.base, one)}/frames/{shown}/rendered"
                yield multipart.part_head(boundary, wish.media, where) + picture
            yield multipart.closing(boundary)

        headers = {"cache-control": answers.REVALIDATE, "vary": "accept"}
        return answers.Streamed(body(), multipart.content_type(boundary, wish.media), None, headers)


def _chosen(choices: Sequence[MediaType]) -> tuple[MediaType, str]:
    for media in choices:
        for name in PICTURES:
            if media.takes(name):
                return media, name
    raise not_acceptable(PICTURES)


def wish_of(call: Call, media: str) -> Wish:
    """The query parameters of rendering (8.3.5). Raises Refusal (400)."""
    quality = call.number("quality", _QUALITY, 1000)
    if not 1 <= quality <= 100:
        raise Refusal(400, "The quality is a number from 1 to 100.")
    width, height, region = _viewport(call.parameter("viewport"))
    return Wish(media, _window(call.parameter("window")), width, height, region, quality)


def _window(text: str) -> tuple[float, float, str] | None:
    if not text:
        return None
    parts = text[:200].split(",")
    function = _FUNCTIONS.get(parts[2].strip().lower()) if len(parts) == 3 else "LINEAR"
    numbers = _numbers(parts[:2])
    if len(parts) not in (2, 3) or function is None or None in numbers:
        raise Refusal(400, "The window is centre,width,function with linear, linear-exact or sigmoid.")
    centre, width = numbers
    assert centre is not None and width is not None
    if width <= 0 or (function == "LINEAR" and width < 1):
        raise Refusal(400, "The width of the window must be at least 1 (above 0 for sigmoid and linear-exact).")
    return centre, width, function


def _viewport(text: str) -> tuple[int, int, tuple[float, float, float, float] | None]:
    if not text:
        return 0, 0, None
    parts = text[:200].split(",")
    sides = _numbers(parts[:2])
    width, height = (sides[0], sides[1]) if len(sides) == 2 else (None, None)
    if len(parts) not in (2, 6) or not width or not height or not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise Refusal(400, f"The viewport is vw,vh or vw,vh,sx,sy,sw,sh, with sides from 1 to {MAX_SIDE}.")
    region = None
    if len(parts) == 6 and any(part.strip() for part in parts[2:]):
        numbers = _numbers([part or "0" for part in parts[2:]])
        if None in numbers:
            raise Refusal(400, "The region of the viewport is sx,sy,sw,sh in pixels of the image.")
        region = (numbers[0] or 0.0, numbers[1] or 0.0, numbers[2] or 0.0, numbers[3] or 0.0)
    return int(width), int(height), region


def _numbers(parts: Sequence[str]) -> list[float | None]:
    found: list[float | None] = []
    for part in parts:
        try:
            number = float(part)
        except ValueError:
            found.append(None)
            continue
        found.append(number if math.isfinite(number) and abs(number) < 1e9 else None)
    return found


def _fitted(shown: NDArray[Any], wish: Wish) -> NDArray[Any]:
    """The region, turned as asked and scaled into the viewport with its proportions kept (8.3.5.1.3)."""
    import cv2
    import numpy as np

    if wish.region is not None:
        rows, columns = shown.shape[:2]
        x, y, width, height = wish.region
        mirrored, turned = width < 0, height < 0
        width, height = abs(width) or columns - x, abs(height) or rows - y
        left, top = max(int(x), 0), max(int(y), 0)
        right, bottom = min(math.ceil(x + width), columns), min(math.ceil(y + height), rows)
        if right <= left or bottom <= top:
            raise Refusal(400, "The region of the viewport lies outside of the image.")
        shown = shown[top:bottom, left:right]
        if mirrored:
            shown = shown[:, ::-1]
        if turned:
            shown = shown[::-1]
        shown = np.ascontiguousarray(shown)
    if not wish.width:
        return shown
    rows, columns = shown.shape[:2]
    scale = min(wish.width / columns, wish.height / rows)
    size = (max(round(columns * scale), 1), max(round(rows * scale), 1))
    if size == (columns, rows):
        return shown
    return cv2.resize(shown, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _encoded(shown: NDArray[Any], wish: Wish) -> bytes:
    import imagecodecs

    if wish.media == PNG:
        return bytes(imagecodecs.png_encode(shown, level=3))
    if max(shown.shape[:2]) > 65_500:
        raise Refusal(400, "The picture is too large for JPEG; ask for a viewport.")
    return bytes(imagecodecs.jpeg8_encode(shown, level=wish.quality))


def _pdf(call: Call, one: StoredInstance, choices: Sequence[MediaType]) -> Response:
    """An encapsulated document is its own rendering."""
    if not any(media.takes(PDF) for media in choices):
        raise not_acceptable((PDF,))
    with one.open() as data:
        plain, syntax = call.ports.holdings.inflated(data, one.transfer_syntax_uid)
        try:
            start, length, _ = model.find_bulk(plain, syntax, "00420011")
        except (KeyError, model.BadDataSet):
            raise Refusal(500, "The stored object holds no readable document.") from None
        value = bytes(plain[start : start + (length or 0)])
    headers = {"etag": answers.etag_of((one.stamp, "pdf")), "cache-control": answers.REVALIDATE}
    return Response(value, headers=headers, media_type=PDF)
