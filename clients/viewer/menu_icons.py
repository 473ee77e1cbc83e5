"""Icons of menu entries: each its own, none used twice (VW-OPN-11).

A switch that is on has its icon in the accent colour; plain settings without an icon show a tick.
"""

from __future__ import annotations

from clients.viewer.tool_icons import add_icons

MENU_ICONS: dict[str, str] = {
    "view.numbers": "numbers",
    "view.left90": "left90",
    "view.right90": "right90",
    "view.flip_vertical": "flip_v",
    "view.flip_horizontal": "flip_h",
    "edit.clear": "clear",
    "marks.calibrate": "calibrate",
    "marks.list": "list",
    "marks.export": "table",
    "hanging.panel": "hanging",
    "hanging.step_on": "step_on",
    "hanging.step_back": "step_back",
    "hanging.next": "next",
    "hanging.previous": "previous",
    "hanging.again": "reset",
    "hanging.learn": "learn",
    "view.original": "page",
    "view.axial": "axial",
    "view.coronal": "coronal",
    "view.sagittal": "sagittal",
    "objects.window": "objects",
    "registration.open": "combine",
    "registration.clear": "combine_clear",
    "stitching.open": "stitch",
    "download.open": "download",
    "sharing.open": "qr",
    "tool.capture": "capture",
    "film.page": "film",
    "volume.mpr": "mpr",
    "volume.cpr": "cpr",
    "volume.vr": "volume",
    "film.add_image": "film_image",
    "film.add_series": "film_series",
    "film.add_exam": "film_exam",
    "screens.calibrate": "screen",
    "settings.open": "settings",
    "tags.open": "tags",
    "history.open": "history",
    "series.split": "split",
    "series.odd_even": "odd_even",
    "series.times": "times",
    "series.new": "series_new",
    "series.remove": "series_remove",
    "pointer.keyboard": "pointer",
    "web.open": "web",
    "help.open": "help",
}
"""Action id → name in `tool_icons`."""

add_icons({
    "calibrate": "M3.500 9h17v6h-17zM7 9v3M10.500 9v2M14 9v3M17.500 9v2M12 18.500v2M9.500 19.500h5",
    "list": "M8.500 6.500h12M8.500 12h12M8.500 17.500h12M4 6.500h1M4 12h1M4 17.500h1",
    "table": "M4 5h16v14H4zM4 9.500h16M4 14.300h16M10 5v14",
    "step_on": "M5 6l8 6-8 6zM17 6v12",
    "step_back": "M19 6l-8 6 8 6zM7 6v12",
    "next": "M9 5l7 7-7 7",
    "previous": "M15 5l-7 7 7 7",
    "learn": "M4 5h10v14H4zM4 12h10M17.500 8l3 3-3 3M20.500 11h-4",
    "axial": "M12 6.500c5 0 8.500 2.400 8.500 5.500s-3.500 5.500-8.500 5.500S3.500 15.100 3.500 12 7 6.500 12 6.500z",
    "coronal": "M9 3.500h6v4l4 2v6l-3 5H8l-3-5v-6l4-2z",
    "sagittal": "M10 3.500c4 0 5.500 2 5.500 5 2 4 2 8 0 12h-6c-2-4-1.500-8 0-11-1.500-2-1-6 .5-6z",
    "combine_clear": "M4 4h11v11H4zM15 15l5.500 5.500M20.500 15L15 20.500",
    "stitch": "M7 3.500h10v7H7zM7 13.500h10v7H7zM10 9v6M14 9v6",
    "download": "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M4 17.500v3h16v-3",
    "qr": "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.500v2.500H14zM17.500 17.500H20V20h-2.500z",
    "film_image": "M5 3.500h14v17H5zM12 8.500v7M8.500 12h7",
    "film_series": "M7.500 3.500H20v14M4 6.500h12.500v14H4zM10.200 10v7M6.700 13.500h7",
    "film_exam": "M9 3.500h11v12M6.500 6h11v12M4 8.500h11v12H4z",
    "settings": "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5",
    "tags": "M3.500 4.500h8l9 9-7 7-9-9zM8 8.800v.1",
    "history": "M4.500 12a7.500 7.500 0 1 0 2.300-5.400L4.500 9M4.500 4.500V9H9M12 8v4.500l3.500 2",
    "split": "M4 4.500h16v5H4zM4 14.500h16v5H4zM3 12h3M9 12h2M13 12h2M18 12h3",
    "odd_even": "M4 4.500h16v3H4zM4 16.500h16v3H4zM4 10.500h16F:M4 4.500h16v3H4zM4 16.500h16v3H4z",
    "times": "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 7.500V12l3 3",
    "series_new": "M4 4.500h13v5H4zM4 12h8v5H4zM17 13v7M13.500 16.500h7",
    "series_remove": "M4 4.500h13v5H4zM4 12h8v5H4zM14 14l6 6M20 14l-6 6",
    "pointer": "M12 3v5M12 16v5M3 12h5M16 12h5M12 11.500v1",
    "web": (
        "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M3.500 12h17"
        "M12 3.500c5 5 5 12 0 17M12 3.500c-5 5-5 12 0 17"
    ),
    "help": (
        "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M9.300 9.500c0-1.700 1.200-2.700 2.700-2.700"
        "s2.700 1 2.700 2.500c0 2-2.700 2.200-2.700 4.200M12 16.500v.2"
    ),
})  # fmt: skip
