"""Starts the viewer for a command line; the only place that chooses where studies come from."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import QApplication

from clients.kit.app import make_application
from clients.kit.garbage import keep_what_is_here
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from clients.kit.viewer_link import READY_WORD, Secrets
from clients.viewer.cache.place import viewer_settings
from clients.viewer.hanging.builtin import protocols
from clients.viewer.loading_decoder import shared_decoder
from clients.viewer.loading_memory import settle_allocator
from clients.viewer.settings.store import Preferences
from clients.viewer.viewport.renderer import rehearse
from clients.viewer.window import ViewerWindow

if TYPE_CHECKING:
    from clients.viewer.cache import DiskCache

log = logging.getLogger(__name__)

SHOT_WITHIN_S = 60.0
SWITCH_S = 0.0005
"""A thread that computes lets another one in so soon: with Python's own 5 ms a turn of the GUI thread that needs the
interpreter ten times may wait 50 ms while two workers load images."""


def main(argv: Sequence[str]) -> int:
    """``mingjing viewer``: 0 when the window was closed, 1 when a picture could not be taken, 2 for misuse."""
    options = _options(argv)
    secrets: Secrets | None = None
    if options.control:
        try:
            secrets = Secrets.read(sys.stdin.buffer)
        except msgspec.MsgspecError:
            return _complain("--control expects its key on the standard input; workstations start it that way.")
    settle_allocator()
    _scale()
    app = make_application()
    app.setQuitOnLastWindowClosed(secrets is None)
    set_language(Language(secrets.language if secrets is not None else options.language))
    apply_theme(ThemeName.DARK)
    sys.excepthook = _on_bug
    favour_gui_thread()
    window = ViewerWindow()
    window.resize(options.size)
    if secrets is not None:
        return _steered(app, window, secrets)
    if options.connect:
        problem = _connect(window, options)
        if problem:
            return _complain(problem)
    window.show()
    if options.files:
        window.open_files(options.files)
    elif options.study:
        window.open_study(options.study[0], also=options.study[1:])
    preload()
    if options.shot is not None:
        return _shoot(app, window, options.shot)
    window.perform("help.first")
    return int(app.exec())


def favour_gui_thread() -> None:
    """From now on whoever loads images gives way to the GUI thread."""
    sys.setswitchinterval(SWITCH_S)


def _scale() -> None:
    """The reader's size of the interface (VW-SET-15); Qt takes it only before it starts."""
    scale = Preferences(viewer_settings()).scale
    if scale != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", str(scale / 100))


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mingjing viewer", description="Show images of studies.")
    parser.add_argument("--files", type=Path, nargs="+", metavar="PATH", help="open files or folders without a server")
    parser.add_argument("--connect", default="", metavar="STRING", help="connection string of the server")
    parser.add_argument("--user", default="", help="account on the server")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="file that holds the account's password")
    parser.add_argument("--study", nargs="+", default=[], metavar="UID", help="studies to open from the server")
    parser.add_argument("--control", action="store_true", help="wait for orders of a workstation (key on stdin)")
    parser.add_argument("--shot", type=Path, metavar="FILE.png", help="save a picture of the window and end")
    parser.add_argument("--size", type=_size, default=QSize(1366, 768), metavar="WxH", help="size of the window")
    parser.add_argument("--language", choices=[language.value for language in Language], default="zh")
    return parser.parse_args(list(argv))


def _size(text: str) -> QSize:
    wide, _, high = text.lower().partition("x")
    if not (wide.isdigit() and high.isdigit()):
        raise argparse.ArgumentTypeError("write the size as 1366x768")
    return QSize(int(wide), int(high))


def _connect(window: ViewerWindow, options: argparse.Namespace) -> str:
    """Log in and take studies from the server; a sentence when that fails."""
    from clients.kit.server_connection import ServerConnection
    from clients.viewer.server_studies import ServerStudies
    from shared.contract.errors import RpcError

    if not options.user or options.password_file is None:
        return "--connect needs --user and --password-file."
    try:
        password = options.password_file.read_text(encoding="utf-8").strip()
        line = ServerConnection(options.connect)
        line.login(options.user, password)
    except (OSError, ValueError, RpcError) as error:
        return str(error)
    cache = server_cache(options.connect)
    window.use(ServerStudies(line, cache))
    window.ended.connect(line.close)
    window.ended.connect(cache.close)
    return ""


def _steered(app: QApplication, window: ViewerWindow, secrets: Secrets) -> int:
    """Wait hidden for orders; the workstation learns the port from the first word on stdout."""
    from clients.viewer.steering import Steering

    steering = Steering(window, bytes.fromhex(secrets.key))
    helped: list[str] = []  # once in a session is enough
    line = cache = None
    if secrets.server and secrets.session is not None:
        from clients.viewer.server_studies import AdoptedLine, ServerStudies

        line = AdoptedLine(secrets.server, secrets.session)
        cache = server_cache(secrets.server)
        source = ServerStudies(line, cache)
        window.use(source)
        steering.follow_archive(line, source)
    sys.stdout.write(f"{READY_WORD} {steering.server.port}\n")
    sys.stdout.flush()
    window.first_image.connect(lambda _uid: window.perform("help.first") if not helped else None)
    window.first_image.connect(helped.append)
    preload(window.store.warm)
    code = int(app.exec())
    steering.close()
    window.close()
    if line is not None and cache is not None:
        line.close()
        cache.close()
    return code


def server_cache(connection: str) -> DiskCache:
    """The cache for one server, known by its key: addresses change. Raises ValueError for no connection string."""
    from clients.viewer.cache import CacheSettings, DiskCache
    from shared.rpc.connection import Connection

    return DiskCache(Connection.parse(connection).public_key.hex(), CacheSettings.read(viewer_settings()))


def preload(*also: Callable[[], object]) -> threading.Thread:
    """Import what the first image needs while nothing else is to be done, then call ``also``.

    The import lock is per module.
    """

    def work() -> None:
        shared_decoder().warm_up()
        for name in ("numpy", "cv2", "pydicom", "pydicom.pixels", "cryptography.hazmat.primitives.ciphers.aead"):
            try:
                importlib.import_module(name)
            except ImportError:
                log.warning("%s is missing; some images cannot be shown", name)
        rehearse()
        protocols()
        keep_what_is_here()
        for call in also:
            call()

    thread = threading.Thread(target=work, name="preload", daemon=True)
    thread.start()
    return thread


def _shoot(app: QApplication, window: ViewerWindow, target: Path) -> int:
    """Wait until everything on screen is there, then save the picture."""
    deadline = time.monotonic() + SHOT_WITHIN_S
    state = {"code": 1}

    def look() -> None:
        if window.is_settled():
            timer.stop()
            state["code"] = 0 if window.grab().save(str(target)) else 1
            app.quit()
        elif time.monotonic() > deadline:
            timer.stop()
            _complain("The images did not load within a minute.")
            app.quit()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(50)
    app.exec()
    window.close()
    return state["code"]


def _complain(sentence: str) -> int:
    sys.stderr.write(f"mingjing viewer: {sentence}\n")
    return 2


def _on_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The outermost loop: log a defect with its traceback; the window stays."""
    log.error("defect in the viewer", exc_info=(kind, error, trace))
