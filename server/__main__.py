"""`mingjing server`: starts the server, says when it is ready, ends cleanly."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import threading
from pathlib import Path

from server.settings import SettingsError, load


def main(arguments: list[str]) -> int:
    """Run until SIGTERM, Ctrl-C or Ctrl-Break. Status 0 after a clean end, 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="mingjing server", description=__doc__)
    parser.add_argument("--data", type=Path, help="data folder; made when it does not exist")
    parser.add_argument("--settings", type=Path, help="TOML file; docs/administration.md lists the settings")
    parser.add_argument("--listen", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--rpc-port", type=int, help="first of four ports for workstations (default 7411; 0: any)")
    parser.add_argument("--dicom-port", type=int, help="default 11112; 0: any")
    parser.add_argument("--http-port", type=int, help="default 8080; 0: any")
    parser.add_argument("--hl7-port", type=int, help="HL7 v2 from hospital systems, default 2575; 0: any, -1: none")
    parser.add_argument("--database", help="URL of a PostgreSQL database instead of the embedded one")
    parser.add_argument(
        "--end-with-input", action="store_true", help="end when standard input closes: whoever started it is gone"
    )
    options = parser.parse_args(arguments)
    beside = ("settings", "end_with_input")
    overrides = {name: value for name, value in vars(options).items() if name not in beside}
    try:
        settings = load(options.settings, overrides)
    except SettingsError as error:
        print(f"mingjing server: {error}", file=sys.stderr)
        return 2
    return _run(settings, end_with_input=options.end_with_input)


def _run(settings: object, *, end_with_input: bool) -> int:
    from server.bootstrap.folders import Folders
    from server.bootstrap.running import NotReadyForNetwork, RunningServer
    from server.kernel.database.migrate import NewerDatabase
    from server.kernel.folderlock import FolderInUse
    from server.kernel.logs import start_logging
    from server.settings import Settings

    assert isinstance(settings, Settings)
    start_logging(Folders(settings.data).logs, "server", settings.log_level)
    end = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):  # SIGBREAK: Windows service managers
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: end.set())
    if end_with_input:
        threading.Thread(target=_wait_for_end_of_input, args=(end,), name="input", daemon=True).start()
    server = RunningServer(settings)
    try:
        connection = server.start()
    except (NotReadyForNetwork, NewerDatabase, FolderInUse, OSError, RuntimeError) as error:
        print(f"mingjing server: {error}", file=sys.stderr)
        return 2
    host = connection.host
    gc.collect()
    gc.freeze()  # what is loaded now stays: looking through it took 130 ms of an answer now and then
    doors = f"dicom={host}:{server.dicom_port} http={host}:{server.http_port}"
    if server.hl7_port >= 0:
        doors += f" hl7={host}:{server.hl7_port}"
    if server.hl7_tls_port >= 0:
        doors += f" hl7-tls={host}:{server.hl7_tls_port}"
    if server.dicom_tls_port:
        doors += f" dicom-tls={host}:{server.dicom_tls_port}"
    print(f"ready {connection} {doors}", flush=True)
    while not end.wait(1.0):  # a plain wait would not be woken by Ctrl-C on Windows
        pass
    server.stop()
    return 0


def _wait_for_end_of_input(end: threading.Event) -> None:
    sys.stdin.read()
    end.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
