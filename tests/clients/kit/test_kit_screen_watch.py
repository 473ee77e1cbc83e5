"""A window on two screens: the offscreen platform takes a description of them, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCREENS = [
    {"name": "left", "x": 0, "y": 0, "width": 1366, "height": 768, "logicalDpi": 96, "dpr": 1},
    {"name": "right", "x": 1366, "y": 0, "width": 3840, "height": 2160, "logicalDpi": 96, "dpr": 2},
]
MOVES = """
import sys
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from clients.kit.screen_watch import ScreenWatch
app = QApplication(sys.argv)
window = QWidget()
inner = QLabel(window)
told, told_inner = [], []
watches = [
    ScreenWatch(window, lambda: told.append(window.screen().name())),
    ScreenWatch(inner, lambda: told_inner.append(inner.screen().name())),
]
window.show()
for x in (10, 1500, 1600):
    window.move(x, 100)
    app.processEvents()
window.hide()
window.show()
window.hide()
window.move(10, 100)
window.show()
app.processEvents()
print(*told, "/", *told_inner)
"""


def test_each_screen_is_told_once_to_a_window_and_to_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "screens.json").write_text(json.dumps({"screens": SCREENS}))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen:configfile=screens.json"}
    ended = subprocess.run(
        [sys.executable, "-c", MOVES],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["left", "right", "left", "/", "left", "right", "left"]
