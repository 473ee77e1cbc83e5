"""A sheet of paper in a photograph: its corners found, cut out, made straight, turned, and written as JPEG; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clients.kit.camera.port import Picture

MAX_SIDE = 2400
"""Pixels on the long side of a kept page: A4 at about 205 dpi, where 8-point type can be read."""
_QUALITY = 85
_LOOK_AT = 640
"""Corners are looked for in a picture of this long side: fast enough for the live view."""
_LEAST_PART, _MOST_PART = 0.15, 0.98
"""A shape as large as the picture is the table, or a scan without any: there is nothing to cut out."""
_LEAST_ANGLE, _MOST_ANGLE = 45.0, 135.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Quad:
    """Four corners in pixels of the picture: top left, top right, bottom right, bottom left as the page is read."""

    top_left: Point
    top_right: Point
    bottom_right: Point
    bottom_left: Point

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """The four in this order."""
        return (self.top_left, self.top_right, self.bottom_right, self.bottom_left)

    def moved(self, index: int, to: Point) -> Quad:
        """With one corner elsewhere."""
        corners = list(self.corners)
        corners[index] = to
        return Quad(*corners)

    def scaled(self, factor: float) -> Quad:
        """In a picture that is `factor` times as large."""
        return Quad(*((x * factor, y * factor) for x, y in self.corners))


def whole(picture: Picture) -> Quad:
    """The corners of the picture itself."""
    height, width = picture.shape[:2]
    return Quad((0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1))


def find_paper(picture: Picture) -> Quad | None:
    """Find the sheet: the largest convex shape of four sides that is brighter than, or has an edge against, the table.

    None when there is none that covers at least 15 % of the picture; then the whole picture is taken.
    """
    import cv2

    height, width = picture.shape[:2]
    factor = min(1.0, _LOOK_AT / max(height, width))
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else picture
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    best, best_area = None, _LEAST_PART * grey.shape[0] * grey.shape[1]
    for mask in _masks(grey):
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            hull = cv2.convexHull(contour)
            area = cv2.contourArea(hull)
            if not best_area < area < _MOST_PART * grey.size:
                continue
            corners = _four_of(hull)
            if corners is not None and cv2.contourArea(corners) > 0.85 * area and _is_sheet(corners):
                best, best_area = corners, area
    if best is None:
        return None
    return _ordered([(float(x) / factor, float(y) / factor) for x, y in best.reshape(4, 2)])


def _masks(grey: Any) -> list[Any]:
    """Bright areas, and areas inside edges; an opening cuts off what touches the sheet by a thin bridge."""
    import cv2
    import numpy as np

    kernel = np.ones((5, 5), np.uint8)
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    bright = cv2.morphologyEx(cv2.morphologyEx(bright, cv2.MORPH_CLOSE, kernel), cv2.MORPH_OPEN, kernel)
    edges = cv2.dilate(cv2.Canny(grey, 40, 120), np.ones((3, 3), np.uint8), iterations=2)
    return [bright, edges]


def _four_of(hull: Any) -> Any:
    import cv2

    length = cv2.arcLength(hull, True)
    for tolerance in (0.02, 0.03, 0.05, 0.08):
        corners = cv2.approxPolyDP(hull, tolerance * length, True)
        if len(corners) == 4:
            return corners
        if len(corners) < 4:
            return None
    return None


def _is_sheet(corners: Any) -> bool:
    """Every corner of a photographed sheet is roughly a right angle."""
    import numpy as np

    points = corners.reshape(4, 2).astype(float)
    for place in range(4):
        one, two = points[place - 1] - points[place], points[(place + 1) % 4] - points[place]
        size = float(np.linalg.norm(one) * np.linalg.norm(two))
        if size == 0:
            return False
        angle = float(np.degrees(np.arccos(np.clip(one @ two / size, -1, 1))))
        if not _LEAST_ANGLE <= angle <= _MOST_ANGLE:
            return False
    return True


def _ordered(points: list[Point]) -> Quad:
    """Top left has the least x + y, bottom right the most; of the others, top right has the greater x - y."""
    top_left = min(points, key=lambda p: p[0] + p[1])
    bottom_right = max(points, key=lambda p: p[0] + p[1])
    rest = [p for p in points if p not in (top_left, bottom_right)]
    if len(rest) != 2:
        rest = sorted(points, key=lambda p: p[0] - p[1])[:: len(points) - 1]
    top_right = max(rest, key=lambda p: p[0] - p[1])
    bottom_left = min(rest, key=lambda p: p[0] - p[1])
    return Quad(top_left, top_right, bottom_right, bottom_left)


def straightened(picture: Picture, quad: Quad) -> Picture:
    """Cut the sheet out and make it a rectangle; its sides are the longer ones of the photographed pairs."""
    import cv2
    import numpy as np

    a, b, c, d = (np.array(point, np.float32) for point in quad.corners)
    width = max(float(np.linalg.norm(b - a)), float(np.linalg.norm(c - d)), 8.0)
    height = max(float(np.linalg.norm(d - a)), float(np.linalg.norm(c - b)), 8.0)
    factor = min(1.0, MAX_SIDE / max(width, height))
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    target = np.array([(0, 0), (size[0] - 1, 0), (size[0] - 1, size[1] - 1), (0, size[1] - 1)], np.float32)
    matrix = cv2.getPerspectiveTransform(np.stack((a, b, c, d)), target)
    made: Picture = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return made


def turned(picture: Picture, quarters: int) -> Picture:
    """Turned clockwise by quarters."""
    import numpy as np

    return np.ascontiguousarray(np.rot90(picture, -quarters % 4))


def fitted(picture: Picture, side: int = MAX_SIDE) -> Picture:
    """No larger than `side` on its long side."""
    import cv2

    factor = side / max(picture.shape[:2])
    if factor >= 1:
        return picture
    small: Picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return small


def as_jpeg(picture: Picture) -> bytes:
    """The bytes to keep."""
    import cv2

    done, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise ValueError("the picture could not be written as JPEG")
    return coded.tobytes()


def from_jpeg(data: bytes) -> Picture:
    """The picture of bytes that `as_jpeg` made. Raises ValueError."""
    import cv2
    import numpy as np

    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("these bytes are no picture")
    return picture
