# ruff: noqa: E501 - a table: one entry a line
"""The icon set of the suite: strokes on a 24-unit grid as SVG paths, tinted when drawn; no files, no outside source."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

# One stroke of 1.75 units, round ends; "F:" begins a part that is filled instead of stroked.
_PATHS: dict[str, str] = {
    "add": "M12 5v14M5 12h14",
    "alert": "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.4",
    "align_bottom": "M4 20h16M7 4v12h4V4zM14 9v7h4V9z",
    "align_centre": "M12 4v2M12 10v3M12 17v3M5 6h14v4H5zM8 13h8v4H8z",
    "align_left": "M4 4v16M8 6h12v4H8zM8 14h7v4H8z",
    "align_middle": "M4 12h2M10 12h3M17 12h3M6 5h4v14H6zM13 8h4v8h-4z",
    "align_right": "M20 4v16M4 6h12v4H4zM9 14h7v4H9z",
    "align_top": "M4 4h16M7 8v12h4V8zM14 8v7h4V8z",
    "archive": "M4 5h16v4H4zM5.5 9v10h13V9M10 13h4",
    "arrow_down": "M12 5v14M6 13l6 6 6-6",
    "arrow_left": "M19 12H5M11 6l-6 6 6 6",
    "arrow_right": "M5 12h14M13 6l6 6-6 6",
    "arrow_up": "M12 19V5M6 11l6-6 6 6",
    "audit": "M5 4h9l5 5v11H5zM14 4v5h5M8.5 14.5l2.5 2.5 4.5-5",
    "barcode": "M4 6v12M7.5 6v12M10 6v12M14 6v12M16.5 6v12M20 6v12",
    "bell": "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4",
    "body": "M12 3.5a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4M5 10.5h14M12 10.5v5M8.5 21l3.5-5.5 3.5 5.5",
    "calendar": "M4.5 6h15v14h-15zM4.5 10.5h15M8.5 3.5V7M15.5 3.5V7",
    "call": "M4 9.5v5h3.5L13 19V5L7.5 9.5zM16 9a4.5 4.5 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
    "call_again": "M3.5 9.5v5H6l4.5 4v-13L6 9.5zM20.5 9.5A5 5 0 1 0 20 15M20.8 6v3.8H17",
    "camera": "M3.5 7.5h4l2-2.5h5l2 2.5h4v11.5h-17zM12 10a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7",
    "chart": "M4 4v16h16M8.500 16v-4.500M12.500 16V8M16.500 16v-6.500",
    "check": "M5 12.5l4.5 4.5L19 7",
    "check_circle": "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M8 12.2l2.8 2.8L16 9.5",
    "chevron_down": "M6 9.5l6 6 6-6",
    "chevron_left": "M14.5 6l-6 6 6 6",
    "chevron_right": "M9.5 6l6 6-6 6",
    "chevron_up": "M6 14.5l6-6 6 6",
    "circle": "M12 4.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15",
    "clear": "M4 7h16M9 7V4.5h6V7M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5",
    "clipboard": "M8.5 5H5.5v16h13V5h-3M8.5 3.5h7v3.5h-7zM9 12h6M9 16h6",
    "clock": "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M12 7.5v5l3.5 2",
    "close": "M6 6l12 12M18 6L6 18",
    "cloud": "M7 18.5a4 4 0 0 1-.5-8 5.5 5.5 0 0 1 10.7-1A4.5 4.5 0 0 1 17 18.5z",
    "columns": "M4 5h16v14H4zM9.3 5v14M14.6 5v14",
    "command": "M5 6l6 6-6 6M12.5 18H19",
    "compare": "M4 5h7v14H4zM13 5h7v14h-7z",
    "copy": "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
    "cross_circle": "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M9 9l6 6M15 9l-6 6",
    "details": "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M12 11v5.5M12 7.6v.4",
    "display": "M3.5 5h17v11h-17zM9 20h6M12 16v4",
    "document": "M6 3.5h8l4.5 4.5v12.5H6zM14 3.5V8h4.5M9 12.5h6M9 16h6",
    "data_matrix": "M4 4v16h16M8 4h1M12 4h1M16 4h1M8 8h4v4H8zM15 8h5v1M16 13h4v3h-4zM8 16h4",
    "dot": "F:M12 7.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9",
    "download": "M12 4v11M7 10.5l5 5 5-5M4.5 19.5h15",
    "edit": "M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5zM13.5 7l3.5 3.5",
    "empty": "M4 13.5L6.5 5h11l2.5 8.5v5.5H4zM4 13.5h5l1.2 2.5h3.6L15 13.5h5",
    "eye": "M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12M12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6",
    "eye_off": "M4 4l16 16M9.5 6.2A9.6 9.6 0 0 1 12 5.8c6 0 9.5 6.2 9.5 6.2a16 16 0 0 1-2.8 3.5M6.2 7.8A15.500 15.500 0 0 0 2.500 12S6 18.200 12 18.200a9.500 9.500 0 0 0 4-.9",
    "female": "M12 4a5 5 0 1 1 0 10 5 5 0 0 1 0-10M12 14v7M8.500 17.500h7",
    "filter": "M4 5h16l-6 7.500v6l-4-2v-4z",
    "flag": "M6 21V4M6 5h12l-2.500 4 2.500 4H6",
    "folder": "M3.500 6h6l2 2.500h9V19h-17z",
    "fullscreen": "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
    "gear": "M12 8.800a3.200 3.200 0 1 1 0 6.400 3.200 3.200 0 0 1 0-6.400M12 3v3M12 18v3M3 12h3M18 12h3M5.600 5.600l2.200 2.200M16.200 16.200l2.200 2.200M5.600 18.400l2.200-2.200M16.200 7.800l2.200-2.200",
    "grid": "M4 4h6.500v6.500H4zM13.500 4H20v6.500h-6.500zM4 13.500h6.500V20H4zM13.500 13.500H20V20h-6.500z",
    "half_circle": "M12 4.500a7.500 7.500 0 1 1 0 15 7.500 7.500 0 0 1 0-15F:M12 4.500a7.500 7.500 0 0 1 0 15z",
    "help": "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M9.500 9.700a2.500 2.500 0 1 1 3.700 2.200c-.8.5-1.200 1-1.200 2M12 16.600v.4",
    "history": "M4.500 12a7.500 7.500 0 1 0 2.200-5.300L4.500 9M4.500 4.500V9H9M12 8v4.500l3 1.500",
    "home": "M4 11.500L12 4l8 7.500M6 10v10h12V10M10 20v-5.500h4V20",
    "hourglass": "M6.500 4h11M6.500 20h11M8 4v3.500l8 9V20M16 4v3.500l-8 9V20",
    "image": "M4 5h16v14H4zM4 16l4.500-4.500 3.500 3.500 3-3 5 4.500M15.500 8.500v.4",
    "key": "M8 10.500a4 4 0 1 1 0 8 4 4 0 0 1 0-8M11 11.800L19.500 4M16 7.200l2.500 2.500",
    "language": "M4 6h9M8.500 3.500V6M11 6c-.8 3.500-3 6.500-6.500 8.500M6 9c1 2.300 3 4.300 5.500 5.500M12 20.500l4-10 4 10M13.400 17h5.200",
    "layout": "M4 5h16v14H4zM4 10h16M10 10v9",
    "list": "M8.500 6h11.500M8.500 12h11.500M8.500 18h11.500M4.500 6v.1M4.500 12v.1M4.500 18v.1",
    "lock": "M5.500 11h13v9h-13zM8.500 11V8a3.500 3.500 0 0 1 7 0v3M12 14.500v2",
    "log_out": "M14 4.500H5v15h9M10 12h10.500M17 8.500l3.500 3.500-3.500 3.500",
    "male": "M10 10a5 5 0 1 1 0 10 5 5 0 0 1 0-10M13.600 11.400L20 5M15 4.500h5v5",
    "measure": "M3.500 15.500l12-12 5 5-12 12zM7 12l2 2M10 9l2.500 2.500M13 6l2 2",
    "menu": "M4 6.500h16M4 12h16M4 17.500h16",
    "microphone": "M9 4.500h6v9H9zM5.500 11.500v1a6.500 6.500 0 0 0 13 0v-1M12 19v2.500",
    "minus": "M5 12h14",
    "money": "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M8.500 8l3.500 4.500L15.500 8M12 12.500v5M9 12.700h6M9 15.200h6",
    "moon": "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10",
    "more": "F:M5 10.4a1.600 1.600 0 1 1 0 3.200 1.600 1.600 0 0 1 0-3.200M12 10.400a1.600 1.600 0 1 1 0 3.200 1.600 1.600 0 0 1 0-3.200M19 10.400a1.600 1.600 0 1 1 0 3.200 1.600 1.600 0 0 1 0-3.200",
    "offline": "M4 4l16 16M2.500 10a14 14 0 0 1 5-3M12 6a14 14 0 0 1 9.500 4M6 13.500a9 9 0 0 1 4-2.300M15 12a9 9 0 0 1 3 1.500M12 18v.4",
    "online": "M2.500 10a14 14 0 0 1 19 0M6 13.700a9 9 0 0 1 12 0M12 18v.4",
    "panel": "M4 5h16v14H4zM14.500 5v14",
    "pass": "M5 6l8 6-8 6zM18 6v12",
    "patient": "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4.500 20.500a7.500 7.500 0 0 1 15 0",
    "pause": "M8.500 5v14M15.500 5v14",
    "pin": "M9 4h6M10 4v6.500L6.500 14h11L14 10.500V4M12 14v6.500",
    "play": "M7 5l12 7-12 7z",
    "print": "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6.500H7z",
    "qr": "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.500v2.500H14zM17.500 17.500H20V20h-2.500z",
    "queue": "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6M3 19.500a5 5 0 0 1 10 0M16 8h5M16 12h5M16 16h5",
    "redo": "M15.500 5L20 9.500 15.500 14M20 9.500H10a5.500 5.500 0 0 0 0 11h4",
    "refresh": "M19.500 12a7.500 7.500 0 1 1-2.200-5.300L19.500 9M19.500 4.500V9H15",
    "reject": "M9.500 5L4.500 10l5 5M4.500 10H14a5.500 5.500 0 0 1 0 11h-3",
    "room": "M5.500 20.500V4h10v16.500M3 20.500h18M15.500 8H18.500v12.500M12 12.500v.4",
    "save": "M4.500 4.500h12l3 3v12h-15zM8 4.500V9h7V4.500M7.500 19.500v-6h9v6",
    "scan": "M4 8.500V4h4.500M15.500 4H20v4.500M20 15.500V20h-4.500M8.500 20H4v-4.500M4 12h16",
    "search": "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13M15.500 15.500L20.500 20.500",
    "send": "M20.500 3.500L3.500 10.500l7 3 3 7zM20.500 3.500l-10 10",
    "sign_in": "M10 4.500h9v15h-9M3.500 12H14M10.500 8.500L14 12l-3.500 3.500",
    "sort": "M8 4.500v15M4.500 16L8 19.500l3.500-3.500M16 19.500v-15M12.500 8L16 4.500 19.500 8",
    "spark": "M12 3.500l2 6.500 6.500 2-6.500 2-2 6.500-2-6.500-6.500-2 6.500-2z",
    "star": "M12 3.800l2.500 5.300 5.700.7-4.200 4 1.100 5.700-5.100-2.800-5.100 2.800L8 13.800l-4.200-4 5.700-.7z",
    "star_filled": "F:M12 3.800l2.500 5.300 5.700.7-4.200 4 1.100 5.700-5.100-2.800-5.100 2.800L8 13.800l-4.200-4 5.700-.7z",
    "stop": "M6 6h12v12H6z",
    "submit": "M12 20V8M7 12.500L12 7.500l5 5M4.500 4h15",
    "sun": "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400",
    "tag": "M4 4h8l8.500 8.500-8 8L4 12zM8 8v.1",
    "template": "M4 4.500h16v4H4zM4 11.500h9v8H4zM16 11.500h4v8h-4z",
    "text": "M5 6.500V5h14v1.500M12 5v14M9 19h6",
    "undo": "M8.500 5L4 9.500 8.500 14M4 9.500h10a5.500 5.500 0 0 1 0 11H9",
    "unlock": "M5.500 11h13v9h-13zM8.500 11V7.500a3.500 3.500 0 0 1 6.800-1.200M12 14.500v2",
    "upload": "M12 15.500V4.500M7 9l5-5 5 5M4.500 19.500h15",
    "users": "M9 5a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7M2.500 19.500a6.500 6.500 0 0 1 13 0M15.500 5.300a3.500 3.500 0 0 1 0 6.400M18 14a6.500 6.500 0 0 1 3.500 5.500",
    "viewer": "M3.500 4.500h17v12h-17zM8.500 20.500h7M8 12.500l2.500-3 2 2 3.500-4",
    "voice": "M5 9.500v5M8.500 7v10M12 4.500v15M15.500 7.500v9M19 10v4",
    "window": "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17F:M12 3.500a8.500 8.500 0 0 0 0 17z",
    "zoom": "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13M15.500 15.500L20.500 20.500M7.500 10.500h6M10.500 7.500v6",
}

_RATIOS = (1.0, 1.25, 1.5, 2.0, 3.0)


class UnknownIcon(KeyError):
    """A screen asked for an icon that the set does not hold."""


def icon_names() -> tuple[str, ...]:
    """Every name of the set, in alphabetical order."""
    return tuple(sorted(_PATHS))


def require_icon(name: str) -> None:
    """Raise UnknownIcon unless `name` is in the set or empty; declarations call this, so that they fail at start."""
    if name and name not in _PATHS:
        raise UnknownIcon(f"no icon is named {name!r}; see clients/kit/icons.py")


@lru_cache(maxsize=256)
def _svg(name: str, colour: str) -> bytes:
    require_icon(name)
    parts = []
    for index, part in enumerate(_PATHS[name].split("F:")):
        if not part:
            continue
        if index == 0:
            parts.append(
                f'<path d="{part}" fill="none" stroke="{colour}" stroke-width="1.75" '
                'stroke-linecap="round" stroke-linejoin="round"/>'
            )
        else:
            parts.append(f'<path d="{part}" fill="{colour}"/>')
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{"".join(parts)}</svg>'.encode()


@lru_cache(maxsize=512)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_svg(name, colour)))


def paint_icon(painter: QPainter, name: str, area: QRectF, colour: str) -> None:
    """Draw the icon into `area` (logical pixels, square) in `colour` (`#rrggbb`), sharp on the painter's screen.

    The picture is cached per size and colour and set on whole device pixels: lists draw thousands of them.
    """
    ratio = painter.device().devicePixelRatioF()
    pixmap = icon_pixmap(name, round(area.width()), colour, ratio)
    left = round(area.left() * ratio) / ratio
    top = round(area.top() * ratio) / ratio
    painter.drawPixmap(QPointF(left, top), pixmap)


@lru_cache(maxsize=1024)
def icon_pixmap(name: str, size: int, colour: str, ratio: float = 1.0) -> QPixmap:
    """The icon as a pixmap of `size` logical pixels for a screen with device pixel ratio `ratio`."""
    side = max(1, round(size * ratio))
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _renderer(name, colour).render(painter, QRectF(0, 0, side, side))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def make_icon(name: str, size: int, colour: str, disabled_colour: str, on_colour: str | None = None) -> QIcon:
    """A QIcon with the sharp sizes for the usual screen scales; `on_colour` is used while a button is checked."""
    icon = QIcon()
    for ratio in _RATIOS:
        icon.addPixmap(icon_pixmap(name, size, colour, ratio), QIcon.Mode.Normal, QIcon.State.Off)
        icon.addPixmap(icon_pixmap(name, size, disabled_colour, ratio), QIcon.Mode.Disabled, QIcon.State.Off)
        if on_colour is not None:
            icon.addPixmap(icon_pixmap(name, size, on_colour, ratio), QIcon.Mode.Normal, QIcon.State.On)
    return icon


def forget_pixmaps() -> None:
    """Drop every cached picture; called before the QApplication ends, because pixmaps must not outlive it."""
    icon_pixmap.cache_clear()
    _renderer.cache_clear()
