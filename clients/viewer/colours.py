"""Colours of the viewer on top of the dark theme: chrome never brighter than the image. Data only."""

from __future__ import annotations

BACKGROUND = "#000000"
GRID = "#1b2125"  # lines between viewports
ACTIVE = "#3b7f8a"  # frame of the selected viewport
TEXT = "#c9cfc4"
TEXT_SHADOW = "#000000"
WARNING = "#e0ad58"
LETTER = "#9fb8bd"
SCALE = "#9fb8bd"
MEASURE = "#62bdcb"
MEASURE_SELECTED = "#f0d060"
REFERENCE = "#c8a050"  # where another viewport's image cuts
HANDLE = "#f0d000"  # the requirements say yellow
PROGRESS = "#3b7f8a"
KEY_IMAGE = "#e0ad58"
ERROR = "#f08b82"
CROSS = "#d06a5a"
