"""`mingjing ecg line`: watch a folder, keep every ECG on this computer, and send it when the line allows."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run until interrupted; with --until-empty until everything was sent."""
    from mingjing import session

    parser = argparse.ArgumentParser(prog="mingjing ecg line", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder that the recorder's program writes into")
    parser.add_argument("--serial", default="", help="serial number of the recorder, as registered under 设备管理")
    parser.add_argument("--outbox", type=Path, help="where records wait (default: this user's data folder)")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two looks")
    parser.add_argument("--until-empty", action="store_true", help="end when everything was sent")
    session.add_options(parser)
    options = parser.parse_args(arguments)

    from clients.ecg.line.agent import Agent, Login
    from clients.ecg.line.outbox import Outbox

    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    login = Login(str(session.address(options)), options.user, session.password_of(options))
    outbox = Outbox.for_user(options.user, options.outbox)
    agent = Agent(options.folder, options.serial, outbox, login, lambda text: print(text, flush=True))
    stopped = threading.Event()
    try:
        agent.run(stopped, every_s=options.every, until_empty=options.until_empty)
    except KeyboardInterrupt:
        stopped.set()
    finally:
        login.close()
    return 0
