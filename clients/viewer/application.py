"""Starts the viewer's window for a command line; the only place that chooses where studies come from."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import QApplication

from clients.kit.theme import apply_theme, prepare_scaling
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from clients.viewer.window import ViewerWindow

SHOT_WITHIN_S = 60.0


def main(argv: Sequence[str]) -> int:
    """``mingjing viewer``: 0 when the window was closed, 1 when a picture asked for could not be taken."""
    options = _options(argv)
    prepare_scaling()
    app = QApplication.instance() or QApplication(["mingjing-viewer"])
    if not isinstance(app, QApplication):
        raise RuntimeError("the viewer needs a QApplication")
    set_language(Language(options.language))
    apply_theme(ThemeName.DARK)
    window = ViewerWindow()
    window.resize(options.size)
    window.show()
    if options.files:
        window.open_files(options.files)
    if options.shot is not None:
        return _shoot(app, window, options.shot)
    code = app.exec()
    return int(code)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mingjing viewer", description="Show images of studies.")
    parser.add_argument("--files", type=Path, nargs="+", metavar="PATH", help="open files or folders without a server")
    parser.add_argument("--shot", type=Path, metavar="FILE.png", help="save a picture of the window and end")
    parser.add_argument("--size", type=_size, default=QSize(1366, 768), metavar="WxH", help="size of the window")
    parser.add_argument("--language", choices=[language.value for language in Language], default="zh")
    return parser.parse_args(list(argv))


def _size(text: str) -> QSize:
    wide, _, high = text.lower().partition("x")
    if not (wide.isdigit() and high.isdigit()):
        raise argparse.ArgumentTypeError("write the size as 1366x768")
    return QSize(int(wide), int(high))


def _shoot(app: QApplication, window: ViewerWindow, target: Path) -> int:
    """Wait until everything on screen is there, then save the picture."""
    deadline = time.monotonic() + SHOT_WITHIN_S
    state = {"code": 1}

    def look() -> None:
        if window.is_settled():
            state["code"] = 0 if window.grab().save(str(target)) else 1
            app.quit()
        elif time.monotonic() > deadline:
            print("The images did not load within a minute.", file=sys.stderr)  # noqa: T201 - for the command line
            app.quit()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(50)
    app.exec()
    window.close()
    return state["code"]
