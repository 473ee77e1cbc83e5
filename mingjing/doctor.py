"""`mingjing doctor`: has this computer what a workstation, or the server, needs at least?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clients.viewer.help.check import Line

_EPILOG = """\
Status 0: nothing is below the minimum; 1: something is. What the system does not tell is to be checked by hand.
On a workstation the graphics driver is tried in a process of its own, and the screens are asked for.
"""


def main(arguments: list[str]) -> int:
    """Print a table or JSON."""
    options = _parser().parse_args(arguments)
    from clients.kit.translations import Language, language, register_catalogue, set_language
    from clients.viewer import texts
    from clients.viewer.help import check
    from clients.viewer.help.texts import CATALOGUE

    before = language()
    texts.register()
    register_catalogue(CATALOGUE)
    set_language(Language(options.language))
    try:
        needs = check.SERVER if options.server else check.WORKSTATION
        known = check.facts(None, options.data, ask_driver=not options.server)
        if not options.server:
            known = replace(known, screen=_screen())
        lines = list(check.lines_of(known, needs))
        if not options.server:
            lines.append(_graphics())
    finally:
        set_language(before)
    _print(lines, as_json=options.json)
    return 1 if any(line.is_enough is False for line in lines) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mingjing doctor",
        description="Compare this computer with the stated minimum.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--server", action="store_true", help="the minimum of the server (default: of a workstation)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the disk that counts (default: your home's)")
    parser.add_argument("--json", action="store_true", help="a JSON list")
    parser.add_argument("--language", choices=["zh", "en"], default="en")
    return parser


def _screen() -> tuple[int, int] | None:
    """The largest screen in its own pixels; None where there is none."""
    import os
    import sys

    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return None
    from PySide6.QtGui import QGuiApplication

    app = QGuiApplication.instance() or QGuiApplication(["doctor"])
    sizes = [(s.size() * s.devicePixelRatio()).toTuple() for s in QGuiApplication.screens()]
    del app
    largest = max(sizes, key=lambda size: size[0] * size[1], default=None)
    return None if largest is None else (int(largest[0]), int(largest[1]))


def _graphics() -> Line:
    """Who draws volumes: the graphics card, or the processor, which is slower but enough."""
    from clients.kit.translations import tr
    from clients.viewer.help.check import Line
    from clients.viewer.vr.probe import Kind, probe

    found = probe()
    name = found.name or found.problem or tr("未知")
    how = tr("三维由显卡绘制") if found.kind is Kind.GRAPHICS else tr("三维由处理器绘制")
    return Line("OpenGL", "3.2", f"{name} — {how}", None if found.kind is Kind.COMPATIBLE else True)


def _print(lines: Sequence[Line], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=1))
        return
    marks = {True: "✓", False: "✗", None: "?"}
    wide = max(len(line.name) for line in lines), max(len(line.needed) for line in lines)
    for line in lines:
        print(f"{marks[line.is_enough]} {line.name:<{wide[0]}}  {line.needed:<{wide[1]}}  {line.found}")
