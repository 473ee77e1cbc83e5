"""Icons of the viewer's own tools, in the manner of the kit's set: strokes on a 24-unit grid."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

# "F:" begins a part that is filled instead of stroked.
_PATHS: dict[str, str] = {
    "page": "M6 8h12v12H6zM8.5 8V5.500h12V17.500H18M12 11v6M9.800 13l2.200-2.200 2.200 2.200",
    "window": "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16F:M12 4a8 8 0 0 1 0 16z",
    "zoom": (
        "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13"
        "M15.300 15.300L20.500 20.500M7.800 10.500h5.400M10.500 7.800v5.400"
    ),
    "magnifier": "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13M15.300 15.300L20.500 20.500",
    "pan": (
        "M12 3v18M3 12h18M9.500 5.500L12 3l2.500 2.500M9.500 18.500L12 21l2.500-2.500"
        "M5.500 9.500L3 12l2.500 2.500M18.500 9.500L21 12l-2.500 2.500"
    ),
    "rotate": "M19.500 12a7.500 7.500 0 1 1-2.500-5.600M17.500 2.800v4h-4",
    "length": "M3.500 15.500l12-12 5 5-12 12zM7 12l2 2M10 9l2.500 2.500M13 6l2 2",
    "angle": "M20 19H4L15 5M11.500 19a8 8 0 0 0-2.600-5.800",
    "ellipse": "M12 5.500c5 0 8.500 2.900 8.500 6.500S17 18.500 12 18.500 3.500 15.600 3.500 12 7 5.500 12 5.500",
    "rectangle": "M4 6.500h16v11H4z",
    "pixel": "M12 3.500v6M12 14.500v6M3.500 12h6M14.500 12h6M12 12v.1",
    "clear": "M4 7h16M9 7V4.500h6V7M6.500 7l1 13h9l1-13M10 11v5.500M14 11v5.500",
    "invert": "M4 4h16v16H4zF:M12 4h8v16h-8z",
    "fit": "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M9 9h6v6H9z",
    "one": "M6.500 8.500L9 7v10M12 10v.1M12 15v.1M15 8.500L17.500 7v10",
    "left90": "M8 4.500L4 8l4 3.500M4 8h9a6.500 6.500 0 0 1 6.500 6.500V20",
    "right90": "M16 4.500L20 8l-4 3.500M20 8h-9a6.500 6.500 0 0 0-6.500 6.500V20",
    "flip_v": "M3 12h18M6 9.500V4l12 5.500zM6 14.500V20l12-5.500z",
    "flip_h": "M12 3v18M9.500 6H4l5.500 12zM14.500 6H20l-5.500 12z",
    "reset": "M5 12a7 7 0 1 0 2.200-5.100L5 9M5 4.500V9h4.500",
    "layout1": "M4 5h16v14H4z",
    "layout": "M4 5h16v14H4zM12 5v14M4 12h16",
    "link": (
        "M10 14a3.500 3.500 0 0 0 5 0l3.500-3.500a3.500 3.500 0 0 0-5-5L12 7"
        "M14 10a3.500 3.500 0 0 0-5 0l-3.500 3.500a3.500 3.500 0 0 0 5 5L12 17"
    ),
    "reference": "M4 5h16v14H4zM4 9.500l4 1M10.500 11.100l3 .8M16 12.500l4 1",
    "key": ("M12 3.800l2.500 5.300 5.700.7-4.200 4 1.100 5.700-5.100-2.800-5.100 2.800 1.100-5.700-4.200-4 5.700-.7z"),
    "texts": "M4 6h10M4 10h7M4 14h10M4 18h6M16 12l5 5M21 12l-5 5",
    "undo": "M8.500 5L4 9.500 8.500 14M4 9.500h10a5.500 5.500 0 0 1 0 11h-3",
    "redo": "M15.500 5L20 9.500 15.500 14M20 9.500H10a5.500 5.500 0 0 0 0 11h3",
    "presets": "M4 18h3l8-12h5M4 6h4M16 18h4",
    "play": "M7 5l12 7-12 7z",
    "measure": (
        "M4 4v16h16zM4 8h2.500M4 12h2.500M4 16h2.500M8 20v-2.500M12 20v-2.500M16 20v-2.500M7.500 12.500V16.500h4z"
    ),
    "pause": "M8 5v14M16 5v14",
    "cross": "M12 3v6.500M12 14.500V21M3 12h6.500M14.500 12H21",
    "numbers": "M4 6h16M4 12h16M4 18h16M8 4v4M15 10v4M10 16v4",
    "capture": "M4 8V5h3M17 5h3v3M20 16v3h-3M7 19H4v-3M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6",
    "screen": "M3.500 5h17v11h-17zM9 20h6M12 16v4",
    "overflow": "M6 6l6 6-6 6M12.500 6l6 6-6 6",
    "send": "M20.500 3.500L3.500 10.500l7 3 3 7zM20.500 3.500l-10 10",
    "colours": (
        "M12 3.500a8.500 8.500 0 1 0 0 17c1.500 0 2-1 1.500-2-.6-1.300.2-2.500 1.700-2.500h2a3.300 3.300 0 0 0 3.300"
        "-3.300C20.500 7.500 16.700 3.500 12 3.500M8 9v.1M12 7v.1M16 9v.1M7 13v.1"
    ),
    "annotate": "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    "style": "M5 19h14M8 15l4-10 4 10M9.500 11.500h5",
    "windows": "M4 5h16v14H4zM4 9.700h16M4 14.300h16M9.300 5v14M14.700 5v14",
    "hanging": "M4 8h16v12H4zM12 8v12M12 3.500v1.500l-6 3M12 5l6 3",
    "views": "M12 3.500l8 4.500v8l-8 4.500-8-4.500V8zM12 12.500L4 8M12 12.500L20 8M12 12.500v8",
    "volume": "M12 3.500l8 4.500v8l-8 4.500-8-4.500V8zM4 8l8 4.500L20 8M12 12.500v8M8 5.800l8 4.500",
    "objects": "M12 4l8.500 4.500L12 13 3.500 8.500zM4 12.500l8 4.300 8-4.300M4 16.200l8 4.300 8-4.300",
    "combine": "M4 4h11v11H4zM9 9h11v11H9z",
    "output": "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
    "more": "M5 12v.1M12 12v.1M19 12v.1M5 11.500a.5.5 0 1 0 0 1M12 11.500a.5.5 0 1 0 0 1M19 11.500a.5.5 0 1 0 0 1",
    "crop_box": "M5 8.500L12 5l7 3.500v7.500L12 19.500 5 16zM5 8.500l7 3.500 7-3.500M12 12v7.500",
    "cut_inside": (
        "M6.500 4.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5"
        "M6.500 14.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5M8.500 8.500L20 17.500M8.500 15.500L20 6.500"
    ),
    "keep_inside": (
        "M12 4.500c4.500 0 7.500 3 7.500 7s-3 8-7.500 8-7.500-3.500-7.500-8 3-7 7.500-7M9 12l2.300 2.300L15.500 10"
    ),
    "no_bed": "M3.500 17.500h17M4.500 14.500h15M7 17.500v2.500M17 17.500v2.500M9 5l6 6M15 5l-6 6",
    "folder": "M3.500 6h6l2 2.500h9V19h-17z",
}


def add_icons(paths: dict[str, str]) -> None:
    """Icons of a feature: SVG paths on a 24-unit grid, in the manner of the others."""
    _PATHS.update(paths)


@lru_cache(maxsize=256)
def _svg(name: str, colour: str) -> bytes:
    stroked, _, filled = _PATHS[name].partition("F:")
    parts = (
        f'<path d="{stroked}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-linecap="round" '
        f'stroke-linejoin="round"/>'
    )
    if filled:
        parts += f'<path d="{filled}" fill="{colour}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{parts}</svg>'.encode()


@lru_cache(maxsize=512)
def tool_icon(name: str, size: int, colour: str, on_colour: str, disabled: str) -> QIcon:
    """An icon sharp at the usual screen scales; raises ``KeyError`` for an unknown name.

    Drawn once: a tool bar of twelve pictures for each button took 0.1 s, also when only a mark at its end changed.
    """
    icon = QIcon()
    for ratio in (1.0, 1.25, 1.5, 2.0):
        for shade, mode, state in (
            (colour, QIcon.Mode.Normal, QIcon.State.Off),
            (on_colour, QIcon.Mode.Normal, QIcon.State.On),
            (disabled, QIcon.Mode.Disabled, QIcon.State.Off),
        ):
            side = round(size * ratio)
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            with QPainter(pixmap) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                QSvgRenderer(QByteArray(_svg(name, shade))).render(painter, QRectF(0, 0, side, side))
            pixmap.setDevicePixelRatio(ratio)
            icon.addPixmap(pixmap, mode, state)
    return icon
