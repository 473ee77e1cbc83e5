"""`mingjing demo`: prepares a folder, plays the story, leaves the pictures and (on a screen) the windows."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from datetime import datetime
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Play the demo. Status 0 when every step happened; 1 with a sentence otherwise."""
    parser = argparse.ArgumentParser(prog="mingjing demo", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("demo"), help="folder for pictures and documents (default: demo)"
    )
    parser.add_argument("--keep", action="store_true", help="go on with the hospital of the last run")
    parser.add_argument("--close", action="store_true", help="close the windows at the end, also on a screen")
    options = parser.parse_args(arguments)
    out: Path = options.out.resolve()
    _make_room(out, keep=options.keep)
    os.environ["MINGJING_HOME"] = str(out / "home")  # settings and drafts of the demo stay out of the user's own
    _set_morning()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server and the display are ended with us
    return _play(out, close=options.close)


def _make_room(out: Path, *, keep: bool) -> None:
    """Empty the folder, except what the demo did not make: only its own files are touched."""
    out.mkdir(parents=True, exist_ok=True)
    for pattern in ("[0-9][0-9]-*", "summary.json", "index.html", "display.png", "display.log", "stopped-*.png"):
        for path in out.glob(pattern):
            path.unlink()
    for folder in ("sounds", "slips", "scratch", *(() if keep else ("home", "hospital"))):
        shutil.rmtree(out / folder, ignore_errors=True)


def _set_morning() -> None:
    """Let the hospital stand where it is morning, so that today's slots are open at any hour (not on Windows)."""
    hour = datetime.now().hour
    if 8 <= hour <= 15 or sys.platform == "win32":
        return
    import time

    utc_hour = datetime.utcfromtimestamp(time.time()).hour
    offset = (9 - utc_hour + 11) % 24 - 11  # hours east of Greenwich where it is nine o'clock, -11 to 12
    os.environ["TZ"] = f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"  # POSIX counts west as positive
    time.tzset()


def _play(out: Path, *, close: bool) -> int:
    from mingjing.demo.hospital import ServerFailed, start_hospital
    from mingjing.demo.images import demo_images
    from mingjing.demo.record import Record
    from mingjing.demo.scanner import ScannerError
    from mingjing.demo.story import STEPS, Story
    from mingjing.demo.windows import NothingHappened, Windows
    from shared.contract.errors import RpcError

    print("Mingjing demo · 明镜演示", flush=True)
    print("Fetching real CT images (the first time) …", flush=True)
    images = demo_images(out / "scratch")
    record = Record(out, STEPS)
    try:
        hospital = start_hospital(out / "hospital")
    except ServerFailed as error:
        print(f"The server did not start: {error}", file=sys.stderr)
        return 1
    windows = Windows()
    story = Story(record, hospital, images, windows)
    try:
        story.play()
    except (NothingHappened, RpcError, ScannerError, ServerFailed) as error:
        windows.keep_evidence(out)
        print(f"The story stopped: {error}", file=sys.stderr)
        return 1
    else:
        about = {"images": images.origin, "screen": "none (headless)" if windows.is_headless else "yes"}
        page = record.finish(about)
        print(f"\nDone. Look at {page}", flush=True)
        if not windows.is_headless and not close:
            print("The workstations stay open; close them to end the demo.", flush=True)
            windows.application.exec()
        return 0
    finally:
        story.close()
        windows.close()
        hospital.stop()
